"""Keyset pages: constant cost however deep, by several columns, with missing values last."""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import FieldDoesNotExist, ObjectDoesNotExist
from django.db.models import F, Model, Q, QuerySet
from django.db.models.expressions import Col
from django.utils.translation import gettext_lazy as _

from core import crypto
from core.errors import DomainError

PAGE_SIZE = 50
COUNT_CAP = 10_000


class BadQuery(DomainError):
    """An unknown or forbidden filter, order or page marker; answered with 400, the same for both."""

    code = "bad_query"
    message = _("This list cannot be filtered, sorted or paged like that.")


@dataclass(frozen=True, slots=True)
class Page:
    """One page of rows; `next` and `previous` are cursors ("" = there is none), `count` stops at COUNT_CAP."""

    rows: list[Any]
    next: str
    previous: str
    count: int | None
    count_is_capped: bool


@dataclass(frozen=True, slots=True)
class Term:
    """One column of an order. Rows without a value come last in either direction."""

    path: str
    is_descending: bool
    is_nullable: bool

    def ordered(self, *, backward: bool) -> Any:
        """The term for order_by; plain where nothing can be null, so that an index serves it both ways."""
        down = self.is_descending != backward
        if not self.is_nullable:
            return F(self.path).desc() if down else F(self.path).asc()
        nulls = {"nulls_first": True} if backward else {"nulls_last": True}
        return F(self.path).desc(**nulls) if down else F(self.path).asc(**nulls)

    def beyond(self, value: Any, *, backward: bool) -> Q:
        """Rows strictly after `value` (before it when backward) by this term alone."""
        if value is None:
            return Q(**{f"{self.path}__isnull": False}) if backward else Q(pk__in=[])
        further = Q(**{f"{self.path}__{'lt' if self.is_descending != backward else 'gt'}": value})
        return further | Q(**{f"{self.path}__isnull": True}) if self.is_nullable and not backward else further

    def equal(self, value: Any) -> Q:
        """Rows with the same value by this term."""
        return Q(**{f"{self.path}__isnull": True}) if value is None else Q(**{self.path: value})


def keyset_page(
    queryset: QuerySet[Any], order: Sequence[str], cursor: str = "", *, size: int = PAGE_SIZE, count: bool = True
) -> Page:
    """The page of `queryset` at `cursor` ("" = the first) by `order` ("-balance", "name"; the key joins as the last).

    Raises BadQuery for a cursor that was not made for this model and order.
    """
    terms = _terms(queryset, order)
    binding = f"{queryset.model._meta.label}:{','.join(order)}"
    backward, values = _read_cursor(cursor, binding, len(terms)) if cursor else (False, None)
    found = queryset.order_by(*[term.ordered(backward=backward) for term in terms])
    if values is not None:
        found = found.filter(_beyond(terms, values, backward=backward))
    rows = list(found[: size + 1])
    has_more, rows = len(rows) > size, rows[:size]
    if backward:
        rows.reverse()
    has_next, has_previous = (bool(rows), has_more) if backward else (has_more, bool(rows) and values is not None)
    total = queryset.order_by().values("pk")[: COUNT_CAP + 1].count() if count else None
    return Page(
        rows=rows,
        next=_write_cursor(terms, rows[-1], binding, backward=False) if has_next else "",
        previous=_write_cursor(terms, rows[0], binding, backward=True) if has_previous else "",
        count=None if total is None else min(total, COUNT_CAP),
        count_is_capped=total is not None and total > COUNT_CAP,
    )


def _terms(queryset: QuerySet[Any], order: Sequence[str]) -> list[Term]:
    names = [*order] if order and order[-1].lstrip("-") in {"pk", "id"} else [*order, "pk"]
    return [Term(name.lstrip("-"), name.startswith("-"), _is_nullable(queryset, name.lstrip("-"))) for name in names]


def _is_nullable(queryset: QuerySet[Any], path: str) -> bool:
    if path == "pk":
        return False
    named = queryset.query.annotations.get(path)
    if isinstance(named, Col):  # a column by another name keeps its index
        return bool(named.target.null)
    model: type[Model] | None = queryset.model
    for part in path.split("__"):
        try:
            found = model._meta.get_field(part) if model else None
        except FieldDoesNotExist:
            return True  # an annotation
        # The other end of a one-to-one may be missing.
        if found is None or getattr(found, "null", True) or (found.auto_created and not found.concrete):
            return True
        model = found.related_model if found.is_relation else None
    return False


def _beyond(terms: Sequence[Term], values: Sequence[Any], *, backward: bool) -> Q:
    reached = Q(pk__in=[])
    for term, value in reversed(list(zip(terms, values, strict=True))):
        reached = term.beyond(value, backward=backward) | (term.equal(value) & reached)
    first = terms[0]
    if first.is_nullable or values[0] is None:
        return reached
    # Implied by the rest, but only this form lets an index begin at the right place.
    bound = "lte" if first.is_descending != backward else "gte"
    return Q(**{f"{first.path}__{bound}": values[0]}) & reached


def _write_cursor(terms: Sequence[Term], row: Any, binding: str, *, backward: bool) -> str:
    values = [value_at(row, term.path) for term in terms]
    plain = [v if v is None or isinstance(v, str | int | float | bool) else str(v) for v in values]
    # Sealed, not only signed: it stands in addresses and logs, and holds names and balances.
    blob = crypto.seal("core.pages.cursor", binding, json.dumps([int(backward), plain]))
    return urlsafe_b64encode(blob).decode().rstrip("=")


def _read_cursor(cursor: str, binding: str, width: int) -> tuple[bool, list[Any]]:
    try:
        blob = urlsafe_b64decode(cursor.encode("ascii") + b"=" * (-len(cursor) % 4))
        backward, values = json.loads(crypto.unseal("core.pages.cursor", binding, blob))
    except (ValueError, crypto.CryptoError):
        raise BadQuery() from None
    if len(values) != width:
        raise BadQuery()
    return bool(backward), values


def value_at(row: Any, path: str) -> Any:
    """The value of a row (model instance or mapping) at "manager__name"; None where a relation is missing."""
    if isinstance(row, Mapping):
        return row[path]
    for part in path.split("__"):
        try:
            row = getattr(row, part)
        except ObjectDoesNotExist:
            return None
        if row is None:
            return None
    return row
