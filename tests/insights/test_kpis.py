"""The store of key figures, against a slow count of everything it stands on."""

import random
from datetime import date, datetime, time, timedelta
from decimal import Decimal

import pytest

from core.clock import SHANGHAI
from customers.models import Account, Customer, CustomerPosition, FedDay, OwnershipChange
from insights.models import Kpi, KpiDay, MonthClose, OutflowWarning
from insights.queries.definitions import KIND
from insights.rules.kpis import history_days, months_between
from insights.rules.measures import MEASURES
from insights.services.kpis import close_month, roll_up_history, roll_up_kpis
from servicing.models import FollowUp, Interaction
from staff.enums import PolicyStatus
from staff.models import Policy, TeamMember
from tests import factories as make
from tests.factories import NOW, TODAY
from tests.insights.books import DAY, move_tier
from tests.insights.kpi_deeds import DAYS, FIRST, Deeds
from tests.insights.kpi_oracle import Key, oracle
from tests.tiers.ledgers import write_ledger

pytestmark = pytest.mark.django_db

HOUR = timedelta(hours=1)
OPENING, LAST_MONTH = date(2026, 9, 1), date(2026, 10, 1)


def stored(day: date) -> dict[Key, tuple[Decimal, Decimal | None]]:
    rows = Kpi.everything.filter(on=day)
    return {(row.unit_kind, row.unit_id, row.tier, row.measure): (row.value, row.base) for row in rows}


def define(since: date, version: int, **numbers: int) -> None:
    """A version of the definitions in force since a day."""
    Policy.objects.create(
        kind=KIND,
        version=version,
        values=numbers,
        effective_on=since,
        status=PolicyStatus.APPROVED,
        drafted_by=make.make_user(role="admin", password=""),
        drafted_at=NOW,
    )


def close_months() -> None:
    """Before anybody is handed over."""
    for month in months_between(FIRST, TODAY):
        close_month(month=month, at=NOW)


class Bank:
    """Units on three levels, people, a team, and customers whose money, tiers and managers moved."""

    def __init__(self, seed: int, customers: int = 14) -> None:
        self.rng = random.Random(seed)
        top = make.make_head_office()
        region = make.make_branch(parent=top, kind="region")
        self.branches = [make.make_branch(parent=region), make.make_branch(parent=region), make.make_branch(parent=top)]
        self.managers = [
            make.make_user(role="manager", branch=branch, password="") for branch in self.branches for _n in range(2)
        ]
        self.deeds = Deeds(self.rng, self.managers)
        make.make_team(branch=self.branches[0], members=(self.managers[0],))
        changed = make.make_team(branch=self.branches[1], members=(self.managers[2], self.managers[3]))
        TeamMember.objects.filter(user=self.managers[2]).update(since=DAYS[1])
        TeamMember.objects.filter(user=self.managers[3]).update(until=DAYS[0])
        make.make_team(branch=changed.branch, members=(self.managers[4],), is_active=False)
        FedDay.objects.create(on=FIRST, is_full=True)
        self.histories: dict[int, dict[date, Decimal]] = {}
        self.customers = [self._customer() for _n in range(customers)]

    def _customer(self) -> Customer:
        manager = self.rng.choice([*self.managers, None])
        branch = manager.branch if manager else self.rng.choice(self.branches)
        customer = make.make_customer(branch=branch, manager=manager, tier=0)
        CustomerPosition.everything.filter(pk=customer.pk).update(tier_since=None, on=None)
        days = sorted(self.rng.sample(range(113), self.rng.choice([0, 1, 3, 6, 9])))
        amounts = ("0", "0", "-12.34", "49999.99", "80000.01", "500000", "4000000")
        self.histories[customer.pk] = {FIRST + d * DAY: Decimal(self.rng.choice(amounts)) for d in days}
        return customer

    def fill(self) -> "Bank":
        """Everything else, after the money was written."""
        for customer in self.customers:
            ago = sorted(self.rng.sample([0, 20, 55, 90], self.rng.choice([0, 1, 3])), reverse=True)
            tiers = [self.rng.choice([1, 2, 3, 4]) for _n in ago]
            pairs = [pair for n, pair in enumerate(zip(ago, tiers, strict=True)) if n == 0 or tiers[n - 1] != pair[1]]
            move_tier(customer, *pairs)
            self.deeds.serve(customer)
        self.histories[self.customers[-1].pk] = {FIRST: Decimal(70_000)}  # merged later
        self.a_fall(self.customers[3])
        self.a_silence(self.customers[4])
        self.deeds.meet_deadlines(self.customers[0])
        self.histories[self.customers[2].pk] = {FIRST: Decimal(1000), TODAY - 2 * DAY: Decimal(0)}
        Account.everything.filter(customer=self.customers[2]).update(status="closed", closed_on=TODAY - 2 * DAY)
        self.deeds.survey(self.branches[0], self.customers[::2])
        write_ledger(self.histories, TODAY)
        return self

    def a_fall(self, customer: Customer) -> None:
        """Just so much of the money gone since the month began that it is lost, some of it matured."""
        self.histories[customer.pk] = {FIRST: Decimal(500_000), TODAY.replace(day=1): Decimal(100_000)}
        account = make.make_term_account(customer=customer, matures_in=-40, balance=30_000)
        self.deeds.mature(account, 10_000, TODAY)

    def a_silence(self, customer: Customer) -> None:
        """Neither money moved nor anybody in contact for just so long that it is lost; a deposit ran until today."""
        still = TODAY - 30 * DAY
        self.histories[customer.pk] = {FIRST: Decimal(60_000), still: Decimal(61_000)}
        FollowUp.everything.filter(customer=customer).delete()
        Interaction.everything.filter(customer=customer).delete()
        Account.everything.filter(customer=customer).update(status="closed", closed_on=TODAY)
        make.make_interaction(customer=customer, happened_at=datetime.combine(still, time(9), SHANGHAI))
        CustomerPosition.everything.filter(pk=customer.pk).update(last_contact_on=still)
        make.make_term_account(customer=customer, matures_in=0, balance=60_000)


def test_every_measure_of_a_day_is_what_a_slow_count_gives() -> None:
    define(FIRST, 1, churn_inactive=60, maturing_days=20)
    define(TODAY, 2, churn_inactive=30)
    bank = Bank(1, 16).fill()
    moved = bank.customers[:4]
    close_months()
    for n, customer in enumerate(moved):
        to = bank.managers[n]
        OwnershipChange.everything.filter(customer=customer).delete()
        if customer.manager and customer.manager != to:
            by_way_of = bank.managers[-1]
            for hour, giver, taker in ((1, by_way_of, to), (0, customer.manager, by_way_of)):
                OwnershipChange.everything.create(
                    customer=customer,
                    role="owner",
                    from_user=giver,
                    to_user=taker,
                    at=NOW + hour * HOUR,
                    on=TODAY,
                    actor_no="x",
                )
        CustomerPosition.everything.filter(pk=customer.pk).update(manager=to, branch=to.branch)
    bank.customers[-1].merged_into = bank.customers[0]
    bank.customers[-1].save(update_fields=["merged_into"])
    OutflowWarning.everything.filter(customer=bank.customers[-1]).delete()
    CustomerPosition.everything.filter(pk=bank.customers[-1].pk).delete()

    for day in DAYS:
        count, expected = roll_up_kpis(business_day=day, at=NOW), oracle(day, TODAY)
        assert stored(day) == expected, day
        assert count.rows >= KpiDay.objects.get(on=day).rows == len(expected)
        assert KpiDay.objects.get(on=day).definitions == (2 if day == TODAY else 1)
    assert {key[3] for day in DAYS for key in stored(day)} == set(MEASURES)


def test_a_night_that_comes_late_puts_right_what_stood_on_its_day() -> None:
    """Its own day, the closed months from it on, and the latest day; whose a customer was at a close stays."""
    bank = Bank(3, 5).fill()
    customer, was = bank.customers[0], bank.customers[0].branch_id
    bank.histories[customer.pk] = {FIRST: Decimal(1000)}
    write_ledger(bank.histories, TODAY)
    close_months()
    for day in (TODAY - DAY, TODAY):
        roll_up_kpis(business_day=day, at=NOW)
    assert MonthClose.everything.get(month=LAST_MONTH, customer=customer).adb == 1000
    kept = stored(TODAY - DAY)
    CustomerPosition.everything.filter(pk=customer.pk).update(branch=bank.branches[2])
    bank.histories[customer.pk] = {FIRST: Decimal(1000), date(2026, 10, 30): Decimal(63_000)}
    for other in bank.customers[1:]:
        bank.histories[other.pk] = {}
    write_ledger(bank.histories, TODAY)

    for _twice in range(2):
        done = roll_up_kpis(business_day=date(2026, 10, 30), at=NOW)

        closed = MonthClose.everything.filter(month=LAST_MONTH)
        assert [(row.customer_id, row.adb, row.total, row.branch_id) for row in closed] == [
            (customer.pk, Decimal("5000.00"), Decimal(63_000), was)
        ]
        assert MonthClose.everything.filter(month=OPENING).count() > 1
        assert done.days == 2
        assert stored(TODAY) == oracle(TODAY, TODAY)
        assert stored(date(2026, 10, 30)) == oracle(date(2026, 10, 30), TODAY)
        assert stored(TODAY - DAY) == kept


def test_the_last_night_of_a_month_closes_it_and_half_a_month_is_never_closed() -> None:
    bank = Bank(4, 3)
    write_ledger(bank.histories, TODAY)
    FedDay.objects.filter(on=FIRST).update(on=FIRST + DAY)
    roll_up_kpis(business_day=date(2026, 9, 29), at=NOW)
    assert set(MonthClose.everything.values_list("month", flat=True)) == {OPENING, LAST_MONTH}
    # Without the month before nobody is new, and without the one before the quarter nobody is lost.
    kept = set(Kpi.everything.values_list("measure", flat=True))
    assert "adb" in kept
    assert not [code for code in kept if code.startswith(("adb_", "churn"))]
    MonthClose.everything.all().delete()

    roll_up_kpis(business_day=date(2026, 10, 31), at=NOW)

    assert set(MonthClose.everything.values_list("month", flat=True)) == {OPENING, LAST_MONTH}


def test_a_history_is_its_months_and_days(monkeypatch: pytest.MonkeyPatch) -> None:
    bank = Bank(5, 3)
    write_ledger(bank.histories, TODAY)

    with monkeypatch.context() as few:
        few.setattr("insights.rules.kpis.RECENT_DAYS", 2)
        done = roll_up_history(date(2026, 8, 20), TODAY + DAY, at=NOW)
        assert done.days == KpiDay.objects.count() == len(history_days(date(2026, 8, 20), TODAY)) == 18

    assert stored(date(2026, 9, 30)) == oracle(date(2026, 9, 30), TODAY)
    assert set(MonthClose.everything.values_list("month", flat=True)) == {FIRST, OPENING, LAST_MONTH}
    days = history_days(FIRST, TODAY)
    assert days[-35:] == [TODAY - n * DAY for n in reversed(range(35))]
    assert all(day.weekday() == 4 or (day + DAY).day == 1 for day in days[:-35])
    assert {date(2026, 8, 31), date(2026, 9, 30)} <= set(days)
    assert list(months_between(FIRST, TODAY)) == [FIRST, OPENING, LAST_MONTH]
