"""Every write of contacts."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from core import trail
from core.clock import SHANGHAI
from core.errors import DomainError
from customers.models import Customer
from customers.services import records
from customers.services.merge_children import Child, Mover
from customers.services.promises import make_promise
from servicing import rules
from servicing.enums import Direction, Outcome
from servicing.models import Interaction
from staff.models import User

SUBJECT = "servicing.interaction"
# What follows a customer when two records become one.
MOVER = Mover("servicing", (Child(Interaction, is_record=True),))


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
    happened_at: datetime,
    at: datetime,
    once: UUID | None = None,
    promise: str = "",
    promise_due_on: date | None = None,
) -> Interaction:
    """Write a contact down, with what was promised in it; with `once`, sending it again finds the first.

    Raises OutcomeNotPossible, InTheFuture, and what `make_promise` does.
    """
    if outcome not in rules.outcomes_for(channel):
        raise OutcomeNotPossible()
    if rules.is_in_future(happened_at, at):
        raise InTheFuture()
    values = {
        "author": actor,
        "branch_id": actor.branch_id,
        "channel": channel,
        "direction": direction,
        "topic": topic,
        "outcome": outcome,
        "note": note.strip(),
        "happened_at": happened_at,
        "recorded_at": at,
    }
    if once is None:
        interaction = Interaction.everything.create(customer=customer, **values)
    else:
        interaction, created = Interaction.everything.get_or_create(customer=customer, once=once, defaults=values)
        if not created:
            return interaction
    if rules.counts_as_contact(outcome):
        records.touch_contact(customer_id=customer.pk, on=_day(happened_at))
    if promise.strip() and promise_due_on is not None:
        make_promise(customer=customer, text=promise, due_on=promise_due_on, actor=actor, at=at)
    _record(actor, "log", interaction, at, {"channel": channel, "topic": topic, "outcome": outcome})
    return interaction


@transaction.atomic
def change_interaction(
    *, interaction: Interaction, actor: User, topic: str, outcome: str, note: str, at: datetime
) -> Interaction:
    """Correct one's own contact within 15 minutes. Raises NoLongerChangeable, OutcomeNotPossible."""
    interaction = _own_recent(interaction, actor, at)
    if outcome not in rules.outcomes_for(interaction.channel):
        raise OutcomeNotPossible()
    new = {"topic": topic, "outcome": outcome, "note": note.strip()}
    changes = {name: [getattr(interaction, name), value] for name, value in new.items()}
    changes = {name: pair for name, pair in changes.items() if pair[0] != pair[1]}
    for name, (_old, value) in changes.items():
        setattr(interaction, name, value)
    interaction.save(update_fields=list(changes))
    if "outcome" in changes:
        _refresh_last_contact(interaction.customer_id)
    if "note" in changes:  # free text may name people: that it changed is enough
        changes["note"] = [len(changes["note"][0]), len(changes["note"][1])]
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
    _refresh_last_contact(customer_id)


def _own_recent(interaction: Interaction, actor: User, at: datetime) -> Interaction:
    locked = Interaction.everything.select_for_update().filter(pk=interaction.pk).first()
    if locked is None or not rules.may_change(
        author_id=locked.author_id, person_id=actor.pk, recorded_at=locked.recorded_at, at=at
    ):
        raise NoLongerChangeable()
    return locked


def _refresh_last_contact(customer_id: int) -> None:
    reached = Interaction.everything.filter(customer_id=customer_id).exclude(outcome=Outcome.NOT_REACHED)
    last = reached.order_by("-happened_at").values_list("happened_at", flat=True).first()
    records.set_last_contact(customer_id=customer_id, on=_day(last) if last else None)


def _record(actor: User, action: str, interaction: Interaction, at: datetime, changes: dict[str, Any]) -> None:
    trail.record(
        actor=actor.actor,
        action=action,
        subject=SUBJECT,
        subject_id=interaction.pk,
        at=at,
        changes={"customer": interaction.customer_id, **changes},
    )
