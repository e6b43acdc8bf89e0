"""Scheme versions: drafted by one, approved by another, in force from their day and never changed after."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.utils import translation

from core.models import TrailEntry
from customers.models import FedDay
from staff.enums import Decision
from staff.models import Approval, User
from staff.services import AlreadyPending, SelfApproval, StaleApproval
from tests.factories import NOW, TODAY, make_branch, make_head_office, make_user
from tests.tiers.ledgers import approved, content
from tiers.models import RetierRun, Scheme
from tiers.queries import (
    content_of,
    differences,
    first_free_day,
    pending_approval,
    previous_version,
    side_by_side,
    watch_words,
)
from tiers.rules import Band, SchemeContent
from tiers.services import (
    BandsRefused,
    BasisRefused,
    EffectiveTaken,
    EffectiveTooEarly,
    NotBankWide,
    SchemeNeverInForce,
    SchemeNotEditable,
    SchemeNotSubmitted,
    approve_scheme,
    discard_scheme,
    draft_scheme,
    reject_scheme,
    roll_back,
    submit_scheme,
    update_draft,
    withdraw_scheme,
)

pytestmark = pytest.mark.django_db
SOON = TODAY + timedelta(days=10)
FLOORS = ("0", "60000", "600000")


@pytest.fixture
def admin() -> User:
    return make_user(role="admin")


@pytest.fixture
def officer() -> User:
    return make_user(role="head_office")


def drafted(admin: User, *floors: str, effective_on: date = SOON) -> Scheme:
    said = content(*(floors or FLOORS), effective_on=effective_on, note="利率调整")
    return draft_scheme(content=said, actor=admin, at=NOW)


def digest(scheme: Scheme) -> str:
    scheme.refresh_from_db()
    return content_of(scheme).digest


def test_a_draft_is_a_new_version_and_changes_nothing(admin: User) -> None:
    scheme = drafted(admin)

    assert (scheme.version, scheme.status, scheme.drafted_by) == (2, "draft", admin)
    assert content_of(scheme) == content(*FLOORS, effective_on=SOON, note="利率调整")
    assert Scheme.objects.in_force_on(SOON) == Scheme.objects.get(version=1)


def test_an_approved_version_takes_over_at_midnight_of_its_date(admin: User, officer: User) -> None:
    scheme = drafted(admin)
    submit_scheme(scheme=scheme, actor=admin, at=NOW)

    approve_scheme(scheme=scheme, digest=digest(scheme), actor=officer, at=NOW, comment="同意")

    scheme.refresh_from_db()
    assert (scheme.status, scheme.approved_by, scheme.approved_at) == ("approved", officer, NOW)
    assert Scheme.objects.in_force_on(SOON - timedelta(days=1)) == Scheme.objects.get(version=1)
    assert Scheme.objects.in_force_on(SOON) == scheme
    assert [(e.action, e.actor_no) for e in TrailEntry.objects.filter(subject="tiers.scheme").order_by("pk")] == [
        ("create", admin.staff_no),
        ("publish", officer.staff_no),
    ]


def test_who_drafted_or_asked_cannot_approve(admin: User, officer: User) -> None:
    scheme = drafted(admin)
    submit_scheme(scheme=scheme, actor=officer, at=NOW)

    for person in (admin, officer):
        with pytest.raises(SelfApproval):
            approve_scheme(scheme=scheme, digest=digest(scheme), actor=person, at=NOW)

    assert Scheme.objects.in_force_on(SOON) == Scheme.objects.get(version=1)


def test_the_database_too_wants_a_second_person(admin: User) -> None:
    scheme = drafted(admin)

    with pytest.raises(IntegrityError, match="scheme_needs_a_second_person"), transaction.atomic():
        Scheme.objects.filter(pk=scheme.pk).update(status="approved", approved_by=admin)


def test_a_decision_about_something_else_is_refused(admin: User, officer: User) -> None:
    scheme = drafted(admin)
    submit_scheme(scheme=scheme, actor=admin, at=NOW)
    seen = digest(scheme)
    reject_scheme(scheme=scheme, digest=seen, actor=officer, at=NOW, comment="太高")
    update_draft(scheme=scheme, content=content("0", "1", effective_on=SOON, note="利率调整"), actor=admin, at=NOW)
    submit_scheme(scheme=scheme, actor=admin, at=NOW)

    with pytest.raises(StaleApproval):
        approve_scheme(scheme=scheme, digest=seen, actor=officer, at=NOW)

    approve_scheme(scheme=scheme, digest=digest(scheme), actor=officer, at=NOW)


def test_a_submitted_version_changed_behind_the_workflow_is_refused(admin: User, officer: User) -> None:
    scheme = drafted(admin)
    submit_scheme(scheme=scheme, actor=admin, at=NOW)
    scheme.bands.filter(rank=2).update(floor=1)
    scheme = Scheme.objects.get(pk=scheme.pk)

    with pytest.raises(StaleApproval):
        approve_scheme(scheme=scheme, digest=digest(scheme), actor=officer, at=NOW)


def test_a_rejected_version_goes_back_to_its_author(admin: User, officer: User) -> None:
    scheme = drafted(admin)
    submit_scheme(scheme=scheme, actor=admin, at=NOW)

    reject_scheme(scheme=scheme, digest=digest(scheme), actor=officer, at=NOW, comment="太高")

    scheme.refresh_from_db()
    assert scheme.status == "rejected"
    found = Approval.objects.get(subject_id=scheme.pk)
    assert (found.decision, found.comment) == (Decision.REJECTED, "太高")
    assert update_draft(scheme=scheme, content=content_of(scheme), actor=admin, at=NOW).status == "draft"


def test_who_asked_may_take_it_back(admin: User, officer: User) -> None:
    scheme = drafted(admin)
    submit_scheme(scheme=scheme, actor=admin, at=NOW)

    with pytest.raises(StaleApproval):
        withdraw_scheme(scheme=scheme, actor=officer, at=NOW)
    with pytest.raises(SelfApproval):
        reject_scheme(scheme=scheme, digest=digest(scheme), actor=admin, at=NOW, comment="")
    withdraw_scheme(scheme=scheme, actor=admin, at=NOW)

    scheme.refresh_from_db()
    assert (scheme.status, pending_approval(scheme)) == ("draft", None)


@pytest.mark.parametrize("status", ["submitted", "approved"])
def test_submitted_and_approved_versions_stay_as_they_are(admin: User, officer: User, status: str) -> None:
    scheme = drafted(admin)
    submit_scheme(scheme=scheme, actor=admin, at=NOW)
    if status == "approved":
        approve_scheme(scheme=scheme, digest=digest(scheme), actor=officer, at=NOW)

    with pytest.raises(SchemeNotEditable):
        update_draft(scheme=scheme, content=content("0", "1", effective_on=SOON), actor=admin, at=NOW)
    with pytest.raises((SchemeNotEditable, AlreadyPending)):
        submit_scheme(scheme=scheme, actor=admin, at=NOW)


def test_only_a_submitted_version_can_be_decided(admin: User, officer: User) -> None:
    scheme = drafted(admin)

    for decide in (approve_scheme, reject_scheme):
        with pytest.raises(SchemeNotSubmitted):
            decide(scheme=scheme, digest=digest(scheme), actor=officer, at=NOW, comment="")


@pytest.mark.parametrize("floors", [("1", "2"), ("0",), ("0", "5", "5"), ("0", "5", "4"), tuple(map(str, range(9)))])
def test_bounds_that_make_no_bands_are_refused_and_nothing_is_kept(admin: User, floors: tuple[str, ...]) -> None:
    with pytest.raises(BandsRefused):
        draft_scheme(
            content=content(*[*floors[:8]], effective_on=SOON) if len(floors) < 9 else too_many(), actor=admin, at=NOW
        )
    assert Scheme.objects.count() == 1


def too_many() -> SchemeContent:
    found = content(*map(str, range(8)), effective_on=SOON)
    return replace(found, bands=(*found.bands, Band(9, found.bands[-1].floor + 1, "Z", "z", "z")))


@pytest.mark.parametrize("gap", [-30, -1, 0])
def test_a_version_cannot_reach_back(admin: User, officer: User, gap: int) -> None:
    """Days past, with balances, or tiered already keep the policy they had."""
    FedDay.objects.create(on=TODAY, is_full=True)
    scheme = drafted(admin, effective_on=TODAY + timedelta(days=gap))

    with pytest.raises(EffectiveTooEarly):
        submit_scheme(scheme=scheme, actor=admin, at=NOW)
    assert first_free_day(TODAY) == TODAY + timedelta(days=1)


def test_time_may_run_out_while_a_version_waits(admin: User, officer: User) -> None:
    scheme = drafted(admin)
    submit_scheme(scheme=scheme, actor=admin, at=NOW)

    with pytest.raises(EffectiveTooEarly):
        approve_scheme(scheme=scheme, digest=digest(scheme), actor=officer, at=NOW + timedelta(days=11))


def test_a_re_tiered_day_is_not_free_either() -> None:
    RetierRun.objects.create(on=TODAY + timedelta(days=3), scheme=Scheme.objects.get(version=1))

    assert first_free_day(TODAY) == TODAY + timedelta(days=4)


def test_going_back_is_a_new_version_with_the_old_content(admin: User, officer: User) -> None:
    first = Scheme.objects.get(version=1)
    approved("0", "100000", effective_on=TODAY - timedelta(days=5))

    back = roll_back(scheme=first, effective_on=SOON, note="恢复原标准", actor=admin, at=NOW)

    assert content_of(back) == replace(content_of(first), effective_on=SOON, note="恢复原标准")
    assert (back.status, back.drafted_by, back.version > first.version) == ("draft", admin, True)
    entry = TrailEntry.objects.get(subject="tiers.scheme", subject_id=str(back.pk))
    assert (entry.action, entry.changes["content_of"], entry.reason) == ("create", 1, "恢复原标准")
    assert Scheme.objects.in_force_on(SOON) != back
    submit_scheme(scheme=back, actor=admin, at=NOW)
    approve_scheme(scheme=back, digest=digest(back), actor=officer, at=NOW)
    assert Scheme.objects.in_force_on(SOON) == back


def test_only_to_approved_versions_and_free_days_is_gone_back(admin: User) -> None:
    draft, first = drafted(admin), Scheme.objects.get(version=1)

    with pytest.raises(SchemeNeverInForce):
        roll_back(scheme=draft, effective_on=SOON, note="x", actor=admin, at=NOW)
    with pytest.raises(EffectiveTooEarly):
        roll_back(scheme=first, effective_on=TODAY - timedelta(days=1), note="x", actor=admin, at=NOW)
    assert Scheme.objects.count() == 2


def test_a_version_is_not_approved_for_nothing(admin: User, officer: User) -> None:
    """Of versions for the same day the highest number holds, so a lower one may not follow it."""
    earlier, later = drafted(admin), drafted(admin)
    submit_scheme(scheme=earlier, actor=admin, at=NOW)
    submit_scheme(scheme=later, actor=admin, at=NOW)
    approve_scheme(scheme=later, digest=digest(later), actor=officer, at=NOW)

    with pytest.raises(EffectiveTaken):
        approve_scheme(scheme=earlier, digest=digest(earlier), actor=officer, at=NOW)


@pytest.mark.parametrize(
    "wrong",
    [
        {"measure": "adb_trailing", "trailing_days": 1},
        {"measure": "adb_trailing", "trailing_days": 367},
        {"measure": "best", "best_of": ("balance", "adb_trailing"), "trailing_days": 0},
        {"measure": "best", "best_of": ()},
        {"measure": "best", "best_of": ("balance",)},
        {"measure": "best", "best_of": ("balance", "best")},
        {"measure": "guess"},
        {"watch_periods": 13},
        {"watch_periods": -1},
        {"counted": ("demand", "gold")},
    ],
)
def test_measures_that_make_no_policy_are_refused(admin: User, wrong: dict[str, Any]) -> None:
    with pytest.raises(BasisRefused):
        draft_scheme(content=replace(content(effective_on=SOON), **wrong), actor=admin, at=NOW)
    assert Scheme.objects.count() == 1


def test_what_the_measure_has_no_use_for_is_not_kept(admin: User) -> None:
    said = replace(content(effective_on=SOON), trailing_days=9999, best_of=("balance",), counted=("term", "demand"))

    kept = content_of(draft_scheme(content=said, actor=admin, at=NOW))

    assert (kept.trailing_days, kept.best_of, kept.counted) == (30, (), ("demand", "term"))
    used = replace(said, measure="best", best_of=("adb_trailing", "balance"), trailing_days=366)
    kept = content_of(draft_scheme(content=used, actor=admin, at=NOW))
    assert (kept.trailing_days, kept.best_of) == (366, ("balance", "adb_trailing"))


def test_differences_name_what_changes() -> None:
    before = content(effective_on=TODAY)
    after = content("0", "60000", "500000", effective_on=TODAY, measure="adb_month")

    found = {difference.label: (difference.before, difference.after) for difference in differences(before, after)}

    assert len(found) == 3  # measure, the second tier's bound, the fourth tier
    assert [bool(gone) for gone, new in found.values() if not new] == [True]
    assert differences(before, before) == []


@pytest.mark.parametrize(
    "change",
    [
        {"name": "新方案"},
        {"measure": "adb_trailing"},
        {"measure": "best", "best_of": ("balance", "adb_month")},
        {"effective_on": SOON},
        {"note": "利率调整"},
        {"counted": ("demand",)},
        {"watch_periods": 3},
        {"bands": content("0", "1", effective_on=TODAY).bands},
    ],
)
def test_a_difference_in_any_field_is_shown(change: dict[str, Any]) -> None:
    before = content(effective_on=TODAY)

    assert differences(before, replace(before, **change))
    for measure in ("adb_trailing", "best"):
        sized = replace(before, measure=measure, best_of=("balance", "adb_trailing"))
        assert len(differences(sized, replace(sized, trailing_days=90))) == 1


def test_a_tier_is_the_same_by_its_letter() -> None:
    before = content("0", "50000", effective_on=TODAY)  # D, C
    new = Band(1, Decimal(0), "E", "起步", "Starter")
    after = replace(
        before, bands=(new, replace(before.bands[0], rank=2, floor=Decimal(10)), replace(before.bands[1], rank=3))
    )

    changed = {line.label[-1]: bool(line.before) for line in differences(before, after)}

    assert changed == {"E": False, "D": True}
    assert len(side_by_side(before, after)) == 6 + 3


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({}, "Who falls below the floor goes down at the next run."),
        ({"watch_periods": 1}, "for 1 month and goes down in month 2"),
        ({"watch_periods": 3}, "for 3 months and goes down in month 4"),
        ({"watch_periods": 2, "measure": "adb_quarter"}, "for 2 quarters and goes down in quarter 3"),
    ],
)
def test_the_watch_is_one_plain_sentence(fields: dict[str, Any], words: str) -> None:
    with translation.override("en"):
        assert words in watch_words(replace(content(effective_on=TODAY), **fields))


def test_the_version_before_is_the_approved_one_it_replaces(admin: User) -> None:
    middle = approved("0", "100000", effective_on=TODAY)
    later = drafted(admin)

    assert previous_version(later) == middle
    assert previous_version(middle) == Scheme.objects.get(version=1)
    assert previous_version(Scheme.objects.get(version=1)) is None


def test_a_region_neither_drafts_nor_approves_what_holds_for_the_bank(admin: User) -> None:
    region = make_user(role="head_office", branch=make_branch(parent=make_head_office(), kind="region"))
    with pytest.raises(NotBankWide):
        drafted(region)
    scheme = drafted(admin)
    submit_scheme(scheme=scheme, actor=admin, at=NOW)
    with pytest.raises(NotBankWide):
        approve_scheme(scheme=scheme, digest=digest(scheme), actor=region, at=NOW)


def test_a_draft_can_be_thrown_away_and_nothing_later(admin: User, officer: User) -> None:
    draft, waiting = drafted(admin), drafted(admin, "0", "70000")
    said = content_of(draft).facts["bands"]
    submit_scheme(scheme=waiting, actor=admin, at=NOW)

    discard_scheme(scheme=draft, actor=officer, at=NOW)

    assert list(Scheme.objects.order_by("version").values_list("version", flat=True)) == [1, waiting.version]
    gone = TrailEntry.objects.get(subject="tiers.scheme", action="discard")
    assert (gone.actor_no, gone.changes["bands"]) == (officer.staff_no, said)
    for kept in (waiting, Scheme.objects.get(version=1)):
        with pytest.raises(SchemeNotEditable):
            discard_scheme(scheme=kept, actor=officer, at=NOW)
