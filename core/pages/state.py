"""The state of a list in its address: what lasts, what is a page marker only, and what must not be kept."""

import re
import unicodedata
from dataclasses import dataclass

from django.http import QueryDict

from core.phones import PhoneError, normalise_phone

CURSOR, ORDERING, COLUMNS = "cursor", "ordering", "columns"
# `view` alone opens a kept state, `saved` says which one the present state was made from.
VIEW, SAVED, NO_VIEW = "view", "saved", "none"

_ID_NO = re.compile(r"[0-9]{17}[0-9X]|[0-9]{15}", re.IGNORECASE)
_MOBILE = re.compile(r"(86)?1[3-9][0-9]{9}")


@dataclass(frozen=True, slots=True)
class State:
    """Filters and order as a query string, and the columns by name (empty = those shown by default)."""

    query: str
    columns: tuple[str, ...]


def read_state(text: str) -> State:
    """The lasting part of a list's query string: no page marker, nothing empty, columns apart."""
    params = QueryDict(text.removeprefix("?"), mutable=True)
    columns = chosen_keys(params)
    for name in (COLUMNS, CURSOR, SAVED, VIEW):
        params.pop(name, None)
    kept = QueryDict(mutable=True)
    for name, values in params.lists():
        if given := [value for value in values if value]:
            kept.setlist(name, given)
    return State(kept.urlencode(), columns)


def write_state(state: State) -> str:
    """The query string of a state."""
    params = QueryDict(state.query, mutable=True)
    if state.columns:
        params[COLUMNS] = ",".join(state.columns)
    return params.urlencode(safe=",")


def chosen_keys(params: QueryDict) -> tuple[str, ...]:
    """Columns asked for, each once, in their order: "columns=a,b" or, from a form, "columns=a&columns=b"."""
    return tuple(dict.fromkeys(key for key in ",".join(params.getlist(COLUMNS)).split(",") if key))


def holds_personal(query: str) -> bool:
    """Whether a value of a query string is a whole identity or telephone number, however it is written."""
    return any(_is_personal(value) for _name, values in QueryDict(query).lists() for value in values)


def _is_personal(text: str) -> bool:
    narrow = unicodedata.normalize("NFKC", text)
    plain = "".join(c for c in narrow if not c.isspace() and unicodedata.category(c) != "Cf")
    if _ID_NO.fullmatch(plain) or _MOBILE.fullmatch(plain):
        return True
    if not plain.isascii() or not (plain[:1] in {"+", "0", "("} or "-" in plain):
        return False
    try:
        return bool(normalise_phone(plain))
    except PhoneError:
        return False
