"""Rows as an XLSX workbook or a CSV file, in parts of bytes as they come; memory does not grow with the rows.

XlsxWriter makes the book around the rows; the rows themselves go straight into the (sealed) stream, as its own way
of writing long sheets would leave them in clear on the disk.
"""

import csv
import io
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final
from xml.sax.saxutils import escape
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

import xlsxwriter
from django.utils.timezone import localtime

from core.pages import Cell
from core.spreadsheets import harmless

BOM: Final = "\ufeff"
SHEET: Final = "xl/worksheets/sheet1.xml"
CELL_MAX: Final = 32_767  # characters a cell of a workbook can hold
MONEY_KINDS: Final = frozenset({"money", "wan", "change"})
CENT: Final = Decimal("0.01")
# Day 0 of a workbook's calendar, which is wrong before March 1900.
DAY_0, FIRST_DAY = date(1899, 12, 30), date(1900, 3, 1)
_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
_NOT_IN_TITLES = re.compile(r"[\[\]:*?/\\']")
_ESCAPE_LIKE = re.compile(r"_(?=x[0-9A-Fa-f]{4}_)")
_DIMENSION = re.compile(rb"<dimension [^>]*/>")
_STYLE = re.compile(rb' s="(\d+)"')
_STYLES: Final[Mapping[str, Mapping[str, Any]]] = {
    "text": {"num_format": "@"},
    "money": {"num_format": "#,##0.00"},
    "num": {"num_format": "General"},
    "date": {"num_format": "yyyy-mm-dd", "align": "left"},
    "time": {"num_format": "yyyy-mm-dd hh:mm", "align": "left"},
}

Value = str | Decimal | int | float | date | datetime | None
Row = Sequence[Cell]


@dataclass(frozen=True, slots=True)
class Sheet:
    """A file around its rows: `mark` are the lines on top that say whose file this is, `kinds` the columns' kinds."""

    title: str
    mark: tuple[str, ...]
    headings: tuple[str, ...]
    kinds: tuple[str, ...]
    author: str
    made_at: datetime


def plain_value(cell: Cell) -> Value:
    """What a file holds of a cell: money as a number of two decimals, dates as dates, anything else as text."""
    value = cell.value
    if value is None or value == "":
        return None
    if cell.kind in MONEY_KINDS:
        return Decimal(value).quantize(CENT)
    if isinstance(value, datetime):
        return localtime(value).replace(tzinfo=None, microsecond=0)
    if isinstance(value, date):
        return value
    if cell.kind == "num" and isinstance(value, int | float | Decimal) and not isinstance(value, bool):
        return value
    return str(value)


def csv_parts(sheet: Sheet, chunks: Iterable[Iterable[Row]]) -> Iterator[bytes]:
    """A CSV file in UTF-8 with a byte order mark, the lines of the mark on top."""
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    buffer.write(BOM)
    writer.writerows([harmless(line)] for line in sheet.mark)
    writer.writerow([harmless(heading) for heading in sheet.headings])
    for rows in chunks:
        writer.writerows([_csv_text(plain_value(cell)) for cell in row] for row in rows)
        yield buffer.getvalue().encode()
        buffer.seek(0)
        buffer.truncate()
    yield buffer.getvalue().encode()


def _csv_text(value: Value) -> str:
    if isinstance(value, str):
        return harmless(value.replace("\x00", ""))
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M}"
    return "" if value is None else str(value)


def xlsx_parts(sheet: Sheet, chunks: Iterable[Iterable[Row]]) -> Iterator[bytes]:
    """An XLSX workbook with one sheet: the mark, the headings, the rows."""
    book, page = _frame(sheet)
    head, styles, tail = _cut_open(page, len(sheet.mark) + 2)
    line = _lines(sheet.kinds, styles, start=len(sheet.mark) + 2)
    sink = _Sink()
    with ZipFile(sink, "w", ZIP_DEFLATED) as out:
        for name, content in book.items():
            out.writestr(name, content)
        entry = ZipInfo(SHEET, sheet.made_at.timetuple()[:6])
        entry.compress_type = ZIP_DEFLATED
        with out.open(entry, "w") as into:
            into.write(head)
            for rows in chunks:
                into.write("".join(map(line, rows)).encode())
                yield sink.taken()
            into.write(tail)
    yield sink.taken()


def _frame(sheet: Sheet) -> tuple[dict[str, bytes], bytes]:
    """The book without its sheet, and the sheet: mark, headings, and one empty row of the columns' formats."""
    made = io.BytesIO()
    with xlsxwriter.Workbook(made, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}) as book:
        page = book.add_worksheet(_NOT_IN_TITLES.sub(" ", sheet.title)[:31].strip() or None)
        quiet = book.add_format({"italic": True, "font_color": "#8a1f11"})
        bold = book.add_format({"bold": True, "bottom": 1, "text_wrap": True, "valign": "top"})
        formats = {kind: book.add_format(dict(style)) for kind, style in _STYLES.items()}
        for number, text in enumerate(sheet.mark):
            page.write_string(number, 0, text[:CELL_MAX], quiet)
        top = len(sheet.mark)
        for place, (heading, kind) in enumerate(zip(sheet.headings, sheet.kinds, strict=True)):
            page.write_string(top, place, heading, bold)
            page.write_blank(top + 1, place, None, formats[_style_of(kind)])
            page.set_column(place, place, 16 if kind in MONEY_KINDS else 20 if kind == "main" else 14)
        _dress(page, sheet, top)
        book.set_properties(
            {
                "title": sheet.title,
                "author": sheet.author,
                "comments": "\n".join(sheet.mark),
                "created": localtime(sheet.made_at).replace(tzinfo=None),
            }
        )
    with ZipFile(made) as packed:
        parts = {name: packed.read(name) for name in packed.namelist()}
    return parts, parts.pop(SHEET)


def _dress(page: Any, sheet: Sheet, top: int) -> None:
    page.freeze_panes(top + 1, 0)
    page.repeat_rows(top)
    page.set_landscape()
    page.set_paper(9)  # A4
    page.fit_to_pages(1, 0)
    # Printed pages carry the mark as well; & begins a code of the footer.
    page.set_footer(f"&L{sheet.mark[0].replace('&', '&&')[:200] if sheet.mark else ''}&R&P / &N")


def _style_of(kind: str) -> str:
    return "money" if kind in MONEY_KINDS else kind if kind in _STYLES else "text"


def _cut_open(page: bytes, row: int) -> tuple[bytes, list[int], bytes]:
    """The sheet before and after its empty row, and the number of each of its cells' formats."""
    page = _DIMENSION.sub(b"", page, count=1)  # it would say that there are no rows
    start = page.index(b'<row r="%d"' % row)
    end = page.index(b"</row>", start) + len(b"</row>")
    return page[:start], [int(number) for number in _STYLE.findall(page[start:end])], page[end:]


def _lines(kinds: Sequence[str], styles: Sequence[int], *, start: int) -> Callable[[Row], str]:
    """Makes the XML of one row after the other, beginning with row `start`."""
    letters = [xlsxwriter.utility.xl_col_to_name(place) for place in range(len(kinds))]
    number = start - 1

    def line(row: Row) -> str:
        nonlocal number
        number += 1
        cells = [
            _cell(f"{letter}{number}", style, plain_value(cell))
            for letter, style, cell in zip(letters, styles, row, strict=True)
        ]
        return f'<row r="{number}">{"".join(cells)}</row>'

    return line


def _cell(place: str, style: int, value: Value) -> str:
    if value is None:
        return ""
    if isinstance(value, date):
        serial = _serial(value)
        if serial is None:
            value = f"{value:%Y-%m-%d}"
        else:
            return f'<c r="{place}" s="{style}"><v>{serial}</v></c>'
    if not isinstance(value, str):
        return f'<c r="{place}" s="{style}"><v>{value}</v></c>'
    text = escape(_ESCAPE_LIKE.sub("_x005F_", _FORBIDDEN.sub("", value)[:CELL_MAX]))
    return f'<c r="{place}" s="{style}" t="inlineStr"><is><t xml:space="preserve">{text}</t></is></c>'


def _serial(value: date) -> float | int | None:
    """A day as workbooks count it, with the time of day as its fraction; None for days before they count right."""
    day = value.date() if isinstance(value, datetime) else value
    if day < FIRST_DAY:
        return None
    days = (day - DAY_0).days
    if not isinstance(value, datetime):
        return days
    return round(days + (value.hour * 3600 + value.minute * 60 + value.second) / 86_400, 6)


class _Sink(io.RawIOBase):
    """Where the zip is written to: what has come so far can be taken, never sought in."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, data: Any, /) -> int:
        self._parts.append(bytes(data))
        return len(data)

    def taken(self) -> bytes:
        """What was written since the last time."""
        parts, self._parts = self._parts, []
        return b"".join(parts)


FORMATS: Final[Mapping[str, Callable[[Sheet, Iterable[Iterable[Row]]], Iterator[bytes]]]] = {
    "xlsx": xlsx_parts,
    "csv": csv_parts,
}
