"""Reads of merges: what two records hold side by side, who may be the same, and where a merged number went."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.apps import apps
from django.db.models import Count, Q, QuerySet
from django.utils.functional import Promise

from core.errors import Renamed
from customers.models import Account, Customer, FieldSource, Merge, in_scope
from customers.rules.merges import GROUPS, Side, Standing, Worth, better, group_of, stays
from staff.access import scope_of
from staff.models import User

CANDIDATES = 10


@dataclass(frozen=True, slots=True)
class Children:
    """Rows of one kind that hang on the two records."""

    label: str | Promise
    a: int
    b: int


def successor_in_sight(user: User, customer_no: str) -> Customer | None:
    """The customer a number was merged into, when this person may see both; None for every other number."""
    scope = scope_of(user)
    found = Customer.everything.filter(in_scope(scope), customer_no=customer_no, merged_into__isnull=False).first()
    kept_id = found.merged_into_id if found else None
    return Customer.objects.visible_to(user).filter(pk=kept_id).first() if kept_id else None


def find_in_sight(user: User, visible: QuerySet[Customer], customer_no: str) -> Customer:
    """The customer of this number among the rows in sight. Raises Renamed (merged), Customer.DoesNotExist."""
    try:
        return visible.get(customer_no=customer_no)
    except Customer.DoesNotExist:
        if kept := successor_in_sight(user, customer_no):
            raise Renamed(customer_no=kept.customer_no) from None
        raise


def merged_numbers(customer_id: int) -> list[str]:
    """Numbers that were merged into a customer."""
    rows = Customer.everything.filter(merged_into=customer_id).order_by("customer_no")
    return list(rows.values_list("customer_no", flat=True))


def merges_for(user: User) -> QuerySet[Merge]:
    """Merges of customers this person may see, the latest first."""
    rows = Merge.objects.visible_to(user).select_related("kept", "dropped", "requested_by", "undone_by", "job")
    return rows.order_by("-pk")


def may_be_the_same(user: User, customer: Customer) -> list[Customer]:
    """Others in sight with the same identity number, phone or name, those with the same number first; at most ten."""
    same_id = Q(id_no_index=customer.id_no_index) if customer.id_no_index else Q()
    keys = [same_id, Q(phone_index=customer.phone_index) if customer.phone_index else Q(), Q(name=customer.name)]
    others = Customer.objects.visible_to(user).filter(kind=customer.kind).exclude(pk=customer.pk)
    found: dict[int, Customer] = {}
    for key in keys:
        if key:
            rows = others.filter(key).select_related("branch").order_by("customer_no")[:CANDIDATES]
            found |= {row.pk: row for row in rows if row.pk not in found}
    return list(found.values())[:CANDIDATES]


def children_of(a: Customer, b: Customer, user: User) -> list[Children]:
    """How many rows of each kind the two have, of every app: whatever has a key to Customer and a name for people.

    As far as the person may see them: a number alone would tell of a complaint kept from them.
    """
    found = []
    for model in apps.get_models():
        meta = model._meta
        keys = [f.name for f in meta.concrete_fields if f.related_model is Customer]
        if "customer" not in keys or not isinstance(meta.verbose_name, Promise):
            continue
        told = getattr(model._default_manager.all(), "visible_to", None)
        rows = (told(user) if told else model._base_manager).filter(customer__in=[a.pk, b.pk]).order_by()
        counts = dict(rows.values_list("customer").annotate(n=Count("*")))
        if counts:
            found.append(Children(meta.verbose_name, counts.get(a.pk, 0), counts.get(b.pk, 0)))
    return found


def preselected(a: Customer, b: Customer, kept: Side) -> dict[str, Side]:
    """Of each field the record whose value should stay."""
    confirmed = {a.pk: dict[str, date](), b.pk: dict[str, date]()}
    for row in FieldSource.objects.filter(customer__in=[a.pk, b.pk]):
        group = group_of(row.field)
        if group:
            known = confirmed[row.customer_id].get(group, date.min)
            confirmed[row.customer_id][group] = max(known, row.confirmed_on)
    return {group: better(_worth(a, group, confirmed), _worth(b, group, confirmed), kept) for group in GROUPS}


def _worth(customer: Customer, group: str, confirmed: Mapping[int, Mapping[str, date]]) -> Worth:
    return Worth(is_empty(customer, group), confirmed[customer.pk].get(group))


def is_empty(customer: Customer, group: str) -> bool:
    """Whether a record says nothing about a field: of a document, whether its number is missing."""
    columns: Sequence[str] = ("id_no_cipher",) if group == "id_no" else GROUPS[group][:1]
    return not any(getattr(customer, column) for column in columns)


def to_keep(a: Customer, b: Customer) -> Side:
    """The record that should stay."""
    rows = Account.everything.filter(customer__in=[a.pk, b.pk]).order_by().values_list("customer")
    accounts: dict[int, Any] = dict(rows.annotate(n=Count("*")))
    standings = [Standing(accounts.get(row.pk, 0), row.opened_on, row.pk) for row in (a, b)]
    return stays(*standings)


def may_still_undo(merge: Merge, at: datetime) -> bool:
    """Whether a merge in place can be taken back at this moment."""
    return merge.state == "done" and merge.undo_until is not None and at <= merge.undo_until
