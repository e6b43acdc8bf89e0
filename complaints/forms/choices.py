"""The editor of categories, products and root causes of complaints."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from complaints.queries.choices import KIND
from complaints.rules.choices import BUILT_IN, GROUPS, SAME_DAYS, as_tree, from_tree, read_choices
from core.forms import VersionForm
from servicing.rules.voice import as_lines, from_lines
from staff.services.policies import PolicyKind, Text

NAMED = _("One a line: code | Chinese | English. Codes in small letters; one that was used has to stay.")
LABELS: Mapping[str, Text] = {
    "same_days": _("Days in which a like case may be the same matter"),
    "categories": _("Categories"),
    "products": _("Products"),
    "causes": _("Root causes"),
}
FAULTS: Mapping[str, Text] = {
    "count": _("Write 1 to 60 lines."),
    "code": _("Each line begins with a code in small letters, digits and underscores."),
    "name": _("Each line needs a Chinese and an English name of at most 120 characters."),
    "twice": _("A code may stand in one line only."),
    "parent": _("A cause stands below the one it belongs under."),
}


class ChoicesForm(VersionForm):
    """A version of what cases are sorted by, as lines."""

    same_days = forms.IntegerField(label=LABELS["same_days"], min_value=SAME_DAYS[0], max_value=SAME_DAYS[1])
    categories = forms.CharField(label=LABELS["categories"], widget=forms.Textarea({"rows": 10}), help_text=NAMED)
    products = forms.CharField(label=LABELS["products"], widget=forms.Textarea({"rows": 8}), help_text=NAMED)
    causes = forms.CharField(
        label=LABELS["causes"],
        widget=forms.Textarea({"rows": 16}),
        help_text=_("One a line: code | Chinese | English | code of the cause it belongs under (empty = a top one)."),
    )
    field_order = ("same_days", "categories", "products", "causes")

    def __init__(self, data: Any = None, *, kind: PolicyKind, values: Mapping[str, Any], **kwargs: Any) -> None:
        initial: dict[str, Any] = {"same_days": values["same_days"], "causes": as_tree(values["causes"])}
        initial |= {group: as_lines(values[group]) for group in GROUPS}
        super().__init__(data, initial={**initial, **kwargs.pop("initial", {})}, **kwargs)
        self.kind = kind

    def clean(self) -> dict[str, Any]:
        """Lines that can be read."""
        cleaned: dict[str, Any] = super().clean() or {}
        if not self.errors:
            try:
                self.kind.read(self.typed_values())
            except ValueError as error:
                field, _dash, what = str(error).partition("_")
                self.add_error(field if field in self.fields else None, FAULTS.get(what, FAULTS["code"]))
        return cleaned

    def typed_values(self) -> dict[str, Any]:
        """The values as they are kept."""
        typed = self.cleaned_data
        lines = {group: from_lines(typed[group]) for group in GROUPS}
        return {"same_days": typed["same_days"], **lines, "causes": from_tree(typed["causes"])}


def _names(lines: Iterable[Mapping[str, Any]]) -> str:
    return "; ".join(f"{line['name_zh']} / {line['name_en']}" for line in lines)


def _parts(values: Mapping[str, Any]) -> dict[str, tuple[Text, str]]:
    found: dict[str, tuple[Text, str]] = {"same_days": (LABELS["same_days"], str(values["same_days"]))}
    return found | {group: (LABELS[group], _names(values[group])) for group in (*GROUPS, "causes")}


def _summary(values: Mapping[str, Any]) -> Iterator[tuple[Text, str]]:
    yield from _parts(values).values()


COMPLAINT_CHOICES = PolicyKind(
    KIND,
    _("Complaints: categories, products, root causes"),
    _("By what complaints are sorted, and how long a like case may be the same matter."),
    BUILT_IN,
    read_choices,
    form=ChoicesForm,
    parts=_parts,
    summary=_summary,
)
