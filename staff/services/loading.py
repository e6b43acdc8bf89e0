"""Units and people as the core banking system names them, merged a file at a time."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from core import trail
from core.errors import DomainError
from core.trail import Actor
from staff.enums import BranchKind
from staff.models import ApiToken, Branch, User
from staff.rules import CycleFound, tree_paths

BATCH = 1_000


class UnitCycle(DomainError):
    """Units that are above themselves."""

    code = "unit_cycle"
    message = _("The units of this file are above one another in a circle.")


@dataclass(frozen=True, slots=True)
class BranchRow:
    """A unit. `parent_code` and `kind`: None = the file does not say, what is known stays; "" = no parent."""

    code: str
    name: str
    parent_code: str | None = None
    kind: str | None = None


@dataclass(frozen=True, slots=True)
class StaffRow:
    """A member of staff; role as in `staff.enums.Role`."""

    staff_no: str
    name: str
    role: str
    branch_code: str


@dataclass(frozen=True, slots=True)
class MergeCounts:
    """What a merge did with its rows."""

    created: int
    updated: int
    unchanged: int


@transaction.atomic
def load_branches(*, rows: Sequence[BranchRow], actor: Actor, at: datetime) -> MergeCounts:
    """Merge units by code. A parent may stand after its children; moved subtrees get new paths. Raises UnitCycle."""
    units = _lock_units()
    fresh = [row for row in rows if row.code not in units]
    before = {row.code: _facts(units[row.code]) for row in rows if row.code in units}
    made = [Branch(code=row.code, name=row.name, kind=row.kind or BranchKind.BRANCH) for row in fresh]
    units |= {unit.code: unit for unit in Branch.objects.bulk_create(made, batch_size=BATCH)}
    for row in rows:
        unit = units[row.code]
        unit.name, unit.kind = row.name, row.kind or unit.kind
        if row.parent_code is not None:
            unit.parent_id = units[row.parent_code].pk if row.parent_code else None
    changed = [code for code, facts in before.items() if _facts(units[code]) != facts]
    _store(units, [*changed, *(row.code for row in fresh)])
    if fresh or changed:
        counts = {"created": len(fresh), "updated": changed[:100]}
        trail.record(actor=actor, action="load", subject="staff.branch", at=at, changes=counts)
    return MergeCounts(len(fresh), len(changed), len(before) - len(changed))


def _lock_units() -> dict[str, Branch]:
    # Two loads at once would compute paths from each other's half-moved tree.
    locked: QuerySet[Branch] = Branch.objects.select_for_update().order_by("pk")
    return {unit.code: unit for unit in locked}


def _facts(unit: Branch) -> tuple[str, str, int | None]:
    return unit.name, unit.kind, unit.parent_id


def _store(units: Mapping[str, Branch], touched: Sequence[str]) -> None:
    try:
        paths = tree_paths({unit.pk: unit.parent_id for unit in units.values()})
    except CycleFound as error:
        raise UnitCycle() from error
    moved = {unit.code for unit in units.values() if unit.path != paths[unit.pk]}
    for code in moved:
        units[code].path = paths[units[code].pk]
    stale = [units[code] for code in sorted(moved | set(touched))]
    Branch.objects.bulk_update(stale, ["name", "kind", "parent", "path"], batch_size=BATCH)


@transaction.atomic
def load_staff(*, rows: Sequence[StaffRow], actor: Actor, at: datetime) -> MergeCounts:
    """Merge people by staff number; new ones cannot sign in until an administrator gives them a password.

    Who changes role or branch loses sessions (`User` binds them to both) and tokens.
    """
    branches = dict(Branch.objects.values_list("code", "pk"))
    known = {user.staff_no: user for user in _people(rows).select_for_update()}
    fresh = [row for row in rows if row.staff_no not in known]
    changed, moved = [], []
    for row in rows:
        user = known.get(row.staff_no)
        if user is None:
            continue
        facts, wanted = (user.name, user.role, user.branch_id), (row.name, row.role, branches[row.branch_code])
        if facts != wanted:
            user.name, user.role, user.branch_id = wanted
            changed.append(user)
        if facts[1:] != wanted[1:]:
            user.access_epoch += 1
            moved.append(user)
            changes = {"role": [facts[1], row.role], "branch": [facts[2], wanted[2]]}
            trail.record(
                actor=actor, action="change", subject="staff.user", subject_id=row.staff_no, at=at, changes=changes
            )
    User.objects.bulk_update(changed, ["name", "role", "branch", "access_epoch"], batch_size=BATCH)
    ApiToken.objects.filter(user__in=moved, revoked_at=None).update(revoked_at=at)
    _hire(fresh, branches)
    if fresh or changed:
        counts = {"created": len(fresh), "updated": len(changed)}
        trail.record(actor=actor, action="load", subject="staff.user", at=at, changes=counts)
    return MergeCounts(len(fresh), len(changed), len(known) - len(changed))


def _people(rows: Sequence[StaffRow]) -> QuerySet[User]:
    return User.objects.filter(staff_no__in=[row.staff_no for row in rows]).order_by("pk")


def _hire(rows: Sequence[StaffRow], branches: Mapping[str, int]) -> None:
    names = [row.staff_no.lower() for row in rows]
    taken = set(User.objects.filter(username__in=names).values_list("username", flat=True))
    people = []
    for row in rows:
        user = User(
            username=_free_name(row.staff_no.lower(), taken),
            staff_no=row.staff_no,
            name=row.name,
            role=row.role,
            branch_id=branches[row.branch_code],
        )
        user.set_unusable_password()
        people.append(user)
    User.objects.bulk_create(people, batch_size=BATCH)


def _free_name(wanted: str, taken: set[str]) -> str:
    # Staff numbers that differ in case only, or one that equals somebody's sign-in name.
    name, n = wanted, 2
    while name in taken:
        name, n = f"{wanted}-{n}", n + 1
    taken.add(name)
    return name
