"""What is approved about a campaign: its content as plain values, the digest that stands for it, what is different."""

import json
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from hashlib import sha256
from typing import Any, Final

from django.db import connection
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from campaigns.enums import CampaignKind, ContentState, EventState, Occasion, SegmentKind
from campaigns.enums.rule_words import RuleField
from campaigns.models import Campaign, Offer, Segment, SegmentMember, Template
from campaigns.queries import segments
from campaigns.queries.events import event_of, said_of
from campaigns.queries.wording import word_rules
from campaigns.rules.campaigns import Change, changes, faults, is_by_call
from campaigns.rules.segments import numbers_asked
from campaigns.rules.word_rules import variables_in
from campaigns.rules.wording import sms_parts, typical
from core.clock import SHANGHAI
from core.money import format_yuan
from core.wording import listed
from customers.enums import ConsentChannel
from tiers.queries import bands_for_display

LABELS: Final = {
    "name": pgettext_lazy("campaign", "Name"),
    "goal": _("Goal"),
    "kind": _("Kind"),
    "unit": _("Unit"),
    "of_book": _("Only customers of one's own"),
    "event": pgettext_lazy("salon", "Event"),
    "segment": _("Segment"),
    "rule": _("Rule of the segment"),
    "exclusions": _("Exclusions"),
    "lists": _("Lists the rules name"),
    "channel": _("Channel"),
    "template": _("Template"),
    "subject": _("Subject of the message"),
    "words": _("Words"),
    "offer": _("Offer"),
    "offer_words": _("Offer in words"),
    "offer_rule": _("Who is eligible"),
    "article": _("Piece of the library"),
    "script": _("What to say"),
    "capacity": _("Calls a manager and workday"),
    "starts_on": _("From"),
    "ends_on": pgettext_lazy("campaign", "Until"),
    "holdout": _("Held out, %"),
    "seed": _("Seed of the draw"),
    "occasion": _("Occasion"),
    "days": pgettext_lazy("occasion", "Days"),
    "amount": _("From an amount of, yuan"),
    "cost": _("Cost of a contact, yuan"),
}
RULES: Final = ("rule", "offer_rule")
# What keeps a campaign from being submitted, in words.
FAULTS: Final = {
    "script_missing": _("Write what to say on the phone."),
    "channel_not_sent": _("Messages go out as text message, e-mail, over WeCom or in the app."),
    "template_missing": _("Choose a template."),
    "template_not_in_use": _("This template is not in use, or is for another channel."),
    "offer_not_in_use": _("This offer is not in use for all days of the campaign."),
    "article_out_of_date": _("This piece of the library is not in use for all days of the campaign."),
    "segment_gone": _("This segment was put away."),
    "occasion_missing": _("Choose the occasion."),
    "event_missing": _("Choose the event."),
    "event_not_open": _("The event is not open for answers."),
    "event_before_end": _("The campaign ends after the last moment for answers."),
    "event_without_link": _("The template of an invitation holds the link to answer by: {rsvp}."),
    "ends_before_it_starts": _("The last day is before the first."),
    "over_already": _("The last day is past."),
    "too_long": _("A campaign lasts a year at most."),
}


def content_of(campaign: Campaign) -> dict[str, Any]:
    """Everything a second person approves, as plain values that read the same a year later; keys are of `LABELS`."""
    content = _outline(campaign) | _message(campaign)
    return {name: content[name] for name in LABELS}


def _outline(campaign: Campaign) -> dict[str, Any]:
    return {
        "name": campaign.name,
        "goal": campaign.goal,
        "kind": campaign.kind,
        "unit": f"{campaign.branch.code} {campaign.branch.name}",
        "of_book": campaign.of_book,
        "event": _event(campaign),
        "segment": campaign.segment.name,
        "rule": _rule(campaign.segment),
        "exclusions": [[row.name, _rule(row)] for row in exclusions_of(campaign)],
        "lists": [[row.name, _rule(row)] for row in lists_named(campaign)],
        "starts_on": campaign.starts_on.isoformat(),
        "ends_on": campaign.ends_on.isoformat(),
        "holdout": campaign.holdout,
        "seed": campaign.seed,
        "occasion": campaign.occasion,
        "days": campaign.days if campaign.occasion else "",
        "amount": f"{campaign.amount:.2f}" if campaign.occasion else "",
        "cost": f"{campaign.cost:.2f}",
    }


def _event(campaign: Campaign) -> str:
    """What, when and where guests are invited to."""
    event = event_of(campaign) if campaign.kind == CampaignKind.EVENT else None
    return f"{event.name} · {said_of(event)['event_at']} · {event.place}" if event else ""


def _message(campaign: Campaign) -> dict[str, Any]:
    template, offer, article = campaign.template, campaign.offer, campaign.article
    return {
        "channel": campaign.channel,
        "template": str(template) if template else "",
        "subject": template.subject if template else "",
        "words": template.body if template else "",
        "offer": offer.name if offer else "",
        "offer_words": offer.text if offer else "",
        "offer_rule": offer.rule if offer else {},
        "article": str(article) if article else "",
        "script": campaign.script,
        "capacity": campaign.capacity if is_by_call(campaign.kind) else "",
    }


def exclusions_of(campaign: Campaign) -> list[Segment]:
    """The segments a campaign names to leave out, by name."""
    return list(Segment.everything.filter(pk__in=campaign.exclusions).order_by("name", "pk"))


def lists_named(campaign: Campaign) -> list[Segment]:
    """The lists the rules of a campaign name, by name: whoever is put on one comes to be reached, or offered to."""
    segments_asked = [campaign.segment, *exclusions_of(campaign)]
    rules = [row.rule for row in segments_asked if row.kind == SegmentKind.RULE]
    rules += [campaign.offer.rule] if campaign.offer else []
    asked = set[int]().union(*(numbers_asked(rule, RuleField.LIST) for rule in rules))
    return list(Segment.everything.filter(pk__in=asked).order_by("name", "pk")) if asked else []


def _rule(segment: Segment) -> Any:
    """The rule; of a list the fingerprint of who is on it, so that a list changed after approval shows."""
    if segment.kind == SegmentKind.RULE:
        return segment.rule
    ids = SegmentMember.everything.filter(segment=segment).order_by("customer_id").values_list("customer_id", flat=True)
    keys = list(ids)
    return {"list": len(keys), "sha256": sha256(repr(keys).encode()).hexdigest()}


def digest_of(content: dict[str, Any]) -> str:
    """What stands for exactly this content."""
    return sha256(json.dumps(content, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


def top_tier(day: date) -> int | None:
    """The rank of the highest tier; None where there are none."""
    return max((band.rank for band in bands_for_display(day)), default=None)


def holds_top_tier(campaign: Campaign, day: date) -> bool:
    """Whether anybody of the audience is in the highest tier: then compliance has a say (M06)."""
    top = top_tier(day)
    if top is None:
        return False
    found, params = segments.audience(campaign.segment, day=day)
    sql = f"""SELECT EXISTS (
        SELECT 1 FROM customers_customerposition top
        WHERE top.tier = %(top_tier)s AND top.customer_id IN ({found}))"""
    with connection.cursor() as cursor:
        cursor.execute(sql, {**params, "top_tier": top})
        return bool(cursor.fetchone()[0])


def needs_compliance(campaign: Campaign, day: date) -> bool:
    """Whether compliance decides after the check: the audience holds the top tier, or the offer is a new product."""
    return bool(campaign.offer and campaign.offer.is_new) or holds_top_tier(campaign, day)


def faults_of(campaign: Campaign, day: date) -> dict[str, str]:
    """What keeps a campaign from being submitted or launched on `day`: codes of `FAULTS` by field."""
    found = {fault.field: fault.code for fault in faults(_values(campaign), today=day)}
    template, offer, article = campaign.template, campaign.offer, campaign.article
    if campaign.kind == CampaignKind.EVENT and (fault := _event_fault(campaign)):
        found.setdefault("event", fault)
    if campaign.segment.archived_at is not None:
        found.setdefault("segment", "segment_gone")
    if template and (template.state != ContentState.APPROVED or template.channel != campaign.channel):
        found.setdefault("template", "template_not_in_use")
    if offer and (offer.state != ContentState.APPROVED or not _holds(offer, campaign)):
        found.setdefault("offer", "offer_not_in_use")
    if article and (article.state != ContentState.APPROVED or article.expires_on < campaign.ends_on):
        found.setdefault("article", "article_out_of_date")
    return found


def _event_fault(campaign: Campaign) -> str:
    """Why nobody can be invited, as a code of `FAULTS`; "" where nothing is in the way."""
    event, template = event_of(campaign), campaign.template
    if event is None:
        return "event_missing"
    if event.state != EventState.OPEN:
        return "event_not_open"
    if campaign.ends_on > event.answer_by.astimezone(SHANGHAI).date():
        return "event_before_end"
    names = variables_in(f"{template.subject}\n{template.body}") if template else ["rsvp"]
    return "" if "rsvp" in names else "event_without_link"


def price_of(channel: str, template: Template | None, day: date) -> Decimal:
    """Yuan for one contact by the price list; a text message costs by its parts."""
    rules = word_rules(day)
    parts = sms_parts(typical(template.body), rules.sms_single, rules.sms_part) if template else 1
    return rules.price(channel, parts)


def _holds(offer: Offer, campaign: Campaign) -> bool:
    return offer.starts_on <= campaign.starts_on and offer.ends_on >= campaign.ends_on


def _values(campaign: Campaign) -> dict[str, Any]:
    names = ("kind", "channel", "script", "occasion", "starts_on", "ends_on")
    return {**{name: getattr(campaign, name) for name in names}, "template": campaign.template_id}


@dataclass(frozen=True, slots=True)
class Difference:
    """A part of a campaign in words, as it was approved before and as it is now."""

    label: Any
    before: str
    after: str


def differences(campaign: Campaign, day: date) -> list[Difference]:
    """What is different from what was approved last, in the active language; everything where nothing was."""
    found = changes(campaign.frozen, content_of(campaign))
    return [Difference(LABELS[one.name], _said(one, one.before, day), _said(one, one.after, day)) for one in found]


def content_in_words(content: dict[str, Any], day: date) -> list[tuple[Any, str]]:
    """The parts of a content that say something, labelled, in the active language and always in the same order."""
    ordered = {name: content[name] for name in LABELS if name in content}
    return [(LABELS[one.name], _said(one, one.after, day)) for one in changes({}, ordered)]


def _said(change: Change, value: Any, day: date) -> str:
    """A value of a content in words; "" for none."""
    if value is None or value in ("", [], {}):
        return ""
    if change.name in RULES:
        return rule_in_words(value, day)
    if change.name in ("exclusions", "lists"):
        return listed(f"{name} ({rule_in_words(rule, day)})" for name, rule in value)
    if change.name == "of_book":
        return str(_("yes") if value else _("no"))
    if change.name in ("amount", "cost"):
        return format_yuan(Decimal(value))
    choices = {"kind": CampaignKind, "channel": ConsentChannel, "occasion": Occasion}.get(change.name)
    return str(dict(choices.choices).get(value, value)) if choices else str(value)


def rule_in_words(rule: Any, day: date) -> str:
    """A rule as a sentence; of a list how many are on it."""
    if isinstance(rule, dict) and "list" in rule:
        return str(_("a list of %(count)s customers")) % {"count": rule["list"]}
    return segments.sentence_of(rule, day=day)
