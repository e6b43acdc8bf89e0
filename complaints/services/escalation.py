"""Complaints whose time runs out, or that are serious, go up: each rung of each clock once, to people who may know."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db import connection, transaction
from django.urls import reverse

from complaints.enums import Rung
from complaints.models import Complaint
from complaints.queries.clocks import day_of, workdays
from complaints.rules.clocks import INTERNAL_DAYS
from complaints.rules.escalation import Chosen, People, choose, wanted
from complaints.services.extensions import lapse_extensions
from core import trail
from core.jobs import Counts
from core.sql import statement
from core.trail import NIGHT, Actor
from staff.access import HEADS
from staff.enums import Event, Role
from staff.models import Absence, Branch, User
from staff.services.notices import Told, notify_rows

SUBJECT = "complaints.escalation"
HOURLY_JOB = "complaints.clocks"
EVERY = timedelta(hours=1)
RUNGS = (Rung.HALF, Rung.NEAR, Rung.OVER)
BATCH = 2_000
INSERT = """
    INSERT INTO complaints_escalation (
        complaint_id, clock, round, rung, span, due_on, business_day, at, told, instead_of
    )
    SELECT r.complaint_id, r.clock, r.round, r.rung, r.span, r.due_on, %(day)s, %(at)s,
           ARRAY(SELECT jsonb_array_elements_text(r.told)::bigint), r.instead_of
    FROM jsonb_to_recordset(%(rows)s::jsonb) AS r (
        complaint_id bigint, clock text, round smallint, rung smallint, span smallint, due_on date, told jsonb,
        instead_of jsonb
    )
    ON CONFLICT DO NOTHING
    RETURNING complaint_id, clock, rung
"""


@dataclass(frozen=True, slots=True)
class Passed:
    """A clock of a case that passed a rung nobody was told of yet."""

    case_id: int
    number: str
    round: int
    handler_id: int | None
    desk_id: int
    recused: Sequence[int]
    clock: str
    rung: int
    span: int
    due_on: date


@dataclass(frozen=True, slots=True)
class Around:
    """People around the desks of some cases: ids by unit, the units from each desk up, and who is away for whom."""

    paths: Mapping[int, Sequence[int]]
    heads: Mapping[int, Sequence[int]]
    compliance: Mapping[int, Sequence[int]]
    active: frozenset[int]
    away: Mapping[int, int | None]
    seen: Mapping[int, frozenset[int]]


def run(*, business_day: date, actor: Actor, at: datetime) -> Counts:
    """Let requests for more time lapse, and tell of every clock that passed a rung by the day. Safe twice."""
    lapsed = lapse_extensions(at=at)
    cases, told = _take_up(passed_by(business_day), business_day, at)
    if cases or lapsed:
        counts = {"rungs": cases, "told": told, "lapsed": lapsed, "day": business_day.isoformat()}
        trail.record(actor=actor, action="escalate", subject=SUBJECT, at=at, changes=counts)
    return {"rows": cases + lapsed, "told": told, "lapsed": lapsed}


def run_hourly(*, at: datetime) -> Counts:
    """The same for the day it is now, as the tick asks for it between nights."""
    return run(business_day=day_of(at), actor=NIGHT, at=at)


def escalate_case(*, complaint: Complaint, at: datetime) -> int:
    """Tell of one case at once, as when it is registered or graded higher; returns how many rungs it went up."""
    day = day_of(at)
    return _take_up(passed_by(day, only=complaint.pk), day, at)[0]


def passed_by(day: date, *, only: int | None = None) -> list[Passed]:
    """Every clock that has passed a rung by the day and was not taken up there; of one case with `only`."""
    calendar, most = workdays(), INTERNAL_DAYS[1]
    lefts = list(range(most + 1))
    untils = [calendar.add_workdays(day, left + 1) - timedelta(days=1) for left in lefts]
    params = {"day": day, "only": only, "rungs": [int(rung) for rung in RUNGS], "lefts": lefts, "untils": untils}
    with connection.cursor() as cursor:
        cursor.execute(statement("complaints", "escalation_due"), params)
        return [Passed(*row) for row in cursor.fetchall()]


def _take_up(found: Sequence[Passed], day: date, at: datetime) -> tuple[int, int]:
    cases = told = 0
    for start in range(0, len(found), BATCH):
        fresh, people = _tell(found[start : start + BATCH], day, at)
        cases, told = cases + fresh, told + people
    return cases, told


@transaction.atomic
def _tell(found: Sequence[Passed], day: date, at: datetime) -> tuple[int, int]:
    around = _around(found, day)
    chosen = {_key(one): (one, _choose(one, around)) for one in found}
    rows = [_row(one, who) for one, who in chosen.values()]
    with connection.cursor() as cursor:
        cursor.execute(INSERT, {"rows": json.dumps(rows), "day": day, "at": at})
        # What somebody else told of at the same time is theirs.
        fresh = [chosen[key] for key in cursor.fetchall()]
    news = [notice for one, who in fresh for notice in _notices(one, who)]
    return len(fresh), notify_rows(event=Event.CASE_LATE, rows=news, at=at) if news else 0


def _key(one: Passed) -> tuple[int, str, int]:
    return one.case_id, one.clock, one.rung


def _row(one: Passed, who: Chosen) -> dict[str, Any]:
    return {
        "complaint_id": one.case_id,
        "clock": one.clock,
        "round": one.round,
        "rung": one.rung,
        "span": one.span,
        "due_on": one.due_on.isoformat(),
        "told": list(who.told),
        "instead_of": {str(deputy): whom for deputy, whom in who.instead_of.items()},
    }


def _notices(one: Passed, who: Chosen) -> Iterator[Told]:
    once = f"case {one.number} {one.clock} {one.round} {one.rung} {one.span}"
    url = reverse("complaints:detail", args=[one.number])
    what = {"number": one.number, "clock": one.clock, "rung": str(one.rung), "day": one.due_on.isoformat()}
    for pk in who.told:
        yield Told(pk, once, url, what)


def _choose(one: Passed, around: Around) -> Chosen:
    units = around.paths[one.desk_id]
    people = People(
        handler=one.handler_id if one.handler_id in around.active else None,
        heads=[around.heads.get(unit, ()) for unit in units],
        compliance=[around.compliance.get(unit, ()) for unit in units],
        recused=frozenset(one.recused),
    )
    away = {
        whom: deputy if deputy and one.case_id in around.seen.get(deputy, ()) else None
        for whom, deputy in around.away.items()
    }
    return choose(wanted(one.rung, one.span), people, away)


def _around(found: Sequence[Passed], day: date) -> Around:
    desks = Branch.objects.filter(pk__in={one.desk_id for one in found}).values_list("pk", "path")
    paths = {pk: [int(part) for part in reversed(path.strip("/").split("/"))] for pk, path in desks}
    units = {unit for path in paths.values() for unit in path}
    heads: dict[int, list[int]] = {}
    compliance: dict[int, list[int]] = {}
    leaders = User.objects.filter(is_active=True, branch_id__in=units, role__in=[*HEADS, Role.COMPLIANCE])
    for pk, unit, role in leaders.order_by("pk").values_list("pk", "branch_id", "role"):
        (compliance if role == Role.COMPLIANCE else heads).setdefault(unit, []).append(pk)
    handlers = {one.handler_id for one in found if one.handler_id}
    active = frozenset(User.objects.filter(pk__in=handlers, is_active=True).values_list("pk", flat=True))
    people = active | {pk for group in (heads, compliance) for ids in group.values() for pk in ids}
    away = dict(Absence.objects.on(day).filter(user_id__in=people).values_list("user_id", "deputy_id"))
    return Around(paths, heads, compliance, active, away, _seen(found, away, day))


def _seen(found: Sequence[Passed], away: Mapping[int, int | None], day: date) -> dict[int, frozenset[int]]:
    """The cases each deputy may see; those who left or are away themselves stand in for nobody."""
    cases = {one.case_id for one in found}
    deputies = User.objects.filter(pk__in={pk for pk in away.values() if pk}, is_active=True).select_related("branch")
    gone = set(Absence.objects.on(day).filter(user_id__in=deputies.values("pk")).values_list("user_id", flat=True))
    return {
        deputy.pk: frozenset(Complaint.objects.visible_to(deputy).filter(pk__in=cases).values_list("pk", flat=True))
        for deputy in deputies
        if deputy.pk not in gone
    }
