"""Which closes to draw tiers over."""

from datetime import date
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from core.forms import DAY
from core.pages.choices import LoadedChoiceField
from servicing.queries.contacts import units_of
from staff.models import User

LONGEST_HISTORY = 3 * 366


class HistoryForm(forms.Form):
    """Which closes, and of which unit: whoever sees one unit or one book only is not asked for it."""

    first = forms.DateField(label=_("From the close of"), widget=DAY)
    last = forms.DateField(label=_("To the close of"), widget=DAY)
    branch = LoadedChoiceField(label=_("Branch"), queryset=None, to_field_name="code", required=False)
    show = forms.ChoiceField(label=_("Show"), choices=[("customers", _("Customers")), ("deposits", _("Deposits"))])

    def __init__(self, data: Any, *, user: User, day: date, is_book: bool) -> None:
        super().__init__(data)
        self.day = day
        units = self.fields["branch"]
        units.queryset, units.empty_label = units_of(user), _("All")
        if is_book or len(units.loaded) == 1:
            del self.fields["branch"]

    def clean(self) -> dict[str, Any]:
        asked: dict[str, Any] = super().clean() or {}
        first, last = asked.get("first"), asked.get("last")
        if first is None or last is None:
            return asked
        if first > self.day:
            self.add_error("first", _("There are balances up to %(day)s only.") % {"day": self.day})
        elif first >= last:
            self.add_error("last", _("Choose a day after the first one."))
        elif (last - first).days > LONGEST_HISTORY:
            self.add_error("first", _("Choose at most %(days)s days.") % {"days": LONGEST_HISTORY})
        return {**asked, "last": min(last, self.day)}
