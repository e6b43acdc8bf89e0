"""Quotes: interest worked out from plain inputs, so that the same inputs give the same answer years later.

`inputs` and answers are what a quote keeps: texts, numbers and lists. Every posted rate is asked for by a name and a
day; whoever asks the first time writes down what was answered, and `replay` answers from what was written down.
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import date
from decimal import ROUND_DOWN, Decimal
from typing import Any, Final

from core.money import ZERO, yuan
from customers.rules.kyc import add_months
from servicing.enums import EarlyRule, PieceKind, QuoteKind, SavingKind
from servicing.rules import savings
from servicing.rules.explaining import Case, Choice, Explanation, NoticeCase, explain, explain_notice
from servicing.rules.interest import MONTHS, Movement, Piece, shown_rate, total
from servicing.rules.products import Product, read_product
from servicing.rules.savings import LADDER, Pieces, Renewal, Term

# The posted rate of a name ("demand", "loan", "time:12", "product:TD12") on a day, % a year.
RateOf = Callable[[str, date], Decimal]
BY_TERM: Final = (SavingKind.LUMP_SUM, SavingKind.CD)
# How long money without a term is taken to stay in comparisons.
HELD_MONTHS: Final = 12


class NotWorkedOut(ValueError):
    """The product's interest is not worked out here; `code` says why."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def answer(kind: str, inputs: Mapping[str, Any], rate_of: RateOf) -> dict[str, Any]:
    """What a quote of a kind says. Raises NotWorkedOut, and what `rate_of` does."""
    works = {QuoteKind.HOLD: held, QuoteKind.EARLY: early, QuoteKind.NEW: offers}
    return works[QuoteKind(kind)](inputs, rate_of)


def replay(inputs: Mapping[str, Any]) -> RateOf:
    """The rates as they were when the quote was given. Raises KeyError for one it never asked for."""
    posted = inputs["posted"]
    return lambda name, day: Decimal(posted[f"{name}@{day.isoformat()}"]["rate"])


def held(inputs: Mapping[str, Any], rate_of: RateOf) -> dict[str, Any]:
    """What a deposit pays when it is taken on the day `on`. Raises NotWorkedOut."""
    product = read_product(inputs["product"])
    work = _HELD.get(product.kind, _by_term)
    pieces, more = work(product, inputs, rate_of)
    return {"pieces": [kept_piece(piece) for piece in pieces], "interest": f"{total(pieces):.2f}", **more}


def early(inputs: Mapping[str, Any], rate_of: RateOf) -> dict[str, Any]:
    """The ways open to whoever needs money before its day. Raises NotWorkedOut for products without a term."""
    product, day, amount = read_product(inputs["product"]), _day(inputs["day"]), Decimal(inputs["amount"])
    part = Decimal(inputs["part"]) if inputs.get("part") else None
    if product.kind == SavingKind.NOTICE:
        rate, demand = _own_rate(product, inputs, rate_of, day), rate_of("demand", day)
        notice = NoticeCase(amount, part or amount, _day(inputs["since"]), day, product.days or 1, rate, demand)
        return kept_explanation(explain_notice(notice))
    if product.kind not in BY_TERM:
        raise NotWorkedOut("no_term")
    term = _term(product, inputs, rate_of)
    case = Case(
        term=term,
        day=day,
        demand=rate_of("demand", day),
        early=product.early,
        part=part,
        partials=product.partials,
        least_draw=product.least_draw,
        least_rest=product.least_rest,
        wait_until=_optional_day(inputs.get("wait_until")),
        elsewhere=Decimal(inputs["elsewhere"]) if inputs.get("elsewhere") else None,
        loan_rate=rate_of("loan", day) if inputs.get("has_loan") and product.pledge else None,
        loan_share=Decimal(inputs.get("loan_share", "90")),
    )
    return kept_explanation(explain(case)) | {"until": term.until.isoformat(), "is_matured": day >= term.until}


def offers(inputs: Mapping[str, Any], rate_of: RateOf) -> dict[str, Any]:
    """What an amount would bring in each product, the most a year first; where it cannot be put, why not: "buyer",
    "minimum", "step" or "no_rate"."""
    amount, since, buyer = Decimal(inputs["amount"]), _day(inputs["day"]), inputs["buyer"]
    lines = [_offer(read_product(given), amount, since, buyer, inputs, rate_of) for given in inputs["products"]]
    return {"offers": sorted(lines, key=lambda line: (bool(line["refused"]), -Decimal(line["yearly"] or 0)))}


def kept_piece(piece: Piece) -> dict[str, str]:
    """A piece as a quote keeps it."""
    return {
        "kind": str(piece.kind),
        "rate": shown_rate(piece.rate),
        "since": piece.since.isoformat(),
        "until": piece.until.isoformat(),
        "formula": piece.formula,
        "interest": f"{piece.interest:.2f}",
    }


def kept_explanation(found: Explanation) -> dict[str, Any]:
    """The ways as a quote keeps them."""
    return {
        "horizon": found.horizon.isoformat(),
        "choices": [_kept_choice(choice) for choice in found.choices],
        "break_even": found.break_even.isoformat() if found.break_even else "",
        "needed_rate": "" if found.needed_rate is None else f"{found.needed_rate:.2f}",
    }


def _kept_choice(choice: Choice) -> dict[str, Any]:
    return {
        "way": str(choice.way),
        "refused": choice.refused,
        "cash": f"{choice.cash:.2f}",
        "gain": f"{choice.gain:.2f}",
        "loss": f"{choice.loss:.2f}",
        "pieces": [kept_piece(piece) for piece in choice.pieces],
        "beside": [kept_piece(piece) for piece in choice.beside],
    }


def _offer(
    product: Product, amount: Decimal, since: date, buyer: str, inputs: Mapping[str, Any], rate_of: RateOf
) -> dict[str, Any]:
    months = product.months or HELD_MONTHS
    until = add_months(since, months)
    line = _blank_offer(product, until)
    is_monthly = product.kind == SavingKind.INSTALMENT
    stake = (amount / months).quantize(Decimal(1), ROUND_DOWN) if is_monthly else amount
    refused = product.refusal(stake, buyer) or ("" if product.code in inputs["rated"] else "no_rate")
    if refused:
        return line | {"refused": refused}
    asked = {"amount": f"{stake:.2f}", "since": since.isoformat(), "on": until.isoformat()}
    work = _HELD.get(product.kind, _by_term)
    pieces, _more = work(product, asked | {"noticed": product.kind == SavingKind.NOTICE}, rate_of)
    # Interest that was drawn on the way counts like any other.
    earned = [piece for piece in pieces if piece.kind != PieceKind.DRAWN]
    interest = total(earned)
    return line | {
        "monthly": f"{stake:.2f}" if is_monthly else "",
        "rate": shown_rate(earned[-1].rate),
        "interest": f"{interest:.2f}",
        "yearly": f"{yuan(interest * MONTHS / months):.2f}",
        "formulas": [piece.formula for piece in earned],
    }


def _blank_offer(product: Product, until: date) -> dict[str, Any]:
    return {
        "code": product.code,
        "name_zh": product.name_zh,
        "name_en": product.name_en,
        "until": until.isoformat(),
        "minimum": f"{product.minimum:.2f}",
        "step": f"{product.step:.2f}",
        **dict.fromkeys(("refused", "monthly", "rate", "interest", "yearly"), ""),
        "formulas": [],
    }


Work = tuple[Pieces, dict[str, Any]]


def _by_term(product: Product, inputs: Mapping[str, Any], rate_of: RateOf) -> Work:
    term, on = _term(product, inputs, rate_of), _day(inputs["on"])
    if on < term.until and product.early == EarlyRule.STEPPED:
        raise NotWorkedOut("stepped")
    if on < term.until and product.early == EarlyRule.NEVER:
        raise NotWorkedOut("early_never")
    renewal = None
    if inputs.get("renews") and product.months:
        renewal = Renewal(product.months, product.compounds, lambda day: rate_of(f"product:{product.code}", day))
    pieces = savings.pay_out(term, on, _demand(term, on, rate_of), renewal)
    return pieces, _paid(term.amount, pieces) | {"until": term.until.isoformat()}


def _by_balances(product: Product, inputs: Mapping[str, Any], rate_of: RateOf) -> Work:
    paid, on = [Movement(_day(inputs["since"]), Decimal(inputs["amount"]))], _day(inputs["on"])
    own: Callable[[date], Decimal] = lambda day: rate_of(f"product:{product.code}", day)  # noqa: E731  one line
    if product.kind == SavingKind.AGREEMENT:
        pieces = savings.agreement_interest(paid, on, product.base, lambda day: rate_of("demand", day), own)
    else:
        pieces = savings.demand_interest(paid, on, own)
    return pieces, _paid(paid[0].amount, pieces)


def _instalments(product: Product, inputs: Mapping[str, Any], rate_of: RateOf) -> Work:
    term, on = _term(product, inputs, rate_of), _day(inputs["on"])
    paid = list(_paid_in(term, product.months or 0, on, inputs.get("missed") or 0, bool(inputs.get("made_up"))))
    demand = rate_of("demand", on) if inputs.get("missed") else _demand(term, on, rate_of)
    pieces = savings.instalment_interest(paid, term, on, demand, product.misses or 0)
    whole = sum((movement.amount for movement in paid), ZERO)
    return pieces, _paid(whole, pieces) | {"until": term.until.isoformat()}


def _paid_in(term: Term, months: int, on: date, missed: int, is_made_up: bool) -> Iterable[Movement]:
    """An instalment each month from the value date; the one `missed` (from 1) comes with the next, or never."""
    for n in range(months):
        day = add_months(term.since, n)
        if day >= on or n + 1 == missed:
            continue
        yield Movement(day, term.amount * 2 if is_made_up and n == missed and missed else term.amount)


def _drawn(product: Product, inputs: Mapping[str, Any], rate_of: RateOf) -> Work:
    term, on, every = _term(product, inputs, rate_of), _day(inputs["on"]), product.every or 1
    demand = _demand(term, on, rate_of)
    if product.kind == SavingKind.PRINCIPAL_KEPT:
        pieces, draws = savings.principal_kept(term, every, on, demand), savings.interest_draws(term, every)
    else:
        pieces, draws = savings.lump_in(term, every, on, demand), savings.principal_draws(term, every)
    ahead = [[draw.on.isoformat(), f"{draw.amount:.2f}"] for draw in draws]
    more = {"until": term.until.isoformat(), "draws": ahead}
    return pieces, (_paid(term.amount, pieces) if product.kind == SavingKind.PRINCIPAL_KEPT else {}) | more


def _by_length(product: Product, inputs: Mapping[str, Any], rate_of: RateOf) -> Work:
    amount, since, on = Decimal(inputs["amount"]), _day(inputs["since"]), _day(inputs["on"])
    reached = [months for months in LADDER if add_months(since, months) <= on][-1:]
    ladder = {months: rate_of(f"time:{months}", on) for months in reached}
    share = Decimal(product.share or 100)
    pieces = savings.demand_or_time(amount, since, on, rate_of("demand", on), ladder, share)
    return pieces, _paid(amount, pieces)


def _by_notice(product: Product, inputs: Mapping[str, Any], rate_of: RateOf) -> Work:
    amount, since, on = Decimal(inputs["amount"]), _day(inputs["since"]), _day(inputs["on"])
    rules = savings.NoticeRules(
        product.days or 1, product.least_draw, product.least_rest, _own_rate(product, inputs, rate_of, on)
    )
    draw = Decimal(inputs["draw"]) if inputs.get("draw") else amount
    given = date.fromordinal(on.toordinal() - rules.days)
    noticed = (given, on, draw) if inputs.get("noticed") else None
    found = savings.notice_draw(rules, amount, since, on, draw, rate_of("demand", on), noticed)
    return found.pieces, _paid(found.paid, found.pieces) | {"closes": found.closes and draw != amount}


_HELD: Final[Mapping[str, Callable[[Product, Mapping[str, Any], RateOf], Work]]] = {
    SavingKind.DEMAND: _by_balances,
    SavingKind.AGREEMENT: _by_balances,
    SavingKind.INSTALMENT: _instalments,
    SavingKind.PRINCIPAL_KEPT: _drawn,
    SavingKind.LUMP_IN: _drawn,
    SavingKind.DEMAND_OR_TIME: _by_length,
    SavingKind.NOTICE: _by_notice,
}


def _paid(amount: Decimal, pieces: Pieces) -> dict[str, Any]:
    return {"principal": f"{amount:.2f}", "paid": f"{amount + total(pieces):.2f}"}


def _term(product: Product, inputs: Mapping[str, Any], rate_of: RateOf) -> Term:
    since = _day(inputs["since"])
    until = _optional_day(inputs.get("until")) or add_months(since, product.months or HELD_MONTHS)
    rate = _own_rate(product, inputs, rate_of, since)
    return Term(Decimal(inputs["amount"]), rate, since, until, product.count)


def _own_rate(product: Product, inputs: Mapping[str, Any], rate_of: RateOf, day: date) -> Decimal:
    return Decimal(inputs["rate"]) if inputs.get("rate") else rate_of(f"product:{product.code}", day)


def _demand(term: Term, on: date, rate_of: RateOf) -> Decimal:
    """The demand rate, asked for only when some time is reckoned at it."""
    return ZERO if on == term.until else rate_of("demand", on)


def _day(text: str) -> date:
    return date.fromisoformat(text)


def _optional_day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None
