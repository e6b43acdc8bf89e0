"""One place a move is done: by the table, locked, with its history and its trail entry; the database agrees."""

import pytest

from complaints.enums import CaseState, Move
from complaints.models import CaseMove
from complaints.services.states import NotAllowed, Recused, move
from core.models import TrailEntry
from tests import factories as make
from tests.factories import NOW

pytestmark = pytest.mark.django_db


def test_a_move_changes_the_state_and_leaves_history_and_trail():
    head = make.make_user(role="branch_head")
    case = make.make_complaint(branch=head.branch)
    moved = move(complaint=case, move=Move.ACCEPT, actor=head, at=NOW, note=" 受理 ", handler=head)
    case.refresh_from_db()
    assert (case.state, case.handler, moved.state) == (CaseState.ACCEPTED, head, CaseState.ACCEPTED)
    written = CaseMove.everything.filter(complaint=case, move=Move.ACCEPT).values_list(
        "from_state", "to_state", "by", "note", "due_on"
    )
    assert list(written) == [("registered", "accepted", head.pk, "受理", case.due_on)]
    entry = TrailEntry.objects.get(subject="complaints.complaint", subject_id=case.number)
    assert (entry.action, entry.actor_no) == ("accept", head.staff_no)
    with pytest.raises(NotAllowed):
        move(complaint=case, move=Move.ACCEPT, actor=head, at=NOW)


def test_whoever_is_kept_away_moves_nothing():
    head = make.make_user(role="branch_head")
    case = make.make_complaint(branch=head.branch, named=(head,))
    with pytest.raises(Recused):
        move(complaint=case, move=Move.ACCEPT, actor=head, at=NOW)
    case.refresh_from_db()
    assert case.state == CaseState.REGISTERED
