"""Cells of feed files: every written form of a value is the same value, and what is none says why."""

from contextlib import suppress
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from customers.enums import FeedKind
from customers.rules import cells
from customers.rules import feeds as rules
from customers.rules.cells import CellError

FULL_WIDTH = str.maketrans("0123456789,.-", "０１２３４５６７８９，．－")
DAY = date(2026, 11, 20)
READERS = {(kind, c.name): c.parse for kind in FeedKind for c in rules.COLUMNS[kind]}


def read(kind: str, column: str, cell: str) -> object:
    """A cell as an import reads it."""
    return READERS[FeedKind(kind), column](cells.clean(cell))


def why_not(kind: str, column: str, cell: str) -> str:
    with pytest.raises(CellError) as caught:
        read(kind, column, cell)
    return caught.value.code


@st.composite
def written(draw: st.DrawFn) -> tuple[str, Decimal]:
    """An amount and one of the ways core systems and spreadsheets write it."""
    cents = draw(st.integers(-(10**15) + 1, 10**15 - 1))
    value = Decimal(cents).scaleb(-2)
    text = f"{abs(value):{draw(st.sampled_from(['', ',']))}.2f}"
    if draw(st.booleans()):
        text = text.rstrip("0").rstrip(".")
    text = draw(st.sampled_from(["", "0"] if "," not in text else [""])) + text
    text = ("-" if cents < 0 else draw(st.sampled_from(["", "+"]))) + text
    if draw(st.booleans()):
        text = text.translate(FULL_WIDTH)
    around = st.sampled_from(["", " ", "\t", "  ", "\u3000", "\xa0"])
    return draw(around) + draw(st.sampled_from(["", "'", "' "])) + text + draw(around), value


@given(written())
def test_any_written_form_of_an_amount_is_the_same_amount(form: tuple[str, Decimal]) -> None:
    text, value = form
    assert read("balances", "balance", text) == value
    assert read("accounts", "principal", text) == value


@given(st.dates(date(1900, 1, 1), date(2199, 12, 31)), st.booleans(), st.sampled_from(["", " ", "'", "\t"]))
def test_any_written_form_of_a_date_is_the_same_date(day: date, wide: bool, before: str) -> None:
    loose = (
        f"{day.year}/{day.month}/{day.day}",
        f"{day.year}年{day.month}月{day.day}日",
        f"{day:%Y}-{day.month}-{day.day}",
    )
    forms = [f"{day:%Y-%m-%d}", f"{day:%Y%m%d}", f"{day:%Y/%m/%d}", f"{day:%Y年%m月%d日}", f"{day} 00:00:00", *loose]
    for text in forms:
        assert read("accounts", "opened_on", before + (text.translate(FULL_WIDTH) if wide else text) + "\t") == day


AMOUNTS = {
    "1234.5": "1234.50",
    "-0": "0.00",
    ".50": "0.50",
    "1,234,567.89": "1234567.89",
    "１，２３４．５０": "1234.50",
    "9,999,999,999,999.99": "9999999999999.99",
    "+12": "12.00",
}
NO_AMOUNTS = {
    "abc": "not_a_number",
    "1.005": "too_many_decimals",
    "1.500": "too_many_decimals",
    "12,34.5": "not_a_number",
    "1e3": "not_a_number",
    "NaN": "not_a_number",
    "-": "not_a_number",
    ".": "not_a_number",
    "1 234": "not_a_number",
    "5²": "not_a_number",
    "10000000000000": "too_large",
    "-10,000,000,000,000.00": "too_large",
    "99999999999999999999": "too_large",
}


@pytest.mark.parametrize(("text", "value"), AMOUNTS.items())
def test_amounts(text: str, value: str) -> None:
    assert str(read("balances", "balance", text)) == value


@pytest.mark.parametrize(("text", "reason"), NO_AMOUNTS.items())
def test_what_is_no_amount(text: str, reason: str) -> None:
    assert why_not("balances", "balance", text) == reason
    assert not rules.PLAIN_AMOUNT.fullmatch(text)


@given(st.from_regex(rules.PLAIN_AMOUNT, fullmatch=True))
def test_the_short_way_reads_as_the_long_one(text: str) -> None:
    assert read("balances", "balance", text) == Decimal(text.replace(",", ""))


NO_DATES = {
    "2026-02-30": "impossible_date",
    "20261301": "impossible_date",
    "2026年11月31日": "impossible_date",
    "0000-01-01": "impossible_date",
    "2026-11": "not_a_date",
    "20-11-2026": "not_a_date",
    "2026/11-20": "not_a_date",
    "2026-11-20 10:30:00": "not_a_date",
    "昨天": "not_a_date",
    "46346": "not_a_date",
}


@pytest.mark.parametrize(("text", "reason"), NO_DATES.items())
def test_what_is_no_date(text: str, reason: str) -> None:
    assert why_not("accounts", "matures_on", text) == reason


@pytest.mark.parametrize("text", ["长期", "长期有效", "Long-term", " 长期\t", "PERMANENT"])
def test_documents_without_expiry(text: str) -> None:
    assert read("customers", "id_expires_on", text) is None


def test_an_expiry_is_a_date_otherwise() -> None:
    assert read("customers", "id_expires_on", "20350101") == date(2035, 1, 1)
    assert why_not("customers", "id_expires_on", "永远") == "not_a_date"


WORDS = {
    ("staff", "role"): {
        "teller": "柜员",
        "lobby": "大堂经理",
        "manager": "客户经理",
        "senior_manager": "资深客户经理",
        "expert": "专家",
        "branch_head": "支行行长",
        "head_office": "总行",
        "admin": "管理员",
        "compliance": "合规",
        "auditor": "审计",
    },
    ("branches", "kind"): {"head_office": "总行", "region": "分行", "branch": "支行"},
    ("products", "kind"): {
        "demand": "活期",
        "term": "定期",
        "notice": "通知",
        "cd": "大额存单",
        "instalment": "零存整取",
        "agreement": "协定",
    },
    ("customers", "kind"): {"person": "个人", "organisation": "单位"},
    ("customers", "sex"): {"male": "男", "female": "女"},
    ("customers", "id_type"): {
        "resident_id": "居民身份证",
        "passport": "护照",
        "household_register": "户口簿",
        "taiwan_permit": "台湾居民来往大陆通行证",
        "other": "其他",
    },
    ("accounts", "status"): {"open": "正常", "closed": "销户", "frozen": "冻结", "dormant": "睡眠"},
}


@pytest.mark.parametrize(
    ("kind", "column", "code", "chinese"),
    [(kind, column, code, zh) for (kind, column), words in WORDS.items() for code, zh in words.items()],
)
def test_words_in_both_languages(kind: str, column: str, code: str, chinese: str) -> None:
    for text in (code, code.upper(), f" {code}\t", chinese, f"'{chinese} "):
        assert read(kind, column, text) == code


@pytest.mark.parametrize(("kind", "column"), WORDS)
def test_unknown_words(kind: str, column: str) -> None:
    assert why_not(kind, column, "教练") == "unknown_value"


@pytest.mark.parametrize(
    ("text", "flag"), {"Y": True, "n": False, "是": True, "否": False, "Ｙ": True, "1": True}.items()
)
def test_flags(text: str, flag: bool) -> None:
    assert read("accounts", "rollover", text) is flag


@pytest.mark.parametrize(
    ("column", "text", "value"),
    [
        ("rate", "1.10", Decimal("1.10")),
        ("rate", "1.1%", Decimal("1.1")),
        ("rate", "１．５", Decimal("1.5")),
        ("rate", "0.123400", Decimal("0.1234")),
        ("currency", "cny", "CNY"),
        ("currency", "人民币", "CNY"),
        ("currency", "ＵＳＤ", "USD"),
    ],
)
def test_rates_and_currencies(column: str, text: str, value: object) -> None:
    assert read("accounts", column, text) == value


@pytest.mark.parametrize(
    ("kind", "column", "text", "reason"),
    [
        ("accounts", "rollover", "也许", "unknown_value"),
        ("accounts", "rate", "1_0", "not_a_number"),
        ("accounts", "rate", "1e2", "not_a_number"),
        ("accounts", "rate", "NaN", "not_a_number"),
        ("accounts", "rate", "1000", "not_a_number"),
        ("accounts", "rate", "1.00001", "too_many_decimals"),
        ("accounts", "currency", "EURO", "unknown_value"),
        ("accounts", "currency", "€", "unknown_value"),
        ("products", "term_months", "0", "not_a_number"),
        ("products", "term_months", "601", "not_a_number"),
        ("products", "term_months", "1.5", "not_a_number"),
        ("rates", "rate", "0", "not_a_number"),
        ("rates", "rate", "-7", "not_a_number"),
        ("rates", "rate", "7.1234567", "too_many_decimals"),
        ("branches", "code", "B" * 21, "too_long"),
        ("branches", "name", "支" * 101, "too_long"),
        ("customers", "name", "名" * 121, "too_long"),
        ("customers", "address", "路" * 301, "too_long"),
    ],
)
def test_what_cannot_be_read(kind: str, column: str, text: str, reason: str) -> None:
    assert why_not(kind, column, text) == reason


CLEANED = {
    "  K1\t": "K1",
    "'13800138000": "13800138000",
    "' K1": "K1",
    "朝阳路\r\n1号": "朝阳路 1号",
    "a\n\n\tb": "a b",
    "a\x00\x07b": "a b",
    "a\u2028b\x85c\x7fd": "a b c d",
    "\ufeff客户号": "客户号",
    "\u3000曾 明辉\xa0": "曾 明辉",
    "=SUM(A1)": "=SUM(A1)",
    "'=SUM(A1)": "=SUM(A1)",
    "O'Neill": "O'Neill",
    "\n\t ": "",
    "'": "",
}


@pytest.mark.parametrize(("cell", "text"), CLEANED.items())
def test_text_cells(cell: str, text: str) -> None:
    assert cells.clean(cell) == text


@given(st.text())
def test_no_control_character_survives(text: str) -> None:
    found = cells.clean(text)
    assert not any(ord(c) < 32 or c in "\x7f\x85\u2028\u2029" for c in found)
    assert found == found.strip()


@given(st.text(max_size=30))
def test_no_cell_raises_anything_but_its_reason(text: str) -> None:
    for parse in READERS.values():
        with suppress(CellError):
            parse(cells.clean(text) or "x")


@pytest.mark.parametrize("code", ["Ｋ０００１", " K0001 ", "'K0001", "K0001\t"])
def test_numbers_in_full_width_are_the_same_numbers(code: str) -> None:
    assert read("customers", "customer_no", code) == "K0001"


def test_names_keep_their_form() -> None:
    assert read("customers", "name", "ＡＢＣ贸易（北京）") == "ＡＢＣ贸易（北京）"


def test_leading_zeros_stay() -> None:
    assert read("balances", "account_no", "000123") == "000123"
