"""The editor of contact hours and of the caps of marketing contacts."""

from collections.abc import Iterator, Mapping
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from core.clock import today
from core.forms import VersionForm
from servicing.queries.permission import KIND
from servicing.rules.permission import BUILT_IN, CAP_MOST, TIMES, read_hours
from staff.services.policies import PolicyKind, Text
from tiers.queries.catalogue import tiers_offered

HOURS: Mapping[str, Text] = {
    "marketing": _("Marketing, on working days"),
    "outer": _("Outer hours, every day"),
    "at_work": _("Hours at work"),
    "times.morning": _("In the morning"),
    "times.noon": _("Around noon"),
    "times.afternoon": _("In the afternoon"),
    "times.evening": _("In the evening"),
}
FAULT = _("Write hours as 09:00-12:00, 14:00-20:00, one after the other.")


class HoursForm(VersionForm):
    """A version of the contact hours and caps."""

    def __init__(self, data: Any = None, *, kind: PolicyKind, values: Mapping[str, Any], **kwargs: Any) -> None:
        self.kind, self.tiers = kind, tiers_offered(today(), values.get("caps", {}))
        initial = {_name(path): _value(values, path) for path in HOURS}
        initial |= {f"caps__{letter}": values.get("caps", {}).get(letter) for letter in self.tiers}
        initial |= {"other_cap": values.get("other_cap")}
        super().__init__(data, initial={**initial, **kwargs.pop("initial", {})}, **kwargs)
        for path, label in HOURS.items():
            self.fields[_name(path)] = forms.CharField(label=label, max_length=100, required=False)
        for letter, tier in self.tiers.items():
            self.fields[f"caps__{letter}"] = _cap(_cap_label(tier))
        self.fields["other_cap"] = _cap(_("Marketing contacts a week, no tier"))
        self.order_fields([name for name in self.fields if name not in VersionForm.base_fields])

    def clean(self) -> dict[str, Any]:
        """Hours that can be read."""
        cleaned: dict[str, Any] = super().clean() or {}
        if not self.errors:
            try:
                self.kind.read(self.typed_values())
            except ValueError as error:
                self.add_error(_name(str(error)), ValidationError(FAULT, code="hours"))
        return cleaned

    def typed_values(self) -> dict[str, Any]:
        """The values as they are kept."""
        cleaned = self.cleaned_data
        return {
            **{name: cleaned[name] for name in ("marketing", "outer", "at_work")},
            "times": {name: cleaned[f"times__{name}"] for name in TIMES},
            "caps": {letter: cleaned[f"caps__{letter}"] for letter in sorted(self.tiers, reverse=True)},
            "other_cap": cleaned["other_cap"],
        }


def _cap_label(tier: str) -> str:
    return _t("Marketing contacts a week, %(tier)s") % {"tier": tier}


def _cap(label: Any) -> forms.IntegerField:
    return forms.IntegerField(label=label, min_value=0, max_value=CAP_MOST)


def _name(path: str) -> str:
    return path.replace(".", "__")


def _value(values: Mapping[str, Any], path: str) -> str:
    group, _dot, name = path.rpartition(".")
    found = values.get(group, {}) if group else values
    return str(found.get(name, ""))


def _parts(values: Mapping[str, Any]) -> dict[str, tuple[Text, str]]:
    found: dict[str, tuple[Text, str]] = {path: (label, _value(values, path)) for path, label in HOURS.items()}
    caps = values.get("caps", {})
    for letter, tier in tiers_offered(today(), caps).items():
        found[f"caps.{letter}"] = (_cap_label(tier), str(caps.get(letter, "")))
    found["other_cap"] = (_("Marketing contacts a week, no tier"), str(values.get("other_cap", "")))
    return found


def _summary(values: Mapping[str, Any]) -> Iterator[tuple[Text, str]]:
    yield from _parts(values).values()


CONTACT_HOURS = PolicyKind(
    KIND,
    _("Contact hours"),
    _("When customers may be contacted for marketing and for service, and how often a week."),
    BUILT_IN,
    read_hours,
    form=HoursForm,
    parts=_parts,
    summary=_summary,
)
