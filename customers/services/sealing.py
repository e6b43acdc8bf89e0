"""How personal values and names are stored: the one way for the core's feed and for what is typed here."""

from collections.abc import Mapping
from typing import Any

from core import crypto
from core.pinyin import reading
from customers.rules.search import grams

_COLUMN = "customers.customer."
# By these a value is found without being opened; nobody looks for an address or a WeChat id.
INDEXED = frozenset({"id_no", "phone", "email"})
TAIL = 4


def sealed_columns(customer_no: str, values: Mapping[str, str | None]) -> dict[str, bytes | None]:
    """Columns for sealed fields in their stored spelling: cipher, blind index, index of a phone's end.

    An empty value empties its columns; fields that are not given are left out.
    """
    columns: dict[str, bytes | None] = {}
    for field, text in values.items():
        columns[f"{field}_cipher"] = crypto.seal(_COLUMN + field, customer_no, text) if text else None
        if field in INDEXED:
            columns[f"{field}_index"] = crypto.blind_index(_COLUMN + field, text) if text else None
        if field == "phone":
            columns["phone_tail_index"] = crypto.blind_index(_COLUMN + "phone_tail", text[-TAIL:]) if text else None
    return columns


def named_columns(name: str, *, is_person: bool) -> dict[str, Any]:
    """A name and the columns it is found by: pinyin, initials, characters and pairs of them."""
    spoken = reading(name, is_person)
    return {
        "name": name,
        "name_pinyin": spoken.full[:200],
        "name_initials": spoken.initials[:60],
        "name_grams": grams(name),
    }
