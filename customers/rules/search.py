"""What somebody typed into a search box, and how names are cut so that fragments of them are found."""

import re
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from typing import Literal

from core.identity import RESIDENT_ID, IdentityError, check_id_no
from core.phones import PhoneError, normalise_phone
from customers.rules.cells import clean, narrow

Kind = Literal["nothing", "id_no", "phone", "phone_tail", "number", "name", "pinyin"]

# Whoever types one of these alone means the surname: together they are two thirds of all names.
COMMON_SURNAMES = frozenset(
    "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕苏卢蒋蔡贾丁魏薛叶阎余潘杜戴夏钟汪田任姜范"
)

_ID_NO = re.compile(r"[0-9]{17}[0-9X]|[0-9]{15}", re.IGNORECASE)
_MOBILE = re.compile(r"(86)?1[3-9][0-9]{9}")
_CENTURY_END = date(1999, 12, 31)
_TAIL = re.compile(r"[0-9]{4}")
_LATIN = re.compile(r"[a-z' .-]+", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class SearchTerm:
    """How a text is to be looked for."""

    kind: Kind
    text: str

    @property
    def is_personal(self) -> bool:
        """True for what must never stand in an address or a log."""
        return self.kind in {"id_no", "phone"}


def read_search(text: str) -> SearchTerm:
    """Tell an identity number, a phone, the last four digits of one, a customer number, a name and pinyin apart."""
    text = clean(text)[:60]
    plain = narrow(text).replace(" ", "")
    if not plain:
        return SearchTerm("nothing", "")
    if phone := _full_phone(plain):
        return SearchTerm("phone", phone)
    if _ID_NO.fullmatch(plain):
        return SearchTerm("id_no", _stored_id(plain.upper()))
    if _TAIL.fullmatch(plain):
        return SearchTerm("phone_tail", plain)
    if any(c.isdigit() for c in plain) and plain.isascii():
        return SearchTerm("number", plain.upper())
    if _LATIN.fullmatch(narrow(text)):
        return SearchTerm("pinyin", " ".join(narrow(text).lower().split()))
    return SearchTerm("name", text)


def _full_phone(plain: str) -> str | None:
    """The stored form of a mobile, or of what is written like no number of ours: +49..., 0086..., 010-12345678."""
    if not plain.isascii() or not (_MOBILE.fullmatch(plain) or plain[0] in "+0(" or "-" in plain):
        return None
    try:
        return normalise_phone(plain)
    except PhoneError:
        return None


def _stored_id(number: str) -> str:
    """Imports give the 15-digit numbers of the last century their 18 digits."""
    try:
        return check_id_no(RESIDENT_ID, number, _CENTURY_END, expand_old=True) if len(number) == 15 else number
    except IdentityError:
        return number


def letters(text: str) -> str:
    """Pinyin as it is stored: "Zeng, Ming-hui" is zengminghui."""
    return re.sub(r"[^a-z]", "", text.lower())


def grams(name: str) -> list[str]:
    """Every character and every pair of neighbouring characters of a name, once each, lower-cased."""
    letters = [c for c in name.lower() if not c.isspace()]
    return list(dict.fromkeys([*letters, *("".join(pair) for pair in pairwise(letters))]))
