"""Whether customers may be contacted, by way and purpose: for one head of a page, or for a list in one go."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db.models import Count, Q

from core.calendar import bank_calendar
from core.clock import SHANGHAI
from core.memo import once_a_request
from customers.enums import ConsentChannel, ConsentDecision, ConsentPurpose, PreferenceKind, PreferenceValue
from customers.models import Consent, Customer, CustomerAlert, Preference
from customers.queries.consents import LATEST
from servicing.enums import Direction, Use
from servicing.models import Interaction
from servicing.queries.contacts import midnight
from servicing.rules.permission import (
    BUILT_IN,
    PAUSES,
    WAYS,
    Contactable,
    ContactHours,
    IsWorkday,
    Pause,
    Permit,
    permit,
    read_hours,
)
from staff.models import User
from staff.queries import policy_on
from tiers.queries.display import bands_for_display

KIND = "contact_hours"
# What a way needs on the record.
ADDRESSES = {
    ConsentChannel.PHONE: "phone_cipher",
    ConsentChannel.SMS: "phone_cipher",
    ConsentChannel.EMAIL: "email_cipher",
    ConsentChannel.WECOM: "wechat_cipher",
}


@dataclass(frozen=True, slots=True)
class WayPermits:
    """A way of contact for both purposes."""

    way: ConsentChannel
    marketing: Permit
    service: Permit

    @property
    def tone(self) -> str:
        """How a badge colours it: all right, service only, not now."""
        if self.marketing.is_allowed and self.service.is_allowed:
            return "good"
        return "warn" if self.service.is_allowed else "bad"


@dataclass(frozen=True, slots=True)
class Permits:
    """What holds for one customer at `at`, for each way; `remaining` marketing contacts of `cap` are left this week."""

    at: datetime
    ways: tuple[WayPermits, ...]
    remaining: int
    cap: int

    def of(self, way: str, use: str) -> Permit:
        """One way for one purpose."""
        found = next(each for each in self.ways if each.way == way)
        return found.service if use == Use.SERVICE else found.marketing

    @property
    def call_for_service(self) -> Permit:
        """A call to answer the customer."""
        return self.of(ConsentChannel.PHONE, Use.SERVICE)

    @property
    def call_for_marketing(self) -> Permit:
        """A call of the bank's own accord."""
        return self.of(ConsentChannel.PHONE, Use.MARKETING)


@once_a_request
def hours_on(day: date) -> ContactHours:
    """The contact hours and caps in force on a day."""
    return read_hours(policy_on(KIND, day, BUILT_IN).values)


def permits_for(customers: Iterable[int], at: datetime, viewer: User | None = None) -> dict[int, Permits]:
    """By customer id what may be used at `at`, all ways and both purposes; ten queries for any number.

    Reads the ledger of consents as it is at this moment: asked again before each single send. What is kept from the
    `viewer` forbids without being named.
    """
    at, ids = at.astimezone(SHANGHAI), sorted(set(customers))
    if not ids:
        return {}
    hours, calendar = hours_on(at.date()), bank_calendar()
    return {
        customer_id: _permits(hours, known, at, calendar.is_workday)
        for customer_id, known in _contactables(ids, at, viewer.pk if viewer else 0).items()
    }


def marketing_permits(customers: Iterable[int], way: ConsentChannel, at: datetime) -> dict[int, Permit]:
    """By customer id whether marketing may use one way at `at`: what each send of a campaign asks; ten queries.

    The app is a way, too: it needs no address.
    """
    at, ids = at.astimezone(SHANGHAI), sorted(set(customers))
    if not ids:
        return {}
    hours, is_workday = hours_on(at.date()), bank_calendar().is_workday
    known = _contactables(ids, at, 0)
    return {pk: permit(hours, one, way, Use.MARKETING, at, is_workday) for pk, one in known.items()}


def permits_of(customer: Customer, at: datetime, viewer: User | None = None) -> Permits:
    """The same for one customer."""
    return permits_for([customer.pk], at, viewer)[customer.pk]


def _permits(hours: ContactHours, known: Contactable, at: datetime, is_workday: IsWorkday) -> Permits:
    ways = tuple(
        WayPermits(way, *(permit(hours, known, way, use, at, is_workday) for use in (Use.MARKETING, Use.SERVICE)))
        for way in WAYS
    )
    cap = hours.cap(known.letter)
    return Permits(at, ways, max(0, cap - known.used), cap)


def _contactables(ids: list[int], at: datetime, viewer_id: int) -> dict[int, Contactable]:
    letters = {band.rank: band.letter for band in bands_for_display(at.date())}
    consented, pauses = _consented(ids), _pauses(ids, at.date(), viewer_id)
    chosen, used = _preferences(ids), _used(ids, at)
    fields = sorted(set(ADDRESSES.values()))
    has = [~Q(**{field: None}) for field in fields]
    rows = Customer.everything.filter(pk__in=ids).annotate(**{f"has_{n}": each for n, each in enumerate(has)})
    known = {}
    for pk, tier, *flags in rows.values_list("pk", "position__tier", *(f"has_{n}" for n in range(len(has)))):
        on_record = {field for field, there in zip(fields, flags, strict=True) if there}
        wishes = chosen.get(pk, {})
        known[pk] = Contactable(
            ways=frozenset({ConsentChannel.APP, *(way for way, field in ADDRESSES.items() if field in on_record)}),
            consented=frozenset(consented[pk]),
            pauses=tuple(pauses[pk]),
            chosen=wishes.get(PreferenceKind.CONTACT_TIME, ""),
            not_at_work=wishes.get(PreferenceKind.NO_CALL_AT_WORK) == PreferenceValue.YES,
            letter=letters.get(tier, ""),
            used=used.get(pk, 0),
        )
    return known


def _consented(ids: list[int]) -> Mapping[int, set[str]]:
    """Ways over which each customer agrees to marketing now, by the latest statement."""
    ways = (*WAYS, ConsentChannel.APP)
    statements = Consent.everything.filter(customer__in=ids, purpose=ConsentPurpose.MARKETING, channel__in=ways)
    latest = statements.order_by("customer", "channel", *LATEST).distinct("customer", "channel")
    found: defaultdict[int, set[str]] = defaultdict(set)
    for customer_id, channel, decision in latest.values_list("customer_id", "channel", "decision"):
        if decision == ConsentDecision.GIVEN:
            found[customer_id].add(channel)
    return found


def _pauses(ids: list[int], day: date, viewer_id: int) -> Mapping[int, list[Pause]]:
    """Alerts that forbid contact now or on a day to come."""
    rows = CustomerAlert.everything.filter(Q(ends_on=None) | Q(ends_on__gte=day), customer__in=ids)
    rows = rows.filter(dismissed_at=None, kind__in=list(PAUSES))
    found: defaultdict[int, list[Pause]] = defaultdict(list)
    fields = ("customer_id", "kind", "starts_on", "ends_on", "hidden_from")
    for customer_id, kind, starts_on, ends_on, hidden_from in rows.values_list(*fields):
        found[customer_id].append(Pause(kind, starts_on, ends_on, viewer_id in hidden_from))
    return found


def _preferences(ids: list[int]) -> Mapping[int, dict[str, str]]:
    kinds = (PreferenceKind.CONTACT_TIME, PreferenceKind.NO_CALL_AT_WORK)
    rows = Preference.everything.filter(customer__in=ids, kind__in=kinds, ended_at=None)
    found: defaultdict[int, dict[str, str]] = defaultdict(dict)
    for customer_id, kind, value in rows.values_list("customer_id", "kind", "value"):
        found[customer_id][kind] = value
    return found


def _used(ids: list[int], at: datetime) -> dict[int, int]:
    """Contacts begun by us since Monday, also those that reached nobody: a telephone rang."""
    monday = midnight(at.date() - timedelta(days=at.weekday()))
    rows = Interaction.everything.filter(customer__in=ids, direction=Direction.OUT, happened_at__gte=monday)
    return dict(rows.order_by().values_list("customer_id").annotate(n=Count("pk")))
