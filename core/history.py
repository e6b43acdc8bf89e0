"""Who stands behind a change of a tracked table, and where it was made: what its triggers write beside each version."""

import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from django.db import connection, transaction
from django.http import HttpRequest, HttpResponse

from core.middleware import is_api

# What the triggers of django-pghistory read. Its own `context` puts itself before every statement of a request and
# trips over those without parameters; this one touches writes alone.
SETTING = "pghistory.context_metadata"
FEED = "feed"
API = "api"
_WRITES = re.compile(r"\s*(update|delete|insert|merge|with)\b", re.IGNORECASE)
_SET = f"SELECT set_config('{SETTING}', %s, true)"

_signature: ContextVar[dict[str, str] | None] = ContextVar("signature", default=None)


@contextmanager
def signed(*, source: str, actor: str = "") -> Iterator[None]:
    """What is changed inside is noted as changed by `actor` (a staff number) at `source`.

    A source is the name of a page, "api", "feed" or the name of a job; never an address, never personal data.
    """
    is_outermost = _signature.get() is None
    token = _signature.set({"source": source, "actor": actor})
    try:
        if is_outermost:
            with connection.execute_wrapper(_sign):
                yield
            _forget()
        else:
            yield
    finally:
        _signature.reset(token)


def _forget() -> None:
    """The setting ends with its transaction; where that goes on, nothing after this may carry the signature."""
    if connection.in_atomic_block and not connection.needs_rollback:
        with connection.cursor() as cursor:
            cursor.execute(_SET, [""])


def amend(**signature: str) -> None:
    """Complete the signature of the running request; nothing when there is none."""
    if (known := _signature.get()) is not None:
        known.update(signature)


def _sign(execute: Callable[..., Any], sql: Any, params: Any, many: bool, context: dict[str, Any]) -> Any:
    signature = _signature.get()
    if signature is None or not isinstance(sql, str) or not _WRITES.match(sql):
        return execute(sql, params, many, context)
    text = json.dumps(signature)
    if isinstance(params, (list, tuple)) and not many:  # in one round trip
        return execute(f"{_SET}; {sql}", (text, *params), many, context)
    with transaction.atomic():  # the setting lasts as long as a transaction
        context["cursor"].cursor.execute(_SET, (text,))
        return execute(sql, params, many, context)


class HistoryMiddleware:
    """Signs the changes of a request with the person and the page; of the API's with the owner of the token."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.method in {"GET", "HEAD", "OPTIONS"}:
            return self.get_response(request)
        with signed(source=API if is_api(request) else ""):
            return self.get_response(request)

    def process_view(self, request: HttpRequest, *args: object) -> None:
        """Only here is it known which page it is, and who asks."""
        if not is_api(request) and request.resolver_match:
            amend(source=request.resolver_match.view_name)
        amend(actor=getattr(request.user, "staff_no", ""))
