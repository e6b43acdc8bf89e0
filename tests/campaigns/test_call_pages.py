from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from campaigns.enums import CallResult
from campaigns.models import Outreach
from campaigns.queries.calls import calls_of, progress_of
from campaigns.services.calls import plan_calls, settle_calls
from campaigns.services.campaigns import reject, submit
from core.clock import now, today
from servicing.enums import FollowUpState
from servicing.models import FollowUp
from servicing.services.follow_ups import complete_follow_up, skip_follow_up
from tests import factories as make

pytestmark = pytest.mark.django_db


@pytest.fixture
def unit():
    return make.make_branch(parent=make.make_branch(kind="head_office"))


@pytest.fixture
def head(unit):
    return make.make_user(role="branch_head", branch=unit)


@pytest.fixture
def managers(unit):
    return [make.make_user(role="manager", branch=unit) for _n in range(2)]


@pytest.fixture
def campaign(unit, head, managers):
    """A running campaign of eight calls for the first manager, one for the second and one nobody has room for."""
    day = today()
    made = make.make_campaign(
        branch=unit,
        created_by=head,
        approved_by=make.make_user(role="branch_head", branch=unit),
        kind="call",
        channel="phone",
        state="running",
        script="请问到期资金有何安排",
        capacity=8,
        starts_on=day,
        ends_on=day + timedelta(days=14),
    )
    for manager, count in zip(managers, (8, 1), strict=True):
        for _n in range(count):
            make.make_outreach(made, make.make_customer(manager=manager))
    plan_calls(campaign=made, at=now())
    make.make_outreach(made, make.make_customer(branch=unit))
    return made


def talk(row, manager, outcome, *, closes=True):
    """An outbound call with an outcome, which closes the follow-up unless nobody was reached."""
    at = now()
    contact = make.make_interaction(
        customer=row.customer, author=manager, channel="phone", direction="out", outcome=outcome, happened_at=at
    )
    if closes:
        complete_follow_up(follow_up=row.follow_up, interaction=contact, actor=manager, at=at)


def test_each_result_is_read_from_the_follow_up_and_the_contact(campaign, head, managers):
    Outreach.everything.update(created_at=now() - timedelta(hours=1))
    rows = list(Outreach.everything.filter(follow_up__owner=managers[0]).select_related("follow_up").order_by("pk"))
    for row, outcome in zip(rows, ("interested", "not_interested", "call_back", "referred"), strict=False):
        talk(row, managers[0], outcome)
    talk(rows[4], managers[0], "not_reached", closes=False)
    skip_follow_up(follow_up=rows[5].follow_up, reason="not_wanted", actor=managers[0], at=now())
    make.make_consent(customer=rows[6].customer, channel="phone", decision="withdrawn", stated_at=now())
    FollowUp.everything.filter(pk=rows[7].follow_up_id).update(due_on=today() - timedelta(days=1))
    expected = ["agreed", "refused", "call_back", "reached", "tried", "refused", "opted_out", "open"]
    found = calls_of(campaign, head).filter(follow_up__owner=managers[0]).order_by("pk")
    assert list(found.values_list("result", flat=True)) == expected
    progress = {one.person: one for one in progress_of(calls_of(campaign, head), today())}
    of_first, of_second, of_nobody = (progress[person] for person in (*managers, None))
    assert (of_first.count, of_first.to_do, of_first.late, of_first.done_percent) == (8, 2, 1, 75)
    assert (of_second.by_result, of_nobody.by_result) == ({CallResult.OPEN: 1}, {CallResult.WAITING: 1})


def test_the_head_sees_everybody_a_manager_their_own_and_calls_are_passed_on(campaign, head, managers, client_of):
    page, pass_on = (reverse(f"campaigns:{name}", args=[campaign.pk]) for name in ("calls", "calls_pass_on"))
    boss, first = client_of(head), client_of(managers[0])
    shown = boss.get(page)
    assert [one.person for one in shown.context["progress"]][-1] is None
    assert (shown.context["count"], shown.context["to_do"]) == (10, 9)
    assert first.get(page).context["count"] == 8
    # A tile equals the rows behind it, and a page costs the same whatever the number of rows.
    assert len(boss.get(f"{page}?result=todo").context["listing"].rows) == 9
    assert len(boss.get(f"{page}?result=late").context["listing"].rows) == 0
    fragment = boss.get(page, headers={"HX-Request": "true"})
    assert "<html" not in fragment.content.decode()
    given = {"giver": managers[0].staff_no, "receiver": managers[0].staff_no}
    assert boss.post(pass_on, given).status_code == 422
    assert first.get(pass_on).status_code == 403
    boss.post(pass_on, {**given, "receiver": head.staff_no})
    owners = FollowUp.everything.filter(state=FollowUpState.OPEN).values_list("owner", flat=True)
    assert sorted(owners) == sorted([*[head.pk] * 8, managers[1].pk])


def test_the_page_costs_the_same_however_many_call(campaign, head, managers, client_of):
    client, page = client_of(head), reverse("campaigns:calls", args=[campaign.pk])
    client.get(page)
    with CaptureQueriesContext(
        connection,
    ) as before:
        client.get(page)
    for _n in range(3):
        make.make_outreach(campaign, make.make_customer(manager=make.make_user(role="manager", branch=head.branch)))
    plan_calls(campaign=campaign, at=now())
    with CaptureQueriesContext(connection) as after:
        client.get(page)
    assert len(after) == len(before)


def test_a_call_is_made_not_sent(campaign, head, managers, client_of, english):
    row = Outreach.everything.filter(follow_up__owner=managers[0]).select_related("follow_up").earliest("pk")
    talk(row, managers[0], "interested")
    settle_calls(at=now())
    client, customer = client_of(head), row.customer.customer_no
    overview, recipients = (
        client.get(reverse(f"campaigns:{name}", args=[campaign.pk])) for name in ("overview", "outreach")
    )
    assert overview.context["states"] == [{"label": "To be called", "value": "9"}, {"label": "Called", "value": "1"}]
    assert [tile[:2] for tile in recipients.context["tiles"]] == [("To be called", "9"), ("Called", "1")]
    tab = client.get(reverse("campaigns:of_customer", args=[customer]))
    assert tab.context["sent"][0][1] == "Called"
    for page in (overview, recipients, tab):
        assert ">Sent</span>" not in page.content.decode()


def test_why_a_campaign_was_refused_stands_on_its_page(head, client_of, english):
    campaign = make.make_campaign(branch=head.branch, created_by=head)
    page = reverse("campaigns:detail", args=[campaign.pk])
    second = make.make_user(role="branch_head", branch=head.branch)
    submit(campaign=campaign, actor=head, at=now())
    reject(campaign=campaign, actor=second, at=now(), note="Name the rate of the day")
    text = client_of(head).get(page).content.decode()
    assert f"Sent back by {second.name} on" in text
    assert "Name the rate of the day" in text
    submit(campaign=campaign, actor=head, at=now())
    assert "Name the rate of the day" not in client_of(head).get(page).content.decode()
