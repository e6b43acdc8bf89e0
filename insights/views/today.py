"""The part of a board that says whom to talk to first."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from core.clock import now
from insights.views.units import SHOWN
from servicing.queries.today import today_of
from staff.access import BOOK_KEEPERS, roles


@require_GET
@roles(*BOOK_KEEPERS)
def today_widget(request: HttpRequest) -> HttpResponse:
    """The first of one's own list of the day, and how many wait."""
    found = today_of(request.user, request.user, now(), shown=SHOWN)
    return render(request, "insights/_today_widget.html", {"today": found})
