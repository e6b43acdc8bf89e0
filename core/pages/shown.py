"""What components of a page are given: figures on top that lead to their rows, and tabs."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.http import HttpRequest, QueryDict
from django.utils.functional import Promise

from core.pages.lists import ListFilter


@dataclass(frozen=True, slots=True)
class Tile:
    """A figure as components/stat_tile.html shows it: a text or an amount in yuan, and the address of its rows."""

    label: str
    value: str = ""
    url: str = ""
    tone: str = ""
    icon: str = ""
    hint: str = ""
    money: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Tab:
    """A tab as components/tabs.html shows it: `url` is its fragment, `href` the page with it open."""

    key: str
    label: str
    url: str
    href: str
    active: bool
    count: int = 0


def count_tile(label: str | Promise, count: int, url: str, tone: str = "") -> Tile:
    """A count with the address of exactly those rows; its tone only while there are any."""
    return Tile(str(label), f"{count:,}", url, tone if count else "")


def counted_tiles(
    wanted: Iterable[tuple[str | Promise, str, str]],
    filterset: type[ListFilter],
    rows: Any,
    *,
    request: HttpRequest,
    url: str,
) -> Iterator[Tile]:
    """The counts on top of the list at `url`, by label, query and tone: each is the list's own filter, so that it
    equals the rows behind it."""
    for label, query, tone in wanted:
        count = filterset(QueryDict(query), rows, request=request).qs.count()
        yield count_tile(label, count, f"{url}?{query}", tone)
