"""Columns chosen in the address: their order, what nobody may ask for, and that the rest of the list keeps them."""

from datetime import date
from decimal import Decimal

import pytest
from django.http import QueryDict
from django.template.loader import render_to_string
from django.test import RequestFactory
from django.utils.safestring import SafeString

from core.pages import BadQuery, Cell, Column, ListFilter, ListPage, ListRow, holds_personal, read_state, write_state
from core.pages.cells import table_cell, table_rows
from core.pages.state import State
from customers.models import Customer
from customers.rules.search import read_search
from tests.core.test_pages import CustomerFilter
from tests.factories import make_branch, make_customer, make_user

LIST = ListPage(
    filterset=CustomerFilter,
    default_order=("name",),
    columns=(
        Column("no", "Number", "customer_no", sort="customer_no"),
        Column("name", "Name", sort="name", stays=True),
        Column("kind", "Kind", is_default=False),
        Column("total", "Total", "position__total", kind="money", sort="position__total", amounts=True),
    ),
    list_key="things",
    size=2,
)


def keys(text: str = "", *, amounts: bool = False) -> list[str]:
    names = tuple(text.split(",")) if text else ()
    return [column.key for column in LIST.chosen_columns(names, amounts=amounts)]


class TestChoosing:
    def test_the_usual_ones_without_a_word(self) -> None:
        assert keys() == ["no", "name"]
        assert keys(amounts=True) == ["no", "name", "total"]

    def test_in_the_order_asked_for(self) -> None:
        assert keys("kind,name,no") == ["kind", "name", "no"]

    def test_once_each(self) -> None:
        assert keys("kind,kind,name") == ["kind", "name"]

    def test_what_stays_cannot_be_taken_away(self) -> None:
        assert keys("kind") == ["name", "kind"]

    @pytest.mark.parametrize("text", ["phone", "no,phone_cipher", "NO", "no name", "name;no", "position__total"])
    def test_unknown_ones_are_refused(self, text: str) -> None:
        with pytest.raises(BadQuery):
            keys(text, amounts=True)

    def test_amounts_are_refused_to_people_without(self) -> None:
        assert keys("total", amounts=True) == ["name", "total"]
        with pytest.raises(BadQuery):
            keys("total")


@pytest.mark.django_db
class TestList:
    @pytest.fixture(autouse=True)
    def _rows(self) -> None:
        branch = make_branch()
        for n in range(5):
            make_customer(branch=branch, name=f"客户{n}")

    def show(self, query: str, page: ListPage = LIST):
        return page.show(RequestFactory().get(f"/list/?{query}"), Customer.everything.select_related("position"))

    def test_headings_and_cells_follow(self) -> None:
        listing = self.show("columns=kind,name")
        assert [head.key for head in listing.columns] == ["kind", "name"]
        assert [cell.value for cell in listing.rows[0].cells] == ["person", "客户0"]

    def test_boxes_of_a_plain_form_are_as_good(self) -> None:
        listing = self.show("columns=kind&columns=name&kind=person")
        assert [head.key for head in listing.columns] == ["kind", "name"]
        assert 'name="columns" value="kind,name"' in str(listing.form["columns"])

    def test_order_pages_chips_and_filters_keep_them(self) -> None:
        listing = self.show("columns=kind,name&kind=person&ordering=-name")
        links = [listing.page.next_url, listing.columns[1].sort_url, listing.chips[0].remove_url]
        assert all("columns=kind,name" in link for link in links)
        assert 'value="kind,name"' in str(listing.form["columns"])
        assert 'value="-name"' in str(listing.form["ordering"])

    def test_the_chooser_lists_shown_ones_first_and_keeps_filters_and_order(self) -> None:
        listing = self.show("columns=kind,name&kind=person&ordering=-name&saved=3")
        assert [(c.key, c.is_shown, c.stays) for c in listing.choices] == [
            ("kind", True, False),
            ("name", True, True),
            ("no", False, False),
        ]
        assert listing.carried == [("kind", "person"), ("ordering", "-name"), ("saved", "3")]
        assert QueryDict(listing.reset_url.partition("?")[2]).dict() == {
            "kind": "person",
            "ordering": "-name",
            "saved": "3",
        }

    def test_an_empty_state_says_that_no_view_is_meant(self) -> None:
        listing = self.show("kind=person")
        assert listing.clear_url == listing.chips[0].remove_url == "/list/?view=none"

    @pytest.mark.parametrize("query", ["columns=total", "columns=id_no", "saved=x", "view=mine", "saved=-1"])
    def test_refused(self, query: str) -> None:
        with pytest.raises(BadQuery):
            self.show(query)

    @pytest.mark.parametrize("query", ["columns=name", "view=none", "saved=1"])
    def test_a_list_without_a_key_knows_neither_columns_nor_views(self, query: str) -> None:
        plain = ListPage(filterset=ListFilter, default_order=("name",), columns=LIST.columns)
        with pytest.raises(BadQuery):
            self.show(query, plain)

    def test_a_look_up_of_the_page_is_made_once(self) -> None:
        made: list[str] = []

        def value():
            made.append("looked up")
            return lambda row: row.name

        page = ListPage(default_order=("name",), columns=(Column("name", "Name", per_page=value),))
        assert [row.cells[0].value for row in self.show("", page).rows] == [f"客户{n}" for n in range(5)]
        assert made == ["looked up"]

    def test_the_page_answers_400(self, client_of) -> None:
        client = client_of(make_user(role="teller"))
        assert client.get("/customers/?columns=name,adb_year").status_code == 400
        assert client.get("/customers/?columns=id_no_cipher").status_code == 400
        assert client.get("/customers/?columns=stage,name").status_code == 200


class TestState:
    def test_read_and_written(self) -> None:
        state = read_state("?tier=3&tier=4&q=&columns=b,a&cursor=xyz&view=none&saved=4&ordering=-name")
        assert state == State("tier=3&tier=4&ordering=-name", ("b", "a"))
        assert write_state(state) == "tier=3&tier=4&ordering=-name&columns=b,a"
        assert read_state(write_state(state)) == state

    @pytest.mark.parametrize(
        "text",
        [
            "13800138000",
            "+86 138-0013-8000",
            "１３８００１３８０００",
            "11010519491231002X",
            "110105 19491231 002x",
            "130503670401001",
            "+4915123456789",
            "010-12345678",
            "张三",
            "zhang san",
            "8000",
            "C00000012",
            "622200001234567890123",
            "",
            "ou-yang",
        ],
    )
    def test_what_is_personal_is_what_the_search_says(self, text: str) -> None:
        query = QueryDict(mutable=True)
        query["q"] = text
        assert holds_personal(query.urlencode()) == read_search(text).is_personal

    @pytest.mark.parametrize("text", ["2026-11-20", "500000.00", "-balance", "1,2,3"])
    def test_days_amounts_and_orders_are_not(self, text: str) -> None:
        assert not holds_personal(f"x={text}")


class TestCells:
    """What templates drew before, kind by kind."""

    @pytest.mark.parametrize(
        ("cell", "inner"),
        [
            (Cell("张三"), "<span>张三</span>"),
            (Cell("<i>"), "<span>&lt;i&gt;</span>"),
            (Cell(None), '<span class="muted">–</span>'),
            (Cell(""), '<span class="muted">–</span>'),
            (Cell(0, "num"), "<span>0</span>"),
            (Cell(Decimal("1234.5"), "money"), "<span>1,234.50</span>"),
            (Cell("王", hint='"x"'), '<span>王<span class="cell-hint">&quot;x&quot;</span></span>'),
            (Cell("王", url='/c/"1"'), '<span><a href="/c/&quot;1&quot;">王</a></span>'),
            (Cell(date(2026, 11, 20), "date"), '<span><time datetime="2026-11-20">2026-11-20</time></span>'),
        ],
    )
    def test_by_kind(self, cell: Cell, inner: str) -> None:
        assert table_cell(cell) == f'<td class="is-{cell.kind}" data-label="">{inner}</td>'

    @pytest.mark.parametrize(
        ("cell", "template", "context"),
        [
            (Cell("<高端>", "tier", rank=4), "tier_badge", {"rank": 4, "name": "<高端>"}),
            (Cell("未评级", "tier", rank=0), "tier_badge", {"rank": 0, "name": "未评级"}),
            (Cell("<逾期>", "badge", tone="warn"), "badge", {"text": "<逾期>", "tone": "warn"}),
        ],
    )
    def test_looks_are_those_of_the_components(self, cell: Cell, template: str, context: dict[str, object]) -> None:
        look = render_to_string(f"components/{template}.html", context).strip()
        assert look in table_cell(cell)
        assert "<高端>" not in look
        assert "<逾期>" not in look

    @pytest.mark.parametrize("value", ["480000.50", "-480000.50", "0.00"])
    @pytest.mark.parametrize("kind", ["change", "wan"])
    def test_amounts_are_those_of_the_money_component(self, value: str, kind: str) -> None:
        amount = Decimal(value)
        context = {"value": amount, "compact": True, "change": kind == "change"}
        drawn = "".join(render_to_string("components/money.html", context).split())
        shown = "".join(table_cell(Cell(amount, kind)).split())
        assert drawn in shown

    def test_rows(self) -> None:
        row = ListRow(object(), "/c/1?a=1&b=2", "warn", [Cell("王", "main")], "C<1>")
        assert table_rows([row]).startswith('<tr class="is-warn" data-href="/c/1?a=1&amp;b=2"><td class="is-main"')
        ticked = table_rows([row], selectable=True)
        assert 'name="selected" value="C&lt;1&gt;" form="bulk-form" aria-label=' in ticked
        assert isinstance(ticked, SafeString)
