"""Reads of one case: who may work on it, whom it can be given to, what was said, and its history."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import F, Q, QuerySet

from complaints.enums import CaseState, Move
from complaints.models import CaseMove, Complaint, Recusal
from complaints.rules.moves import moves_from
from core import crypto
from core.models import TrailEntry
from staff.access import BOOK_KEEPERS, COUNTER, HEADS, has_role, scope_of
from staff.enums import Reach, Role
from staff.models import Branch, User

SUBJECT = "complaints.complaint"
LEADERS = (*HEADS, Role.COMPLIANCE)
WORKERS = (*COUNTER, *BOOK_KEEPERS, *LEADERS)
# What is written to the trail only: everything else of a case is a move.
MOVES = frozenset(Move.values)
INTERNAL = frozenset({"customer", "kept_from", "same_as"})
# What the trail keeps as the number of a person or the code of a unit.
PEOPLE = frozenset({"handler", "reviewer", "who"})
UNITS = frozenset({"desk"})
PART_COLUMNS = ("account", "wanted", "name", "phone", "address")
# Whoever took it down hears of it when the complainant comes back to withdraw.
WRITERS_MOVES = frozenset({Move.WITHDRAW})
# The second pair of eyes, and the only one that opens a case again.
LEADERS_MOVES = frozenset({Move.SEND_BACK, Move.ANSWER, Move.REOPEN})


@dataclass(frozen=True, slots=True)
class Account:
    """What a complainant said and left of themselves, in clear."""

    account: str
    wanted: str
    name: str
    phone: str
    address: str


@dataclass(frozen=True, slots=True)
class Happening:
    """Something done to a case: a move with its states and note, or another act with what it changed."""

    at: datetime
    action: str
    who: str
    note: str = ""
    from_state: str = ""
    to_state: str = ""
    changes: tuple[tuple[str, Any], ...] = ()


def cases_of(user: User) -> QuerySet[Complaint]:
    """The cases a person may see, with the people and units a page names."""
    return Complaint.objects.visible_to(user).select_related(
        "branch", "desk", "customer", "handler", "registered_by", "same_as"
    )


def may_lead(user: User, case: Complaint) -> bool:
    """Whether a person decides who works on a case: the heads of its desk and compliance above it."""
    if not has_role(user, *LEADERS) or user.pk in case.recused:
        return False
    scope = scope_of(user)
    return scope.reach == Reach.BANK or case.desk_id in scope.branch_ids


def may_work_on(user: User, case: Complaint) -> bool:
    """Whether a person may take moves: its handler, who stands in for them today, and those who lead it."""
    if user.pk in case.recused or not has_role(user, *WORKERS):
        return False
    return case.handler_id in {user.pk, *scope_of(user).stood_in} or may_lead(user, case)


def may_move(user: User, case: Complaint, move: Move) -> bool:
    """Whether a person may take a move, apart from what state the case is in."""
    if move in LEADERS_MOVES or (move == Move.WITHDRAW and case.state == CaseState.PROPOSED):
        return may_lead(user, case)
    if move in WRITERS_MOVES and case.registered_by_id == user.pk and user.pk not in case.recused:
        return True
    return may_work_on(user, case)


def moves_for(user: User, case: Complaint) -> tuple[Move, ...]:
    """The moves a person may take now, in the order of the table."""
    return tuple(move for move in moves_from(CaseState(case.state)) if may_move(user, case, move))


def handlers_for(case: Complaint) -> QuerySet[User]:
    """Whom a case can be given to: people of its desk who serve customers or lead, and are not kept away from it."""
    people = User.objects.filter(is_active=True, branch=case.desk_id, role__in=WORKERS)
    return people.exclude(pk__in=case.recused).order_by("staff_no")


def desks_for(case: Complaint) -> QuerySet[Branch]:
    """The units that can decide a case: the one complained of and those above it, but for where it lies now."""
    above = [int(part) for part in case.branch.path.split("/") if part]
    return Branch.objects.filter(pk__in=above).exclude(pk=case.desk_id).order_by("path")


def people_to_keep_away(case: Complaint) -> QuerySet[User]:
    """Whom a recusal can name: everybody active who is not kept away yet."""
    return User.objects.filter(is_active=True).exclude(pk__in=case.recused).order_by("staff_no")


def recusals_of(case: Complaint) -> QuerySet[Recusal]:
    """Who is kept away from a case and why."""
    return Recusal.everything.filter(complaint=case).select_related("user", "by").order_by("at", "pk")


def linked_cases(case: Complaint, user: User) -> QuerySet[Complaint]:
    """Cases of the same matter, both ways, as far as the person may see them."""
    same = Q(same_as=case) | Q(pk=case.same_as_id)
    if case.same_as_id:
        same |= Q(same_as=case.same_as_id)
    return Complaint.objects.visible_to(user).filter(same).exclude(pk=case.pk).order_by("-received_on", "-pk")


def account_of(case: Complaint) -> Account:
    """The words of a case in clear; who shows them writes so on the trail first."""
    return Account(**{name: _unsealed(case, name) for name in PART_COLUMNS})


def _unsealed(case: Complaint, name: str) -> str:
    cipher = getattr(case, f"{name}_cipher")
    return crypto.unseal(f"complaint.{name}", str(case.once), cipher) or "" if cipher else ""


def history_of(case: Complaint) -> list[Happening]:
    """Everything done to a case, latest first: its moves, and from the trail every other act, looking included."""
    moves = CaseMove.everything.filter(complaint=case).select_related("by")
    acts = TrailEntry.objects.filter(subject=SUBJECT, subject_id=case.number).exclude(action__in=MOVES)
    found = [*_moves(moves), *_acts(acts)]
    # Of two at one moment the later row stands first.
    return sorted(found, key=lambda one: one.at)[::-1]


def _moves(rows: QuerySet[CaseMove]) -> Iterator[Happening]:
    for row in rows.order_by("pk"):
        yield Happening(row.at, row.move, row.by.name if row.by else "", row.note, row.from_state, row.to_state)


def _acts(rows: QuerySet[TrailEntry]) -> Iterator[Happening]:
    found = list(rows.order_by("id"))
    numbers = {row.actor_no for row in found}.union(*(_told(row, PEOPLE) for row in found))
    codes: set[Any] = set().union(*(_told(row, UNITS) for row in found))
    names = dict(User.objects.filter(staff_no__in=numbers).values_list("staff_no", "name"))
    units = dict(Branch.objects.filter(code__in=codes).values_list("code", "name")) if codes else {}
    for row in found:
        known = {**dict.fromkeys(PEOPLE, names), **dict.fromkeys(UNITS, units)}
        changes = tuple(
            (key, _named(value, known.get(key, {}))) for key, value in row.changes.items() if key not in INTERNAL
        )
        yield Happening(row.at, row.action, names.get(row.actor_no, row.actor_no), row.reason, changes=changes)


def _told(row: TrailEntry, keys: frozenset[str]) -> set[Any]:
    """What an entry of the trail says under these keys, before and after alike."""
    said = [row.changes[key] for key in keys if key in row.changes]
    return {each for value in said for each in (value if isinstance(value, list) else [value]) if each}


def _named(value: Any, names: dict[str, str]) -> Any:
    if not names:
        return value
    return [names.get(each, each) for each in value] if isinstance(value, list) else names.get(value, value)


def open_cases_of(customer_id: int, user: User) -> QuerySet[Complaint]:
    """The customer's cases still to be decided, as far as the person may see them, first deadline first."""
    found = Complaint.objects.visible_to(user).filter(customer=customer_id).open()
    return found.select_related("handler").order_by("due_on", "pk")


def moves_of_customer(customer_id: int, user: User, moves: Sequence[str]) -> QuerySet[CaseMove]:
    """Moves of these kinds of the customer's cases, as far as the person may see them, latest first."""
    rows = CaseMove.objects.visible_to(user).filter(complaint__customer=customer_id, move__in=moves)
    return rows.select_related("complaint", "by").order_by(F("at").desc(), "-pk")
