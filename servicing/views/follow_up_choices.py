"""Several follow-ups at once: what would change and what not, then the act, then the way back."""

from collections import Counter
from collections.abc import Iterable
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from core.clock import now
from core.errors import DomainError
from core.pages import BadQuery
from core.pages.selection import MATCHING, SELECTED, chosen_rows, read_selection
from servicing.filters.follow_ups import FOLLOW_UPS, WORKERS
from servicing.forms.follow_ups import CompleteForm, ReassignForm
from servicing.models import FollowUp
from servicing.queries import follow_ups as queries
from servicing.services import follow_ups as services
from servicing.services import several
from servicing.views.follow_ups import INVALID, rows_for
from staff.access import roles

SAMPLE = 20
MOST_DIGITS = 18


@roles(*WORKERS)
@require_POST
def complete(request: HttpRequest) -> HttpResponse:
    """Mark the chosen ones as done."""
    is_sent = "outcome" in request.POST
    form = CompleteForm(request.POST if is_sent else None)
    return _step(request, form, is_sent, "complete", _("Mark as done"))


@roles(*WORKERS)
@require_POST
def reassign(request: HttpRequest) -> HttpResponse:
    """Pass the chosen ones on to one person."""
    is_sent = "owner" in request.POST
    form = ReassignForm(request.POST if is_sent else None, owners=_receivers(request))
    return _step(request, form, is_sent, "reassign", _("Pass on"))


@roles(*WORKERS)
@require_POST
def undo(request: HttpRequest) -> HttpResponse:
    """Take back what was just done to several."""
    ids = _numbers(request.POST.get("done", "").split(","))
    visible = rows_for(request.user).filter(pk__in=ids[: several.MOST]).values_list("pk", flat=True)
    found = several.undo_several(ids=list(visible), actor=request.user, at=now())
    words = ngettext("%(n)s follow-up was taken back.", "%(n)s follow-ups were taken back.", len(found.done))
    messages.success(request, words % {"n": len(found.done)})
    if found.refused:
        words = ngettext("%(n)s could not be taken back.", "%(n)s could not be taken back.", len(found.refused))
        messages.warning(request, words % {"n": len(found.refused)})
    return redirect("servicing:follow_ups")


def _receivers(request: HttpRequest) -> Any:
    """Whom several can be passed on to: people of one's unit, or of the units one heads."""
    people = queries.colleagues(request.user, request.POST.get("unit", ""), request.POST.get("owner", ""))
    return people if people.exists() else queries.colleagues(request.user, request.user.branch.code)


def _step(request: HttpRequest, form: Any, is_sent: bool, what: str, title: str) -> HttpResponse:
    """The preview of the act; the act itself once its form is sent and valid."""
    chosen, missing, hidden = _choice(request)
    if is_sent and form.is_valid():
        act = several.complete_several if what == "complete" else several.reassign_several
        try:
            found = act(ids=[row.pk for row in chosen], actor=request.user, at=now(), **form.cleaned_data)
        except DomainError as error:
            form.add_error(None, str(error))
        else:
            return render(request, "servicing/follow_ups_done.html", _result(found, title))
    changing = [row for row in chosen if not services.refusal(row, request.user)]
    context = {
        "form": form,
        "action": request.path,
        "hidden": hidden,
        "missing": missing,
        "count": len(chosen),
        "changing": len(changing),
        "sample": [(row, queries.title_of(row)) for row in changing[:SAMPLE]],
        "more": max(0, len(changing) - SAMPLE),
        "refusals": _counted(services.refusal(row, request.user) for row in chosen),
        "most": several.MOST,
        "is_too_many": len(chosen) > several.MOST,
        "page_title": title,
        "crumbs": [{"label": _("Follow-ups"), "url": reverse("servicing:follow_ups")}, {"label": title}],
    }
    return render(request, "servicing/follow_ups_choice.html", context, status=INVALID if form.errors else 200)


def _choice(request: HttpRequest) -> tuple[list[FollowUp], int, list[tuple[str, str]]]:
    """The chosen rows in sight, how many were not found, and how to say the choice again. Raises BadQuery."""
    chosen = read_selection(request.POST)
    if len(_numbers(chosen.numbers)) != len(chosen.numbers):
        raise BadQuery()
    found = chosen_rows(FOLLOW_UPS, chosen, rows_for(request.user), key="pk", amounts=False, request=request)
    hidden = [(MATCHING, chosen.query)] if chosen.is_query else [(SELECTED, number) for number in chosen.numbers]
    return list(found.rows[: several.MOST + 1]), _missing(chosen.numbers, found.rows), hidden


def _missing(numbers: Iterable[str], rows: Any) -> int:
    asked = set(_numbers(numbers))
    return len(asked - set(rows.order_by().values_list("pk", flat=True))) if asked else 0


def _numbers(texts: Iterable[str]) -> list[int]:
    return [int(text) for text in texts if text.isascii() and text.isdecimal() and len(text) <= MOST_DIGITS]


def _counted(reasons: Iterable[Any]) -> list[tuple[str, int]]:
    return Counter(str(reason) for reason in reasons if reason).most_common()


def _result(found: several.Several, title: str) -> dict[str, Any]:
    return {
        "done": found.done,
        "count": len(found.done),
        "refusals": _counted(found.refused.values()),
        "title": title,
        "page_title": title,
        "crumbs": [{"label": _("Follow-ups"), "url": reverse("servicing:follow_ups")}, {"label": title}],
    }
