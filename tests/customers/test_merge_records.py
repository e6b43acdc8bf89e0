"""Merging and taking apart, rule by rule; the whole with every app stands in tests/depositcrm/test_merging.py."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, connection, connections, transaction

from core.management.commands.prepare import APP_ROLE
from customers.enums import MergeState
from customers.models import Account, Customer, CustomerPosition, Merge
from customers.queries import search
from customers.services import merge_requests as requests
from customers.services.merge_parts import CUSTOMERS
from customers.services.merge_records import NotMergeable, UndoneInOrder, merge, unmerge
from customers.services.merge_requests import request_undo
from staff.models import Policy, User
from tests import factories as make
from tests.customers.feeding import feed
from tests.customers.merging import HOUR, ask, do, pair, state, undo
from tests.factories import NOW, TODAY

pytestmark = pytest.mark.django_db


@pytest.fixture
def head() -> User:
    return make.make_user(role="head_office", branch=make.make_head_office())


# What is refused.


def test_what_cannot_be_one_customer_is_refused(head: User):
    a, b = pair()
    company = make.make_customer(kind="organisation")
    with pytest.raises(requests.SameRecord):
        ask(a, a, head)
    with pytest.raises(requests.DifferentKinds):
        ask(a, company, head)
    with pytest.raises(requests.MergeReasonNeeded):
        ask(a, b, head, reason=" x ")
    one, two = make.make_customer(id_no="11010519491231002X"), make.make_customer(id_no="440524188001010014")
    with pytest.raises(requests.TwoPeople):
        ask(one, two, head, is_confirmed=True)
    assert not Merge.everything.exists()


def test_other_documents_need_a_confirmation(head: User):
    a, b = make.make_customer(id_no="11010519491231002X"), make.make_customer(id_no="E12345678")
    Customer.everything.filter(pk=b.pk).update(id_type="passport")
    with pytest.raises(requests.TwoDocuments):
        ask(a, b, head)
    assert ask(a, b, head, is_confirmed=True).state == MergeState.WAITING


def test_a_record_in_a_running_merge_is_left_alone(head: User):
    (a, b), c = pair(), make.make_customer()
    ask(a, b, head)
    for kept, dropped in ((a, b), (b, a), (c, a), (b, c)):
        with pytest.raises(requests.MergeRunning):
            ask(kept, dropped, head)


def test_a_merged_record_is_not_merged_again(head: User):
    (a, b), c = pair(), make.make_customer()
    do(a, b, head)
    with pytest.raises(NotMergeable):
        ask(c, b, head)


def test_the_database_itself_holds_a_record_in_one_merge(head: User):
    (a, b), c = pair(), make.make_customer()
    values = {"dropped": b, "reason": "r", "requested_by": head, "requested_at": NOW}
    Merge.everything.create(kept=a, **values)
    with pytest.raises(IntegrityError), transaction.atomic():
        Merge.everything.create(kept=c, state="done", **values)
    with pytest.raises(IntegrityError), transaction.atomic():
        Merge.everything.create(kept=b, **values)


def test_a_second_run_changes_nothing(head: User):
    a, b = pair()
    make.make_account(customer=b, balance=10)
    asked = ask(a, b, head)
    first = merge(merge=asked, movers=[CUSTOMERS], at=NOW)
    again = merge(merge=asked, movers=[CUSTOMERS], at=NOW + HOUR)
    assert (again.done_at, again.accounts) == (first.done_at, first.accounts)
    back = undo(again, head)
    assert unmerge(merge=back, movers=[CUSTOMERS], at=NOW + 2 * HOUR).undone_at == back.undone_at


# Feeds of merged numbers.


def fed_pair() -> tuple[Customer, Customer]:
    branch = make.make_branch(code="FEED")
    make.make_product(code="DEMAND")
    fields = {"branch": branch, "position": {"on": None, "total": 0}}
    return make.make_customer(customer_no="KA", **fields), make.make_customer(customer_no="KB", **fields)


def feed_accounts(*rows: tuple[str, str]) -> Any:
    header = ["account_no", "customer_no", "product_code"]
    return feed("accounts", header, [(*row, "DEMAND") for row in rows], name=f"{make.number()}.csv")


def owners() -> dict[str, str]:
    return dict(Account.everything.values_list("account_no", "customer__customer_no"))


def test_accounts_of_a_merged_number_are_the_kept_records(head: User):
    a, b = fed_pair()
    feed_accounts(("A1", "KA"), ("B1", "KB"))
    merged = do(a, b, head)
    assert owners() == {"A1": "KA", "B1": "KA"}
    done = feed_accounts(("A1", "KA"), ("B1", "KB"), ("B2", "KB"), ("A2", "KA"))
    assert (done.rejected, done.created) == (0, 2)
    assert owners() == {"A1": "KA", "B1": "KA", "B2": "KA", "A2": "KA"}
    undo(merged, head)
    assert owners() == {"A1": "KA", "B1": "KB", "B2": "KB", "A2": "KA"}
    assert feed_accounts(("A2", "KA"), ("B2", "KB"), ("B1", "KB")).rejected == 0


def test_an_account_of_a_third_customer_is_still_refused(head: User):
    a, b = fed_pair()
    make.make_customer(customer_no="KC", branch=a.branch)
    feed_accounts(("C1", "KC"))
    do(a, b, head)
    assert feed_accounts(("C1", "KB")).rejected == 1


def test_the_customers_feed_keeps_the_hidden_record_up_to_date_and_makes_no_second_customer(head: User):
    a, b = fed_pair()
    merged = do(a, b, head)
    header = ["customer_no", "name", "branch_code", "phone"]
    done = feed("customers", header, [("KA", "王甲", "FEED", "13800138000"), ("KB", "王乙", "FEED", "13912345678")])
    assert done.rejected == 0
    names = dict(Customer.everything.values_list("customer_no", "name"))
    assert names == {"KA": "王甲", "KB": "王乙"}
    assert not CustomerPosition.everything.filter(customer=b).exists()
    assert [c.customer_no for c in Customer.objects.visible_to(head)] == ["KA"]
    undo(merged, head)
    restored = CustomerPosition.everything.get(customer=b)
    assert (restored.branch_id, Customer.everything.get(pk=b.pk).name) == (a.branch_id, "王乙")


def test_a_chain_of_merges_feeds_and_comes_apart_in_order(head: User):
    a, b = fed_pair()
    c = make.make_customer(customer_no="KC", branch=a.branch, position={"on": None, "total": 0})
    feed_accounts(("A1", "KA"), ("B1", "KB"), ("C1", "KC"))
    first = do(b, a, head)
    second = do(c, b, head)
    feed_accounts(("A2", "KA"), ("B2", "KB"), ("A1", "KA"))
    assert set(owners().values()) == {"KC"}
    with pytest.raises(UndoneInOrder):
        request_undo(merge=first, actor=head, at=NOW + HOUR)
    undo(second, head)
    assert owners() == {"A1": "KB", "B1": "KB", "C1": "KC", "A2": "KB", "B2": "KB"}
    first.refresh_from_db()
    undo(first, head)
    assert owners() == {"A1": "KA", "B1": "KB", "C1": "KC", "A2": "KA", "B2": "KB"}
    assert not Customer.everything.filter(merged_into__isnull=False).exists()


def test_search_by_a_number_finds_what_it_was_merged_into(head: User):
    a, b = fed_pair()
    four = make.make_customer(customer_no="8000", branch=a.branch)
    Customer.everything.filter(pk=b.pk).update(customer_no="KB7")
    do(a, b, head)
    do(a, four, head)
    visible = Customer.objects.visible_to(head)
    assert list(search(visible, "kb7")) == [a]
    assert list(search(visible, "8000")) == [a]


# The undo's days, and its order.


def test_the_days_of_the_rules_in_force_count(head: User):
    a, b = pair()
    assert do(a, b, head).undo_until == NOW + timedelta(days=7)
    Policy.objects.create(
        kind="merging",
        version=1,
        values={"undo_days": 2},
        effective_on=date(2026, 11, 1),
        status="approved",
        drafted_by=head,
        drafted_at=NOW,
    )
    c, d = pair()
    assert do(c, d, head).undo_until == NOW + timedelta(days=2)


@pytest.mark.parametrize(("late", "is_possible"), [(0, True), (1, False)])
def test_the_last_moment_of_the_undo(head: User, late: int, is_possible: bool):
    merged = do(*pair(), head)
    moment = NOW + timedelta(days=7, microseconds=late)
    if is_possible:
        assert request_undo(merge=merged, actor=head, at=moment).state == MergeState.UNDOING
    else:
        with pytest.raises(requests.UndoTooLate):
            request_undo(merge=merged, actor=head, at=moment)


def test_only_a_merge_in_place_is_taken_back(head: User):
    merged = do(*pair(), head)
    undo(merged, head)
    with pytest.raises(requests.NotMerged):
        request_undo(merge=merged, actor=head, at=NOW + HOUR)


def test_two_merges_into_one_record_come_apart_last_first(head: User):
    (a, b), c = pair(), make.make_customer()
    first, second = do(a, b, head), do(a, c, head)
    with pytest.raises(UndoneInOrder):
        request_undo(merge=first, actor=head, at=NOW + HOUR)
    undo(second, head)
    undo(first, head)
    assert CustomerPosition.everything.count() == 3


def test_the_snapshot_is_sealed_and_gone_after_the_undo(head: User):
    a, b = make.make_customer(name="王小明"), make.make_customer(name="王晓明")
    merged = do(a, b, head)
    assert "王".encode() not in bytes(merged.snapshot_cipher or b"")
    undone = undo(merged, head)
    assert undone.snapshot_cipher is None


def test_the_snapshot_goes_with_the_last_moment_of_the_undo(head: User):
    merged = do(*pair(), head)
    until = merged.undo_until
    assert until is not None

    assert requests.forget_snapshots(at=until) == 0
    assert requests.forget_snapshots(at=until + timedelta(microseconds=1)) == 1

    merged.refresh_from_db()
    assert (merged.state, merged.snapshot_cipher) == (MergeState.DONE, None)
    assert requests.forget_snapshots(at=until + HOUR) == 0


def test_figures_without_any_history_add_up(head: User):
    a, b = make.make_customer(position={"on": None}), make.make_customer(total="12.34")
    do(a, b, head)
    row = CustomerPosition.everything.get()
    assert (row.customer_id, row.total, row.on) == (a.pk, Decimal("12.34"), TODAY)


@pytest.mark.parametrize(("since", "expected"), [(None, None), (NOW.date() + HOUR * 24, NOW.date() + HOUR * 24)])
def test_the_last_contact_is_the_later_of_both_until_the_undo(head: User, since: date | None, expected: date | None):
    a, b = pair()
    CustomerPosition.everything.filter(pk=b.pk).update(last_contact_on=TODAY)
    merged = do(a, b, head)
    kept = CustomerPosition.everything.filter(pk=a.pk)
    assert kept.get().last_contact_on == TODAY
    if since:
        kept.update(last_contact_on=since)
    undo(merged, head)
    contacts = dict(CustomerPosition.everything.values_list("pk", "last_contact_on"))
    assert contacts == {a.pk: expected, b.pk: TODAY}


def test_the_applications_own_rights_are_enough(app_role: str, head: User):
    assert app_role == APP_ROLE
    a, b = pair()
    state(b, "given", 1)
    make.make_account(customer=b, balance=10)
    merged = do(a, b, head)
    assert undo(merged, head).state == MergeState.UNDONE


@pytest.mark.django_db(transaction=True)
def test_of_two_heads_at_the_same_moment_one_merges():
    """Either way round: the second waits for the first and is refused."""
    head = make.make_user(role="head_office", branch=make.make_head_office())
    a, b = pair()
    beside = connections.create_connection("default")
    try:
        with beside.cursor() as cursor, transaction.atomic():
            ask(a, b, head)
            cursor.execute("SET lock_timeout = '300ms'")
            with pytest.raises(Exception, match="lock timeout"):
                cursor.execute(
                    "SELECT id FROM customers_customer WHERE id = ANY(%s) ORDER BY id FOR NO KEY UPDATE",
                    [[a.pk, b.pk]],
                )
    finally:
        beside.close()
    with pytest.raises(requests.MergeRunning):
        ask(b, a, head)
    assert Merge.everything.count() == 1
    assert connection.is_usable()
