"""What the command palette finds: a few records of each kind in sight, for a text or for pages looked at lately."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final

from django.db.models import F, Q, Value
from django.db.models.functions import Concat, Substr
from django.urls import Resolver404, resolve, reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _

from campaigns.models import Campaign
from campaigns.queries.campaigns import READERS as CAMPAIGN_READERS
from campaigns.queries.campaigns import campaigns_of
from complaints.models import Complaint
from core.pinyin import surname_readings
from customers.models import Customer, CustomerPosition
from customers.queries import search
from customers.rules.search import COMMON_SURNAMES, SearchTerm, letters, read_search
from insights.models import Report
from staff.access import BOOK_KEEPERS, CUSTOMER_ROLES, HEADS, has_role, scope_of
from staff.enums import Reach, Role
from staff.models import User
from staff.queries import people_for

MOST_CUSTOMERS: Final = 8
MOST: Final = 5
MOST_RECENT: Final = 8
LONGEST: Final = 60


@dataclass(frozen=True, slots=True)
class Hit:
    """A record by what it is called, with the address of its page; `rank`: a customer's tier, 0 = none shown."""

    title: str
    hint: str
    url: str
    icon: str
    rank: int = 0


@dataclass(frozen=True, slots=True)
class Group:
    """Hits of one kind under their heading."""

    label: str
    hits: Sequence[Hit]


def found_for(user: User, text: str) -> list[Group]:
    """What a text means to this person: customers by all the search box knows, other records by name or number."""
    text = text.strip()[:LONGEST]
    if not text:
        return []
    groups = (Group(label, list(finder(user, text))) for label, finder in _finders())
    return [group for group in groups if group.hits]


def _finders() -> Iterator[tuple[str, Callable[[User, str], Iterable[Hit]]]]:
    yield _("Customers"), _customers
    yield _("Complaints"), _complaints
    yield _("Campaigns"), _campaigns
    yield _("Reports"), _reports
    yield _("Colleagues"), _colleagues


def _customers(user: User, text: str) -> Iterator[Hit]:
    term = read_search(text)
    # One letter begins a tenth of all names.
    if not has_role(user, *CUSTOMER_ROLES) or (term.kind == "pinyin" and len(term.text) < 2):
        return
    is_bank, seen = scope_of(user).reach == Reach.BANK, CustomerPosition.objects.visible_to(user)
    if is_bank and term.text in COMMON_SURNAMES:
        yield from islice(_by_surname(seen, term.text), MOST_CUSTOMERS)
        return
    rows = search(seen, text, "customer__", narrow=not is_bank)
    if not is_bank:
        # Always so; said again, it lets the index by branch and name serve the order.
        rows = rows.filter(customer__branch=F("branch"))
        yield from _as_customers(rows.order_by("customer__name_pinyin", "pk"), MOST_CUSTOMERS)
        return
    yield from _of_bank(rows, term)


def _by_surname(rows: Any, surname: str) -> Iterator[Hit]:
    """The first of a whole bank's people of a surname, sound by sound: each is a stretch of the index by name."""
    for sound in surname_readings(surname):
        stretch = {"customer__name_pinyin__gte": sound, "customer__name_pinyin__lt": f"{sound}{{"}
        # Not "begins with", which has an index of its own, without this order.
        named = rows.annotate(surname=Substr("customer__name", 1, 1)).filter(**stretch, surname=surname)
        yield from _as_customers(named.order_by("customer__name_pinyin", "pk"), MOST_CUSTOMERS)


def _of_bank(rows: Any, term: SearchTerm) -> Iterator[Hit]:
    """The first of a whole bank's: so few are wanted that PostgreSQL reads the names from A on until it has them, which
    takes seconds for letters no name begins with. Those are found first and sorted then."""
    begins = letters(term.text) if term.kind == "pinyin" else ""
    is_rare = begins and not Customer.everything.filter(name_pinyin__startswith=begins).exists()
    order = Concat("customer__name_pinyin", Value("")) if is_rare else F("customer__name_pinyin")
    yield from _as_customers(rows.order_by(order, "pk"), MOST_CUSTOMERS)


def _as_customers(rows: Any, most: int) -> Iterator[Hit]:
    names = ("customer__name", "customer__customer_no", "tier", "branch__name", "manager__name")
    for name, number, tier, unit, manager in rows.values_list(*names)[:most]:
        hint = " · ".join(part for part in (number, unit, manager) if part)
        yield Hit(name, hint, reverse("customers:detail", args=[number]), "user", tier)


def _complaints(user: User, text: str) -> Iterator[Hit]:
    if len(text) < 3 or not any(char.isdigit() for char in text) or read_search(text).is_personal:
        return
    yield from _as_complaints(Complaint.objects.visible_to(user).filter(number__icontains=text).order_by("-pk"))


def _as_complaints(rows: Any) -> Iterator[Hit]:
    for row in rows.only("number", "summary", "state")[:MOST]:
        yield Hit(row.number, f"{row.get_state_display()} · {row.summary}", row.get_absolute_url(), "message-report")


def _campaigns(user: User, text: str) -> Iterator[Hit]:
    if not has_role(user, *CAMPAIGN_READERS):
        return
    wanted = Q(name__icontains=text)
    if text.removeprefix("#").isdecimal() and len(text) < 10:
        wanted |= Q(pk=int(text.removeprefix("#")))
    yield from _as_campaigns(campaigns_of(user).filter(wanted).order_by("-starts_on", "-pk"))


def _as_campaigns(rows: Any) -> Iterator[Hit]:
    for row in rows[:MOST]:
        yield Hit(row.name, row.get_state_display(), row.get_absolute_url(), "speakerphone")


def _reports(user: User, text: str) -> Iterator[Hit]:
    yield from _as_reports(Report.objects.visible_to(user).filter(name__icontains=text).order_by("name", "pk"))


def _as_reports(rows: Any) -> Iterator[Hit]:
    for row in rows.select_related("owner")[:MOST]:
        yield Hit(row.name, row.owner.name, row.get_absolute_url(), "file-text")


def _colleagues(user: User, text: str) -> Iterator[Hit]:
    """People whose work this person may look at: for heads their customers or contacts, for administrators their
    account."""
    named = Q(name__icontains=text) | Q(staff_no__istartswith=text) | Q(username__istartswith=text)
    for row in people_for(user).filter(named, is_active=True).order_by("name", "pk")[:MOST]:
        yield Hit(row.name, f"{row.get_role_display()} · {row.branch.name}", _page_of(row, user), "user-circle")


def _page_of(person: User, viewer: User) -> str:
    if viewer.role == Role.ADMIN:
        return reverse("staff:user_edit", args=[person.staff_no])
    if has_role(person, *BOOK_KEEPERS):
        return f"{reverse('customers:list')}?{urlencode({'manager': person.staff_no})}"
    if has_role(person, *HEADS):
        return f"{reverse('staff:users')}?{urlencode({'q': person.staff_no})}"
    return f"{reverse('servicing:contacts')}?{urlencode({'author': person.staff_no})}"


def recent_for(user: User, paths: Iterable[str]) -> list[Hit]:
    """Records behind the addresses a person looked at lately, in that order; those out of sight are left out."""
    asked = [found for path in list(paths)[:MOST_RECENT] if (found := _record_of(path)) is not None]
    hits: dict[tuple[str, str], Hit] = {}
    for name, (finder, _path) in RECENT.items():
        keys = [key for kind, key in asked if kind == name]
        if keys:
            hits |= {(name, key): hit for key, hit in finder(user, keys)}
    return [hits[one] for one in asked if one in hits]


def _record_of(path: str) -> tuple[str, str] | None:
    """The kind and key of the record an address is of; None for any other page."""
    try:
        match = resolve(path)
    except (Resolver404, ValueError):
        return None
    known = RECENT.get(match.view_name)
    return (match.view_name, str(match.kwargs[known[1]])) if known and known[1] in match.kwargs else None


Keyed = Iterator[tuple[str, Hit]]


def _customers_by(user: User, keys: Sequence[str]) -> Keyed:
    if has_role(user, *CUSTOMER_ROLES):
        rows = CustomerPosition.objects.visible_to(user).filter(customer__customer_no__in=keys)
        for hit in _as_customers(rows, MOST_RECENT):
            yield hit.url.rstrip("/").rpartition("/")[2], hit


def _complaints_by(user: User, keys: Sequence[str]) -> Keyed:
    for hit in _as_complaints(Complaint.objects.visible_to(user).filter(number__in=keys)):
        yield hit.title, hit


def _campaigns_by(user: User, keys: Sequence[str]) -> Keyed:
    if has_role(user, *CAMPAIGN_READERS):
        for hit in _as_campaigns(Campaign.objects.visible_to(user).filter(pk__in=keys)):
            yield hit.url.rstrip("/").rpartition("/")[2], hit


def _reports_by(user: User, keys: Sequence[str]) -> Keyed:
    for hit in _as_reports(Report.objects.visible_to(user).filter(pk__in=keys)):
        yield hit.url.rstrip("/").rpartition("/")[2], hit


# Pages that are of one record, by the name of their address: how to find it, and the part that is its key.
RECENT: Final[Mapping[str, tuple[Callable[[User, Sequence[str]], Keyed], str]]] = {
    "customers:detail": (_customers_by, "customer_no"),
    "complaints:detail": (_complaints_by, "number"),
    "campaigns:detail": (_campaigns_by, "pk"),
    "insights:report": (_reports_by, "pk"),
}
