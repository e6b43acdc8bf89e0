"""X08, R20: files of lists need a reason, large ones a second person, and all of it is written down."""

import random
from dataclasses import replace
from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction

from core.errors import DomainError
from core.models import TrailEntry
from staff.enums import Decision, ExportState
from staff.models import Approval, Export, Policy, User
from staff.queries import export_limits, exports_to_decide
from staff.rules import EXPORTS, export_digest, read_exports
from staff.services import exports
from staff.services.approvals import SelfApproval, StaleApproval
from tests.factories import NOW, TODAY
from tests.staff.exporting import LARGE, SMALL, WORDS, Bank, actions, ask, decide

pytestmark = pytest.mark.django_db


@pytest.fixture
def bank() -> Bank:
    return Bank()


# The request


def test_a_small_file_needs_nobody(bank: Bank):
    export = ask(bank, SMALL)

    assert (export.state, export.approval, export.job.name) == (ExportState.QUEUED, None, "depositcrm.export_list")
    assert export.job.args == {"export": export.pk}
    entry = TrailEntry.objects.get(action="export_request")
    assert (entry.actor_no, entry.reason) == (bank.asker.staff_no, "季度核对")
    assert entry.changes == {
        "list": "customers",
        "rows": 1_000,
        "columns": ["name", "balance"],
        "filters": {"tier": "3"},
    }


def test_a_large_file_waits_for_a_second_person(bank: Bank):
    export = ask(bank, LARGE)

    assert (export.state, export.job) == (ExportState.PENDING, None)
    assert export.approval.details == {"reason": "季度核对", "rows": 1_001, **WORDS}
    assert actions(export) == ["export_request", "request"]


@pytest.mark.parametrize(
    ("asked", "reason", "code"),
    [
        (SMALL, "abc", "reason_needed"),
        (SMALL, "   a   ", "reason_needed"),
        (replace(SMALL, rows=0), "季度核对", "nothing_to_export"),
        (replace(SMALL, rows=200_001), "季度核对", "too_many_rows"),
        (replace(SMALL, query="q=13800138000"), "季度核对", "personal_export"),
        (replace(SMALL, query="q=11010519491231002X"), "季度核对", "personal_export"),
    ],
)
def test_what_cannot_be_asked_for(bank: Bank, asked: exports.Asked, reason: str, code: str):
    with pytest.raises(DomainError) as caught:
        ask(bank, asked, reason=reason)

    assert caught.value.code == code
    assert not Export.everything.exists()
    assert not TrailEntry.objects.exists()


def test_the_limits_are_a_policy(bank: Bank):
    Policy.objects.create(
        kind="exports",
        version=1,
        values={"approval_over": 10, "max_rows": 500},
        effective_on=TODAY,
        status="approved",
        drafted_by=bank.hq,
        drafted_at=NOW,
    )

    assert ask(bank, replace(SMALL, rows=11)).state == ExportState.PENDING
    with pytest.raises(exports.TooManyRows, match="500"):
        ask(bank, replace(SMALL, rows=501))
    assert export_limits(TODAY - timedelta(days=1)) == read_exports(EXPORTS)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"approval_over": -1}, "approval_over_range"),
        ({"expires_days": 0}, "expires_days_range"),
        ({"expires_days": True}, "expires_days_range"),
        ({"max_rows": "many"}, "max_rows_range"),
        ({"max_rows": 999}, "limits_order"),
    ],
)
def test_limits_that_make_no_sense(change: dict[str, object], code: str):
    with pytest.raises(ValueError, match=code):
        read_exports({**EXPORTS, **change})


@pytest.mark.parametrize(
    ("expected", "is_approved", "allowed"),
    [(10, False, 1_000), (10, True, 1_000), (2_000, False, 1_000), (2_000, True, 2_200), (199_000, True, 200_000)],
)
def test_how_many_rows_a_file_may_come_to(expected: int, is_approved: bool, allowed: int):
    assert read_exports(EXPORTS).rows_allowed(expected=expected, is_approved=is_approved) == allowed


def test_any_other_rows_or_columns_need_another_approval():
    same = {
        "list_key": "customers",
        "query": "tier=3",
        "numbers": [],
        "columns": ["name"],
        "expected_rows": 5,
        "file_format": "csv",
    }
    others = [
        {"list_key": "movers"},
        {"query": "tier=4"},
        {"numbers": ["C1"]},
        {"columns": ["name", "balance"]},
        {"expected_rows": 6},
        {"file_format": "xlsx"},
    ]

    assert len({export_digest(**{**same, **other}) for other in [{}, *others]}) == 7


# The decision


def test_who_is_asked_to_decide(bank: Bank):
    export = ask(bank)
    own = ask(bank, actor=bank.head)

    found = {name: set(exports_to_decide(user)) for name, user in vars(bank).items() if isinstance(user, User)}

    assert found == {
        "asker": set(),
        "colleague": set(),
        "head": {export},
        "other_head": set(),
        "hq": {export, own},
        "compliance": {export, own},
        "auditor": set(),
    }


@pytest.mark.parametrize("name", ["head", "hq", "compliance"])
def test_an_approved_file_is_made(bank: Bank, name: str):
    export = decide(ask(bank), getattr(bank, name))

    assert (export.state, export.job.name) == (ExportState.QUEUED, exports.JOB)
    assert export.approval.decided_by == getattr(bank, name)
    assert (export.job.actor_no, actions(export)[-1]) == (bank.asker.staff_no, "approve")


def test_a_rejected_file_is_not(bank: Bank):
    export = decide(ask(bank), bank.head, approve=False, comment="做什么用的")

    assert (export.state, export.job, export.message) == (ExportState.REJECTED, None, "做什么用的")
    with pytest.raises(StaleApproval):
        decide(export, bank.hq)


def test_nobody_rejects_without_saying_why(bank: Bank):
    export = ask(bank)
    with pytest.raises(exports.RejectionReasonNeeded):
        decide(export, bank.head, approve=False, comment=" no ")
    assert Approval.objects.get().decision == Decision.PENDING


@pytest.mark.parametrize("name", ["colleague", "other_head", "auditor"])
def test_others_do_not_decide(bank: Bank, name: str):
    with pytest.raises(exports.NotYoursToDecide):
        decide(ask(bank), getattr(bank, name))


@pytest.mark.parametrize("name", ["head", "hq", "compliance"])
def test_nobody_decides_on_their_own_file(bank: Bank, name: str):
    user = getattr(bank, name)
    with pytest.raises(SelfApproval):
        decide(ask(bank, actor=user), user)


def test_a_request_that_changed_since_it_was_shown_is_not_approved(bank: Bank):
    export = ask(bank)
    seen = exports.digest_of(export)
    Export.everything.update(columns=["name", "balance", "phone"])

    with pytest.raises(StaleApproval):
        decide(export, bank.head, digest=seen)
    export.refresh_from_db()
    with pytest.raises(StaleApproval):  # nor what was never asked for
        decide(export, bank.head)


def test_a_request_can_be_taken_back(bank: Bank):
    export = exports.withdraw_export(export=ask(bank), by=bank.asker, at=NOW)

    assert (export.state, export.approval.decision) == (ExportState.WITHDRAWN, Decision.WITHDRAWN)
    with pytest.raises(StaleApproval):
        decide(export, bank.head)
    with pytest.raises(StaleApproval):
        exports.withdraw_export(export=export, by=bank.asker, at=NOW)


def test_only_the_asker_takes_it_back(bank: Bank):
    with pytest.raises(StaleApproval):
        exports.withdraw_export(export=ask(bank), by=bank.colleague, at=NOW)


def test_no_sequence_makes_a_large_file_without_a_second_person(bank: Bank):
    chance = random.Random(2026)
    people = [user for user in vars(bank).values() if isinstance(user, User)]
    made = 0
    for _n in range(500):
        with transaction.atomic():
            asker = chance.choice(people)
            export = ask(bank, actor=asker)
            for _step in range(chance.randint(1, 4)):
                who = chance.choice(people)
                act = chance.choice(["approve", "approve", "reject", "withdraw"])
                try:
                    with transaction.atomic():
                        if act == "withdraw":
                            exports.withdraw_export(export=export, by=who, at=NOW)
                        else:
                            decide(export, who, approve=act == "approve")
                except DomainError:
                    continue
            export.refresh_from_db()
            if export.job_id:
                made += 1
                decided = export.approval
                assert decided.decision == Decision.APPROVED
                assert decided.decided_by_id != asker.pk
                assert decided.decided_by.role in {"branch_head", "head_office", "compliance"}
            transaction.set_rollback(True)
    assert made > 50


def test_a_finished_file_always_has_its_hash_and_its_end(bank: Bank):
    export = ask(bank, SMALL)
    with pytest.raises(IntegrityError, match="export_ready_has_a_file"), transaction.atomic():
        Export.everything.filter(pk=export.pk).update(state=ExportState.DONE)
