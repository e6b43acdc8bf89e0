"""Why a customer is in a tier, who moved, what other bounds would do."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.utils import translation

from customers.models import Customer
from staff.access import scope_of
from tests.factories import make_branch, make_customer, make_head_office, make_user
from tests.tiers.ledgers import approved, give_tier, run, write_ledger
from tests.tiers.test_rules import EDGES
from tiers.models import TierChange
from tiers.queries import (
    DOWN,
    UP,
    bands_for_display,
    explain,
    heads_by_tier,
    heads_of_run,
    lately,
    movers,
    runs,
    seconds_of,
    shifts,
    simulate,
    tier_history,
    tier_name,
    tier_on,
    watch_terms,
    watched,
)
from tiers.rules import Window, bands_from

pytestmark = pytest.mark.django_db
DAY = date(2026, 11, 20)
NEXT = DAY + timedelta(days=1)
FLOORS = [Decimal(0), Decimal(50_000), Decimal(500_000), Decimal(3_000_000)]


def customer_with(history: dict[date, str], **fields: object) -> Customer:
    """An untiered customer with totals from days on."""
    customer = make_customer(tier=0, position={"tier_since": None, "on": None}, **fields)  # type: ignore[arg-type]
    write_ledger({customer.pk: {on: Decimal(total) for on, total in history.items()}}, max(history))
    return customer


def test_tier_on_a_day_is_that_of_the_last_change() -> None:
    customer = customer_with({DAY: "60000", NEXT: "10"})
    run(DAY)
    run(NEXT)

    days = [DAY - timedelta(days=1), DAY, NEXT, NEXT + timedelta(days=90)]
    assert [tier_on(customer.pk, day) for day in days] == [0, 2, 1, 1]


def test_explains_from_what_the_run_stored() -> None:
    customer = customer_with({DAY: "623000"})
    run(DAY)
    write_ledger({customer.pk: {DAY: Decimal(1)}}, DAY)  # what balances say later does not matter

    with translation.override("en"):
        found = explain(customer, DAY + timedelta(days=30))

    assert (found.tier, found.since, found.scheme, found.measure) == (3, DAY, 1, "balance")
    assert (found.value, found.window) == (Decimal("623000.00"), Window(DAY, DAY))
    assert found.reason == (
        "Tier 3 (Preferred) since 2026-11-20: the closing balance of 2026-11-20 was 623,000.00 yuan, at least"
        " 500,000.00 and below 3,000,000.00, by version 1 of the tier scheme."
    )
    assert "623" not in found.public_reason


def told(customer: Customer, day: date) -> list[str]:
    """All that is said about a day, in English."""
    with translation.override("en"):
        found = explain(customer, day)
        assert found.public_reason.startswith(found.reason[:20])
        public = found.texts(amounts=False)
        assert not any(f"{found.value:,.2f}" in text for text in public)
        return [*found.texts(amounts=True), *found.corrections]


def test_explains_a_day_that_changed_nothing_by_the_decision_that_still_holds() -> None:
    customer = customer_with({DAY: "3000000", NEXT: "4000000"})
    run(DAY)
    run(NEXT)

    assert told(customer, NEXT) == [
        "Tier 4 (Premier) since 2026-11-20: the closing balance of 2026-11-20 was 3,000,000.00 yuan, at least"
        " 3,000,000.00, by version 1 of the tier scheme.",
        "The re-tierings since then, the last of 2026-11-21, have changed nothing.",
    ]
    assert told(customer, NEXT + timedelta(days=3))[1:] == [
        "There was no re-tiering on 2026-11-24; the last one before it, of 2026-11-21, is what held then."
    ]
    found = explain(customer, NEXT)
    assert (found.tier, found.since, found.value, found.window) == (4, DAY, Decimal(3_000_000), Window(DAY, DAY))


def test_says_apart_when_balances_were_corrected_after_the_run() -> None:
    customer = customer_with({DAY: "10"})
    run(DAY)
    run(NEXT)
    write_ledger({customer.pk: {DAY: Decimal(20), NEXT: Decimal(60_000)}}, NEXT)

    assert told(customer, NEXT) == [
        "Tier 1 (Standard) since 2026-11-20: the closing balance of 2026-11-20 was 10.00 yuan, below 50,000.00, by"
        " version 1 of the tier scheme.",
        "The re-tierings since then, the last of 2026-11-21, have changed nothing.",
        "Balances were corrected since: for 2026-11-20 the figure is 20.00 yuan today.",
        "By the balances as they stand today the figure for 2026-11-21 is 60,000.00 yuan, which the next re-tiering"
        " of that day will apply.",
    ]


AUGUST, SEPTEMBER, OCTOBER, NOVEMBER = (date(2026, month, 28) for month in (8, 9, 10, 11))


def test_tells_of_a_watch_from_its_beginning_to_its_end() -> None:
    approved(effective_on=date(2026, 1, 1), watch_periods=2)
    customer = customer_with({AUGUST: "600000", SEPTEMBER: "40000", OCTOBER: "520000", NOVEMBER: "450000"})
    later = customer_with({AUGUST: "600000", SEPTEMBER: "60000"})
    for day in (AUGUST, SEPTEMBER, OCTOBER, NOVEMBER):
        run(day)

    first = (
        "Tier 3 (Band 3) since 2026-08-28: the closing balance of 2026-08-28 was 600,000.00 yuan, at least 500,000.00"
        " and below 3,000,000.00, by version"
    )
    on_watch, cleared, again = (told(customer, day) for day in (SEPTEMBER, OCTOBER, NOVEMBER))
    assert [texts[0].startswith(first) for texts in (on_watch, cleared, again)] == [True, True, True]
    assert on_watch[1:] == [
        "It has been held under watch since 2026-09-28, when the figure was 40,000.00 yuan: below 500,000.00, it goes"
        " down with the first re-tiering from 2026-11-01 on, unless 500,000.00 is reached again before."
    ]
    assert cleared[1:] == [
        "The watch ended on 2026-10-28: the closing balance of 2026-10-28 was 520,000.00 yuan, which reaches its bound"
        " again."
    ]
    assert "2027-01-01" in again[1]
    fallen = told(later, NOVEMBER)
    assert fallen[0].startswith("Tier 2 (Band 2) since 2026-11-28: the closing balance of 2026-11-28 was 60,000.00")
    assert fallen[0].endswith("; Tier 3 (Band 3) had been held under watch since 2026-09-28.")
    assert (explain(customer, SEPTEMBER).watch, explain(customer, SEPTEMBER).down_on) == (SEPTEMBER, date(2026, 11, 1))


def test_tells_of_overrides_without_their_reason() -> None:
    customer = customer_with({AUGUST: "600000"})
    same = customer_with({AUGUST: "600000"})
    for one, letter in ((customer, "A"), (same, "B")):
        give_tier(one.pk, letter, SEPTEMBER, OCTOBER)
    for day in (AUGUST, SEPTEMBER, OCTOBER + timedelta(days=1)):
        run(day)

    [held] = told(customer, SEPTEMBER)
    assert held.startswith(
        "Tier 4 (Premier) since 2026-09-28 by an approved exception that holds until 2026-10-28; by the rule alone it"
        " would be Tier 3 (Preferred): the closing balance of 2026-09-28 was 600,000.00 yuan"
    )
    assert told(same, SEPTEMBER)[1:] == [
        "Since 2026-09-28 an approved exception holds it until 2026-10-28; by the rule alone it would be Tier 3"
        " (Preferred)."
    ]
    [over] = told(customer, OCTOBER + timedelta(days=1))
    assert over.startswith("Tier 3 (Preferred) since 2026-10-29, when an approved exception ended: the closing balance")
    assert told(same, OCTOBER + timedelta(days=1))[1:] == [
        "An approved exception ended on 2026-10-29; the rule gives the same tier."
    ]
    assert "reason-of-override" not in "".join(held + over)


def test_tells_of_a_new_number_and_of_products_that_count() -> None:
    customer = customer_with({AUGUST: "600000"})
    later = approved("0", "20000", "50000", "500000", "3000000", letters="DECBA", effective_on=SEPTEMBER)
    approved(effective_on=OCTOBER, measure="best", best_of=["balance", "adb_month"], counted=["term"])
    for day in (AUGUST, SEPTEMBER, OCTOBER):
        run(day)

    assert told(customer, SEPTEMBER)[1:] == [
        f"Since 2026-09-28, with version {later.version} of the tier scheme, it is Tier 4 (Band 4)."
    ]
    assert (
        "the closing balance of 2026-10-28 was 0.00 yuan (of these products only: Time deposit)"
        in (told(customer, OCTOBER)[0])
    )
    assert "the highest of the figures compared" in told(customer, OCTOBER)[0]


def test_who_is_on_watch_with_what_is_lacking() -> None:
    approved(effective_on=date(2026, 1, 1), watch_periods=2, measure="adb_month")
    customer = customer_with({date(2026, 8, 1): "600000", date(2026, 9, 1): "40000"})
    customer_with({date(2026, 8, 1): "600000", date(2026, 9, 1): "40000"})
    customer_with({date(2026, 8, 1): "600000"}, branch=customer.branch)
    for day in (AUGUST, SEPTEMBER):
        run(day)
    head = make_user(role="branch_head", branch=customer.branch)

    [row] = watched(head)

    assert (row.pk, row.held, row.value, row.watch_since) == (customer.pk, 3, Decimal(40_000), SEPTEMBER)
    terms = watch_terms()
    assert (terms.floors[3], terms.down_on(SEPTEMBER)) == (Decimal(500_000), date(2026, 11, 1))


def test_what_a_run_did_by_tier_beside_the_one_before() -> None:
    customer_with({AUGUST: "600000"})
    customer_with({AUGUST: "10", SEPTEMBER: "60000"})
    approved("0", "20000", "50000", "500000", "3000000", letters="DECBA", effective_on=SEPTEMBER)
    for day in (AUGUST, SEPTEMBER):
        run(day)

    last, first = runs()

    assert [(c.band.letter, c.heads, c.before) for c in heads_of_run(last)] == [
        ("A", 0, 0),
        ("B", 1, 1),
        ("C", 1, 0),
        ("E", 0, None),
        ("D", 0, 1),
    ]
    assert {c.difference for c in heads_of_run(first)} == {None}
    assert seconds_of(last) is None


def test_explains_an_average_with_its_window() -> None:
    approved(effective_on=DAY, measure="adb_month")
    customer = customer_with({date(2026, 11, 11): "1000"})
    run(DAY)

    with translation.override("en"):
        found = explain(customer, DAY)

    assert (found.value, found.window) == (Decimal("500.00"), Window(date(2026, 11, 1), DAY))
    assert "the average daily balance from 2026-11-01 to 2026-11-20 was 500.00 yuan, below 50,000.00" in found.reason


def test_explains_who_was_never_tiered() -> None:
    customer = customer_with({DAY: "60000"})

    found = explain(customer, DAY)

    assert (found.tier, found.since, found.value) == (0, None, Decimal("60000.00"))
    assert found.reason == found.public_reason


def test_movers_within_sight_only() -> None:
    bank = make_head_office()
    mine, other = make_branch(parent=bank), make_branch(parent=bank)
    customer_with({DAY: "10", NEXT: "60000"}, branch=mine)
    customer_with({DAY: "700000", NEXT: "5"}, branch=mine)
    customer_with({DAY: "10", NEXT: "60000"}, branch=other)
    run(DAY)
    run(NEXT)
    head, officer = make_user(role="branch_head", branch=mine), make_user(role="head_office", branch=bank)

    assert [movers(head, DAY, NEXT, way).count() for way in (UP, DOWN, "")] == [1, 1, 2]
    assert movers(head, DAY, DAY).count() == 0  # first tierings are no moves
    assert [movers(officer, NEXT, NEXT, way).count() for way in (UP, DOWN, "")] == [2, 1, 3]
    assert movers(make_user(role="admin"), DAY, NEXT).count() == 0
    assert lately(TierChange.objects.visible_to(head).moved()).count() == 2
    assert [(line.rank, line.heads) for line in heads_by_tier(head)] == [(2, 1), (1, 1)]


def test_history_of_a_customer_is_newest_first() -> None:
    customer = customer_with({DAY: "10", NEXT: "60000"})
    run(DAY)
    run(NEXT)
    head = make_user(role="branch_head", branch=customer.branch)

    assert [change.on for change in tier_history(head, customer)] == [NEXT, DAY]
    assert not tier_history(make_user(role="branch_head"), customer).exists()


def test_the_simulator_holds_the_edges() -> None:
    for value, _rank in EDGES:
        customer_with({DAY: value})

    found = simulate(FLOORS, "balance", DAY)

    ranks = [rank for _, rank in EDGES]
    assert found.by_tier == {rank: ranks.count(rank) for rank in (1, 2, 3, 4)}
    assert found.matrix == {(0, rank): ranks.count(rank) for rank in (1, 2, 3, 4)}


@pytest.mark.parametrize("measure", ["balance", "adb_month", "adb_quarter"])
@pytest.mark.parametrize("day", [DAY, NEXT, DAY - timedelta(days=3)])
def test_the_simulation_of_a_day_equals_its_run(measure: str, day: date) -> None:
    for value, _rank in EDGES:
        customer_with({date(2026, 10, 20): "300000", DAY: value})
    floors = [Decimal(0), Decimal(200_000), Decimal(299_000), Decimal(350_000), Decimal(3_000_000)]
    run(DAY - timedelta(days=5))
    foreseen = simulate(floors, measure, day)
    approved(*map(str, floors), effective_on=day, measure=measure)

    result = run(day)

    assert result["by_tier"] == {str(rank): heads for rank, heads in foreseen.by_tier.items()}
    assert (result["up"], result["down"]) == (foreseen.up, foreseen.down)


def test_a_simulation_counts_only_whom_the_scope_reaches() -> None:
    bank = make_head_office()
    mine = make_branch(parent=bank)
    customer_with({DAY: "60000"}, branch=mine)
    customer_with({DAY: "60000"})

    def heads(user: object) -> int:
        return simulate(FLOORS, "balance", DAY, scope_of(user)).by_tier[2]  # type: ignore[arg-type]

    assert heads(make_user(role="branch_head", branch=mine)) == 1
    assert heads(make_user(role="head_office", branch=bank)) == 2
    assert heads(make_user(role="auditor", branch=bank)) == 0


def test_shifts_show_tiers_that_come_and_go() -> None:
    for value, _rank in EDGES:
        customer_with({DAY: value})
    run(DAY)
    bands = bands_from([Decimal(0), Decimal(500_000)])

    found = shifts(simulate([band.floor for band in bands], "balance", DAY), bands)

    assert [(s.rank, s.band is None, s.now, s.then, s.risen, s.fallen) for s in found] == [
        (4, True, 2, 0, 0, 0),
        (3, True, 2, 0, 0, 0),
        (2, False, 2, 4, 0, 4),
        (1, False, 4, 6, 0, 2),
    ]


def test_names_are_of_the_latest_run_and_in_the_language_in_use() -> None:
    customer_with({DAY: "60000"})
    later = approved("0", "1", "2", effective_on=NEXT)

    assert len(bands_for_display(NEXT)) == 3
    run(DAY)
    assert [band.name_en for band in bands_for_display(NEXT)] == ["Standard", "Potential", "Preferred", "Premier"]
    run(NEXT)
    bands = bands_for_display(NEXT)
    assert len(bands) == later.bands.count()
    with translation.override("zh-hans"):
        assert tier_name(2, bands) == "潜力"
    with translation.override("en"):
        assert [tier_name(rank, bands) for rank in (0, 2, 9)] == ["not tiered yet", "Band 2", "9"]
