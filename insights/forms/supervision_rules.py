"""The editor of the rules of supervision; nothing here saves."""

from collections.abc import Iterator, Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from core.forms import VersionForm
from insights.rules.supervision import BUILT_IN, FACTORS, LIMITS, WEIGHTS, read_supervision
from servicing.rules.voice import as_lines, from_lines
from staff.enums.supervision import CheckArea, Grade
from staff.rules.supervision import APPEAL_DAYS, DUE_DAYS, KIND, LATE_DAYS, OPENING_MONTHS, REPEAT_DAYS
from staff.services.policies import PolicyKind, Text

FACTOR_WORDS: Mapping[str, Text] = {
    "amount": _("Large amount"),
    "complaint": _("The customer complained"),
    "new_staff": _("New colleague"),
    "night": _("Outside of work hours"),
    "big_export": _("Large file"),
    "earlier": _("Earlier finding"),
    "outside": _("Outside of own book and unit"),
    "no_need": _("No business need found"),
    "many": _("Many customers in a day"),
}
NUMBER_LABELS: Mapping[str, Text] = {
    "repeat_days": _("Days in which the same finding counts as a repeat"),
    "appeal_days": _("Days in which a finding may be appealed"),
    "amount": _("Large amount from, yuan"),
    "new_days": _("Days a colleague is new"),
    "complaint_days": _("Days a complaint counts"),
    "night_from": _("Outside of work from hour"),
    "night_to": _("Outside of work until hour"),
    "export_rows": _("Large file from, rows"),
    "need_days": _("Days around an opened page in which work for the customer explains it"),
    "many_openings": _("Many customers opened in a day: more than"),
    "opening_months": _("Months it is kept who opened which page"),
}
RANGES: Mapping[str, tuple[int, int]] = {
    **LIMITS,
    "repeat_days": REPEAT_DAYS,
    "appeal_days": APPEAL_DAYS,
    "opening_months": OPENING_MONTHS,
}
LATE_LABELS: tuple[Text, ...] = (
    _("Days overdue: the head is told"),
    _("Days overdue: head office is told"),
    _("Days overdue: compliance is told"),
)


def _due_label(grade: Grade) -> Text:
    return _t("Working days to correct: %(grade)s") % {"grade": grade.label}


def _weight_label(factor: str) -> Text:
    return _t("Weight added: %(factor)s") % {"factor": FACTOR_WORDS[factor]}


def _whole(label: Text, limits: tuple[int, int]) -> forms.IntegerField:
    return forms.IntegerField(label=label, min_value=limits[0], max_value=limits[1])


class SupervisionForm(VersionForm):
    """A version of the rules of supervision: days, weights and their bounds, and criteria as lines."""

    def __init__(self, data: Any = None, *, kind: PolicyKind, values: Mapping[str, Any], **kwargs: Any) -> None:
        super().__init__(data, initial={**_flat(values), **kwargs.pop("initial", {})}, **kwargs)
        own: dict[str, forms.Field] = {f"due_{grade.value}": _whole(_due_label(grade), DUE_DAYS) for grade in Grade}
        own |= {f"late_{place}": _whole(label, LATE_DAYS) for place, label in enumerate(LATE_LABELS)}
        own |= {name: _whole(label, RANGES[name]) for name, label in NUMBER_LABELS.items()}
        own |= {f"weight_{factor}": _whole(_weight_label(factor), WEIGHTS) for factor in FACTORS}
        for area in CheckArea:
            help_text = _("One a line: code | Chinese | English. Codes in small letters.")
            own[area.value] = forms.CharField(label=area.label, widget=forms.Textarea({"rows": 5}), help_text=help_text)
        self.fields = {**own, **self.fields}

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        if not self.errors:
            try:
                read_supervision(self.typed_values())
            except ValueError as error:
                name = str(error).partition("_")[0]
                place = name if name in self.fields else "late_0" if name == "late" else None
                self.add_error(place, _t("These values cannot be used; check the lines, and that days ascend."))
        return cleaned

    def typed_values(self) -> dict[str, Any]:
        """The values as they are kept."""
        values = self.cleaned_data
        return {
            "due_days": {str(grade.value): values[f"due_{grade.value}"] for grade in Grade},
            "late_days": [values[f"late_{place}"] for place in range(len(LATE_LABELS))],
            "weights": {factor: values[f"weight_{factor}"] for factor in FACTORS},
            **{name: values[name] for name in NUMBER_LABELS},
            **{area.value: from_lines(values[area.value]) for area in CheckArea},
        }


def _flat(values: Mapping[str, Any]) -> dict[str, Any]:
    values = {**BUILT_IN, **values}  # an older version knows fewer
    weights = {**BUILT_IN["weights"], **values["weights"]}
    flat: dict[str, Any] = {f"due_{grade.value}": values["due_days"].get(str(grade.value)) for grade in Grade}
    flat |= {f"late_{place}": days for place, days in enumerate(values["late_days"])}
    flat |= {f"weight_{factor}": weights[factor] for factor in FACTORS}
    flat |= {name: values.get(name) for name in NUMBER_LABELS}
    return flat | {area.value: as_lines(values[area.value]) for area in CheckArea}


def _parts(values: Mapping[str, Any]) -> dict[str, tuple[Text, str]]:
    flat = _flat(values)
    labels: dict[str, Text] = {f"due_{grade.value}": _due_label(grade) for grade in Grade}
    labels |= {f"late_{place}": label for place, label in enumerate(LATE_LABELS)}
    labels |= NUMBER_LABELS
    labels |= {f"weight_{factor}": _weight_label(factor) for factor in FACTORS}
    labels |= {area.value: area.label for area in CheckArea}
    return {name: (label, str(flat[name])) for name, label in labels.items()}


def _summary(values: Mapping[str, Any]) -> Iterator[tuple[Text, str]]:
    yield from _parts(values).values()


SUPERVISION = PolicyKind(
    KIND,
    _("Supervision"),
    _("What is looked at, what weighs as risk, until when findings are corrected, and when they go up."),
    BUILT_IN,
    read_supervision,
    form=SupervisionForm,
    parts=_parts,
    summary=_summary,
)
