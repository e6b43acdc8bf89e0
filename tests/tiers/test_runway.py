"""The way to the next tier: advice that holds to the fen, from the ledger, with and without amounts."""

from collections.abc import Mapping
from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from core.money import yuan
from customers.models import Customer, CustomerPosition
from staff.models import User
from tests.factories import make_branch, make_customer, make_head_office, make_user
from tests.tiers.ledgers import approved, run, total_on, write_accounts, write_ledger
from tiers.queries.measures import value_of
from tiers.queries.runway import way_of
from tiers.rules import Basis
from tiers.rules.runway import Advice, days_back, horizon, outlook, past_of, runway, value_ahead, watch_ends_on

FLOORS = [Decimal(floor) for floor in ("0", "50000", "500000", "3000000")]
DAY = date(2026, 11, 20)
ONE = timedelta(days=1)
FEN = Decimal("0.01")
MEASURES = ("balance", "adb_month", "adb_quarter", "adb_trailing", "best")


def basis_of(measure: str, trailing: int = 30) -> Basis:
    return Basis(measure, trailing, ("balance", "adb_month", "adb_trailing") if measure == "best" else ())


def advised(basis: Basis, history: Mapping[date, Decimal], day: date, rank: int):  # type: ignore[no-untyped-def]
    past = past_of([dict(history)], day, days_back(basis, day))
    return past, runway(basis, past, FLOORS, rank)


def slow_value(basis: Basis, history: Mapping[date, Decimal], day: date) -> Decimal:
    """What a run of the day finds, day by day."""
    found = []
    for figure in basis.figures:
        window = basis.window(figure, day)
        days = [window.start + ONE * n for n in range(window.days)]
        found.append(yuan(sum((total_on(history, each) for each in days), Decimal(0)) / len(days)))
    return max(found)


def test_the_golden_case() -> None:
    """20 of 30 days at 430,000: 640,000.00 a day for 10 days reach 500,000 on average."""
    _past, found = advised(basis_of("adb_month"), {date(2026, 11, 1): Decimal(430_000)}, DAY, 2)
    assert found.up == Advice(
        3, Decimal(500_000), "adb_month", Decimal("640000.00"), 10, date(2026, 11, 30), Decimal("210000.00")
    )
    followed = {date(2026, 11, 1): Decimal(430_000), DAY + ONE: Decimal(640_000)}
    assert slow_value(basis_of("adb_month"), followed, date(2026, 11, 30)) == Decimal("500000.00")


@pytest.mark.parametrize(
    ("measure", "balance", "level", "days", "withdraw", "lasting"),
    [
        ("balance", "500000", "500000.00", 1, "0.00", "0.00"),
        ("balance", "500000.01", "500000.00", 1, "0.01", "0.01"),
        ("balance", "499999.99", "500000.00", 1, "0.00", "0.00"),
        # 20 days at 640,000: 220,000 for the other ten keep 500,000 on average.
        ("adb_month", "640000", "220000.00", 10, "420000.00", "140000.00"),
        # Of 92 days of the quarter 51 are over.
        ("adb_quarter", "640000", "325853.66", 41, "314146.34", "140000.00"),
        # The days that drop out at the back are as high as the ones that come: in the end the balance itself counts.
        ("adb_trailing", "640000", "500000.00", 30, "140000.00", "140000.00"),
        ("best", "640000", "220000.00", 10, "420000.00", "140000.00"),
    ],
)
def test_what_keeps_the_tier(measure: str, balance: str, level: str, days: int, withdraw: str, lasting: str) -> None:
    _past, found = advised(basis_of(measure), {date(2026, 10, 1): Decimal(balance)}, DAY, 3)
    assert found.keep is not None
    assert (found.keep.level, found.keep.days) == (Decimal(level), days)
    assert (found.keep.withdraw, found.lasting) == (Decimal(withdraw), Decimal(lasting))


def test_on_a_windows_last_day_the_next_one_counts() -> None:
    basis, last = basis_of("adb_month"), date(2026, 11, 30)
    past, found = advised(basis, {date(2026, 11, 1): Decimal(430_000)}, last, 2)
    assert found.up is not None
    assert (found.up.level, found.up.on) == (Decimal(500_000), date(2026, 12, 1))
    assert horizon(basis, "adb_month", last) == 31
    assert outlook(basis, past, FLOORS, 2, Decimal(500_000)).on == date(2026, 12, 31)


def test_a_trailing_average_forgets_its_oldest_days() -> None:
    """Three days at 900,000 drop out first: the present average falls though the balance stays."""
    basis = basis_of("adb_trailing", 10)
    past, found = advised(basis, {DAY - 9 * ONE: Decimal(900_000), DAY - 6 * ONE: Decimal(400_000)}, DAY, 3)
    assert found.value == Decimal("550000.00")
    seen = outlook(basis, past, FLOORS, 3, Decimal(400_000))
    assert (seen.value, seen.on, seen.rank) == (Decimal("400000.00"), DAY + 10 * ONE, 2)
    assert seen.down_on == DAY + 2 * ONE
    assert found.keep is not None
    assert found.keep.level == Decimal("733333.34")


def test_an_outlook_tells_when_a_tier_is_reached_and_lost() -> None:
    past, _found = advised(basis_of("adb_month"), {date(2026, 11, 1): Decimal(430_000)}, DAY, 2)
    up = outlook(basis_of("adb_month"), past, FLOORS, 2, Decimal(1_000_000))
    assert (up.up_on, up.down_on, up.rank, up.value) == (date(2026, 11, 23), None, 3, Decimal("620000.00"))
    down = outlook(basis_of("balance"), past, FLOORS, 2, Decimal("49999.99"))
    assert (down.up_on, down.down_on, down.rank) == (None, DAY + ONE, 1)


def test_a_watch_ends_with_the_periods_after_it_began() -> None:
    assert watch_ends_on("balance", 3, date(2026, 1, 15)) == date(2026, 4, 1)
    assert watch_ends_on("adb_quarter", 1, date(2026, 2, 15)) == date(2026, 4, 1)


histories = st.dictionaries(
    st.integers(0, 120).map(lambda back: DAY - back * ONE),
    st.integers(0, 40_000_000_000).map(lambda fen: Decimal(fen) / 100)
    | st.integers(1, 90).map(lambda n: Decimal(n) * 10_000),
    max_size=8,
)


@given(st.sampled_from(MEASURES), st.integers(2, 100), histories, st.integers(0, 40), st.integers(1, 4))
def test_whoever_follows_the_advice_gets_there(
    measure: str, trailing: int, history: dict[date, Decimal], ahead: int, rank: int
) -> None:
    basis, day = basis_of(measure, trailing), DAY + ahead * ONE
    past, found = advised(basis, history, day, rank)
    assert found.value == slow_value(basis, history, day)
    if found.up:
        assert slow_value(basis, {**history, day + ONE: found.up.level}, found.up.on) >= found.up.floor
        _assert_less_is_too_little(basis, history, day, found.up)
    if found.keep and found.value >= found.keep.floor:
        for n in range(1, found.keep.days + 1):
            assert slow_value(basis, {**history, day + ONE: found.keep.level}, day + n * ONE) >= found.keep.floor
        assert found.keep.withdraw == max(found.balance - found.keep.level, Decimal(0))
    some_day = 1 + ahead % horizon(basis, basis.figures[-1], day)
    level = Decimal("123456.78")
    assert value_ahead(basis, past, level, some_day) == slow_value(
        basis, {**history, day + ONE: level}, day + some_day * ONE
    )


def _assert_less_is_too_little(basis: Basis, history: dict[date, Decimal], day: date, advice: Advice) -> None:
    """A fen less misses a closing balance; an average is rounded, so there it takes what rounding gives away."""
    last = max(horizon(basis, figure, day) for figure in basis.figures)
    given_away = Decimal("0.005") * max(basis.window(figure, day + last * ONE).days for figure in basis.figures)
    less = advice.level - FEN - (0 if basis.measure == "balance" else given_away)
    if less > 0:
        past = past_of([dict(history)], day, days_back(basis, day))
        for figure in basis.figures:
            for n in range(1, horizon(basis, figure, day) + 1):
                alone = Basis(figure, basis.trailing_days)
                assert value_ahead(alone, past, yuan(less), n) < advice.floor or advice.level == 0


def client_of(user: User) -> Client:
    client = Client()
    client.force_login(user, backend="staff.backends.StaffBackend")
    client.cookies["language"] = "en"
    return client


def tiered(measure: str = "adb_month", **scheme: object) -> tuple[User, Customer]:
    """A manager's customer with 430,000 yuan since the first of November, re-tiered on the twentieth."""
    branch = make_branch(parent=make_head_office())
    manager = make_user(role="manager", branch=branch)
    customer = make_customer(manager=manager, branch=branch, tier=0, position={"tier_since": None})
    approved("0", "50000", "500000", "3000000", effective_on=date(2026, 1, 1), measure=measure, **scheme)  # type: ignore[arg-type]
    write_ledger({customer.pk: {date(2026, 11, 1): Decimal(430_000)}}, DAY)
    run(DAY)
    return manager, customer


@pytest.mark.django_db
def test_the_page_gives_the_figures_to_those_who_see_amounts() -> None:
    manager, customer = tiered()
    address = reverse("tiers:runway", args=[customer.customer_no])
    body = client_of(manager).get(address).content.decode()
    assert "640,000.00 yuan a day for 10 days, until 2026-11-30" in body
    assert "up to 430,000.00 yuan may be withdrawn until 2026-11-30" in body
    asked = client_of(manager).get(address, {"level": "64万"})
    assert (asked.status_code, "at most 2 decimals" in asked.content.decode()) == (422, True)
    answered = client_of(manager).get(address, {"level": "640,000"}).content.decode()
    assert "500,000.00 counts on 2026-11-30: Band 3" in answered
    assert "Up on 2026-11-30" in answered


@pytest.mark.django_db
def test_the_counter_gets_words_and_no_amounts() -> None:
    manager, customer = tiered()
    CustomerPosition.everything.filter(pk=customer.pk).update(near=1, watch_since=date(2026, 11, 3))
    teller = make_user(role="teller", branch=manager.branch)
    body = client_of(teller).get(reverse("tiers:runway", args=[customer.customer_no]), {"level": "1"}).content.decode()
    assert "Close to the next tier" in body
    assert "On watch since 2026-11-03" in body
    assert "yuan" not in body
    assert "000" not in body


@pytest.mark.django_db
def test_the_ledger_is_read_in_one_look_and_only_what_counts() -> None:
    branch = make_branch(parent=make_head_office())
    customer = make_customer(branch=branch, tier=0)
    approved("0", "50000", "500000", effective_on=date(2026, 1, 1), measure="adb_trailing", counted=["term"])
    old, new = date(2026, 10, 1), date(2026, 11, 15)
    write_accounts(
        {customer.pk: {"term": {old: Decimal(30_000), new: Decimal(90_000)}, "demand": {old: Decimal(800_000)}}}, DAY
    )
    run(DAY)
    position = CustomerPosition.everything.get(pk=customer.pk)
    with CaptureQueriesContext(connection) as asked:
        way = way_of(position, DAY)
    assert way is not None
    ledger = [query["sql"] for query in asked if "balancechange" in query["sql"] or "positionchange" in query["sql"]]
    assert len(ledger) == 1
    assert way.runway.value == value_of(customer.pk, way.basis, DAY) == Decimal("42000.00")
    assert way.runway.balance == Decimal(90_000)
    assert way.runway.up is not None
    assert way.runway.up.rank == 2


@pytest.mark.django_db
def test_under_an_override_the_rule_speaks_and_a_coming_version_is_announced() -> None:
    manager, customer = tiered(watch_periods=2)
    approved("0", "60000", "500000", effective_on=date(2026, 11, 25), letters="DCB")
    CustomerPosition.everything.filter(pk=customer.pk).update(tier=4, ruled_tier=2, watch_since=date(2026, 11, 3))
    way = way_of(CustomerPosition.everything.get(pk=customer.pk), DAY)
    assert way is not None
    assert (way.rank, way.is_overridden, way.changes_on) == (2, True, date(2026, 11, 25))
    assert way.down_from == date(2027, 1, 1)
    body = client_of(manager).get(reverse("tiers:runway", args=[customer.customer_no])).content.decode()
    assert "given by decision" in body
    assert "taken down from 2027-01-01 on" in body
    assert "Another version of the tier policy takes over on 2026-11-25" in body


@pytest.mark.django_db
def test_lists_and_the_api_find_who_is_near_a_bound_or_watched() -> None:
    manager = make_user(role="manager")
    places = [{"near": 1}, {"near": 2, "watch_since": DAY}, {"near": 3}, {"near": 0}]
    numbers = [make_customer(manager=manager, position=place).customer_no for place in places]
    client = client_of(manager)
    for asked, wanted in (
        ({"near": "up"}, (0, 2)),
        ({"near": "down"}, (1, 2)),
        ({"watched": "true"}, (1,)),
        ({"watched": "false", "near": "up"}, (0, 2)),
    ):
        rows = client.get(reverse("customers:list"), asked).context["listing"].rows
        found = client.get("/api/v1/customers/", asked).json()["results"]
        expected = {numbers[n] for n in wanted}
        assert {row.number for row in rows} == expected
        assert {row["customer_no"] for row in found} == expected
    assert client.get("/api/v1/customers/", {"near": "sideways"}).status_code == 400
