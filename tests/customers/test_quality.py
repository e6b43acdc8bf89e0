"""C04 and C18: findings are raised once, resolved when gone, dismissed for a while, settled by call-back."""

from datetime import date, timedelta
from typing import Any

import pytest

from core.models import TrailEntry
from core.trail import NIGHT
from customers.enums import FlagKind
from customers.models import Customer, FieldSource, QualityFlag
from customers.queries.quality import warnings_of
from customers.rules.quality import BUILT_IN, OF_ONE, read_quality
from customers.services import quality, sources
from staff.models import Policy
from tests.customers.feeding import feed
from tests.customers.findings import COMPLETE, ID_1, ID_2, PHONE, found_on, make_stale, open_kinds
from tests.factories import NOW, TODAY, make_branch, make_customer, make_user

pytestmark = pytest.mark.django_db
DAY = date(2026, 11, 20)
SEVERAL = [kind for kind in FlagKind if kind not in OF_ONE]
HEADER = ("customer_no", "name", "id_type", "id_no", "phone", "branch_code")
Row = tuple[str, str, str]


@pytest.fixture(autouse=True)
def branch() -> None:
    make_branch(code="B1")


def customers(*rows: Row, on: date = DAY, paper: str = "居民身份证") -> None:
    """Rows of (number, identity number, phone)."""
    found = feed(
        "customers",
        HEADER,
        [(no, "某", paper if id_no else "", id_no, phone, "B1") for no, id_no, phone in rows],
        on=on,
    )
    assert (found.status, found.rejected) == ("committed", 0)


def run(days: int = 0) -> int:
    """How many findings about several customers were raised."""
    before = set(QualityFlag.everything.filter(resolved_on=None, kind__in=SEVERAL).values_list("pk", flat=True))
    quality.run(business_day=DAY + timedelta(days=days), actor=NIGHT, at=NOW)
    after = set(QualityFlag.everything.filter(resolved_on=None, kind__in=SEVERAL).values_list("pk", flat=True))
    return len(after - before)


def flags() -> dict[tuple[str, str], list[date | None]]:
    rows = QualityFlag.everything.filter(kind__in=SEVERAL)
    found = rows.values_list("customer__customer_no", "kind", "found_on", "resolved_on")
    return {(number, kind): dates for number, kind, *dates in found}


def test_two_customers_with_one_identity_number_are_both_flagged() -> None:
    customers(("K1", ID_1, ""), ("K2", ID_1, ""), ("K3", ID_2, ""), ("K4", "", ""), ("K5", "", ""))
    assert run() == 2
    assert flags() == {(no, FlagKind.DUPLICATE_IDENTITY): [DAY, None] for no in ("K1", "K2")}


def test_the_number_is_the_same_however_it_is_written() -> None:
    customers(("K1", "11010519491231002x", ""), ("K2", "110105 19491231 002X", ""), ("K3", "110105491231002", ""))
    assert run() == 3


def test_a_phone_counts_from_three_customers_on() -> None:
    customers(("K1", "", PHONE), ("K2", "", "+86 138-0013-8000"))
    assert (run(), flags()) == (0, {})
    customers(("K3", "", "'13800138000"), on=DAY + timedelta(days=1))
    assert run(1) == 3
    assert set(flags()) == {(no, FlagKind.SHARED_PHONE) for no in ("K1", "K2", "K3")}


def test_a_night_run_again_changes_nothing() -> None:
    customers(("K1", ID_1, PHONE), ("K2", ID_1, PHONE), ("K3", ID_2, PHONE))
    assert run() == 5
    before = flags()
    assert run() == 0
    assert run(1) == 0
    assert flags() == before


def test_a_finding_is_resolved_when_it_is_gone_and_raised_when_it_comes_back() -> None:
    customers(("K1", ID_1, ""), ("K2", ID_1, ""))
    run()
    customers(("K2", ID_2, ""), on=DAY + timedelta(days=1))
    run(1)
    assert set(map(tuple, flags().values())) == {(DAY, DAY + timedelta(days=1))}
    customers(("K2", ID_1, ""), on=DAY + timedelta(days=2))
    run(2)
    assert set(map(tuple, flags().values())) == {(DAY + timedelta(days=2), None)}
    assert QualityFlag.everything.filter(kind__in=SEVERAL).count() == 2


def test_one_of_three_leaves_and_the_other_two_stay_flagged() -> None:
    customers(("K1", ID_1, ""), ("K2", ID_1, ""), ("K3", ID_1, ""))
    run()
    customers(("K3", ID_2, ""), on=DAY + timedelta(days=1))
    run(1)
    still = QualityFlag.objects.filter(resolved_on=None, kind__in=SEVERAL).values_list(
        "customer__customer_no", flat=True
    )
    assert sorted(still) == ["K1", "K2"]


def test_no_customers_no_findings() -> None:
    assert run() == 0
    assert not Customer.everything.exists()


# --- rules about one customer


@pytest.mark.parametrize(
    ("changes", "kinds"),
    [
        ({}, set()),
        ({"phone": ""}, {"missing_phone"}),
        ({"id_no": ""}, {"missing_identity"}),
        ({"birth_date": None}, {"missing_birth_date"}),
        ({"birth_date": TODAY}, set()),
        ({"birth_date": TODAY + timedelta(days=1)}, {"implausible_birth"}),
        ({"birth_date": date(1906, 11, 20)}, set()),
        ({"birth_date": date(1906, 11, 19)}, {"implausible_birth"}),
        ({"id_expires_on": None}, {"no_expiry"}),
        ({"id_expires_on": None, "id_is_long_term": True}, set()),
        ({"opened_on": TODAY - timedelta(days=730)}, set()),
        ({"opened_on": TODAY - timedelta(days=731)}, {"stale_phone"}),
        ({"opened_on": TODAY - timedelta(days=731), "phone": ""}, {"missing_phone"}),
        ({"opened_on": TODAY - timedelta(days=1095)}, {"stale_phone"}),
        ({"opened_on": TODAY - timedelta(days=1096)}, {"stale_phone", "stale_address", "stale_occupation"}),
        (
            {
                "opened_on": TODAY - timedelta(days=1096),
                "email_index": b"e" * 16,
                "occupation": "",
                "address_cipher": None,
            },
            {"stale_phone", "stale_email"},
        ),
        ({"kind": "organisation", "birth_date": None, "id_expires_on": None, "occupation": ""}, {"no_contact_person"}),
        ({"kind": "organisation", "birth_date": None, "contact_name": "王五"}, set()),
    ],
)
def test_the_rules_about_one_customer(changes: dict[str, Any], kinds: set[str]) -> None:
    customer = make_customer(**{**COMPLETE, **changes})
    found_on(TODAY)
    assert open_kinds(customer) == kinds


def test_an_unknown_opening_counts_from_when_the_record_was_made() -> None:
    customer = make_customer(**{**COMPLETE, "opened_on": None})
    found_on(TODAY + timedelta(days=730))
    assert open_kinds(customer) == set()
    found_on(TODAY + timedelta(days=731))
    assert open_kinds(customer) == {"stale_phone"}


def test_a_second_run_over_everything_writes_nothing() -> None:
    for n in range(7):
        make_customer(phone=PHONE if n % 2 else "", opened_on=date(2015, 1, 1))
    first = found_on(TODAY, chunk_size=3)
    before = list(QualityFlag.everything.order_by("pk").values())
    assert first["raised"] == len(before) > 7
    assert found_on(TODAY, chunk_size=2) == {"rows": 0, "raised": 0, "resolved": 0}
    assert list(QualityFlag.everything.order_by("pk").values()) == before


def test_the_version_in_force_says_how_old_a_phone_may_get() -> None:
    Policy.objects.create(
        kind="quality",
        version=1,
        values={"max_age_days": {"phone": 100, "email": 100, "address": 5000 // 2, "occupation": 3000}},
        effective_on=TODAY,
        status="approved",
        drafted_by=make_user(role="admin"),
        drafted_at=NOW,
    )
    customer = make_customer(**{**COMPLETE, "opened_on": TODAY - timedelta(days=101)})
    found_on(TODAY - timedelta(days=1))
    assert open_kinds(customer) == set()
    found_on(TODAY)
    assert open_kinds(customer) == {"stale_phone"}


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ({"max_age_days": {"phone": 1}}, "max_age_days_of_each_field"),
        ({"max_age_days": {**BUILT_IN["max_age_days"], "phone": 0}}, "max_age_days_not_days"),
        ({"weights": {"2": {"phone": 1}}}, "weights_from_tier_0_on"),
        ({"weights": {"0": {}}}, "weights_of_no_field"),
        ({"weights": {"0": {"shoe_size": 1}}}, "weights_of_unknown_field"),
        ({"weights": {"0": {"phone": 0}}}, "weights_not_whole"),
        ({"weights": {"0": {"phone": 1}, "ten": {"phone": 1}}}, "weights_of_unknown_tier"),
        ({"quiet_days": "180"}, "quiet_days_not_days"),
        ({"refusal_days": None}, "refusal_days_not_days"),
        ({"shared_phone_from": 1}, "shared_phone_from_two_on"),
    ],
)
def test_nonsense_is_refused(values: dict[str, Any], code: str) -> None:
    with pytest.raises(ValueError, match=f"^{code}$"):
        read_quality({**BUILT_IN, **values})


# --- settling a finding


@pytest.fixture
def stale() -> QualityFlag:
    return make_stale()


def test_confirming_resets_the_date_though_nothing_changed(stale: QualityFlag) -> None:
    teller, before = make_user(branch=stale.customer.branch), Customer.everything.values().get(pk=stale.customer_id)
    quality.confirm_by_call(flag=stale, source="phone", actor=teller, at=NOW)
    assert Customer.everything.values().get(pk=stale.customer_id) == before
    kept = FieldSource.objects.get(customer=stale.customer, field="phone")
    assert (kept.source, kept.confirmed_on, kept.confirmed_by) == ("phone", TODAY, teller)
    assert open_kinds(stale.customer) == set()
    found_on(TODAY + timedelta(days=730 - 7))  # the address is younger still
    assert "stale_phone" not in open_kinds(stale.customer)
    found_on(TODAY + timedelta(days=731))
    assert "stale_phone" in open_kinds(stale.customer)
    entry = TrailEntry.objects.get(action="confirm")
    assert entry.changes == {"finding": "stale_phone", "field": "phone", "source": "phone"}


def test_only_an_old_value_is_confirmed_and_only_once(stale: QualityFlag) -> None:
    teller = make_user(branch=stale.customer.branch)
    missing = QualityFlag.everything.create(customer=stale.customer, kind="missing_identity", found_on=TODAY)
    with pytest.raises(quality.NotConfirmable):
        quality.confirm_by_call(flag=missing, source="phone", actor=teller, at=NOW)
    quality.confirm_by_call(flag=stale, source="phone", actor=teller, at=NOW)
    with pytest.raises(quality.NotOpen):
        quality.confirm_by_call(flag=stale, source="phone", actor=teller, at=NOW)


def test_a_dismissed_finding_is_quiet_until_its_days_are_over(stale: QualityFlag) -> None:
    quality.dismiss_flag(flag=stale, reason="number of the son", actor=make_user(), at=NOW)
    for days in (1, 179):
        found_on(TODAY + timedelta(days=days))
        assert open_kinds(stale.customer) == set()
    found_on(TODAY + timedelta(days=180))
    stale.refresh_from_db()
    assert (stale.found_on, stale.dismissed_on, stale.dismiss_reason) == (TODAY + timedelta(days=180), None, "")


def test_a_dismissed_finding_that_went_away_speaks_again_when_it_is_back(stale: QualityFlag) -> None:
    quality.dismiss_flag(flag=stale, reason="number of the son", actor=make_user(), at=NOW)
    sources.confirm(customer=stale.customer, fields=["phone"], source="core", actor=None, on=TODAY)
    found_on(TODAY + timedelta(days=1))
    stale.refresh_from_db()
    assert stale.resolved_on == TODAY + timedelta(days=1)
    FieldSource.objects.all().delete()
    found_on(TODAY + timedelta(days=2))
    assert open_kinds(stale.customer) == {"stale_phone"}


def test_a_reason_is_needed(stale: QualityFlag) -> None:
    with pytest.raises(quality.ReasonNeeded):
        quality.dismiss_flag(flag=stale, reason="  so ", actor=make_user(), at=NOW)


def test_at_the_counter_only_what_matters_there_is_a_warning(stale: QualityFlag) -> None:
    shared = QualityFlag.everything.create(customer=stale.customer, kind="shared_phone", found_on=TODAY)
    assert warnings_of(stale.customer_id) == (FlagKind.SHARED_PHONE,)
    quality.dismiss_flag(flag=shared, reason="a family", actor=make_user(), at=NOW)
    assert warnings_of(stale.customer_id) == ()
