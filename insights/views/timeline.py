"""A customer's timeline, as a tab of the customer page."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_GET

from core.pages import BadQuery
from customers.models import Customer
from insights.enums import EntryKind
from insights.queries.timeline import timeline as page_of
from insights.views.links import link
from staff.access import AMOUNT_ROLES, CUSTOMER_ROLES, has_role, roles, scope_of
from tiers import queries as tiers


@require_GET
@roles(*CUSTOMER_ROLES)
def timeline(request: HttpRequest, customer_no: str) -> HttpResponse:
    """Contacts, tier changes, balance jumps and complaints, latest first; a page at a time."""
    customer = get_object_or_404(Customer.objects.visible_to(request.user), customer_no=customer_no)
    kind, after = request.GET.get("kind", ""), request.GET.get("after", "")
    if kind not in ("", *EntryKind.values) or set(request.GET) - {"kind", "after"}:
        raise BadQuery()
    amounts = scope_of(request.user).amounts
    page = page_of(customer, request.user, kind=kind, after=after)
    bands = tiers.bands_for_display(page.entries[0].at.date()) if page.entries else []
    kinds = [k for k in EntryKind if amounts or k != EntryKind.BALANCE]
    context = {
        "customer": customer,
        "entries": page.entries,
        "names": {band.rank: tiers.tier_name(band.rank, bands) for band in bands},
        "amounts": amounts,
        "more_url": link("insights:timeline", customer_no, kind=kind, after=page.next) if page.next else "",
        "kinds": [(k.label, link("insights:timeline", customer_no, kind=k.value), k == kind) for k in kinds],
        "all_url": link("insights:timeline", customer_no),
        "kind": kind,
        "may_log": has_role(request.user, *AMOUNT_ROLES),
    }
    if after:
        return render(request, "insights/_entries.html", context)
    template = "insights/_timeline.html" if request.htmx else "insights/timeline.html"
    return render(request, template, context)
