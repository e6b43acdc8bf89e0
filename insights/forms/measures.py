"""Of which unit and days a key figure is shown."""

from datetime import date
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from core.forms import DAY
from core.pages.choices import LoadedChoiceField
from servicing.queries.contacts import units_of
from staff.access import HEADS, has_role
from staff.models import User

LONGEST = 3 * 366


class MeasureForm(forms.Form):
    """Who sees one unit or one book only is not asked for it."""

    unit = LoadedChoiceField(label=_("Unit"), queryset=None, to_field_name="code", required=False, empty_label=None)
    first = forms.DateField(label=_("From"), widget=DAY)
    last = forms.DateField(label=_("To"), widget=DAY)

    def __init__(self, data: Any, *, user: User, day: date) -> None:
        super().__init__(data)
        self.day = day
        units = self.fields["unit"]
        units.queryset = units_of(user)
        if not has_role(user, *HEADS) or len(units.loaded) == 1:
            del self.fields["unit"]

    def clean(self) -> dict[str, Any]:
        asked: dict[str, Any] = super().clean() or {}
        first, last = asked.get("first"), asked.get("last")
        if first is None or last is None:
            return asked
        if first > last:
            self.add_error("last", _("Choose a day after the first one."))
        elif (last - first).days > LONGEST:
            self.add_error("first", _("Choose at most %(days)s days.") % {"days": LONGEST})
        return {**asked, "last": min(last, self.day)}
