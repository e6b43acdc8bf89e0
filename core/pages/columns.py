"""Columns: declared once for page, column chooser and export."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Self

from django.utils.functional import Promise

from core.pages.keyset import value_at

NUMBER_KINDS = frozenset({"money", "wan", "change", "num"})

Text = str | Promise


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell as core/pages/cells.py draws it: text, main, money, wan, change, num, date, tier, badge or wrap."""

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
    people who see amounts. Those that are not `is_default` show when chosen; one that `stays` cannot be taken away.
    `per_page` makes the `value` anew for each page, for what is looked up once and used in all its rows.
    """

    key: str
    label: Text
    value: str | Callable[[Any], Any] = ""
    kind: str = "text"
    sort: str | tuple[str, ...] = ""
    amounts: bool = False
    is_default: bool = True
    stays: bool = False
    per_page: Callable[[], Callable[[Any], Any]] | None = None

    def ready(self) -> Self:
        """The column for one page of rows."""
        return replace(self, value=self.per_page(), per_page=None) if self.per_page else self

    def cell(self, row: Any) -> Cell:
        """The cell of one row."""
        made = self._made(row)
        return Cell(made.value, made.kind, made.url, made.tone, made.rank, made.hint, self.label)

    def _made(self, row: Any) -> Cell:
        source = self.per_page() if self.per_page else self.value
        value = source(row) if callable(source) else value_at(row, source or self.key)
        return value if isinstance(value, Cell) else Cell(value, self.kind)

    def order(self, *, descending: bool) -> tuple[str, ...]:
        """Order paths of this column."""
        paths = (self.sort,) if isinstance(self.sort, str) else self.sort
        return tuple(_flipped(path) if descending else path for path in paths)


def _flipped(path: str) -> str:
    return path[1:] if path.startswith("-") else f"-{path}"
