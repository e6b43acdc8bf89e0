"""Certificates: issued for what was passed, withdrawn with a reason (F07)."""

from datetime import date, datetime
from secrets import token_bytes
from typing import Final

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from core import trail
from core.errors import DomainError
from core.trail import Actor
from staff.enums import Event
from staff.models import Attempt, Certificate, Course, Enrolment, User
from staff.queries import training as queries
from staff.rules.training import certificate_number, expiry
from staff.services.notices import notify

SUBJECT: Final = "staff.certificate"
LEAST: Final = 4


class MayNotRevoke(DomainError):
    """Not one's own, not of people out of sight, and not twice."""

    code = "certificate_not_yours"
    message = _("Certificates that stand are withdrawn by the heads of the unit and compliance, never by their holder.")


class ReasonNeeded(DomainError):
    """What takes a right away is said in words."""

    code = "certificate_reason"
    message = _("Say why, in at least %(least)s characters.")


@transaction.atomic
def issue_certificate(
    *,
    user: User,
    course: Course,
    version: int,
    day: date,
    actor: Actor,
    at: datetime,
    attempt: Attempt | None = None,
    enrolment: Enrolment | None = None,
) -> Certificate:
    """Certify what somebody passed on a day; its end follows from the course. Called by who marks, never by hand."""
    made = Certificate.objects.create(
        number=certificate_number(day, token_bytes(16)),
        user=user,
        course=course,
        course_version=version,
        licence=course.licence,
        issued_on=day,
        expires_on=expiry(day, course.valid_months),
        attempt=attempt,
        enrolment=enrolment,
    )
    facts = {"user": user.staff_no, "course": course.code, "version": version, "number": made.number}
    trail.record(actor=actor, action="issue", subject=SUBJECT, subject_id=made.pk, at=at, changes=facts)
    return made


@transaction.atomic
def revoke_certificate(*, certificate: Certificate, reason: str, actor: User, at: datetime) -> Certificate:
    """Withdraw a certificate: what it gates is refused from now on, and its holder is told.

    Raises MayNotRevoke, ReasonNeeded.
    """
    row = Certificate.objects.select_for_update().get(pk=certificate.pk)
    if not queries.may_revoke(actor, row):
        raise MayNotRevoke()
    words = reason.strip()[:300]
    if len(words) < LEAST:
        raise ReasonNeeded(least=LEAST)
    row.revoked_at, row.revoked_by, row.revoke_reason = at, actor, words
    row.save(update_fields=["revoked_at", "revoked_by", "revoke_reason"])
    params = {"number": row.number}
    once = f"certificate {row.pk} revoked"
    event = Event.CERTIFICATE_REVOKED
    notify(users=[row.user_id], event=event, once=once, at=at, url=row.get_absolute_url(), params=params)
    trail.record(
        actor=actor.actor,
        action="revoke",
        subject=SUBJECT,
        subject_id=row.pk,
        at=at,
        changes={"user": row.user_id, "number": row.number},
        reason=words,
    )
    return row
