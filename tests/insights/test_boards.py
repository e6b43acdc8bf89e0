"""Boards: each number equals the rows behind its link, and nobody sees another's; people arrange them as they wish."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import pytest
from django.db import transaction
from django.test import Client
from django.urls import reverse

from core.models import TrailEntry
from customers.models import Customer, CustomerPosition, FedDay
from insights.enums import BoardKind
from insights.models import BoardLayout
from insights.services import roll_up_range
from insights.services.kpis import roll_up_kpis
from insights.views.boards import Board
from insights.views.numbers import Number
from insights.views.widgets import widgets_of
from staff.enums import Role
from staff.models import Branch, User
from tests.factories import (
    NOW,
    TODAY,
    make_branch,
    make_complaint,
    make_customer,
    make_follow_up,
    make_head_office,
    make_interaction,
    make_term_account,
    make_user,
    share_customer,
)
from tests.insights.books import DAY, make_holder, retier
from tiers.queries import bands_for_display
from tiers.queries.standards import rhythm_of

pytestmark = pytest.mark.django_db
ClientOf = Callable[[User], Client]
LISTS = ("moves", "maturities", "silent", "rhythm", "averages")


@dataclass
class Bank:
    """Two branches with managers, balances that moved, tiers, maturities, contacts."""

    root: Branch
    middle: Branch
    first: Branch
    second: Branch
    people: dict[str, User]


# Lists read the clock for themselves.
CLOCKS = (
    *("insights.views.homes", "insights.views.lists", "insights.filters.boards"),
    *("servicing.filters.follow_ups", "complaints.filters.cases", "complaints.filters.inbox"),
)


@pytest.fixture(scope="module")
def bank(django_db_setup: None, django_db_blocker: Any) -> Iterator[Bank]:
    """Made once; what a test adds is undone with it."""
    with pytest.MonkeyPatch.context() as patch, django_db_blocker.unblock(), transaction.atomic():
        for module in CLOCKS:
            patch.setattr(f"{module}.today", lambda: TODAY)
        yield build()
        transaction.set_rollback(True)


def build() -> Bank:
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
    make_customer(branch=second, tier=1)  # no balance was ever fed of them
    share_customer(Customer.everything.filter(branch=first, manager=None).earliest("pk"), people["expert"])
    retier(TODAY - 3 * DAY, TODAY - DAY, TODAY)
    roll_up_range(TODAY - 40 * DAY, TODAY)
    roll_up_kpis(business_day=TODAY, at=NOW)
    return Bank(root, region, first, second, people)


def fill(customer: Customer, n: int, people: dict[str, User]) -> None:
    """Maturing deposits and contacts beside the ledger."""
    position = CustomerPosition.everything.filter(pk=customer.pk)
    kept = position.values("total", "on").get()
    make_term_account(customer=customer, matures_in=n * 5, balance=Decimal(10_000) + n)
    position.update(**kept, near=n % 4, watch_since=TODAY if n % 5 == 0 else None)
    owner = customer.manager or people["manager2"]
    make_follow_up(customer=customer, owner=owner, due_on=TODAY - (n % 3) * DAY)
    make_complaint(customer=customer, due_on=TODAY + (n % 4 - 2) * DAY, next_due_on=TODAY + (n % 5 - 2) * DAY)
    author = people["manager"] if n % 2 else people["teller"]
    for ago in range(n):
        make_interaction(customer=customer, author=author, happened_at=make_moment(ago))
    if n % 3:
        position.update(last_contact_on=TODAY - n * 40 * DAY)


def make_moment(ago: int) -> Any:
    return NOW - ago * DAY


def walk(client: Client, url: str) -> list[Any]:
    """All rows of a list, through all its pages; read once by each client."""
    kept = vars(client).setdefault("walked", {})
    if url not in kept:
        kept[url] = list(_walk(client, url))
    return list(kept[url])


def _walk(client: Client, url: str) -> Iterator[Any]:
    while url:
        page = client.get(url)
        assert page.status_code == 200, url
        listing = page.context["listing"]
        assert not listing.form.errors, (url, listing.form.errors)
        yield from (row.object for row in listing.rows)
        url = listing.page.next_url


def at(row: Any, path: str) -> Decimal:
    for name in path.split("."):
        row = getattr(row, name)
    return row


def behind(client: Client, board: Board, number: Number) -> Decimal | int:
    """What the rows behind a number's link come to: a list, or the table of units of a board."""
    address, _hash, place = number.url.partition("#")
    if place:
        shown = client.get(address).context["board"] if address else board
        rows = shown.found("units")["rows"]
    else:
        rows = walk(client, number.url)
    return sum((at(row, number.measure) for row in rows), Decimal(0)) if number.measure else len(rows)


def address(bank: Bank, page: str) -> str:
    return reverse("insights:home") if page == "home" else reverse("insights:branch", args=[getattr(bank, page).code])


def show_everything(user: User) -> None:
    """Every part of every board."""
    for kind in BoardKind:
        widgets = [[widget.code, True] for widget in widgets_of(kind)]
        BoardLayout.objects.create(user=user, board=kind, widgets=widgets, changed_at=NOW)


@pytest.mark.parametrize(
    ("who", "page", "least"),
    [
        ("manager", "home", 25),
        ("expert", "home", 20),
        ("head", "home", 38),
        ("region", "home", 20),
        ("hq", "home", 20),
        ("hq", "middle", 18),
        ("hq", "second", 33),
    ],
)
def test_every_number_is_the_rows_behind_it(bank: Bank, client_of: ClientOf, who: str, page: str, least: int) -> None:
    client = client_of(bank.people[who])
    show_everything(bank.people[who])
    board = client.get(address(bank, page)).context["board"]
    seen = 0
    for number in board.numbers:
        assert behind(client, board, number) == number.value, number
        seen += 1
    assert seen >= least, seen
    assert all(tile.about for block in board.blocks for tile in block.found.get("tiles", ()))


def test_the_numbers_are_not_all_zero(bank: Bank, client_of: ClientOf) -> None:
    client = client_of(bank.people["head"])
    show_everything(bank.people["head"])
    assert sum(1 for one in client.get(reverse("insights:home")).context["board"].numbers if one.value) > 33


def test_a_branchs_board_in_figures(bank: Bank, client_of: ClientOf) -> None:
    board = client_of(bank.people["head"]).get(reverse("insights:home")).context["board"]
    tiles = {tile.icon: tile.number.value for code in ("figures", "movement") for tile in board.found(code)["tiles"]}
    rows = board.found("tiers")["rows"]
    assert {row.rank: int(row.customers.value) for row in rows} == {4: 0, 3: 2, 2: 1, 1: 4}
    assert sum(row.total.value for row in rows) == tiles["coins"] == Decimal("3570022.33")
    # 0.01 + (-100,000.01) + 70,000 + (-20,000), since the close of the day before
    assert tiles["arrows-exchange"] == Decimal("-50000.00")
    assert (tiles["trending-up"], tiles["trending-down"]) == (Decimal("70000.01"), Decimal("-120000.01"))
    # Over 20 days, to the cent: 192,000 + 540,000 + 3,095,000 + 3,500 + 12.34 - 41.01 + 643,000.
    managers = board.found("managers")["rows"]
    assert tiles["chart-bar"] == sum(row.adb.value for row in managers) == Decimal("4473471.33")
    assert sum(row.overdue.value for row in managers if row.overdue) == tiles["list-check"]


def test_a_board_of_units_is_a_tree(bank: Bank, client_of: ClientOf) -> None:
    client = client_of(bank.people["hq"])
    board = client.get(reverse("insights:home")).context["board"]
    lines = {row.line.part.unit: row.line for row in board.found("units")["rows"]}
    assert {unit: line.since_day for unit, line in lines.items()} == {
        bank.middle: Decimal("-50000.00"),
        bank.second: Decimal("-50000.00"),
    }
    region = client.get(reverse("insights:branch", args=[bank.middle.code]))
    rows = region.context["board"].found("units")["rows"]
    assert [(row.line.part.unit, row.line.held.total) for row in rows] == [(bank.first, Decimal("3570022.33"))]
    assert reverse("insights:branch", args=[bank.root.code]) in region.content.decode()
    assert {line.adb for line in lines.values()} == {Decimal("4473471.33")}


def test_a_long_table_of_units_shows_the_largest(bank: Bank, client_of: ClientOf, monkeypatch: Any) -> None:
    monkeypatch.setattr("insights.views.units.UNITS_SHOWN", 1)
    client = client_of(bank.people["hq"])
    page = client.get(reverse("insights:home"))
    board, found = page.context["board"], page.context["board"].found("units")
    assert (len(found["rows"]), found["rest"], f'href="{found["url"]}"' in page.content.decode()) == (1, 1, True)
    added = [number for number in board.numbers if number.url.endswith("#units")]
    assert [behind(client, board, number) for number in added] == [number.value for number in added] != []


def test_people_arrange_their_boards(bank: Bank, client_of: ClientOf) -> None:
    head = bank.people["head"]
    client, url = client_of(head), reverse("insights:board_arrange", args=["branch"])

    def shown() -> list[str]:
        return [block.widget.code for block in client.get(reverse("insights:home")).context["board"].blocks]

    usual = shown()
    assert usual[0] == "figures"
    assert "movement" in usual
    sent = {"order": ["tiers", "gone", "figures", "managers"], "shown": ["tiers", "figures", "gone"]}
    answer = client.post(url, {**sent, "back": reverse("insights:home")})
    assert (answer.status_code, answer["Location"]) == (302, reverse("insights:home"))
    assert shown() == ["tiers", "figures", *(code for code in usual if code not in {"tiers", "figures", "managers"})]
    assert BoardLayout.objects.get(user=head).widgets == [["tiers", True], ["figures", True], ["managers", False]]
    # A colleague's board stands as it was; nothing at all is refused; elsewhere nobody is sent.
    codes = [widget.code for widget in widgets_of(BoardKind.BRANCH)]
    assert client.post(url, {"order": codes}).status_code == 200
    assert client.post(url, {"reset": "1", "back": "https://example.com/"})["Location"] == reverse("insights:home")
    assert shown() == usual
    assert TrailEntry.objects.filter(subject="insights.boardlayout", actor_id=head.pk).count() == 2
    assert client.get(reverse("insights:board_arrange", args=["manager"])).status_code == 403
    assert client.get(reverse("insights:board_arrange", args=["else"])).status_code == 404


def test_the_rhythm_is_the_tiers(bank: Bank, client_of: ClientOf) -> None:
    """Nobody whose rhythm is kept stands on the list; the slow way of the service standards finds the same."""
    letters = {band.rank: band.letter for band in bands_for_display(TODAY)}
    positions = CustomerPosition.everything.filter(branch=bank.first)
    late = {
        row.pk for row in positions if (found := rhythm_of(row, letters.get(row.tier, ""), TODAY)) and found.is_overdue
    }
    listed = walk(client_of(bank.people["head"]), reverse("insights:rhythm"))
    assert {row.pk for row in listed} == late
    assert late


def test_boards_hold_nothing_of_others(bank: Bank, client_of: ClientOf) -> None:
    secret = make_holder({30: 77_777_777}, branch=bank.second, name="司徒机密")
    roll_up_range(TODAY - DAY, TODAY)
    for who in ("manager", "manager2", "expert", "head"):
        client = client_of(bank.people[who])
        for url in (reverse("insights:home"), *(reverse(f"insights:{n}") for n in LISTS)):
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
    for name in LISTS:
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
    chart = client.get(reverse("insights:home")).context["board"].found("trend")["chart"]
    assert len(chart.labels) == 31
    assert chart.series[0].values[-1] == Decimal("3570022.33")
    assert chart.series[0].values[-2] == Decimal("3620022.33")
    assert len(client.get(reverse("insights:home"), {"days": 90}).context["board"].found("trend")["chart"].labels) == 39


def test_a_number_is_read_short_and_kept_exact() -> None:
    number, count = Number(Decimal("499999.99"), "", "balance", is_change=True), Number(1234, "")
    assert (number.short, number.exact, count.short, count.exact) == ("+49.9万", "499,999.99", "1,234", "")


def test_a_board_asks_a_constant_number_of_questions(
    bank: Bank, client_of: ClientOf, django_assert_max_num_queries: Any
) -> None:
    client = client_of(bank.people["head"])

    def ask() -> int:
        with django_assert_max_num_queries(40) as asked:
            client.get(reverse("insights:home"))
        return len(asked)

    ask()
    few = ask()
    for _n in range(8):
        make_holder({30: 50_000, 0: 600_000}, branch=bank.first, manager=bank.people["manager"])
        make_term_account(customer=make_customer(branch=bank.first), matures_in=3)
    assert ask() == few


def test_a_late_night_is_told_on_the_board(bank: Bank, client_of: ClientOf, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("insights.views.homes.now", lambda: NOW + DAY)
    page = client_of(bank.people["head"]).get(reverse("insights:home"))
    assert page.context["fresh"].night.is_red
    assert 'class="fresh is-' in page.content.decode()
