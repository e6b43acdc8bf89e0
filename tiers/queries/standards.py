"""The service standards in force on a day, and who waits longer than they allow."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from django.db.models import Case, Count, DateField, Q, Value, When
from django.db.models.functions import Coalesce

from core.memo import once_a_request
from customers.models import CustomerPosition
from staff.enums import Role
from staff.models import User
from staff.queries import policy_on
from tiers.queries.display import bands_for_display
from tiers.rules import Band
from tiers.rules.standards import BUILT_IN, Standard, due_on, read_standards, yearly_contacts

KIND = "standards"


@once_a_request
def standards_on(day: date) -> Mapping[str, Standard]:
    """The standard of each tier in force on `day`, by its letter."""
    return read_standards(policy_on(KIND, day, BUILT_IN).values)


def standard_for(letter: str, day: date) -> Standard:
    """What a tier is promised on `day`; a tier the standards do not name is promised nothing."""
    return standards_on(day).get(letter, Standard())


def contacts_per_year(day: date) -> dict[str, Decimal]:
    """Contacts a year owed to each customer of a tier, by its letter; a tier without a rhythm is missing."""
    return yearly_contacts(standards_on(day))


@dataclass(frozen=True, slots=True)
class Rhythm:
    """How a customer stands against the contact rhythm of its tier: a contact every `every` days, the last one `ago`
    days ago (None = never), the next due on `due_on`, which is past when `is_overdue`."""

    every: int
    last_on: date | None
    ago: int | None
    due_on: date
    is_overdue: bool


def rhythm_of(position: CustomerPosition, letter: str, day: date) -> Rhythm | None:
    """The customer's contact rhythm on `day` in the tier of this letter; None where none is promised."""
    every = standard_for(letter, day).contact_days
    due = due_on(position.last_contact_on, position.tier_since, every) if every else None
    if every is None or due is None:
        return None
    last = position.last_contact_on
    return Rhythm(every, last, (day - last).days if last else None, due, due < day)


@dataclass(frozen=True, slots=True)
class TierService:
    """A tier against its standard: how many customers it has, and of how many the contact is overdue. `waited` is the
    least days without contact that count as overdue (None = no rhythm is promised, so nobody's is)."""

    band: Band
    standard: Standard
    heads: int
    overdue: int
    waited: int | None


def service_by_tier(user: User, day: date) -> list[TierService]:
    """Each tier, highest first, of the customers this person may see; administrators count those of the whole bank.

    A customer whom nobody has ever spoken to counts from the day the tier began.
    """
    bands = bands_for_display(day)
    waited = {band.rank: _waited(standard_for(band.letter, day)) for band in bands}
    promised = {rank: days for rank, days in waited.items() if days}
    lasts = [When(tier=rank, then=Value(day - timedelta(days=days))) for rank, days in promised.items()]
    counted = Coalesce("last_contact_on", "tier_since")
    late = Q(counted__lte=Case(*lasts, output_field=DateField())) if lasts else Q(pk__in=[])
    rows = CustomerPosition.everything.all() if user.role == Role.ADMIN else CustomerPosition.objects.visible_to(user)
    found = rows.order_by().annotate(counted=counted).values("tier")
    counts = {
        row["tier"]: (row["heads"], row["late"])
        for row in found.annotate(heads=Count("pk"), late=Count("pk", filter=late))
    }
    return [
        TierService(band, standard_for(band.letter, day), *counts.get(band.rank, (0, 0)), waited[band.rank])
        for band in reversed(bands)
    ]


def promised_by_tier(day: date) -> list[TierService]:
    """What each tier is promised, highest first, without counting anybody."""
    found = [(band, standard_for(band.letter, day)) for band in reversed(bands_for_display(day))]
    return [TierService(band, standard, 0, 0, _waited(standard)) for band, standard in found]


def _waited(standard: Standard) -> int | None:
    return standard.contact_days + 1 if standard.contact_days else None
