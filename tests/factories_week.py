"""Makers of key figures, teams, targets, training, supervision, warnings and reports."""

from typing import Any

from staff.models import Branch, Team, TeamMember, User
from tests.factories_base import TODAY, number


def make_team(*, branch: Branch, members: tuple[User, ...] = (), **fields: Any) -> Team:
    """A team of these people, in it since the first of January."""
    team = Team.objects.create(branch=branch, **{"name": f"团队{number()}", **fields})
    for user in members:
        TeamMember.objects.create(team=team, user=user, since=TODAY.replace(month=1, day=1))
    return team
