"""A campaign's life: every move by the one table in services and database, four eyes, what is frozen, the launch."""

import random
from contextlib import suppress
from datetime import timedelta
from itertools import product

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.urls import reverse

from campaigns.enums import Arm, CampaignKind, CampaignMove, CampaignState, LeftOut, OutreachState
from campaigns.models import Campaign, CampaignMoveMade, Member, Outreach
from campaigns.queries import approval as content
from campaigns.queries.campaigns import moves_for, standing_of
from campaigns.rules.holdout import split
from campaigns.rules.moves import LAUNCHED, MOVES, OVER, moves_from, steps
from campaigns.rules.sending import STEPS
from campaigns.services import campaigns as services
from campaigns.services import launching
from campaigns.services.drafts import CampaignChanged, CampaignFacts, change_campaign, draft_campaign
from campaigns.services.states import CampaignMovedOn, CampaignNotYours
from core.errors import DomainError
from core.models import TrailEntry
from core.trail import NIGHT
from customers.models import Customer
from staff.models import Branch, Notification, User
from staff.services import SelfApproval, StaleApproval
from tests import factories as make
from tests.factories import NOW, TODAY

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("english")]
WORDS = "{bank}：{salutation}您好，利率以网点公示为准。退订：{opt_out}"


@pytest.fixture
def top() -> Branch:
    return make.make_head_office()


@pytest.fixture
def unit(top: Branch) -> Branch:
    return make.make_branch(parent=top)


@pytest.fixture
def head(unit: Branch) -> User:
    return make.make_user(role="branch_head", branch=unit)


@pytest.fixture
def second(unit: Branch) -> User:
    return make.make_user(role="branch_head", branch=unit)


@pytest.fixture
def officer(top: Branch) -> User:
    return make.make_user(role="compliance", branch=top)


@pytest.fixture
def manager(unit: Branch) -> User:
    return make.make_user(role="manager", branch=unit)


def draft(head: User, **fields: object) -> Campaign:
    template = make.make_template(created_by=head, body=WORDS)
    values = {"template": template, "starts_on": TODAY, **fields}
    return make.make_campaign(branch=head.branch, created_by=head, **values)


def facts_of(campaign: Campaign, **instead: object) -> CampaignFacts:
    names = set(CampaignFacts.__dataclass_fields__) - {"event"}
    return CampaignFacts(**{**{name: getattr(campaign, name) for name in names}, **instead})


def approved(head: User, second: User, **fields: object) -> Campaign:
    campaign = draft(head, **fields)
    services.submit(campaign=campaign, actor=head, at=NOW)
    return services.check(campaign=campaign, actor=second, at=NOW)


def willing(manager: User, count: int, **fields: object) -> list[Customer]:
    """Customers who agreed to text messages."""
    people = [make.make_customer(manager=manager, phone="13800138000", **fields) for _one in range(count)]
    for person in people:
        make.make_consent(customer=person, purpose="marketing", channel="sms")
    return people


def test_the_database_allows_exactly_the_moves_of_the_tables(head: User):
    allowed = {(str(a), str(b)) for a, b in steps()}
    with connection.cursor() as cursor:
        cursor.execute("SELECT prosrc FROM pg_proc WHERE proname = 'campaigns_guard_state'")
        campaign_guard = cursor.fetchone()[0]
        cursor.execute("SELECT prosrc FROM pg_proc WHERE proname = 'campaigns_guard_outreach'")
        outreach_guard = cursor.fetchone()[0]
    pairs = set(product(CampaignState.values, repeat=2))
    assert {(a, b) for a, b in pairs if f"'{a}>{b}'" in campaign_guard} == allowed
    told = {(a, b) for a, b in product(OutreachState.values, repeat=2) if f"'{a}>{b}'" in outreach_guard}
    assert told == {(str(a), str(b)) for a, after in STEPS.items() for b in after}


def test_no_move_is_taken_from_a_state_the_table_does_not_name(head: User, second: User, officer: User):
    doers = {
        CampaignMove.SUBMIT: (services.submit, head),
        CampaignMove.WITHDRAW: (services.withdraw, head),
        CampaignMove.CHECK: (services.check, second),
        CampaignMove.APPROVE: (services.approve, officer),
        CampaignMove.REJECT: (services.reject, second),
        CampaignMove.EDIT: (services.edit, head),
        CampaignMove.PAUSE: (services.pause, head),
        CampaignMove.RESUME: (services.resume, head),
        CampaignMove.END: (services.end, head),
        CampaignMove.STOP: (services.stop, head),
    }
    for state in CampaignState:
        campaign = draft(head, state=state, approved_by=second if state not in ("draft", "submitted") else None)
        for move, (work, actor) in doers.items():
            if state not in MOVES[move][0]:
                with pytest.raises(CampaignMovedOn), transaction.atomic():
                    work(campaign=campaign, actor=actor, at=NOW, note="reason enough")
        if state != CampaignState.APPROVED:
            with pytest.raises(CampaignMovedOn):
                launching.launch_campaign(campaign=campaign, actor=head, at=NOW)
        campaign.refresh_from_db()
        assert campaign.state == state
    assert CampaignMoveMade.objects.count() == 0


def test_a_second_person_checks_and_what_was_approved_is_frozen(head: User, second: User, manager: User):
    campaign = draft(head)
    assert services.submit(campaign=campaign, actor=head, at=NOW).state == "submitted"
    assert Notification.objects.filter(user=second, event="approval_waiting").count() == 1
    # Neither its maker, nor somebody without the role, nor a head elsewhere.
    elsewhere = make.make_user(role="branch_head", branch=make.make_branch(parent=head.branch.parent))
    for somebody in (head, manager, elsewhere):
        with pytest.raises((CampaignNotYours, SelfApproval)):
            services.check(campaign=campaign, actor=somebody, at=NOW)
    done = services.check(campaign=campaign, actor=second, at=NOW, note="看过了")
    assert (done.state, done.approved_by_id, done.frozen["words"]) == ("approved", second.pk, WORDS)
    assert done.digest == content.digest_of(content.content_of(done))
    with pytest.raises(IntegrityError), transaction.atomic():
        Campaign.everything.filter(pk=done.pk).update(holdout=0)
    with pytest.raises(IntegrityError), transaction.atomic():
        Campaign.everything.filter(pk=done.pk).update(frozen={"name": "another"})
    # Changing it again costs the approval; the next check sees what is different.
    services.edit(campaign=done, actor=head, at=NOW)
    change_campaign(campaign=done, facts=facts_of(done, holdout=20), actor=head, at=NOW)
    done.refresh_from_db()
    assert (done.state, done.approved_by_id, done.digest) == ("draft", None, "")
    assert [(str(d.label), d.before, d.after) for d in content.differences(done, TODAY)] == [
        ("Held out, %", "10", "20")
    ]
    moves = list(CampaignMoveMade.objects.order_by("pk").values_list("move", "to_state"))
    assert moves == [("submit", "submitted"), ("approve", "approved"), ("edit", "draft")]
    subject = TrailEntry.objects.filter(subject="campaigns.campaign", subject_id=str(done.pk))
    acts = list(subject.order_by("pk").values_list("action", flat=True))
    assert acts == ["submit", "approve", "edit_campaign", "change"]


def test_compliance_decides_about_the_highest_tier_and_is_a_third_person(
    head: User, second: User, officer: User, manager: User
):
    make.first_scheme()
    before = approved(head, second)
    make.make_customer(manager=manager, tier=4)
    # Who was in no audience compliance looked at stands in the way of a launch.
    assert launching.launch_fault(before, TODAY) == "top_tier"
    campaign = draft(head)
    services.submit(campaign=campaign, actor=head, at=NOW)
    assert services.check(campaign=campaign, actor=second, at=NOW).state == "checked"
    # Whoever checked it does not judge it, in whatever role.
    User.objects.filter(pk=second.pk).update(role="compliance", branch=officer.branch)
    with pytest.raises(CampaignNotYours):
        services.approve(campaign=campaign, actor=User.objects.get(pk=second.pk), at=NOW)
    with pytest.raises(services.ReasonMissing):
        services.reject(campaign=campaign, actor=officer, at=NOW)
    assert CampaignMove.APPROVE in moves_for(officer, Campaign.everything.get(pk=campaign.pk))
    campaign = services.approve(campaign=campaign, actor=officer, at=NOW)
    assert (campaign.state, launching.launch_fault(campaign, TODAY)) == ("approved", "")


def tier_rule(*ranks: int) -> dict[str, object]:
    return {"field": "tier", "op": "in", "value": list(ranks)}


def test_a_rule_or_words_changed_after_submission_or_approval_stop_it(head: User, second: User):
    campaign = draft(head)
    services.submit(campaign=campaign, actor=head, at=NOW)
    segment = campaign.segment
    segment.rule = tier_rule(3)
    segment.save()
    with pytest.raises(StaleApproval):
        services.check(campaign=campaign, actor=second, at=NOW)
    services.reject(campaign=campaign, actor=second, at=NOW, note="规则变了")
    services.submit(campaign=campaign, actor=head, at=NOW)
    campaign = services.check(campaign=campaign, actor=second, at=NOW)
    segment.rule = tier_rule(2)
    segment.save()
    campaign = Campaign.everything.get(pk=campaign.pk)
    with pytest.raises(launching.LaunchRefused, match="changed after approval"):
        launching.launch_campaign(campaign=campaign, actor=head, at=NOW)
    assert launching.launch_due(at=NOW) == {"launched": 0, "refused": 1}


def test_drafts_are_their_makers_and_lose_no_change(head: User, second: User, manager: User):
    campaign = draft(head)
    facts = facts_of(campaign, name="改过的名字")
    for somebody in (second, manager):
        with pytest.raises(CampaignNotYours):
            change_campaign(campaign=campaign, facts=facts, actor=somebody, at=NOW)
    read = content.digest_of(content.content_of(campaign))
    change_campaign(campaign=campaign, facts=facts, actor=head, at=NOW, read=read)
    with pytest.raises(CampaignChanged):
        change_campaign(campaign=campaign, facts=facts, actor=head, at=NOW, read=read)
    # A manager draws up campaigns for the own unit, and over the own book.
    mine = make.make_segment(branch=manager.branch, created_by=manager, of_book=True)
    made = draft_campaign(facts=facts_of(campaign, segment=mine), actor=manager, at=NOW)
    assert (made.of_book, made.created_by) == (True, manager)
    with pytest.raises(CampaignNotYours):
        draft_campaign(facts=facts_of(campaign, branch=head.branch.parent), actor=manager, at=NOW)
    with pytest.raises(CampaignNotYours):  # a colleague's own book
        draft_campaign(facts=facts_of(campaign, segment=mine), actor=head, at=NOW)


def test_words_and_dates_are_checked_before_it_is_submitted(head: User):
    bad = make.make_template(created_by=head, body="{bank}：保证收益！退订：{opt_out}")
    for fields, said in (
        ({"template": bad}, "保证收益"),
        ({"template": make.make_template(created_by=head, body="您好")}, "opt"),
        ({"kind": CampaignKind.CALL, "channel": "phone", "template": None, "script": ""}, "what to say"),
        ({"ends_on": TODAY - timedelta(days=1), "starts_on": TODAY - timedelta(days=9)}, "past"),
    ):
        with pytest.raises(services.CampaignIncomplete, match=f"(?i){said}"):
            services.submit(campaign=draft(head, **fields), actor=head, at=NOW)


def test_launching_freezes_the_audience_holds_out_and_says_who_is_left_out(head: User, second: User, manager: User):
    people = willing(manager, 12, tier=2)
    silent = make.make_customer(manager=manager, phone="13800138000", tier=2)
    foreign = willing(make.make_user(role="manager", branch=make.make_branch(parent=head.branch.parent)), 1)[0]
    hq = make.make_user(role="head_office", branch=head.branch.parent)
    wide = make.make_segment(branch=hq.branch, created_by=hq)
    campaign = approved(head, second, segment=wide)
    done = launching.launch_campaign(campaign=campaign, actor=NIGHT, at=NOW)
    assert (done.state, done.launched_on) == ("running", TODAY)
    arms = dict(Member.everything.filter(campaign=done).values_list("customer_id", "arm"))
    assert arms == split([(one.pk, 2) for one in people], seed=done.seed, percent=10)
    assert sum(arm == Arm.HELD_OUT for arm in arms.values()) == 2
    rows = dict(Outreach.everything.filter(campaign=done).values_list("customer_id", "state"))
    treated = {pk for pk, arm in arms.items() if arm == Arm.TREATED}
    assert rows == {silent.pk: "suppressed", **dict.fromkeys(treated, "queued")}
    assert foreign.pk not in arms  # of the segment, but not of the campaign's unit
    standing = standing_of(done, head)
    assert (standing.audience, standing.held_out, standing.left_out) == (12, 2, ((LeftOut.NO_CONSENT, 1),))
    # The audience stays as it was, whatever happens to the customers.
    with pytest.raises(IntegrityError), transaction.atomic():
        Member.everything.filter(campaign=done).delete()
    with pytest.raises(CampaignMovedOn):
        launching.launch_campaign(campaign=done, actor=NIGHT, at=NOW)


def test_stopping_or_the_last_day_drops_what_waits(head: User, second: User, manager: User):
    willing(manager, 3)
    campaign = launching.launch_campaign(campaign=approved(head, second, holdout=0), actor=head, at=NOW)
    services.pause(campaign=campaign, actor=head, at=NOW)
    assert Outreach.everything.filter(campaign=campaign, state="queued").count() == 3
    services.resume(campaign=campaign, actor=head, at=NOW)
    with pytest.raises(services.ReasonMissing):
        services.stop(campaign=campaign, actor=second, at=NOW)
    stopped = services.stop(campaign=campaign, actor=second, at=NOW, note="利率调整")
    assert (stopped.state, stopped.ended_on) == ("stopped", TODAY)
    assert set(Outreach.everything.filter(campaign=campaign).values_list("state", "reason")) == {("cancelled", "over")}
    late = launching.launch_campaign(campaign=approved(head, second, holdout=0), actor=head, at=NOW)
    assert launching.end_past(at=NOW) == 0
    assert launching.end_past(at=NOW + timedelta(days=40)) == 1
    late.refresh_from_db()
    assert late.state == "ended"
    assert CampaignMoveMade.objects.filter(campaign=late, move="end", by=None).count() == 1


def test_pages_lead_from_the_form_to_the_launch(client: Client, head: User, second: User, manager: User):
    willing(manager, 4)
    template = make.make_template(created_by=head, body=WORDS)
    segment = make.make_segment(branch=head.branch, created_by=head)
    client.force_login(head)
    form = {
        "name": "到期续存",
        "goal": "留住到期资金",
        "branch": head.branch.code,
        "segment": segment.pk,
        "channel": "sms",
        "template": template.pk,
        "starts_on": TODAY,
        "ends_on": TODAY + timedelta(days=20),
        "holdout": 25,
        "once": "5c3c5c9e-9f8e-4f63-9d1c-3c3f5d3b8a11",
        "submit": "1",
    }
    wrong = client.post(reverse("campaigns:new"), {**form, "template": "", "goal": "留住"})
    assert (wrong.status_code, "留住" in wrong.content.decode()) == (422, True)
    estimate = client.post(reverse("campaigns:estimate"), form).content.decode()
    assert "At most 3 are contacted" in estimate
    assert client.post(reverse("campaigns:new"), form).status_code == 302
    assert client.post(reverse("campaigns:new"), form).status_code == 302
    campaign = Campaign.everything.get()
    assert (campaign.state, str(campaign.cost)) == ("submitted", "0.10")
    client.force_login(second)
    page = client.get(reverse("campaigns:approval", args=[campaign.pk]))
    words = page.content.decode()
    assert "Check passed" in words
    assert all(one.name not in words for one in Customer.everything.all())
    digest = page.context["form"].initial["digest"]
    client.post(reverse("campaigns:step", args=[campaign.pk, "check"]), {"digest": digest})
    client.post(reverse("campaigns:step", args=[campaign.pk, "launch"]))
    campaign.refresh_from_db()
    assert campaign.state == "running"
    for name in ("detail", "overview", "history"):
        page = client.get(reverse(f"campaigns:{name}", args=[campaign.pk]))
        assert page.status_code == 200


def test_the_api_draws_up_drafts_once_and_takes_receipts(client: Client, head: User, manager: User):
    customer = willing(manager, 1)[0]
    template = make.make_template(created_by=head, body=WORDS)
    segment = make.make_segment(branch=head.branch, created_by=head)
    mine = {"HTTP_AUTHORIZATION": f"Bearer {make.make_token(head, 'campaigns:read', 'campaigns:write')}"}
    body = {"name": "到期", "goal": "续存", "kind": "message", "segment": segment.pk, "template": template.pk}
    body |= {"starts_on": TODAY.isoformat(), "ends_on": TODAY.isoformat()}
    send = {"data": body, "content_type": "application/json", "HTTP_IDEMPOTENCY_KEY": "once", **mine}
    first, again = (client.post("/api/v1/campaigns/", **send) for _time in range(2))
    assert (first.status_code, again.json(), Campaign.everything.count()) == (201, first.json(), 1)
    assert (first.json()["state"], first.json()["moves"]) == ("draft", ["submit"])
    foreign = make.make_segment(branch=make.make_branch(parent=head.branch.parent), created_by=make.make_user())
    send["data"], send["HTTP_IDEMPOTENCY_KEY"] = {**body, "segment": foreign.pk}, "other"
    assert client.post("/api/v1/campaigns/", **send).status_code == 404
    running = draft(head, state="running")
    row = make.make_outreach(running, customer, state="sent")
    url = f"/api/v1/campaigns/{running.pk}/outreach/"
    assert [one["customer_no"] for one in client.get(url, **mine).json()["results"]] == [customer.customer_no]
    told = client.post(url, {"outreach": row.pk, "receipt": "read"}, content_type="application/json", **mine)
    assert (told.status_code, told.json()["receipt"]) == (201, "read")
    reading = {"HTTP_AUTHORIZATION": f"Bearer {make.make_token(head, 'campaigns:read')}"}
    refused = client.post(url, {"outreach": row.pk, "receipt": "read"}, content_type="application/json", **reading)
    assert refused.status_code == 403


def test_no_sequence_of_moves_launches_what_one_person_alone_wanted(head: User, second: User, officer: User):
    rng = random.Random(7)
    campaign, people = draft(head), [head, second, officer]
    for _step in range(80):
        # Mostly what the state allows, by whomever; now and then anything.
        allowed = moves_from(CampaignState(campaign.state)) if rng.random() < 0.8 else tuple(CampaignMove)
        move, actor = rng.choice(allowed or tuple(CampaignMove)), rng.choice(people)
        with suppress(DomainError), transaction.atomic():
            if move == CampaignMove.LAUNCH:
                launching.launch_campaign(campaign=campaign, actor=actor, at=NOW)
            else:
                getattr(services, move)(campaign=campaign, actor=actor, at=NOW, note="看过，理由充分")
        campaign.refresh_from_db()
        if campaign.state in (CampaignState.APPROVED, *LAUNCHED):
            assert campaign.approved_by_id not in (None, head.pk)
            assert campaign.digest == content.digest_of(content.content_of(campaign))
        if campaign.state in OVER:
            campaign = draft(head)
    made = set(CampaignMoveMade.objects.values_list("from_state", "to_state"))
    assert made <= {(str(a), str(b)) for a, b in steps()}
    assert ("submitted", "approved") in made
