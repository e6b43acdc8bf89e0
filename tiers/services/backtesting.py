"""Back-tests: asked for by a person, done by workers in chunks that outlive any of them."""

from collections.abc import Sequence
from datetime import date, datetime

from django.db import connection, transaction
from django.db.models import Max, Min
from django.utils.translation import gettext_lazy as _

from core import jobs, trail
from core.errors import DomainError
from core.jobs import Counts, Progress
from core.models import Job, JobChunk
from core.trail import Actor
from customers.models import CustomerPosition
from customers.services.feeds import IMPORT_LOCK
from staff.models import User
from tiers.models import Backtest
from tiers.queries.backtests import NAME, content_from, month_ends, steps_of, summed
from tiers.rules import BandsError, BasisError, SchemeContent, check_basis, check_floors

CHUNK_SIZE = 20_000
MOST_HELPERS = 3


class HistoryTooShort(DomainError):
    """There are not two month-ends with balances."""

    code = "history_too_short"
    message = _("A back-test needs the balances of at least two month-ends; there are %(count)s.")


class RuleUnusable(DomainError):
    """One of the rules makes no policy."""

    code = "rule_unusable"
    message = _("The rule “%(label)s” cannot be tried: its bounds or its measure are incomplete.")


@transaction.atomic
def ask_backtest(*, rules: Sequence[tuple[str, SchemeContent]], until: date, actor: User, at: datetime) -> Backtest:
    """Have workers try the rules (label, content) on the last twelve months with balances up to `until`.

    Raises HistoryTooShort, RuleUnusable.
    """
    months = month_ends(until)
    if len(months) < 2:
        raise HistoryTooShort(count=len(months))
    for label, content in rules:
        try:
            check_floors(content.floors)
            check_basis(content.basis)
        except (BandsError, BasisError) as error:
            raise RuleUnusable(label=label) from error
    backtest = Backtest.objects.create(
        on=until,
        rules=[{"label": label, "content": content.facts} for label, content in rules],
        months=[day.isoformat() for day in months],
        asked_by=actor,
        asked_at=at,
    )
    who = actor.actor
    backtest.job = jobs.enqueue(name=NAME, key=str(backtest.pk), actor=who, at=at)
    backtest.save(update_fields=["job"])
    trail.record(
        actor=who,
        action="run",
        subject="tiers.backtest",
        subject_id=backtest.pk,
        at=at,
        changes={"rules": [label for label, _content in rules], "months": backtest.months},
    )
    return backtest


@transaction.atomic
def ask_again(*, backtest: Backtest, at: datetime) -> None:
    """Let a back-test whose job failed go on where it stopped."""
    if backtest.job and backtest.finished_at is None:
        jobs.enqueue(name=NAME, key=backtest.job.key, actor=Actor(backtest.job.actor_id, backtest.job.actor_no), at=at)


def run_backtest(*, job: Job, progress: Progress, at: datetime, chunk_size: int = CHUNK_SIZE) -> Counts:
    """Do the chunks of the job's back-test that are not done yet, and put their sums down; safe twice."""
    backtest = Backtest.objects.get(pk=int(job.key))
    if backtest.finished_at is None:
        found = CustomerPosition.everything.aggregate(low=Min("pk"), high=Max("pk"))
        if found["low"] and not job.chunks.exists():
            jobs.plan_chunks(job, low=found["low"], high=found["high"], size=chunk_size)
            progress.report(0)
        _wake_helpers(job)
        jobs.work_chunks(job.pk, lambda chunk: _chunk(backtest, chunk), until_all_done=True)
        _finish(backtest, job, at)
    return {"rows": sum(step[3] for step in backtest.result["steps"][0] if step[0] == 1)}


def _wake_helpers(job: Job) -> None:
    for _n in range(min(MOST_HELPERS, job.chunks.filter(is_done=False).count() - 1)):
        if not jobs.send(f"{NAME}_help", job.pk):
            return


def help_backtest(*, job_id: int) -> int:
    """Do chunks of a back-test somebody else leads until none is left; returns how many."""
    backtest = Backtest.objects.get(job_id=job_id)
    return jobs.work_chunks(job_id, lambda chunk: _chunk(backtest, chunk), until_all_done=False)


def _chunk(backtest: Backtest, chunk: JobChunk) -> Counts:
    days = [date.fromisoformat(day) for day in backtest.months]
    with connection.cursor() as cursor:
        # Never while an import is posting.
        cursor.execute("SELECT pg_advisory_xact_lock_shared(%s)", [IMPORT_LOCK])
        cursor.execute("SET LOCAL work_mem = '64MB'")
    return {
        str(n): steps_of(content_from(rule["content"]), days, chunk.low, chunk.high)
        for n, rule in enumerate(backtest.rules)
    }


@transaction.atomic
def _finish(backtest: Backtest, job: Job, at: datetime) -> None:
    counts = list(job.chunks.values_list("counts", flat=True))
    backtest.result = {
        "steps": [summed(chunk[str(n)] for chunk in counts) for n in range(len(backtest.rules))],
        "managers": CustomerPosition.everything.exclude(manager=None).values("manager").distinct().count(),
    }
    backtest.finished_at = at
    backtest.save(update_fields=["result", "finished_at"])
