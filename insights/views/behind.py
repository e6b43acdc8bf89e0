"""The list behind a kept figure: how it is narrowed to it, and what it comes to now for whoever asks."""

from collections.abc import Callable
from copy import copy
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.db.models import QuerySet, Sum
from django.http import HttpRequest, QueryDict
from django.urls import reverse

from core.money import ZERO
from core.pages import BadQuery, ListPage
from insights.enums import UnitKind
from insights.rules.figures import Place
from staff.access import scope_of
from staff.enums import Reach
from staff.models import Branch, User

Params = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Asked:
    """A figure of one unit (its key and kind in `place`), the ledger day, and who asks for it."""

    viewer: User
    place: Place
    unit: int
    day: date

    @property
    def is_latest(self) -> bool:
        """Whether it is of the day that lists of what is now are of."""
        return self.place.last == self.day

    def named(self, branch: str = "", person: str = "", area: str = "", *, bank: bool = False) -> Params | None:
        """What narrows a list to the unit, by the names it has for one; None where it has none."""
        kind = self.place.kind
        if kind == UnitKind.BANK:
            return {} if bank and scope_of(self.viewer).reach == Reach.BANK else None
        name = {UnitKind.BRANCH: branch, UnitKind.REGION: area, UnitKind.PERSON: person}.get(kind, "")
        if not name:
            return None
        of_people, of_units = User.objects.filter(pk=self.unit), Branch.objects.filter(pk=self.unit)
        is_person = kind == UnitKind.PERSON
        code = (of_people.values_list("staff_no") if is_person else of_units.values_list("code")).first()
        return {name: code[0]} if code else None


@dataclass(frozen=True, slots=True)
class Way:
    """A list: its address, its rows as an address of it asks for them, what narrows it to a figure (None = it cannot
    be), what its rows add up to ("" = how many there are), and the declaration that filters them (None = `rows` do)."""

    name: str
    rows: Callable[[HttpRequest], QuerySet[Any]]
    params: Callable[[Asked], Params | None]
    amount: str = ""
    page: ListPage | None = None


@dataclass(frozen=True, slots=True)
class Listed:
    """A list with what it comes to now."""

    url: str
    figure: Decimal


def listed(way: Way | None, request: HttpRequest, asked: Asked) -> Listed | None:
    """The list of a figure as it is now; None where there is none that could have its rows."""
    params = way.params(asked) if way else None
    if way is None or params is None:
        return None
    query = QueryDict(mutable=True)
    for name, value in params.items():
        query.setlist(name, [str(one) for one in (value if isinstance(value, tuple | list) else [value])])
    there = copy(request)
    there.GET = query
    rows = _rows(way, there)
    if rows is None:
        return None
    value = (rows.aggregate(sum=Sum(way.amount))["sum"] or ZERO) if way.amount else rows.count()
    return Listed(f"{reverse(way.name)}?{query.urlencode()}", Decimal(value))


def _rows(way: Way, request: HttpRequest) -> QuerySet[Any] | None:
    try:
        rows = way.rows(request)
        if way.page is None:
            return rows.order_by()
        chosen = way.page.select(request.GET, rows, amounts=True, request=request)
    except BadQuery:
        return None
    return chosen.queryset.order_by() if chosen.filterset.is_valid() else None
