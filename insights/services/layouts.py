"""Writes of boards' layouts: a person's own order, and back to the usual one."""

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from core import trail
from core.errors import DomainError
from insights.enums import BoardKind
from insights.models import BoardLayout
from insights.rules.layouts import Place
from staff.models import User

SUBJECT = "insights.boardlayout"


class NothingShown(DomainError):
    """A board without anything on it."""

    code = "nothing_shown"
    message = _("Leave at least one part on the board.")


@transaction.atomic
def arrange_board(*, board: BoardKind, places: Sequence[Place], actor: User, at: datetime) -> BoardLayout:
    """Keep a person's own order of a kind of board. Raises NothingShown."""
    if not any(place.is_shown for place in places):
        raise NothingShown()
    widgets = [[place.code, place.is_shown] for place in places]
    layout, _made = BoardLayout.objects.update_or_create(
        user=actor, board=board, defaults={"widgets": widgets, "changed_at": at}
    )
    shown = [place.code for place in places if place.is_shown]
    _record(board, actor, at, {"shown": [None, ", ".join(shown)]})
    return layout


@transaction.atomic
def reset_board(*, board: BoardKind, actor: User, at: datetime) -> None:
    """Go back to the board as it was built; nothing happens when it stands so already."""
    gone, _kinds = BoardLayout.objects.filter(user=actor, board=board).delete()
    if gone:
        _record(board, actor, at, {"shown": ["own", "usual"]})


def _record(board: BoardKind, actor: User, at: datetime, changes: dict[str, list[object]]) -> None:
    trail.record(actor=actor.actor, action="change", subject=SUBJECT, subject_id=board.value, at=at, changes=changes)
