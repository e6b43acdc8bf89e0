"""Editor of the numbers that the definitions of key figures stand on."""

from collections.abc import Iterator, Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from core.forms import VersionForm
from insights.queries.definitions import KIND
from insights.rules.measures import BOUNDS, BUILT_IN, read_definitions
from staff.services.policies import PolicyKind, Text

LABELS: Mapping[str, Text] = {
    "churn_fall": _("Lost: ADB fell by at least, %"),
    "churn_inactive": _("Lost: days without movement or contact"),
    "silent_days": _("Not spoken to: days without a contact"),
    "maturing_days": _("Maturing soon: days ahead"),
    "small_sample": _("Small sample: fewer answers than"),
    "spike_share": _("Month-end spike: balance over the month's ADB, %"),
    "spike_amount": _("Month-end spike: at least, yuan"),
    "spike_days": _("Month-end spike: gone within days"),
}


class DefinitionsForm(VersionForm):
    """A version of the definitions."""

    spike_amount = forms.DecimalField(
        label=LABELS["spike_amount"], min_value=0, max_value=10**12, max_digits=15, decimal_places=2
    )
    field_order = tuple(LABELS)

    def __init__(self, data: Any = None, *, kind: PolicyKind, values: Mapping[str, Any], **kwargs: Any) -> None:
        initial = {name: values.get(name) for name in LABELS}
        super().__init__(data, initial={**initial, **kwargs.pop("initial", {})}, **kwargs)
        for name, (least, most) in BOUNDS.items():
            self.fields[name] = forms.IntegerField(label=LABELS[name], min_value=least, max_value=most)
        self.order_fields(self.field_order)

    def typed_values(self) -> dict[str, Any]:
        """The values as they are kept."""
        values = {name: self.cleaned_data[name] for name in BOUNDS}
        return {**values, "spike_amount": str(self.cleaned_data["spike_amount"])}


def _parts(values: Mapping[str, Any]) -> dict[str, tuple[Text, str]]:
    return {name: (label, str(values.get(name, ""))) for name, label in LABELS.items()}


def _summary(values: Mapping[str, Any]) -> Iterator[tuple[Text, str]]:
    yield from _parts(values).values()


DEFINITIONS = PolicyKind(
    KIND,
    _("Definitions of key figures"),
    _("When a customer counts as lost, what matures soon, what a month-end spike is."),
    BUILT_IN,
    read_definitions,
    form=DefinitionsForm,
    parts=_parts,
    summary=_summary,
)
