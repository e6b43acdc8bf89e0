from datetime import timedelta

import pytest

from campaigns.enums import CampaignState, LeftOut, OutreachState
from campaigns.models import Outreach
from campaigns.services.calls import lift_calls, plan_calls, run, settle_calls
from core.models import TrailEntry
from customers.models import CustomerShare
from servicing.enums import FollowUpKind, FollowUpState
from servicing.models import FollowUp
from servicing.queries.follow_ups import may_own, reason_of
from servicing.queries.today import today_of
from servicing.services.follow_ups import skip_follow_up
from servicing.services.talks import log_talk
from servicing.templatetags.day_links import log_query
from tests import factories as make
from tests.factories import NOW, TODAY

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("english")]
MONDAY = TODAY + timedelta(days=3)
NOTHING = {"made": 0, "dropped": 0, "taken": 0, "left_out": 0}


@pytest.fixture
def unit():
    return make.make_branch()


@pytest.fixture
def head(unit):
    return make.make_user(role="branch_head", branch=unit)


@pytest.fixture
def manager(unit):
    return make.make_user(role="manager", branch=unit)


def call_campaign(unit, head, **fields):
    """A running campaign of calls over today and Monday, two a manager and day."""
    values = {"kind": "call", "channel": "phone", "state": "running", "script": "请问到期资金有何安排", "capacity": 2}
    days = {"starts_on": TODAY, "ends_on": MONDAY}
    checker = make.make_user(role="branch_head", branch=unit)
    return make.make_campaign(branch=unit, created_by=head, approved_by=checker, **{**values, **days, **fields})


def treated(campaign, count, **fields):
    rows = [make.make_customer(branch=campaign.branch, phone="13800138000", **fields) for _n in range(count)]
    for customer in rows:
        make.make_consent(customer=customer, channel="phone")
    return [make.make_outreach(campaign, customer) for customer in rows]


def placed(campaign):
    rows = Outreach.everything.filter(campaign=campaign).order_by("pk")
    return list(rows.values_list("follow_up__owner", "follow_up__due_on", "reason"))


def test_calls_go_to_the_book_within_capacity_and_what_does_not_fit_waits_with_its_reason(unit, head, manager):
    campaign = call_campaign(unit, head)
    treated(campaign, 5, manager=manager)
    treated(call_campaign(unit, head), 1, manager=manager)  # another campaign's
    assert plan_calls(campaign=campaign, at=NOW) == {"planned": 4, "full": 1, "nobody": 0, "rows": 4}
    days = [TODAY, TODAY, MONDAY, MONDAY]
    expected = [*((manager.pk, day, "") for day in days), (None, None, LeftOut.CAPACITY)]
    assert placed(campaign) == expected
    assert plan_calls(campaign=campaign, at=NOW)["planned"] == 0
    assert placed(campaign) == expected
    row = FollowUp.everything.filter(kind=FollowUpKind.CAMPAIGN).first()
    assert (row.title, row.facts["campaign"], reason_of(row)) == (
        campaign.name,
        campaign.pk,
        "What to say: 请问到期资金有何安排",
    )


def test_it_stands_on_the_managers_day_with_script_and_permission(unit, head, manager):
    campaign = call_campaign(unit, head)
    treated(campaign, 1, manager=manager)
    plan_calls(campaign=campaign, at=NOW)
    (entry,) = today_of(manager, manager, NOW).entries
    assert entry.reasons[0].words == f"{campaign.name}: What to say: 请问到期资金有何安排"
    assert (entry.use, entry.call.is_allowed) == ("marketing", True)
    assert log_query(entry) == f"?follow_up={FollowUp.everything.get().pk}"


def test_customers_of_nobody_are_opened_to_their_caller_until_the_campaign_is_over(unit, head, manager):
    campaign = call_campaign(unit, head)
    (outreach,) = treated(campaign, 1)
    elsewhere = make.make_customer()
    make.make_outreach(campaign, elsewhere)
    assert plan_calls(campaign=campaign, at=NOW) == {"planned": 1, "full": 0, "nobody": 1, "rows": 1}
    assert placed(campaign) == [(manager.pk, TODAY, ""), (None, None, LeftOut.NO_MANAGER)]
    assert may_own(manager, outreach.customer)
    shared = TrailEntry.objects.filter(action="share", subject_id=outreach.customer.customer_no)
    assert shared.get().changes == {"with": manager.staff_no}
    assert lift_calls(campaign=campaign, at=NOW) == 1
    assert not CustomerShare.objects.exists()
    assert FollowUp.everything.get().state == FollowUpState.CANCELLED


def test_what_was_called_is_read_back_and_what_was_left_out_since_is_taken_away(unit, head, manager):
    campaign = call_campaign(unit, head)
    rows = treated(campaign, 4, manager=manager)
    plan_calls(campaign=campaign, at=NOW)
    agreed, unwanted, opted_out, waits = (Outreach.everything.get(pk=row.pk).follow_up for row in rows)
    contact = {"channel": "phone", "direction": "out", "topic": "deposit", "happened_at": NOW}
    log_talk(actor=manager, customer=agreed.customer, follow_up=agreed, outcome="interested", at=NOW, **contact)
    skip_follow_up(follow_up=unwanted, reason="not_wanted", actor=manager, at=NOW)
    left_out = {"state": OutreachState.SUPPRESSED, "reason": LeftOut.OPTED_OUT}
    Outreach.everything.filter(follow_up=opted_out).update(**left_out)
    assert settle_calls(at=NOW) == {"made": 1, "dropped": 1, "taken": 1, "rows": 3}
    states = [Outreach.everything.get(pk=row.pk).state for row in rows]
    assert states == ["sent", "cancelled", "suppressed", "queued"]
    assert FollowUp.everything.get(pk=opted_out.pk).state == FollowUpState.CANCELLED
    assert settle_calls(at=NOW)["rows"] == 0
    _pauses_and_goes_on(campaign, waits)


def _pauses_and_goes_on(campaign, waits):
    assert lift_calls(campaign=campaign, at=NOW) == 1
    campaign.state = CampaignState.PAUSED
    campaign.save(update_fields=["state"])
    assert run(business_day=TODAY, at=NOW)["rows"] == 0
    campaign.state = CampaignState.RUNNING
    campaign.save(update_fields=["state"])
    assert run(business_day=TODAY, at=NOW) == {**NOTHING, "planned": 1, "rows": 1}
    again = Outreach.everything.get(customer=waits.customer).follow_up
    assert (again.pk != waits.pk, again.state) == (True, FollowUpState.OPEN)
