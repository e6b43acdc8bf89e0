"""Fraud prompts that were asked: for the counter today, the head of the branch and compliance."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from core.clock import now, today
from core.errors import DomainError
from servicing.filters.referrals import FRAUD_CHECKS
from servicing.models import FraudCheck
from servicing.models.desk import FRAUD_READERS
from servicing.queries import fraud as queries
from servicing.services.fraud import show_note
from staff.access import COUNTER, has_role, roles


@require_GET
@roles(*FRAUD_READERS)
def fraud_checks(request: HttpRequest) -> HttpResponse:
    """Prompts this person may look at, the latest first."""
    context = {
        "listing": FRAUD_CHECKS.show(request, queries.checks_for(request.user, today())),
        "only_today": has_role(request.user, *COUNTER),
        "page_title": _("Fraud prompts"),
    }
    return render(request, "servicing/fraud_checks.html", context)


@require_GET
@roles(*FRAUD_READERS)
def fraud_check(request: HttpRequest, pk: int) -> HttpResponse:
    """One prompt: what was asked and answered."""
    return _page(request, _check(request, pk))


@require_POST
@roles(*FRAUD_READERS)
def fraud_note(request: HttpRequest, pk: int) -> HttpResponse:
    """Show the note of a prompt; who asked stays on the trail."""
    found = _check(request, pk)
    try:
        note = show_note(check=found, actor=request.user, at=now())
    except DomainError as error:
        return _page(request, found, error=str(error))
    response = _page(request, found, note=note)
    response["Cache-Control"] = "no-store"
    return response


def _check(request: HttpRequest, pk: int) -> FraudCheck:
    return get_object_or_404(queries.checks_for(request.user, today()), pk=pk)


def _page(request: HttpRequest, found: FraudCheck, note: str = "", error: str = "") -> HttpResponse:
    words = queries.question_words(get_language() or "")
    given = found.answers.get("given", {})
    context = {
        "check": found,
        "answers": [
            (words.get(code, code), _("Yes") if answer == "yes" else _("No")) for code, answer in given.items()
        ],
        "has_note": found.note_cipher is not None,
        "note": note,
        "error": error,
        "crumbs": [
            {"label": _("Fraud prompts"), "url": reverse("servicing:fraud_checks")},
            {"label": found.customer.name},
        ],
    }
    return render(request, "servicing/fraud_check.html", context, status=404 if error else 200)
