"""C20: the consent ledger, its wordings, and that a withdrawal holds from its commit on."""

from collections.abc import Callable
from datetime import timedelta
from threading import Thread
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction
from django.test import Client
from django.urls import reverse

from core.clock import now
from core.models import TrailEntry
from customers.models import Consent, ConsentWording, Customer, Merge
from customers.queries import consents as queries
from customers.rules.consents import NEEDS_REFERENCE, fault
from customers.services import consents as services
from staff.models import User
from tests.factories import NOW, TODAY, first_wordings, make_consent, make_customer, make_user

pytestmark = pytest.mark.django_db
ClientOf = Callable[[User], Client]
DAY = timedelta(days=1)
SMS = {"purpose": "marketing", "channel": "sms"}
HTMX = {"HX-Request": "true"}


def record(customer: Customer, **fields: Any) -> Consent:
    values = {"decision": "given", "stated_at": NOW, "at": NOW, "actor": make_user(branch=customer.branch), **SMS}
    return services.record_consent(customer=customer, **{**values, **fields})


def state(customer: Customer, purpose: str = "marketing", channel: str = "sms") -> str:
    rows = {row.purpose: row.states for row in queries.current(customer.pk)}
    return next(cell.state for cell in rows[purpose] if cell.channel == channel)


class TestRecording:
    def test_keeps_wording_proof_and_recorder(self) -> None:
        customer, actor = make_customer(), make_user()

        made = record(customer, actor=actor, proof="signed_form", proof_ref=" F-17 ")

        row = Consent.everything.select_related("wording").get(pk=made.pk)
        assert (row.decision, row.proof, row.proof_ref, row.recorded_by) == ("given", "signed_form", "F-17", actor)
        assert row.wording == first_wordings()["marketing"]
        entry = TrailEntry.objects.get(subject="customers.consent", subject_id=str(made.pk))
        assert (entry.action, entry.changes["customer"]) == ("give_consent", customer.customer_no)
        assert "F-17" not in str(entry.changes)

    @pytest.mark.parametrize("proof", sorted(NEEDS_REFERENCE))
    def test_a_proof_elsewhere_must_be_found_again(self, proof: str) -> None:
        with pytest.raises(services.ProofReferenceNeeded):
            record(make_customer(), proof=proof, proof_ref="  ")

    def test_nothing_is_stated_in_the_future(self) -> None:
        with pytest.raises(services.StatedInTheFuture):
            record(make_customer(), stated_at=NOW + timedelta(seconds=1))

    def test_nobody_agrees_before_there_are_words(self) -> None:
        before = NOW.replace(year=2025)
        with pytest.raises(services.NoWordingInForce):
            record(make_customer(), stated_at=before)

    def test_a_withdrawal_needs_nothing_but_the_act(self) -> None:
        customer = make_customer()

        record(customer, decision="withdrawn", proof="sms_reply", stated_at=NOW.replace(year=2025))

        assert state(customer) == "withdrawn"

    @pytest.mark.parametrize(
        ("fields", "expected"),
        [
            ({}, ""),
            ({"has_reference": False}, ""),
            ({"proof": "recorded_call", "has_reference": False}, "proof_reference_needed"),
            ({"has_wording": False}, "no_wording_in_force"),
            ({"has_wording": False, "decision": "withdrawn"}, ""),
            ({"stated_at": NOW + timedelta(microseconds=1), "decision": "withdrawn"}, "stated_in_the_future"),
        ],
    )
    def test_the_rule(self, fields: dict[str, Any], expected: str) -> None:
        given = {"decision": "given", "proof": "at_counter", "has_reference": True, "has_wording": True}
        assert fault(**{**given, "stated_at": NOW, "at": NOW, **fields}) == expected


class TestWhatHoldsNow:
    def test_nothing_stated_is_not_agreed(self) -> None:
        customer = make_customer()
        assert state(customer) == ""
        assert not queries.may(customer.pk, "marketing", "sms")

    def test_channels_and_purposes_stand_alone(self) -> None:
        customer = make_customer()
        make_consent(customer=customer)

        assert state(customer) == "given"
        assert {state(customer, "marketing", "phone"), state(customer, "survey", "sms")} == {""}

    def test_the_later_statement_holds_whatever_was_recorded_first(self) -> None:
        """A withdrawal found late but stated before the newest consent does not cancel it."""
        customer = make_customer()
        record(customer, stated_at=NOW - DAY)
        record(customer, decision="withdrawn", stated_at=NOW - 2 * DAY)

        assert state(customer) == "given"
        assert queries.may(customer.pk, "marketing", "sms")
        assert list(queries.permitted(None, "marketing", "sms")) == [customer.pk]

    def test_of_two_at_once_the_one_recorded_last_holds(self) -> None:
        customer = make_customer()
        record(customer)
        record(customer, decision="withdrawn")

        assert state(customer) == "withdrawn"
        assert not queries.may(customer.pk, "marketing", "sms")

    def test_the_matrix_is_one_query(self, django_assert_num_queries: Any) -> None:
        customer = make_customer()
        make_consent(customer=customer)
        make_consent(customer=customer, purpose="survey", channel="phone")

        with django_assert_num_queries(1):
            rows = queries.current(customer.pk)
            assert [cell.wording_version for row in rows for cell in row.states if cell.is_given] == [1, 1]

    def test_permitted_is_one_query_for_any_number(self, django_assert_num_queries: Any) -> None:
        agreed, silent, refused = (make_customer() for _ in range(3))
        make_consent(customer=agreed)
        make_consent(customer=refused)
        record(refused, decision="withdrawn")

        with django_assert_num_queries(1):
            found = set(queries.permitted(Customer.everything.all(), "marketing", "sms"))
        assert found == {agreed.pk}
        assert set(queries.permitted([silent.pk, refused.pk], "marketing", "sms")) == set()
        as_filter = Customer.everything.filter(pk__in=queries.permitted(None, "marketing", "sms"))
        assert list(as_filter) == [agreed]

    def test_permitted_agrees_with_asking_one_by_one(self) -> None:
        customers = [make_customer() for _ in range(6)]
        for n, customer in enumerate(customers):
            for step in range(n):
                decision = "withdrawn" if (step + n) % 2 else "given"
                record(customer, decision=decision, stated_at=NOW - (step * n % 4) * DAY)

        one_by_one = {c.pk for c in customers if queries.may(c.pk, "marketing", "sms")}
        assert set(queries.permitted(customers, "marketing", "sms")) == one_by_one
        assert {c.pk for c in customers if state(c) == "given"} == one_by_one

    def test_only_current_leaves_one_a_channel(self) -> None:
        customer = make_customer()
        make_consent(customer=customer)
        last = record(customer, decision="withdrawn")
        other = make_consent(customer=customer, channel="phone")

        assert set(queries.only_current(Consent.objects.all())) == {last, other}


@pytest.mark.django_db(transaction=True)
def test_a_withdrawal_holds_between_two_batches_of_a_running_send() -> None:
    """A sender asks before every batch; what another connection commits meanwhile counts at once."""
    customers = [make_customer() for _ in range(4)]
    for customer in customers:
        make_consent(customer=customer)

    def withdraw() -> None:
        record(customers[3], decision="withdrawn", stated_at=now(), at=now())
        connection.close()

    sent: list[int] = []
    for batch in (customers[:2], customers[2:]):
        sent += sorted(queries.permitted([c.pk for c in batch], "marketing", "sms"))
        if batch == customers[:2]:
            elsewhere = Thread(target=withdraw)
            elsewhere.start()
            elsewhere.join()
    assert sent == [c.pk for c in customers[:3]]
    assert not queries.may(customers[3].pk, "marketing", "sms")


REWRITES = [
    "UPDATE customers_consent SET decision = 'given'",
    "UPDATE customers_consent SET stated_at = stated_at + interval '1 day', customer_id = customer_id",
    "DELETE FROM customers_consent",
    "UPDATE customers_consentwording SET text_zh = '同意一切'",
    "DELETE FROM customers_consentwording WHERE version = 2",
]


@pytest.mark.parametrize("statement", REWRITES)
def test_the_ledger_cannot_be_rewritten_even_by_its_owner(statement: str) -> None:
    make_consent()
    refused = pytest.raises(DatabaseError, match="append-only")
    with refused, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)


@pytest.mark.parametrize("statement", [*REWRITES, "TRUNCATE customers_consent", "TRUNCATE customers_consentwording"])
def test_the_application_has_no_right_to(app_role: str, statement: str) -> None:
    refused = pytest.raises(DatabaseError, match="permission denied")
    with refused, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)


def test_the_application_adds_statements_and_wordings(app_role: str) -> None:
    customer = make_customer()
    record(customer)
    services.add_wording(
        purpose="survey", text_zh="为改进服务，" * 6, effective_on=TODAY, actor=make_user(role="compliance"), at=NOW
    )
    assert state(customer) == "given"


def test_a_statement_follows_its_customer_through_a_merge_only(app_role: str) -> None:
    kept, dropped, stranger = (make_customer() for _ in range(3))
    consent = make_consent(customer=dropped)
    actor = make_user()
    Merge.objects.create(kept=kept, dropped=dropped, reason="同一人", requested_by=actor, requested_at=NOW)

    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        Consent.everything.filter(pk=consent.pk).update(customer=stranger)
    Consent.everything.filter(pk=consent.pk).update(customer=kept)
    assert queries.may(kept.pk, "marketing", "sms")
    Consent.everything.filter(pk=consent.pk).update(customer=dropped)
    assert not queries.may(kept.pk, "marketing", "sms")


class TestWordings:
    def add(self, **fields: Any) -> ConsentWording:
        values = {"purpose": "survey", "text_zh": "我们想了解您的满意度。" * 3, "text_en": "", "effective_on": TODAY}
        return services.add_wording(**{**values, "actor": make_user(role="compliance"), "at": NOW, **fields})

    def test_every_purpose_begins_with_one_in_both_languages(self) -> None:
        wordings = first_wordings()
        assert set(wordings) == {"marketing", "profiling", "partners", "survey", "online"}
        assert all("撤回" in w.text_zh and "withdraw" in w.text_en for w in wordings.values())

    def test_a_new_version_leaves_earlier_consents_as_they_were(self) -> None:
        customer, later = make_customer(), make_customer()
        make_consent(customer=customer, purpose="survey")

        assert self.add().version == 2
        record(later, purpose="survey")

        versions = [
            [s.wording_version for r in queries.current(c.pk) for s in r.states if s.latest] for c in (customer, later)
        ]
        assert versions == [[1], [2]]

    def test_one_for_later_does_not_hold_yet(self) -> None:
        self.add(effective_on=TODAY + DAY)
        assert queries.wording_on("survey", TODAY).version == 1
        assert queries.wordings_in_force(TODAY + DAY)["survey"].version == 2

    @pytest.mark.parametrize("day", [TODAY - DAY, TODAY])
    def test_none_reaches_back(self, day: Any) -> None:
        self.add(effective_on=TODAY + DAY)
        with pytest.raises(services.WordingTooEarly, match=str(TODAY + DAY)):
            self.add(effective_on=day, text_zh="另一种说法，" * 5)

    def test_the_same_words_are_no_new_version(self) -> None:
        self.add()
        with pytest.raises(services.WordingUnchanged):
            self.add()


class TestPages:
    def test_give_and_withdraw_on_the_tab(self, client_of: ClientOf) -> None:
        manager = make_user(role="manager")
        customer = make_customer(manager=manager)
        client = client_of(manager)
        address = reverse("customers:consent_record", args=[customer.customer_no])
        first_wordings()

        asked = client.get(f"{address}?purpose=marketing&channel=sms&decision=given", headers=HTMX).content.decode()
        assert first_wordings()["marketing"].text_zh[:20] in asked
        data = {**SMS, "decision": "given", "proof": "signed_form", "proof_ref": "", "stated_at": "2026-11-20T10:00"}
        refused = client.post(address, data, headers=HTMX)
        assert refused.status_code == 422
        answer = client.post(address, {**data, "proof_ref": "F-2026-17"}, headers=HTMX)
        assert answer["HX-Retarget"] == "#customer-tab"
        assert "F-2026-17" in answer.content.decode()
        plain = client.post(address, {**data, "decision": "withdrawn", "stated_at": "2026-11-20T11:00"})
        assert plain["Location"] == f"{customer.get_absolute_url()}?tab=consents"
        assert state(customer) == "withdrawn"

    def test_head_office_reads_and_does_not_write(self, as_role: Callable[..., Client]) -> None:
        customer = make_customer()
        client = as_role("branch_head", branch=customer.branch)
        assert (
            "consents/record/"
            in client.get(reverse("customers:consents", args=[customer.customer_no])).content.decode()
        )
        reader = as_role("compliance", branch=customer.branch)
        tab = reader.get(reverse("customers:consents", args=[customer.customer_no])).content.decode()
        assert "consents/record/" not in tab

    def test_history_is_paged(self, client_of: ClientOf) -> None:
        manager = make_user(role="manager")
        customer = make_customer(manager=manager)
        for n in range(25):
            make_consent(customer=customer, proof_ref=f"REF-{n:02}", stated_at=NOW - n * DAY)
        client = client_of(manager)

        first = client.get(reverse("customers:consents", args=[customer.customer_no]))
        assert ("REF-24" in first.content.decode(), "REF-00" in first.content.decode()) == (True, False)
        assert "REF-00" in client.get(first.context["next_url"]).content.decode()

    def test_compliance_adds_a_wording(self, as_role: Callable[..., Client]) -> None:
        client = as_role("compliance")
        first_wordings()
        data = {"purpose": "online", "effective_on": now().date().isoformat(), "text_zh": "新的说明文字" * 5}

        response = client.post(reverse("customers:wording_new"), data)

        assert response["Location"] == reverse("customers:wordings")
        assert "新的说明文字" in client.get(reverse("customers:wordings")).content.decode()


class TestApi:
    def test_add_and_read(self, client_of: ClientOf) -> None:
        manager = make_user(role="manager")
        customer, foreign = make_customer(manager=manager), make_customer()
        make_consent(customer=foreign)
        make_consent(customer=customer, stated_at=NOW - 2 * DAY)
        client, url = client_of(manager), reverse("consents-list")
        body = {"customer_no": customer.customer_no, **SMS, "decision": "withdrawn"}

        assert client.post(url, body, content_type="application/json").status_code == 201
        hidden = client.post(url, {**body, "customer_no": foreign.customer_no}, content_type="application/json")
        assert hidden.status_code == 404
        query = f"?customer_no={customer.customer_no}&purpose=marketing&channel=sms"
        assert [row["decision"] for row in client.get(url + query).json()["results"]] == ["withdrawn", "given"]
        current = client.get(f"{url}{query}&current=true").json()["results"]
        assert [(row["decision"], row["wording"]) for row in current] == [("withdrawn", 1)]

    @pytest.mark.parametrize("method", ["put", "patch", "delete"])
    def test_nothing_is_changed(self, method: str, as_role: Callable[..., Client]) -> None:
        assert getattr(as_role("manager"), method)(reverse("consents-list")).status_code in {403, 405}

    def test_a_refusal_has_its_code(self, client_of: ClientOf) -> None:
        manager = make_user(role="manager")
        customer = make_customer(manager=manager)
        first_wordings()
        body = {"customer_no": customer.customer_no, **SMS, "decision": "given", "proof": "recorded_call"}
        answer = client_of(manager).post(reverse("consents-list"), body, content_type="application/json")
        assert (answer.status_code, answer.json()["error"]["code"]) == (400, "proof_reference_needed")
