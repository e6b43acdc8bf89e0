"""Satisfaction by tier, team, person and unit, with response rate and margin of error (product.md K05)."""

from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any, Final

from django.db import connection
from django.db.models import Count, F, OuterRef, Subquery
from django.db.models.functions import Coalesce

from core.clock import SHANGHAI
from core.sql import statement
from customers.models import CustomerPosition
from insights.queries.definitions import definitions_on
from insights.rules.satisfaction import Answers, Estimate, Standing, estimate, standings
from servicing.enums import InvitationState
from servicing.models import Invitation
from staff.access import BOOK_KEEPERS, HEADS, has_role, scope_of
from staff.enums import Reach, Role
from staff.models import Branch, Team, User
from staff.queries.teams import members_on

TIER, BRANCH, TEAM, PERSON = "tier", "branch", "team", "person"
_WENT: Final = (InvitationState.SENT, InvitationState.UNKNOWN)

# Unit, colleague and tier of an answer; those that nothing is grouped by are not told apart (0, None, 0).
Place = tuple[int, int | None, int]


@dataclass(frozen=True, slots=True)
class Line:
    """What customers said of one group: the estimate, links sent and used of those sent, and its standing."""

    key: Hashable
    result: Estimate
    sent: int
    used: int
    standing: Standing

    @property
    def response(self) -> float | None:
        """Of the links that left the share that was used, in %."""
        return round(self.used * 100 / self.sent, 1) if self.sent else None


@dataclass(frozen=True, slots=True)
class Satisfaction:
    """All answers in reach (`total`), the marks by question, and the lines of the groups asked for."""

    total: Line
    questions: Mapping[str, Estimate]
    lines: tuple[Line, ...]
    small: int


@dataclass(frozen=True, slots=True)
class Asked:
    """Which answers: of `unit` and below (None = all in reach), given on first..last, grouped `by`."""

    first: date
    last: date
    by: str = TIER
    unit: Branch | None = None


def satisfaction(viewer: User, asked: Asked) -> Satisfaction:
    """What customers said in the days asked for, of what the viewer may know: heads and compliance their units,
    who keeps a book what was said about themselves."""
    small = definitions_on(asked.last).small_sample
    marks, links = _marks(viewer, asked), _links(viewer, asked)
    scores = {place: found for (place, question), found in marks.items() if not question}
    questions: dict[str, Answers] = {}
    for (_place, question), found in marks.items():
        if question:
            questions[question] = questions.get(question, Answers()) + found
    total = _lines(dict.fromkeys({*scores, *links}, (0,)), scores, links, small)
    grouped = _lines(_keys({*scores, *links}, asked), scores, links, small)
    return Satisfaction(
        total[0] if total else Line(0, estimate(Answers(), small=small), 0, 0, Standing()),
        {code: estimate(found, small=small) for code, found in sorted(questions.items())},
        tuple(grouped),
        small,
    )


def _lines(
    keys: Mapping[Place, Iterable[Hashable]],
    scores: Mapping[Place, Answers],
    links: Mapping[Place, tuple[int, int]],
    small: int,
) -> list[Line]:
    answers: dict[Hashable, Answers] = {}
    went: dict[Hashable, tuple[int, int]] = {}
    for place, groups in keys.items():
        sent, used = links.get(place, (0, 0))
        for key in groups:
            answers[key] = answers.get(key, Answers()) + scores.get(place, Answers())
            before = went.get(key, (0, 0))
            went[key] = before[0] + sent, before[1] + used
    found = {key: estimate(given, small=small) for key, given in answers.items()}
    stand = standings(found)
    return [Line(key, one, *went[key], stand[key]) for key, one in found.items()]


def _keys(places: Iterable[Place], asked: Asked) -> dict[Place, tuple[Hashable, ...]]:
    """The groups an answer counts in; one without a customer is in no tier, one of nobody's in no team."""
    teams: dict[int | None, list[int]] = {}
    if asked.by == TEAM:
        active = Team.objects.filter(is_active=True).values_list("pk", flat=True)
        for team, people in members_on(active, asked.last).items():
            for person in people:
                teams.setdefault(person, []).append(team)
    groups: dict[str, Callable[[Place], tuple[Hashable, ...]]] = {
        TIER: lambda place: (place[2],) if place[2] else (),
        BRANCH: lambda place: (place[0],),
        PERSON: lambda place: (place[1],) if place[1] else (),
        TEAM: lambda place: tuple(teams.get(place[1], ())),
    }
    return {place: groups[asked.by](place) for place in places}


def _marks(viewer: User, asked: Asked) -> dict[tuple[Place, str], Answers]:
    begins, ends = _between(asked)
    branches, person = _reach(viewer, asked.unit)
    values = {"begins": begins, "ends": ends, "branches": branches, "person": person}
    values |= {"by_branch": asked.by == BRANCH, "by_person": asked.by in (TEAM, PERSON), "by_tier": asked.by == TIER}
    with connection.cursor() as cursor:
        cursor.execute(statement("insights", "satisfaction"), values)
        return {
            ((branch, who, tier), question): Answers(count, int(total), int(squares))
            for branch, who, tier, question, count, total, squares in cursor.fetchall()
        }


def _links(viewer: User, asked: Asked) -> dict[Place, tuple[int, int]]:
    """Links sent in the days asked for, and how many of those were used since."""
    begins, ends = _between(asked)
    branches, person = _reach(viewer, asked.unit)
    rows = Invitation.everything.filter(sent_at__gte=begins, sent_at__lt=ends, state__in=_WENT)
    if branches is not None:
        rows = rows.filter(branch__in=branches)
    if person is not None:
        rows = rows.filter(about=person)
    # Looked up by key; joined, a bank's million positions would be read.
    tier_now = Subquery(CustomerPosition.everything.filter(pk=OuterRef("customer_id")).values("tier"))
    groups: dict[str, Any] = {BRANCH: F("branch"), TIER: Coalesce(tier_now, 0)}
    counted = (
        rows.order_by().values_list(groups.get(asked.by, F("about"))).annotate(sent=Count("pk"), used=Count("used_at"))
    )
    found: dict[Place, tuple[int, int]] = {}
    for key, sent, used in counted:
        place: dict[str, Place] = {BRANCH: (key, None, 0), TIER: (0, None, key)}
        found[place.get(asked.by, (0, key, 0))] = sent, used
    return found


def _between(asked: Asked) -> tuple[datetime, datetime]:
    after = asked.last + timedelta(days=1)
    return datetime.combine(asked.first, time(), SHANGHAI), datetime.combine(after, time(), SHANGHAI)


def _reach(viewer: User, unit: Branch | None) -> tuple[list[int] | None, int | None]:
    """Units (None = all) and person (None = anybody) whose answers count for the viewer."""
    if has_role(viewer, *BOOK_KEEPERS):
        return None, viewer.pk
    if not has_role(viewer, *HEADS, Role.COMPLIANCE):
        return [], None
    scope = scope_of(viewer)
    below = set(Branch.objects.below(unit).values_list("pk", flat=True)) if unit else None
    if scope.reach == Reach.BANK:
        return (sorted(below) if below is not None else None), None
    return sorted(scope.branch_ids if below is None else scope.branch_ids & below), None
