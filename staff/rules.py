"""Decisions about people and tokens from plain values."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

# How lists leave as files, until a policy of kind "exports" says otherwise.
EXPORTS: Final[Mapping[str, int]] = {"approval_over": 1_000, "expires_days": 7, "max_rows": 200_000}
EXPORT_LIMITS: Final[Mapping[str, tuple[int, int]]] = {
    "approval_over": (0, 1_000_000),
    "expires_days": (1, 90),
    "max_rows": (1, 1_000_000),
}
EXPORT_GROWTH: Final = 10  # per cent

TOKEN_PREFIX = "dcrm_"  # noqa: S105  what tokens begin with


class CycleFound(ValueError):
    """The units named are above themselves."""


def token_digest(text: str) -> bytes:
    """What is kept of a token: 32 bytes of SHA-256. The token has 256 random bits, so no salt is needed."""
    return hashlib.sha256(text.encode()).digest()


def unknown_scopes(wanted: Iterable[str], allowed: Iterable[str]) -> list[str]:
    """The scopes asked for that the role does not have, sorted."""
    return sorted(set(wanted) - set(allowed))


def tree_paths(parents: Mapping[int, int | None]) -> dict[int, str]:
    """The path "/root/.../id/" of every id, from each id's parent. Raises CycleFound."""
    paths: dict[int, str] = {}
    for start in parents:
        chain: list[int] = []
        at: int | None = start
        while at is not None and at not in paths:
            if at in chain:
                raise CycleFound(at)
            chain.append(at)
            at = parents[at]
        for unit in reversed(chain):
            parent = parents[unit]
            paths[unit] = f"{'/' if parent is None else paths[parent]}{unit}/"
    return paths


@dataclass(frozen=True, slots=True)
class ExportLimits:
    """Rows up to which nobody has to approve a file, days a file is kept, and rows no file may exceed."""

    approval_over: int
    expires_days: int
    max_rows: int

    def rows_allowed(self, *, expected: int, is_approved: bool) -> int:
        """Rows a file may come to when it is made: if approved, what was approved and 10 % by which lists grow."""
        approved = expected + expected * EXPORT_GROWTH // 100
        return min(self.max_rows, max(self.approval_over, approved if is_approved else 0))


def read_exports(values: Mapping[str, Any]) -> ExportLimits:
    """The limits of a policy of kind "exports". Raises ValueError("<name>_range") or ValueError("limits_order")."""
    for name, (low, high) in EXPORT_LIMITS.items():
        value = values.get(name)
        if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
            raise ValueError(f"{name}_range")
    if values["approval_over"] > values["max_rows"]:
        raise ValueError("limits_order")
    return ExportLimits(values["approval_over"], values["expires_days"], values["max_rows"])


def export_digest(
    *, list_key: str, query: str, numbers: Iterable[str], columns: Iterable[str], expected_rows: int, file_format: str
) -> str:
    """What an approval of a file is about, as 64 hexadecimal digits: any other rows or columns have another digest."""
    parts = [list_key, query, list(numbers), list(columns), expected_rows, file_format]
    return hashlib.sha256(json.dumps(parts, ensure_ascii=True, separators=(",", ":")).encode()).hexdigest()
