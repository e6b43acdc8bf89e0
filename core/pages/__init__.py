"""Lists: columns, filters, order and keyset pages, one mechanism for pages, the API and exports; the form renderer."""

from core.pages.columns import Cell, Column
from core.pages.keyset import COUNT_CAP, PAGE_SIZE, BadQuery, Page, keyset_page
from core.pages.lists import CURSOR, ORDERING, ListFilter, Listing, ListPage, ListRow, Selection
from core.pages.renderer import FormRenderer

__all__ = [
    "COUNT_CAP",
    "CURSOR",
    "ORDERING",
    "PAGE_SIZE",
    "BadQuery",
    "Cell",
    "Column",
    "FormRenderer",
    "ListFilter",
    "ListPage",
    "ListRow",
    "Listing",
    "Page",
    "Selection",
    "keyset_page",
]
