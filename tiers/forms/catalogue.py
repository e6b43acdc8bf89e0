"""The editor of the entitlement catalogue: a line for each entitlement."""

from collections.abc import Iterator, Mapping
from typing import Any

from django import forms
from django.forms import formset_factory
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from core.clock import today
from core.forms import DAY, VersionForm, choose_from
from core.money import format_yuan
from staff.services.policies import PolicyKind, Text
from tiers.enums import EntitlementKind
from tiers.forms.schemes import AmountField
from tiers.queries.catalogue import KIND, tiers_offered
from tiers.rules.catalogue import (
    BUILT_IN,
    LENGTHS,
    MAX_ITEMS,
    MAX_QUOTA,
    CatalogueError,
    Entitlement,
    read_entitlements,
)

LINES = "lines"
FAULTS: Mapping[str, Text] = {
    "cost": _("Write an amount in yuan from 0 to 1,000,000."),
    "dates_order": _("It may not end before it begins."),
    "cash_like": _(
        "“%(word)s” means money or what is as good as money. That is no entitlement: deposits may not be paid for "
        "beside the posted rate."
    ),
}


class LineForm(forms.Form):
    """One entitlement."""

    code = forms.CharField(required=False, widget=forms.HiddenInput, max_length=40)
    kind = forms.ChoiceField(label=_("Kind"), choices=EntitlementKind.choices)
    tiers = forms.MultipleChoiceField(label=_("Tiers"), widget=forms.CheckboxSelectMultiple)
    name_zh = forms.CharField(label=_("Chinese name"), max_length=LENGTHS["name_zh"])
    name_en = forms.CharField(label=_("English name"), max_length=LENGTHS["name_en"])
    text_zh = forms.CharField(label=_("Chinese text"), max_length=LENGTHS["text_zh"], required=False)
    text_en = forms.CharField(label=_("English text"), max_length=LENGTHS["text_en"], required=False)
    cost = AmountField(label=_("Cost a head and year, yuan"), max_length=30)
    quota = forms.IntegerField(
        label=_("Times a year"), min_value=1, max_value=MAX_QUOTA, required=False, help_text=_("Empty: no limit.")
    )
    since = forms.DateField(label=_("From"), widget=DAY, required=False)
    until = forms.DateField(label=_("Until"), widget=DAY, required=False, help_text=_("This day included."))

    def __init__(self, *args: Any, tiers: Mapping[str, str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choose_from(self, tiers=list(tiers.items()))

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        if not self.errors:
            try:
                read_entitlements({"items": [{**self.typed(), "code": "one"}]})
            except CatalogueError as error:
                words = FAULTS.get(error.code, _("This value cannot be used here."))
                self.add_error(error.field or None, forms.ValidationError(words, error.code, {"word": error.word}))
        return cleaned

    def typed(self) -> dict[str, Any]:
        """The line as it is kept."""
        said = self.cleaned_data
        days = {name: said[name].isoformat() if said[name] else None for name in ("since", "until")}
        return {**said, **days, "cost": f"{said['cost']:.2f}"}


LineFormSet = formset_factory(LineForm, extra=0, max_num=MAX_ITEMS, absolute_max=MAX_ITEMS, validate_max=True)


class CatalogueForm(VersionForm):
    """A version of the catalogue, its lines in `lines`."""

    template_name = "tiers/_catalogue_form.html"

    def __init__(
        self,
        data: Any = None,
        *,
        kind: PolicyKind,
        values: Mapping[str, Any],
        initial: Mapping[str, Any] | None = None,
        given: list[dict[str, Any]] | None = None,
    ) -> None:
        super().__init__(data, initial=dict(initial or {}))
        self.kind, self.values = kind, values
        tiers = tiers_offered(today(), [letter for line in values["items"] for letter in line["tiers"]])
        kept = values["items"] if given is None else given
        self.lines = LineFormSet(data, initial=kept, prefix=LINES, form_kwargs={"tiers": tiers})

    def is_valid(self) -> bool:
        is_whole = self.lines.is_valid()
        if not is_whole and self.is_bound and not self.non_field_errors():
            self.add_error(None, _("Some entitlements need another look: see the fields marked below."))
        return super().is_valid() and is_whole

    def changed(self, change: str) -> "CatalogueForm":
        """The editor as typed, with an empty line more ("add") or one less ("remove-<n>", counted from 0)."""
        lines = [self._typed(line) for line in self.lines]
        if change == "add" and len(lines) < MAX_ITEMS:
            lines.append({"cost": "0"})
        _word, _dash, place = change.partition("-")
        if place.isdecimal() and len(place) < 3 and int(place) < len(lines):
            del lines[int(place)]
        initial = {name: self[name].value() for name in VersionForm.base_fields}
        return CatalogueForm(kind=self.kind, values=self.values, initial=initial, given=lines)

    def _typed(self, line: Any) -> dict[str, Any]:
        return {name: line[name].value() for name in LineForm.base_fields}

    def typed_values(self) -> dict[str, Any]:
        """The values as they are kept; a new line is named after its kind."""
        lines = [line.typed() for line in self.lines]
        taken = {line["code"] for line in lines} | {str(line["code"]) for line in self.values["items"]}
        for line in lines:
            if not line["code"]:
                names = (line["kind"], *(f"{line['kind']}_{n}" for n in range(2, 2 * MAX_ITEMS + 3)))
                line["code"] = next(name for name in names if name not in taken)
                taken.add(line["code"])
        return {"items": lines}


def _parts(values: Mapping[str, Any]) -> dict[str, tuple[Text, str]]:
    found: dict[str, tuple[Text, str]] = {}
    for item in read_entitlements(values):
        name = item.name(get_language() or "")
        for field, text in _texts(item).items():
            found[f"{item.code}.{field}"] = (f"{name} · {LineForm.base_fields[field].label}", text)
    return found


def _texts(item: Entitlement) -> dict[str, str]:
    return {
        "kind": str(EntitlementKind(item.kind).label),
        "tiers": ", ".join(sorted(item.letters)),
        **{field: getattr(item, field) for field in LENGTHS},
        "cost": format_yuan(item.cost),
        "quota": "" if item.quota is None else str(item.quota),
        "since": item.since.isoformat() if item.since else "",
        "until": item.until.isoformat() if item.until else "",
    }


def _summary(values: Mapping[str, Any]) -> Iterator[tuple[Text, str]]:
    for item in read_entitlements(values):
        words = [
            ", ".join(sorted(item.letters)),
            _t("%(cost)s yuan a head and year") % {"cost": format_yuan(item.cost)},
            ngettext("%(n)d time a year", "%(n)d times a year", item.quota) % {"n": item.quota} if item.quota else "",
            _t("from %(day)s") % {"day": item.since} if item.since else "",
            _t("until %(day)s") % {"day": item.until} if item.until else "",
        ]
        yield item.name(get_language() or ""), " · ".join(word for word in words if word)


ENTITLEMENTS = PolicyKind(
    KIND,
    _("Entitlements of the tiers"),
    _("What each tier brings beside the account: services, never money."),
    BUILT_IN,
    read_entitlements,
    form=CatalogueForm,
    parts=_parts,
    summary=_summary,
)
