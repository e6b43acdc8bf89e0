"""The decision of a case: proposed, approved by a second person, handed over with proof; and its letter."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import translation
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST
from django_htmx.http import HttpResponseClientRedirect

from complaints.forms.decisions import step_form
from complaints.forms.reviews import review_form
from complaints.models import Complaint, Decision, Review
from complaints.queries import decisions as queries
from complaints.queries import reviews
from complaints.queries.cases import WORKERS, cases_of
from complaints.services import decisions as services
from core import pdf
from core.clock import now, today
from core.errors import DomainError
from staff.access import roles

INVALID = 422  # htmx shows forms with errors under this status
STYLE = settings.BASE_DIR / "static" / "css" / "letter.css"
# Why a machine makes no PDF, for whoever runs it.
LACKING: dict[str, str | Promise] = {
    "weasyprint": gettext_lazy("the package WeasyPrint"),
    "pango": gettext_lazy("the library pango"),
    "font": gettext_lazy("a Chinese typeface"),
}
DONE: dict[str, str | Promise] = {
    "propose": gettext_lazy("Proposed; a second person decides."),
    "send_back": gettext_lazy("Sent back."),
    "answer": gettext_lazy("Approved. Hand the letter over and write down the proof."),
    "deliver": gettext_lazy("The proof was kept."),
    "close": gettext_lazy("The case is closed."),
}
Forms = dict[str, forms.Form]


def case_or_404(request: HttpRequest, number: str) -> Complaint:
    """A case in sight of whoever asks."""
    return get_object_or_404(cases_of(request.user), number=number)


@require_GET
@roles(*WORKERS)
def decision(request: HttpRequest, number: str) -> HttpResponse:
    """What was decided and reviewed in a case, with what may be done next: a part of its page, or a page."""
    return decision_page(request, case_or_404(request, number))


@require_POST
@roles(*WORKERS)
def decision_step(request: HttpRequest, number: str, step: str) -> HttpResponse:
    """Take one step with the decision of a case."""
    case = case_or_404(request, number)
    if step not in queries.STEPS:
        raise Http404
    form = step_form(step, case=case, decision=queries.decision_of(case), data=request.POST)
    if form.is_valid() and taken(form, lambda: _take(step, case, request, form.cleaned_data)):
        messages.success(request, DONE[step])
        return back_to_case(request, case)
    return decision_page(request, case_or_404(request, number), wrong={step: form})


def _take(step: str, case: Complaint, request: HttpRequest, values: dict[str, Any]) -> None:
    who = {"complaint": case, "actor": request.user, "at": now()}
    if step == "propose":
        services.propose(proposal=services.Proposal(**values), **who)
    else:
        getattr(services, step)(**who, **values)


def taken(form: forms.Form, doing: Callable[[], object]) -> bool:
    """Whether it went through; a refusal stands on the form."""
    try:
        doing()
    except DomainError as error:
        form.add_error(None, str(error))
        return False
    return True


def back_to_case(request: HttpRequest, case: Complaint) -> HttpResponse:
    """The page of the case anew: its state and clocks have changed with the step."""
    url = case.get_absolute_url()
    return HttpResponseClientRedirect(url) if request.htmx else redirect(url)


def decision_page(
    request: HttpRequest, case: Complaint, *, wrong: Forms | None = None, wrong_review: Forms | None = None
) -> HttpResponse:
    """The decision and the review of a case with their forms; `wrong` are forms that were refused."""
    found, asked = queries.decision_of(case), reviews.reviews_of(case).first()
    context = {
        "case": case,
        "decision": found,
        "said": queries.said_in(found, case) if found and queries.may_read(request.user, case, found) else None,
        "steps": {step: step_form(step, case=case, decision=found) for step in _open(request, case, found)}
        | (wrong or {}),
        "earlier": [
            row
            for row in queries.decisions_of(case)
            if (found is None or row.pk != found.pk) and queries.may_read(request.user, case, row)
        ],
        **_review(request, case, asked, found, wrong_review or {}),
        "page_title": _("Decision of %(number)s") % {"number": case.number},
        "crumbs": [{"label": case.number, "url": case.get_absolute_url()}, {"label": _("Decision")}],
    }
    page = "complaints/_decision.html" if request.htmx else "complaints/decision.html"
    return render(request, page, context, status=INVALID if wrong or wrong_review else 200)


def _open(request: HttpRequest, case: Complaint, found: Decision | None) -> list[str]:
    return [str(step) for step in queries.steps_for(request.user, case, found)]


def _review(
    request: HttpRequest, case: Complaint, asked: Review | None, found: Decision | None, wrong: Forms
) -> dict[str, Any]:
    """What the page says of the latest review, and what may be done about it."""
    steps = reviews.review_steps(request.user, case, asked, found)
    return {
        "review": asked,
        "review_reason": reviews.reason_of(asked, case) if asked else "",
        "review_words": reviews.words_of(asked, case) if asked else "",
        "review_clock": reviews.review_clock(asked, today()) if asked else None,
        "review_steps": {step: review_form(step, review=asked) for step in steps} | wrong,
    }


@never_cache
@require_GET
@roles(*WORKERS)
def letter(request: HttpRequest, number: str) -> HttpResponse:
    """The decision letter, to read and to print."""
    case, language = case_or_404(request, number), _language(request)
    lacking, of = pdf.lacking(), request.GET.get("of", "")
    context = {
        "case": case,
        "letter": _letter(request, case, language),
        "language": language,
        "of": of,
        "languages": settings.LANGUAGES,
        "may_pdf": not lacking,
        "lacking": LACKING.get(lacking, ""),
        "page_title": _("Decision letter of %(number)s") % {"number": case.number},
        "crumbs": [{"label": case.number, "url": case.get_absolute_url()}, {"label": _("Decision letter")}],
    }
    return render(request, "complaints/letter.html", context)


@never_cache
@require_GET
@roles(*WORKERS)
def letter_pdf(request: HttpRequest, number: str) -> HttpResponse:
    """The decision letter as a PDF file; where none can be made, the page to print."""
    case, language = case_or_404(request, number), _language(request)
    found = _letter(request, case, language)
    if pdf.lacking():
        return _without_pdf(request, case, language)
    with translation.override(language):
        page = render_to_string("complaints/letter_pdf.html", {"letter": found, "language": language})
    try:
        made = pdf.pdf_of(page, [STYLE])
    except pdf.NoPdf:
        return _without_pdf(request, case, language)
    answer = HttpResponse(made, content_type="application/pdf")
    answer["Content-Disposition"] = f'inline; filename="{case.number}.pdf"'
    return answer


def _without_pdf(request: HttpRequest, case: Complaint, language: str) -> HttpResponse:
    messages.warning(request, _("No PDF can be made on this machine: print the page instead."))
    return redirect(f"{reverse('complaints:letter', args=[case.number])}?lang={language}")


def _letter(request: HttpRequest, case: Complaint, language: str) -> queries.Letter:
    asked = request.GET.get("of", "")
    if asked:  # one that no longer counts
        number = int(asked) if asked.isdecimal() and len(asked) < 10 else 0
        found = get_object_or_404(queries.decisions_of(case), pk=number)
    else:
        found = queries.decision_of(case)
    if found is None or not queries.may_read(request.user, case, found):
        raise Http404
    return services.open_letter(complaint=case, decision=found, language=language, actor=request.user, at=now())


def _language(request: HttpRequest) -> str:
    asked, known = request.GET.get("lang", ""), {code for code, _name in settings.LANGUAGES}
    return asked if asked in known else translation.get_language() or settings.LANGUAGE_CODE
