"""Reads of the master record: masked values, where they came from, who else may be the same person, preferences."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from django.contrib.auth.models import AnonymousUser
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from core import crypto, pinyin, privacy
from customers.models import Customer, FieldSource, Preference
from customers.models.customers import CustomerQuerySet
from staff.models import User

_COLUMN = "customers.customer."
_MASKS = {
    "id_no": privacy.mask_id_no,
    "phone": privacy.mask_phone,
    "email": privacy.mask_email,
    "address": privacy.mask_address,
    "wechat": privacy.mask_wechat,
}
# What the fields of a record are called, wherever they are shown.
LABELS = {
    "name": _("Name"),
    "kind": _("Kind"),
    "sex": _("Sex"),
    "birth_date": _("Date of birth"),
    "occupation": _("Occupation"),
    "employer": _("Employer"),
    "phone": _("Phone"),
    "email": _("E-mail"),
    "wechat": _("WeChat id"),
    "address": _("Address"),
    "contact_name": _("Contact person"),
    "id_type": _("Identity document"),
    "id_no": _("Identity number"),
    "id_expires_on": _("Valid until"),
    "id_is_long_term": _("Without expiry"),
    "id_issued_by": _("Issued by"),
    "opened_on": _("Customer since"),
    "origin": _("How the customer came to us"),
    "risk_grade": _("Risk grade"),
    "branch": _("Branch"),
    "manager": _("Manager"),
    "backup": _("Backup manager"),
    "merged_into": _("Merged into"),
}
# As many as fit beside a form; a phone may be everybody's.
SHOWN = 5


@dataclass(frozen=True, slots=True)
class Alike:
    """Customers that may be the one being typed: those in sight, and the unit of one out of sight ("" = none).

    `reasons` maps a customer in sight to what is alike: id_no, phone or name.
    """

    customers: list[Customer]
    reasons: dict[int, list[str]]
    elsewhere: str = ""


def mask_value(field: str, text: str | None) -> str:
    """The mask of a value in clear, by its field."""
    return _MASKS[field](text)


def masked_value(field: str, customer_no: str, blob: bytes | memoryview | None) -> str:
    """A sealed value, masked; "" when there is none."""
    return _MASKS[field](crypto.unseal(_COLUMN + field, customer_no, blob)) if blob else ""


def sources_of(customer_id: int) -> dict[str, FieldSource]:
    """Field name to where its value came from; fields that are missing came with the core's feed."""
    rows = FieldSource.objects.filter(customer_id=customer_id).select_related("confirmed_by")
    return {row.field: row for row in rows}


def preferences(customer_id: int) -> list[Preference]:
    """What the customer prefers now, one row a kind, with its source and day."""
    current = Preference.everything.filter(customer_id=customer_id, ended_at=None)
    return list(current.select_related("recorded_by").order_by("kind"))


def same_document(id_no: str, *, other_than: int = 0) -> CustomerQuerySet:
    """Every customer with this identity number (in its stored spelling), merged ones apart."""
    index = crypto.blind_index(_COLUMN + "id_no", id_no)
    return Customer.objects.filter(id_no_index=index, merged_into=None).exclude(pk=other_than)


def phone_shared_by(phone: str) -> int:
    """How many customers have this phone (in its stored spelling)."""
    index = crypto.blind_index(_COLUMN + "phone", phone)
    return Customer.everything.filter(phone_index=index, merged_into=None).count()


def alike(
    user: User | AnonymousUser, *, id_no: str, phone: str, name: str, birth_date: date | None, other_than: str = ""
) -> Alike:
    """Who may be the same: by exact identity number or phone, or by a name that sounds alike and the birth date.

    Of customers out of sight only the unit of one is told, and only by number: names and birth dates can be guessed.
    """
    conditions = _conditions(id_no, phone, name, birth_date)
    if not conditions:
        return Alike([], {})
    present = Customer.everything.filter(merged_into=None).exclude(customer_no=other_than)
    found: dict[int, list[str]] = {}
    elsewhere = ""
    for reason, condition in conditions.items():
        ids = list(present.filter(condition).order_by("pk").values_list("pk", flat=True)[: SHOWN * 4])
        seen = set(Customer.objects.visible_to(user).filter(pk__in=ids).values_list("pk", flat=True))
        for pk in (pk for pk in ids if pk in seen):
            found.setdefault(pk, []).append(reason)
        hidden = next((pk for pk in ids if pk not in seen), None)
        if hidden and reason != "name" and not elsewhere:
            elsewhere = Customer.everything.values_list("branch__name", flat=True).get(pk=hidden)
    shown = Customer.everything.filter(pk__in=list(found)[:SHOWN]).select_related("branch").order_by("pk")
    return Alike(list(shown), found, elsewhere)


def _conditions(id_no: str, phone: str, name: str, birth_date: date | None) -> Mapping[str, Q]:
    conditions = {}
    if id_no:
        conditions["id_no"] = Q(id_no_index=crypto.blind_index(_COLUMN + "id_no", id_no))
    if phone:
        conditions["phone"] = Q(phone_index=crypto.blind_index(_COLUMN + "phone", phone))
    if name and birth_date:
        conditions["name"] = Q(name_pinyin=pinyin.reading(name).full[:200], birth_date=birth_date)
    return conditions
