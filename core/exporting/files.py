"""Files on their way out: sealed while they are made, opened while they are sent, never in clear on the disk."""

import hashlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from core import crypto

SENT_AT_ONCE = 1 << 16


@dataclass(frozen=True, slots=True)
class SealedPart:
    """What was sealed: SHA-256 and length, in bytes, of the file in clear."""

    sha256: bytes
    size: int


class _Pulled:
    """The parts as something that can be read, counted on the way."""

    def __init__(self, parts: Iterator[bytes]) -> None:
        self._parts = parts
        self._rest = b""
        self.digest = hashlib.sha256()
        self.size = 0

    def read(self, size: int, /) -> bytes:
        while not self._rest:
            part = next(self._parts, None)
            if part is None:
                return b""
            self._rest = part
        taken, self._rest = self._rest[:size], self._rest[size:]
        self.digest.update(taken)
        self.size += len(taken)
        return taken


def seal_file(parts: Iterator[bytes], path: Path) -> SealedPart:
    """Write the parts sealed to `path`, whole or not at all; an earlier file of that name is replaced."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    unfinished = path.with_name(f"{path.name}.part")
    source = _Pulled(parts)
    try:
        with open(unfinished, "wb", opener=_private) as target:
            crypto.seal_stream(source, target)
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)
    return SealedPart(source.digest.digest(), source.size)


def open_file(path: Path) -> Iterator[bytes]:
    """The sealed file in clear, in pieces. Raises FileNotFoundError and crypto.CryptoError before the first piece."""
    sealed = path.open("rb")
    try:
        clear = crypto.open_stream(sealed)
    except crypto.CryptoError:
        sealed.close()
        raise
    return _pieces(sealed, clear)


def _pieces(sealed: BinaryIO, clear: BinaryIO) -> Iterator[bytes]:
    with sealed, clear:
        while piece := clear.read(SENT_AT_ONCE):
            yield piece


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
