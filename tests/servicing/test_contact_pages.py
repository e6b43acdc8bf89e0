"""The counter, contacts of a customer, the list of contacts."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse

from core.clock import now
from customers.enums import FlagKind
from customers.models import Customer, QualityFlag
from servicing.models import Interaction
from staff.enums import Role
from staff.models import Branch, User
from tests.factories import make_branch, make_customer, make_head_office, make_interaction, make_user

pytestmark = pytest.mark.django_db
ClientOf = Callable[[User], Client]
HTMX = {"HX-Request": "true"}
SERVES = {Role.TELLER, Role.LOBBY, Role.MANAGER, Role.SENIOR_MANAGER}
PHONE, ID_NO = "13800138000", "11010519491231002X"


@pytest.fixture
def branch() -> Branch:
    return make_branch(parent=make_head_office())


@pytest.fixture
def teller(branch: Branch, client_of: ClientOf) -> Client:
    return client_of(make_user(branch=branch))


@pytest.fixture
def customer(branch: Branch) -> Customer:
    manager = make_user(role="manager", branch=branch, name="王经理")
    return make_customer(manager=manager, name="张明辉", phone=PHONE, id_no=ID_NO, tier=3, total="612345.67")


def search(client: Client, text: str, **headers: Any) -> str:
    response = client.post(reverse("servicing:counter_search"), {"q": text}, headers=headers or HTMX)
    assert response.status_code == 200
    return response.content.decode()


def without_tokens(response: Any) -> str:
    """A page without what differs at every request."""
    return re.sub(r"\b\w{64}\b", "", response.content.decode())


def log_at_counter(client: Client, customer: Customer, **fields: Any) -> Any:
    data = {"topic": "deposit", "outcome": "done", "note": "", "once": uuid4(), **fields}
    return client.post(reverse("servicing:counter_log", args=[customer.customer_no]), data, headers=HTMX)


@pytest.mark.parametrize("role", list(Role))
def test_who_serves_at_the_counter(as_role: Callable[..., Client], role: Role, branch: Branch) -> None:
    client = as_role(role, branch=branch)
    assert client.get(reverse("servicing:counter")).status_code == (200 if role in SERVES else 403)


def test_a_stranger_is_sent_to_sign_in(client: Client) -> None:
    response = client.get(reverse("servicing:counter"))
    assert response.status_code == 302
    assert response["Location"].startswith(reverse("account_login"))


def test_the_counter_opens_with_one_focused_box(teller: Client) -> None:
    page = teller.get(reverse("servicing:counter")).content.decode()
    assert len(re.findall(r"\bautofocus\b", page)) == 1
    assert 'id="counter-q"' in page


@pytest.mark.parametrize("text", ["8000", PHONE, ID_NO, "张明辉", "明辉", "zhangminghui", "zmh"])
def test_a_customer_is_found_by_whatever_is_at_hand(teller: Client, customer: Customer, text: str) -> None:
    make_customer(branch=customer.branch, name="李四", phone="13900139999")
    page = search(teller, text)
    assert page.count('role="option"') == 1
    assert "张明辉" in page


def test_a_customer_is_found_by_number(teller: Client, customer: Customer) -> None:
    assert "张明辉" in search(teller, customer.customer_no)


def test_results_and_card_are_masked_and_without_amounts(teller: Client, customer: Customer) -> None:
    card = teller.get(reverse("servicing:counter_card", args=[customer.customer_no]), headers=HTMX).content.decode()
    for page in (search(teller, "8000"), card):
        assert PHONE not in page
        assert ID_NO not in page
        assert "138****8000" in page
        assert "612" not in page.replace(customer.customer_no, "")
        assert "61.2" not in page


def test_nothing_typed_stands_in_an_address(teller: Client, customer: Customer) -> None:
    assert teller.get(reverse("servicing:counter_search"), {"q": PHONE}).status_code == 405
    page = search(teller, PHONE)
    addresses = re.findall(r'(?:href|hx-get|hx-post|action)="([^"]*)"', page)
    assert addresses
    assert not [a for a in addresses if PHONE in a or ID_NO in a or "8000" in a.replace(customer.customer_no, "")]


def test_customers_of_another_branch_do_not_exist(teller: Client, branch: Branch) -> None:
    foreign = make_customer(branch=make_branch(parent=branch.parent), name="张明辉", phone=PHONE, id_no=ID_NO)
    for text in ("8000", PHONE, ID_NO, "张明辉", "明辉", "zmh", foreign.customer_no):
        page = search(teller, text)
        assert foreign.customer_no not in page.replace(f'value="{text}"', "")
        assert 'role="option"' not in page
    unknown = teller.get(reverse("servicing:counter_card", args=["C-NOBODY"]), headers=HTMX)
    known = teller.get(reverse("servicing:counter_card", args=[foreign.customer_no]), headers=HTMX)
    assert (known.status_code, unknown.status_code) == (404, 404)
    assert without_tokens(known).replace(foreign.customer_no, "C-NOBODY") == without_tokens(unknown)
    assert log_at_counter(teller, foreign).status_code == 404
    assert not Interaction.everything.exists()


def test_a_manager_finds_only_the_own_book(customer: Customer, client_of: ClientOf) -> None:
    colleague = make_user(role="manager", branch=customer.branch)
    assert "张明辉" not in search(client_of(colleague), "明辉")
    assert customer.manager is not None
    assert "张明辉" in search(client_of(customer.manager), "明辉")


def test_an_empty_box_lists_nobody(teller: Client, customer: Customer) -> None:
    for text in ("", "   "):
        assert "张明辉" not in search(teller, text)


def test_many_hits_say_that_there_are_more(teller: Client, branch: Branch) -> None:
    for _n in range(9):
        make_customer(branch=branch, name="欧阳明")
    page = search(teller, "欧阳")
    assert page.count('role="option"') == 8


def test_the_first_hit_is_chosen(teller: Client, branch: Branch) -> None:
    for name in ("欧阳乙", "欧阳甲"):
        make_customer(branch=branch, name=name)
    page = search(teller, "欧阳")
    assert re.findall(r'aria-selected="(true|false)"', page) == ["true", "false"]


def test_the_card_says_what_to_beware_of(teller: Client, customer: Customer) -> None:
    Customer.everything.filter(pk=customer.pk).update(id_expires_on=now().date() - timedelta(days=1))
    QualityFlag.objects.create(customer=customer, kind=FlagKind.DUPLICATE_IDENTITY, found_on=now().date())
    make_interaction(customer=customer, topic="card")
    response = teller.get(reverse("servicing:counter_card", args=[customer.customer_no]), headers=HTMX)
    page = response.content.decode()
    assert page.count("alert is-") == 1  # exactly one to beware, the gravest
    assert page.count("alert is-bad") == 1
    assert len(response.context["card"].more) == 1
    assert "王经理" in page


def test_number_keys_cover_every_choice(teller: Client, customer: Customer) -> None:
    page = teller.get(reverse("servicing:counter_card", args=[customer.customer_no]), headers=HTMX).content.decode()
    keys = re.findall(r"<kbd[^>]*>(\d+)</kbd>", page)
    assert keys == [*"123456789", *"12345"]
    assert len(re.findall(r"<(?:fieldset|textarea)|type=\"text\"", page)) == 3  # no more than three fields


def test_a_contact_is_logged_and_the_box_is_ready(teller: Client, customer: Customer) -> None:
    before = now()
    response = log_at_counter(teller, customer, note="续存一年")
    page = response.content.decode()

    contact = Interaction.everything.get()
    assert (contact.channel, contact.direction, contact.topic, contact.outcome, contact.note) == (
        "counter",
        "in",
        "deposit",
        "done",
        "续存一年",
    )
    assert before <= contact.happened_at <= now()
    assert "data-counter-done" in page
    assert reverse("servicing:undo", args=[contact.pk]) in page


def test_the_lobby_logs_for_the_lobby(customer: Customer, client_of: ClientOf) -> None:
    log_at_counter(client_of(make_user(role="lobby", branch=customer.branch)), customer)
    assert Interaction.everything.get().channel == "lobby"


@pytest.mark.parametrize("fields", [{"topic": ""}, {"outcome": ""}, {"outcome": "not_reached"}, {"note": "长" * 1001}])
def test_a_faulty_form_comes_back_with_what_was_typed(
    teller: Client, customer: Customer, fields: dict[str, str]
) -> None:
    response = log_at_counter(teller, customer, **{"note": "已说明", **fields})
    page = response.content.decode()
    assert response.status_code == 422
    assert "field-error" in page
    assert "data-counter-log" in page
    assert not Interaction.everything.exists()


def test_the_same_form_twice_is_one_contact(teller: Client, customer: Customer) -> None:
    once = uuid4()
    for _n in range(2):
        assert log_at_counter(teller, customer, once=once).status_code == 200
    assert Interaction.everything.count() == 1


def test_undo_at_the_counter(teller: Client, customer: Customer) -> None:
    log_at_counter(teller, customer)
    contact = Interaction.everything.get()
    response = teller.post(reverse("servicing:undo", args=[contact.pk]), headers=HTMX)
    assert response.status_code == 200
    assert "data-counter-done" in response.content.decode()
    assert not Interaction.everything.exists()


def test_nobody_undoes_or_opens_a_colleagues_contact(teller: Client, customer: Customer) -> None:
    contact = make_interaction(customer=customer, recorded_at=now())
    assert teller.post(reverse("servicing:undo", args=[contact.pk]), headers=HTMX).status_code == 404
    assert teller.get(reverse("servicing:change", args=[contact.pk]), headers=HTMX).status_code == 404
    assert Interaction.everything.filter(pk=contact.pk).exists()


def test_a_contact_of_another_branch_cannot_be_undone_or_changed(teller: Client, branch: Branch) -> None:
    foreign = make_interaction(customer=make_customer(branch=make_branch(parent=branch.parent)))
    for name in ("undo", "change"):
        assert teller.post(reverse(f"servicing:{name}", args=[foreign.pk])).status_code == 404


def test_everything_works_without_htmx(teller: Client, customer: Customer) -> None:
    page = teller.post(reverse("servicing:counter_search"), {"q": "8000"}).content.decode()
    assert "<html" in page
    assert "张明辉" in page
    page = teller.get(reverse("servicing:counter_card", args=[customer.customer_no])).content.decode()
    assert "<html" in page
    assert "data-counter-log" in page


def manager_form(**fields: Any) -> dict[str, Any]:
    return {
        "channel": "phone",
        "direction": "out",
        "topic": "rate",
        "outcome": "call_back",
        "happened_at": now().strftime("%Y-%m-%dT%H:%M"),
        "note": "下周再谈",
        "once": uuid4(),
        **fields,
    }


def test_a_manager_logs_on_the_customers_page(customer: Customer, client_of: ClientOf) -> None:
    assert customer.manager is not None
    client, url = client_of(customer.manager), reverse("servicing:log", args=[customer.customer_no])
    assert "<html" not in client.get(url, headers=HTMX).content.decode()
    assert "<html" in client.get(url).content.decode()

    response = client.post(url, manager_form(), headers=HTMX)

    assert response["HX-Trigger"] == "contact-changed"
    assert Interaction.everything.values_list("channel", "outcome", "author").get() == (
        "phone",
        "call_back",
        customer.manager.pk,
    )
    assert client.post(url, manager_form()).status_code == 302


@pytest.mark.parametrize(
    "fields",
    [
        {"channel": "counter", "outcome": "not_reached"},
        {"happened_at": "2090-01-01T10:00"},
        {"happened_at": "gestern"},
        {"channel": "fax"},
    ],
)
def test_an_impossible_contact_is_explained(customer: Customer, client_of: ClientOf, fields: dict[str, str]) -> None:
    assert customer.manager is not None
    client = client_of(customer.manager)
    response = client.post(reverse("servicing:log", args=[customer.customer_no]), manager_form(**fields), headers=HTMX)
    assert response.status_code == 422
    assert not Interaction.everything.exists()


@pytest.mark.parametrize("role", ["admin", "auditor", "compliance", "head_office"])
def test_who_does_not_talk_to_customers_logs_nothing(customer: Customer, client_of: ClientOf, role: str) -> None:
    client = client_of(make_user(role=role, branch=customer.branch))
    assert client.get(reverse("servicing:log", args=[customer.customer_no])).status_code == 403


def test_a_colleagues_customer_is_not_found(customer: Customer, client_of: ClientOf) -> None:
    client = client_of(make_user(role="manager", branch=customer.branch))
    url = reverse("servicing:log", args=[customer.customer_no])
    assert client.get(url).status_code == 404
    assert client.post(url, manager_form()).status_code == 404


def test_a_correction_is_saved(customer: Customer, client_of: ClientOf) -> None:
    assert customer.manager is not None
    contact = make_interaction(customer=customer, author=customer.manager, recorded_at=now(), channel="phone")
    client, url = client_of(customer.manager), reverse("servicing:change", args=[contact.pk])
    assert client.get(url, headers=HTMX).status_code == 200
    response = client.post(url, {"topic": "card", "outcome": "not_reached", "note": "x"}, headers=HTMX)
    assert response.status_code == 200
    contact.refresh_from_db()
    assert (contact.topic, contact.outcome, contact.note) == ("card", "not_reached", "x")


def test_a_late_correction_is_refused_with_the_reason(customer: Customer, client_of: ClientOf) -> None:
    assert customer.manager is not None
    contact = make_interaction(customer=customer, author=customer.manager, recorded_at=now() - timedelta(minutes=16))
    response = client_of(customer.manager).post(
        reverse("servicing:change", args=[contact.pk]), {"topic": "card", "outcome": "done"}, headers=HTMX
    )
    assert response.status_code == 422


def test_the_list_shows_and_counts_what_is_in_sight(customer: Customer, client_of: ClientOf) -> None:
    root = customer.branch.parent
    for note in ("一", "二"):
        make_interaction(customer=customer, note=note)
    make_interaction(customer=make_customer(branch=make_branch(parent=root)), note="别家的事")
    page = client_of(make_user(role="branch_head", branch=customer.branch)).get(reverse("servicing:contacts"))
    assert len(page.context["listing"].rows) == 2
    assert "别家的事" not in page.content.decode()


def test_the_list_hides_managers_notes_from_tellers(teller: Client, customer: Customer) -> None:
    make_interaction(customer=customer, channel="visit", note="家里要用钱")
    page = teller.get(reverse("servicing:contacts")).content.decode()
    assert "张明辉" in page
    assert "家里要用钱" not in page


@pytest.mark.parametrize(
    ("params", "found"),
    [
        ({}, 4),
        ({"channel": "phone"}, 1),
        ({"topic": "card"}, 1),
        ({"outcome": "interested"}, 1),
        ({"since": "2026-11-20"}, 3),
        ({"until": "2026-11-19"}, 1),
        ({"since": "2026-11-20", "until": "2026-11-20", "channel": "counter"}, 2),
        ({"since": "no day"}, 0),
    ],
)
def test_filters_of_the_list(teller: Client, customer: Customer, params: dict[str, str], found: int) -> None:
    make_interaction(customer=customer, channel="phone")
    make_interaction(customer=customer, topic="card")
    make_interaction(customer=customer, outcome="interested")
    old = make_interaction(customer=customer)
    Interaction.everything.filter(pk=old.pk).update(happened_at=old.happened_at - timedelta(days=1))
    page = teller.get(reverse("servicing:contacts"), params)
    assert len(page.context["listing"].rows) == found


def test_a_colleague_or_unit_out_of_sight_cannot_be_asked_for(teller: Client, customer: Customer) -> None:
    make_interaction(customer=customer)
    stranger = make_user()
    for params in ({"author": stranger.staff_no}, {"unit": stranger.branch.code}):
        page = teller.get(reverse("servicing:contacts"), params)
        assert len(page.context["listing"].rows) == 0
    assert teller.get(reverse("servicing:contacts"), {"note": "x"}).status_code == 400


@pytest.mark.parametrize("name", ["counter_search", "contacts"])
def test_lists_ask_a_constant_number_of_questions(
    teller: Client, branch: Branch, django_assert_max_num_queries: Any, name: str
) -> None:
    def ask() -> int:
        with django_assert_max_num_queries(40) as asked:
            if name == "contacts":
                teller.get(reverse("servicing:contacts"))
            else:
                search(teller, "欧阳")
        return len(asked)

    make_interaction(customer=make_customer(branch=branch, name="欧阳明"))
    ask()  # the session is written once
    few = ask()
    for _n in range(6):
        make_interaction(customer=make_customer(branch=branch, name="欧阳明"))
    assert ask() == few
