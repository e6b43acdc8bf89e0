"""Where providers report what became of messages; there is no such address for whoever does not hold the token."""

import json
import secrets
from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from campaigns.enums import Receipt
from campaigns.services.receipts import Report, record_receipts
from core.clock import now

MOST = 1_000
TEXT_MOST = 200
STATES = {str(receipt): receipt for receipt in Receipt if receipt}


@csrf_exempt
@never_cache
@require_POST
def receipts(request: HttpRequest) -> HttpResponse:
    """Take one receipt or a list of them: {"key", "state": delivered | undelivered | read | replied, "text"}."""
    given = request.headers.get("Authorization", "").removeprefix("Bearer ")
    if not settings.RECEIPTS_TOKEN or not secrets.compare_digest(given.encode(), settings.RECEIPTS_TOKEN.encode()):
        raise Http404
    try:
        reports = list(_read(request.body))
    except (ValueError, RecursionError):
        return JsonResponse({"error": {"code": "not_understood"}}, status=400)
    return JsonResponse(dict(record_receipts(reports=reports, at=now())))


def _read(body: bytes) -> Iterator[Report]:
    found = json.loads(body)
    lines: list[Any] = found if isinstance(found, list) else [found]
    if len(lines) > MOST:
        raise ValueError("too many")
    for line in lines:
        if not isinstance(line, dict) or not all(isinstance(line.get(name), str) for name in ("key", "state")):
            raise ValueError("no receipt")
        if line["state"] not in STATES:
            raise ValueError("no receipt")
        yield Report(line["key"][:64], STATES[line["state"]], str(line.get("text") or "")[:TEXT_MOST])
