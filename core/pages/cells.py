"""The rows of a table as HTML: made in Python, as a page has hundreds of cells and a template for each is felt.

What a badge, a tier or an icon looks like stays with its template, which is rendered once and used again. Functions
with a plain `str` as answer give HTML already: every value goes through `_text` on its way in.
"""

from collections.abc import Callable, Iterable
from functools import lru_cache
from html import escape
from typing import Any

from django.template.loader import render_to_string
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from core.pages.columns import Cell
from core.pages.lists import ListRow
from core.pages.selection import SELECTED
from core.templatetags.money import NOTHING, wan, yuan

BULK_FORM = "bulk-form"
LOOKS = 512


def table_rows(rows: Iterable[ListRow], *, selectable: bool = False) -> SafeString:
    """The rows of a table's body; with a tick box each where they can be selected."""
    return SafeString("\n".join(_row(row, selectable) for row in rows))


def table_cell(cell: Cell) -> SafeString:
    """One cell; a dash where it has no value."""
    return SafeString(_cell(cell))


def _text(value: object) -> str:
    return str(value.__html__()) if hasattr(value, "__html__") else escape(str(value))


def _row(row: ListRow, selectable: bool) -> str:
    tone = f' class="is-{_text(row.tone)}"' if row.tone else ""
    link = f' data-href="{_text(row.url)}"' if row.url else ""
    box = _tick_box(row) if selectable else ""
    return f"<tr{tone}{link}>{box}{''.join(map(_cell, row.cells))}</tr>"


def _cell(cell: Cell) -> str:
    start = f'<td class="is-{_text(cell.kind or "text")}" data-label="{_text(cell.label)}">'
    if cell.value is None or cell.value == "":
        return f'{start}<span class="muted">{NOTHING}</span></td>'
    draw = DRAWN.get(cell.kind)
    shown = draw(cell) if draw else _text(cell.value)
    if cell.url:
        shown = f'<a href="{_text(cell.url)}">{shown}</a>'
    hint = f'<span class="cell-hint">{_text(cell.hint)}</span>' if cell.hint else ""
    return f"{start}<span>{shown}{hint}</span></td>"


def _tick_box(row: ListRow) -> str:
    main = next((cell for cell in row.cells if cell.kind == "main"), None)
    spoken = _text(_("Select %(name)s") % {"name": main.value if main else row.number})
    box = f'<input type="checkbox" name="{SELECTED}" value="{_text(row.number)}" form="{BULK_FORM}"'
    return f'<td class="is-select"><label>{box} aria-label="{spoken}" autocomplete="off"></label></td>'


def _money(cell: Cell) -> str:
    return _text(yuan(cell.value))


def _wan(cell: Cell) -> str:
    return _amount(cell.value, "")


def _amount(value: Any, sign: str) -> str:
    exact = sign + _text(yuan(value))
    start = f'<data class="money" value="{_text(value)}" data-exact="{exact}" title="{exact}">'
    return f"{start}{sign}{_text(wan(value))}</data>"


def _change(cell: Cell) -> str:
    value = cell.value
    if not value:
        return f'<span class="change muted">{_text(yuan(value))}</span>'
    way, sign = ("up", "+") if value > 0 else ("down", "")
    return f'<span class="change {way}">{_icon(f"arrow-{way}")}{_amount(value, sign)}</span>'


def _date(cell: Cell) -> str:
    day = f"{cell.value:%Y-%m-%d}"
    return f'<time datetime="{day}">{day}</time>'


def _tier(cell: Cell) -> str:
    return _tier_look(cell.rank, str(cell.value))


def _badge(cell: Cell) -> str:
    return _badge_look(str(cell.value), cell.tone)


@lru_cache(LOOKS)
def _tier_look(rank: int, name: str) -> str:
    return render_to_string("components/tier_badge.html", {"rank": rank, "name": name}).strip()


@lru_cache(LOOKS)
def _badge_look(text: str, tone: str) -> str:
    return render_to_string("components/badge.html", {"text": text, "tone": tone}).strip()


@lru_cache(LOOKS)
def _icon(name: str) -> str:
    return render_to_string("components/icon.html", {"name": name}).strip()


DRAWN: dict[str, Callable[[Cell], str]] = {
    "money": _money,
    "wan": _wan,
    "change": _change,
    "date": _date,
    "tier": _tier,
    "badge": _badge,
}
