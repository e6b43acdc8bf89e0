"""Outflow warnings: the list, one warning, its verdict, and the parts other pages load."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from core.charts import Chart
from core.clock import now, today
from core.errors import DomainError
from customers.models import Customer
from customers.queries import daily_totals
from insights.charts import outflow_chart
from insights.enums import OutflowState, OutflowVerdict
from insights.filters.outflow import LOSSES, WARNINGS, counts, state_cell, tier_cells
from insights.models import OutflowWarning
from insights.queries import outflow as queries
from insights.queries.outflow_words import Said, reason_of, script_of, signs_of
from insights.rules.outflow import DAYS_SHOWN
from insights.services import outflow as services
from insights.views.links import link
from staff.access import roles, scope_of
from staff.enums import Reach

INVALID = 422  # htmx shows what is wrong under this status
SHOWN = 5
UNDO = "undo"


@dataclass(frozen=True, slots=True)
class Card:
    """A warning as a manager reads it in five seconds: who, how much, why, and what to say."""

    row: OutflowWarning
    reason: str
    signs: list[Said]
    script: str
    tier: Any
    state: Any

    @property
    def others(self) -> list[Said]:
        """The signs beside the weightiest."""
        return [sign for sign in self.signs if sign.code != self.row.main]

    @property
    def is_open(self) -> bool:
        """Still to be judged."""
        return bool(self.row.state == OutflowState.OPEN)


def _cards(rows: Any) -> Iterator[Card]:
    day, tier = today(), tier_cells()
    for row in rows:
        signs = list(signs_of(row))
        yield Card(row, reason_of(row), signs, script_of(row, day), tier(row), state_cell(row))


@roles(*queries.WORKERS)
@require_GET
def warnings(request: HttpRequest) -> HttpResponse:
    """Warnings about customers in sight; the open ones, the weightiest first, unless asked otherwise."""
    rows = queries.warnings_of(request.user)
    context = {
        "listing": WARNINGS.show(request, rows, amounts=True),
        "export": "insights:warnings_export",
        "tiles": [(label, count, f"?{query}") for label, count, query in counts(request, rows)],
        "page_title": _("Outflow warnings"),
    }
    return render(request, "insights/warnings.html", context)


@roles(*queries.WORKERS)
@require_GET
def losses(request: HttpRequest) -> HttpResponse:
    """Customers in sight whose deposits were halved within 60 days, and whether anybody had been warned."""
    title = str(LOSSES.caption)
    listing = LOSSES.show(request, queries.losses_of(request.user), amounts=True)
    crumbs = [*_crumbs(), {"label": _("How good the warnings are"), "url": reverse("insights:outflow_quality")}]
    context = {
        "listing": listing,
        "export": "insights:losses_export",
        "page_title": title,
        "crumbs": [*crumbs, {"label": title}],
    }
    return render(request, "insights/losses.html", context)


@roles(*queries.WORKERS)
@require_GET
def warning(request: HttpRequest, pk: int) -> HttpResponse:
    """One warning: why, what to say, the balance of half a year, the verdict, and earlier ones of the customer."""
    return _page(request, _row(request, pk))


@roles(*queries.WORKERS)
@require_POST
def warning_judge(request: HttpRequest, pk: int) -> HttpResponse:
    """Say in one click what it came to, or take that back."""
    row = _row(request, pk)
    verdict = request.POST.get("verdict", "")
    try:
        if verdict == UNDO:
            row = services.take_verdict_back(warning=row, actor=request.user, at=now())
        else:
            note = request.POST.get("note", "")
            row = services.judge_warning(warning=row, verdict=verdict, note=note, actor=request.user, at=now())
    except DomainError as error:
        return _answer(request, row, error=str(error))
    return _answer(request, row)


@roles(*queries.WORKERS)
@require_POST
def warning_follow_up(request: HttpRequest, pk: int) -> HttpResponse:
    """Make a pressing follow-up for the next workday, with the reason and what to say."""
    row = _row(request, pk)
    # Follow-ups are read by the counter, too: the sign by its name, without its amounts.
    title = _("Call about deposits: %(reason)s") % {"reason": row.get_main_display()}
    try:
        note = script_of(row, today())
        made = services.follow_warning_up(warning=row, title=title, note=note, actor=request.user, at=now())
    except DomainError as error:
        return _answer(request, row, error=str(error))
    messages.success(request, _("On the list of %(name)s for %(day)s.") % {"name": made.owner.name, "day": made.due_on})
    return _answer(request, _row(request, pk))


@roles(*queries.WORKERS)
@require_GET
def warnings_widget(request: HttpRequest) -> HttpResponse:
    """The weightiest open warnings in sight; a manager's with what to say; with `line` in one line."""
    rows = queries.warnings_of(request.user).open()
    ordered = rows.order_by("-score", "-balance", "-pk")
    # Found by key alone: with all that a card says, follow-ups of the whole bank were read.
    count, shown = rows.count(), ordered.filter(pk__in=ordered.values("pk")[:SHOWN])
    context = {
        **_verdicts(),
        "cards": list(_cards(shown)),
        "count": count,
        "url": link("insights:warnings"),
        "is_book": scope_of(request.user).reach == Reach.BOOK,
    }
    template = "insights/_warnings_line.html" if "line" in request.GET else "insights/_warnings_widget.html"
    return render(request, template, context)


@roles(*queries.WORKERS)
@require_GET
def warning_of_customer(request: HttpRequest, customer_no: str) -> HttpResponse:
    """The open warning of one customer, as a part of another page; nothing where there is none."""
    customer = get_object_or_404(Customer.objects.visible_to(request.user), customer_no=customer_no)
    row = queries.warnings_of(request.user).open().filter(customer=customer).first()
    card = next(_cards([row] if row else []), None)
    return render(request, "insights/_warning_of_customer.html", {**_verdicts(), "card": card})


def _row(request: HttpRequest, pk: int) -> OutflowWarning:
    return get_object_or_404(queries.warnings_of(request.user), pk=pk)


def _answer(request: HttpRequest, row: OutflowWarning, *, error: str = "") -> HttpResponse:
    """The card as it stands now; without htmx the page."""
    status = INVALID if error else 200
    if request.htmx:
        context = {**_verdicts(), "card": next(_cards([row])), "error": error}
        return render(request, "insights/_warning_answer.html", context, status=status)
    return _page(request, row, error=error) if error else redirect(row)


def _page(request: HttpRequest, row: OutflowWarning, *, error: str = "") -> HttpResponse:
    title = _("%(name)s: deposits may leave") % {"name": row.customer.name}
    earlier = queries.warnings_of(request.user).filter(customer=row.customer).exclude(pk=row.pk)
    context = {
        **_verdicts(),
        "card": next(_cards([row])),
        "chart": _chart(row),
        "earlier": list(_cards(earlier.order_by("-raised_on", "-pk")[:SHOWN])),
        "error": error,
        "page_title": title,
        "crumbs": [*_crumbs(), {"label": title}],
    }
    return render(request, "insights/warning.html", context, status=INVALID if error else 200)


def _chart(row: OutflowWarning) -> Chart:
    return outflow_chart(row, daily_totals(row.customer_id, row.seen_on - DAYS_SHOWN, row.seen_on))


def _verdicts() -> dict[str, Any]:
    return {"verdicts": OutflowVerdict.choices}


def _crumbs() -> list[dict[str, str]]:
    return [{"label": _("Outflow warnings"), "url": reverse("insights:warnings")}]
