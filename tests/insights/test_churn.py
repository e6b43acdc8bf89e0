"""Churn and month-end spikes: who counts, why, and every number as its rows."""

import random
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from campaigns.models import WinBack
from customers.models import Account, Customer, CustomerPosition, FedDay, OwnershipChange
from insights.enums import Loss, LossCause, UnitKind
from insights.models import MonthClose
from insights.queries.bridge import Unit
from insights.queries.churn import by_tier, causes_of, held_of, kept_by_tier, opening_of
from insights.queries.definitions import definitions_on
from insights.queries.spikes import closes_of
from insights.rules.churn import Standing, cause_of_loss, way_of_loss
from insights.rules.spikes import excess, is_spike, stands_out
from insights.services.kpis import roll_up_kpis
from servicing.models import Maturity
from staff.models import Branch, User
from tests import factories as make
from tests.factories import NOW, TODAY
from tests.insights.books import DAY
from tests.insights.test_boards import walk
from tests.tiers.ledgers import write_ledger

ClientOf = Callable[[User], Client]
SEPTEMBER, OCTOBER = date(2026, 9, 1), date(2026, 10, 1)
LONG_AGO = TODAY - 180 * DAY
STILL = {"moved_on": LONG_AGO, "contact_on": None, "has_term": False}


@pytest.mark.parametrize(
    ("changed", "way"),
    [
        ({}, None),
        ({"has_account": False, "adb": Decimal(500)}, Loss.CLOSED),
        ({"adb": Decimal("200.00")}, Loss.FALLEN),
        ({"adb": Decimal("200.01")}, None),
        (STILL, Loss.INACTIVE),
        ({**STILL, "moved_on": LONG_AGO + DAY}, None),
        ({**STILL, "contact_on": LONG_AGO}, Loss.INACTIVE),
        ({**STILL, "contact_on": LONG_AGO + DAY}, None),
        ({**STILL, "has_term": True}, None),
        ({**STILL, "adb": Decimal(-5)}, Loss.FALLEN),
    ],
)
def test_ways_of_loss(changed: dict[str, Any], way: Loss | None) -> None:
    usual = {"opening": Decimal(1000), "adb": Decimal(900), "has_account": True}
    kept = {"moved_on": TODAY, "contact_on": TODAY, "has_term": False}
    assert way_of_loss(Standing(**{**usual, **kept, **changed}), TODAY, fall=80, inactive=180) == way


def test_the_first_cause_that_is_known_counts() -> None:
    facts = {"matured_left": True, "complained": True, "handed_over": True}
    assert cause_of_loss("rate", **facts) == LossCause.TOLD
    found = []
    for name in ("matured_left", "complained", "handed_over"):
        found.append(cause_of_loss("", **facts))
        facts[name] = False
    assert found == [LossCause.MATURED, LossCause.COMPLAINT, LossCause.HANDED_OVER]
    assert cause_of_loss("", **facts) == LossCause.UNKNOWN


@pytest.fixture
def unit(db: None) -> Branch:
    """A branch below a head office on the ledger day."""
    for day in (date(2026, 7, 1), TODAY):
        FedDay.objects.create(on=day, is_full=True)
    return make.make_branch(parent=make.make_head_office())


def _customer(
    unit: Branch, adb: str, *, tier: int = 2, now: str = "0", closed: bool = False, **fields: Any
) -> Customer:
    """A customer of the quarter's opening with `adb` then and `now` since the month began."""
    customer = make.make_customer(branch=fields.pop("branch", unit), **fields)
    write_ledger({customer.pk: {SEPTEMBER: Decimal(adb), date(2026, 11, 1): Decimal(now)}}, TODAY)
    MonthClose.everything.create(
        month=SEPTEMBER, customer=customer, branch_id=unit.pk, tier=tier, adb=adb, total=adb, manager_id=None
    )
    account = make.make_account(customer=customer)
    CustomerPosition.everything.filter(pk=customer.pk).update(on=date(2026, 11, 1), last_contact_on=TODAY)
    if closed:
        Account.everything.filter(pk=account.pk).update(status="closed", closed_on=TODAY)
    return customer


def test_churn_is_counted_from_a_fixed_base_and_every_number_opens(unit: Branch, client_of: ClientOf) -> None:
    manager = make.make_user(role="manager", branch=unit, password="")
    elsewhere = make.make_branch(parent=unit.parent)
    kept = _customer(unit, "1000", now="900", manager=manager)
    closed = _customer(unit, "1000", closed=True, manager=manager)
    fallen = _customer(unit, "1000", now="200", tier=3)
    emptied = _customer(unit, "1000", tier=3)  # nothing left, but an account is open
    brought = _customer(elsewhere, "1000", branch=unit, now="10", tier=3)
    _customer(unit, "1000", branch=elsewhere)  # handed over: counts there
    make.make_customer(branch=unit)  # new since: no part of the base
    dropped = make.make_customer(branch=unit, merged_into=kept)
    CustomerPosition.everything.filter(pk=dropped.pk).delete()
    MonthClose.everything.create(
        month=SEPTEMBER, customer=dropped, branch_id=unit.pk, tier=4, adb=200, total=200, manager_id=None
    )
    _explain(closed, fallen, emptied, brought, manager)
    make.make_complaint(customer=kept, named=(manager,))  # kept from the manager, and so no cause anybody reads
    assert opening_of(TODAY) == SEPTEMBER
    found = by_tier(held_of(Unit(frozenset({unit.pk})), TODAY, definitions_on(TODAY)))
    assert [(one.tier, one.base, dict(one.ways), str(one.share)) for one in found] == [
        (3, 3, {Loss.FALLEN: 3}, "100"),
        (2, 2, {Loss.CLOSED: 1}, "50"),
    ]
    assert causes_of([kept.pk, closed.pk, fallen.pk, emptied.pk, brought.pk], TODAY) == {
        kept.pk: LossCause.UNKNOWN,
        closed.pk: LossCause.TOLD,
        fallen.pk: LossCause.MATURED,
        emptied.pk: LossCause.COMPLAINT,
        brought.pk: LossCause.HANDED_OVER,
    }
    head = client_of(make.make_user(role="branch_head", branch=unit, password=""))
    board = head.get(reverse("insights:churn")).context["board"]
    leading = [number for number in board.numbers if number.value]
    assert all(number.url for number in leading)
    for number in [leading[0], *random.Random(3).sample(leading[1:], 5)]:
        assert number.value == len(walk(head, number.url))
    assert (board.total.base, board.total.lost.value, board.total.share) == ("5", 4, "80.0%")
    own = client_of(manager).get(reverse("insights:churn")).context["board"]
    assert (own.total.base, own.total.lost.value) == ("2", 1)


def _explain(told: Customer, matured: Customer, complained: Customer, handed: Customer, manager: User) -> None:
    WinBack.everything.create(
        customer=told, owner=manager, state="closed", cause="rate", before=1, opened_on=TODAY, closed_on=TODAY
    )
    Maturity.everything.create(
        account=make.make_term_account(customer=matured, balance=0),
        customer=matured,
        matures_on=TODAY - 40 * DAY,
        amount=10,
        stayed=0,
        measured_on=TODAY - 10 * DAY,
        outcome="left",
    )
    CustomerPosition.everything.filter(pk=matured.pk).update(on=date(2026, 11, 1))
    make.make_complaint(customer=complained, received_on=TODAY - 90 * DAY)
    make.make_complaint(customer=handed, received_on=TODAY - 91 * DAY)
    OwnershipChange.everything.create(
        customer=handed, role="owner", from_user=manager, to_user=make.make_user(password=""), at=NOW, on=TODAY
    )


def test_what_is_old_withdrawn_or_of_another_kind_explains_no_loss(unit: Branch) -> None:
    manager, edge = make.make_user(role="manager", branch=unit, password=""), TODAY - 91 * DAY
    other = make.make_user(role="manager", branch=unit, password="")
    people = [make.make_customer(branch=unit, manager=manager) for _n in range(6)]
    told = {"owner": manager, "state": "closed", "cause": "rate", "before": 1, "closed_on": TODAY}
    WinBack.everything.create(customer=people[0], opened_on=date(2026, 9, 30), **told)
    for matures_on, stayed, outcome in ((edge, 0, "left"), (TODAY, 10, "rolled")):
        Maturity.everything.create(
            account=make.make_term_account(customer=people[1], balance=0),
            customer=people[1],
            matures_on=matures_on,
            amount=10,
            stayed=stayed,
            measured_on=TODAY,
            outcome=outcome,
        )
    make.make_complaint(customer=people[2], state="withdrawn")
    make.make_complaint(customer=people[3], source="web")
    for role, on, giver in (("owner", edge, other), ("backup", TODAY, other), ("owner", TODAY, None)):
        OwnershipChange.everything.create(
            customer=people[4], role=role, from_user=giver, to_user=manager, at=NOW, on=on
        )
    keys = [customer.pk for customer in people]
    assert causes_of(keys, TODAY) == dict.fromkeys(keys, LossCause.UNKNOWN)
    # Nothing was left at the quarter's opening: no part of the base. Of a manager's book another's is none either.
    month = {"month": SEPTEMBER, "branch_id": unit.pk, "tier": 1, "adb": 5}
    MonthClose.everything.create(customer=people[5], total=0, **month)
    free = make.make_customer(branch=unit)
    for customer in (people[4], free):
        MonthClose.everything.create(customer=customer, total=5, **month)
    nobody, own = (Unit(frozenset({unit.pk}), frozenset({pk})) for pk in (None, manager.pk))
    held = [held_of(whose, TODAY, definitions_on(TODAY)) for whose in (nobody, own)]
    assert [[one.customer_id for one in rows] for rows in held] == [[free.pk], [people[4].pk]]
    # A record that was merged since stands out no more.
    dropped = make.make_customer(branch=unit, merged_into=people[0])
    MonthClose.everything.create(customer=dropped, total=400_000, **{**month, "month": OCTOBER})
    head = make.make_user(role="branch_head", branch=unit, password="")
    assert not closes_of(head, OCTOBER).exists()
    away = make.make_user(role="branch_head", branch=make.make_branch(parent=unit.parent), password="")
    assert [closes_of(user, SEPTEMBER).count() for user in (head, away)] == [3, 0]


def test_the_night_keeps_the_same_churn(unit: Branch, client_of: ClientOf) -> None:
    for n, (now, closed) in enumerate((("900", False), ("0", True), ("200", False), ("0", False))):
        _customer(unit, "1000", now=now, closed=closed, tier=1 + n % 2)
    _customer(unit, "1000", branch=make.make_branch(parent=unit.parent), closed=True)
    roll_up_kpis(business_day=TODAY, at=NOW)
    user = make.make_user(role="head_office", branch=unit.parent, password="")
    live = by_tier(held_of(Unit(frozenset({unit.pk})), TODAY, definitions_on(TODAY)))
    assert kept_by_tier(user, UnitKind.BRANCH, unit.pk, TODAY) == live
    other = make.make_user(role="branch_head", branch=make.make_branch(parent=unit.parent), password="")
    assert kept_by_tier(other, UnitKind.BRANCH, unit.pk, TODAY) == []
    hq = client_of(user)
    board = hq.get(reverse("insights:churn")).context["board"]
    assert (board.total.base, board.total.lost.value) == ("5", 4)
    for row in board.units:
        assert row.lost.value == len(walk(hq, row.lost.url))
    assert sum(row.lost.value for row in board.units) == board.total.lost.value
    assert hq.get(reverse("insights:churn_widget")).status_code == 200


@pytest.mark.parametrize(
    ("total", "adb", "stands", "fallen_to"),
    [
        ("300000", "200000", True, "250000"),
        ("299999.99", "200000", False, "0"),
        ("300000", "200001", False, "0"),
        ("100000", "-5", True, "50000"),
        ("0", "-500000", False, "0"),
    ],
)
def test_what_stands_out_at_a_month_end(total: str, adb: str, stands: bool, fallen_to: str) -> None:
    close, average = Decimal(total), Decimal(adb)
    assert stands_out(close, average, share=50, amount=Decimal(100_000)) == stands
    if stands:
        assert is_spike(close, average, Decimal(fallen_to))
        assert not is_spike(close, average, Decimal(fallen_to) + Decimal("0.01"))
    assert excess(close, average) == max(close - max(average, Decimal(0)), Decimal(0))


def test_spikes_of_a_month_end_by_manager_and_branch(unit: Branch, client_of: ClientOf) -> None:
    manager = make.make_user(role="manager", branch=unit, password="")
    end = date(2026, 10, 31)
    for total, adb, after, owner in (
        ("400000", "200000", {end + 5 * DAY: "300000"}, manager),  # half of it gone on the last day
        ("400000", "200000", {end + 5 * DAY: "300000.01"}, manager),
        ("400000", "200000", {end + 6 * DAY: "0"}, manager),  # too late
        ("150000", "0", {end + DAY: "0", end + 2 * DAY: "150000"}, None),
        ("1000000", "990000", {end + DAY: "0"}, None),
    ):
        customer = make.make_customer(branch=unit, manager=owner)
        MonthClose.everything.create(
            month=OCTOBER,
            customer=customer,
            branch_id=unit.pk,
            tier=1,
            adb=adb,
            total=total,
            manager_id=owner.pk if owner else None,
        )
        history = {SEPTEMBER: Decimal(adb), end: Decimal(total), **{day: Decimal(v) for day, v in after.items()}}
        write_ledger({customer.pk: history}, TODAY)
    head = client_of(make.make_user(role="branch_head", branch=unit, password=""))
    board = head.get(reverse("insights:spikes")).context["board"]
    assert [(row.name, row.line.customers, str(row.line.excess), row.share) for row in board.rows] == [
        (manager.name, 1, "200000.00", "16.66%"),
        (board.rows[1].name, 1, "150000.00", "13.04%"),
    ]
    for number in board.numbers:
        if number.url:
            rows = walk(head, number.url)
            assert number.value == (sum(row.excess for row in rows) if number.measure else len(rows))
    hq = client_of(make.make_user(role="head_office", branch=unit.parent, password=""))
    board = hq.get(reverse("insights:spikes")).context["board"]
    assert [(row.name, row.line.customers, str(row.excess.value)) for row in board.rows] == [
        (unit.name, 2, "350000.00")
    ]
    assert sum(row.excess for row in walk(hq, board.rows[0].excess.url)) == Decimal(350_000)
    other = client_of(make.make_user(role="branch_head", branch=make.make_branch(parent=unit.parent), password=""))
    assert other.get(reverse("insights:spikes")).context["board"].rows == []


def test_moves_between_tiers_on_a_board(unit: Branch, client_of: ClientOf) -> None:
    head = client_of(make.make_user(role="branch_head", branch=unit, password=""))
    assert head.get(reverse("insights:flow_widget")).status_code == 200
    assert head.get(reverse("insights:flow_widget"), {"unit": "NONE"}).status_code == 404
