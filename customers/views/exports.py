"""The customers list as a file: what would be taken, and the request for it."""

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import get_language, gettext_lazy, override
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from core.clock import now
from core.errors import DomainError
from core.exporting import Cut, ExportForm, ListSource, cut_list
from core.pages import Chosen, Column, State, holds_personal, read_selection, read_state, write_state
from customers import queries
from customers.filters import CUSTOMERS, PERSONAL
from customers.models import CustomerPosition
from customers.queries.lists import listed
from staff.access import CUSTOMER_ROLES, roles, scope_of
from staff.models import User
from staff.queries import export_limits
from staff.services import exports

INVALID = 422  # htmx shows forms with errors under this status


def _rows(user: User) -> QuerySet[CustomerPosition]:
    return listed(CustomerPosition.objects.visible_to(user), queries.ledger_day())


CUSTOMER_LIST = ListSource(
    key="customers",
    page=CUSTOMERS,
    rows=_rows,
    roles=CUSTOMER_ROLES,
    number=Column("customer_no", gettext_lazy("Customer number")),
    unlinked={"name": "name"},
)


@roles(*CUSTOMER_ROLES)
@require_http_methods(["GET", "HEAD", "POST"])
def customer_export(request: HttpRequest) -> HttpResponse:
    """Ask for the list as a file: of its filters (GET), or of the rows ticked in it (POST)."""
    chosen, state = _chosen(request)
    if holds_personal(state.query):
        messages.warning(request, PERSONAL)
        return redirect("customers:list")
    cut = _cut(request.user, chosen, state)
    limits = export_limits(now().date())
    count = cut.count(limits.max_rows)
    form = ExportForm(request.POST if "reason" in request.POST else None)
    if form.is_bound and form.is_valid():
        try:
            export = _ask(request, form, _asked(cut, request.user, chosen, state, count))
        except DomainError as error:
            form.add_error(None, str(error))
        else:
            return redirect("staff:export_detail", export.pk)
    context = {
        "form": form,
        "cut": cut,
        "count": count,
        "limits": limits,
        "chosen": chosen,
        "state": write_state(state),
        "back": f"{reverse('customers:list')}?{write_state(state)}",
        "page_title": _("Export"),
        "crumbs": [{"label": _("Customers"), "url": reverse("customers:list")}, {"label": _("Export")}],
    }
    return render(request, "customers/export.html", context, status=INVALID if form.errors else 200)


def _chosen(request: HttpRequest) -> tuple[Chosen, State]:
    """Rows and columns as they were sent. Of ticked rows the list's filters say nothing, its order and columns do."""
    if request.method != "POST":
        return Chosen((), ""), read_state(request.GET.urlencode())
    chosen = read_selection(request.POST)
    if chosen.is_query:
        return chosen, read_state(chosen.query)
    state = read_state(request.POST.get("state", ""))
    order = QueryDict(state.query).get("ordering", "")
    kept = QueryDict(mutable=True)
    if order:
        kept["ordering"] = order
    return chosen, State(kept.urlencode(), state.columns)


def _cut(user: Any, chosen: Chosen, state: State) -> Cut:
    amounts = scope_of(user).amounts
    return cut_list(
        CUSTOMER_LIST,
        user=user,
        amounts=amounts,
        query=state.query,
        columns=state.columns,
        numbers=chosen.numbers,
    )


def _asked(cut: Cut, user: Any, chosen: Chosen, state: State, count: int) -> exports.Asked:
    words = {}
    for language, _name in settings.LANGUAGES:  # whoever approves may read another one
        with override(language):
            words[language] = _said(_cut(user, chosen, state))
    own = [column for column in cut.columns if column.key != CUSTOMER_LIST.number.key or column.key in state.columns]
    keys = tuple(column.key for column in own)
    return exports.Asked(CUSTOMER_LIST.key, state.query, chosen.numbers, keys, words, count)


def _said(cut: Cut) -> dict[str, Any]:
    return {
        "list": str(CUSTOMERS.caption),
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
