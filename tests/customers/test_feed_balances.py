"""Balances in whatever order and form days arrive: repeats, corrections, gaps, closings, currencies, dry runs."""

from datetime import date, timedelta
from decimal import Decimal

import pytest

from core.models import Job, TrailEntry
from customers.enums import AccountStatus
from customers.models import (
    Account,
    AccountBalance,
    BalanceChange,
    Customer,
    CustomerPosition,
    ExchangeRate,
    FedDay,
    Feed,
    PositionChange,
)
from customers.queries import average_balance, daily_totals, ledger_day, with_figures
from customers.rules.periods import periods_of
from customers.services.balances import unvalued
from tests.customers.contents import REPORTS, contents
from tests.customers.feeding import feed, feed_bytes
from tests.factories import NOW, make_branch, make_customer, make_product

pytestmark = pytest.mark.django_db
D1 = date(2026, 11, 18)
D2, D3, D4, D5 = (D1 + timedelta(days=n) for n in (1, 2, 3, 4))
HEADER = ("account_no", "balance")


@pytest.fixture(autouse=True)
def owner() -> Customer:
    """K1 with accounts A1, A2 (yuan) and U1 (dollars), K2 with account B1."""
    branch, product = make_branch(code="B1"), make_product(code="P1")
    make_product(code="USD", currency="USD")
    owner = make_customer(customer_no="K1", branch=branch, position={"on": None})
    other = make_customer(customer_no="K2", branch=branch, position={"on": None})
    for number, holder, money in (
        ("A1", owner, "CNY"),
        ("A2", owner, "CNY"),
        ("U1", owner, "USD"),
        ("B1", other, "CNY"),
    ):
        Account.everything.create(account_no=number, customer=holder, product=product, currency=money)
    return owner


def balances(on: date, **amounts: object) -> Feed:
    """The day's balances by account."""
    found = feed("balances", HEADER, amounts.items(), on=on)
    assert found.status in {"committed", "already_imported"}, found.message
    return found


def rates(on: date, usd: object) -> Feed:
    found = feed("rates", ("currency", "rate"), [("USD", usd)], on=on)
    assert (found.status, found.rejected) == ("committed", 0), found.message
    return found


def close(on: date, *numbers: str, status: str = "销户") -> Feed:
    header = ("account_no", "customer_no", "product_code", "status")
    owners = dict(Account.everything.values_list("account_no", "customer__customer_no"))
    found = feed("accounts", header, [(no, owners[no], "P1", status) for no in numbers], on=on)
    assert found.rejected == 0
    return found


def days(customer: Customer, start: date = D1, end: date = D5) -> list[str]:
    """The customer's totals day by day, a star on carried ones; the narrow row must say the same of the last."""
    totals = daily_totals(customer.pk, start, end)
    position = CustomerPosition.everything.get(customer=customer)
    last = ledger_day()
    if last is not None and start <= last <= end:
        assert position.total == totals[(last - start).days].total
        figures = with_figures(Customer.everything.filter(pk=customer.pk), last).get()
        assert figures.adb_month == average_balance(customer.pk, last.replace(day=1), last).adb
        assert figures.adb_quarter == average_balance(customer.pk, periods_of(last).quarter_start, last).adb
        assert figures.adb_year == average_balance(customer.pk, last.replace(month=1, day=1), last).adb
    return [f"{t.total.normalize():f}{'*' if t.carried else ''}" for t in totals]


def counts(found: Feed) -> tuple[str, int, int, int]:
    return found.status, found.created, found.updated, found.unchanged


def test_the_same_content_twice_changes_nothing() -> None:
    content = b"account_no,balance\nA1,5\nB1,7\nZ9,1\n"
    first = feed_bytes("balances", content, on=D1)
    before = contents(without=REPORTS)
    second = feed_bytes("balances", content, on=D1, name="other name.csv")
    assert counts(first) == ("committed", 2, 0, 0)
    assert counts(second) == ("already_imported", 0, 0, 2)
    assert (second.rows, second.accepted, second.rejected, second.total) == (3, 2, 1, Decimal("12.00"))
    assert contents(without=REPORTS) == before


def test_the_same_content_for_another_day_is_a_feed_of_its_own(owner: Customer) -> None:
    assert counts(balances(D1, A1=5, B1=7)) == ("committed", 2, 0, 0)
    assert counts(balances(D2, A1=5, B1=7)) == ("committed", 0, 0, 2)
    assert days(owner) == ["5", "5", "5*", "5*", "5*"]


def test_a_corrected_file_replaces_what_it_names(owner: Customer) -> None:
    balances(D1, A1=5, A2=10, B1=7)
    balances(D2, A1=6, A2=10, B1=7)
    corrected = balances(D1, A1=50, A2=10)
    assert counts(corrected) == ("committed", 0, 1, 1)
    assert days(owner, D1, D2) == ["60", "16"]
    again = balances(D2, A1=8, B1=7)
    assert counts(again) == ("committed", 0, 1, 1)
    assert days(owner, D1, D2) == ["60", "18"]
    assert counts(balances(D1, A1=5, A2=10, B1=7)) == ("already_imported", 0, 0, 3)


def test_days_out_of_order_count_what_they_change(owner: Customer) -> None:
    balances(D1, A1=1)
    balances(D4, A1=4)
    assert counts(balances(D2, A1=1, A2=9)) == ("committed", 1, 0, 1)
    assert counts(balances(D3, A1=4, A2=9)) == ("committed", 0, 1, 1)
    assert counts(balances(D2, A1=2)) == ("committed", 0, 1, 0)
    assert days(owner, D1, D4) == ["1", "11", "13", "13*"]
    assert average_balance(owner.pk, D1, D4).adb == Decimal("9.50")
    assert average_balance(owner.pk, D1, D4).carried_days == 1


def test_before_the_first_balance_an_account_counts_as_zero(owner: Customer) -> None:
    balances(D3, A1=9)
    assert days(owner) == ["0", "0", "9", "9*", "9*"]
    assert average_balance(owner.pk, D1, D3).adb == Decimal("3.00")


def test_gaps_are_carried_forward_and_counted(owner: Customer) -> None:
    balances(D1, A1=5, A2=1, B1=1)
    balances(D2, A1=6, B1=1)
    balances(D4, A1=7, A2=1, B1=1)
    assert days(owner) == ["6", "7*", "7*", "8", "8*"]
    assert average_balance(owner.pk, D1, D5).carried_days == 3


def test_negative_balances_count_as_they_are(owner: Customer) -> None:
    assert balances(D1, A1="-12.50", A2=5).total == Decimal("-7.50")
    assert days(owner, D1, D1) == ["-7.5"]


def test_a_month_a_quarter_and_a_year_end(owner: Customer) -> None:
    eve, new_year = date(2026, 12, 31), date(2027, 1, 1)
    balances(date(2026, 12, 1), A1=31)
    balances(eve, A1=62)
    balances(new_year, A1=1)
    balances(date(2027, 1, 2), A1=1)
    assert days(owner, eve, date(2027, 1, 2)) == ["62", "1", "1"]
    balances(eve, A1=93)
    assert days(owner, eve, date(2027, 1, 2)) == ["93", "1", "1"]


def test_a_quarter_begins_on_its_first_day_though_no_feed_came_in_its_first_month(owner: Customer) -> None:
    balances(date(2026, 9, 24), A1=174)
    balances(date(2027, 2, 7), A1=174)
    row = with_figures(Customer.everything.filter(pk=owner.pk), date(2027, 2, 7)).get()
    assert (row.adb_month, row.adb_quarter, row.adb_year) == (174, 174, 174)


def test_a_closed_account_is_zero_from_then_on(owner: Customer) -> None:
    balances(D1, A1=5, A2=1)
    closed = close(D3, "A1")
    assert counts(closed) == ("committed", 0, 1, 0)
    assert (days(owner), Account.everything.get(account_no="A1").closed_on) == (["6", "6*", "1*", "1*", "1*"], D3)
    balances(D4, A2=2)
    assert days(owner)[3:] == ["2", "2*"]
    assert close(D5, "A1").unchanged == 1
    assert Account.everything.get(account_no="A1").closed_on == D3


def test_a_feed_may_say_otherwise_of_a_closed_account(owner: Customer) -> None:
    balances(D1, A1=5)
    close(D2, "A1")
    balances(D2, A1=3)
    close(D2, "A1", "A2")
    assert days(owner) == ["5", "3", "3", "3", "3"]
    assert close(D3, "A1", status="正常").updated == 1
    assert Account.everything.get(account_no="A1").closed_on is None


def test_balances_from_before_a_closing_may_arrive_after_it(owner: Customer) -> None:
    close(D3, "A1")
    balances(D4, A2=1)
    balances(D1, A1=5)
    assert days(owner) == ["5", "5*", "0", "1", "1*"]


def test_balances_from_before_a_closing_may_be_the_first_of_all(owner: Customer) -> None:
    close(D3, "A1")
    balances(D2, A1=5)
    assert (days(owner), ledger_day()) == (["0", "5", "0", "0", "0"], D3)


def test_foreign_money_without_a_rate_is_kept_left_out_and_reported(owner: Customer) -> None:
    found = balances(D1, A1=1, U1=100)
    assert (found.total, found.notes) == (Decimal("101.00"), ["no_rate:USD:1"])
    kept = AccountBalance.objects.get(account__account_no="U1")
    assert (kept.balance, kept.value, days(owner, D1, D1)) == (Decimal("100.00"), Decimal("0.00"), ["1"])
    assert unvalued(day=D1) == [("USD", 1)]


def test_foreign_money_counts_at_the_rate_of_the_day(owner: Customer) -> None:
    rates(D1, "7.10")
    assert balances(D1, U1="100.05").notes == []
    balances(D2, U1="100.05")
    rates(D3, "7.20")
    balances(D3, U1="100.05")
    assert days(owner, D1, D3) == ["710.36", "710.36", "720.36"]
    assert ExchangeRate.objects.count() == 2


def test_a_late_rate_values_what_came_before_and_after_it(owner: Customer) -> None:
    balances(D2, U1=100)
    balances(D4, U1=200)
    assert days(owner, D1, D4) == ["0", "0", "0*", "0"]
    rates(D3, "7")
    assert days(owner, D1, D4) == ["0", "0", "700*", "1400"]
    rates(D1, "6")
    assert days(owner, D1, D4) == ["0", "600", "700*", "1400"]
    assert AccountBalance.objects.get(account__account_no="U1").first_on == D2
    rates(D3, "8")
    assert days(owner, D1, D4) == ["0", "600", "800*", "1600"]


def test_a_rate_before_any_balance_is_used_when_they_come(owner: Customer) -> None:
    rates(D1, "7")
    balances(D3, U1=10)
    assert days(owner, D1, D3) == ["0", "0", "70"]


def test_a_correction_sends_the_night_to_its_day_again() -> None:
    for day in (D1, D2):
        Job.objects.create(
            name="night.retier",
            key=str(day),
            business_day=day,
            state="done",
            due_at=NOW,
            created_at=NOW,
            actor_no="night",
        )
    balances(D2, A1=1)
    assert [job.state for job in Job.objects.order_by("business_day")] == ["done", "waiting"]
    balances(D2, A1=1, B1=0)
    Job.objects.update(state="done")
    balances(D1, A1=1)
    assert [job.state for job in Job.objects.order_by("business_day")] == ["waiting", "waiting"]


def test_a_day_of_nothing_but_unusable_rows_is_no_ledger_day() -> None:
    found = balances(D1, Z1=5)
    assert (found.accepted, found.total, ledger_day()) == (0, Decimal("0.00"), None)
    assert not FedDay.objects.exists()


def test_an_import_is_on_the_trail() -> None:
    found = balances(D1, A1=5, Z1=1)
    entry = TrailEntry.objects.get(action="import")
    assert (entry.subject, entry.subject_id, entry.actor_no) == ("customers.feed", str(found.pk), "tester")
    assert entry.changes == {
        "kind": "balances",
        "business_date": "2026-11-18",
        "rows": 2,
        "accepted": 1,
        "rejected": 1,
    }


FILES = {
    "branches": b"code,name,kind\nB1,x,region\nB7,y,branch\nB8,,\n",
    "staff": "staff_no,name,role,branch_code\nM7,x,柜员,B1\nM8,x,?,B1\n".encode(),
    "products": "code,name,kind\nP1,x,定期\nP7,y,活期\nP8,,\n".encode(),
    "customers": b"customer_no,name,phone,branch_code\nK1,x,13800138000,B1\nK7,y,,B1\nK8,z,1,B1\n",
    "accounts": "account_no,customer_no,product_code,status\nA1,K1,P1,销户\nN1,K2,P1,\nN2,K9,P1,\n".encode(),
    "rates": b"currency,rate\nUSD,7.1\nEUR,0\n",
    "balances": b"account_no,balance\nA1,77\nA2,88\nZ9,1\n",
}


@pytest.mark.parametrize("kind", FILES)
@pytest.mark.parametrize("day", [D1, D3, date(2027, 3, 1)], ids=["late", "last", "next year"])
def test_a_dry_run_tells_the_same_and_changes_nothing(kind: str, day: date) -> None:
    balances(D1, A1=5, B1=7, U1=1)
    balances(D3, A1=6, B1=7, U1=1)
    before = contents(without=REPORTS)

    checked = feed_bytes(kind, FILES[kind], on=day, dry_run=True)

    assert (checked.status, contents(without=REPORTS)) == ("dry_run", before)
    done = feed_bytes(kind, FILES[kind], on=day)
    assert (done.status, contents(without=REPORTS) != before) == ("committed", True)
    names = ("rows", "accepted", "rejected", "created", "updated", "unchanged", "total", "notes")
    assert {n: getattr(checked, n) for n in names} == {n: getattr(done, n) for n in names}
    assert list(checked.rejects.values_list("line", "reasons")) == list(done.rejects.values_list("line", "reasons"))
    assert checked.rejected == 1


def test_a_dry_run_holds_the_controls() -> None:
    assert feed_bytes("balances", FILES["balances"], on=D1, dry_run=True, control_rows=4).status == "refused"


def test_the_applications_own_role_can_import(owner: Customer, app_role: str) -> None:
    balances(D1, A1=5, A2=1, B1=1)
    balances(D3, A1=7, B1=1)
    balances(D2, A1=6, U1=4)
    rates(D1, "7")
    close(D4, "A2")
    assert days(owner, D1, D4) == ["6", "35*", "36*", "35*"]
    balances(date(2031, 1, 1), A1=5)
    assert PositionChange.objects.filter(on__year=2031).count() == 1


def test_nothing_is_written_for_a_balance_that_stays(owner: Customer) -> None:
    for day in (D1, D2, D3):
        balances(day, A1=5, B1=day.day)
    kept = BalanceChange.objects.filter(account__account_no="A1")
    assert [change.on for change in kept] == [D1]
    assert Account.everything.get(account_no="A1").status == AccountStatus.OPEN
