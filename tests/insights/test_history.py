"""Tiers over time: the figures of the roll-ups by tier, whatever its number was, and the names behind them."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from urllib.parse import urlencode

import pytest
from django.test import Client
from django.urls import reverse

from customers.models import FedDay
from insights.models import DepositDay
from insights.queries.history import history_of_book, history_of_units
from insights.services import roll_up_range
from staff.models import User
from tests.factories import TODAY, make_branch, make_head_office, make_user
from tests.insights.books import DAY, make_holder, retier
from tests.insights.test_boards import walk
from tests.tiers.ledgers import at_night
from tests.tiers.test_flows import make_scheme
from tiers.models import RetierRun

ClientOf = Callable[[User], Client]
pytestmark = pytest.mark.django_db
OPENING = TODAY - 20 * DAY


@pytest.fixture
def people() -> dict[str, User]:
    """A branch with three customers who move between tiers, another with one."""
    root = make_head_office()
    first, second = make_branch(parent=root), make_branch(parent=root)
    made = {
        "hq": make_user(role="head_office", branch=root),
        "head": make_user(role="branch_head", branch=first),
        "manager": make_user(role="manager", branch=first),
    }
    FedDay.objects.create(on=TODAY, is_full=True)
    for branch, manager, totals in (
        (first, made["manager"], {25: 10_000, 5: 60_000}),
        (first, made["manager"], {25: 700_000}),
        (first, None, {25: 3_500_000, 2: 400_000}),
        (second, None, {10: 55_000}),
    ):
        make_holder(totals, branch=branch, manager=manager, tier=0, position={"tier_since": None})
    retier(OPENING, TODAY - 5 * DAY, TODAY)
    roll_up_range(TODAY - 30 * DAY, TODAY)
    return made


def drawn(user: User, first: date, last: date) -> dict[str, list[tuple[int | None, Decimal | None]]]:
    history = history_of_units(user, None, first, last)
    return {line.name: list(zip(line.heads, line.totals, strict=True)) for line in history.lines}


def test_each_close_has_heads_and_deposits_of_each_tier(people: dict[str, User]):
    found = drawn(people["head"], TODAY - DAY, TODAY)
    assert found == {
        "普通": [(0, 0), (0, 0)],
        "潜力": [(1, Decimal(60_000)), (2, Decimal(460_000))],
        "优质": [(1, Decimal(700_000)), (1, Decimal(700_000))],
        "高端": [(1, Decimal(400_000)), (0, 0)],
    }
    assert drawn(people["hq"], TODAY - DAY, TODAY)["潜力"][1] == (3, Decimal(515_000))


def test_a_book_is_as_it_was_owned(people: dict[str, User]):
    history = history_of_book(people["manager"], OPENING, TODAY)
    assert [sum(heads or 0 for heads in day) for day in zip(*(line.heads for line in history.lines), strict=True)] == [
        2
    ] * 21
    assert history_of_book(people["hq"], OPENING, TODAY).days == []


def test_long_spans_are_drawn_from_weekly_closes(people: dict[str, User]):
    history = history_of_units(people["hq"], None, TODAY - 365 * DAY, TODAY)
    assert history.is_weekly
    assert history.days == [TODAY - back * DAY for back in (21, 14, 7, 0)]


def test_a_tier_stays_the_same_under_another_number():
    manager = make_user(role="manager")
    for on, letters, rank in ((TODAY - DAY, "DCBA", 3), (TODAY, "DCEBA", 4)):
        scheme = make_scheme(letters, on)
        RetierRun.objects.create(on=on, scheme=scheme, is_open=False, finished_at=at_night(on))
        DepositDay.objects.create(on=on, branch=manager.branch, manager=manager, tier=rank, customers=7, total=5)
    history = history_of_book(manager, TODAY - DAY, TODAY)
    assert [(line.name, line.rank, line.ranks, line.heads) for line in history.lines] == [
        ("D档", 1, [1, 1], [0, 0]),
        ("C档", 2, [2, 2], [0, 0]),
        ("E档", 3, [0, 3], [None, 0]),
        ("B档", 4, [3, 4], [7, 7]),
        ("A档", 5, [4, 5], [0, 0]),
    ]


def test_every_value_leads_to_as_many_names(people: dict[str, User], client_of: ClientOf):
    url = f"{reverse('insights:tier_history')}?{urlencode({'first': TODAY - 5 * DAY, 'last': TODAY})}"
    for who in ("head", "manager"):
        client, seen = client_of(people[who]), 0
        chart = client.get(url).context["chart"]
        for series in chart.series:
            for count, href in zip(series.values, series.hrefs, strict=True):
                assert bool(href) == bool(count)
                if href:
                    assert len(walk(client, href)) == count, href
                    seen += 1
        assert seen > 10


def test_deposits_and_changes_of_the_span(people: dict[str, User], client_of: ClientOf):
    url = f"{reverse('insights:tier_history')}?{urlencode({'first': OPENING, 'last': TODAY, 'show': 'deposits'})}"
    found = client_of(people["head"]).get(url).context
    assert [(row.name, row.before, row.after, row.change) for row in found["rows"]] == [
        ("高端", 3_500_000, 0, -3_500_000),
        ("优质", 700_000, 700_000, 0),
        ("潜力", 0, 460_000, 460_000),
        ("普通", 10_000, 0, -10_000),
    ]
    assert sum(series.values[-1] for series in found["chart"].series) == 1_160_000


@pytest.mark.parametrize(
    ("asked", "wrong"),
    [
        ({"first": TODAY, "last": TODAY}, ["last"]),
        ({"first": TODAY + DAY, "last": TODAY + 9 * DAY}, ["first"]),
        ({"first": TODAY - 2_000 * DAY}, ["first"]),
        ({"last": "x"}, ["last"]),
        ({"show": "x"}, ["show"]),
    ],
)
def test_what_makes_no_span_is_told_on_the_form(
    people: dict[str, User], client_of: ClientOf, asked: dict[str, object], wrong: list[str]
):
    found = client_of(people["head"]).get(f"{reverse('insights:tier_history')}?{urlencode(asked)}")
    assert (found.status_code, list(found.context["form"].errors)) == (200, wrong)
    assert "chart" not in found.context


def test_without_balances_the_page_says_what_to_do(as_role: Callable[..., Client]):
    found = as_role("manager").get(reverse("insights:tier_history"))
    assert found.context["day"] is None
    assert 'class="empty"' in found.content.decode()


def test_days_nobody_rolled_up_are_said_to_be_empty(people: dict[str, User], client_of: ClientOf):
    days = {"first": TODAY - 300 * DAY, "last": TODAY - 200 * DAY}
    found = client_of(people["head"]).get(f"{reverse('insights:tier_history')}?{urlencode(days)}")
    assert found.context["days"] == []
    assert 'class="empty"' in found.content.decode()
