"""A QR code of up to 14 signs (ISO/IEC 18004, version 1, correction M): enough for what a guest shows at the door."""

from collections.abc import Iterator
from typing import Final

SIZE: Final = 21
MOST: Final = 14
_DATA, _CHECKS = 16, 10
# The remainder of the format for correction M and mask 0, with its mask (table C.1).
_FORMAT: Final = 0b101010000010010
_PAD: Final = (0b11101100, 0b00010001)

Matrix = list[list[bool]]


def qr_matrix(text: str) -> Matrix:
    """Rows of modules, True = dark, without the quiet zone. Raises ValueError for more than 14 bytes."""
    dark = [[False] * SIZE for _row in range(SIZE)]
    fixed = [[False] * SIZE for _row in range(SIZE)]
    _frame(dark, fixed)
    bits = (bool(word >> place & 1) for word in _codewords(text) for place in range(7, -1, -1))
    for row, column in _places(fixed):
        dark[row][column] = next(bits, False) ^ ((row + column) % 2 == 0)
    return dark


def path_of(matrix: Matrix) -> str:
    """The dark modules as the path of a drawing, a unit each."""
    return "".join(
        f"M{column} {row}h1v1h-1z" for row, line in enumerate(matrix) for column, is_dark in enumerate(line) if is_dark
    )


def _codewords(text: str) -> list[int]:
    data = text.encode()
    if len(data) > MOST:
        raise ValueError(text)
    bits = f"0100{len(data):08b}" + "".join(f"{byte:08b}" for byte in data)
    bits = (bits + "0000")[: _DATA * 8]
    bits += "0" * (-len(bits) % 8)
    words = [int(bits[first : first + 8], 2) for first in range(0, len(bits), 8)]
    words += [_PAD[place % 2] for place in range(_DATA - len(words))]
    return words + _checks(words)


def _times(a: int, b: int) -> int:
    """The product of two numbers of GF(256) with x^8 + x^4 + x^3 + x^2 + 1."""
    found = 0
    while b:
        if b & 1:
            found ^= a
        a = a << 1 ^ (0x11D if a & 0x80 else 0)
        b >>= 1
    return found


def _checks(words: list[int]) -> list[int]:
    """Reed-Solomon: what is left of the words divided by the product of (x - 2^n)."""
    divisor, root = [1], 1
    for _n in range(_CHECKS):
        divisor = [a ^ _times(b, root) for a, b in zip([*divisor, 0], [0, *divisor], strict=True)]
        root = _times(root, 2)
    rest = words + [0] * _CHECKS
    for place in range(len(words)):
        factor = rest[place]
        for step, value in enumerate(divisor):
            rest[place + step] ^= _times(value, factor)
    return rest[-_CHECKS:]


def _frame(dark: Matrix, fixed: Matrix) -> None:
    """What every code has: three corners, the two lines between them, and the format twice."""
    for row, column in ((0, 0), (0, SIZE - 7), (SIZE - 7, 0)):
        for y in range(-1, 8):
            for x in range(-1, 8):
                if 0 <= row + y < SIZE and 0 <= column + x < SIZE:
                    ring = max(abs(y - 3), abs(x - 3))
                    _set(dark, fixed, row + y, column + x, ring in (0, 1, 3))
    for place in range(8, SIZE - 8):
        _set(dark, fixed, 6, place, place % 2 == 0)
        _set(dark, fixed, place, 6, place % 2 == 0)
    for place, (one, other) in enumerate(zip(_first(), _second(), strict=True)):
        is_dark = bool(_FORMAT >> (14 - place) & 1)
        _set(dark, fixed, *one, is_dark)
        _set(dark, fixed, *other, is_dark)
    _set(dark, fixed, SIZE - 8, 8, True)


def _set(dark: Matrix, fixed: Matrix, row: int, column: int, is_dark: bool) -> None:
    dark[row][column], fixed[row][column] = is_dark, True


def _first() -> list[tuple[int, int]]:
    """Where the format stands around the corner on the left, its highest bit first."""
    along = [(8, column) for column in (0, 1, 2, 3, 4, 5, 7, 8)]
    return along + [(row, 8) for row in (7, 5, 4, 3, 2, 1, 0)]


def _second() -> list[tuple[int, int]]:
    """Where it stands again: below, then on the right."""
    return [(SIZE - 1 - n, 8) for n in range(7)] + [(8, SIZE - 8 + n) for n in range(8)]


def _places(fixed: Matrix) -> Iterator[tuple[int, int]]:
    """Free modules in the order of the bits: pairs of columns from the right, up and down in turn."""
    up = True
    for right in (*range(SIZE - 1, 6, -2), 5, 3, 1):
        for row in range(SIZE - 1, -1, -1) if up else range(SIZE):
            for column in (right, right - 1):
                if not fixed[row][column]:
                    yield row, column
        up = not up
