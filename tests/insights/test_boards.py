"""Boards: each number equals the rows behind its link, and nobody sees another's."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from core.clock import today
from customers.models import Customer, CustomerPosition, FedDay
from insights.services import roll_up_range
from insights.views.numbers import Number
from staff.enums import Role
from staff.models import Branch, User
from tests.factories import (
    TODAY,
    make_branch,
    make_customer,
    make_head_office,
    make_interaction,
    make_term_account,
    make_user,
    share_customer,
)
from tests.insights.books import DAY, make_holder, retier

pytestmark = pytest.mark.django_db
ClientOf = Callable[[User], Client]


@dataclass
class Bank:
    """Two branches with managers, balances that moved, tiers, maturities, contacts."""

    root: Branch
    first: Branch
    second: Branch
    people: dict[str, User]


@pytest.fixture
def bank(monkeypatch: pytest.MonkeyPatch) -> Bank:
    for module in ("homes", "lists"):
        monkeypatch.setattr(f"insights.views.{module}.today", lambda: TODAY)
    root = make_head_office()
    region = make_branch(parent=root, kind="region")
    first, second = make_branch(parent=region), make_branch(parent=root)
    people = {
        "manager": make_user(role="manager", branch=first),
        "manager2": make_user(role="manager", branch=first),
        "expert": make_user(role="expert", branch=first),
        "head": make_user(role="branch_head", branch=first),
        "head2": make_user(role="branch_head", branch=second),
        "region": make_user(role="head_office", branch=region),
        "hq": make_user(role="head_office", branch=root),
        "teller": make_user(branch=first),
    }
    for ago in (35, 20, 3, 1, 0):
        FedDay.objects.create(on=TODAY - ago * DAY, is_full=True)
    histories: list[dict[int, int | str]] = [
        {30: 60_000, 5: "499999.99", 0: 500_000},
        {30: 600_000, 1: 0},
        {30: 3_100_000, 0: "2999999.99"},
        {0: 70_000},
        {30: "12.34"},
        {30: "-50.01", 2: 10},
        {38: 800_000, 3: 20_000, 0: 0},
    ]
    owners = [people["manager"], people["manager"], people["manager2"], None]
    for n, history in enumerate(histories * 2):
        branch, owner = (second, None) if n >= len(histories) else (first, owners[n % 4])
        customer = make_holder(history, branch=branch, manager=owner, tier=0, position={"tier_since": None})
        fill(customer, n, people)
    share_customer(Customer.everything.filter(branch=first, manager=None).earliest("pk"), people["expert"])
    retier(TODAY - 3 * DAY, TODAY - DAY, TODAY)
    roll_up_range(TODAY - 40 * DAY, TODAY)
    return Bank(root, first, second, people)


def fill(customer: Customer, n: int, people: dict[str, User]) -> None:
    """Maturing deposits and contacts beside the ledger."""
    position = CustomerPosition.everything.filter(pk=customer.pk)
    kept = position.values("total", "on").get()
    make_term_account(customer=customer, matures_in=n * 5, balance=Decimal(10_000) + n)
    position.update(**kept)
    author = people["manager"] if n % 2 else people["teller"]
    for ago in range(n):
        make_interaction(customer=customer, author=author, happened_at=make_moment(ago))
    if n % 3:
        position.update(last_contact_on=TODAY - n * 10 * DAY)


def make_moment(ago: int) -> Any:
    from tests.factories import NOW

    return NOW - ago * DAY


def walk(client: Client, url: str) -> list[Any]:
    """All rows of a list, through all its pages."""
    rows: list[Any] = []
    while url:
        page = client.get(url)
        assert page.status_code == 200, url
        listing = page.context["listing"]
        assert not listing.form.errors, (url, listing.form.errors)
        rows += [row.object for row in listing.rows]
        url = listing.page.next_url
    return rows


def at(row: Any, path: str) -> Decimal:
    for name in path.split("."):
        row = getattr(row, name)
    return row


def behind(client: Client, board: Any, number: Number) -> Decimal | int:
    """What the rows behind a number's link come to."""
    if number.url.startswith("#"):
        values = [getattr(row.line, number.measure) for row in board.branches]
        return sum(values, Decimal(0))
    rows = walk(client, number.url)
    return sum((at(row, number.measure) for row in rows), Decimal(0)) if number.measure else len(rows)


def numbers(client: Client, url: str) -> Iterator[tuple[Any, Number]]:
    board = client.get(url).context["board"]
    yield from ((board, number) for number in board.numbers)


@pytest.mark.parametrize(
    ("who", "page", "least"),
    [
        ("manager", "home", 20),
        ("manager2", "home", 20),
        ("expert", "home", 20),
        ("head", "home", 30),
        ("head2", "home", 20),
        ("region", "home", 15),
        ("region", "first", 30),
        ("hq", "home", 15),
        ("hq", "first", 30),
        ("hq", "second", 20),
    ],
)
def test_every_number_is_the_rows_behind_it(bank: Bank, client_of: ClientOf, who: str, page: str, least: int) -> None:
    client = client_of(bank.people[who])
    url = reverse("insights:home") if page == "home" else reverse("insights:branch", args=[getattr(bank, page).code])
    seen = 0
    for board, number in numbers(client, url):
        assert number.url, number
        assert behind(client, board, number) == number.value, number
        seen += 1
    assert seen >= least


def test_the_numbers_are_not_all_zero(bank: Bank, client_of: ClientOf) -> None:
    client = client_of(bank.people["head"])
    found = [number.value for _board, number in numbers(client, reverse("insights:home"))]
    assert sum(1 for value in found if value) > 25


def test_a_branchs_board_in_figures(bank: Bank, client_of: ClientOf) -> None:
    board = client_of(bank.people["head"]).get(reverse("insights:home")).context["board"]
    tiles = {str(tile.label): tile.number.value for tile in board.tiles}
    heads = {row.rank: int(row.customers.value) for row in board.tiers}
    assert heads == {4: 0, 3: 2, 2: 1, 1: 4}
    assert sum(row.total.value for row in board.tiers) == Decimal("3570022.33")
    # 0.01 + (-100,000.01) + 70,000 + (-20,000), since the close of the day before
    assert sorted(map(str, tiles.values()))
    assert next(tile.number.value for tile in board.tiles if tile.icon == "arrows-exchange") == Decimal("-50000.00")
    assert next(tile.number.value for tile in board.tiles if tile.icon == "trending-up") == Decimal("70000.01")
    assert next(tile.number.value for tile in board.tiles if tile.icon == "trending-down") == Decimal("-120000.01")


def test_the_banks_movement_is_the_branches_closing_less_opening(bank: Bank, client_of: ClientOf) -> None:
    board = client_of(bank.people["hq"]).get(reverse("insights:home")).context["board"]
    assert {row.line.branch: row.line.since_day for row in board.branches} == {
        bank.first: Decimal("-50000.00"),
        bank.second: Decimal("-50000.00"),
    }


def test_boards_hold_nothing_of_others(bank: Bank, client_of: ClientOf) -> None:
    secret = make_holder({30: 77_777_777}, branch=bank.second, name="司徒机密")
    roll_up_range(TODAY - DAY, TODAY)
    for who in ("manager", "manager2", "expert", "head"):
        client = client_of(bank.people[who])
        for url in (reverse("insights:home"), *(reverse(f"insights:{n}") for n in ("moves", "maturities", "silent"))):
            page = client.get(url).content.decode()
            assert secret.name not in page
            assert "7777" not in page


def test_a_foreign_branchs_board_does_not_exist(bank: Bank, client_of: ClientOf) -> None:
    client = client_of(bank.people["head"])
    assert client.get(reverse("insights:branch", args=[bank.first.code])).status_code == 200
    for code in (bank.second.code, bank.root.code, "NONE"):
        assert client.get(reverse("insights:branch", args=[code])).status_code == 404
    for name in ("moves", "maturities"):
        page = client.get(reverse(f"insights:{name}"), {"branch": bank.second.code})
        assert len(page.context["listing"].rows) == 0


@pytest.mark.parametrize(
    ("role", "target"),
    [
        (Role.TELLER, "servicing:counter"),
        (Role.LOBBY, "servicing:counter"),
        (Role.AUDITOR, "staff:trail"),
    ],
)
def test_some_roles_begin_elsewhere(as_role: Callable[..., Client], role: Role, target: str) -> None:
    answer = as_role(role).get(reverse("insights:home"))
    assert (answer.status_code, answer["Location"]) == (302, reverse(target))


@pytest.mark.parametrize("role", sorted(set(Role) - {Role.TELLER, Role.LOBBY, Role.AUDITOR}))
def test_every_role_has_a_home_even_without_data(as_role: Callable[..., Client], role: Role) -> None:
    assert as_role(role).get(reverse("insights:home")).status_code == 200


@pytest.mark.parametrize("role", [Role.TELLER, Role.LOBBY, Role.ADMIN, Role.COMPLIANCE, Role.AUDITOR])
def test_lists_with_amounts_are_closed_to_roles_without(as_role: Callable[..., Client], role: Role) -> None:
    client = as_role(role)
    for name in ("moves", "maturities", "silent"):
        assert client.get(reverse(f"insights:{name}")).status_code == 403
    assert client.get(reverse("insights:branch", args=["B1"])).status_code == 403


@pytest.mark.parametrize(
    ("name", "params", "status"),
    [
        ("moves", {"since": "2026-11-19"}, 200),
        ("moves", {"since": "x"}, 400),
        ("moves", {"since": "2026-02-31"}, 400),
        ("moves", {"total": "1"}, 400),
        ("moves", {"ordering": "-difference"}, 200),
        ("moves", {"ordering": "customer__id_no_index"}, 400),
        ("maturities", {"since": "2026-11-20", "until": "2026-10-01"}, 200),
        ("maturities", {"until": "never"}, 400),
        ("silent", {"days": "30"}, 200),
        ("silent", {"days": "-1"}, 200),
        ("silent", {"cursor": "x"}, 400),
    ],
)
def test_lists_refuse_what_they_do_not_know(
    bank: Bank, client_of: ClientOf, name: str, params: dict[str, str], status: int
) -> None:
    assert client_of(bank.people["head"]).get(reverse(f"insights:{name}"), params).status_code == status


def test_the_whole_bank_chooses_a_branch_before_it_lists_moves(bank: Bank, client_of: ClientOf) -> None:
    client = client_of(bank.people["hq"])
    assert len(client.get(reverse("insights:moves")).context["listing"].rows) == 0
    found = client.get(reverse("insights:moves"), {"branch": bank.first.code}).context["listing"].rows
    assert len(found) == 4


def test_the_trend_is_the_rolled_up_closes(bank: Bank, client_of: ClientOf) -> None:
    client = client_of(bank.people["head"])
    chart = client.get(reverse("insights:home")).context["board"].trend
    assert len(chart.labels) == 31
    assert chart.series[0].values[-1] == Decimal("3570022.33")
    assert chart.series[0].values[-2] == Decimal("3620022.33")
    assert len(client.get(reverse("insights:home"), {"days": 90}).context["board"].trend.labels) == 39


def test_a_number_is_read_short_and_kept_exact() -> None:
    number = Number(Decimal("499999.99"), "", "balance", is_change=True)
    assert (number.short, number.exact) == ("+49.9万", "499,999.99")
    assert (Number(1234, "").short, Number(1234, "").exact) == ("1,234", "")


def test_a_board_asks_a_constant_number_of_questions(
    bank: Bank, client_of: ClientOf, django_assert_max_num_queries: Any
) -> None:
    client = client_of(bank.people["head"])

    def ask() -> int:
        with django_assert_max_num_queries(60) as asked:
            client.get(reverse("insights:home"))
        return len(asked)

    ask()
    few = ask()
    for _n in range(8):
        make_holder({30: 50_000, 0: 600_000}, branch=bank.first, manager=bank.people["manager"])
        make_term_account(customer=make_customer(branch=bank.first), matures_in=3)
    assert ask() == few


def test_a_late_night_is_told_on_the_board(bank: Bank, client_of: ClientOf) -> None:
    page = client_of(bank.people["head"]).get(reverse("insights:home")).content.decode()
    late = today() - timedelta(days=2)
    assert late < today()
    assert page.count("alert is-warn") + page.count("alert is-bad") >= 1
