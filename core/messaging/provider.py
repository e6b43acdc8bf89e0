"""A provider of text or WeCom messages behind a small HTTP protocol: JSON, an idempotency key, a question by key.

`POST <address>/messages` with `Idempotency-Key` and {"key", "channel", "to", "text"} is answered 2xx {"id"} once the
message is taken, for a key seen before with what was answered then; 400 and 422 refuse it for good; 401, 403, 404,
429 and 503 did not take it. `GET <address>/messages/<key>` is 200 {"id", "state": "accepted"|"delivered"|"undelivered"|
"rejected"}, or 404 for a key never seen. A bank's own provider is put behind this protocol by a page of code beside it.
"""

import json
import logging
from contextlib import closing
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from typing import Any, Final
from urllib.parse import quote, urlsplit

from django.conf import settings

from core.messaging.parcels import Delivery, Message, Sent

log = logging.getLogger(__name__)

# A withdrawal of consent waits for a message on its way to that customer, so no longer than this.
SECONDS: Final = 5.0
_REFUSED: Final = (400, 410, 413, 415, 422)
_NOT_TAKEN: Final = (401, 403, 404, 405, 408, 421, 425, 429, 503)
_MOST_BYTES: Final = 64 * 1024
_HERE: Final = frozenset({"localhost", "127.0.0.1", "::1"})
# What a broken line or an answer that cannot be read comes to.
_BROKEN: Final = (OSError, HTTPException, ValueError, RecursionError)


def is_configured(channel: str) -> bool:
    """Whether there is an address to send to; in production only over TLS, or to a relay on this very machine."""
    parts = urlsplit(_settings(channel)["url"])
    is_near = not settings.PRODUCTION or parts.hostname in _HERE
    return bool(parts.hostname) and (parts.scheme == "https" or (parts.scheme == "http" and is_near))


def send(message: Message) -> Sent:
    """Hand a message over. Once connected, a line that breaks leaves it open whether it was taken."""
    body = {"key": message.key, "channel": message.channel, "to": message.to, "text": message.words}
    try:
        line = _connected(message.channel)
    except OSError as error:
        log.warning("provider of %s not reached: %s", message.channel, type(error).__name__)
        return Sent(Delivery.LATER, why=type(error).__name__, is_down=True)
    with closing(line):
        try:
            status, answer = _asked(line, message.channel, "POST", "/messages", message.key, body)
        except _BROKEN as error:
            log.warning("perhaps taken by the provider of %s: %s", message.channel, type(error).__name__)
            return Sent(Delivery.UNKNOWN, why=type(error).__name__, is_down=True)
    if _is_good(status):
        return Sent(Delivery.SENT, number=str(answer.get("id", ""))[:64])
    return Sent(_said(status), why=str(status), is_down=status not in _REFUSED)


def fate_of(channel: str, key: str) -> Delivery | None:
    """What the provider says about a key; LATER = it never saw it, None = it cannot be asked now."""
    try:
        with closing(_connected(channel)) as line:
            status, answer = _asked(line, channel, "GET", f"/messages/{quote(key, safe='')}")
    except _BROKEN as error:
        log.warning("provider of %s not asked: %s", channel, type(error).__name__)
        return None
    if status == 404:
        return Delivery.LATER
    if not _is_good(status):
        return None
    return Delivery.FAILED if answer.get("state") == "rejected" else Delivery.SENT


def _is_good(status: int) -> bool:
    return 200 <= status < 300


def _said(status: int) -> Delivery:
    if status in _REFUSED:
        return Delivery.FAILED
    return Delivery.LATER if status in _NOT_TAKEN else Delivery.UNKNOWN


def _settings(channel: str) -> dict[str, str]:
    found: dict[str, str] = settings.MESSAGE_PROVIDERS.get(channel) or {"url": "", "key": ""}
    return found


def _connected(channel: str) -> HTTPConnection:
    parts = urlsplit(_settings(channel)["url"])
    make = HTTPSConnection if parts.scheme == "https" else HTTPConnection
    line = make(parts.hostname or "", parts.port, timeout=SECONDS)
    line.connect()
    return line


def _asked(
    line: HTTPConnection, channel: str, method: str, path: str, key: str = "", body: dict[str, Any] | None = None
) -> tuple[int, dict[str, Any]]:
    """Status and answer; raises ValueError for a good answer that cannot be read."""
    found = _settings(channel)
    headers = {"Authorization": f"Bearer {found['key']}", "Accept": "application/json"}
    if body is not None:
        headers |= {"Content-Type": "application/json; charset=utf-8", "Idempotency-Key": key}
    sent = json.dumps(body, ensure_ascii=False).encode() if body is not None else None
    line.request(method, urlsplit(found["url"]).path.rstrip("/") + path, sent, headers)
    with line.getresponse() as response:
        text = response.read(_MOST_BYTES)
        if not _is_good(response.status):
            return response.status, {}
        answer = json.loads(text or b"{}")
        return response.status, answer if isinstance(answer, dict) else {}
