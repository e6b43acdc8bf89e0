"""Every write of teams: made, changed, people joining and leaving on a day."""

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime

from django.db import IntegrityError, transaction
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from core import trail
from core.clock import SHANGHAI
from core.errors import DomainError
from staff.models import Branch, Team, TeamMember, User
from staff.queries.teams import TEAM_ROLES, may_keep

SUBJECT = "staff.team"


class NotYourTeam(DomainError):
    """Teams are kept by the heads of their unit and those above."""

    code = "not_your_team"
    message = _("Only the heads of %(unit)s and those above keep its teams.")


class TeamNameTaken(DomainError):
    """Two teams of a unit are told apart by their names."""

    code = "team_name_taken"
    message = _("%(unit)s already has a team of this name.")


class NotInUnit(DomainError):
    """A team is of people of one unit who serve customers."""

    code = "not_in_unit"
    message = _("%(name)s does not serve customers in %(unit)s, and cannot be in its team.")


@transaction.atomic
def create_team(
    *, branch: Branch, name: str, actor: User, at: datetime, tiers: Sequence[int] = (), lead: User | None = None
) -> Team:
    """A new team without anybody in it. Raises NotYourTeam, TeamNameTaken, NotInUnit (the lead)."""
    _check_keeper(actor, branch)
    _check_people(branch, [lead] if lead else [])
    try:
        with transaction.atomic():
            team = Team.objects.create(branch=branch, name=name.strip(), tiers=sorted(set(tiers)), lead=lead)
    except IntegrityError as error:
        raise TeamNameTaken(unit=branch.name) from error
    _record(team, "create", actor, at, {"name": team.name, "branch": branch.code, "tiers": team.tiers})
    return team


@transaction.atomic
def change_team(
    *,
    team: Team,
    name: str,
    lead: User | None,
    tiers: Sequence[int],
    is_active: bool,
    members: Collection[User],
    actor: User,
    at: datetime,
) -> Team:
    """What a team is called, who leads it and who is in it from this day on; who was in another team changes over.

    A team out of use has nobody. Raises NotYourTeam, TeamNameTaken, NotInUnit.
    """
    team = Team.objects.select_for_update(of=("self",)).select_related("branch", "lead").get(pk=team.pk)
    _check_keeper(actor, team.branch)
    _check_people(team.branch, [*members, *([lead] if lead else [])])
    before = _facts(team)
    team.name, team.lead, team.tiers, team.is_active = name.strip(), lead, sorted(set(tiers)), is_active
    try:
        with transaction.atomic():
            team.save(update_fields=["name", "lead", "tiers", "is_active"])
    except IntegrityError as error:
        raise TeamNameTaken(unit=team.branch.name) from error
    joined, left = _set_members(team, {user.pk for user in members} if is_active else set(), _day(at))
    after = _facts(team)
    changes = {key: [before[key], after[key]] for key in after if before[key] != after[key]}
    if changes or joined or left:
        _record(team, "change", actor, at, {**changes, "joined": _numbers(joined), "left": _numbers(left)})
    return team


def _set_members(team: Team, wanted: set[int], day: date) -> tuple[set[int], set[int]]:
    """Who joined and who left. Set-based: what ends is one statement, what begins another."""
    now = set(TeamMember.objects.filter(team=team, until=None).values_list("user_id", flat=True))
    joined, left = wanted - now, now - wanted
    rows = TeamMember.objects.filter(until=None)
    # Somebody who came later than `day` (a test of tomorrow) leaves as they came.
    rows.filter(Q(team=team, user__in=left) | Q(user__in=joined)).filter(since__lte=day).update(until=day)
    rows.filter(Q(team=team, user__in=left) | Q(user__in=joined)).update(until=F("since"))
    TeamMember.objects.bulk_create([TeamMember(team=team, user_id=pk, since=day) for pk in sorted(joined)])
    return joined, left


@transaction.atomic
def end_strangers(*, business_day: date) -> int:
    """End the membership of whoever left the unit of their team, or may not sign in any more; how many."""
    rows = TeamMember.objects.filter(until=None, since__lte=business_day)
    gone = rows.exclude(user__is_active=True, user__branch_id=F("team__branch_id"))
    return TeamMember.objects.filter(pk__in=list(gone.values_list("pk", flat=True))).update(until=business_day)


def _check_keeper(actor: User, branch: Branch) -> None:
    if not may_keep(actor, branch.pk):
        raise NotYourTeam(unit=branch.name)


def _check_people(branch: Branch, people: Collection[User]) -> None:
    for user in people:
        if user.branch_id != branch.pk or user.role not in TEAM_ROLES or not user.is_active:
            raise NotInUnit(name=user.name, unit=branch.name)


def _day(at: datetime) -> date:
    return at.astimezone(SHANGHAI).date()


def _facts(team: Team) -> dict[str, object]:
    lead = team.lead.staff_no if team.lead else ""
    return {"name": team.name, "lead": lead, "tiers": list(team.tiers), "is_active": team.is_active}


def _numbers(ids: set[int]) -> list[str]:
    return sorted(User.objects.filter(pk__in=ids).values_list("staff_no", flat=True)) if ids else []


def _record(team: Team, action: str, actor: User, at: datetime, changes: Mapping[str, object]) -> None:
    trail.record(actor=actor.actor, action=action, subject=SUBJECT, subject_id=team.pk, at=at, changes=changes)
