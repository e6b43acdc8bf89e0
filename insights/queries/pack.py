"""The hand-over pack: what a new manager must know of each customer, gathered a page at a time."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from django.db.models import F, QuerySet, Window
from django.db.models.functions import RowNumber

from customers.enums import AccountStatus, HandoverResult, PreferenceValue
from customers.models import (
    Account,
    Customer,
    CustomerAlert,
    Handover,
    HandoverItem,
    KycItem,
    Preference,
    Promise,
    QualityFlag,
)
from servicing.models import Interaction
from servicing.queries.contacts import with_readable_note
from staff.models import User

MATURING_DAYS = 90
CONTACTS = 3


@dataclass(frozen=True, slots=True)
class Wish:
    """A preference in words, and the day it was stated."""

    kind: str
    value: str
    stated_on: date


@dataclass(frozen=True, slots=True)
class Brief:
    """One customer of a pack, and what is open about it."""

    item: HandoverItem
    promises: list[Promise] = field(default_factory=list)
    maturities: list[Account] = field(default_factory=list)
    wishes: list[Wish] = field(default_factory=list)
    alerts: list[CustomerAlert] = field(default_factory=list)
    contacts: list[Interaction] = field(default_factory=list)
    kyc: list[KycItem] = field(default_factory=list)
    findings: list[QualityFlag] = field(default_factory=list)

    @property
    def customer(self) -> Customer:
        """Whom it is about."""
        return self.item.customer


def pack_items(handover: Handover, viewer: User) -> QuerySet[HandoverItem]:
    """Customers handed over that the viewer may see: the highest tier first, then the largest deposits."""
    items = HandoverItem.objects.visible_to(viewer).filter(handover=handover, result=HandoverResult.MOVED)
    items = items.select_related("customer__position", "customer__branch", "manager_before")
    return items.order_by("-customer__position__tier", "-customer__position__total", "pk")


def briefs(items: Sequence[HandoverItem], viewer: User, day: date) -> list[Brief]:
    """What the viewer may read of these customers as of `day`; the same few look-ups however many they are."""
    ids = [item.customer_id for item in items]
    until = day + timedelta(days=MATURING_DAYS)
    maturing = Account.objects.visible_to(viewer).filter(customer__in=ids, matures_on__range=(day, until))
    maturing = maturing.exclude(status=AccountStatus.CLOSED).select_related("product", "balance")
    promises = Promise.objects.visible_to(viewer).open().filter(customer__in=ids).select_related("owner")
    alerts = CustomerAlert.objects.visible_to(viewer).active_on(day).filter(customer__in=ids)
    preferences = Preference.objects.visible_to(viewer).current().filter(customer__in=ids).order_by("kind")
    kyc = KycItem.objects.visible_to(viewer).open().filter(customer__in=ids)
    findings = QualityFlag.objects.filter(customer__in=ids, resolved_on=None, dismissed_on=None)
    found: dict[str, dict[int, list[Any]]] = {
        "promises": _grouped(promises.order_by("due_on", "pk")),
        "maturities": _grouped(maturing.order_by("matures_on", "pk")),
        "alerts": _grouped(alerts.order_by("-severity", "pk")),
        "contacts": _grouped(_last_contacts(ids, viewer)),
        "kyc": _grouped(kyc.order_by("due_on")),
        "findings": _grouped(findings.order_by("kind")),
    }
    wishes = {customer: [_wish(one) for one in rows] for customer, rows in _grouped(preferences).items()}
    return [
        Brief(
            item,
            wishes=wishes.get(item.customer_id, []),
            **{name: rows[item.customer_id] for name, rows in found.items()},
        )
        for item in items
    ]


def _wish(row: Preference) -> Wish:
    known = {value: str(label) for value, label in PreferenceValue.choices}
    return Wish(row.get_kind_display(), known.get(row.value, row.value), row.stated_on)


def _last_contacts(ids: Sequence[int], viewer: User) -> Iterable[Interaction]:
    """The latest contacts of each customer, whoever had them."""
    place = Window(RowNumber(), partition_by="customer_id", order_by=[F("happened_at").desc(), F("pk").desc()])
    contacts = with_readable_note(Interaction.objects.visible_to(viewer).filter(customer__in=ids), viewer)
    latest: QuerySet[Any] = contacts.annotate(place=place).select_related("author")
    return latest.filter(place__lte=CONTACTS).order_by("customer_id", "place")


def _grouped(rows: Iterable[Any]) -> dict[int, list[Any]]:
    found: dict[int, list[Any]] = defaultdict(list)
    for row in rows:
        found[row.customer_id].append(row)
    return found
