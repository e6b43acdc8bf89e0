"""Which values, preferences and consents stay when records are merged, and what each gets back."""

from datetime import timedelta

import pytest

from core import crypto
from customers.models import Consent, Customer, FieldSource, Preference
from customers.queries import search
from staff.models import User
from tests import factories as make
from tests.customers.merging import HOUR, do, pair, state, undo
from tests.factories import NOW, TODAY

pytestmark = pytest.mark.django_db


@pytest.fixture
def head() -> User:
    return make.make_user(role="head_office", branch=make.make_head_office())


def test_chosen_values_are_sealed_anew_and_go_back(head: User):
    a = make.make_customer(name="王小明", phone="13800138000", id_no="11010519491231002X")
    b = make.make_customer(name="王晓明", phone="13912345678")
    before = Customer.everything.filter(pk=a.pk).values().get()
    merged = do(a, b, head, choices={"name": "dropped", "phone": "dropped", "id_no": "kept"})
    kept = Customer.everything.get(pk=a.pk)
    assert (kept.name, kept.name_pinyin, kept.name_initials) == (b.name, b.name_pinyin, b.name_initials)
    assert crypto.unseal("customers.customer.phone", a.customer_no, kept.phone_cipher) == "13912345678"
    assert bytes(kept.phone_index) == bytes(b.phone_index)
    assert kept.version == before["version"] + 1
    assert list(search(Customer.objects.visible_to(head), "王晓明")) == [kept]

    undo(merged, head)
    assert Customer.everything.filter(pk=a.pk).values().get() == before


def test_what_was_corrected_since_the_merge_stays(head: User):
    a, b = make.make_customer(name="王小明", employer="甲"), make.make_customer(name="王晓明", employer="乙")
    merged = do(a, b, head, choices={"name": "dropped", "employer": "dropped"})
    Customer.everything.filter(pk=a.pk).update(employer="丙")
    undo(merged, head)
    kept = Customer.everything.get(pk=a.pk)
    assert (kept.name, kept.employer) == ("王小明", "丙")


def test_the_source_goes_with_the_value(head: User):
    a, b = pair()
    for customer, field in ((a, "phone"), (b, "phone"), (a, "employer"), (b, "employer"), (b, "email")):
        FieldSource.objects.create(
            customer=customer, field=field, source="counter" if customer == a else "online", confirmed_on=TODAY
        )
    before = list(FieldSource.objects.order_by("pk").values())
    merged = do(a, b, head, choices={"phone": "dropped"})
    rows = FieldSource.objects.order_by("field").values_list("customer_id", "field", "source")
    assert list(rows) == [(a.pk, "employer", "counter"), (a.pk, "phone", "online")]
    undo(merged, head)
    assert list(FieldSource.objects.order_by("pk").values()) == before


def test_of_two_preferences_the_one_stated_later_holds(head: User):
    a, b = pair()
    values = {"kind": "channel", "source": "counter", "recorded_by": head, "recorded_at": NOW}
    old = Preference.everything.create(customer=a, value="sms", stated_on=TODAY - timedelta(days=9), **values)
    new = Preference.everything.create(customer=b, value="phone", stated_on=TODAY, **values)
    merged = do(a, b, head)
    assert list(Preference.everything.filter(customer=a, ended_at=None)) == [new]
    undo(merged, head)
    old.refresh_from_db()
    new.refresh_from_db()
    assert (old.ended_at, old.customer_id, new.ended_at, new.customer_id) == (None, a.pk, None, b.pk)


def test_a_preference_stated_since_stays_the_only_current_one(head: User):
    a, b = pair()
    values = {"kind": "channel", "source": "counter", "recorded_by": head, "recorded_at": NOW}
    Preference.everything.create(customer=a, value="sms", stated_on=TODAY - timedelta(days=9), **values)
    theirs = Preference.everything.create(customer=b, value="phone", stated_on=TODAY, **values)
    merged = do(a, b, head)
    Preference.everything.filter(pk=theirs.pk).update(ended_at=NOW)
    since = Preference.everything.create(customer=a, value="email", stated_on=TODAY, **values)
    undo(merged, head)
    current = Preference.everything.filter(ended_at=None)
    assert list(current.values_list("pk", "customer_id")) == [(since.pk, a.pk)]


# Consents: the stricter of both.


def holds(customer: Customer) -> str:
    last = Consent.everything.filter(customer=customer).order_by("stated_at", "pk").last()
    return last.decision if last else ""


@pytest.mark.parametrize(
    ("a", "b", "expected"),
    [
        (("given", 1), ("withdrawn", 5), "withdrawn"),
        (("withdrawn", 5), ("given", 1), "withdrawn"),
        (("given", 5), ("withdrawn", 1), "withdrawn"),
        (("given", 5), ("given", 1), "given"),
        (None, ("given", 1), "given"),
        (None, ("withdrawn", 1), "withdrawn"),
        (("given", 1), None, "given"),
    ],
)
def test_either_withdrawal_holds_and_the_undo_restores_what_each_had_said(
    head: User, a: tuple[str, int] | None, b: tuple[str, int] | None, expected: str
):
    pair_ = pair()
    for customer, said in zip(pair_, (a, b), strict=True):
        if said:
            state(customer, *said)
    merged = do(*pair_, head)
    assert holds(pair_[0]) == expected
    assert not Consent.everything.filter(customer=pair_[1]).exists()
    undo(merged, head)
    assert [holds(customer) for customer in pair_] == [said[0] if said else "" for said in (a, b)]


def test_a_consent_given_after_the_merge_outlives_its_undo(head: User):
    a, b = pair()
    state(a, "given", 1)
    state(b, "withdrawn", 5)
    merged = do(a, b, head)
    assert holds(a) == "withdrawn"
    state(a, "given", -1)
    undo(merged, head, after=2 * HOUR)
    assert (holds(a), holds(b)) == ("given", "withdrawn")
    assert Consent.everything.filter(proof_ref__endswith="undone").count() == 0
