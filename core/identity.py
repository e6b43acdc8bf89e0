"""Identity papers and their numbers: GB 11643 (persons), GB 32100 (organisations)."""

import re
import unicodedata
from collections.abc import Mapping
from datetime import date
from types import MappingProxyType
from typing import Final, Literal

RESIDENT_ID: Final = "resident_id"
TEMPORARY_ID: Final = "temporary_id"
HOUSEHOLD_REGISTER: Final = "household_register"
MILITARY_ID: Final = "military_id"
POLICE_ID: Final = "police_id"
HK_MACAU_PERMIT: Final = "hk_macau_permit"
TAIWAN_PERMIT: Final = "taiwan_permit"
RESIDENCE_PERMIT: Final = "residence_permit"
PASSPORT: Final = "passport"
FOREIGN_RESIDENT_ID: Final = "foreign_resident_id"
USCC: Final = "uscc"
OTHER: Final = "other"

_NAMES = {
    RESIDENT_ID: "居民身份证 身份证 二代身份证 第二代居民身份证",
    TEMPORARY_ID: "临时身份证 临时居民身份证",
    HOUSEHOLD_REGISTER: "户口簿 居民户口簿 户口本",
    MILITARY_ID: "军官证 军人证 军人身份证 士兵证 文职干部证",
    POLICE_ID: "武警证 武警身份证 武警警官证 武警士兵证",
    HK_MACAU_PERMIT: "港澳通行证 港澳居民来往内地通行证 港澳居民往来内地通行证 往来港澳通行证 回乡证",
    TAIWAN_PERMIT: "台湾居民来往大陆通行证 台湾居民往来大陆通行证 台湾通行证 台胞证",
    RESIDENCE_PERMIT: "港澳台居民居住证 港澳居民居住证 台湾居民居住证",
    PASSPORT: "护照 中国护照 外国护照",
    FOREIGN_RESIDENT_ID: "外国人永久居留证 外国人永久居留身份证",
    USCC: "统一社会信用代码 统一社会信用代码证 营业执照",
    OTHER: "其他 其它 其他证件",
}
ID_TYPES: Final = tuple(_NAMES)
ID_TYPE_BY_NAME: Final[Mapping[str, str]] = MappingProxyType(
    {name: code for code, names in _NAMES.items() for name in (code, *names.split())}
)

IdentityProblem = Literal["bad_length", "bad_characters", "bad_area", "impossible_date", "bad_check_digit"]

# How the numbers laid out like a resident's begin; of a resident's area only that much is sure over the decades.
_CITIZEN_STARTS = {
    RESIDENT_ID: tuple("12345678"),
    TEMPORARY_ID: tuple("12345678"),
    RESIDENCE_PERMIT: ("81", "82", "83"),  # Hong Kong, Macau, Taiwan
    FOREIGN_RESIDENT_ID: ("9",),
}
_CITIZEN = re.compile(r"[0-9]{17}[0-9X]")
_OLD_CITIZEN = re.compile(r"[0-9]{15}")
_OLD_FOREIGNER = re.compile(r"[A-Z]{3}[0-9]{12}")
_PAPER = re.compile(r"[0-9A-Z-]+")
_PAPER_WITH_HAN = re.compile("[0-9A-Z\u4e00-\u9fff-]+")
_USCC_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_USCC = re.compile(rf"[{_USCC_ALPHABET}]{{2}}[0-9]{{6}}[{_USCC_ALPHABET}]{{10}}")
_USCC_VALUES = {sign: value for value, sign in enumerate(_USCC_ALPHABET)}
_USCC_WEIGHTS = (1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28)
_OLDEST_YEARS = 150


class IdentityError(ValueError):
    """A number its paper cannot have; `code` says why."""

    def __init__(self, code: IdentityProblem) -> None:
        super().__init__(code)
        self.code = code


def id_type_of(text: str) -> str | None:
    """The code of a paper named in Chinese or by its code; None when it is not one of ours."""
    return ID_TYPE_BY_NAME.get(text) or ID_TYPE_BY_NAME.get(unicodedata.normalize("NFKC", text).strip().lower())


def check_id_no(id_type: str, text: str, today: date, *, expand_old: bool = False) -> str:
    """The number of a paper, upper case and without spaces. Raises IdentityError.

    `expand_old` (imports only) takes 15-digit resident numbers and gives them their 18 digits.
    """
    number = text if _CITIZEN.fullmatch(text) else _normalised(text)
    starts = _CITIZEN_STARTS.get(id_type)
    if starts is None:
        return _check_uscc(number) if id_type == USCC else _check_paper(id_type, number)
    if id_type == FOREIGN_RESIDENT_ID and _OLD_FOREIGNER.fullmatch(number):
        return number
    if expand_old and id_type in (RESIDENT_ID, TEMPORARY_ID) and _OLD_CITIZEN.fullmatch(number):
        number = _expanded(number)
    return _check_citizen(number, starts, today)


def birth_date_of(id18: str) -> date:
    """The birth date inside a checked 18-character number."""
    return date(int(id18[6:10]), int(id18[10:12]), int(id18[12:14]))


def sex_of(id18: str) -> Literal["male", "female"]:
    """Odd order numbers are men's, even ones women's; of a checked 18-character number."""
    return "male" if id18[16] in "13579" else "female"


def _normalised(text: str) -> str:
    return "".join(unicodedata.normalize("NFKC", text).strip().removeprefix("'").split()).upper()


def _citizen_check_digit(body: str) -> str:
    # ISO 7064 MOD 11-2 weighs the digits with powers of 2; modulo 11 those are powers of 13, which int() can read.
    return "10X98765432"[2 * int(body, 13) % 11]


def _expanded(old: str) -> str:
    body = f"{old[:6]}19{old[6:]}"
    return body + _citizen_check_digit(body)


def _check_citizen(number: str, starts: tuple[str, ...], today: date) -> str:
    if len(number) != 18:
        raise IdentityError("bad_length")
    if not _CITIZEN.fullmatch(number):
        raise IdentityError("bad_characters")
    if not number.startswith(starts):
        raise IdentityError("bad_area")
    try:
        born = birth_date_of(number)
    except ValueError:
        raise IdentityError("impossible_date") from None
    if born > today or born.year < today.year - _OLDEST_YEARS:
        raise IdentityError("impossible_date")
    if number[17] != _citizen_check_digit(number[:17]):
        raise IdentityError("bad_check_digit")
    return number


def _check_uscc(number: str) -> str:
    if len(number) != 18:
        raise IdentityError("bad_length")
    # The first two signs may be letters (N2 is a rural collective, A1 an office of the armed forces).
    if not _USCC.fullmatch(number):
        raise IdentityError("bad_characters")
    total = sum(_USCC_VALUES[sign] * weight for sign, weight in zip(number[:17], _USCC_WEIGHTS, strict=True))
    if number[17] != _USCC_ALPHABET[-total % 31]:
        raise IdentityError("bad_check_digit")
    return number


def _check_paper(id_type: str, number: str) -> str:
    if id_type not in _NAMES:
        raise KeyError(id_type)
    if not 3 <= len(number) <= 30:
        raise IdentityError("bad_length")
    # Soldiers', police and household papers are numbered like 军字第1234567号; travel papers never are.
    is_travel_paper = id_type in (PASSPORT, HK_MACAU_PERMIT, TAIWAN_PERMIT)
    if not (_PAPER if is_travel_paper else _PAPER_WITH_HAN).fullmatch(number):
        raise IdentityError("bad_characters")
    return number
