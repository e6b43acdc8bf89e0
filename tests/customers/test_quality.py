"""Findings about customers who share an identity number or a phone: raised once, resolved when gone, raised again."""

from datetime import date, timedelta

import pytest

from core.trail import NIGHT
from customers.enums import FlagKind
from customers.models import Customer, QualityFlag
from customers.services import quality
from tests.customers.feeding import feed
from tests.factories import NOW, make_branch

pytestmark = pytest.mark.django_db
DAY = date(2026, 11, 20)
ID_1, ID_2 = "11010519491231002X", "440524188001010014"
PHONE = "13800138000"
HEADER = ("customer_no", "name", "id_type", "id_no", "phone", "branch_code")
Row = tuple[str, str, str]


@pytest.fixture(autouse=True)
def branch() -> None:
    make_branch(code="B1")


def customers(*rows: Row, on: date = DAY, paper: str = "居民身份证") -> None:
    """Rows of (number, identity number, phone)."""
    found = feed(
        "customers",
        HEADER,
        [(no, "某", paper if id_no else "", id_no, phone, "B1") for no, id_no, phone in rows],
        on=on,
    )
    assert (found.status, found.rejected) == ("committed", 0)


def run(days: int = 0) -> int:
    return quality.run(business_day=DAY + timedelta(days=days), actor=NIGHT, at=NOW)["rows"]


def flags(kind: FlagKind | None = None) -> dict[tuple[str, str], tuple[date, date | None]]:
    rows = QualityFlag.objects.values_list("customer__customer_no", "kind", "found_on", "resolved_on")
    return {(number, found): dates for number, found, *dates in rows if kind in (None, found)}


def test_two_customers_with_one_identity_number_are_both_flagged() -> None:
    customers(("K1", ID_1, ""), ("K2", ID_1, ""), ("K3", ID_2, ""), ("K4", "", ""), ("K5", "", ""))
    assert run() == 2
    assert flags() == {(no, FlagKind.DUPLICATE_IDENTITY): [DAY, None] for no in ("K1", "K2")}


def test_the_number_is_the_same_however_it_is_written() -> None:
    customers(("K1", "11010519491231002x", ""), ("K2", "110105 19491231 002X", ""), ("K3", "110105491231002", ""))
    assert run() == 3


def test_a_phone_counts_from_three_customers_on() -> None:
    customers(("K1", "", PHONE), ("K2", "", "+86 138-0013-8000"))
    assert (run(), flags()) == (0, {})
    customers(("K3", "", "'13800138000"), on=DAY + timedelta(days=1))
    assert run(1) == 3
    assert set(flags()) == {(no, FlagKind.SHARED_PHONE) for no in ("K1", "K2", "K3")}


def test_a_night_run_again_changes_nothing() -> None:
    customers(("K1", ID_1, PHONE), ("K2", ID_1, PHONE), ("K3", ID_2, PHONE))
    assert run() == 5
    before = flags()
    assert run() == 0
    assert run(1) == 0
    assert flags() == before


def test_a_finding_is_resolved_when_it_is_gone_and_raised_when_it_comes_back() -> None:
    customers(("K1", ID_1, ""), ("K2", ID_1, ""))
    run()
    customers(("K2", ID_2, ""), on=DAY + timedelta(days=1))
    run(1)
    assert set(map(tuple, flags().values())) == {(DAY, DAY + timedelta(days=1))}
    customers(("K2", ID_1, ""), on=DAY + timedelta(days=2))
    run(2)
    assert set(map(tuple, flags().values())) == {(DAY + timedelta(days=2), None)}
    assert QualityFlag.objects.count() == 2


def test_one_of_three_leaves_and_the_other_two_stay_flagged() -> None:
    customers(("K1", ID_1, ""), ("K2", ID_1, ""), ("K3", ID_1, ""))
    run()
    customers(("K3", ID_2, ""), on=DAY + timedelta(days=1))
    run(1)
    still = QualityFlag.objects.filter(resolved_on=None).values_list("customer__customer_no", flat=True)
    assert sorted(still) == ["K1", "K2"]


def test_no_customers_no_findings() -> None:
    assert run() == 0
    assert not Customer.everything.exists()
