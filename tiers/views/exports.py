"""The customers between two tiers as a file: what would be taken, and the request for it."""

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import get_language, gettext_lazy, override
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from core.clock import now
from core.errors import DomainError
from core.exporting import Cut, ExportForm, ListSource, cut_list
from core.pages import Chosen, Column, State, read_selection, read_state, write_state
from customers.models import CustomerPosition
from staff.access import AMOUNT_ROLES, roles
from staff.models import User
from staff.queries import export_limits
from staff.services import exports
from tiers.filters import FLOWS

INVALID = 422  # htmx shows forms with errors under this status


def _rows(user: User) -> QuerySet[CustomerPosition]:
    return CustomerPosition.objects.visible_to(user).prefetch_related("customer", "branch", "manager")


FLOW_LIST = ListSource(
    key="tier_flows",
    page=FLOWS,
    rows=_rows,
    roles=AMOUNT_ROLES,
    number=Column("customer_no", gettext_lazy("Customer number"), "customer__customer_no"),
    unlinked={"customer": "customer__name"},
)


@roles(*AMOUNT_ROLES)
@require_http_methods(["GET", "HEAD", "POST"])
def flow_export(request: HttpRequest) -> HttpResponse:
    """Ask for the names as a file: of its filters (GET), or of the rows ticked among them (POST)."""
    chosen, state = _chosen(request)
    if "last=" not in state.query:
        messages.warning(request, _("Choose a day first."))
        return redirect("tiers:flow_names")
    cut = _cut(request.user, chosen, state)
    limits = export_limits(now().date())
    count = cut.count(limits.max_rows)
    form = ExportForm(request.POST if "reason" in request.POST else None)
    if form.is_bound and form.is_valid():
        try:
            export = _ask(request, form, _asked(request.user, chosen, state, count))
        except DomainError as error:
            form.add_error(None, str(error))
        else:
            return redirect("staff:export_detail", export.pk)
    back = f"{reverse('tiers:flow_names')}?{write_state(state)}"
    context = {
        "form": form,
        "cut": cut,
        "count": count,
        "limits": limits,
        "chosen": chosen,
        "state": write_state(state),
        "back": back,
        "action": reverse("tiers:flow_export"),
        "page_title": _("Export"),
        "crumbs": [{"label": FLOWS.caption, "url": back}, {"label": _("Export")}],
    }
    return render(request, "customers/export.html", context, status=INVALID if form.errors else 200)


def _chosen(request: HttpRequest) -> tuple[Chosen, State]:
    """Rows and filters as they were sent. Ticked rows keep the list's days and tiers: its columns are about them."""
    if request.method != "POST":
        return Chosen((), ""), read_state(request.GET.urlencode())
    chosen = read_selection(request.POST)
    return chosen, read_state(chosen.query if chosen.is_query else request.POST.get("state", ""))


def _cut(user: Any, chosen: Chosen, state: State) -> Cut:
    return cut_list(FLOW_LIST, user=user, amounts=True, query=state.query, numbers=chosen.numbers)


def _asked(user: Any, chosen: Chosen, state: State, count: int) -> exports.Asked:
    words = {}
    for language, _name in settings.LANGUAGES:  # whoever approves may read another one
        with override(language):
            words[language] = _said(_cut(user, chosen, state))
    # The list has its usual columns only, so none are named.
    return exports.Asked(FLOW_LIST.key, state.query, chosen.numbers, (), words, count)


def _said(cut: Cut) -> dict[str, Any]:
    return {
        "list": str(FLOWS.caption),
        "columns": [str(column.label) for column in cut.columns],
        "filters": [list(pair) for pair in cut.filters],
    }


def _ask(request: HttpRequest, form: ExportForm, asked: exports.Asked) -> Any:
    export = exports.request_export(
        asked=asked, **form.cleaned_data, language=get_language() or "zh-hans", actor=request.user, at=now()
    )
    if export.approval_id:
        messages.info(request, _("The request was sent. Somebody has to approve it before the file is made."))
    return export
