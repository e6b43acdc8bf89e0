"""What one request reads once, however often its page asks."""

import time
from collections.abc import Callable, Hashable
from contextvars import ContextVar
from functools import wraps
from typing import Any, ParamSpec, TypeVar

from core.trail import request_id

# Long enough for one page, short enough for whoever sends every request under the same id.
KEPT_SECONDS = 5.0

Params = ParamSpec("Params")
Read = TypeVar("Read")

_kept: ContextVar[tuple[str, float, dict[Hashable, Any]] | None] = ContextVar("kept", default=None)


def once_a_request(read: Callable[Params, Read]) -> Callable[Params, Read]:
    """Remember what `read` answers for each set of (hashable, positional) arguments until the request is over.

    Outside of requests, in jobs and commands, nothing is remembered.
    """

    @wraps(read)
    def remembered(*args: Params.args, **kwargs: Params.kwargs) -> Read:
        asking, at = request_id.get(), time.monotonic()
        if not asking or kwargs:
            return read(*args, **kwargs)
        kept = _kept.get()
        if kept is None or kept[0] != asking or at - kept[1] > KEPT_SECONDS:
            kept = (asking, at, {})
            _kept.set(kept)
        key = (read, args)
        if key not in kept[2]:
            kept[2][key] = read(*args, **kwargs)
        found: Read = kept[2][key]
        return found

    return remembered
