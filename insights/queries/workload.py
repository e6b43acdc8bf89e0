"""How much work each manager's book is, and whom their customers know: tier-weighted, by unit (product.md F12)."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Final

from django.db.models import Count, Max, OuterRef, Subquery, Sum

from core.memo import once_a_request
from customers.enums import OwnerRole
from customers.models import CustomerPosition, OwnershipChange
from insights.models import DepositDay
from insights.rules.workload import BUILT_IN, Book, Candidate, Terms, read_workload, weight
from staff.access import MANAGERS
from staff.models import Branch, User
from staff.queries import policy_on
from tiers.queries import bands_for_display
from tiers.queries.standards import contacts_per_year, standards_on

KIND: Final = "workload"
# Of a book above capacity so many of its weakest ties are looked at.
LOOKED_AT: Final = 400


@once_a_request
def terms_on(day: date) -> Terms:
    """The rules of workload in force on a day."""
    return read_workload(policy_on(KIND, day, BUILT_IN).values)


@once_a_request
def weights_on(day: date) -> Mapping[int, Decimal]:
    """Minutes a year one customer of each tier takes, by rank."""
    terms, standards, contacts = terms_on(day), standards_on(day), contacts_per_year(day)
    return {
        band.rank: weight(
            terms,
            band.letter,
            contacts.get(band.letter, Decimal(0)),
            standards[band.letter].review_months if band.letter in standards else None,
        )
        for band in bands_for_display(day)
    }


@dataclass(frozen=True, slots=True)
class UnitLoad:
    """A unit: managers with a book, customers, minutes a year they take, and how many books are above capacity."""

    unit: Branch
    managers: int
    customers: int
    minutes: Decimal
    above: int

    def percent(self, capacity: int) -> int:
        """Of what its managers can do together, in whole per cent cut off."""
        return int(self.minutes * 100 / (capacity * self.managers)) if self.managers else 0


def managers_of(unit: Branch) -> list[User]:
    """Who keeps a book of the unit's customers, by number."""
    people = User.objects.filter(branch=unit, is_active=True, role__in=MANAGERS)
    return list(people.order_by("staff_no"))


def books_of(viewer: User, unit: Branch, day: date) -> list[Book]:
    """The book of each manager of a unit, live; one without customers has none and all the room."""
    rows = CustomerPosition.objects.visible_to(viewer).filter(customer__merged_into=None)
    people = managers_of(unit)
    counted = rows.filter(manager__in=people).order_by().values_list("manager", "tier").annotate(n=Count("pk"))
    return _books([person.pk for person in people], [(who, tier, n) for who, tier, n in counted if who], day)


def _books(people: Sequence[int], counted: Sequence[tuple[int, int, int]], day: date) -> list[Book]:
    weights = weights_on(day)
    heads: dict[int, dict[int, int]] = {pk: {} for pk in people}
    for who, tier, count in counted:
        heads[who][tier] = heads[who].get(tier, 0) + count
    return [
        Book(who, own, sum((weights.get(tier, Decimal(0)) * n for tier, n in own.items()), Decimal(0)))
        for who, own in heads.items()
    ]


def loads_below(above: Branch, visible: Collection[int], day: date) -> list[UnitLoad]:
    """The load of each unit with managers below one, by code, as rolled up at the last close; three statements."""
    units = Branch.objects.below(above).filter(pk__in=visible).in_bulk()
    people = dict(User.objects.filter(branch__in=units, is_active=True, role__in=MANAGERS).values_list("pk", "branch"))
    last = DepositDay.objects.filter(on__lte=day).aggregate(last=Max("on"))["last"]
    rows = DepositDay.objects.filter(on=last, manager__in=list(people)).order_by().values_list("manager", "tier")
    counted = [(who, tier, n) for who, tier, n in rows.annotate(n=Sum("customers")) if who]
    capacity, found = terms_on(day).capacity, dict[int, list[Book]]()
    for book in _books(list(people), counted, day):
        found.setdefault(people[book.manager], []).append(book)
    return [
        UnitLoad(
            units[pk],
            len(books),
            sum(sum(book.heads.values()) for book in books),
            sum((book.minutes for book in books), Decimal(0)),
            sum(book.minutes > capacity for book in books),
        )
        for pk, books in sorted(found.items(), key=lambda pair: units[pair[0]].code)
    ]


def candidates_of(viewer: User, managers: Collection[int], day: date) -> list[Candidate]:
    """Customers of these managers with what ties them to them, those spoken to longest ago first; one statement each.

    Customers of a tier that is promised nothing weigh nothing and are left out.
    """
    weights = {rank: minutes for rank, minutes in weights_on(day).items() if minutes}
    own = OwnershipChange.everything.filter(customer=OuterRef("pk"), role=OwnerRole.OWNER).order_by("-at")
    rows = CustomerPosition.objects.visible_to(viewer).filter(customer__merged_into=None, tier__in=list(weights))
    rows = rows.annotate(since=Subquery(own.values("on")[:1])).order_by("last_contact_on", "pk")
    found = []
    for manager in managers:
        mine = rows.filter(manager=manager).values_list("pk", "tier", "customer__backup", "last_contact_on", "since")
        for pk, tier, backup, last, since in mine[:LOOKED_AT]:
            found.append(Candidate(pk, manager, tier, weights[tier], backup, last, since))
    return found
