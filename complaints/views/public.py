"""The public form: a complaint without a sign-in, in both languages, and the page that answers with its number.

No page sets a cookie or needs one. A form carries a signed key of its page in place of a session's token: it cannot be
sent from elsewhere without having been loaded from here, and what is sent twice counts once.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any
from uuid import UUID, uuid4

from django.conf import settings
from django.core import signing
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import translation
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_http_methods

from complaints.forms.public import KEY_FOR, PublicForm, fresh_key, read_key
from complaints.models import Complaint
from complaints.queries.clocks import clock_rules_on
from complaints.services.public import complain_publicly
from core.clock import now, today
from core.errors import DomainError
from core.middleware import too_many
from servicing.queries.surveys import bank_name
from servicing.services.visits import TooManyVisits, count_visit

INVALID = 422
DONE = "complaints.public.done"
View = Callable[..., HttpResponse]


def for_anybody(view: View) -> View:
    """A page without sign-in: counted, in the language asked for, never kept or named to other sites."""

    @wraps(view)
    def open_page(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            count_visit(page="complain", visitor=_visitor(request))
        except TooManyVisits:
            return too_many(request)
        asked, known = request.GET.get("lang", ""), {code for code, _name in settings.LANGUAGES}
        with translation.override(asked if asked in known else translation.get_language()):
            response = view(request, *args, **kwargs)
            response.headers["Content-Language"] = translation.get_language() or settings.LANGUAGE_CODE
        response.headers["Referrer-Policy"] = "no-referrer"
        return response

    return csrf_exempt(never_cache(open_page))


def _visitor(request: HttpRequest) -> str:
    return str(request.META.get("REMOTE_ADDR", ""))


def _page(request: HttpRequest, template: str, context: dict[str, Any], status: int = 200) -> HttpResponse:
    language = translation.get_language() or settings.LANGUAGE_CODE
    shown = {**context, "bank": bank_name(), "language": language, "languages": settings.LANGUAGES}
    return render(request, template, shown, status=status)


@for_anybody
@require_http_methods(["GET", "HEAD", "POST"])
def public(request: HttpRequest) -> HttpResponse:
    """Write a complaint. Staff may, too: whoever is signed in here leaves no name on it."""
    form = PublicForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        made = _sent(request, form)
        if made:
            done = reverse("complaints:public_done", args=[signing.dumps(made.number, salt=DONE)])
            return redirect(f"{done}?lang={translation.get_language()}")
    sent = form.data.get("key", "") if form.is_bound else ""
    rules = clock_rules_on(today())
    most = rules.statutory_days + rules.complex_days + rules.special_days
    context = {"form": form, "rules": rules, "most": most, "key": sent if read_key(sent) else fresh_key(str(uuid4()))}
    return _page(request, "complaints/public.html", context, status=INVALID if form.errors else 200)


def _sent(request: HttpRequest, form: PublicForm) -> Complaint | None:
    values = {name: form.cleaned_data[name] for name in ("branch", "category", "account", "wanted", "name", "phone")}
    try:
        return complain_publicly(
            **values,
            anonymous=form.cleaned_data["anonymous"],
            about_head=form.cleaned_data["about_head"],
            visitor=_visitor(request),
            once=UUID(read_key(form.cleaned_data["key"])),
            at=now(),
        )
    except DomainError as error:
        form.add_error(None, str(error))
        return None


@for_anybody
@require_GET
def public_done(request: HttpRequest, token: str) -> HttpResponse:
    """The number of what was just sent, and by when the bank answers; whoever holds no token learns nothing."""
    try:
        number = signing.loads(token, salt=DONE, max_age=KEY_FOR)
    except signing.BadSignature:
        raise Http404 from None
    due_on = Complaint.everything.filter(number=number).values_list("due_on", flat=True).first()
    return _page(request, "complaints/public_done.html", {"number": number, "due_on": due_on})
