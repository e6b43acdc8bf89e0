from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.privacy import mask_account, mask_address, mask_email, mask_id_no, mask_phone

MASKS = [mask_account, mask_address, mask_email, mask_id_no, mask_phone]


@pytest.mark.parametrize("mask", MASKS)
@pytest.mark.parametrize("blank", [None, "", "  "])
def test_nothing_stays_nothing(mask: Callable[[str | None], str], blank: str | None) -> None:
    assert mask(blank) == ""


@pytest.mark.parametrize(
    ("number", "expected"),
    [
        ("110101199003071014", "1101************14"),
        ("11010519491231002X", "1101************2X"),
        ("91110000600037341L", "9111************1L"),
        ("110105491231002", "1101*********02"),
        ("C01X00T47", "C******47"),
        ("AB123", "A**23"),
        ("AB12", "****"),
        ("X-1", "***"),
        ("军字第1234567号", "军********7号"),
    ],
)
def test_identity_numbers(number: str, expected: str) -> None:
    assert mask_id_no(number) == expected


@pytest.mark.parametrize(
    ("number", "expected"),
    [
        ("13800138001", "138****8001"),
        ("+4915123456789", "+49*********89"),
        ("01012345678", "010******78"),
        ("057188886666", "057*******66"),
        ("4001234567", "400*****67"),
        ("12345678", "123***78"),
        ("95588", "*****"),
    ],
)
def test_phones(number: str, expected: str) -> None:
    assert mask_phone(number) == expected


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("zhang.san@example.com", "z***@example.com"),
        ("z@example.com", "***@example.com"),
        ('"a@b"@example.com', '"***@example.com'),
        ("not-an-address", "***"),
    ],
)
def test_emails(address: str, expected: str) -> None:
    assert mask_email(address) == expected


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("北京市朝阳区建国路88号", "北京市朝阳区****"),
        ("浙江省杭州市西湖区文三路1号", "浙江省杭州市****"),
        ("上海市浦东新区张江路", "上海市****"),
        ("上海浦东新区张江路1号", "上海浦东新区****"),
        ("内蒙古自治区呼和浩特市", "内蒙古自治区****"),
        ("广西壮族自治区南宁市", "广西****"),
        ("建国路88号1单元", "建国****"),
        ("北京市", "北京市****"),
        ("1单元", "****"),
        ("建国路1", "****"),
        ("12 High Street, London", "****"),
    ],
)
def test_addresses(address: str, expected: str) -> None:
    assert mask_address(address) == expected


@pytest.mark.parametrize(
    ("number", "expected"),
    [
        ("6222000000012345", "****2345"),
        ("12345678", "****5678"),
        ("1234567", "****67"),
        ("9001", "****01"),
        ("900", "****"),
    ],
)
def test_accounts(number: str, expected: str) -> None:
    assert mask_account(number) == expected


@given(st.text(alphabet="0123456789X", min_size=1, max_size=40))
def test_numbers_are_never_shown_whole(number: str) -> None:
    for mask in (mask_account, mask_id_no, mask_phone):
        shown = sum(sign != "*" for sign in mask(number))

        assert shown <= max(len(number) - 2, 0)
