"""C25: who decides on a hand-over, who sees it, and how it is taken back."""

from datetime import timedelta

import pytest

from core import jobs
from core.models import Job
from customers.enums import HandoverState
from customers.models import Customer, Handover, HandoverItem, OwnershipChange
from customers.queries import portfolio as queries
from customers.services import handover as services
from customers.services.handover import HandoverNotOpen, UndoTooLate
from staff.services import SelfApproval, StaleApproval
from tests.customers.books import Bank, draft, hand_over, make_bank, owner, promise, results, work
from tests.factories import NOW, make_customer, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def bank() -> Bank:
    return make_bank()


@pytest.fixture(autouse=True)
def _no_broker(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody is woken up: the tests are the worker."""
    monkeypatch.setattr(jobs, "send", lambda *_args: True)


class TestDecision:
    def ask(self, bank: Bank) -> Handover:
        handover = draft(bank, bank.customers(2), actor=bank.old)
        return services.submit_handover(handover=handover, actor=bank.old, at=NOW)

    def test_a_managers_own_request_waits_for_the_head(self, bank: Bank) -> None:
        handover = self.ask(bank)

        assert (handover.state, handover.job) == (HandoverState.PENDING, None)
        assert not Job.objects.exists()
        digest = queries.digest_of(handover)
        approved = services.approve_handover(handover=handover, digest=digest, actor=bank.head, at=NOW, comment="好")
        assert approved.state == HandoverState.QUEUED
        assert work() == ["done"]
        assert queries.load_of(bank.new.pk).customers == 2
        assert OwnershipChange.everything.filter(handover=handover).values_list("actor_no", flat=True)[0] == (
            bank.head.staff_no
        )

    def test_four_eyes(self, bank: Bank) -> None:
        handover = self.ask(bank)
        digest = queries.digest_of(handover)
        other_head = make_user(role="branch_head", branch=bank.b)
        with pytest.raises(SelfApproval):
            services.approve_handover(handover=handover, digest=digest, actor=bank.old, at=NOW)
        for nobody in (other_head, bank.new):
            with pytest.raises(HandoverNotOpen):
                services.approve_handover(handover=handover, digest=digest, actor=nobody, at=NOW)
        with pytest.raises(StaleApproval):
            services.approve_handover(handover=handover, digest="0" * 64, actor=bank.head, at=NOW)
        HandoverItem.everything.filter(handover=handover).first().delete()  # type: ignore[union-attr]
        with pytest.raises(StaleApproval):
            services.approve_handover(handover=handover, digest=digest, actor=bank.head, at=NOW)
        assert queries.load_of(bank.new.pk).customers == 0

    def test_is_rejected_or_taken_back(self, bank: Bank) -> None:
        handover = self.ask(bank)
        withdrawn = services.withdraw_handover(handover=handover, actor=bank.old, at=NOW)
        assert withdrawn.state == HandoverState.DRAFT
        again = services.submit_handover(handover=handover, actor=bank.old, at=NOW)
        rejected = services.reject_handover(
            handover=again, digest=queries.digest_of(again), actor=bank.head, at=NOW, comment="再等等"
        )
        assert (rejected.state, rejected.approval.comment) == (HandoverState.REJECTED, "再等等")  # type: ignore[union-attr]
        with pytest.raises(HandoverNotOpen):
            services.submit_handover(handover=handover, actor=bank.old, at=NOW)

    def test_a_draft_is_its_makers_alone_and_can_be_discarded(self, bank: Bank) -> None:
        handover = draft(bank, bank.customers(1), actor=bank.old)
        assert list(Handover.objects.visible_to(bank.old)) == [handover]
        for other in (bank.new, bank.head):
            assert not Handover.objects.visible_to(other).exists()
        with pytest.raises(HandoverNotOpen):
            services.submit_handover(handover=handover, actor=bank.head, at=NOW)
        services.discard_handover(handover=handover, actor=bank.old, at=NOW)
        assert not HandoverItem.everything.exists()

    def test_both_sides_and_the_head_see_it(self, bank: Bank) -> None:
        handover = self.ask(bank)
        hq = make_user(role="head_office", branch=bank.top)
        for user in (bank.old, bank.new, bank.head, hq):
            assert list(Handover.objects.visible_to(user)) == [handover]
        outsiders = (bank.backup, bank.stranger, make_user(role="branch_head", branch=bank.b))
        for user in (*outsiders, make_user(role="teller", branch=bank.a)):
            assert not Handover.objects.visible_to(user).exists()

    def test_each_earlier_manager_of_a_mixed_book_sees_it(self, bank: Bank) -> None:
        mine, theirs = bank.customers(1)[0], make_customer(manager=bank.backup)
        refused = make_customer(manager=bank.new)

        handover = hand_over(bank, [mine, theirs, refused])

        assert handover.from_manager is None
        for user in (bank.old, bank.backup):
            assert list(Handover.objects.visible_to(user)) == [handover]
            assert [one.given for one in queries.given_lately(user, NOW)] == [1]  # type: ignore[attr-defined]
        assert hand_over(bank, bank.customers(1)).from_manager == bank.old


class TestUndo:
    def test_restores_managers_backups_and_promises(self, bank: Bank) -> None:
        plain, backed = bank.customers(1)[0], bank.customers(1, backup=bank.new)[0]
        mine, closed = promise(plain, bank.old), promise(backed, bank.old)
        before = [owner(customer) for customer in (plain, backed)]
        handover = hand_over(bank, [plain, backed], backup=bank.backup)
        later = promise(plain, bank.new)
        closed.refresh_from_db()
        closed.state, closed.closed_at, closed.closed_by = "kept", NOW, bank.new
        closed.save()

        services.undo_handover(handover=handover, actor=bank.head, at=NOW + timedelta(days=1))
        assert work() == ["done"]

        assert [owner(customer) for customer in (plain, backed)] == before
        for row in (mine, closed, later):
            row.refresh_from_db()
        assert (mine.owner, closed.owner, later.owner) == (bank.old, bank.new, bank.new)
        handover.refresh_from_db()
        assert (handover.state, handover.undone_by) == ("undone", bank.head)

    def test_leaves_what_changed_since(self, bank: Bank) -> None:
        back, moved_on, merged, other_backup = bank.customers(4)
        handover = hand_over(bank, [back, moved_on, merged, other_backup], backup=bank.backup)
        Customer.everything.filter(pk=moved_on.pk).update(manager=bank.backup, backup=None)
        Customer.everything.filter(pk=merged.pk).update(merged_into=back)
        third = make_user(role="manager", branch=bank.a)
        Customer.everything.filter(pk=other_backup.pk).update(backup=third)

        services.undo_handover(handover=handover, actor=bank.head, at=NOW)
        work()

        assert results(handover) == {
            back.pk: ("undone", ""),
            moved_on.pk: ("kept", "changed"),
            merged.pk: ("kept", "merged"),
            other_backup.pk: ("undone", ""),
        }
        assert owner(moved_on)[0] == bank.backup.pk
        assert owner(other_backup)[:2] == (bank.old.pk, third.pk)

    def test_nobody_who_left_gets_customers_back(self, bank: Bank) -> None:
        (customer,) = bank.customers(1)
        handover = hand_over(bank, [customer])
        bank.old.is_active = False
        bank.old.save()

        services.undo_handover(handover=handover, actor=bank.head, at=NOW)
        work()

        assert results(handover) == {customer.pk: ("kept", "owner_left")}
        assert owner(customer)[0] == bank.new.pk

    def test_is_for_a_head_of_the_unit_within_seven_days_and_once(self, bank: Bank) -> None:
        handover = hand_over(bank, bank.customers(1))
        limit = handover.undo_until
        assert limit is not None
        for actor in (bank.old, bank.new, make_user(role="branch_head", branch=bank.b)):
            with pytest.raises(UndoTooLate):
                services.undo_handover(handover=handover, actor=actor, at=NOW)
        with pytest.raises(UndoTooLate):
            services.undo_handover(handover=handover, actor=bank.head, at=limit + timedelta(seconds=1))
        services.undo_handover(handover=handover, actor=bank.head, at=limit)
        with pytest.raises(UndoTooLate):
            services.undo_handover(handover=handover, actor=bank.head, at=NOW)
