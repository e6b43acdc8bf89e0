"""Lists: columns, filters, order, views, selections and keyset pages for pages, API and exports; how forms render."""

from core.pages.columns import Cell, Column
from core.pages.keyset import COUNT_CAP, PAGE_SIZE, BadQuery, Page, keyset_page
from core.pages.lists import ListFilter, Listing, ListPage, ListRow, Selection
from core.pages.numbered import numbered_page
from core.pages.parts import BulkAction
from core.pages.renderer import FormRenderer
from core.pages.saved import recall
from core.pages.selection import Chosen, ChosenRows, NothingSelected, TooManySelected, chosen_rows, read_selection
from core.pages.shown import Tab, Tile, count_tile, counted_tiles
from core.pages.state import (
    COLUMNS,
    CURSOR,
    NO_VIEW,
    ORDERING,
    SAVED,
    VIEW,
    State,
    holds_personal,
    read_state,
    write_state,
)

__all__ = [
    "COLUMNS",
    "COUNT_CAP",
    "CURSOR",
    "NO_VIEW",
    "ORDERING",
    "PAGE_SIZE",
    "SAVED",
    "VIEW",
    "BadQuery",
    "BulkAction",
    "Cell",
    "Chosen",
    "ChosenRows",
    "Column",
    "FormRenderer",
    "ListFilter",
    "ListPage",
    "ListRow",
    "Listing",
    "NothingSelected",
    "Page",
    "Selection",
    "State",
    "Tab",
    "Tile",
    "TooManySelected",
    "chosen_rows",
    "count_tile",
    "counted_tiles",
    "holds_personal",
    "keyset_page",
    "numbered_page",
    "read_selection",
    "read_state",
    "recall",
    "write_state",
]
