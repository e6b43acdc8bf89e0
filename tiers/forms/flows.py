"""Between which closes, and of whose customers, the flow between tiers is shown."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from core.forms import DAY
from core.pages.choices import LoadedChoiceField
from staff.access import has_role, scope_of
from staff.enums import Reach, Role
from staff.models import User
from staff.queries import people_offered
from tiers.queries.flows import RunDays
from tiers.queries.moves import branches_of, managers_of


class FlowForm(forms.Form):
    """Two days, the first before the last. A last day after the latest re-tiering means that one's; `is_cut` says so.

    Whoever sees one unit or one book only is not asked for either.
    """

    first = forms.DateField(label=_("From the close of"), widget=DAY)
    last = forms.DateField(label=_("To the close of"), widget=DAY)
    branch = LoadedChoiceField(label=_("Branch"), queryset=None, to_field_name="code", required=False)
    manager = LoadedChoiceField(label=_("Manager"), queryset=None, to_field_name="staff_no", required=False)

    is_cut = False

    def __init__(self, data: Any, *, user: User, days: RunDays) -> None:
        super().__init__(data)
        self.days = days
        units, people = self.fields["branch"], self.fields["manager"]
        units.empty_label = people.empty_label = _("All")
        units.queryset, people.queryset = branches_of(user), managers_of(user)
        given = [self.data.get(name) or "" for name in ("branch", "manager")]
        people.offer(people_offered(people.queryset, user, *given))
        if has_role(user, Role.ADMIN) or scope_of(user).reach == Reach.BOOK:
            del self.fields["branch"], self.fields["manager"]
        elif len(units.loaded) == 1:
            del self.fields["branch"]

    def clean(self) -> dict[str, Any]:
        asked: dict[str, Any] = super().clean() or {}
        first, last, latest = asked.get("first"), asked.get("last"), self.days.last
        if first is None or last is None:
            return asked
        if first >= latest:
            self.add_error(
                "first", _("The latest re-tiering was of %(day)s: choose a day before it.") % {"day": latest}
            )
        elif first >= last:
            self.add_error("last", _("Choose a day after the first one."))
        self.is_cut = last > latest
        return {**asked, "last": min(last, latest)}
