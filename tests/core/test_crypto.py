import io
import time
from base64 import b64encode, urlsafe_b64encode

import pytest
from django.test import override_settings
from hypothesis import given
from hypothesis import strategies as st

from core import crypto
from core.crypto import CHUNK, BadSeal, CryptoError, KeyRing, KeyRingError, UnknownKey, parse_key_ring

PHONE = "customers.customer.phone"
OLD, NEW, OTHER, INDEX = (bytes((n,)) * 32 for n in (1, 2, 3, 9))
RING = KeyRing({"k1": OLD}, INDEX)
HEADER = 3 + len("k1")


def entry(key_id: str, key: bytes) -> str:
    return f"{key_id}:{b64encode(key).decode()}"


class Trickle(io.RawIOBase):
    """A source that gives less than asked, as raw files may."""

    def __init__(self, data: bytes) -> None:
        self._source = io.BytesIO(data)

    def read(self, size: int = -1) -> bytes:
        return self._source.read(min(size, 70_001))


def sealed_file(data: bytes, ring: KeyRing = RING) -> bytes:
    target = io.BytesIO()
    ring.seal_stream(io.BytesIO(data), target)
    return target.getvalue()


def frames_of(data: bytes) -> tuple[bytes, list[bytes]]:
    start, size = HEADER + 16, CHUNK + 16
    return data[:start], [data[n : n + size] for n in range(start, len(data), size)]


@given(st.text(), st.text(max_size=20))
def test_a_sealed_field_opens_to_what_was_sealed(text: str, row_key: str) -> None:
    assert RING.unseal(PHONE, row_key, RING.seal(PHONE, row_key, text)) == text


def test_header_names_layout_cipher_and_key() -> None:
    blob = RING.seal(PHONE, "C1", "13800138000")

    assert blob[:HEADER] == b"\x01\x01\x02k1"
    assert len(blob) == HEADER + 12 + len("13800138000") + 16


def test_equal_texts_never_look_equal_and_never_show() -> None:
    blobs = {RING.seal(PHONE, "C1", "13800138000") for _ in range(1000)}

    assert len(blobs) == 1000
    assert not any(b"13800138000" in blob for blob in blobs)


def test_opens_what_the_database_hands_over_as_memoryview() -> None:
    assert RING.unseal(PHONE, "C1", memoryview(RING.seal(PHONE, "C1", "张"))) == "张"


@pytest.mark.parametrize(("column", "row_key"), [("customers.customer.id_no", "C1"), (PHONE, "C2"), (PHONE, "")])
def test_a_value_moved_to_another_column_or_row_does_not_open(column: str, row_key: str) -> None:
    with pytest.raises(BadSeal):
        RING.unseal(column, row_key, RING.seal(PHONE, "C1", "13800138000"))


def test_the_wrong_key_under_the_right_name_fails_loudly() -> None:
    with pytest.raises(BadSeal):
        KeyRing({"k1": OTHER}, INDEX).unseal(PHONE, "C1", RING.seal(PHONE, "C1", "13800138000"))


def test_a_key_the_ring_does_not_hold_is_named() -> None:
    with pytest.raises(UnknownKey, match="k1"):
        KeyRing({"k2": NEW}, INDEX).unseal(PHONE, "C1", RING.seal(PHONE, "C1", "13800138000"))


def test_every_flipped_bit_is_noticed() -> None:
    blob = RING.seal(PHONE, "C1", "13800138000")
    for place in range(len(blob) * 8):
        wrong = bytearray(blob)
        wrong[place // 8] ^= 1 << place % 8
        with pytest.raises(CryptoError):
            RING.unseal(PHONE, "C1", bytes(wrong))


def test_every_cut_is_noticed() -> None:
    blob = RING.seal(PHONE, "C1", "13800138000")
    for length in range(len(blob)):
        with pytest.raises(CryptoError):
            RING.unseal(PHONE, "C1", blob[:length])


def test_errors_tell_neither_value_nor_key() -> None:
    with pytest.raises(BadSeal) as refusal:
        RING.unseal(PHONE, "C2", RING.seal(PHONE, "C1", "13800138000"))

    assert str(refusal.value) == f"{PHONE}: does not open with its key, column and row"
    assert refusal.value.__cause__ is None


def test_rotation_reads_old_values_writes_new_ones_and_keeps_indexes() -> None:
    old_blob = RING.seal(PHONE, "C1", "13800138000")
    both = KeyRing({"k2": NEW, "k1": OLD}, INDEX)
    new_blob = both.seal(PHONE, "C1", "13800138000")
    after = KeyRing({"k2": NEW}, INDEX)

    assert both.unseal(PHONE, "C1", old_blob) == "13800138000"
    assert after.unseal(PHONE, "C1", new_blob) == "13800138000"
    assert after.blind_index(PHONE, "13800138000") == RING.blind_index(PHONE, "13800138000")
    with pytest.raises(UnknownKey):
        after.unseal(PHONE, "C1", old_blob)


def test_blind_index_is_one_value_a_column_and_text() -> None:
    index = RING.blind_index(PHONE, "13800138000")

    assert len(index) == 16
    assert KeyRing({"k1": OTHER}, INDEX).blind_index(PHONE, "13800138000") == index
    others = {
        RING.blind_index(PHONE, "13800138001"),
        RING.blind_index("customers.customer.id_no", "13800138000"),
        KeyRing({"k1": OLD}, OTHER).blind_index(PHONE, "13800138000"),
        RING.fingerprint("13800138000"),
        RING.fingerprint(PHONE, "13800138000"),
    }
    assert len(others) == 5
    assert index not in others


def test_blind_index_stays_what_stored_rows_hold() -> None:
    assert RING.blind_index(PHONE, "13800138000").hex() == "15666834a95c0d4315968e3c9bfc62aa"


@given(st.lists(st.text(max_size=5), max_size=5), st.lists(st.text(max_size=5), max_size=5))
def test_fingerprints_are_equal_exactly_for_equal_parts(one: list[str], two: list[str]) -> None:
    assert (RING.fingerprint(*one) == RING.fingerprint(*two)) == (one == two)
    assert len(RING.fingerprint(*one)) == 16


@pytest.mark.parametrize("size", [0, 1, 1000, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK, 3 * CHUNK + 5])
def test_a_sealed_file_opens_to_what_was_sealed(size: int) -> None:
    data = (b"0123456789" * (size // 10 + 1))[:size]

    sealed = sealed_file(data)

    assert RING.open_stream(io.BytesIO(sealed)).read() == data
    assert RING.open_stream(Trickle(sealed)).read() == data
    assert data[:100] not in sealed or size < 2


def test_a_sealed_file_reads_like_a_file() -> None:
    sealed = sealed_file("卡号\n余额\n".encode() * 200_000)

    lines = io.TextIOWrapper(RING.open_stream(io.BytesIO(sealed)), encoding="utf-8")

    assert (next(lines), sum(1 for _ in lines)) == ("卡号\n", 399_999)


@pytest.mark.parametrize("size", [1000, 2 * CHUNK, 2 * CHUNK + 1000])
def test_a_file_cut_short_is_noticed(size: int) -> None:
    sealed = sealed_file(b"x" * size)
    head, frames = frames_of(sealed)
    cuts = [sealed[:-1], head + b"".join(frames[:-1]), sealed[: len(head) + 10], head]
    for cut in cuts:
        with pytest.raises(BadSeal):
            RING.open_stream(io.BytesIO(cut)).read()


def test_chunks_moved_repeated_or_taken_from_another_file_are_noticed() -> None:
    head, (a, b, c) = frames_of(sealed_file(b"x" * (2 * CHUNK + 5)))
    _, (other, *_) = frames_of(sealed_file(b"x" * (2 * CHUNK + 5)))
    for frames in ([b, a, c], [a, a, c], [a, c], [other, b, c], [a, b, c, c], [a, b]):
        with pytest.raises(BadSeal):
            RING.open_stream(io.BytesIO(head + b"".join(frames))).read()


def test_good_chunks_are_given_before_a_bad_one_is_met() -> None:
    sealed = bytearray(sealed_file(b"x" * (2 * CHUNK)))
    sealed[-1] ^= 1
    opened = RING.open_stream(io.BytesIO(bytes(sealed)))

    assert opened.read(CHUNK) == b"x" * CHUNK
    with pytest.raises(BadSeal, match="chunk 1"):
        opened.read()


@pytest.mark.parametrize("head", [b"", b"\x02", b"\x02\x01", b"PK\x03\x04", b"\x01\x01\x02k1" + b"0" * 50])
def test_what_is_no_sealed_file_is_refused_at_opening(head: bytes) -> None:
    with pytest.raises(BadSeal):
        RING.open_stream(io.BytesIO(head))


def test_a_file_of_an_unknown_key_is_refused_at_opening() -> None:
    sealed = sealed_file(b"x", KeyRing({"k2": NEW}, INDEX))

    with pytest.raises(UnknownKey, match="k2"):
        RING.open_stream(io.BytesIO(sealed))
    with pytest.raises(BadSeal):
        KeyRing({"k2": OTHER}, INDEX).open_stream(io.BytesIO(sealed)).read()


def test_key_ring_is_read_from_its_setting() -> None:
    ring = parse_key_ring(f" {entry('k2', NEW)} , {entry('k1', OLD)},{entry('index', INDEX)}, ")

    assert ring.unseal(PHONE, "C1", RING.seal(PHONE, "C1", "1")) == "1"
    assert ring.seal(PHONE, "C1", "1")[:5] == b"\x01\x01\x02k2"
    assert ring.blind_index(PHONE, "1") == RING.blind_index(PHONE, "1")


def test_url_safe_base64_is_taken_too() -> None:
    key = b"\xfb\xff" * 16
    text = f"k1:{urlsafe_b64encode(key).decode()},{entry('index', INDEX)}"
    assert "_" in text

    assert parse_key_ring(text).unseal(PHONE, "C1", KeyRing({"k1": key}, INDEX).seal(PHONE, "C1", "1")) == "1"


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("", "at least one key"),
        (entry("index", INDEX), "at least one key"),
        (entry("k1", OLD), "entry index"),
        (f"{entry('k1', OLD)},{entry('k1', NEW)},{entry('index', INDEX)}", "given twice"),
        (f"{entry('k1', OLD)},{entry('index', OLD)}", "must differ"),
        (f"{entry('k1', OLD[:16])},{entry('index', INDEX)}", "16 bytes instead of 32"),
        (f"k1:not*base64,{entry('index', INDEX)}", "k1 is not base64"),
        (f"k1:,{entry('index', INDEX)}", "0 bytes"),
        (f"k1,{entry('index', INDEX)}", "0 bytes"),
        (f"far-too-long:{b64encode(OLD).decode()}", "1 to 8 letters"),
        (b64encode(OLD).decode(), "1 to 8 letters"),
    ],
)
def test_an_unusable_key_ring_says_what_is_wrong_and_never_the_key(text: str, fault: str) -> None:
    with pytest.raises(KeyRingError, match=fault) as refusal:
        parse_key_ring(text)

    assert b64encode(OLD).decode() not in str(refusal.value)


def test_module_functions_use_the_ring_of_the_settings() -> None:
    with override_settings(FIELD_KEYS=f"{entry('k1', OLD)},{entry('index', INDEX)}"):
        blob = crypto.seal(PHONE, "C1", "13800138000")
        target = io.BytesIO()
        crypto.seal_stream(io.BytesIO(b"file"), target)

        assert crypto.unseal(PHONE, "C1", blob) == RING.unseal(PHONE, "C1", blob) == "13800138000"
        assert crypto.blind_index(PHONE, "1") == RING.blind_index(PHONE, "1")
        assert crypto.fingerprint("a", "b") == RING.fingerprint("a", "b")
        assert crypto.open_stream(io.BytesIO(target.getvalue())).read() == b"file"

    with override_settings(FIELD_KEYS=f"{entry('k1', OTHER)},{entry('index', INDEX)}"), pytest.raises(BadSeal):
        crypto.unseal(PHONE, "C1", blob)


def test_sealing_is_fast_enough_for_imports() -> None:
    start = time.process_time()
    for _ in range(20_000):
        RING.seal(PHONE, "C00000001", "13800138000")

    assert (time.process_time() - start) / 20_000 < 1 / 50_000  # a million a second on an idle machine
