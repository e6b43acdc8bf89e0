"""Lists: a declaration of columns, filters and order, and the context one page of it gives."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, ClassVar

import django_filters
from django import forms
from django.db.models import Model, QuerySet
from django.http import HttpRequest, QueryDict
from django.utils.translation import gettext as _
from django_filters.widgets import SuffixedMultiWidget

from core.pages.columns import NUMBER_KINDS, Cell, Column, Text
from core.pages.keyset import PAGE_SIZE, BadQuery, Page, keyset_page

CURSOR, ORDERING = "cursor", "ordering"


class ListFilter(django_filters.FilterSet):
    """Base of every list's filters. Names in `amount_filters` do not exist for people without amounts."""

    amount_filters: ClassVar[frozenset[str]] = frozenset()

    def __init__(
        self, data: Any = None, queryset: QuerySet[Any] | None = None, *, amounts: bool = False, **kwargs: Any
    ) -> None:
        super().__init__(data, queryset, **kwargs)
        for name in () if amounts else self.amount_filters:
            del self.filters[name]

    def parameters(self, name: str) -> set[str]:
        """The query parameters one filter reads."""
        widget = self.form.fields[name].widget
        if isinstance(widget, SuffixedMultiWidget):
            return {widget.suffixed(name, suffix) for suffix in widget.suffixes}
        return {name + suffix for suffix in getattr(widget, "widgets_names", [""])}


@dataclass(frozen=True, slots=True)
class Selection:
    """A list's rows after filters, with their order, before paging."""

    queryset: QuerySet[Any]
    order: tuple[str, ...]
    filterset: ListFilter


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
class ListRow:
    """A table row and the object behind it."""

    object: Any
    url: str
    tone: str
    cells: list[Cell]


@dataclass(frozen=True, slots=True)
class Listing:
    """Everything core/listing.html shows of one page of a list."""

    form: forms.Form
    columns: list[Heading]
    rows: list[ListRow]
    page: Pager
    chips: list[Chip]
    clear_url: str
    action: str
    spec: "ListPage"


@dataclass(frozen=True, slots=True)
class ListPage:
    """Declares a list once, for its page, its API and its export. `default_order` holds order paths, not column keys.

    Parameters that are neither filters nor ordering nor cursor nor in `also` are refused.
    """

    columns: tuple[Column, ...]
    default_order: tuple[str, ...]
    filterset: type[ListFilter] = ListFilter
    caption: Text = ""
    noun: Text = ""
    row_url: Callable[[Any], str] | None = None
    row_tone: Callable[[Any], str] | None = None
    empty_title: Text = ""
    empty_text: Text = ""
    also: frozenset[str] = field(default_factory=frozenset)
    size: int = PAGE_SIZE

    def visible_columns(self, *, amounts: bool) -> list[Column]:
        """Columns for a person with or without amounts."""
        return [column for column in self.columns if amounts or not column.amounts]

    def select(
        self, params: QueryDict, queryset: QuerySet[Any], *, amounts: bool, request: HttpRequest | None = None
    ) -> Selection:
        """Filter and order. Raises BadQuery for unknown or forbidden parameters; invalid values leave no rows."""
        filterset = self.filterset(params, queryset, amounts=amounts, request=request)
        known = {p for name in filterset.form.fields for p in filterset.parameters(name)}
        if set(params) - known - self.also - {ORDERING, CURSOR}:
            raise BadQuery()
        rows = filterset.qs if filterset.is_valid() else queryset.none()
        return Selection(rows, self._order(params.get(ORDERING, ""), amounts=amounts), filterset)

    def _order(self, text: str, *, amounts: bool) -> tuple[str, ...]:
        if not text:
            return self.default_order
        for column in self.visible_columns(amounts=amounts):
            if column.sort and column.key == text.removeprefix("-"):
                return column.order(descending=text.startswith("-"))
        raise BadQuery()

    def show(self, request: HttpRequest, queryset: QuerySet[Any], *, amounts: bool = False) -> Listing:
        """One page of the list as context for core/listing.html; raises BadQuery."""
        params = request.GET
        chosen = self.select(params, queryset, amounts=amounts, request=request)
        page = keyset_page(chosen.queryset, chosen.order, params.get(CURSOR, ""), size=self.size)
        columns = self.visible_columns(amounts=amounts)
        form = chosen.filterset.form
        form.fields[ORDERING] = forms.CharField(required=False, widget=forms.HiddenInput)
        chips = list(_chips(chosen.filterset, request))
        return Listing(
            form=form,
            columns=[self._heading(column, chosen.order, request) for column in columns],
            rows=[self._row(row, columns) for row in page.rows],
            page=_pager(page, request),
            chips=chips,
            clear_url=_address(request, drop=set(params) - self.also) if chips else "",
            action=request.path,
            spec=self,
        )

    def _row(self, row: Any, columns: Sequence[Column]) -> ListRow:
        url = self.row_url(row) if self.row_url else ""
        tone = self.row_tone(row) if self.row_tone else ""
        return ListRow(row, url, tone, [column.cell(row) for column in columns])

    def _heading(self, column: Column, order: tuple[str, ...], request: HttpRequest) -> Heading:
        align = "num" if column.kind in NUMBER_KINDS else ""
        if not column.sort:
            return Heading(column.key, column.label, align, "", "")
        is_up, is_down = order == column.order(descending=False), order == column.order(descending=True)
        # Figures are wanted largest first, words from the beginning.
        turn = is_up or (align == "num" and not is_down)
        url = _address(request, drop={CURSOR}, **{ORDERING: f"-{column.key}" if turn else column.key})
        return Heading(column.key, column.label, align, url, "asc" if is_up else "desc" if is_down else "")


def _pager(page: Page, request: HttpRequest) -> Pager:
    count = "" if page.count is None else f"{page.count:,}{'+' if page.count_is_capped else ''}"
    previous, following = (
        _address(request, drop=set(), **{CURSOR: cursor}) if cursor else "" for cursor in (page.previous, page.next)
    )
    return Pager(previous, following, count, len(page.rows))


def _address(request: HttpRequest, *, drop: set[str], **put: str) -> str:
    params = request.GET.copy()
    for name in drop:
        params.pop(name, None)
    for name, value in put.items():
        params[name] = value
    return f"{request.path}?{params.urlencode()}" if params else request.path


def _chips(filterset: ListFilter, request: HttpRequest) -> Iterator[Chip]:
    if not filterset.is_valid():
        return
    for name, value in filterset.form.cleaned_data.items():
        text = _shown(filterset.form.fields[name], value)
        if text:
            gone = _address(request, drop={*filterset.parameters(name), CURSOR})
            yield Chip(filterset.form.fields[name].label or name, text, gone)


def _shown(source: forms.Field, value: Any) -> str:
    """A filter's value in words; "" when it filters nothing."""
    if value is None or value == "":
        return ""
    if isinstance(value, bool):
        return _("Yes") if value else _("No")
    if isinstance(value, slice):
        ends = [_shown(source, end) for end in (value.start, value.stop)]
        return " – ".join(ends) if any(ends) else ""
    if isinstance(value, date):  # range fields make times of days
        return f"{value:%Y-%m-%d}"
    if isinstance(value, list | tuple | QuerySet):
        return ", ".join(_shown(source, one) for one in value)
    labels = {str(key): label for key, label in getattr(source, "choices", None) or () if not isinstance(label, list)}
    return str(labels.get(str(value), value)) if not isinstance(value, Model) else str(value)
