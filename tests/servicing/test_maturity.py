"""The maturity desk's night and writes: rows, amounts, outcomes, late feeds, hand-overs."""

from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection

from core.models import TrailEntry
from core.trail import NIGHT
from customers.models import Account, AccountBalance, BalanceChange, Customer, FedDay, Feed, PositionChange
from servicing.models import Maturity
from servicing.queries import maturity as queries
from servicing.services import maturity as services
from servicing.services.maturity_plans import (
    AmountNotPart,
    ChangedMeanwhile,
    OwnerOutOfSight,
    Plan,
    TalkOfAnother,
    link_talk,
    plan_maturity,
    version_of,
)
from servicing.services.moving import HANDED_OVER
from staff.models import User
from tests.factories import (
    NOW,
    TODAY,
    make_account,
    make_branch,
    make_customer,
    make_head_office,
    make_interaction,
    make_term_account,
    make_user,
    share_customer,
)

MOVER = next(mover for mover in HANDED_OVER if mover.name == "maturities")
pytestmark = pytest.mark.django_db
ONE = timedelta(days=1)
DUE = TODAY - 30 * ONE  # measured at the close of TODAY
Days = dict[date, int]


@pytest.fixture
def manager() -> User:
    return make_user(role="manager", branch=make_branch(parent=make_head_office()))


@pytest.fixture
def customer(manager: User) -> Customer:
    return make_customer(manager=manager)


def months(*days: date) -> None:
    with connection.cursor() as cursor:
        for day in days:
            cursor.execute("SELECT customers_ensure_month(%s)", [day])


def term(customer: Customer, matures_on: date, balances: Days, **fields: Any) -> Account:
    """A deposit and its balances, the first of them long before."""
    account = make_term_account(customer=customer, balance=0, matures_on=matures_on, value_date=None, **fields)
    write_balances(account, {TODAY - 200 * ONE: 0, **balances})
    return account


def write_balances(account: Account, balances: Days) -> None:
    months(*balances)
    BalanceChange.objects.filter(account=account).delete()
    BalanceChange.objects.bulk_create(
        BalanceChange(account=account, customer=account.customer, on=on, balance=value, value=value, day_sum=0)
        for on, value in balances.items()
    )
    last = balances[max(balances)]
    AccountBalance.objects.filter(account=account).update(balance=last, value=last)


def totals(customer: Customer, closes: Days) -> None:
    months(*closes)
    PositionChange.objects.filter(customer=customer).delete()
    PositionChange.objects.bulk_create(
        PositionChange(customer=customer, on=on, total=total, day_sum=0) for on, total in closes.items()
    )


def run(day: date = TODAY, at: datetime = NOW) -> dict[str, int]:
    return services.run(business_day=day, actor=NIGHT, at=at)


def row(account: Account) -> Maturity:
    return Maturity.everything.get(account=account)


def facts(account: Account) -> tuple[Any, ...]:
    found = row(account)
    return found.amount, found.total_before, found.stayed, found.outcome, found.measured_on


def test_the_night_makes_rows_notes_what_matured_and_measures_it(customer: Customer) -> None:
    old = TODAY - 100 * ONE
    gone = term(customer, DUE, {old: 100, DUE: 0}, status="closed")
    renewed = term(make_customer(), DUE, {old: 70}, rollover=True)
    fresh = term(make_customer(), TODAY - ONE, {old: 30})
    ahead = term(make_customer(), TODAY + 30 * ONE, {old: 40})
    frozen = term(make_customer(), TODAY + ONE, {old: 5}, status="frozen")
    for nothing in (
        term(make_customer(), TODAY + 31 * ONE, {old: 40}),
        term(make_customer(), TODAY + ONE, {old: 40}, status="closed"),
        term(make_customer(), TODAY + ONE, {}),
        term(make_customer(), DUE, {old: 40, DUE - ONE: 0}),
        make_account(customer=customer, balance=900),
    ):
        assert nothing.pk
    totals(customer, {old: 150, DUE: 50, DUE + 20 * ONE: 80, TODAY + ONE: 500})
    totals(renewed.customer, {old: 70, TODAY: 70})

    assert run() == {"recorded": 5, "matured": 3, "measured": 2, "rows": 7}

    assert facts(gone) == (100, 150, 30, "partly", TODAY)
    assert facts(renewed) == (70, 70, 70, "rolled", TODAY)
    assert facts(fresh) == (30, 0, None, "", None)
    assert facts(ahead) == facts(frozen) == (None, None, None, "", None)
    assert TrailEntry.objects.filter(subject=services.SUBJECT, action="run").count() == 1
    assert run() == {"recorded": 0, "matured": 0, "measured": 0, "rows": 0}  # safe twice
    # Each step may be all there is of an earlier attempt.
    Maturity.everything.filter(account=gone).update(stayed=None, outcome="", measured_on=None)
    Maturity.everything.filter(account=ahead).delete()
    assert run() == {"recorded": 1, "matured": 0, "measured": 1, "rows": 2}
    assert facts(gone) == (100, 150, 30, "partly", TODAY)


def test_several_maturities_of_a_customer_share_what_stayed(customer: Customer) -> None:
    old, later = TODAY - 100 * ONE, DUE + 10 * ONE
    first = term(customer, DUE, {old: 100, DUE: 0})
    second = term(customer, later, {old: 50, later: 0})
    totals(customer, {old: 150, DUE: 50})  # the first left at once, the second lies on the demand account

    run(TODAY)
    run(TODAY + 10 * ONE)

    assert facts(first) == (100, 150, 0, "left", TODAY)
    assert facts(second) == (50, 50, 50, "rolled", TODAY + 10 * ONE)


def test_a_late_feed_measures_again_within_its_days(customer: Customer) -> None:
    old = TODAY - 100 * ONE
    account = term(customer, DUE, {old: 100, DUE: 0})
    untouched = term(make_customer(), DUE - 20 * ONE, {old: 10, DUE - 20 * ONE: 0})
    totals(customer, {old: 100, DUE: 0})
    run()
    assert facts(account) == (100, 100, 0, "left", TODAY)
    before = facts(untouched)
    # Balances of a past day come in, after those of the day: half was still there, and less had matured.
    write_balances(account, {old: 80, DUE: 0})
    totals(customer, {old: 80, DUE: 40})
    totals(untouched.customer, {old: 10})
    assert run(TODAY + ONE)["rows"] == 0  # nobody told about it

    for place, day in enumerate((TODAY, DUE)):
        told = NOW + timedelta(minutes=place)
        Feed.objects.create(
            kind="balances",
            business_date=day,
            file_name="b.csv",
            status="committed",
            content_hash=bytes([place]),
            actor_no="core",
            created_at=told,
            finished_at=told,
        )
    assert run(TODAY + ONE, NOW + ONE) == {"recorded": 0, "matured": 1, "measured": 1, "rows": 1}

    assert facts(account) == (80, 80, 40, "partly", TODAY)
    assert facts(untouched) == before  # further back than late feeds are followed
    assert run(TODAY + ONE, NOW + ONE)["rows"] == 0


def test_a_deposit_that_matures_on_another_day_takes_its_plan_along(manager: User, customer: Customer) -> None:
    old = TODAY - 100 * ONE
    moved, quiet, closed = (term(customer, TODAY + 5 * ONE, {old: 40}) for _n in range(3))
    run()
    for account in (moved, closed):
        planned(row(account), manager, aim="leave")
    Account.everything.filter(pk__in=[moved.pk, quiet.pk]).update(matures_on=TODAY + 20 * ONE)
    Account.everything.filter(pk=closed.pk).update(status="closed")
    AccountBalance.objects.filter(account=closed).update(balance=0, value=0)

    run()

    assert [(row(account).matures_on, row(account).aim) for account in (moved, quiet, closed)] == [
        (TODAY + 20 * ONE, "leave"),
        (TODAY + 20 * ONE, "undecided"),
        (TODAY + 5 * ONE, "leave"),
    ]
    write_balances(closed, {old: 40, TODAY: 0})
    run(TODAY + 35 * ONE)
    assert facts(closed) == (0, 0, 0, "", TODAY + 35 * ONE)  # withdrawn before: nothing matured


def planned(maturity: Maturity, actor: User, *, seen: str | None = None, **fields: Any) -> Maturity:
    said: dict[str, Any] = {"owner": None, "aim": "roll", "aim_amount": None, "note": "", "went": "", "talk": None}
    plan = Plan(**(said | fields))
    return plan_maturity(maturity=maturity, plan=plan, held=Decimal(100), seen=seen, actor=actor, at=NOW)


def test_a_plan_is_kept_with_who_sees_to_it_and_the_talk(manager: User, customer: Customer) -> None:
    FedDay.objects.create(on=TODAY, is_full=True)
    account = make_term_account(customer=customer, balance=100)
    expert = make_user(role="expert", branch=manager.branch)
    blank = queries.maturity_of(manager, account.pk, account.matures_on)
    assert blank is not None
    assert (blank.pk, queries.maturity_of(expert, account.pk, account.matures_on)) == (None, None)

    with pytest.raises(OwnerOutOfSight):
        planned(blank, manager, owner=expert)
    for amount in (None, Decimal(0), Decimal("100.01")):
        with pytest.raises(AmountNotPart):
            planned(blank, manager, aim="partly", aim_amount=amount)
    with pytest.raises(TalkOfAnother):
        planned(blank, manager, talk=make_interaction())
    assert not Maturity.everything.exists()
    share_customer(customer, expert)
    kept = planned(blank, manager, owner=expert, aim="partly", aim_amount=Decimal(60), note="看房", seen="")
    with pytest.raises(ChangedMeanwhile, match="看房"):
        planned(blank, expert, aim="leave", seen="")
    talk = make_interaction(customer=customer, author=manager)
    link_talk(maturity=kept, talk=talk, actor=manager, at=NOW)
    planned(kept, manager, seen=version_of(kept), aim="roll", aim_amount=Decimal(60), talk=talk, note="看房")

    found = row(account)
    assert (found.owner, found.aim, found.aim_amount, found.talk, found.note) == (None, "roll", None, talk, "看房")
    entries = TrailEntry.objects.filter(subject="servicing.maturity", action="plan").order_by("pk")
    assert [sorted(entry.changes) for entry in entries] == [
        ["aim", "aim_amount", "customer", "note", "owner_id"],
        ["customer", "talk_id"],
        ["aim", "aim_amount", "customer", "owner_id"],
    ]
    assert entries[0].changes["note"] == [0, 2]
    assert entries[0].changes["aim_amount"] == [False, True]
    assert list(queries.in_state(queries.ahead(manager, TODAY), queries.PlanState.TALKED)) == [account]


def test_what_is_unplanned_and_mine(manager: User, customer: Customer) -> None:
    FedDay.objects.create(on=TODAY, is_full=True)
    expert = make_user(role="expert", branch=manager.branch)
    share_customer(customer, expert)
    soon, named, later = (make_term_account(customer=customer, matures_in=days) for days in (3, 5, 40))
    make_term_account(matures_in=3)  # another branch's
    planned(queries.blank(named), manager, owner=expert, aim="undecided")

    until = TODAY + 30 * ONE
    assert list(queries.maturing_unplanned(manager, until)) == [soon, named]
    assert list(queries.maturing_unplanned(expert, until)) == [soon, named]
    mine = {
        user: list(queries.owned_by(queries.ahead(user, TODAY), user).order_by("due")) for user in (manager, expert)
    }
    assert mine == {manager: [soon, later], expert: [named]}
    planned(row(named), expert, owner=expert, aim="leave")
    assert list(queries.maturing_unplanned(manager, until)) == [soon]


def test_named_maturities_pass_on_with_the_customer_and_come_back(manager: User, customer: Customer) -> None:
    other, new = make_user(role="manager", branch=manager.branch), make_user(role="manager", branch=manager.branch)
    mine, theirs, over = (make_term_account(customer=customer, matures_in=days) for days in (3, 4, 5))
    for account, owner in ((mine, manager), (theirs, other), (over, manager)):
        done = {"amount": 1, "stayed": 1, "outcome": "rolled", "measured_on": TODAY} if account is over else {}
        Maturity.everything.create(
            account=account, customer=customer, matures_on=account.matures_on, owner=owner, **done
        )

    passed = MOVER.move([customer.pk], new)

    assert passed == {customer.pk: [row(mine).pk]}
    assert [row(account).owner for account in (mine, theirs, over)] == [new, other, manager]
    MOVER.give_back(passed, {customer.pk: manager.pk}, new)
    assert row(mine).owner == manager
