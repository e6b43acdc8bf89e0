"""Ticked rows: what a form sends, whose rows come of it, and what is reported of the rest."""

import pytest
from django.http import QueryDict
from django.test import RequestFactory
from django.urls import reverse

from core.pages import (
    BadQuery,
    BulkAction,
    Chosen,
    Column,
    ListPage,
    NothingSelected,
    TooManySelected,
    chosen_rows,
    read_selection,
)
from customers.filters import CUSTOMERS
from customers.models import Customer, CustomerPosition
from customers.queries.lists import listed
from tests.factories import make_branch, make_customer, make_user


def posted(**fields: object) -> QueryDict:
    data = QueryDict(mutable=True)
    for name, value in fields.items():
        data.setlist(name, value if isinstance(value, list) else [value])
    return data


class TestReading:
    def test_numbers_once_each_in_the_order_ticked(self) -> None:
        assert read_selection(posted(selected=["C2", "C1", "C2", ""])) == Chosen(("C2", "C1"), "")

    def test_all_that_match_wins_over_ticks(self) -> None:
        chosen = read_selection(posted(selected=["C1"], matching="?tier=3&tier=4"))
        assert chosen == Chosen((), "tier=3&tier=4")
        assert chosen.is_query

    def test_no_filter_is_the_whole_list(self) -> None:
        assert read_selection(posted(matching="")) == Chosen((), "")

    @pytest.mark.parametrize("fields", [{}, {"selected": []}, {"selected": [""]}, {"other": "C1"}])
    def test_nothing_is_refused(self, fields: dict[str, object]) -> None:
        with pytest.raises(NothingSelected):
            read_selection(posted(**fields))

    def test_a_thousand_numbers_and_no_more(self) -> None:
        assert len(read_selection(posted(selected=[str(n) for n in range(1000)])).numbers) == 1000
        with pytest.raises(TooManySelected, match="1,000"):
            read_selection(posted(selected=[str(n) for n in range(1001)]))

    @pytest.mark.parametrize(
        "fields",
        [{"selected": ["C" * 65]}, {"selected": ["C\x00"]}, {"matching": "q=" + "a" * 1000}, {"matching": "\x00"}],
    )
    def test_nonsense_is_refused(self, fields: dict[str, object]) -> None:
        with pytest.raises(BadQuery):
            read_selection(posted(**fields))


@pytest.mark.django_db
class TestRows:
    @pytest.fixture(autouse=True)
    def _world(self) -> None:
        self.manager = make_user(role="manager", branch=make_branch())
        for number, tier in (("C1", 3), ("C2", 1), ("C3", 3)):
            make_customer(manager=self.manager, customer_no=number, tier=tier)
        self.foreign = make_customer(customer_no="FOREIGN", tier=3)

    def rows(self, chosen: Chosen, *, amounts: bool = True):
        request = RequestFactory().get("/")
        request.user = self.manager
        visible = listed(CustomerPosition.objects.visible_to(self.manager), None)
        found = chosen_rows(CUSTOMERS, chosen, visible, key=CUSTOMERS.row_path, amounts=amounts, request=request)
        return sorted(row.customer_no for row in found.rows), found.missing

    def test_a_foreign_number_is_missing_as_one_that_does_not_exist(self) -> None:
        assert self.rows(Chosen(("C2", "FOREIGN", "C1", "NONE"), "")) == (["C1", "C2"], ("FOREIGN", "NONE"))

    def test_all_that_match_are_the_viewers_own(self) -> None:
        assert self.rows(Chosen((), "tier=3")) == (["C1", "C3"], ())
        assert self.rows(Chosen((), "")) == (["C1", "C2", "C3"], ())

    @pytest.mark.parametrize("query", ["phone=138", "tier=x", "q=13800138000", "ordering=phone", "columns=id_no"])
    def test_a_filter_that_does_not_hold_chooses_nobody(self, query: str) -> None:
        with pytest.raises(BadQuery):
            self.rows(Chosen((), query))

    def test_amounts_are_no_way_to_choose_without_the_right(self) -> None:
        assert self.rows(Chosen((), "ordering=-balance"))[0] == ["C1", "C2", "C3"]
        with pytest.raises(BadQuery):
            self.rows(Chosen((), "ordering=-balance"), amounts=False)


@pytest.mark.django_db
class TestBar:
    ACTIONS = (
        BulkAction("Profile", "staff:profile", "user", ("manager",)),
        BulkAction("Trail", "staff:trail", "list", ("auditor",)),
        BulkAction("Later", "customers:not_built_yet", "x", ("manager",)),
    )
    LIST = ListPage(
        columns=(Column("name", "Name"),),
        default_order=("name",),
        list_key="things",
        row_key="customer_no",
        bulk=ACTIONS,
        also=frozenset({"tier"}),
    )

    def shown(self, role: str, query: str = ""):
        request = RequestFactory().get(f"/things/?{query}")
        request.user = make_user(role=role)
        return self.LIST.show(request, Customer.everything.all())

    def test_actions_are_those_of_the_role_whose_pages_exist(self) -> None:
        make_customer()
        assert [(b.label, b.url) for b in self.shown("manager").bulk.buttons] == [("Profile", reverse("staff:profile"))]
        assert [b.label for b in self.shown("auditor").bulk.buttons] == ["Trail"]
        assert self.shown("teller").bulk is None

    def test_a_list_without_rows_has_nothing_to_act_on(self) -> None:
        assert self.shown("manager").bulk is None

    def test_rows_carry_their_number(self) -> None:
        made = make_customer()
        assert [row.number for row in self.shown("manager").rows] == [made.customer_no]

    def test_what_is_remembered_is_one_persons_of_one_list_and_its_filters(self) -> None:
        make_customer()
        request = RequestFactory().get("/things/?tier=3")
        request.user = make_user(role="manager")

        def memory(query: str, user=request.user) -> str:
            asking = RequestFactory().get(f"/things/?{query}")
            asking.user = user
            return self.LIST.show(asking, Customer.everything.all()).bulk.memory

        assert memory("tier=3") == memory("tier=3&columns=name&view=none")
        assert len({memory("tier=3"), memory("tier=2"), memory("tier=3", make_user(role="manager"))}) == 3

    def test_all_that_match_is_what_the_list_shows(self) -> None:
        make_customer()
        assert self.shown("manager", "tier=3&columns=name&saved=7").bulk.matching == "tier=3&columns=name"


@pytest.mark.django_db
class TestPage:
    @pytest.fixture
    def page(self, client_of) -> str:
        manager = make_user(role="manager", branch=make_branch())
        make_customer(manager=manager, customer_no="C1", name='<b onclick="x">')
        make_customer(customer_no="FOREIGN")
        return client_of(manager).get("/customers/").content.decode()

    def test_boxes_belong_to_the_form_of_the_bar(self, page: str) -> None:
        if 'id="bulk-form"' not in page:
            pytest.skip("no bulk action is built yet")
        assert 'name="selected" value="C1" form="bulk-form"' in page
        assert 'value="FOREIGN"' not in page
        assert page.count('name="matching"') == 1

    def test_names_are_escaped(self, page: str) -> None:
        assert '<b onclick="x">' not in page
        assert "&lt;b onclick=&quot;x&quot;&gt;" in page
