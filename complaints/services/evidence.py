"""Evidence of a case: filed after it was looked at, taken out with a reason, opened with an entry on the trail."""

import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from complaints.gateways import scan, vault
from complaints.models import Complaint, Evidence
from complaints.queries import evidence as queries
from complaints.queries.clocks import day_of
from complaints.queries.evidence import DAMAGED, OPENED, SOUND, SUBJECT
from complaints.queries.limits import limits_on
from complaints.rules.evidence import ENDINGS, plain_name, type_of
from complaints.rules.moves import ENDED
from complaints.services.states import locked_case
from core import trail
from core.errors import DomainError
from core.jobs import Counts
from core.trail import Actor
from staff.enums import Event
from staff.models import User
from staff.services.notices import notify

log = logging.getLogger(__name__)


class CaseEnded(DomainError):
    """The file of a case that has ended stays as it is."""

    code = "complaint_file_is_closed"
    message = _("The case has ended, so its files no longer change. Reopen it first.")


class EmptyFile(DomainError):
    """There is nothing in it."""

    code = "evidence_empty"
    message = _("%(name)s is empty.")


class FileTooLarge(DomainError):
    """Larger than the rules allow."""

    code = "evidence_too_large"
    message = _("%(name)s is larger than %(limit)s MB.")


class WrongType(DomainError):
    """Its content is not what its name says, or of no type that may be filed."""

    code = "evidence_type"
    message = _("%(name)s cannot be filed: its content is not of a type allowed here (%(types)s).")


class TooManyFiles(DomainError):
    """The case has as many files as the rules allow."""

    code = "evidence_too_many"
    message = _("A case has at most %(limit)s files.")


class SameFile(DomainError):
    """It is there already, perhaps under another name."""

    code = "evidence_twice"
    message = _("%(name)s is already in the file of the case, as %(first)s.")


class Infected(DomainError):
    """The virus scanner found something."""

    code = "evidence_infected"
    message = _("The virus scanner refused %(name)s. It was not kept.")


class NotScanned(DomainError):
    """There is a virus scanner, and it does not answer."""

    code = "evidence_not_scanned"
    message = _("The virus scanner does not answer, so that nothing can be filed now. Try again later.")


class NotYoursToRemove(DomainError):
    """Who added it, the handler and those who oversee the case take it out."""

    code = "evidence_not_yours"
    message = _("Only who added the file, the handler, heads and compliance take it out.")


class ReasonMissing(DomainError):
    """A file is not taken out without words."""

    code = "evidence_reason"
    message = _("Say why the file is taken out.")


class FileDamaged(DomainError):
    """What lies on the disk is not what was added."""

    code = "evidence_damaged"
    message = _("This file is missing or no longer the one that was added. It is not given out; compliance was told.")


@dataclass(frozen=True, slots=True)
class Received:
    """An upload as it lies sealed on the disk: its name as sent, bytes, and SHA-256 in clear."""

    stored_as: UUID
    name: str
    size: int
    sha256: bytes


@transaction.atomic
def add_evidence(*, complaint: Complaint, file: Received, actor: User, at: datetime, note: str = "") -> Evidence:
    """File an upload as evidence; the sealed file itself is the caller's until this has returned.

    Raises CaseEnded, EmptyFile, FileTooLarge, WrongType, TooManyFiles, SameFile, Infected, NotScanned, states.Recused.
    """
    case = _open_case(complaint, actor)
    name, kind = plain_name(file.name), _checked(file, at)
    present = Evidence.everything.filter(complaint=case, removed_at=None)
    if first := present.filter(sha256=file.sha256).first():
        raise SameFile(name=name, first=first.name)
    if present.count() >= (most := limits_on(day_of(at)).files):
        raise TooManyFiles(limit=most)
    evidence = Evidence.everything.create(
        complaint=case,
        name=name,
        kind=kind,
        size=file.size,
        sha256=file.sha256,
        stored_as=file.stored_as,
        note=note.strip()[:200],
        added_by=actor,
        added_at=at,
    )
    _record(evidence, "add", actor.actor, at, {"type": kind, "size": file.size, "sha256": file.sha256.hex()})
    return evidence


def _open_case(complaint: Complaint, actor: User) -> Complaint:
    case = locked_case(complaint, actor)
    if case.state in ENDED:
        raise CaseEnded()
    return case


def _checked(file: Received, at: datetime) -> str:
    """The type of an upload that may be filed."""
    limits, name = limits_on(day_of(at)), plain_name(file.name)
    if not file.size:
        raise EmptyFile(name=name)
    if file.size > limits.file_bytes:
        raise FileTooLarge(name=name, limit=limits.file_mb)
    kind = type_of(name, b"".join(vault.pieces(file.stored_as)))
    if not kind:
        raise WrongType(name=name, types=", ".join(ENDINGS))
    verdict = scan.scan(vault.pieces(file.stored_as)) if scan.is_on() else scan.Verdict.OFF
    if verdict == scan.Verdict.INFECTED:
        raise Infected(name=name)
    if verdict == scan.Verdict.UNKNOWN:
        raise NotScanned()
    return kind


@transaction.atomic
def remove_evidence(*, evidence: Evidence, reason: str, actor: User, at: datetime) -> Evidence:
    """Take a file out of an open case; the row and, for overseers, the sealed file stay.

    Raises CaseEnded, NotYoursToRemove, ReasonMissing, states.Recused.
    """
    case = _open_case(evidence.complaint, actor)
    evidence = Evidence.everything.get(pk=evidence.pk)
    if not queries.may_remove(actor, evidence, case):
        raise NotYoursToRemove()
    evidence.remove_reason = reason.strip()[:200]
    if not evidence.remove_reason:
        raise ReasonMissing()
    evidence.removed_by, evidence.removed_at = actor, at
    evidence.save(update_fields=["removed_by", "removed_at", "remove_reason"])
    _record(evidence, "remove", actor.actor, at, {"sha256": bytes(evidence.sha256).hex()})
    return evidence


def open_evidence(*, evidence: Evidence, actor: User, at: datetime) -> Iterator[bytes]:
    """The file in clear, after an entry that it was opened. Raises FileDamaged, of which an entry is left, too."""
    if not is_sound(evidence=evidence, actor=actor.actor, at=at):
        raise FileDamaged()
    _record(evidence, OPENED, actor.actor, at, {})
    return vault.pieces(evidence.stored_as)


def is_sound(*, evidence: Evidence, actor: Actor, at: datetime) -> bool:
    """Look whether a file is still what was added. What changed since the last look leaves an entry, and those who
    keep the case are told of a damaged file, once until it is sound again."""
    sound = queries.check(evidence)
    was_damaged = bool(queries.damaged_among([str(evidence.pk)]))
    if sound == was_damaged:
        _changed(evidence, sound, actor, at)
    return sound


@transaction.atomic
def _changed(evidence: Evidence, sound: bool, actor: Actor, at: datetime) -> None:
    _record(evidence, SOUND if sound else DAMAGED, actor, at, {"sha256": bytes(evidence.sha256).hex()})
    if sound:
        return
    case = evidence.complaint
    notify(
        users=queries.keepers_of(case),
        event=Event.EVIDENCE_DAMAGED,
        once=f"evidence {evidence.pk} damaged {at.isoformat()}",
        at=at,
        url=reverse("complaints:detail", args=[case.number]),
        params={"number": case.number},
    )


def check_files(*, turn: int, turns: int, actor: Actor, at: datetime) -> Counts:
    """Look through the files whose turn it is, unless none can be seen at all. Called by the night; safe twice."""
    if not vault.is_there():
        log.error("evidence not looked through: the folder of uploads cannot be seen")
        return {"rows": 0, "damaged": 0}
    looks = [is_sound(evidence=evidence, actor=actor, at=at) for evidence in queries.to_check(turn, turns)]
    return {"rows": len(looks), "damaged": looks.count(False)}


def _record(evidence: Evidence, action: str, actor: Actor, at: datetime, changes: Mapping[str, Any]) -> None:
    """A file's name and note may hold a person's name: the trail keeps neither; those kept away do not read it."""
    case = evidence.complaint
    kept = {"kept_from": case.recused} if case.recused else {}
    trail.record(
        actor=actor,
        action=action,
        subject=SUBJECT,
        subject_id=evidence.pk,
        at=at,
        changes={"complaint": case.number, **kept, **changes},
    )
