"""Reads of the board: the live cases by state, in pages of cards."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from django.db.models import Count

from complaints.enums import CaseState, Move
from complaints.models import Complaint
from complaints.models.cases import ComplaintQuerySet
from complaints.rules.moves import LIVE, leads_to
from core.pages import keyset_page

CARDS: Final = 30
ORDER: Final = ("next_due_on", "-pk")
# In the order a case takes; one opened again begins anew beside those just registered.
STATES: Final = (
    CaseState.REGISTERED,
    CaseState.REOPENED,
    CaseState.ACCEPTED,
    CaseState.INVESTIGATING,
    CaseState.PROPOSED,
    CaseState.ANSWERED,
)


@dataclass(frozen=True, slots=True)
class Cards:
    """One page of a state's cases, and the marker of the next ("" = there is none)."""

    state: CaseState
    cases: Sequence[Complaint]
    next: str


def counts_by_state(rows: ComplaintQuerySet) -> Mapping[str, int]:
    """How many of the live cases stand where."""
    live = rows.filter(state__in=LIVE).order_by()
    return dict(live.values_list("state").annotate(n=Count("pk")))


def cards_of(rows: ComplaintQuerySet, state: CaseState, cursor: str = "") -> Cards:
    """The cases of a state from a page marker on, the next deadline first. Raises BadQuery for a foreign marker."""
    page = keyset_page(rows.filter(state=state), ORDER, cursor, size=CARDS, count=False)
    return Cards(state, page.rows, page.next)


def lands_in(move: Move, state: CaseState) -> CaseState | None:
    """The column a move leads to, where the board shows it."""
    after = leads_to(move, state)
    return after if after in STATES else None
