"""The files of a case: what is there, whether each is still the file that was added, and who opened it."""

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Q, QuerySet
from django.db.models.functions import Mod

from complaints.gateways.vault import pieces
from complaints.models import Complaint, Evidence
from complaints.queries.cases import may_work_on
from complaints.rules.moves import ENDED
from core.crypto import CryptoError
from core.models import TrailEntry
from staff.access import HEADS, has_role
from staff.enums import Role
from staff.models import User

SUBJECT = "complaints.evidence"
OPENED, DAMAGED, SOUND = "open", "damaged", "sound_again"
# Who oversees a case: they see who opened what, and what was taken out.
OVERSEERS = (*HEADS, Role.COMPLIANCE)


@dataclass(frozen=True, slots=True)
class Opened:
    """Somebody opened a file."""

    name: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Filed:
    """A file of a case: whether it is damaged, may be taken out by the viewer, and, for overseers, who opened it.

    `sha256` in hexadecimal.
    """

    row: Evidence
    sha256: str
    is_damaged: bool
    may_remove: bool
    opened: tuple[Opened, ...]


def evidence_of(case: Complaint, viewer: User) -> list[Filed]:
    """The files of a case, the first added first; what was taken out only for overseers."""
    rows = Evidence.objects.visible_to(viewer).filter(complaint=case).order_by("pk")
    oversees = has_role(viewer, *OVERSEERS)
    if not oversees:
        rows = rows.filter(removed_at=None)
    rows = rows.select_related("added_by", "removed_by")
    ids = [str(row.pk) for row in rows]
    opened = _opened(ids) if oversees else {}
    damaged = damaged_among(ids)
    return [_filed(row, case, viewer, str(row.pk) in damaged, opened.get(str(row.pk), ())) for row in rows]


def _filed(row: Evidence, case: Complaint, viewer: User, is_damaged: bool, opened: tuple[Opened, ...]) -> Filed:
    return Filed(row, bytes(row.sha256).hex(), is_damaged, may_remove(viewer, row, case), opened)


def may_remove(user: User, row: Evidence, case: Complaint) -> bool:
    """Whether this person may take it out: who added it, and who works on the case, until the case ends."""
    mine = user.pk == row.added_by_id or may_work_on(user, case)
    return mine and row.removed_at is None and case.state not in ENDED


def _opened(ids: Iterable[str]) -> dict[str, tuple[Opened, ...]]:
    entries = TrailEntry.objects.filter(subject=SUBJECT, subject_id__in=list(ids), action=OPENED).order_by("id")
    found = list(entries.values_list("subject_id", "actor_no", "at"))
    names = dict(User.objects.filter(staff_no__in={no for _id, no, _at in found}).values_list("staff_no", "name"))
    opened: dict[str, tuple[Opened, ...]] = {}
    for subject, number, at in found:
        opened[subject] = (*opened.get(subject, ()), Opened(names.get(number, number), at))
    return opened


def damaged_among(ids: Iterable[str]) -> frozenset[str]:
    """Which of these files were not what was added when they were looked at last."""
    entries = TrailEntry.objects.filter(subject=SUBJECT, subject_id__in=list(ids), action__in=[DAMAGED, SOUND])
    last = dict(entries.order_by("id").values_list("subject_id", "action"))
    return frozenset(subject for subject, action in last.items() if action == DAMAGED)


def digest_of(stored_as: UUID) -> bytes | None:
    """SHA-256 of what lies on the disk, in clear; None where it is gone or does not open. Raises OSError."""
    digest = hashlib.sha256()
    try:
        for piece in pieces(stored_as):
            digest.update(piece)
    except (FileNotFoundError, CryptoError):
        return None
    return digest.digest()


def check(evidence: Evidence) -> bool:
    """Whether the file on the disk is still the one that was added."""
    return digest_of(evidence.stored_as) == bytes(evidence.sha256)


def to_check(turn: int, turns: int) -> Iterator[Evidence]:
    """The files whose turn it is: those whose number leaves `turn` when divided by `turns`."""
    rows = Evidence.everything.filter(removed_at=None).annotate(turn=Mod("pk", turns)).filter(turn=turn)
    return rows.select_related("complaint__desk").order_by("pk").iterator()


def keepers_of(case: Complaint) -> QuerySet[User]:
    """Who is told when a file of a case is damaged: heads of its desk and compliance above it, unless recused."""
    above = [int(part) for part in case.desk.path.strip("/").split("/") if part]
    people = Q(role__in=HEADS, branch=case.desk_id) | Q(role=Role.COMPLIANCE, branch__in=above)
    return User.objects.filter(people, is_active=True).exclude(pk__in=case.recused)
