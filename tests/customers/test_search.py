"""Everything somebody types to find a customer, what it is taken for, whom it finds, and by which index."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection
from django.db.models import QuerySet
from hypothesis import given
from hypothesis import strategies as st

from customers.models import Customer
from customers.queries import search
from customers.rules.search import grams, read_search
from staff.models import User
from tests.customers.feeding import feed
from tests.factories import make_branch, make_customer, make_user, share_customer

pytestmark = pytest.mark.django_db
ID_X = "11010519491231002X"
PEOPLE = [
    ("K0000001", "曾明辉", "13800138001", ID_X),
    ("K0000002", "单于飞", "13800138002", ""),
    ("K0000003", "单小红", "13911112222", ""),
    ("K0000004", "仇英", "010-66668888", ""),
    ("K0000005", "解冰", "", ""),
    ("K0000006", "查理", "+49 151 23456789", ""),
    ("K0000007", "𠮷田龘", "", ""),
    ("K0000008", "Müller Anna", "", ""),
    ("K0000009", "欧阳明", "13800139999", ""),
    ("K0000010", "王明辉", "", ""),
    ("K0000011", "张·买买提", "", ""),
    ("20250001", "李查", "", ""),
    ("13700000000", "电话号", "", ""),
    ("K0000012", "O'Neill John", "", ""),
]


@pytest.fixture(autouse=True)
def people() -> None:
    make_branch(code="B1")
    rows = [(no, name, phone, paper, "B1") for no, name, phone, paper in PEOPLE]
    assert feed("customers", ("customer_no", "name", "phone", "id_no", "branch_code"), rows).rejected == 0


def found(text: str, among: QuerySet[Customer] | None = None) -> list[str]:
    """Names of whom the text finds."""
    return list(
        search(among if among is not None else Customer.everything.all(), text)
        .order_by("customer_no")
        .values_list("name", flat=True)
    )


CASES: dict[str, list[str]] = {
    # whole names and fragments, rare characters too
    "曾明辉": ["曾明辉"],
    "明辉": ["曾明辉", "王明辉"],
    "明": ["曾明辉", "欧阳明", "王明辉"],
    "辉明": [],
    "𠮷": ["𠮷田龘"],
    "田龘": ["𠮷田龘"],
    "𠮷龘": [],
    "龘": ["𠮷田龘"],
    " 曾明辉\t": ["曾明辉"],
    "'曾明辉": ["曾明辉"],
    "买买": ["张·买买提"],
    # pinyin: surnames have readings of their own
    "zeng": ["曾明辉"],
    "ZENG": ["曾明辉"],
    "zeng minghui": ["曾明辉"],
    "zengming-hui": ["曾明辉"],
    "ceng": [],
    "shan": ["单小红"],
    "shanxh": [],
    "chanyu": ["单于飞"],
    "dan": [],
    "qiu": ["仇英"],
    "chou": [],
    "xie": ["解冰"],
    "jie": [],
    "zhali": ["查理"],
    "zha": ["查理", "张·买买提"],
    "cha": ["单于飞"],
    "licha": ["李查"],
    "ouyang": ["欧阳明"],
    # initials
    "zmh": ["曾明辉"],
    "wm": ["王明辉"],
    "cyf": ["单于飞"],
    "oym": ["欧阳明"],
    "MA": ["Müller Anna"],
    # Latin names, any part
    "muller": ["Müller Anna"],
    "muller anna": ["Müller Anna"],
    "Müller": ["Müller Anna"],
    "anna": ["Müller Anna"],
    "ANN": ["Müller Anna"],
    "o'neill": ["O'Neill John"],
    "john": ["O'Neill John"],
    # phones: whole in any form, or the last four digits
    "13800138001": ["曾明辉"],
    "138-0013-8001": ["曾明辉"],
    "+86 138 0013 8001": ["曾明辉"],
    "8613800138001": ["曾明辉"],
    "008613800138001": ["曾明辉"],
    "１３８００１３８００１": ["曾明辉"],
    "010-66668888": ["仇英"],
    "01066668888": ["仇英"],
    "+86 10 6666 8888": ["仇英"],
    "+4915123456789": ["查理"],
    "0049 151 23456789": ["查理"],
    "8001": ["曾明辉"],
    "9999": ["欧阳明"],
    "8888": ["仇英"],
    "1380013": [],
    # identity numbers, whole only
    ID_X: ["曾明辉"],
    ID_X.lower(): ["曾明辉"],
    "110105 19491231 002x": ["曾明辉"],
    "110105491231002": ["曾明辉"],
    "11010519491231": [],
    # customer numbers: whole or from the front
    "K0000001": ["曾明辉"],
    "k0000001": ["曾明辉"],
    "Ｋ００００００１": ["曾明辉"],
    "K000001": ["王明辉", "张·买买提", "O'Neill John"],
    "20250001": ["李查"],
    "2025": [],
    "202500": ["李查"],
    "13700000000": ["电话号"],
    # what finds nobody
    "%": [],
    "_": [],
    "明%": [],
    "曾\\": [],
    "不存在": [],
    "'; DROP TABLE customers_customer; --": [],
}


@pytest.mark.parametrize(("text", "names"), CASES.items(), ids=map(repr, CASES))
def test_finds(text: str, names: list[str]) -> None:
    assert found(text) == names


def test_nothing_typed_is_no_restriction() -> None:
    for text in ("", "  ", "\t", "'"):
        assert len(found(text)) == len(PEOPLE)


KINDS = {
    "": "nothing",
    ID_X.lower(): "id_no",
    "110105491231002": "id_no",
    "13800138001": "phone",
    "+49 151 23456789": "phone",
    "8001": "phone_tail",
    "K0000001": "number",
    "138001": "number",
    "zeng": "pinyin",
    "曾": "name",
    "Müller": "name",
}


@pytest.mark.parametrize(("text", "kind"), KINDS.items())
def test_what_a_text_is_taken_for(text: str, kind: str) -> None:
    term = read_search(text)
    assert (term.kind, term.is_personal) == (kind, kind in {"id_no", "phone"})


@given(st.text(max_size=80))
def test_any_text_can_be_typed(text: str) -> None:
    assert str(search(Customer.everything.all(), text).query)


def test_texts_of_any_alphabet_reach_the_database() -> None:
    for text in (
        "\x00",
        "a\x00b",
        "😀",
        "e\u0301",
        "ＺＥＮＧ",
        "曾 明",
        "\u200b",
        "ß",
        "İ",
        "{",
        '"',
        "\\",
        "a" * 500,
        "曾" * 500,
    ):
        found(text)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("曾明辉", ["曾", "明", "辉", "曾明", "明辉"]),
        ("𠮷田", ["𠮷", "田", "𠮷田"]),
        ("Li Li", ["l", "i", "li", "il"]),
        ("李", ["李"]),
        ("", []),
    ],
)
def test_fragments(name: str, expected: list[str]) -> None:
    assert grams(name) == expected


class TestScope:
    @pytest.fixture(autouse=True)
    def others(self) -> None:
        """A namesake at another branch, with the same phone and identity number."""
        make_customer(name="曾明辉", customer_no="K9000001", phone="13800138001", id_no=ID_X)

    def numbers(self, user: User, text: str) -> list[str]:
        rows = search(Customer.objects.visible_to(user), text).order_by("customer_no")
        return list(rows.values_list("customer_no", flat=True))

    @pytest.mark.parametrize("text", ["曾明辉", "明辉", "zeng", "zmh", "13800138001", "8001", ID_X, "K9"])
    def test_only_customers_in_sight_are_found(self, text: str) -> None:
        mine = Customer.everything.get(customer_no="K0000001")
        other = Customer.everything.get(customer_no="K9000001")
        teller = make_user(branch=mine.branch)
        manager = make_user(role="manager", branch=mine.branch)
        assert "K9000001" not in self.numbers(teller, text)
        assert self.numbers(manager, text) == []
        share_customer(other, manager)
        assert self.numbers(manager, text) == ["K9000001"]
        assert self.numbers(make_user(role="admin"), text) == []

    def test_a_foreign_number_finds_nobody(self) -> None:
        assert self.numbers(make_user(branch=Customer.everything.get(customer_no="K0000001").branch), "K9000001") == []


@pytest.fixture
def plans() -> Iterator[Any]:
    """The plan PostgreSQL makes of a search when it may not read whole tables."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")

        def plan(text: str) -> str:
            sql, params = search(Customer.everything.all(), text).query.sql_with_params()
            cursor.execute(f"EXPLAIN {sql}", params)
            return "\n".join(line for (line,) in cursor.fetchall())

        yield plan


INDEXES = {
    "明辉": ["customer_name_grams"],
    "𠮷": ["customer_name_grams"],
    "zeng": ["customer_pinyin_prefix", "customer_initials_prefix", "customer_name_grams"],
    "8001": ["customer_phone_tail", "customer_no"],
    "13800138001": ["customer_phone", "customer_no"],
    ID_X: ["customer_id_no", "customer_no"],
    "K00000": ["customer_no"],
}


@pytest.mark.parametrize(("text", "indexes"), INDEXES.items())
def test_uses_indexes_only(plans: Any, text: str, indexes: list[str]) -> None:
    plan = plans(text)
    assert "Seq Scan" not in plan
    assert [index for index in indexes if index not in plan] == [], plan
