"""What is typed about events and their guests; nothing here saves."""

from datetime import datetime
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from campaigns.enums import EventKind
from campaigns.forms.segments import typed_numbers
from campaigns.models import Event
from campaigns.queries.campaigns import units_for
from campaigns.rules.events import MOST_SEATS, time_faults
from campaigns.services.events import EventFacts
from core.forms import choose_from
from core.pages.choices import LongSelect
from servicing.queries.follow_ups import colleagues
from staff.access import BOOK_KEEPERS, has_role
from staff.models import User

MINUTE = "%Y-%m-%dT%H:%M"
FAULTS = {
    "past": _("This moment is past."),
    "far": _("Events are planned a year ahead at most."),
    "ends": _("It ends after it begins, and lasts three days at most."),
    "answer_late": _("The last moment for answers is before it begins."),
    "answer_past": _("This moment is past."),
}


def _moment(label: Any, help_text: Any = "") -> forms.DateTimeField:
    widget = forms.DateTimeInput({"type": "datetime-local"}, format=MINUTE)
    return forms.DateTimeField(label=label, widget=widget, input_formats=[MINUTE], help_text=help_text)


class EventForm(forms.Form):
    """An event; what has begun already keeps its times."""

    name = forms.CharField(
        label=pgettext_lazy("event", "Name"), max_length=80, help_text=_("Guests read it on their invitation.")
    )
    kind = forms.ChoiceField(label=_("Kind"), choices=EventKind.choices)
    branch = forms.ModelChoiceField(
        label=_("Unit"), queryset=None, to_field_name="code", widget=LongSelect, empty_label=None
    )
    of_book = forms.BooleanField(label=_("Only customers of my own"), required=False)
    place = forms.CharField(label=pgettext_lazy("event", "Place"), max_length=120)
    starts_at = _moment(_("Begins"))
    ends_at = _moment(_("Ends"))
    answer_by = _moment(_("Answers until"), _("Later nobody says yes by the link; a guest may still decline."))
    capacity = forms.IntegerField(label=_("Seats"), min_value=1, max_value=MOST_SEATS)
    host = forms.ModelChoiceField(
        label=pgettext_lazy("event", "Host"),
        queryset=User.objects.none(),
        to_field_name="staff_no",
        widget=LongSelect,
        empty_label=None,
    )
    about = forms.CharField(
        label=pgettext_lazy("event", "What it is about"),
        max_length=1000,
        required=False,
        widget=forms.Textarea({"rows": 4}),
    )

    def __init__(self, data: Any = None, *, user: User, at: datetime, event: Event | None = None) -> None:
        super().__init__(data, initial=_initial(user, event))
        self.at, self.event = at, event
        typed = str(data.get("host", "")) if data else ""
        hosts = colleagues(user, "", typed) | User.objects.filter(pk=event.host_id if event else user.pk)
        choose_from(self, host=hosts.distinct(), branch=units_for(user))
        if event is not None:
            # Its guests are of the unit.
            del self.fields["branch"], self.fields["of_book"]
        elif not has_role(user, *BOOK_KEEPERS):
            del self.fields["of_book"]

    def clean(self) -> dict[str, Any]:
        """Times go together; one that is kept as it was may be past."""
        values: dict[str, Any] = super().clean() or {}
        names = ("starts_at", "ends_at", "answer_by")
        if all(name in values for name in names):
            times = (values["starts_at"], values["ends_at"], values["answer_by"])
            for name, code in time_faults(*times, self.at):
                if not (code.endswith("past") and self.event and values[name] == _to_minute(self.event, name)):
                    self.add_error(name, FAULTS[code])
        return values

    def facts(self) -> EventFacts:
        """The event as its services take it."""
        values = {"of_book": False, **self.cleaned_data}
        if self.event is not None:
            values |= {"branch": self.event.branch, "of_book": self.event.of_book}
            # The field knows minutes only.
            for name in ("starts_at", "ends_at", "answer_by"):
                if values[name] == _to_minute(self.event, name):
                    values[name] = getattr(self.event, name)
        return EventFacts(**values)


def _to_minute(event: Event, name: str) -> datetime:
    at: datetime = getattr(event, name)
    return at.replace(second=0, microsecond=0)


def _initial(user: User, event: Event | None) -> dict[str, Any]:
    if event is None:
        return {"branch": user.branch.code, "host": user.staff_no, "capacity": 20}
    names = ("name", "kind", "place", "starts_at", "ends_at", "answer_by", "capacity", "about")
    return {"host": event.host.staff_no, **{name: getattr(event, name) for name in names}}


class InviteForm(forms.Form):
    """Customers to invite, by their numbers."""

    numbers = forms.CharField(
        label=_("Customer numbers"),
        max_length=20_000,
        widget=forms.Textarea({"rows": 8, "spellcheck": "false", "autocapitalize": "off"}),
        help_text=_("One on each line."),
    )

    def lines(self) -> list[tuple[int, str]]:
        """Every number given, with its line."""
        return list(typed_numbers(self.cleaned_data["numbers"]))


class CloseForm(forms.Form):
    """What came of an event."""

    note = forms.CharField(
        label=pgettext_lazy("event", "What came of it"),
        max_length=1000,
        required=False,
        widget=forms.Textarea({"rows": 4}),
    )


class CancelForm(forms.Form):
    """Why an event is called off."""

    note = forms.CharField(label=_("Reason"), max_length=300, widget=forms.Textarea({"rows": 2}))
