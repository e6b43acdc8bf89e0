"""Merges through every app, and what the database holds before and after."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from typing import Any

from django.db import connection, transaction
from hypothesis import HealthCheck, Phase, settings

from customers.models import Customer, Merge
from customers.services.merge_records import merge, unmerge
from customers.services.merge_requests import request_merge, request_undo
from depositcrm.merging import MOVERS
from staff.models import User
from tests import factories as make
from tests.factories import NOW

HOUR = timedelta(hours=1)
BEGIN = date(2026, 9, 20)
# What a merge is allowed to leave behind: that it was, what the append-only ledgers say of it, and that it wrote.
LEAVES = {
    *("core_trailentry", "core_job", "customers_merge", "customers_consent", "customers_customerversion"),
    "insights_positionwrite",
}
QUICK = settings(
    max_examples=25,
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    suppress_health_check=list(HealthCheck),
)


@contextmanager
def taken_back() -> Iterator[None]:
    """Whatever is written inside is gone after it."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def dump() -> dict[str, list[str]]:
    """Every row of every table, as text."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT tablename FROM pg_tables WHERE schemaname = current_schema() AND tablename !~ '_[0-9]{6}$'"
        )
        tables = {name for (name,) in cursor.fetchall()} - LEAVES
        found = {}
        for table in sorted(tables):
            cursor.execute(f'SELECT row_to_json(t)::text FROM "{table}" t ORDER BY 1')
            found[table] = [text for (text,) in cursor.fetchall()]
    return found


def do_merge(kept: Customer, dropped: Customer, *, actor: User | None = None, **fields: Any) -> Merge:
    """A merge through every app, done."""
    actor = actor or make.make_user(role="head_office", branch=make.make_head_office())
    asked = request_merge(
        kept=kept, dropped=dropped, choices=fields.pop("choices", {}), reason="同一客户", actor=actor, at=NOW, **fields
    )
    return merge(merge=asked, movers=MOVERS, at=NOW)


def do_undo(merged: Merge, *, after: timedelta = HOUR) -> Merge:
    """The merge, taken apart through every app."""
    asked = request_undo(merge=merged, actor=merged.requested_by, at=NOW + after)
    return unmerge(merge=asked, movers=MOVERS, at=NOW + after)
