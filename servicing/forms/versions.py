"""The editor of rules that are whole numbers."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django import forms

from core.forms import VersionForm
from staff.services.policies import PolicyKind, Reader, Text


@dataclass(frozen=True, slots=True)
class Figure:
    """A whole number of the rules: its name in the values, what it is called, and the least and most it may be."""

    name: str
    label: Text
    least: int
    most: int
    help: Text = ""


def figures_kind(
    key: str, title: Text, text: Text, built_in: Mapping[str, Any], read: Reader, figures: Iterable[Figure]
) -> PolicyKind:
    """A kind of rules whose values are whole numbers, with its editor."""
    figures = tuple(figures)

    class FiguresForm(VersionForm):
        def __init__(self, data: Any = None, *, kind: PolicyKind, values: Mapping[str, Any], **kwargs: Any) -> None:
            initial = {figure.name: values.get(figure.name) for figure in figures}
            super().__init__(data, initial={**initial, **kwargs.pop("initial", {})}, **kwargs)
            for figure in figures:
                self.fields[figure.name] = forms.IntegerField(
                    label=figure.label, min_value=figure.least, max_value=figure.most, help_text=figure.help
                )
            self.order_fields([*(figure.name for figure in figures), *VersionForm.base_fields])

        def typed_values(self) -> dict[str, Any]:
            return {figure.name: self.cleaned_data[figure.name] for figure in figures}

    def parts(values: Mapping[str, Any]) -> dict[str, tuple[Text, str]]:
        return {figure.name: (figure.label, str(values.get(figure.name, ""))) for figure in figures}

    def summary(values: Mapping[str, Any]) -> Iterator[tuple[Text, str]]:
        yield from parts(values).values()

    return PolicyKind(key, title, text, built_in, read, form=FiguresForm, parts=parts, summary=summary)
