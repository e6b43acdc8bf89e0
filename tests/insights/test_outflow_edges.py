"""Outflow warnings at the edges of their rules: what just counts, what just does not, and what a replay leaves out."""

from datetime import datetime, timedelta
from decimal import Decimal

import pytest

from complaints.enums import CaseState
from core.clock import SHANGHAI
from core.trail import NIGHT
from customers.models import CustomerPosition, FedDay
from insights.models import OutflowLoss, OutflowWarning
from insights.queries.outflow import found_on, frame_on, lost_on, rules_on
from insights.rules.outflow import BUILT_IN, Found, is_raised, read_outflow, weigh
from insights.rules.outflow_quality import Scored, Share, outcome
from insights.services import outflow as services
from servicing.models import Feedback, Maturity
from tests import factories as make
from tests.factories import NOW, TODAY
from tests.insights.books import DAY, make_holder, move_tier
from tests.insights.test_outflow import held, manager, signs  # noqa: F401  the manager is a fixture

pytestmark = pytest.mark.django_db
RULES = read_outflow(BUILT_IN)


def replayed(*customers, day):
    found = found_on([one.pk for one in customers], day, RULES, frame_on(day), is_past=True)
    return {one.customer_id: dict(one.signals) for one in found}


def test_a_score_that_just_reaches_its_tier_is_raised():
    money = {"balance": Decimal(1), "gone": Decimal(2)}
    weighed = weigh(Found(1, 2, "C", **money, signals={"cascade": {}}), RULES)
    assert (weighed.score, RULES.threshold("C"), is_raised(weighed, RULES)) == (40, 40, True)


def test_half_of_a_fall_is_of_the_fortnight(manager):  # noqa: F811
    # 40,000 below the usual, of which 20,000 went in the fortnight; of the other one a yuan less.
    half = held(manager, {400: 100_000, 20: 80_000, 5: 60_000})
    before = held(manager, {400: 100_000, 20: 79_999, 5: 60_000})
    assert set(signs(half, before)) == {half.pk}


def test_only_a_deposit_with_a_term_renews_one_and_what_rolls_over_never_left(manager):  # noqa: F811
    def matured(**fields):
        customer = held(manager, {400: 300_000})
        account = make.make_term_account(customer=customer, matures_in=-6, balance=80_000, **fields)
        Maturity.everything.create(account=account, customer=customer, matures_on=account.matures_on, amount=80_000)
        return customer

    waiting, rolled = matured(rollover=False), matured(rollover=True)
    make.make_account(customer=waiting, on=TODAY - 2 * DAY)
    assert {key: list(found) for key, found in signs(waiting, rolled).items()} == {waiting.pk: ["matured"]}


def test_a_week_late_is_not_yet_lost_contact_and_a_replay_knows_nothing_of_today(manager):  # noqa: F811
    in_time, late = (held(manager, {400: 50_000, 2: 10_000}) for _n in range(2))
    make.make_follow_up(customer=in_time, owner=manager, due_on=TODAY - 7 * DAY)
    make.make_follow_up(customer=late, owner=manager, due_on=TODAY - 30 * DAY)
    CustomerPosition.everything.filter(pk=late.pk).update(watch_since=TODAY - 9 * DAY)
    found = signs(in_time, late)
    assert ("contact" in found[in_time.pk], "contact" in found[late.pk], "tier" in found[late.pk]) == (
        False,
        True,
        True,
    )
    past = replayed(late, day=TODAY - DAY)[late.pk]
    assert set(past) & {"contact", "tier"} == set()


def test_a_replay_counts_talks_of_people_only(manager):  # noqa: F811
    customer = held(manager, {400: 50_000, 12: 10_000}, tier=2)
    move_tier(customer, (380, 2))
    noon = datetime(2026, 11, 1, 12, tzinfo=SHANGHAI)
    make.make_interaction(customer=customer, author=manager, happened_at=noon, origin="campaign")
    CustomerPosition.everything.filter(pk=customer.pk).update(last_contact_on=TODAY)
    day = TODAY - 10 * DAY
    assert replayed(customer, day=day)[customer.pk]["contact"]["days"] == 370
    make.make_interaction(customer=customer, author=manager, happened_at=noon - 2 * DAY)
    assert "contact" not in replayed(customer, day=day)[customer.pk]


def test_just_half_of_the_average_is_a_loss(manager):  # noqa: F811
    half = make_holder({400: 100_000, 30: 50_000}, manager=manager, tier=2)
    less = make_holder({400: 100_000, 30: 50_001}, manager=manager, tier=2)
    small = make_holder({400: 19_999, 30: 0}, manager=manager, tier=2)
    found = lost_on([half.pk, less.pk, small.pk], TODAY, rules_on(TODAY))
    assert [one.customer_id for one in found] == [half.pk]


def test_what_a_customer_said_counts_while_it_is_fresh_or_open(manager):  # noqa: F811
    def upset(**case):
        customer = held(manager, {400: 50_000})
        make.make_complaint(customer=customer, **case)
        return customer

    def asked(state="open", ago=0):
        customer = held(manager, {400: 50_000})
        said = {"source": "counter", "kind": "problem", "text": "机器坏了", "due_on": TODAY, "state": state}
        days = {"recorded_at": NOW - timedelta(days=ago), "told_on": TODAY if state == "told" else None}
        Feedback.everything.create(customer=customer, branch=customer.branch, **said, **days)
        return customer

    ended = {"state": CaseState.CLOSED, "received_on": TODAY - 60 * DAY}
    heard = [
        upset(state=CaseState.ACCEPTED, received_on=TODAY - 90 * DAY),
        upset(**ended, closed_on=TODAY - 29 * DAY),
        asked(ago=60),
        asked("answered"),
    ]
    past = [
        upset(state=CaseState.ACCEPTED, received_on=TODAY - 91 * DAY),
        upset(**ended, closed_on=TODAY - 30 * DAY),
        asked(ago=61),
        asked("told"),
        asked("closed"),
    ]
    assert set(signs(*heard, *past)) == {one.pk for one in heard}


def test_a_past_night_knows_nothing_of_today_and_leaves_what_a_later_one_saw(manager):  # noqa: F811
    def fallen():
        customer = held(manager, {400: 100_000, 1: 60_000, 0: 59_999}, tier=1)
        move_tier(customer, (580, 1))
        return customer

    def night(day):
        return services.run(business_day=day, actor=NIGHT, at=NOW)["raised"]

    for ago in (2, 1, 0):
        FedDay.objects.create(on=TODAY - ago * DAY, is_full=True)
    late = fallen()
    make.make_follow_up(customer=late, owner=manager, due_on=TODAY - 30 * DAY)
    make.make_interaction(customer=late, author=manager, happened_at=NOW - 20 * DAY)
    # The fall alone does not reach the tier's 50; the late promise is only known of today.
    assert (night(TODAY - DAY), night(TODAY)) == (0, 1)
    seen = OutflowWarning.everything.values("seen_on", "score", "signals").get()
    OutflowWarning.everything.update(raised_on=TODAY - 2 * DAY)
    move_tier(late, (5, 4))  # of a higher tier the fall alone would do
    night(TODAY - DAY)
    assert OutflowWarning.everything.values("seen_on", "score", "signals").get() == seen


def test_a_loss_of_the_day_itself_was_not_warned_of_and_one_of_the_sixtieth_was():
    def warned(ago):
        lost = {1: (TODAY, "C")}
        found = outcome([Scored(1, TODAY - ago * DAY, "C", 50, ("fall",))], lost, TODAY + 90 * DAY)
        return found.right, found.caught, found.lead

    missed = (Share(0, 1), Share(0, 1), None)
    assert (warned(0), warned(61)) == (missed, missed)
    assert (warned(1), warned(60)) == ((Share(1, 1), Share(1, 1), 1), (Share(1, 1), Share(1, 1), 60))


def test_a_loss_is_noted_once_in_sixty_days(manager):  # noqa: F811
    def noted(ago):
        customer = make_holder({400: 100_000, 50: 10_000}, manager=manager, tier=2)
        known = {"on": TODAY - ago * DAY, "tier": 2, "before": 100_000, "after": 10_000}
        OutflowLoss.everything.create(customer=customer, **known)
        services._lose_part([customer.pk], TODAY, rules_on(TODAY))
        return OutflowLoss.everything.filter(customer=customer).count()

    assert (noted(59), noted(60)) == (1, 2)
