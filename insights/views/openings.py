"""Opened customer pages: the list for compliance and the auditor, and its file."""

from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET

from core.clock import today
from core.exporting import ListSource
from core.pages import Column
from insights.filters.openings import OPENINGS
from insights.queries.openings import openings_for
from insights.queries.supervision import rules_on
from staff.access import has_role, roles
from staff.enums import Role
from staff.exports import list_export


def _rows(user: Any) -> QuerySet[Any]:
    return openings_for(user, days=rules_on(today()).bounds["need_days"])


@roles(Role.COMPLIANCE, Role.AUDITOR)
@require_GET
def openings(request: HttpRequest) -> HttpResponse:
    """Who opened which customer's page, when, how often, and for what."""
    days = rules_on(today()).bounds["need_days"]
    subtitle = ngettext(
        "A business need is work of the person for the customer at most %(days)d day before or after.",
        "A business need is work of the person for the customer at most %(days)d days before or after.",
        days,
    )
    context = {
        "listing": OPENINGS.show(request, _rows(request.user)),
        "page_subtitle": subtitle % {"days": days},
        # Files are asked for on a page that auditors do not have.
        "export": "insights:openings_export" if has_role(request.user, Role.COMPLIANCE) else "",
        "page_title": _t("Opened customer pages"),
    }
    return render(request, "insights/openings.html", context)


OPENING_LIST = ListSource(
    "openings",
    OPENINGS,
    _rows,
    (Role.COMPLIANCE,),
    Column("customer_no", _("Customer number"), "customer__customer_no"),
)
openings_export = list_export(OPENING_LIST, "insights:openings")
