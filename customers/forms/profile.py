"""The master record as a form: what is typed, checked by the rules, and what of it is new."""

from collections.abc import Iterable
from datetime import date
from typing import Any
from uuid import uuid4

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from core.clock import today
from core.forms import DAY
from customers import queries
from customers.enums import (
    CustomerKind,
    IdType,
    Origin,
    PreferenceValue,
    RejectReason,
    Sex,
    Source,
)
from customers.models import Customer, Preference
from customers.rules import profile as rules
from customers.rules.profile import Fault
from customers.services import records
from customers.services.profile import check_values
from staff.enums import Role
from staff.models import Branch, User

REMOVE = "remove_"
SOURCES = [choice for choice in Source.choices if choice[0] != Source.CORE]
_CHOICES = {"sex": Sex, "id_type": IdType, "origin": Origin}
_EMPTY = ("", gettext_lazy("Not recorded"))
_TYPES = {
    "phone": {"type": "tel", "inputmode": "tel"},
    "email": {"type": "email"},
    "id_no": {"spellcheck": "false", "autocapitalize": "characters"},
}
_GROUPS = (
    (gettext_lazy("Who it is"), (*rules.PERSONAL, "contact_name")),
    (gettext_lazy("Identity document"), rules.DOCUMENT),
    (gettext_lazy("How to reach the customer"), ("phone", "email", "wechat", "address")),
    (gettext_lazy("At the bank"), (*rules.RELATION, "branch", "source")),
)
# Why a value cannot stand, beside the faults of numbers and contacts in RejectReason.
FAULTS = {
    "required": gettext_lazy("This is needed."),
    "not_a_name": gettext_lazy("A name has letters or characters in it."),
    "not_a_wechat": gettext_lazy("Not a WeChat id: letters, digits, “-” and “_” only."),
    "paper_of_organisations": gettext_lazy("Only organisations have a unified social credit code."),
    "paper_of_persons": gettext_lazy("This document is issued to persons only."),
    "expires_and_long_term": gettext_lazy("A document either has an expiry date or runs without one."),
    "birth_date_differs": gettext_lazy("The identity number says another birth date. One of them is wrong."),
    "sex_differs": gettext_lazy("The identity number says the other sex. One of them is wrong."),
    "in_the_future": gettext_lazy("This day is still to come."),
    "before_birth": gettext_lazy("This is before the date of birth."),
}
# What looks odd and may be right all the same.
DOUBTS = {
    "virtual_operator": gettext_lazy("The phone belongs to a virtual operator; make sure it is the customer's."),
    "document_expired": gettext_lazy("The identity document has expired."),
    "odd_validity": gettext_lazy("Cards issued at the customer's age do not run until that day; look again."),
    "shared_phone": gettext_lazy("Three or more customers have this phone."),
}


def fault_words(code: str) -> str:
    """Why a value cannot stand, in words."""
    return str(FAULTS[code] if code in FAULTS else RejectReason(code).label)


def doubt_words(code: str) -> str:
    """What looks odd, in words."""
    return str(DOUBTS[code])


def day_field(label: Any) -> forms.DateField:
    """A day in the ledger's years."""
    return forms.DateField(label=label, widget=DAY)


class ProfileForm(forms.Form):
    """A record of one kind, new or `customer`'s. Sealed fields come empty: what is left empty stays as it is.

    `values` are what is to be stored: all fields of a new record, of an old one those that were changed. Each field
    carries its first value along, so that a change by somebody else in between is not taken for one by this person.
    """

    def __init__(self, *args: Any, kind: str, user: User, customer: Customer | None = None, **kwargs: Any) -> None:
        super().__init__(*args, auto_id="id_%s", **kwargs)
        self.kind, self.user, self.customer = kind, user, customer
        self.values: dict[str, Any] = {}
        self.required = rules.required_fields(kind, user.role)
        for field in rules.fields_of(kind):
            self._add(field)
        self.fields["source"] = forms.ChoiceField(
            label=_("Where this comes from"), choices=SOURCES, initial=rules.default_source(user.role)
        )
        if customer:
            self.fields["version"] = forms.IntegerField(widget=forms.HiddenInput, initial=customer.version)
            return
        self.fields["once"] = forms.UUIDField(widget=forms.HiddenInput, initial=uuid4)
        self.fields["kind"] = forms.ChoiceField(
            choices=CustomerKind.choices, widget=forms.HiddenInput, initial=kind, required=False
        )
        if user.role == Role.BRANCH_HEAD:
            self._add_branch(user)

    def _add(self, name: str) -> None:
        field = self.fields[name] = self._made(name)
        if self.customer is None:
            field.required = name in self.required
            if name == "opened_on":
                field.initial = today
        elif name in rules.SEALED:
            self._keep_sealed(name)
        else:
            field.initial, field.show_hidden_initial = getattr(self.customer, name), True
            field.required = name in self.required and bool(field.initial)

    def _made(self, name: str) -> forms.Field:
        label = queries.LABELS[name]
        if name in rules.DATES:
            return _optional(day_field(label))
        if name == "id_is_long_term":
            return forms.BooleanField(label=label, required=False)
        if name in _CHOICES:
            return forms.ChoiceField(label=label, choices=[_EMPTY, *_CHOICES[name].choices], required=False)
        widget = forms.TextInput({"autocomplete": "off", **_TYPES.get(name, {})})
        return forms.CharField(label=label, max_length=rules.LENGTHS[name], required=False, widget=widget)

    def _keep_sealed(self, name: str) -> None:
        masked = records.masked(self.customer, name)
        if not masked:
            return
        self.fields[name].help_text = _("Now %(value)s; left empty it stays.") % {"value": masked}
        remove = _("Remove: %(field)s") % {"field": queries.LABELS[name]}
        self.fields[REMOVE + name] = forms.BooleanField(label=remove, required=False)

    def _add_branch(self, user: User) -> None:
        below = Branch.objects.below(user.branch).order_by("code")
        if len(below) > 1:
            self.fields["branch"] = forms.ModelChoiceField(
                below, label=_("Branch"), initial=user.branch_id, empty_label=None
            )

    def groups(self) -> list[tuple[str, list[forms.BoundField]]]:
        """The visible fields under their headings; a box to remove a value stands after its field."""
        found = []
        for title, names in _GROUPS:
            wanted = [each for name in names for each in (name, REMOVE + name) if each in self.fields]
            found.append((str(title), [self[name] for name in wanted]))
        return [group for group in found if group[1]]

    def clean(self) -> dict[str, Any]:
        """The record as a whole, by the rules."""
        data = super().clean() or {}
        for name in rules.SEALED:
            if data.get(REMOVE + name) and data.get(name):
                self.add_error(name, _("Either a new value or none."))
        if self.errors:
            return data
        self.values = self._changed(data) if self.customer else {n: data[n] for n in rules.fields_of(self.kind)}
        checked = check_values(
            kind=self.kind, role=self.user.role, values=self.values, today=today(), customer=self.customer
        )
        self.add_faults(checked.faults)
        return data

    def _changed(self, data: dict[str, Any]) -> dict[str, Any]:
        changed = {n: data[n] for n in self.changed_data if n in rules.fields_of(self.kind) and n not in rules.SEALED}
        for name in rules.SEALED:
            if data.get(name) or data.get(REMOVE + name):
                changed[name] = data.get(name) or ""
        return changed

    def add_faults(self, faults: Iterable[Fault]) -> None:
        """Show what the rules say beside its field."""
        for fault in faults:
            self.add_error(fault.field if fault.field in self.fields else None, fault_words(fault.code))


def _optional(field: forms.Field) -> forms.Field:
    field.required = False
    return field


class AlikeForm(forms.Form):
    """What has been typed so far; whatever cannot be read yet is nothing."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("customer_no", "kind", "id_type", "id_no", "phone", "name"):
            self.fields[name] = forms.CharField(required=False, max_length=120)
        self.fields["birth_date"] = _optional(day_field(""))

    def typed(self) -> dict[str, Any]:
        """The values that can be looked for, in their stored spelling."""
        self.is_valid()
        given = {name: self.cleaned_data.get(name) for name in self.fields}
        kind = CustomerKind.ORGANISATION if given["kind"] == CustomerKind.ORGANISATION else CustomerKind.PERSON
        touched = {"id_no", "phone", "birth_date"}
        record = {**given, "id_type": given["id_type"] if given["id_type"] in IdType.values else ""}
        checked = rules.check(record, kind=kind, touched=touched, today=today())
        wrong = {"id_no" if fault.field == "id_type" else fault.field for fault in checked.faults}
        numbers = {name: "" if name in wrong else checked.values[name] for name in ("id_no", "phone")}
        birth_date = checked.values.get("birth_date")
        return {
            **numbers,
            "name": checked.values["name"],
            "birth_date": birth_date if isinstance(birth_date, date) else None,
            "other_than": given["customer_no"] or "",
        }


class PreferenceForm(forms.Form):
    """One preference of a customer: what, when it was said, and where."""

    value = forms.ChoiceField(label=gettext_lazy("What the customer said"), required=False)
    source = forms.ChoiceField(label=gettext_lazy("Where this comes from"), choices=SOURCES)
    stated_on = day_field(gettext_lazy("Stated on"))

    def __init__(self, *args: Any, kind: str, user: User, current: Preference | None, **kwargs: Any) -> None:
        initial = {"source": rules.default_source(user.role), "stated_on": today}
        super().__init__(*args, auto_id=f"id_{kind}_%s", **kwargs, initial=initial)
        choices = [(value, PreferenceValue(value).label) for value in rules.PREFERENCES[kind]]
        self.fields["value"].choices = [_EMPTY, *choices]
        self.fields["value"].initial = current.value if current else ""

    def clean_stated_on(self) -> date:
        """Nobody has said anything tomorrow."""
        day: date = self.cleaned_data["stated_on"]
        if day > today():
            raise forms.ValidationError(fault_words("in_the_future"))
        return day
