"""What may be filed as evidence: the type by content and by name, which must agree (P11)."""

import io
import re
import struct
import unicodedata
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

NAME: Final = 120
_END: Final = b"PK\x05\x06"
_END_BYTES: Final = 22
_END_64: Final = b"PK\x06\x07"
# An office file of a few pages has some dozens of parts; more is an attack on whoever opens it.
MOST_PARTS: Final = 5_000
MOST_INDEX: Final = 2 << 20
# Marks that turn the direction of writing, so that "gpj.exe" reads as "exe.jpg".
_TURNED: Final = re.compile("[\u200e\u200f\u202a-\u202e\u2066-\u2069]")


@dataclass(frozen=True, slots=True)
class FileKind:
    """A type that may be filed: what it is called on the wire, its endings, and how its content shows."""

    mime: str
    endings: tuple[str, ...]
    fits: Callable[[bytes], bool]


def _text(data: bytes) -> bool:
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        return not re.search(r"[\x00-\x08\x0e-\x1f]", text)
    return False


def parts_of(data: bytes) -> frozenset[str]:
    """Names inside a zip file; nothing of one that is none, is split, or has more parts than any document."""
    at = data.rfind(_END, -_END_BYTES - 0xFFFF)
    if at < 0 or len(data) - at < _END_BYTES or _END_64 in data[max(0, at - 20) : at]:
        return frozenset()
    count, index = struct.unpack("<HI", data[at + 10 : at + 16])
    if count > MOST_PARTS or index > MOST_INDEX:
        return frozenset()
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as document:
            return frozenset(document.namelist())
    except (zipfile.BadZipFile, ValueError, NotImplementedError, struct.error):
        return frozenset()


def _office(part: str) -> Callable[[bytes], bool]:
    def fits(data: bytes) -> bool:
        parts = parts_of(data) if data.startswith(b"PK\x03\x04") else frozenset()
        # A document with macros is another type, whatever its ending says.
        return "[Content_Types].xml" in parts and part in parts and not any("vbaProject" in name for name in parts)

    return fits


def _begins(*starts: bytes) -> Callable[[bytes], bool]:
    return lambda data: data.startswith(starts)


def _riff(kind: bytes) -> Callable[[bytes], bool]:
    return lambda data: data.startswith(b"RIFF") and data[8:12] == kind


_MS: Final = "application/vnd.openxmlformats-officedocument"
KINDS: Final = (
    FileKind("application/pdf", ("pdf",), _begins(b"%PDF-")),
    FileKind("image/jpeg", ("jpg", "jpeg"), _begins(b"\xff\xd8\xff")),
    FileKind("image/png", ("png",), _begins(b"\x89PNG\r\n\x1a\n")),
    FileKind("image/webp", ("webp",), _riff(b"WEBP")),
    FileKind("text/plain", ("txt",), _text),
    FileKind(f"{_MS}.wordprocessingml.document", ("docx",), _office("word/document.xml")),
    FileKind(f"{_MS}.spreadsheetml.sheet", ("xlsx",), _office("xl/workbook.xml")),
    FileKind("audio/wav", ("wav",), _riff(b"WAVE")),
    FileKind("audio/mpeg", ("mp3",), _begins(b"ID3", b"\xff\xfb", b"\xff\xf3", b"\xff\xf2", b"\xff\xfa")),
    FileKind("audio/mp4", ("m4a",), lambda data: data[4:8] == b"ftyp"),
)
ENDINGS: Final = tuple(ending for kind in KINDS for ending in kind.endings)
_BY_ENDING: Final = {ending: kind for kind in KINDS for ending in kind.endings}


def ending_of(name: str) -> str:
    """The ending of a file's name in small letters, without its dot; "" = none."""
    return name.rpartition(".")[2].lower() if "." in name else ""


def type_of(name: str, data: bytes) -> str:
    """The type on the wire of a whole file; "" where its content is not what its name says, or neither may be filed."""
    kind = _BY_ENDING.get(ending_of(name))
    return kind.mime if kind is not None and data and kind.fits(data) else ""


def plain_name(name: str) -> str:
    """A file's name as it is kept: no folders, no marks that hide its ending, at most 120 characters with it."""
    base = unicodedata.normalize("NFC", name).replace("\\", "/").rpartition("/")[2]
    base = "".join(mark for mark in _TURNED.sub("", base) if mark.isprintable()).strip(" .")
    ending = ending_of(base)
    if not ending:
        return base[:NAME]
    return f"{base[: -len(ending) - 1][: NAME - len(ending) - 1] or 'file'}.{ending}"[:NAME]
