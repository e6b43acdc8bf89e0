"""The field history of a customer: who changed which field when, from what to what."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.utils.translation import gettext as _

from core import crypto
from core.history import API, FEED
from customers.models import Customer, CustomerVersion
from customers.models.history import TRACKED
from customers.queries.profile import LABELS, masked_value
from customers.rules.profile import SEALED
from staff.models import Branch, User

PAGE = 20
_PEOPLE = ("manager", "backup")


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One field of a change, as people read it; sealed values are masked, "" is nothing."""

    field: str
    label: str
    old: str
    new: str


@dataclass(frozen=True, slots=True)
class HistoryEntry:
    """What one statement changed of the record. `source` is in words; `by` is "" where no person stands behind it."""

    at: datetime
    source: str
    by: str
    is_feed: bool
    changes: list[FieldChange]


@dataclass(frozen=True, slots=True)
class HistoryPage:
    """Entries, the latest first; `older` is where the next page begins, None at the end."""

    entries: list[HistoryEntry]
    older: int | None


def field_history(customer: Customer, before: int | None = None) -> HistoryPage:
    """A page of the record's history, beginning below the version `before`, or with the latest change."""
    versions = CustomerVersion.objects.filter(pgh_obj_id=customer.pk)
    newer: Any = customer
    if before is not None:
        newer = versions.filter(pgh_id__gte=before).order_by("pgh_id").first() or customer
        versions = versions.filter(pgh_id__lt=before)
    rows = list(versions.order_by("-pgh_id")[: PAGE + 1])
    shown = rows[:PAGE]
    names = _Names([newer, *shown], customer.customer_no)
    entries = []
    for row in shown:
        changes = list(_changes(row, newer, names))
        if changes:  # a feed seals anew what is as it was
            entries.append(_entry(row, changes, names))
        newer = row
    return HistoryPage(entries, shown[-1].pgh_id if len(rows) > PAGE else None)


def _changes(old: Any, new: Any, names: "_Names") -> Iterator[FieldChange]:
    for column in TRACKED:
        field = column.removesuffix("_cipher")
        before, after = names.shown(field, old), names.shown(field, new)
        if before != after or _differs(field, old, new, names):
            yield FieldChange(field, str(LABELS[field]), before, after)


def _differs(field: str, old: Any, new: Any, names: "_Names") -> bool:
    """Whether two sealed values differ although their masks are alike."""
    return field in SEALED and names.clear(field, old) != names.clear(field, new)


def _entry(row: Any, changes: list[FieldChange], names: "_Names") -> HistoryEntry:
    context: Mapping[str, str] = row.pgh_context or {}
    source, number = context.get("source", ""), context.get("actor", "")
    words = {
        FEED: _("Core banking system's feed"),
        API: _("Program (API)"),
        "": _("Directly in the database"),
        "customers:edit": _("Profile page"),
    }
    is_feed = source == FEED
    by = "" if is_feed else names.people_by_number.get(number, number)
    return HistoryEntry(row.pgh_created_at, str(words.get(source, "")), by, is_feed, changes)


class _Names:
    """Words for the values of some versions, looked up once for all of them."""

    def __init__(self, rows: Iterable[Any], customer_no: str) -> None:
        rows = list(rows)
        self._customer_no = customer_no
        ids = {getattr(row, f"{field}_id") for row in rows for field in _PEOPLE}
        numbers = {(getattr(row, "pgh_context", None) or {}).get("actor", "") for row in rows}
        people = list(User.objects.filter(pk__in=ids - {None}))
        self._people = {user.pk: user.name for user in people}
        self._units = dict(Branch.objects.filter(pk__in={row.branch_id for row in rows}).values_list("pk", "name"))
        self.people_by_number = dict(User.objects.filter(staff_no__in=numbers).values_list("staff_no", "name"))
        into = {row.merged_into_id for row in rows} - {None}
        self._merged = dict(Customer.everything.filter(pk__in=into).values_list("pk", "customer_no"))

    def clear(self, field: str, row: Any) -> str:
        """A sealed value, to be compared and no more."""
        blob = getattr(row, f"{field}_cipher")
        return crypto.unseal(f"customers.customer.{field}", self._customer_no, blob) if blob else ""

    def shown(self, field: str, row: Any) -> str:
        """A value as people read it."""
        if field in SEALED:
            return masked_value(field, self._customer_no, getattr(row, f"{field}_cipher"))
        if field in _PEOPLE:
            return self._people.get(getattr(row, f"{field}_id"), "")
        if field == "branch":
            return self._units.get(row.branch_id, "")
        if field == "merged_into":
            return self._merged.get(row.merged_into_id, "")
        return _plain(field, getattr(row, field))


def _plain(field: str, value: Any) -> str:
    if isinstance(value, bool):
        return _("Yes") if value else _("No")
    if isinstance(value, date):
        return value.isoformat()
    choices = getattr(Customer._meta.get_field(field), "choices", None)
    return str(dict(choices).get(value, value)) if choices and value else str(value or "")
