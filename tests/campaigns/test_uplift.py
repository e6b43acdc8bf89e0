"""What campaigns brought, from the balances: against a day-by-day oracle, written down by the night, shown by scope."""

import random
from collections import defaultdict
from datetime import date, datetime
from decimal import Decimal
from statistics import fmean, variance
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from campaigns.enums import Arm, Verdict
from campaigns.models import Campaign, Uplift
from campaigns.queries.uplift import Ask, latest_for, overlaps_of, results_for, strata_of
from campaigns.rules.uplift import windows
from campaigns.services import uplift
from core.clock import SHANGHAI
from core.models import TrailEntry
from core.trail import NIGHT
from customers.enums import FeedKind, FeedStatus
from customers.models import Customer, FedDay, Feed
from tests import factories as make
from tests.tiers.ledgers import ONE_DAY, Histories, total_on, write_ledger

pytestmark = pytest.mark.django_db
DAY = date(2026, 8, 3)
AT = datetime(2026, 11, 20, 2, tzinfo=SHANGHAI)


@pytest.fixture
def bank() -> SimpleNamespace:
    """A bank-wide campaign, launched long ago, over five customers a part of one branch and three of another."""
    top = make.make_head_office()
    units = [make.make_branch(parent=top), make.make_branch(parent=top)]
    hq, compliance = (make.make_user(role=role, branch=top) for role in ("head_office", "compliance"))
    head, manager = (make.make_user(role=role, branch=units[0]) for role in ("branch_head", "manager"))
    campaign = launched(top, hq)
    people = [make.make_customer(branch=units[0], manager=manager) for _n in range(10)]
    far = [make.make_customer(branch=units[1]) for _n in range(6)]
    for n, customer in enumerate([*people, *far]):
        make.make_member(campaign, customer, Arm.TREATED if n % 2 else Arm.HELD_OUT, joined_on=DAY)
    # As in the fixture by hand: changes 10..50 of those contacted, 0..40 of those held out; nothing elsewhere.
    write_ledger({one.pk: steady(100, (n + 1) // 2 * 10) for n, one in enumerate(people)}, DAY + 30 * ONE_DAY)
    return SimpleNamespace(**locals())


def launched(branch: Any, by: Any, **fields: Any) -> Campaign:
    """A campaign that ran from DAY on and is over."""
    days = {"starts_on": DAY, "ends_on": DAY + 20 * ONE_DAY, "launched_on": DAY, "state": "ended"}
    approver = make.make_user(role="head_office", branch=by.branch)
    return make.make_campaign(branch=branch, created_by=by, approved_by=approver, **{**days, **fields})


def steady(before: int, change: int) -> dict[date, Decimal]:
    """A balance that is `change` more from the day after the launch; what it was on that day itself does not count."""
    return {
        DAY - 200 * ONE_DAY: Decimal(before),
        DAY: Decimal(999_999),
        DAY + ONE_DAY: Decimal(before + change),
    }


def change_of(history: dict[date, Decimal], days: int) -> tuple[float, float]:
    """The average before, and how much more it is after, day by day."""
    means = []
    for first, last in windows(DAY, days):
        each = [total_on(history, first + ONE_DAY * n) for n in range((last - first).days + 1)]
        means.append(sum(each, Decimal(0)) / len(each))
    return float(means[0]), float(means[1] - means[0])


def night(day: date, at: datetime = AT) -> dict[str, Any]:
    return dict(uplift.run(business_day=day, actor=NIGHT, at=at))


def test_averages_equal_the_sum_of_days(bank: SimpleNamespace) -> None:
    rng = random.Random(4)
    campaign, histories, expected = launched(bank.top, bank.hq), Histories(), defaultdict(list)
    for _n in range(24):
        customer, tier, arm = make.make_customer(branch=bank.units[1]), rng.choice((1, 3)), rng.choice(list(Arm))
        make.make_member(campaign, customer, arm, tier=tier, joined_on=DAY)
        days = rng.sample(range(-75, 66), rng.randrange(7))
        history = {DAY + ONE_DAY * n: Decimal(rng.randrange(10**9)) / 100 for n in sorted(days)}
        histories[customer.pk] = history
        for horizon in (30, 60):
            expected[horizon, tier, arm].append(change_of(history, horizon))
    write_ledger(histories, DAY + 70 * ONE_DAY)
    asks = [Ask(campaign.pk, 30), Ask(campaign.pk, 60), Ask(campaign.pk, 90)]
    found = strata_of(asks, until=DAY + 70 * ONE_DAY)
    assert found[asks[2]] == ()  # not over yet
    for ask in asks[:2]:
        for stratum in found[ask]:
            for arm, part in ((Arm.TREATED, stratum.treated), (Arm.HELD_OUT, stratum.held_out)):
                befores, changes = zip(*expected.pop((ask.days, stratum.tier, arm)), strict=True)
                figures = (len(changes), fmean(befores), fmean(changes), variance(changes))
                assert (part.count, part.before, part.change, part.variance) == pytest.approx(figures)
    assert not expected


def test_the_night_writes_results_once_their_days_are_fed(bank: SimpleNamespace) -> None:
    own = launched(bank.units[0], bank.head)
    for n, customer in enumerate(bank.people):
        make.make_member(own, customer, Arm.TREATED if n % 2 else Arm.HELD_OUT, joined_on=DAY)
    never, draft = launched(bank.top, bank.hq, holdout=0), make.make_campaign(branch=bank.top, created_by=bank.hq)
    make.make_member(never, bank.people[0], joined_on=DAY)
    assert night(DAY + 29 * ONE_DAY) == {"rows": 0, "changed": 0}
    assert night(DAY + 40 * ONE_DAY)["rows"] == 0  # balances begin too late to know what was held before
    FedDay.objects.create(on=DAY - 60 * ONE_DAY, is_full=True)
    assert night(DAY + 40 * ONE_DAY) == {"rows": 3, "changed": 3}
    assert night(DAY + 40 * ONE_DAY) == {"rows": 0, "changed": 0}
    kept = Uplift.objects.get(campaign=own)
    # The table worked out by hand in test_uplift_rules: 10 a customer, but not beyond chance.
    figures = (kept.days, kept.difference, kept.low, kept.high, kept.verdict, kept.treated_count, kept.held_out_count)
    assert figures == (30, Decimal("10.00"), Decimal("-13.06"), Decimal("33.06"), Verdict.UNCLEAR, 5, 5)
    assert Uplift.objects.get(campaign=never).verdict == Verdict.NO_CONTROL
    assert not Uplift.objects.filter(campaign=draft).exists()
    # The sixtieth day is a business day, but its balances are not fed yet.
    assert night(DAY + 60 * ONE_DAY)["rows"] == 0

    # Late balances of these days: measured again, and the trail says what became of it.
    FedDay.objects.create(on=DAY + 61 * ONE_DAY, is_full=True)
    write_ledger({one.pk: steady(100, 500 + n) for n, one in enumerate(bank.people[1::2])}, DAY + 61 * ONE_DAY)
    Feed.objects.create(
        kind=FeedKind.BALANCES,
        business_date=DAY + 3 * ONE_DAY,
        status=FeedStatus.COMMITTED,
        created_at=AT + ONE_DAY,
        finished_at=AT + ONE_DAY,
    )
    assert night(DAY + 61 * ONE_DAY, AT + 2 * ONE_DAY) == {"rows": 6, "changed": 5}
    assert Uplift.objects.get(campaign=own, days=30).verdict == Verdict.GAIN
    said = TrailEntry.objects.filter(action="measure", subject_id=str(own.pk)).order_by("pk")
    assert [entry.changes["days"] for entry in said] == [30, 30, 60]
    assert said[1].changes["verdict"] == ["unclear", "gain"]


def test_who_was_contacted_all_the_same_is_reported(bank: SimpleNamespace) -> None:
    other = launched(bank.top, bank.hq)
    first, second, third, fourth = bank.people[:8:2]
    at = datetime.combine(DAY + 5 * ONE_DAY, AT.time(), SHANGHAI)
    make.make_outreach(other, first, state="sent", sent_at=at)
    make.make_outreach(other, first, state="sent", sent_at=at, step=2)
    make.make_outreach(other, second, state="unknown", claimed_at=at)
    make.make_outreach(other, third, state="sent", sent_at=at + 90 * ONE_DAY)
    make.make_outreach(other, fourth, state="suppressed", reason="cap")
    make.make_outreach(other, bank.people[1], state="sent", sent_at=at)
    ask = Ask(bank.campaign.pk, 30)
    assert overlaps_of([ask], until=DAY + 30 * ONE_DAY) == {ask: 2}


def test_a_merged_customer_counts_with_the_record_that_was_kept(bank: SimpleNamespace) -> None:
    # One became part of another member, one of somebody the campaign did not know.
    gone, kept, held, free = bank.people[1], bank.people[3], bank.people[0], make.make_customer(branch=bank.units[0])
    Customer.everything.filter(pk=gone.pk).update(merged_into=kept)
    write_ledger({free.pk: steady(0, 77)}, DAY + 30 * ONE_DAY)
    Customer.everything.filter(pk=held.pk).update(merged_into=free)
    (stratum,) = strata_of([Ask(bank.campaign.pk, 30)], until=DAY + 30 * ONE_DAY)[Ask(bank.campaign.pk, 30)]
    assert (stratum.treated.count, stratum.held_out.count) == (7, 8)
    assert stratum.held_out.change == pytest.approx((77 + 10 + 20 + 30 + 40) / 8)


def test_joined_on_an_occasion_everybody_has_days_of_their_own(bank: SimpleNamespace) -> None:
    campaign = launched(bank.top, bank.hq, kind="trigger", occasion="birthday")
    late = make.make_customer(branch=bank.units[0])
    make.make_member(campaign, bank.people[9], joined_on=DAY)
    make.make_member(campaign, late, Arm.HELD_OUT, joined_on=DAY + 15 * ONE_DAY)
    for n in (-30, 80):
        FedDay.objects.create(on=DAY + n * ONE_DAY, is_full=True)
    night(DAY + 31 * ONE_DAY)
    assert list(Uplift.objects.filter(campaign=campaign).values_list("treated_count", "held_out_count")) == [(1, 0)]
    # Measured night by night until the last who joined has had their days.
    night(DAY + 50 * ONE_DAY, AT + ONE_DAY)
    assert list(Uplift.objects.filter(campaign=campaign).values_list("treated_count", "held_out_count")) == [(1, 1)]
    night(DAY + 52 * ONE_DAY, AT + 2 * ONE_DAY)
    assert Ask(campaign.pk, 30) not in uplift.queries.due_for_measuring(DAY + 55 * ONE_DAY)


def test_everybody_reads_results_of_their_own_customers(bank: SimpleNamespace, client_of: Any) -> None:
    for n in (-60, 70):
        FedDay.objects.create(on=DAY + n * ONE_DAY, is_full=True)
    night(DAY + 70 * ONE_DAY)
    whole, part = (results_for(user, bank.campaign) for user in (bank.hq, bank.head))
    assert [(one.days, one.result.treated, one.is_part) for one in whole] == [(30, 8, False), (60, 8, False)]
    assert [(one.days, one.result.treated, one.is_part) for one in part] == [(30, 5, True), (60, 5, True)]
    assert part[0].result.interval.difference == Decimal("10.00")  # type: ignore[union-attr]  # five of each

    page = reverse("campaigns:results", args=[bank.campaign.pk])
    text = client_of(bank.head).get(page, {"days": "30"}).content.decode()
    assert all(words in text for words in ("10.00", "-13.06", "33.06", "whisker"))
    fragment = client_of(bank.hq).get(page, headers={"HX-Request": "true"}).content.decode()
    assert "<html" not in fragment
    assert str(Verdict.UNCLEAR.label) in fragment
    # Compliance sees no amounts.
    quiet = client_of(bank.compliance).get(page).content.decode()
    assert str(Verdict.UNCLEAR.label) in quiet
    assert "whisker" not in quiet
    assert "ADB" not in quiet.split("result-method")[0]
    fresh = launched(bank.top, bank.hq)
    empty = client_of(bank.hq).get(reverse("campaigns:results", args=[fresh.pk])).content.decode()
    assert (DAY + 30 * ONE_DAY).isoformat() in empty

    listed = client_of(bank.head)
    assert bank.campaign.name in listed.get(reverse("campaigns:results_list"), {"days": "30"}).content.decode()
    assert bank.campaign.name not in listed.get(reverse("campaigns:results_list"), {"days": "90"}).content.decode()
    for _n in range(3):
        twin = launched(bank.top, bank.hq)
        Uplift.objects.create(
            campaign=twin, days=30, computed_at=AT, treated_count=0, held_out_count=0, verdict=Verdict.NO_CONTROL
        )
    campaigns = list(Campaign.everything.filter(pk__in=Uplift.objects.values("campaign")))
    counts = []
    for some in (campaigns[:1], campaigns):
        with CaptureQueriesContext(
            connection,
        ) as asked:
            latest_for(bank.head, some)
        counts.append(len(asked))
    assert counts[0] == counts[1]
