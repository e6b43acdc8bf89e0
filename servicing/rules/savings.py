"""What each kind of deposit pays on a day (domain.md 1 and 2), as pieces of interest.

Rates are per cent a year. `on` is the day the money is taken, `demand` the demand rate posted that day.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import pairwise
from typing import Final

from core.money import ZERO, format_yuan, yuan
from customers.rules.kyc import add_months
from servicing.enums import DayCount, PieceKind
from servicing.rules.interest import (
    DAY,
    MONTHS,
    PER_CENT,
    Movement,
    Piece,
    balance_at,
    by_time,
    day_piece,
    day_sum,
    next_settlement,
    shown_rate,
    span,
    sum_piece,
    time_piece,
)

RateOn = Callable[[date], Decimal]
Pieces = tuple[Piece, ...]
# Demand or time earns a share of the lump-sum rate of the longest of these terms, in months, it was held for.
LADDER: Final = (3, 6, 12)


@dataclass(frozen=True, slots=True)
class Term:
    """A deposit of `amount` yuan from its value date until its maturity, at the rate of the value date."""

    amount: Decimal
    rate: Decimal
    since: date
    until: date
    count: str = DayCount.MONTHS


@dataclass(frozen=True, slots=True)
class Renewal:
    """How a term goes on by itself: for so many months, at the rate posted on the day it does; `compounds` when the
    interest of the term before joins the amount."""

    months: int
    compounds: bool
    rate_on: RateOn


def pay_out(term: Term, on: date, demand: Decimal, renewal: Renewal | None = None) -> Pieces:
    """A lump-sum deposit or CD taken on a day: early at the demand rate, at maturity at its own, later with the time
    over at the demand rate or, when it renews, with every whole term at the rate of its beginning."""
    if on <= term.since:
        return ()
    if on < term.until:
        return (day_piece(PieceKind.EARLY, term.amount, demand, term.since, on),)
    found = [time_piece(PieceKind.TERM, term.amount, term.rate, term.since, term.until, term.count)]
    if renewal is None:
        return (*found, *_overdue(term.amount, demand, term.until, on))
    amount, start, turn = term.amount, term.until, 1
    while start < on:
        amount += found[-1].interest if renewal.compounds else ZERO
        end = add_months(term.until, renewal.months * turn)
        if end > on:
            found.append(day_piece(PieceKind.EARLY, amount, demand, start, on))
            break
        found.append(time_piece(PieceKind.RENEWED, amount, renewal.rate_on(start), start, end, term.count))
        start, turn = end, turn + 1
    return tuple(found)


def demand_interest(movements: Sequence[Movement], on: date, rate_on: RateOn) -> Pieces:
    """A demand deposit closed on a day: settled on the 20th of each quarter's last month at that day's rate, credited
    and earning from the 21st; the time after the last settlement at the rate of the closing day."""

    def reckon(rows: Sequence[Movement], since: date, until: date, day: date) -> Pieces:
        return (sum_piece(PieceKind.BALANCES, day_sum(rows, since, until), rate_on(day), since, until),)

    return _settled(movements, on, reckon)


def agreement_interest(
    movements: Sequence[Movement], on: date, base: Decimal, demand_on: RateOn, agreed_on: RateOn
) -> Pieces:
    """An agreement deposit: each day's balance up to `base` at the demand rate, what is above at the agreed one;
    settled as demand deposits are."""

    def reckon(rows: Sequence[Movement], since: date, until: date, day: date) -> Pieces:
        whole = day_sum(rows, since, until)
        above = _sum_above(rows, base, since, until)
        pieces = (
            sum_piece(PieceKind.BASE, whole - above, demand_on(day), since, until),
            sum_piece(PieceKind.ABOVE, above, agreed_on(day), since, until),
        )
        return tuple(piece for piece in pieces if piece.amount)

    return _settled(movements, on, reckon)


def instalment_interest(deposits: Sequence[Movement], term: Term, on: date, demand: Decimal, misses: int = 1) -> Pieces:
    """Instalments in, lump sum out (零存整取), by sums of daily balances; `term.amount` is one month's instalment.

    What was paid in after more months were missed than may be made up earns the demand rate; so does everything
    taken before maturity, and the time after it.
    """
    paid = [deposit for deposit in deposits if deposit.on < on]
    if on < term.until:
        return _some(PieceKind.EARLY, day_sum(paid, term.since, on), demand, term.since, on)
    broken = broken_on(paid, term, misses)
    kept = [deposit for deposit in paid if broken is None or deposit.on < broken]
    late = [deposit for deposit in paid if broken is not None and deposit.on >= broken]
    return (
        *_some(PieceKind.BALANCES, day_sum(kept, term.since, term.until), term.rate, term.since, term.until),
        *_some(PieceKind.LATE_PAID, day_sum(late, term.since, term.until), demand, broken or term.since, term.until),
        *_overdue(balance_at(paid, on), demand, term.until, on),
    )


def broken_on(deposits: Sequence[Movement], term: Term, misses: int = 1) -> date | None:
    """From which day instalments earn the demand rate only: a missed month was not made up in the next one, or more
    than `misses` months were missed. None = all is in order."""
    months, missed, was_short = _calendar_months(term), 0, False
    for n, month_end in enumerate(months, start=1):
        is_short = balance_at(deposits, month_end - DAY) < term.amount * n
        missed += is_short and not was_short
        if (is_short and was_short) or missed > misses:
            return month_end
        was_short = is_short
    return None


def principal_kept(term: Term, every: int, on: date, demand: Decimal) -> Pieces:
    """Principal kept, interest drawn every so many months (存本取息). Taken early, the whole time earns the demand rate
    and what was drawn is taken back: the last piece, below zero. The sum is what is still to be paid."""
    draws = interest_draws(term, every)
    drawn = sum((draw.amount for draw in draws if draw.on <= on and draw.on < term.until), ZERO)
    if on < term.until:
        found = [day_piece(PieceKind.EARLY, term.amount, demand, term.since, on)]
    else:
        found = [time_piece(PieceKind.TERM, term.amount, term.rate, term.since, term.until, term.count)]
    if drawn:
        found.append(
            Piece(PieceKind.DRAWN, drawn, ZERO, term.since, min(on, term.until), f"−{format_yuan(drawn)}", -drawn)
        )
    return (*found, *_overdue(term.amount, demand, term.until, on))


def interest_draws(term: Term, every: int) -> list[Movement]:
    """When a principal-kept deposit hands out interest, and how much: equal sums, the last takes the cents over."""
    whole = yuan(by_time(term.amount, term.rate, term.since, term.until, term.count))
    count = max(span(term.since, term.until).months // every, 1)
    each = yuan(whole / count)
    days = [add_months(term.since, every * n) for n in range(1, count)]
    return [*(Movement(day, each) for day in days), Movement(term.until, whole - each * (count - 1))]


def lump_in(term: Term, every: int, on: date, demand: Decimal) -> Pieces:
    """Lump sum in, equal parts of principal out every so many months (整存零取), interest at the end, for each part by
    how long it stayed. Taken early, all at the demand rate."""
    draws = principal_draws(term, every)
    if on < term.until:
        out = [Movement(draw.on, -draw.amount) for draw in draws if draw.on <= on]
        stood = day_sum([Movement(term.since, term.amount), *out], term.since, on)
        return _some(PieceKind.EARLY, stood, demand, term.since, on)
    # Yuan x months: every part by the whole months it stayed.
    stood = sum((draw.amount * span(term.since, draw.on).months for draw in draws), ZERO)
    interest = yuan(stood * term.rate / (MONTHS * PER_CENT))
    formula = f"{format_yuan(stood)} × {shown_rate(term.rate)}% ÷ {MONTHS} = {format_yuan(interest)}"
    piece = Piece(PieceKind.TERM, stood, term.rate, term.since, term.until, formula, interest)
    return (piece, *_overdue(draws[-1].amount, demand, term.until, on))


def principal_draws(term: Term, every: int) -> list[Movement]:
    """The days and amounts of principal a lump-in deposit hands out; the last one takes the cents over."""
    count = max(span(term.since, term.until).months // every, 1)
    each = yuan(term.amount / count)
    days = [add_months(term.since, every * n) for n in range(1, count)]
    return [*(Movement(day, each) for day in days), Movement(term.until, term.amount - each * (count - 1))]


def demand_or_time(
    amount: Decimal, since: date, on: date, demand: Decimal, ladder: Mapping[int, Decimal], share: Decimal
) -> Pieces:
    """Demand or time (定活两便): `share` per cent of the lump-sum rate of the longest of three, six or twelve months it
    was held, posted on the day it is taken; the demand rate below three months, and never less than that."""
    held = span(since, on).months
    reached = [months for months in LADDER if months <= held and months in ladder]
    if not reached:
        return (day_piece(PieceKind.EARLY, amount, demand, since, on),) if on > since else ()
    rate = max(ladder[reached[-1]] * share / PER_CENT, demand)
    return (time_piece(PieceKind.HELD, amount, rate, since, on),)


@dataclass(frozen=True, slots=True)
class NoticeRules:
    """A notice deposit: days of notice, least to take at once and least to remain in yuan, and its rate."""

    days: int
    least_draw: Decimal
    least_rest: Decimal
    rate: Decimal


@dataclass(frozen=True, slots=True)
class NoticeDraw:
    """What a withdrawal from a notice deposit pays; `closes` when too little would remain, so that all is paid out."""

    pieces: Pieces
    paid: Decimal
    closes: bool


def notice_draw(
    rules: NoticeRules,
    balance: Decimal,
    since: date,
    on: date,
    amount: Decimal,
    demand: Decimal,
    noticed: tuple[date, date, Decimal] | None = None,
) -> NoticeDraw:
    """Take `amount` out of a notice deposit on a day. `noticed` = when notice was given, for which day and amount.

    With notice of the right length for exactly this day, the noticed amount earns the notice rate; what is taken beyond
    it, below the least withdrawal, or without such notice earns the demand rate. Where less than the least rest would
    remain the deposit is closed, and that rest earns the demand rate.
    """
    kept_to = noticed is not None and noticed[1] == on and (noticed[1] - noticed[0]).days >= rules.days
    is_whole = amount == balance
    with_notice = min(noticed[2], amount) if noticed and kept_to and amount >= rules.least_draw else ZERO
    if is_whole and noticed and kept_to and noticed[2] == balance:
        with_notice = amount
    rest = balance - amount
    closes = ZERO < rest < rules.least_rest
    without = amount - with_notice + (rest if closes else ZERO)
    pieces = (
        *_timed(PieceKind.NOTICE, with_notice, rules.rate, since, on),
        *_timed(PieceKind.NO_NOTICE, without, demand, since, on),
    )
    return NoticeDraw(pieces, balance if closes else amount, closes or is_whole)


def loan_interest(amount: Decimal, rate: Decimal, since: date, until: date) -> Piece:
    """What a loan against a deposit costs: by calendar days, year of 360; below zero."""
    found = day_piece(PieceKind.LOAN, amount, rate, since, until)
    return Piece(found.kind, amount, rate, since, until, f"−({found.formula})", -found.interest)


def _settled(
    movements: Sequence[Movement], on: date, reckon: Callable[[Sequence[Movement], date, date, date], Pieces]
) -> Pieces:
    rows = sorted(movements, key=lambda movement: movement.on)
    found: list[Piece] = []
    start = rows[0].on if rows else on
    while start < on:
        settled = next_settlement(start)
        end = min(settled + DAY, on)
        pieces = reckon(rows, start, end, settled if settled < on else on)
        found += pieces
        rows.append(Movement(end, sum((piece.interest for piece in pieces), ZERO)))
        start = end
    return tuple(found)


def _sum_above(rows: Sequence[Movement], base: Decimal, since: date, until: date) -> Decimal:
    """Sum of what daily balances have above `base`."""
    turns = sorted({since, until, *(row.on for row in rows if since < row.on < until)})
    return sum(
        (max(balance_at(rows, start) - base, ZERO) * (end - start).days for start, end in pairwise(turns)),
        ZERO,
    )


def _calendar_months(term: Term) -> list[date]:
    """The first day after each calendar month in which an instalment is due."""
    first, count = term.since.replace(day=1), span(term.since, term.until).months
    return [add_months(first, n) for n in range(1, count + 1)]


def _some(kind: PieceKind, stood: Decimal, rate: Decimal, since: date, until: date) -> Pieces:
    return (sum_piece(kind, stood, rate, since, until),) if stood else ()


def _timed(kind: PieceKind, amount: Decimal, rate: Decimal, since: date, until: date) -> Pieces:
    return (day_piece(kind, amount, rate, since, until),) if amount and until > since else ()


def _overdue(amount: Decimal, demand: Decimal, matured: date, on: date) -> Pieces:
    return _timed(PieceKind.OVERDUE, amount, demand, matured, on)
