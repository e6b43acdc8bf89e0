"""F12: tier-weighted load, moves that cut the fewest and weakest relationships, and never overload the taker."""

import random
from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from core.clock import now, today
from customers.models import CustomerPosition
from insights.models import DepositDay
from insights.queries import workload as queries
from insights.rules.workload import BUILT_IN, Book, Candidate, read_workload, suggest, weight
from staff.models import Branch, Policy, User
from tests import factories as make

TERMS = read_workload(BUILT_IN)
DAY = date(2026, 11, 1)


def candidate(pk: int, manager: int = 1, minutes: int = 10, **fields: Any) -> Candidate:
    facts: dict[str, Any] = {"backup": None, "last_contact_on": DAY, "since": DAY, **fields}
    return Candidate(pk, manager, 1, Decimal(minutes), **facts)


def book(manager: int, minutes: int) -> Book:
    return Book(manager, {}, Decimal(minutes))


def test_rules() -> None:
    assert TERMS.capacity == 24 * 44 * 60
    # Tier A: a contact every 30 days and a review every 6 months.
    assert weight(TERMS, "A", Decimal("12.17"), 6) == Decimal("12.17") * 60 + 2 * 90
    assert weight(TERMS, "F", Decimal(1), None) == 10
    for name in BUILT_IN:
        for wrong in (0, 10**6, "5", True, None):
            with pytest.raises(ValueError, match=name):
                read_workload({**BUILT_IN, name: wrong})


def test_the_weakest_ties_go_first() -> None:
    """The colleague's own backups, then the longest silence, then the shortest time with the manager."""
    found = [
        candidate(1, last_contact_on=DAY, since=DAY - timedelta(days=900)),
        candidate(2, last_contact_on=DAY, since=DAY),
        candidate(3, last_contact_on=None),
        candidate(4, last_contact_on=DAY - timedelta(days=90)),
        candidate(5, backup=2),
        candidate(6, backup=99),
    ]
    (move,) = suggest([book(1, 140), book(2, 20)], found, 100)
    assert [one.customer for one in move.customers] == [5, 3, 4, 2]
    assert (move.known, move.giver_before, move.giver_after) == (1, 140, 100)
    assert (move.taker_before, move.taker_after) == (20, 60)
    assert suggest([book(1, 100), book(2, 0)], found, 100) == [], "full is not above"
    assert suggest([book(1, 140), book(2, 95)], found, 100) == [], "nobody has room"


def test_nobody_is_taken_above_capacity() -> None:
    """Random books: minutes are kept, no taker ends above, and no customer moves twice."""
    rng = random.Random(8)
    for _round in range(200):
        books = [book(pk, rng.randint(0, 300)) for pk in range(1, rng.randint(2, 6))]
        found = [
            candidate(pk, rng.choice(books).manager, rng.randint(0, 30), backup=rng.choice([None, 1, 2]))
            for pk in range(1, 40)
        ]
        moves = suggest(books, found, 150)
        load = {one.manager: one.minutes for one in books}
        moved = [one.customer for move in moves for one in move.customers]
        assert len(moved) == len(set(moved))
        for move in moves:
            weighed = sum(one.minutes for one in move.customers)
            load[move.giver] -= weighed
            load[move.taker] += weighed
            assert all(one.manager == move.giver for one in move.customers)
        for one in books:
            assert load[one.manager] <= max(one.minutes, 150)
        for move in moves:
            assert (load[move.giver], load[move.taker]) == (move.giver_after, move.taker_after)
            assert load[move.taker] <= 150 < move.giver_before


class Desk:
    """A branch with a manager of four customers, one with none and one who left; and another branch."""

    def __init__(self) -> None:
        self.top = make.make_head_office()
        self.branch, self.elsewhere = make.make_branch(parent=self.top), make.make_branch(parent=self.top)
        self.head, self.hq = self._person("branch_head"), self._person("head_office", self.top)
        self.full, self.free, left = (self._person("manager") for _n in range(3))
        self.backed = make.make_customer(branch=self.branch, manager=self.full, backup=self.free)
        others = [make.make_customer(branch=self.branch, manager=self.full) for _n in range(3)]
        self.customers = [*others, self.backed]
        make.make_customer(branch=self.branch, manager=left)
        make.make_customer(branch=self.branch, manager=self.full, merged_into=self.backed)
        User.objects.filter(pk=left.pk).update(is_active=False)
        self.stranger = self._person("manager", self.elsewhere)
        make.make_customer(branch=self.elsewhere, manager=self.stranger)
        CustomerPosition.everything.filter(branch=self.branch).update(tier=4)
        self.day, self.each = today(), queries.weights_on(today())[4]

    def _person(self, role: str, branch: Branch | None = None) -> User:
        return make.make_user(role=role, branch=branch or self.branch, password="")

    def lower_capacity(self) -> None:
        """Room for two and a half customers of tier A."""
        Policy.objects.create(
            kind=queries.KIND,
            version=1,
            values={**BUILT_IN, "hours_week": int(self.each * 5 / 2 / 60), "weeks_year": 1},
            effective_on=self.day,
            status="approved",
            drafted_by=self.head,
            drafted_at=now(),
        )


@pytest.fixture
def desk(db: None) -> Desk:
    return Desk()


def test_books_are_those_of_ones_people_who_stayed(desk: Desk) -> None:
    full, free, each = desk.full, desk.free, desk.each
    assert each == weight(TERMS, "A", queries.contacts_per_year(desk.day)["A"], 6)

    books = {one.manager: one for one in queries.books_of(desk.head, desk.branch, desk.day)}
    assert set(books) == {full.pk, free.pk}
    assert (books[full.pk].heads, books[full.pk].minutes, books[free.pk].minutes) == ({4: 4}, 4 * each, 0)
    found = queries.candidates_of(desk.head, [full.pk], desk.day)
    assert {one.customer for one in found} == {row.pk for row in desk.customers}
    assert [one.backup for one in found if one.customer == desk.backed.pk] == [free.pk]


def test_the_page_suggests_what_the_handover_takes(desk: Desk, client_of: Callable[[User], Client]) -> None:
    client = client_of(desk.head)
    page = client.get("/workload/").text
    assert desk.full.name in page
    assert f"manager={desk.full.staff_no}" in page
    desk.lower_capacity()  # the book is full, and the colleague's own goes first
    page = client.get("/workload/").text
    numbers = [row.customer_no for row in desk.customers if f"selected={row.customer_no}" in page]
    assert (desk.backed.customer_no in numbers, len(numbers)) == (True, 2)
    _opens_the_handover(client, page, numbers, desk.free, desk.stranger)


def test_loads_of_the_units_below_are_those_of_the_day(desk: Desk, client_of: Callable[[User], Client]) -> None:
    branch, full, day = desk.branch, desk.full, desk.day
    desk.lower_capacity()
    for on, heads in ((day - timedelta(days=1), 9), (day, 4)):
        DepositDay.objects.create(on=on, branch=branch, manager=full, tier=4, customers=heads, total=0)
    (line,) = [one for one in queries.loads_below(desk.top, [branch.pk], day) if one.unit == branch]
    assert (line.managers, line.customers, line.minutes, line.above) == (2, 4, 4 * desk.each, 1)
    assert branch.name in client_of(desk.hq).get("/workload/").text
    assert client_of(desk.hq).get(f"/workload/?unit={branch.code}").status_code == 200
    assert client_of(full).get("/workload/").status_code == 403


def _opens_the_handover(client: Client, page: str, numbers: list[str], taker: User, stranger: User) -> None:
    """The suggestion's address leads to the form with its customers and the colleague, and with nobody else."""
    starts = f"{reverse('customers:handover_new')}?selected="
    (address,) = {part.split('"')[0] for part in page.split('href="') if part.startswith(starts)}
    form = client.get(address.replace("&amp;", "&"))
    assert (form.status_code, form.context["count"]) == (200, 2), "the hand-over form takes them"
    assert f'<option value="{taker.staff_no}" selected>' in form.text
    assert "to_manager" not in client.get(f"{starts}{numbers[0]}&to={stranger.staff_no}").context["form"].initial
