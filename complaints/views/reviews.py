"""Reviews by the upper level: the list of those that wait, and the steps of one."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_POST

from complaints.enums import ReviewState
from complaints.filters.reviews import REVIEWS
from complaints.forms.reviews import review_form
from complaints.models import Complaint, Review
from complaints.queries import reviews as queries
from complaints.queries.cases import LEADERS, WORKERS
from complaints.services import reviews as services
from complaints.views.decisions import back_to_case, case_or_404, decision_page, taken
from core.clock import now
from staff.access import roles

DONE: dict[str, str | Promise] = {
    "ask": gettext_lazy("Written down; the upper unit was told."),
    "assign": gettext_lazy("The reviewer was told."),
    "decide": gettext_lazy("The review is decided."),
    "withdraw": gettext_lazy("The review was taken back."),
}
SERVICES: dict[str, Callable[..., Review]] = {
    "assign": services.assign_reviewer,
    "decide": services.decide_review,
    "withdraw": services.withdraw_review,
}


@require_GET
@roles(*LEADERS)
def review_list(request: HttpRequest) -> HttpResponse:
    """Reviews that wait for this person's units, the first due first; and those that are over."""
    box = "over" if request.GET.get("box") == "over" else "waiting"
    rows = queries.reviews_for(request.user)
    rows = rows.exclude(state=ReviewState.ASKED) if box == "over" else rows.filter(state=ReviewState.ASKED)
    context = {"listing": REVIEWS.show(request, rows), "box": box, "page_title": _("Reviews")}
    return render(request, "complaints/reviews.html", context)


@require_POST
@roles(*WORKERS)
def review_step(request: HttpRequest, number: str, step: str) -> HttpResponse:
    """Take one step with the latest review of a case."""
    case = case_or_404(request, number)
    review = queries.reviews_of(case).first()
    if step not in DONE or (review is None and step != "ask"):
        raise Http404
    form = review_form(step, review=review, data=request.POST)
    if form.is_valid() and taken(form, lambda: _take(step, case, review, request, form.cleaned_data)):
        messages.success(request, DONE[step])
        return back_to_case(request, case)
    return decision_page(request, case_or_404(request, number), wrong_review={step: form})


def _take(step: str, case: Complaint, review: Review | None, request: HttpRequest, values: dict[str, Any]) -> None:
    who = {"actor": request.user, "at": now()}
    if step == "ask":
        services.ask_review(complaint=case, **who, **values)
    elif review is not None:
        SERVICES[step](review=review, **who, **values)
