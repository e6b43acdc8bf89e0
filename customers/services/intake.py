"""Feed files on their way in: uploads that wait for a decision, and the folder the core system drops files in."""

import re
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from core import jobs, trail
from core.errors import DomainError
from core.jobs import Progress
from core.models import Job
from core.trail import Actor
from customers.enums import FeedKind, FeedStatus
from customers.gateways.sheets import Source, open_sheet, plain_file, sealed_file
from customers.models import Feed
from customers.rules import feeds as rules
from customers.services.feeds import DEFAULT_MAX_REJECTED, Controls, import_feed

CHECK, IMPORT = "customers.check_feed", "customers.import_feed"
_INBOX_NAME = re.compile(r"(?P<kind>[a-z]+)[_.-].+\.(csv|csv\.gz|txt|txt\.gz|xlsx)", re.IGNORECASE)


class UnknownKind(DomainError):
    """The headings of the file are those of no feed."""

    code = "unknown_kind"
    message = _("None of the first lines of the file is the header of a feed; choose the kind to see what is missing.")


class FeedNotChecked(DomainError):
    """Only a file that has been checked can be imported, and only once."""

    code = "feed_not_checked"
    message = _("This file is not waiting to be imported.")


def stored_source(feed: Feed) -> Source:
    """The sealed upload of a feed."""
    return sealed_file(Path(settings.UPLOADS) / feed.stored_as, feed.file_name)


def receive_feed(
    *,
    kind: FeedKind | None,
    upload_name: str,
    stored_as: str,
    business_date: date,
    actor: Actor,
    at: datetime,
    controls: Controls | None = None,
    dry_run: bool = True,
) -> Feed:
    """Take an upload in; a worker checks or, without `dry_run`, imports it. Raises UnknownKind, UnreadableFile."""
    source = sealed_file(Path(settings.UPLOADS) / stored_as, upload_name)
    if kind is None:
        kind = rules.guess_kind([row for _line, row in open_sheet(source, rules.is_heading).head()])
        if kind is None:
            raise UnknownKind()
    controls = controls or Controls()
    with transaction.atomic():
        feed = Feed.objects.create(
            kind=kind,
            source="upload",
            business_date=business_date,
            file_name=upload_name[:200],
            stored_as=stored_as,
            control_rows=controls.rows,
            control_total=controls.total,
            max_rejected=controls.max_rejected,
            actor_no=actor.number,
            created_at=at,
        )
        trail.record(actor=actor, action="upload", subject="customers.feed", subject_id=feed.pk, at=at)
        _enqueue(feed, CHECK if dry_run else IMPORT, actor=actor, at=at)
    return feed


@transaction.atomic
def commit_feed(*, feed: Feed, actor: Actor, at: datetime) -> Feed:
    """Have a checked upload imported by a worker. Raises FeedNotChecked."""
    feed = Feed.objects.select_for_update().get(pk=feed.pk)
    if feed.status != FeedStatus.DRY_RUN or not feed.stored_as:
        raise FeedNotChecked()
    feed.status = FeedStatus.WAITING
    feed.save(update_fields=["status"])
    _enqueue(feed, IMPORT, actor=actor, at=at)
    return feed


@transaction.atomic
def discard_feed(*, feed: Feed, actor: Actor, at: datetime) -> None:
    """Forget an upload that was never imported, and its file. Raises FeedNotChecked when it was imported."""
    feed = Feed.objects.select_for_update().get(pk=feed.pk)
    if feed.status in {FeedStatus.COMMITTED, FeedStatus.WAITING}:
        raise FeedNotChecked()
    trail.record(actor=actor, action="discard", subject="customers.feed", subject_id=feed.pk, at=at)
    transaction.on_commit(lambda: _remove(feed))
    Feed.objects.filter(pk=feed.pk).delete()


def _enqueue(feed: Feed, name: str, *, actor: Actor, at: datetime) -> None:
    feed.job = jobs.enqueue(name=name, key=str(feed.pk), args={"feed": feed.pk}, actor=actor, at=at)
    feed.save(update_fields=["job"])


def run_stored_feed(*, job: Job, progress: Progress, dry_run: bool, at: datetime) -> dict[str, object]:
    """A worker's part: check or import the upload of a job; the sealed file stays only while it may be imported."""
    feed = Feed.objects.get(pk=job.args["feed"])
    if feed.status == FeedStatus.COMMITTED:  # by a worker that died before it could say so
        return _ended(feed)
    actor = Actor(job.actor_id, job.actor_no)
    controls = Controls(feed.control_rows, feed.control_total, feed.max_rejected)
    feed = import_feed(
        kind=FeedKind(feed.kind),
        source=stored_source(feed),
        business_date=feed.business_date,
        controls=controls,
        actor=actor,
        at=at,
        dry_run=dry_run,
        feed=feed,
        # A checked file's rows are known; while it is checked only the rows read so far are.
        watch=lambda rows: progress.report_beside(rows, feed.rows),
    )
    return _ended(feed)


def _ended(feed: Feed) -> dict[str, object]:
    if feed.status != FeedStatus.DRY_RUN:
        _remove(feed)
    return {"rows": feed.rows, "accepted": feed.accepted, "rejected": feed.rejected, "status": feed.status}


def _remove(feed: Feed) -> None:
    if feed.stored_as:
        (Path(settings.UPLOADS) / feed.stored_as).unlink(missing_ok=True)


def import_inbox(*, business_date: date, actor: Actor, at: datetime) -> dict[str, object]:
    """Import the day's files of the inbox in ladder order (KIND_..._YYYYMMDD.csv); imported ones go to done/.

    Raises DomainError when one of them is refused or fails, so that the night stops before it counts on it.
    """
    inbox = Path(settings.FEED_INBOX)
    rows = 0
    for kind, path in _waiting(inbox, business_date):
        controls = Controls(max_rejected=Decimal(DEFAULT_MAX_REJECTED))
        feed = import_feed(
            kind=kind, source=plain_file(path), business_date=business_date, controls=controls, actor=actor, at=at
        )
        rows += feed.rows
        if feed.status not in {FeedStatus.COMMITTED, FeedStatus.ALREADY_IMPORTED}:
            raise DomainError(f"{path.name}: {feed.message}")
        done = inbox / "done"
        done.mkdir(exist_ok=True)
        path.rename(done / path.name)
    return {"rows": rows}


def _waiting(inbox: Path, business_date: date) -> list[tuple[FeedKind, Path]]:
    order = {kind.value: place for place, kind in enumerate(FeedKind)}
    found, stamp = [], re.compile(rf"(?<!\d){business_date:%Y%m%d}")
    for path in sorted(inbox.iterdir()) if inbox.is_dir() else []:
        match = _INBOX_NAME.fullmatch(path.name)
        if match and stamp.search(path.name) and match["kind"].lower() in order:
            found.append((FeedKind(match["kind"].lower()), path))
    return sorted(found, key=lambda pair: (order[pair[0].value], pair[1].name))
