"""Pages by number, for rows that are all known at once; lists of tables go by a key (core.pages.keyset)."""

import re
from collections.abc import Sequence
from typing import Any

from django.core.paginator import Page, Paginator
from django.db.models import QuerySet
from django.http import HttpRequest

from core.pages.keyset import BadQuery
from core.pages.parts import Pager

NUMBER = "page"


def numbered_page(
    request: HttpRequest, rows: Sequence[Any] | QuerySet[Any], size: int
) -> tuple[Page[Any], Pager | None]:
    """The page of `size` rows the address asks for, past the end the last one, and the ways to its neighbours: None
    where one page is all. Raises BadQuery for what is no number."""
    asked = request.GET.get(NUMBER, "1")
    if not re.fullmatch(r"[1-9][0-9]{0,3}", asked):
        raise BadQuery()
    page: Page[Any] = Paginator(rows, size).get_page(int(asked))
    if page.paginator.num_pages == 1:
        return page, None
    before = _address(request, page.number - 1) if page.has_previous() else ""
    after = _address(request, page.number + 1) if page.has_next() else ""
    return page, Pager(before, after, str(page.paginator.count), len(page.object_list))


def _address(request: HttpRequest, number: int) -> str:
    """This address at another page; the parts of a page never carry a number of their own."""
    params = request.GET.copy()
    params[NUMBER] = str(number)
    return f"{request.path}?{params.urlencode()}"
