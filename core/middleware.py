"""Language, request ids, refusals, and the answers to everything that goes wrong."""

import logging
import re
import uuid
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _

from core.errors import DomainError, Renamed
from core.trail import request_id

log = logging.getLogger(__name__)

GetResponse = Callable[[HttpRequest], HttpResponse]
API = "/api/"
OFFERED_ID = re.compile(r"[0-9A-Za-z-]{8,36}")


class ClientAddressMiddleware:
    """Puts the address of the person's own machine where the trail and the lock-out look for it.

    Each trusted proxy adds the address it was called from at the end of X-Forwarded-For; what stands further left
    anybody may have written.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        proxies: int = settings.TRUSTED_PROXIES
        hops = [hop.strip() for hop in request.headers.get("X-Forwarded-For", "").split(",") if hop.strip()]
        if proxies and len(hops) >= proxies:
            request.META["REMOTE_ADDR"] = hops[-proxies]
        return self.get_response(request)


class LanguageMiddleware:
    """The language of the signed-in person, else of the cookie, else the product's own; never the browser's."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        _use(request.COOKIES.get(settings.LANGUAGE_COOKIE_NAME, ""))
        response = self.get_response(request)
        response.headers.setdefault("Content-Language", translation.get_language() or settings.LANGUAGE_CODE)
        return response

    def process_view(self, request: HttpRequest, view: object, args: object, kwargs: object) -> None:
        """Only here is it known who asks: the session comes after this middleware."""
        _use(getattr(request.user, "language", "") or request.COOKIES.get(settings.LANGUAGE_COOKIE_NAME, ""))


def _use(language: str) -> None:
    known = {code for code, _name in settings.LANGUAGES}
    chosen = language if language in known else settings.LANGUAGE_CODE
    if chosen != translation.get_language():
        translation.activate(chosen)


class ErrorMiddleware:
    """Gives every request an id, and answers a DomainError that a view let through with its own words."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        offered = request.headers.get("X-Request-ID", "")
        current = offered if OFFERED_ID.fullmatch(offered) else str(uuid.uuid4())
        token = request_id.set(current)
        try:
            # PostgreSQL has no text with NUL in it, so there is nothing at such an address.
            response = not_found(request, Http404()) if "\x00" in request.path else self.get_response(request)
        finally:
            request_id.reset(token)
        response.headers["X-Request-ID"] = current
        return response

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        """Refusals, and what goes by another name; anything else goes on to become a 500."""
        if isinstance(error, Renamed):
            return renamed(request, error)
        if not isinstance(error, DomainError):
            return None
        log.info("refused %s %s: %s", request.method, request.path, error.code)
        if is_api(request):
            return json_error(error.code, str(error), 400)
        return render(request, "errors/400.html", {"reason": str(error)}, status=400)


def renamed(request: HttpRequest, error: Renamed) -> HttpResponse:
    """The way to the same page under the new name; not for good, as a name may come back."""
    match = request.resolver_match
    if request.method not in {"GET", "HEAD"} or match is None:
        return not_found(request, Http404())
    address = reverse(match.view_name, kwargs={**match.kwargs, **error.renamed})
    query = request.META.get("QUERY_STRING", "")
    return HttpResponseRedirect(f"{address}?{query}" if query else address)


def is_api(request: HttpRequest) -> bool:
    """Whether the answer should be JSON."""
    return request.path.startswith(API)


def json_error(code: str, message: str, status: int) -> JsonResponse:
    """The one shape of an error of the API."""
    return JsonResponse({"error": {"code": code, "message": message, "fields": {}}}, status=status)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """handler400"""
    if is_api(request):
        return json_error("bad_request", _("The request could not be understood."), 400)
    return _bare(request, "errors/400.html", 400)


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    """handler403"""
    if is_api(request):
        return json_error("forbidden", _("Your role does not allow this."), 403)
    return render(request, "errors/403.html", {"reason": str(exception)}, status=403)


def csrf_failed(request: HttpRequest, reason: str = "") -> HttpResponse:
    """CSRF_FAILURE_VIEW"""
    if is_api(request):
        return json_error("csrf_failed", _("The request did not come from a page of this product."), 403)
    return _bare(request, "errors/csrf.html", 403)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """handler404: the same words for what is not there and for what is not yours."""
    if is_api(request):
        return json_error("not_found", _("There is nothing here."), 404)
    return render(request, "errors/404.html", status=404)


def too_many(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """429, for whoever counts requests outside the API."""
    if is_api(request):
        return json_error("throttled", _("Too many requests. Wait a little, then try again."), 429)
    return _bare(request, "errors/429.html", 429)


def server_error(request: HttpRequest) -> HttpResponse:
    """handler500: needs neither session nor database, one of which may be what failed."""
    if is_api(request):
        return json_error("server_error", _("Something went wrong on our side. Nothing was saved."), 500)
    return _bare(request, "errors/500.html", 500)


def _bare(request: HttpRequest, template: str, status: int, **context: Any) -> HttpResponse:
    # Without the request no context processor runs, and none can fail.
    return render(None, template, {"request_id": request_id.get(), **context}, status=status)
