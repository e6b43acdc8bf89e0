"""Choices of a filter that are rows: read once, for the box, the check and the words of what was chosen."""

from collections.abc import Callable, Iterable
from typing import Any

import django_filters
from django.db.models import Model
from django_filters.fields import ModelChoiceField


class LoadedChoiceField(ModelChoiceField):
    """Knows the rows its box offers; only a value that is not among them is looked up."""

    loaded: dict[str, Model] = {}

    def offer(self, rows: Iterable[Model], key: Callable[[Any], str]) -> None:
        """Show these rows, and what stands before them."""
        self.loaded = {key(row): row for row in rows}
        first = [("", self.empty_label)] if self.empty_label is not None else []
        none = [(self.null_value, self.null_label)] if self.null_label is not None else []
        self.widget.choices = [*first, *none, *((value, str(row)) for value, row in self.loaded.items())]

    def to_python(self, value: Any) -> Any:
        """The row of a value."""
        return self.loaded.get(value) or super().to_python(value)


class LoadedChoiceFilter(django_filters.ModelChoiceFilter):
    """A filter by rows; a FilterSet says in its __init__ which of them the box offers (`LoadedChoiceField.offer`)."""

    field_class = LoadedChoiceField
