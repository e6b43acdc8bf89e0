"""What people write about a follow-up."""

from typing import Any
from uuid import uuid4

from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from core.forms import DAY, choose_from
from core.pages.choices import LongSelect
from servicing.enums import Frequency, Priority, Shift, SkipReason
from staff.models import User

WHEN = "%Y-%m-%dT%H:%M"
WEEKDAYS = [_("Monday"), _("Tuesday"), _("Wednesday"), _("Thursday"), _("Friday"), _("Saturday"), _("Sunday")]
ONCE = ""


class OwnerField(forms.ModelChoiceField):
    """Somebody to do it, with unit and role beside the name."""

    widget = LongSelect

    def label_from_instance(self, obj: User) -> str:
        return f"{obj.name} · {obj.get_role_display()}"


class ChangeForm(forms.Form):
    """What is to be done, and when."""

    title = forms.CharField(label=_("What is to be done"), max_length=120)
    due_on = forms.DateField(label=_("Due on"), widget=DAY)
    due_time = forms.TimeField(label=_("At"), required=False, widget=forms.TimeInput({"type": "time"}, format="%H:%M"))
    priority = forms.TypedChoiceField(
        label=_("Priority"), choices=Priority.choices, coerce=int, initial=Priority.NORMAL
    )
    remind_at = forms.DateTimeField(
        label=_("Remind me at"),
        required=False,
        widget=forms.DateTimeInput({"type": "datetime-local"}, format=WHEN),
    )
    note = forms.CharField(label=_("Note"), max_length=500, required=False, widget=forms.Textarea({"rows": 2}))


class PlannedChangeForm(ChangeForm):
    """The same for one the night planned: its words come from its reason."""

    title = forms.CharField(
        label=_("What is to be done"),
        max_length=120,
        required=False,
        help_text=_("Empty: the words of its reason."),
    )


class FollowUpForm(ChangeForm):
    """A new follow-up, once or recurring, and who is to do it."""

    owner = OwnerField(label=_("Owner"), queryset=User.objects.none(), to_field_name="staff_no", empty_label=None)
    frequency = forms.ChoiceField(label=_("Repeats"), required=False, choices=[(ONCE, _("Once")), *Frequency.choices])
    every = forms.IntegerField(
        label=_("Every"),
        required=False,
        min_value=1,
        max_value=12,
        initial=1,
        help_text=_("Weeks, months, quarters or years."),
    )
    shift = forms.ChoiceField(label=_("On a day off"), choices=Shift.choices, initial=Shift.AFTER, required=False)
    until = forms.DateField(label=_("Repeats until"), required=False, widget=DAY)
    once = forms.UUIDField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args: Any, owners: QuerySet[User], **kwargs: Any) -> None:
        kwargs["initial"] = {"once": uuid4(), **kwargs.get("initial", {})}
        super().__init__(*args, **kwargs)
        choose_from(self, owner=owners)

    @property
    def recurs(self) -> bool:
        """Whether it is to repeat."""
        return bool(self.cleaned_data.get("frequency"))

    def plain(self) -> list[forms.BoundField]:
        """The fields of one that does not repeat."""
        return [self[name] for name in ("title", "due_on", "due_time", "priority", "owner", "remind_at", "note")]

    def recurring(self) -> list[forms.BoundField]:
        """The fields about repeating."""
        return [self[name] for name in ("frequency", "every", "shift", "until")]

    def once_values(self) -> dict[str, Any]:
        """What services.follow_ups.create_follow_up takes."""
        names = ("title", "due_on", "due_time", "priority", "owner", "remind_at", "note", "once")
        return {name: self.cleaned_data[name] for name in names}

    def series_values(self) -> dict[str, Any]:
        """What services.series.begin_series takes: it recurs on the weekday or day of the month it is first due."""
        values = self.cleaned_data
        weekly = values["frequency"] == Frequency.WEEKLY
        return {
            **{name: values[name] for name in ("title", "priority", "owner", "note", "frequency", "until", "once")},
            "starts_on": values["due_on"],
            "every": values["every"] or 1,
            "day": values["due_on"].isoweekday() if weekly else values["due_on"].day,
            "shift": values["shift"] or Shift.AFTER,
        }


class CompleteForm(forms.Form):
    """What came of it."""

    outcome = forms.CharField(
        label=_("What came of it"), max_length=300, required=False, widget=forms.Textarea({"rows": 2})
    )


class SkipForm(forms.Form):
    """Why it is not done."""

    reason = forms.ChoiceField(label=_("Why not"), choices=SkipReason.choices)
    outcome = forms.CharField(label=_("Remark"), max_length=300, required=False)


class SnoozeForm(forms.Form):
    """Another day."""

    until = forms.DateField(label=_("Put off to"), widget=DAY)


class ReassignForm(forms.Form):
    """Who is to do it."""

    owner = OwnerField(label=_("Pass on to"), queryset=User.objects.none(), to_field_name="staff_no", empty_label=None)

    def __init__(self, *args: Any, owners: QuerySet[User], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choose_from(self, owner=owners)


class StopForm(forms.Form):
    """Why a playbook is stopped."""

    reason = forms.CharField(label=_("Why"), min_length=4, max_length=200)
