"""Forms about targets."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from core.clock import today
from core.forms import choose_from
from core.pages.choices import LoadedChoiceField
from staff.enums.targets import TargetMeasure, TargetOf, TargetPeriod
from staff.models import Branch, Target, Team, User
from staff.queries.targets import people_for_targets, teams_for_targets
from staff.queries.teams import units_for
from staff.rules.targets import next_period
from staff.services.targets import Aim

THIS, NEXT = "this", "next"
AREA = {"rows": 2}


class TargetForm(forms.Form):
    """A new target. All measures are offered; those no target may be set on are refused with the reason."""

    of = forms.ChoiceField(label=_("For"), choices=TargetOf.choices, widget=forms.RadioSelect, initial=TargetOf.PERSON)
    unit = LoadedChoiceField(
        label=_("Unit"), queryset=Branch.objects.none(), to_field_name="code", required=False, empty_label=_("Choose")
    )
    team = LoadedChoiceField(label=_("Team"), queryset=Team.objects.none(), required=False, empty_label=_("Choose"))
    person = LoadedChoiceField(
        label=_("Person"), queryset=User.objects.none(), to_field_name="staff_no", required=False,
        empty_label=_("Choose"),
    )  # fmt: skip
    measure = forms.ChoiceField(label=_("Key figure"), choices=[("", _("Choose")), *TargetMeasure.choices])
    period = forms.ChoiceField(label=_("Period"), choices=TargetPeriod.choices, initial=TargetPeriod.QUARTER)
    when = forms.ChoiceField(
        label=_("Which"), choices=[(THIS, _("The one under way")), (NEXT, _("The next one"))], widget=forms.RadioSelect,
        initial=THIS,
    )  # fmt: skip
    aim = forms.DecimalField(
        label=_("Aim"), max_digits=18, decimal_places=2, help_text=_("Yuan of growth, a mean mark, or per cent.")
    )
    note = forms.CharField(label=_("Reason"), max_length=300, widget=forms.Textarea(AREA))

    def __init__(self, *args: Any, viewer: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choose_from(self, unit=units_for(viewer), team=teams_for_targets(viewer), person=people_for_targets(viewer))

    def clean(self) -> dict[str, Any]:
        """The one whose target it is has to be chosen."""
        data: dict[str, Any] = super().clean() or {}
        of = data.get("of")
        if of and not data.get(of) and of not in self.errors:
            self.add_error(of, _("Choose whose target it is."))
        return data

    def wanted(self) -> Aim:
        """What was typed, as the service takes it."""
        data = self.cleaned_data
        team, person = (data[of] if data["of"] == of else None for of in (TargetOf.TEAM, TargetOf.PERSON))
        whose = person or team
        return Aim(
            branch=whose.branch if whose else data["unit"],
            measure=data["measure"],
            period=data["period"],
            day=today() if data["when"] == THIS else next_period(data["period"], today())[0],
            aim=data["aim"],
            note=data["note"],
            team=team,
            person=person,
        )


class AdjustForm(forms.Form):
    """Another aim on a target in force, and why."""

    aim = forms.DecimalField(label=_("New aim"), max_digits=18, decimal_places=2)
    note = forms.CharField(label=_("Reason"), max_length=300, widget=forms.Textarea(AREA))

    def __init__(self, data: Any = None, *, target: Target, **kwargs: Any) -> None:
        super().__init__(data, initial={"aim": target.aim}, **kwargs)


class TargetDecisionForm(forms.Form):
    """What the unit above says about exactly what it saw, or the asker's taking back."""

    digest = forms.CharField(widget=forms.HiddenInput, max_length=64)
    comment = forms.CharField(label=_("Comment"), max_length=300, required=False, widget=forms.Textarea(AREA))
    decision = forms.ChoiceField(choices=[(word, "") for word in ("approve", "reject", "withdraw")])
