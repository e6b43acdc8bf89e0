"""The figure a scheme holds against its bounds, as SQL over a position `p`, and for one customer."""

from collections.abc import Mapping
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.db import connection, transaction

from core.money import ZERO, yuan
from core.sql import statement
from tiers.enums import Measure
from tiers.rules import window_for

# (what date_trunc calls the period, the position's running sum at the end of the day before it)
MARKS = {Measure.ADB_MONTH.value: ("month", "month_mark"), Measure.ADB_QUARTER.value: ("quarter", "quarter_mark")}


def sql(name: str, **parts: str) -> str:
    """The text of tiers/sql/<name>.sql without its comments, {part} filled in."""
    lines = statement("tiers", name).splitlines()
    text = "\n".join(line for line in lines if not line.lstrip().startswith("--"))
    for part, value in parts.items():
        text = text.replace(f"{{{part}}}", value)
    return text


def value_sql(measure: str) -> str:
    """The measure of position `p` in yuan, two places, half up; parameters as in `value_params`.

    The ledger's marks save the look-up of the window's start, but only while they stand for the day's own period; the
    database decides that in the statement's snapshot, so an import at the same moment cannot mix two months.
    """
    if measure not in MARKS:
        return sql("total_at", at="%(day)s")
    period, mark = MARKS[measure]
    is_current = f"(SELECT date_trunc('{period}', max(\"on\"))::date FROM customers_fedday) = %(window_from)s"
    opening = sql("sum_at", at="%(day_before)s")
    closing = sql("sum_at", at="%(day)s")
    return f"round(({closing} - CASE WHEN {is_current} THEN p.{mark} ELSE {opening} END) / %(days)s, 2)"


def value_params(measure: str, day: date) -> dict[str, Any]:
    """Parameters of `value_sql`: the day, the first day of its window, the day before that, and the days in it."""
    window = window_for(measure, day)
    before = window.start - timedelta(days=1)
    return {"day": day, "window_from": window.start, "day_before": before, "days": window.days}


def rows(text: str, params: Mapping[str, Any]) -> list[tuple[Any, ...]]:
    """The rows of a set-based statement, planned without just-in-time compilation: that costs more than it saves."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL jit = off")
        cursor.execute(text, params)
        return list(cursor.fetchall())


def value_of(customer_id: int, measure: str, day: date) -> Decimal:
    """The measure of one customer on `day`, in yuan; zero for somebody without balances."""
    text = f"SELECT {value_sql(measure)} FROM customers_customerposition p WHERE p.customer_id = %(customer)s"
    found = rows(text, {**value_params(measure, day), "customer": customer_id})
    return yuan(found[0][0]) if found else ZERO
