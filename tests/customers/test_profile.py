"""The rules of the master record, and the page it is made and changed on."""

from datetime import date
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from core.models import TrailEntry
from customers.enums import CustomerKind
from customers.models import Customer, CustomerPosition, FieldSource
from customers.rules import profile as rules
from customers.rules.profile import Fault
from customers.services import profile, records
from staff.models import Branch, User
from tests.factories import NOW, TODAY, make_branch, make_customer, make_head_office, make_user

ID_NO, OTHER_ID = "11010519491231002X", "440524188001010014"
PERSON, ORGANISATION = CustomerKind.PERSON, CustomerKind.ORGANISATION


class TestRequired:
    @pytest.mark.parametrize(
        ("kind", "role", "fields"),
        [
            (PERSON, "teller", ("name", "id_type", "id_no", "phone")),
            (PERSON, "lobby", ("name", "id_type", "id_no", "phone")),
            (PERSON, "manager", ("name", "phone")),
            (PERSON, "branch_head", ("name", "phone")),
            (ORGANISATION, "teller", ("name", "id_no", "contact_name", "phone")),
            (ORGANISATION, "manager", ("name", "id_no", "contact_name", "phone")),
        ],
    )
    def test_differ_by_kind_and_role(self, kind: str, role: str, fields: tuple[str, ...]) -> None:
        assert rules.required_fields(kind, role) == fields

    def test_a_record_that_never_had_one_may_stay_without(self) -> None:
        assert rules.missing({"phone": ""}, ["phone"], {"phone": ""}) == []
        assert rules.missing({"phone": ""}, ["phone"], {"phone": "13800138000"}) == [Fault("phone", "required")]
        assert rules.missing({"phone": ""}, ["phone"], {}) == [Fault("phone", "required")]


def check(kind: str = PERSON, **values: Any) -> rules.Checked:
    return rules.check(values, kind=kind, touched=values, today=TODAY)


class TestCheck:
    @pytest.mark.parametrize(
        ("values", "fault"),
        [
            ({"id_no": "110105194912310021"}, Fault("id_no", "bad_check_digit")),
            ({"id_no": "11010519490231002X"}, Fault("id_no", "impossible_date")),
            ({"id_no": "110105491231002"}, Fault("id_no", "bad_length")),  # the old 15 digits: on import only
            ({"id_no": ID_NO, "birth_date": date(1950, 1, 1)}, Fault("birth_date", "birth_date_differs")),
            ({"id_no": ID_NO, "sex": "male"}, Fault("sex", "sex_differs")),
            ({"id_type": "uscc", "id_no": "91350100M000100Y43"}, Fault("id_type", "paper_of_organisations")),
            (
                {"id_expires_on": date(2030, 1, 1), "id_is_long_term": True},
                Fault("id_expires_on", "expires_and_long_term"),
            ),
            ({"phone": "12345"}, Fault("phone", "not_a_phone")),
            ({"email": "zhang"}, Fault("email", "not_an_email")),
            ({"wechat": "张三"}, Fault("wechat", "not_a_wechat")),
            ({"birth_date": date(2026, 11, 21)}, Fault("birth_date", "impossible_date")),
            ({"birth_date": date(1870, 1, 1)}, Fault("birth_date", "impossible_date")),
            ({"opened_on": date(2026, 11, 21)}, Fault("opened_on", "in_the_future")),
            ({"opened_on": date(1990, 1, 1), "birth_date": date(1991, 1, 1)}, Fault("opened_on", "before_birth")),
            ({"name": "123"}, Fault("name", "not_a_name")),
        ],
    )
    def test_refuses_with_the_reason(self, values: dict[str, Any], fault: Fault) -> None:
        assert check(**values).faults == (fault,)

    def test_sex_and_birth_date_come_from_the_number(self) -> None:
        found = check(id_no=" 11010519491231002x ").values

        assert (found["id_no"], found["id_type"], found["sex"], found["birth_date"]) == (
            ID_NO,
            "resident_id",
            "female",
            date(1949, 12, 31),
        )

    def test_phones_have_one_spelling(self) -> None:
        assert check(phone="＋86 138-0013-8000").values["phone"] == "13800138000"

    @pytest.mark.parametrize("prefix", ["162", "165", "167", "170", "171"])
    def test_virtual_operators_are_a_doubt_only(self, prefix: str) -> None:
        found = check(phone=f"{prefix}00138000")

        assert (found.faults, found.doubts) == ((), (Fault("phone", "virtual_operator"),))

    def test_an_organisation_has_a_credit_code_and_no_sex(self) -> None:
        found = check(ORGANISATION, id_no="91350100M000100Y43")

        assert (found.faults, found.values["id_type"], "sex" in found.values) == ((), "uscc", False)
        assert check(ORGANISATION, id_type="passport", id_no="E1234567").faults == (
            Fault("id_type", "paper_of_persons"),
        )

    def test_what_nobody_touched_is_not_complained_of(self) -> None:
        record = {"id_no": ID_NO, "id_type": "resident_id", "birth_date": date(1950, 1, 1), "phone": "12"}

        assert rules.check({**record, "employer": "某厂"}, kind=PERSON, touched={"employer"}, today=TODAY).faults == ()

    @pytest.mark.parametrize(
        ("born", "expires_on", "is_plausible"),
        [
            (date(2015, 5, 5), date(2028, 3, 1), True),  # 5 years, issued at 7
            (date(2015, 5, 5), date(2044, 3, 1), False),
            (date(2000, 5, 5), date(2028, 3, 1), True),  # 10 years, issued at 17
            (date(1990, 5, 5), date(2036, 5, 5), True),  # 20 years, issued on the 26th birthday
            (date(1990, 5, 5), date(2036, 5, 3), False),  # 20 years, but issued at 25
            (date(1949, 12, 31), None, True),
            (date(1990, 5, 5), None, False),
        ],
    )
    def test_validity_by_the_age_at_issue(self, born: date, expires_on: date | None, is_plausible: bool) -> None:
        assert rules.is_plausible_validity(born, expires_on, TODAY) is is_plausible

    def test_an_odd_validity_is_a_doubt_only(self) -> None:
        found = check(id_no=ID_NO, id_expires_on=date(2030, 1, 1))

        assert (found.faults, found.doubts) == ((), (Fault("id_expires_on", "odd_validity"),))

    @given(st.text(max_size=60), st.text(max_size=30), st.text(max_size=30))
    def test_takes_whatever_is_typed(self, name: str, number: str, phone: str) -> None:
        found = check(name=name, id_no=number, phone=phone, id_type="resident_id")

        assert set(found.values) == set(rules.FIELDS)


@pytest.fixture
def branch(db: None) -> Branch:
    return make_branch(parent=make_head_office(), code="B001")


@pytest.fixture
def manager(branch: Branch) -> User:
    return make_user(role="manager", branch=branch, staff_no="80017")


@pytest.fixture
def customer(manager: User) -> Customer:
    return make_customer(manager=manager, name="王小明", phone="13800138000", customer_no="C0001")


NEW = "/customers/new/"
EDIT = "/customers/C0001/edit/"


def form_of(client: Client, url: str) -> dict[str, Any]:
    """What a browser would send back of the form as it stands."""
    form = client.get(url).context["form"]
    data = {}
    for field in form:
        value = field.value()
        data[field.html_name] = "" if value in (None, False) else str(value)
        if field.field.show_hidden_initial:
            data[field.html_initial_name] = "" if value in (None, False) else str(value)
    return {name: value for name, value in data.items() if not (value == "" and name.startswith("remove_"))}


class TestNew:
    def test_a_manager_needs_a_name_and_a_phone(self, client_of: Any, manager: User) -> None:
        client = client_of(manager)

        response = client.post(NEW, {**form_of(client, NEW), "name": "曾明辉", "phone": "＋86 139-1234-5678"})

        made = Customer.everything.get()
        assert response.headers["Location"] == f"/customers/{made.customer_no}/?tab=profile"
        assert (made.customer_no[0], len(made.customer_no), made.customer_no[1:].isdigit()) == ("N", 10, True)
        assert (made.branch, made.manager, made.name_pinyin, made.name_grams[:2]) == (
            manager.branch,
            manager,
            "zengminghui",
            ["曾", "明"],
        )
        assert records.unsealed(made, "phone") == "13912345678"
        position = CustomerPosition.everything.get(customer=made)
        assert (position.branch_id, position.manager_id, position.tier, position.total) == (
            manager.branch_id,
            manager.pk,
            0,
            0,
        )
        assert dict(FieldSource.objects.values_list("field", "source")) == dict.fromkeys(
            ("name", "phone", "opened_on"), "manager"
        )
        entry = TrailEntry.objects.get(action="create")
        assert entry.changes["name"] == [None, "曾明辉"]
        assert entry.changes["phone"] == ["", "139****5678"]

    def test_the_counter_needs_the_document_too(self, client_of: Any, branch: Branch) -> None:
        client = client_of(make_user(branch=branch))
        data = {**form_of(client, NEW), "name": "曾明辉", "phone": "13912345678", "id_type": "resident_id"}

        refused = client.post(NEW, data)
        assert (refused.status_code, list(refused.context["form"].errors)) == (422, ["id_no"])
        assert 'value="曾明辉"' in refused.content.decode()

        assert client.post(NEW, {**data, "id_no": ID_NO}).status_code == 302
        made = Customer.everything.get()
        assert (made.manager, made.branch, made.sex, made.birth_date) == (None, branch, "female", date(1949, 12, 31))

    def test_an_organisation(self, client_of: Any, manager: User) -> None:
        client, url = client_of(manager), f"{NEW}?kind=organisation"
        data = {**form_of(client, url), "name": "福州某厂", "phone": "0591-87654321"}

        assert list(client.post(NEW, data).context["form"].errors) == ["contact_name", "id_no"]
        assert client.post(NEW, {**data, "id_no": "91350100M000100Y43", "contact_name": "林"}).status_code == 302
        assert Customer.everything.get().kind == ORGANISATION

    def test_sent_twice_makes_one(self, client_of: Any, manager: User) -> None:
        client = client_of(manager)
        data = {**form_of(client, NEW), "name": "曾明辉", "phone": "13912345678"}

        first, second = client.post(NEW, data), client.post(NEW, data)

        assert Customer.everything.count() == 1
        assert second.headers["Location"] in first.headers["Location"]

    def test_numbers_skip_what_a_feed_brought(self, manager: User) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT setval('customers_new_number', 41)")
        make_customer(customer_no="N000000042")

        values = {"name": "曾明辉", "phone": "13912345678"}
        saved = profile.create_customer(kind=PERSON, values=values, source="phone", actor=manager, at=NOW)

        assert saved.customer.customer_no == "N000000043"

    @pytest.mark.parametrize("role", ["head_office", "compliance", "admin", "auditor"])
    def test_is_for_those_who_serve(self, as_role: Any, role: str) -> None:
        assert as_role(role).get(NEW).status_code == 403


class TestEdit:
    def test_changes_only_what_was_changed(self, client_of: Any, manager: User, customer: Customer) -> None:
        client = client_of(manager)
        data = {**form_of(client, EDIT), "occupation": "教师", "source": "phone"}

        response = client.post(EDIT, data)

        customer.refresh_from_db()
        assert (response.status_code, customer.occupation, customer.version) == (302, "教师", 2)
        assert records.unsealed(customer, "phone") == "13800138000"
        note = FieldSource.objects.get()
        assert (note.field, note.source, note.confirmed_by) == ("occupation", "phone", manager)
        assert TrailEntry.objects.get(action="change").changes == {"occupation": ["", "教师"]}

    def test_sealed_values_are_shown_masked_and_kept_when_left_empty(
        self, client_of: Any, manager: User, customer: Customer
    ) -> None:
        text = client_of(manager).get(EDIT).content.decode()

        assert "138****8000" in text
        assert "13800138000" not in text

    def test_a_sealed_value_is_replaced_or_removed_on_purpose(
        self, client_of: Any, branch: Branch, customer: Customer
    ) -> None:
        client = client_of(make_user(branch=branch))
        client.post(EDIT, {**form_of(client, EDIT), "email": "Ming@Example.com", "address": "北京市朝阳路1号"})
        customer.refresh_from_db()
        assert (records.unsealed(customer, "email"), records.masked(customer, "address")) == (
            "ming@example.com",
            "北京市****",
        )

        client.post(EDIT, {**form_of(client, EDIT), "remove_email": "on"})

        customer.refresh_from_db()
        assert (customer.email_cipher, customer.email_index) == (None, None)
        entry = TrailEntry.objects.filter(action="change").latest("pk")
        assert entry.changes == {"email": ["m***@example.com", ""]}

    def test_nothing_changed_leaves_no_trace(self, client_of: Any, manager: User, customer: Customer) -> None:
        client = client_of(manager)

        client.post(EDIT, {**form_of(client, EDIT), "phone": "138 0013 8000"})

        customer.refresh_from_db()
        assert (customer.version, TrailEntry.objects.filter(action="change").count()) == (1, 0)

    def test_the_name_is_found_anew(self, client_of: Any, manager: User, customer: Customer) -> None:
        client = client_of(manager)

        client.post(EDIT, {**form_of(client, EDIT), "name": "曾明辉"})

        customer.refresh_from_db()
        assert (customer.name_pinyin, customer.name_initials) == ("zengminghui", "zmh")

    def test_a_birth_date_against_the_stored_number_is_a_conflict(self, client_of: Any, manager: User) -> None:
        make_customer(manager=manager, customer_no="C0001", id_no=ID_NO, id_type="resident_id", phone="13800138000")
        client = client_of(manager)

        response = client.post(EDIT, {**form_of(client, EDIT), "birth_date": "1950-01-01"})

        assert (response.status_code, list(response.context["form"].errors)) == (422, ["birth_date"])

    def test_another_persons_customer_is_not_there(self, as_role: Any, branch: Branch, customer: Customer) -> None:
        assert as_role("manager", branch=branch).get(EDIT).status_code == 404

    def test_the_profile_says_where_a_value_comes_from(self, client_of: Any, manager: User, customer: Customer) -> None:
        profile.edit_customer(
            customer=customer, values={"occupation": "教师"}, version=1, source="counter", actor=manager, at=NOW
        )

        text = client_of(manager).get("/customers/C0001/profile/").content.decode()

        assert "2026-11-20" in text
        assert EDIT not in text, "the head of the page has the button already"
        assert EDIT in client_of(manager).get("/customers/C0001/").content.decode()
