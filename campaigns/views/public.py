"""What every page behind a signed link shares: no sign-in, no cookie, the language asked for, nothing kept."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import translation
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt

from core.middleware import too_many
from servicing.queries.surveys import bank_name
from servicing.services.visits import TooManyVisits, count_visit

View = Callable[..., HttpResponse]


def for_customers(view: View) -> View:
    """A page without sign-in, in the language asked for, never kept, listed or named to others.

    Who comes by a true link is not counted: a mail server leaves for many customers from one address. `page` counts
    the others.
    """

    @wraps(view)
    def open_page(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        asked, known = request.GET.get("lang", ""), {code for code, _name in settings.LANGUAGES}
        with translation.override(asked if asked in known else translation.get_language()):
            response = view(request, *args, **kwargs)
            response.headers["Content-Language"] = translation.get_language() or settings.LANGUAGE_CODE
        response.headers["X-Robots-Tag"] = "noindex, nofollow"
        response.headers["Referrer-Policy"] = "no-referrer"
        return response

    return csrf_exempt(never_cache(open_page))


def page(request: HttpRequest, template: str, context: dict[str, Any], status: int = 200) -> HttpResponse:
    """A page for a customer, with what its frame needs."""
    language = translation.get_language() or settings.LANGUAGE_CODE
    shown = {**context, "bank": bank_name(), "language": language, "languages": settings.LANGUAGES}
    return render(request, template, shown, status=status)


def dead_link(request: HttpRequest, template: str, name: str) -> HttpResponse:
    """404 in words of a template for a link nobody signed; whoever tries many is told to wait."""
    try:
        count_visit(page=name, visitor=request.META.get("REMOTE_ADDR", ""))
    except TooManyVisits:
        return too_many(request)
    return page(request, template, {}, status=404)
