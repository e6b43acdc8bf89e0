"""Supervision: its plans, their draws, and how far scorers agree."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import get_language, gettext_lazy, ngettext
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from core.clock import now, today
from core.errors import DomainError
from insights.filters.supervision import (
    PLANS,
    plan_state,
    tiles,
)
from insights.forms.supervision import PlanForm
from insights.queries.supervision import draw_again
from insights.services.supervision import draw_plan
from staff.access import roles
from staff.enums.supervision import CheckArea, CheckState, PlanKind, PlanState
from staff.models import Branch, CheckPlan
from staff.queries import supervision as queries
from staff.services import supervision as services

INVALID = 422  # htmx shows forms with errors under this status
MINUTE = "%Y-%m-%d %H:%M"
BAND_WORDS = {
    "very_strong": gettext_lazy("nearly complete"),
    "strong": gettext_lazy("strong"),
    "moderate": gettext_lazy("moderate"),
    "fair": gettext_lazy("fair"),
    "slight": gettext_lazy("slight"),
    "none": gettext_lazy("worse than chance"),
}


@roles(*queries.OVERSEERS)
@require_GET
def supervision(request: HttpRequest) -> HttpResponse:
    """What waits, how far scorers agree in each area, and the plans."""
    checks = queries.checks_for(request.user)
    context = {
        "listing": PLANS.show(request, queries.plans_for(request.user)),
        "tiles": list(tiles(request)),
        "lines": [
            (area.label, queries.agreement_of(checks.filter(draw__plan__area=area))[0], area.value)
            for area in CheckArea
        ],
        "bands": BAND_WORDS,
        "page_title": _("Supervision"),
    }
    return render(request, "insights/supervision.html", context)


@roles(*queries.OVERSEERS)
@require_http_methods(["GET", "HEAD", "POST"])
def supervision_plan_new(request: HttpRequest) -> HttpResponse:
    """Make a plan."""
    units = queries.units_to_check(request.user)
    wanted = (request.POST or request.GET).get("unit", "")
    unit: Branch = units.filter(code=wanted).first() or request.user.branch
    typed = {name: request.GET[name] for name in request.GET if name in PlanForm.base_fields}
    typed |= {"scorers": request.GET.getlist("scorers")}
    form = PlanForm(request.POST or None, user=request.user, units=units, unit=unit, typed=typed)
    if request.method == "POST" and form.is_valid():
        try:
            plan = services.make_plan(facts=form.facts(), actor=request.user, at=now())
        except DomainError as error:
            form.add_error(None, str(error))
        else:
            return redirect(plan)
    title = _("New plan")
    context = {"form": form, "page_title": title, "crumbs": crumbs(title), "back": reverse("insights:supervision")}
    return render(request, "insights/supervision_plan_form.html", context, status=INVALID if form.errors else 200)


@roles(*queries.OVERSEERS)
@require_GET
def supervision_plan(request: HttpRequest, pk: int) -> HttpResponse:
    """One plan: its draws with their seeds, its checks, and how far its scorers agree."""
    plan = _plan(request, pk)
    checks = queries.checks_for(request.user).filter(draw__plan=plan)
    draws = list(queries.draws_for(request.user).filter(plan=plan).order_by("-first"))
    criteria = [str(line["code"]) for line in draws[0].criteria] if draws else []
    language = get_language() or ""
    lines = queries.agreement_of(checks, criteria)
    context = {
        "plan": plan,
        "state": plan_state(plan),
        "facts": list(_facts(plan)),
        "gone": [one.name for one in queries.gone_scorers(plan)],
        "draws": draws,
        "counts": list(_counts(plan, checks)),
        "lines": [(draws[0].name_of(line.code, language) if line.code else _("All criteria"), line) for line in lines],
        "bands": BAND_WORDS,
        "may_draw": plan.state == PlanState.ACTIVE and (plan.kind == PlanKind.REGULAR or not draws),
        "may_end": plan.state == PlanState.ACTIVE,
        "page_title": plan.name,
        "crumbs": crumbs(plan.name),
    }
    return render(request, "insights/supervision_plan.html", context)


@roles(*queries.OVERSEERS)
@require_POST
def supervision_draw(request: HttpRequest, pk: int) -> HttpResponse:
    """Draw what is to be drawn now; the seed is logged first."""
    plan = _plan(request, pk)
    try:
        until = today() - timedelta(days=1)
        count = draw_plan(plan=plan, until=until, actor=request.user.actor, at=now())
    except DomainError as error:
        messages.error(request, str(error))
    else:
        words = ngettext("%(n)s record was drawn.", "%(n)s records were drawn.", count) % {"n": count}
        messages.success(request, words)
    return redirect(plan)


@roles(*queries.OVERSEERS)
@require_POST
def supervision_end(request: HttpRequest, pk: int) -> HttpResponse:
    """End a plan."""
    plan = _plan(request, pk)
    try:
        services.end_plan(plan=plan, actor=request.user, at=now())
    except DomainError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("Ended; nothing more is drawn by it."))
    return redirect(plan)


@roles(*queries.OVERSEERS)
@require_GET
def supervision_redraw(request: HttpRequest, pk: int) -> HttpResponse:
    """A draw done again from its seed and the list it was drawn from, as a fragment."""
    draw = get_object_or_404(queries.draws_for(request.user).exclude(drawn_at=None), pk=pk)
    return render(request, "insights/_supervision_redrawn.html", {"draw": draw, "again": draw_again(draw)})


def crumbs(*titles: str) -> list[dict[str, str]]:
    """The way to a page of supervision."""
    return [{"label": _("Supervision"), "url": reverse("insights:supervision")}, *({"label": one} for one in titles)]


def _plan(request: HttpRequest, pk: int) -> CheckPlan:
    return get_object_or_404(queries.plans_for(request.user), pk=pk)


def _facts(plan: CheckPlan) -> Iterator[dict[str, Any]]:
    yield {"label": _("Area"), "value": plan.get_area_display()}
    yield {"label": _("Kind"), "value": plan.get_kind_display()}
    yield {"label": _("Units"), "value": plan.unit.name}
    yield {"label": _("From"), "value": plan.starts_on, "kind": "date"}
    if plan.ends_on:
        yield {"label": _("Last day"), "value": plan.ends_on, "kind": "date"}
    yield {"label": _("Records a unit"), "value": plan.per_unit}
    yield {"label": _("Of these weighted by risk, %"), "value": plan.risk_percent}
    scorers = ", ".join(plan.scorers.order_by("name").values_list("name", flat=True))
    yield {"label": _("Scorers"), "value": scorers}
    yield {"label": _("Made by"), "value": plan.created_by.name}


def _counts(plan: CheckPlan, checks: Any) -> Iterator[dict[str, str]]:
    url = f"{reverse('insights:supervision_checks')}?plan={plan.pk}"
    found = dict(checks.order_by().values_list("state").annotate(n=Count("pk")))
    for state in CheckState:
        yield {"label": str(state.label), "value": f"{found.get(state, 0):,}", "url": f"{url}&state={state.value}"}
