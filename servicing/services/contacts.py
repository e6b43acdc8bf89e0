"""Every write of contacts."""

from datetime import date, datetime
from typing import Any
from uuid import UUID, uuid4

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from core import crypto, trail
from core.clock import SHANGHAI
from core.errors import DomainError
from customers.models import Customer
from customers.services import records
from customers.services.promises import make_promise
from servicing.enums import Direction, Origin, Outcome
from servicing.models import Interaction
from servicing.queries.choices import choices_on, known_choices
from servicing.queries.contacts import CONFIDENTIAL_WRITERS, may_read_confidential
from servicing.rules import contacts as rules
from servicing.rules.choices import Choices
from servicing.services.first_contacts import note_first_contact, renew_first_contacts
from staff.access import has_role
from staff.enums.training import Activity
from staff.models import User
from staff.queries.licences import licence_rules
from staff.services.licences import check_licence

SUBJECT = "servicing.interaction"
CONFIDENTIAL = "servicing.interaction.confidential"
SEALED = "confidential_cipher"


class NotOffered(DomainError):
    """The channel or topic is none of those in force."""

    code = "not_offered"
    message = _("This channel or topic is not in use.")


class OutcomeNotPossible(DomainError):
    """This outcome does not exist for the channel."""

    code = "outcome_not_possible"
    message = _("This outcome does not fit the channel.")


class InTheFuture(DomainError):
    """The contact is said to have happened later than now."""

    code = "in_the_future"
    message = _("A contact cannot lie in the future.")


class NoLongerChangeable(DomainError):
    """Not the author's any more to change: written by somebody else, or more than 15 minutes ago."""

    code = "no_longer_changeable"
    message = _("Only its author can change a contact, within 15 minutes.")


class ConfidentialNotYours(DomainError):
    """The confidential part is for its author, the customer's managers and the head of the branch."""

    code = "confidential_not_yours"
    message = _("The confidential part is for the customer's managers and the head of the branch.")


def _day(moment: datetime) -> date:
    return moment.astimezone(SHANGHAI).date()


@transaction.atomic
def log_interaction(
    *,
    actor: User,
    customer: Customer,
    channel: str,
    direction: str = Direction.IN,
    topic: str,
    outcome: str,
    note: str = "",
    confidential: str = "",
    next_step: str = "",
    minutes: int | None = None,
    mood: str = "",
    happened_at: datetime,
    at: datetime,
    once: UUID | None = None,
    promise: str = "",
    promise_due_on: date | None = None,
) -> Interaction:
    """Write a contact down, with what was promised in it; with `once`, sending it again finds the first.

    Raises NotOffered, OutcomeNotPossible, InTheFuture, ConfidentialNotYours, NotLicensed, and what `make_promise` does.
    """
    choices = _checked(actor, channel, topic, outcome, happened_at, at)
    if rules.is_in_future(happened_at, at):
        raise InTheFuture()
    once, is_keyed = once or uuid4(), once is not None
    values = {
        "author": actor,
        "branch_id": actor.branch_id,
        "channel": channel,
        "direction": direction,
        "topic": topic,
        "outcome": outcome,
        "confidential_cipher": _sealed(confidential, once, actor),
        **_told({"note": note, "next_step": next_step, "minutes": minutes, "mood": mood}),
        "happened_at": happened_at,
        "recorded_at": at,
    }
    interaction, created = Interaction.everything.get_or_create(customer=customer, once=once, defaults=values)
    if is_keyed and not created:
        return interaction
    if choices.counts(outcome):
        records.touch_contact(customer_id=customer.pk, on=_day(happened_at))
        note_first_contact(interaction)
    if promise.strip() and promise_due_on is not None:
        make_promise(customer=customer, text=promise, due_on=promise_due_on, actor=actor, at=at)
    _record(actor, "log", interaction, at, {"channel": channel, "topic": topic, "outcome": outcome})
    return interaction


@transaction.atomic
def change_interaction(
    *,
    interaction: Interaction,
    actor: User,
    topic: str,
    outcome: str,
    note: str,
    confidential: str | None = None,
    at: datetime,
    **more: Any,
) -> Interaction:
    """Correct one's own contact within 15 minutes; `more` may be next_step, minutes and mood.

    `confidential` None leaves that part as it is, "" takes it away. Raises NoLongerChangeable, NotOffered,
    OutcomeNotPossible, ConfidentialNotYours, NotLicensed.
    """
    interaction = _own_recent(interaction, actor, at)
    new = {"topic": topic, "outcome": outcome, **_told({"note": note, **more})}
    changes = {name: [getattr(interaction, name), value] for name, value in new.items()}
    changes = {name: pair for name, pair in changes.items() if pair[0] != pair[1]}
    if {"topic", "outcome"} & set(changes):
        _checked(actor, interaction.channel, topic, outcome, interaction.happened_at, at)
    for name, (_old, value) in changes.items():
        setattr(interaction, name, value)
    if confidential is not None:
        changes |= _reseal(interaction, confidential.strip(), actor)
    interaction.save(update_fields=[*changes, "once"])
    if "outcome" in changes:
        _refresh(interaction.customer_id)
    for name in {"note", "next_step", SEALED} & set(changes):  # free text may name people: that it changed is enough
        changes[name] = [len(text) for text in changes[name]]
    _record(actor, "change", interaction, at, changes)
    return interaction


@transaction.atomic
def undo_interaction(*, interaction: Interaction, actor: User, at: datetime) -> None:
    """Take one's own contact back within 15 minutes; the trail keeps that it was. Raises NoLongerChangeable."""
    interaction = _own_recent(interaction, actor, at)
    kept = {name: getattr(interaction, name) for name in ("channel", "topic", "outcome")}
    _record(actor, "undo", interaction, at, kept)
    customer_id = interaction.customer_id
    interaction.delete()
    _refresh(customer_id)


def show_confidential(*, interaction: Interaction, actor: User, at: datetime) -> str:
    """The confidential part in clear; the trail entry is committed first. Raises ConfidentialNotYours."""
    if not interaction.confidential_cipher or not may_read_confidential(interaction, actor):
        raise ConfidentialNotYours()
    with transaction.atomic():
        _record(actor, "read_confidential", interaction, at, {})
    return crypto.unseal(CONFIDENTIAL, str(interaction.once), interaction.confidential_cipher)


def _sealed(text: str, once: UUID, actor: User) -> bytes | None:
    if not text.strip():
        return None
    if not has_role(actor, *CONFIDENTIAL_WRITERS):
        raise ConfidentialNotYours()
    return crypto.seal(CONFIDENTIAL, str(once), text.strip())


def _reseal(interaction: Interaction, text: str, actor: User) -> dict[str, list[str]]:
    """Put another confidential part in place of the one there is; returns [old, new] where they differ."""
    old = ""
    if interaction.confidential_cipher:
        if not may_read_confidential(interaction, actor):
            raise ConfidentialNotYours()
        old = crypto.unseal(CONFIDENTIAL, str(interaction.once), interaction.confidential_cipher)
    if text == old:
        return {}
    interaction.once = interaction.once or uuid4()
    interaction.confidential_cipher = _sealed(text, interaction.once, actor)
    return {SEALED: [old, text]}


def _told(more: dict[str, Any]) -> dict[str, Any]:
    known = {name: more[name] for name in ("note", "next_step", "minutes", "mood") if name in more}
    return {name: value.strip() if isinstance(value, str) else value for name, value in known.items()}


def _checked(actor: User, channel: str, topic: str, outcome: str, happened_at: datetime, at: datetime) -> Choices:
    """The choices of the day; raises NotOffered, OutcomeNotPossible, and NotLicensed: who talks about wealth products
    is certified on the day of the talk (F07). Sending the customer on, or not reaching them, is no talk."""
    choices = choices_on(_day(at))
    if not choices.has("channels", channel) or not choices.has("topics", topic):
        raise NotOffered()
    if not choices.fits(outcome, channel):
        raise OutcomeNotPossible()
    is_talk = outcome != Outcome.REFERRED and choices.counts(outcome)
    if is_talk and topic in licence_rules(_day(at)).topics:
        check_licence(user=actor, activity=Activity.WEALTH_CONTACT, day=_day(happened_at))
    return choices


def _own_recent(interaction: Interaction, actor: User, at: datetime) -> Interaction:
    written = Interaction.everything.exclude(origin=Origin.CAMPAIGN)
    locked = written.select_for_update().filter(pk=interaction.pk).first()
    if locked is None or not rules.may_change(
        author_id=locked.author_id, person_id=actor.pk, recorded_at=locked.recorded_at, at=at
    ):
        raise NoLongerChangeable()
    return locked


def _refresh(customer_id: int) -> None:
    """The last contact and the first ones of referrals, after a contact was changed or taken back."""
    unreached = known_choices().unreached
    reached = Interaction.everything.filter(customer_id=customer_id).exclude(outcome__in=unreached)
    last = reached.order_by("-happened_at").values_list("happened_at", flat=True).first()
    records.set_last_contact(customer_id=customer_id, on=_day(last) if last else None)
    renew_first_contacts(customer_id)


def _record(actor: User, action: str, interaction: Interaction, at: datetime, changes: dict[str, Any]) -> None:
    trail.record(
        actor=actor.actor,
        action=action,
        subject=SUBJECT,
        subject_id=interaction.pk,
        at=at,
        changes={"customer": interaction.customer_id, **changes},
    )
