"""What is asked of the pages about people: which unit, which days, in which groups."""

from datetime import timedelta
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from core.clock import today
from core.forms import DAY, choose_from
from core.pages.choices import LoadedChoiceField
from insights.queries.satisfaction import BRANCH, PERSON, TEAM, TIER
from servicing.queries.contacts import units_of
from staff.access import BOOK_KEEPERS, has_role
from staff.models import Branch, User

USUAL_DAYS, USUAL_SPAN, MOST_DAYS = 90, 30, 366
BY = ((TIER, _("By tier")), (BRANCH, _("By branch")), (TEAM, _("By team")), (PERSON, _("By person")))


class UnitForm(forms.Form):
    """A unit in reach; who keeps a book has no choice."""

    unit = LoadedChoiceField(
        label=_("Unit"), queryset=Branch.objects.none(), to_field_name="code", required=False, empty_label=_("All")
    )

    def __init__(self, *args: Any, viewer: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if has_role(viewer, *BOOK_KEEPERS):
            del self.fields["unit"]
        else:
            choose_from(self, unit=units_of(viewer))


class SpanForm(UnitForm):
    """A unit and days, first to last."""

    first = forms.DateField(label=_("From"), widget=DAY)
    last = forms.DateField(label=_("To"), widget=DAY)

    def __init__(self, data: Any = None, **kwargs: Any) -> None:
        day = today()
        usual = {"first": (day - timedelta(days=USUAL_DAYS - 1)).isoformat(), "last": day.isoformat()}
        asked = {name: data[name] for name in data if data[name]} if data else {}
        super().__init__({**usual, **asked}, **kwargs)

    def clean(self) -> dict[str, Any]:
        """The days in order, and not more than a year."""
        asked: dict[str, Any] = super().clean() or {}
        first, last = asked.get("first"), asked.get("last")
        if first and last and not 0 <= (last - first).days < MOST_DAYS:
            self.add_error("last", _("Choose up to %(days)s days, the first before the last.") % {"days": MOST_DAYS})
        return asked


class SatisfactionForm(SpanForm):
    """A unit, days, and the groups to compare."""

    by = forms.ChoiceField(label=_("Compare"), choices=BY)

    def __init__(self, data: Any = None, *, viewer: User, **kwargs: Any) -> None:
        usual = TIER if has_role(viewer, *BOOK_KEEPERS) else BRANCH
        super().__init__({"by": usual, **({name: data[name] for name in data if data[name]} if data else {})},
                         viewer=viewer, **kwargs)  # fmt: skip
        if has_role(viewer, *BOOK_KEEPERS):
            choose_from(self, by=BY[:1])


class CompletionForm(SpanForm):
    """A unit, days, and whether people or teams are compared."""

    by = forms.ChoiceField(label=_("Compare"), choices=((PERSON, _("By person")), (TEAM, _("By team"))))

    def __init__(self, data: Any = None, *, viewer: User, **kwargs: Any) -> None:
        asked = {name: data[name] for name in data if data[name]} if data else {}
        usual = {"by": PERSON, "first": (today() - timedelta(days=USUAL_SPAN - 1)).isoformat()}
        super().__init__({**usual, **asked}, viewer=viewer, **kwargs)
        if has_role(viewer, *BOOK_KEEPERS):
            choose_from(self, by=((PERSON, _("By person")),))
