"""What a customer who needs money today can do with a deposit, and what each way costs (product.md B7).

Every way is followed until one day, the horizon: maturity, or the chosen day where that is later. Its gain is the
interest of the deposit, less the interest of a loan, and, when a rate elsewhere is given, what the money taken out
brings there until the horizon. Its loss is measured against waiting until maturity.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_UP, Decimal
from typing import Final

from core.money import CENT, ZERO, yuan
from customers.rules.kyc import add_months
from servicing.enums import DayCount, EarlyRule, PieceKind, Way
from servicing.rules.interest import (
    DAY,
    PER_CENT,
    YEAR_DAYS,
    Piece,
    by_time,
    counted_days,
    day_piece,
    time_piece,
    total,
)
from servicing.rules.savings import Pieces, Term, loan_interest, pay_out

MAX_TERMS: Final = 240


@dataclass(frozen=True, slots=True)
class Case:
    """A time deposit on the day somebody asks. `part` = yuan needed (None = all of it); `elsewhere` = what money taken
    out would earn, % a year; `loan_rate` None = no loan; `loan_share` = per cent of the deposit that may be lent."""

    term: Term
    day: date
    demand: Decimal
    early: str
    part: Decimal | None = None
    partials: int | None = None
    least_draw: Decimal = ZERO
    least_rest: Decimal = ZERO
    wait_until: date | None = None
    elsewhere: Decimal | None = None
    loan_rate: Decimal | None = None
    loan_share: Decimal = Decimal(90)

    @property
    def horizon(self) -> date:
        """The day all ways are followed to."""
        return max(self.term.until, self.wait_until or self.day, self.day)


@dataclass(frozen=True, slots=True)
class Choice:
    """A way: `cash` in hand today, `pieces` of the deposit's interest, `beside` a loan's or the money's elsewhere, the
    `gain` of all by the horizon, and `loss` against waiting until maturity (below zero = it brings more).

    A way that is not open has the reason in `refused` and no figures."""

    way: str
    cash: Decimal = ZERO
    pieces: Pieces = ()
    beside: Pieces = ()
    gain: Decimal = ZERO
    loss: Decimal = ZERO
    refused: str = ""


@dataclass(frozen=True, slots=True)
class Explanation:
    """The ways open and closed. `break_even` = the first day from which, to the last, waiting until maturity brings no
    less than taking all out on that day and putting it elsewhere at the given rate until maturity (None = no such day,
    or no rate given); `needed_rate` = % a year the money would have to earn elsewhere from today on to make up."""

    horizon: date
    choices: tuple[Choice, ...]
    break_even: date | None
    needed_rate: Decimal | None


def explain(case: Case) -> Explanation:
    """All ways for a deposit, waiting until maturity last but for the loan."""
    if case.day >= case.term.until:
        return _matured(case)
    wait = _followed(case, Way.WAIT, case.term.until, pay_out(case.term, case.term.until, case.demand))
    choices = [_measured(choice, wait.gain) for choice in (*_early_ways(case), wait, _loan(case))]
    break_even = None
    if case.elsewhere is not None and case.early == EarlyRule.DEMAND:
        break_even = break_even_on(case.term, case.demand, case.elsewhere)
    return Explanation(case.horizon, tuple(choices), break_even, _needed(case))


def running_term(since: date, until: date, months: int, day: date) -> tuple[date, date]:
    """First and last day of the term that runs on a day, of a deposit that renews for so many months each time."""
    turn, start, end = 0, since, until
    while end <= day and turn < MAX_TERMS:
        turn += 1
        start, end = end, add_months(until, months * turn)
    return start, end


def break_even_on(term: Term, demand: Decimal, elsewhere: Decimal) -> date | None:
    """The first day from which on waiting until maturity brings no less than leaving for a rate elsewhere."""
    waiting = yuan(by_time(term.amount, term.rate, term.since, term.until, term.count))
    day = term.until
    while day > term.since and _leaving(term, day - DAY, demand, elsewhere) <= waiting:
        day -= DAY
    return day if day < term.until else None


def _leaving(term: Term, day: date, demand: Decimal, elsewhere: Decimal) -> Decimal:
    """What taking all out on a day and putting it elsewhere until maturity brings."""
    early = yuan(by_time(term.amount, demand, term.since, day, DayCount.DAYS_360))
    return early + yuan(by_time(term.amount + early, elsewhere, day, term.until))


def _needed(case: Case) -> Decimal | None:
    if case.early != EarlyRule.DEMAND:
        return None
    early = total(pay_out(case.term, case.day, case.demand))
    full = total(pay_out(case.term, case.term.until, case.demand))
    days = counted_days(case.day, case.term.until)
    rate = (full - early) * PER_CENT * YEAR_DAYS / ((case.term.amount + early) * days)
    return max(rate, ZERO).quantize(CENT, ROUND_UP)


def _early_ways(case: Case) -> Iterator[Choice]:
    refused = {EarlyRule.NEVER: "early_never", EarlyRule.STEPPED: "stepped"}.get(EarlyRule(case.early), "")
    if refused:
        yield Choice(Way.ALL_NOW, refused=refused)
        return
    yield _followed(case, Way.ALL_NOW, case.day, pay_out(case.term, case.day, case.demand))
    if case.part is not None and case.part != case.term.amount:
        yield _part(case, case.part)
    if case.wait_until and case.wait_until not in (case.day, case.term.until):
        yield _followed(case, Way.WAIT_UNTIL, case.wait_until, pay_out(case.term, case.wait_until, case.demand))


def _part(case: Case, part: Decimal) -> Choice:
    rest = case.term.amount - part
    if case.partials == 0:
        return Choice(Way.PART_NOW, refused="partial_never")
    if part < case.least_draw or rest < case.least_rest:
        return Choice(Way.PART_NOW, refused="draw_too_small" if part < case.least_draw else "rest_too_small")
    term = case.term
    taken = pay_out(Term(part, term.rate, term.since, term.until, term.count), case.day, case.demand)
    left = pay_out(Term(rest, term.rate, term.since, term.until, term.count), term.until, case.demand)
    cash = part + total(taken)
    beside = (*_elsewhere(case, cash, case.day), *_elsewhere(case, rest + total(left), term.until))
    return Choice(Way.PART_NOW, cash, (*taken, *left), beside, total((*taken, *left, *beside)))


def _loan(case: Case) -> Choice:
    most = yuan(case.term.amount * case.loan_share / PER_CENT)
    lent = most if case.part is None else case.part
    if case.loan_rate is None:
        return Choice(Way.LOAN, refused="no_loan")
    if lent > most:
        return Choice(Way.LOAN, refused="loan_too_large")
    full = pay_out(case.term, case.term.until, case.demand)
    cost = loan_interest(lent, case.loan_rate, case.day, case.term.until)
    beside = (cost, *_elsewhere(case, case.term.amount + total(full), case.term.until))
    return Choice(Way.LOAN, lent, full, beside, total((*full, *beside)))


def _followed(case: Case, way: Way, day: date, pieces: Pieces) -> Choice:
    """All of the deposit is taken on a day and put elsewhere from then on, if a rate for that is given."""
    cash = case.term.amount + total(pieces)
    beside = _elsewhere(case, cash, day)
    return Choice(way, cash if day == case.day else ZERO, pieces, beside, total((*pieces, *beside)))


def _elsewhere(case: Case, amount: Decimal, since: date) -> tuple[Piece, ...]:
    if case.elsewhere is None or since >= case.horizon:
        return ()
    return (time_piece(PieceKind.ELSEWHERE, amount, case.elsewhere, since, case.horizon),)


def _measured(choice: Choice, waiting: Decimal) -> Choice:
    if choice.refused:
        return choice
    return Choice(choice.way, choice.cash, choice.pieces, choice.beside, choice.gain, waiting - choice.gain)


def _matured(case: Case) -> Explanation:
    """After maturity nothing is lost any more: all today, or a later day at the demand rate."""
    choices = [_followed(case, Way.ALL_NOW, case.day, pay_out(case.term, case.day, case.demand))]
    if case.wait_until and case.wait_until > case.day:
        pieces = pay_out(case.term, case.wait_until, case.demand)
        choices.append(_measured(_followed(case, Way.WAIT_UNTIL, case.wait_until, pieces), choices[0].gain))
    return Explanation(case.horizon, tuple(choices), None, None)


@dataclass(frozen=True, slots=True)
class NoticeCase:
    """A notice deposit on the day somebody asks for `part` yuan: of `days` of notice at `rate`."""

    amount: Decimal
    part: Decimal
    since: date
    day: date
    days: int
    rate: Decimal
    demand: Decimal


def explain_notice(case: NoticeCase) -> Explanation:
    """Taking the money without notice, or giving notice today and waiting for its day."""
    ready = case.day + DAY * case.days
    waiting = day_piece(PieceKind.NOTICE, case.part, case.rate, case.since, ready)
    now = day_piece(PieceKind.NO_NOTICE, case.part, case.demand, case.since, case.day)
    taken = Choice(
        Way.ALL_NOW if case.part == case.amount else Way.PART_NOW,
        case.part + now.interest,
        (now,),
        gain=now.interest,
        loss=waiting.interest - now.interest,
    )
    noticed = Choice(Way.NOTICE, ZERO, (waiting,), gain=waiting.interest)
    return Explanation(ready, (taken, noticed), None, None)
