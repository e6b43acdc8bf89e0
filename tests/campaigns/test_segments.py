"""M01, M02: segments find whom they say, for everybody only their own, and leave out whom they should."""

import random
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import pytest
from django.db import connection

from campaigns.models import Segment, SegmentMember
from campaigns.queries.segments import (
    Count,
    audience,
    count_of,
    excluded,
    met_by,
    sentence_of,
    where,
)
from campaigns.rules.segments import FIELDS
from customers.models import Account, AccountBalance, Consent, Customer, CustomerPosition
from tests import factories as make
from tests.factories import NOW, TODAY
from tests.tiers.ledgers import sum_until, write_ledger

Rule = dict[str, Any]


def leaf(asked: str, op: str, value: Any) -> Rule:
    return {"field": asked, "op": op, "value": value}


@dataclass(slots=True)
class Person:
    """A customer as the slow oracle knows them."""

    pk: int
    branch: int
    manager: int
    tier: int
    near: int
    stage: int
    kind: str
    birth: date | None
    since: date | None
    contact: date | None
    history: dict[date, Decimal] = field(default_factory=dict)
    # kind, status, matures on, value
    accounts: list[tuple[str, str, date | None, int]] = field(default_factory=list)
    # channel, decision, stated at
    consents: list[tuple[str, str, datetime]] = field(default_factory=list)
    lists: set[int] = field(default_factory=set)

    def adb(self, first: date, last: date) -> Decimal:
        total = sum_until(self.history, last) - sum_until(self.history, first - timedelta(days=1))
        return (total / ((last - first).days + 1)).quantize(Decimal("0.01"), ROUND_HALF_UP)


MONTH, QUARTER = date(2026, 11, 1), date(2026, 10, 1)
BEFORE = {"month": (QUARTER, date(2026, 10, 31)), "quarter": (date(2026, 7, 1), date(2026, 9, 30))}


def holds(rule: Rule, who: Person, below: dict[int, set[int]]) -> bool:
    """The oracle: the rule read off one customer, day by day."""
    if "all" in rule:
        return all(holds(each, who, below) for each in rule["all"])
    if "any" in rule:
        return any(holds(each, who, below) for each in rule["any"])
    if "not" in rule:
        return not holds(rule["not"], who, below)
    asked, op, value = rule["field"], rule["op"], rule["value"]
    if asked.startswith("change_"):
        return _changed(asked, op, Decimal(value), who)
    if asked == "maturing":
        return _matures(value, who)
    found = {
        "tier": lambda: who.tier in value,
        "near": lambda: any(who.near & {"up": 1, "down": 2}[each] for each in value),
        "total": lambda: (max(who.history.items())[1] if who.history else 0) >= Decimal(value),
        "adb_month": lambda: who.adb(MONTH, TODAY) >= Decimal(value),
        "products": lambda: any(kind in value and status != "closed" for kind, status, _on, _v in who.accounts),
        "stage": lambda: who.stage in value,
        "consent": lambda: any(_agrees(who, channel) for channel in value),
        "last_contact": lambda: who.contact is None or (TODAY - who.contact).days >= value,
        "branch": lambda: any(who.branch in below[each] for each in value),
        "manager": lambda: who.manager in value,
        "kind": lambda: who.kind in value,
        "age": lambda: _years(who.birth) >= value,
        "since": lambda: _months(who.since) >= value,
        "list": lambda: bool(who.lists & set(value)),
    }[asked]()
    if op == "below" and {"age": who.birth, "since": who.since}.get(asked, TODAY) is None:
        return False
    return not found if op in ("not_in", "below") else found


def _changed(asked: str, op: str, value: Decimal, who: Person) -> bool:
    period = "month" if "month" in asked else "quarter"
    now, was = who.adb(MONTH if period == "month" else QUARTER, TODAY), who.adb(*BEFORE[period])
    grown = now - was if op == "rose" else was - now
    return (was > 0 and grown / was * 100 >= value) if asked.endswith("rate") else grown >= value


def _matures(value: Rule, who: Person) -> bool:
    first, last = TODAY + timedelta(days=value["from"]), TODAY + timedelta(days=value["to"])
    found = [v for _k, status, on, v in who.accounts if status in ("open", "frozen") and on and first <= on <= last]
    return bool(found) and sum(found) >= Decimal(value["amount"])


def _agrees(who: Person, channel: str) -> bool:
    said = [(at, place, decision) for place, (where, decision, at) in enumerate(who.consents) if where == channel]
    return bool(said) and max(said)[2] == "given"


def _years(birth: date | None) -> int:
    return -1 if birth is None else TODAY.year - birth.year - ((TODAY.month, TODAY.day) < (birth.month, birth.day))


def _months(since: date | None) -> int:
    if since is None:
        return -1
    return (TODAY.year - since.year) * 12 + TODAY.month - since.month - (TODAY.day < since.day)


CHOICES: dict[str, list[Any]] = {
    "tier": [0, 1, 2, 3],
    "near": ["up", "down"],
    "products": ["demand", "term", "cd"],
    "stage": [0, 3, 6],
    "consent": ["sms", "phone"],
    "kind": ["person", "organisation"],
}
MANY = 40


@dataclass(slots=True)
class Town:
    people: list[Person]
    below: dict[int, set[int]]
    choices: dict[str, list[Any]]


@pytest.fixture
def town(db: None) -> Town:
    """Customers of two branches under a head office, each drawn by lot."""
    draw = random.Random(7)
    root = make.make_head_office()
    units = [make.make_branch(parent=root) for _ in range(2)]
    managers = [make.make_user(role="manager", branch=unit) for unit in units]
    head = make.make_user(role="head_office", branch=root)
    lists = [make.make_segment(branch=root, created_by=head, kind="list", rule={}) for _ in range(2)]
    products = {kind: make.make_product(kind=kind) for kind in CHOICES["products"]}
    people = [_person(draw, units, managers) for _ in range(MANY)]
    _hold(draw, people, products)
    _say(draw, people)
    _enlist(draw, people, lists)
    write_ledger({who.pk: who.history for who in people}, TODAY)
    below = {root.pk: {root.pk, *(unit.pk for unit in units)}, **{unit.pk: {unit.pk} for unit in units}}
    rows = {"branch": [*below], "manager": [0, *(one.pk for one in managers)], "list": [one.pk for one in lists]}
    return Town(people, below, {**CHOICES, **rows})


def _day(draw: random.Random, first: int, last: int) -> date:
    return TODAY - timedelta(days=draw.randint(first, last))


def _person(draw: random.Random, units: list[Any], managers: list[Any]) -> Person:
    unit = draw.randrange(2)
    manager = managers[unit] if draw.random() < 0.7 else None
    fields = {"kind": draw.choice(CHOICES["kind"]), "birth_date": draw.choice([None, _day(draw, 7000, 30000)])}
    fields["opened_on"] = draw.choice([None, _day(draw, 0, 2000)])
    where = {"near": draw.randrange(4), "stage": draw.choice([0, 3, 6])}
    where["last_contact_on"] = draw.choice([None, _day(draw, 85, 95), _day(draw, 0, 400)])
    tier = draw.randrange(4)
    made = make.make_customer(branch=units[unit], manager=manager, tier=tier, position={**where, "on": None}, **fields)
    history = {
        on: Decimal(draw.randrange(0, 100)) * 10_000 for on in {_day(draw, 0, 200) for _ in range(draw.randrange(5))}
    }
    return Person(
        made.pk,
        made.branch_id,
        made.manager_id or 0,
        tier,
        where["near"],
        where["stage"],
        fields["kind"],
        fields["birth_date"],
        fields["opened_on"],
        where["last_contact_on"],
        history,
    )


def _hold(draw: random.Random, people: list[Person], products: dict[str, Any]) -> None:
    rows, values = [], []
    for who in people:
        for place in range(draw.randrange(3)):
            kind = draw.choice(CHOICES["products"])
            matures = None if kind == "demand" else TODAY + timedelta(days=draw.randint(-5, 60))
            held = (kind, draw.choice(["open", "open", "frozen", "closed"]), matures, draw.randrange(1, 60) * 5000)
            who.accounts.append(held)
            values.append(held[3])
            number = f"62{who.pk:08}{place}"
            rows.append(
                Account(
                    account_no=number, customer_id=who.pk, product=products[kind], status=held[1], matures_on=matures
                )
            )
    Account.everything.bulk_create(rows)
    money = {"on": TODAY, "day_sum": 0, "first_on": TODAY}
    AccountBalance.objects.bulk_create(
        AccountBalance(account=row, customer_id=row.customer_id, balance=value, value=value, **money)
        for row, value in zip(rows, values, strict=True)
    )


def _say(draw: random.Random, people: list[Person]) -> None:
    wording = make.make_consent(customer=Customer.everything.get(pk=people[0].pk), purpose="survey").wording
    rows = []
    for who in people:
        for _ in range(draw.randrange(4)):
            # Two said at the same moment count in the order of recording.
            said = (
                draw.choice(["sms", "phone"]),
                draw.choice(["given", "withdrawn"]),
                NOW - timedelta(hours=draw.randrange(3)),
            )
            who.consents.append(said)
            rows.append(
                Consent(
                    customer_id=who.pk,
                    purpose="marketing",
                    channel=said[0],
                    decision=said[1],
                    wording=wording,
                    proof="signed_form",
                    stated_at=said[2],
                    recorded_at=NOW,
                )
            )
    Consent.everything.bulk_create(rows)


def _enlist(draw: random.Random, people: list[Person], lists: list[Segment]) -> None:
    rows = []
    for who in people:
        for one in lists:
            if draw.random() < 0.3:
                who.lists.add(one.pk)
                rows.append(SegmentMember(segment=one, customer_id=who.pk, added_by_id=one.created_by_id, added_at=NOW))
    SegmentMember.everything.bulk_create(rows)


def _leaf(draw: random.Random, asked: str, choices: dict[str, list[Any]]) -> Rule:
    kind, op = FIELDS[asked].kind, draw.choice(FIELDS[asked].ops).value
    if kind in ("numbers", "words"):
        value: Any = draw.sample(choices[asked], draw.randint(1, 2))
    elif kind == "window":
        first = draw.randrange(20)
        value = {"from": first, "to": first + draw.randrange(30), "amount": draw.choice(["0", "150000", "0.01"])}
    elif kind == "money":
        value = draw.choice(["0", "100000", "333333.33", "500000"])
    else:
        value = "12.5" if kind == "rate" else draw.choice([1, 18, 40, 90])
    return leaf(asked, op, value)


def _tree(draw: random.Random, depth: int, choices: dict[str, list[Any]]) -> Rule:
    if not depth or draw.random() < 0.3:
        return _leaf(draw, draw.choice([*FIELDS]), choices)
    inner = [_tree(draw, depth - 1, choices) for _ in range(draw.randint(1, 3))]
    kind = draw.choice(["all", "any", "not"])
    return {"not": {"any": inner}} if kind == "not" else {kind: inner}


def found_by(rule: Rule) -> set[int]:
    text, values = where(rule, day=TODAY)
    select = "SELECT p.customer_id FROM customers_customerposition p JOIN customers_customer c ON c.id = p.customer_id"
    with connection.cursor() as cursor:
        cursor.execute(f"{select} WHERE {text}", values)
        return {row[0] for row in cursor.fetchall()}


def test_the_fast_condition_finds_whom_the_slow_oracle_finds(town: Town) -> None:
    draw = random.Random(11)
    rules = [_leaf(draw, asked, town.choices) for asked in FIELDS for _ in range(5)]
    rules += [_tree(draw, 3, town.choices) for _ in range(60)]
    kinds = set()
    for rule in rules:
        expected = {who.pk for who in town.people if holds(rule, who, town.below)}
        assert found_by(rule) == expected, rule
        kinds.add(min(1, len(expected)) + (len(expected) == MANY))
    # Rules that find nobody, some and all are among them.
    assert kinds == {0, 1, 2}
    who = town.people[0]
    shown = {"all": [rules[0], {"not": rules[5]}]}
    met = [each.is_met for each in met_by(shown, who.pk, day=TODAY)]
    assert met == [holds(rules[0], who, town.below), holds(rules[5], who, town.below)]
    assert sentence_of(rules[0], day=TODAY)


def test_last_months_average_is_read_from_the_ledger_where_no_mark_stands_for_it(db: None) -> None:
    day = date(2026, 12, 10)
    customer = make.make_customer(position={"on": None})
    history = {date(2026, 10, 5): Decimal(300), date(2026, 11, 16): Decimal(600), date(2026, 12, 1): Decimal(900)}
    write_ledger({customer.pk: history}, day)
    # November: 15 days at 300 and 15 at 600.
    for value, expected in (("450", {customer.pk}), ("450.01", set())):
        assert found_by(leaf("change_month", "rose", value)) == expected


def test_a_segment_is_of_its_unit_or_of_its_makers_book(db: None) -> None:
    root = make.make_head_office()
    unit, other = make.make_branch(parent=root), make.make_branch(parent=root)
    manager, head = make.make_user(role="manager", branch=unit), make.make_user(role="branch_head", branch=unit)
    hq = make.make_user(role="head_office", branch=root)
    mine = make.make_customer(manager=manager, tier=3)
    near, far = make.make_customer(branch=unit, tier=2), make.make_customer(branch=other, tier=2)
    gone = make.make_customer(branch=unit)
    Customer.everything.filter(pk=gone.pk).update(merged_into=near)

    def ids(segment: Segment) -> set[int]:
        text, values = audience(segment, day=TODAY)
        with connection.cursor() as cursor:
            cursor.execute(text, values)
            return {row[0] for row in cursor.fetchall()}

    of_unit = make.make_segment(branch=unit, created_by=head)
    of_book = make.make_segment(branch=unit, created_by=manager, of_book=True)
    of_bank = make.make_segment(branch=root, created_by=hq)
    listed = make.make_segment(branch=unit, created_by=head, kind="list", rule={})
    for who in (near, far):
        SegmentMember.everything.create(segment=listed, customer=who, added_by=head, added_at=NOW)
    every = {mine.pk, near.pk, far.pk}
    expected = {of_unit: {mine.pk, near.pk}, of_book: {mine.pk}, of_bank: every, listed: {near.pk}}
    assert {segment: ids(segment) for segment in expected} == expected

    # Counts are of the viewer's customers: a head sees their unit's of a bank-wide segment, a manager the book's.
    assert count_of(of_bank, day=TODAY) == Count(3, True, ((2, 2), (3, 1)), ((unit.pk, 2), (other.pk, 1)))
    assert count_of(of_bank, day=TODAY, viewer=head).number == 2
    assert count_of(of_bank, day=TODAY, viewer=manager).number == 1
    assert count_of(of_bank, day=TODAY, viewer=make.make_user(role="auditor", branch=root)).number == 0


def test_a_count_that_takes_too_long_says_so_and_harms_nothing(db: None) -> None:
    head = make.make_user(role="branch_head")
    make.make_customer(branch=head.branch)
    segment = make.make_segment(branch=head.branch, created_by=head)
    slow = "(SELECT count(*) FROM generate_series(1, 3000000) a) > 0"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("campaigns.queries.segments.where", lambda *_a, **_k: (slow, {}))
        assert count_of(segment, day=TODAY, patience=20) == Count(None, False)
    assert count_of(segment, day=TODAY).number == 1
    with connection.cursor() as cursor:
        cursor.execute("SHOW statement_timeout")
        assert cursor.fetchone() == ("0",)


def test_exclusions_are_those_named_and_those_that_always_hold(db: None) -> None:
    root = make.make_head_office()
    unit, other = make.make_branch(parent=root), make.make_branch(parent=root)
    head, hq = make.make_user(role="branch_head", branch=unit), make.make_user(role="head_office", branch=root)
    people = {tier: make.make_customer(branch=unit, tier=tier) for tier in (1, 2, 3, 4)}

    def of_tier(tier: int, branch: Any, **fields: Any) -> Segment:
        return make.make_segment(branch=branch, created_by=hq, rule=leaf("tier", "in", [tier]), **fields)

    named = of_tier(1, root, exclusion="chosen")
    of_tier(2, root, exclusion="always")
    of_tier(3, other, exclusion="always")
    of_tier(4, unit, exclusion="always", archived_at=NOW)
    moved = make.make_segment(branch=unit, created_by=head, kind="list", rule={}, exclusion="always")
    left = make.make_customer(branch=other)
    SegmentMember.everything.create(segment=moved, customer=left, added_by=head, added_at=NOW)
    campaign = make.make_campaign(branch=unit, created_by=head, exclusions=[named.pk])
    text, values = excluded(campaign, day=TODAY)
    with connection.cursor() as cursor:
        cursor.execute(text, values)
        assert {row[0] for row in cursor.fetchall()} == {people[1].pk, people[2].pk, left.pk}
    assert CustomerPosition.everything.count() == 5
