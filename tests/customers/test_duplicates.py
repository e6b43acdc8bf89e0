"""One customer, one record: warned while typing, refused when saving, and nothing told of other units' customers."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from django.db import connection
from django.test import Client

from core.models import TrailEntry
from customers.models import Customer
from customers.services import duplicates, profile
from staff.models import Branch, User
from tests.factories import NOW, make_branch, make_customer, make_head_office, make_user

URL = "/customers/duplicates/"
ID_NO, PHONE = "11010519491231002X", "13800138000"


@pytest.fixture
def branch(db: None) -> Branch:
    return make_branch(parent=make_head_office(), name="东风支行")


@pytest.fixture
def teller(branch: Branch) -> User:
    return make_user(branch=branch)


@pytest.fixture
def other(branch: Branch) -> Branch:
    return make_branch(parent=branch.parent, name="西湖支行")


def ask(client: Client, **typed: str) -> str:
    return client.post(URL, typed).content.decode()


class TestWhileTyping:
    def test_shows_those_in_sight_masked(self, client_of: Any, teller: User) -> None:
        make_customer(branch=teller.branch, name="王小明", customer_no="C0001", id_no=ID_NO, phone=PHONE)

        for typed in ({"id_no": "11010519491231002x", "id_type": "resident_id"}, {"phone": "+86 138-0013-8000"}):
            text = ask(client_of(teller), **typed)
            assert "/customers/C0001/" in text
            assert "138****8000" in text
            assert (ID_NO in text, PHONE in text) == (False, False)

    def test_names_that_sound_alike_and_the_birth_date(self, client_of: Any, teller: User) -> None:
        make_customer(branch=teller.branch, name="王小明", customer_no="C0001", birth_date="1949-12-31")

        assert "C0001" in ask(client_of(teller), name="王晓鸣", birth_date="1949-12-31")
        assert "C0001" not in ask(client_of(teller), name="王晓鸣", birth_date="1949-12-30")
        assert "C0001" not in ask(client_of(teller), name="王晓鸣")

    @pytest.mark.parametrize("typed", [{"id_no": ID_NO, "id_type": "resident_id"}, {"phone": PHONE}])
    def test_elsewhere_is_told_by_its_unit_alone(
        self, client_of: Any, teller: User, other: Branch, typed: dict[str, str]
    ) -> None:
        for n in range(2):
            make_customer(branch=other, name="李秘密", customer_no=f"SECRET{n}", id_no=ID_NO, phone=PHONE)

        text = ask(client_of(teller), **typed)

        assert text.count("西湖支行") == 1
        assert ("李秘密" in text, "SECRET" in text, "****" in text) == (False, False, False)
        entry = TrailEntry.objects.get(action="match")
        assert (entry.actor_no, entry.changes) == (teller.staff_no, {"field": next(iter(typed))})

    def test_a_guessed_name_tells_nothing_of_elsewhere(self, client_of: Any, teller: User, other: Branch) -> None:
        make_customer(branch=other, name="李秘密", birth_date="1949-12-31")

        assert "西湖支行" not in ask(client_of(teller), name="李秘密", birth_date="1949-12-31")

    def test_itself_and_the_merged_are_no_duplicates(self, client_of: Any, teller: User) -> None:
        kept = make_customer(branch=teller.branch, customer_no="C0001", phone=PHONE)
        make_customer(branch=teller.branch, customer_no="C0002", phone=PHONE, merged_into=kept)

        text = ask(client_of(teller), phone=PHONE, customer_no="C0001")

        assert "C000" not in text

    def test_half_typed_numbers_cost_nothing(
        self, client_of: Any, teller: User, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(duplicates, "CHECKS_PER_HOUR", 1)
        client = client_of(teller)
        for end in range(1, 17):
            ask(client, id_no=ID_NO[:end], phone=PHONE[: end % 10])

        assert "alert" not in ask(client, phone=PHONE)
        assert "is-warn" in ask(client, phone=PHONE)

    def test_looking_for_numbers_ends_after_some_hits(
        self, client_of: Any, teller: User, other: Branch, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(duplicates, "HITS_PER_HOUR", 2)
        make_customer(branch=other, phone=PHONE)
        client = client_of(teller)

        told = ["西湖支行" in ask(client, phone=PHONE) for _n in range(4)]

        assert told == [True, True, False, False]


def create(actor: User, **values: Any) -> profile.Saved:
    given = {"name": "曾明辉", "phone": "13912345678", "id_type": "resident_id", "id_no": ID_NO, **values}
    return profile.create_customer(kind="person", values=given, source="counter", actor=actor, at=NOW)


class TestSaving:
    def test_one_in_sight_is_linked(self, client_of: Any, teller: User) -> None:
        make_customer(branch=teller.branch, name="王小明", customer_no="C0001", id_no=ID_NO)

        data = {"name": "王小明", "phone": PHONE, "id_type": "resident_id", "id_no": ID_NO, "source": "counter"}
        response = client_of(teller).post("/customers/new/", {**data, "once": "12345678123456781234567812345678"})

        assert response.status_code == 422
        assert '/customers/C0001/"' in response.content.decode()
        assert Customer.everything.count() == 1

    def test_one_out_of_sight_is_not_named(self, client_of: Any, teller: User, other: Branch) -> None:
        make_customer(branch=other, name="李秘密", customer_no="SECRET", id_no=ID_NO)

        data = {"name": "王小明", "phone": PHONE, "id_type": "resident_id", "id_no": ID_NO, "source": "counter"}
        response = client_of(teller).post("/customers/new/", {**data, "once": "12345678123456781234567812345678"})

        text = response.content.decode()
        assert (response.status_code, "西湖支行" in text) == (422, True)
        assert ("李秘密" in text, "SECRET" in text) == (False, False)
        assert TrailEntry.objects.get(action="match").subject_id == "SECRET"

    def test_saving_is_no_way_to_look_for_numbers_either(
        self, teller: User, other: Branch, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(duplicates, "HITS_PER_HOUR", 1)
        make_customer(branch=other, id_no=ID_NO)
        with pytest.raises(duplicates.ExistsElsewhere):
            create(teller)

        with pytest.raises(duplicates.TooManyChecks):
            create(teller)
        with pytest.raises(duplicates.TooManyChecks):  # the same for a number nobody has
            create(teller, id_no="440524188001010014")

    def test_an_edit_cannot_take_anothers_number(self, teller: User) -> None:
        make_customer(branch=teller.branch, id_no=ID_NO)
        mine = make_customer(branch=teller.branch)

        with pytest.raises(duplicates.AlreadyCustomer):
            profile.edit_customer(
                customer=mine, values={"id_no": ID_NO}, version=1, source="counter", actor=teller, at=NOW
            )

    @pytest.mark.parametrize(("others", "doubts"), [(1, 0), (2, 1)])
    def test_a_phone_of_three_is_mentioned(self, teller: User, others: int, doubts: int) -> None:
        for _n in range(others):
            make_customer(branch=teller.branch, phone="13912345678")

        assert [doubt.code for doubt in create(teller).doubts] == ["shared_phone"] * doubts


@pytest.mark.django_db(transaction=True)
def test_of_two_at_once_exactly_one_is_made() -> None:
    branch = make_branch()
    people = [make_user(branch=branch, password="") for _n in range(2)]
    for round_ in range(10):
        start = Barrier(2)

        def attempt(actor: User) -> str:
            try:
                start.wait()  # noqa: B023  each round has its own
                create(actor)
            except duplicates.AlreadyCustomer:
                return "refused"
            finally:
                connection.close()
            return "made"

        with ThreadPoolExecutor(2) as pool:
            assert sorted(pool.map(attempt, people)) == ["made", "refused"], round_
        Customer.everything.all().delete()
