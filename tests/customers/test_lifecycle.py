"""C14: stages by stated rules, set-based in the night, each change with its rule and inputs."""

import random
from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db.models import Max
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from core.money import yuan
from core.trail import NIGHT
from customers.enums import Stage, StageRule
from customers.models import Account, Customer, CustomerPosition, FedDay, LifecycleChange
from customers.queries.lifecycle import SENTENCES, _line, decided, explain, rules_on
from customers.rules.lifecycle import BUILT_IN, STAGES, Decision, LifecycleFacts, decide, read_lifecycle
from customers.services import lifecycle
from staff.models import Policy
from tests.factories import NOW, TODAY, make_account, make_customer, make_user
from tests.tiers.ledgers import sum_until, write_ledger

ONE = timedelta(days=1)
RULES = read_lifecycle(BUILT_IN)
FACTS = LifecycleFacts(
    day=TODAY,
    accounts=1,
    open_accounts=1,
    since=date(2020, 1, 1),
    recent=Decimal("10000.00"),
    before=Decimal("10000.00"),
    peak=Decimal("10000.00"),
    quiet=Decimal("10000.00"),
    last_contact_on=None,
    stage=Stage.MATURE,
    stage_since=date(2021, 1, 1),
)
LOST = {"stage": Stage.LOST, "stage_since": TODAY - 100 * ONE}
BACK = {"stage": Stage.WON_BACK, "stage_since": TODAY - 179 * ONE}
DRY = {"recent": Decimal(50), "quiet": Decimal(100), "before": Decimal(100)}


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ({}, "steady"),
        ({"accounts": 0, "open_accounts": 0}, "no_account"),
        ({"open_accounts": 0}, "all_closed"),
        ({"open_accounts": 0, "since": TODAY}, "all_closed"),
        ({"since": TODAY - 89 * ONE}, "young"),
        ({"since": TODAY - 90 * ONE}, "steady"),
        ({"since": None}, "steady"),
        ({"recent": Decimal("10999.99")}, "steady"),
        ({"recent": Decimal("11000.00")}, "rising"),
        ({"recent": Decimal("8000.01")}, "steady"),
        ({"recent": Decimal("8000.00")}, "falling"),
        ({"recent": Decimal("0.01"), "before": Decimal(0)}, "rising"),
        ({"recent": Decimal(0), "before": Decimal(0)}, "steady"),
        ({"before": None}, "too_short"),
        ({"quiet": Decimal(0)}, "empty"),
        ({"quiet": Decimal("-5")}, "empty"),
        ({"quiet": None}, "steady"),
        ({"quiet": Decimal("100.00")}, "dried_up"),
        ({"quiet": Decimal("100.01")}, "steady"),
        ({**DRY, "last_contact_on": TODAY - 90 * ONE}, "dried_up"),
        ({**DRY, "last_contact_on": TODAY - 89 * ONE}, "drying_up"),
        ({**LOST, "recent": Decimal("999.99")}, "still_lost"),
        ({**LOST, "recent": Decimal("1000.00")}, "came_back"),
        ({**LOST, "recent": Decimal("1000.00"), "quiet": Decimal("20")}, "came_back"),
        ({**BACK}, "back"),
        ({**BACK, "quiet": Decimal("20")}, "back"),
        ({**BACK, "stage_since": TODAY - 180 * ONE}, "steady"),
        ({**BACK, "recent": Decimal("999.99")}, "falling"),
        ({**BACK, "recent": Decimal("999.99"), "quiet": Decimal(0)}, "empty"),
    ],
)
def test_the_edges_of_each_rule(changes: Mapping[str, Any], rule: str) -> None:
    assert decide(replace(FACTS, **changes), RULES) == Decision(STAGES[StageRule(rule)], StageRule(rule))


def test_every_rule_has_a_stage_and_a_sentence() -> None:
    assert set(STAGES) == set(SENTENCES) == set(StageRule)


@pytest.mark.parametrize(
    ("name", "value", "code"),
    [
        ("new_days", 0, "new_days_not_days"),
        ("lost_days", "90", "lost_days_not_days"),
        ("average_days", True, "average_days_not_days"),
        ("before_days", 29, "before_days_not_shorter"),
        ("growing_ratio", "1", "growing_ratio_above_one"),
        ("growing_ratio", "viel", "growing_ratio_not_a_number"),
        ("growing_ratio", "NaN", "growing_ratio_not_a_number"),
        ("declining_ratio", "1.0", "declining_ratio_below_one"),
        ("lost_share", "0.8", "lost_share_below_declining_ratio"),
        ("won_back_floor", "0", "won_back_floor_above_zero"),
        ("won_back_floor", None, "won_back_floor_not_a_number"),
    ],
)
def test_nonsense_is_refused(name: str, value: object, code: str) -> None:
    with pytest.raises(ValueError, match=f"^{code}$"):
        read_lifecycle({**BUILT_IN, name: value})


@given(st.decimals("-100", "100000", places=2), st.sampled_from(Stage), st.booleans())
def test_an_earlier_stage_matters_only_to_the_lost_and_the_won_back(amount: Decimal, stage: Stage, known: bool) -> None:
    facts = replace(FACTS, recent=amount, stage=stage, before=FACTS.before if known else None)
    if stage not in {Stage.LOST, Stage.WON_BACK}:
        assert decide(facts, RULES) == decide(replace(facts, stage=Stage.NONE), RULES)


# --- in the database


def run(day: date = TODAY, **options: Any) -> dict[str, Any]:
    return lifecycle.run(business_day=day, actor=NIGHT, at=NOW, **options)


def changes_of(customer: Customer) -> list[tuple[date, Stage, Stage, str]]:
    rows = LifecycleChange.everything.filter(customer=customer).order_by("on")
    return [(row.on, Stage(row.from_stage), Stage(row.to_stage), row.rule) for row in rows]


def stage_of(customer: Customer) -> Stage:
    return Stage(CustomerPosition.everything.get(pk=customer.pk).stage)


def state() -> tuple[Any, ...]:
    history = LifecycleChange.everything.order_by("customer", "on")
    fields = ("customer", "on", "from_stage", "to_stage", "rule", "inputs", "policy_version")
    return (
        list(history.values_list(*fields)),
        list(CustomerPosition.everything.order_by("pk").values_list("pk", "stage")),
    )


def make_holder(history: Mapping[int, int], *, opened: int = 900, **fields: Any) -> Customer:
    """One account opened `opened` days ago; {days before TODAY: total from that day on}."""
    customer = make_customer(**fields)
    make_account(customer=customer, opened_on=TODAY - opened * ONE)
    write_ledger({customer.pk: {TODAY - n * ONE: Decimal(total) for n, total in history.items()}}, TODAY)
    fed(900)
    return customer


def fed(days: int) -> None:
    FedDay.objects.get_or_create(on=TODAY - days * ONE, defaults={"is_full": True})


@pytest.mark.django_db
def test_a_change_shows_its_rule_and_its_inputs() -> None:
    customer = make_holder({800: 10_000, 29: 20_000}, position={"last_contact_on": TODAY - 5 * ONE})
    assert run() == {"rows": 1, "changes": 1, "written": 1, "moved": 1, "redone": []}
    assert stage_of(customer) == Stage.GROWING
    change = LifecycleChange.everything.get()
    assert (change.from_stage, change.to_stage, change.rule) == (Stage.NONE, Stage.GROWING, StageRule.RISING)
    assert change.inputs == {
        "accounts": 1,
        "open_accounts": 1,
        "since": (TODAY - 900 * ONE).isoformat(),
        "recent": "20000.00",
        "before": "10000.00",
        "peak": "10000.00",
        "quiet": "13333.33",
        "last_contact_on": (TODAY - 5 * ONE).isoformat(),
        "stage_since": None,
    }


@pytest.mark.django_db
def test_the_way_of_a_customer_through_the_stages() -> None:
    customer = make_holder({700: 50_000, 500: 0, 300: 20_000}, opened=700)
    prospect = make_customer()
    for ago in (720, 700, 611, 610, 590, 412, 411, 300, 299, 298, 119, 118, 0):
        run(TODAY - ago * ONE)
    day = {ago: TODAY - ago * ONE for ago in (720, 700, 610, 412, 411, 299, 119)}
    assert changes_of(customer) == [
        (day[720], Stage.NONE, Stage.PROSPECT, "no_account"),
        (day[700], Stage.PROSPECT, Stage.NEW, "young"),
        (day[610], Stage.NEW, Stage.MATURE, "steady"),
        (day[412], Stage.MATURE, Stage.DECLINING, "falling"),
        (day[411], Stage.DECLINING, Stage.LOST, "empty"),
        (day[299], Stage.LOST, Stage.WON_BACK, "came_back"),
        (day[119], Stage.WON_BACK, Stage.MATURE, "steady"),
    ]
    assert stage_of(customer) == Stage.MATURE
    assert changes_of(prospect) == [(day[720], Stage.NONE, Stage.PROSPECT, "no_account")]


@pytest.mark.django_db
def test_closed_accounts_and_merged_customers() -> None:
    gone, merged = make_holder({500: 900}), make_holder({500: 900})
    Account.everything.filter(customer=gone).update(status="closed", closed_on=TODAY)
    Customer.everything.filter(pk=merged.pk).update(merged_into=gone)
    run(TODAY - ONE)
    run()
    assert changes_of(gone) == [
        (TODAY - ONE, Stage.NONE, Stage.MATURE, "steady"),
        (TODAY, Stage.MATURE, Stage.LOST, "all_closed"),
    ]
    assert (changes_of(merged), stage_of(merged)) == ([], Stage.NONE)


@pytest.mark.django_db
def test_days_before_the_ledger_began_are_no_zeros() -> None:
    customer = make_customer()
    make_account(customer=customer, opened_on=date(2015, 1, 1))
    write_ledger({customer.pk: {TODAY - 40 * ONE: Decimal(700)}}, TODAY - 40 * ONE)
    run()
    assert changes_of(customer)[-1][2:] == (Stage.MATURE, "too_short")


@pytest.mark.django_db
def test_the_version_in_force_on_the_day_decides() -> None:
    customer = make_holder({800: 10_000, 29: 12_000})
    for version, ratio, on in ((1, "1.5", TODAY), (2, "1.15", TODAY + ONE)):
        Policy.objects.create(
            kind="lifecycle",
            version=version,
            values={"growing_ratio": ratio},
            effective_on=on,
            status="approved",
            drafted_by=make_user(role="admin"),
            drafted_at=NOW,
        )
    assert rules_on(TODAY)[0] == 1
    run()
    assert stage_of(customer) == Stage.MATURE
    run(TODAY + ONE)
    assert [(row.rule, row.policy_version) for row in LifecycleChange.everything.order_by("on")] == [
        ("steady", 1),
        ("rising", 2),
    ]


def make_crowd(rng: random.Random, count: int, *, fed_since: int = 600) -> dict[int, dict[date, Decimal]]:
    """Customers of all sorts: without accounts, young, closed, emptied, rising, falling, in contact or not."""
    histories: dict[int, dict[date, Decimal]] = {}
    for _n in range(count):
        contact = rng.choice([None, 10, 89, 90, 91, 400])
        position = {"last_contact_on": None if contact is None else TODAY - contact * ONE}
        customer = make_customer(position=position, opened_on=rng.choice([None, TODAY - rng.randrange(900) * ONE]))
        for _account in range(rng.choice([0, 1, 1, 1, 2])):
            opened = rng.choice([None, 2000, rng.randrange(-3, 400)])
            closed = rng.choice([None, None, None, -3, 0, 50])
            make_account(
                customer=customer,
                opened_on=None if opened is None else TODAY - opened * ONE,
                status="open" if closed is None else "closed",
                closed_on=None if closed is None else TODAY - closed * ONE,
            )
        days = sorted(rng.sample(range(420), rng.choice([0, 1, 2, 3, 6])), reverse=True)
        money = [Decimal(rng.choice([0, 0, 5, 900, 1000, 50_000, 52_000, 1_000_000])) for _day in days]
        if rng.random() < 0.3 and money:
            money[-1] = Decimal(rng.choice([0, 1, 300]))
        histories[customer.pk] = {TODAY - ago * ONE: total for ago, total in zip(days, money, strict=True)}
    write_ledger(histories, TODAY)
    fed(fed_since)
    return histories


def slow_facts(customer: Customer, history: Mapping[date, Decimal], day: date, ledger_from: date) -> LifecycleFacts:
    """The facts counted day by day and account by account."""

    def total(start: date, end: date) -> Decimal:
        return sum_until(history, end) - sum_until(history, start - ONE)

    accounts = [a for a in customer.accounts.all() if a.opened_on is None or a.opened_on <= day]
    still = [a for a in accounts if a.status != "closed" or (a.closed_on is not None and a.closed_on > day)]
    opened = min((a.opened_on for a in accounts if a.opened_on), default=None)
    first = max(opened or ledger_from, ledger_from)
    split = day - RULES.average_days * ONE
    start = max(split - 89 * ONE, first)
    spans = [
        yuan(total(split - (90 * n + 89) * ONE, split - 90 * n * ONE) / 90).quantize(Decimal("0.01")) for n in range(4)
    ]
    earlier = customer_stage(customer, day)
    return LifecycleFacts(
        day=day,
        accounts=len(accounts),
        open_accounts=len(still),
        since=opened or customer.opened_on,
        recent=yuan(total(split + ONE, day) / max(1, min(30, (day - first).days + 1))),
        before=yuan(total(start, split) / ((split - start).days + 1)) if (split - start).days >= 29 else None,
        peak=max(Decimal(0), *spans),
        quiet=yuan(total(day - 89 * ONE, day) / 90) if (day - first).days >= 89 else None,
        last_contact_on=customer.position.last_contact_on,
        stage=Stage(earlier.to_stage) if earlier else Stage.NONE,
        stage_since=earlier.on if earlier else None,
    )


def customer_stage(customer: Customer, day: date) -> LifecycleChange | None:
    return LifecycleChange.everything.filter(customer=customer, on__lt=day).order_by("-on").first()


@pytest.mark.django_db
@pytest.mark.parametrize(("seed", "fed_since", "rules"), [(1, 30, 4), (2, 150, 7), (3, 600, 11), (4, 600, 11)])
def test_the_database_decides_as_the_rules_do(seed: int, fed_since: int, rules: int) -> None:
    histories = make_crowd(random.Random(seed), 60, fed_since=fed_since)
    ledger_from = TODAY - fed_since * ONE
    seen = set()
    for ago in (300, 120, 60, 7, 0):
        day = TODAY - ago * ONE
        found = decided(0, 10**9, day, RULES)
        assert set(found) == set(histories)
        for customer in Customer.everything.select_related("position"):
            facts = slow_facts(customer, histories[customer.pk], day, ledger_from)
            assert found[customer.pk] == (facts, decide(facts, RULES).rule), customer
            seen.add(found[customer.pk][1])
        run(day, chunk_size=17)
    assert len(seen) >= rules, set(StageRule) - seen


@pytest.mark.django_db
def test_a_night_run_again_changes_nothing() -> None:
    make_crowd(random.Random(7), 40)
    for ago in (90, 30, 0):
        run(TODAY - ago * ONE)
    before = state()
    again = run()
    assert (again["written"], again["moved"], again["rows"]) == (0, 0, 40)
    assert state() == before


@pytest.mark.django_db
def test_an_earlier_day_run_again_does_the_later_ones_too() -> None:
    histories = make_crowd(random.Random(9), 40)
    days = [TODAY - ago * ONE for ago in (120, 60, 20, 0)]
    for day in days:
        run(day)
    expected = state()
    assert run(days[1])["redone"] == [day.isoformat() for day in days[2:]]
    assert state() == expected
    # A late feed: what each day says changes, and later days win on the position.
    for history in histories.values():
        history[TODAY - 300 * ONE] = Decimal(77_000)
    write_ledger(histories, TODAY)
    run(days[0])
    late = state()
    LifecycleChange.everything.all().delete()
    CustomerPosition.everything.update(stage=0)
    for day in days:
        run(day)
    assert late == state() != expected


@pytest.mark.django_db
def test_killed_between_chunks_and_run_again_gives_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    make_crowd(random.Random(11), 30)
    run(chunk_size=10)
    expected = state()
    LifecycleChange.everything.all().delete()
    CustomerPosition.everything.update(stage=0)
    done, chunk = [], lifecycle._do_chunk

    def dies(days: Any, low: int, high: int) -> Any:
        if len(done) == 2:
            raise KeyboardInterrupt
        done.append(low)
        return chunk(days, low, high)

    monkeypatch.setattr(lifecycle, "_do_chunk", dies)
    with pytest.raises(KeyboardInterrupt):
        run(chunk_size=10)
    assert LifecycleChange.everything.aggregate(last=Max("customer_id"))["last"] < max(row[0] for row in expected[1])
    monkeypatch.undo()
    run(chunk_size=10)
    assert state() == expected


@pytest.mark.django_db
def test_changes_are_explained_in_words_with_and_without_amounts() -> None:
    customer = make_holder({800: 10_000, 29: 20_000})
    run()
    (line,) = explain(customer.pk, amounts=True)
    assert (line.from_stage, line.stage, line.rule, line.version) == (Stage.NONE, Stage.GROWING, StageRule.RISING, 0)
    with translation.override("en"):
        assert explain(customer.pk, amounts=True)[0].text == (
            "The average of the last 30 days, ¥20,000.00, is at least 110% of that of the 90 days before, ¥10,000.00."
        )
        assert explain(customer.pk, amounts=False)[0].text == "Balances rose over the last 30 days."


@pytest.mark.parametrize("rule", StageRule)
def test_every_sentence_can_be_said(rule: StageRule) -> None:
    for inputs in ({}, {"recent": "1.00", "since": "2026-01-01", "accounts": 2}):
        change = LifecycleChange(on=TODAY, from_stage=0, to_stage=1, rule=rule, inputs=inputs)
        for amounts in (True, False):
            assert _line(change, BUILT_IN, amounts).text
