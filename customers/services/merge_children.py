"""Moving the rows of one customer to another and back: any table of any app, with its unique constraints.

Each app declares its tables with a key to Customer as children of its mover; `depositcrm.merging` lists the movers.
"""

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

from django.db import connection, models
from django.db.models import Exists, OuterRef, Q

from customers.models import Merge
from customers.services.staging import run


class How(StrEnum):
    """What a merge does with a table's rows of the dropped customer."""

    MOVED = "moved"  # they become the kept customer's
    PARKED = "parked"  # they go, and come back with an undo: findings the night makes anew
    HISTORY = "history"  # they stay with the dropped record: what was decided about it, on its day
    REBUILT = "rebuilt"  # worked out anew for the kept customer


@dataclass(frozen=True, slots=True)
class Child:
    """A table's key to Customer and what becomes of its rows.

    Of MOVED ones, a row the kept customer has its like of already (by a unique constraint) is parked; with
    `is_record` it stays with the dropped customer instead, because such a row may never go.
    """

    model: type[models.Model]
    how: How = How.MOVED
    field: str = "customer"
    is_record: bool = False

    @property
    def key(self) -> str:
        """The name its rows go by in what was moved."""
        table = self.model._meta.db_table
        return table if self.field == "customer" else f"{table}.{self.field}"

    def rows(self, customer_id: int) -> models.QuerySet[Any]:
        """All rows of a customer."""
        return self.model._base_manager.filter(**{self.field: customer_id})


@dataclass(frozen=True, slots=True)
class Pieces:
    """What a mover did: keys that changed customer, and rows that went (as JSON texts), by table."""

    moved: dict[str, list[int]] = field(default_factory=dict)
    parked: dict[str, list[str]] = field(default_factory=dict)

    def add(self, other: "Pieces") -> None:
        """Take what another did with further tables."""
        self.moved.update(other.moved)
        self.parked.update(other.parked)


def nothing(merge: Merge, pieces: Pieces, at: datetime) -> None:
    """What a mover does besides its children when there is nothing to do."""


@dataclass(frozen=True, slots=True)
class Mover:
    """An app's part of a merge: its children, and what else is to be done after they moved, and after they are back.

    `settle` and `unsettle` get the merge, the mover's pieces (to add to, or to read) and the time.
    """

    name: str
    children: tuple[Child, ...]
    settle: Callable[[Merge, Pieces, datetime], None] = nothing
    unsettle: Callable[[Merge, Pieces, datetime], None] = nothing


def move(mover: Mover, *, merge: Merge, at: datetime) -> Pieces:
    """Give the kept customer the dropped one's rows; call inside the merge's transaction."""
    pieces = Pieces()
    for child in mover.children:
        if child.how == How.MOVED:
            pieces.add(_move_rows(child, merge.dropped_id, merge.kept_id))
        elif child.how == How.PARKED:
            pieces.add(Pieces(parked={child.key: park(child.rows(merge.dropped_id))}))
    mover.settle(merge, pieces, at)
    return Pieces({k: v for k, v in pieces.moved.items() if v}, {k: v for k, v in pieces.parked.items() if v})


def move_back(mover: Mover, *, merge: Merge, pieces: Pieces, at: datetime) -> None:
    """Give the dropped customer its rows back, as far as they still are the kept one's."""
    for child in mover.children:
        if child.how == How.MOVED:
            there = child.rows(merge.kept_id).filter(pk__in=pieces.moved.get(child.key, []))
            taken = _colliding(child, there, merge.dropped_id)
            there.exclude(pk__in=taken).update(**{child.field: merge.dropped_id})
        if child.how in {How.MOVED, How.PARKED}:
            unpark(child.model, pieces.parked.get(child.key, []))
    mover.unsettle(merge, pieces, at)


def _move_rows(child: Child, from_id: int, to_id: int) -> Pieces:
    rows = child.rows(from_id)
    twice = _colliding(child, rows, to_id)
    parked = [] if child.is_record else park(rows.filter(pk__in=twice))
    moving = list(rows.exclude(pk__in=twice).order_by("pk").values_list("pk", flat=True))
    rows.filter(pk__in=moving).update(**{child.field: to_id})
    return Pieces({child.key: moving}, {child.key: parked})


def _colliding(child: Child, rows: models.QuerySet[Any], to_id: int) -> list[int]:
    """Keys of the rows that a unique constraint would not let become another customer's."""
    theirs, found = child.rows(to_id), set[int]()
    for others, condition in _unique_sets(child):
        same = theirs.filter(condition, **{name: OuterRef(name) for name in others})
        found.update(rows.filter(condition).filter(Exists(same)).values_list("pk", flat=True))
    return sorted(found)


def _unique_sets(child: Child) -> Iterable[tuple[list[str], Q]]:
    meta = child.model._meta
    if getattr(meta.get_field(child.field), "unique", False):
        yield [], Q()
    for constraint in meta.constraints:
        if isinstance(constraint, models.UniqueConstraint) and child.field in constraint.fields:
            yield [name for name in constraint.fields if name != child.field], constraint.condition or Q()


def as_texts(rows: models.QuerySet[Any]) -> list[str]:
    """The rows as JSON texts, from which `unpark` makes exactly the same rows again."""
    table = rows.model._meta.db_table
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT to_jsonb(t)::text FROM {table} t WHERE {_key(rows.model)} = ANY(%s) ORDER BY 1",
            [list(rows.values_list("pk", flat=True))],
        )
        return [text for (text,) in cursor.fetchall()]


def park(rows: models.QuerySet[Any]) -> list[str]:
    """Take rows out; the texts bring them back."""
    texts = as_texts(rows)
    if not texts:
        return []
    table, key = rows.model._meta.db_table, _key(rows.model)
    run(f"DELETE FROM {table} WHERE {key} = ANY(%(keys)s)", {"keys": [read_row(text)[key] for text in texts]})
    return texts


def unpark(model: type[models.Model], texts: Iterable[str]) -> None:
    """Put rows back that `park` took out; one whose place was taken meanwhile stays away.

    Columns that came into the table since then get their defaults.
    """
    known = {column.column for column in model._meta.concrete_fields}
    for text in texts:
        row = read_row(text)
        names = ", ".join(f'"{name}"' for name in row if name in known)
        table = model._meta.db_table
        run(
            f"INSERT INTO {table} ({names})"
            f" SELECT {names} FROM jsonb_populate_record(NULL::{table}, %(row)s::jsonb) ON CONFLICT DO NOTHING",
            {"row": text},
        )


def read_row(text: str) -> dict[str, Any]:
    """The columns of a row's text, amounts exactly; nothing for ""."""
    row: dict[str, Any] = json.loads(text or "{}", parse_float=Decimal)
    return row


def _key(model: type[models.Model]) -> str:
    column = model._meta.pk.column if model._meta.pk else None
    return str(column)
