"""C06 end to end: every table takes part, records come back byte for byte."""

import json
from datetime import timedelta
from typing import Any

import pytest
from django.apps import apps
from django.db import transaction
from hypothesis import given
from hypothesis import strategies as st
from pghistory.models import Event

from core import jobs
from core.models import Job, TrailEntry
from customers.models import (
    Account,
    Consent,
    ConsentWording,
    Customer,
    CustomerAlert,
    CustomerPosition,
    CustomerShare,
    FieldSource,
    Handover,
    HandoverItem,
    KycItem,
    KycReview,
    LifecycleChange,
    Merge,
    OwnershipChange,
    Preference,
    Promise,
    Prospect,
    QualityFlag,
)
from customers.services.merge_requests import request_merge, request_undo
from depositcrm.merging import MOVERS
from depositcrm.merging import do_merge as merge_job
from depositcrm.merging import do_undo as undo_job
from servicing.models import Interaction
from staff.models import User
from tests import factories as make
from tests.depositcrm.merges import BEGIN, QUICK, do_merge, do_undo, dump, taken_back
from tests.factories import NOW, TODAY
from tiers.models import TierChange

pytestmark = pytest.mark.django_db


def test_every_key_to_a_customer_is_declared():
    """A new table with a key to Customer has to say what a merge does with it."""
    declared = {(child.model, child.field) for mover in MOVERS for child in mover.children}
    keys = {
        (model, field.name)
        for model in apps.get_models(include_auto_created=True)
        if not issubclass(model, Event)
        for field in model._meta.get_fields()
        if getattr(field, "concrete", False) and field.related_model is Customer
    }
    assert keys - declared == set(), "say in the app's mover what becomes of these rows"
    assert declared - keys == set()


def test_each_mover_stands_for_tables_of_its_own_app():
    assert [mover.name for mover in MOVERS] == [
        "customers",
        "tiers",
        "servicing",
        "complaints",
        "campaigns",
        "insights",
    ]
    for mover in MOVERS:
        assert {child.model._meta.app_label for child in mover.children} == {mover.name}


# Rows of every table, colliding or not.

KINDS = ("alert", "promise", "share", "flag", "source", "preference", "kyc", "review", "consent", "contact", "tier")
THINGS = st.lists(
    st.tuples(
        st.booleans(),
        st.sampled_from([*KINDS, "owner", "stage", "prospect", "referral", "handover"]),
        st.integers(0, 2),
    ),
    max_size=24,
)


class Maker:
    """Makes a row of a kind for a customer; where a constraint allows only one, the second is left out."""

    def __init__(self, head: User) -> None:
        self.head = head
        self.people = [make.make_user(role="manager", branch=head.branch) for _n in range(3)]
        self.wording = ConsentWording.objects.filter(purpose="marketing").first() or ConsentWording.objects.create(
            purpose="marketing", version=1, text_zh="同意", effective_on=BEGIN, created_at=NOW
        )
        self.handovers = [
            Handover.everything.create(
                branch=head.branch, to_manager=person, reason="r", requested_by=head, requested_at=NOW
            )
            for person in self.people
        ]

    def make(self, customer: Customer, kind: str, n: int) -> None:
        try:
            with transaction.atomic():
                getattr(self, f"_{kind}")(customer, n)
        except Exception as error:
            if "duplicate key" not in str(error):
                raise

    def _alert(self, c: Customer, n: int) -> None:
        CustomerAlert.everything.create(
            customer=c, kind="other", severity="info", text=f"t{n}", starts_on=TODAY, raised_at=NOW
        )

    def _promise(self, c: Customer, n: int) -> None:
        Promise.everything.create(
            customer=c, owner=self.head, text=f"p{n}", due_on=TODAY, made_by=self.head, made_at=NOW
        )

    def _share(self, c: Customer, n: int) -> None:
        CustomerShare.objects.create(customer=c, user=self.people[n], reason="r", granted_by=self.head, granted_at=NOW)

    def _flag(self, c: Customer, n: int) -> None:
        kinds = QualityFlag._meta.get_field("kind").choices
        QualityFlag.objects.create(customer=c, kind=kinds[n % len(kinds)][0], found_on=TODAY)

    def _source(self, c: Customer, n: int) -> None:
        FieldSource.objects.create(
            customer=c, field=("phone", "employer", "id_type")[n], source="counter", confirmed_on=TODAY
        )

    def _preference(self, c: Customer, n: int) -> None:
        Preference.everything.create(
            customer=c,
            kind=("channel", "tenor", "liquidity")[n],
            value="sms",
            source="counter",
            stated_on=TODAY - timedelta(days=c.pk % 3),
            recorded_by=self.head,
            recorded_at=NOW,
        )

    def _kyc(self, c: Customer, n: int) -> None:
        KycItem.everything.create(
            customer=c,
            kind=("document", "review")[n % 2],
            due_on=TODAY + timedelta(days=n),
            opened_on=TODAY,
            closed_on=TODAY if n == 2 else None,
        )

    def _review(self, c: Customer, n: int) -> None:
        KycReview.objects.create(
            customer=c,
            reviewed_on=TODAY - timedelta(days=n),
            reviewed_by=self.head,
            grade_after="low",
            recorded_at=NOW,
        )

    def _consent(self, c: Customer, n: int) -> None:
        Consent.everything.create(
            customer=c,
            purpose="marketing",
            channel=("sms", "phone")[n % 2],
            decision="given" if n else "withdrawn",
            wording=self.wording,
            proof="at_counter",
            stated_at=NOW - timedelta(days=n),
            recorded_at=NOW,
        )

    def _contact(self, c: Customer, n: int) -> None:
        make.make_interaction(customer=c, author=self.head)

    def _tier(self, c: Customer, n: int) -> None:
        TierChange.everything.create(
            customer=c,
            on=BEGIN + timedelta(days=n),
            from_tier=n,
            to_tier=n + 1,
            scheme=make.first_scheme(),
            measure="balance",
            value=1,
            window_from=BEGIN,
            window_to=BEGIN,
            branch=c.branch,
        )

    def _owner(self, c: Customer, n: int) -> None:
        OwnershipChange.everything.create(
            customer=c, role="owner", to_user=self.people[n], at=NOW, on=TODAY, actor_no="x"
        )

    def _stage(self, c: Customer, n: int) -> None:
        LifecycleChange.everything.create(
            customer=c, on=BEGIN + timedelta(days=n), from_stage=n, to_stage=n + 1, rule="r"
        )

    def _prospect(self, c: Customer, n: int) -> None:
        self._new_prospect(state="converted", customer=c)

    def _referral(self, c: Customer, n: int) -> None:
        self._new_prospect(referred_by=c)

    def _new_prospect(self, **fields: Any) -> None:
        Prospect.everything.create(
            number=f"P{make.number()}",
            name="某",
            name_pinyin="mou",
            origin="web",
            branch=self.head.branch,
            first_contact_on=TODAY,
            created_by=self.head,
            created_at=NOW,
            **fields,
        )

    def _handover(self, c: Customer, n: int) -> None:
        HandoverItem.objects.create(handover=self.handovers[n], customer=c)


MODELS = {
    "alert": CustomerAlert,
    "promise": Promise,
    "share": CustomerShare,
    "flag": QualityFlag,
    "source": FieldSource,
    "preference": Preference,
    "kyc": KycItem,
    "review": KycReview,
    "contact": Interaction,
    "tier": TierChange,
    "owner": OwnershipChange,
    "stage": LifecycleChange,
    "handover": HandoverItem,
    "account": Account,
}
# Rows that stay with the record that goes: its own history.
OWN = {"tier", "owner", "stage", "handover"}
CHOICES = st.dictionaries(st.sampled_from(["name", "phone", "id_no", "employer", "email"]), st.just("dropped"))


def counts(*customers: Customer) -> dict[str, int]:
    return {
        kind: model._base_manager.filter(customer__in=[c.pk for c in customers]).count()
        for kind, model in MODELS.items()
    }


@QUICK
@given(things=THINGS, choices=CHOICES, has_same_id=st.booleans())
def test_whatever_hangs_on_two_records_comes_back_exactly(
    things: list[tuple[bool, str, int]], choices: dict[str, str], has_same_id: bool
) -> None:
    with taken_back():
        head = make.make_user(role="head_office", branch=make.make_head_office())
        number = "11010519491231002X"
        a = make.make_customer(branch=head.branch, phone="13800138000", id_no=number, total=10, employer="甲")
        b = make.make_customer(
            branch=head.branch, phone="13912345678", id_no=number if has_same_id else "", total=5, employer="乙"
        )
        for customer in (a, b, b):
            make.make_account(customer=customer, balance=1000)
        CustomerPosition.everything.filter(pk=(a if len(things) % 2 else b).pk).update(last_contact_on=TODAY)
        maker = Maker(head)
        for is_a, kind, n in things:
            maker.make(a if is_a else b, kind, n)
        before, there = dump(), counts(a, b)
        merged = do_merge(a, b, actor=head, choices=choices)
        assert_nothing_orphaned(merged, there)
        do_undo(merged)
        assert dump() == before


def assert_nothing_orphaned(merged: Merge, there: dict[str, int]) -> None:
    """Every row of both is the kept record's, or its like is, or it is the dropped one's own history."""
    kept, dropped = counts(merged.kept), counts(merged.dropped)
    for kind, total in there.items():
        if kind in {"share", "kyc", "flag", "source"}:  # the like of which the other had, or found anew
            assert kept[kind] <= total
            assert dropped[kind] == 0, kind
        else:
            assert kept[kind] + dropped[kind] == total, kind
            assert dropped[kind] == 0 or kind in OWN | {"review"}, kind
    assert not CustomerPosition.everything.filter(pk=merged.dropped_id).exists()
    assert Customer.everything.get(pk=merged.dropped_id).merged_into_id == merged.kept_id


def test_the_jobs_run_the_merge_and_its_undo(django_capture_on_commit_callbacks: Any):
    a, b = make.make_customer(), make.make_customer()
    head = make.make_user(role="head_office", branch=make.make_head_office())
    asked = request_merge(kept=a, dropped=b, choices={}, reason="同一客户", actor=head, at=NOW)
    make.make_interaction(customer=b)
    jobs.execute(asked.job_id, merge_job)
    asked.refresh_from_db()
    assert (asked.state, asked.job.state) == ("done", "done")
    assert Interaction.everything.filter(customer=a).count() == 1

    Merge.everything.filter(pk=asked.pk).update(undo_until=NOW + timedelta(days=7))
    undone = request_undo(merge=asked, actor=head, at=NOW)
    jobs.execute(undone.job_id, undo_job)
    undone.refresh_from_db()
    assert (undone.state, undone.job.state, undone.snapshot_cipher) == ("undone", "done", None)
    assert Interaction.everything.filter(customer=b).count() == 1


def test_a_merge_that_cannot_be_done_counts_as_failed_and_may_be_asked_for_again():
    a, b, c = (make.make_customer() for _n in range(3))
    head = make.make_user(role="head_office", branch=make.make_head_office())
    asked = request_merge(kept=a, dropped=b, choices={}, reason="同一客户", actor=head, at=NOW)
    Customer.everything.filter(pk=b.pk).update(merged_into=c)
    jobs.execute(asked.job_id, merge_job)
    asked.refresh_from_db()
    assert (asked.state, asked.job.state) == ("failed", "refused")


def test_a_job_that_was_parked_stands_in_nobodys_way():
    a, b = make.make_customer(), make.make_customer()
    head = make.make_user(role="head_office", branch=make.make_head_office())
    asked = request_merge(kept=a, dropped=b, choices={}, reason="同一客户", actor=head, at=NOW)
    Job.objects.filter(pk=asked.job_id).update(attempts=jobs.MAX_ATTEMPTS)
    jobs.execute(asked.job_id, merge_job)
    again = request_merge(kept=b, dropped=a, choices={}, reason="同一客户", actor=head, at=NOW)
    asked.refresh_from_db()
    assert (asked.state, again.state) == ("failed", "waiting")


def test_the_trail_names_fields_and_counts_but_no_value():
    a = make.make_customer(name="王小明", phone="13800138000")
    b = make.make_customer(name="王晓明", phone="13912345678")
    make.make_interaction(customer=b)
    make.make_account(customer=b, balance=10)
    do_undo(do_merge(a, b, choices={"name": "dropped", "phone": "dropped"}))
    entries = TrailEntry.objects.filter(subject="customers.merge").order_by("pk")
    assert [entry.action for entry in entries] == ["merge_request", "merge", "unmerge_request", "unmerge"]
    done = entries[1].changes
    assert done["fields"] == ["name", "phone"]
    assert done["rows"] == {"customers_account": 1, "servicing_interaction": 1}
    assert (done["kept"], done["dropped"]) == (a.customer_no, b.customer_no)
    text = json.dumps([entry.changes for entry in entries], ensure_ascii=False)
    assert not any(secret in text for secret in ("王", "138", "139"))
