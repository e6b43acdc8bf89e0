from decimal import ROUND_DOWN, Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.money import AmountError, NotANumber, TooLarge, TooManyDecimals, format_yuan, parse_amount, wan, yuan

amounts = st.decimals(min_value=-(10**15), max_value=10**15, places=2, allow_nan=False, allow_infinity=False)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (Decimal("2.775"), "2.78"),
        (Decimal("2.7749999"), "2.77"),
        (Decimal("0.005"), "0.01"),
        (Decimal("-0.005"), "-0.01"),
        (Decimal("-0.004"), "0.00"),
        (Decimal("49999.995"), "50000.00"),
        (5, "5.00"),
        ("1e3", "1000.00"),
        (Decimal("123456789012345.675"), "123456789012345.68"),
    ],
)
def test_yuan_rounds_half_up_to_the_cent(value: Decimal | int | str, expected: str) -> None:
    assert str(yuan(value)) == expected


def test_yuan_refuses_floats() -> None:
    with pytest.raises(TypeError):
        yuan(0.1)  # type: ignore[arg-type]  # that is the point


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("0", "0.00"),
        ("300000", "300000.00"),
        ("1000.5", "1000.50"),
        ("199999.99", "199999.99"),
        ("-12.5", "-12.50"),
        ("+12.50", "12.50"),
        ("-0", "0.00"),
        ("-0.00", "0.00"),
        ("007.10", "7.10"),
        (".5", "0.50"),
        ("-.05", "-0.05"),
        ("1,234.50", "1234.50"),
        ("199,999.99", "199999.99"),
        ("-1,234,567", "-1234567.00"),
        ("４９，９９９．９９", "49999.99"),
        ("１，２３４．５０", "1234.50"),
        ("－１２．５", "-12.50"),
        ("−3", "-3.00"),
        ("  42 ", "42.00"),
        ("\u3000４２\u3000", "42.00"),
        ("42\t", "42.00"),
        ("42\n", "42.00"),
        ("'42", "42.00"),
        ("’42", "42.00"),
        ("' 42.1", "42.10"),
        ("9999999999999999.99", "9999999999999999.99"),
        ("0" * 50 + "7", "7.00"),
    ],
)
def test_reads_what_core_systems_and_spreadsheets_write(text: str, expected: str) -> None:
    assert str(parse_amount(text)) == expected


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("", NotANumber),
        (" ", NotANumber),
        ("'", NotANumber),
        ("-", NotANumber),
        (".", NotANumber),
        ("5.", NotANumber),
        ("abc", NotANumber),
        ("--1", NotANumber),
        ("1-", NotANumber),
        ("''1", NotANumber),
        ("1 234", NotANumber),
        ("1.2.3", NotANumber),
        ("1e5", NotANumber),
        ("NaN", NotANumber),
        ("Infinity", NotANumber),
        ("0x10", NotANumber),
        ("¥5", NotANumber),
        ("5²", NotANumber),
        ("五", NotANumber),
        ("٣", NotANumber),
        ("1_000", NotANumber),
        ("1,23", NotANumber),
        ("1,2345.00", NotANumber),
        ("1234,567", NotANumber),
        (",123", NotANumber),
        ("1,,234", NotANumber),
        ("1,234,", NotANumber),
        ("1.005", TooManyDecimals),
        ("1.000", TooManyDecimals),
        ("1,234.567", TooManyDecimals),
        ("１．００５", TooManyDecimals),
        ("12345678901234567", TooLarge),
        ("9" * 5000, TooLarge),
    ],
)
def test_refuses_anything_else_and_says_why(text: str, error: type[AmountError]) -> None:
    with pytest.raises(AmountError) as refusal:
        parse_amount(text)

    assert (refusal.type, str(refusal.value)) == (error, error.code)


def test_refusals_are_value_errors_with_distinct_codes() -> None:
    assert [e.code for e in (NotANumber, TooManyDecimals, TooLarge)] == [
        "not_a_number",
        "too_many_decimals",
        "too_large",
    ]
    assert issubclass(AmountError, ValueError)


@given(amounts)
def test_every_spelling_of_an_amount_reads_back(amount: Decimal) -> None:
    wide = f"{amount:,.2f}".translate(str.maketrans("0123456789,.-", "０１２３４５６７８９，．－"))

    assert {parse_amount(s) for s in (str(amount), f"{amount:,.2f}", f" '{amount}\t", wide)} == {yuan(amount)}


@given(st.text(alphabet="0123456789,.-+' ０，．e", max_size=12))
def test_an_amount_is_two_places_or_a_refusal(text: str) -> None:
    try:
        amount = parse_amount(text)
    except AmountError:
        return
    assert amount.as_tuple().exponent == -2


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (Decimal("1234.5"), "1,234.50"),
        (0, "0.00"),
        (Decimal("-0.001"), "0.00"),
        (Decimal("-1234567.891"), "-1,234,567.89"),
    ],
)
def test_formats_the_exact_amount(value: Decimal | int, expected: str) -> None:
    assert format_yuan(value) == expected


@pytest.mark.parametrize(
    ("value", "zh", "en"),
    [
        ("0", "0.00", "0.00"),
        ("-0.001", "0.00", "0.00"),
        ("9999", "9,999.00", "9,999.00"),
        ("9999.999", "9,999.99", "9,999.99"),
        ("10000", "1万", "10K"),
        ("10000.01", "1.0万", "10.0K"),
        ("49999.99", "4.9万", "49.9K"),
        ("50000", "5万", "50K"),
        ("499999", "49.9万", "499.9K"),
        ("499999.99", "49.9万", "499.9K"),
        ("500000", "50万", "500K"),
        ("500123", "50.0万", "500.1K"),
        ("555000", "55.5万", "555K"),
        ("999999.99", "99.9万", "999.9K"),
        ("1000000", "100万", "1M"),
        ("2999999.99", "299.9万", "2.9M"),
        ("3000000", "300万", "3M"),
        ("12345678.90", "1,234.5万", "12.3M"),
        ("99999999.99", "9,999.9万", "99.9M"),
        ("100000000", "1亿", "100M"),
        ("123456789", "1.23亿", "123.4M"),
        ("199999999999.99", "1,999.99亿", "199,999.9M"),
        ("-499999", "-49.9万", "-499.9K"),
        ("-123456789", "-1.23亿", "-123.4M"),
        ("-9999.999", "-9,999.99", "-9,999.99"),
    ],
)
def test_short_form_cuts_and_never_rounds_up(value: str, zh: str, en: str) -> None:
    assert (wan(Decimal(value), "zh-hans"), wan(Decimal(value), "en")) == (zh, en)


@given(amounts)
def test_short_form_is_never_farther_from_zero_than_the_amount(amount: Decimal) -> None:
    units = {"万": Decimal(10_000), "亿": Decimal(100_000_000)}
    text = wan(amount, "zh-hans")
    unit = units.get(text[-1], Decimal(1))
    shown = Decimal(text.rstrip("万亿").replace(",", "")) * unit
    place = {Decimal(1): Decimal("0.01"), units["万"]: Decimal(1_000), units["亿"]: Decimal(1_000_000)}[unit]

    assert shown == (amount / place).to_integral_value(ROUND_DOWN) * place
