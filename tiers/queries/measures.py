"""The figure a scheme holds against its bounds, as SQL over a position `p`, and for one customer."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.db import connection, transaction
from django.db.models import DecimalField
from django.db.models.expressions import RawSQL

from core.money import ZERO, yuan
from core.sql import statement
from tiers.enums import Measure
from tiers.rules import Basis

# (what date_trunc calls the period, the position's running sum at the end of the day before it)
MARKS = {Measure.ADB_MONTH.value: ("month", "month_mark"), Measure.ADB_QUARTER.value: ("quarter", "quarter_mark")}
PARAMETER = re.compile(r"%\((\w+)\)s")
CHUNK = "a.customer_id BETWEEN %(low)s AND %(high)s"


@dataclass(frozen=True, slots=True)
class Measured:
    """A basis on a day as SQL: `value` in yuan (two places, half up) over position `p`, `pick` = which figure of the
    basis gave it (from 1), `counted` joins the two need after p (may be ""), and the parameters of all three."""

    value: str
    pick: str
    counted: str
    params: dict[str, Any]


def sql(name: str, **parts: str) -> str:
    """The text of tiers/sql/<name>.sql without its comments, {part} filled in."""
    lines = statement("tiers", name).splitlines()
    text = "\n".join(line for line in lines if not line.lstrip().startswith("--"))
    for part, value in parts.items():
        text = text.replace(f"{{{part}}}", value)
    return text


def measured(basis: Basis, day: date, within: str = CHUNK) -> Measured:
    """The basis on `day`; `within`, a condition on a.customer_id, says whose accounts are read when they matter."""
    params: dict[str, Any] = {"day": day, "counted": list(basis.counted)}
    params["figures"] = [str(figure) for figure in basis.figures]
    params["starts"] = [basis.window(figure, day).start for figure in basis.figures]
    for figure in basis.figures:
        window = basis.window(figure, day)
        params |= {
            f"from_{figure}": window.start,
            f"before_{figure}": window.start - timedelta(days=1),
            f"days_{figure}": window.days,
        }
    values, joined = [f"round({_figure(basis, figure)}, 2)" for figure in basis.figures], _counted(basis, within)
    if len(values) == 1:
        return Measured(values[0], "1", joined, params)
    columns = [f"value_{n}" for n in range(1, len(values) + 1)]
    taken = ", ".join(f"{value} AS {column}" for value, column in zip(values, columns, strict=True))
    highest = f"greatest({', '.join(f'f.{column}' for column in columns)})"
    cases = " ".join(f"WHEN f.{column} THEN {n}" for n, column in enumerate(columns, start=1))
    # OFFSET keeps each figure from being taken anew wherever it is named.
    joined += f"\nCROSS JOIN LATERAL (SELECT {taken} OFFSET 0) f"
    return Measured(highest, f"CASE {highest} {cases} END", joined, params)


def _figure(basis: Basis, figure: str) -> str:
    """A figure unrounded: from the position, or from the join `k` when not all products count."""
    if figure == Measure.BALANCE:
        return "coalesce(k.total, 0)" if basis.counted else sql("total_at", at="%(day)s")
    if basis.counted:
        return f"coalesce(k.closing - k.opening_{figure}, 0) / %(days_{figure})s"
    opening, closing = sql("sum_at", at=f"%(before_{figure})s"), sql("sum_at", at="%(day)s")
    if figure in MARKS:
        # The ledger's marks save the look-up of the window's start, but only while they stand for the day's own period;
        # the database decides that in the statement's snapshot, so an import at the same moment cannot mix two months.
        period, mark = MARKS[figure]
        is_current = f"(SELECT date_trunc('{period}', max(\"on\"))::date FROM customers_fedday) = %(from_{figure})s"
        opening = f"CASE WHEN {is_current} THEN p.{mark} ELSE {opening} END"
    return f"({closing} - {opening}) / %(days_{figure})s"


def _counted(basis: Basis, within: str) -> str:
    if not basis.counted:
        return ""
    averages = [figure for figure in basis.figures if figure != Measure.BALANCE]
    sums = [f", sum({sql('account_sum_at', at='%(day)s')}) AS closing"] if averages else []
    sums += [f", sum({sql('account_sum_at', at=f'%(before_{figure})s')}) AS opening_{figure}" for figure in averages]
    return sql("counted", total=sql("account_total_at", at="%(day)s"), sums="".join(sums), within=within)


def rows(text: str, params: Mapping[str, Any], *, loops: bool = True) -> list[tuple[Any, ...]]:
    """The rows of a set-based statement, planned without just-in-time compilation: that costs more than it saves.

    `loops` False for joins with a day just re-tiered: it has no statistics yet, and expecting one change of it the
    planner would read hundreds of thousands again for each customer.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL jit = off")
        if not loops:
            cursor.execute("SET LOCAL enable_nestloop = off")
        cursor.execute(text, params)
        found = list(cursor.fetchall())
        if not loops:
            cursor.execute("SET LOCAL enable_nestloop TO DEFAULT")
        return found


def value_column(basis: Basis, day: date) -> RawSQL:
    """The measure as a column of a queryset of positions; taken only of the rows that are read."""
    found = measured(basis, day, "a.customer_id = customers_customerposition.customer_id")
    text = (
        f"(SELECT {found.value} FROM customers_customerposition p {found.counted}"
        " WHERE p.customer_id = customers_customerposition.customer_id)"
    )
    # Django numbers its parameters; ours have names.
    names = PARAMETER.findall(text)
    params = tuple(found.params[name] for name in names)
    column = DecimalField(max_digits=18, decimal_places=2)
    return RawSQL(PARAMETER.sub("%s", text), params, column)  # noqa: S611  our own text, values as parameters


def value_of(customer_id: int, basis: Basis, day: date) -> Decimal:
    """The measure of one customer on `day`, in yuan; zero for somebody without balances."""
    found = measured(basis, day, "a.customer_id = %(customer)s")
    text = f"SELECT {found.value} FROM customers_customerposition p {found.counted} WHERE p.customer_id = %(customer)s"
    known = rows(text, {**found.params, "customer": customer_id})
    return yuan(known[0][0]) if known else ZERO
