"""Field and file encryption with a ring of keys. Each header names its cipher by number, so that another can join."""

import base64
import binascii
import hmac
import io
import os
import re
from collections.abc import Callable, Iterator, Mapping
from functools import cache, partial
from typing import BinaryIO, Final, Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings

AES_256_GCM: Final = 1  # 2 is kept for SM4-GCM
FIELD_LAYOUT: Final = 1
STREAM_LAYOUT: Final = 2
CHUNK: Final = 1 << 20

_KEY_BYTES = 32
_NONCE_BYTES = 12
_TAG_BYTES = 16
_SALT_BYTES = 16
_DIGEST_BYTES = 16
_INDEX = "index"
_KEY_ID = re.compile(r"[0-9A-Za-z_-]{1,8}")


class CryptoError(Exception):
    """Sealed data or keys that cannot be used. An operator's matter, never shown to users."""


class KeyRingError(CryptoError):
    """FIELD_KEYS cannot be read."""


class UnknownKey(CryptoError):
    """Sealed with a key or cipher this ring does not hold."""


class BadSeal(CryptoError):
    """Does not open: wrong key, changed or cut bytes, or bytes moved from another column or row."""


class Cipher(Protocol):
    def encrypt(self, nonce: bytes, data: bytes, associated_data: bytes | None) -> bytes: ...
    def decrypt(self, nonce: bytes, data: bytes, associated_data: bytes | None) -> bytes: ...


class Source(Protocol):
    """Anything read in bytes: open files, Django's uploads, sockets."""

    def read(self, size: int, /) -> bytes | None: ...


class Target(Protocol):
    def write(self, data: bytes, /) -> object: ...


_CIPHERS: Mapping[int, Callable[[bytes], Cipher]] = {AES_256_GCM: AESGCM}


def _derive(key: bytes, purpose: bytes) -> bytes:
    return hmac.digest(key, purpose, "sha256")


class KeyRing:
    """Seals with its first key, opens with any; blind indexes have a key of their own, so they outlive a rotation."""

    def __init__(self, keys: Mapping[str, bytes], index_key: bytes) -> None:
        self._keys = {
            bytes((algorithm, len(key_id))) + key_id.encode(): (make, key)
            for key_id, key in keys.items()
            for algorithm, make in _CIPHERS.items()
        }
        self._active = next(iter(self._keys))
        self._ciphers = {bytes((FIELD_LAYOUT,)) + head: make(key) for head, (make, key) in self._keys.items()}
        self._head = bytes((FIELD_LAYOUT,)) + self._active
        self._cipher = self._ciphers[self._head]
        self._index_key = index_key
        self._column_keys: dict[str, bytes] = {}
        self._fingerprint_key = _derive(index_key, b"fingerprint")

    def seal(self, column: str, row_key: str, text: str) -> bytes:
        """Encrypt a field; it opens only under the same column ("customers.customer.phone") and row key."""
        nonce = os.urandom(_NONCE_BYTES)
        return self._head + nonce + self._cipher.encrypt(nonce, text.encode(), f"{column}\x1f{row_key}".encode())

    def unseal(self, column: str, row_key: str, blob: bytes | memoryview) -> str:
        """The text of a sealed field. Raises UnknownKey, BadSeal."""
        raw = bytes(blob)
        body = 3 + raw[2] if len(raw) > 2 else 0
        if body == 0 or len(raw) < body + _NONCE_BYTES + _TAG_BYTES:
            raise BadSeal(f"{column}: too short to be a sealed value")
        cipher = self._ciphers.get(raw[:body])
        if cipher is None:
            raise UnknownKey(f"{column}: the key ring has no key {raw[3:body]!r} for cipher {raw[1]}, layout {raw[0]}")
        start = body + _NONCE_BYTES
        try:
            return cipher.decrypt(raw[body:start], raw[start:], f"{column}\x1f{row_key}".encode()).decode()
        except InvalidTag:
            raise BadSeal(f"{column}: does not open with its key, column and row") from None

    def blind_index(self, column: str, text: str) -> bytes:
        """16 bytes, equal for equal texts of one column and unrelated across columns. Normalise the text first."""
        key = self._column_keys.get(column)
        if key is None:
            key = self._column_keys[column] = _derive(self._index_key, f"column\x1f{column}".encode())
        return hmac.digest(key, text.encode(), "sha256")[:_DIGEST_BYTES]

    def fingerprint(self, *parts: str) -> bytes:
        """16 keyed bytes over the parts in order; ("ab", "c") and ("a", "bc") differ."""
        told_apart = "".join([f"{len(part)}:{part}" for part in parts])
        return hmac.digest(self._fingerprint_key, told_apart.encode(), "sha256")[:_DIGEST_BYTES]

    def seal_stream(self, src: Source, dst: Target) -> None:
        """Encrypt a file in chunks of 1 MiB under a key of its own; moved, exchanged or missing chunks are noticed."""
        head = bytes((STREAM_LAYOUT,)) + self._active + os.urandom(_SALT_BYTES)
        cipher = self._stream_cipher(self._active, head)
        dst.write(head)
        for number, chunk, is_last in _with_last(partial(_read_full, src, CHUNK)):
            dst.write(cipher.encrypt(_chunk_nonce(number, is_last), chunk, head))

    def open_stream(self, src: Source) -> BinaryIO:
        """A readable file of what `src` holds sealed. Raises UnknownKey or BadSeal here; BadSeal also while reading."""
        start = _read_full(src, 3)
        if len(start) < 3 or start[0] != STREAM_LAYOUT:
            raise BadSeal("not a sealed file")
        key_head = start[1:] + _read_full(src, start[2])
        if key_head not in self._keys:
            raise UnknownKey(f"sealed file: the key ring has no key {key_head[2:]!r} for cipher {key_head[0]}")
        head = start[:1] + key_head + _read_full(src, _SALT_BYTES)
        frames = partial(_read_full, src, CHUNK + _TAG_BYTES)
        return io.BufferedReader(_Opened(self._opened_chunks(self._stream_cipher(key_head, head), head, frames)), CHUNK)

    def _stream_cipher(self, key_head: bytes, head: bytes) -> Cipher:
        # A key per file (the head carries a random salt) lets the nonce be a plain counter.
        make, key = self._keys[key_head]
        return make(_derive(key, b"stream\x1f" + head))

    @staticmethod
    def _opened_chunks(cipher: Cipher, head: bytes, frames: Callable[[], bytes]) -> Iterator[bytes]:
        for number, frame, is_last in _with_last(frames):
            try:
                yield cipher.decrypt(_chunk_nonce(number, is_last), frame, head)
            except InvalidTag:
                raise BadSeal(f"sealed file: chunk {number} is changed, or the file is cut there") from None


class _Opened(io.RawIOBase):
    """The chunks as a raw file, for io.BufferedReader."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        self._chunks = chunks
        self._rest = memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]  # typeshed names a private buffer type
        if not self._rest:
            self._rest = memoryview(next(self._chunks, b""))
        count = min(len(buffer), len(self._rest))
        buffer[:count] = self._rest[:count]
        self._rest = self._rest[count:]
        return count


def _read_full(src: Source, size: int) -> bytes:
    # A raw file or socket may give less than asked before its end.
    parts: list[bytes] = []
    while size and (part := src.read(size)):
        parts.append(part)
        size -= len(part)
    return b"".join(parts)


def _with_last(read: Callable[[], bytes]) -> Iterator[tuple[int, bytes, bool]]:
    """(number, chunk, is it the last); an empty source is one empty last chunk."""
    number, chunk = 0, read()
    while following := read():
        yield number, chunk, False
        number, chunk = number + 1, following
    yield number, chunk, True


def _chunk_nonce(number: int, is_last: bool) -> bytes:
    return number.to_bytes(_NONCE_BYTES - 1, "big") + bytes((is_last,))


def parse_key_ring(text: str) -> KeyRing:
    """The ring of "id:base64,id:base64,index:base64": 32-byte keys, the first one active. Raises KeyRingError."""
    keys: dict[str, bytes] = {}
    for entry in filter(None, (part.strip() for part in text.split(","))):
        key_id, _, encoded = entry.partition(":")
        if not _KEY_ID.fullmatch(key_id):
            raise KeyRingError("FIELD_KEYS: a key id is 1 to 8 letters, digits, _ or -, then a colon")
        if key_id in keys:
            raise KeyRingError(f"FIELD_KEYS: key {key_id} is given twice")
        try:
            key = base64.b64decode(encoded.strip(), altchars=b"-_" if set("-_") & set(encoded) else None, validate=True)
        except (binascii.Error, ValueError):
            raise KeyRingError(f"FIELD_KEYS: key {key_id} is not base64") from None
        if len(key) != _KEY_BYTES:
            raise KeyRingError(f"FIELD_KEYS: key {key_id} has {len(key)} bytes instead of {_KEY_BYTES}")
        keys[key_id] = key
    index_key = keys.pop(_INDEX, None)
    if not keys or index_key is None:
        raise KeyRingError(f"FIELD_KEYS: needs at least one key and an entry {_INDEX}:...")
    if index_key in keys.values():
        raise KeyRingError("FIELD_KEYS: the index key must differ from the others")
    return KeyRing(keys, index_key)


_parsed = cache(parse_key_ring)


def _ring() -> KeyRing:
    return _parsed(settings.FIELD_KEYS)


def seal(column: str, row_key: str, text: str) -> bytes:
    """KeyRing.seal with the ring of settings.FIELD_KEYS."""
    return _ring().seal(column, row_key, text)


def unseal(column: str, row_key: str, blob: bytes | memoryview) -> str:
    """KeyRing.unseal with the ring of settings.FIELD_KEYS."""
    return _ring().unseal(column, row_key, blob)


def blind_index(column: str, text: str) -> bytes:
    """KeyRing.blind_index with the ring of settings.FIELD_KEYS."""
    return _ring().blind_index(column, text)


def fingerprint(*parts: str) -> bytes:
    """KeyRing.fingerprint with the ring of settings.FIELD_KEYS."""
    return _ring().fingerprint(*parts)


def seal_stream(src: Source, dst: Target) -> None:
    """KeyRing.seal_stream with the ring of settings.FIELD_KEYS."""
    _ring().seal_stream(src, dst)


def open_stream(src: Source) -> BinaryIO:
    """KeyRing.open_stream with the ring of settings.FIELD_KEYS."""
    return _ring().open_stream(src)
