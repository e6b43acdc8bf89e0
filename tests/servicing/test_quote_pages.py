"""The pages of advice: calculator, explainer, comparison, and the quotes a customer was given, to print and reopen."""

import re
from datetime import date, timedelta
from decimal import Decimal
from html import unescape
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse

from core.clock import today
from servicing.models import Quote
from staff.models import Branch, User
from tests.factories import make_branch, make_customer, make_product, make_quote, make_term_account, make_user
from tests.servicing.test_rates import rate, sheet
from tests.tiers.test_catalogue import approve, client_of

pytestmark = pytest.mark.django_db
TERM = {"product": "TD12", "amount": "100,000", "since": "2026-03-01", "until": "", "rate": ""}


@pytest.fixture
def branch() -> Branch:
    lines = (rate("1.50"), rate("0.10", "DEMAND"), rate("2.00", "TD24"))
    approve(sheet(*lines, loan="3.60"), date(2026, 1, 1), "rates")
    return make_branch()


def words(response: Any) -> str:
    return " ".join(unescape(response.content.decode()).split())


def fields(client: Client, url: str) -> dict[str, Any]:
    """What the form of a page shows, by field."""
    form = client.get(url).context["form"]
    return {field.name: field.value() for field in form.visible_fields()}


@pytest.mark.parametrize("kind", ["early", "hold", "new"])
def test_every_form_shows_its_fields_and_refuses_an_empty_one(branch: Branch, kind: str) -> None:
    client, url = client_of(make_user(role="teller", branch=branch)), reverse("servicing:work_out", args=[kind])
    page = client.get(url)
    shown = page.content.decode()
    assert [name for name in page.context["form"].fields if f'name="{name}"' not in shown] == []
    assert client.post(url, {}).status_code == 422
    assert client.get(reverse("servicing:work_out", args=["gold"])).status_code == 404


def test_typed_numbers_are_worked_out_on_the_screen_and_kept_nowhere(branch: Branch) -> None:
    client = client_of(make_user(role="teller", branch=branch))
    calculator = reverse("servicing:calculator")
    said = {**TERM, "day": "2026-06-09", "part": "40000", "wait_until": "", "elsewhere": "2.5"}
    page = words(client.post(calculator, said))
    for shown in (
        *("Take everything out today", "100,000.00 × 0.1% ÷ 360 × 100 = 27.78", "333.84 more"),
        *("40,011.11", "Break-even day: 2026-0", "at least 2.04 % a year elsewhere"),
        *("1.50 %: Time deposit, 1 year, posted on 2026-03-01 (rate sheet version 1, in force from 2026-01-01)",),
        *("This is an estimate. The core banking system decides.",),
    ):
        assert shown in page
    held = words(client.post(reverse("servicing:work_out", args=["hold"]), {**TERM, "on": "2027-03-01"}))
    assert "100,000.00 × 1.5% ÷ 12 × 12 = 1,500.00" in held
    new = {"amount": "60,000", "day": "2026-03-01", "buyer": "organisation"}
    offered = words(client.post(reverse("servicing:work_out", args=["new"]), new))
    assert "60,000.00 × 2% ÷ 12 × 24 = 2,400.00" in offered
    assert "Not for this kind of customer." in offered
    assert not Quote.everything.exists()


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"amount": "0"}, "Write an amount above 0."),
        ({"amount": "-5"}, "Write an amount above 0."),
        ({"amount": "1.005"}, "at most 2 decimals"),
        ({"until": "2026-03-01"}, "It must mature after its value date."),
        ({"since": "1950-01-01"}, "That is too long ago."),
        ({"until": "2099-01-01"}, "That is too long a time."),
        ({"day": "2026-03-01"}, "It must be after the value date."),
        ({"part": "100001"}, "The deposit does not hold so much."),
        ({"wait_until": "2026-06-01"}, "It must be after the day the money is needed."),
        ({"rate": "21"}, "less than or equal to 20"),
        ({"product": "GOLD"}, "GOLD is not one of the available choices"),
        ({"since": "2025-03-01"}, "No rate was posted on 2025-03-01 for Time deposit, 1 year."),
    ],
)
def test_what_cannot_be_is_said_beside_the_field(branch: Branch, changes: dict[str, str], fault: str) -> None:
    client = client_of(make_user(role="manager", branch=branch))
    said = {**TERM, "day": "2026-06-09", "part": "", "wait_until": "", "elsewhere": ""} | changes
    response = client.post(reverse("servicing:calculator"), said)
    assert (response.status_code, fault in words(response)) == (422, True)


def test_a_customer_is_told_about_its_deposit_and_the_paper_can_be_opened_again(branch: Branch) -> None:
    manager = make_user(role="manager", branch=branch)
    customer = make_customer(branch=branch, manager=manager, name="周慧敏")
    product = make_product(code="TD12", kind="term", term_months=12)
    account = make_term_account(customer=customer, product=product, matures_in=100, balance=80_000)
    client = client_of(manager)
    url = f"{reverse('servicing:quote_new', args=[customer.customer_no, 'early'])}?account={account.pk}"
    tab = client.get(reverse("customers:holdings", args=[customer.customer_no])).content.decode()
    assert url in unescape(tab)
    begun = fields(client, url)
    assert (begun["product"], begun["amount"], begun["until"]) == ("TD12", "80,000", account.matures_on)
    said = {name: "" if value is None else str(value) for name, value in begun.items()}
    said |= {"part": "20,000", "once": str(uuid4())}
    assert client.post(url, said).url == client.post(url, said).url  # sent twice
    sent = client.post(url, said)
    quote = Quote.everything.get()
    assert sent.url == reverse("servicing:quote", args=[quote.pk])
    assert (quote.customer, quote.account, quote.made_by, quote.inputs["at_counter"]) == (
        *(customer, account, manager),
        False,
    )
    page = client.get(sent.url)
    first = words(page)
    assert "周慧敏" in first
    assert account.account_no not in first
    assert "the same result" in first
    # Rates change, and change again: what was told stays word for word.
    approve(sheet(rate("0.10"), rate("0.01", "DEMAND"), loan="9.00"), date(2026, 1, 1), "rates")
    told, before = (re.findall("Given on.*?</main>", page) for page in (words(client.get(sent.url)), first))
    assert told == before != []
    chinese = client.get(f"{sent.url}?language=zh-hans").content.decode()
    assert product.name not in first
    assert "整存整取一年" in chinese
    assert "Time deposit, 1 year" in words(client.get(f"{sent.url}?language=en"))
    listed = client.get(reverse("servicing:quotes_of", args=[customer.customer_no]))
    assert sent.url in listed.content.decode()


def test_a_teller_types_what_the_customer_says_and_sees_no_amount_of_an_account(branch: Branch) -> None:
    customer = make_customer(branch=branch, manager=make_user(role="manager", branch=branch))
    product = make_product(code="TD12", kind="term", term_months=12)
    account = make_term_account(customer=customer, product=product, matures_in=100, balance=87_654)
    client = client_of(make_user(role="teller", branch=branch))
    url = f"{reverse('servicing:quote_new', args=[customer.customer_no, 'early'])}?account={account.pk}"
    page = client.get(url)
    assert "87,654" not in page.content.decode()
    assert "Type the amount the customer names" in words(page)
    begun = {name: "" if value is None else str(value) for name, value in fields(client, url).items()}
    assert (begun["amount"], begun["until"]) == ("", account.matures_on.isoformat())
    assert client.post(url, {**begun, "amount": "50,000"}).status_code == 302
    colleague = client_of(make_user(role="lobby", branch=branch))
    assert colleague.get(reverse("servicing:quote", args=[Quote.everything.get().pk])).status_code == 200
    held = make_quote(customer=customer, made_by=customer.manager, at_counter=False)
    assert colleague.get(reverse("servicing:quote", args=[held.pk])).status_code == 404
    # An account of somebody else is as good as none.
    foreign = make_term_account(product=product)
    stranger = url.replace(f"account={account.pk}", f"account={foreign.pk}")
    assert "product" in fields(client, stranger)
    assert client.get(stranger).context["account"] is None


def test_a_person_is_offered_what_a_person_may_hold(branch: Branch) -> None:
    manager = make_user(role="manager", branch=branch)
    customer = make_customer(branch=branch, manager=manager)
    client = client_of(manager)
    url = reverse("servicing:quote_new", args=[customer.customer_no, "new"])
    assert "buyer" not in fields(client, url)
    page = words(client.post(url, {"amount": "250,000", "day": "2026-03-01"}, follow=True))
    quote = Quote.everything.get()
    offers = {offer["code"]: offer for offer in quote.result["offers"]}
    assert (offers["AGREEMENT"]["refused"], offers["CD36"]["refused"], offers["TD24"]["interest"]) == (
        *("buyer", "no_rate"),
        "10000.00",
    )
    # The best comes first.
    assert page.index("10,000.00") < page.index("3,750.00")


def test_a_matured_deposit_that_renews_is_taken_at_its_running_term(branch: Branch) -> None:
    manager = make_user(role="manager", branch=branch)
    customer = make_customer(branch=branch, manager=manager)
    product = make_product(code="TD12", kind="term", term_months=12)
    matured = today() - timedelta(days=20)
    account = make_term_account(
        customer=customer,
        product=product,
        balance=10_000,
        rollover=True,
        matures_on=matured,
        value_date=matured - timedelta(days=365),
    )
    url = f"{reverse('servicing:quote_new', args=[customer.customer_no, 'early'])}?account={account.pk}"
    page = client_of(manager).get(url)
    assert "has renewed since its maturity date" in words(page)
    begun = fields(client_of(manager), url)
    assert (begun["since"], begun["rate"], begun["until"].year) == (matured, "", matured.year + 1)


def test_lists_of_quotes_take_as_many_queries_for_many_as_for_few(
    branch: Branch, django_assert_max_num_queries: Any
) -> None:
    manager: User = make_user(role="manager", branch=branch)
    customer = make_customer(branch=branch, manager=manager)
    client, url = client_of(manager), reverse("servicing:quotes_of", args=[customer.customer_no])
    for _n in range(3):
        make_quote(customer=customer, made_by=manager, amount=str(Decimal(10_000)))
    client.get(url)
    with django_assert_max_num_queries(30) as few:
        client.get(url)
    for _n in range(20):
        make_quote(customer=customer, made_by=make_user(branch=branch))
    with django_assert_max_num_queries(len(few.captured_queries)):
        client.get(url)
