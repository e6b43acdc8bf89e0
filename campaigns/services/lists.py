"""Lists of customers: filled by numbers, one by one or from a file, and what of them was refused and why."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from typing import Final

from django.db import transaction
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from campaigns.enums import SegmentKind
from campaigns.models import Segment, SegmentMember
from campaigns.queries.segment_pages import binding, may_change_segment
from campaigns.services.segments import (
    MOST,
    SUBJECT,
    ListTooLong,
    NotYourSegment,
    SegmentFacts,
    SegmentInUse,
    draft_segment,
)
from core import trail
from core.errors import DomainError
from customers.models import Customer
from staff.models import Branch, User

CHUNK: Final = 5000
# A file may begin with what its column is called.
HEADINGS: Final = frozenset({"customer_no", "customer number", "客户号", "客户编号"})


class NotAList(DomainError):
    """A rule decides by itself who is in it."""

    code = "segment_not_a_list"
    message = _("Customers are put on lists only; a rule finds them by itself.")


class NotOnList(DomainError):
    """Somebody else took the customer off."""

    code = "segment_not_on_list"
    message = _("This customer is not on the list.")


@dataclass(frozen=True, slots=True)
class Refused:
    """A line that put nobody on the list, and why."""

    line: int
    number: str
    reason: str | Promise


@dataclass(slots=True)
class Filled:
    """What lines of customer numbers came to."""

    added: int = 0
    known: int = 0
    refused: list[Refused] = field(default_factory=list)


REFUSALS: Final = {
    "unknown": _("You see no customer with this number."),
    "twice": _("The number stands in an earlier line."),
    "unit": _("The customer is not of the list's unit."),
    "book": _("The customer is not in your book."),
}


@transaction.atomic
def draft_list(
    *, facts: SegmentFacts, numbers: Iterable[tuple[int, str]], actor: User, at: datetime
) -> tuple[Segment, Filled]:
    """Draw a list up with the customers it begins with. Raises OtherUnit, NameTaken, ListTooLong."""
    segment = draft_segment(facts=facts, actor=actor, at=at, kind=SegmentKind.LIST)
    return segment, add_to_list(segment=segment, numbers=numbers, actor=actor, at=at)


@transaction.atomic
def add_to_list(*, segment: Segment, numbers: Iterable[tuple[int, str]], actor: User, at: datetime) -> Filled:
    """Put customers on a list by their numbers (line, number), all that can be; the others are named with a reason.

    Raises NotAList, NotYourSegment, SegmentInUse, ListTooLong.
    """
    segment = _locked_list(segment, actor)
    units = set(Branch.objects.below(segment.branch).values_list("pk", flat=True))
    found, seen, count, lines = Filled(), set[str](), 0, _lines(numbers)
    while chunk := list(islice(lines, CHUNK)):
        count += len(chunk)
        if count > MOST:
            raise ListTooLong(most=f"{MOST:,}")
        fresh = list(_fitting(chunk, segment, units, actor, seen, found))
        _add(segment, fresh, actor, at, found)
    changes = {"added": found.added, "known": found.known, "refused": len(found.refused)}
    trail.record(actor=actor.actor, action="fill", subject=SUBJECT, subject_id=segment.pk, at=at, changes=changes)
    return found


@transaction.atomic
def take_off_list(*, segment: Segment, customer: Customer, actor: User, at: datetime) -> None:
    """Take a customer off a list. Raises NotAList, NotYourSegment, SegmentInUse, NotOnList."""
    segment = _locked_list(segment, actor)
    gone, _by_model = SegmentMember.everything.filter(segment=segment, customer=customer).delete()
    if not gone:
        raise NotOnList()
    changes = {"customer": customer.customer_no}
    trail.record(actor=actor.actor, action="take_off", subject=SUBJECT, subject_id=segment.pk, at=at, changes=changes)


def _locked_list(segment: Segment, actor: User) -> Segment:
    rows = Segment.everything.select_for_update(of=("self",)).select_related("branch", "created_by")
    segment = rows.get(pk=segment.pk)
    if segment.kind != SegmentKind.LIST:
        raise NotAList()
    if not may_change_segment(actor, segment):
        raise NotYourSegment()
    if campaign := binding(segment):
        raise SegmentInUse(name=campaign.name)
    return segment


def _lines(numbers: Iterable[tuple[int, str]]) -> Iterator[tuple[int, str]]:
    for line, number in numbers:
        text = number.strip()
        if text and not (line == 1 and text.casefold() in HEADINGS):
            yield line, text


def _fitting(
    chunk: Sequence[tuple[int, str]], segment: Segment, units: set[int], actor: User, seen: set[str], found: Filled
) -> Iterator[int]:
    """Ids of the customers the lines name, each once; what does not fit is refused."""
    wanted = {number for _line, number in chunk}
    rows = Customer.objects.visible_to(actor).filter(customer_no__in=wanted)
    known = {no: (pk, unit, manager) for no, pk, unit, manager in rows.values_list(*COLUMNS)}
    for line, number in chunk:
        pk, unit, manager = known.get(number, (None, None, None))
        reason = _refusal(segment, number in seen, pk, unit in units, manager)
        seen.add(number)
        if reason:
            found.refused.append(Refused(line, number[:40], REFUSALS[reason]))
        elif pk is not None:
            yield pk


COLUMNS: Final = ("customer_no", "pk", "branch_id", "manager_id")


def _refusal(segment: Segment, is_twice: bool, pk: int | None, is_in_unit: bool, manager: int | None) -> str:
    if pk is None:
        return "unknown"
    if is_twice:
        return "twice"
    if segment.of_book:
        return "" if manager == segment.created_by_id else "book"
    return "" if is_in_unit else "unit"


def _add(segment: Segment, ids: Sequence[int], actor: User, at: datetime, found: Filled) -> None:
    there = set(SegmentMember.everything.filter(segment=segment, customer__in=ids).values_list("customer", flat=True))
    fresh = [pk for pk in ids if pk not in there]
    rows = [SegmentMember(segment=segment, customer_id=pk, added_by=actor, added_at=at) for pk in fresh]
    SegmentMember.everything.bulk_create(rows)
    found.added += len(fresh)
    found.known += len(ids) - len(fresh)
