"""The small files with the faults core systems really export give exactly what is expected of them."""

import json
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from customers.enums import FeedKind
from customers.gateways.sheets import plain_file
from customers.models import Account, AccountBalance, Customer, Feed, Product
from customers.services import records
from customers.services.feeds import Controls, import_feed
from staff.models import Branch, User
from tests.customers.feeding import TESTER
from tests.factories import NOW
from tests.tiers.ledgers import run as retier

pytestmark = pytest.mark.django_db
FOLDER = Path(__file__).resolve().parent.parent / "data" / "awkward"
EXPECTED = json.loads((FOLDER / "expected.json").read_text(encoding="utf-8"))
DAY = date.fromisoformat(EXPECTED["business_date"])
REASONS = {
    "branches": {5: ["unknown_parent"]},
    "staff": {4: ["unknown_value"]},
    "products": {},
    "customers": {
        8: ["bad_check_digit"],
        9: ["impossible_date"],
        10: ["unknown_branch"],
        11: ["duplicate"],
        12: ["missing_number"],
    },
    "accounts": {8: ["unknown_customer"], 9: ["unknown_product"], 10: ["matures_before_value_date"]},
    "balances": {
        8: ["duplicate"],
        9: ["unknown_account"],
        10: ["not_a_number", "duplicate"],
        11: ["too_many_decimals", "duplicate"],
    },
}


@pytest.fixture
def feeds() -> dict[str, Feed]:
    """All files imported in their order."""
    return {kind: take(kind) for kind in EXPECTED["order"]}


def take(kind: str) -> Feed:
    return import_feed(
        kind=FeedKind(kind),
        source=plain_file(FOLDER / EXPECTED[kind]["file"]),
        business_date=DAY,
        controls=Controls(max_rejected=Decimal(EXPECTED["max_rejected"].removesuffix("%")) / 100),
        actor=TESTER,
        at=NOW,
    )


def lines_of(feed: Feed) -> dict[int, list[str]]:
    return dict(feed.rejects.order_by("line").values_list("line", "reasons"))


def test_counts_are_the_expected_ones(feeds: dict[str, Feed]) -> None:
    for kind, feed in feeds.items():
        expected = EXPECTED[kind]
        found = {"file": feed.file_name, "rows": feed.rows, "accepted": feed.accepted, "rejected": feed.rejected}
        if "rejected_lines" in expected:
            found["rejected_lines"] = list(lines_of(feed))
        if "total" in expected:
            found["total"] = str(feed.total)
        assert feed.status == "committed", feed.message
        assert found == {key: value for key, value in expected.items() if key != "why"}
        assert (feed.created, feed.updated, feed.unchanged) == (feed.accepted, 0, 0)


def test_every_rejected_row_says_why(feeds: dict[str, Feed]) -> None:
    assert {kind: lines_of(feed) for kind, feed in feeds.items()} == REASONS


def test_tiers_on_the_closing_balance(feeds: dict[str, Feed]) -> None:
    assert retier(DAY)["by_tier"] == EXPECTED["then"]["retier_by_tier_on_closing_balance"]
    boundary = Customer.everything.select_related("position").get(customer_no="K0000001")
    assert (boundary.position.total, boundary.position.tier) == (Decimal("499999.99"), 2)


def test_the_same_files_again_change_nothing(feeds: dict[str, Feed]) -> None:
    for kind, first in feeds.items():
        again = take(kind)
        assert (again.status, again.created, again.updated, again.unchanged) == (
            "already_imported",
            0,
            0,
            first.accepted,
        )
        assert (again.rows, again.accepted, again.rejected) == (first.rows, first.accepted, first.rejected)


def test_units_people_and_products(feeds: dict[str, Feed]) -> None:
    units = Branch.objects.order_by("code").values_list("code", "kind", "parent__code")
    assert list(units) == [("B901", "branch", "R09"), ("B902", "branch", "R09"), ("R09", "region", None)]
    people = User.objects.order_by("staff_no").values_list("staff_no", "name", "role", "branch__code")
    assert list(people) == [("M90101", "甲经理", "manager", "B901"), ("M90201", "乙经理", "manager", "B902")]
    products = Product.objects.order_by("code").values_list("code", "kind", "term_months", "currency")
    assert list(products) == [
        ("DEMAND", "demand", None, "CNY"),
        ("TD12", "term", 12, "CNY"),
        ("USDD", "demand", None, "USD"),
    ]


def test_customers_as_they_were_meant(feeds: dict[str, Feed]) -> None:
    rows = Customer.everything.order_by("customer_no").values_list(
        "customer_no", "name", "sex", "birth_date", "id_expires_on", "id_is_long_term", "opened_on"
    )
    assert list(rows) == [
        ("K0000001", "曾明辉", "male", date(1990, 3, 7), date(2035, 1, 1), False, date(2019, 5, 6)),
        ("K0000002", "欧阳雪", "female", date(1990, 3, 7), None, True, date(2020, 1, 2)),
        ("K0000003", "单于飞", "male", date(1990, 3, 7), date(2030, 1, 1), False, date(2021, 7, 8)),
        ("K0000004", "Müller Anna", "female", date(1985, 10, 11), date(2029, 12, 31), False, date(2022, 2, 28)),
        ("K0000010", "𠮷田龘", "", None, None, False, None),
    ]
    phones = [records.unsealed(c, "phone") for c in Customer.everything.order_by("customer_no")]
    assert phones == ["13800138001", "13800138002", "13800138003", "+4915123456789", ""]


def test_accounts_and_balances_as_they_were_meant(feeds: dict[str, Feed]) -> None:
    accounts = Account.everything.order_by("account_no").values_list(
        "account_no", "currency", "status", "rollover", "rate"
    )
    assert list(accounts) == [
        ("9001", "CNY", "open", None, Decimal("0.0500")),
        ("9002", "CNY", "open", True, Decimal("1.1000")),
        ("9003", "CNY", "open", None, Decimal("0.0500")),
        ("9004", "CNY", "frozen", None, Decimal("0.0500")),
        ("9005", "USD", "open", None, Decimal("0.0100")),
        ("9006", "CNY", "dormant", None, None),
    ]
    balances = dict(AccountBalance.objects.values_list("account__account_no", "balance"))
    assert {number: str(balance) for number, balance in balances.items()} == {
        "9001": "199999.99",
        "9002": "300000.00",
        "9003": "49999.99",
        "9004": "-12.50",
        "9005": "1000.00",
        "9006": "3000000.00",
    }
    assert AccountBalance.objects.get(account__account_no="9005").value == 0
    assert "no_rate:USD:1" in feeds["balances"].notes
