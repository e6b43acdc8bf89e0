"""The job console: nights, other jobs, and whether anybody is there to do them."""

from datetime import date

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from core.clock import now
from core.models import Job
from insights import gateways, services
from insights.queries import nights
from insights.rules import nights as rules
from staff.access import roles
from staff.enums import Role

READERS = (Role.ADMIN, Role.HEAD_OFFICE)


@require_GET
@roles(*READERS)
def console(request: HttpRequest) -> HttpResponse:
    """Each night's steps with their outcome, and all other jobs."""
    at = now()
    context = {
        "page_title": _("Jobs"),
        "nights": nights.nights(at=at),
        "others": [(job, nights.job_label(job), nights.is_stuck(job, at)) for job in nights.other_jobs()],
        "clock": nights.clock_state(at=at),
        "starts": rules.NIGHT_STARTS,
        "late_from": rules.LATE_FROM,
        "may_run": request.user.role == Role.ADMIN,
    }
    template = "insights/_jobs.html" if request.htmx else "insights/jobs.html"
    return render(request, template, context)


@require_GET
@roles(*READERS)
def liveness(request: HttpRequest) -> HttpResponse:
    """Whether broker and workers answer; a fragment of its own, since it may take a second."""
    return render(request, "insights/_liveness.html", {"found": gateways.liveness()})


@require_POST
@roles(Role.ADMIN)
def run_night(request: HttpRequest, day: str) -> HttpResponse:
    """Start or repeat a night; repeating one changes nothing that is right already."""
    try:
        business_day = date.fromisoformat(day)
    except ValueError:
        raise Http404 from None
    at = now()
    if business_day > at.date():
        raise Http404
    again = request.POST.get("again") == "1"
    services.start_night(business_day=business_day, actor=request.user.actor, at=at, again=again)
    messages.success(request, _("The night of %(day)s is on its way.") % {"day": day})
    return redirect("insights:jobs")


@require_POST
@roles(Role.ADMIN)
def rerun_job(request: HttpRequest, pk: int) -> HttpResponse:
    """Let a job that failed run again."""
    job = get_object_or_404(Job.objects.filter(state__in=nights.FAILED_STATES, parent=None), pk=pk)
    services.rerun(job=job, actor=request.user.actor, at=now())
    messages.success(request, _("%(job)s is on its way.") % {"job": job})
    return redirect("insights:jobs")
