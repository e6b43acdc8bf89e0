"""Contacts taken over from an earlier system: author and date as given, each row once, bad rows rejected alone."""

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from itertools import islice
from typing import Any

from django.db import transaction
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from core import trail
from core.clock import SHANGHAI
from core.errors import DomainError
from core.spreadsheets import harmless
from core.trail import Actor
from customers.models import Customer
from customers.models.customers import CustomerQuerySet
from customers.services.records import touch_contacts
from customers.services.sheets import Source, open_sheet
from servicing.enums import Origin
from servicing.models import Interaction
from servicing.queries.choices import known_choices
from servicing.rules.choices import Choices
from servicing.rules.contact_import import Line, columns_of, is_heading, missing_columns, read_line
from staff.enums import Role
from staff.models import User

CHUNK = 2000
REASONS: Mapping[str, str | Promise] = {
    "customer_no_missing": _("no customer number"),
    "author_missing": _("no staff number"),
    "happened_at_missing": _("no time"),
    "channel_missing": _("no channel"),
    "topic_missing": _("no topic"),
    "outcome_missing": _("no outcome"),
    "happened_at_unreadable": _("the time cannot be read; write it as 2026-11-20 10:15"),
    "happened_at_in_future": _("the time lies in the future"),
    "channel_unknown": _("unknown channel"),
    "topic_unknown": _("unknown topic"),
    "outcome_unknown": _("unknown outcome"),
    "direction_unknown": _("unknown direction; write in or out"),
    "outcome_does_not_fit": _("this outcome does not fit the channel"),
    "note_too_long": _("the note is longer than 1,000 characters"),
    "customer_unknown": _("no such customer among those you may import for"),
    "author_unknown": _("nobody has this staff number"),
}


class HeaderMissing(DomainError):
    """No line of the file's head names the columns that are needed."""

    code = "contact_header_missing"
    message = _("The first lines do not name these columns: %(columns)s.")


class TooManyRows(DomainError):
    """More rows than one request can take."""

    code = "too_many_contacts"
    message = _("More than %(most)s rows: split the file, or have it imported with the command import_contacts.")


@dataclass(frozen=True, slots=True)
class Rejected:
    """A row that was not taken: its line, its cells as they were, and the codes of why."""

    line: int
    cells: Sequence[str]
    reasons: Sequence[str]

    @property
    def words(self) -> str:
        """Why, to read."""
        return "; ".join(str(REASONS.get(code, code)) for code in self.reasons)


@dataclass(slots=True)
class Imported:
    """What a file came to; `known` rows were there already, `repeated` ones stand in it twice."""

    file_name: str
    header: Sequence[str] = ()
    rows: int = 0
    created: int = 0
    known: int = 0
    repeated: int = 0
    rejected: list[Rejected] = field(default_factory=list)
    dry_run: bool = False


def import_contacts(
    *,
    source: Source,
    actor: Actor,
    at: datetime,
    viewer: User | None = None,
    dry_run: bool = False,
    most: int | None = None,
) -> Imported:
    """Take the contacts of a file over; all good rows in one transaction.

    With a `viewer` of head office only those with customers in sight; an administrator or operator (None) serves the
    whole bank and learns nothing but which rows were not taken.

    Raises UnreadableFile, HeaderMissing, TooManyRows.
    """
    sheet = open_sheet(source, is_heading)
    found, columns, rows = _headed(source.name, sheet.rows())
    found.dry_run = dry_run
    known, seen, customers = known_choices(), set[Any](), _writable(viewer)
    with transaction.atomic():
        lines = _lines(found, columns, rows, known, at, most)
        while chunk := list(islice(lines, CHUNK)):
            _take(found, chunk, customers, known, at, seen, dry_run=dry_run)
        if not dry_run:
            counts = {name: getattr(found, name) for name in ("rows", "created", "known", "repeated")}
            trail.record(
                actor=actor,
                action="import",
                subject="servicing.interaction",
                subject_id="import",
                at=at,
                changes={**counts, "rejected": len(found.rejected)},
            )
    found.rejected.sort(key=lambda row: row.line)
    return found


def rejects_csv(found: Imported) -> Iterator[str]:
    """The rejected rows as they were with a column saying why: to be put right and imported again."""
    for cells in (("reason", *found.header), *((row.words, *row.cells) for row in found.rejected)):
        text = io.StringIO()
        csv.writer(text).writerow([harmless(cell) for cell in cells])
        yield text.getvalue()


def _headed(name: str, rows: Iterator[tuple[int, list[str]]]) -> tuple[Imported, dict[str, int], Iterator[Any]]:
    best: list[str] = []
    for _line, cells in rows:
        columns = columns_of(cells)
        missing = missing_columns(columns)
        if not missing:
            return Imported(name, cells), columns, rows
        best = missing if columns and (not best or len(missing) < len(best)) else best
        if _line > 30:
            break
    raise HeaderMissing(columns=", ".join(best or missing_columns(())))


def _lines(
    found: Imported, columns: Mapping[str, int], rows: Iterator[Any], known: Choices, at: datetime, most: int | None
) -> Iterator[tuple[Line, Sequence[str]]]:
    for number, cells in rows:
        if not any(cell.strip() for cell in cells):
            continue
        found.rows += 1
        if most is not None and found.rows > most:
            raise TooManyRows(most=f"{most:,}")
        named = {name: cells[place] if place < len(cells) else "" for name, place in columns.items()}
        line, faults = read_line(number, named, known=known, at=at, zone=SHANGHAI)
        if line is None:
            found.rejected.append(Rejected(number, cells, faults))
        else:
            yield line, cells


def _take(
    found: Imported,
    chunk: Sequence[tuple[Line, Sequence[str]]],
    customers: CustomerQuerySet,
    known: Choices,
    at: datetime,
    seen: set[Any],
    *,
    dry_run: bool,
) -> None:
    owners = _customers({line.customer_no for line, _cells in chunk}, customers)
    people = {user.staff_no: user for user in User.objects.filter(staff_no__in={line.author for line, _c in chunk})}
    made: list[Interaction] = []
    for line, cells in chunk:
        customer_id, author = owners.get(line.customer_no), people.get(line.author)
        if customer_id is None or author is None:
            whos = (("customer_unknown", customer_id), ("author_unknown", author))
            found.rejected.append(Rejected(line.number, cells, [code for code, who in whos if who is None]))
        elif line.once in seen:
            found.repeated += 1
        else:
            seen.add(line.once)
            made.append(_row(line, customer_id, author, at))
    there = set(
        Interaction.everything.filter(
            customer__in={row.customer_id for row in made}, once__in=[row.once for row in made]
        ).values_list("customer_id", "once")
    )
    fresh = [row for row in made if (row.customer_id, row.once) not in there]
    found.known += len(made) - len(fresh)
    found.created += len(fresh)
    if not dry_run:
        # Somebody importing the same file at this moment is no error either.
        Interaction.everything.bulk_create(fresh, ignore_conflicts=True)
        touch_contacts(latest=_latest(fresh, known))


def _writable(viewer: User | None) -> CustomerQuerySet:
    if viewer is None or viewer.role == Role.ADMIN:
        return Customer.objects.filter(merged_into=None)
    return Customer.objects.visible_to(viewer)


def _customers(numbers: set[str], customers: CustomerQuerySet) -> dict[str, int]:
    """The customer of each number that may be written to; a merged number means who it was merged into."""
    rows = Customer.everything.filter(customer_no__in=numbers).values_list("customer_no", "pk", "merged_into")
    meant = {number: into or pk for number, pk, into in rows}
    allowed = set(customers.filter(pk__in=set(meant.values())).values_list("pk", flat=True))
    return {number: pk for number, pk in meant.items() if pk in allowed}


def _row(line: Line, customer_id: int, author: User, at: datetime) -> Interaction:
    values = {name: getattr(line, name) for name in ("channel", "direction", "topic", "outcome", "note", "happened_at")}
    return Interaction(
        customer_id=customer_id,
        author=author,
        branch_id=author.branch_id,
        origin=Origin.IMPORT,
        recorded_at=at,
        once=line.once,
        **values,
    )


def _latest(rows: Sequence[Interaction], known: Choices) -> dict[int, date]:
    found: dict[int, date] = {}
    for row in rows:
        if known.counts(row.outcome):
            day = row.happened_at.astimezone(SHANGHAI).date()
            found[row.customer_id] = max(day, found.get(row.customer_id, day))
    return found
