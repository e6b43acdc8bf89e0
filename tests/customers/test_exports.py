"""What feeds may show of a rejected row, and what they explain about columns."""

import pytest

from customers.enums import FeedKind, RejectReason
from customers.exports import HIDDEN, MASKS, SHOWN, example_of, masked_cell, reason_word
from customers.rules.feeds import COLUMNS

PERSONAL = [
    "name",
    "sex",
    "birth_date",
    "occupation",
    "employer",
    "balance",
    "principal",
    "risk_grade",
    "id_expires_on",
]


@pytest.mark.parametrize(
    ("column", "text", "shown"),
    [
        ("customer_no", "K1", "K1"),
        ("branch_code", "B999", "B999"),
        ("id_no", "11010519491231002X", "1101************2X"),
        ("phone", "13800138000", "138****8000"),
        ("account_no", "6222000000000017", "****0017"),
        ("email", "zhang@example.com", "z***@example.com"),
        ("address", "北京市朝阳区某某路1号", "北京市朝阳区****"),
        *((column, "张三 1,000.00", HIDDEN) for column in PERSONAL),
    ],
)
def test_cells_are_masked_unless_known_to_be_harmless(column: str, text: str, shown: str) -> None:
    assert masked_cell(column, text) == shown


def test_every_column_of_customers_is_shown_masked_or_hidden_on_purpose() -> None:
    names = {column.name for column in COLUMNS[FeedKind.CUSTOMERS]}

    assert names - SHOWN - set(MASKS) == {*PERSONAL} - {"balance", "principal"} | {"opened_on"}


@pytest.mark.parametrize("reason", list(RejectReason))
def test_reasons_have_words(reason: RejectReason) -> None:
    assert "_" not in reason_word(reason.value)


def test_a_reason_without_words_stays() -> None:
    assert reason_word("brand_new") == "brand_new"


@pytest.mark.parametrize("kind", list(FeedKind))
def test_required_columns_that_are_no_free_text_have_an_example(kind: FeedKind) -> None:
    wanted = [column.name for column in COLUMNS[kind] if column.required and column.name != "name"]

    assert [name for name in wanted if not example_of(kind, name)] == []


def test_words_stand_beside_their_translation() -> None:
    assert example_of(FeedKind.ACCOUNTS, "status").startswith("open 正常, closed 销户")
