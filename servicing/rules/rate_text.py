"""The rate sheet as text, one line a rate: to paste from a spreadsheet and to copy into one."""

import csv
import re
from collections.abc import Mapping, Sequence
from typing import Any

from servicing.enums import SavingKind
from servicing.rules.rates import RatesError, kept_line, read_line

CELLS = 4
_BARS = re.compile(r"[|｜]")


def lines_from_text(text: str) -> list[dict[str, str]]:
    """Lines as a sheet keeps them, of rows "what | from yuan | unit code | rate"; tabs or commas part them as well.

    `what` is a product's code, or kind and term as "lump_sum:12m". Raises RatesError with the row (from 1, without
    empty ones) and "cells", "what", "floor" or "rate".
    """
    rows = [row for row in text.splitlines() if row.strip()]
    return [_line(row, place) for place, row in enumerate(rows, start=1)]


def text_of_lines(lines: Sequence[Mapping[str, Any]]) -> str:
    """Kept lines as such rows; `lines_from_text` reads them again."""
    return "\n".join(f"{_what(line)} | {line['floor']} | {line['unit']} | {line['rate']}" for line in lines)


def _line(row: str, place: int) -> dict[str, str]:
    cells = [cell.strip() for cell in _cells(row)]
    if len(cells) != CELLS:
        raise RatesError("cells", place)
    what, floor, unit, rate = cells
    said = {**_said(what), "floor": floor or "0", "unit": unit, "rate": rate.removesuffix("%").strip()}
    return kept_line(read_line(said, place))


def _cells(row: str) -> list[str]:
    if "\t" in row:
        return row.split("\t")
    return _BARS.split(row) if _BARS.search(row) else next(csv.reader([row]))


def _said(what: str) -> dict[str, str]:
    sort, _colon, rest = what.partition(":")
    if sort == "product":
        return {"product": rest}
    kind, _colon, tenor = (rest if sort == "kind" else what).partition(":")
    return {"kind": kind, "tenor": tenor} if sort == "kind" or kind in SavingKind.values else {"product": what}


def _what(line: Mapping[str, Any]) -> str:
    if line["kind"]:
        return f"{line['kind']}:{line['tenor']}"
    is_plain = ":" not in line["product"] and line["product"] not in SavingKind.values
    return line["product"] if is_plain else f"product:{line['product']}"
