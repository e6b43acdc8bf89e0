"""Boards of a manager, a branch and several units: the parts somebody chose, with what stands in them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, is_dataclass
from typing import Any

from django.urls import NoReverseMatch

from insights.enums import BoardKind
from insights.queries.layouts import kept_places
from insights.rules.layouts import Place, arranged
from insights.views.links import link
from insights.views.numbers import Number
from insights.views.units import Unit
from insights.views.widgets import Found, Widget, widgets_of
from staff.models import User


@dataclass(frozen=True, slots=True)
class Block:
    """A widget on a board: what was found for it, or the address it is loaded from."""

    widget: Widget
    found: Found = field(default_factory=dict)
    url: str = ""


@dataclass(frozen=True, slots=True)
class Board:
    """Everything a board shows, in the order its reader chose."""

    unit: Unit
    blocks: Sequence[Block]

    @property
    def numbers(self) -> Iterable[Number]:
        """All numbers that lead to a list."""
        for block in self.blocks:
            yield from _numbers(list(block.found.values()))

    def found(self, code: str) -> Found:
        """What a widget shows; nothing when the board has none of that code."""
        return next((block.found for block in self.blocks if block.widget.code == code), {})


def make_board(unit: Unit) -> Board:
    """The board of a unit as its viewer arranged it."""
    blocks = (_block(unit, widget) for widget in chosen(unit.viewer, unit.kind))
    return Board(unit, [block for block in blocks if block is not None])


def places_of(viewer: User, board: BoardKind) -> list[tuple[Widget, bool]]:
    """All parts of a kind of board in the order a person arranged, and whether each is shown."""
    widgets = {widget.code: widget for widget in widgets_of(board) if _exists(widget)}
    usual = [Place(widget.code, board in widget.usual) for widget in widgets.values()]
    return [(widgets[place.code], place.is_shown) for place in arranged(usual, kept_places(viewer, board))]


def chosen(viewer: User, board: BoardKind) -> list[Widget]:
    """The parts a person wants to see on a kind of board, in their order."""
    return [widget for widget, is_shown in places_of(viewer, board) if is_shown]


def _exists(widget: Widget) -> bool:
    """Whether a part that is loaded by itself has its address."""
    if not widget.address:
        return True
    try:
        return bool(link(widget.address))
    except NoReverseMatch:
        return False


def _block(unit: Unit, widget: Widget) -> Block | None:
    if widget.is_own and unit.branch not in {None, unit.viewer.branch}:
        return None
    if widget.find is None:
        return Block(widget, url=link(widget.address, unit=unit.code))
    found = widget.find(unit)
    # Figures of the night are none before it.
    return None if found.get("tiles") == [] else Block(widget, found)


def _numbers(value: Any) -> Iterable[Number]:
    """Every number within rows and tiles, however deep."""
    if isinstance(value, Number):
        yield value
    elif isinstance(value, (list, tuple)):
        for one in value:
            yield from _numbers(one)
    elif is_dataclass(value):
        for name in value.__dataclass_fields__:
            yield from _numbers(getattr(value, name))
