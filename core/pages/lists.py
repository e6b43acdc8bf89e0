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
from core.pages.keyset import PAGE_SIZE, BadQuery, keyset_page, value_at
from core.pages.parts import (
    Addresses,
    Bulk,
    BulkAction,
    Chip,
    ColumnChoice,
    Heading,
    Pager,
    bulk,
    choices,
    heading,
    pager,
)
from core.pages.state import (
    COLUMNS,
    CURSOR,
    NO_VIEW,
    ORDERING,
    SAVED,
    VIEW,
    chosen_keys,
    read_state,
    write_state,
)
from core.wording import listed


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
    """A list's rows after filters, with their order, before paging, and the columns asked for."""

    queryset: QuerySet[Any]
    order: tuple[str, ...]
    filterset: ListFilter
    columns: tuple[Column, ...]


@dataclass(frozen=True, slots=True)
class ListRow:
    """A table row and the object behind it; `number` is what a bulk action is sent."""

    object: Any
    url: str
    tone: str
    cells: list[Cell]
    number: str = ""


@dataclass(frozen=True, slots=True)
class Listing:
    """Everything core/listing.html shows of one page of a list.

    `state` is its query string without page marker: what a view keeps and an export repeats; `saved` the number of
    the view it was made from. `queryset` holds all rows of the filters.
    """

    form: forms.Form
    columns: list[Heading]
    rows: list[ListRow]
    page: Pager
    chips: list[Chip]
    clear_url: str
    action: str
    spec: "ListPage"
    choices: list[ColumnChoice]
    bulk: Bulk | None
    reset_url: str
    state: str
    saved: str
    queryset: QuerySet[Any]

    @property
    def carried(self) -> list[tuple[str, str]]:
        """Filters and order as the hidden fields of another form of the list."""
        params = QueryDict(read_state(self.state).query, mutable=True)
        if self.saved:
            params[SAVED] = self.saved
        return [(name, value) for name, values in params.lists() for value in values]


@dataclass(frozen=True, slots=True)
class ListPage:
    """Declares a list once, for its page, its API and its export. `default_order` holds order paths, not column keys.

    Parameters that are neither filters nor ordering nor cursor nor in `also` are refused. With a `list_key` people
    choose columns and keep views of it; with `bulk` they tick rows, each sent as the value at `row_key`.
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
    list_key: str = ""
    bulk: tuple[BulkAction, ...] = ()
    row_key: str = ""
    # Where rows are looked up by that number, when it is not a column of the listed table itself.
    row_path: str = ""

    def visible_columns(self, *, amounts: bool) -> list[Column]:
        """Columns a person with or without amounts may choose from, ready for one page of rows."""
        return [column.ready() for column in self.columns if amounts or not column.amounts]

    def chosen_columns(self, keys: Sequence[str], *, amounts: bool) -> list[Column]:
        """Those named, in that order, led by what stays; without names the default ones. Raises BadQuery."""
        offered = self.visible_columns(amounts=amounts)
        if not keys:
            return [column for column in offered if column.is_default or column.stays]
        by_key = {column.key: column for column in offered}
        if not by_key.keys() >= set(keys):
            raise BadQuery()
        left_out = [column for column in offered if column.stays and column.key not in keys]
        return left_out + [by_key[key] for key in dict.fromkeys(keys)]

    def parameters(
        self, queryset: QuerySet[Any], *, amounts: bool, request: HttpRequest | None = None
    ) -> frozenset[str]:
        """The query parameters of the filters a person may use."""
        return _parameters(self.filterset(QueryDict(), queryset, amounts=amounts, request=request))

    def select(
        self, params: QueryDict, queryset: QuerySet[Any], *, amounts: bool, request: HttpRequest | None = None
    ) -> Selection:
        """Filter and order. Raises BadQuery for unknown or forbidden parameters; invalid values leave no rows."""
        filterset = self.filterset(params, queryset, amounts=amounts, request=request)
        own = {ORDERING, CURSOR} | ({COLUMNS, SAVED, VIEW} if self.list_key else set())
        if set(params) - _parameters(filterset) - self.also - own or not _names_views(params):
            raise BadQuery()
        columns = self.chosen_columns(chosen_keys(params), amounts=amounts)
        rows = filterset.qs if filterset.is_valid() else queryset.none()
        return Selection(rows, self.order(params.get(ORDERING, ""), amounts=amounts), filterset, tuple(columns))

    def order(self, text: str, *, amounts: bool) -> tuple[str, ...]:
        """The order paths of an ?ordering=, the default ones for "". Raises BadQuery."""
        if not text:
            return self.default_order
        for column in self.columns:
            if column.sort and column.key == text.removeprefix("-") and (amounts or not column.amounts):
                return column.order(descending=text.startswith("-"))
        raise BadQuery()

    def show(self, request: HttpRequest, queryset: QuerySet[Any], *, amounts: bool = False) -> Listing:
        """One page of the list as context for core/listing.html; raises BadQuery."""
        params = request.GET
        chosen = self.select(params, queryset, amounts=amounts, request=request)
        page = keyset_page(chosen.queryset, chosen.order, params.get(CURSOR, ""), size=self.size)
        addresses = Addresses.of(request, keeps_views=bool(self.list_key))
        chips = list(_chips(chosen.filterset, addresses))
        offered = self.visible_columns(amounts=amounts) if self.list_key else []
        return Listing(
            form=self._form(chosen, params),
            columns=[heading(column, chosen.order, addresses, align=_align(column)) for column in chosen.columns],
            rows=[self.row(row, chosen.columns) for row in page.rows],
            page=pager(page, addresses),
            chips=chips,
            clear_url=addresses.to(drop=set(params) - self.also) if chips else "",
            action=request.path,
            spec=self,
            choices=choices(chosen.columns, offered) if offered else [],
            bulk=bulk(self.bulk, request, self.list_key) if page.rows else None,
            reset_url=addresses.to(drop=[COLUMNS, CURSOR]),
            state=write_state(read_state(params.urlencode())),
            saved=params.get(SAVED, ""),
            queryset=chosen.queryset,
        )

    def _form(self, chosen: Selection, params: QueryDict) -> forms.Form:
        """The filters' form, which carries the rest of the list's state along."""
        form: forms.Form = chosen.filterset.form
        keys = chosen_keys(params) if self.list_key else ()
        kept = {ORDERING: params.get(ORDERING, ""), COLUMNS: ",".join(keys), SAVED: params.get(SAVED, "")}
        for name, value in kept.items():
            if value:
                form.fields[name] = forms.CharField(required=False, widget=forms.HiddenInput, initial=value)
        if len(params.getlist(COLUMNS)) > 1:  # ticked one by one: said in one word from now on
            form.data = params.copy()
            form.data[COLUMNS] = kept[COLUMNS]
        return form

    def row(self, row: Any, columns: Sequence[Column]) -> ListRow:
        """One row as a table shows it."""
        url = self.row_url(row) if self.row_url else ""
        tone = self.row_tone(row) if self.row_tone else ""
        number = str(value_at(row, self.row_key)) if self.row_key else ""
        return ListRow(row, url, tone, [column.cell(row) for column in columns], number)


def _parameters(filterset: ListFilter) -> frozenset[str]:
    return frozenset(p for name in filterset.form.fields for p in filterset.parameters(name))


def _names_views(params: QueryDict) -> bool:
    view, saved = params.get(VIEW, ""), params.get(SAVED, "")
    return (view in {"", NO_VIEW} or view.isdecimal()) and (not saved or saved.isdecimal())


def _align(column: Column) -> str:
    return "num" if column.kind in NUMBER_KINDS else ""


def _chips(filterset: ListFilter, addresses: Addresses) -> Iterator[Chip]:
    if not filterset.is_valid():
        return
    for name, value in filterset.form.cleaned_data.items():
        text = _shown(filterset.form.fields[name], value)
        if text:
            gone = addresses.to(drop={*filterset.parameters(name), CURSOR})
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
        return listed(_shown(source, one) for one in value)
    if isinstance(value, Model):
        return str(value)  # its choices would be a query
    labels = {str(key): label for key, label in getattr(source, "choices", None) or () if not isinstance(label, list)}
    return str(labels.get(str(value), value))
