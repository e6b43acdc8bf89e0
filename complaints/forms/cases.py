"""What people type about a case that is theirs to work on; nothing here saves."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from complaints.enums import Grade
from complaints.models import Complaint
from complaints.queries import cases as queries
from core.forms import choose_from
from staff.models import Branch, User

WORDS = 500


class CaseForm(forms.Form):
    """A step with one case; `case` is what it is about."""

    def __init__(self, *args: Any, case: Complaint, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.case = case


class NoteForm(CaseForm):
    """A word on a step that needs none."""

    note = forms.CharField(label=_("Note"), max_length=WORDS, required=False, widget=forms.Textarea({"rows": 2}))


class HandlerForm(CaseForm):
    """Who works on the case: somebody of the unit that decides it."""

    handler = forms.ModelChoiceField(
        label=_("Handler"), queryset=User.objects.none(), to_field_name="staff_no", empty_label=_("Choose")
    )

    def __init__(self, *args: Any, case: Complaint, **kwargs: Any) -> None:
        super().__init__(*args, case=case, **kwargs)
        field: Any = self.fields["handler"]
        field.queryset = queries.handlers_for(case)
        field.initial = case.handler.staff_no if case.handler else None


class AcceptForm(HandlerForm):
    """Who the case goes to as it is taken on."""

    note = forms.CharField(label=_("Note"), max_length=WORDS, required=False, widget=forms.Textarea({"rows": 2}))


class WithdrawForm(CaseForm):
    """How the complainant took it back."""

    note = forms.CharField(
        label=_("How and to whom the complainant said so"),
        max_length=WORDS,
        widget=forms.Textarea({"rows": 2}),
        help_text=_("The case ends today. Nobody may press a complainant to withdraw."),
    )


class ReopenForm(CaseForm):
    """Why a case is opened again."""

    note = forms.CharField(
        label=_("Why it is opened again"),
        max_length=WORDS,
        widget=forms.Textarea({"rows": 2}),
        help_text=_("All clocks begin anew today."),
    )


class ReasonForm(CaseForm):
    """A reason."""

    reason = forms.CharField(label=_("Reason"), max_length=200, widget=forms.Textarea({"rows": 2}))


class RecuseForm(ReasonForm):
    """Who must keep away."""

    user = forms.ModelChoiceField(
        label=_("Staff number"),
        queryset=User.objects.none(),
        to_field_name="staff_no",
        widget=forms.TextInput({"autocomplete": "off"}),
        error_messages={"invalid_choice": _("Nobody with this number can be kept away.")},
        help_text=_("From now on this colleague sees nothing of the case: no page, list, notice or file."),
    )
    is_named = forms.BooleanField(label=_("The complaint is about this colleague"), required=False)
    field_order = ["user", "is_named", "reason"]

    def __init__(self, *args: Any, case: Complaint, **kwargs: Any) -> None:
        super().__init__(*args, case=case, **kwargs)
        choose_from(self, user=queries.people_to_keep_away(case))


class StepAsideForm(ReasonForm):
    """Why one must keep away oneself."""


class LiftForm(ReasonForm):
    """Who may come near again."""

    user = forms.ModelChoiceField(
        label=_("Who"), queryset=User.objects.none(), to_field_name="staff_no", empty_label=_("Choose")
    )
    field_order = ["user", "reason"]

    def __init__(self, *args: Any, case: Complaint, **kwargs: Any) -> None:
        super().__init__(*args, case=case, **kwargs)
        field: Any = self.fields["user"]
        field.queryset = User.objects.filter(pk__in=case.recused).order_by("staff_no")


class GradeForm(ReasonForm):
    """How serious the case is."""

    grade = forms.TypedChoiceField(label=_("How serious"), choices=Grade.choices, coerce=int)
    field_order = ["grade", "reason"]

    def __init__(self, *args: Any, case: Complaint, **kwargs: Any) -> None:
        super().__init__(*args, case=case, **kwargs)
        self.fields["grade"].initial = case.grade


class DeskForm(ReasonForm):
    """The unit that is to decide."""

    desk = forms.ModelChoiceField(
        label=_("Unit that decides"), queryset=Branch.objects.none(), to_field_name="code", empty_label=_("Choose")
    )
    field_order = ["desk", "reason"]

    def __init__(self, *args: Any, case: Complaint, **kwargs: Any) -> None:
        super().__init__(*args, case=case, **kwargs)
        choose_from(self, desk=queries.desks_for(case))
