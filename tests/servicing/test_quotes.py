"""Early withdrawal explained, products compared, and quotes that say years later exactly what they said."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.clock import today
from core.models import TrailEntry
from core.money import yuan
from customers.rules.kyc import add_months
from servicing.enums import QuoteKind
from servicing.models import Quote
from servicing.queries.products import library_on
from servicing.queries.quotes import NoPostedRate, PostedRates, holding_terms, inputs_for
from servicing.rules.explaining import Case, NoticeCase, break_even_on, explain, explain_notice, running_term
from servicing.rules.interest import by_time, total
from servicing.rules.library import BUILT_IN
from servicing.rules.quotes import answer
from servicing.rules.savings import Term, pay_out
from servicing.services.quotes import QuoteNotPossible, give_quote, still_reproduces
from staff.models import Branch, User
from tests.factories import (
    NOW,
    make_branch,
    make_customer,
    make_product,
    make_quote,
    make_term_account,
    make_user,
)
from tests.servicing.test_rates import rate, sheet
from tests.tiers.test_catalogue import approve

D = Decimal
DEPOSIT = Term(D(100_000), D("1.50"), date(2026, 3, 1), date(2027, 3, 1))
DAY = date(2026, 6, 9)  # 100 days on


def case(**changes: Any) -> Case:
    return Case(**{"term": DEPOSIT, "day": DAY, "demand": D("0.10"), "early": "demand", **changes})


def figures(found: Any) -> dict[str, Any]:
    return {c.way: c.refused or (str(c.cash), str(c.gain), str(c.loss)) for c in found.choices}


def test_the_ways_are_compared_by_what_they_bring_until_maturity() -> None:
    found = explain(case(part=D(40_000), partials=1, wait_until=date(2026, 12, 1), loan_rate=D("3.60")))
    assert figures(found) == {
        # 100,000 x 100 x 0.1 % / 360 = 27.78; waiting brings 1,500.
        "all_now": ("100027.78", "27.78", "1472.22"),
        # 40,000 x 100 x 0.1 % / 360 = 11.11, and 60,000 x 1.5 % = 900.
        "part_now": ("40011.11", "911.11", "588.89"),
        # 275 days: 100,000 x 275 x 0.1 % / 360 = 76.39.
        "wait_until": ("0.00", "76.39", "1423.61"),
        "wait": ("0.00", "1500.00", "0.00"),
        # 265 days to maturity: 40,000 x 265 x 3.6 % / 360 = 1,060.
        "loan": ("40000", "440.00", "1060.00"),
    }
    # 1,472.22 on 100,027.78 in eight months and 20 days: x 360 / 260 = 2.0379 %, rounded up.
    assert (found.needed_rate, found.break_even, found.horizon) == (D("2.04"), None, date(2027, 3, 1))


def test_a_rate_elsewhere_is_counted_for_what_is_taken_out() -> None:
    found = explain(case(elsewhere=D("2.50")))
    # 27.78 and 100,027.78 x 2.5 % x 260 / 360 = 1,806.06.
    assert figures(found)["all_now"] == ("100027.78", "1833.84", "-333.84")
    assert figures(found)["wait"] == ("0.00", "1500.00", "0.00")
    # From 210 days of 30 before maturity on, waiting wins: 150 x 0.28 + 210 x 6.95 are 1,500 at last.
    day = found.break_even
    assert day == break_even_on(DEPOSIT, D("0.10"), D("2.50"))
    assert day is not None
    assert abs((day - date(2026, 8, 1)).days) <= 2
    assert explain(case(elsewhere=D("1.00"))).break_even == DEPOSIT.since
    assert break_even_on(Term(D(100), D("0.01"), DEPOSIT.since, DEPOSIT.until), D("0.10"), D(5)) is None


@pytest.mark.parametrize(
    ("changes", "way", "reason"),
    [
        ({"part": D(40_000), "partials": 0}, "part_now", "partial_never"),
        ({"part": D(40_000), "least_rest": D(70_000)}, "part_now", "rest_too_small"),
        ({"part": D(40_000), "least_draw": D(50_000)}, "part_now", "draw_too_small"),
        ({"early": "never"}, "all_now", "early_never"),
        ({"early": "stepped"}, "all_now", "stepped"),
        ({}, "loan", "no_loan"),
        ({"part": D(95_000), "partials": 1, "loan_rate": D(3)}, "loan", "loan_too_large"),
    ],
)
def test_a_way_that_is_closed_says_why(changes: dict[str, Any], way: str, reason: str) -> None:
    found = explain(case(**changes))
    assert figures(found)[way] == reason
    assert figures(found)["wait"] == ("0.00", "1500.00", "0.00")


def test_after_maturity_nothing_is_lost_and_waiting_earns_the_demand_rate() -> None:
    found = explain(case(day=date(2027, 3, 31), wait_until=date(2027, 4, 30)))
    # 30 and 60 days late: 100,000 x 30 x 0.1 % / 360 = 8.33, x 60 = 16.67.
    assert figures(found) == {
        "all_now": ("101508.33", "1508.33", "0.00"),
        "wait_until": ("0.00", "1516.67", "-8.34"),
    }


def test_a_notice_deposit_loses_without_its_notice() -> None:
    found = explain_notice(
        NoticeCase(D(100_000), D(100_000), date(2026, 1, 1), date(2026, 2, 8), 7, D("0.65"), D("0.10"))
    )
    # 38 days at 0.1 % = 10.56; 45 days at 0.65 % = 81.25 on 15 February.
    assert figures(found) == {"all_now": ("100010.56", "10.56", "70.69"), "notice": ("0.00", "81.25", "0.00")}
    assert found.horizon == date(2026, 2, 15)


def test_a_deposit_that_renews_is_taken_at_its_running_term() -> None:
    first, matured = date(2024, 5, 31), date(2024, 8, 31)
    assert running_term(first, matured, 3, date(2024, 8, 30)) == (first, matured)
    assert running_term(first, matured, 3, matured) == (matured, date(2024, 11, 30))
    assert running_term(first, matured, 3, date(2025, 3, 1)) == (date(2025, 2, 28), date(2025, 5, 31))


@settings(max_examples=15, deadline=None)
@given(
    st.decimals(D(1_000), D(1_000_000), places=2),
    st.decimals(D(0), D(5), places=2),
    st.decimals(D(0), D(5), places=2),
    st.decimals(D(0), D("0.5"), places=2),
    st.dates(date(2024, 1, 1), date(2026, 12, 31)),
    st.sampled_from([1, 3, 6]),
)
def test_the_break_even_day_is_what_its_definition_says(
    amount: Decimal, own: Decimal, elsewhere: Decimal, demand: Decimal, since: date, months: int
) -> None:
    term = Term(amount, own, since, add_months(since, months))
    waiting = total(pay_out(term, term.until, demand))

    def leaving(day: date) -> Decimal:
        early = total(pay_out(term, day, demand))
        return early + yuan(by_time(amount + early, elsewhere, day, term.until))

    days = [since + timedelta(days=n) for n in range((term.until - since).days)]
    worse = [n for n, day in enumerate(days) if leaving(day) > waiting]
    better = days[worse[-1] + 1 :] if worse else days
    assert break_even_on(term, demand, elsewhere) == (better[0] if better else None)


def test_a_part_and_the_rest_bring_what_the_whole_does() -> None:
    for part in range(1_000, 100_000, 9_000):
        found = figures(explain(case(part=D(part), partials=None)))["part_now"]
        whole = figures(explain(case()))
        share = D(part) / DEPOSIT.amount
        expected = D(whole["all_now"][1]) * share + D(whole["wait"][1]) * (1 - share)
        assert abs(D(found[1]) - expected) <= D("0.02")


@pytest.fixture
def branch() -> Branch:
    approve(sheet(rate("1.50"), rate("0.10", "DEMAND"), rate("2.00", "TD24"), loan="3.60"), date(2026, 1, 1), "rates")
    return make_branch()


def posted(branch: Branch, amount: int = 100_000) -> PostedRates:
    return PostedRates(library=library_on(today()), branch=branch, amount=D(amount), language="en")


def asked(**changes: str) -> dict[str, Any]:
    said = {"product": "TD12", "amount": "100000", "since": "2026-03-01", "until": "", "rate": "", "day": "2026-06-09"}
    return {**said, "part": "40000", "wait_until": "", "elsewhere": "2.50", **changes}


def give(user: User, branch: Branch, kind: str = "early", **said: str) -> Quote:
    rates = posted(branch)
    inputs = inputs_for(kind, asked(**said), rates)
    return give_quote(
        customer=make_customer(branch=branch, manager=user), kind=kind, inputs=inputs, posted=rates, actor=user, at=NOW
    )


@pytest.mark.django_db
def test_a_quote_stays_what_it_was_when_rates_and_products_change(branch: Branch) -> None:
    quote = give(make_user(role="manager", branch=branch), branch)
    said = Quote.everything.get(pk=quote.pk).result
    assert (said["choices"][0]["way"], said["choices"][0]["gain"]) == ("all_now", "1833.84")
    assert (quote.rates_version, quote.products_version) == (1, 0)
    assert quote.inputs["posted"]["product:TD12@2026-03-01"] == {
        "rate": "1.5",
        "version": 1,
        "since": "2026-01-01",
        "unit": "",
        "floor": "0.00",
    }
    assert quote.inputs["posted"]["loan@2026-06-09"]["rate"] == "3.6"

    approve(sheet(rate("9.99"), rate("5.00", "DEMAND")), date(2026, 1, 1), "rates")
    items = [{**item, "count": "days_365", "partials": 0} for item in BUILT_IN["items"]]
    approve({"items": items}, date(2026, 1, 1), "products")
    again = Quote.everything.get(pk=quote.pk)
    assert again.result == said
    assert still_reproduces(again)
    assert answer("early", inputs_for("early", asked(), posted(branch)), posted(branch)) != said
    Quote.everything.filter(pk=quote.pk).update(result={**said, "break_even": "2020-01-01"})
    assert not still_reproduces(Quote.everything.get(pk=quote.pk))
    entry = TrailEntry.objects.get(action="quote")
    assert (entry.subject_id, entry.changes) == (str(quote.pk), {"kind": "early", "rates": 1, "products": 0})


@pytest.mark.django_db
def test_what_was_never_posted_is_not_made_up(branch: Branch) -> None:
    manager = make_user(role="manager", branch=branch)
    with pytest.raises(NoPostedRate, match=r"2025-03-01 for Time deposit, 1 year"):
        give(manager, branch, since="2025-03-01", day="2025-06-09")
    with pytest.raises(QuoteNotPossible, match="no term"):
        give(manager, branch, product="DEMAND")
    # The deposit's own rate is enough where it is typed; the demand rate of the day is still the posted one.
    quote = give(manager, branch, since="2025-12-01", rate="1.85", day="2026-02-09")
    assert [piece["rate"] for piece in quote.result["choices"][0]["pieces"]] == ["0.1"]
    assert not [key for key in quote.inputs["posted"] if key.startswith("product")]


@pytest.mark.django_db
def test_products_are_compared_for_whoever_may_hold_them(branch: Branch) -> None:
    rates = posted(branch, 60_000)
    said = {"amount": "60000", "day": "2026-03-01", "buyer": "person"}
    offers = {o["code"]: o for o in answer(QuoteKind.NEW, inputs_for("new", said, rates), rates)["offers"]}
    # 60,000 x 1.5 % and 60,000 x 2 % x 2.
    assert [(code, offers[code]["interest"], offers[code]["until"]) for code in ("TD12", "TD24")] == [
        ("TD12", "900.00", "2027-03-01"),
        ("TD24", "2400.00", "2028-03-01"),
    ]
    assert {code: offers[code]["refused"] for code in ("TD36", "CD12", "AGREEMENT", "DT", "NT07")} == {
        "TD36": "no_rate",
        "CD12": "minimum",
        "AGREEMENT": "buyer",
        "NT07": "no_rate",
        "DT": "",
    }
    # 60 % of the year's 1.5 %: 60,000 x 0.9 %.
    assert (offers["DT"]["rate"], offers["DT"]["interest"]) == ("0.9", "540.00")
    assert "STEPPED" not in offers
    firm = inputs_for("new", {**said, "buyer": "organisation", "amount": "600000"}, posted(branch, 600_000))
    refused = {o["code"]: o["refused"] for o in answer(QuoteKind.NEW, firm, posted(branch, 600_000))["offers"]}
    assert (refused["CD12"], refused["TD12"], refused["AGREEMENT"]) == ("buyer", "", "no_rate")


HELD = [
    ("TD12", {}, "1500.00"),
    # 100,000 x 59 x 0.1 % / 360 taken on 29 April.
    ("TD12", {"on": "2026-04-29"}, "16.39"),
    # To 1 March 2028 with a renewal on interest: 1,500 and 101,500 x 1.5 %.
    ("TD12", {"on": "2028-03-01", "renews": True}, "3022.50"),
    # Settled in March, June, September, December: 100,000 x 20 x 0.1 % / 360 = 5.56, 100,005.56 for 92 days 25.56,
    # 100,031.12 for 92 days 25.56, 100,056.68 for 91 days 25.29, 100,081.97 for 70 days 19.46.
    ("DEMAND", {}, "101.43"),
    # Twelve months of 100,000: days to the end 365, 334, 304, 273, 243, 212, 181, 151, 120, 90, 59, 28 = 2,360.
    ("IN12", {"rate": "1.20"}, "7866.67"),
    # 1,200 of interest, of which eleven draws of 100 are paid.
    ("PK12", {"rate": "1.20"}, "100.00"),
    # (100,000 + 8,333.33) / 2 x 12 x 1.2 % / 12, with the cents in the last part.
    ("LI12", {"rate": "1.20"}, "650.00"),
    # 60 % of 1.5 %.
    ("DT", {}, "900.00"),
    # 365 days with notice and without.
    ("NT07", {"rate": "0.65", "noticed": True}, "659.03"),
    ("NT07", {"rate": "0.65"}, "101.39"),
]


@pytest.mark.django_db
@pytest.mark.parametrize(("code", "changes", "interest"), HELD)
def test_every_kind_of_deposit_is_worked_out_by_its_own_rules(
    branch: Branch, code: str, changes: dict[str, Any], interest: str
) -> None:
    said = {"product": code, "amount": "100000", "since": "2026-03-01", "on": "2027-03-01", "rate": "", "until": ""}
    rates = posted(branch)
    found = answer(QuoteKind.HOLD, inputs_for("hold", {**said, **changes}, rates), rates)
    assert found["interest"] == interest


@pytest.mark.django_db
def test_amounts_of_accounts_are_filled_in_only_for_those_who_see_amounts(branch: Branch) -> None:
    product = make_product(code="TD12", kind="term", term_months=12)
    account = make_term_account(product=product, customer=make_customer(branch=branch), balance=80_000)
    day = account.matures_on - timedelta(days=1)
    head, teller = (make_user(role=role, branch=branch) for role in ("branch_head", "teller"))
    seen = [holding_terms(account, user, day) for user in (head, teller)]
    assert [(t.product.code, t.amount, str(t.rate)) if t else None for t in seen] == [
        ("TD12", D(80_000), "1.45"),
        ("TD12", None, "1.45"),
    ]
    account.rollover = True
    renewed = holding_terms(account, head, account.matures_on)
    assert renewed is not None
    assert (renewed.is_renewed, renewed.since, renewed.rate) == (True, account.matures_on, None)
    other = make_term_account(product=make_product(kind="notice"), customer=account.customer)
    assert holding_terms(other, head, day) is None


@pytest.mark.django_db
def test_quotes_are_read_by_those_who_see_the_customer_and_at_the_counter_only_its_own(branch: Branch) -> None:
    people = {
        role: make_user(role=role, branch=branch) for role in ("manager", "teller", "lobby", "compliance", "admin")
    }
    customer = make_customer(branch=branch, manager=people["manager"])
    typed = make_quote(customer=customer, made_by=people["teller"])
    held = make_quote(customer=customer, made_by=people["manager"], at_counter=False)
    elsewhere = make_quote(customer=make_customer(), made_by=people["teller"])
    seen = {role: set(Quote.objects.visible_to(user)) for role, user in people.items()}
    assert seen == {
        "manager": {typed, held},
        "teller": {typed},
        "lobby": {typed},
        "admin": set(),
        "compliance": set(),
    }
    assert elsewhere not in set().union(*seen.values())
