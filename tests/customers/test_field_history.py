"""R15: every change of the master record leaves its history, whatever made it, and nobody can rewrite that."""

from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction

from core.history import signed
from customers import queries
from customers.models import Customer, CustomerVersion
from customers.services import profile
from staff.models import User
from tests.customers.feeding import feed
from tests.customers.test_profile import EDIT, form_of
from tests.factories import NOW, make_branch, make_customer, make_user

pytestmark = pytest.mark.django_db
HEADER = ("customer_no", "name", "phone", "occupation", "branch_code")


@pytest.fixture
def manager(db: None) -> User:
    return make_user(role="manager", branch=make_branch(code="B1"), name="王经理")


@pytest.fixture
def customer(manager: User) -> Customer:
    return make_customer(manager=manager, customer_no="C0001", name="曾明辉", phone="13800138000")


def save(customer: Customer) -> None:
    customer.employer = "一中"
    customer.save()


def update(customer: Customer) -> None:
    Customer.everything.filter(pk=customer.pk).update(employer="一中")


def bulk_update(customer: Customer) -> None:
    customer.employer = "一中"
    Customer.everything.bulk_update([customer], ["employer"])


def raw(customer: Customer) -> None:
    with connection.cursor() as cursor:
        cursor.execute("UPDATE customers_customer SET employer = '一中'")


def merge(customer: Customer) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "MERGE INTO customers_customer c USING (SELECT 1) s ON true WHEN MATCHED THEN UPDATE SET employer = '一中'"
        )


def ignoring(customer: Customer) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('pgtrigger.ignore', '{pgtrigger_update_update_a3b12}', true)")
        names = "SELECT array_agg(tgname::text)::text FROM pg_trigger WHERE tgname LIKE 'pgtrigger%'"
        cursor.execute(f"SELECT set_config('pgtrigger.ignore', ({names}), true)")
    raw(customer)


@pytest.mark.parametrize("change", [save, update, bulk_update, raw, merge, ignoring])
def test_whatever_changes_a_row_leaves_history(app_role: str, customer: Customer, change: Any) -> None:
    change(customer)

    (entry,) = queries.field_history(Customer.everything.get(pk=customer.pk)).entries
    assert [(c.field, c.old, c.new) for c in entry.changes] == [("employer", "", "一中")]
    assert entry.source != ""


def test_a_deletion_leaves_it_too() -> None:
    customer = make_customer(name="曾明辉")  # whoever has a manager has rows that hold it fast
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM customers_customerposition; DELETE FROM customers_customer")

    (version,) = CustomerVersion.objects.all()
    assert (version.pgh_label, version.pgh_obj_id, version.name) == ("delete", customer.pk, "曾明辉")


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE customers_customerversion SET name = 'x'",
        "DELETE FROM customers_customerversion",
        "TRUNCATE customers_customerversion",
        "DROP TRIGGER version_is_append_only ON customers_customerversion",
        "ALTER TABLE customers_customer DISABLE TRIGGER ALL",
    ],
)
def test_nobody_rewrites_it(app_role: str, customer: Customer, statement: str) -> None:
    update(customer)

    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)


def test_not_even_the_owner_by_mistake(customer: Customer) -> None:
    update(customer)

    with pytest.raises(DatabaseError), transaction.atomic():
        CustomerVersion.objects.all().delete()


def test_what_is_the_same_is_no_change(customer: Customer) -> None:
    Customer.everything.filter(pk=customer.pk).update(version=2, updated_at=NOW, feed_fingerprint=b"x")

    assert CustomerVersion.objects.count() == 0


class TestTab:
    URL = "/customers/C0001/history/"

    def test_who_where_and_both_values_masked(self, client_of: Any, manager: User, customer: Customer) -> None:
        client = client_of(manager)
        client.post(EDIT, {**form_of(client, EDIT), "phone": "13900001111", "occupation": "教师"})

        text = client.get(self.URL).content.decode()

        for part in ("王经理", "138****8000", "139****1111", "教师"):
            assert part in text
        assert ("13900001111" in text, "13800138000" in text) == (False, False)
        context = CustomerVersion.objects.get().pgh_context
        assert context == {"source": "customers:edit", "actor": manager.staff_no}

    def test_the_feed_is_called_the_feed(self, manager: User, customer: Customer) -> None:
        feed("customers", HEADER, [("C0001", "曾明辉", "13800138000", "教师", "B1")])

        page = queries.field_history(Customer.everything.get())

        (entry,) = page.entries
        # The phone was sealed anew, but is what it was.
        assert (entry.is_feed, entry.by, [(c.field, c.new) for c in entry.changes]) == (
            True,
            "",
            [("occupation", "教师")],
        )

    def test_two_values_that_mask_alike_are_a_change(self, manager: User, customer: Customer) -> None:
        values = {"phone": "13811118000"}
        profile.edit_customer(customer=customer, values=values, version=1, source="phone", actor=manager, at=NOW)

        (entry,) = queries.field_history(Customer.everything.get()).entries
        assert [(c.old, c.new) for c in entry.changes] == [("138****8000", "138****8000")]

    def test_pages_hang_together(self, client_of: Any, manager: User, customer: Customer) -> None:
        for n in range(45):
            with signed(source="customers:edit", actor=manager.staff_no):
                Customer.everything.filter(pk=customer.pk).update(occupation=f"第{n}次")
        customer.refresh_from_db()

        seen, before = [], None
        while True:
            page = queries.field_history(customer, before)
            seen += [(c.old, c.new) for entry in page.entries for c in entry.changes]
            before = page.older
            if before is None:
                break

        assert seen == [(f"第{n - 1}次" if n else "", f"第{n}次") for n in reversed(range(45))]
        first = client_of(manager).get(self.URL).content.decode()
        assert "?before=" in first

    @pytest.mark.parametrize("before", ["x", "-1", "٣", "9" * 30])
    def test_a_mark_that_is_none(self, client_of: Any, manager: User, customer: Customer, before: str) -> None:
        assert client_of(manager).get(self.URL, {"before": before}).status_code == 404


class TestFeedAndEdit:
    ROW = ("C0002", "李梅", "13700001111", "工人", "B1")

    def test_an_edit_outlives_an_unchanged_row_and_not_a_changed_one(self, manager: User) -> None:
        feed("customers", HEADER, [self.ROW])
        made = Customer.everything.get(customer_no="C0002")
        profile.edit_customer(
            customer=made, values={"occupation": "教师"}, version=1, source="phone", actor=manager, at=NOW
        )

        feed("customers", HEADER, [self.ROW], on=NOW.date().replace(day=21))
        made.refresh_from_db()
        assert (made.occupation, list(queries.sources_of(made.pk))) == ("教师", ["occupation"])

        feed("customers", HEADER, [(*self.ROW[:3], "司机", "B1")], on=NOW.date().replace(day=22))
        made.refresh_from_db()
        assert (made.occupation, made.version, queries.sources_of(made.pk)) == ("司机", 3, {})

    def test_a_source_stays_where_the_value_does(self, manager: User) -> None:
        feed("customers", HEADER, [self.ROW])
        made = Customer.everything.get(customer_no="C0002")
        values = {"name": "李玫", "phone": "13700002222"}
        profile.edit_customer(customer=made, values=values, version=1, source="phone", actor=manager, at=NOW)

        changed = ("C0002", "李玫", "13700001111", "工人", "B1")
        feed("customers", HEADER, [changed], on=NOW.date().replace(day=21))

        assert list(queries.sources_of(made.pk)) == ["name"]


class TestSigned:
    def test_the_inner_one_speaks_for_itself_and_no_longer(self, customer: Customer) -> None:
        for n, block in enumerate(("outer", "inner", "outer", "")):
            if block == "inner":
                with signed(source="outer"), signed(source="inner"):
                    Customer.everything.filter(pk=customer.pk).update(employer=str(n))
            elif block:
                with signed(source="outer"):
                    Customer.everything.filter(pk=customer.pk).update(employer=str(n))
            else:
                Customer.everything.filter(pk=customer.pk).update(employer=str(n))

        rows = CustomerVersion.objects.order_by("pgh_id").values_list("pgh_context", flat=True)
        assert [(row or {}).get("source") for row in rows] == ["outer", "inner", "outer", None]

    def test_statements_without_parameters_are_signed_too(self, customer: Customer) -> None:
        with signed(source="x"), connection.cursor() as cursor:
            cursor.execute("UPDATE customers_customer SET employer = '100%'")

        assert CustomerVersion.objects.get().pgh_context["source"] == "x"
