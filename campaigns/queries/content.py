"""Templates, offers and the library as people work on them: who may do what, and what keeps them from being used."""

import json
from collections.abc import Mapping
from datetime import date
from hashlib import sha256
from typing import Any, Final

from django.db.models import QuerySet

from campaigns.enums import ContentState, Flaw, OfferFault
from campaigns.models import Article, Campaign, Offer, Template
from campaigns.queries.offers import pieces_of, risk_on, sorts_on
from campaigns.queries.wording import fault_words, word_rules
from campaigns.rules.moves import OVER
from campaigns.rules.offers import LOWEST, OfferError, check_pieces
from campaigns.rules.segments import EVERYBODY, RuleError, check
from campaigns.rules.wording import Fault, banned_in, faults
from staff.access import BOOK_KEEPERS, HEADS, has_role
from staff.enums import Decision, Role
from staff.models import Approval, User
from staff.queries import heads_near

Content = Template | Offer | Article
MAKERS: Final = (*BOOK_KEEPERS, *HEADS)
DECIDERS: Final = (*HEADS, Role.COMPLIANCE)
# What a second person approves of each, by its column.
FIELDS: Final[Mapping[type[Content], tuple[str, ...]]] = {
    Template: ("name", "version", "channel", "subject", "body", "disclosures"),
    Offer: ("name", "kind", "text", "pieces", "rule", "risk", "least", "starts_on", "ends_on", "is_new"),
    Article: ("title", "version", "subject", "body", "tiers", "expires_on", "review_on"),
}
KINDS: Final[Mapping[type[Content], str]] = {
    Template: "campaigns.template",
    Offer: "campaigns.offer",
    Article: "campaigns.article",
}


def facts_of(row: Content) -> dict[str, Any]:
    """What is approved, as plain values."""
    values = {name: getattr(row, name) for name in FIELDS[type(row)]}
    return {name: value if isinstance(value, str | int | list | dict) else str(value) for name, value in values.items()}


def digest_of(row: Content) -> str:
    """What stands for exactly this content."""
    return sha256(json.dumps(facts_of(row), sort_keys=True, ensure_ascii=False).encode()).hexdigest()


def pending_approval(row: Content) -> Approval | None:
    """The request that waits for a second person, if one does."""
    waiting = Approval.objects.filter(kind=KINDS[type(row)], subject_id=row.pk, decision=Decision.PENDING)
    return waiting.select_related("requested_by").first()


def deciders_for(row: Content) -> QuerySet[User]:
    """The nearest heads who are told that something waits; compliance and other heads may decide as well."""
    return heads_near(row.created_by.branch, but=row.created_by_id)


def may_change(user: User, row: Content) -> bool:
    """Whether somebody may change a draft: who made it."""
    return row.state == ContentState.DRAFT and row.created_by_id == user.pk and has_role(user, *MAKERS)


def may_decide(user: User, row: Content) -> bool:
    """Whether somebody may be the second person."""
    return row.state == ContentState.SUBMITTED and row.created_by_id != user.pk and has_role(user, *DECIDERS)


def may_retire(user: User, row: Content) -> bool:
    """Whether somebody may take it out of use."""
    return row.state == ContentState.APPROVED and has_role(user, *DECIDERS)


def flaws_of(row: Content, day: date) -> list[str]:
    """What keeps a version from being submitted and approved on a day, in words."""
    if isinstance(row, Template):
        return template_flaws(row, day)
    return _article_flaws(row, day) if isinstance(row, Article) else _offer_flaws(row, day)


def template_flaws(row: Template, day: date) -> list[str]:
    """What is wrong with the words of a template by the rules of a day."""
    rules = word_rules(day)
    return [fault_words(one, rules) for one in faults(row.body, row.subject, row.channel, rules, row.disclosures)]


def _article_flaws(row: Article, day: date) -> list[str]:
    rules = word_rules(day)
    found = [Fault(Flaw.BANNED, word) for word in banned_in(f"{row.title}\n{row.body}", rules)]
    found += [Fault(Flaw.EXPIRED, str(row.expires_on))] if row.expires_on < day else []
    return [fault_words(one, rules) for one in found]


def _offer_flaws(row: Offer, day: date) -> list[str]:
    rules = word_rules(day)
    found = [fault_words(Fault(Flaw.BANNED, word), rules) for word in banned_in(f"{row.name}\n{row.text}", rules)]
    found += [fault_words(Fault(Flaw.EXPIRED, str(row.ends_on)), rules)] if row.ends_on < day else []
    try:
        check_pieces(row.kind, pieces_of(row), sorts_on(day), row.least)
    except OfferError as error:
        found.append(str(OfferFault(error.fault).label))
    try:
        check(row.rule or EVERYBODY)
    except RuleError as error:
        found.append(str(error.fault.label))
    return found


def campaign_flaws(campaign: Campaign, day: date) -> list[str]:
    """What is wrong with the words of a campaign by the rules of a day, in words: banned words anywhere, what must be
    said with its offer, its risk or its piece of the library, and what is out of date."""
    rules = word_rules(day)
    offer, article, template = campaign.offer, campaign.article, campaign.template
    needed = rules.needed(
        campaign.channel,
        offer=offer is not None,
        risk=offer is not None and risk_on(offer, day) > LOWEST,
        article=article is not None,
    )
    found: list[Fault] = []
    if template:
        found = faults(template.body, template.subject, campaign.channel, rules, [*template.disclosures, *needed])
    elif campaign.script:
        found = faults(campaign.script, "", campaign.channel, rules, needed)
    said = "\n".join([campaign.script if template else "", offer.text if offer else ""])
    found += [Fault(Flaw.BANNED, word) for word in banned_in(said, rules)]
    if article and not is_sendable(article, day):
        found.append(Fault(Flaw.EXPIRED, str(article)))
    return list(dict.fromkeys(fault_words(one, rules) for one in found))


def is_sendable(article: Article, day: date) -> bool:
    """Whether a piece of the library may be given or sent on a day: in use, and not past its last day (M12)."""
    return article.state == ContentState.APPROVED and article.expires_on >= day


def used_by(row: Content) -> QuerySet[Campaign]:
    """Campaigns with this version that are not over, whoever runs them."""
    column = {Template: "template", Offer: "offer", Article: "article"}[type(row)]
    return Campaign.everything.exclude(state__in=OVER).filter(**{column: row.pk})
