"""Putting somebody in the place of a scorer who has left, moved or is away; what was marked stays as it is."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from core import trail
from core.clock import SHANGHAI
from core.errors import DomainError
from staff.enums import Event
from staff.enums.supervision import CheckState, PlanState
from staff.models import CheckPlan, Score, User
from staff.queries import supervision as queries
from staff.services.notices import Told, notify, notify_rows, settle
from staff.services.supervision import PLAN, CannotScore


class PlanNotYours(DomainError):
    """Scorers are replaced by who runs the plan."""

    code = "plan_not_yours"
    message = _("Scorers are replaced by those who run the plan.")


class StillScores(DomainError):
    """Nobody chooses the marks by choosing who gives them."""

    code = "still_scores"
    message = _("%(name)s can still score. Only who has left, has moved or is away is replaced.")


class ScoresAlready(DomainError):
    """Two score and a third decides: the three are three people."""

    code = "scores_already"
    message = _("%(name)s scores by this plan already; choose somebody else.")


@transaction.atomic
def replace_scorer(*, plan: CheckPlan, leaver: User, substitute: User, actor: User, at: datetime) -> int:
    """Let `substitute` score what `leaver` has not marked yet, and what is drawn from now on; returns how many pass.

    A check about the substitute goes to another scorer of the plan: nobody marks oneself, nor a check twice. Raises
    PlanNotYours, StillScores, ScoresAlready, CannotScore.
    """
    plan = CheckPlan.objects.select_for_update(of=("self",)).select_related("unit").get(pk=plan.pk)
    if not queries.oversees(actor, plan):
        raise PlanNotYours()
    if not queries.replaceable(plan, at.astimezone(SHANGHAI).date()).filter(pk=leaver.pk).exists():
        raise StillScores(name=leaver.name)
    pool = sorted(plan.scorers.values_list("pk", flat=True))
    if substitute.pk in pool:
        raise ScoresAlready(name=substitute.name)
    if not queries.scorers_for(plan.unit).filter(pk=substitute.pk).exists():
        raise CannotScore(name=substitute.name)
    plan.scorers.remove(leaver)
    plan.scorers.add(substitute)
    passed = _pass_on(plan, leaver, [substitute.pk, *(pk for pk in pool if pk != leaver.pk)])
    changes = {"from": leaver.staff_no, "to": substitute.staff_no, "rows": len(passed)}
    trail.record(actor=actor.actor, action="replace_scorer", subject=PLAN, subject_id=plan.pk, at=at, changes=changes)
    _tell(plan, leaver, passed, at)
    return len(passed)


def tell_of_leavers(*, at: datetime) -> int:
    """Tell who oversees a plan of scorers who have left or moved away, once of each; returns how many are told.

    Called by the night.
    """
    told = 0
    for plan in CheckPlan.objects.filter(state=PlanState.ACTIVE).select_related("unit").order_by("pk"):
        for leaver in queries.gone_scorers(plan):
            told += notify(
                users=queries.overseers_of(plan),
                event=Event.SCORER_GONE,
                once=f"plan {plan.pk} without {leaver.pk}",
                at=at,
                url=reverse("insights:scorer_replace", args=[plan.pk]),
                params={"number": plan.pk},
            )
    return told


def _pass_on(plan: CheckPlan, leaver: User, pool: Sequence[int]) -> list[Score]:
    """What the leaver has not marked, each now another's: the first of `pool` who may mark it."""
    mine = Score.objects.select_for_update(of=("self",)).filter(scorer=leaver, at=None, spot_check__draw__plan=plan)
    rows = mine.filter(spot_check__state=CheckState.OPEN).select_related("spot_check")
    passed = []
    for row in rows.order_by("pk"):
        scored = set(Score.objects.filter(spot_check=row.spot_check_id).values_list("scorer_id", flat=True))
        able = (pk for pk in pool if pk not in scored and pk != row.spot_check.person_id)
        if scorer := next(able, None):
            row.scorer_id = scorer
            passed.append(row)
    Score.objects.bulk_update(passed, ["scorer"])
    return passed


def _tell(plan: CheckPlan, leaver: User, passed: Sequence[Score], at: datetime) -> None:
    url = f"{reverse('insights:supervision_checks')}?stands=mine"
    if not queries.checks_to_score(leaver).exists():
        settle(user_id=leaver.pk, url=url, at=at)
    notify_rows(event=Event.CHECKS_TO_SCORE, rows=list(_told(plan, leaver, passed, url)), at=at)


def _told(plan: CheckPlan, leaver: User, passed: Sequence[Score], url: str) -> Iterator[Told]:
    for scorer in sorted({row.scorer_id for row in passed}):
        count = sum(row.scorer_id == scorer for row in passed)
        yield Told(scorer, f"plan {plan.pk} instead of {leaver.pk}", url, {"count": count})
