from datetime import date

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from stdnum.cn import ric, uscc

from core.identity import (
    FOREIGN_RESIDENT_ID,
    ID_TYPE_BY_NAME,
    ID_TYPES,
    OTHER,
    PASSPORT,
    RESIDENCE_PERMIT,
    RESIDENT_ID,
    TEMPORARY_ID,
    USCC,
    IdentityError,
    birth_date_of,
    check_id_no,
    id_type_of,
    sex_of,
)

TODAY = date(2026, 11, 20)
WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)


def numbered(body: str) -> str:
    """The body with the check digit as GB 11643 words it."""
    return body + "10X98765432"[sum(int(d) * w for d, w in zip(body, WEIGHTS, strict=True)) % 11]


bodies = st.builds(
    lambda area, born, order: f"{area:06d}{born:%Y%m%d}{order:03d}",
    st.integers(110000, 659999),
    st.dates(date(1900, 1, 1), TODAY),
    st.integers(0, 999),
)


@pytest.mark.parametrize(
    ("id_type", "text", "number"),
    [
        (RESIDENT_ID, "11010519491231002X", "11010519491231002X"),
        (RESIDENT_ID, "11010519491231002x", "11010519491231002X"),
        (RESIDENT_ID, "440524188001010014", "440524188001010014"),
        (RESIDENT_ID, "110101199003071014", "110101199003071014"),
        (RESIDENT_ID, "110101199003071452", "110101199003071452"),
        (RESIDENT_ID, "'110101 19900307 1014\t", "110101199003071014"),
        (RESIDENT_ID, "１１０１０５１９４９１２３１００２Ｘ", "11010519491231002X"),
        (TEMPORARY_ID, "110101199003071014", "110101199003071014"),
        (RESIDENT_ID, numbered("11010520000229001"), numbered("11010520000229001")),
        (RESIDENT_ID, numbered("11010520261120001"), numbered("11010520261120001")),
        (RESIDENCE_PERMIT, numbered("81000019900307101"), numbered("81000019900307101")),
        (RESIDENCE_PERMIT, numbered("83000019900307101"), numbered("83000019900307101")),
        (FOREIGN_RESIDENT_ID, numbered("91112419810803002"), numbered("91112419810803002")),
        (FOREIGN_RESIDENT_ID, "usa110077121234", "USA110077121234"),
        (PASSPORT, "C01X00T47", "C01X00T47"),
        (PASSPORT, " e 1234 5678 ", "E12345678"),
        ("hk_macau_permit", "H1234567801", "H1234567801"),
        ("military_id", "军字第1234567号", "军字第1234567号"),
        ("household_register", "012345678", "012345678"),
        (OTHER, "X-1", "X-1"),
        (OTHER, "A" * 30, "A" * 30),
        (USCC, "91110000600037341L", "91110000600037341L"),
        (USCC, "91110000600037341l ", "91110000600037341L"),
    ],
)
def test_takes_good_numbers_in_their_one_spelling(id_type: str, text: str, number: str) -> None:
    assert check_id_no(id_type, text, TODAY) == number


@pytest.mark.parametrize(
    ("id_type", "text", "code"),
    [
        (RESIDENT_ID, "", "bad_length"),
        (RESIDENT_ID, "11010119900307101", "bad_length"),
        (RESIDENT_ID, "1101011990030710140", "bad_length"),
        (RESIDENT_ID, "110105491231002", "bad_length"),
        (RESIDENT_ID, "11010119900307101A", "bad_characters"),
        (RESIDENT_ID, "11010119900X071014", "bad_characters"),
        (RESIDENT_ID, "١١٠١٠١١٩٩٠٠٣٠٧١٠١٤", "bad_characters"),
        (RESIDENT_ID, "110101199003071340", "bad_check_digit"),
        (RESIDENT_ID, "110101199003071015", "bad_check_digit"),
        (RESIDENT_ID, numbered("11010119900230101"), "impossible_date"),
        (RESIDENT_ID, numbered("11010119901301101"), "impossible_date"),
        (RESIDENT_ID, numbered("11010119000229101"), "impossible_date"),
        (RESIDENT_ID, numbered("11010120261121101"), "impossible_date"),
        (RESIDENT_ID, numbered("11010118751231101"), "impossible_date"),
        (RESIDENT_ID, numbered("11010100000101101"), "impossible_date"),
        (RESIDENT_ID, numbered("01010119900307101"), "bad_area"),
        (RESIDENT_ID, numbered("91112419810803002"), "bad_area"),
        (RESIDENCE_PERMIT, numbered("84000019900307101"), "bad_area"),
        (RESIDENCE_PERMIT, "110101199003071014", "bad_area"),
        (FOREIGN_RESIDENT_ID, "110101199003071014", "bad_area"),
        (FOREIGN_RESIDENT_ID, "USA11007712123", "bad_length"),
        (PASSPORT, "E1", "bad_length"),
        (PASSPORT, "E" * 31, "bad_length"),
        (PASSPORT, "E1234/567", "bad_characters"),
        (PASSPORT, "护照1234567", "bad_characters"),
        (OTHER, "X_1", "bad_characters"),
        (USCC, "91110000600037341", "bad_length"),
        (USCC, "91110000600037341K", "bad_check_digit"),
        (USCC, "91110000600O37341L", "bad_characters"),
        (USCC, "911100A0600037341L", "bad_characters"),
    ],
)
def test_refuses_bad_numbers_and_says_why(id_type: str, text: str, code: str) -> None:
    with pytest.raises(IdentityError) as refusal:
        check_id_no(id_type, text, TODAY)

    assert refusal.value.code == code


def test_an_unknown_kind_of_paper_is_a_mistake_of_the_caller() -> None:
    with pytest.raises(KeyError):
        check_id_no("library_card", "12345", TODAY)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("110105491231002", "11010519491231002X"),
        ("110101900307101", "110101199003071014"),
    ],
)
def test_old_numbers_expand_on_import_only(old: str, new: str) -> None:
    assert check_id_no(RESIDENT_ID, old, TODAY, expand_old=True) == new


def test_an_old_number_with_an_impossible_date_is_refused() -> None:
    with pytest.raises(IdentityError) as refusal:
        check_id_no(RESIDENT_ID, "110101900230101", TODAY, expand_old=True)

    assert refusal.value.code == "impossible_date"


def test_a_number_of_the_day_is_not_in_the_future_and_the_next_day_is() -> None:
    number = numbered("11010120261120101")

    assert check_id_no(RESIDENT_ID, number, date(2026, 11, 20)) == number
    with pytest.raises(IdentityError):
        check_id_no(RESIDENT_ID, number, date(2026, 11, 19))


@given(bodies)
def test_check_digit_is_that_of_the_standard(body: str) -> None:
    number = numbered(body)

    assert check_id_no(RESIDENT_ID, number, TODAY) == number
    assert ric.calc_check_digit(number) == number[17]


@given(bodies, st.integers(0, 17), st.integers(0, 9))
def test_any_single_wrong_digit_is_noticed(body: str, place: int, digit: int) -> None:
    number = numbered(body)
    wrong = number[:place] + str(digit) + number[place + 1 :]
    assume(wrong != number)

    with pytest.raises(IdentityError):
        check_id_no(RESIDENT_ID, wrong, TODAY)


@given(st.from_regex(r"\A[159][1239][0-9]{6}[0-9A-HJ-NPQRTUWXY]{9}\Z"))
def test_organisation_check_digit_agrees_with_an_independent_library(body: str) -> None:
    number = body + uscc.calc_check_digit(body)

    assert check_id_no(USCC, number, TODAY) == number


def test_organisations_registered_with_letters_are_taken() -> None:
    # The library used as oracle refuses these, though rural collectives (N2) and others do bank.
    body = "N2110101MF0000000"

    assert check_id_no(USCC, body + uscc.calc_check_digit(body), TODAY).startswith("N2")


@given(st.text(max_size=25), st.sampled_from(ID_TYPES), st.booleans())
def test_any_text_is_a_number_or_a_refusal(text: str, id_type: str, expand_old: bool) -> None:
    try:
        number = check_id_no(id_type, text, TODAY, expand_old=expand_old)
    except IdentityError:
        return
    assert check_id_no(id_type, number, TODAY) == number


@pytest.mark.parametrize(
    ("number", "born", "sex"),
    [
        ("11010519491231002X", date(1949, 12, 31), "female"),
        ("440524188001010014", date(1880, 1, 1), "male"),
        (numbered("91112419810803002"), date(1981, 8, 3), "female"),
    ],
)
def test_birth_date_and_sex_stand_in_the_number(number: str, born: date, sex: str) -> None:
    assert (birth_date_of(number), sex_of(number)) == (born, sex)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("居民身份证", "resident_id"),
        ("临时身份证", "temporary_id"),
        ("户口簿", "household_register"),
        ("军官证", "military_id"),
        ("军人证", "military_id"),
        ("武警证", "police_id"),
        ("港澳通行证", "hk_macau_permit"),
        ("港澳居民来往内地通行证", "hk_macau_permit"),
        ("台湾居民来往大陆通行证", "taiwan_permit"),
        ("港澳台居民居住证", "residence_permit"),
        ("护照", "passport"),
        ("外国人永久居留证", "foreign_resident_id"),
        ("统一社会信用代码", "uscc"),
        ("其他", "other"),
        ("passport", "passport"),
        (" 护照 ", "passport"),
        ("PASSPORT", "passport"),
        ("驾驶证", None),
        ("", None),
    ],
)
def test_papers_are_known_by_name_and_code(text: str, code: str | None) -> None:
    assert id_type_of(text) == code


def test_no_two_papers_share_a_name() -> None:
    assert len(ID_TYPES) == 12
    assert set(ID_TYPE_BY_NAME.values()) == set(ID_TYPES)
