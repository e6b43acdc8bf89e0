"""The ladder, its lists and the page of a deposit: scope, sums that tie to the cent, who may do what."""

import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

import pytest
from django.db import connection
from django.db.models import Sum
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from customers.models import Account, AccountBalance, Customer, FedDay, Product
from servicing.models import Interaction, Maturity
from staff.models import Branch, Export, User
from tests.factories import (
    TODAY,
    make_branch,
    make_customer,
    make_head_office,
    make_product,
    make_term_account,
    make_user,
    share_customer,
)

pytestmark = pytest.mark.django_db
ClientOf = Callable[[User], Client]
ONE = timedelta(days=1)
LADDER, AHEAD, PAST = (
    reverse(f"servicing:{name}") for name in ("maturity_ladder", "maturities_ahead", "maturities_past")
)
OUTCOMES = ("rolled", "partly", "left", "")


@dataclass
class Bank:
    """Two branches with deposits all around the ledger day, and one person of each kind of scope."""

    people: dict[str, User]
    branches: list[Branch]
    accounts: list[Account]

    def seen_by(self, user: User) -> list[Account]:
        """Whose deposits this person sees, the slow way."""
        return [one for one in self.accounts if self._sees(user, one.customer)]

    def _sees(self, user: User, customer: Customer) -> bool:
        if user.role == "head_office":
            return True
        if user.role == "branch_head":
            return customer.branch_id == user.branch_id
        shared = customer.shares.filter(user=user).exists()
        return user.pk in {customer.manager_id, customer.backup_id} or shared


@pytest.fixture
def bank() -> Bank:
    dice, top = random.Random(7), make_head_office()
    branches = [make_branch(parent=top) for _n in range(2)]
    managers = [make_user(role="manager", branch=branch) for branch in branches for _n in range(2)]
    people = {
        "hq": make_user(role="head_office", branch=top),
        "head": make_user(role="branch_head", branch=branches[0]),
        "manager": managers[0],
        "expert": make_user(role="expert", branch=branches[0]),
        "teller": make_user(role="teller", branch=branches[0]),
    }
    FedDay.objects.create(on=TODAY, is_full=True)
    customers = [
        make_customer(
            branch=branch, manager=dice.choice([None, *managers[place * 2 : place * 2 + 2]]), tier=dice.randint(0, 4)
        )
        for place, branch in enumerate(branches)
        for _n in range(8)
    ]
    share_customer(customers[0], people["expert"])
    Customer.everything.filter(pk=customers[1].pk).update(backup=people["manager"])
    products = [make_product(kind=kind, name=f"存款{kind}") for kind in ("term", "cd", "notice")]
    accounts = [_deposit(dice, customer, products) for customer in customers for _n in range(5)]
    return Bank(people, branches, accounts)


def _deposit(dice: random.Random, customer: Customer, products: list[Product]) -> Account:
    """A deposit of some fen around the ledger day; some closed, frozen, empty, in dollars, or matured with an end."""
    day = TODAY + dice.randint(-35, 35) * ONE
    status = dice.choice(["open", "open", "open", "frozen", "closed", "dormant"])
    value = Decimal(dice.randint(1, 10**9)) / 100 if dice.random() < 0.9 else Decimal(0)
    account = make_term_account(
        customer=customer,
        balance=value,
        product=dice.choice(products),
        status=status,
        matures_on=day,
        value_date=None,
    )
    if dice.random() < 0.2:  # dollars: the balance is one number, its yuan another
        AccountBalance.objects.filter(account=account).update(balance=value / 7)
    if day <= TODAY:
        outcome = dice.choice(OUTCOMES)
        stayed = {"rolled": value, "partly": value // 2, "left": 0, "": None}[outcome]
        measured = {"outcome": outcome, "stayed": stayed, "measured_on": TODAY} if outcome and value else {}
        Maturity.everything.create(account=account, customer=customer, matures_on=day, amount=value, **measured)
    elif dice.random() < 0.4:
        Maturity.everything.create(account=account, customer=customer, matures_on=day, aim="roll")
    return account


def held_ahead(accounts: list[Account], days: int) -> list[Account]:
    kept = []
    for account in accounts:
        holds = account.status in {"open", "frozen"} and AccountBalance.objects.get(account=account).balance > 0
        if holds and TODAY < account.matures_on <= TODAY + days * ONE:
            kept.append(account)
    return kept


def yuan_of(accounts: list[Account]) -> Decimal:
    return AccountBalance.objects.filter(account__in=accounts).aggregate(sum=Sum("value"))["sum"] or Decimal(0)


def board_of(client: Client, **params: Any) -> Any:
    response = client.get(LADDER, params)
    if "board" in response.context:
        return response.context["board"]
    return client.get(response.context["board_url"]).context["board"]


def counted(client: Client, url: str) -> tuple[int, Decimal]:
    """How many rows the list behind an address has, and their yuan."""
    rows = client.get(url).context["listing"].queryset
    path = "balance__value" if rows.model is Account else "amount"
    return rows.count(), rows.aggregate(sum=Sum(path))["sum"] or Decimal(0)


@pytest.mark.parametrize("name", ["hq", "head", "manager", "expert"])
def test_the_ladder_ties_to_the_holdings_and_to_its_lists(client_of: ClientOf, bank: Bank, name: str) -> None:
    user = bank.people[name]
    client = client_of(user)
    for span, step, by in (("next7", "day", "tier"), ("next30", "week", "product"), ("next30", "day", "people")):
        days = int(span.removeprefix("next"))
        board = board_of(client, span=span, step=step, by=by)
        expected = held_ahead(bank.seen_by(user), days)
        whole = (len(expected), yuan_of(expected))

        assert (board.total.sum.count, board.total.sum.amount) == whole
        for places in (board.days, board.lines):
            assert sum(place.sum.count for place in places) == whole[0]
            assert sum(place.sum.amount for place in places) == whole[1]
            for place in [place for place in places if place.sum.count][:3]:
                assert counted(client, place.url) == (place.sum.count, place.sum.amount)
                if place.sum.unplanned:
                    assert counted(client, place.open_url)[0] == place.sum.unplanned
        assert sum(sum(series.values) for series in board.chart.series) == whole[1]


@pytest.mark.parametrize("name", ["hq", "head", "manager"])
def test_what_matured_ties_to_its_rows_by_outcome(client_of: ClientOf, bank: Bank, name: str) -> None:
    user = bank.people[name]
    client = client_of(user)
    expected = Maturity.everything.filter(
        account__in=bank.seen_by(user), matures_on__range=(TODAY - 29 * ONE, TODAY), amount__gt=0
    )
    by_way = {way: expected.filter(outcome=way).aggregate(sum=Sum("amount"))["sum"] or Decimal(0) for way in OUTCOMES}

    for by in ("tier", "product", "people"):
        board = board_of(client, span="past30", step="week", by=by)
        for places in (board.days, board.lines, [board.total]):
            found = [sum(place.ways[number][0].amount for place in places) for number in range(4)]
            assert found == [by_way[way] for way in OUTCOMES]
    assert [sum(series.values) for series in board.chart.series] == [by_way[way] for way in OUTCOMES]
    for place in [*board.lines[:2], board.total]:
        for part, url in place.ways:
            assert not part.count or counted(client, url) == (part.count, part.amount)
    measured = expected.exclude(outcome="")
    sums = measured.aggregate(kept=Sum("stayed"), whole=Sum("amount"))
    assert board.total.result.rate_by_amount == int(sums["kept"] * 1000 / sums["whole"]) / Decimal(10)
    rolled = measured.filter(outcome="rolled").count()
    assert board.total.result.rate_by_count == rolled * 1000 // measured.count() / Decimal(10)


def test_chart_and_filters_lead_to_the_same_deposits(client_of: ClientOf, bank: Bank) -> None:
    client, tier = client_of(bank.people["head"]), 3
    board = board_of(client, span="next30", step="week", by="product", tier=tier)
    for series in board.chart.series:
        for value, url in list(zip(series.values, series.hrefs, strict=True))[1:3]:
            assert parse_qs(urlsplit(url).query)["tier"] == [str(tier)]
            assert counted(client, url)[1] == value
    mine = {one.pk for one in held_ahead(bank.seen_by(bank.people["head"]), 30) if one.customer.position.tier == tier}
    assert sum(place.sum.count for place in board.lines) == len(mine)
    for wrong in ({"span": "next9"}, {"page": "2"}, {"branch": "B-NONE"}):
        answer = client.get(LADDER, wrong)
        assert "board" not in (answer.context or {})
    assert client.get(LADDER, {"page": "2"}).status_code == 400


def test_whole_banks_read_the_ladder_as_a_part_of_its_own(client_of: ClientOf, bank: Bank) -> None:
    client = client_of(bank.people["hq"])
    assert "board" not in client.get(LADDER).context
    page = client.get(reverse("servicing:maturity_board"))
    assert page.context["board"].lines_by == "Tier" or page.context["board"].lines
    kept = client.get(LADDER)
    assert kept.context["board"].total.sum.count == page.context["board"].total.sum.count
    one = client.get(LADDER, {"branch": bank.branches[1].code, "by": "people"}).context["board"]
    assert one.total.sum.count == len(
        held_ahead([a for a in bank.accounts if a.customer.branch_id == bank.branches[1].pk], 30)
    )


def test_lists_cost_the_same_however_many_rows(client_of: ClientOf, bank: Bank) -> None:
    client = client_of(bank.people["head"])

    def queries_for(url: str, **params: Any) -> int:
        client.get(url, params)
        with CaptureQueriesContext(
            connection,
        ) as found:
            assert client.get(url, params).status_code == 200
        return len(found)

    few = {url: queries_for(url, until=TODAY + 15 * ONE) for url in (AHEAD, PAST)}
    few[LADDER] = queries_for(LADDER, span="next7")
    few_past = queries_for(LADDER, span="past30")
    customer = bank.seen_by(bank.people["head"])[0].customer
    for number in range(40):
        account = make_term_account(customer=customer, matures_in=2, product=bank.accounts[0].product)
        Maturity.everything.create(
            account=account, customer=customer, matures_on=TODAY - number * ONE, amount=5, owner=bank.people["manager"]
        )
    assert {url: queries_for(url, until=TODAY + 15 * ONE) for url in (AHEAD, PAST)} == {
        url: few[url] for url in (AHEAD, PAST)
    }
    assert (queries_for(LADDER, span="next7"), queries_for(LADDER, span="past30")) == (few[LADDER], few_past)


def test_who_gets_in(client_of: ClientOf, bank: Bank) -> None:
    theirs = next(a for a in bank.accounts if a.customer.branch_id == bank.branches[1].pk and a.matures_on > TODAY)
    page = reverse("servicing:maturity", args=[theirs.pk, theirs.matures_on.isoformat()])
    head, teller = client_of(bank.people["head"]), client_of(bank.people["teller"])
    for url in (LADDER, AHEAD, PAST, page):
        assert teller.get(url).status_code == 403
    other_day = reverse("servicing:maturity", args=[theirs.pk, "2020-01-01"])
    wrong_day = reverse("servicing:maturity", args=[theirs.pk, "2026-13-45"])
    assert [head.get(url).status_code for url in (page, f"{page}talk/", other_day, wrong_day)] == [404] * 4
    assert head.post(page, {"aim": "leave"}).status_code == 404
    for url in (AHEAD, PAST):
        assert theirs.customer.name not in head.get(url).content.decode()


@pytest.fixture
def ahead(bank: Bank) -> Account:
    """A deposit of the manager's own that nobody worked on."""
    return make_term_account(customer=make_customer(manager=bank.people["manager"]), balance=100_000)


def test_a_manager_plans_and_logs_the_talk(client_of: ClientOf, bank: Bank, ahead: Account) -> None:
    client = client_of(bank.people["manager"])
    url = reverse("servicing:maturity", args=[ahead.pk, ahead.matures_on.isoformat()])
    assert client.get(url).context["form"].initial["aim"] == "undecided"
    said = {"aim": "partly", "aim_amount": "", "owner": "", "went": "property", "note": "换房", "seen": ""}
    wrong = client.post(url, said)
    assert (wrong.status_code, "aim_amount" in wrong.context["form"].errors) == (422, True)
    assert client.post(url, {**said, "aim_amount": "100000.01"}).status_code == 422
    back = f"{AHEAD}?state=open"
    saved = client.post(url, {**said, "aim_amount": "60000", "back": back})
    assert (saved.status_code, saved.headers["Location"]) == (302, back)
    assert client.post(url, {**said, "back": "https://evil.example/"}).status_code == 422  # seen before the save
    contact = {"channel": "phone", "direction": "out", "topic": "deposit", "outcome": "interested", "once": uuid4()}
    talked = client.post(f"{url}talk/", {**contact, "happened_at": "2026-11-20T09:00", "note": "到期前联系"})
    assert (talked.status_code, talked.headers["Location"]) == (302, url)
    row = Maturity.everything.get(account=ahead)
    assert (row.aim, row.aim_amount, row.went, row.talk) == ("partly", 60_000, "property", Interaction.everything.get())
    assert row.talk.customer == ahead.customer
    listed = client.get(AHEAD, {"state": "talked"})
    assert [line.object for line in listed.context["listing"].rows] == [ahead]
    htmx = client.post(
        url, {**said, "aim": "leave", "seen": listed_version(client, url)}, headers={"HX-Request": "true"}
    )
    assert (htmx.status_code, htmx.headers["HX-Redirect"]) == (204, AHEAD)


def listed_version(client: Client, url: str) -> str:
    return str(client.get(url).context["form"].initial["seen"])


def test_the_head_office_reads_only(client_of: ClientOf, bank: Bank, ahead: Account) -> None:
    client = client_of(bank.people["hq"])
    url = reverse("servicing:maturity", args=[ahead.pk, ahead.matures_on.isoformat()])
    assert client.get(url).context["form"] is None
    client.post(url, {"aim": "leave", "seen": ""})
    assert not Maturity.everything.filter(account=ahead).exists()
    assert client.get(f"{url}talk/").status_code == 403


def test_lists_leave_as_files(client_of: ClientOf, bank: Bank) -> None:
    client = client_of(bank.people["head"])
    days = f"since={TODAY - 20 * ONE}&until={TODAY + 20 * ONE}"
    for name, url in (("maturities_ahead", AHEAD), ("maturities_past", PAST)):
        ask = reverse(f"servicing:{name}_export")
        shown = client.get(f"{url}?{days}").context["listing"].queryset.count()
        assert client.get(f"{ask}?{days}").context["count"] == shown > 0

        client.post(ask, {"matching": days, "file_format": "csv", "reason": "到期周会"})

        export = Export.everything.latest("pk")
        assert (export.list_key, export.query, export.expected_rows) == (name, days, shown)
        assert [
            str(column["label"]) if isinstance(column, dict) else column for column in export.words["en"]["columns"]
        ]
