"""What people type about root causes, corrective actions and problems; nothing here saves."""

from datetime import date
from typing import Any
from uuid import uuid4

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from complaints.queries.choices import causes_offered
from core.forms import DAY, choose_from
from core.pages.choices import LongSelect
from staff.models import User


class CauseForm(forms.Form):
    """Why it came to the complaint."""

    cause = forms.ChoiceField(label=_("Root cause"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choose_from(self, cause=[("", _("Choose")), *causes_offered()])


class PeopleField(forms.ModelChoiceField):
    """Somebody by name and staff number."""

    widget = LongSelect

    def label_from_instance(self, obj: Any) -> str:
        return f"{obj.name} {obj.staff_no}"


class ActionForm(forms.Form):
    """What is to be put right, by whom, until when."""

    text = forms.CharField(label=_("What to put right"), max_length=300, widget=forms.Textarea({"rows": 2}))
    owner = PeopleField(
        label=_("Owner"), queryset=User.objects.none(), to_field_name="staff_no", empty_label=_("Choose")
    )
    due_on = forms.DateField(label=_("Due on"), widget=DAY)
    once = forms.UUIDField(widget=forms.HiddenInput, initial=uuid4)

    def __init__(self, *args: Any, people: Any, due_on: date, **kwargs: Any) -> None:
        super().__init__(*args, initial={"due_on": due_on}, **kwargs)
        choose_from(self, owner=people)


class EndForm(forms.Form):
    """That an action is done, with its evidence, or dropped, with the reason."""

    step = forms.ChoiceField(
        label=_("What became of it"),
        choices=[
            ("done", pgettext_lazy("corrective action", "Done, with evidence")),
            ("dropped", _("No longer to be done")),
        ],
    )
    words = forms.CharField(
        label=_("Evidence, or the reason"),
        max_length=500,
        widget=forms.Textarea({"rows": 3}),
        help_text=_("What shows that it was done: a new notice, a training with its date, a changed setting."),
    )


class SolveForm(forms.Form):
    """How a problem was solved."""

    words = forms.CharField(label=_("What was done"), max_length=500, widget=forms.Textarea({"rows": 3}))
