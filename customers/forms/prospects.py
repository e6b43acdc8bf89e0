"""What people write down about prospects, and what is still needed to make one a customer."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from core.forms import DAY
from core.phones import PhoneError, normalise_phone
from customers.enums import CustomerKind, IdType, Origin
from customers.models import Customer
from staff.models import User


def _phone(text: str) -> None:
    try:
        normalise_phone(text)
    except PhoneError as error:
        raise ValidationError(_("Not a telephone number."), code=error.code) from error


class ProspectForm(forms.Form):
    """Somebody who may become a customer. `seen` are the customers in sight who may have referred them."""

    name = forms.CharField(label=_("Name"), max_length=120)
    kind = forms.ChoiceField(label=_("Kind"), choices=CustomerKind)
    phone = forms.CharField(
        label=_("Phone"),
        max_length=40,
        required=False,
        validators=[_phone],
        widget=forms.TextInput({"inputmode": "tel", "autocomplete": "off"}),
    )
    origin = forms.ChoiceField(label=_("Source"), choices=Origin)
    campaign = forms.CharField(label=_("Campaign or partner"), max_length=80, required=False)
    referred_by = forms.CharField(
        label=_("Referred by customer"),
        max_length=32,
        required=False,
        help_text=_("Customer number; needed when a customer referred them."),
    )
    interest = forms.CharField(label=_("Interested in"), max_length=200, required=False)
    first_contact_on = forms.DateField(label=_("First contact"), widget=DAY)
    manager = forms.ModelChoiceField(
        label=_("Manager"),
        queryset=User.objects.none(),
        to_field_name="staff_no",
        required=False,
        empty_label=_("Nobody yet"),
    )

    def __init__(self, *args: Any, managers: QuerySet[User], seen: QuerySet[Customer], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["manager"].queryset = managers
        self._seen = seen

    def clean_referred_by(self) -> Customer | None:
        """The customer of the number, when in sight."""
        number = self.cleaned_data["referred_by"].strip()
        if not number:
            return None
        found = self._seen.filter(customer_no=number).first()
        if found is None:
            raise ValidationError(_("No customer with this number is in your sight."), code="unknown_customer")
        return found


class PhoneCheckForm(forms.Form):
    """The phone being typed."""

    phone = forms.CharField(max_length=40, required=False)


class DropForm(forms.Form):
    """Why a prospect is given up."""

    reason = forms.CharField(label=_("Reason"), max_length=200)


class ConvertForm(forms.Form):
    """What a customer record needs beyond what the prospect tells; an empty phone keeps the prospect's."""

    name = forms.CharField(label=_("Name"), max_length=120, help_text=_("As on the identity document."))
    phone = forms.CharField(
        label=_("Phone"),
        max_length=40,
        required=False,
        validators=[_phone],
        widget=forms.TextInput({"inputmode": "tel", "autocomplete": "off"}),
    )
    id_type = forms.ChoiceField(label=_("Identity document"), choices=[("", "–"), *IdType.choices], required=False)
    id_no = forms.CharField(
        label=_("Document number"), max_length=40, required=False, widget=forms.TextInput({"autocomplete": "off"})
    )
    id_expires_on = forms.DateField(label=_("Document valid until"), required=False, widget=DAY)
    id_is_long_term = forms.BooleanField(label=_("Document without expiry"), required=False)
    contact_name = forms.CharField(label=_("Contact person"), max_length=60, required=False)
