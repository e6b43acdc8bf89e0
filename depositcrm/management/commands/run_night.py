"""manage.py run_night: climb the ladder for one business day."""

import time
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any

from django.core.management.base import CommandError, CommandParser

from core import jobs
from core.clock import now
from core.commands import FAILED, JsonCommand, Unusable
from core.enums import JobState
from core.models import Job
from core.trail import NIGHT
from depositcrm import night
from insights.services import start_night

WORKER_SECONDS = 20
STALL_SECONDS = 900
POLL_SECONDS = 0.3
FINAL = (JobState.DONE, JobState.PARKED, JobState.REFUSED, JobState.FAILED)


class Command(JsonCommand):
    help = "Run the night of a business day: feeds, balances, tiers, quality, roll-up, seal."

    def add_options(self, parser: CommandParser) -> None:
        parser.add_argument("--business-date", metavar="DATE", help="default: yesterday")
        parser.add_argument("--inline", action="store_true", help="in this process, without broker and worker")

    def work(self, *, business_date: str | None, inline: bool, **_: Any) -> Mapping[str, Any]:
        since = now()
        job = start_night(business_day=_day(business_date, since), actor=NIGHT, at=since, publish=not inline)
        if job.state != JobState.DONE:
            job = self._inline(job) if inline else self._by_worker(job)
        steps = night.outcome(job, since=since)
        for step in steps:
            self.say(f"{step['name']:<14} {step['status']:<12} {step['rows']:>9} rows {step['seconds']:>8.1f} s")
        if job.state != JobState.DONE:
            self.say(job.error)
        return {
            "business_date": job.key,
            "steps": steps,
            "seconds": round((now() - since).total_seconds(), 3),
            "exit_status": 0 if job.state == JobState.DONE else FAILED,
        }

    def _inline(self, job: Job) -> Job:
        try:
            return jobs.execute(job.pk, night.climb)
        except jobs.JobBusy as error:
            raise CommandError(str(error), returncode=FAILED) from error

    def _by_worker(self, job: Job) -> Job:
        """Follow what a worker does; nobody taking the job up is an error that leaves nothing behind."""
        seen, moved_at, began = None, time.monotonic(), job.attempts
        while job.state not in FINAL:
            mark = (job.state, job.attempts, job.done_count, job.heartbeat_at, self._running(job))
            if mark != seen:
                seen, moved_at = mark, time.monotonic()
                self.say(f"{job.state}: {job.done_count} of {job.total_count or len(night.STEPS)} steps {mark[-1]}")
            idle = time.monotonic() - moved_at
            if job.state == JobState.WAITING and job.attempts == began and idle > WORKER_SECONDS:
                self._withdraw(job)
            if idle > STALL_SECONDS:
                raise CommandError(f"nothing has moved for {STALL_SECONDS} s; see the job console", returncode=FAILED)
            time.sleep(POLL_SECONDS)
            job.refresh_from_db()
        return job

    def _running(self, job: Job) -> str:
        step = job.steps.filter(state=JobState.RUNNING).first()
        return f"({step.name} {step.done_count}/{step.total_count})" if step else ""

    def _withdraw(self, job: Job) -> None:
        """Without this a worker started later would run a night nobody waits for any more."""
        reason = "no worker took it up"
        Job.objects.filter(pk=job.pk, state=JobState.WAITING).update(state=JobState.FAILED, error=reason)
        raise CommandError(
            "no worker is running: nobody took the night up within"
            f" {WORKER_SECONDS} s. Start one, or run it in this process with --inline.",
            returncode=FAILED,
        )


def _day(text: str | None, at: datetime) -> date:
    if not text:
        return at.date() - timedelta(days=1)
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise Unusable(f"not a date: {text} (expected YYYY-MM-DD)") from None
    if day > at.date():
        raise Unusable(f"{text} lies in the future")
    return day
