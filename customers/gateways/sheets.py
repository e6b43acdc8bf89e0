"""Feed files as rows of text cells: CSV in the encodings and separators core systems use, gzip, and XLSX."""

import codecs
import csv
import gzip
import hashlib
import io
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from itertools import islice
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
MAX_SHEET_BYTES = 400 * 1024**2
MAX_ENTRIES = 1000
MAX_CELLS = 2000
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
        return list(islice(self.rows(), SNIFF_LINES))


def plain_file(path: Path) -> Source:
    """A file as it lies on disk. Raises UnreadableFile when it cannot be opened."""

    def opener() -> BinaryIO:
        try:
            return path.open("rb")
        except OSError as error:
            raise UnreadableFile(_("The file cannot be opened: %(why)s"), why=error.strerror) from error

    return Source(path.name, opener)


def sealed_file(path: Path, name: str) -> Source:
    """An upload kept encrypted at rest."""
    return Source(name, lambda: crypto.open_stream(path.open("rb")))


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


def _bytes_of(source: Source, packed: bool) -> BinaryIO:
    raw = source.open()
    return gzip.GzipFile(fileobj=raw) if packed else raw  # type: ignore[return-value]  # GzipFile reads like a file


def _blocks(source: Source, packed: bool) -> Iterator[bytes]:
    read = 0
    try:
        with _bytes_of(source, packed) as raw:
            while block := raw.read(BLOCK):
                read += len(block)
                if read > MAX_BYTES:
                    raise UnreadableFile(_("The file is larger than 4 GB."))
                yield block
    except (OSError, EOFError, zlib.error) as error:
        raise UnreadableFile(_("The compressed file is damaged.")) from error


def _measure(source: Source, packed: bool) -> tuple[bytes, str]:
    """(SHA-256 of the content, encoding), in one pass over the file for UTF-8 and two for GB18030."""
    digest, utf8, valid, empty = hashlib.sha256(), codecs.getincrementaldecoder("utf-8")(), True, True
    for block in _blocks(source, packed):
        if empty and block[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE):
            raise UnreadableFile(_("The file is UTF-16; save it as CSV UTF-8."))
        empty = False
        digest.update(block)
        if b"\0" in block:
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
        lines = [line[:BLOCK] for line in islice(text, SNIFF_LINES)]

    def score(sign: str) -> tuple[int, int]:
        cut = [next(csv.reader([line], delimiter=sign), []) for line in lines]
        return max((sum(map(is_heading, cells)), len(cells)) for cells in cut)

    return max(SEPARATORS, key=score)


def _text_rows(source: Source, packed: bool, encoding: str, separator: str) -> Iterator[Row]:
    before = 0
    with io.TextIOWrapper(_bytes_of(source, packed), encoding=encoding, newline="") as text:
        reader = csv.reader(text, delimiter=separator)
        try:
            for cells in reader:
                if any(cells):
                    yield before + 1, cells
                before = reader.line_num
        except csv.Error as error:
            message = _("Line %(line)s cannot be read: a quotation mark is not closed or a cell is far too long.")
            raise UnreadableFile(message, line=before + 1) from error


def _open_workbook(source: Source) -> Sheet:
    digest = hashlib.sha256()
    with source.open() as raw:
        content = raw.read(MAX_SHEET_BYTES + 1)
    digest.update(content)
    _refuse_bomb(content)
    return Sheet(digest.digest(), "xlsx", "", lambda: _sheet_rows(content))


def _refuse_bomb(content: bytes) -> None:
    """Look at the sizes the archive declares before a parser unpacks anything."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            entries = archive.infolist()
    except zipfile.BadZipFile as error:
        raise UnreadableFile() from error
    if len(entries) > MAX_ENTRIES or sum(e.file_size for e in entries) > MAX_SHEET_BYTES:
        raise UnreadableFile(_("The workbook is too large when unpacked; export it as CSV."))
    if not any(e.filename == "xl/workbook.xml" for e in entries):
        raise UnreadableFile()


def _sheet_rows(content: bytes) -> Iterator[Row]:
    try:
        with CalamineWorkbook.from_filelike(io.BytesIO(content)) as book:
            sheet = book.get_sheet_by_index(0)
            for number, cells in enumerate(sheet.iter_rows(), start=1):
                texts = [_cell_text(cell) for cell in cells[:MAX_CELLS]]
                if any(texts):
                    yield number, texts
    except (CalamineError, IndexError, ValueError) as error:
        raise UnreadableFile(_("The workbook is damaged or has no sheet.")) from error


def _cell_text(cell: object) -> str:
    if isinstance(cell, bool):
        return "Y" if cell else "N"
    if isinstance(cell, float):
        return format(Decimal(int(cell)) if cell.is_integer() else Decimal(repr(cell)), "f")
    if isinstance(cell, datetime):
        return cell.date().isoformat() if cell.time().isoformat() == "00:00:00" else cell.isoformat(sep=" ")
    if isinstance(cell, date):
        return cell.isoformat()
    return "" if cell is None else str(cell)
