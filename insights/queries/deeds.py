"""What happened beside talking: quotes, follow-ups done, referrals, feedback and consents, each by its moment."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from django.db.models import QuerySet

from customers.models import Consent, Customer
from insights.enums import EntryKind
from servicing.enums import FollowUpState
from servicing.models import Feedback, FollowUp, Quote, Referral
from servicing.queries.choices import word_for
from servicing.queries.follow_ups import readable_by, title_of
from servicing.queries.referrals import referrals_of
from staff.models import User


@dataclass(frozen=True, slots=True)
class Deed:
    """Something done: what, and how it stands, in words and as a code; by whom; and its page by name ("" = none)."""

    what: str
    stands: str
    state: str
    by: User | None
    page: str


@dataclass(frozen=True, slots=True)
class Source:
    """Deeds of one kind: the rows of a customer a viewer may open, the column of their moment, how they are told."""

    rows: Callable[[Customer, User], QuerySet[Any]]
    moment: str
    tell: Callable[[Any], Deed]


def _quotes(customer: Customer, viewer: User) -> QuerySet[Any]:
    return Quote.objects.visible_to(viewer).filter(customer=customer).select_related("made_by")


def _quote(row: Quote) -> Deed:
    return Deed(row.get_kind_display(), "", row.kind, row.made_by, "servicing:quote")


def _follow_ups(customer: Customer, viewer: User) -> QuerySet[Any]:
    closed = FollowUp.objects.visible_to(viewer).filter(customer=customer, state=FollowUpState.DONE)
    return readable_by(closed, viewer).select_related("closed_by")


def _follow_up(row: FollowUp) -> Deed:
    return Deed(title_of(row), row.outcome, row.state, row.closed_by, "servicing:follow_up")


def _referrals(customer: Customer, viewer: User) -> QuerySet[Any]:
    return referrals_of(viewer).filter(customer=customer)


def _referral(row: Referral) -> Deed:
    words = f"{word_for('topics', row.topic)} → {row.to_user.name if row.to_user else '–'}"
    return Deed(words, row.get_state_display(), row.state, row.from_user, "servicing:referral")


def _feedback(customer: Customer, viewer: User) -> QuerySet[Any]:
    return Feedback.objects.visible_to(viewer).filter(customer=customer).select_related("recorded_by")


def _said(row: Feedback) -> Deed:
    return Deed(row.get_kind_display(), row.get_state_display(), row.state, row.recorded_by, "servicing:feedback_item")


def _consents(customer: Customer, viewer: User) -> QuerySet[Any]:
    return Consent.objects.visible_to(viewer).filter(customer=customer).select_related("recorded_by")


def _consent(row: Consent) -> Deed:
    words = f"{row.get_purpose_display()} · {row.get_channel_display()}"
    return Deed(words, row.get_decision_display(), row.decision, row.recorded_by, "")


SOURCES: Final[Mapping[EntryKind, Source]] = {
    EntryKind.QUOTE: Source(_quotes, "made_at", _quote),
    EntryKind.FOLLOW_UP: Source(_follow_ups, "closed_at", _follow_up),
    EntryKind.REFERRAL: Source(_referrals, "made_at", _referral),
    EntryKind.FEEDBACK: Source(_feedback, "recorded_at", _said),
    EntryKind.CONSENT: Source(_consents, "stated_at", _consent),
}
