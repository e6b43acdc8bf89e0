from datetime import date, timedelta
from decimal import Decimal

import pytest

from campaigns.enums import Arm, CampaignState, LeftOut, Occasion, OutreachState
from campaigns.models import Member, Outreach
from campaigns.rules.occasions import Span, birthdays_in, span_of
from campaigns.services.occasions import run
from core.workdays import Calendar
from customers.models import CustomerPosition, PositionChange
from customers.services.balances import ensure_months
from tests import factories as make
from tests.factories import NOW, TODAY
from tiers.models import TierChange

FRIDAY, MONDAY = TODAY, TODAY + timedelta(days=3)
DAY = timedelta(days=1)


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        (FRIDAY, Span(FRIDAY - DAY, FRIDAY, MONDAY)),
        (MONDAY, Span(FRIDAY, MONDAY, MONDAY + DAY)),
        # The National Day of 2025 with the Mid-Autumn Festival: off from 1 to 8 October.
        (date(2025, 9, 30), Span(date(2025, 9, 29), date(2025, 9, 30), date(2025, 10, 9))),
    ],
)
def test_a_night_answers_for_the_days_off_that_follow(day, expected):
    assert span_of(day, Calendar()) == expected


def test_birthdays_of_the_days_to_come_with_29_february():
    span = Span(date(2027, 2, 25), date(2027, 2, 26), date(2027, 3, 1))
    days = {(2, 27): date(2027, 2, 27), (2, 28): date(2027, 2, 28), (3, 1): date(2027, 3, 1)}
    assert birthdays_in(span, 0) == {**days, (2, 29): date(2027, 2, 28)}
    assert birthdays_in(Span(FRIDAY - DAY, MONDAY, MONDAY + DAY), 3) == {(11, 27): date(2026, 11, 27)}


@pytest.fixture
def unit():
    return make.make_branch(parent=make.make_branch(kind="head_office"))


def occasion_campaign(unit, occasion, **fields):
    head, checker = (make.make_user(role="branch_head", branch=unit) for _n in range(2))
    values = {"kind": "trigger", "occasion": occasion, "state": "running", "holdout": 0, "approved_by": checker}
    return make.make_campaign(branch=unit, created_by=head, **{**values, **fields})


def somebody(unit, *, consents=True, **fields):
    customer = make.make_customer(branch=unit, phone="13800138000", **fields)
    if consents:
        make.make_consent(customer=customer)
    return customer


def moved(customer, before, now):
    """The total rose or fell on the Friday."""
    ensure_months(FRIDAY)
    for on, total in ((FRIDAY - 10 * DAY, before), (FRIDAY, now)):
        PositionChange.objects.create(customer=customer, on=on, total=total, day_sum=0)
    position = customer.position
    position.total, position.on = now, FRIDAY
    position.save()


def found_for(campaign):
    rows = Outreach.everything.filter(campaign=campaign).order_by("pk")
    return [(row.customer_id, row.occasion_key) for row in rows]


@pytest.mark.django_db
def test_each_occasion_finds_whose_it_is_and_counts_once(unit):
    opened = somebody(unit, opened_on=MONDAY - 7 * DAY)
    rich, poor, small, saver = (somebody(unit) for _n in range(4))
    for customer, before, now in ((rich, 0, 200_000), (poor, 300_000, 100_000), (small, 0, 199_999)):
        moved(customer, Decimal(before), Decimal(now))
    account = make.make_term_account(customer=saver, matures_in=10, balance=500_000)
    make.make_term_account(customer=saver, matures_in=11, balance=500_000)
    CustomerPosition.everything.filter(customer=saver).update(on=TODAY - 60 * DAY)
    born = somebody(unit, birth_date=date(1970, 11, 22))
    make.make_customer(branch=unit, kind="organisation", birth_date=date(1970, 11, 22))
    run_of = {
        "branch": unit,
        "scheme": make.first_scheme(),
        "measure": "total",
        "value": 0,
        "window_from": TODAY,
        "window_to": TODAY,
    }
    changes = [
        TierChange.objects.create(customer=customer, on=FRIDAY, event=event, from_tier=2, to_tier=3, **run_of)
        for customer, event in ((rich, "up"), (poor, "down"))
    ]
    amount = {"amount": Decimal(200_000)}
    expected = {
        Occasion.OPENED: ({"days": 7}, opened, f"opened:{opened.opened_on:%Y%m%d}"),
        Occasion.INFLOW: (amount, rich, f"inflow:{FRIDAY:%Y%m%d}"),
        Occasion.OUTFLOW: (amount, poor, f"outflow:{FRIDAY:%Y%m%d}"),
        Occasion.MATURITY: ({"days": 7}, saver, f"maturity:{account.pk}:{account.matures_on:%Y%m%d}"),
        Occasion.BIRTHDAY: ({}, born, "birthday:2026"),
        Occasion.TIER_UP: ({}, rich, f"tier:{changes[0].pk}"),
        Occasion.TIER_DOWN: ({}, poor, f"tier:{changes[1].pk}"),
    }
    campaigns = {name: occasion_campaign(unit, name, **fields) for name, (fields, _who, _key) in expected.items()}
    assert run(business_day=FRIDAY, at=NOW)["rows"] == 7
    for name, (_fields, who, key) in expected.items():
        assert found_for(campaigns[name]) == [(who.pk, key)], name
    assert run(business_day=FRIDAY, at=NOW)["rows"] == 0
    assert run(business_day=FRIDAY - DAY, at=NOW)["rows"] == 0


@pytest.mark.django_db
def test_some_are_held_out_for_good_who_may_not_be_contacted_is_listed_and_a_paused_one_finds_nobody(unit):
    people = [somebody(unit, birth_date=date(1980, 11, 21)) for _n in range(12)]
    without = somebody(unit, consents=False, birth_date=date(1980, 11, 21))
    elsewhere = somebody(make.make_branch(), birth_date=date(1980, 11, 21))
    occasion_campaign(unit, Occasion.BIRTHDAY, holdout=50, seed=4)
    paused = occasion_campaign(unit, Occasion.BIRTHDAY, state=CampaignState.PAUSED)
    counts = run(business_day=FRIDAY, at=NOW)
    held = set(Member.everything.filter(arm=Arm.HELD_OUT).values_list("customer_id", flat=True))
    queued = set(Outreach.everything.filter(state=OutreachState.QUEUED).values_list("customer_id", flat=True))
    assert (held | queued, bool(held), bool(queued)) == ({person.pk for person in people}, True, True)
    assert counts == {"campaigns": 1, "rows": len(queued), "held_out": len(held), "left_out": 1}
    left_out = Outreach.everything.get(state=OutreachState.SUPPRESSED)
    assert (left_out.customer_id, left_out.reason) == (without.pk, LeftOut.NO_CONSENT)
    assert not Outreach.everything.filter(customer=elsewhere).exists()
    assert found_for(paused) == []
