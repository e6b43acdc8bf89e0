"""The editor of the rules of outflow warnings: figures, a threshold for each tier, points and scripts for each sign."""

from collections.abc import Iterator, Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from core.clock import today
from core.forms import VersionForm
from insights.enums import OutflowSignal
from insights.queries.outflow import KIND
from insights.rules.outflow import BUILT_IN, FIGURES, MOST, SCRIPT, SIGNALS, read_outflow
from staff.services.policies import PolicyKind, Text
from tiers.queries.catalogue import tiers_offered

LABELS: Mapping[str, Text] = {
    "least": _("Least balance, yuan"),
    "fall_share": _("Fall: below what is usual, %"),
    "fall_spreads": _("Fall: below what is usual, spreads"),
    "least_weeks": _("Fall: weeks of history at least"),
    "salary_least": _("Salary: least amount, yuan"),
    "salary_late": _("Salary: days late"),
    "cascade_count": _("Withdrawals in a row: how many"),
    "cascade_share": _("Withdrawals in a row: taken together, %"),
    "matured_days": _("Matured: days without renewal"),
    "contact_share": _("Not spoken to: % of the tier's rhythm"),
    "again_days": _("Days a customer is not warned of again after a verdict"),
    "expire_days": _("Days without signs until a warning goes"),
}
LANGUAGES: Mapping[str, Text] = {"zh": _("in Chinese"), "en": _("in English")}


class OutflowRulesForm(VersionForm):
    """A version of the rules of outflow warnings."""

    def __init__(self, data: Any = None, *, kind: PolicyKind, values: Mapping[str, Any], **kwargs: Any) -> None:
        self.tiers = tiers_offered(today(), values["thresholds"])
        super().__init__(data, initial={**_flat(values), **kwargs.pop("initial", {})}, **kwargs)
        own = {path: self._field(path) for path in _paths(self.tiers)}
        self.fields = {**own, **self.fields}

    def _field(self, path: str) -> forms.Field:
        group, label = path.partition("__")[0], _label(path, self.tiers)
        if group == "scripts":
            return forms.CharField(label=label, max_length=SCRIPT, widget=forms.Textarea({"rows": 3}))
        low, high = FIGURES.get(path, (5 if group == "thresholds" else 0, MOST))
        return forms.IntegerField(label=label, min_value=low, max_value=high)

    def typed_values(self) -> dict[str, Any]:
        """The values as they are kept."""
        typed = self.cleaned_data
        return {
            **{name: typed[name] for name in FIGURES},
            "thresholds": {letter: typed[f"thresholds__{letter}"] for letter in sorted(self.tiers, reverse=True)},
            "points": {signal: typed[f"points__{signal}"] for signal in SIGNALS},
            "scripts": {
                signal: {language: typed[f"scripts__{signal}__{language}"] for language in LANGUAGES}
                for signal in SIGNALS
            },
        }


def _paths(tiers: Mapping[str, str]) -> Iterator[str]:
    yield from (f"thresholds__{letter}" for letter in tiers)
    yield from (f"points__{signal}" for signal in SIGNALS)
    yield from FIGURES
    yield from (f"scripts__{signal}__{language}" for signal in SIGNALS for language in LANGUAGES)


def _flat(values: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {name: values.get(name) for name in FIGURES}
    found |= {f"thresholds__{letter}": score for letter, score in values["thresholds"].items()}
    found |= {f"points__{signal}": values["points"].get(signal) for signal in SIGNALS}
    for signal in SIGNALS:
        found |= {f"scripts__{signal}__{language}": values["scripts"][signal][language] for language in LANGUAGES}
    return found


def _label(path: str, tiers: Mapping[str, str]) -> str:
    group, _dot, name = path.partition("__")
    if group == "thresholds":
        return _t("Warned of from this score on: %(tier)s") % {"tier": tiers.get(name, name)}
    if group == "points":
        return _t("Points: %(sign)s") % {"sign": OutflowSignal(name).label}
    if group == "scripts":
        signal, _dot, language = name.partition("__")
        said = {"sign": OutflowSignal(signal).label, "language": LANGUAGES[language]}
        return _t("What to say, %(sign)s, %(language)s") % said
    return str(LABELS[path])


def _parts(values: Mapping[str, Any]) -> dict[str, tuple[Text, str]]:
    tiers = tiers_offered(today(), values["thresholds"])
    flat = _flat(values)
    return {path: (_label(path, tiers), str(flat.get(path, ""))) for path in _paths(tiers) if path in flat}


def _summary(values: Mapping[str, Any]) -> Iterator[tuple[Text, str]]:
    for path, pair in _parts(values).items():
        if not path.startswith("scripts"):
            yield pair


OUTFLOW = PolicyKind(
    KIND,
    _("Outflow warnings"),
    _("Which signs count how much, from which score each tier is warned of, and what to say."),
    BUILT_IN,
    read_outflow,
    form=OutflowRulesForm,
    parts=_parts,
    summary=_summary,
)
