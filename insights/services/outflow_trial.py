"""The rules of outflow warnings tried on the past: days of the ledger replayed, and held against who was lost."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from time import monotonic
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from core import trail
from core.errors import DomainError
from core.jobs import Counts, Progress, enqueue, rearm
from core.models import Job
from core.trail import Actor
from customers.models import CustomerPosition
from customers.queries import ledger_day
from customers.queries.balances import first_ledger_day
from insights.models import OutflowTrial
from insights.queries.outflow import Frame, found_on, frame_on, lost_on, rules_on, version_on
from insights.rules.outflow import LAST_DAYS, OutflowRules, read_outflow, weigh
from insights.rules.outflow_quality import GRID, Scored, as_kept, try_out
from staff.models import User

JOB = "insights.try_outflow"
SUBJECT = "insights.outflowtrial"
CHUNK = 10_000
WEEK = timedelta(days=7)
# Balances of so many days at least before the first day replayed; at most so many weeks are.
BEFORE = timedelta(days=LAST_DAYS + 42)
LOSS_FROM = timedelta(days=90)
MOST_WEEKS = 26


class PastTooShort(DomainError):
    """Without a past there is nothing to replay."""

    code = "past_too_short"
    message = _("Balances of at least %(days)s days are needed to try the rules on the past; there are %(there)s.")


@dataclass(frozen=True, slots=True)
class Replay:
    """Days replayed a week apart, and the last day losses are known of."""

    days: Sequence[date]
    loss_days: Sequence[date]
    last: date


@transaction.atomic
def ask_trial(*, actor: User, at: datetime) -> Job:
    """Have a worker try the rules in force on the past; one at a time."""
    job = enqueue(name=JOB, key="trial", actor=actor.actor, at=at, args={"by": actor.pk}, publish=False)
    if job.finished_at is not None:
        job.args = {"by": actor.pk}
        job.save(update_fields=["args"])
        rearm(job, at=at)
    return enqueue(name=JOB, key="trial", actor=actor.actor, at=at)


def run_trial(job: Job, progress: Progress, *, at: datetime) -> Counts:
    """The work of the job. Raises PastTooShort."""
    by = User.objects.filter(pk=job.args.get("by")).first()
    made = try_past(actor=by.actor if by else trail.NIGHT, by=by, at=at, progress=progress)
    return {"rows": made.results["overall"][0], "seconds": float(made.seconds)}


def try_past(
    *,
    actor: Actor,
    at: datetime,
    by: User | None = None,
    weeks: int = MOST_WEEKS,
    share: int = 100,
    values: Mapping[str, Any] | None = None,
    progress: Progress | None = None,
) -> OutflowTrial:
    """Replay the rules in force a week apart over the past, of `share` per cent of the customers, and keep what came.

    Nothing is warned of. `values` stand in for the rules in force. Raises PastTooShort.
    """
    begun, replay = monotonic(), _replay(weeks)
    rules = rules_on(replay.last) if values is None else read_outflow(values)
    frame = frame_on(replay.last)
    keys = _sample(share)
    scored: list[Scored] = []
    losses: dict[int, tuple[date, str]] = {}
    days = sorted({*replay.days, *replay.loss_days})
    for done, day in enumerate(days):
        if progress is not None:
            progress.report(done, len(days))
        if day in replay.days:
            scored += _scored(keys, day, rules, frame)
        if day in replay.loss_days:
            _lose(losses, keys, day, rules, frame)
    trial = try_out(scored, losses, rules.thresholds, replay.last, first=replay.days[0])
    return _keep(OutflowTrial(first=replay.days[0], last=replay.last, results=as_kept(trial)), begun, actor, by, at)


def _replay(weeks: int) -> Replay:
    first, last = first_ledger_day(), ledger_day()
    if first is None or last is None or last - first < LOSS_FROM:
        there = (last - first).days + 1 if first and last else 0
        raise PastTooShort(days=LOSS_FROM.days + 1, there=there)
    starts = [last - n * WEEK for n in range(weeks) if last - n * WEEK >= first + BEFORE]
    losses = [last - n * WEEK for n in range(weeks + 1) if last - n * WEEK >= first + LOSS_FROM]
    return Replay(starts[::-1], losses[::-1], last)


def _sample(share: int) -> list[int]:
    rows = CustomerPosition.everything.filter(customer__merged_into=None).order_by("pk")
    keys = list(rows.values_list("pk", flat=True))
    # Every so manieth, spread evenly over branches and years.
    return [pk for place, pk in enumerate(keys) if place * share % 100 < share] if share < 100 else keys


def _parts(keys: Sequence[int]) -> Iterator[Sequence[int]]:
    for start in range(0, len(keys), CHUNK):
        yield keys[start : start + CHUNK]


def _scored(keys: Sequence[int], day: date, rules: OutflowRules, frame: Frame) -> Iterator[Scored]:
    for part in _parts(keys):
        with transaction.atomic():
            found = found_on(part, day, rules, frame, is_past=True)
        for weighed in (weigh(one, rules) for one in found):
            if weighed.score >= GRID[0]:
                one = weighed.found
                yield Scored(one.customer_id, day, one.letter, weighed.score, tuple(one.signals))


def _lose(
    losses: dict[int, tuple[date, str]], keys: Sequence[int], day: date, rules: OutflowRules, frame: Frame
) -> None:
    """Note the first loss of each customer."""
    for part in _parts(keys):
        with transaction.atomic():
            for one in lost_on(part, day, rules):
                losses.setdefault(one.customer_id, (day, frame.letters.get(one.tier, "")))


@transaction.atomic
def _keep(trial: OutflowTrial, begun: float, actor: Actor, by: User | None, at: datetime) -> OutflowTrial:
    trial.version, trial.made_at, trial.made_by = version_on(trial.last), at, by
    trial.seconds = Decimal(f"{monotonic() - begun:.1f}")
    trial.save()
    raised, right, ended, caught, lost, _lead = trial.results["overall"]
    facts = {"raised": raised, "right": [right, ended], "caught": [caught, lost]}
    trail.record(actor=actor, action="try", subject=SUBJECT, subject_id=trial.pk, at=at, changes=facts)
    return trial
