"""C24: prospects, and their conversion in one transaction that keeps where they came from."""

from collections.abc import Callable
from datetime import timedelta
from threading import Barrier, Thread
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse

from core.models import TrailEntry
from customers.models import Customer, CustomerPosition, Prospect
from customers.queries import prospects as queries
from customers.services import duplicates
from customers.services import prospects as services
from customers.services.profile import ProfileRefused
from staff.models import Branch, User
from tests.factories import NOW, TODAY, make_branch, make_customer, make_prospect, make_user

pytestmark = pytest.mark.django_db
ClientOf = Callable[[User], Client]
PHONE = "13700137000"
PAPER = {"id_type": "resident_id", "id_no": "11010519491231002X", "id_is_long_term": True}


@pytest.fixture
def branch() -> Branch:
    return make_branch()


@pytest.fixture
def manager(branch: Branch) -> User:
    return make_user(role="manager", branch=branch)


def facts(**fields: Any) -> services.ProspectFacts:
    given = {"name": "曾小贤", "kind": "person", "phone": "137 0013 7000", "origin": "web", "campaign": "秋季沙龙"}
    given |= {"interest": "大额存单", "first_contact_on": TODAY - timedelta(days=19)}
    return services.ProspectFacts(**{**given, **fields})


def convert(prospect: Prospect, actor: User, **values: Any) -> Customer:
    return services.convert_prospect(prospect=prospect, values={**PAPER, **values}, actor=actor, at=NOW)


class TestTakingIn:
    def test_it_gets_a_number_and_a_sealed_phone(self, branch: Branch, manager: User) -> None:
        prospect = services.create_prospect(facts=facts(manager=manager), branch=branch, actor=manager, at=NOW)

        row = Prospect.everything.get()
        assert row.number == f"P{row.pk:06}" == prospect.number
        assert (row.name_pinyin, row.state, services.phone_of(row)) == ("zengxiaoxian", "open", PHONE)
        assert PHONE.encode() not in bytes(row.phone_cipher)
        assert PHONE not in str(TrailEntry.objects.values_list("changes", flat=True))

    @pytest.mark.parametrize(
        ("fields", "error"),
        [
            ({"phone": "12"}, services.NotATelephone),
            ({"first_contact_on": TODAY + timedelta(days=1)}, services.FirstContactInTheFuture),
            ({"origin": "referral"}, services.ReferrerNeeded),
        ],
    )
    def test_what_cannot_stand(self, branch: Branch, manager: User, fields: Any, error: type[Exception]) -> None:
        with pytest.raises(error):
            services.create_prospect(facts=facts(**fields), branch=branch, actor=manager, at=NOW)
        assert not Prospect.everything.exists()

    def test_correcting_and_giving_up(self, branch: Branch, manager: User) -> None:
        prospect = make_prospect(manager=manager)
        services.change_prospect(prospect=prospect, facts=facts(phone="13900139000"), actor=manager, at=NOW)
        changed = TrailEntry.objects.get(action="change", subject="customers.prospect").changes["fields"]
        assert {"phone", "name", "campaign"} <= set(changed)
        with pytest.raises(services.DropReasonNeeded):
            services.drop_prospect(prospect=prospect, reason="无", actor=manager, at=NOW)
        services.drop_prospect(prospect=prospect, reason="已在他行开户", actor=manager, at=NOW)
        with pytest.raises(services.ProspectClosed):
            convert(prospect, manager)
        assert Prospect.everything.get().state == "dropped"


class TestConversion:
    def test_the_customer_keeps_source_campaign_and_first_contact(self, branch: Branch, manager: User) -> None:
        prospect = make_prospect(manager=manager, name="曾小贤", phone=PHONE)

        customer = convert(prospect, make_user(role="lobby", branch=branch))

        origin = queries.origin_of(customer.pk)
        assert (origin.number, origin.origin, origin.campaign) == (prospect.number, "web", "开门红")
        assert origin.first_contact_on == TODAY - timedelta(days=19)
        assert (customer.name, customer.origin, customer.branch, customer.manager) == ("曾小贤", "web", branch, manager)
        assert CustomerPosition.everything.get(pk=customer.pk).manager == manager
        assert queries.known_by_phone(PHONE, manager) == [customer]

    def test_what_is_refused_changes_nothing(self, manager: User) -> None:
        prospect = make_prospect(manager=manager)
        with pytest.raises(ProfileRefused):
            convert(prospect, manager, id_no="110105194912310021")
        assert Prospect.everything.get().state == "open"
        assert not Customer.everything.exists()

    def test_a_hit_on_a_customer_out_of_sight_is_noted_though_nothing_is_written(self, manager: User) -> None:
        make_customer(id_no=PAPER["id_no"])
        prospect = make_prospect(manager=manager)

        with pytest.raises(duplicates.ExistsElsewhere):
            convert(prospect, manager)

        assert Prospect.everything.get().state == "open"
        assert TrailEntry.objects.filter(action=duplicates.HIT, actor_id=manager.pk).count() == 1


@pytest.mark.django_db(transaction=True)
def test_of_two_who_convert_at_once_exactly_one_does() -> None:
    manager = make_user(role="manager")
    prospect, start, ends = make_prospect(manager=manager), Barrier(2), []

    def one(paper: str) -> None:
        start.wait()
        try:
            ends.append(convert(prospect, manager, id_no=paper).pk)
        except services.ProspectClosed:
            ends.append(None)
        finally:
            connection.close()

    both = [Thread(target=one, args=[paper]) for paper in ("11010519491231002X", "440524188001010014")]
    for thread in both:
        thread.start()
    for thread in both:
        thread.join()
    assert sorted(end is None for end in ends) == [False, True]
    assert Customer.everything.count() == 1


class TestPages:
    def test_from_the_form_to_the_customer_page(self, manager: User, client_of: ClientOf) -> None:
        client = client_of(manager)
        data = {"name": "曾小贤", "kind": "person", "phone": PHONE, "origin": "web", "campaign": "秋季沙龙"}
        data |= {"first_contact_on": "2026-11-01", "manager": manager.staff_no}
        page = client.get(client.post(reverse("customers:prospect_new"), data)["Location"]).content.decode()
        assert ("137****7000" in page, PHONE in page) == (True, False)
        prospect = Prospect.everything.get()
        response = client.post(
            reverse("customers:prospect_convert", args=[prospect.number]), {"name": "曾小贤", **PAPER}
        )
        customer = Customer.everything.get()
        assert response["Location"] == customer.get_absolute_url()
        shown = client.get(customer.get_absolute_url()).content.decode()
        assert all(word in shown for word in (prospect.number, "秋季沙龙", "2026-11-01"))

    def test_a_fault_stands_beside_its_field(self, manager: User, client_of: ClientOf) -> None:
        prospect = make_prospect(manager=manager)
        address = reverse("customers:prospect_convert", args=[prospect.number])
        response = client_of(manager).post(address, {"name": "曾小贤", **PAPER, "id_no": "110105194912310021"})
        assert response.status_code == 422
        assert "id_no" in response.context["form"].errors

    def test_the_same_phone_is_told_of_customers_in_sight_only(self, manager: User, client_of: ClientOf) -> None:
        make_customer(name="别家客户", phone=PHONE)
        client, url = client_of(manager), reverse("customers:prospect_check")
        assert "别家客户" not in client.post(url, {"phone": PHONE}).content.decode()
        assert client.post(url, {"phone": PHONE}).content == client.post(url, {"phone": "13611112222"}).content
        make_customer(name="自家客户", phone=PHONE, manager=manager)
        assert "自家客户" in client.post(url, {"phone": "+86 137-0013-7000"}).content.decode()
        prospect = make_prospect(manager=manager, phone=PHONE)
        assert "自家客户" in client.get(prospect.get_absolute_url()).content.decode()

    def test_a_colleagues_prospect_is_out_of_sight_and_an_unowned_one_is_not(
        self, branch: Branch, manager: User, client_of: ClientOf
    ) -> None:
        theirs, free = make_prospect(manager=manager, name="有主潜客"), make_prospect(branch=branch, name="无主潜客")
        colleague = client_of(make_user(role="manager", branch=branch))
        page = colleague.get(reverse("customers:prospects")).content.decode()
        assert ("有主潜客" in page, "无主潜客" in page) == (False, True)
        assert colleague.get(theirs.get_absolute_url()).status_code == 404
        assert colleague.get(free.get_absolute_url()).status_code == 200

    def test_a_referrer_must_be_in_sight(self, manager: User, client_of: ClientOf) -> None:
        foreign, own = make_customer(), make_customer(manager=manager)
        data = {"name": "曾小贤", "kind": "person", "origin": "referral", "first_contact_on": "2026-11-01"}
        client, url = client_of(manager), reverse("customers:prospect_new")
        assert client.post(url, {**data, "referred_by": foreign.customer_no}).status_code == 422
        assert client.post(url, data).status_code == 422
        assert client.post(url, {**data, "referred_by": own.customer_no}).status_code == 302
        assert Prospect.everything.get().referred_by == own
