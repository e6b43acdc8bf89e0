"""What is taken of a list: its declaration read again, outside a page, with the same filters, columns and scope."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from django import forms
from django.db.models import F, QuerySet
from django.http import HttpRequest, QueryDict
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from core.pages import COLUMNS, BadQuery, Cell, Column, ListPage
from core.pages.keyset import value_at

CHUNK = 2_000
QUERY_MAX = 1_000


@dataclass(frozen=True, slots=True)
class AskedRows:
    """The rows an address asks for beside its filters (of a unit, of two months), and in words which those are."""

    rows: QuerySet[Any]
    words: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class ListSource:
    """A list that can be taken as a file: its name in the table of exports, its declaration, and its rows.

    `rows` gives what a person may see at the moment it is called; `roles` may open the list at all. `number` is what
    rows are called outside: it is chosen by, and leads every file, as names alone tell nobody apart. `unlinked` names
    the paths of columns whose cells on the page are links: making an address for each row takes a quarter of the time.
    `asked` reads the rest of the address where rows depend on more than filters; it raises BadQuery for nonsense.
    """

    key: str
    page: ListPage
    rows: Callable[[Any], QuerySet[Any]]
    roles: tuple[str, ...]
    number: Column
    unlinked: Mapping[str, str] = field(default_factory=dict)
    asked: Callable[[HttpRequest], AskedRows] | None = None

    def asked_rows(self, request: HttpRequest) -> AskedRows:
        """The rows in sight of whoever asks, as far as the address asks for them."""
        return self.asked(request) if self.asked else AskedRows(self.rows(request.user))

    def plain(self, column: Column) -> Column:
        """The column as a file has it."""
        path = self.unlinked.get(column.key)
        return replace(column, value=path, per_page=None) if path else column


@dataclass(frozen=True, slots=True)
class Cut:
    """A list as it is taken: rows with their order, columns, and the active filters in words."""

    rows: QuerySet[Any]
    order: tuple[str, ...]
    columns: tuple[Column, ...]
    filters: tuple[tuple[str, str], ...]

    def count(self, limit: int) -> int:
        """How many rows there are; counting stops behind `limit`."""
        return self.rows.order_by().values("pk")[: limit + 1].count()


class ExportForm(forms.Form):
    """What is asked of whoever takes a file."""

    file_format = forms.ChoiceField(
        label=_("Format"), choices=[("xlsx", _("Excel workbook (.xlsx)")), ("csv", _("Text table (.csv)"))]
    )
    reason = forms.CharField(
        label=_("Reason"),
        min_length=4,
        max_length=300,
        widget=forms.Textarea({"rows": 2}),
        help_text=_("What the file is for. It stands in the file and on the trail."),
    )


def cut_list(
    source: ListSource,
    *,
    user: Any,
    amounts: bool,
    query: str,
    columns: Sequence[str] = (),
    numbers: Sequence[str] = (),
) -> Cut:
    """The list as this person would see it now: by filters and order of `query`, or the rows of `numbers`.

    Columns they may not see are left out; without any named it is those shown by default. Raises BadQuery for filters
    they may not use or that make no sense.
    """
    if len(query) > QUERY_MAX or (numbers and not source.page.row_key):
        raise BadQuery()
    offered = {column.key for column in source.page.visible_columns(amounts=amounts)}
    request = HttpRequest()
    request.method, request.user = "GET", user
    params = QueryDict(query, mutable=True)
    named = [key for key in columns if key in offered]
    if named:
        params[COLUMNS] = ",".join(named)
    request.GET = params  # type: ignore[assignment]  # what the address would say
    asked = source.asked_rows(request)
    rows = asked.rows
    if numbers:
        rows = rows.filter(**{f"{source.page.row_path or source.number.key}__in": list(numbers)})
    chosen = source.page.select(params, rows, amounts=amounts, request=request)
    if not chosen.filterset.is_valid():
        raise BadQuery()
    lead = [] if source.number.key in {column.key for column in chosen.columns} else [source.number]
    # The page of no rows has the filters in words.
    chips = source.page.show(request, rows.none(), amounts=amounts).chips
    filters = [*asked.words, *_ticked(numbers), *[(str(chip.label), chip.value) for chip in chips]]
    taken = [source.plain(column) for column in chosen.columns]
    return Cut(chosen.queryset, chosen.order, (*lead, *taken), tuple(filters))


def _ticked(numbers: Sequence[str]) -> list[tuple[str, str]]:
    words = ngettext("%(count)d row", "%(count)d rows", len(numbers)) % {"count": len(numbers)}
    return [(str(_("Ticked one by one")), words)] if numbers else []


def keys_of(cut: Cut, limit: int) -> list[Any]:
    """The rows' keys in the list's order, at most `limit` + 1: one statement, so that no row comes twice."""
    terms = [_term(path) for path in cut.order]
    return list(cut.rows.order_by(*terms, "pk").values_list("pk", flat=True)[: limit + 1])


def _term(path: str) -> Any:
    # As pages do it: rows without a value come last in either direction.
    name = F(path.removeprefix("-"))
    return name.desc(nulls_last=True) if path.startswith("-") else name.asc(nulls_last=True)


def row_chunks(cut: Cut, keys: Sequence[Any]) -> Iterator[list[list[Cell]]]:
    """The cells of these rows, 2,000 rows at a time; rows that left the person's sight in between are left out."""
    for start in range(0, len(keys), CHUNK):
        part = keys[start : start + CHUNK]
        rows = {value_at(row, "pk"): row for row in cut.rows.order_by().filter(pk__in=part)}
        yield [[column.cell(rows[key]) for column in cut.columns] for key in part if key in rows]
