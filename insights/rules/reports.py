"""What a report shows: its definition from stored values, its days, how its figures add up, and when it is due."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, Final

from insights.enums import ReportDimension, ReportPeriod, ReportSchedule, UnitKind
from insights.rules.measures import MEASURES, Kind, Measure

DAY: Final = timedelta(days=1)
MOST_MEASURES: Final = 10
MOST_UNITS: Final = 500
LONGEST_DAYS: Final = 3 * 366
# A table with more columns is read by nobody; days go down the rows then.
MOST_COLUMNS: Final = 62
TIMES: Final = (ReportDimension.DAY, ReportDimension.WEEK, ReportDimension.MONTH, ReportDimension.QUARTER)
CHARTS: Final = ("", "line", "bar", "stacked")
ORDERS: Final = ("", "high", "low")
WITH_TIERS: Final = (UnitKind.BANK, UnitKind.REGION, UnitKind.BRANCH)
# What is known of a manager by tier.
OF_BOOKS: Final = ("deposits", "customers")


@dataclass(frozen=True, slots=True)
class Definition:
    """Measures by rows and columns, of the units of one kind (empty = all in sight), in a period."""

    measures: tuple[str, ...]
    rows: str
    columns: str
    unit_kind: str
    units: tuple[int, ...] = ()
    tiers: tuple[int, ...] = ()
    period: str = ReportPeriod.LAST_MONTH
    first: date | None = None
    last: date | None = None
    chart: str = ""
    order: str = ""

    @property
    def grain(self) -> str:
        """The dimension of time among rows and columns; "" = the whole period at once."""
        return next((one for one in (self.rows, self.columns) if one in TIMES), "")

    @property
    def has_tiers(self) -> bool:
        """Whether figures are taken tier by tier."""
        return bool(self.tiers) or ReportDimension.TIER in (self.rows, self.columns)

    @property
    def is_of_books(self) -> bool:
        """Whether it is about managers by tier, which is kept apart."""
        return self.has_tiers and self.unit_kind == UnitKind.PERSON

    @property
    def facts(self) -> dict[str, Any]:
        """As it is stored."""
        return {
            "measures": list(self.measures),
            "rows": str(self.rows),
            "columns": str(self.columns),
            "unit_kind": str(self.unit_kind),
            "units": list(self.units),
            "tiers": list(self.tiers),
            "period": str(self.period),
            "first": self.first.isoformat() if self.first else None,
            "last": self.last.isoformat() if self.last else None,
            "chart": self.chart,
            "order": self.order,
        }


def read_definition(values: Mapping[str, Any]) -> Definition:
    """The definition stored values make. Raises ValueError: "broken", or the code of what is wrong (`fault_of`)."""
    try:
        found = Definition(
            measures=tuple(values["measures"]),
            rows=str(values["rows"]),
            columns=str(values["columns"]),
            unit_kind=str(values["unit_kind"]),
            units=tuple(map(int, values.get("units") or ())),
            tiers=tuple(map(int, values.get("tiers") or ())),
            period=str(values["period"]),
            first=date.fromisoformat(values["first"]) if values.get("first") else None,
            last=date.fromisoformat(values["last"]) if values.get("last") else None,
            chart=str(values.get("chart") or ""),
            order=str(values.get("order") or ""),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError("broken") from error
    if fault := fault_of(found):
        raise ValueError(fault)
    return found


def fault_of(definition: Definition) -> str:
    """Why a definition makes no table; "" when it makes one."""
    return next((code for code, is_wrong in _CHECKS if is_wrong(definition)), "")


def _is_unknown(d: Definition) -> bool:
    axes = {d.rows, d.columns} <= set(ReportDimension.values)
    named = d.unit_kind in UnitKind.values and d.period in ReportPeriod.values
    shown = d.chart in CHARTS and d.order in ORDERS and len(d.units) <= MOST_UNITS
    return not (axes and named and shown and set(d.measures) <= set(MEASURES))


def _has_no_place_for_measures(d: Definition) -> bool:
    return len(d.measures) > 1 and ReportDimension.MEASURE not in (d.rows, d.columns)


def _has_wrong_days(d: Definition) -> bool:
    if d.period != ReportPeriod.FIXED:
        return False
    return d.first is None or d.last is None or not 0 <= (d.last - d.first).days <= LONGEST_DAYS


def _has_unkept_tiers(d: Definition) -> bool:
    if not d.has_tiers:
        return False
    if d.unit_kind == UnitKind.PERSON:
        return not set(d.measures) <= set(OF_BOOKS)
    return d.unit_kind not in WITH_TIERS or not all(MEASURES[code].by_tier for code in d.measures)


_CHECKS: Final[tuple[tuple[str, Callable[[Definition], bool]], ...]] = (
    ("broken", _is_unknown),
    ("no_measures", lambda d: not 1 <= len(d.measures) <= MOST_MEASURES),
    ("same_twice", lambda d: d.rows == d.columns),
    ("two_times", lambda d: d.rows in TIMES and d.columns in TIMES),
    ("measures_nowhere", _has_no_place_for_measures),
    ("tiers_not_kept", _has_unkept_tiers),
    ("days", _has_wrong_days),
)


def span_of(definition: Definition, last_day: date) -> tuple[date, date]:
    """The first and the last day of the period, both included, counted back from the last day with figures."""
    if definition.period == ReportPeriod.FIXED and definition.first and definition.last:
        return definition.first, definition.last
    month, quarter = last_day.replace(day=1), start_of(last_day, ReportDimension.QUARTER)
    before, quarter_before = month - DAY, quarter - DAY
    spans = {
        ReportPeriod.LAST_DAY: (last_day, last_day),
        ReportPeriod.LAST_7: (last_day - 6 * DAY, last_day),
        ReportPeriod.LAST_30: (last_day - 29 * DAY, last_day),
        ReportPeriod.THIS_MONTH: (month, last_day),
        ReportPeriod.LAST_MONTH: (before.replace(day=1), before),
        ReportPeriod.THIS_QUARTER: (quarter, last_day),
        ReportPeriod.LAST_QUARTER: (start_of(quarter_before, ReportDimension.QUARTER), quarter_before),
        ReportPeriod.THIS_YEAR: (last_day.replace(month=1, day=1), last_day),
        ReportPeriod.LAST_12_MONTHS: (_a_year_before(month), before),
    }
    return spans[ReportPeriod(definition.period)]


def _a_year_before(month: date) -> date:
    return month.replace(year=month.year - 1)


def start_of(day: date, grain: str) -> date:
    """The first day of the day's week (Monday), month or quarter; for no grain of time one for all days."""
    if grain == ReportDimension.DAY:
        return day
    if grain == ReportDimension.WEEK:
        return day - day.weekday() * DAY
    if grain == ReportDimension.MONTH:
        return day.replace(day=1)
    if grain == ReportDimension.QUARTER:
        return day.replace(month=(day.month - 1) // 3 * 3 + 1, day=1)
    return date.min


def last_days(days: Iterable[date], grain: str) -> dict[date, date]:
    """The last day with figures of each part of time, by that part's first day."""
    found: dict[date, date] = {}
    for day in days:
        start = start_of(day, grain)
        found[start] = max(found.get(start, day), day)
    return found


def figure_of(measure: Measure, value: Decimal, base: Decimal | None) -> Decimal | None:
    """What a measure comes to: shares in per cent to 0.1, means to 0.01; None where there is nothing to divide by."""
    if measure.kind not in (Kind.SHARE, Kind.MEAN):
        return value
    if not base:
        return None
    if measure.kind == Kind.SHARE:
        return (value * 100 / base).quantize(Decimal("0.1"), ROUND_HALF_UP)
    return (value / base).quantize(Decimal("0.01"), ROUND_HALF_UP)


def is_due(schedule: str, nth: int, day: date, is_workday: Callable[[date], bool]) -> bool:
    """Whether a report is made on `day`: every workday; on the `nth` weekday (1 = Monday), else the next workday; or on
    the `nth` workday of the month. Never on a day off."""
    if not is_workday(day):
        return False
    if schedule == ReportSchedule.DAILY:
        return True
    if schedule == ReportSchedule.WEEKLY:
        # Each day off before hands its turn on.
        since = (day.isoweekday() - nth) % 7
        return all(not is_workday(day - ago * DAY) for ago in range(1, since + 1))
    if schedule == ReportSchedule.MONTHLY:
        return sum(map(is_workday, _month_until(day))) == nth
    return False


def _month_until(day: date) -> Sequence[date]:
    return [day.replace(day=n) for n in range(1, day.day + 1)]
