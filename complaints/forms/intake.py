"""What is typed when a complaint is taken in by a colleague; nothing here saves."""

from collections.abc import Iterable
from typing import Any
from uuid import uuid4

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from complaints.enums import Complainant, Grade, Source
from complaints.queries.choices import offered
from complaints.queries.intake import colleagues_named
from complaints.rules.intake import MIN_TEXT
from core.clock import today
from core.forms import DAY, choose_from
from core.pages.choices import LongSelect
from staff.models import User
from staff.queries import branches_by_tree

WORDS = 4000
OFF = {"autocomplete": "off"}
TEL = {**OFF, "inputmode": "tel"}
# The web form is the complainant's own.
WAYS = [choice for choice in Source.choices if choice[0] != Source.WEB]


def _with_none(group: str) -> list[tuple[str, Any]]:
    return [("", pgettext_lazy("product", "None")), *offered(group)]


class AlikeForm(forms.Form):
    """What tells whether a like case is there already."""

    customer_no = forms.CharField(
        label=_("Customer number"),
        max_length=32,
        required=False,
        widget=forms.TextInput(OFF),
        help_text=_("Empty = not a customer of yours, or not known."),
    )
    phone = forms.CharField(label=_("Phone"), max_length=30, required=False, widget=forms.TextInput(TEL))
    source_no = forms.CharField(
        label=_("Number given by the sender"), max_length=40, required=False, widget=forms.TextInput(OFF)
    )
    category = forms.ChoiceField(label=_("Category"), choices=lambda: [("", _("Choose")), *offered("categories")])


class IntakeForm(AlikeForm):
    """A complaint as it came to the counter, by phone, on paper or from the regulator."""

    source = forms.ChoiceField(label=_("How it came in"), choices=WAYS, initial=Source.COUNTER)
    received_on = forms.DateField(
        label=_("Received on"), widget=DAY, help_text=_("The law's days count from the day after this one.")
    )
    source_on = forms.DateField(label=_("Received by the sender on"), widget=DAY, required=False)
    complainant = forms.ChoiceField(label=_("Who complains"), choices=Complainant, initial=Complainant.CUSTOMER)
    name = forms.CharField(label=_("Name"), max_length=60, required=False, widget=forms.TextInput(OFF))
    address = forms.CharField(
        label=_("Address for the answer"), max_length=200, required=False, widget=forms.TextInput(OFF)
    )
    authority = forms.CharField(
        label=_("Paper that shows the authority"),
        max_length=120,
        required=False,
        help_text=_("For an agent the written authority, for an heir the proof of it; what kind and of which day."),
    )
    branch = forms.ModelChoiceField(
        label=_("Unit complained of"), queryset=None, to_field_name="code", widget=LongSelect, empty_label=None
    )
    product = forms.ChoiceField(label=_("Product"), choices=lambda: _with_none("products"), required=False)
    grade = forms.TypedChoiceField(
        label=_("How serious"),
        choices=Grade,
        coerce=int,
        initial=Grade.ORDINARY,
        help_text=_("Serious: large loss, several people, danger of spreading. Critical: safety, the press, crime."),
    )
    summary = forms.CharField(
        label=_("In a few words"),
        min_length=MIN_TEXT,
        max_length=120,
        widget=forms.TextInput(OFF),
        help_text=_("Stands in lists: no names, numbers or amounts."),
    )
    account = forms.CharField(
        label=pgettext_lazy("complaint", "What happened"),
        min_length=MIN_TEXT,
        max_length=WORDS,
        widget=forms.Textarea({"rows": 6}),
    )
    wanted = forms.CharField(
        label=_("What the complainant wants"), max_length=1000, required=False, widget=forms.Textarea({"rows": 2})
    )
    named = forms.CharField(
        label=_("Colleagues complained of"),
        max_length=400,
        required=False,
        widget=forms.TextInput(OFF),
        help_text=_("Staff numbers or full names, with commas. They see nothing of the case from now on."),
    )
    same_as = forms.CharField(required=False, max_length=20, widget=forms.HiddenInput)
    once = forms.UUIDField(widget=forms.HiddenInput, initial=uuid4)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choose_from(self, branch=branches_by_tree())
        self.fields["received_on"].initial = today()

    def clean_named(self) -> tuple[User, ...]:
        """The colleagues the words mean."""
        found = colleagues_named(self.cleaned_data["named"])
        if found.unknown:
            words = _("Nobody, or more than one, goes by: %(words)s. Use the staff number.")
            raise forms.ValidationError(words, code="unknown", params={"words": ", ".join(found.unknown)})
        return found.people

    def part(self, *names: str) -> Iterable[forms.BoundField]:
        """Some of the fields, for a section of the page."""
        return [self[name] for name in names]

    @property
    def way_fields(self) -> Iterable[forms.BoundField]:
        """How it came in."""
        return self.part("source", "received_on", "source_no", "source_on")

    @property
    def who_fields(self) -> Iterable[forms.BoundField]:
        """Who complains."""
        return self.part("complainant", "customer_no", "name", "phone", "address", "authority")

    @property
    def what_fields(self) -> Iterable[forms.BoundField]:
        """What it is about."""
        return self.part("summary", "account", "wanted", "category", "product", "branch", "grade", "named")
