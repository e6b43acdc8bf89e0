from datetime import timedelta
from decimal import Decimal

import django_filters
import pytest
from django.db import connection
from django.db.models import F
from django.http import QueryDict
from django.test import RequestFactory
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from core.pages import BadQuery, Cell, Column, ListFilter, ListPage, keyset_page
from core.pages import keyset as keyset_module
from customers.models import Customer, CustomerPosition
from tests.factories import TODAY, make_branch, make_customer

ORDERS = [
    ("customer__risk_grade",),
    ("-customer__risk_grade", "tier"),
    ("last_contact_on",),
    ("-last_contact_on", "-tier"),
    ("tier", "-last_contact_on", "total"),
    ("-total",),
    ("shown",),
    ("-shown", "tier"),
]


def walk(queryset, order, size, *, forward=True):
    """All pages from one end to the other."""
    pages = [keyset_page(queryset, order, size=size)]
    while pages[-1].next:
        pages.append(keyset_page(queryset, order, pages[-1].next, size=size))
    if forward:
        return pages
    pages = pages[-1:]
    while pages[-1].previous:
        pages.append(keyset_page(queryset, order, pages[-1].previous, size=size))
    return pages[::-1]


def by_hand(rows, order):
    """The oracle: sort by each term from the last to the first; what has no value comes last either way."""
    rows = sorted(rows, key=lambda row: row.pk)
    for name in reversed(order):
        path, down = name.lstrip("-"), name.startswith("-")
        key = {
            "customer__risk_grade": lambda row: row.customer.risk_grade,
            "shown": lambda row: row.last_contact_on,
        }.get(path, lambda row, path=path: getattr(row, path))
        known = [row for row in rows if key(row) is not None]
        rows = sorted(known, key=key, reverse=down) + [row for row in rows if key(row) is None]
        if down:  # sorted(reverse=True) keeps the order of equals, as it should
            continue
    return rows


row = st.tuples(st.sampled_from("ABC"), st.integers(0, 2), st.one_of(st.none(), st.integers(0, 3)), st.integers(-1, 1))


class TestWalk(TestCase):
    @given(rows=st.lists(row, max_size=12), order=st.sampled_from(ORDERS), size=st.integers(1, 5))
    @settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
    def test_pages_give_every_row_once_in_order_both_ways(self, rows, order, size):
        branch = make_branch()
        for grade, tier, days, total in rows:
            on = None if days is None else TODAY - timedelta(days=days)
            position = {"last_contact_on": on, "tier": tier}
            make_customer(branch=branch, risk_grade=grade, total=Decimal(total), position=position)
        queryset = CustomerPosition.everything.filter(branch=branch).annotate(shown=F("last_contact_on"))
        queryset = queryset.select_related("customer")
        expected = [found.pk for found in by_hand(list(queryset), order)]
        forward = [found.pk for page in walk(queryset, order, size) for found in page.rows]
        backward = [found.pk for page in walk(queryset, order, size, forward=False) for found in page.rows]
        assert forward == expected
        assert backward == expected


@pytest.fixture
def branch(db):
    return make_branch()


def names(page):
    return [customer.name for customer in page.rows]


def make_customers(branch, count):
    for n in range(count):
        make_customer(branch=branch, name=f"客户{n:03}", risk_grade=f"{n:03}")
    return Customer.everything.filter(branch=branch)


def test_first_and_last_page_have_one_neighbour(branch):
    customers = make_customers(branch, 5)
    pages = walk(customers, ("risk_grade",), 2)
    assert [names(page) for page in pages] == [["客户000", "客户001"], ["客户002", "客户003"], ["客户004"]]
    assert [(bool(page.previous), bool(page.next)) for page in pages] == [(False, True), (True, True), (True, False)]


def test_a_row_inserted_meanwhile_neither_repeats_nor_hides_others(branch):
    customers = make_customers(branch, 4)
    first = keyset_page(customers, ("risk_grade",), size=2)
    make_customer(branch=branch, name="新", risk_grade="0005")
    assert names(keyset_page(customers, ("risk_grade",), first.next, size=2)) == ["客户002", "客户003"]


def test_an_empty_list_is_one_empty_page(branch):
    page = keyset_page(Customer.everything.filter(branch=branch), ("name",))
    assert (page.rows, page.next, page.previous, page.count) == ([], "", "", 0)


def test_count_stops_at_the_cap(branch, monkeypatch):
    monkeypatch.setattr(keyset_module, "COUNT_CAP", 3)
    customers = make_customers(branch, 5)
    page = keyset_page(customers, ("name",), size=2)
    assert (page.count, page.count_is_capped) == (3, True)


@pytest.mark.parametrize("cursor", ["x", "AAAA", "%%%", "é", "A" * 300, "AQ"])
def test_a_made_up_cursor_is_refused(branch, cursor):
    with pytest.raises(BadQuery):
        keyset_page(Customer.everything.all(), ("name",), cursor)


def test_a_cursor_serves_its_own_order_and_model_only(branch):
    customers = make_customers(branch, 3)
    cursor = keyset_page(customers, ("name",), size=1).next
    with pytest.raises(BadQuery):
        keyset_page(customers, ("-name",), cursor)
    with pytest.raises(BadQuery):
        keyset_page(CustomerPosition.everything.all(), ("name",), cursor)


def test_a_cursor_tells_nothing(branch):
    customers = make_customers(branch, 3)
    assert keyset_page(customers, ("name",), size=1).next != keyset_page(customers, ("name",), size=1).next


def test_deep_pages_begin_where_the_index_does(branch):
    customers = make_customers(branch, 3)
    cursor = keyset_page(customers, ("name_pinyin",), size=1).next
    with CaptureQueriesContext(connection) as queries:
        keyset_page(customers, ("name_pinyin",), cursor, size=1, count=False)
    assert len(queries) == 1
    assert 'WHERE ("customers_customer"."branch_id"' in queries[0]["sql"]
    assert '"name_pinyin" >= ' in queries[0]["sql"]
    assert "OFFSET" not in queries[0]["sql"]


class CustomerFilter(ListFilter):
    amount_filters = frozenset({"total_min"})

    q = django_filters.CharFilter(label="Name", field_name="name", lookup_expr="contains")
    kind = django_filters.ChoiceFilter(label="Kind", choices=[("person", "Person"), ("organisation", "Organisation")])
    tier = django_filters.NumberFilter(label="Tier", field_name="position__tier")
    opened = django_filters.DateFromToRangeFilter(label="Opened", field_name="opened_on")
    total_min = django_filters.NumberFilter(label="Total", field_name="position__total", lookup_expr="gte")


LIST = ListPage(
    filterset=CustomerFilter,
    default_order=("name",),
    columns=(
        Column("no", "Number", "customer_no", sort="customer_no"),
        Column("name", "Name", lambda row: Cell(row.name, "main", url=f"/c/{row.customer_no}"), sort="name"),
        Column("branch", "Branch", "branch__name"),
        Column("total", "Total", "position__total", kind="money", sort="position__total", amounts=True),
    ),
    row_url=lambda row: f"/c/{row.customer_no}",
    size=2,
)


def show(query="", *, amounts=False, rows=None):
    request = RequestFactory().get(f"/list/?{query}")
    return LIST.show(request, Customer.everything.all() if rows is None else rows, amounts=amounts)


@pytest.mark.parametrize(
    "query",
    [
        "phone=138",
        "phone_cipher=1",
        "name__contains=x",
        "branch__code=B1",
        "ordering=phone_cipher",
        "ordering=branch",
        "ordering=--no",
        "ordering=no,name",
        "ordering=total",
        "ordering=-total",
        "total_min=5",
        "cursor=abc",
        "opened=2026-01-01",
    ],
)
def test_unknown_and_forbidden_fields_are_refused_alike(branch, query):
    with pytest.raises(BadQuery):
        show(query)


def test_people_with_amounts_may_sort_and_filter_by_them(branch):
    make_customer(branch=branch, name="少", total=5)
    make_customer(branch=branch, name="多", total=500)
    assert [r.object.name for r in show("ordering=-total", amounts=True).rows] == ["多", "少"]
    assert [r.object.name for r in show("total_min=100", amounts=True).rows] == ["多"]


def test_amount_columns_exist_for_people_with_amounts_only(branch):
    make_customer(branch=branch, total="1234.50")
    assert [c.key for c in show().columns] == ["no", "name", "branch"]
    shown = show(amounts=True)
    assert [c.key for c in shown.columns] == ["no", "name", "branch", "total"]
    assert shown.columns[3].align == "num"
    assert shown.rows[0].cells[3] == Cell(Decimal("1234.50"), "money", label="Total")


def test_cells_rows_and_pager(branch):
    customers = make_customers(branch, 3)
    listing = show(rows=customers)
    first = customers.order_by("name")[0]
    assert listing.rows[0].url == f"/c/{first.customer_no}"
    assert listing.rows[0].cells == [
        Cell(first.customer_no, label="Number"),
        Cell("客户000", "main", url=f"/c/{first.customer_no}", label="Name"),
        Cell(branch.name, label="Branch"),
    ]
    assert (listing.page.count, listing.page.shown, listing.page.prev_url) == ("3", 2, "")
    following = show(listing.page.next_url.partition("?")[2], rows=customers)
    assert [r.object.name for r in following.rows] == ["客户002"]
    assert following.page.next_url == ""
    assert following.page.prev_url


def test_headings_lead_to_the_other_direction(branch):
    heads = {head.key: head for head in show("ordering=-no&kind=person").columns}
    assert (heads["no"].sort, heads["no"].sort_url) == ("desc", "/list/?ordering=no&kind=person")
    assert (heads["name"].sort, heads["name"].sort_url) == ("", "/list/?ordering=name&kind=person")
    assert (heads["branch"].sort, heads["branch"].sort_url) == ("", "")
    assert show().columns[1].sort == "asc"


def test_chips_say_what_is_filtered_and_how_to_drop_it(branch):
    listing = show("q=张&kind=person&opened_after=2026-01-01&tier=&ordering=-no&cursor=")
    assert [(chip.label, chip.value) for chip in listing.chips] == [
        ("Name", "张"),
        ("Kind", "Person"),
        ("Opened", "2026-01-01 – "),
    ]
    kind = next(chip for chip in listing.chips if chip.label == "Kind")
    assert QueryDict(kind.remove_url.partition("?")[2]).dict() == {
        "q": "张",
        "opened_after": "2026-01-01",
        "tier": "",
        "ordering": "-no",
    }
    assert listing.clear_url == "/list/"
    assert show().chips == []
    assert show().clear_url == ""


def test_an_invalid_value_shows_an_error_and_no_rows(branch):
    make_customer(branch=branch)
    listing = show("kind=alien")
    assert listing.rows == []
    assert "kind" in listing.form.errors


def test_a_list_costs_the_same_for_3_and_30_rows(branch):
    def count(rows):
        with CaptureQueriesContext(connection) as queries:
            LIST.show(RequestFactory().get("/list/"), rows.select_related("branch", "position"), amounts=True)
        return len(queries)

    few = count(make_customers(branch, 3))
    assert count(make_customers(branch, 30)) == few == 2
