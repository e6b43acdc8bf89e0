"""What somebody typed into a search box, and how names are cut so that fragments of them are found."""

import re
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

from customers.rules.cells import clean, narrow

Kind = Literal["nothing", "id_no", "phone", "phone_tail", "number", "name", "pinyin"]

_ID_NO = re.compile(r"[0-9]{17}[0-9X]|[0-9]{15}", re.IGNORECASE)
_PHONE = re.compile(r"1[3-9][0-9]{9}")
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
    if _ID_NO.fullmatch(plain):
        return SearchTerm("id_no", plain.upper())
    digits = re.sub(r"^(\+86|0086|86(?=1))|-", "", plain)
    if _PHONE.fullmatch(digits):
        return SearchTerm("phone", digits)
    if _TAIL.fullmatch(plain):
        return SearchTerm("phone_tail", plain)
    if any(c.isdigit() for c in plain) and plain.isascii():
        return SearchTerm("number", plain.upper())
    if _LATIN.fullmatch(narrow(text)):
        return SearchTerm("pinyin", re.sub(r"[^a-z]", "", plain.lower()))
    return SearchTerm("name", text)


def grams(name: str) -> list[str]:
    """Every character and every pair of neighbouring characters of a name, once each, lower-cased."""
    letters = [c for c in name.lower() if not c.isspace()]
    return list(dict.fromkeys([*letters, *("".join(pair) for pair in pairwise(letters))]))
