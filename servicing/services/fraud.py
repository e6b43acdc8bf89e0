"""Writes of fraud prompts. They serve fraud control only: no other service may read them."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID, uuid4

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from core import crypto, trail
from core.clock import SHANGHAI
from core.errors import DomainError
from customers.models import Customer
from servicing.models import FraudCheck
from servicing.queries.fraud import KIND, checks_for, prompt_on
from servicing.rules.card import age_on
from servicing.rules.fraud import may_end, signs_in
from staff.models import User
from staff.queries import policy_on

SUBJECT = "servicing.fraud_check"
NOTE = "servicing.fraud_check.note"


class AnswersMissing(DomainError):
    """Every question that was asked has an answer."""

    code = "fraud_answers_missing"
    message = _("Every question needs an answer.")


class NotClear(DomainError):
    """An answer warns of fraud."""

    code = "fraud_not_clear"
    message = _("An answer is a warning sign: choose what was done about it.")


class NoteNotYours(DomainError):
    """There is no note, or it is not for this person."""

    code = "fraud_note_not_yours"
    message = _("There is no note here that you may read.")


@transaction.atomic
def record_check(
    *,
    actor: User,
    customer: Customer,
    answers: Mapping[str, str],
    outcome: str,
    note: str = "",
    at: datetime,
    once: UUID | None = None,
) -> FraudCheck:
    """Keep a fraud prompt: `answers` is "yes" or "no" by the question's code, for each question that was asked.

    With `once`, sending it again finds the first. Raises AnswersMissing, NotClear.
    """
    day = at.astimezone(SHANGHAI).date()
    asked = prompt_on(day).asked_of(age_on(customer.birth_date, day))
    given = {one.code: answers.get(one.code) for one in asked}
    if not set(given.values()) <= {"yes", "no"}:
        raise AnswersMissing()
    said = {code: str(answer) for code, answer in given.items()}
    signs = signs_in(asked, said)
    if not may_end(outcome, signs):
        raise NotClear()
    once = once or uuid4()
    check, created = FraudCheck.everything.get_or_create(
        customer=customer,
        once=once,
        defaults={
            "branch_id": actor.branch_id,
            "author": actor,
            "at": at,
            "answers": {"version": policy_on(KIND, day, {}).version, "given": said},
            "signs": signs,
            "outcome": outcome,
            "note_cipher": crypto.seal(NOTE, str(once), note.strip()) if note.strip() else None,
        },
    )
    if created:
        _record(check, "fraud_check", actor, at, {"outcome": outcome, "signs": signs})
    return check


def show_note(*, check: FraudCheck, actor: User, at: datetime) -> str:
    """The note in clear; the trail entry is committed first. Raises NoteNotYours."""
    day = at.astimezone(SHANGHAI).date()
    if not check.note_cipher or not checks_for(actor, day).filter(pk=check.pk).exists():
        raise NoteNotYours()
    with transaction.atomic():
        _record(check, "read_fraud_note", actor, at, {})
    return crypto.unseal(NOTE, str(check.once), check.note_cipher)


def _record(check: FraudCheck, action: str, actor: User, at: datetime, changes: dict[str, object]) -> None:
    trail.record(
        actor=actor.actor,
        action=action,
        subject=SUBJECT,
        subject_id=check.pk,
        at=at,
        changes={"customer": check.customer_id, **changes},
    )
