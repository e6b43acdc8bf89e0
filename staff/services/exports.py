"""Lists as files: asked for with a reason, approved when they are large, made by a worker, sealed, and gone in time."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.urls import reverse
from django.utils import translation
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from core import jobs, trail
from core.errors import DomainError
from core.exporting import FORMATS, Cut, ListSource, SealedPart, Sheet, cut_list, keys_of, row_chunks, seal_file
from core.jobs import Counts, Progress
from core.models import Job
from core.pages import Cell, holds_personal
from core.trail import NIGHT, Actor
from staff import queries
from staff.access import scope_of
from staff.enums import Event, ExportState
from staff.models import Approval, Export, User
from staff.rules import ExportLimits, export_digest
from staff.services import approvals, notices

JOB = "depositcrm.export_list"
SUBJECT = "staff.export"
KIND = "export"
REASON_MIN = 4
WAITING = (ExportState.QUEUED, ExportState.FAILED)
# Parameters of lists that hold what somebody typed.
SEARCHES = {"q", "search"}


class ExportReasonNeeded(DomainError):
    """Files are made for a stated reason only."""

    code = "reason_needed"
    message = gettext_lazy("Say what the file is for (at least 4 characters).")


class NothingToExport(DomainError):
    """There is no row in sight."""

    code = "nothing_to_export"
    message = gettext_lazy("There is nothing to export: no row of yours matches.")


class TooManyRows(DomainError):
    """More rows than any file may have."""

    code = "too_many_rows"
    message = gettext_lazy("A file has at most %(limit)s rows. Narrow the list with filters.")


class ExportGrew(DomainError):
    """The list has become longer than what was asked for, or approved."""

    code = "export_grew"
    message = gettext_lazy("The list has grown to more rows than were asked for. Ask for the file again.")


class PersonalExport(DomainError):
    """The filters hold a whole identity or telephone number, which would be stored in clear."""

    code = "personal_export"
    message = gettext_lazy("A search for a whole identity or telephone number cannot be exported.")


class ListClosed(DomainError):
    """The asker may no longer open the list, or no longer sign in."""

    code = "list_closed"
    message = gettext_lazy("Your role no longer opens this list, so the file was not made.")


class NotYoursToDecide(DomainError):
    """Large files are decided on by the head of the asker's unit, head office or compliance."""

    code = "not_yours_to_decide"
    message = gettext_lazy("This request is decided on by somebody else.")


class RejectionReasonNeeded(DomainError):
    """Who rejects says why."""

    code = "rejection_reason_needed"
    message = gettext_lazy("Say why, so that a better request can be made.")


@dataclass(frozen=True, slots=True)
class Asked:
    """What is taken of which list: rows by `query` or by `numbers`; `words` in each language."""

    list_key: str
    query: str
    numbers: tuple[str, ...]
    columns: tuple[str, ...]
    words: Mapping[str, Any]
    rows: int


def path_of(export: Export) -> Path:
    """Where the sealed file lies."""
    return Path(settings.UPLOADS) / export.stored_as


def digest_of(export: Export) -> str:
    """What an approval of this export is about."""
    return export_digest(
        list_key=export.list_key,
        query=export.query,
        numbers=export.numbers,
        columns=export.columns,
        expected_rows=export.expected_rows,
        file_format=export.file_format,
    )


@transaction.atomic
def request_export(*, asked: Asked, file_format: str, language: str, reason: str, actor: User, at: datetime) -> Export:
    """Ask for a file: a worker makes it, or somebody has to approve it first.

    Raises ExportReasonNeeded, PersonalExport, NothingToExport, TooManyRows.
    """
    limits = queries.export_limits(at.date())
    _refuse(asked, reason, limits)
    is_large = asked.rows > limits.approval_over
    export = Export.everything.create(
        list_key=asked.list_key,
        query=asked.query,
        numbers=list(asked.numbers),
        columns=list(asked.columns),
        words=dict(asked.words),
        expected_rows=asked.rows,
        file_format=file_format if file_format in FORMATS else "xlsx",
        language=language,
        reason=reason.strip(),
        requested_by=actor,
        requested_at=at,
        role=actor.role,
        branch_id=actor.branch_id,
        state=ExportState.PENDING if is_large else ExportState.QUEUED,
    )
    what = {"list": export.list_key, "rows": asked.rows, "columns": export.columns, "filters": _filters(export)}
    _record(export, "export_request", actor.actor, at, what, export.reason)
    if is_large:
        export.approval = _ask(export, at)
        deciders = queries.heads_near(actor.branch, but=actor.pk)
        url = reverse("staff:export_decide", args=[export.pk])
        notices.notify_deciders(approval=export.approval, deciders=deciders, url=url, at=at)
    else:
        export.job = _enqueue(export, actor.actor, at)
    export.save(update_fields=["approval", "job"])
    return export


def _refuse(asked: Asked, reason: str, limits: ExportLimits) -> None:
    if len(reason.strip()) < REASON_MIN:
        raise ExportReasonNeeded()
    if holds_personal(asked.query):
        raise PersonalExport()
    if not asked.rows:
        raise NothingToExport()
    if asked.rows > limits.max_rows:
        raise TooManyRows(limit=f"{limits.max_rows:,}")


def _ask(export: Export, at: datetime) -> Approval:
    summary = f"{export.said.get('list', export.list_key)}: {export.expected_rows:,}"
    details = {"reason": export.reason, "rows": export.expected_rows, **export.said}
    return approvals.request_approval(
        kind=KIND,
        subject_id=export.pk,
        digest=digest_of(export),
        summary=summary,
        details=details,
        requested_by=export.requested_by,
        at=at,
    )


def _enqueue(export: Export, actor: Actor, at: datetime) -> Job:
    return jobs.enqueue(name=JOB, key=str(export.pk), args={"export": export.pk}, actor=actor, at=at)


@transaction.atomic
def decide_export(
    *, export: Export, approve: bool, digest: str, comment: str, decided_by: User, at: datetime
) -> Export:
    """Approve a large file, which is then made, or reject it; `digest` is of the request as it was shown.

    Raises NotYoursToDecide, RejectionReasonNeeded, SelfApproval, StaleApproval.
    """
    export = (
        Export.everything.select_for_update(of=("self",)).select_related("approval", "requested_by").get(pk=export.pk)
    )
    if export.requested_by_id == decided_by.pk:
        raise approvals.SelfApproval()
    if export.state != ExportState.PENDING or export.approval is None or digest != digest_of(export):
        raise approvals.StaleApproval()
    if not queries.exports_to_decide(decided_by).filter(pk=export.pk).exists():
        raise NotYoursToDecide()
    if not approve and len(comment.strip()) < REASON_MIN:
        raise RejectionReasonNeeded()
    export.approval = approvals.decide_approval(
        approval=export.approval,
        digest=digest_of(export),
        approve=approve,
        decided_by=decided_by,
        comment=comment.strip(),
        at=at,
    )
    if approve:
        export.state, export.job = ExportState.QUEUED, _enqueue(export, export.requested_by.actor, at)
    else:
        export.state, export.finished_at, export.message = ExportState.REJECTED, at, comment.strip()[:300]
    export.save(update_fields=["state", "job", "finished_at", "message"])
    notices.notify_asker(approval=export.approval, url=_url(export), at=at)
    return export


@transaction.atomic
def withdraw_export(*, export: Export, by: User, at: datetime) -> Export:
    """Take one's own request back before it is decided. Raises StaleApproval."""
    export = Export.everything.select_for_update(of=("self",)).select_related("approval").get(pk=export.pk)
    if export.state != ExportState.PENDING or export.approval is None:
        raise approvals.StaleApproval()
    export.approval = approvals.withdraw_approval(approval=export.approval, by=by, at=at)
    export.state, export.finished_at = ExportState.WITHDRAWN, at
    export.save(update_fields=["state", "finished_at"])
    return export


def run_export(*, job: Job, sources: Mapping[str, ListSource], progress: Progress, at: datetime) -> Counts:
    """A worker's part: read the list with the asker's rights of this moment and seal the file; doing it again is safe.

    Raises ListClosed, NothingToExport, TooManyRows, ExportGrew, BadQuery; the export then says why it failed.
    """
    export = Export.everything.select_related("requested_by__branch", "approval").get(pk=job.args["export"])
    if export.state not in WAITING:
        return {"rows": export.rows, "state": export.state}
    with translation.override(export.language):
        try:
            rows, part = _make(export, sources[export.list_key], progress, at)
        except DomainError as error:
            _fail(export, str(error), at)
            raise
    return _finish(export, rows, part, at)


def _make(export: Export, source: ListSource, progress: Progress, at: datetime) -> tuple[int, SealedPart]:
    asker = export.requested_by
    if not asker.is_active or asker.role not in source.roles:
        raise ListClosed()
    cut = cut_list(
        source,
        user=asker,
        amounts=scope_of(asker).amounts,
        query=export.query,
        columns=export.columns,
        numbers=export.numbers,
    )
    keys = keys_of(cut, queries.export_limits(at.date()).max_rows)
    _check_rows(export, len(keys), queries.export_limits(at.date()))
    rows = 0

    def counted() -> Iterator[list[list[Cell]]]:
        nonlocal rows
        for chunk in row_chunks(cut, keys):
            yield chunk
            rows += len(chunk)
            progress.report(rows, len(keys))

    # The columns of this moment: without the amounts a person has lost since.
    export.columns = [column.key for column in cut.columns if column.key in export.columns]
    export.stored_as = f"export-{export.pk}.sealed"
    part = seal_file(FORMATS[export.file_format](_sheet(export, cut, at), counted()), path_of(export))
    return rows, part


def _check_rows(export: Export, rows: int, limits: ExportLimits) -> None:
    if not rows:
        raise NothingToExport()
    if rows > limits.max_rows:
        raise TooManyRows(limit=f"{limits.max_rows:,}")
    if rows > limits.rows_allowed(expected=export.expected_rows, is_approved=export.approval is not None):
        raise ExportGrew()


def _sheet(export: Export, cut: Cut, at: datetime) -> Sheet:
    asker = export.requested_by
    who = {
        "name": asker.name,
        "number": asker.staff_no,
        "when": f"{localtime(at):%Y-%m-%d %H:%M}",
        "unit": asker.branch.name,
        "id": export.pk,
    }
    filters = "; ".join(f"{label}: {value}" for label, value in cut.filters) or _("none")
    return Sheet(
        title=str(export.said.get("list") or export.list_key),
        mark=(
            _("Internal, not to be passed on. Taken by %(name)s (%(number)s, %(unit)s), %(when)s, export no. %(id)s.")
            % who,
            _("Reason: %(reason)s") % {"reason": export.reason},
            _("Filters: %(filters)s") % {"filters": filters},
        ),
        headings=tuple(str(column.label) for column in cut.columns),
        kinds=tuple(column.kind for column in cut.columns),
        author=f"{asker.name} {asker.staff_no}",
        made_at=at,
    )


@transaction.atomic
def _finish(export: Export, rows: int, part: SealedPart, at: datetime) -> Counts:
    asker = export.requested_by
    export.state, export.rows, export.size, export.content_hash = ExportState.DONE, rows, part.size, part.sha256
    export.file_name = f"{export.list_key}_{localtime(at):%Y%m%d}_{export.pk}.{export.file_format}"
    export.finished_at = at
    export.expires_at = at + timedelta(days=queries.export_limits(at.date()).expires_days)
    export.role, export.branch_id, export.message = asker.role, asker.branch_id, ""
    export.stood_in = sorted(scope_of(asker).stood_in)
    export.save()
    what = {
        "list": export.list_key,
        "rows": rows,
        "sha256": part.sha256.hex(),
        "columns": export.columns,
        "filters": _filters(export),
    }
    _record(export, "export", asker.actor, at, what, export.reason)
    _tell(export, "ready", at)
    return {"rows": rows, "size": part.size}


@transaction.atomic
def _fail(export: Export, message: str, at: datetime) -> None:
    export.state, export.message, export.finished_at = ExportState.FAILED, message[:300], at
    export.save(update_fields=["state", "message", "finished_at"])
    _record(export, "export_fail", export.requested_by.actor, at, {"list": export.list_key}, message)
    _tell(export, "broken", at)


def _tell(export: Export, state: str, at: datetime) -> None:
    what = {"number": export.pk, "state": state}
    once = f"export {export.pk} {state}"
    notices.notify(
        users=[export.requested_by_id], event=Event.JOB_DONE, once=once, at=at, url=_url(export), params=what
    )


def _url(export: Export) -> str:
    return reverse("staff:export_detail", args=[export.pk])


@transaction.atomic
def record_download(*, export: Export, actor: User, at: datetime) -> None:
    """Leave an entry before the file leaves the house."""
    Export.everything.filter(pk=export.pk).update(downloads=F("downloads") + 1)
    what = {"rows": export.rows, "sha256": bytes(export.content_hash or b"").hex(), "file": export.file_name}
    _record(export, "download", actor.actor, at, what)


def expire(*, at: datetime) -> int:
    """Delete the files whose time is over; returns how many. Called by the night; safe twice."""
    count = 0
    for export in Export.everything.filter(state=ExportState.DONE, expires_at__lte=at).order_by("pk").iterator():
        with transaction.atomic():
            due = Export.everything.filter(pk=export.pk, state=ExportState.DONE)
            if due.update(state=ExportState.EXPIRED):
                _record(export, "export_expire", NIGHT, at, {"file": export.file_name})
                # Before the commit: a file must never outlive the row that says it is gone.
                path_of(export).unlink(missing_ok=True)
                count += 1
    return count


def _filters(export: Export) -> Mapping[str, str]:
    """The filters as the trail keeps them: in codes, and without the name somebody searched for."""
    return {name: "***" if name in SEARCHES else value for name, value in parse_qsl(export.query)}


def _record(
    export: Export, action: str, actor: Actor, at: datetime, changes: Mapping[str, Any], reason: str = ""
) -> None:
    trail.record(
        actor=actor, action=action, subject=SUBJECT, subject_id=export.pk, at=at, changes=changes, reason=reason
    )
