"""Lists choose their rows by keys first; what they show is what one statement would."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from core.pages import keyset_page
from customers.models import Customer, CustomerPosition
from customers.queries import with_figures
from customers.queries.lists import listed
from tests.factories import TODAY, make_account, make_branch, make_customer, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def _seven() -> None:
    manager = make_user(role="manager", branch=make_branch())
    for n in range(7):
        make_account(customer=make_customer(manager=manager, tier=n % 3), balance=n * 37 % 5)


@pytest.mark.usefixtures("_seven")
@pytest.mark.parametrize(
    ("order", "narrow"),
    [
        ("balance", "total"),
        ("-balance", "-total"),
        ("adb_month", "month_sum"),
        ("-adb_month", "-month_sum"),
        ("name_pinyin", "customer__name_pinyin"),
    ],
)
def test_rows_order_and_figures_are_the_same(order: str, narrow: str) -> None:
    plain = list(with_figures(Customer.everything.all(), TODAY).order_by(order, "pk")[1:5])
    cut = list(listed(CustomerPosition.everything.all(), TODAY).order_by(narrow, "pk")[1:5])

    figures = ("pk", "tier", "balance", "adb_month", "adb_quarter", "adb_year", "next_maturity_on", "last_contact_on")
    assert [[getattr(row, name) for name in figures] for row in cut] == [
        [getattr(row, name) for name in figures] for row in plain
    ]


@pytest.mark.usefixtures("_seven")
def test_a_page_is_keys_then_rows_and_its_relations_cost_nothing_more() -> None:
    with CaptureQueriesContext(connection) as caught:
        page = keyset_page(listed(CustomerPosition.everything.all(), TODAY), ("-total",), size=3, count=False)
        assert all(row.branch.name and row.manager.name for row in page.rows)

    assert len(caught) == 2
    assert "adb_month" not in caught[0]["sql"]
    assert "customers_customer" not in caught[0]["sql"].replace("customers_customerposition", "")


@pytest.mark.usefixtures("_seven")
def test_counting_reads_no_rows() -> None:
    with CaptureQueriesContext(connection) as caught:
        assert listed(CustomerPosition.everything.all(), TODAY).count() == 7

    assert len(caught) == 1
