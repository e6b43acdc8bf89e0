"""Importing feed files: one engine for the command, the API, the upload page and the nightly inbox.

All effects of a file are one transaction. A dry run does the same work and takes it back.
"""

import csv
import io
import json
import logging
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from django.db import DatabaseError, IntegrityError, connection, transaction
from django.utils.translation import gettext_lazy as _

from core import crypto, jobs, trail
from core.errors import DomainError
from core.money import AmountError, parse_amount
from core.spreadsheets import harmless
from core.trail import Actor
from customers.enums import FeedKind, FeedStatus
from customers.gateways.sheets import Row, Sheet, Source, UnreadableFile, open_sheet
from customers.models import Feed, FeedReject
from customers.rules import cells
from customers.rules import feeds as rules
from customers.services import balances
from customers.services.merging import Context, Outcome, merge

log = logging.getLogger(__name__)

IMPORT_LOCK = 0x66656564  # "feed": one import at a time, the next one waits
REJECT_COLUMN = "customers.feedreject.cells"
DEFAULT_MAX_REJECTED = Decimal("0.01")


class MissingColumns(DomainError):
    """No line near the top heads all required columns."""

    code = "missing_columns"
    message = _("No header with all required columns was found. Missing: %(columns)s")


class ControlFailed(DomainError):
    """A figure the sender gave is not what the file holds."""

    code = "control_failed"
    message = _("%(figure)s should be %(expected)s but the file holds %(found)s; nothing was imported.")


class TooManyRejects(DomainError):
    """More rows cannot be used than was allowed."""

    code = "too_many_rejects"
    message = _("%(rejected)s of %(rows)s rows cannot be used, more than the allowed %(limit)s; nothing was imported.")


Reader = Callable[["Located", list[list[str]]], Iterator[Row]]


class _DryRun(Exception):
    """Takes a checked import back."""


@dataclass(frozen=True, slots=True)
class Controls:
    """What the sender says about the file, and how large a share of its rows may be unusable."""

    rows: int | None = None
    total: Decimal | None = None
    max_rejected: Decimal = DEFAULT_MAX_REJECTED


@dataclass(frozen=True, slots=True)
class Located:
    """A file with its header found: the rows that are data, and the figure of its own totals row."""

    sheet: Sheet
    header: rules.Header
    header_row: list[str]
    header_line: int


def locate(kind: FeedKind, sheet: Sheet) -> Located:
    """Find the header under any title rows. Raises MissingColumns naming what the best line lacks."""
    found = [(line, row, rules.find_header(kind, row)) for line, row in sheet.head() or [(1, [""])]]
    line, row, header = min(found, key=lambda item: (len(item[2].missing), -len(item[2].places), item[0]))
    if header.missing:
        names = ", ".join(f"{c.name} {c.heading}" for c in header.missing)
        raise MissingColumns(columns=names)
    return Located(sheet, header, row, line)


def data_rows(located: Located, totals: list[list[str]]) -> Iterator[Row]:
    """The rows under the header; a closing totals row goes into `totals` instead."""
    held: Row | None = None
    for found in located.sheet.rows():
        line, row = found
        # The last sign of the first cell settles most rows: this runs for millions.
        if line <= located.header_line or not (row[0][-1:].isalnum() or any(map(cells.clean, row))):
            continue
        if held is not None:
            yield held
        held = found
    if held is None:
        return
    if cells.narrow(cells.clean(held[1][0])).lower() in rules.TOTAL_WORDS:
        totals.append(held[1])
    else:
        yield held


def stated_date(located: Located) -> date | None:
    """The business date in the first data row of the file, when it has such a column."""
    place = located.header.places.get("business_date")
    first = next(data_rows(located, []), None)
    if place is None or first is None or len(first[1]) <= place:
        return None
    try:
        return cells.parse_day(cells.clean(first[1][place]))
    except cells.CellError:
        return None


def import_feed(
    *,
    kind: FeedKind,
    source: Source,
    business_date: date,
    controls: Controls,
    actor: Actor,
    at: datetime,
    dry_run: bool = False,
    origin: str = "core",
    feed: Feed | None = None,
    watch: Callable[[int], None] | None = None,
) -> Feed:
    """Import one file; the returned Feed row says what became of it. Nothing but that row is kept unless committed."""
    feed = feed or Feed(created_at=at, actor_no=actor.number, source=origin[:20])
    feed.kind, feed.business_date, feed.file_name = kind, business_date, source.name[:200]
    feed.control_rows, feed.control_total, feed.max_rejected = controls.rows, controls.total, controls.max_rejected
    started = time.monotonic()
    try:
        sheet = open_sheet(source, rules.is_heading)
        feed.content_hash = sheet.digest
        located = locate(kind, sheet)
        feed.header = [cells.clean(c)[:60] for c in located.header_row]
        feed.notes = [f"ignored_column:{name}" for name in located.header.ignored]
        rows = _watched(watch) if watch else data_rows
        _import(feed, located, rows, controls, actor=actor, at=at, dry_run=dry_run)
    except (ControlFailed, TooManyRejects) as error:
        feed.status, feed.message = FeedStatus.REFUSED, str(error)[:500]
    except DomainError as error:
        feed.status, feed.message = FeedStatus.FAILED, str(error)[:500]
        feed.unreadable = isinstance(error, UnreadableFile)  # type: ignore[attr-defined]  # for this import's caller
    except DatabaseError as error:
        feed.status, feed.message = FeedStatus.FAILED, _database_words(error)
    except crypto.CryptoError:
        log.exception("feed %s: the sealed upload does not open", feed.pk)
        feed.status, feed.message = (
            FeedStatus.FAILED,
            str(_("The stored file does not open any more; upload it again.")),
        )
    feed.seconds = round(time.monotonic() - started, 3)
    feed.finished_at = at
    _keep(feed)
    return feed


def _watched(watch: Callable[[int], None]) -> Reader:
    """`data_rows` that says about once a second how many rows it has read."""

    def read(located: Located, totals: list[list[str]]) -> Iterator[Row]:
        told = time.monotonic()
        for number, row in enumerate(data_rows(located, totals), start=1):
            if number % 2000 == 0 and time.monotonic() - told > 1:
                watch(number)
                told = time.monotonic()
            yield row

    return read


def _import(
    feed: Feed, located: Located, rows: Reader, controls: Controls, *, actor: Actor, at: datetime, dry_run: bool
) -> None:
    earlier = _committed_twin(feed)
    if earlier:
        _repeat(feed, earlier)
        return
    context = Context(FeedKind(feed.kind), feed.business_date, actor, at, located.header.places)
    totals: list[list[str]] = []
    try:
        with transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_xact_lock(%s)", [IMPORT_LOCK])
            balances.ensure_months(feed.business_date)
            outcome = merge(context, lambda: rows(located, totals))
            _describe(feed, outcome)
            feed._refused = (located, outcome)  # type: ignore[attr-defined]  # written after a roll-back too
            _check(feed, outcome, controls, _own_total(context, totals))
            if dry_run:
                raise _DryRun
            _commit(feed, actor=actor, at=at)
    except _DryRun:
        feed.status = FeedStatus.DRY_RUN
    except IntegrityError as error:
        if "feed_committed_once" not in str(error):
            raise
        feed.status = FeedStatus.ALREADY_IMPORTED


def _committed_twin(feed: Feed) -> Feed | None:
    """The import of the same content for the same kind and date."""
    twins = Feed.objects.filter(kind=feed.kind, business_date=feed.business_date, content_hash=feed.content_hash)
    return twins.filter(status=FeedStatus.COMMITTED).first()


def _repeat(feed: Feed, earlier: Feed) -> None:
    feed.status = FeedStatus.ALREADY_IMPORTED
    feed.rows, feed.accepted, feed.rejected = earlier.rows, earlier.accepted, earlier.rejected
    feed.created, feed.updated, feed.unchanged = 0, 0, earlier.accepted
    feed.total = earlier.total


def _describe(feed: Feed, outcome: Outcome) -> None:
    feed.rows, feed.rejected = outcome.rows, len(outcome.rejects)
    feed.accepted = outcome.rows - feed.rejected
    feed.created, feed.updated, feed.unchanged = outcome.created, outcome.updated, outcome.unchanged
    feed.total = outcome.total
    reasons = Counter(reason for found in outcome.rejects.values() for reason in found)
    feed.notes = [*feed.notes, *outcome.notes, *(f"rejected:{reason}:{n}" for reason, n in reasons.most_common())]


def _own_total(context: Context, totals: list[list[str]]) -> Decimal | None:
    """The amount in the file's closing totals row, when it states one."""
    place = context.places.get(rules.TOTALLED.get(context.kind, ""))
    if not totals or place is None:
        return None
    words = [cells.clean(cell) for cell in totals[0]]
    # The word "total" may stand in the amount's own column; the amount then is the row's only other word.
    stated = [words[place]] if 0 < place < len(words) else words[1:] if place == 0 else []
    found = [word for word in stated if word]
    if not found:
        return None
    try:
        return parse_amount(found[0])
    except AmountError as error:
        raise ControlFailed(_("The file's totals row holds no amount; nothing was imported.")) from error


def _check(feed: Feed, outcome: Outcome, controls: Controls, own_total: Decimal | None) -> None:
    """Hold the file against what its sender says of it. Raises ControlFailed or TooManyRejects."""
    if controls.rows is not None and controls.rows != outcome.rows:
        raise ControlFailed(figure=_("The number of rows"), expected=controls.rows, found=outcome.rows)
    stated = outcome.stated if outcome.stated is not None else Decimal(0)
    for total, name in ((controls.total, _("The control total")), (own_total, _("The totals row"))):
        if total is not None and total != stated:
            raise ControlFailed(figure=name, expected=f"{total:,.2f}", found=f"{stated:,.2f}")
    if feed.rows and Decimal(feed.rejected) / feed.rows > controls.max_rejected:
        raise TooManyRejects(rejected=feed.rejected, rows=feed.rows, limit=f"{controls.max_rejected:.1%}")


def _commit(feed: Feed, *, actor: Actor, at: datetime) -> None:
    feed.status = FeedStatus.COMMITTED
    feed.save()
    trail.record(
        actor=actor,
        action="import",
        subject="customers.feed",
        subject_id=feed.pk,
        at=at,
        changes={
            "kind": str(feed.kind),
            "business_date": feed.business_date.isoformat(),
            "rows": feed.rows,
            "accepted": feed.accepted,
            "rejected": feed.rejected,
        },
    )
    if feed.created or feed.updated:
        jobs.reopen(prefix="night.", since=feed.business_date, at=at)


def _keep(feed: Feed) -> None:
    """Save the Feed row and, sealed, the rows that could not be used."""
    kept: tuple[Located, Outcome] | None = getattr(feed, "_refused", None)
    with transaction.atomic():
        feed.save()
        feed.rejects.all().delete()
        if kept is None or not kept[1].rejects:
            return
        located, outcome = kept
        batch = []
        for line, row in data_rows(located, []):
            if reasons := outcome.rejects.get(line):
                cipher = crypto.seal(REJECT_COLUMN, f"{feed.pk}:{line}", json.dumps(row, ensure_ascii=False))
                batch.append(FeedReject(feed=feed, line=line, reasons=reasons, cells_cipher=cipher))
            if len(batch) == 2000:
                FeedReject.objects.bulk_create(batch)
                batch = []
        FeedReject.objects.bulk_create(batch)


def rejects_csv(feed: Feed) -> Iterator[str]:
    """The unusable rows as a CSV that can be corrected and imported again: original cells, and why."""
    if feed.status == FeedStatus.ALREADY_IMPORTED:
        feed = _committed_twin(feed) or feed
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    writer.writerow([*map(harmless, feed.header), "reject_line", "reject_reason"])
    yield "\ufeff" + _drained(buffer)
    width = len(feed.header)
    for reject in feed.rejects.order_by("line").iterator():
        row = json.loads(crypto.unseal(REJECT_COLUMN, f"{feed.pk}:{reject.line}", reject.cells_cipher))
        writer.writerow([*map(harmless, (row + [""] * width)[:width]), reject.line, " ".join(reject.reasons)])
        yield _drained(buffer)


def _drained(buffer: io.StringIO) -> str:
    text = buffer.getvalue()
    buffer.seek(0)
    buffer.truncate()
    return text


def _database_words(error: DatabaseError) -> str:
    """What an operator can act on, without the values of the row (psycopg2 quotes them in its detail)."""
    first = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
    words = _("The database refused the import and kept nothing: %(why)s") % {"why": first}
    return str(words)[:500]


__all__ = [
    "ControlFailed",
    "Controls",
    "MissingColumns",
    "TooManyRejects",
    "UnreadableFile",
    "import_feed",
    "rejects_csv",
]
