"""Versions of rules (X20, X05): dated, approved by a second person, never changed after, gone back to by a new one."""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

import pytest

from core.errors import DomainError
from core.models import TrailEntry
from staff.models import Approval, Policy, User
from staff.queries import policy_on
from staff.services import AlreadyPending, SelfApproval, StaleApproval
from staff.services import policies as services
from tests.factories import NOW, TODAY, make_branch, make_head_office, make_user

pytestmark = pytest.mark.django_db
SOON = TODAY + timedelta(days=10)
BUILT_IN = {"limit": 5, "days": [90, 30]}


def read(values: Mapping[str, Any]) -> int:
    if not isinstance(values["limit"], int) or values["limit"] < 1:
        raise ValueError("limit")
    return values["limit"]


@pytest.fixture
def admin() -> User:
    return make_user(role="admin")


@pytest.fixture
def officer() -> User:
    return make_user(role="head_office", branch=make_head_office())


def drafted(actor: User, limit: int = 7, *, effective_on: date = SOON, kind: str = "limits") -> Policy:
    return services.draft_policy(
        kind=kind, values={"limit": limit}, effective_on=effective_on, note="调整", actor=actor, at=NOW, read=read
    )


def approved(admin: User, officer: User, limit: int, effective_on: date = SOON) -> Policy:
    policy = drafted(admin, limit, effective_on=effective_on)
    services.submit(policy=policy, actor=admin, at=NOW)
    return decided(policy, officer)


def decided(policy: Policy, officer: User, *, approve: bool = True, digest: str = "") -> Policy:
    policy.refresh_from_db()
    seen = digest or services.digest_of(policy)
    return services.decide(
        policy=policy, digest=seen, approve=approve, actor=officer, at=NOW, read=read, comment="已核对"
    )


def limit_on(day: date) -> tuple[int, int]:
    found = policy_on("limits", day, BUILT_IN)
    return found.version, found.values["limit"]


def actions() -> list[str]:
    return list(TrailEntry.objects.filter(subject="staff.policy").order_by("pk").values_list("action", flat=True))


def test_an_approved_version_takes_over_at_midnight_of_its_date(admin: User, officer: User) -> None:
    policy = approved(admin, officer, 7)

    assert (policy.version, policy.status, policy.drafted_by, policy.approved_by) == (1, "approved", admin, officer)
    assert limit_on(SOON - timedelta(days=1)) == (0, 5)
    assert limit_on(SOON) == (1, 7)
    assert policy_on("limits", SOON, BUILT_IN).values["days"] == [90, 30]
    assert actions() == ["create", "publish"]


def test_drafts_submitted_and_rejected_versions_hold_nowhere(admin: User, officer: User) -> None:
    drafted(admin, 7)
    submitted = drafted(admin, 8)
    services.submit(policy=submitted, actor=admin, at=NOW)
    rejected = drafted(admin, 9)
    services.submit(policy=rejected, actor=admin, at=NOW)
    decided(rejected, officer, approve=False)
    assert limit_on(SOON) == (0, 5)


def test_a_version_of_the_same_date_supersedes_the_one_before(admin: User, officer: User) -> None:
    approved(admin, officer, 7)
    approved(admin, officer, 9)
    assert limit_on(SOON) == (2, 9)


def test_kinds_are_numbered_apart(admin: User) -> None:
    assert [drafted(admin, kind=kind).version for kind in ("limits", "limits", "other")] == [1, 2, 1]


def test_nobody_approves_what_they_asked_for_or_drew_up(admin: User, officer: User) -> None:
    policy = drafted(admin)
    services.submit(policy=policy, actor=officer, at=NOW)
    for person in (officer, admin):
        with pytest.raises(SelfApproval):
            decided(policy, person)
    assert decided(policy, make_user(role="admin")).status == "approved"


def test_what_was_not_seen_is_not_approved(admin: User, officer: User) -> None:
    policy = drafted(admin)
    services.submit(policy=policy, actor=admin, at=NOW)
    with pytest.raises(StaleApproval):
        decided(policy, officer, digest="0" * 64)
    seen = services.digest_of(policy)
    Policy.objects.filter(pk=policy.pk).update(values={"limit": 99})
    with pytest.raises(StaleApproval):
        decided(policy, officer, digest=seen)
    with pytest.raises(StaleApproval):  # the request was for other values
        decided(policy, officer)


def test_a_request_taken_back_can_be_changed_and_asked_for_again(admin: User, officer: User) -> None:
    policy = drafted(admin)
    services.submit(policy=policy, actor=admin, at=NOW)
    with pytest.raises(services.PolicyNotEditable):
        services.submit(policy=policy, actor=admin, at=NOW)
    with pytest.raises(StaleApproval):
        services.withdraw(policy=policy, actor=officer, at=NOW)
    services.withdraw(policy=policy, actor=admin, at=NOW)
    change(policy, admin, {"limit": 8})
    services.submit(policy=policy, actor=admin, at=NOW)
    assert decided(policy, officer).values == {"limit": 8}
    assert AlreadyPending not in [type(a) for a in Approval.objects.all()]


def change(policy: Policy, actor: User, values: dict[str, Any], *, effective_on: date = SOON) -> Policy:
    return services.change_draft(
        policy=policy, values=values, effective_on=effective_on, note="改", actor=actor, at=NOW, read=read
    )


def test_a_rejected_version_is_corrected_by_whoever_changes_it(admin: User, officer: User) -> None:
    policy = drafted(admin)
    services.submit(policy=policy, actor=admin, at=NOW)
    decided(policy, officer, approve=False)

    changed = change(policy, officer, {"limit": 8})

    assert (changed.status, changed.drafted_by, changed.values) == ("draft", officer, {"limit": 8})
    entry = TrailEntry.objects.get(subject="staff.policy", action="change")
    assert entry.changes == {"values": [{"limit": 7}, {"limit": 8}], "note": ["调整", "改"]}


def test_approved_versions_are_never_changed_or_thrown_away(admin: User, officer: User) -> None:
    policy = approved(admin, officer, 7)
    with pytest.raises(services.PolicyNotEditable):
        change(policy, admin, {"limit": 8})
    with pytest.raises(services.PolicyNotEditable):
        services.discard(policy=policy, actor=admin, at=NOW)
    with pytest.raises(services.PolicyNotSubmitted):
        decided(policy, officer)


def test_a_draft_thrown_away_stays_on_the_trail(admin: User) -> None:
    services.discard(policy=drafted(admin), actor=admin, at=NOW)
    assert not Policy.objects.exists()
    assert actions() == ["create", "discard"]
    assert TrailEntry.objects.get(action="discard").changes["values"] == {"limit": 7}


def test_going_back_is_a_new_version_with_the_old_values(admin: User, officer: User) -> None:
    first = approved(admin, officer, 7, TODAY)
    approved(admin, officer, 9, TODAY)

    again = services.roll_back(policy=first, effective_on=SOON, note="恢复", actor=admin, at=NOW, read=read)

    assert (again.version, again.values, again.status) == (3, {"limit": 7}, "draft")
    assert limit_on(SOON) == (2, 9)
    services.submit(policy=again, actor=admin, at=NOW)
    decided(again, officer)
    assert (limit_on(SOON - timedelta(days=1)), limit_on(SOON)) == ((2, 9), (3, 7))
    assert Policy.objects.filter(status="approved").count() == 3


def test_only_what_was_approved_can_be_gone_back_to(admin: User) -> None:
    with pytest.raises(services.PolicyNeverInForce):
        services.roll_back(policy=drafted(admin), effective_on=SOON, note="", actor=admin, at=NOW, read=read)


def test_no_version_reaches_back(admin: User, officer: User) -> None:
    with pytest.raises(services.PolicyDatePast):
        drafted(admin, effective_on=TODAY - timedelta(days=1))
    policy = drafted(admin, effective_on=TODAY)
    services.submit(policy=policy, actor=admin, at=NOW)
    with pytest.raises(services.PolicyDatePast):
        services.decide(
            policy=policy,
            digest=services.digest_of(policy),
            approve=True,
            actor=officer,
            at=NOW + timedelta(days=1),
            read=read,
        )
    late = drafted(admin, effective_on=TODAY)
    with pytest.raises(services.PolicyDatePast):
        services.submit(policy=late, actor=admin, at=NOW + timedelta(days=1))


def test_values_that_make_no_rules_are_refused(admin: User) -> None:
    with pytest.raises(services.PolicyRefused):
        drafted(admin, 0)
    with pytest.raises(services.PolicyRefused):
        change(drafted(admin), admin, {"limit": "7"})


def test_a_regions_office_sets_nothing_for_the_bank(admin: User) -> None:
    region = make_user(role="head_office", branch=make_branch(parent=make_head_office(), kind="region"))
    with pytest.raises(services.PolicyBankWide):
        drafted(region)
    policy = drafted(admin)
    services.submit(policy=policy, actor=admin, at=NOW)
    with pytest.raises(services.PolicyBankWide):
        decided(policy, region)


def test_every_refusal_speaks(admin: User) -> None:
    found = [error for error in vars(services).values() if isinstance(error, type) and issubclass(error, DomainError)]
    assert len({error.code for error in found}) == len(found)
