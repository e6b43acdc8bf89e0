"""Editors of rules that are one table: lines are added and taken away before anything is saved."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from django import forms
from django.forms import formset_factory
from django.utils.translation import gettext_lazy as _

from core.forms import VersionForm
from staff.services.policies import PolicyKind

LINES = "lines"


class TableForm(VersionForm):
    """A version of rules whose values have a list at `key`, edited as `lines` of `line_form`; `blank` is a new line."""

    key: ClassVar[str]
    line_form: ClassVar[type[forms.Form]]
    most: ClassVar[int]
    blank: ClassVar[Mapping[str, Any]] = {}

    def __init__(
        self,
        data: Any = None,
        *,
        kind: PolicyKind,
        values: Mapping[str, Any],
        initial: Mapping[str, Any] | None = None,
        given: Sequence[Mapping[str, Any]] | None = None,
    ) -> None:
        super().__init__(data, initial={**self.initial_of(values), **dict(initial or {})})
        self.kind, self.values = kind, values
        made = formset_factory(self.line_form, extra=0, max_num=self.most, absolute_max=self.most, validate_max=True)
        shown = [self.shown_line(line) for line in values[self.key]] if given is None else given
        self.lines = made(
            data, initial=shown, prefix=LINES, form_kwargs={"empty_permitted": False, **self.line_extras()}
        )

    @classmethod
    def initial_of(cls, values: Mapping[str, Any]) -> dict[str, Any]:
        """What the fields beside the lines begin with."""
        return {}

    def line_extras(self) -> dict[str, Any]:
        """What else each line is made with."""
        return {}

    def shown_line(self, line: Mapping[str, Any]) -> Mapping[str, Any]:
        """A kept line as its form shows it."""
        return line

    def is_valid(self) -> bool:
        is_whole = self.lines_are_valid()
        if not is_whole and self.is_bound and not self.non_field_errors():
            self.add_error(None, _("Some lines need another look: see the fields marked below."))
        if not super().is_valid() or not is_whole:
            return False
        try:
            self.kind.read(self.typed_values())
        except ValueError as error:
            self.refuse(error)
            return False
        return True

    def lines_are_valid(self) -> bool:
        """Whether each line by itself can be; each marks its own fields."""
        return bool(self.lines.is_valid())

    def refuse(self, error: ValueError) -> None:
        """Say what the lines together make impossible."""
        self.add_error(None, _("These values cannot be used."))

    def changed(self, change: str) -> "TableForm":
        """The editor as typed, with an empty line more ("add") or one less ("remove-<n>", counted from 0)."""
        lines: list[Mapping[str, Any]] = [{name: line[name].value() for name in line.fields} for line in self.lines]
        if change == "add" and len(lines) < self.most:
            lines.append(self.blank)
        _word, _dash, place = change.partition("-")
        if place.isdecimal() and len(place) < 4 and int(place) < len(lines):
            del lines[int(place)]
        initial = {name: self[name].value() for name in self.fields}
        return type(self)(kind=self.kind, values=self.values, initial=initial, given=lines)

    def plain_fields(self) -> list[forms.BoundField]:
        """The fields beside the lines."""
        return [self[name] for name in self.fields]

    def typed_values(self) -> dict[str, Any]:
        """The values as they are kept."""
        return {self.key: self.typed_lines()}

    def typed_lines(self) -> list[dict[str, Any]]:
        """The lines as they are kept."""
        return [line.typed() for line in self.lines]
