"""The board: live cases as cards by state, moved by dragging or by the menu on each card."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from complaints.enums import CaseState, Move
from complaints.filters.boards import BoardFilter
from complaints.filters.inbox import grade_cell
from complaints.models import Complaint
from complaints.models.cases import ComplaintQuerySet
from complaints.queries import boards as queries
from complaints.queries.cases import moves_for
from complaints.queries.clocks import ClockState, clocks_of
from complaints.queries.inbox import cases_for
from complaints.services import cases as services
from core.clock import now, today
from core.errors import DomainError
from core.pages import BadQuery
from core.pages.state import CURSOR
from staff.access import CUSTOMER_ROLES, roles
from staff.models import User

# Moves that need no words; every other one is taken on the page of the case.
DECIDING = (Move.PROPOSE, Move.SEND_BACK, Move.ANSWER, Move.CLOSE)
DIRECT = {Move.ACCEPT: services.accept, Move.INVESTIGATE: services.investigate}


@dataclass(frozen=True, slots=True)
class Step:
    """A move as the menu of a card has it: sent at once, or (`is_link`) taken on the page at `url`."""

    label: str
    url: str
    lands_in: str
    is_link: bool


@dataclass(frozen=True, slots=True)
class Card:
    """A case on the board: its next deadline, and what this person may do with it now."""

    case: Complaint
    next: ClockState | None
    steps: tuple[Step, ...]

    @property
    def grade_tone(self) -> str:
        """The colour of how serious it is."""
        return grade_cell(self.case).tone


@dataclass(frozen=True, slots=True)
class Lane:
    """A column: a state, how many cases stand there, the first cards, and where all and more of them are."""

    state: CaseState
    count: int
    cards: tuple[Card, ...]
    url: str
    more_url: str


@roles(*CUSTOMER_ROLES)
@require_GET
def board(request: HttpRequest) -> HttpResponse:
    """The whole board, or for htmx its lanes alone."""
    return _answer(request)


@roles(*CUSTOMER_ROLES)
@require_GET
def board_lane(request: HttpRequest, state: str) -> HttpResponse:
    """The next cards of one lane."""
    if state not in queries.STATES:
        raise Http404
    params = request.GET.copy()
    cursor = params.pop(CURSOR, [""])[-1]
    rows = _filtered(request, params).qs
    cards = queries.cards_of(rows, CaseState(state), cursor)
    lane = _lane(request.user, cards, len(cards.cases), params)
    return render(request, "complaints/_board_cards.html", {"lane": lane, "query": params.urlencode()})


@roles(*CUSTOMER_ROLES)
@require_POST
def board_move(request: HttpRequest, number: str, move: str) -> HttpResponse:
    """Take a move that needs no words, and show the board as it stands then."""
    case = get_object_or_404(Complaint.objects.visible_to(request.user), number=number)
    if move not in DIRECT:
        raise Http404
    said, is_bad = _taken(partial(DIRECT[Move(move)], complaint=case, actor=request.user, at=now())), False
    if said is None:
        words = _("%(number)s: %(move)s, done.") % {"number": case.number, "move": Move(move).label}
    else:
        words, is_bad = f"{case.number}: {said}", True
    if request.htmx:
        return _answer(request, said=words, is_bad=is_bad)
    (messages.error if is_bad else messages.success)(request, words)
    return redirect(f"{reverse('complaints:board')}?{request.GET.urlencode()}")


def _taken(doing: Any) -> str | None:
    """What was said against it; None when it was done."""
    try:
        doing()
    except DomainError as error:
        return str(error)
    return None


def _answer(request: HttpRequest, *, said: str = "", is_bad: bool = False) -> HttpResponse:
    filterset = _filtered(request, request.GET)
    rows = filterset.qs if filterset.is_valid() else cases_for(request.user).none()
    query = request.GET.urlencode()
    context = {
        "lanes": list(_lanes(request.user, rows, request.GET)),
        "query": query,
        "said": said,
        "is_bad": is_bad,
        "form": filterset.form,
        "action": reverse("complaints:board"),
        "inbox_url": f"{reverse('complaints:inbox')}?{urlencode({**_plain(request.GET), 'state': 'live'})}",
        "page_title": _("Board of complaints"),
    }
    page = "complaints/_board.html" if request.htmx and not request.htmx.boosted else "complaints/board.html"
    return render(request, page, context)


def _filtered(request: HttpRequest, params: QueryDict) -> BoardFilter:
    """The cases of the board's filters. Raises BadQuery for parameters it does not have."""
    found = BoardFilter(params, cases_for(request.user), request=request)
    if set(params) - set(found.form.fields):
        raise BadQuery()
    return found


def _lanes(user: User, rows: ComplaintQuerySet, params: QueryDict) -> Iterator[Lane]:
    counts = queries.counts_by_state(rows)
    for state in queries.STATES:
        count = counts.get(state, 0)
        cards = queries.cards_of(rows, state) if count else queries.Cards(state, (), "")
        yield _lane(user, cards, count, params)


def _lane(user: User, cards: queries.Cards, count: int, params: QueryDict) -> Lane:
    kept = _plain(params)
    more = {**kept, CURSOR: cards.next}
    return Lane(
        cards.state,
        count,
        tuple(_card(user, case) for case in cards.cases),
        f"{reverse('complaints:inbox')}?{urlencode({**kept, 'state': cards.state})}",
        f"{reverse('complaints:board_lane', args=[cards.state])}?{urlencode(more)}" if cards.next else "",
    )


def _card(user: User, case: Complaint) -> Card:
    return Card(case, clocks_of(case, day=today()).next, tuple(_step(case, move) for move in moves_for(user, case)))


def _step(case: Complaint, move: Move) -> Step:
    lands_in = queries.lands_in(move, CaseState(case.state)) or ""
    if move in DIRECT:
        url = reverse("complaints:board_move", args=[case.number, move])
        return Step(str(move.label), url, lands_in, is_link=False)
    place = "#decision" if move in DECIDING else ""
    return Step(str(move.label), f"{case.get_absolute_url()}{place}", lands_in, is_link=True)


def _plain(params: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in params.items() if value}
