"""Key figures per unit and day, and the closes of months they stand on, by set-based SQL."""

from collections.abc import Iterator
from datetime import date, datetime, time
from typing import Any

from django.db import connection, transaction
from django.utils.timezone import make_aware

from campaigns.enums import CallResult
from campaigns.rules.calls import OUTCOMES
from core.clock import SHANGHAI
from core.sql import statement
from customers.queries.balances import first_ledger_day
from customers.queries.balances import ledger_day as latest_ledger_day
from customers.rules.periods import periods_of
from insights.models import Kpi, KpiDay, MonthClose
from insights.queries.definitions import in_force_on
from insights.rules.kpis import DAY, history_days, month_before, month_end, month_of, months_between
from insights.rules.measures import MEASURES
from insights.services.rolling import RollUp
from servicing.queries.choices import known_choices
from servicing.queries.planning import standards_by_rank
from tiers.queries.measures import sql as over_position

LOCK_CLASS = 0x6B7069  # "kpi"
BY_TIER = [code for code, measure in MEASURES.items() if measure.by_tier]
AGREED = [str(outcome) for outcome, result in OUTCOMES.items() if result == CallResult.AGREED]
KNOWN = (
    'CASE WHEN p."on" IS NULL THEN false WHEN p."on" <= %(day)s THEN true ELSE EXISTS (SELECT FROM'
    ' customers_positionchange c WHERE c.customer_id = p.customer_id AND c."on" <= %(day)s) END'
)


@transaction.atomic
def roll_up_kpis(*, business_day: date, at: datetime) -> RollUp:
    """Replace the figures of one day, after the closes of months it stands on or, coming late, has changed.

    A night that runs again for an earlier day re-does the latest day rolled up, too: its month may have changed.
    """
    ledger_day = latest_ledger_day()
    if ledger_day is None:
        return RollUp(0, 0)
    for month in _months_to_close(business_day, ledger_day):
        close_month(month=month, at=at)
    latest = KpiDay.objects.order_by("-on").values_list("on", flat=True).first()
    days = [business_day, *([latest] if latest and latest > business_day else [])]
    return RollUp(len(days), sum(replace_day(day=day, ledger_day=ledger_day, at=at) for day in days))


@transaction.atomic
def roll_up_history(first: date, last: date, *, at: datetime) -> RollUp:
    """The figures of a history loaded at once, up to the ledger day: its months, then days as `history_days` says."""
    ledger_day = latest_ledger_day()
    if ledger_day is None or first > ledger_day:
        return RollUp(0, 0)
    last = min(last, ledger_day)
    for month in _whole_months(first, last):
        close_month(month=month, at=at)
    days = history_days(first, last)
    return RollUp(len(days), sum(replace_day(day=day, ledger_day=ledger_day, at=at) for day in days))


@transaction.atomic
def close_month(*, month: date, at: datetime) -> int:
    """Write who had which average daily balance in a month (its first day) and at its close; returns the rows written.

    Closed again, money and tiers are put right, but whose each customer was stays as it was written; records merged
    since then are part of the ones they became.
    """
    ledger_day = latest_ledger_day()
    if ledger_day is None:
        return 0
    values = {"month": month, **_closing_values(month_end(month))}
    held = _held(month_end(month), ledger_day)
    _prepare(month)
    if not MonthClose.everything.filter(month=month).exists():
        return _run("month_close", values, held=held, into="insights_monthclose")
    _drop("month_again")
    _execute("CREATE TEMP TABLE month_again (LIKE insights_monthclose) ON COMMIT DROP")
    _run("month_close", values, held=held, into="month_again")
    _execute("ANALYZE month_again (customer_id)")
    gone = _execute(
        "DELETE FROM insights_monthclose m WHERE m.month = %(month)s"
        " AND NOT EXISTS (SELECT FROM month_again a WHERE a.customer_id = m.customer_id)",
        values,
    )
    return gone + _run("month_close_again", values)


def _months_to_close(day: date, ledger_day: date) -> list[date]:
    """Whole months up to the ledger day that a night changes: those from its own on, and earlier ones the figures of
    the day stand on but nobody has closed."""
    needed = {month_before(month_of(day)), month_before(periods_of(day).quarter_start)}
    whole = list(_whole_months(min(needed), max(day, ledger_day)))
    changed = [month for month in whole if month >= month_of(day)]
    missing = [month for month in sorted(needed & set(whole)) if not MonthClose.everything.filter(month=month).exists()]
    return [*missing, *changed]


def _whole_months(first: date, last: date) -> Iterator[date]:
    """Months that end within first..last and that the ledger knows from their first day on: the average of part of a
    month would make the next one look like growth."""
    known = first_ledger_day()
    return (month for month in months_between(first, last) if known and known <= month)


@transaction.atomic
def replace_day(*, day: date, ledger_day: date, at: datetime) -> int:
    """Replace the figures of one day from the months closed so far; returns the rows kept."""
    opening = month_before(periods_of(day).quarter_start)
    values = {**values_of(day), "before": month_before(day), "opening": opening}
    closed = set(
        MonthClose.everything.filter(month__in=[values["before"], opening]).order_by().values_list("month").distinct()
    )
    values["is_compared"] = (values["before"],) in closed
    held = _held(day, ledger_day)
    _prepare(day)
    _drop("kpi_base", "kpi_part", "kpi_unit")
    _execute(
        "CREATE TEMP TABLE kpi_part (branch_id bigint, person_id bigint, tier smallint, measure varchar(24),"
        " value numeric, base numeric) ON COMMIT DROP"
    )
    # Everybody falls into some ten thousand groups, which PostgreSQL takes for as many as there are customers.
    _execute("SET LOCAL enable_sort = off; SET LOCAL enable_mergejoin = off")
    _run("kpi_base", values, held=held)
    if (opening,) in closed:
        _run("kpi_churn", values, held=held)
    _execute("SET LOCAL enable_sort TO DEFAULT; SET LOCAL enable_mergejoin TO DEFAULT")
    _run("kpi_base_parts", values)
    _run("kpi_facts", values)
    _run("kpi_units", values)
    _execute("ANALYZE kpi_part; ANALYZE kpi_unit; ANALYZE kpi_base")
    Kpi.everything.filter(on=day).delete()
    rows = _run("kpi_rows", values)
    KpiDay.objects.update_or_create(
        on=day, defaults={"definitions": in_force_on(day).version, "rows": rows, "made_at": at}
    )
    return rows


def _held(day: date, ledger_day: date) -> str:
    """The statement of customers at the close of a day; the latest day takes marks in place of the history."""
    if month_of(day) == month_of(ledger_day):
        opening = 'CASE WHEN p."on" IS NULL THEN 0 ELSE p.month_mark END'
    else:
        opening = over_position("sum_at", at="%(opens)s::date")
    parts = {
        "total": over_position("total_at", at="%(day)s::date"),
        "closing": over_position("sum_at", at="%(day)s::date"),
        "opening": opening,
        # On the latest day everybody in the books is there, as in the figures of units and tiers.
        "there": "true" if day >= ledger_day else KNOWN,
    }
    return _filled("kpi_closing", **parts)


def values_of(day: date) -> dict[str, Any]:
    """The values the statements of a day take, but for the closed months they stand on."""
    return {**_closing_values(day), **_fact_values(day)}


def _closing_values(day: date) -> dict[str, Any]:
    begins = make_aware(datetime.combine(day, time()), SHANGHAI)
    return {
        "day": day,
        "days": day.day,
        "opens": month_of(day) - DAY,
        "begins": begins,
        "ends": make_aware(datetime.combine(day + DAY, time()), SHANGHAI),
        "unreached": sorted(known_choices().unreached),
    }


def _fact_values(day: date) -> dict[str, Any]:
    definitions = in_force_on(day).definitions
    every = {rank: standard.contact_days for rank, standard in standards_by_rank(day).items()}
    return {
        "everys": [every.get(rank) for rank in range(1, max(every, default=0) + 1)],
        "fall": definitions.churn_fall,
        "quiet": day - definitions.churn_inactive * DAY,
        "matures_until": day + definitions.maturing_days * DAY,
        "agreed": AGREED,
        "by_tier": BY_TIER,
    }


def _prepare(day: date) -> None:
    """One writer of a day at a time; planned for passes over everything: compiling costs more than it saves."""
    _execute("SELECT pg_advisory_xact_lock(%(class)s, %(day)s)", {"class": LOCK_CLASS, "day": day.toordinal()})
    _execute("SET LOCAL jit = off; SET LOCAL work_mem = '256MB'")


def _drop(*tables: str) -> None:
    _execute("; ".join(f"DROP TABLE IF EXISTS {table}" for table in tables))


def _filled(name: str, **parts: str) -> str:
    lines = statement("insights", name).splitlines()
    text = "\n".join(line for line in lines if not line.lstrip().startswith("--"))
    for part, value in parts.items():
        text = text.replace(f"{{{part}}}", value)
    return text


def _run(name: str, values: dict[str, Any], **parts: str) -> int:
    return _execute(_filled(name, **parts), values)


def _execute(text: str, values: dict[str, Any] | None = None) -> int:
    with connection.cursor() as cursor:
        cursor.execute(text, values)
        return int(cursor.rowcount)
