"""Outflow warnings (K09, B4): the signs against hand-computed cases and a slow obvious reading of the same rules."""

import random
from bisect import bisect_right
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from statistics import median

import pytest

from complaints.enums import CaseState
from insights.queries.outflow import found_on, frame_on
from insights.rules.outflow import BUILT_IN, SIGNALS, Found, is_raised, read_outflow, weigh
from servicing.models import Maturity
from tests import factories as make
from tests.factories import TODAY
from tests.insights.books import a_scheme, make_holder, move_tier

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
CENT = Decimal("0.01")


@pytest.fixture
def manager():
    a_scheme()
    return make.make_user(role="manager")


def held(manager, history, **fields):
    return make_holder(history, manager=manager, position={"last_contact_on": TODAY}, **fields)


def signs(*customers, day=TODAY, **figures):
    rules = read_outflow({**BUILT_IN, **figures})
    found = found_on([one.pk for one in customers], day, rules, frame_on(day))
    return {one.customer_id: dict(one.signals) for one in found}


def test_rules_are_read_with_their_bounds_and_points_add_up_to_a_hundred_at_most():
    rules = read_outflow(BUILT_IN)
    assert (rules.threshold("A"), rules.threshold("X")) == (30, 50)
    wrong = [("least", -1), ("least", True), ("thresholds", {}), ("thresholds", {"aa": 30}), ("points", {"fall": 40})]
    for name, value in [*wrong, ("scripts", {"fall": {"zh": "您好"}}), ("fall_share", "30")]:
        with pytest.raises(ValueError, match=name):
            read_outflow({**BUILT_IN, name: value})
    money = {"balance": Decimal(1), "gone": Decimal(2)}
    few = Found(1, 3, "B", **money, signals={"contact": {"days": 99}, "matured": {"amount": "5"}})
    weighed = weigh(few, rules)
    assert (weighed.score, weighed.main) == (50, "matured")
    assert weighed.signals[1] == {"code": "contact", "points": 15, "days": 99}
    assert weigh(Found(1, 3, "B", **money, signals={code: {} for code in SIGNALS}), rules).score == 100
    alone = weigh(Found(1, 1, "D", **money, signals={"fall": {}}), rules)
    assert (alone.score, is_raised(alone, rules), is_raised(weigh(few, rules), rules)) == (40, False, True)


def test_a_fall_is_unusual_against_the_customers_own_weeks(manager):
    # Weekly closes of 100,000 for half a year, then 60,000: 40 % below, spread 5 % of the usual.
    steady = held(manager, {400: 100_000, 5: 60_000})
    # The same fall of somebody whose balance swings by 40,000 each fortnight anyway: spread 1.4826 x 20,000.
    swings = {400: 100_000, **{7 * n + 17: 100_000 + 20_000 * (-1) ** n for n in range(27)}}
    wild = held(manager, {**swings, 5: 60_000})
    # Fallen long ago, 29 % only, too little money, too few weeks.
    others = [{400: 100_000, 20: 60_000}, {400: 100_000, 5: 71_000}, {400: 19_999, 5: 0}, {48: 100_000, 5: 0}]
    quiet = [held(manager, history) for history in others]
    found = signs(steady, wild, *quiet)
    facts = {"usual": "100000.00", "spread": "5000.00", "weeks": 26, "now": "60000.00"}
    assert found == {steady.pk: {"fall": facts}}
    # Looked at with six weeks enough, the last of them is found too: 48 days ago is in six closes.
    assert set(signs(steady, *quiet, least_weeks=5)) == {steady.pk, quiet[3].pk}


def test_a_salary_that_came_three_months_running_and_not_now_and_withdrawals_in_a_row(manager):
    # On the 10th of August, September and October; expected on 10 November, ten days ago.
    paid = {400: 50_000, 102: 58_000, 95: 50_000, 71: 58_500, 65: 50_000, 41: 58_000, 35: 50_000}
    stopped = held(manager, paid)
    came = held(manager, {**paid, 9: 57_900, 8: 50_000})
    one_off = held(manager, {400: 50_000, 41: 58_000, 35: 50_000})
    # 100,000 in three steps without a rise; then a yuan less, the same with a rise before the last, and two steps only.
    drained = held(manager, {400: 100_000, 9: 95_000, 6: 90_000, 2: 70_000})
    slower = held(manager, {400: 100_000, 9: 95_000, 6: 90_000, 2: 70_001})
    topped = held(manager, {400: 100_000, 9: 90_000, 6: 91_000, 2: 70_000})
    twice = held(manager, {400: 100_000, 9: 90_000, 2: 70_500})
    # What came in is spent, no more.
    spent = held(manager, {400: 80_000, 11: 120_000, 9: 105_000, 6: 90_000, 2: 80_000})
    found = signs(stopped, came, one_off, drained, slower, topped, twice, spent, fall_share=95)
    salary = {"amount": "8000.00", "expected": "2026-11-10", "months": 3}
    cascade = {"count": 3, "since": "2026-11-11", "from": "100000.00", "now": "70000.00"}
    assert found == {stopped.pk: {"salary": salary}, drained.pk: {"cascade": cascade}}


def test_matured_and_not_renewed_and_what_only_adds_to_it(manager):
    customer = held(manager, {400: 300_000})
    account = make.make_term_account(customer=customer, matures_in=-6, balance=80_000, rollover=False)
    Maturity.everything.create(account=account, customer=customer, matures_on=account.matures_on, amount=80_000)
    renewed = held(manager, {400: 300_000})
    old = make.make_term_account(customer=renewed, matures_in=-6, balance=80_000, rollover=False)
    Maturity.everything.create(account=old, customer=renewed, matures_on=old.matures_on, amount=80_000)
    make.make_term_account(customer=renewed, value_date=TODAY - 4 * DAY, matures_in=180)
    # Told of by the customer, and what must stay between others: a case somebody keeps away from, a web form.
    told, kept, web = (held(manager, {400: 50_000}) for _n in range(3))
    make.make_complaint(customer=told, state=CaseState.ACCEPTED)
    make.make_complaint(customer=kept, state=CaseState.ACCEPTED, named=(manager,))
    make.make_complaint(customer=web, source="web")
    move_tier(told, (300, 2))
    type(told.position).everything.filter(pk=told.pk).update(
        last_contact_on=TODAY - 271 * DAY, watch_since=TODAY - 9 * DAY
    )
    overdue = held(manager, {400: 50_000, 2: 10_000})
    make.make_follow_up(customer=overdue, owner=manager, due_on=TODAY - 8 * DAY)
    found = signs(customer, renewed, told, kept, web, overdue)
    assert found.pop(overdue.pk)["contact"] == {"due": "2026-11-12"}
    assert found == {
        customer.pk: {"matured": {"amount": "80000.00", "on": "2026-11-14", "count": 1}},
        told.pk: {
            "complaint": {"on": "2026-11-17", "count": 1},
            # 271 days, where one in 180 is promised and warned of from 150 % on.
            "contact": {"days": 271, "every": 180, "last": (TODAY - 271 * DAY).isoformat()},
            "tier": {"tier": 2, "since": "2026-11-11"},
        },
    }


# --- The slow obvious reading: every day's total, one after the other.


def oracle(totals: dict[date, Decimal], day: date, f: dict[str, int]) -> dict[str, dict[str, object]]:
    """The signs about money from the totals of every day."""
    first = min(totals)
    on = lambda d: totals[d] if d >= first else None  # noqa: E731  one look-up
    now, earlier = on(day), on(day - 14 * DAY) or Decimal(0)
    if max(now, earlier) < f["least"]:
        return {}
    found: dict[str, dict[str, object]] = {}
    closes = [on(day - 14 * DAY - 7 * n * DAY) for n in range(26)]
    closes = [close for close in closes if close is not None]
    if now < earlier and len(closes) >= f["least_weeks"]:
        usual = _cents(median(closes))
        spread = max(_cents(Decimal("1.4826") * _cents(median([abs(c - usual) for c in closes]))), _cents(usual / 20))
        deep = (usual - now) * 100 >= usual * f["fall_share"] and usual - now >= spread * f["fall_spreads"]
        if usual >= f["least"] and deep and (earlier - now) * 2 >= usual - now:
            found["fall"] = {"usual": str(usual), "spread": str(spread), "weeks": len(closes), "now": str(now)}
    start = max(first, day - (14 + 26 * 7) * DAY)
    changes = [(d, totals[d] - totals[d - DAY]) for d in _days(start + DAY, day) if totals[d] != totals[d - DAY]]
    run: list[tuple[date, Decimal]] = []
    for d, change in changes:
        if d > day - 14 * DAY:
            run = [] if change > 0 else [*run, (d, change)]
    if len(run) >= f["cascade_count"]:
        begun = totals[run[0][0] - DAY]
        if begun >= f["least"] and all((b - now) * 100 >= b * f["cascade_share"] for b in (begun, earlier)):
            since = run[0][0].isoformat()
            found["cascade"] = {"count": len(run), "since": since, "from": str(begun), "now": str(now)}
    if salary := _salary([(d, change) for d, change in changes if change >= f["salary_least"]], day, f):
        found["salary"] = salary
    return found


def _salary(inflows, day, f):
    best = None
    for d, amount in inflows:
        expected = _months(d, 1)
        if not f["salary_late"] <= (day - expected).days <= 21:
            continue
        if any(later > d + 3 * DAY and other * 100 >= amount * 60 for later, other in inflows):
            continue
        like = [(x, a) for x, a in inflows if amount * 60 <= a * 100 <= amount * 167]
        seen = {k for k in range(6) if any(abs((x - _months(d, -k)).days) <= 3 for x, _a in like)}
        if {1, 2} <= seen and (best is None or (amount, d) > best[0]):
            matched = [a for k in range(6) for x, a in like if abs((x - _months(d, -k)).days) <= 3]
            best = ((amount, d), {"amount": str(_cents(median(matched))), "expected": expected.isoformat()})
            best[1]["months"] = len(seen)
    return best[1] if best else None


def _months(d, months):
    place = d.year * 12 + d.month - 1 + months
    last = (date(place // 12 + (place % 12 == 11), (place % 12 + 1) % 12 + 1, 1) - DAY).day
    return date(place // 12, place % 12 + 1, min(d.day, last))


def _days(first, last):
    return [first + n * DAY for n in range((last - first).days + 1)]


def _cents(value):
    return Decimal(value).quantize(CENT, ROUND_HALF_UP)


def _history(rng):
    """Months of a life: some are paid by the month until they are not, some empty their account in steps."""
    start, total, found = rng.choice((60, 120, 230)), rng.randint(2, 40) * 10_000, {}
    found[start] = total
    pay_day, pay, until = rng.randint(1, 31), rng.choice((0, 6_000, 9_000)), rng.choice((0, 0, 25, 40))
    for ago in range(start - 1, -1, -1):
        day, before = TODAY - ago * DAY, total
        if pay and day.day == pay_day and ago >= until:
            total += pay + rng.randint(-500, 500)
        elif rng.random() < 0.12:
            total = max(0, total + rng.randint(-12_000, 9_000))
        elif ago < 14 and rng.random() < 0.15:
            total = total * rng.randint(40, 90) // 100
        if total != before:
            found[ago] = total
    return found


def test_random_histories_are_read_as_the_slow_reading_reads_them(manager):
    rng, figures = random.Random(9), read_outflow(BUILT_IN).figures
    histories = [_history(rng) for _n in range(90)]
    customers = [held(manager, history) for history in histories]
    met: dict[str, int] = {}
    for day in (TODAY, TODAY - 11 * DAY):
        expected = {}
        for customer, history in zip(customers, histories, strict=True):
            agos = sorted(-ago for ago in history)
            totals = {
                TODAY + n * DAY: Decimal(history[-agos[bisect_right(agos, n) - 1]]).quantize(CENT)
                for n in range(agos[0], 1)
            }
            if min(totals) <= day and (wanted := oracle({d: t for d, t in totals.items() if d <= day}, day, figures)):
                expected[customer.pk] = wanted
                met |= {code: met.get(code, 0) + 1 for code in wanted}
        found = signs(*customers, day=day)
        assert {pk: {k: v for k, v in one.items() if k != "contact"} for pk, one in found.items()} == expected
    assert min(met.get(code, 0) for code in ("fall", "salary", "cascade")) >= 3, met
