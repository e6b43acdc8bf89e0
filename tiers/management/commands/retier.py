from argparse import ArgumentParser
from collections.abc import Mapping
from datetime import date, datetime
from time import perf_counter
from typing import Any

from core import jobs
from core.clock import now
from core.commands import FAILED, JsonCommand, Unusable
from core.enums import ActorKind, JobState
from core.errors import DomainError
from core.models import Job
from core.trail import Actor
from customers.queries import ledger_day
from tiers import services

OPERATOR = Actor(None, "command", ActorKind.JOB)
PATIENCE_SECONDS = 300.0


class Command(JsonCommand):
    help = "Tier every customer for a business day by the scheme in force on it, with history. Safe to run again."

    def add_options(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--business-date", type=date.fromisoformat, help="the day to tier (the latest day with balances)"
        )
        parser.add_argument("--dry-run", action="store_true", help="say what would come out and write nothing")

    def work(self, **options: Any) -> Mapping[str, Any]:
        """Lead the job here, helped by workers; or wait for the process that leads it already."""
        day = options["business_date"] or ledger_day()
        if day is None:
            raise Unusable("there are no balances yet: name a --business-date")
        began = perf_counter()
        result = services.foretell_retier(business_day=day) if options["dry_run"] else self._run(day, now())
        result.pop("rows", None)
        return {**result, "seconds": round(perf_counter() - began, 3)}

    def _run(self, day: date, at: datetime) -> dict[str, Any]:
        job = jobs.enqueue(
            name="tiers.retier", key=day.isoformat(), business_day=day, actor=OPERATOR, at=at, publish=False
        )
        if job.state == JobState.DONE:
            jobs.rearm(job, at=at)
        self.say(f"re-tiering {day}")
        try:
            job = jobs.execute(job.pk, self._lead)
        except jobs.JobBusy:
            self.say("another process is at it already, waiting for it")
            job = jobs.wait(job, seconds=PATIENCE_SECONDS)
        if job.state == JobState.REFUSED:
            raise DomainError(job.error)
        if job.state != JobState.DONE:
            self.say(job.error)
            return {"business_date": day.isoformat(), "error": job.error, "exit_status": FAILED}
        return dict(job.counts)

    def _lead(self, job: Job, progress: jobs.Progress) -> jobs.Counts:
        day = date.fromisoformat(job.key)
        return services.retier(business_day=day, actor=OPERATOR, at=now(), progress=progress)
