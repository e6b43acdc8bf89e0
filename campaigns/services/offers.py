"""Offers drawn up and changed while they are drafts, and what risk a customer says they bear (M16)."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any, Final

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from campaigns.enums import ContentState
from campaigns.enums.rule_words import RuleField
from campaigns.models import Offer, RiskTolerance
from campaigns.queries import content as queries
from campaigns.queries.segment_pages import lists_of
from campaigns.rules.segments import numbers_asked
from campaigns.services.content import ContentNotYours, check_maker, day_of, locked, record
from campaigns.services.segments import UnknownList
from core import trail
from core.errors import DomainError
from customers.models import Customer
from servicing.enums import RiskGrade
from staff.access import SERVING, has_role
from staff.models import User

# A questionnaire about risk is asked again after a year at the latest.
LONGEST_VALID: Final = timedelta(days=366)


class OfferRefused(DomainError):
    """Days the wrong way round, or amounts below zero."""

    code = "offer_refused"
    message = _("The last day is before the first.")


class RiskRefused(DomainError):
    """A grade that is none, a day that is not past, or too long a time."""

    code = "risk_refused"
    message = _("The questionnaire was answered today or before, and its grade is valid for a year at most.")


@dataclass(frozen=True, slots=True)
class OfferFacts:
    """What is offered, to whom (`rule`), and when; `pieces` as `campaigns.rules.offers.read_pieces` reads them."""

    name: str
    kind: str
    text: str
    pieces: Sequence[Mapping[str, Any]]
    rule: Mapping[str, Any]
    risk: str
    least: Decimal
    starts_on: date
    ends_on: date
    is_new: bool


@transaction.atomic
def draft_offer(*, facts: OfferFacts, actor: User, at: datetime) -> Offer:
    """An offer as a draft. Raises ContentNotYours, OfferRefused, UnknownList."""
    check_maker(actor)
    _check_lists(facts.rule, actor)
    row = Offer(**_values(facts), created_by=actor, created_at=at)
    row.save()
    record(row, "create", actor, at, queries.facts_of(row))
    return row


@transaction.atomic
def change_offer(*, offer: Offer, facts: OfferFacts, actor: User, at: datetime) -> Offer:
    """Change one's own draft. Raises ContentMovedOn, ContentNotYours, OfferRefused, UnknownList."""
    row = locked(offer, ContentState.DRAFT)
    if not queries.may_change(actor, row):
        raise ContentNotYours()
    _check_lists(facts.rule, actor)
    before = queries.facts_of(row)
    for name, value in _values(facts).items():
        setattr(row, name, value)
    row.save()
    after = queries.facts_of(row)
    record(row, "change", actor, at, {k: [before[k], after[k]] for k in after if before[k] != after[k]})
    return row


@transaction.atomic
def copy_offer(*, offer: Offer, actor: User, at: datetime) -> Offer:
    """The same offer as a new draft: what is in use never changes. Raises ContentNotYours."""
    check_maker(actor)
    values = {name: getattr(offer, name) for name in queries.FIELDS[Offer]}
    row = Offer.everything.create(**values, created_by=actor, created_at=at)
    record(row, "create", actor, at, {**queries.facts_of(row), "copy_of": offer.pk})
    return row


@transaction.atomic
def record_tolerance(
    *, customer: Customer, grade: str, assessed_on: date, valid_until: date, actor: User, at: datetime
) -> RiskTolerance:
    """What risk a customer bears, as the bank's questionnaire found it. Raises ContentNotYours, RiskRefused."""
    if not has_role(actor, *SERVING) or not Customer.objects.visible_to(actor).filter(pk=customer.pk).exists():
        raise ContentNotYours()
    is_dated = assessed_on <= day_of(at) and assessed_on <= valid_until <= assessed_on + LONGEST_VALID
    if grade not in RiskGrade.values or not is_dated:
        raise RiskRefused()
    found = RiskTolerance.everything.create(
        customer=customer,
        grade=grade,
        assessed_on=assessed_on,
        valid_until=valid_until,
        recorded_by=actor,
        recorded_at=at,
    )
    trail.record(
        actor=actor.actor,
        action="record_risk",
        subject="customers.customer",
        subject_id=customer.customer_no,
        at=at,
        changes={"grade": grade, "assessed_on": assessed_on.isoformat(), "valid_until": valid_until.isoformat()},
    )
    return found


def _check_lists(rule: Mapping[str, Any], actor: User) -> None:
    """Raise UnknownList when a rule names a list the maker does not see."""
    asked = numbers_asked(rule, RuleField.LIST) if rule else set()
    if asked and lists_of(actor).filter(pk__in=asked).count() < len(asked):
        raise UnknownList()


def _values(facts: OfferFacts) -> dict[str, Any]:
    if facts.ends_on < facts.starts_on or facts.least < 0:
        raise OfferRefused()
    return {**asdict(facts), "pieces": [dict(piece) for piece in facts.pieces], "rule": dict(facts.rule)}
