"""Findings of the data-quality rules: raised and resolved set-based in the night, settled one by one by people."""

from datetime import date, datetime, timedelta
from typing import Any

from django.db import connection, transaction
from django.db.models import Max, Min
from django.utils.translation import gettext_lazy as _

from core import trail
from core.clock import SHANGHAI
from core.errors import DomainError
from core.jobs import Progress
from core.sql import statement
from core.trail import Actor
from customers.enums import FlagKind
from customers.models import Customer, QualityFlag
from customers.queries.quality import rules_on
from customers.rules.quality import OF_ONE, STALE, QualityRules
from customers.services import sources, staging
from staff.models import User

SUBJECT = "customers.qualityflag"
CHUNK_SIZE = 20_000
LOCK_CLASS = 0x71756C  # "qul"
OLDEST_YEARS = 120
SHORTEST_REASON = 4


class NotOpen(DomainError):
    """The finding was settled meanwhile."""

    code = "finding_not_open"
    message = _("Somebody else has settled this already, or it is gone. Load the page again.")


class NotConfirmable(DomainError):
    """Only an old value can be confirmed; anything else has to be put right."""

    code = "finding_not_confirmable"
    message = _("This cannot be confirmed by a call: correct the record, or dismiss the finding with a reason.")


class ReasonNeeded(DomainError):
    """A finding is dismissed for a stated reason only."""

    code = "reason_needed"
    message = _("Say why this is in order as it is (at least 4 characters).")


def run(
    *, business_day: date, actor: Actor, at: datetime, progress: Progress | None = None, chunk_size: int = CHUNK_SIZE
) -> dict[str, int]:
    """Raise a flag where a rule finds something new, resolve those where it finds nothing any more.

    "rows" counts both; a second run of the day changes nothing.
    """
    rules = rules_on(business_day)
    raised, resolved = _compare(business_day, rules)
    chunks = _chunks(chunk_size)
    for done, (low, high) in enumerate(chunks):
        if progress:
            progress.report(done, len(chunks))
        more, fewer = _check(low, high, business_day, rules)
        raised, resolved = raised + more, resolved + fewer
    counts = {"rows": raised + resolved, "raised": raised, "resolved": resolved}
    if counts["rows"]:
        trail.record(actor=actor, action="run", subject=SUBJECT, subject_id=business_day, at=at, changes=counts)
    return counts


def _chunks(size: int) -> list[tuple[int, int]]:
    found = Customer.everything.aggregate(low=Min("pk"), high=Max("pk"))
    if found["low"] is None:
        return []
    return [(low, min(low + size - 1, found["high"])) for low in range(found["low"], found["high"] + 1, size)]


def _lock(*, shared: bool = False) -> None:
    """One night's run at a time; single customers are looked at between its chunks."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT pg_advisory_xact_lock{'_shared' if shared else ''}(%s, 0)", [LOCK_CLASS])


@transaction.atomic
def _compare(day: date, rules: QualityRules) -> tuple[int, int]:
    """The rules that compare customers: flags raised; how many were resolved is not counted apart (0)."""
    _lock()
    compared = {
        FlagKind.DUPLICATE_IDENTITY: ("id_no_index", 2),
        FlagKind.SHARED_PHONE: ("phone_index", rules.shared_phone_from),
    }
    quiet_until = day - timedelta(days=rules.quiet_days)
    raised = 0
    for kind, (column, least) in compared.items():
        sql = statement("customers", "quality_shared").replace("{column}", column)
        raised += staging.run(sql, {"kind": str(kind), "least": least, "day": day, "quiet_until": quiet_until})
    return raised, 0


@transaction.atomic
def _check(low: int, high: int, day: date, rules: QualityRules) -> tuple[int, int]:
    """The rules about customers low..high each alone: flags raised and resolved."""
    _lock(shared=low == high)
    params: dict[str, Any] = {
        "low": low,
        "high": high,
        "day": day,
        "oldest": day.replace(year=day.year - OLDEST_YEARS, day=min(day.day, 28)),
        "quiet_until": day - timedelta(days=rules.quiet_days),
        "kinds": [kind.value for kind in OF_ONE],
        "fields": list(STALE.values()),
        **{f"{field}_from": day - timedelta(days=age) for field, age in rules.max_age_days.items()},
    }
    with connection.cursor() as cursor:
        cursor.execute(statement("customers", "quality_of_one"), params)
        raised, resolved = cursor.fetchone()
    return raised, resolved


def recheck(*, customer_id: int, day: date) -> None:
    """Hold one customer against the rules at once, after its record was corrected; call it in that transaction."""
    _check(customer_id, customer_id, day, rules_on(day))


@transaction.atomic
def confirm_by_call(*, flag: QualityFlag, source: str, actor: User, at: datetime) -> QualityFlag:
    """The customer has confirmed the old value: it is good from today on, even if unchanged.

    Raises NotOpen, NotConfirmable.
    """
    flag = _still_open(flag)
    field = STALE.get(FlagKind(flag.kind))
    if field is None:
        raise NotConfirmable()
    day = at.astimezone(SHANGHAI).date()
    sources.confirm(customer=flag.customer, fields=[field], source=source, actor=actor, on=day)
    flag.resolved_on = day
    flag.save(update_fields=["resolved_on"])
    _record(flag, actor, at, "confirm", changes={"field": field, "source": source})
    return flag


@transaction.atomic
def dismiss_flag(*, flag: QualityFlag, reason: str, actor: User, at: datetime) -> QualityFlag:
    """Nothing is wrong: keep quiet for the rules' days, or until it comes back. Raises NotOpen, ReasonNeeded."""
    if len(reason.strip()) < SHORTEST_REASON:
        raise ReasonNeeded()
    flag = _still_open(flag)
    flag.dismissed_on, flag.dismissed_by, flag.dismiss_reason = (
        at.astimezone(SHANGHAI).date(),
        actor,
        reason.strip()[:200],
    )
    flag.save(update_fields=["dismissed_on", "dismissed_by", "dismiss_reason"])
    _record(flag, actor, at, "dismiss", reason=flag.dismiss_reason)
    return flag


def _still_open(flag: QualityFlag) -> QualityFlag:
    found = QualityFlag.everything.select_for_update(of=("self",)).select_related("customer").get(pk=flag.pk)
    if found.resolved_on or found.dismissed_on:
        raise NotOpen()
    return found


def _record(
    flag: QualityFlag, actor: User, at: datetime, action: str, changes: dict[str, Any] | None = None, reason: str = ""
) -> None:
    trail.record(
        actor=actor.actor,
        action=action,
        subject="customers.customer",
        subject_id=flag.customer.customer_no,
        at=at,
        changes={"finding": flag.kind, **(changes or {})},
        reason=reason,
    )
