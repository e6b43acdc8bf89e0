"""C17: how complete a record is in its tier, and the one question worth asking, answered with one or two keys."""

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import translation
from django.utils.html import escape
from hypothesis import given
from hypothesis import strategies as st

from core.trail import NIGHT
from customers.enums import Occupation
from customers.models import Customer, FieldRefusal, FieldSource, Preference, QualityFlag
from customers.queries.quality import QUESTIONS, ask_next, completeness_by_tier, completeness_of, question_about
from customers.rules import quality as rules
from customers.rules.quality import ASKABLE, BUILT_IN, COUNTED, read_quality, weights_of
from customers.services import answers, quality
from staff.models import User
from tests.factories import NOW, TODAY, make_branch, make_customer, make_user

ClientOf = Callable[[User], Client]
HTMX = {"HX-Request": "true"}
RULES = read_quality(BUILT_IN)
WEIGHTS = {"phone": 20, "id_no": 20, "occupation": 15, "channel": 12, "email": 4}


@pytest.mark.parametrize(
    ("present", "percent"),
    [
        (set(), 0),
        ({"phone"}, 28),
        ({"phone", "id_no", "occupation", "channel"}, 94),
        ({"phone", "id_no", "occupation", "channel", "email", "tenor"}, 100),
    ],
)
def test_how_complete_a_record_is(present: set[str], percent: int) -> None:
    assert rules.completeness(present, WEIGHTS) == percent


@given(st.sets(st.sampled_from(COUNTED)), st.dictionaries(st.sampled_from(COUNTED), st.integers(1, 100)))
def test_a_hundred_is_complete_and_nothing_else(present: set[str], weights: dict[str, int]) -> None:
    found = rules.completeness(present, weights)
    assert 0 <= found <= 100
    assert (found == 100) == (set(weights) <= present)
    more = rules.completeness({*present, *list(weights)[:1]}, weights)
    assert more >= found


@pytest.mark.parametrize(
    ("present", "refused", "field"),
    [
        (set(), {}, "phone"),
        ({"phone"}, {}, "occupation"),
        ({"phone", "occupation"}, {}, "channel"),
        ({"phone", "occupation", "channel", "email"}, {}, None),
        (set(), {"phone": TODAY}, "occupation"),
        (set(), {"phone": TODAY - timedelta(days=179)}, "occupation"),
        (set(), {"phone": TODAY - timedelta(days=180)}, "phone"),
        ({"phone", "occupation"}, {"channel": TODAY, "email": TODAY}, None),
    ],
)
def test_what_is_asked_next(present: set[str], refused: dict[str, date], field: str | None) -> None:
    assert rules.ask_next(present, WEIGHTS, refused, TODAY, 180) == field


def test_upper_tiers_are_worth_more_questions_and_organisations_others() -> None:
    assert weights_of("person", 1, RULES.weights) == weights_of("person", 0, RULES.weights)
    assert "contact_name" not in weights_of("person", 0, RULES.weights)
    assert "channel" in weights_of("person", 2, RULES.weights)
    assert "tenor" in weights_of("person", 9, RULES.weights)
    assert set(weights_of("organisation", 0, RULES.weights)) == {"phone", "id_no", "address", "contact_name"}


def test_every_question_says_why_and_can_be_answered_by_one_of_nine_keys() -> None:
    assert set(QUESTIONS) == {*ASKABLE} - rules.UNASKED
    for field in QUESTIONS:
        question = question_about(field)
        assert question.text
        assert question.why
        assert [choice.key for choice in question.choices] == list(range(1, len(question.choices) + 1))
        assert len(question.choices) <= 9


# --- of a customer


@pytest.fixture
def customer(db: None) -> Customer:
    return make_customer(branch=make_branch(), tier=3, phone="13800138000", id_no="11010519491231002X")


@pytest.fixture
def teller(customer: Customer) -> User:
    return make_user(branch=customer.branch)


def field_asked(customer: Customer, day: date = TODAY) -> str | None:
    question = ask_next(Customer.everything.get(pk=customer.pk), day)
    return question.field if question else None


def say(customer: Customer, field: str, value: str, actor: User, source: str = "counter") -> None:
    fresh = Customer.everything.get(pk=customer.pk)
    answers.answer_question(customer=fresh, field=field, value=value, source=source, actor=actor, at=NOW)


def test_an_answer_is_kept_with_its_source_and_the_next_question_follows(customer: Customer, teller: User) -> None:
    assert field_asked(customer) == "occupation"
    before = completeness_of(customer, TODAY)
    say(customer, "occupation", "retired", teller)
    customer.refresh_from_db()
    with translation.override("zh-hans"):
        assert customer.occupation == str(Occupation.RETIRED.label)
    kept = FieldSource.objects.get(customer=customer, field="occupation")
    assert (kept.source, kept.confirmed_on, kept.confirmed_by) == ("counter", TODAY, teller)
    assert completeness_of(customer, TODAY) > before
    assert field_asked(customer) == "tenor"
    say(customer, "tenor", "1y", teller, source="phone")
    stated = Preference.everything.get(customer=customer)
    assert (stated.kind, stated.value, stated.source) == ("tenor", "1y", "phone")
    assert field_asked(customer) == "channel"


def test_a_refusal_is_not_asked_again_for_its_days(customer: Customer, teller: User) -> None:
    answers.refuse_question(customer=customer, field="occupation", actor=teller, at=NOW)
    assert field_asked(customer) == "tenor"
    assert field_asked(customer, TODAY + timedelta(days=179)) == "tenor"
    assert field_asked(customer, TODAY + timedelta(days=180)) == "occupation"
    answers.refuse_question(customer=customer, field="occupation", actor=teller, at=NOW + timedelta(days=200))
    assert field_asked(customer, TODAY + timedelta(days=201)) == "tenor"
    say(customer, "occupation", "student", teller)
    assert not FieldRefusal.objects.exists()


def test_an_answer_settles_the_finding_at_once(customer: Customer, teller: User) -> None:
    bare = make_customer(branch=customer.branch)
    quality.run(business_day=TODAY, actor=NIGHT, at=NOW)
    assert QualityFlag.objects.filter(customer=bare, kind="missing_phone").open().exists()
    say(bare, "phone", "139 1234 5678", teller)
    assert not QualityFlag.objects.filter(customer=bare, kind="missing_phone").open().exists()


@pytest.mark.parametrize(
    ("field", "value"), [("id_no", "1"), ("name", "x"), ("tenor", "9y"), ("occupation", "pope"), ("occupation", "")]
)
def test_what_is_not_asked_is_not_answered(customer: Customer, teller: User, field: str, value: str) -> None:
    with pytest.raises(answers.NoSuchQuestion):
        say(customer, field, value, teller)


def test_how_complete_the_tiers_are(customer: Customer, teller: User) -> None:
    say(customer, "channel", "sms", teller)
    everybody = [
        customer,
        make_customer(branch=customer.branch, tier=3, phone="13900139000", address_cipher=b"x"),
        make_customer(branch=customer.branch, tier=1, birth_date=date(1990, 1, 1)),
        make_customer(branch=customer.branch, tier=1, kind="organisation", contact_name="王五"),
    ]
    found = {row.tier: row for row in completeness_by_tier(Customer.objects.all(), TODAY)}
    assert list(found) == [3, 1]
    for tier, row in found.items():
        members = [one for one in everybody if one.position.tier == tier]
        average = Decimal(sum(completeness_of(one, TODAY) for one in members)) / len(members)
        assert row.customers == len(members)
        assert abs(row.percent - average) <= 1


# --- on the pages


@pytest.fixture
def desk(teller: User, client_of: ClientOf) -> Client:
    return client_of(teller)


def post(client: Client, customer: Customer, **data: Any) -> Any:
    return client.post(reverse("customers:answer", args=[customer.customer_no]), data, headers=HTMX)


def test_the_teller_sees_one_question_and_its_purpose(desk: Client, customer: Customer) -> None:
    page = desk.get(reverse("customers:ask", args=[customer.customer_no])).content.decode()
    assert page.count('name="field"') == 1
    assert 'value="occupation"' in page
    assert escape(str(question_about("occupation").why)) in page
    assert page.count("data-ask-key") == len(Occupation) + 1
    card = desk.get(reverse("servicing:counter_card", args=[customer.customer_no]), headers=HTMX).content.decode()
    assert reverse("customers:ask", args=[customer.customer_no]) in card


def test_one_key_answers(desk: Client, customer: Customer) -> None:
    done = post(desk, customer, field="occupation", value="farmer", source="counter")
    assert done.status_code == 200
    assert b"data-ask-done" in done.content
    assert FieldSource.objects.get(customer=customer, field="occupation").source == "counter"


def test_one_key_says_that_the_customer_does_not_want_to_say(desk: Client, customer: Customer) -> None:
    assert post(desk, customer, field="occupation", refuse="1").status_code == 200
    assert FieldRefusal.objects.get().field == "occupation"


def test_the_counter_cannot_claim_another_channel(desk: Client, customer: Customer, client_of: ClientOf) -> None:
    assert post(desk, customer, field="occupation", value="farmer", source="online").status_code == 422
    manager = make_user(role="manager", branch=customer.branch)
    mine = make_customer(manager=manager, tier=3)
    for source, status in (("core", 422), ("counter", 422), ("phone", 200)):
        assert post(client_of(manager), mine, field="tenor", value="1y", source=source).status_code == status


def test_a_wrong_answer_is_said_beside_the_field(desk: Client, customer: Customer) -> None:
    bare = make_customer(branch=customer.branch)
    wrong = post(desk, bare, field="phone", value="12", source="counter")
    assert wrong.status_code == 422
    assert b'value="12"' in wrong.content
    assert post(desk, bare, field="shoe_size", value="43", source="counter").status_code == 422
    done = desk.post(
        reverse("customers:answer", args=[bare.customer_no]),
        {"field": "phone", "value": "13912345678", "source": "counter"},
    )
    assert done.status_code == 302


def test_nothing_is_asked_when_all_is_known(desk: Client, customer: Customer) -> None:
    known = {"phone": "13800138001", "address_cipher": b"x", "occupation": "教师", "birth_date": date(1980, 1, 1)}
    complete = make_customer(branch=customer.branch, tier=1, id_no="440524188001010014", **known)
    page = desk.get(reverse("customers:ask", args=[complete.customer_no])).content.decode()
    assert "data-ask-key" not in page
    assert "100%" in page


def test_the_tile_of_the_tiers(desk: Client, customer: Customer) -> None:
    page = desk.get(reverse("customers:completeness"))
    assert [(row.tier, row.customers) for row in page.context["tiers"]] == [(3, 1)]
