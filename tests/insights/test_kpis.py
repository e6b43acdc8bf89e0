"""The store of key figures, against a slow count of everything it stands on."""

import random
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest

from core.clock import SHANGHAI
from customers.models import Account, Customer, CustomerPosition, FedDay, OwnershipChange
from insights.models import Kpi, KpiDay, MonthClose, OutflowWarning
from insights.queries.definitions import KIND
from insights.rules.kpis import history_days, months_between
from insights.rules.measures import MEASURES
from insights.services.kpis import close_month, roll_up_history, roll_up_kpis
from servicing.models import Invitation, Maturity, SurveyAnswer, Wave
from staff.enums import PolicyStatus
from staff.models import Branch, Policy, User
from tests import factories as make
from tests.factories import NOW, TODAY
from tests.insights.books import DAY, move_tier
from tests.insights.kpi_oracle import Key, oracle
from tests.tiers.ledgers import write_ledger

pytestmark = pytest.mark.django_db

FIRST = date(2026, 8, 1)
WARNED: dict[str, Any] = {"tier": 2, "balance": 1, "gone": 1, "score": 50, "main": "fall"}
OPENING, LAST_MONTH = date(2026, 9, 1), date(2026, 10, 1)


def stored(day: date) -> dict[Key, tuple[Decimal, Decimal | None]]:
    rows = Kpi.everything.filter(on=day)
    return {(row.unit_kind, row.unit_id, row.tier, row.measure): (row.value, row.base) for row in rows}


def noon(day: date) -> datetime:
    return datetime.combine(day, time(12), SHANGHAI)


def define(**numbers: int) -> None:
    """A version of the definitions in force since before the first balances."""
    Policy.objects.create(
        kind=KIND,
        version=1,
        values=numbers,
        effective_on=FIRST - DAY,
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
        make.make_team(branch=self.branches[0], members=(self.managers[0],))
        make.make_team(branch=self.branches[1], members=(self.managers[2], self.managers[3]))
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
            self._service(customer)
        self.a_fall(self.customers[3])
        self.histories[self.customers[2].pk] = {FIRST: Decimal(1000), TODAY - 2 * DAY: Decimal(0)}
        Account.everything.filter(customer=self.customers[2]).update(status="closed", closed_on=TODAY - 2 * DAY)
        self._voices()
        write_ledger(self.histories, TODAY)
        return self

    def some_day(self, *near: date) -> date:
        return self.rng.choice([*near, *near, TODAY - DAY, TODAY - 40 * DAY])

    def _service(self, customer: Customer) -> None:
        rng, who = self.rng, self.rng.choice(self.managers)
        for _n in range(rng.randint(0, 4)):
            day, outcome = self.some_day(*DAYS), rng.choice(["done", "interested", "not_reached"])
            talk = make.make_interaction(customer=customer, author=who, happened_at=noon(day), outcome=outcome)
            if outcome != "not_reached":
                known = CustomerPosition.everything.get(pk=customer.pk).last_contact_on
                CustomerPosition.everything.filter(pk=customer.pk).update(last_contact_on=max(known or day, day))
            state = rng.choice(["open", "done", "skipped", "cancelled"])
            closed = None if state == "open" else noon(self.some_day(*DAYS))
            make.make_follow_up(
                customer=customer,
                owner=who,
                kind=rng.choice(["task", "campaign"]),
                due_on=self.some_day(*DAYS),
                created_at=noon(FIRST),
                state=state,
                closed_at=closed,
                skip_reason="not_wanted" if state == "skipped" else "",
                interaction=talk,
            )
        if rng.random() < 0.6:
            account = make.make_term_account(
                customer=customer, matures_in=rng.choice([-40, -10, 5, 29, 31]), balance=rng.choice([10_000, 70_000])
            )
            if account.matures_on and account.matures_on < TODAY:
                self._matured(account, rng.choice([0, 10_000, 30_000]), rng.choice([TODAY - 3 * DAY, TODAY + 9 * DAY]))
        if rng.random() < 0.5:
            self._complaint(customer, who)
        self._warning(customer, who)

    def _matured(self, account: Account, stayed: int, measured_on: date) -> None:
        Maturity.everything.create(
            account=account,
            customer=account.customer,
            matures_on=account.matures_on,
            amount=Decimal(30_000),
            stayed=Decimal(stayed),
            outcome="partly",
            measured_on=measured_on,
        )

    def a_fall(self, customer: Customer) -> None:
        """Most of the money gone since the month began, some of it matured."""
        self.histories[customer.pk] = {FIRST: Decimal(500_000), TODAY.replace(day=1): Decimal(80_000)}
        account = make.make_term_account(customer=customer, matures_in=-40, balance=30_000)
        self._matured(account, 10_000, TODAY)

    def _complaint(self, customer: Customer, who: User) -> None:
        received = self.some_day(*DAYS)
        state = self.rng.choice(["registered", "investigating", "closed"])
        ended = {"answered_on": TODAY, "closed_on": TODAY} if state == "closed" else {}
        make.make_complaint(
            customer=customer,
            handler=who,
            state=state,
            received_on=received,
            due_on=received + self.rng.choice([0, 15]) * DAY,
            **ended,
        )

    def _warning(self, customer: Customer, who: User) -> None:
        verdict = self.rng.choice(["", "right", "wrong", "unsure"])
        judged = noon(self.some_day(*DAYS)) if verdict else None
        OutflowWarning.everything.create(
            customer=customer,
            raised_on=TODAY - 50 * DAY,
            seen_on=TODAY - 50 * DAY,
            **WARNED,
            state="judged" if verdict else "open",
            verdict=verdict,
            judged_at=judged,
            judged_by=who if verdict else None,
            closed_on=judged.date() if judged else None,
        )

    def _voices(self) -> None:
        wave = Wave.everything.create(
            name="w",
            branch=self.branches[0],
            starts_on=FIRST,
            ends_on=TODAY,
            channels=["sms"],
            seed=1,
            created_by=self.managers[0],
            created_at=NOW,
        )
        for customer in self.customers[::2]:
            sent, used = noon(self.some_day(*DAYS)), noon(self.some_day(*DAYS))
            invited = Invitation.everything.create(
                wave=wave,
                customer=customer,
                branch=customer.branch,
                about=self.rng.choice(self.managers),
                channel="sms",
                digest=uuid4().bytes,
                made_at=sent,
                sent_at=sent,
                used_at=used,
                expires_at=used,
            )
            answer(wave, customer.branch, used, invited, self.rng.randint(0, 10))
            answer(wave, customer.branch, used, None, self.rng.randint(0, 10))


def answer(wave: Wave, branch: Branch, at: datetime, invited: Invitation | None, score: int) -> None:
    """With an invitation, or at a kiosk."""
    SurveyAnswer.everything.create(
        wave=wave, invitation=invited, branch=branch, channel="sms", score=score, answered_at=at
    )


DAYS = (TODAY, TODAY - 20 * DAY)


def test_every_measure_of_a_day_is_what_a_slow_count_gives() -> None:
    define(churn_inactive=30)
    bank = Bank(1, 16).fill()
    moved = bank.customers[:4]
    close_months()
    for n, customer in enumerate(moved):
        to = bank.managers[n]
        OwnershipChange.everything.filter(customer=customer).delete()
        if customer.manager and customer.manager != to:
            OwnershipChange.everything.create(
                customer=customer, role="owner", from_user=customer.manager, to_user=to, at=NOW, on=TODAY, actor_no="x"
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
        assert KpiDay.objects.get(on=day).definitions == 1
    assert {key[3] for day in DAYS for key in stored(day)} == set(MEASURES)


def test_a_night_that_comes_late_puts_right_what_stood_on_its_day() -> None:
    """Its own day, the closed months from it on, and the latest day; whose a customer was at a close stays."""
    bank = Bank(3, 4).fill()
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
    MonthClose.everything.all().delete()

    roll_up_kpis(business_day=date(2026, 10, 31), at=NOW)

    assert set(MonthClose.everything.values_list("month", flat=True)) == {OPENING, LAST_MONTH}
    assert not Kpi.everything.filter(on=date(2026, 8, 31), measure="adb_before").exists()


def test_a_history_is_its_months_and_days() -> None:
    bank = Bank(5, 3)
    write_ledger(bank.histories, TODAY)

    done = roll_up_history(date(2026, 8, 20), TODAY + DAY, at=NOW)

    assert done.days == KpiDay.objects.count() == len(history_days(date(2026, 8, 20), TODAY))
    assert stored(date(2026, 9, 30)) == oracle(date(2026, 9, 30), TODAY)
    assert set(MonthClose.everything.values_list("month", flat=True)) == {FIRST, OPENING, LAST_MONTH}
    days = history_days(FIRST, TODAY)
    assert days[-35:] == [TODAY - n * DAY for n in reversed(range(35))]
    assert all(day.weekday() == 4 or (day + DAY).day == 1 for day in days[:-35])
    assert {date(2026, 8, 31), date(2026, 9, 30)} <= set(days)
    assert list(months_between(FIRST, TODAY)) == [FIRST, OPENING, LAST_MONTH]
