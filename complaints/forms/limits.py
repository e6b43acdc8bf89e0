"""The editor of the limits of evidence and of repeated causes."""

from collections.abc import Iterator, Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from complaints.queries.limits import KIND
from complaints.rules.limits import BOUNDS, BUILT_IN, read_limits
from core.forms import VersionForm
from staff.services.policies import PolicyKind, Text

LABELS: Mapping[str, Text] = {
    "file_mb": _("Largest file, MB"),
    "files": _("Most files of a case"),
    "check_days": _("Days in which every file is looked through once"),
    "repeat_cases": _("Cases of one cause in a unit that make a problem"),
    "repeat_days": _("Days within which they count"),
    "action_days": _("Days for a corrective action unless another day is said"),
}


class LimitsForm(VersionForm):
    """A version of the limits: whole numbers."""

    field_order = tuple(BOUNDS)

    def __init__(self, data: Any = None, *, kind: PolicyKind, values: Mapping[str, Any], **kwargs: Any) -> None:
        initial = {name: values.get(name) for name in BOUNDS}
        super().__init__(data, initial={**initial, **kwargs.pop("initial", {})}, **kwargs)
        for name, (least, most) in BOUNDS.items():
            self.fields[name] = forms.IntegerField(label=LABELS[name], min_value=least, max_value=most)
        self.order_fields(self.field_order)

    def typed_values(self) -> dict[str, Any]:
        """The values as they are kept."""
        return {name: self.cleaned_data[name] for name in BOUNDS}


def _parts(values: Mapping[str, Any]) -> dict[str, tuple[Text, str]]:
    return {name: (LABELS[name], str(values.get(name, ""))) for name in BOUNDS}


def _summary(values: Mapping[str, Any]) -> Iterator[tuple[Text, str]]:
    yield from _parts(values).values()


COMPLAINT_LIMITS = PolicyKind(
    KIND,
    _("Complaints: evidence and repeated causes"),
    _("How large files of a case may be, and when the same cause makes a problem."),
    BUILT_IN,
    read_limits,
    form=LimitsForm,
    parts=_parts,
    summary=_summary,
)
