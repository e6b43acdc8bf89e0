from datetime import date, timedelta
from decimal import Decimal

import pytest

from campaigns.enums import WinBackCause, WinBackState
from campaigns.models import WinBack
from campaigns.queries.win_back import CauseResult, Figures, figures_of, results_by_cause, to_win_back
from campaigns.rules.win_back import BUILT_IN, month_ends, read_win_back
from campaigns.services import win_back as services
from customers.enums import Stage
from customers.models import FedDay, PositionChange
from customers.queries.balances import average_balance
from customers.services.balances import ensure_months
from servicing.enums import FollowUpKind, FollowUpState
from servicing.models import FollowUp
from servicing.queries.follow_ups import reason_of, title_of
from servicing.queries.today import today_of
from tests import factories as make
from tests.factories import NOW, TODAY

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("english")]
DAY = timedelta(days=1)
MONDAY = TODAY + 3 * DAY


def test_rules_are_read_with_their_bounds_and_months_begin_where_the_one_before_ends():
    assert read_win_back(BUILT_IN).again_days == 90
    for name, value in (("again_days", 6), ("again_days", True), ("script_zh", " "), ("script_en", "x" * 1001)):
        with pytest.raises(ValueError, match=name):
            read_win_back({**BUILT_IN, name: value})
    assert month_ends(date(2026, 3, 31), 2) == [date(2026, 2, 28), date(2026, 1, 31), date(2025, 12, 31)]


def with_history(customer, changes):
    """Totals from days on, by days before TODAY."""
    day_sum, before, last = Decimal(0), Decimal(0), None
    for ago, total in changes:
        on = TODAY - ago * DAY
        ensure_months(on)
        day_sum += (before * ((on - last).days - 1) if last else 0) + total
        PositionChange.objects.create(customer=customer, on=on, total=total, day_sum=day_sum)
        before, last = Decimal(total), on
    return customer


def lost(manager, stage=Stage.LOST, **fields):
    return make.make_customer(manager=manager, position={"stage": stage}, **fields)


@pytest.fixture
def manager():
    return make.make_user(role="manager")


def test_what_was_lost_is_the_best_month_of_the_year_and_the_last_thirty_days(manager):
    rich = with_history(lost(manager), [(200, 600_000), (100, 900_000), (20, 30_000)])
    never = lost(manager)
    months = zip(month_ends(TODAY)[1:], month_ends(TODAY), strict=False)
    best = max(average_balance(rich.pk, begin + DAY, end).adb for begin, end in months)
    recent = average_balance(rich.pk, TODAY - 30 * DAY, TODAY - DAY).adb
    assert figures_of([rich.pk, never.pk], TODAY) == {rich.pk: Figures(best, recent), never.pk: Figures()}
    assert best == Decimal(900_000)


def test_it_is_begun_once_with_a_call_on_the_next_workday_closed_with_a_cause_and_measured_on_balances(manager):
    customer = with_history(lost(manager), [(60, 100_000), (20, 0)])
    settled = lost(manager, stage=Stage.MATURE)
    assert list(to_win_back(manager, TODAY)) == [customer.position]
    begun = services.open_win_backs(customers=[customer], actor=manager, at=NOW)
    again = services.open_win_backs(customers=[customer, settled], actor=manager, at=NOW)
    assert (again.there, [row.customer_id for row in again.done]) == ([customer.pk], [settled.pk])
    assert list(to_win_back(manager, TODAY)) == []
    (row,) = begun.done
    call = FollowUp.everything.get(customer=customer)
    assert (call.kind, call.owner, call.due_on, title_of(call)) == (
        FollowUpKind.CAMPAIGN,
        manager,
        MONDAY,
        "Win the customer back",
    )
    entry = today_of(manager, manager, NOW + 3 * DAY).entries[0]
    assert entry.reasons[0].words == f"Win the customer back: {reason_of(call)}"
    with pytest.raises(services.CauseNeeded):
        services.close_win_back(win_back=row, cause="", actor=manager, at=NOW)
    closed = services.close_win_back(win_back=row, cause=WinBackCause.RATE, note="他行利率高", actor=manager, at=NOW)
    assert (closed.state, closed.closed_on) == (WinBackState.CLOSED, TODAY)
    assert FollowUp.everything.get(pk=call.pk).state == FollowUpState.CANCELLED
    with pytest.raises(services.WinBackClosed):
        services.close_win_back(win_back=row, cause=WinBackCause.RATE, actor=manager, at=NOW)
    _is_measured_when_the_days_are_full_and_fed(closed)


def _is_measured_when_the_days_are_full_and_fed(row):
    on = TODAY + 16 * DAY
    ensure_months(on)
    PositionChange.objects.create(customer_id=row.customer_id, on=on, total=200_000, day_sum=4_200_000)
    full = TODAY + 30 * DAY
    FedDay.objects.create(on=full - DAY, is_full=True)
    assert services.measure_win_backs(business_day=full, at=NOW) == {"rows": 0}
    FedDay.objects.create(on=full, is_full=True)
    assert services.measure_win_backs(business_day=full - DAY, at=NOW) == {"rows": 0}
    assert services.measure_win_backs(business_day=full, at=NOW) == {"rows": 1}
    assert services.measure_win_backs(business_day=full, at=NOW) == {"rows": 0}
    row.refresh_from_db()
    # Of the 30 days the last 15 hold 200,000.
    assert (row.before, row.after, row.measured_on) == (Decimal("33333.33"), Decimal("100000.00"), full)
    rows = WinBack.everything.all()
    assert results_by_cause(rows) == [CauseResult("rate", 1, 1, 1, row.before, row.after)]


def test_only_offers_the_customer_is_eligible_for_and_owners_who_see_the_customer(manager):
    customer = lost(manager)
    (row,) = services.open_win_backs(customers=[customer], actor=manager, at=NOW).done
    head = make.make_user(role="branch_head", branch=manager.branch)
    allowed = make.make_offer(created_by=head)
    refused = make.make_offer(created_by=head, rule={"field": "tier", "op": "in", "value": [4]})
    values = {"win_back": row, "owner": manager, "note": "回访中", "actor": manager, "at": NOW}
    with pytest.raises(services.OfferNotAllowed):
        services.change_win_back(**values, offer=refused)
    with pytest.raises(services.OwnerOutOfSight):
        services.change_win_back(**{**values, "owner": make.make_user(role="manager")}, offer=None)
    changed = services.change_win_back(**{**values, "owner": head}, offer=allowed)
    assert (changed.owner, changed.offer, changed.note) == (head, allowed, "回访中")
