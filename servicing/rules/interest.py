"""Interest of deposits: time, sums of balances, and the pieces a calculation is shown by (domain.md 2).

Money is Decimal yuan, rates are per cent a year. The opening day counts, the day of withdrawal does not; the daily rate
is the annual one by 360, the monthly one by 12. Every piece is rounded half up to the cent at its end, and only there.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Context, Decimal, localcontext
from typing import Final

from core.money import ZERO, format_yuan, yuan
from customers.rules.kyc import add_months
from servicing.enums import DayCount, PieceKind

MONTHS: Final = 12
MONTH_DAYS: Final = 30
YEAR_DAYS: Final = 360
PER_CENT: Final = 100
DAY: Final = timedelta(days=1)
# Interest of demand deposits is settled on these days and credited the next.
SETTLEMENTS: Final = ((3, 20), (6, 20), (9, 20), (12, 20))
# 18 digits of yuan by 8 of rate by 5 of days stay exact until the one division.
EXACT: Final = Context(prec=60)


@dataclass(frozen=True, slots=True)
class Span:
    """Whole months from date to date, and the calendar days over."""

    months: int
    days: int


@dataclass(frozen=True, slots=True)
class Movement:
    """Money paid in (or, below zero, out) as of the close of a day."""

    on: date
    amount: Decimal


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of an interest calculation: `interest` in whole cents, and the formula it comes from.

    `amount` is yuan; for sums of daily balances yuan x days, and so the formula says.
    """

    kind: str
    amount: Decimal
    rate: Decimal
    since: date
    until: date
    formula: str
    interest: Decimal


def span(since: date, until: date) -> Span:
    """The time between two days: the month of 31 January is over on the last of February."""
    if until <= since:
        return Span(0, 0)
    months = (until.year - since.year) * MONTHS + until.month - since.month
    if add_months(since, months) > until:
        months -= 1
    return Span(months, (until - add_months(since, months)).days)


def counted_days(since: date, until: date, count: str = DayCount.MONTHS) -> int:
    """Days of interest between two days: whole months as 30 days each, or all days as the calendar has them."""
    if count != DayCount.MONTHS:
        return max((until - since).days, 0)
    found = span(since, until)
    return found.months * MONTH_DAYS + found.days


def year_of(count: str) -> int:
    """How many days a year of interest has."""
    return 365 if count == DayCount.DAYS_365 else YEAR_DAYS


def by_time(amount: Decimal, rate: Decimal, since: date, until: date, count: str = DayCount.MONTHS) -> Decimal:
    """Interest on an amount that stood still from `since` to `until` (逐笔计息). Unrounded."""
    with localcontext(EXACT):
        return amount * rate * counted_days(since, until, count) / (year_of(count) * PER_CENT)


def by_sum(day_sum: Decimal, rate: Decimal) -> Decimal:
    """Interest on a sum of daily balances, in yuan x days (积数计息). Unrounded."""
    with localcontext(EXACT):
        return day_sum * rate / (YEAR_DAYS * PER_CENT)


def time_piece(
    kind: PieceKind, amount: Decimal, rate: Decimal, since: date, until: date, count: str = DayCount.MONTHS
) -> Piece:
    """Interest by time as a piece."""
    interest = yuan(by_time(amount, rate, since, until, count))
    formula = f"{format_yuan(amount)} × {shown_rate(rate)}% {_time(since, until, count)} = {format_yuan(interest)}"
    return Piece(kind, amount, rate, since, until, formula, interest)


def sum_piece(kind: PieceKind, day_sum: Decimal, rate: Decimal, since: date, until: date) -> Piece:
    """Interest by a sum of daily balances as a piece."""
    interest = yuan(by_sum(day_sum, rate))
    formula = f"{format_yuan(day_sum)} × {shown_rate(rate)}% ÷ {YEAR_DAYS} = {format_yuan(interest)}"
    return Piece(kind, day_sum, rate, since, until, formula, interest)


def day_piece(kind: PieceKind, amount: Decimal, rate: Decimal, since: date, until: date) -> Piece:
    """Interest at the demand rate of the day, or of a loan: by calendar days."""
    return time_piece(kind, amount, rate, since, until, DayCount.DAYS_360)


def total(pieces: Iterable[Piece]) -> Decimal:
    """The interest of all pieces."""
    return sum((piece.interest for piece in pieces), ZERO)


def day_sum(movements: Sequence[Movement], since: date, until: date) -> Decimal:
    """Sum of end-of-day balances from `since` up to the day before `until`, in yuan x days."""
    return sum((m.amount * max((until - max(m.on, since)).days, 0) for m in movements), ZERO)


def balance_at(movements: Iterable[Movement], day: date) -> Decimal:
    """What is there at the close of a day."""
    return sum((m.amount for m in movements if m.on <= day), ZERO)


def next_settlement(day: date) -> date:
    """The first day on or after `day` on which demand interest is settled: 20 March, June, September, December."""
    ahead = [date(day.year, month, on) for month, on in SETTLEMENTS if date(day.year, month, on) >= day]
    return ahead[0] if ahead else date(day.year + 1, *SETTLEMENTS[0])


def shown_rate(rate: Decimal) -> str:
    """A rate without the zeros it does not need: 1.45, 2, 0.3."""
    return f"{rate.normalize():f}"


def _time(since: date, until: date, count: str) -> str:
    """The time as the rest of a formula."""
    if count != DayCount.MONTHS:
        return f"÷ {year_of(count)} × {counted_days(since, until, count)}"
    found = span(since, until)
    if found.months and found.days:
        return f"÷ {YEAR_DAYS} × ({found.months} × {MONTH_DAYS} + {found.days})"
    return f"÷ {MONTHS} × {found.months}" if found.months else f"÷ {YEAR_DAYS} × {found.days}"
