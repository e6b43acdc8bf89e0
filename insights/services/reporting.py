"""Reports people saved: made when they are due, for each recipient as that person may see, sealed, gone in time."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.urls import reverse
from django.utils import translation
from django.utils.timezone import localdate, localtime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from core import trail
from core.calendar import bank_calendar
from core.errors import DomainError
from core.exporting import FORMATS, Sheet, seal_file
from core.jobs import Counts
from core.pages import Cell
from core.trail import NIGHT, Actor
from insights.enums import ReportRunState, ReportSchedule
from insights.models import Report, ReportRecipient, ReportRun
from insights.queries.reports import KEPT_DELETED, NoFigures, Pivot, TooWide, period_words, pivot_of
from insights.rules.measures import Kind
from insights.rules.reports import DAY, Definition, is_due, read_definition
from staff.access import BOOK_KEEPERS, HEADS, has_role
from staff.enums import Event
from staff.models import User
from staff.queries import export_limits
from staff.services.notices import notify

SUBJECT: Final = "insights.report"
READERS: Final = (*BOOK_KEEPERS, *HEADS)
REASON_MIN: Final = 4
KIND_OF_CELL: Final = {Kind.MONEY: "money", Kind.COUNT: "num", Kind.SHARE: "num", Kind.MEAN: "num"}


class FileReasonNeeded(DomainError):
    """Files are made for a stated reason only."""

    code = "reason_needed"
    message = gettext_lazy("Say what the file is for (at least 4 characters).")


class NothingInIt(DomainError):
    """There is no figure in sight."""

    code = "report_empty"
    message = gettext_lazy("There is nothing in this report: no unit of yours has figures in the period.")


@dataclass(frozen=True, slots=True)
class Wish:
    """Whose file is made of which report: for a day of its schedule, or for a reason given by hand."""

    report: Report
    user: User
    due_on: date | None
    reason: str
    file_format: str


def path_of(run: ReportRun) -> Path:
    """Where the sealed file lies."""
    return Path(settings.UPLOADS) / run.stored_as


def may_open(run: ReportRun, user: User, *, at: datetime) -> bool:
    """Whether the file may leave now: to its recipient, in its time, under the rights it was made with."""
    if run.state != ReportRunState.DONE or run.expires_at is None or run.expires_at <= at:
        return False
    return (run.user_id, run.role, run.branch_id) == (user.pk, user.role, user.branch_id)


@transaction.atomic
def make_file(*, report: Report, reason: str, file_format: str, actor: User, at: datetime) -> ReportRun:
    """A report as a file for whoever asks, with their rights of this moment.

    Raises FileReasonNeeded, NothingInIt, NoFigures, TooWide, ValueError for a definition of another version.
    """
    if len(reason.strip()) < REASON_MIN:
        raise FileReasonNeeded()
    run = _make(Wish(report, actor, None, reason.strip()[:300], file_format), None, at)
    if run is None:
        raise NothingInIt()
    return run


def run(*, business_day: date, actor: Actor, at: datetime) -> Counts:
    """Make the reports that are due on the day after `business_day`, and delete files whose time is over.

    Each recipient gets their own, by their own rights; who left, or moved to another unit, gets none. Safe twice.
    """
    day, calendar = business_day + DAY, bank_calendar()
    made = skipped = 0
    scheduled = Report.everything.exclude(schedule=ReportSchedule.NEVER).filter(deleted_at=None)
    for report in scheduled.filter(owner__is_active=True, owner__role__in=READERS).order_by("pk"):
        if not is_due(report.schedule, report.day, day, calendar.is_workday):
            continue
        for user in _recipients(report, day):
            is_made = _send(Wish(report, user, day, "", report.file_format), business_day, at)
            made, skipped = made + is_made, skipped + (not is_made)
    return {"rows": made, "made": made, "skipped": skipped, "expired": expire(at=at)}


def _recipients(report: Report, day: date) -> Iterator[User]:
    """Who still gets it and has not yet: at work, reading reports by their role, in the unit they were chosen in."""
    rows = ReportRecipient.objects.filter(report=report, user__is_active=True, user__branch_id=F("branch_id"))
    done = ReportRun.everything.filter(report=report, due_on=day).values("user_id")
    rows = rows.exclude(user_id__in=done).select_related("user__branch").order_by("user_id")
    yield from (row.user for row in rows if has_role(row.user, *READERS))


def _send(wish: Wish, until: date, at: datetime) -> bool:
    """Make one recipient's file and tell them; what cannot be made is kept as such and stops nobody else's."""
    try:
        with transaction.atomic():
            made = _make(wish, until, at)
    except (NoFigures, TooWide, ValueError):
        _note(wish, ReportRunState.FAILED, at)
        return False
    if made is None:
        _note(wish, ReportRunState.SKIPPED, at)
        return False
    url = reverse("insights:report_run", args=[made.pk])
    notify(
        users=[wish.user.pk],
        event=Event.REPORT_READY,
        once=f"report {made.pk}",
        at=at,
        url=url,
        params={"number": made.pk, "day": (wish.due_on or localdate(at)).isoformat()},
    )
    return True


def _note(wish: Wish, state: ReportRunState, at: datetime) -> ReportRun:
    return ReportRun.everything.create(**_basics(wish, at), state=state)


def _basics(wish: Wish, at: datetime) -> dict[str, Any]:
    return {
        "report": wish.report,
        "name": wish.report.name,
        "user": wish.user,
        "due_on": wish.due_on,
        "made_at": at,
        "reason": wish.reason,
        "role": wish.user.role,
        "branch_id": wish.user.branch_id,
        "file_format": wish.file_format if wish.file_format in FORMATS else "xlsx",
    }


def _make(wish: Wish, until: date | None, at: datetime) -> ReportRun | None:
    """The sealed file and its row; None where the person sees nothing of it."""
    definition = read_definition(wish.report.definition)
    with translation.override(wish.user.language or settings.LANGUAGE_CODE):
        pivot = pivot_of(definition, wish.user, until=until)
        if not pivot.lines:
            return None
        _refuse_large(len(pivot.lines), at)
        made = ReportRun(**_basics(wish, at), state=ReportRunState.FAILED)
        made.figures_on, made.measures, made.rows = pivot.days[2], list(definition.measures), len(pivot.lines)
        made.save()
        made.stored_as = f"report-{made.pk}.sealed"
        made.file_name = f"report_{localdate(at):%Y%m%d}_{made.pk}.{made.file_format}"
        sheet = _sheet(made, wish, definition, pivot, at)
        part = seal_file(FORMATS[made.file_format](sheet, [list(_rows(pivot))]), path_of(made))
    made.state, made.size, made.content_hash = ReportRunState.DONE, part.size, part.sha256
    made.expires_at = at + timedelta(days=export_limits(localdate(at)).expires_days)
    made.save()
    _record(made, "make_report", NIGHT if wish.due_on else wish.user.actor, at, {"sha256": part.sha256.hex()})
    return made


def _refuse_large(rows: int, at: datetime) -> None:
    """What a list may only leave as with a second person's word, a report may not: nobody decides on its files."""
    most = export_limits(localdate(at)).approval_over
    if rows > most:
        text = _("This makes %(count)s rows; a file nobody else approves has at most %(most)s. Choose fewer units.")
        raise TooWide(text % {"count": f"{rows:,}", "most": f"{most:,}"})


def _rows(pivot: Pivot) -> Iterator[list[Cell]]:
    for line in (*pivot.lines, *([pivot.total] if pivot.total else [])):
        yield [Cell(line.label, "main"), *(Cell(cell.value, KIND_OF_CELL[cell.kind]) for cell in line.cells)]


def _sheet(made: ReportRun, wish: Wish, definition: Definition, pivot: Pivot, at: datetime) -> Sheet:
    person = wish.user
    who = {
        "name": person.name,
        "number": person.staff_no,
        "when": f"{localtime(at):%Y-%m-%d %H:%M}",
        "unit": person.branch.name,
        "id": made.pk,
    }
    kinds = [pivot.lines[0].cells[place].kind for place in range(len(pivot.heads))]
    marks = [
        _("Internal, not to be passed on. Made for %(name)s (%(number)s, %(unit)s), %(when)s, report file no. %(id)s.")
        % who,
        _("Period: %(period)s") % {"period": period_words(definition, pivot.days)},
    ]
    if wish.reason:
        marks.append(_("Reason: %(reason)s") % {"reason": wish.reason})
    return Sheet(
        title=wish.report.name,
        mark=tuple(marks),
        headings=(pivot.corner, *pivot.heads),
        kinds=("main", *(KIND_OF_CELL[kind] for kind in kinds)),
        author=f"{person.name} {person.staff_no}",
        made_at=at,
    )


@transaction.atomic
def record_download(*, made: ReportRun, actor: User, at: datetime) -> None:
    """Leave an entry before the file leaves the house."""
    ReportRun.everything.filter(pk=made.pk).update(downloads=F("downloads") + 1)
    _record(made, "download", actor.actor, at, {"sha256": bytes(made.content_hash or b"").hex()})


def expire(*, at: datetime) -> int:
    """Delete the files whose time is over and what was deleted for good; returns how many files. Safe twice."""
    count = 0
    Report.everything.filter(deleted_at__lte=at - KEPT_DELETED, runs=None).delete()
    for made in ReportRun.everything.filter(state=ReportRunState.DONE, expires_at__lte=at).order_by("pk").iterator():
        with transaction.atomic():
            due = ReportRun.everything.filter(pk=made.pk, state=ReportRunState.DONE)
            if due.update(state=ReportRunState.EXPIRED):
                _record(made, "export_expire", NIGHT, at, {})
                # Before the commit: a file must never outlive the row that says it is gone.
                path_of(made).unlink(missing_ok=True)
                count += 1
    return count


def _record(made: ReportRun, action: str, actor: Actor, at: datetime, changes: dict[str, Any]) -> None:
    what = {"file": made.pk, "for": made.user.staff_no, "rows": made.rows, "measures": made.measures, **changes}
    trail.record(
        actor=actor,
        action=action,
        subject=SUBJECT,
        subject_id=made.report_id,
        at=at,
        changes=what,
        reason=made.reason,
    )
