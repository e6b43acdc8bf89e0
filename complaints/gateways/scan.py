"""The bank's virus scanner, behind one function: clamd over a socket of this machine (CLAMD_SOCKET), or none."""

import logging
import socket
import struct
from collections.abc import Iterable
from enum import StrEnum

from django.conf import settings

log = logging.getLogger(__name__)
SECONDS = 20
ANSWER = 4096


class Verdict(StrEnum):
    """What the scanner said; `UNKNOWN` = there is one, and it could not be asked."""

    OFF = "off"
    CLEAN = "clean"
    INFECTED = "infected"
    UNKNOWN = "unknown"


def is_on() -> bool:
    """Whether files are looked at by a scanner here."""
    return bool(settings.CLAMD_SOCKET)


def scan(pieces: Iterable[bytes]) -> Verdict:
    """What the scanner says of a file in clear; it never leaves the machine."""
    if not is_on():
        return Verdict.OFF
    try:
        answer = _asked(pieces)
    except OSError as error:
        log.warning("virus scanner not reached: %s", type(error).__name__)
        return Verdict.UNKNOWN
    if answer.endswith(b"OK"):
        return Verdict.CLEAN
    return Verdict.INFECTED if answer.endswith(b"FOUND") else Verdict.UNKNOWN


def _asked(pieces: Iterable[bytes]) -> bytes:
    """INSTREAM of clamd's own protocol: each piece after its length, four zeros at the end."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as line:
        line.settimeout(SECONDS)
        line.connect(settings.CLAMD_SOCKET)
        line.sendall(b"zINSTREAM\0")
        for piece in pieces:
            line.sendall(struct.pack("!I", len(piece)) + piece)
        line.sendall(struct.pack("!I", 0))
        return line.recv(ANSWER).rstrip(b"\0").strip()
