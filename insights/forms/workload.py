"""The editor of the rules of workload."""

from collections.abc import Iterator, Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from core.forms import VersionForm
from insights.queries.workload import KIND
from insights.rules.workload import BUILT_IN, LIMITS, read_workload
from staff.services.policies import PolicyKind, Text

LABELS: Mapping[str, Text] = {
    "minutes_a": _("Minutes of a contact in the highest tier (A)"),
    "minutes_b": _("Minutes of a contact in tier B"),
    "minutes_c": _("Minutes of a contact in tier C"),
    "minutes_d": _("Minutes of a contact in tier D"),
    "minutes_other": _("Minutes of a contact in any other tier"),
    "review_minutes": _("Minutes of a review meeting"),
    "hours_week": _("Hours a week a manager has for customers"),
    "weeks_year": _("Weeks worked in a year"),
    "full_percent": _("A book is full at this share of it, %"),
}


class WorkloadRulesForm(VersionForm):
    """A version of the rules of workload: whole numbers."""

    def __init__(self, data: Any = None, *, kind: PolicyKind, values: Mapping[str, Any], **kwargs: Any) -> None:
        initial = {name: values.get(name) for name in LABELS}
        super().__init__(data, initial={**initial, **kwargs.pop("initial", {})}, **kwargs)
        for name, label in LABELS.items():
            least, most = LIMITS[name]
            self.fields[name] = forms.IntegerField(label=label, min_value=least, max_value=most)
        self.order_fields([*LABELS, *VersionForm.base_fields])

    def typed_values(self) -> dict[str, Any]:
        """The values as they are kept."""
        return {name: self.cleaned_data[name] for name in LABELS}


def _parts(values: Mapping[str, Any]) -> dict[str, tuple[Text, str]]:
    return {name: (label, str(values.get(name, ""))) for name, label in LABELS.items()}


def _summary(values: Mapping[str, Any]) -> Iterator[tuple[Text, str]]:
    yield from _parts(values).values()


WORKLOAD = PolicyKind(
    KIND,
    _("Workload"),
    _("How long a contact of each tier takes, and how much of it a manager can do."),
    BUILT_IN,
    read_workload,
    form=WorkloadRulesForm,
    parts=_parts,
    summary=_summary,
)
