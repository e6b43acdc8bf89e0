"""The inbox: complaints by their next deadline, as a page and as a file."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET

from complaints.filters.inbox import INBOX, LEADERS, tiles
from complaints.queries.inbox import cases_for
from core.exporting import ListSource
from core.pages import Column, recall
from staff.access import CUSTOMER_ROLES, has_role, roles
from staff.exports import list_export
from staff.queries import view_to_open

CASE_LIST = ListSource(
    key="complaints",
    page=INBOX,
    rows=cases_for,
    roles=CUSTOMER_ROLES,
    number=Column("number", gettext_lazy("Number")),
    unlinked={"case": "summary"},
)


@roles(*CUSTOMER_ROLES)
@require_GET
def inbox(request: HttpRequest) -> HttpResponse:
    """The cases in sight: those to be decided unless others are asked for, the next deadline first."""
    rows = cases_for(request.user)
    recall(request, INBOX, view_to_open(request.user, INBOX.list_key, request.GET), rows, amounts=False)
    context = {
        "listing": INBOX.show(request, rows),
        "tiles": list(tiles(rows)),
        "sees_statistics": has_role(request.user, *LEADERS),
        "page_title": _("Complaints"),
    }
    return render(request, "complaints/inbox.html", context)


export = list_export(CASE_LIST, "complaints:inbox")
