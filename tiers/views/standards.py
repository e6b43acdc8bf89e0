"""Service standards of the tiers, and where they are broken."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from core.clock import today
from staff.access import CUSTOMER_ROLES, EVERYONE, HEADS, has_role, roles
from staff.enums import Role
from tiers.queries import standards as queries

READERS = (Role.ADMIN, *HEADS, Role.COMPLIANCE, Role.AUDITOR)
EDITORS = (Role.ADMIN, Role.HEAD_OFFICE)
# Who may count customers: those who see some, and the administrator, who sees numbers only.
COUNTERS = (*CUSTOMER_ROLES, Role.ADMIN)


@roles(*EVERYONE)
@require_GET
def standards_page(request: HttpRequest) -> HttpResponse:
    """What each tier is promised; the counts of the person's customers come as a part of their own."""
    context = {
        "kind": queries.KIND,
        "may_read": has_role(request.user, *READERS),
        "may_edit": has_role(request.user, *EDITORS),
        "may_count": has_role(request.user, *COUNTERS),
        "page_title": _("Service standards"),
    }
    if not context["may_count"]:
        context["rows"] = [{"row": row} for row in queries.promised_by_tier(today())]
    return render(request, "tiers/standards.html", context)


@roles(*COUNTERS)
@require_GET
def standards_counts(request: HttpRequest) -> HttpResponse:
    """The same with heads and overdue contacts, each number a way to the names."""
    is_linked = has_role(request.user, *CUSTOMER_ROLES)
    rows = [
        {"row": row, "heads_url": _names(row) if is_linked else "", "overdue_url": _names(row, late=True)}
        for row in queries.service_by_tier(request.user, today())
    ]
    context: dict[str, Any] = {"rows": rows, "counted": True, "is_linked": is_linked}
    return render(request, "tiers/standards_counts.html", context)


def _names(row: queries.TierService, *, late: bool = False) -> str:
    """The customers behind a number, in the customers list."""
    asked = {"tier": row.band.rank} | ({"waited": row.waited} if late else {})
    return f"{reverse('customers:list')}?{urlencode(asked)}"
