"""The editor of service standards: a grid of tiers and what each is promised."""

from collections.abc import Iterator, Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from core.clock import today
from core.forms import VersionForm
from staff.services.policies import PolicyKind, Text
from tiers.queries.catalogue import tiers_offered
from tiers.queries.standards import KIND
from tiers.rules.standards import BUILT_IN, FIGURES, read_standards

COLUMNS: Mapping[str, Text] = {
    "contact_days": _("Contact every, days"),
    "response_hours": _("First response within, hours"),
    "review_months": _("Review meeting every, months"),
    "report_months": _("Report every, months"),
}


class StandardsForm(VersionForm):
    """A version of the standards; a figure left empty is not promised. `grid` has a row for each tier."""

    template_name = "tiers/_standards_form.html"

    def __init__(self, data: Any = None, *, kind: PolicyKind, values: Mapping[str, Any], **kwargs: Any) -> None:
        given = values.get("tiers", {})
        self.tiers = tiers_offered(today(), given)
        initial = {f"{letter}__{name}": given.get(letter, {}).get(name) for letter in self.tiers for name in FIGURES}
        super().__init__(data, initial={**initial, **kwargs.pop("initial", {})}, **kwargs)
        for letter, tier in self.tiers.items():
            for name, (least, most) in FIGURES.items():
                field = forms.IntegerField(
                    label=f"{tier} · {COLUMNS[name]}", min_value=least, max_value=most, required=False
                )
                self.fields[f"{letter}__{name}"] = field

    @property
    def columns(self) -> list[Text]:
        """The heads of the grid."""
        return list(COLUMNS.values())

    def grid(self) -> Iterator[tuple[str, list[tuple[Text, forms.BoundField]]]]:
        """For each tier its name and its fields with their columns' heads."""
        for letter, tier in self.tiers.items():
            yield tier, [(COLUMNS[name], self[f"{letter}__{name}"]) for name in FIGURES]

    def plain_fields(self) -> list[forms.BoundField]:
        """The fields below the grid."""
        return [self[name] for name in VersionForm.base_fields]

    def typed_values(self) -> dict[str, Any]:
        """The values as they are kept."""
        tiers = {
            letter: {name: self.cleaned_data[f"{letter}__{name}"] for name in FIGURES}
            for letter in sorted(self.tiers, reverse=True)
        }
        return {"tiers": tiers}


def _parts(values: Mapping[str, Any]) -> dict[str, tuple[Text, str]]:
    tiers = tiers_offered(today(), values.get("tiers", {}))
    found: dict[str, tuple[Text, str]] = {}
    for letter, tier in tiers.items():
        given = values["tiers"].get(letter, {})
        for name, words in COLUMNS.items():
            figure = given.get(name)
            found[f"{letter}.{name}"] = (f"{tier} · {words}", "" if figure is None else str(figure))
    return found


def _summary(values: Mapping[str, Any]) -> Iterator[tuple[Text, str]]:
    for label, text in _parts(values).values():
        yield label, text or _t("not promised")


STANDARDS = PolicyKind(
    KIND,
    _("Service standards"),
    _("How often each tier is contacted, answered, met and reported to."),
    BUILT_IN,
    read_standards,
    form=StandardsForm,
    parts=_parts,
    summary=_summary,
)
