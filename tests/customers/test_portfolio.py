"""C25: every change of manager or backup leaves a row, whatever way it came; and who may hand what to whom."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection, transaction

from customers.enums import HandoverRefusal
from customers.models import Customer, CustomerPosition, OwnershipChange
from customers.queries import portfolio as queries
from customers.rules import portfolio as rules
from customers.rules.portfolio import Aim, KeptWindow, Mandate, Owned
from customers.services.ownership import AlreadyOwner, CannotOwn, acting, set_backup
from staff.models import User
from tests.customers.books import make_bank
from tests.customers.feeding import feed
from tests.factories import NOW, TODAY, make_branch, make_customer, make_user

HEADER = ("customer_no", "name", "branch_code", "manager_no")


def history() -> list[tuple[str, str, str | None, str | None, str]]:
    """Customer, part, from, to and whose doing, in the order it happened."""
    rows = OwnershipChange.everything.order_by("pk").select_related("customer", "from_user", "to_user")
    return [
        (row.customer.customer_no, row.role, _number(row.from_user), _number(row.to_user), row.actor_no) for row in rows
    ]


def _number(user: User | None) -> str | None:
    return user.staff_no if user else None


@pytest.mark.django_db
class TestOwnershipIsNoted:
    @pytest.fixture(autouse=True)
    def people(self) -> dict[str, User]:
        branch = make_branch(code="B1")
        return {no: make_user(role="manager", branch=branch, staff_no=no, password="") for no in ("M1", "M2")}

    def test_when_the_core_feed_brings_and_changes_managers(self) -> None:
        feed("customers", HEADER, [("K1", "王小明", "B1", "M1"), ("K2", "李小红", "B1", "")])
        first = [("K1", "owner", None, "M1", "core feed")]
        assert history() == first

        feed("customers", HEADER, [("K1", "王小明", "B1", "M2"), ("K2", "李小红", "B1", "M1")])

        assert history()[:1] == first
        assert sorted(history()[1:]) == [
            ("K1", "owner", "M1", "M2", "core feed"),
            ("K2", "owner", None, "M1", "core feed"),
        ]
        managers = CustomerPosition.everything.order_by("customer__customer_no").values_list(
            "manager__staff_no", flat=True
        )
        assert list(managers) == ["M2", "M1"]

        feed("customers", HEADER, [("K1", "王小明", "B1", "M2"), ("K2", "李小红大", "B1", "M1")])
        assert len(history()) == 3

    def test_when_any_other_statement_changes_them(self, people: dict[str, User]) -> None:
        one, two = (make_customer(manager=people["M1"], customer_no=no) for no in ("K1", "K2"))
        one.backup, one.name = people["M2"], "新名"
        with transaction.atomic(), acting("S-9"):
            one.save()
        Customer.everything.filter(pk__in=[one.pk, two.pk]).update(manager=None)
        Customer.everything.filter(pk=two.pk).update(name="又一个", manager=None)

        assert history()[2] == ("K1", "backup", None, "M2", "S-9")
        assert sorted(history()[3:]) == [
            ("K1", "owner", "M1", None, "core feed"),
            ("K2", "owner", "M1", None, "core feed"),
        ]

    def test_at_the_moment_the_change_was_made(self, people: dict[str, User]) -> None:
        customer = make_customer(manager=people["M1"])
        late = NOW.replace(hour=23) + timedelta(hours=2)
        Customer.everything.filter(pk=customer.pk).update(manager=people["M2"], updated_at=late)

        moments = list(OwnershipChange.everything.order_by("pk").values_list("at", "on"))
        assert moments == [(NOW, TODAY), (late, TODAY + timedelta(days=1))]

    def test_for_the_application_role_too(self, people: dict[str, User], app_role: str) -> None:
        customer = make_customer(manager=people["M1"], customer_no="K1")
        Customer.everything.filter(pk=customer.pk).update(manager=people["M2"])

        assert history() == [("K1", "owner", None, "M1", "core feed"), ("K1", "owner", "M1", "M2", "core feed")]

    def test_nobody_stays_named_after_their_act(self) -> None:
        with transaction.atomic(), acting("S-9", handover_id=3):
            pass
        with connection.cursor() as cursor:
            cursor.execute("SELECT current_setting('depositcrm.actor'), current_setting('depositcrm.handover')")
            assert cursor.fetchone() == ("", "")


@pytest.mark.django_db
class TestBackup:
    def test_is_named_changed_and_taken_away(self) -> None:
        bank = make_bank()
        (customer,) = bank.customers(1)
        for backup in (bank.backup, bank.backup, None):
            set_backup(customer=customer, backup=backup, actor=bank.head, at=NOW)
        numbers = [(row[1], row[3], row[4]) for row in history()][1:]
        assert numbers == [("backup", bank.backup.staff_no, bank.head.staff_no), ("backup", None, bank.head.staff_no)]

    def test_is_somebody_else_of_a_unit_that_may(self) -> None:
        bank = make_bank()
        (customer,) = bank.customers(1)
        with pytest.raises(AlreadyOwner):
            set_backup(customer=customer, backup=bank.old, actor=bank.head, at=NOW)
        left = make_user(role="manager", branch=bank.a, is_active=False)
        for nobody in (bank.stranger, left, make_user(role="teller", branch=bank.a)):
            with pytest.raises(CannotOwn):
                set_backup(customer=customer, backup=nobody, actor=bank.head, at=NOW)


@pytest.mark.django_db
def test_owners_are_the_active_managers_of_ones_units() -> None:
    bank = make_bank()
    make_user(role="manager", branch=bank.a, is_active=False)
    make_user(role="teller", branch=bank.a)
    above = make_user(role="senior_manager", branch=bank.top)
    here = {bank.old, bank.new, bank.backup, bank.head}
    hq = make_user(role="head_office", branch=bank.top)
    assert set(queries.owners_for(bank.head)) == here
    assert set(queries.owners_for(bank.old)) == here
    assert set(queries.owners_for(hq)) == {*here, bank.stranger, above}
    assert set(queries.owners_at(bank.a)) == {*here, above}


FREE = Owned(manager_id=1, backup_id=None, expected_id=1, branch_path="/1/2/", is_merged=False)
TO = Aim(to_id=9, to_path="/1/2/")
BANK = Mandate(below="")


def but(**changes: Any) -> Owned:
    return Owned(**{**{name: getattr(FREE, name) for name in Owned.__slots__}, **changes})


@pytest.mark.parametrize(
    ("customer", "aim", "mandates", "expected"),
    [
        (FREE, TO, (BANK,), None),
        (FREE, TO, (Mandate(book_of=1),), None),
        (FREE, TO, (Mandate(below="/1/2/"),), None),
        (FREE, TO, (Mandate(below="/1/"),), None),
        (FREE, TO, (Mandate(below="/1/3/"),), "not_yours"),
        (FREE, TO, (Mandate(book_of=2),), "not_yours"),
        (FREE, TO, (Mandate(book_of=1), Mandate(below="/1/3/")), "not_yours"),
        (FREE, TO, (Mandate(),), "not_yours"),
        (but(is_merged=True), TO, (BANK,), "merged"),
        (but(manager_id=9), TO, (BANK,), "already_theirs"),
        (but(manager_id=3), TO, (BANK,), "changed"),
        (but(manager_id=None), TO, (BANK,), "changed"),
        (but(manager_id=None, expected_id=None), TO, (BANK,), None),
        (FREE, Aim(9, "/1/3/"), (BANK,), "other_unit"),
        (FREE, Aim(9, "/1/"), (BANK,), None),
        (FREE, Aim(9, "/1/", 8, "/1/3/"), (BANK,), "backup_unit"),
        (but(branch_path="/1/22/"), Aim(9, "/1/2/"), (BANK,), "other_unit"),
    ],
)
def test_refusal(customer: Owned, aim: Aim, mandates: tuple[Mandate, ...], expected: str | None) -> None:
    assert rules.refusal(customer, aim, mandates) == (HandoverRefusal(expected) if expected else None)


@pytest.mark.parametrize(
    ("backup", "chosen", "expected"), [(None, None, None), (5, None, 5), (9, None, None), (5, 7, 7), (None, 7, 7)]
)
def test_backup_after(backup: int | None, chosen: int | None, expected: int | None) -> None:
    assert rules.backup_after(but(backup_id=backup), Aim(9, "/", chosen)) == expected


def test_kept_window_has_ninety_days_before_and_at_most_ninety_since() -> None:
    done = date(2026, 11, 20)
    assert rules.kept_window(done, done) is None
    assert rules.kept_window(done, done + timedelta(days=1)) == KeptWindow(
        date(2026, 8, 23), done, date(2026, 11, 21), date(2026, 11, 21)
    )
    whole = rules.kept_window(done, date(2027, 11, 20))
    assert whole is not None
    assert (whole.before_end - whole.before_start).days == (whole.since_end - whole.since_start).days == 89


def test_kept_share() -> None:
    assert rules.kept_share(Decimal(3), Decimal(2)) == Decimal("66.7")
    assert rules.kept_share(Decimal(0), Decimal(2)) is None
