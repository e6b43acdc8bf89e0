"""C25, X16: hand-overs move what belongs to a book, check every customer, survive kills, and books add up."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core import jobs
from core.enums import JobState
from core.models import Job, TrailEntry
from customers.models import Customer, CustomerPosition, FedDay, Handover, HandoverItem, OwnershipChange, PositionChange
from customers.queries import maturities
from customers.queries import portfolio as queries
from customers.services import handover as services
from customers.services import moving
from customers.services.handover import CannotReceive, MayNotHandOver, NobodyToHandOver, TooManyCustomers
from depositcrm import portfolio, tasks
from servicing.models import Interaction
from tests.customers.books import Bank, draft, hand_over, make_bank, owner, promise, results, work
from tests.factories import NOW, TODAY, make_customer, make_interaction, make_term_account, make_user, share_customer

pytestmark = pytest.mark.django_db


@pytest.fixture
def bank() -> Bank:
    return make_bank()


@pytest.fixture(autouse=True)
def _no_broker(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody is woken up: the tests are the worker."""
    monkeypatch.setattr(jobs, "send", lambda *_args: True)


class TestHandOver:
    def test_moves_customers_promises_and_maturities_and_leaves_contacts_credited(self, bank: Bank) -> None:
        customer, kept = bank.customers(2)
        mine, others = promise(customer, bank.old), promise(customer, bank.backup)
        closed = promise(customer, bank.old)
        closed.state, closed.closed_at, closed.closed_by = "kept", NOW, bank.old
        closed.save()
        account = make_term_account(customer=customer)
        contact = make_interaction(customer=customer, author=bank.old)

        handover = hand_over(bank, [customer])

        assert owner(customer) == (bank.new.pk, None, bank.new.pk)
        assert owner(kept) == (bank.old.pk, None, bank.old.pk)
        for row in (mine, others, closed):
            row.refresh_from_db()
        assert (mine.owner, others.owner, closed.owner) == (bank.new, bank.backup, bank.old)
        assert mine.made_by == bank.old
        until = TODAY + timedelta(days=90)
        assert list(maturities(bank.new, TODAY, until)) == [account]
        assert list(maturities(bank.old, TODAY, until)) == []
        assert Interaction.everything.get() == contact
        assert Interaction.everything.get().author == bank.old
        assert (handover.state, handover.moved_count, handover.refused_count) == ("done", 1, 0)
        assert handover.moved_total == Decimal("101000.00")
        assert handover.undo_until is not None
        assert handover.undo_until - handover.done_at == timedelta(days=7)  # type: ignore[operator]

    def test_the_old_manager_loses_sight_at_once_and_the_new_one_gains_it(self, bank: Bank) -> None:
        (customer,) = bank.customers(1)
        assert list(Customer.objects.visible_to(bank.old)) == [customer]

        hand_over(bank, [customer])

        assert not Customer.objects.visible_to(bank.old).exists()
        assert list(Customer.objects.visible_to(bank.new)) == [customer]

    def test_a_backup_is_set_or_stays_but_is_never_the_manager(self, bank: Bank) -> None:
        plain, standing_in = bank.customers(1)[0], bank.customers(1, backup=bank.new)[0]
        other = bank.customers(1, backup=bank.backup)[0]

        hand_over(bank, [plain, standing_in, other])

        assert [owner(c)[1] for c in (plain, standing_in, other)] == [None, None, bank.backup.pk]
        handed_on = hand_over(bank, [plain, other], to=bank.backup, backup=bank.new)
        assert [owner(c)[:2] for c in (plain, other)] == [(bank.backup.pk, bank.new.pk)] * 2
        assert handed_on.from_manager == bank.new

    def test_is_noted_on_the_trail_and_in_each_owner_history(self, bank: Bank) -> None:
        (customer,) = bank.customers(1)

        handover = hand_over(bank, [customer])

        entry = TrailEntry.objects.get(action="hand_over")
        assert (entry.subject, entry.actor_no) == ("customers.handover", bank.head.staff_no)
        assert entry.changes == {"to": bank.new.staff_no, "customers": 1}
        change = queries.ownership_history(customer)[0]
        assert (change.role, change.from_user, change.to_user) == ("owner", bank.old, bank.new)
        assert (change.handover, change.actor_no) == (handover, bank.head.staff_no)

    def test_every_customer_of_a_mixed_batch_is_done_or_reported(self, bank: Bank) -> None:
        good = bank.customers(3)
        theirs = make_customer(manager=bank.new)
        foreign = make_customer(manager=bank.stranger)
        merged = bank.customers(1)[0]
        Customer.everything.filter(pk=merged.pk).update(merged_into=good[0])
        backed_up = make_customer(manager=bank.backup, branch=bank.a)
        everything = [*good, theirs, foreign, merged, backed_up]

        handover = hand_over(bank, everything)

        assert results(handover) == {
            **{customer.pk: ("moved", "") for customer in (*good, backed_up)},
            theirs.pk: ("refused", "already_theirs"),
            foreign.pk: ("refused", "not_yours"),
            merged.pk: ("refused", "merged"),
        }
        assert (handover.moved_count, handover.refused_count) == (4, 3)
        assert owner(foreign)[0] == bank.stranger.pk

    def test_a_manager_hands_over_only_the_own_book(self, bank: Bank) -> None:
        mine, shared = bank.customers(1)[0], make_customer(manager=bank.backup)
        share_customer(shared, bank.old)

        preview = queries.preview_of(draft(bank, [mine, shared], actor=bank.old))

        assert (preview.moving, dict(preview.refused)) == ((mine.pk,), {shared.pk: "not_yours"})

    def test_nobody_gets_customers_of_a_unit_that_is_not_theirs(self, bank: Bank) -> None:
        hq = make_user(role="head_office", branch=bank.top, password="")
        here, there = bank.customers(1)[0], make_customer(manager=bank.stranger)

        far = draft(bank, [here, there], actor=hq, to=bank.stranger)
        with_backup = draft(bank, [here, there], actor=hq, to=bank.new, backup=bank.stranger)

        assert dict(queries.preview_of(far).refused) == {here.pk: "other_unit", there.pk: "already_theirs"}
        assert dict(queries.preview_of(with_backup).refused) == {here.pk: "backup_unit", there.pk: "other_unit"}

    def test_whoever_changed_hands_since_is_refused_at_run_time(self, bank: Bank) -> None:
        stays, gone = bank.customers(2)
        handover = services.submit_handover(handover=draft(bank, [stays, gone]), actor=bank.head, at=NOW)
        Customer.everything.filter(pk=gone.pk).update(manager=bank.backup)

        assert work() == ["done"]

        assert results(handover) == {stays.pk: ("moved", ""), gone.pk: ("refused", "changed")}
        assert owner(gone)[0] == bank.backup.pk

    def test_the_preview_says_what_will_be_done(self, bank: Bank) -> None:
        customers = [*bank.customers(3, tier=2), *bank.customers(2, tier=4, total=5_000_000)]
        promise(customers[0], bank.old)
        promise(customers[0], bank.backup)
        make_customer(manager=bank.new, total=7)
        handover = draft(bank, [*customers, make_customer(manager=bank.new, total=1)])

        preview = queries.preview_of(handover)

        assert (preview.asked, len(preview.moving), preview.reasons) == (6, 5, [("already_theirs", 1)])
        assert (preview.total, dict(preview.tiers), preview.promises) == (Decimal(10_003_000), {4: 2, 2: 3}, 1)
        assert preview.before == queries.Load(2, Decimal(8))
        services.submit_handover(handover=handover, actor=bank.head, at=NOW)
        work()
        handover.refresh_from_db()
        assert (handover.moved_count, handover.refused_count, handover.moved_total) == (5, 1, preview.total)
        assert queries.load_of(bank.new.pk) == preview.after

    def test_what_cannot_be_asked_for(self, bank: Bank, monkeypatch: pytest.MonkeyPatch) -> None:
        customers = bank.customers(2)
        for actor in (make_user(role="teller", branch=bank.a), make_user(role="expert", branch=bank.a)):
            with pytest.raises(MayNotHandOver):
                draft(bank, customers, actor=actor)
        left = make_user(role="manager", branch=bank.a, is_active=False)
        for people in ({"to": left}, {"to": make_user(role="teller")}, {"backup": left}, {"backup": bank.new}):
            with pytest.raises(CannotReceive):
                draft(bank, customers, **people)
        with pytest.raises(NobodyToHandOver):
            draft(bank, [])
        monkeypatch.setattr(services, "MOST", 1)
        with pytest.raises(TooManyCustomers):
            draft(bank, customers)
        assert not Handover.everything.exists()
        monkeypatch.undo()
        handover = draft(bank, [make_customer(manager=bank.new)])
        with pytest.raises(NobodyToHandOver):
            services.submit_handover(handover=handover, actor=bank.head, at=NOW)


class TestKilled:
    @pytest.fixture(autouse=True)
    def _small_chunks(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(moving, "CHUNK", 2)

    def test_between_chunks_nothing_is_lost_or_doubled(self, bank: Bank, monkeypatch: pytest.MonkeyPatch) -> None:
        customers = bank.customers(5)
        rows = [promise(customer, bank.old) for customer in customers]
        handover = services.submit_handover(handover=draft(bank, customers), actor=bank.head, at=NOW)
        whole, calls = moving.hand_over_chunk, iter([True, False])

        def dies(**kwargs: Any) -> int:
            if next(calls):
                return whole(**kwargs)
            raise SystemExit

        monkeypatch.setattr(moving, "hand_over_chunk", dies)
        with pytest.raises(SystemExit):
            tasks.hand_over(handover.job_id)
        assert queries.result_counts(handover) == {"moved": 2, "waiting": 3}
        monkeypatch.setattr(moving, "hand_over_chunk", whole)

        tasks.hand_over(handover.job_id)
        tasks.hand_over(handover.job_id)  # a message delivered twice

        handover.refresh_from_db()
        assert (handover.state, handover.moved_count, handover.moved_total) == ("done", 5, 5000)
        assert OwnershipChange.everything.filter(handover=handover).count() == 5
        assert {row.owner_id for row in type(rows[0]).everything.all()} == {bank.new.pk}
        job = Job.objects.get()
        assert (job.state, job.done_count, job.total_count) == (JobState.DONE, 3, 5)

    def test_inside_a_chunk_nothing_of_it_stays(self, bank: Bank, monkeypatch: pytest.MonkeyPatch) -> None:
        customers = bank.customers(3)
        handover = services.submit_handover(handover=draft(bank, customers), actor=bank.head, at=NOW)

        def fails(*_args: Any) -> Any:
            raise RuntimeError("a mover broke")

        monkeypatch.setattr(portfolio, "MOVERS", (moving.PROMISES, moving.Mover("broken", fails, fails)))
        assert work() == ["waiting"]
        assert queries.result_counts(handover) == {"waiting": 3}
        assert {owner(customer)[0] for customer in customers} == {bank.old.pk}
        monkeypatch.setattr(portfolio, "MOVERS", (moving.PROMISES,))
        assert work() == ["done"]

    def test_an_undo_goes_on_where_it_stopped(self, bank: Bank) -> None:
        customers = bank.customers(5)
        handover = hand_over(bank, customers)
        services.undo_handover(handover=handover, actor=bank.head, at=NOW)
        assert moving.hand_back_chunk(handover_id=handover.pk, movers=portfolio.MOVERS, at=NOW) == 2

        assert work() == ["done"]

        assert queries.result_counts(handover) == {"undone": 5}
        assert OwnershipChange.everything.filter(to_user=bank.old, handover=handover).count() == 5


class TestKept:
    def test_holds_the_average_since_against_that_before(self, bank: Bank) -> None:
        customer, refused = bank.customers(1)[0], make_customer(manager=bank.new)
        handover = hand_over(bank, [customer, refused])
        Handover.everything.filter(pk=handover.pk).update(done_at=NOW)
        handover.refresh_from_db()
        opened = TODAY - timedelta(days=9)
        with connection.cursor() as cursor:
            for day in (opened, TODAY + timedelta(days=3)):
                cursor.execute("SELECT customers_ensure_month(%s)", [day])
        # 9,000 yuan from nine days before on; 3,000 from the third day after.
        rows = ((customer, opened, 9_000, 9_000), (customer, TODAY + timedelta(days=3), 3_000, 9_000 * 12 + 3_000))
        for who, on, total, day_sum in rows:
            PositionChange.objects.create(customer=who, on=on, total=total, day_sum=day_sum)
        FedDay.objects.create(on=TODAY, is_full=True)

        assert queries.kept_after(handover, TODAY) is None
        first = queries.kept_after(handover, TODAY + timedelta(days=2))
        later = queries.kept_after(handover, TODAY + timedelta(days=400))

        assert first == queries.Kept(Decimal("1000.00"), Decimal("9000.00"), 2, TODAY + timedelta(days=2))
        assert first.share == Decimal("900.0")
        assert later == queries.Kept(Decimal("1000.00"), Decimal("3133.33"), 90, TODAY + timedelta(days=90))


NAMES = ("old", "new", "backup")
STEP = st.tuples(st.sampled_from(NAMES), st.sets(st.integers(0, 5), min_size=1), st.sampled_from([None, *NAMES]))
MOVES = st.one_of(STEP, st.just("undo"), st.tuples(st.just("feed"), st.integers(0, 5), st.sampled_from(NAMES)))


@pytest.fixture
def six(bank: Bank) -> tuple[Bank, list[Customer]]:
    owners = [bank.old, bank.old, bank.new, bank.backup, bank.old, bank.new]
    return bank, [make_customer(manager=owner, total=n + 1) for n, owner in enumerate(owners)]


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(MOVES, max_size=6))
def test_books_add_up_whatever_is_handed_over_or_taken_back(six: tuple[Bank, list[Customer]], moves: list[Any]) -> None:
    bank, customers = six
    for customer in customers:
        if not queries.passing_promises([customer.pk]).exists():
            promise(customer, Customer.everything.get(pk=customer.pk).manager)  # type: ignore[arg-type]
    for move in moves:
        _apply(bank, customers, move)

    people = [getattr(bank, name) for name in NAMES]
    assert sum(queries.load_of(user.pk).customers for user in people) == 6
    assert sum(queries.load_of(user.pk).total for user in people) == 21
    for customer in customers:
        manager, backup, narrow = owner(customer)
        assert manager in {user.pk for user in people}
        assert (narrow, backup) != (manager, manager)
        assert narrow == manager
        for role, now_id in (("owner", manager), ("backup", backup)):
            chain = list(OwnershipChange.everything.filter(customer=customer, role=role).order_by("pk"))
            assert [link.from_user_id for link in chain] == [None, *(link.to_user_id for link in chain[:-1])][
                : len(chain)
            ]
            assert (chain[-1].to_user_id if chain else None) == now_id
    assert HandoverItem.everything.filter(result="waiting").count() == 0
    assert not CustomerPosition.everything.filter(manager=None).exists()


def _apply(bank: Bank, customers: list[Customer], move: Any) -> None:
    if move == "undo":
        for handover in Handover.everything.filter(state="done").order_by("-pk")[:1]:
            services.undo_handover(handover=handover, actor=bank.head, at=NOW)
            assert work() == ["done"]
        return
    if move[0] == "feed":
        one = Customer.everything.filter(pk=customers[move[1]].pk).exclude(backup=getattr(bank, move[2]))
        one.update(manager=getattr(bank, move[2]))
        CustomerPosition.everything.filter(pk__in=one.values("pk")).update(manager=getattr(bank, move[2]))
        return
    to, chosen, backup = move
    handover = draft(
        bank,
        [customers[n] for n in sorted(chosen)],
        to=getattr(bank, to),
        backup=getattr(bank, backup) if backup and backup != to else None,
    )
    preview = queries.preview_of(handover)
    if preview.moving:
        services.submit_handover(handover=handover, actor=bank.head, at=NOW)
        assert work() == ["done"]
        handover.refresh_from_db()
        found = (handover.moved_count, handover.refused_count, handover.moved_total)
        assert found == (len(preview.moving), len(preview.refused), preview.total)
    else:
        handover.delete()
