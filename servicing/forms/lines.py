"""Editors of rules that are groups of lines: lines are added, moved up and taken away before anything is saved."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from django import forms
from django.forms import formset_factory
from django.utils.translation import gettext_lazy as _

from core.forms import VersionForm
from staff.services.policies import PolicyKind, Text


class LineForm(forms.Form):
    """One line. A code once in the rules stays as it is: rows of the past carry it."""

    code = forms.CharField(
        label=_("Code"),
        max_length=20,
        widget=forms.TextInput({"autocapitalize": "off", "spellcheck": "false"}),
        help_text=_("Small letters, digits and underscores; it cannot be changed later."),
    )

    def __init__(self, *args: Any, kept: frozenset[str] = frozenset(), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.is_kept = str(self["code"].value() or "") in kept
        if self.is_kept:
            self.fields["code"].widget = forms.HiddenInput()

    def typed(self) -> dict[str, Any]:
        """The line as it is kept."""
        return dict(self.cleaned_data)

    def title(self) -> str:
        """What the line is called while it is folded."""
        return str(self["code"].value() or "")


@dataclass(frozen=True, slots=True)
class Group:
    """Lines of one sort: their key in the values, heading, button to add one, and formset."""

    key: str
    title: Text
    add: Text
    lines: Any


@dataclass(frozen=True, slots=True)
class Sort:
    """A sort of lines an editor has."""

    key: str
    title: Text
    add: Text
    form: type[LineForm]
    most: int


class LinesForm(VersionForm):
    """A version of rules in lines; subclasses name their `sorts`, read what was typed and word its faults."""

    template_name = "servicing/_lines_form.html"
    sorts: ClassVar[Sequence[Sort]] = ()

    def __init__(
        self,
        data: Any = None,
        *,
        kind: PolicyKind,
        values: Mapping[str, Any],
        initial: Mapping[str, Any] | None = None,
        given: Mapping[str, list[dict[str, Any]]] | None = None,
    ) -> None:
        super().__init__(data, initial=dict(initial or {}))
        self.kind, self.values, self.groups = kind, values, dict[str, Group]()
        for sort in self.sorts:
            lines = formset_factory(sort.form, extra=0, max_num=sort.most, absolute_max=sort.most, validate_max=True)
            kept = frozenset(str(line["code"]) for line in values[sort.key])
            extra = {"kept": kept, **self.line_extras(sort.key)}
            shown = values[sort.key] if given is None else given[sort.key]
            made = lines(data, initial=shown, prefix=sort.key, form_kwargs=extra)
            self.groups[sort.key] = Group(sort.key, sort.title, sort.add, made)

    def line_extras(self, key: str) -> dict[str, Any]:
        """What else the lines of a sort are made with; the groups before it stand already."""
        return {}

    def plain_fields(self) -> list[forms.BoundField]:
        """The fields beside the lines."""
        return [self[name] for name in self.fields]

    def is_valid(self) -> bool:
        found = [group.lines.is_valid() for group in self.groups.values()]  # each marks its own fields
        is_whole = all(found)
        if not super().is_valid() or not is_whole:
            if self.is_bound and not self.non_field_errors():
                self.add_error(None, _("Some lines need another look: see the fields marked below."))
            return False
        try:
            self.kind.read(self.typed_values())
        except ValueError as error:
            self.refuse(error)
            return False
        return True

    def refuse(self, error: ValueError) -> None:
        """Say what the reader of the kind did not take, beside its line where there is one."""
        words = self.words_for(error)
        key, place, field = self.where(error)
        if key and place:
            line = self.groups[key].lines.forms[place - 1]
            line.add_error(field if field in line.fields else None, words)
        self.add_error(field if not place and field in self.fields else None, words)

    def words_for(self, error: ValueError) -> Text:
        """The fault in words."""
        return _("These values cannot be used.")

    def where(self, error: ValueError) -> tuple[str, int, str]:
        """Sort, place (from 1; 0 = none) and field of a fault."""
        return "", 0, ""

    def typed_values(self) -> dict[str, Any]:
        """The values as they are kept."""
        return {key: [line.typed() for line in group.lines] for key, group in self.groups.items()}

    def changed(self, change: str) -> "LinesForm":
        """The editor as typed after "add-<sort>", or "up-" or "remove-<sort>-<n>" (from 0)."""
        given = {key: [self._typed(line) for line in group.lines] for key, group in self.groups.items()}
        word, _dash, rest = change.partition("-")
        key, _dash, place = rest.partition("-")
        if key in given:
            _alter(given[key], word, int(place) if place.isdecimal() and len(place) < 3 else -1, self.most_of(key))
        initial = {name: self[name].value() for name in self.fields}
        return type(self)(kind=self.kind, values=self.values, initial=initial, given=given)

    def most_of(self, key: str) -> int:
        """How many lines a sort may have."""
        return next(sort.most for sort in self.sorts if sort.key == key)

    def _typed(self, line: Any) -> dict[str, Any]:
        return {name: line[name].value() for name in line.fields}


def _alter(lines: list[dict[str, Any]], word: str, place: int, most: int) -> None:
    if word == "add" and len(lines) < most:
        lines.append({"offered": True, "asked": True, "reached": True})
    elif word == "up" and 0 < place < len(lines):
        lines[place - 1], lines[place] = lines[place], lines[place - 1]
    elif word == "remove" and 0 <= place < len(lines):
        del lines[place]
