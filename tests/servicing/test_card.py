"""The counter card: one to tell, one to ask, one to beware; and what starts from it by one key."""

from datetime import date, timedelta
from typing import Any

import pytest
from django.urls import reverse

from core.clock import now, today
from customers.models import Customer
from servicing.models import FollowUp
from servicing.queries.card import card_of
from servicing.rules.card import BUILT_IN, Told, Weight, age_on, one_to_tell, read_card
from staff.models import User
from tests.factories import make_account, make_alert, make_customer, make_product, make_promise, make_user
from tests.servicing.english import client_of, english

pytestmark = pytest.mark.usefixtures("english")
__all__ = ["english"]
DAY = date(2026, 11, 20)


def test_the_weightiest_is_told_and_of_its_kind_the_earliest() -> None:
    told = [Told(Weight.MATURITY, DAY), Told(Weight.PROMISE, DAY, "b"), Told(Weight.PROMISE, DAY - timedelta(1), "a")]
    assert one_to_tell(told) == told[2]
    assert one_to_tell([*told, Told(Weight.MINE, DAY)]) == Told(Weight.MINE, DAY)
    assert one_to_tell([]) is None


@pytest.mark.parametrize(
    ("born", "age"), [(date(1961, 11, 20), 65), (date(1961, 11, 21), 64), (date(1960, 2, 29), 66), (None, None)]
)
def test_age_in_full_years(born: date | None, age: int | None) -> None:
    assert age_on(born, DAY) == age


@pytest.mark.parametrize(("name", "value"), [("maturing_days", 0), ("promise_days", 31), ("elderly_age", "65")])
def test_figures_out_of_bounds_are_no_rules(name: str, value: Any) -> None:
    with pytest.raises(ValueError, match=f"^{name}$"):
        read_card({**BUILT_IN, name: value})


@pytest.fixture
def teller(db: None) -> User:
    return make_user()


@pytest.fixture
def customer(teller: User) -> Customer:
    return make_customer(branch=teller.branch, manager=make_user(role="manager", branch=teller.branch, name="王经理"))


def follow_up(customer: Customer, owner: User, **fields: Any) -> FollowUp:
    values = {"title": "递交利率表", "due_on": today(), "created_at": now(), **fields}
    return FollowUp.everything.create(customer=customer, owner=owner, **values)


def test_what_is_told_climbs_from_maturity_to_ones_own_errand_without_amounts(teller: User, customer: Customer) -> None:
    assert card_of(customer, teller, today()).tell == ""
    product = make_product(kind="term", term_months=12, name="三年期定期")
    at = today() + timedelta(days=31)
    make_account(customer=customer, balance="123456.78", product=product, matures_on=at, value_date=today())
    assert card_of(customer, teller, today()).tell == ""
    assert "三年期定期" in card_of(customer, teller, today() + timedelta(days=1)).tell
    assert "123" not in card_of(customer, teller, today() + timedelta(days=1)).tell
    day = today() + timedelta(days=1)
    assert customer.manager is not None
    follow_up(customer, customer.manager, title="谈离婚后的资金安排")
    assert card_of(customer, teller, day).tell == "王经理 would like a word with the customer today."
    make_promise(customer=customer, owner=customer.manager, text="寄送利率表", due_on=day + timedelta(days=3))
    assert "寄送利率表" in card_of(customer, teller, day).tell
    follow_up(customer, teller, title="请客户补签名")
    assert card_of(customer, teller, day).tell == "You wanted to: 请客户补签名"


def test_the_gravest_is_to_beware_of_and_age_asks_for_care(teller: User, customer: Customer) -> None:
    customer.birth_date = today().replace(year=today().year - 70, month=1, day=1)
    customer.save(update_fields=["birth_date"])
    card = card_of(customer, teller, today())
    assert card.beware is not None
    assert card.beware.text.startswith("70 years old")
    make_alert(customer=customer, starts_on=today(), severity="info", kind="fraud_risk")
    make_alert(customer=customer, starts_on=today(), severity="critical", kind="bereavement", text="老伴去世")
    card = card_of(customer, teller, today())
    assert card.beware is not None
    assert (card.beware.text, len(card.more)) == ("老伴去世", 2)


def test_one_key_each_starts_a_referral_a_prompt_and_a_complaint(teller: User, customer: Customer) -> None:
    client = client_of(teller)
    url = reverse("servicing:counter_card", args=[customer.customer_no])
    page = client.get(url).content.decode()
    for key, name in (("r", "counter_refer"), ("f", "counter_fraud")):
        assert f'data-counter-key="{key}"' in page
        assert reverse(f"servicing:{name}", args=[customer.customer_no]) in page
    assert 'data-counter-key="c"' in page
    complaint = client.get(url, {"topic": "complaint"}).context["form"]
    assert complaint["topic"].value() == "complaint"
    assert page.count('data-card="tell"') == 1
    assert page.count('data-card="beware"') == 0
