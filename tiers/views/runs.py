"""What re-tierings did: the list of runs, and one of them. Counts only, so that administrators may see them too."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from staff.access import CUSTOMER_ROLES, has_role, roles
from tiers import queries
from tiers.filters import RUNS
from tiers.views.policy import READERS


@roles(*READERS)
@require_GET
def run_list(request: HttpRequest) -> HttpResponse:
    """All re-tierings, newest first."""
    context = {"listing": RUNS.show(request, queries.runs()), "page_title": _("Re-tierings")}
    return render(request, "tiers/runs.html", context)


@roles(*READERS)
@require_GET
def run_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """One re-tiering: who moved in numbers, and how many are in each tier beside the run before."""
    run = get_object_or_404(queries.runs(), pk=pk)
    title = _("Re-tiering of %(day)s") % {"day": run.on.isoformat()}
    movers = f"{reverse('tiers:movers')}?since={run.on}&until={run.on}"
    context = {
        "run": run,
        "done_with": run.job.business_day if run.job and run.job.business_day != run.on else None,
        "seconds": queries.seconds_of(run),
        "heads": queries.heads_of_run(run),
        "movers_url": movers if has_role(request.user, *CUSTOMER_ROLES) else "",
        "page_title": title,
        "crumbs": [{"label": _("Re-tierings"), "url": reverse("tiers:runs")}, {"label": title}],
    }
    return render(request, "tiers/run.html", context)
