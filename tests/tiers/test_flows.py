"""Flows between tiers: the matrix against a slow count of the history, its names, scope and pages."""

import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

import pytest
from django.test import Client
from django.urls import reverse

from core import jobs
from customers.models import Customer, CustomerPosition
from depositcrm import exporting
from staff.models import Branch, Export, User
from tests.factories import make_branch, make_customer, make_head_office, make_user, share_customer
from tests.insights.test_boards import walk
from tests.tiers.ledgers import at_night, total_on, write_ledger
from tiers.enums import Way
from tiers.models import RetierRun, Scheme, TierChange
from tiers.queries.flows import Flow, bands_at, bands_over, flow, flow_rows, run_days
from tiers.rules import Band, renumbering
from tiers.rules.flows import way

ClientOf = Callable[[User], Client]
DAY = timedelta(days=1)
START = date(2026, 6, 1)
# Run days, and the letters of the scheme in force from there on: a tier comes between, then one goes.
RUNS = {0: "DCBA", 3: "DCBA", 7: "DCEBA", 8: "DCEBA", 15: "DEBA", 30: "DEBA"}
LAST = START + 30 * DAY


@dataclass
class Book:
    """Customers with random histories, and what was made of them: ranks and totals by day."""

    hq: User
    head: User
    manager: User
    admin: User
    branches: list[Branch]
    customers: list[Customer] = field(default_factory=list)
    ranks: dict[int, dict[date, int]] = field(default_factory=dict)
    totals: dict[int, dict[date, Decimal]] = field(default_factory=dict)

    def rank(self, customer: Customer, day: date) -> int:
        """The rank at the close of a day, by the history alone."""
        known = [on for on in self.ranks[customer.pk] if on <= day]
        return self.ranks[customer.pk][max(known)] if known else 0

    def counted(self, customers: list[Customer], first: date, last: date) -> dict[tuple[int, int], tuple[int, Decimal]]:
        """Heads and totals by (rank before, rank after), one customer after the other."""
        heads: Counter[tuple[int, int]] = Counter()
        held: Counter[tuple[int, int]] = Counter()
        for customer in customers:
            place = (self.rank(customer, first), self.rank(customer, last))
            heads[place] += 1
            held[place] += total_on(self.totals[customer.pk], last)
        return {place: (heads[place], Decimal(held[place])) for place in heads if place != (0, 0)}


def make_scheme(letters: str, since: date) -> Scheme:
    scheme = Scheme.objects.create(
        version=100 + len(letters) + since.toordinal(),
        name=letters,
        effective_on=since,
        status="draft",
        drafted_by=make_user(role="admin"),
        drafted_at=at_night(since),
    )
    for rank, letter in enumerate(letters, start=1):
        scheme.bands.create(rank=rank, floor=(rank - 1) * 1_000, letter=letter, name_zh=f"{letter}档", name_en=letter)
    return scheme


def make_runs() -> list[tuple[date, Scheme]]:
    runs, schemes = [], {}
    for offset, letters in RUNS.items():
        on = START + offset * DAY
        schemes.setdefault(letters, make_scheme(letters, on))
        RetierRun.objects.create(on=on, scheme=schemes[letters], is_open=False, finished_at=at_night(on))
        runs.append((on, schemes[letters]))
    return runs


def live(book: Book, customer: Customer, runs: list[tuple[date, Scheme]], dice: random.Random) -> None:
    """A history as re-tiering leaves it: first tier, moves, new numbers, watches that move nobody."""
    tier, since, letters, ranks = 0, None, "", {}
    begins = dice.choice([on for on, _scheme in runs] + [LAST + DAY])
    for on, scheme in runs:
        before, watch = tier, None
        if before and scheme.name != letters:
            tier = scheme.name.find(letters[tier - 1]) + 1 or dice.randint(1, len(scheme.name))
        if on == begins or (tier and dice.random() < 0.4):
            tier = dice.randint(1, len(scheme.name))
        elif tier and dice.random() < 0.3:
            watch = on
        letters = scheme.name
        if tier == before and not watch:
            continue
        since = on if tier != before else since
        ranks[on] = tier
        TierChange.everything.create(
            customer=customer,
            on=on,
            event="watched" if watch else "up",
            from_tier=before,
            to_tier=tier,
            to_watch=watch,
            scheme=scheme,
            measure="balance",
            value=0,
            window_from=on,
            window_to=on,
            branch=customer.branch,
            manager=customer.manager,
        )
    book.ranks[customer.pk] = ranks
    CustomerPosition.everything.filter(pk=customer.pk).update(tier=tier, tier_since=since)


@pytest.fixture
def book(db: None) -> Book:
    root = make_head_office()
    branches = [make_branch(parent=root, name=f"支行{n}") for n in range(2)]
    people = [
        make_user(role="head_office", branch=root),
        make_user(role="branch_head", branch=branches[0]),
        make_user(role="manager", branch=branches[0]),
        make_user(role="admin", branch=root),
    ]
    made = Book(*people, branches)
    dice, runs = random.Random(20261122), make_runs()
    for n in range(48):
        owner = made.manager if n % 4 == 0 else None
        customer = make_customer(branch=branches[n % 4 == 3], manager=owner, tier=0)
        made.customers.append(customer)
        days = sorted(dice.sample(range(31), dice.randint(0, 4)))
        made.totals[customer.pk] = {START + day * DAY: Decimal(dice.randint(0, 10**8)) / 100 for day in days}
        live(made, customer, runs, dice)
    write_ledger(made.totals, LAST)
    share_customer(made.customers[1], made.manager)
    return made


def figures(found: Flow) -> dict[tuple[int, int], tuple[int, Decimal | None]]:
    return {(cell.before, cell.after): (cell.heads, cell.total) for cell in found.cells}


SPANS = [(a, b) for a in (-5, 0, 2, 3, 7, 10, 29) for b in (0, 3, 8, 16, 30) if a < b]


def test_the_matrix_is_what_counting_one_by_one_gives(book: Book):
    of_head = [customer for customer in book.customers if customer.branch_id == book.branches[0].pk]
    of_manager = [customer for customer in book.customers if customer.manager_id == book.manager.pk]
    sight = {book.hq: book.customers, book.head: of_head, book.manager: [*of_manager, book.customers[1]]}
    for a, b in SPANS:
        first, last = START + a * DAY, START + b * DAY
        for user, customers in sight.items():
            assert figures(flow(user, first, last)) == book.counted(customers, first, last), (a, b, user.role)
    seen = {cell.way for a, b in SPANS for cell in flow(book.hq, START + a * DAY, START + b * DAY).cells}
    assert seen == set(Way)


def test_the_names_of_every_cell_are_as_many_as_it_counts(book: Book):
    for a, b in SPANS[::3]:
        first, last = START + a * DAY, START + b * DAY
        for cell in flow(book.hq, first, last).cells:
            found = flow_rows(CustomerPosition.everything.all(), first, last, before=cell.before, after=cell.after)
            assert {row.pk for row in found} == {
                customer.pk
                for customer in book.customers
                if (book.rank(customer, first), book.rank(customer, last)) == (cell.before, cell.after)
            }
            assert sum(row.held for row in found) == cell.total


def test_branch_and_manager_narrow_what_heads_see_and_admins_see_counts_of_the_bank(book: Book):
    first, last = START, LAST
    of_branch = [customer for customer in book.customers if customer.branch_id == book.branches[1].pk]
    of_manager = [customer for customer in book.customers if customer.manager_id == book.manager.pk]
    assert figures(flow(book.hq, first, last, branch=book.branches[1])) == book.counted(of_branch, first, last)
    assert figures(flow(book.hq, first, last, manager=book.manager)) == book.counted(of_manager, first, last)
    whole = flow(book.admin, first, last, branch=book.branches[1])
    assert {place: heads for place, (heads, _total) in book.counted(book.customers, first, last).items()} == {
        (cell.before, cell.after): cell.heads for cell in whole.cells
    }
    assert whole.total() is None
    assert flow(make_user(role="teller", branch=book.branches[0]), first, last).total() is None
    assert flow(make_user(role="auditor"), first, last).cells == ()


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (0, 1, Way.NEW),
        (1, 1, Way.STAYED),
        (3, 4, Way.STAYED),  # B had the third place and now has the fourth
        (3, 3, Way.DOWN),
        (2, 3, Way.UP),
        (4, 5, Way.STAYED),
        (4, 4, Way.DOWN),
    ],
)
def test_a_new_number_is_no_move(before: int, after: int, expected: Way):
    bands = [[Band(rank, Decimal(rank), letter) for rank, letter in enumerate(name, 1)] for name in ("DCBA", "DCEBA")]
    assert way(before, after, renumbering(*bands)) == expected


def test_of_a_tier_that_is_gone_its_number_stands_for_it():
    assert [way(2, after, (1, 0, 3)) for after in (1, 2, 3)] == [Way.DOWN, Way.STAYED, Way.UP]


def test_each_day_has_the_names_of_its_own_scheme(book: Book):
    days = [START - DAY, START, START + 6 * DAY, START + 7 * DAY, START + 14 * DAY, LAST]
    named = ["".join(band.letter for band in bands_at(day)) for day in days]
    assert named == ["", "DCBA", "DCBA", "DCEBA", "DCEBA", "DEBA"]
    assert bands_over(days) == [bands_at(day) for day in days]


def page(client: Client, name: str = "flows", **params: Any) -> Any:
    return client.get(f"{reverse(f'tiers:{name}')}?{urlencode(params)}")


def test_every_number_of_the_page_leads_to_as_many_names(book: Book, client_of: ClientOf):
    for user in (book.hq, book.head, book.manager):
        client = client_of(user)
        board = page(client, "flow_board", first=START + 2 * DAY, last=LAST).context["board"]
        heads = [*board.columns, *(row.head for row in board.rows)]
        links = [(head.url, head.heads) for head in heads]
        links += [(place.url, place.cell.heads) for row in board.rows for place in row.cells if place.cell]
        for url, count in links:
            assert len(walk(client, url)) == count, (user.role, url)
        drawn = {band.move.url for band in board.picture.bands}
        assert drawn
        assert drawn <= {url for url, _count in links}
        assert sum(cell.heads for cell in board.flow.cells) == board.flow.heads()


def test_the_page_of_a_whole_bank_loads_its_figures_apart_and_keeps_them(book: Book, client_of: ClientOf):
    client, span = client_of(book.hq), {"first": START, "last": LAST}
    assert "board" not in page(client, **span).context
    asked = page(client, **span).context["board_url"]
    assert client.get(asked).context["board"].flow == flow(book.hq, START, LAST)
    kept = page(client, **span)
    assert kept.context["board"].flow == flow(book.hq, START, LAST)
    assert "hx-get" not in kept.content.decode().split('id="main"')[1].split("page-foot")[0]
    RetierRun.objects.filter(on=LAST).update(finished_at=at_night(LAST) + DAY)
    assert "board" not in page(client, **span).context
    assert page(client, **span, branch=book.branches[0].code).context["board"].flow.heads() > 0
    assert page(client_of(book.head), **span).context["board"].flow == flow(book.head, START, LAST)


def test_an_administrator_reads_counts_without_names_or_amounts(book: Book, client_of: ClientOf):
    client = client_of(book.admin)
    found = page(client, "flow_board", first=START, last=LAST)
    board, body = found.context["board"], found.content.decode()
    assert board.flow.heads() == sum(heads for heads, _total in book.counted(book.customers, START, LAST).values())
    assert {place.url for row in board.rows for place in row.cells} | {head.url for head in board.columns} == {""}
    assert "<a " not in body
    assert "money" not in body
    assert page(client, "flow_names", last=LAST, to_tier=1).status_code == 403
    assert "branch" not in page(client).context["form"].fields


def test_before_the_first_run_there_is_nothing_to_show(db: None, as_role: Callable[..., Client]):
    client = as_role("manager")
    found = page(client)
    assert found.context["days"] is None
    assert run_days() is None
    assert 'class="empty"' in found.content.decode()
    assert page(client, "flow_board").status_code == 400


@pytest.mark.parametrize(
    ("first", "last", "wrong"),
    [
        (START, START, ["last"]),
        (LAST, START, ["first"]),
        (START + 5 * DAY, START, ["last"]),
        (LAST + DAY, LAST + 9 * DAY, ["first"]),
        ("x", LAST, ["first"]),
        ("2026-02-30", LAST, ["first"]),
    ],
)
def test_days_that_make_no_span_are_told_on_the_form(
    book: Book, client_of: ClientOf, first: Any, last: Any, wrong: list[str]
):
    client = client_of(book.head)
    found = page(client, first=first, last=last)
    assert (found.status_code, list(found.context["form"].errors)) == (200, wrong)
    assert "board" not in found.context
    assert page(client, "flow_board", first=first, last=last).status_code == 400


def test_days_to_come_and_days_before_the_first_run(book: Book, client_of: ClientOf):
    client = client_of(book.head)
    ahead = page(client, first=START, last=LAST + 60 * DAY)
    assert ahead.context["is_cut"]
    assert ahead.context["board"].flow == flow(book.head, START, LAST)
    early = page(client, first=START - 60 * DAY, last=LAST)
    assert {cell.way for cell in early.context["board"].flow.cells} == {Way.NEW}
    assert early.context["board"].flow.bands_before == ()
    assert page(client).context["board"].flow.first == START.replace(day=1) + 29 * DAY


def test_names_by_the_tier_at_the_close_of_one_day(book: Book, client_of: ClientOf):
    day = START + 10 * DAY
    of_head = [customer for customer in book.customers if customer.branch_id == book.branches[0].pk]
    for rank in range(1, 6):
        found = page(client_of(book.head), "flow_names", last=day, to_tier=rank)
        expected = {customer.pk for customer in of_head if book.rank(customer, day) == rank}
        assert {row.object.pk for row in found.context["listing"].rows} == expected
    nobody = page(client_of(book.head), "flow_names")
    assert (nobody.status_code, nobody.context["listing"].rows) == (200, [])


def test_names_become_a_file(book: Book, client_of: ClientOf):
    client, span, url = client_of(book.head), {"first": START, "last": LAST}, reverse("tiers:flow_export")
    listing = page(client, "flow_names", **span).context["listing"]
    assert f"{client.get(f'{url}?{urlencode(span)}').context['count']:,}" == listing.page.count
    ticked = [row.number for row in listing.rows[:3]]
    asked = {"selected": ticked, "state": urlencode(span), "reason": "季度复盘", "file_format": "csv"}
    assert client.post(url, asked).status_code == 302
    export = Export.everything.get()
    jobs.execute(export.job_id, exporting.export_list)
    export.refresh_from_db()
    assert (export.list_key, export.rows, export.state) == ("tier_flows", 3, "done")
    assert client.get(url).status_code == 302
