"""Pages that are given out only to somebody who asked for them, not to a browser that guesses what comes next."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponse

HEADERS = ("Sec-Purpose", "Purpose", "X-Moz")


def not_ahead(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Refuse (503) what a browser fetches ahead: it asks again when the person does.

    Answering without noting it would be a way to look unseen: anybody can send such a header.
    """

    @wraps(view)
    def gate(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if any("prefetch" in request.headers.get(name, "").lower() for name in HEADERS):
            return HttpResponse(status=503, headers={"Cache-Control": "no-store"})
        return view(request, *args, **kwargs)

    return gate
