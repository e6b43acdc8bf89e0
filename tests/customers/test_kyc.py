"""KYC: intervals by grade, notices, the night's items, renewals and reviews, and what must never be kept (C19)."""

from datetime import date, datetime, timedelta
from typing import Any

import pytest
from django.apps import apps
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from core.clock import SHANGHAI
from core.models import TrailEntry
from core.trail import NIGHT
from customers.enums import KycKind, KycNotice
from customers.models import Customer, FieldSource, KycItem, KycReview
from customers.queries.kyc import kyc_policy, notice_counts, standing
from customers.rules.kyc import (
    BUILT_IN,
    add_months,
    due_between,
    interval_of,
    notice_of,
    read_kyc,
    review_due,
)
from customers.services import kyc
from staff.models import Policy
from tests.factories import NOW, TODAY, make_branch, make_customer, make_user

POLICY = read_kyc(BUILT_IN)
D = timedelta(days=1)


@pytest.mark.parametrize(
    ("grade", "months"),
    [
        ("高", 6),
        ("高风险", 6),
        (" HIGH ", 6),
        ("５", 6),
        ("较高", 12),
        ("4", 12),
        ("中", 24),
        ("Medium", 24),
        ("低", 48),
        ("1", 48),
        ("", 24),
        ("不详", 24),
    ],
)
def test_the_interval_follows_the_grade_however_it_is_written(grade: str, months: int) -> None:
    assert interval_of(grade, POLICY) == months


@pytest.mark.parametrize(
    ("reviewed_on", "since", "grade", "due"),
    [
        (date(2026, 8, 31), date(2010, 1, 1), "高", date(2027, 2, 28)),
        (date(2024, 2, 29), date(2010, 1, 1), "低", date(2028, 2, 29)),
        (None, date(2026, 3, 10), "高", date(2026, 9, 10)),
        # Kept elsewhere until 2026: the first half year after the opening that is not before it.
        (None, date(2019, 5, 20), "高", date(2026, 5, 20)),
        (None, date(2025, 7, 1), "高", date(2026, 1, 1)),
        (None, date(2025, 6, 30), "高", date(2026, 6, 30)),
        (None, date(2014, 1, 1), "低", date(2026, 1, 1)),
    ],
)
def test_the_next_review(reviewed_on: date | None, since: date, grade: str, due: date) -> None:
    assert review_due(reviewed_on, since, grade, POLICY) == due


@given(since=st.dates(date(1950, 1, 1), date(2030, 1, 1)), grade=st.sampled_from(["高", "较高", "中", "低", ""]))
def test_the_first_review_is_the_first_interval_not_before_the_counted_day(since: date, grade: str) -> None:
    months = interval_of(grade, POLICY)
    number = 1
    while add_months(since, number * months) < POLICY.counted_from:
        number += 1
    assert review_due(None, since, grade, POLICY) == add_months(since, number * months)


@pytest.mark.parametrize(
    ("left", "notice"),
    [
        (91, None),
        (90, "first"),
        (31, "first"),
        (30, "second"),
        (1, "second"),
        (0, "due"),
        (-1, "overdue"),
        (-90, "overdue"),
        (-91, "suspend"),
    ],
)
def test_notice_is_given_90_30_and_0_days_before_and_after_the_grace(left: int, notice: str | None) -> None:
    assert notice_of(TODAY + left * D, TODAY, POLICY) == notice


@given(left=st.integers(-400, 400))
def test_the_days_between_are_the_notices_turned_round(left: int) -> None:
    due_on = TODAY + left * D
    spans = {notice: due_between(notice, TODAY, POLICY) for notice in KycNotice}
    found = [notice for notice, (first, last) in spans.items() if first <= due_on <= last]
    assert found == [notice for notice in [notice_of(due_on, TODAY, POLICY)] if notice]


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"months": {"high": 12, "medium_high": 6, "medium": 24, "low": 48}}, "months.medium_high"),
        ({"months": {"high": 0, "medium_high": 6, "medium": 24, "low": 48}}, "months.high"),
        ({"months": {"high": 6, "medium_high": 12, "medium": 24, "low": 121}}, "months.low"),
        ({"months": None}, "months.high"),
        ({"other_months": 0}, "other_months"),
        ({"notice_days": [90, 30]}, "notice_days"),
        ({"notice_days": [30, 90, 0]}, "notice_days"),
        ({"notice_days": [90, 30, 1]}, "notice_days"),
        ({"grace_days": -1}, "grace_days"),
        ({"counted_from": "soon"}, "counted_from"),
        ({"words": {**BUILT_IN["words"], "low": []}}, "words.low"),
        ({"words": {**BUILT_IN["words"], "low": ["高"]}}, "words.low"),
    ],
)
def test_rules_that_make_no_sense_are_refused_by_name(change: dict[str, Any], code: str) -> None:
    with pytest.raises(ValueError, match=f"^{code}$"):
        read_kyc({**BUILT_IN, **change})


def at(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, 10, tzinfo=SHANGHAI)


def night(day: date = TODAY, **more: int) -> tuple[int, int]:
    counts = kyc.run(business_day=day, actor=NIGHT, at=at(day), **more)
    return counts["opened"], counts["closed"]


def items(customer: Customer) -> list[tuple[str, date, date | None, str]]:
    rows = KycItem.everything.filter(customer=customer).order_by("due_on", "kind")
    return [(row.kind, row.due_on, row.closed_on, row.outcome) for row in rows]


def quiet(**fields: Any) -> Customer:
    """A customer of whom no review is due for long."""
    return make_customer(**{"opened_on": TODAY - 30 * D, "risk_grade": "低", **fields})


@pytest.mark.django_db
def test_the_night_notices_what_runs_out_within_90_days_once() -> None:
    near, far = quiet(id_expires_on=TODAY + 90 * D), quiet(id_expires_on=TODAY + 91 * D)
    endless = quiet(id_expires_on=TODAY, id_is_long_term=True)
    due = quiet(opened_on=add_months(TODAY, -6), risk_grade="高")

    assert night() == (2, 0)
    assert night() == (0, 0)

    assert items(near) == [("document", TODAY + 90 * D, None, "")]
    assert items(due) == [("review", TODAY, None, "")]
    assert (items(far), items(endless)) == ([], [])
    assert night(TODAY + D) == (1, 0)


@pytest.mark.django_db
def test_ranges_of_customers_come_to_the_same() -> None:
    found = [quiet(id_expires_on=TODAY) for _n in range(7)]
    assert night(chunk_ids=2) == (7, 0)
    assert [len(items(customer)) for customer in found] == [1] * 7


@pytest.mark.django_db
def test_the_night_agrees_with_the_rule_for_every_kind_of_customer() -> None:
    branch = make_branch()
    grades = ["高", " high", "Ｒ５", "4", "中风险", "低", "", "?"]
    for n, grade in enumerate(grades * 6):
        customer = quiet(branch=branch, opened_on=date(2012, 1, 31) + n * 97 * D, risk_grade=grade)
        if n % 3 == 0:
            reviewed_on = TODAY - n * 40 * D
            KycReview.objects.create(
                customer=customer, reviewed_on=reviewed_on, reviewed_by=make_user(branch=branch), recorded_at=NOW
            )
    nobody_since = quiet(branch=branch, opened_on=None, risk_grade="高", created_at=at(add_months(TODAY, -6)))

    night()

    reviews = {row.customer_id: row.reviewed_on for row in KycReview.objects.all()}
    expected = set()
    for customer in Customer.everything.all():
        since = customer.opened_on or add_months(TODAY, -6)
        due = review_due(reviews.get(customer.pk), since, customer.risk_grade, POLICY)
        expected |= {(customer.pk, due)} if due <= TODAY + 90 * D else set()
    assert set(KycItem.everything.values_list("customer_id", "due_on")) == expected
    assert (nobody_since.pk, TODAY) in expected
    assert len(expected) > 10


@pytest.mark.django_db
def test_what_the_core_has_settled_is_closed() -> None:
    renewed, endless, merged, upgraded = (quiet(id_expires_on=TODAY) for _n in range(4))
    Customer.everything.filter(pk=upgraded.pk).update(id_expires_on=None)
    assert night() == (3, 0)
    KycItem.everything.create(customer=upgraded, kind="review", due_on=TODAY, opened_on=TODAY)

    Customer.everything.filter(pk=renewed.pk).update(id_expires_on=date(2040, 1, 1))
    Customer.everything.filter(pk=endless.pk).update(id_is_long_term=True)
    Customer.everything.filter(pk=merged.pk).update(merged_into=renewed)
    tomorrow = TODAY + D

    assert night(tomorrow) == (0, 4)
    assert items(renewed) == [("document", TODAY, tomorrow, "renewed")]
    assert items(endless) == [("document", TODAY, tomorrow, "renewed")]
    assert items(merged) == [("document", TODAY, tomorrow, "moot")]
    assert items(upgraded) == [("review", TODAY, tomorrow, "moot")]


@pytest.mark.django_db
def test_an_old_date_given_back_by_the_core_is_due_again() -> None:
    customer = quiet(id_expires_on=TODAY)
    night()
    Customer.everything.update(id_expires_on=date(2040, 1, 1))
    night(TODAY + D)
    Customer.everything.update(id_expires_on=TODAY)

    assert night(TODAY + 2 * D) == (1, 0)
    assert items(customer) == [("document", TODAY, None, "")]


@pytest.mark.django_db
def test_a_policy_changes_the_intervals_from_its_day() -> None:
    admin, officer = make_user(role="admin"), make_user(role="head_office")
    Policy.objects.create(
        kind="kyc",
        version=1,
        values={**BUILT_IN, "months": {"high": 3, "medium_high": 12, "medium": 24, "low": 48}, "grace_days": 10},
        effective_on=TODAY,
        status="approved",
        drafted_by=admin,
        drafted_at=NOW,
        approved_by=officer,
        approved_at=NOW,
    )
    assert interval_of("高", kyc_policy(TODAY - D)) == 6
    assert interval_of("高", kyc_policy(TODAY)) == 3
    customer = quiet(opened_on=add_months(TODAY, -3), risk_grade="高")
    night()
    assert items(customer) == [("review", TODAY, None, "")]


@pytest.mark.django_db
def test_what_is_overdue_stands_on_every_screen_with_its_consequence() -> None:
    customer = quiet(id_expires_on=TODAY - D)
    assert standing(customer.pk, TODAY) == []
    night()

    with translation.override("en"):
        (found,) = standing(customer.pk, TODAY)

    assert (found.kind, found.notice, found.tone, found.days_left) == ("document", "overdue", "bad", -1)
    assert found.is_overdue
    assert found.text == "The identity document ran out on 2026-11-19."
    assert found.consequence == "Until the end of the grace on 2027-02-17 service goes on; then it may be suspended."
    (later,) = standing(customer.pk, TODAY + 90 * D)
    assert later.notice == "suspend"
    Customer.everything.filter(pk=customer.pk).update(id_expires_on=date(2040, 1, 1))
    assert standing(customer.pk, TODAY) == []


@pytest.fixture
def teller(db: None) -> Any:
    return make_user(role="teller")


def item_of(customer: Customer, kind: str = "document") -> KycItem:
    night()
    return KycItem.everything.get(customer=customer, kind=kind, closed_on=None)


@pytest.mark.django_db
def test_a_renewed_document_is_written_into_the_record(teller: Any) -> None:
    customer = quiet(branch=teller.branch, id_expires_on=TODAY - 5 * D)
    until = date(2046, 11, 20)

    kyc.renew_document(item=item_of(customer), expires_on=until, is_long_term=False, actor=teller, at=NOW, note="新证")

    customer.refresh_from_db()
    assert (customer.id_expires_on, customer.id_is_long_term, customer.version) == (until, False, 2)
    assert items(customer) == [("document", TODAY - 5 * D, TODAY, "renewed")]
    assert night() == (0, 0)
    source = FieldSource.objects.get(customer=customer, field="id_expires_on")
    assert (source.source, source.confirmed_on, source.confirmed_by) == ("document", TODAY, teller)
    entry = TrailEntry.objects.get(action="renew")
    assert (entry.subject_id, entry.actor_no, entry.reason) == (customer.customer_no, teller.staff_no, "新证")
    assert entry.changes["id_expires_on"] == ["2026-11-15", "2046-11-20"]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("expires_on", "is_long_term", "error"),
    [
        (None, False, kyc.ExpiryNeeded),
        (TODAY, False, kyc.ExpiryNotLater),
        (TODAY + 20 * D, False, kyc.ExpiryNotLater),
        (date(2100, 1, 1), False, kyc.ExpiryTooFar),
        (None, True, kyc.TooYoungForLongTerm),
    ],
)
def test_an_impossible_expiry_is_refused(
    teller: Any, expires_on: date | None, is_long_term: bool, error: type[Exception]
) -> None:
    customer = quiet(
        branch=teller.branch,
        id_expires_on=TODAY + 20 * D,
        id_type="resident_id",
        birth_date=add_months(TODAY, -46 * 12) + D,
    )
    with pytest.raises(error):
        kyc.renew_document(
            item=item_of(customer), expires_on=expires_on, is_long_term=is_long_term, actor=teller, at=NOW
        )
    assert items(customer) == [("document", TODAY + 20 * D, None, "")]


@pytest.mark.django_db
def test_a_card_for_life_from_46_years_on(teller: Any) -> None:
    customer = quiet(id_expires_on=TODAY, id_type="resident_id", birth_date=add_months(TODAY, -46 * 12))
    kyc.renew_document(item=item_of(customer), expires_on=None, is_long_term=True, actor=teller, at=NOW)
    customer.refresh_from_db()
    assert (customer.id_expires_on, customer.id_is_long_term) == (None, True)


@pytest.mark.django_db
def test_a_review_keeps_the_grades_and_starts_the_next_interval(teller: Any) -> None:
    customer = quiet(opened_on=add_months(TODAY, -24), risk_grade="中")
    item = item_of(customer, "review")

    review = kyc.record_review(item=item, grade="高", note="职业变动", actor=teller, at=NOW)

    customer.refresh_from_db()
    assert (review.grade_before, review.grade_after, review.reviewed_on) == ("中", "高", TODAY)
    assert customer.risk_grade == "高"
    assert items(customer) == [("review", TODAY, TODAY, "reviewed")]
    assert TrailEntry.objects.get(action="review").changes["next_due_on"] == "2027-05-20"
    assert night() == (0, 0)
    assert night(date(2027, 2, 19)) == (1, 0)
    with pytest.raises(kyc.KycItemClosed):
        kyc.record_review(item=item, grade="低", note="", actor=teller, at=NOW)
    with pytest.raises(kyc.OtherKycKind):
        kyc.renew_document(item=item, expires_on=None, is_long_term=True, actor=teller, at=NOW)


@pytest.mark.django_db
def test_counts_are_of_those_in_sight_only(teller: Any) -> None:
    for left in (60, 20, 0, -3, -3, -200):
        quiet(branch=teller.branch, id_expires_on=TODAY + left * D)
    quiet(id_expires_on=TODAY)
    night()
    with translation.override("en"):
        found = notice_counts(teller, TODAY, POLICY)
    assert {row.notice: row.items for row in found} == {"first": 1, "second": 1, "due": 1, "overdue": 2, "suspend": 1}
    assert found[0].label == "Due in 31 to 90 days"


@pytest.mark.django_db
def test_nothing_of_suspicious_transactions_is_ever_kept() -> None:
    """AML Law 2024, article 35: no report, and no trace of one, where sales or tellers could see it."""
    words = ("suspicious", "str_", "sar_", "aml_report", "laundering", "可疑", "洗钱", "black_list", "blacklist")
    names = set()
    for model in apps.get_models():
        names |= {model._meta.db_table, str(model._meta.verbose_name)}
        for field in model._meta.get_fields():
            names |= {field.name, str(getattr(field, "verbose_name", ""))}
            names |= {f"{value} {label}" for value, label in getattr(field, "choices", None) or ()}
    assert {name for name in names for word in words if word in name.lower()} == set()
    assert KycKind.values == ["document", "review"]
