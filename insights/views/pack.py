"""The hand-over pack: a printable page for the new manager."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from core.clock import today
from core.pages import numbered_page
from customers.enums import HandoverState
from customers.models import Handover
from customers.queries import ledger_day
from insights.queries.pack import MATURING_DAYS, briefs, pack_items
from staff.access import AMOUNT_ROLES, roles

PAGE = 50


@require_GET
@roles(*AMOUNT_ROLES)
def handover_pack(request: HttpRequest, pk: int) -> HttpResponse:
    """One section for each customer handed over, the most valuable first, to read or to print."""
    done = Handover.objects.visible_to(request.user).filter(state=HandoverState.DONE)
    handover = get_object_or_404(done.select_related("to_manager__branch", "from_manager"), pk=pk)
    page, pager = numbered_page(request, pack_items(handover, request.user), PAGE)
    context = {
        "handover": handover,
        "briefs": briefs(list(page.object_list), request.user, ledger_day() or today()),
        "page": page,
        "days": MATURING_DAYS,
        "pager": pager,
        "page_title": _("Hand-over pack"),
        "crumbs": [
            {"label": _("Hand-overs"), "url": reverse("customers:handovers")},
            {"label": handover.to_manager.name, "url": reverse("customers:handover", args=[pk])},
            {"label": _("Hand-over pack")},
        ],
    }
    return render(request, "insights/handover_pack.html", context)
