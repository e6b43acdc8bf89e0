"""Feed files as rows of text cells: CSV in the encodings and separators core systems use, gzip, and XLSX."""

import codecs
import csv
import gzip
import hashlib
import io
import os
import re
import zipfile
import zlib
from collections.abc import Callable, Iterator
from copy import copy
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from itertools import chain, islice
from pathlib import Path
from typing import BinaryIO

from django.utils.translation import gettext_lazy as _
from python_calamine import CalamineError, CalamineWorkbook

from core import crypto
from core.errors import DomainError

Row = tuple[int, list[str]]

BLOCK = 1 << 20
SNIFF_LINES = 30
SEPARATORS = (",", "\t", ";", "|")
MAX_BYTES = 4 * 1024**3
MAX_WORKBOOK_BYTES = 100 * 1024**2
MAX_SHEET_BYTES = 200 * 1024**2
MAX_ENTRIES = 1000
MAX_CELLS = 2000
# The parser makes room for the whole rectangle down to the last filled cell, so one cell in the far corner is a bomb.
MAX_AREA = 20_000_000
# Feeds shrink to a tenth when packed; what shrinks to a 200th is made to fill our memory or time.
MAX_SHRINKAGE = 200
SHRINKAGE_FROM = 32 * 1024**2
# A quoted cell over more lines than this is a quotation mark that somebody forgot.
MAX_CELL_LINES = 50
_COLUMN = re.compile(rb' r="([A-Z]+)')
_ROW = re.compile(rb' r="[A-Z]*([0-9]+)"')
# Attributes written as the parser would read them, but no program writes them.
_ODD = (b"='", b" =", b"= ", b"\tr=", b"\nr=", b"\rr=")
csv.field_size_limit(100_000)


class UnreadableFile(DomainError):
    """The file is not one this product can read."""

    code = "unreadable_file"
    message = _("The file cannot be read: it is neither a text file with separators nor an XLSX workbook.")


@dataclass(frozen=True, slots=True)
class Source:
    """A file to read, possibly several times: its name and a way to open its bytes."""

    name: str
    open: Callable[[], BinaryIO]


@dataclass(frozen=True, slots=True)
class Sheet:
    """A readable file: the digest of its content and a fresh iterator of (line, cells) on every call of `rows`."""

    digest: bytes
    encoding: str
    separator: str
    rows: Callable[[], Iterator[Row]]

    def head(self) -> list[Row]:
        """The first lines, where titles and the header stand."""
        return [(line, cells[:MAX_CELLS]) for line, cells in islice(self.rows(), SNIFF_LINES)]


def plain_file(path: Path) -> Source:
    """A file as it lies on disk; opening it raises UnreadableFile when that cannot be done."""
    # Names in another encoding than UTF-8 could not be stored.
    return Source(os.fsencode(path.name).decode(errors="replace"), lambda: _opened(path))


def sealed_file(path: Path, name: str) -> Source:
    """An upload kept encrypted at rest."""
    return Source(name, lambda: crypto.open_stream(_opened(path)))


def _opened(path: Path) -> BinaryIO:
    try:
        return path.open("rb")
    except OSError as error:
        raise UnreadableFile(_("The file cannot be opened: %(why)s"), why=error.strerror) from error


def open_sheet(source: Source, is_heading: Callable[[str], bool]) -> Sheet:
    """Find out what the file is and how to read it; `is_heading` knows the headings that tell the separator.

    Raises UnreadableFile with the reason.
    """
    with source.open() as raw:
        start = raw.read(4)
    if start[:2] == b"PK":
        return _open_workbook(source)
    if start[:2] == b"\xd0\xcf":
        raise UnreadableFile(_("This is an old or password-protected Excel file; save it as XLSX or CSV without one."))
    packed = start[:2] == b"\x1f\x8b"
    digest, encoding = _measure(source, packed)
    separator = _separator(source, packed, encoding, is_heading)
    return Sheet(digest, encoding, separator, lambda: _text_rows(source, packed, encoding, separator))


class _Counted:
    """What gzip reads from, telling how many bytes it took."""

    def __init__(self, raw: BinaryIO) -> None:
        self._raw = raw
        self.taken = 0

    def read(self, size: int = -1) -> bytes:
        data = self._raw.read(size)
        self.taken += len(data)
        return data


def _bytes_of(source: Source, packed: bool) -> BinaryIO:
    raw = source.open()
    return gzip.GzipFile(fileobj=raw) if packed else raw  # type: ignore[return-value]  # GzipFile reads like a file


def _blocks(source: Source, packed: bool) -> Iterator[bytes]:
    read, raw = 0, source.open()
    counted = _Counted(raw)
    try:
        with raw, gzip.GzipFile(fileobj=counted) if packed else raw as text:  # type: ignore[call-overload]  # reads do
            while block := text.read(BLOCK):
                read += len(block)
                if read > MAX_BYTES:
                    raise UnreadableFile(_("The file is larger than 4 GB."))
                if packed and read > max(SHRINKAGE_FROM, counted.taken * MAX_SHRINKAGE):
                    raise UnreadableFile(_("The file is far too large when unpacked."))
                yield block
    except (OSError, EOFError, zlib.error) as error:
        raise UnreadableFile(_("The file is damaged, or the disk it lies on.")) from error


def _measure(source: Source, packed: bool) -> tuple[bytes, str]:
    """(SHA-256 of the content, encoding), in one pass over the file for UTF-8 and two for GB18030."""
    digest, utf8, valid, empty = hashlib.sha256(), codecs.getincrementaldecoder("utf-8")(), True, True
    for block in _blocks(source, packed):
        if empty and block[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE):
            raise UnreadableFile(_("The file is UTF-16; save it as CSV UTF-8."))
        empty = False
        digest.update(block)
        if b"\0" in block or (len(block) == BLOCK and b"\n" not in block and b"\r" not in block):
            raise UnreadableFile()
        valid = valid and _decodes(utf8, block)
    if empty:
        raise UnreadableFile(_("The file is empty."))
    if valid and _decodes(utf8, b"", final=True):
        return digest.digest(), "utf-8-sig"
    chinese = codecs.getincrementaldecoder("gb18030")()
    if not (all(_decodes(chinese, b) for b in _blocks(source, packed)) and _decodes(chinese, b"", final=True)):
        raise UnreadableFile(_("The file's text is neither UTF-8 nor GB18030."))
    return digest.digest(), "gb18030"


def _decodes(decoder: codecs.IncrementalDecoder, block: bytes, final: bool = False) -> bool:
    try:
        decoder.decode(block, final)
    except UnicodeDecodeError:
        return False
    return True


def _separator(source: Source, packed: bool, encoding: str, is_heading: Callable[[str], bool]) -> str:
    """The sign that cuts one of the first lines into the most known headings; else into the most cells."""
    with io.TextIOWrapper(_bytes_of(source, packed), encoding=encoding, newline="") as text:
        lines = list(islice(text, SNIFF_LINES))

    def score(sign: str) -> tuple[int, int]:
        try:
            cut = [next(csv.reader([line], delimiter=sign), [])[:MAX_CELLS] for line in lines]
        except csv.Error:  # a cell far too long; reading the rows will say where
            return 0, 0
        return max(((sum(map(is_heading, cells)), len(cells)) for cells in cut), default=(0, 0))

    return max(SEPARATORS, key=score)


def _text_rows(source: Source, packed: bool, encoding: str, separator: str) -> Iterator[Row]:
    start, before, cells = 1, 0, [""]
    with io.TextIOWrapper(_bytes_of(source, packed), encoding=encoding, newline="") as text:
        # One empty line more than the file has: it comes back as an empty row unless a quoted cell is still open.
        reader = csv.reader(chain(text, ("",)), delimiter=separator)
        try:
            for cells in reader:
                start, before = before + 1, reader.line_num
                if before - start > MAX_CELL_LINES:
                    break
                if any(cells):
                    yield start, cells
        except csv.Error as error:
            raise _bad_line(before + 1) from error
        except (OSError, EOFError, zlib.error) as error:
            raise UnreadableFile(_("The file is damaged, or the disk it lies on.")) from error
    if cells:
        raise _bad_line(start)


def _bad_line(line: int) -> UnreadableFile:
    message = _("Line %(line)s cannot be read: a quotation mark is not closed or a cell is far too long.")
    return UnreadableFile(message, line=line)


def _open_workbook(source: Source) -> Sheet:
    digest = hashlib.sha256()
    with source.open() as raw:
        content = raw.read(MAX_WORKBOOK_BYTES + 1)
    if len(content) > MAX_WORKBOOK_BYTES:
        raise _too_large()
    digest.update(content)
    _refuse_bomb(content)
    return Sheet(digest.digest(), "xlsx", "", lambda: _sheet_rows(content))


def _refuse_bomb(content: bytes) -> None:
    """Look at what the archive declares, then through it in small pieces, before the parser unpacks anything."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            entries = archive.infolist()
            unpacked = sum(e.file_size for e in entries)
            if len(entries) > MAX_ENTRIES or unpacked > MAX_SHEET_BYTES:
                raise _too_large()
            if unpacked > max(SHRINKAGE_FROM, len(content) * MAX_SHRINKAGE):
                raise _too_large()
            if not any(e.filename == "xl/workbook.xml" for e in entries):
                raise UnreadableFile()
            for entry in entries:
                _look_through(archive, entry)
    except (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, NotImplementedError, OSError) as error:
        raise UnreadableFile(_("The workbook is damaged or protected by a password.")) from error


def _look_through(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> None:
    """Unpack one entry without keeping it: its size is as declared, and no cell stands absurdly far out."""
    extent = _Extent() if entry.filename.startswith("xl/worksheets/") else None
    probe, unpacked = copy(entry), 0
    probe.file_size += 1  # zipfile stops at the declared size; the parser would go on
    with archive.open(probe) as file:
        while block := file.read(BLOCK):
            unpacked += len(block)
            if extent:
                extent.add(block)
    if unpacked > entry.file_size:
        raise zipfile.BadZipFile


class _Extent:
    """How far out the cells of a sheet stand, from its XML in pieces: by the places they name, and by counting."""

    def __init__(self) -> None:
        self._height = self._width = 1
        self._rest = b""

    def add(self, block: bytes) -> None:
        """Take the next piece. Raises UnreadableFile once the rectangle is too large."""
        data = self._rest + block
        self._rest = data[-256:]
        if any(sign in data for sign in _ODD):
            data = b" ".join(data.replace(b"'", b'"').split()).replace(b" =", b"=").replace(b"= ", b"=")
        named = _COLUMN.findall(data)
        self._width = max(self._width, *map(_column_number, {*named, b"A"}))
        if len(named) < data.count(b"<c ") + data.count(b"<c>"):  # cells that stand where they are counted
            self._width = max(self._width, *(row.count(b"<c") for row in data.split(b"<row")))
        self._height = max(self._height, *map(int, {*_ROW.findall(data), b"1"}))
        if self._width > MAX_CELLS or self._height * self._width > MAX_AREA:
            far = _("A cell of the workbook stands far away from the others; delete it or export as CSV.")
            raise UnreadableFile(far)


def _column_number(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number


def _too_large() -> UnreadableFile:
    return UnreadableFile(_("The workbook is too large when unpacked; export it as CSV."))


def _sheet_rows(content: bytes) -> Iterator[Row]:
    try:
        with CalamineWorkbook.from_filelike(io.BytesIO(content)) as book:
            sheet = book.get_sheet_by_index(0)
            for number, cells in enumerate(sheet.iter_rows(), start=1):
                texts = [_cell_text(cell) for cell in cells]
                if any(texts):
                    yield number, texts
    except (CalamineError, IndexError, ValueError) as error:
        raise UnreadableFile(_("The workbook is damaged or has no sheet.")) from error


def _cell_text(cell: object) -> str:
    if isinstance(cell, bool):
        return "Y" if cell else "N"
    if isinstance(cell, float):
        # 15 digits are what a spreadsheet itself shows; the rest of the binary fraction is not anybody's data.
        return format(Decimal(int(cell)) if cell.is_integer() else Decimal(f"{cell:.15g}"), "f")
    if isinstance(cell, datetime):
        return cell.date().isoformat() if cell.time().isoformat() == "00:00:00" else cell.isoformat(sep=" ")
    if isinstance(cell, date):
        return cell.isoformat()
    return "" if cell is None else str(cell)
