"""What people type about the clocks, and the editor of their numbers; nothing here saves."""

from collections.abc import Iterator, Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from complaints.enums import AttemptResult, PauseReason
from complaints.queries.clocks import KIND, WAYS
from complaints.rules.clocks import BUILT_IN, LIMITS, read_clocks
from core.clock import now, today
from core.forms import DAY, VersionForm, choose_from
from staff.services.policies import PolicyKind, Text

MINUTE = "%Y-%m-%dT%H:%M"


class AttemptForm(forms.Form):
    """One try to reach the complainant."""

    how = forms.ChoiceField(label=_("How"), choices=WAYS)
    result = forms.ChoiceField(label=_("What came of it"), choices=AttemptResult, widget=forms.RadioSelect)
    tried_at = forms.DateTimeField(
        label=_("When"), widget=forms.DateTimeInput({"type": "datetime-local"}, format=MINUTE), input_formats=[MINUTE]
    )
    note = forms.CharField(label=_("Note"), max_length=300, required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["tried_at"].initial = now()


class PauseForm(forms.Form):
    """Why the internal clock is to stand still."""

    reason = forms.ChoiceField(label=_("Reason"), choices=PauseReason)
    note = forms.CharField(
        label=_("Note"),
        max_length=300,
        required=False,
        help_text=_("What is waited for. Papers the bank has already must not be asked for again."),
    )


class ResumeForm(forms.Form):
    """Nothing to say: the clock runs on."""


class ExtensionForm(forms.Form):
    """More time on the law's clock."""

    kind = forms.ChoiceField(label=_("Kind"))
    reason = forms.CharField(
        label=_("Reason"),
        max_length=500,
        widget=forms.Textarea({"rows": 3}),
        help_text=_("The complainant is told of it in these words or like them."),
    )

    def __init__(self, *args: Any, kinds: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choose_from(self, kind=kinds)


class DecideForm(forms.Form):
    """Whether more time is given."""

    approved = forms.TypedChoiceField(
        label=pgettext_lazy("more time", "Decision"),
        choices=[("yes", _("Approve")), ("no", _("Refuse"))],
        coerce=lambda typed: typed == "yes",
        widget=forms.RadioSelect,
    )
    comment = forms.CharField(
        label=_("Comment"), max_length=300, required=False, help_text=_("Needed when it is refused.")
    )


class ToldForm(forms.Form):
    """How the complainant was told that it takes longer."""

    told_on = forms.DateField(label=_("Complainant told on"), widget=DAY)
    told_how = forms.ChoiceField(label=_("How"), choices=WAYS)
    proof = forms.CharField(
        label=_("Record of the notice"),
        max_length=200,
        help_text=_("The number of the letter or the recording, the text message, or who was spoken to."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["told_on"].initial = today()


LABELS: Mapping[str, Text] = {
    "statutory_days": _("Days to decide by law"),
    "complex_days": _("Days more when the facts are complicated"),
    "special_days": _("Days more for a special cause"),
    "contact_days": _("Working days to the first contact"),
    "contact_tries": _("Failed tries that count as a contact"),
    "tries_apart_hours": _("Hours between two tries that count"),
    "review_window": _("Days in which a review can be asked for"),
    "review_days": _("Days to decide a review"),
    "cooling_days": _("Days without marketing after the end"),
}


class ClockRulesForm(VersionForm):
    """A version of the numbers of the clocks."""

    internal = forms.CharField(
        label=_("Working days of the internal clock"),
        widget=forms.Textarea({"rows": 4}),
        help_text=_("One a line: from which tier on | ordinary | serious | critical. The first line is of tier 0."),
    )

    def __init__(self, data: Any = None, *, kind: PolicyKind, values: Mapping[str, Any], **kwargs: Any) -> None:
        initial = {name: values.get(name) for name in LIMITS}
        initial["internal"] = "\n".join(" | ".join(str(part) for part in line) for line in values["internal"])
        super().__init__(data, initial={**initial, **kwargs.pop("initial", {})}, **kwargs)
        for name, (least, most) in LIMITS.items():
            self.fields[name] = forms.IntegerField(label=LABELS[name], min_value=least, max_value=most)
        self.order_fields([*LIMITS, "internal", *VersionForm.base_fields])

    def clean_internal(self) -> list[list[int]]:
        """The lines as numbers, if they make rules."""
        lines = [line for line in self.cleaned_data["internal"].splitlines() if line.strip()]
        try:
            found = [[int(part) for part in line.split("|")] for line in lines]
            read_clocks({**BUILT_IN, "internal": found})
        except ValueError:
            raise forms.ValidationError(
                _t("Each line: a tier and three numbers of 1 to 60 days, never rising; tiers from 0 upwards.")
            ) from None
        return found

    def typed_values(self) -> dict[str, Any]:
        """The values as they are kept."""
        return {name: self.cleaned_data[name] for name in (*LIMITS, "internal")}


def _parts(values: Mapping[str, Any]) -> dict[str, tuple[Text, str]]:
    found = {name: (LABELS[name], str(values.get(name, ""))) for name in LIMITS}
    lines = "; ".join(" / ".join(str(part) for part in line) for line in values["internal"])
    label = ClockRulesForm.base_fields["internal"].label or ""
    return {**found, "internal": (label, lines)}


def _summary(values: Mapping[str, Any]) -> Iterator[tuple[Text, str]]:
    yield from _parts(values).values()


CLOCKS = PolicyKind(
    KIND,
    _("Clocks of complaints"),
    _("The deadlines of complaints: by law, inside the bank, for the first contact and for reviews."),
    BUILT_IN,
    read_clocks,
    form=ClockRulesForm,
    parts=_parts,
    summary=_summary,
)
