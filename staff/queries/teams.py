"""What is read about teams."""

from collections.abc import Iterable
from datetime import date

from django.db.models import Count, Q, QuerySet

from staff.access import BOOK_KEEPERS, COUNTER, HEADS, has_role, scope_of
from staff.enums import Reach
from staff.models import Branch, Team, TeamMember, User

# Who works in teams: those who serve customers; heads lead the unit.
TEAM_ROLES = (*COUNTER, *BOOK_KEEPERS)


def teams_for(user: User) -> QuerySet[Team]:
    """Teams a head looks after, of their units, with unit, lead and how many belong to each now."""
    teams = Team.objects.select_related("branch", "lead")
    teams = teams.annotate(size=Count("members", filter=Q(members__until=None)))
    scope = scope_of(user)
    if not has_role(user, *HEADS):
        return teams.none()
    return teams if scope.reach == Reach.BANK else teams.filter(branch_id__in=sorted(scope.branch_ids))


def units_for(user: User) -> QuerySet[Branch]:
    """Units a head may keep teams and set targets in, by code."""
    units, scope = Branch.objects.order_by("code"), scope_of(user)
    if not has_role(user, *HEADS):
        return units.none()
    return units if scope.reach == Reach.BANK else units.filter(pk__in=sorted(scope.branch_ids))


def may_keep(user: User, branch_id: int) -> bool:
    """Whether a person may change the teams of a unit: its heads, and those above."""
    scope = scope_of(user)
    return has_role(user, *HEADS) and (scope.reach == Reach.BANK or branch_id in scope.branch_ids)


def people_of(branch: Branch) -> QuerySet[User]:
    """Who may be in a team of a unit, by name."""
    people = User.objects.filter(branch=branch, is_active=True, role__in=TEAM_ROLES)
    return people.select_related("branch").order_by("name", "pk")


def members_of(team: Team) -> QuerySet[TeamMember]:
    """Everybody who is or was in a team, those who are first."""
    return team.members.select_related("user").order_by("until", "user__name", "pk")


def team_names_of(branch: Branch) -> dict[int, str]:
    """The team each person of a unit is in now, by user id."""
    rows = TeamMember.objects.filter(team__branch=branch, team__is_active=True, until=None)
    return dict(rows.values_list("user_id", "team__name"))


def members_on(teams: Iterable[int], day: date) -> dict[int, list[int]]:
    """User ids by team on a day."""
    found: dict[int, list[int]] = {team: [] for team in teams}
    rows = TeamMember.objects.on(day).filter(team__in=list(found)).order_by("user_id")
    for team, user in rows.values_list("team_id", "user_id"):
        found[team].append(user)
    return found
