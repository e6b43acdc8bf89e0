"""Campaigns of the demo branch: one measured, one of calls, one on birthdays, one to be checked."""

import random
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from campaigns.enums import CampaignKind, CampaignState, ExclusionUse, Occasion, Receipt
from campaigns.models import Campaign, Outreach, Segment
from campaigns.queries.win_back import to_win_back
from campaigns.rules.sending import key_of
from campaigns.services import campaigns as services
from campaigns.services import launching, sending, uplift
from campaigns.services.calls import settle_calls
from campaigns.services.drafts import CampaignFacts, draft_campaign
from campaigns.services.receipts import Report, record_receipts
from campaigns.services.segments import SegmentFacts, draft_segment
from campaigns.services.win_back import close_win_back, open_win_backs
from core.clock import SHANGHAI
from core.enums import ActorKind
from core.trail import Actor
from customers.enums import ConsentChannel, ConsentDecision, ConsentProof, ConsentPurpose
from customers.models import Consent, ConsentWording, Customer
from depositcrm.demo.events import seed_events
from depositcrm.demo.offers import People, seed_library, seed_offers, seed_templates
from servicing.enums import Channel, Direction, FollowUpState, Outcome, Topic
from servicing.models import FollowUp
from servicing.services.contacts import log_interaction
from servicing.services.follow_ups import complete_follow_up
from staff.models import User

SEEDER = Actor(None, "seed_demo", ActorKind.JOB)
# So long ago that 30 and 60 days are full on both sides of the launch: the demo has balances of 120 days.
BEGAN, LASTED = 60, 30
SAID = (
    (Outcome.INTERESTED, "有意向，约了周五来网点"),
    (Outcome.CALL_BACK, "再考虑一下，下周再联系"),
    (Outcome.DONE, "已办理续存"),
    (Outcome.NOT_INTERESTED, "暂时不需要"),
    (Outcome.NOT_REACHED, "没有接通"),
)
SCRIPT = (
    "您好，我是您的客户经理。您有一笔定期快要到期了，想和您说一下续存的几种办法，利率以网点公示为准。"
    "您看哪天方便来网点？"
)


def seed_campaigns(*, rng: random.Random, end: date, at: datetime) -> None:
    """Make them; the same generator makes the same."""
    found = {user.username: user for user in User.objects.select_related("branch").filter(is_active=True)}
    if not {"head", "manager", "hq", "compliance"} <= found.keys():
        return
    people = People(*(found[name] for name in ("head", "manager", "hq", "compliance")))
    began = _workday_morning(end - timedelta(days=BEGAN))
    _agree(rng, people, began - timedelta(days=200))
    templates = seed_templates(people, began - timedelta(days=5))
    offers = seed_offers(people, began.date() - timedelta(days=5), end + timedelta(days=120), began - timedelta(days=5))
    seed_library(people, end, began)
    segments = _segments(people, began - timedelta(days=3))
    _measured(rng, people, segments["五千元以上储户"], templates["到期续存短信"], began)
    _calls(rng, people, segments["本月到期客户"], next(iter(offers.values()), None), at)
    _birthdays(people, segments["五千元以上储户"], templates["生日祝福短信"], at)
    _waiting(people, templates["到期续存短信"], at)
    _win_backs(rng, people, end, at)
    seed_events(rng=rng, people=people, end=end, at=at)
    uplift.run(business_day=end, actor=SEEDER, at=at)


def _workday_morning(day: date) -> datetime:
    while day.weekday() > 4:
        day -= timedelta(days=1)
    return datetime.combine(day, time(10), SHANGHAI)


def _agree(rng: random.Random, people: People, at: datetime) -> None:
    """Most customers of the branch agreed to text messages and calls when they opened their accounts."""
    wording = ConsentWording.objects.filter(purpose=ConsentPurpose.MARKETING).order_by("pk").first()
    customers = Customer.everything.filter(branch=people.head.branch, merged_into=None).order_by("customer_no")
    rows = [
        Consent(
            customer=customer,
            purpose=ConsentPurpose.MARKETING,
            channel=channel,
            decision=ConsentDecision.GIVEN,
            wording=wording,
            proof=ConsentProof.SIGNED_FORM,
            proof_ref=f"K{customer.pk:06d}",
            stated_at=at,
            recorded_at=at,
        )
        for customer in customers
        for channel in (ConsentChannel.SMS, ConsentChannel.PHONE)
        if rng.random() < 0.75
    ]
    Consent.everything.bulk_create(rows, batch_size=1_000)


def _segments(people: People, at: datetime) -> dict[str, Segment]:
    head, unit = people.head, people.head.branch
    rules: dict[str, dict[str, Any]] = {
        "五千元以上储户": {"all": [{"field": "total", "op": "at_least", "value": "5000"}]},
        "本月到期客户": {
            "all": [
                {"field": "tier", "op": "in", "value": [2, 3]},
                {"field": "maturing", "op": "within", "value": {"from": 0, "to": 45, "amount": "10000"}},
            ]
        },
        "近三十天联系过": {"not": {"field": "last_contact", "op": "at_least", "value": 30}},
    }
    found = {}
    for name, rule in rules.items():
        use = ExclusionUse.CHOSEN if "not" in rule else ExclusionUse.NONE
        facts = SegmentFacts(name, unit, rule, exclusion=use)
        found[name] = draft_segment(facts=facts, actor=head, at=at)
    return found


def _approved(people: People, facts: CampaignFacts, at: datetime) -> Campaign:
    campaign = draft_campaign(facts=facts, actor=people.head, at=at)
    # The same demo each time.
    Campaign.everything.filter(pk=campaign.pk).update(seed=20_26 + Campaign.everything.count())
    services.submit(campaign=campaign, actor=people.head, at=at)
    campaign = services.check(campaign=campaign, actor=people.hq, at=at, note="名单和话术已看过")
    if campaign.state == CampaignState.CHECKED:
        campaign = services.approve(campaign=campaign, actor=people.compliance, at=at, note="合规")
    return campaign


def _measured(rng: random.Random, people: People, segment: Segment, template: Any, at: datetime) -> None:
    """Sent, reported, ended and measured."""
    day = at.date()
    facts = CampaignFacts(
        name="秋季续存短信",
        goal="到期资金留在本行",
        kind=CampaignKind.MESSAGE,
        branch=people.head.branch,
        of_book=False,
        segment=segment,
        channel=ConsentChannel.SMS,
        template=template,
        starts_on=day,
        ends_on=day + timedelta(days=LASTED),
        holdout=20,
        cost=Decimal("0.10"),
    )
    campaign = _approved(people, facts, at - timedelta(hours=1))
    launching.launch_campaign(campaign=campaign, actor=people.head, at=at)
    sending.run(channel=ConsentChannel.SMS, clock=lambda: at + timedelta(minutes=5))
    sent = list(Outreach.everything.filter(campaign=campaign, state="sent").order_by("pk"))
    reports = [
        Report(key_of(row.pk, row.created_at), rng.choice((Receipt.DELIVERED, Receipt.DELIVERED, Receipt.READ)))
        for row in sent[:60]
    ]
    record_receipts(reports=reports, at=at + timedelta(minutes=20))
    launching.end_past(at=at + timedelta(days=LASTED + 1))


def _calls(rng: random.Random, people: People, segment: Segment, offer: Any, at: datetime) -> None:
    """Running for some days, some calls made."""
    began = min(_workday_morning(at.date() - timedelta(days=2)), at - timedelta(hours=1))
    facts = CampaignFacts(
        name="到期客户电话回访",
        goal="月底前逐户说明续存办法",
        kind=CampaignKind.CALL,
        branch=people.head.branch,
        of_book=False,
        segment=segment,
        channel=ConsentChannel.PHONE,
        offer=offer,
        script=SCRIPT,
        starts_on=began.date(),
        ends_on=at.date() + timedelta(days=26),
        capacity=3,
        cost=Decimal("3.00"),
    )
    campaign = _approved(people, facts, began - timedelta(minutes=30))
    launching.launch_campaign(campaign=campaign, actor=people.head, at=began)
    planned = Outreach.everything.filter(campaign=campaign, follow_up__isnull=False)
    planned = planned.select_related("follow_up__owner__branch", "customer__branch")
    for row in planned.order_by("follow_up__due_on", "pk")[:12]:
        if row.follow_up and rng.random() < 0.7:
            _called(rng, row.customer, row.follow_up, _call_time(rng, row.follow_up.due_on, began, at), at)
    settle_calls(at=at, campaign=campaign)


def _call_time(rng: random.Random, due_on: date, began: datetime, at: datetime) -> datetime:
    """Most calls are made on their day, some a day or so ago whatever it was."""
    late = at - timedelta(minutes=rng.randint(60, 2_000))
    on_day = datetime.combine(due_on, time(10), SHANGHAI) + timedelta(minutes=rng.randint(0, 420))
    then = late if rng.random() < 0.2 else on_day
    return max(min(then, at - timedelta(hours=1)), began + timedelta(minutes=5))


def _called(rng: random.Random, customer: Customer, follow_up: FollowUp, then: datetime, at: datetime) -> None:
    outcome, said = rng.choice(SAID)
    owner = follow_up.owner
    made = log_interaction(
        actor=owner,
        customer=customer,
        channel=Channel.PHONE,
        direction=Direction.OUT,
        topic=Topic.DEPOSIT,
        outcome=outcome,
        note=said,
        happened_at=then,
        at=at,
    )
    follow_up.refresh_from_db()
    if follow_up.state == FollowUpState.OPEN and outcome != Outcome.NOT_REACHED:
        complete_follow_up(follow_up=follow_up, outcome=said, interaction=made, actor=owner, at=then)


def _birthdays(people: People, segment: Segment, template: Any, at: datetime) -> None:
    """A wish on the day, running."""
    facts = CampaignFacts(
        name="生日祝福",
        goal="生日当天问候",
        kind=CampaignKind.TRIGGER,
        branch=people.head.branch,
        of_book=False,
        segment=segment,
        channel=ConsentChannel.SMS,
        template=template,
        starts_on=at.date(),
        ends_on=at.date() + timedelta(days=180),
        occasion=Occasion.BIRTHDAY,
    )
    launching.launch_campaign(campaign=_approved(people, facts, at), actor=people.head, at=at)


def _waiting(people: People, template: Any, at: datetime) -> None:
    """A manager's own campaign, for the head to check."""
    manager = people.manager
    rule = {"all": [{"field": "tier", "op": "in", "value": [1, 2]}]}
    segment = draft_segment(facts=SegmentFacts("我的成长客户", manager.branch, rule, True), actor=manager, at=at)
    facts = CampaignFacts(
        name="成长客户问候",
        goal="年底前每户联系一次",
        kind=CampaignKind.MESSAGE,
        branch=manager.branch,
        of_book=True,
        segment=segment,
        channel=ConsentChannel.SMS,
        template=template,
        starts_on=at.date(),
        ends_on=at.date() + timedelta(days=14),
        cost=Decimal("0.10"),
    )
    services.submit(campaign=draft_campaign(facts=facts, actor=manager, at=at), actor=manager, at=at)


def _win_backs(rng: random.Random, people: People, end: date, at: datetime) -> None:
    """A few under way, one of them closed with its cause."""
    ids = list(to_win_back(people.manager, end).values_list("pk", flat=True)[:4])
    customers = list(Customer.everything.filter(pk__in=ids).order_by("customer_no"))
    if not customers:
        return
    begun = open_win_backs(customers=customers, actor=people.manager, at=at - timedelta(days=9))
    for row in list(begun.done)[:1]:
        close_win_back(win_back=row, cause="rate", note="他行利率高，已约到期再谈", actor=people.manager, at=at)
