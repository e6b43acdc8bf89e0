"""Plans, draws and scores of supervision; what the night does about findings."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from core import trail
from core.clock import SHANGHAI
from core.errors import DomainError
from core.jobs import Counts
from core.trail import Actor
from staff.enums import Event
from staff.enums.supervision import CheckState, Mark, PlanKind, PlanState
from staff.models import Branch, CheckPlan, Draw, Score, SpotCheck, User
from staff.queries import supervision as queries
from staff.rules.supervision import LEAST_SCORERS, TWO, marks_fit, state_after
from staff.services import supervision_findings
from staff.services.notices import Told, notify, notify_rows, settle

PLAN, DRAW, CHECK = "staff.checkplan", "staff.draw", "staff.spotcheck"


class TooFewScorers(DomainError):
    """Two score and a third decides."""

    code = "too_few_scorers"
    message = _("Name at least %(least)s scorers: two score, a third decides where they differ.")


class CannotScore(DomainError):
    """Somebody who may not see the records."""

    code = "cannot_score"
    message = _("%(name)s cannot score records of this unit.")


class UnitNotYours(DomainError):
    """Heads check their own units."""

    code = "unit_not_yours"
    message = _("You can only check units that are yours.")


class PlanEnded(DomainError):
    """Nothing more is drawn by it."""

    code = "plan_ended"
    message = _("This plan has ended.")


class DrawnAlready(DomainError):
    """A sample is drawn once: nobody draws again until it pleases."""

    code = "drawn_already"
    message = _("The sample of these days was drawn already.")


class DaysNotOver(DomainError):
    """Records of days to come cannot be drawn."""

    code = "days_not_over"
    message = _("The sample can be drawn once its days are over.")


class NotYourCheck(DomainError):
    """Somebody else's, or done already."""

    code = "not_your_check"
    message = _("This check does not wait for you.")


class MarksMissing(DomainError):
    """Every criterion gets one mark."""

    code = "marks_missing"
    message = _("Mark every criterion.")


class NoteMissing(DomainError):
    """What was not met has to be said."""

    code = "supervision_note"
    message = _("Say in the note what was not met.")


@dataclass(frozen=True, slots=True)
class PlanFacts:
    """What a plan says. `ends_on` None = month after month until it is ended."""

    name: str
    area: str
    kind: str
    unit: Branch
    per_unit: int
    risk_percent: int
    starts_on: date
    ends_on: date | None
    scorers: Sequence[User]


@dataclass(frozen=True, slots=True)
class Taken:
    """A record that was drawn: where it stands, whose it is, why it weighs what it weighs, and its two scorers."""

    source: str
    record_id: int
    branch_id: int
    person_id: int
    happened_at: datetime
    factors: Sequence[str]
    weight: float
    drawn_by: str
    scorers: tuple[int, int]


@dataclass(frozen=True, slots=True)
class Frozen:
    """The list a sample was drawn from: how many records, compressed, and its SHA-256."""

    population: int
    data: bytes
    digest: str


@transaction.atomic
def make_plan(*, facts: PlanFacts, actor: User, at: datetime) -> CheckPlan:
    """Begin a plan. Raises TooFewScorers, CannotScore, UnitNotYours."""
    if not queries.units_to_check(actor).filter(pk=facts.unit.pk).exists():
        raise UnitNotYours()
    allowed = set(queries.scorers_for(facts.unit).values_list("pk", flat=True))
    people = {scorer.pk: scorer for scorer in facts.scorers}
    if len(people) < LEAST_SCORERS:
        raise TooFewScorers(least=LEAST_SCORERS)
    if left_out := [scorer.name for pk, scorer in people.items() if pk not in allowed]:
        raise CannotScore(name=", ".join(left_out))
    plan = CheckPlan.objects.create(
        name=facts.name.strip(),
        area=facts.area,
        kind=facts.kind,
        unit=facts.unit,
        per_unit=facts.per_unit,
        risk_percent=facts.risk_percent,
        starts_on=facts.starts_on,
        ends_on=facts.ends_on,
        desk=actor.branch,
        led_by=actor.role,
        created_by=actor,
        created_at=at,
    )
    plan.scorers.set(people)
    changes = {"area": plan.area, "kind": plan.kind, "unit": plan.unit.code, "scorers": sorted(people)}
    _record(actor.actor, "create", PLAN, plan.pk, at, changes)
    return plan


@transaction.atomic
def end_plan(*, plan: CheckPlan, actor: User, at: datetime) -> CheckPlan:
    """Draw nothing more by it; what was drawn goes on. Raises PlanEnded."""
    plan = _active(plan)
    plan.state, plan.ended_by, plan.ended_at = PlanState.ENDED, actor, at
    plan.save(update_fields=["state", "ended_by", "ended_at"])
    _record(actor.actor, "close", PLAN, plan.pk, at, {})
    return plan


@transaction.atomic
def seed_draw(
    *,
    plan: CheckPlan,
    first: date,
    last: date,
    seed: int,
    criteria: Sequence[Mapping[str, Any]],
    weights: Mapping[str, Any],
    actor: Actor,
    at: datetime,
) -> Draw:
    """Log the seed of a sample, to be committed before anything is drawn with it; a second call finds the first.

    Raises PlanEnded, DaysNotOver, DrawnAlready.
    """
    plan = _active(plan)
    if last >= at.astimezone(SHANGHAI).date():
        raise DaysNotOver()
    if found := Draw.objects.filter(plan=plan, first=first).first():
        if found.drawn_at:
            raise DrawnAlready()
        return found
    values = {"criteria": list(criteria), "weights": dict(weights), "seeded_by_id": actor.id, "seeded_at": at}
    draw = Draw.objects.create(plan=plan, first=first, last=last, seed=seed, **values)
    days = {"first": first.isoformat(), "last": last.isoformat()}
    _record(actor, "seed", DRAW, draw.pk, at, {"plan": plan.pk, "seed": str(seed), **days})
    return draw


@transaction.atomic
def take_sample(*, draw: Draw, taken: Sequence[Taken], frozen: Frozen, actor: Actor, at: datetime) -> list[SpotCheck]:
    """Keep what was drawn with a logged seed, and give each record its two scorers. Raises DrawnAlready."""
    draw = Draw.objects.select_for_update(of=("self",)).select_related("plan").get(pk=draw.pk)
    if draw.drawn_at:
        raise DrawnAlready()
    draw.drawn_at, draw.population = at, frozen.population
    draw.frozen, draw.digest = frozen.data, frozen.digest
    draw.save(update_fields=["drawn_at", "population", "frozen", "digest"])
    names = ("source", "record_id", "branch_id", "person_id", "happened_at", "weight", "drawn_by")
    rows = [
        SpotCheck(draw=draw, factors=list(one.factors), **{name: getattr(one, name) for name in names}) for one in taken
    ]
    checks = SpotCheck.objects.bulk_create(rows)
    pairs = zip(checks, taken, strict=True)
    Score.objects.bulk_create(
        Score(spot_check=check, scorer_id=scorer) for check, one in pairs for scorer in one.scorers
    )
    if draw.plan.kind == PlanKind.SURPRISE:
        CheckPlan.objects.filter(pk=draw.plan_id).update(state=PlanState.ENDED, ended_at=at)
    changes = {"plan": draw.plan_id, "population": frozen.population, "taken": len(checks), "digest": frozen.digest}
    _record(actor, "draw", DRAW, draw.pk, at, changes)
    _tell_scorers(draw, taken, at)
    return checks


@transaction.atomic
def score_check(*, check: SpotCheck, marks: Mapping[str, str], note: str, actor: User, at: datetime) -> SpotCheck:
    """Say one's marks, without having seen the other's. With both in it is settled, or a third decides.

    Raises NotYourCheck, MarksMissing, NoteMissing.
    """
    check = _locked(check)
    score = Score.objects.select_for_update().filter(spot_check=check, scorer=actor, at=None).first()
    if score is None or check.person_id == actor.pk:
        raise NotYourCheck()
    score.marks, score.note, score.at = _marks(check, marks, note), note.strip(), at
    score.save(update_fields=["marks", "note", "at"])
    given = [row.marks for row in Score.objects.filter(spot_check=check).exclude(at=None).order_by("pk")]
    check.state = state_after(given)
    if check.state == CheckState.DONE:
        check.outcome, check.settled_at = score.marks, at
    check.save(update_fields=["state", "outcome", "settled_at"])
    if not queries.checks_to_score(actor).exists():
        settle(user_id=actor.pk, url=_to_score(), at=at)
    # The trail is read by scorers, too: that it was scored is enough.
    _record(actor.actor, "score", CHECK, check.pk, at, {"kept_from": [check.person_id], "in": len(given)})
    if check.state == CheckState.DIFFERENT:
        _tell_third(check, at)
    return check


@transaction.atomic
def settle_check(*, check: SpotCheck, marks: Mapping[str, str], note: str, actor: User, at: datetime) -> SpotCheck:
    """Decide, as one who scored neither time, what counts where marks differ. What both said stays.

    Raises NotYourCheck, MarksMissing, NoteMissing.
    """
    check = _locked(check)
    if not queries.checks_to_settle(actor).filter(pk=check.pk).exists():
        raise NotYourCheck()
    first, second = (row.marks for row in Score.objects.filter(spot_check=check).order_by("pk")[:TWO])
    agreed = {code: mark for code, mark in first.items() if second.get(code) == mark}
    check.outcome = _marks(check, {**marks, **agreed}, note)
    check.note, check.state, check.settled_by, check.settled_at = note.strip(), CheckState.DONE, actor, at
    check.save(update_fields=["outcome", "note", "state", "settled_by", "settled_at"])
    settle(user_id=actor.pk, url=check.get_absolute_url(), at=at)
    differed = sorted(set(first) - set(agreed))
    _record(actor.actor, "reconcile", CHECK, check.pk, at, {"kept_from": [check.person_id], "differed": differed})
    return check


def run(*, business_day: date, actor: Actor, at: datetime) -> Counts:
    """Tell upwards of findings that are overdue after the business day. Called by the night; safe twice."""
    return {"rows": supervision_findings.escalate(business_day=business_day, actor=actor, at=at)}


def _active(plan: CheckPlan) -> CheckPlan:
    locked = CheckPlan.objects.select_for_update(of=("self",)).select_related("unit").get(pk=plan.pk)
    if locked.state != PlanState.ACTIVE:
        raise PlanEnded()
    return locked


def _locked(check: SpotCheck) -> SpotCheck:
    rows = SpotCheck.objects.select_for_update(of=("self",)).select_related("draw__plan").defer("draw__frozen")
    return rows.get(pk=check.pk)


def _marks(check: SpotCheck, marks: Mapping[str, str], note: str) -> dict[str, str]:
    codes = [str(line["code"]) for line in check.draw.criteria]
    if not marks_fit(marks, codes):
        raise MarksMissing()
    if Mark.MISSED in marks.values() and not note.strip():
        raise NoteMissing()
    return {code: str(marks[code]) for code in codes}


def _tell_scorers(draw: Draw, taken: Sequence[Taken], at: datetime) -> None:
    counts: dict[int, int] = {}
    for one in taken:
        for scorer in one.scorers:
            counts[scorer] = counts.get(scorer, 0) + 1
    rows = [Told(pk, f"draw {draw.pk}", _to_score(), {"count": count}) for pk, count in sorted(counts.items())]
    notify_rows(event=Event.CHECKS_TO_SCORE, rows=rows, at=at)


def _to_score() -> str:
    return f"{reverse('insights:supervision_checks')}?stands=mine"


def _tell_third(check: SpotCheck, at: datetime) -> None:
    scored = Score.objects.filter(spot_check=check).values("scorer")
    people = check.draw.plan.scorers.exclude(pk__in=scored).exclude(pk=check.person_id)
    what = {"number": check.pk}
    url, once = check.get_absolute_url(), f"check {check.pk} differs"
    notify(users=people, event=Event.CHECK_DIFFERS, once=once, at=at, url=url, params=what)


def _record(
    actor: Actor, action: str, subject: str, subject_id: object, at: datetime, changes: Mapping[str, Any]
) -> None:
    trail.record(actor=actor, action=action, subject=subject, subject_id=subject_id, at=at, changes=changes)
