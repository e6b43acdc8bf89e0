"""The list of overrides as a file: what would be taken, and the request for it."""

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import get_language, gettext_lazy, override
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from core.clock import now
from core.errors import DomainError
from core.exporting import Cut, ExportForm, ListSource, cut_list
from core.pages import Column, State, read_state, write_state
from staff.access import roles
from staff.queries import export_limits
from staff.services import exports
from tiers.filters import OVERRIDES
from tiers.queries.overrides import overrides_of
from tiers.views.overrides import INVALID, READERS

OVERRIDE_LIST = ListSource(
    key="overrides",
    page=OVERRIDES,
    rows=overrides_of,
    roles=READERS,
    number=Column("customer_no", gettext_lazy("Customer number"), "customer__customer_no"),
    unlinked={"customer": "customer__name"},
)


@roles(*READERS)
@require_http_methods(["GET", "HEAD", "POST"])
def override_export(request: HttpRequest) -> HttpResponse:
    """Ask for the list, with its filters, order and columns, as a file."""
    state = read_state(request.POST.get("matching", "") if request.method == "POST" else request.GET.urlencode())
    cut, limits = _cut(request.user, state), export_limits(now().date())
    count = cut.count(limits.max_rows)
    form = ExportForm(request.POST if request.method == "POST" else None)
    if form.is_bound and form.is_valid():
        try:
            export = _ask(request, form, _asked(request.user, state, cut, count))
        except DomainError as error:
            form.add_error(None, str(error))
        else:
            return redirect("staff:export_detail", export.pk)
    back = f"{reverse('tiers:overrides')}?{write_state(state)}"
    context = {
        "form": form,
        "cut": cut,
        "count": count,
        "limits": limits,
        "state": write_state(state),
        "back": back,
        "action": reverse("tiers:override_export"),
        "page_title": _("Export"),
        "crumbs": [{"label": _("Overrides"), "url": back}, {"label": _("Export")}],
    }
    return render(request, "customers/export.html", context, status=INVALID if form.errors else 200)


def _cut(user: Any, state: State) -> Cut:
    return cut_list(OVERRIDE_LIST, user=user, amounts=False, query=state.query, columns=state.columns)


def _asked(user: Any, state: State, cut: Cut, count: int) -> exports.Asked:
    words = {}
    for language, _name in settings.LANGUAGES:  # whoever approves may read another one
        with override(language):
            words[language] = _said(_cut(user, state))
    keys = tuple(column.key for column in cut.columns if column.key != OVERRIDE_LIST.number.key)
    return exports.Asked(OVERRIDE_LIST.key, state.query, (), keys, words, count)


def _said(cut: Cut) -> dict[str, Any]:
    return {
        "list": str(OVERRIDES.caption),
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
