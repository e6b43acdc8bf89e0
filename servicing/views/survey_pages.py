"""What customers see: the page behind a survey link and the kiosk at the counter. Nobody is signed in there.

No page sets a cookie or needs one: what may be done is in the address alone, so a forged form has nothing to borrow.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.conf import settings
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_http_methods

from core.clock import now, today
from core.errors import DomainError
from core.middleware import too_many
from customers.models import Customer
from servicing.forms.surveys import AnswerForm, KioskForm, KioskOpenForm
from servicing.queries import surveys as queries
from servicing.rules.surveys import said
from servicing.services import kiosk as kiosks
from servicing.services import surveys as services
from servicing.services.visits import TooManyVisits, count_answer, count_visit
from staff.access import SERVING, is_staff_member, roles

INVALID = 422
View = Callable[..., HttpResponse]


def for_customers(view: View) -> View:
    """A page without sign-in: counted, in the language asked for, never kept, listed or named to others."""

    @wraps(view)
    def open_page(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            count_visit(page=view.__name__, visitor=request.META.get("REMOTE_ADDR", ""))
        except TooManyVisits:
            return too_many(request)
        asked, known = request.GET.get("lang", ""), {code for code, _name in settings.LANGUAGES}
        with translation.override(asked if asked in known else translation.get_language()):
            response = view(request, *args, **kwargs)
            response.headers["Content-Language"] = translation.get_language() or settings.LANGUAGE_CODE
        response.headers["X-Robots-Tag"] = "noindex, nofollow"
        response.headers["Referrer-Policy"] = "no-referrer"
        return response

    return csrf_exempt(never_cache(open_page))


def _page(request: HttpRequest, template: str, context: dict[str, Any], status: int = 200) -> HttpResponse:
    language = translation.get_language() or settings.LANGUAGE_CODE
    shown = {**context, "bank": queries.bank_name(), "language": language, "languages": settings.LANGUAGES}
    return render(request, template, shown, status=status)


@for_customers
@require_http_methods(["GET", "HEAD", "POST"])
def survey_link(request: HttpRequest, token: str) -> HttpResponse:
    """The page behind a link. Only an answer uses it up: looking, as messengers do for a preview, does not."""
    invitation = queries.invitation_by(token, now())
    if invitation is None:
        return _page(request, "servicing/survey_over.html", {}, status=404)
    rules, is_staff = queries.rules_of(invitation.wave, today()), is_staff_member(request.user)
    form = AnswerForm(request.POST if request.method == "POST" and not is_staff else None, rules=rules)
    if request.method == "POST" and (is_staff or form.is_valid()):
        try:
            services.answer_survey(
                token=token,
                score=0 if is_staff else form.cleaned_data["score"],
                marks={} if is_staff else form.given_marks(),
                comment="" if is_staff else form.cleaned_data["comment"],
                by_staff=is_staff,
                at=now(),
            )
        except services.LinkDead:
            return _page(request, "servicing/survey_over.html", {}, status=404)
        except services.StaffMayNotAnswer:
            return _page(request, "servicing/survey_page.html", {"is_staff": True}, status=403)
        return redirect(f"{reverse('servicing:survey_thanks')}?lang={translation.get_language()}")
    question = said(rules.recommend, translation.get_language() or "")
    context = {"form": form, "question": question, "is_staff": is_staff}
    return _page(request, "servicing/survey_page.html", context, status=INVALID if form.errors else 200)


@for_customers
@require_GET
def survey_thanks(request: HttpRequest) -> HttpResponse:
    """After an answer; it knows of none."""
    words = said(queries.survey_rules(today()).thanks, translation.get_language() or "")
    return _page(request, "servicing/survey_thanks.html", {"words": words})


@roles(*SERVING)
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def kiosk_open(request: HttpRequest) -> HttpResponse:
    """Turn this browser into the unit's kiosk: the session ends, so there is no way back but to sign in."""
    data = request.POST if request.method == "POST" else None
    form = KioskOpenForm(data, initial={"customer_no": request.GET.get("customer", "")[:32]})
    if request.method == "POST" and form.is_valid():
        key = _opened(request, form)
        if key:
            logout(request)
            response = redirect("servicing:kiosk", key)
            # Nothing of the CRM comes back by the browser's own "back".
            response.headers["Clear-Site-Data"] = '"cache"'
            return response
    wave = queries.kiosk_wave(request.user.branch)
    context = {"form": form, "wave": wave, "page_title": _("Kiosk")}
    return render(request, "servicing/kiosk_open.html", context, status=INVALID if form.errors else 200)


def _opened(request: HttpRequest, form: KioskOpenForm) -> str:
    number, customer = form.cleaned_data["customer_no"], None
    if number:
        customer = Customer.objects.visible_to(request.user).filter(customer_no=number).first()
        if customer is None:
            form.add_error("customer_no", _("You see no customer with this number."))
            return ""
    try:
        return kiosks.open_kiosk(actor=request.user, customer=customer, at=now())
    except DomainError as error:
        form.add_error("customer_no" if customer else None, str(error))
        return ""


@for_customers
@require_http_methods(["GET", "HEAD", "POST"])
def kiosk(request: HttpRequest, key: str) -> HttpResponse:
    """One question in large, and a word if somebody likes; ready for the next one by itself."""
    try:
        found = kiosks.read_kiosk(key=key, at=now())
    except kiosks.KioskOver:
        return _page(request, "servicing/kiosk_over.html", {}, status=404)
    if is_staff_member(request.user) and request.method == "POST":
        return _page(request, "servicing/kiosk_over.html", {"is_staff": True}, status=403)
    form = KioskForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            count_answer(kiosk=key)
            kiosks.answer_kiosk(key=key, **form.cleaned_data, at=now())
        except TooManyVisits:
            return too_many(request)
        except kiosks.KioskOver:  # it closed while the customer wrote
            return _page(request, "servicing/kiosk_over.html", {}, status=404)
        return redirect(f"{reverse('servicing:kiosk_thanks', args=[key])}?lang={translation.get_language()}")
    question = said(queries.rules_of(found.wave, today()).recommend, translation.get_language() or "")
    context = {"form": form, "question": question, "branch": found.branch}
    return _page(request, "servicing/kiosk.html", context, status=INVALID if form.errors else 200)


@for_customers
@require_GET
def kiosk_thanks(request: HttpRequest, key: str) -> HttpResponse:
    """Thanks, and back to the question after a moment."""
    try:
        found = kiosks.read_kiosk(key=key, at=now())
    except kiosks.KioskOver:
        return _page(request, "servicing/kiosk_over.html", {}, status=404)
    words = said(queries.rules_of(found.wave, today()).thanks, translation.get_language() or "")
    return _page(
        request, "servicing/kiosk_thanks.html", {"words": words, "next": reverse("servicing:kiosk", args=[key])}
    )
