"""Which rows of a list an action is for: numbers ticked one by one, or everything that matches the filters."""

from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest, QueryDict
from django.utils.translation import gettext_lazy as _

from core.pages.keyset import BadQuery
from core.pages.lists import ListPage

SELECTED, MATCHING = "selected", "matching"
NUMBERS_MAX = 1_000
NUMBER_LENGTH_MAX = 64
QUERY_LENGTH_MAX = 1_000


class NothingSelected(BadQuery):
    """An action was asked for without any row to do it on."""

    code = "nothing_selected"
    message = _("Nothing is selected. Go back and tick the rows this is for.")


class TooManySelected(BadQuery):
    """More rows were ticked one by one than one request carries."""

    code = "too_many_selected"
    message = _("More than %(limit)s rows are ticked. Narrow the list with filters and select all that match.")


@dataclass(frozen=True, slots=True)
class Chosen:
    """The choice as it was sent: `numbers` in the order ticked, or, when there are none, all rows of `query`."""

    numbers: tuple[str, ...]
    query: str

    @property
    def is_query(self) -> bool:
        """Whether the filters choose; an empty `query` is then the whole list."""
        return not self.numbers


@dataclass(frozen=True, slots=True)
class ChosenRows:
    """What a choice comes to for the person asking: rows in their scope, and numbers they sent but may not see."""

    rows: QuerySet[Any]
    missing: tuple[str, ...]


def read_selection(post: QueryDict) -> Chosen:
    """The choice of a list's bulk form: `matching` (a query string) where it is sent, else each `selected`.

    Raises NothingSelected when neither is there, TooManySelected above 1,000 numbers, BadQuery for nonsense.
    """
    if MATCHING in post:
        query = str(post[MATCHING]).removeprefix("?")
        if len(query) > QUERY_LENGTH_MAX or "\x00" in query:
            raise BadQuery()
        return Chosen((), query)
    numbers = tuple(dict.fromkeys(number for number in post.getlist(SELECTED) if number))
    if not numbers:
        raise NothingSelected()
    if len(numbers) > NUMBERS_MAX:
        raise TooManySelected(limit=f"{NUMBERS_MAX:,}")
    if any(len(number) > NUMBER_LENGTH_MAX or "\x00" in number for number in numbers):
        raise BadQuery()
    return Chosen(numbers, "")


def chosen_rows(
    page: ListPage,
    chosen: Chosen,
    queryset: QuerySet[Any],
    *,
    key: str,
    amounts: bool,
    request: HttpRequest | None = None,
) -> ChosenRows:
    """The chosen rows of `queryset`, which must already be cut to the person's scope. `key` is the number's path.

    A number outside the scope and one that does not exist are the same: `missing`, for the caller to report.
    Raises BadQuery for filters the person may not use, and for values that filter nothing.
    """
    if chosen.is_query:
        found = page.select(QueryDict(chosen.query), queryset, amounts=amounts, request=request)
        if not found.filterset.is_valid():
            raise BadQuery()
        return ChosenRows(found.queryset, ())
    rows = queryset.filter(**{f"{key}__in": chosen.numbers})
    seen = set(rows.order_by().values_list(key, flat=True))
    return ChosenRows(rows, tuple(number for number in chosen.numbers if number not in seen))
