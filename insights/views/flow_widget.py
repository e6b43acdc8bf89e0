"""Where customers went between tiers this month, for a board (K07)."""

import hashlib
from datetime import date

from django.core.cache import cache
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_GET

from insights.rules.moves import month_opening
from insights.views.links import link
from servicing.queries.contacts import units_of
from staff.access import AMOUNT_ROLES, roles, scope_of
from staff.enums import BranchKind, Reach
from staff.models import Branch, User
from tiers.enums import Way
from tiers.queries.flows import Flow, flow, run_days

KEPT_SECONDS = 600


@roles(*AMOUNT_ROLES)
@require_GET
def flow_widget(request: HttpRequest) -> HttpResponse:
    """Customers up, down, new and unchanged since the last month end; `unit` for one branch."""
    days, code = run_days(), request.GET.get("unit", "")
    unit = get_object_or_404(units_of(request.user), code=code) if code else None
    branch = unit if unit and unit.kind == BranchKind.BRANCH else None
    context: dict[str, object] = {"url": link("tiers:flows", branch=branch.code if branch else "")}
    # All in sight is the person's own unit; of another one with several branches the matrix has no figures.
    is_known = branch is not None or unit is None or unit.pk == request.user.branch_id
    if is_known and days is not None and month_opening(days.last) >= days.first:
        found = _flow(request.user, month_opening(days.last), days.last, branch, str(days.stamp))
        ways = [(way.label, f"{found.heads(way):,}") for way in (Way.UP, Way.DOWN, Way.NEW, Way.STAYED)]
        context |= {"ways": ways, "first": found.first, "last": found.last}
    return render(request, "insights/_flow_widget.html", context)


def _flow(viewer: User, first: date, last: date, branch: Branch | None, stamp: str) -> Flow:
    """Of the whole bank it takes half a second: kept until tiers change or ten minutes are over."""
    scope = scope_of(viewer)
    if branch is not None or scope.reach == Reach.BOOK:
        return flow(viewer, first, last, branch=branch)
    parts = repr([scope.reach, sorted(scope.branch_ids), first, last, stamp])
    key = f"insights.flow.{hashlib.sha256(parts.encode()).hexdigest()[:32]}"
    found: Flow | None = cache.get(key)
    if found is None:
        found = flow(viewer, first, last)
        cache.set(key, found, KEPT_SECONDS)
    return found
