"""Models that rank whom to call: which is in use, how good each is, training one, and why a customer is ranked so."""

from collections.abc import Iterator
from typing import Any, Final

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from campaigns.enums import CallFact, ModelKind, ModelState
from campaigns.models import TrainedModel
from campaigns.queries.campaigns import READERS
from campaigns.queries.scores import explained, fits, model_in_use
from campaigns.services import learning as services
from campaigns.views.parts import crumbs
from core.clock import now, today
from core.enums import JobState
from core.errors import DomainError
from core.models import Job
from customers.models import Customer
from staff.access import BOOK_KEEPERS, HEADS, has_role, roles
from staff.enums import Role

MOST: Final = 50
TONES: Final = {ModelState.ACTIVE: "good", ModelState.CANDIDATE: "warn", ModelState.RETIRED: "neutral"}
UNFINISHED: Final = (JobState.WAITING, JobState.RUNNING)
PERCENTS: Final = {"expected_percent": "expected", "agreed_percent": "agreed_share"}
TITLE: Final = "campaigns:models"


@roles(*READERS)
@require_GET
def model_list(request: HttpRequest) -> HttpResponse:
    """The model in use, or that there is none, and all that were trained, the latest first."""
    job = Job.objects.filter(name=services.TRAIN_JOB).first()
    rows = TrainedModel.objects.select_related("trained_by").defer("weights").order_by("-pk")[:MOST]
    context = {
        "in_use": model_in_use(),
        "rows": [{"model": row, "tone": TONES[ModelState(row.state)], **_marks(row)} for row in rows],
        "job": job,
        "is_training": job is not None and job.state in UNFINISHED,
        "may_train": has_role(request.user, *HEADS),
        "facts": [fact.label for fact in CallFact],
        "page_title": _("Whom to call"),
        "crumbs": [*crumbs(), {"label": _("Whom to call")}],
    }
    return render(request, "campaigns/models.html", context)


def _marks(row: TrainedModel) -> dict[str, Any]:
    found = row.metrics.get("kinds", {}).get(row.kind, {})
    return {"auc": found.get("auc"), "lift": found.get("lift")}


@roles(*READERS)
@require_GET
def model_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """One model: both kinds tried beside each other, and what it expected beside what came."""
    row = get_object_or_404(TrainedModel.objects.select_related("trained_by", "activated_by"), pk=pk)
    is_head_office = has_role(request.user, Role.HEAD_OFFICE)
    context = {
        "row": row,
        "tone": TONES[ModelState(row.state)],
        "facts": list(_facts(row)),
        "kinds": list(_kinds(row)),
        "bands": list(_bands(row)),
        "tested_from": row.metrics.get("tested_from", ""),
        "fits": fits(row),
        "may_use": is_head_office and row.state != ModelState.ACTIVE and row.trained_by_id != request.user.pk,
        "may_retire": is_head_office and row.state == ModelState.ACTIVE,
        "page_title": _("Model of %(day)s") % {"day": f"{row.trained_on:%Y-%m-%d}"},
        "crumbs": [*crumbs(), {"label": _("Whom to call"), "url": reverse(TITLE)}, {"label": str(row.trained_on)}],
    }
    return render(request, "campaigns/model.html", context)


def _facts(row: TrainedModel) -> Iterator[dict[str, Any]]:
    yield {"label": _("Kind"), "value": row.get_kind_display()}
    yield {"label": _("Learned from"), "value": _("%(count)s calls that ended") % {"count": f"{row.row_count:,}"}}
    first, last = row.metrics.get("first_on", ""), row.metrics.get("last_on", "")
    yield {"label": _("Calls of"), "value": f"{first} – {last}"}
    yield {"label": _("Trained for"), "value": row.trained_by.name if row.trained_by else _("the command line")}
    if row.activated_by:
        yield {"label": _("Put in use by"), "value": row.activated_by.name}


def _kinds(row: TrainedModel) -> Iterator[dict[str, Any]]:
    tried = row.metrics.get("kinds", {})
    for kind in ModelKind:
        if found := tried.get(kind):
            yield {"label": kind.label, "is_chosen": kind == row.kind, **found}


def _bands(row: TrainedModel) -> Iterator[dict[str, Any]]:
    for band in row.metrics.get("bands", []):
        percents = {name: f"{band[key]:.1%}".rstrip("%") for name, key in PERCENTS.items()}
        yield {"count": band["count"], **percents}


@roles(*HEADS)
@require_POST
def model_train(request: HttpRequest) -> HttpResponse:
    """Have a model trained by a worker."""
    services.start_training(actor=request.user, at=now())
    messages.success(
        request, _("A model is being trained. It stands here when it is ready; nothing uses it by itself.")
    )
    return redirect(TITLE)


STEPS: Final = {"use": services.put_in_use, "retire": services.take_out_of_use}


@roles(Role.HEAD_OFFICE)
@require_POST
def model_step(request: HttpRequest, pk: int, step: str) -> HttpResponse:
    """Put a model in use, or take it out."""
    row = get_object_or_404(TrainedModel, pk=pk)
    if step not in STEPS:
        raise Http404
    try:
        STEPS[step](model=row, actor=request.user, at=now())
    except DomainError as error:
        messages.error(request, str(error))
    else:
        done = (
            _("Calls are ranked by this model from now on.")
            if step == "use"
            else _("Calls are ranked without a model.")
        )
        messages.success(request, done)
    return redirect("campaigns:model", pk)


@roles(*BOOK_KEEPERS, *HEADS)
@require_GET
def call_reasons(request: HttpRequest, customer_no: str) -> HttpResponse:
    """Why a customer is ranked as they are on call lists today; a part of other pages, or a page of its own."""
    customer = get_object_or_404(Customer.objects.visible_to(request.user), customer_no=customer_no)
    found = explained(customer.pk, today())
    context = {
        "customer": customer,
        "found": found,
        "percent": round(found.chance * 100) if found else None,
        "page_title": _("Why call %(name)s") % {"name": customer.name},
        "crumbs": [*crumbs(), {"label": customer.name, "url": customer.get_absolute_url()}],
    }
    return render(request, "campaigns/_call_reasons.html" if request.htmx else "campaigns/call_reasons.html", context)
