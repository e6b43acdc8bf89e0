"""Which unit in sight, and whose customers of it."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from core.pages.choices import LoadedChoiceField
from servicing.queries.contacts import units_of
from staff.access import BOOK_KEEPERS, has_role
from staff.models import User
from staff.queries import people_offered
from tiers.queries import managers_of

NOBODY = "none"


class UnitForm(forms.Form):
    """A unit and one of its managers. Who keeps a book sees the own one and is not asked."""

    unit = LoadedChoiceField(label=_("Unit"), queryset=None, to_field_name="code", empty_label=None)
    manager = LoadedChoiceField(
        label=_("Manager"),
        queryset=None,
        to_field_name="staff_no",
        required=False,
        null_label=_("Without a manager"),
        null_value=NOBODY,
    )

    def __init__(self, data: dict[str, str], *, user: User, **kwargs: Any) -> None:
        super().__init__(data, **kwargs)
        if has_role(user, *BOOK_KEEPERS):
            del self.fields["unit"], self.fields["manager"]
            return
        units, people = self.fields["unit"], self.fields["manager"]
        units.queryset, people.queryset = units_of(user), managers_of(user)
        people.empty_label = _("All")
        people.offer(people_offered(people.queryset, user, data.get("unit", ""), data.get("manager", "")))
        if len(units.loaded) == 1:
            units.widget = forms.HiddenInput()
