"""Decisions about people and tokens from plain values."""

import hashlib
from collections.abc import Iterable, Mapping

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
