"""The editor of which activities take which certificates (F07)."""

from collections.abc import Iterator, Mapping
from typing import Any

from django import forms
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from core.forms import VersionForm
from core.wording import listed
from staff.enums.training import Activity
from staff.queries.licences import KIND
from staff.rules.licences import BUILT_IN, LicenceRules, read_licences
from staff.services.policies import PolicyKind, Text

LABELS: Mapping[str, Text] = {
    "licences": _("Certificates"),
    **{f"needs_{activity.value}": activity.label for activity in Activity},
    "topics": _("Topics of contacts that are talks about wealth products"),
    "top_from": _("The top tier begins with rank"),
    "remind_days": _("Days before the end at which people are reminded"),
}
CODES = _("Codes of certificates, parted by blanks; empty = nobody needs one.")
FAULTS: Mapping[str, Text] = {
    "licences": _("Each line is a code, a Chinese and an English name, parted by |; no code stands there twice."),
    "topics": _("Topics are codes of contacts, parted by blanks."),
    "remind_days": _("One to five numbers of days from 1 to 365, parted by blanks."),
}


class LicencesForm(VersionForm):
    """A version of the rules about certificates."""

    licences = forms.CharField(
        label=LABELS["licences"],
        widget=forms.Textarea({"rows": 5}),
        help_text=_("One a line: code | Chinese name | English name."),
    )
    topics = forms.CharField(label=LABELS["topics"], max_length=200, required=False)
    top_from = forms.IntegerField(label=LABELS["top_from"], min_value=1, max_value=9)
    remind_days = forms.CharField(label=LABELS["remind_days"], max_length=40)

    def __init__(self, data: Any = None, *, kind: PolicyKind, values: Mapping[str, Any], **kwargs: Any) -> None:
        super().__init__(data, initial={**_typed(values), **kwargs.pop("initial", {})}, **kwargs)
        for activity in Activity:
            name = f"needs_{activity.value}"
            self.fields[name] = forms.CharField(label=activity.label, max_length=200, required=False, help_text=CODES)
        self.order_fields([*LABELS, *VersionForm.base_fields])

    def clean(self) -> dict[str, Any]:
        """Rules that can be read."""
        values = super().clean() or {}
        if not self.errors:
            try:
                read_licences(self.typed_values())
            except ValueError as error:
                name = str(error)
                self.add_error(name if name in self.fields else None, FAULTS.get(name, CODES))
        return values

    def typed_values(self) -> dict[str, Any]:
        """The values as they are kept."""
        said = self.cleaned_data
        lines = [[part.strip() for part in line.split("|")] for line in said["licences"].splitlines() if line.strip()]
        days = said["remind_days"].split()
        return {
            "licences": [dict(zip(("code", "name_zh", "name_en"), line, strict=False)) for line in lines],
            "needs": {activity.value: said[f"needs_{activity.value}"].split() for activity in Activity},
            "topics": said["topics"].split(),
            "top_from": said["top_from"],
            "remind_days": [int(day) if day.isdigit() else 0 for day in days],
        }


def _typed(values: Mapping[str, Any]) -> dict[str, Any]:
    lines = [" | ".join(line.get(name, "") for name in ("code", "name_zh", "name_en")) for line in values["licences"]]
    return {
        "licences": "\n".join(lines),
        **{f"needs_{activity.value}": " ".join(values["needs"].get(activity.value, [])) for activity in Activity},
        "topics": " ".join(values["topics"]),
        "top_from": values["top_from"],
        "remind_days": " ".join(str(day) for day in values["remind_days"]),
    }


def _parts(values: Mapping[str, Any]) -> dict[str, tuple[Text, str]]:
    return {name: (LABELS[name], str(text)) for name, text in _typed(values).items()}


def _summary(values: Mapping[str, Any]) -> Iterator[tuple[Text, str]]:
    rules, language = read_licences(values), get_language() or ""
    yield LABELS["licences"], listed(licence.name(language) for licence in rules.licences.values())
    for activity in Activity:
        yield activity.label, _names(rules, activity, language)
    for name in ("topics", "top_from", "remind_days"):
        yield LABELS[name], str(_typed(values)[name])


def _names(rules: LicenceRules, activity: str, language: str) -> str:
    return listed(rules.licences[code].name(language) for code in rules.needs[activity]) or "–"


LICENCES = PolicyKind(
    KIND,
    _("Certificates and what takes them"),
    _("Which certificates there are, which activities are refused without them, and when people are reminded."),
    BUILT_IN,
    read_licences,
    form=LicencesForm,
    parts=_parts,
    summary=_summary,
)
