"""Columns: declared once for page, column chooser and export."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.utils.functional import Promise

from core.pages.keyset import value_at

NUMBER_KINDS = frozenset({"money", "wan", "change", "num"})

Text = str | Promise


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell as components/_cells.html shows it: text, main, money, wan, change, num, date, tier, badge or wrap."""

    value: Any
    kind: str = "text"
    url: str = ""
    tone: str = ""
    rank: int = 0
    hint: str = ""
    label: Text = ""


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a list. `value` is a path ("manager__name"; default: the key) or makes a value or Cell of the row.

    `sort` holds the order paths behind ?ordering=<key>; "" = not sortable. Columns with `amounts` exist only for
    people who see amounts.
    """

    key: str
    label: Text
    value: str | Callable[[Any], Any] = ""
    kind: str = "text"
    sort: str | tuple[str, ...] = ""
    amounts: bool = False
    is_default: bool = True

    def cell(self, row: Any) -> Cell:
        """The cell of one row."""
        value = self.value(row) if callable(self.value) else value_at(row, self.value or self.key)
        made = value if isinstance(value, Cell) else Cell(value, self.kind)
        return Cell(made.value, made.kind, made.url, made.tone, made.rank, made.hint, self.label)

    def order(self, *, descending: bool) -> tuple[str, ...]:
        """Order paths of this column."""
        paths = (self.sort,) if isinstance(self.sort, str) else self.sort
        return tuple(_flipped(path) if descending else path for path in paths)


def _flipped(path: str) -> str:
    return path[1:] if path.startswith("-") else f"-{path}"
