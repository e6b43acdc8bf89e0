"""What stands around a list's rows: headings, chips, pager, column chooser, bulk actions."""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Self

from django.http import HttpRequest, QueryDict
from django.urls import NoReverseMatch, reverse

from core.pages.columns import Column, Text
from core.pages.keyset import Page
from core.pages.state import CURSOR, NO_VIEW, ORDERING, VIEW, read_state, write_state


@dataclass(frozen=True, slots=True)
class Heading:
    """A column's head; `sort` is "asc", "desc" or ""."""

    key: str
    label: Text
    align: str
    sort_url: str
    sort: str


@dataclass(frozen=True, slots=True)
class Chip:
    """An active filter and the address without it."""

    label: Text
    value: str
    remove_url: str


@dataclass(frozen=True, slots=True)
class Pager:
    """What components/pagination.html shows; `count` is ready to read ("10,000+")."""

    prev_url: str
    next_url: str
    count: str
    shown: int
    count_is_estimate: bool = False


@dataclass(frozen=True, slots=True)
class ColumnChoice:
    """A column as the chooser offers it; one that `stays` cannot be taken away."""

    key: str
    label: Text
    is_shown: bool
    stays: bool


@dataclass(frozen=True, slots=True)
class BulkAction:
    """Something that can be done with several rows: the page that asks how, for these roles.

    The page is sent a choice that core.pages.read_selection understands. An address that does not exist is no action.
    """

    label: Text
    url_name: str
    icon: str
    roles: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class BulkButton:
    """A bulk action as the person looking may use it."""

    label: Text
    url: str
    icon: str


@dataclass(frozen=True, slots=True)
class Bulk:
    """The bar under a list whose rows can be ticked.

    `matching` is the query string for all rows of the filters; `memory` the name under which the browser remembers
    ticked numbers from page to page: another one for each person, list and filters.
    """

    buttons: list[BulkButton]
    matching: str
    memory: str


@dataclass(frozen=True, slots=True)
class Addresses:
    """Addresses of the same list in another state. With `keeps_views` an empty state says that no view is meant."""

    path: str
    params: QueryDict
    keeps_views: bool

    @classmethod
    def of(cls, request: HttpRequest, *, keeps_views: bool) -> Self:
        """Those of the list this request asks for."""
        return cls(request.path, request.GET, keeps_views)

    def to(self, *, drop: Iterable[str] = (), **put: str) -> str:
        """The address without some parameters and with others."""
        params = self.params.copy()
        for name in (*drop, VIEW):
            params.pop(name, None)
        for name, value in put.items():
            params[name] = value
        if not params and self.keeps_views:
            params[VIEW] = NO_VIEW
        return f"{self.path}?{params.urlencode(safe=',')}" if params else self.path


def heading(column: Column, order: tuple[str, ...], addresses: Addresses, *, align: str) -> Heading:
    """The head of a column, which leads to the list sorted by it."""
    if not column.sort:
        return Heading(column.key, column.label, align, "", "")
    is_up, is_down = order == column.order(descending=False), order == column.order(descending=True)
    # Figures are wanted largest first, words from the beginning.
    turn = is_up or (align == "num" and not is_down)
    url = addresses.to(drop=[CURSOR], **{ORDERING: f"-{column.key}" if turn else column.key})
    return Heading(column.key, column.label, align, url, "asc" if is_up else "desc" if is_down else "")


def pager(page: Page, addresses: Addresses) -> Pager:
    """Links to the neighbours of a page, and how many rows there are."""
    count = "" if page.count is None else f"{page.count:,}{'+' if page.count_is_capped else ''}"
    previous, following = (addresses.to(**{CURSOR: cursor}) if cursor else "" for cursor in (page.previous, page.next))
    return Pager(previous, following, count, len(page.rows))


def choices(shown: Sequence[Column], offered: Sequence[Column]) -> list[ColumnChoice]:
    """The chooser's rows: what is shown in its order, then the others as they are declared."""
    keys = {column.key for column in shown}
    rest = [column for column in offered if column.key not in keys]
    return [ColumnChoice(column.key, column.label, column.key in keys, column.stays) for column in (*shown, *rest)]


def bulk(actions: Sequence[BulkAction], request: HttpRequest, list_key: str) -> Bulk | None:
    """The bar of those actions the person may use; None where there is none."""
    user = getattr(request, "user", None)
    buttons = [
        BulkButton(action.label, url, action.icon)
        for action in actions
        if getattr(user, "role", None) in action.roles and (url := _address_of(action.url_name))
    ]
    if not buttons:
        return None
    state = read_state(request.GET.urlencode())
    rows = QueryDict(state.query, mutable=True)
    rows.pop(ORDERING, None)
    whose = f"{getattr(user, 'pk', '')}|{list_key}|{request.path}|{rows.urlencode()}"
    return Bulk(buttons, write_state(state), hashlib.sha256(whose.encode()).hexdigest()[:20])


def _address_of(url_name: str) -> str:
    try:
        return reverse(url_name)
    except NoReverseMatch:
        return ""
