"""Sealed values of the customer record: masked by default; revealed for a reason, within a quota, trail first."""

import threading
from datetime import date, timedelta

import pytest
from django.db import connection

from core import crypto
from core.models import TrailEntry
from customers.models import Customer, CustomerPosition, CustomerShare
from customers.services import records
from customers.services.records import NothingStored, ReasonNeeded, TooManyReveals, reveal, touch_contact
from customers.services.sharing import share_customer
from staff.models import User
from tests.customers.feeding import feed
from tests.factories import NOW, TODAY, make_branch, make_customer, make_user

pytestmark = pytest.mark.django_db
ID_NO, PHONE = "11010519491231002X", "13800138001"
VALUES = {"id_no": ID_NO, "phone": PHONE, "email": "zeng@example.com", "address": "北京市朝阳区建国路1号"}
VALUES["wechat"] = "zengmh_88"
WHY = "客户本人要求核对"


@pytest.fixture
def customer() -> Customer:
    make_branch(code="B1")
    header = ("customer_no", "name", "id_no", "phone", "email", "address", "branch_code")
    feed("customers", header, [("K1", "曾明辉", *(VALUES[name] for name in header[2:6]), "B1")])
    made = Customer.everything.get()
    made.wechat_cipher = crypto.seal("customers.customer.wechat", "K1", VALUES["wechat"])
    made.save(update_fields=["wechat_cipher"])
    return made


@pytest.fixture
def user(db: None) -> User:
    return make_user(role="manager")


def entries(user: User) -> list[tuple[str, str, dict[str, str], str]]:
    rows = TrailEntry.objects.filter(actor_no=user.staff_no).order_by("id")
    return list(rows.values_list("action", "subject_id", "changes", "reason"))


def test_masks(customer: Customer) -> None:
    masked = records.mask(customer)
    assert (masked.id_no, masked.phone) == ("1101************2X", "138****8001")
    assert (masked.email, masked.address) == ("z***@example.com", "北京市朝阳区****")
    for field in records.FIELDS:
        assert records.masked(customer, field) == getattr(masked, field)


def test_masks_of_nothing() -> None:
    masked = records.mask(make_customer())
    assert (masked.id_no, masked.phone, masked.email, masked.address) == ("", "", "", "")


@pytest.mark.parametrize("field", records.FIELDS)
def test_a_revealed_value_is_on_the_trail(customer: Customer, user: User, field: records.Field) -> None:
    assert reveal(customer=customer, field=field, reason=f"  {WHY} ", actor=user, at=NOW) == VALUES[field]
    assert entries(user) == [("reveal", "K1", {"field": field}, WHY)]
    entry = TrailEntry.objects.get(actor_no=user.staff_no)
    assert (entry.at, entry.actor_id, entry.subject) == (NOW, user.pk, "customers.customer")


@pytest.mark.parametrize("reason", ["", "   ", "看", "abc", " ab  "])
def test_a_reason_is_needed(customer: Customer, user: User, reason: str) -> None:
    with pytest.raises(ReasonNeeded):
        reveal(customer=customer, field="phone", reason=reason, actor=user, at=NOW)
    assert entries(user) == []


def test_nothing_stored_is_nothing_revealed(user: User) -> None:
    with pytest.raises(NothingStored):
        reveal(customer=make_customer(), field="phone", reason=WHY, actor=user, at=NOW)
    assert entries(user) == []


def test_the_quota_of_an_hour(customer: Customer, user: User) -> None:
    def look(minutes: int, who: User = user) -> str:
        at = NOW + timedelta(minutes=minutes)
        return reveal(customer=customer, field="phone", reason=WHY, actor=who, at=at)

    for minute in range(records.REVEALS_PER_HOUR):
        assert look(minute) == PHONE
    with pytest.raises(TooManyReveals, match=str(records.REVEALS_PER_HOUR)):
        look(30)
    with pytest.raises(TooManyReveals):
        look(59)
    assert look(30, make_user()) == PHONE
    assert look(60) == PHONE
    with pytest.raises(TooManyReveals):
        look(60)
    assert len(entries(user)) == records.REVEALS_PER_HOUR + 1


def test_a_value_moved_from_another_record_does_not_open(customer: Customer, user: User) -> None:
    other = make_customer(phone_cipher=customer.phone_cipher)
    with pytest.raises(crypto.BadSeal):
        reveal(customer=other, field="phone", reason=WHY, actor=user, at=NOW)


@pytest.mark.django_db(transaction=True)
class TestCommitted:
    def test_the_trail_comes_first_and_stays_whatever_happens_then(self, customer: Customer, user: User) -> None:
        damaged = bytes(customer.phone_cipher)[:-1] + b"\x00"
        Customer.everything.filter(pk=customer.pk).update(phone_cipher=damaged)
        customer.refresh_from_db()

        with pytest.raises(crypto.BadSeal):
            reveal(customer=customer, field="phone", reason=WHY, actor=user, at=NOW)

        connection.close()  # nothing of an open transaction outlives this
        assert entries(user) == [("reveal", "K1", {"field": "phone"}, WHY)]

    def test_parallel_requests_share_one_quota(self, customer: Customer, user: User) -> None:
        shown: list[str] = []
        refused: list[TooManyReveals] = []
        ready = threading.Barrier(8)

        def look() -> None:
            ready.wait()
            try:
                for _again in range(5):
                    shown.append(reveal(customer=customer, field="phone", reason=WHY, actor=user, at=NOW))
            except TooManyReveals as error:
                refused.append(error)
            finally:
                connection.close()

        threads = [threading.Thread(target=look) for _n in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        assert shown == [PHONE] * records.REVEALS_PER_HOUR
        assert refused
        assert len(entries(user)) == records.REVEALS_PER_HOUR


def test_the_last_contact_only_moves_forward(customer: Customer) -> None:
    def last() -> date | None:
        return CustomerPosition.everything.get(customer=customer).last_contact_on

    assert last() is None
    for on, expected in ((TODAY, TODAY), (TODAY - timedelta(days=1), TODAY), (TODAY + timedelta(days=1),) * 2):
        touch_contact(customer_id=customer.pk, on=on)
        assert last() == expected
    records.set_last_contact(customer_id=customer.pk, on=None)
    assert last() is None


def test_a_share_opens_one_customer_to_one_person(customer: Customer, user: User) -> None:
    head = make_user(role="branch_head")
    assert not Customer.objects.visible_to(user).exists()

    for _again in range(2):
        share = share_customer(customer=customer, user=user, reason="联合拜访", actor=head, at=NOW)

    assert list(Customer.objects.visible_to(user)) == [customer]
    assert not Customer.objects.visible_to(make_user(role="manager")).exists()
    assert list(CustomerShare.objects.all()) == [share]
    assert entries(head) == [("share", "K1", {"with": user.staff_no}, "联合拜访")]
