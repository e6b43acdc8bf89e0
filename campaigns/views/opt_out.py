"""The page behind "unsubscribe" in a message: one button, or one POST of a mail program (RFC 8058)."""

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_http_methods

from campaigns.queries.opt_out import customer_of, leaving_of
from campaigns.services import opt_out as services
from campaigns.views.public import dead_link, for_customers, page
from core.clock import now
from staff.access import is_staff_member


@for_customers
@require_http_methods(["GET", "HEAD", "POST"])
def opt_out(request: HttpRequest, token: str) -> HttpResponse:
    """Leave messages of one channel. Looking, as messengers do for a preview, changes nothing."""
    leaving = leaving_of(token)
    if leaving is None or customer_of(leaving) is None:
        return dead_link(request, "campaigns/opt_out_dead.html", "opt_out")
    context = {"channel": leaving.channel.label, "is_staff": is_staff_member(request.user)}
    if request.method != "POST":
        return page(request, "campaigns/opt_out.html", context)
    if context["is_staff"]:
        return page(request, "campaigns/opt_out.html", context, status=403)
    services.opt_out(leaving=leaving, at=now())
    return page(request, "campaigns/opt_out_done.html", context)
