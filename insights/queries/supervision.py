"""What supervision looks at: records of an area with what makes them a risk, and one record as a scorer reads it."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import chain
from typing import Any, Final

from django.db.models import Count, F, Window
from django.db.models.functions import Coalesce
from django.utils.timezone import localtime

from campaigns.enums import OutreachState
from campaigns.models import Outreach
from complaints.models import Complaint
from core.memo import once_a_request
from core.models import TrailEntry
from customers.models import Customer, PageOpening
from insights.queries.openings import NONE, openings_for, with_need
from insights.rules.supervision import (
    BUILT_IN,
    Lot,
    SupervisionRules,
    draw_sample,
    read_supervision,
    thaw,
)
from servicing.enums import Origin
from servicing.models import Interaction
from servicing.queries.contacts import midnight, with_readable_note
from staff.enums.supervision import CheckArea, RecordSource
from staff.models import Branch, CheckPlan, Draw, SpotCheck, User
from staff.queries import policy_on, without_cases_kept_from
from staff.queries.supervision import people_with_findings
from staff.rules.supervision import KIND

# Acts that take customers' data out of the masked pages, as the trail names them.
DATA_ACTS: Final = (
    *("reveal", "export", "export_request", "download", "read_confidential", "read_fraud_note"),
    *("open_account", "open_letter", "pack"),
)
BATCH: Final = 5_000


@once_a_request
def rules_on(day: date) -> SupervisionRules:
    """The rules of supervision in force on a day."""
    return read_supervision(policy_on(KIND, day, BUILT_IN).values)


@dataclass(frozen=True, slots=True)
class Record:
    """Something somebody did: where it stands, unit and person, when, and the codes of what makes it a risk."""

    source: str
    pk: int
    branch_id: int
    person_id: int
    at: datetime
    factors: tuple[str, ...]

    @property
    def name(self) -> str:
        """Its name in a draw."""
        return f"{self.source}:{self.pk}"


@dataclass(frozen=True, slots=True)
class _Around:
    """What makes a record a risk beside itself: ids of colleagues who are new, of those with findings, and of customers
    who complained lately."""

    rules: SupervisionRules
    new: Collection[int]
    found: Collection[int]
    complained: Collection[int | None]

    def factors(self, person: int, at: datetime, customer: int | None, total: Any, rows: int) -> Iterator[str]:
        """Codes of what makes a record a risk."""
        bounds = self.rules.bounds
        if total is not None and total >= bounds["amount"]:
            yield "amount"
        if customer in self.complained:
            yield "complaint"
        if person in self.new:
            yield "new_staff"
        if self.rules.is_night(localtime(at).hour):
            yield "night"
        if rows >= bounds["export_rows"]:
            yield "big_export"
        if person in self.found:
            yield "earlier"


# A record as its source has it: name, key, unit, person, moment, customer, what the customer holds, rows of a file,
# and codes of what only its source knows to be a risk.
Row = tuple[str, int, int, int, datetime, int | None, Any, int, tuple[str, ...]]


def population(plan: CheckPlan, first: date, last: date, *, day: date) -> list[Record]:
    """Every record of the plan's area and units that happened on first..last, but of those who made or score the plan.

    What makes them a risk is as it stands on `day`. As many statements for ten records as for a million.
    """
    rules = rules_on(day)
    people = User.objects.filter(created_at__gte=midnight(day - timedelta(days=rules.bounds["new_days"])))
    spared = {plan.created_by_id, *plan.scorers.values_list("pk", flat=True)}
    around = _Around(
        rules,
        set(people.values_list("pk", flat=True)),
        people_with_findings(since=day - timedelta(days=rules.numbers.repeat_days)),
        _complained(first - timedelta(days=rules.bounds["complaint_days"]), last, spared),
    )
    units = list(Branch.objects.below(plan.unit).values_list("pk", flat=True))
    rows = SOURCES[CheckArea(plan.area)](units, midnight(first), midnight(last + timedelta(days=1)), rules)
    return [
        Record(source, pk, unit, person, at, _once(around.factors(person, at, customer, total, count), own))
        for source, pk, unit, person, at, customer, total, count, own in rows
        if person not in spared
    ]


def _once(factors: Iterator[str], own: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys([*factors, *own]))


def _complained(since: date, until: date, readers: Collection[int]) -> set[int | None]:
    """Customers who complained; the makers and scorers of a plan read that of no case they are kept away from."""
    rows = Complaint.everything.filter(received_on__gte=since, received_on__lte=until)
    rows = rows.exclude(recused__overlap=sorted(readers))
    return set(rows.exclude(customer=None).values_list("customer_id", flat=True))


def _contacts(units: Sequence[int], start: datetime, end: datetime, rules: SupervisionRules) -> Iterator[Row]:
    rows = Interaction.everything.filter(branch__in=units, happened_at__gte=start, happened_at__lt=end)
    rows = rows.exclude(origin=Origin.CAMPAIGN).order_by("pk")
    named = ("pk", "branch_id", "author_id", "happened_at", "customer_id", "customer__position__total")
    for row in rows.values_list(*named).iterator(chunk_size=BATCH):
        yield (RecordSource.CONTACT.value, *row, 0, ())


def _data(units: Sequence[int], start: datetime, end: datetime, rules: SupervisionRules) -> Iterator[Row]:
    return chain(_acts(units, start, end), _openings(units, start, end, rules))


def _acts(units: Sequence[int], start: datetime, end: datetime) -> Iterator[Row]:
    people = dict(User.objects.filter(branch__in=units).values_list("pk", "branch_id"))
    rows = TrailEntry.objects.filter(at__gte=start, at__lt=end, action__in=DATA_ACTS, actor_id__in=list(people))
    named = ("pk", "actor_id", "at", "changes__rows")
    for pk, person, at, count in rows.order_by("pk").values_list(*named).iterator(chunk_size=BATCH):
        many = count if isinstance(count, int) else 0
        yield RecordSource.TRAIL.value, pk, people[person], person, at, None, None, many, ()


def _openings(units: Sequence[int], start: datetime, end: datetime, rules: SupervisionRules) -> Iterator[Row]:
    """One record a person, customer and day, of the unit the person was of then."""
    first, last = localtime(start).date(), localtime(end).date()
    rows = PageOpening.everything.filter(branch__in=units, on__gte=first, on__lt=last)
    # Each row is a customer: who opened how many that day.
    rows = rows.annotate(opened=Window(Count("pk"), partition_by=[F("person"), F("on")]))
    rows = with_need(rows, rules.bounds["need_days"]).order_by("pk")
    named = ("pk", "branch_id", "person_id", "first_at", "whose", "customer__position__total")
    marks = ("last_at", "is_outside", "need", "opened")
    for row in rows.values_list(*named, *marks).iterator(chunk_size=BATCH):
        yield (RecordSource.OPENING.value, *row[: len(named)], 0, tuple(_of_opening(rules, *row[len(named) :])))


def _of_opening(rules: SupervisionRules, last_at: datetime, is_outside: bool, need: str, opened: int) -> Iterator[str]:
    if rules.is_night(localtime(last_at).hour):
        yield "night"
    if is_outside:
        yield "outside"
    if need == NONE:
        yield "no_need"
    if opened > rules.bounds["many_openings"]:
        yield "many"


def _outreach(units: Sequence[int], start: datetime, end: datetime, rules: SupervisionRules) -> Iterator[Row]:
    rows = Outreach.everything.filter(state=OutreachState.SENT, sent_at__gte=start, sent_at__lt=end)
    rows = rows.filter(customer__branch__in=units).order_by("pk")
    # Whoever called; of a message whoever made the campaign.
    rows = rows.annotate(person=Coalesce("owner_id", "campaign__created_by_id"))
    named = ("pk", "customer__branch_id", "person", "sent_at", "customer_id", "customer__position__total")
    for row in rows.values_list(*named).iterator(chunk_size=BATCH):
        yield (RecordSource.OUTREACH.value, *row, 0, ())


SOURCES: Final[Mapping[CheckArea, Callable[[Sequence[int], datetime, datetime, SupervisionRules], Iterator[Row]]]] = {
    CheckArea.SERVICE: _contacts,
    CheckArea.DATA: _data,
    CheckArea.CONDUCT: _outreach,
}


def lots_of(records: Sequence[Record], rules: SupervisionRules) -> list[Lot]:
    """The records as a draw takes them."""
    return [Lot(record.name, record.branch_id, rules.weight(record.factors)) for record in records]


@dataclass(frozen=True, slots=True)
class Redrawn:
    """A draw done again from its seed and list: how many records, whether the list is the one whose digest stands on
    the trail, and whether the sample is the same."""

    population: int
    taken: int
    is_list_same: bool
    is_sample_same: bool


def draw_again(draw: Draw) -> Redrawn:
    """Do a draw again, from what was frozen."""
    lots, digest = thaw(bytes(draw.frozen or b""))
    plan = draw.plan
    drawn = draw_sample(lots, seed=draw.seed, per_unit=plan.per_unit, risk_percent=plan.risk_percent)
    kept = SpotCheck.objects.filter(draw=draw).values_list("source", "record_id", "drawn_by")
    before = {(f"{source}:{pk}", drawn_by) for source, pk, drawn_by in kept}
    again = {(one.lot.name, one.drawn_by.value) for one in drawn}
    return Redrawn(len(lots), len(drawn), digest == draw.digest, before == again)


def record_of(check: SpotCheck, viewer: User) -> Any:
    """The row a check is about, as far as this person may see it; None = gone, or out of their sight."""
    if check.source == RecordSource.CONTACT:
        rows = Interaction.objects.visible_to(viewer).select_related("customer")
        return with_readable_note(rows, viewer).filter(pk=check.record_id).first()
    if check.source == RecordSource.OUTREACH:
        named = ("customer", "campaign", "follow_up__interaction")
        return Outreach.objects.visible_to(viewer).select_related(*named).filter(pk=check.record_id).first()
    if check.source == RecordSource.OPENING:
        days = rules_on(localtime(check.draw.seeded_at).date()).bounds["need_days"]
        return openings_for(viewer, days=days).filter(pk=check.record_id).first()
    # The act of a case this person is kept away from is not theirs to judge.
    return without_cases_kept_from(viewer, TrailEntry.objects.filter(pk=check.record_id)).first()


def customer_of(entry: TrailEntry, viewer: User) -> Customer | None:
    """The customer an entry of the trail is about, when this person may see them."""
    if entry.subject != "customers.customer":
        return None
    return Customer.objects.visible_to(viewer).filter(customer_no=entry.subject_id).first()
