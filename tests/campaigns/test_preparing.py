"""M02, M03, M13: an audience frozen in one statement, equal to a slow reading of each customer alone."""

import random
from datetime import timedelta

import pytest

from campaigns.models import Member, Outreach, SegmentMember
from campaigns.queries.standing import standing
from campaigns.rules.holdout import arm_on_joining, split
from campaigns.services.preparing import prepare_outreach
from core.models import TrailEntry
from customers.models import Customer
from customers.queries import consents
from tests import factories as make
from tests.campaigns.outbox import Bank
from tests.factories import NOW, TODAY

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


def slow_reason(bank, customer, listed, tiers):
    """The same asked of one customer after the other, in the order of the reasons."""
    alerts = {alert.kind for alert in customer.alerts if alert.starts_on <= TODAY and alert.dismissed_at is None}
    alerts = {
        kind for kind in alerts if all(a.kind != kind or not a.ends_on or a.ends_on >= TODAY for a in customer.alerts)
    }
    said = consents.current(customer.pk)[0].states[1].state
    checks = (
        ("excluded", customer.pk in listed),
        ("do_not_contact", "do_not_contact" in alerts),
        ("bereavement", "bereavement" in alerts),
        ("complaint", "complaint" in alerts or customer.complains),
        ("opted_out", said == "withdrawn"),
        ("no_consent", said != "given"),
        ("no_address", not customer.phone_cipher),
        ("not_eligible", customer.position.tier not in tiers),
    )
    return next((reason for reason, is_so in checks if is_so), "")


def people(bank, count, seed):
    """Customers with whatever chance gives them."""
    rng, found = random.Random(seed), []
    for _n in range(count):
        customer = bank.customer(consent="", phone=rng.choice(["", *["13800138000"] * 5]), tier=rng.randint(1, 4))
        for n in range(rng.choice([0, 1, 1, 1, 2, 3])):
            decision = rng.choice(["given", "given", "withdrawn"])
            stated = NOW - rng.randint(1, 5) * DAY
            make.make_consent(customer=customer, decision=decision, stated_at=stated, recorded_at=NOW - n * DAY)
        customer.alerts = [
            make.make_alert(
                customer=customer, kind=kind, starts_on=TODAY - DAY, ends_on=rng.choice([None, TODAY - DAY, TODAY])
            )
            for kind in ("do_not_contact", "bereavement", "complaint", "vulnerable")
            if rng.random() < 0.08
        ]
        customer.complains = rng.random() < 0.05
        if customer.complains:
            make.make_complaint(customer=customer, branch=bank.branch)
        found.append(customer)
    return found


@pytest.mark.parametrize("seed", [1, 2])
def test_an_audience_is_frozen_as_a_slow_reading_would_and_doing_it_again_changes_nothing(seed):
    bank = Bank()
    offer = make.make_offer(created_by=bank.hq, rule={"field": "tier", "op": "in", "value": [2, 3, 4]})
    away = make.make_segment(branch=bank.branch, created_by=bank.head, kind="list", exclusion="chosen")
    facts = {"branch": bank.branch, "created_by": bank.head, "approved_by": bank.hq, "state": "running"}
    campaign = make.make_campaign(**facts, offer=offer, exclusions=[away.pk], holdout=20, seed=seed)
    everybody = people(bank, 60, seed)
    make.make_customer(phone="13800138000")  # of another unit
    merged = bank.customer()
    Customer.everything.filter(pk=merged.pk).update(merged_into=everybody[0])
    listed = {customer.pk for customer in everybody[::9]}
    for customer in everybody[::9]:
        SegmentMember.everything.create(segment=away, customer=customer, added_by=bank.head, added_at=NOW)
    reasons = {customer.pk: slow_reason(bank, customer, listed, {2, 3, 4}) for customer in everybody}
    arms = split(
        [(customer.pk, customer.position.tier) for customer in everybody if not reasons[customer.pk]],
        seed=seed,
        percent=20,
    )

    counts = prepare_outreach(campaign=campaign, business_day=TODAY, at=NOW)

    left_out = dict(Outreach.everything.filter(campaign=campaign, state="suppressed").values_list("customer", "reason"))
    assert left_out == {pk: reason for pk, reason in reasons.items() if reason}
    assert dict(Member.everything.filter(campaign=campaign).values_list("customer", "arm")) == arms
    queued = Outreach.everything.filter(campaign=campaign, state="queued").values_list("customer", flat=True)
    assert set(queued) == {pk for pk, arm in arms.items() if arm == "treated"}
    assert (counts["rows"], counts["members"]) == (len(queued), len(arms))
    assert sum(counts["left_out"].values()) == len(left_out)
    assert TrailEntry.objects.get(action="prepare").changes["rows"] == len(queued)
    # Asked of the same customers a few at a time the answer is the same.
    assert standing(campaign, list(reasons), day=TODAY) == reasons
    make.make_consent(customer=everybody[1], decision="withdrawn")
    assert prepare_outreach(campaign=campaign, business_day=TODAY, at=NOW)["rows"] == 0
    assert Member.everything.filter(campaign=campaign).count() == len(arms)


def test_on_an_occasion_each_key_counts_once_and_each_customer_is_drawn_alone():
    bank = Bank(kind="trigger", occasion="birthday", holdout=30)
    everybody = [bank.customer() for _n in range(12)]
    silent = bank.customer(consent="")
    source = "SELECT unnest(%(found)s::bigint[]) AS customer_id, %(key)s::text AS occasion_key"
    for key in ("birthday:2026", "birthday:2026", "birthday:2027"):
        values = {"found": [customer.pk for customer in [*everybody, silent]], "key": key}
        prepare_outreach(campaign=bank.campaign, business_day=TODAY, at=NOW, found=(source, values))
    arms = {customer.pk: arm_on_joining(customer.pk, seed=7, percent=30) for customer in everybody}
    assert dict(Member.everything.values_list("customer", "arm")) == arms
    treated = [pk for pk, arm in arms.items() if arm == "treated"]
    assert 0 < len(treated) < 12
    rows = Outreach.everything.filter(state="queued").values_list("customer", "occasion_key")
    assert set(rows) == {(pk, key) for pk in treated for key in ("birthday:2026", "birthday:2027")}
    assert Outreach.everything.filter(state="suppressed", customer=silent).count() == 2
    # One customer gets one message of a batch; the other waits.
    assert bank.send()["rows"] == len(treated)
