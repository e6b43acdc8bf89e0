import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.phones import PhoneError, is_mobile, normalise_phone


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("13800138000", "13800138000"),
        ("＋86 138-0013-8000", "13800138000"),
        ("+86 13800138000", "13800138000"),
        ("0086-138 0013 8000", "13800138000"),
        ("8613800138000", "13800138000"),
        ("013800138000", "13800138000"),
        ("１３８００１３８０００", "13800138000"),
        ("13800138002\t", "13800138002"),
        ("'13800138003", "13800138003"),
        ("\u202d138 0013 8000\u202c", "13800138000"),
        ("138\u20140013\u20148000", "13800138000"),
        ("(+86)138.0013.8000", "13800138000"),
        ("19912345678", "19912345678"),
        ("16212345678", "16212345678"),
        ("010-12345678", "01012345678"),
        ("（010）1234 5678", "01012345678"),
        ("+86 10 12345678", "01012345678"),
        ("+86 (0)10 12345678", "01012345678"),
        ("0571-88886666", "057188886666"),
        ("0433-1234567", "04331234567"),
        ("021-12345678", "02112345678"),
        ("400-123-4567", "4001234567"),
        ("+86 800 123 4567", "8001234567"),
        ("+49 151 23456789", "+4915123456789"),
        ("+49 (0)151 23456789", "+4915123456789"),
        ("0049 151 23456789", "+4915123456789"),
        ("0049 30 1234567", "+49301234567"),
        ("+852 9123 4567", "+85291234567"),
        ("+1 (212) 555-1234", "+12125551234"),
    ],
)
def test_every_spelling_becomes_the_one(text: str, number: str) -> None:
    assert normalise_phone(text) == number


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "+",
        "abc",
        "12345",
        "12800138000",
        "1380013800",
        "138001380001",
        "88886666",
        "010-1234567",
        "+86 12345",
        "+86 12800138000",
        "+0 123456789",
        "+49 151",
        "+1234567890123456",
        "13800138000/13900139000",
        "13800138000 13900139000",
        "1380013800O",
        "٠١٢٣٤٥٦٧٨٩٠",
        "无",
    ],
)
def test_refuses_what_cannot_be_dialled(text: str) -> None:
    with pytest.raises(PhoneError) as refusal:
        normalise_phone(text)

    assert (refusal.value.code, isinstance(refusal.value, ValueError)) == ("not_a_phone", True)


@pytest.mark.parametrize(
    ("number", "expected"),
    [("13800138000", True), ("01012345678", False), ("+4915123456789", False), ("12800138000", False), ("", False)],
)
def test_tells_mobiles(number: str, expected: bool) -> None:
    assert is_mobile(number) is expected


@given(st.from_regex(r"\A(\+|00)?[0-9 ()\-]{5,18}\Z"))
def test_a_normalised_number_stays_as_it_is(text: str) -> None:
    try:
        number = normalise_phone(text)
    except PhoneError:
        return
    assert normalise_phone(number) == number


@given(st.from_regex(r"\A1[3-9][0-9]{9}\Z"), st.sampled_from(["", "+86", "0086 ", "86", "＋86-", "0"]))
def test_every_mobile_is_found_behind_its_prefixes(mobile: str, prefix: str) -> None:
    assert normalise_phone(f"{prefix}{mobile[:3]}-{mobile[3:7]} {mobile[7:]}") == mobile
