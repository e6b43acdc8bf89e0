"""Reads of more time on the law's clock: what can be asked for, and who decides; and of whom the clocks reached."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final

from django.db.models import QuerySet

from complaints.enums import ExtensionKind, ExtensionState
from complaints.models import Complaint, Escalation, Extension
from complaints.rules.clocks import may_extend
from complaints.rules.moves import OPEN
from staff.access import HEADS, has_role
from staff.models import User

WAITING_REQUESTS: Final = (ExtensionState.ASKED, ExtensionState.APPROVED)
ENDED_REQUESTS: Final = (ExtensionState.REFUSED, ExtensionState.LAPSED)


def extensions_of(case: Complaint) -> QuerySet[Extension]:
    """Every request for more time, the latest first."""
    rows = Extension.everything.filter(complaint=case).select_related("asked_by", "decided_by", "complaint__desk")
    return rows.order_by("-asked_at", "-pk")


def kinds_to_ask(case: Complaint, *, day: date) -> list[ExtensionKind]:
    """What more time can be asked for now: none while a request is under way or when the case is not open."""
    if case.state not in OPEN:
        return []
    rows = Extension.everything.filter(complaint=case, round=case.round)
    states = dict(rows.exclude(state__in=ENDED_REQUESTS).values_list("kind", "state"))
    granted = {kind for kind, state in states.items() if state == ExtensionState.GRANTED}
    if granted != set(states):
        return []
    return [kind for kind in ExtensionKind if may_extend(kind, granted=granted, due_on=case.due_on, day=day)]


def may_decide_extension(user: User, extension: Extension) -> bool:
    """Whether a person may approve more time: a head of the desk, for a special cause of a unit above it or of the
    whole bank; never who asked, never who is kept away from the case."""
    case = extension.complaint
    if not has_role(user, *HEADS) or user.pk in {extension.asked_by_id, *case.recused}:
        return False
    unit, desk = user.branch, case.desk
    if not desk.path.startswith(unit.path):
        return False
    return extension.kind == ExtensionKind.COMPLEX or unit.pk != desk.pk or desk.parent_id is None


def extension_step(user: User, row: Extension, *, day: date, works: bool) -> str:
    """What a person may do about a request for more time now: "decide", "tell", or "" for nothing."""
    case = row.complaint
    if case.state not in OPEN or row.round != case.round or day > case.due_on:
        return ""
    if row.state == ExtensionState.ASKED and may_decide_extension(user, row):
        return "decide"
    return "tell" if row.state == ExtensionState.APPROVED and works else ""


def extension_deciders(extension: Extension) -> QuerySet[User]:
    """Whom to ask: the nearest heads who may decide."""
    case = extension.complaint
    above = extension.kind == ExtensionKind.SPECIAL
    ids = [int(part) for part in reversed(case.desk.path.strip("/").split("/"))]
    ids = ids[1:] or ids if above else ids
    kept_away = {extension.asked_by_id, *case.recused}
    heads = User.objects.filter(role__in=HEADS, is_active=True, branch_id__in=ids).exclude(pk__in=kept_away)
    found = set(heads.values_list("branch_id", flat=True))
    return heads.filter(branch_id=next((pk for pk in ids if pk in found), 0))


@dataclass(frozen=True, slots=True)
class ToldOf:
    """A rung a clock went up: who was told, each with for whom they stood in ("" = themselves)."""

    row: Escalation
    people: tuple[tuple[str, str], ...]


def told_of(case: Complaint) -> list[ToldOf]:
    """Whom the clocks of a case reached, the latest first."""
    rows = list(Escalation.everything.filter(complaint=case).order_by("-at", "-pk"))
    ids = {pk for row in rows for pk in (*row.told, *row.instead_of.values())}
    names = dict(User.objects.filter(pk__in=ids).values_list("pk", "name"))
    return [ToldOf(row, tuple(_told(row, names))) for row in rows]


def _told(row: Escalation, names: Mapping[int, str]) -> Iterator[tuple[str, str]]:
    for pk in row.told:
        yield names.get(pk, str(pk)), names.get(row.instead_of.get(str(pk), 0), "")
