"""What people type about plans, checks and findings; nothing here saves."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from django import forms
from django.db.models import QuerySet
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from core.clock import today
from core.forms import DAY, choose_from
from core.pages.choices import LongSelect
from staff.enums.supervision import CheckArea, Grade, Mark, PlanKind
from staff.models import Branch, SpotCheck, User
from staff.queries.supervision import scorers_for
from staff.rules.supervision import LEAST_SCORERS, PER_UNIT
from staff.services.supervision import PlanFacts
from staff.services.supervision_findings import WORDS

# Before the code of a criterion in the name of its field.
MARK = "mark-"


def _said(label: Any, rows: int = 3, **more: Any) -> forms.CharField:
    return forms.CharField(label=label, max_length=WORDS, widget=forms.Textarea({"rows": rows}), **more)


class ScorersField(forms.ModelMultipleChoiceField):
    """People with what they are and where."""

    def label_from_instance(self, obj: User) -> str:
        """Name, role and unit."""
        return f"{obj.name} · {obj.get_role_display()} · {obj.branch.name}"


class PlanForm(forms.Form):
    """A plan: what, where, how much, when and by whom."""

    name = forms.CharField(label=_("Name of the plan"), max_length=80)
    area = forms.ChoiceField(label=_("Area"), choices=CheckArea.choices)
    kind = forms.ChoiceField(
        label=_("Kind"), choices=PlanKind.choices, help_text=_("Regular: the night draws each month once it is over.")
    )
    unit = forms.ModelChoiceField(
        label=_("Units"),
        queryset=Branch.objects.none(),
        to_field_name="code",
        widget=LongSelect,
        empty_label=None,
        help_text=_("This unit and all under it; each gives its own records."),
    )
    per_unit = forms.IntegerField(label=_("Records a unit"), min_value=PER_UNIT[0], max_value=PER_UNIT[1], initial=5)
    risk_percent = forms.IntegerField(
        label=_("Of these weighted by risk, %"),
        min_value=0,
        max_value=100,
        initial=50,
        help_text=_("The rest is drawn at random, so that everybody may be looked at."),
    )
    starts_on = forms.DateField(label=_("From"), widget=DAY)
    ends_on = forms.DateField(label=_("Last day"), widget=DAY, required=False)
    scorers = ScorersField(
        label=_("Scorers"),
        queryset=User.objects.none(),
        to_field_name="staff_no",
        widget=forms.CheckboxSelectMultiple,
        help_text=_("At least three: two score a record without seeing each other's marks, a third decides."),
    )

    def __init__(
        self, data: Any = None, *, user: User, units: QuerySet[Branch], unit: Branch, typed: Mapping[str, Any]
    ) -> None:
        super().__init__(data, initial={**typed, "unit": unit.code})
        # Those of the user's own line, and of the unit when it lies lower.
        people = (scorers_for(user.branch) | scorers_for(unit)).distinct().select_related("branch")
        choose_from(self, unit=units, scorers=people)
        # Another unit has other scorers; what was typed stays.
        asks = {"hx-get": reverse("insights:supervision_plan_new"), "hx-include": "closest form"}
        self.fields["unit"].widget.attrs |= {
            **asks,
            "hx-select": "#plan-form",
            "hx-target": "#plan-form",
            "hx-swap": "outerHTML",
            # What is asked this way stands in the address.
            "hx-params": "not csrfmiddlewaretoken",
        }

    def clean(self) -> dict[str, Any]:
        """A surprise has its days; nobody draws what is still to come."""
        values: dict[str, Any] = super().clean() or {}
        first, last = values.get("starts_on"), values.get("ends_on")
        if values.get("kind") == PlanKind.SURPRISE and last is None and "ends_on" not in self.errors:
            self.add_error("ends_on", _t("Say until which day records are drawn."))
        elif first and last and last < first:
            self.add_error("ends_on", _t("It ends before it begins."))
        if len(values.get("scorers") or ()) < LEAST_SCORERS and "scorers" not in self.errors:
            self.add_error("scorers", _t("Name at least three."))
        return values

    def facts(self) -> PlanFacts:
        """The plan as its service takes it."""
        values = dict(self.cleaned_data)
        return PlanFacts(**{**values, "scorers": list(values["scorers"])})


class MarksForm(forms.Form):
    """A mark for each criterion; `fixed` are those that stand already."""

    def __init__(self, data: Any = None, *, check: SpotCheck, fixed: Mapping[str, str] | None = None) -> None:
        super().__init__(data)
        self.check, language = check, get_language() or ""
        for line in check.draw.criteria:
            code = str(line["code"])
            if code not in (fixed or {}):
                self.fields[MARK + code] = forms.ChoiceField(
                    label=check.draw.name_of(code, language), choices=Mark.choices, widget=forms.RadioSelect
                )
        self.fields["note"] = _said(_("Note"), required=False, help_text=_("Say what was not met."))

    def marks(self) -> dict[str, str]:
        """Marks by criterion."""
        given = self.cleaned_data.items()
        return {name.removeprefix(MARK): value for name, value in given if name.startswith(MARK)}


class FindingForm(forms.Form):
    """A finding: what was not met, how grave, and who puts it right until when."""

    criterion = forms.ChoiceField(label=_("Criterion"))
    grade = forms.TypedChoiceField(
        label=_("Grade"),
        choices=Grade.choices,
        coerce=int,
        help_text=_("One higher when the same was found of the same person within the rules' days."),
    )
    text = _said(_("What was found"))
    owner = forms.ModelChoiceField(
        label=_("Who puts it right"),
        queryset=User.objects.none(),
        to_field_name="staff_no",
        empty_label=None,
        widget=LongSelect,
    )
    due_on = forms.DateField(label=_("Due on"), widget=DAY)

    def __init__(
        self,
        data: Any = None,
        *,
        criteria: list[tuple[str, str]],
        owners: QuerySet[User],
        owner: User | None,
        due_on: date,
    ) -> None:
        super().__init__(data, initial={"owner": owner.staff_no if owner else None, "due_on": due_on}, prefix="finding")
        choose_from(self, criterion=criteria, owner=owners)


class WordsForm(forms.Form):
    """Something that is said about a finding."""

    words = _said(_("Words"))


class CorrectForm(forms.Form):
    """What was put right."""

    correction = _said(_("What was put right"))
    evidence = _said(_("Evidence"), 2, help_text=_("By what it shows: a number, a date, where it is kept."))


YES_NO_RECHECK = [("yes", _("It is put right")), ("no", _("It is not put right"))]
YES_NO_APPEAL = [("yes", _("The finding stands")), ("no", _("The finding is taken back"))]


class RecheckForm(forms.Form):
    """Whether it is put right; else the new day."""

    passed = forms.ChoiceField(label=_("Re-check"), choices=YES_NO_RECHECK, widget=forms.RadioSelect)
    words = _said(_("What was seen"))
    due_on = forms.DateField(label=_("Due anew on"), widget=DAY, required=False)

    def clean(self) -> dict[str, Any]:
        """What did not pass has a new day."""
        values: dict[str, Any] = super().clean() or {}
        due_on = values.get("due_on")
        if values.get("passed") == "no" and (due_on is None or due_on < today()) and "due_on" not in self.errors:
            self.add_error("due_on", _t("Say until when it is to be put right, today at the earliest."))
        return {**values, "passed": values.get("passed") == "yes"}


class AnswerForm(forms.Form):
    """What becomes of an appeal."""

    stands = forms.ChoiceField(label=_("Answer"), choices=YES_NO_APPEAL, widget=forms.RadioSelect)
    words = _said(_("Reason"))

    def clean_stands(self) -> bool:
        """Whether it stands."""
        return bool(self.cleaned_data["stands"] == "yes")
