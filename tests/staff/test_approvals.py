import threading

import pytest
from django.db import connection

from core.models import TrailEntry
from staff.enums import Decision
from staff.models import Approval
from staff.services import (
    AlreadyPending,
    SelfApproval,
    StaleApproval,
    decide_approval,
    request_approval,
    withdraw_approval,
)
from tests.factories import NOW, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def maker():
    return make_user(role="admin")


@pytest.fixture
def checker():
    return make_user(role="head_office")


def ask(maker, digest="d1", subject_id=7):
    return request_approval(
        kind="scheme", subject_id=subject_id, digest=digest, summary="v2", requested_by=maker, at=NOW
    )


@pytest.mark.parametrize(("approve", "decision"), [(True, Decision.APPROVED), (False, Decision.REJECTED)])
def test_a_second_person_decides(maker, checker, approve, decision):
    decided = decide_approval(
        approval=ask(maker), digest="d1", approve=approve, decided_by=checker, at=NOW, comment="checked"
    )
    assert (decided.decision, decided.decided_by, decided.decided_at, decided.comment) == (
        decision,
        checker,
        NOW,
        "checked",
    )
    assert list(TrailEntry.objects.order_by("pk").values_list("actor_no", "action", "subject", "reason")) == [
        (maker.staff_no, "request", "approval.scheme", ""),
        (checker.staff_no, "approve" if approve else "reject", "approval.scheme", "checked"),
    ]


@pytest.mark.parametrize("approve", [True, False])
def test_who_asked_does_not_decide(maker, approve):
    approval = ask(maker)
    with pytest.raises(SelfApproval):
        decide_approval(approval=approval, digest="d1", approve=approve, decided_by=maker, at=NOW)
    approval.refresh_from_db()
    assert approval.decision == Decision.PENDING


def test_a_changed_subject_makes_the_request_stale(maker, checker):
    with pytest.raises(StaleApproval):
        decide_approval(approval=ask(maker), digest="d2", approve=True, decided_by=checker, at=NOW)


def test_a_decision_is_final(maker, checker):
    approval = ask(maker)
    decide_approval(approval=approval, digest="d1", approve=False, decided_by=checker, at=NOW)
    with pytest.raises(StaleApproval):
        decide_approval(approval=approval, digest="d1", approve=True, decided_by=checker, at=NOW)
    with pytest.raises(StaleApproval):
        withdraw_approval(approval=approval, by=maker, at=NOW)


def test_one_request_at_a_time_for_one_thing(maker, checker):
    first = ask(maker)
    with pytest.raises(AlreadyPending):
        ask(checker)
    ask(maker, subject_id=8)
    withdraw_approval(approval=first, by=maker, at=NOW)
    assert ask(checker).decision == Decision.PENDING


def test_only_who_asked_withdraws(maker, checker):
    approval = ask(maker)
    with pytest.raises(StaleApproval):
        withdraw_approval(approval=approval, by=checker, at=NOW)
    assert withdraw_approval(approval=approval, by=maker, at=NOW).decision == Decision.WITHDRAWN


@pytest.mark.django_db(transaction=True)
def test_of_two_deciding_at_once_one_wins():
    maker, checkers = make_user(), [make_user(), make_user()]
    approval, outcomes, start = ask(maker), [], threading.Barrier(2)

    def decide(checker):
        start.wait()
        try:
            decide_approval(approval=approval, digest="d1", approve=True, decided_by=checker, at=NOW)
            outcomes.append("won")
        except StaleApproval:
            outcomes.append("stale")
        finally:
            connection.close()

    threads = [threading.Thread(target=decide, args=(checker,)) for checker in checkers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["stale", "won"]
    assert Approval.objects.get().decision == Decision.APPROVED
