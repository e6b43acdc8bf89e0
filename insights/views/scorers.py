"""Replacing a scorer of a plan of supervision."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from core.clock import now, today
from core.errors import DomainError
from insights.forms.scorers import ReplaceForm
from insights.views.supervision import crumbs
from staff.access import roles
from staff.queries import supervision as queries
from staff.services.supervision_scorers import replace_scorer

INVALID = 422  # htmx shows forms with errors under this status


@roles(*queries.OVERSEERS)
@require_http_methods(["GET", "HEAD", "POST"])
def scorer_replace(request: HttpRequest, pk: int) -> HttpResponse:
    """Who scores in the place of somebody who cannot: what is not marked yet passes on."""
    plan = get_object_or_404(queries.plans_for(request.user), pk=pk)
    form = ReplaceForm(request.POST if request.method == "POST" else None, plan=plan, day=today())
    if form.is_valid():
        try:
            count = replace_scorer(plan=plan, **form.cleaned_data, actor=request.user, at=now())
        except DomainError as error:
            form.add_error(None, str(error))
        else:
            words = ngettext("%(n)s check passed on.", "%(n)s checks passed on.", count) % {"n": count}
            messages.success(request, words)
            return redirect(plan)
    title = _("Replace a scorer")
    context = {"plan": plan, "form": form, "page_title": title, "crumbs": crumbs(plan.name, title)}
    return render(request, "insights/scorer_replace.html", context, status=INVALID if form.errors else 200)
