"""Several cases to one handler: what would change and what not, then the act."""

from collections import Counter
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from complaints.filters.inbox import INBOX, LEADERS
from complaints.forms.inbox import SeveralForm
from complaints.models import Complaint
from complaints.queries.cases import may_lead
from complaints.queries.inbox import cases_for, handlers_of
from complaints.rules.moves import LIVE
from complaints.services.several import MOST, assign_several
from core.clock import now
from core.pages.selection import MATCHING, SELECTED, chosen_rows, read_selection
from staff.access import roles

SAMPLE = 20
INVALID = 422  # htmx shows forms with errors under this status


@roles(*LEADERS)
@require_POST
def assign(request: HttpRequest) -> HttpResponse:
    """Give the chosen cases to one person of their desk."""
    chosen = read_selection(request.POST)
    found = chosen_rows(INBOX, chosen, cases_for(request.user), key="number", amounts=False, request=request)
    cases = list(found.rows[: MOST + 1])
    going = [case for case in cases if case.state in LIVE and may_lead(request.user, case)]
    people = handlers_of(going)
    form = SeveralForm(request.POST if "handler" in request.POST else None, people=people)
    if form.is_valid() and len(cases) <= MOST:
        return _done(request, going, form.cleaned_data["handler"])
    hidden = [(MATCHING, chosen.query)] if chosen.is_query else [(SELECTED, number) for number in chosen.numbers]
    context = {
        "form": form,
        "hidden": hidden,
        "missing": len(found.missing),
        "count": len(cases),
        "changing": len(going),
        "sample": going[:SAMPLE],
        "more": max(0, len(going) - SAMPLE),
        "most": MOST,
        "is_too_many": len(cases) > MOST,
        **_named(),
    }
    return render(request, "complaints/several.html", context, status=INVALID if form.errors else 200)


def _done(request: HttpRequest, cases: list[Complaint], handler: Any) -> HttpResponse:
    found = assign_several(cases=cases, handler=handler, actor=request.user, at=now())
    refusals = Counter(found.refused.values()).most_common()
    context = {"count": len(found.done), "handler": handler, "refusals": refusals, **_named()}
    return render(request, "complaints/several_done.html", context)


def _named() -> dict[str, Any]:
    title = _("Give to a handler")
    crumbs = [{"label": _("Complaints"), "url": reverse("complaints:inbox")}, {"label": title}]
    return {"page_title": title, "crumbs": crumbs}
