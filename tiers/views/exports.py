"""Lists of tiers as files: the customers between two tiers, and the overrides."""

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from core.exporting import ListSource
from core.pages import Column
from customers.models import CustomerPosition
from staff.access import AMOUNT_ROLES, roles
from staff.exports import ask_for_file, read_wish
from staff.models import User
from tiers.filters import FLOWS, OVERRIDES
from tiers.queries.overrides import overrides_of
from tiers.views.overrides import READERS

NUMBER = Column("customer_no", gettext_lazy("Customer number"), "customer__customer_no")
UNLINKED = {"customer": "customer__name"}


def _placed(user: User) -> QuerySet[CustomerPosition]:
    return CustomerPosition.objects.visible_to(user).prefetch_related("customer", "branch", "manager")


FLOW_LIST = ListSource(key="tier_flows", page=FLOWS, rows=_placed, roles=AMOUNT_ROLES, number=NUMBER, unlinked=UNLINKED)
OVERRIDE_LIST = ListSource(
    key="overrides", page=OVERRIDES, rows=overrides_of, roles=READERS, number=NUMBER, unlinked=UNLINKED
)


@roles(*AMOUNT_ROLES)
@require_http_methods(["GET", "HEAD", "POST"])
def flow_export(request: HttpRequest) -> HttpResponse:
    """Ask for the names as a file. Ticked rows keep the list's days and tiers: its columns are about them."""
    wish = read_wish(request, FLOW_LIST, amounts=True)
    if "last=" not in wish.state.query:
        messages.warning(request, _("Choose a day first."))
        return redirect("tiers:flow_names")
    return ask_for_file(request, wish, list_url=reverse("tiers:flow_names"), title=FLOWS.caption)


@roles(*READERS)
@require_http_methods(["GET", "HEAD", "POST"])
def override_export(request: HttpRequest) -> HttpResponse:
    """Ask for the list, with its filters, order and columns, as a file."""
    wish = read_wish(request, OVERRIDE_LIST, amounts=False)
    return ask_for_file(request, wish, list_url=reverse("tiers:overrides"), title=_("Overrides"))
