"""Writes of outflow warnings: raised by the night, judged by managers, followed up, held against who was lost."""

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from django.db import connection, transaction
from django.db.models import Count, F, Min
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from core import trail
from core.calendar import bank_calendar
from core.clock import SHANGHAI
from core.errors import DomainError
from core.jobs import Counts
from core.sql import statement
from core.trail import Actor
from customers.models import CustomerPosition
from customers.queries import ledger_day
from insights.enums import OutflowState, OutflowVerdict
from insights.models import OutflowLoss, OutflowWarning
from insights.queries.outflow import SLICES, candidates, found_on, frame_on, lost_on, rules_on, version_on
from insights.rules.outflow import OutflowRules, Weighed, is_raised, weigh
from servicing.enums import Priority
from servicing.models import FollowUp
from servicing.services.follow_ups import create_follow_up
from staff.enums import Event
from staff.models import User
from staff.queries import deputies_on
from staff.services.notices import Told, notify_rows

SUBJECT = "insights.outflowwarning"
CHUNK = 10_000
# Days in which a loss of a customer counts once, and in which a warning of it counts.
LOSS_DAYS = timedelta(days=60)
NOTE = 300


class WarningClosed(DomainError):
    """Somebody was quicker, or its signs are gone."""

    code = "warning_closed"
    message = _("This warning was closed already. Load the page again.")


class NotJudged(DomainError):
    """Only a verdict that stands can be taken back, and by whoever gave it."""

    code = "not_judged"
    message = _("Only your own verdict can be taken back, as long as no newer warning stands.")


class VerdictUnknown(DomainError):
    """A verdict is right, wrong or unsure."""

    code = "verdict_unknown"
    message = _("Choose a verdict.")


class AlreadyFollowedUp(DomainError):
    """One follow-up a warning."""

    code = "already_followed_up"
    message = _("There is a follow-up for this warning already.")


def run(*, business_day: date, actor: Actor, at: datetime, chunk: int = CHUNK) -> Counts:
    """Raise and renew the day's warnings, close those whose signs are gone, note who was lost, tell of what is new.

    A day before the ledger day is read as a past one: without what is only known of today, and nobody is told.

    Counts "raised", "renewed", "expired", "lost" and "rows". Chunks are transactions of their own; safe twice.
    """
    ledger = ledger_day()
    if ledger is None:
        return {"rows": 0}
    rules, frame, version = rules_on(business_day), frame_on(business_day), version_on(business_day)
    keys = candidates(business_day)
    weighed: list[Weighed] = []
    raised = renewed = 0
    for part in _parts(keys, chunk):
        with transaction.atomic():
            found = found_on(part, business_day, rules, frame, is_past=business_day < ledger)
            above = [one for one in (weigh(one, rules) for one in found) if is_raised(one, rules)]
            new, again = _raise(above, business_day, rules, version)
        weighed += above
        raised, renewed = raised + new, renewed + again
    counts = {"raised": raised, "renewed": renewed}
    counts |= _close(business_day, rules, {one.found.customer_id for one in weighed})
    counts["lost"] = _lose(business_day, rules, chunk)
    if business_day >= ledger:
        _tell(business_day, at)
    counts["rows"] = raised + renewed + counts["expired"] + counts["lost"]
    if counts["rows"]:
        trail.record(actor=actor, action="run", subject=SUBJECT, subject_id=business_day, at=at, changes=counts)
    return counts


def _parts(keys: Sequence[int], size: int) -> Iterator[Sequence[int]]:
    for start in range(0, len(keys), size):
        yield keys[start : start + size]


def _raise(rows: Sequence[Weighed], day: date, rules: OutflowRules, version: int) -> tuple[int, int]:
    """How many were raised, and how many renewed."""
    if not rows:
        return 0, 0
    values: dict[str, Any] = {
        "day": day,
        "again": day - timedelta(days=rules.figures["again_days"]),
        "version": version,
        "customers": [one.found.customer_id for one in rows],
        "tiers": [one.found.tier for one in rows],
        "balances": [one.found.balance for one in rows],
        "gones": [one.found.gone for one in rows],
        "scores": [one.score for one in rows],
        "mains": [one.main for one in rows],
        "signals": [json.dumps(one.signals) for one in rows],
    }
    with connection.cursor() as cursor:
        cursor.execute(statement("insights", "outflow_raise"), values)
        written = [is_new for (is_new,) in cursor.fetchall()]
    return sum(written), len(written) - sum(written)


@transaction.atomic
def _close(day: date, rules: OutflowRules, found: set[int]) -> dict[str, int]:
    """Take back what an earlier run of the day raised and this one did not find; close what was not seen lately."""
    rows = OutflowWarning.everything.filter(state=OutflowState.OPEN)
    rows.filter(raised_on=day, follow_up=None).exclude(customer_id__in=found).delete()
    quiet = rows.filter(seen_on__lt=day - timedelta(days=rules.figures["expire_days"]))
    return {"expired": quiet.update(state=OutflowState.EXPIRED, closed_on=day)}


def _lose(day: date, rules: OutflowRules, chunk: int) -> int:
    """Note whose deposits were halved: each customer is looked at once a week."""
    rows = CustomerPosition.everything.filter(customer__merged_into=None).order_by("pk")
    slice_of_day = rows.alias(slice=F("pk") % SLICES).filter(slice=day.toordinal() % SLICES)
    keys = list(slice_of_day.values_list("pk", flat=True))
    return sum(_lose_part(part, day, rules) for part in _parts(keys, chunk))


@transaction.atomic
def _lose_part(customers: Sequence[int], day: date, rules: OutflowRules) -> int:
    lost = {one.customer_id: one for one in lost_on(customers, day, rules)}
    known = OutflowLoss.everything.filter(customer__in=lost, on__gt=day - LOSS_DAYS)
    for customer_id in known.values_list("customer_id", flat=True):
        lost.pop(customer_id, None)
    raised = OutflowWarning.everything.filter(customer__in=lost, raised_on__gte=day - LOSS_DAYS, raised_on__lt=day)
    warned = dict(raised.order_by().values_list("customer_id").annotate(first=Min("raised_on")))
    rows = [
        OutflowLoss(
            customer_id=one.customer_id,
            on=one.on,
            tier=one.tier,
            before=one.before,
            after=one.after,
            warned_on=warned.get(one.customer_id),
        )
        for one in lost.values()
    ]
    return len(OutflowLoss.everything.bulk_create(rows))


def _tell(day: date, at: datetime) -> None:
    """Tell everybody how many warnings of the day are theirs, once a day. For managers who are away by the next
    workday, their deputy hears of it, without one each customer's backup, and without either they themselves."""
    new = OutflowWarning.everything.filter(raised_on=day, state=OutflowState.OPEN, customer__manager__isnull=False)
    of_books = new.order_by().values_list("customer__manager", "customer__backup").annotate(count=Count("pk"))
    away, counts = deputies_on(bank_calendar().next_workday(day)), Counter[int]()
    for manager, backup, count in of_books:
        stands_in = away.get(manager) or backup if manager in away else None
        counts[stands_in if stands_in and stands_in not in away else manager] += count
    once, url = f"outflow {day.isoformat()}", reverse("insights:warnings")
    rows = [Told(person, once, url, {"count": count}) for person, count in counts.items()]
    if rows:
        notify_rows(event=Event.OUTFLOW_WARNED, rows=rows, at=at)


@transaction.atomic
def judge_warning(
    *, warning: OutflowWarning, verdict: str, note: str = "", actor: User, at: datetime
) -> OutflowWarning:
    """Say what became of it: right, wrong, or that nobody can tell. Raises WarningClosed, VerdictUnknown."""
    if verdict not in OutflowVerdict.values:
        raise VerdictUnknown()
    row = _locked(warning)
    if row.state != OutflowState.OPEN:
        raise WarningClosed()
    row.state, row.verdict, row.note = OutflowState.JUDGED, verdict, note.strip()[:NOTE]
    row.judged_by, row.judged_at, row.closed_on = actor, at, at.astimezone(SHANGHAI).date()
    row.save(update_fields=["state", "verdict", "note", "judged_by", "judged_at", "closed_on"])
    facts = {"verdict": verdict, "customer": row.customer_id, "main": row.main}
    trail.record(actor=actor.actor, action="judge", subject=SUBJECT, subject_id=row.pk, at=at, changes=facts)
    return row


@transaction.atomic
def take_verdict_back(*, warning: OutflowWarning, actor: User, at: datetime) -> OutflowWarning:
    """Open it again. Raises NotJudged where it is not the person's own verdict, or a newer warning is open."""
    row = _locked(warning)
    newer = OutflowWarning.everything.filter(customer=row.customer_id, raised_on__gt=row.raised_on)
    if row.state != OutflowState.JUDGED or row.judged_by_id != actor.pk or newer.exists():
        raise NotJudged()
    facts = {"verdict": [row.verdict, ""], "customer": row.customer_id}
    row.state, row.verdict, row.note = OutflowState.OPEN, "", ""
    row.judged_by, row.judged_at, row.closed_on = None, None, None
    row.save(update_fields=["state", "verdict", "note", "judged_by", "judged_at", "closed_on"])
    trail.record(actor=actor.actor, action="unjudge", subject=SUBJECT, subject_id=row.pk, at=at, changes=facts)
    return row


@transaction.atomic
def follow_warning_up(*, warning: OutflowWarning, title: str, note: str, actor: User, at: datetime) -> FollowUp:
    """A pressing follow-up for the customer's manager (without one `actor`'s own) on the next workday.

    Raises AlreadyFollowedUp and what the follow-up itself refuses.
    """
    row = _locked(warning)
    if row.follow_up_id:
        raise AlreadyFollowedUp()
    made = create_follow_up(
        customer=row.customer,
        title=title[:120],
        note=note[:500],
        due_on=bank_calendar().next_workday(at.astimezone(SHANGHAI).date()),
        priority=Priority.HIGH,
        owner=row.customer.manager or actor,
        actor=actor,
        at=at,
    )
    row.follow_up = made
    row.save(update_fields=["follow_up"])
    facts = {"follow_up": made.pk, "customer": row.customer_id}
    trail.record(actor=actor.actor, action="follow_up", subject=SUBJECT, subject_id=row.pk, at=at, changes=facts)
    return made


def _locked(warning: OutflowWarning) -> OutflowWarning:
    rows = OutflowWarning.everything.select_for_update(of=("self",)).select_related("customer__manager")
    return rows.get(pk=warning.pk)
