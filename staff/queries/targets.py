"""What is read about targets: whose, what was handed down, and who decides."""

import json
from datetime import date
from decimal import Decimal
from hashlib import sha256

from django.db.models import Case, Q, QuerySet, Sum, Value, When

from core.money import ZERO
from staff.access import BOOK_KEEPERS, HEADS, has_role, scope_of
from staff.enums import Decision, Reach, Role
from staff.enums.targets import TargetOf, TargetState
from staff.models import Approval, Branch, Target, Team, TeamMember, User
from staff.queries.teams import units_for

APPROVAL_KIND = "target"
_NAMED = ("branch", "team__branch", "person__branch", "drafted_by", "approved_by", "approval", "replaces")
# What people see of their own: never a draft about them.
_PUBLIC = (TargetState.APPROVED, TargetState.OVER, TargetState.REPLACED)
_LIVE = (TargetState.APPROVED, TargetState.PENDING)


def targets_for(user: User) -> QuerySet[Target]:
    """Targets this person may see: for heads all of their units and those of the units above them that bind them;
    for who keeps a book the approved ones of their own and of their team in the unit where they are now."""
    rows = Target.objects.select_related(*_NAMED)
    if has_role(user, *HEADS):
        scope = scope_of(user)
        if scope.reach == Reach.BANK:
            return rows
        above = Q(of=TargetOf.UNIT, branch_id__in=_above(user.branch), state__in=_PUBLIC)
        return rows.filter(Q(branch_id__in=sorted(scope.branch_ids)) | above)
    if not has_role(user, *BOOK_KEEPERS):
        return rows.none()
    # Until the night ends it, the membership of whoever moved stands.
    teams = TeamMember.objects.filter(user=user, until=None).values("team")
    mine = Q(person=user) | Q(Q(team__in=teams) | Q(team__lead=user), branch=user.branch_id)
    return rows.filter(mine, state__in=_PUBLIC)


def _above(branch: Branch) -> list[int]:
    return [int(part) for part in branch.path.strip("/").split("/") if part and int(part) != branch.pk]


def people_for_targets(user: User) -> QuerySet[User]:
    """Whom a head may set targets for: those of their units who keep a book, by unit and name."""
    people = User.objects.filter(is_active=True, role__in=BOOK_KEEPERS, branch__in=units_for(user).order_by())
    return people.select_related("branch").order_by("branch__code", "name", "pk")


def teams_for_targets(user: User) -> QuerySet[Team]:
    """Teams a head may set targets for, by unit and name."""
    teams = Team.objects.filter(is_active=True, branch__in=units_for(user).order_by())
    return teams.select_related("branch").order_by("branch__code", "name", "pk")


def handed_down(target: Target) -> Target | None:
    """The approved target of the nearest unit at or above it that binds it: same measure, over days that hold its own.

    A unit's own target is bound by those of the units above.
    """
    ids = [int(part) for part in reversed(target.branch.path.strip("/").split("/")) if part]
    if target.of == TargetOf.UNIT:
        ids.remove(target.branch_id)
    nearest = Case(*(When(branch_id=pk, then=Value(place)) for place, pk in enumerate(ids)), default=Value(len(ids)))
    rows = Target.objects.filter(
        of=TargetOf.UNIT,
        state=TargetState.APPROVED,
        measure=target.measure,
        branch_id__in=ids,
        starts_on__lte=target.starts_on,
        ends_on__gte=target.ends_on,
    )
    return rows.select_related("branch").order_by(nearest, "ends_on", "pk").first()


def beside(target: Target, handed: Target) -> Decimal:
    """What its siblings under the same handed-down target ask already, in force or waiting, summed."""
    rows = Target.objects.filter(
        of=target.of,
        measure=target.measure,
        period=target.period,
        state__in=_LIVE,
        starts_on__gte=handed.starts_on,
        ends_on__lte=handed.ends_on,
        branch__path__startswith=handed.branch.path,
    )
    rows = rows.exclude(pk__in=[pk for pk in (target.pk, target.replaces_id) if pk])
    if target.of == TargetOf.UNIT:
        # Units of one level add up to the unit above, not a region and its branches twice.
        level = target.branch.path.count("/")
        rows = rows.filter(branch__path__regex=rf"^(/[0-9]+){{{level - 1}}}/$")
    return rows.aggregate(sum=Sum("aim"))["sum"] or ZERO


def deciders_of(target: Target) -> QuerySet[User]:
    """Who may decide: heads of units above the drafter's, for the bank's own office its colleagues; nobody about
    themselves."""
    home = target.drafted_by.branch
    people = User.objects.filter(is_active=True, role__in=HEADS)
    above = Q(branch_id__in=_above(home))
    if home.parent_id is None:
        above |= Q(branch_id=home.pk, role=Role.HEAD_OFFICE)
    return people.filter(above).exclude(pk__in=[pk for pk in (target.drafted_by_id, target.person_id) if pk])


def may_decide_target(user: User, target: Target) -> bool:
    """Whether this person may approve or reject it now."""
    return target.state == TargetState.PENDING and deciders_of(target).filter(pk=user.pk).exists()


def targets_to_decide(user: User) -> QuerySet[Target]:
    """Targets that wait for somebody like this person, the oldest first; never one's own."""
    rows = targets_for(user).filter(state=TargetState.PENDING).exclude(drafted_by=user).exclude(person=user)
    if not has_role(user, *HEADS):
        return rows.none()
    below = Q(drafted_by__branch__path__startswith=user.branch.path) & ~Q(drafted_by__branch=user.branch_id)
    if user.branch.parent_id is None and user.role == Role.HEAD_OFFICE:
        below |= Q(drafted_by__branch=user.branch_id)
    return rows.filter(below).order_by("drafted_at", "pk")


def versions_of(target: Target) -> QuerySet[Target]:
    """All versions of the same target, the latest first."""
    return (
        Target.objects.filter(
            of=target.of,
            branch=target.branch_id,
            team=target.team_id,
            person=target.person_id,
            measure=target.measure,
            starts_on=target.starts_on,
            ends_on=target.ends_on,
        )
        .select_related("drafted_by", "approved_by", "approval")
        .order_by("-version", "-pk")
    )


def pending_target_approval(target: Target) -> Approval | None:
    """The open request about a target."""
    return Approval.objects.filter(kind=APPROVAL_KIND, subject_id=target.pk, decision=Decision.PENDING).first()


def in_force_on(rows: QuerySet[Target], day: date) -> QuerySet[Target]:
    """Those approved whose days hold `day`."""
    return rows.filter(state=TargetState.APPROVED, starts_on__lte=day, ends_on__gte=day)


def target_digest(target: Target) -> str:
    """Stands for exactly what a version says."""
    facts = [target.of, target.branch_id, target.team_id, target.person_id, target.measure]
    facts += [
        target.starts_on.isoformat(),
        target.ends_on.isoformat(),
        f"{target.aim:.2f}",
        target.version,
        target.note,
    ]
    return sha256(json.dumps(facts, ensure_ascii=True).encode()).hexdigest()
