"""The bridge of average daily balances: why a unit grew or shrank, each bar with its customers (K03, B14)."""

from collections.abc import Sequence

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from core.pages import BadQuery
from core.sql import any_of
from customers.models import CustomerPosition
from insights.enums import BridgePart
from insights.filters.bridge import BRIDGE_ROWS
from insights.queries.attached import amount_of
from insights.queries.bridge import Line, Unit, lines_of
from insights.views.bridge_asked import Asked, asked_of, form_of
from insights.views.bridge_board import board_of, said
from insights.views.links import link
from staff.access import BOOK_KEEPERS, HEADS, roles
from staff.models import User

READERS = (*BOOK_KEEPERS, *HEADS)


@roles(*READERS)
@require_GET
def bridge(request: HttpRequest) -> HttpResponse:
    """A unit and two months to choose, the bridge between them, and that of each manager or unit below."""
    form = form_of(request)
    asked = asked_of(form, request.user) if form else None
    context = {
        "page_title": _("ADB bridge"),
        "page_subtitle": said(asked) if asked else "",
        "form": form,
        "asked": asked,
        "board": board_of(asked) if asked else None,
    }
    return render(request, "insights/bridge.html", context)


@roles(*READERS)
@require_GET
def bridge_widget(request: HttpRequest) -> HttpResponse:
    """The bridge of the running month, for a board; `unit` for another than the person's own."""
    form = form_of(request)
    asked = asked_of(form, request.user) if form else None
    board = board_of(asked, has_rows=False) if asked else None
    context = {"board": board, "said": said(asked) if asked else ""}
    context["url"] = link("insights:bridge", **asked.params) if asked else link("insights:bridge")
    return render(request, "insights/_bridge_widget.html", context)


@roles(*READERS)
@require_GET
def bridge_rows(request: HttpRequest) -> HttpResponse:
    """The customers of a bar, those that count most first."""
    asked, part, rows = bar_of(request)
    context = {
        "listing": BRIDGE_ROWS.show(request, rows, amounts=True),
        "export": "insights:bridge_export",
        "page_title": _("ADB bridge: %(part)s") % {"part": part.label},
        "page_subtitle": said(asked) if asked else "",
        "needs_branch": asked is not None and asked.unit is None,
        "back": link("insights:bridge", **asked.params) if asked else link("insights:bridge"),
        "back_label": _("ADB bridge"),
    }
    return render(request, "insights/truth_rows.html", context)


def bar_of(request: HttpRequest) -> tuple[Asked | None, BridgePart, QuerySet[CustomerPosition]]:
    """Whose bar an address asks for, which, and its customers. Raises BadQuery."""
    form = form_of(request)
    asked = asked_of(form, request.user) if form else None
    part = request.GET.get("part", BridgePart.CLOSING)
    if form is not None and (asked is None or part not in BridgePart.values):
        raise BadQuery()
    chosen = BridgePart(part) if part in BridgePart.values else BridgePart.CLOSING
    unit = asked.unit if asked and asked.opens(chosen) else None
    lines = lines_of(unit, asked.span) if asked and unit else []
    return asked, chosen, _customers(request.user, unit, lines, chosen)


def _customers(viewer: User, unit: Unit | None, lines: Sequence[Line], part: BridgePart) -> QuerySet[CustomerPosition]:
    """Positions in sight that count in a bar, with `part`, `opening`, `closing`, `left_amount` and `size` in yuan."""
    amounts = {line.customer_id: getattr(line.parts(unit.has), part) for line in lines if unit}
    found = {key: amount for key, amount in amounts.items() if amount}
    counted = [line for line in lines if line.customer_id in found]
    rows = CustomerPosition.objects.visible_to(viewer).filter(any_of("customer_id", found))
    return rows.select_related("customer", "branch", "manager").annotate(
        part=amount_of(found),
        size=amount_of({key: abs(amount) for key, amount in found.items()}),
        opening=amount_of({line.customer_id: line.opening for line in counted}),
        closing=amount_of({line.customer_id: line.now.adb for line in counted}),
        left_amount=amount_of({line.customer_id: line.left for line in counted if line.left}),
    )
