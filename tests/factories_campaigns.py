"""Makers of campaigns."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

from campaigns.enums import Arm, CampaignState, ContentState, OutreachState
from campaigns.models import (
    Article,
    ArticleUse,
    Campaign,
    Event,
    Member,
    Offer,
    Outreach,
    Segment,
    Template,
    TrainedModel,
)
from campaigns.rules.call_facts import COLUMNS
from campaigns.rules.moves import LAUNCHED
from customers.models import Customer
from staff.models import Branch, User
from tests.factories_base import NOW, TODAY, make_user, number

EVERYBODY = {"all": []}


def make_segment(*, branch: Branch, created_by: User, **fields: Any) -> Segment:
    """A segment of everybody in the unit, by a rule."""
    values = {"name": f"客群{number()}", "rule": EVERYBODY, "created_at": NOW, "changed_at": NOW, **fields}
    return Segment.everything.create(branch=branch, created_by=created_by, **values)


def make_template(*, created_by: User, **fields: Any) -> Template:
    """A version of a text message in use."""
    values = {
        "name": f"模板{number()}",
        "channel": "sms",
        "body": "【{bank}】{name}您好，我行有新的定期存款，利率以网点公示为准。退订：{opt_out}",
        "state": ContentState.APPROVED,
        "created_at": NOW,
        "approved_by": fields.get("approved_by") or make_user(role="head_office", branch=created_by.branch),
        "approved_at": NOW,
        **fields,
    }
    return Template.everything.create(created_by=created_by, **values)


def make_offer(*, created_by: User, **fields: Any) -> Offer:
    """An offer everybody is eligible for, in use."""
    values = {
        "name": f"方案{number()}",
        "text": "一年期定期存款",
        "rule": EVERYBODY,
        "starts_on": TODAY - timedelta(days=10),
        "ends_on": TODAY + timedelta(days=90),
        "state": ContentState.APPROVED,
        "created_at": NOW,
        "approved_by": fields.get("approved_by") or make_user(role="head_office", branch=created_by.branch),
        "approved_at": NOW,
        **fields,
    }
    return Offer.everything.create(created_by=created_by, **values)


def make_campaign(*, branch: Branch, created_by: User, **fields: Any) -> Campaign:
    """A campaign of text messages; a state brings the approval and the days it needs."""
    state = fields.get("state", CampaignState.DRAFT)
    values = {
        "name": f"活动{number()}",
        "goal": "引导到期资金续存",
        "segment": fields.get("segment") or make_segment(branch=branch, created_by=created_by),
        "template": fields.get("template") or make_template(created_by=created_by),
        "starts_on": TODAY - timedelta(days=2),
        "ends_on": TODAY + timedelta(days=28),
        "seed": 7,
        "state_at": NOW,
        "created_at": NOW,
        "once": uuid4(),
    }
    if state in (CampaignState.APPROVED, *LAUNCHED):
        approver = fields.get("approved_by") or make_user(role="branch_head", branch=branch)
        values |= {"approved_by": approver, "digest": "d" * 64, "frozen": {"name": "approved"}}
    if state in LAUNCHED:
        values |= {"launched_at": NOW, "launched_on": TODAY}
    return Campaign.everything.create(branch=branch, created_by=created_by, **{**values, **fields})


def make_member(campaign: Campaign, customer: Customer, arm: str = Arm.TREATED, **fields: Any) -> Member:
    """A customer of the frozen audience."""
    values = {"branch": customer.branch, "manager": customer.manager, "tier": 2, "joined_on": TODAY, **fields}
    return Member.everything.create(campaign=campaign, customer=customer, arm=arm, **values)


def make_outreach(campaign: Campaign, customer: Customer, **fields: Any) -> Outreach:
    """One contact of the campaign, waiting; a state brings the times it needs."""
    state = fields.get("state", OutreachState.QUEUED)
    values = {"channel": campaign.channel, "created_at": NOW}
    if state == OutreachState.SENT:
        values["sent_at"] = NOW
    if state == OutreachState.SENDING:
        values["claimed_at"] = NOW
    return Outreach.everything.create(campaign=campaign, customer=customer, **{**values, **fields})


def make_event(*, branch: Branch, created_by: User, **fields: Any) -> Event:
    """A salon in ten days with room for three, open for answers."""
    starts_at = NOW + timedelta(days=10)
    values = {
        "name": f"沙龙{number()}",
        "kind": "salon",
        "place": "二楼贵宾室",
        "starts_at": starts_at,
        "ends_at": starts_at + timedelta(hours=2),
        "answer_by": starts_at - timedelta(days=1),
        "capacity": 3,
        "host": created_by,
        "state": "open",
        "created_at": NOW,
        **fields,
    }
    return Event.everything.create(branch=branch, created_by=created_by, **values)


def make_article(*, created_by: User, **fields: Any) -> Article:
    """A piece of the library for everybody, in use."""
    values = {
        "title": f"存款保险{number()}",
        "subject": "insurance",
        "body": "每家银行每位存款人最高偿付五十万元。",
        "expires_on": TODAY + timedelta(days=180),
        "review_on": TODAY + timedelta(days=90),
        "state": ContentState.APPROVED,
        "created_at": NOW,
        "approved_by": fields.get("approved_by") or make_user(role="head_office", branch=created_by.branch),
        "approved_at": NOW,
        **fields,
    }
    return Article.everything.create(created_by=created_by, **values)


def make_content_drafts(made_by: User, approver: User, name: str) -> dict[str, Any]:
    """A piece in use, and a draft of each sort of content."""
    draft = {"created_by": made_by, "approved_by": approver, "state": ContentState.DRAFT, "approved_at": None}
    drafts = {
        "template_draft": make_template(**draft, name=f"草稿{name}"),
        "offer_draft": make_offer(**draft, name=f"草稿{name}"),
        "article_draft": make_article(**draft, title=f"草稿{name}"),
    }
    for row in drafts.values():
        type(row).everything.filter(pk=row.pk).update(approved_by=None)
    return {**drafts, "article": make_article(created_by=made_by, approved_by=approver, title=f"文章{name}")}


def give(article: Article, customer: Customer, by: User) -> ArticleUse:
    """A piece given to a customer on paper."""
    return ArticleUse.everything.create(article=article, customer=customer, by=by, at=NOW, way="paper")


def make_model(**fields: Any) -> TrainedModel:
    """A trained model that waits for a second person; it knows nothing but that one in four agrees."""
    none, one = [0.0] * len(COLUMNS), [1.0] * len(COLUMNS)
    values = {
        "kind": "logistic",
        "features": list(COLUMNS),
        "weights": {"base": -1.0986, "means": none, "scales": one, "weights": none},
        "row_count": 1000,
        "trained_on": TODAY,
        "trained_at": NOW,
        **fields,
    }
    return TrainedModel.objects.create(**values)
