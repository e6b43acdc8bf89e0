"""Asking for a list as a file: what would be taken, and the request for it. One page for the lists of all apps."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import get_language, override
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from core.clock import now
from core.errors import DomainError
from core.exporting import Cut, ExportForm, ListSource, cut_list
from core.pages import Chosen, State, read_selection, read_state, write_state
from staff.access import roles, scope_of
from staff.queries import export_limits
from staff.services import exports

INVALID = 422  # htmx shows forms with errors under this status


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody wants of a list: the rows ticked, else those of the filters, by the state's order and columns."""

    source: ListSource
    chosen: Chosen
    state: State
    amounts: bool

    def cut(self, user: Any) -> Cut:
        """The list as this person would be given it now. Raises BadQuery."""
        return cut_list(
            self.source,
            user=user,
            amounts=self.amounts,
            query=self.state.query,
            columns=self.state.columns,
            numbers=self.chosen.numbers,
        )

    def asked(self, user: Any, count: int) -> exports.Asked:
        """The wish as a request keeps it, in words of every language: whoever approves may read another one."""
        words = {}
        for language, _name in settings.LANGUAGES:
            with override(language):
                words[language] = self._said(self.cut(user))
        return exports.Asked(self.source.key, self.state.query, self.chosen.numbers, self._keys(user), words, count)

    def _keys(self, user: Any) -> tuple[str, ...]:
        """The columns by name; none where a list always has the same. The number leads every file unasked."""
        if not self.source.page.list_key:
            return ()
        number, named = self.source.number.key, self.state.columns
        return tuple(column.key for column in self.cut(user).columns if column.key != number or number in named)

    def _said(self, cut: Cut) -> dict[str, Any]:
        return {
            "list": str(self.source.page.caption),
            "columns": [str(column.label) for column in cut.columns],
            "filters": [list(pair) for pair in cut.filters],
        }


def read_wish(request: HttpRequest, source: ListSource, *, amounts: bool) -> Wish:
    """What was sent: of a list's filters (GET), or of rows ticked in it or all that match (POST). Raises BadQuery."""
    if request.method != "POST":
        return Wish(source, Chosen((), ""), read_state(request.GET.urlencode()), amounts)
    chosen = read_selection(request.POST)
    sent = chosen.query if chosen.is_query else request.POST.get("state", "")
    return Wish(source, chosen, read_state(sent), amounts)


def list_export(source: ListSource, list_name: str) -> Callable[[HttpRequest], HttpResponse]:
    """The view that asks for a list as a file; `list_name` is the address of its page."""

    @roles(*source.roles)
    @require_http_methods(["GET", "HEAD", "POST"])
    def export(request: HttpRequest) -> HttpResponse:
        wish = read_wish(request, source, amounts=scope_of(request.user).amounts)
        return ask_for_file(request, wish, list_url=reverse(list_name), title=source.page.caption)

    return export


def ask_for_file(request: HttpRequest, wish: Wish, *, list_url: str, title: str | Promise) -> HttpResponse:
    """The page that asks for a reason, and the way to the export once it is given."""
    cut, limits = wish.cut(request.user), export_limits(now().date())
    count = cut.count(limits.max_rows)
    form = ExportForm(request.POST if "reason" in request.POST else None)
    if form.is_bound and form.is_valid():
        try:
            export = _ask(request, form, wish.asked(request.user, count))
        except DomainError as error:
            form.add_error(None, str(error))
        else:
            return redirect("staff:export_detail", export.pk)
    back = f"{list_url}?{write_state(wish.state)}"
    context = {
        "form": form,
        "cut": cut,
        "count": count,
        "limits": limits,
        "chosen": wish.chosen,
        "state": write_state(wish.state),
        "back": back,
        "action": request.path,
        "page_title": _("Export"),
        "crumbs": [{"label": title, "url": back}, {"label": _("Export")}],
    }
    return render(request, "staff/export_ask.html", context, status=INVALID if form.errors else 200)


def _ask(request: HttpRequest, form: ExportForm, asked: exports.Asked) -> Any:
    export = exports.request_export(
        asked=asked, **form.cleaned_data, language=get_language() or "zh-hans", actor=request.user, at=now()
    )
    if export.approval_id:
        messages.info(request, _("The request was sent. Somebody has to approve it before the file is made."))
    return export
