"""Outflow warnings at the edges of their rules: what just counts, what just does not, and what a replay leaves out."""

from datetime import datetime
from decimal import Decimal

import pytest

from core.clock import SHANGHAI
from customers.models import CustomerPosition
from insights.queries.outflow import found_on, frame_on, lost_on, rules_on
from insights.rules.outflow import BUILT_IN, Found, is_raised, read_outflow, weigh
from servicing.models import Maturity
from tests import factories as make
from tests.factories import TODAY
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
