"""Text of calendar files (RFC 5545): values and lines as calendars read them."""

from collections.abc import Iterator
from typing import Final

# Bytes a line holds at most.
LINE: Final = 75


def escaped(text: str) -> str:
    """A value of text: no sign of it ends the value or begins another field; control signs are left out."""
    lines = text.replace("\r\n", "\n").split("\n")
    kept = "\\n".join("".join(sign for sign in line if sign.isprintable()).replace("\\", "\\\\") for line in lines)
    return kept.replace(";", "\\;").replace(",", "\\,")


def folded(line: str) -> Iterator[str]:
    """A line in pieces of at most 75 bytes, no character cut in two."""
    piece = ""
    for char in line:
        if len((piece + char).encode()) > LINE:
            yield piece
            piece = " "
        piece += char
    yield piece
