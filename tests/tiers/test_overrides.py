"""Tiers given by people: asked for by one, decided by another, for a while, and what the runs make of them."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from core.models import TrailEntry
from core.trail import NIGHT
from customers.models import Customer, CustomerPosition
from staff.models import Approval, User
from staff.services import SelfApproval, StaleApproval
from tests.depositcrm.merges import do_merge, do_undo
from tests.factories import NOW, TODAY, make_branch, make_customer, make_head_office, make_user
from tests.tiers.ledgers import approved, at_night, run, write_ledger
from tiers.models import RetierRun, TierChange, TierOverride
from tiers.queries.overrides import OverrideStage, override_digest, overrides_to_decide, stage_of
from tiers.services.overrides import (
    Asked,
    MayNotOverride,
    NotYoursToDecide,
    OverrideDaysRefused,
    OverrideInTheWay,
    OverrideNotRunning,
    OverrideNotWaiting,
    OverrideReasonMissing,
    OverrideTierRefused,
    approve_override,
    close_expired,
    end_override,
    reject_override,
    request_override,
    withdraw_override,
)

pytestmark = pytest.mark.django_db
ONE = timedelta(days=1)
START = TODAY + ONE


@pytest.fixture
def manager() -> User:
    return make_user(role="manager", branch=make_branch(parent=make_head_office()))


@pytest.fixture
def head(manager: User) -> User:
    return make_user(role="branch_head", branch=manager.branch)


def customer_of(manager: User) -> Customer:
    """In the second tier (letter C) by its balance."""
    found = make_customer(manager=manager, tier=2, total=60_000)
    write_ledger({found.pk: {TODAY: Decimal(60_000)}}, TODAY)
    return found


@pytest.fixture
def customer(manager: User) -> Customer:
    return customer_of(manager)


def asked(letter: str = "A", days: int = 30, start: date = START, reason: str = "行长特批") -> Asked:
    return Asked(letter, start, start + timedelta(days=days - 1), reason)


def requested(customer: Customer, by: User, **how: Any) -> TierOverride:
    return request_override(customer=customer, asked=asked(**how), actor=by, at=NOW)


def approve(override: TierOverride, by: User, **how: Any) -> TierOverride:
    return approve_override(override=override, digest=override_digest(override), actor=by, **{"at": NOW, **how})


def standing(customer: Customer) -> tuple[int, int | None]:
    """The tier in effect, and that of the rule underneath while an override holds."""
    return CustomerPosition.everything.values_list("tier", "ruled_tier").get(pk=customer.pk)


def test_an_override_holds_from_the_next_run_and_its_end_returns_to_the_rule(
    customer: Customer, manager: User, head: User
) -> None:
    run(TODAY)
    override = approve(requested(customer, manager, days=2), head)
    seen = [standing(customer)]
    for n in range(1, 4):
        day = TODAY + ONE * n
        run(day)
        close_expired(on=day, actor=NIGHT, at=at_night(day))
        seen.append(standing(customer))

    assert seen == [(2, None), (4, 2), (4, 2), (2, None)]
    override.refresh_from_db()
    assert (override.status, override.ends_on, override.ended_by) == ("ended", START + ONE, None)
    changes = TierChange.everything.filter(customer=customer).order_by("on")
    assert list(changes.values_list("to_tier", "override_id"))[-2:] == [(4, override.pk), (2, None)]
    # Closing has not changed what a run of a past day makes of it.
    run(START)
    assert TierChange.everything.get(customer=customer, on=START).to_tier == 4
    assert standing(customer) == (2, None)


def test_the_rule_goes_on_underneath(customer: Customer, manager: User, head: User) -> None:
    run(TODAY)
    approve(requested(customer, manager, days=1), head)
    write_ledger({customer.pk: {TODAY: Decimal(60_000), START: Decimal(600_000)}}, START)
    run(START)
    assert standing(customer) == (4, 3)

    run(START + ONE)

    assert standing(customer) == (3, None)


def test_an_override_without_a_decision_changes_nothing(customer: Customer, manager: User, head: User) -> None:
    run(TODAY)
    override = requested(customer, manager)
    run(START)
    assert standing(customer) == (2, None)

    reject_override(override=override, digest=override_digest(override), actor=head, at=NOW, comment="不符合条件")
    run(START + ONE)

    assert standing(customer) == (2, None)
    assert Approval.objects.get(kind="tiers.override", subject_id=override.pk).comment == "不符合条件"


def test_who_asked_never_decides(customer: Customer, head: User) -> None:
    override = requested(customer, head)

    with pytest.raises(SelfApproval):
        approve(override, head)
    with pytest.raises(SelfApproval):
        reject_override(override=override, digest=override_digest(override), actor=head, at=NOW, comment="x")

    assert not overrides_to_decide(head).exists()
    assert approve(override, make_user(role="head_office", branch=make_head_office())).status == "approved"


def test_the_database_too_wants_a_second_person(customer: Customer, manager: User) -> None:
    override = requested(customer, manager)
    mine = TierOverride.everything.filter(pk=override.pk)

    for wrong, name in (
        ({"status": "approved", "decided_by": manager}, "override_needs_a_second_person"),
        ({"status": "approved"}, "override_was_decided"),
        ({"ends_on": TODAY}, "override_ends_after_it_starts"),
    ):
        with pytest.raises(IntegrityError, match=name), transaction.atomic():
            mine.update(**wrong)
    with pytest.raises(IntegrityError, match="override_one_at_a_time"), transaction.atomic():
        TierOverride.everything.create(
            customer=customer, letter="B", reason="x", starts_on=TODAY, ends_on=TODAY, requested_by=manager,
            requested_at=NOW,
        )  # fmt: skip


@pytest.mark.parametrize("role", ["manager", "senior_manager", "expert", "teller", "admin", "compliance"])
def test_only_heads_decide(customer: Customer, manager: User, role: str) -> None:
    override = requested(customer, manager)

    with pytest.raises(NotYoursToDecide):
        approve(override, make_user(role=role, branch=manager.branch))


def test_a_head_elsewhere_decides_nothing_here(customer: Customer, manager: User) -> None:
    override = requested(customer, manager)
    stranger = make_user(role="branch_head", branch=make_branch())

    with pytest.raises(NotYoursToDecide):
        approve(override, stranger)
    assert not overrides_to_decide(stranger).exists()


@pytest.mark.parametrize("role", ["teller", "lobby", "admin", "auditor", "compliance", "head_office"])
def test_who_may_not_ask(customer: Customer, manager: User, role: str) -> None:
    with pytest.raises(MayNotOverride):
        requested(customer, make_user(role=role, branch=manager.branch))


def test_nobody_asks_about_a_customer_out_of_sight(customer: Customer, manager: User) -> None:
    for stranger in (make_user(role="manager", branch=manager.branch), make_user(role="branch_head")):
        with pytest.raises(MayNotOverride):
            requested(customer, stranger)


@pytest.mark.parametrize(
    ("how", "refusal"),
    [
        ({"reason": " ok "}, OverrideReasonMissing),
        ({"letter": "Z"}, OverrideTierRefused),
        ({"letter": "C"}, OverrideTierRefused),  # the present tier
        ({"start": TODAY}, OverrideDaysRefused),  # has balances already
        ({"start": TODAY - ONE * 9}, OverrideDaysRefused),
        ({"days": 0}, OverrideDaysRefused),
        ({"days": 367}, OverrideDaysRefused),
    ],
)
def test_requests_that_make_no_sense_are_refused(
    customer: Customer, manager: User, how: dict[str, Any], refusal: type[Exception]
) -> None:
    with pytest.raises(refusal):
        requested(customer, manager, **how)
    assert not TierOverride.everything.exists()
    assert not Approval.objects.exists()


def test_the_longest_is_a_year(customer: Customer, manager: User) -> None:
    assert requested(customer, manager, days=366).ends_on == START + ONE * 365


def test_one_at_a_time_and_no_day_under_two(customer: Customer, manager: User, head: User) -> None:
    first = requested(customer, manager)
    with pytest.raises(OverrideInTheWay):
        requested(customer, manager, start=START + ONE * 60)
    approve(first, head)
    with pytest.raises(OverrideInTheWay):
        requested(customer, manager, start=START + ONE * 60)
    TierOverride.everything.filter(pk=first.pk).update(status="ended")

    with pytest.raises(OverrideInTheWay):
        requested(customer, manager, start=first.ends_on)
    assert requested(customer, manager, start=first.ends_on + ONE).status == "waiting"


def test_a_decision_about_something_else_is_refused(customer: Customer, manager: User, head: User) -> None:
    override = requested(customer, manager)
    seen = override_digest(override)
    TierOverride.everything.filter(pk=override.pk).update(letter="B")

    with pytest.raises(StaleApproval):
        approve_override(override=override, digest=seen, actor=head, at=NOW)
    override.refresh_from_db()
    with pytest.raises(StaleApproval):  # what was seen is not what was asked for
        approve(override, head)


def test_days_tiered_while_it_waited_keep_their_tier(customer: Customer, manager: User, head: User) -> None:
    override = requested(customer, manager, days=3)
    for n in range(1, 3):
        run(TODAY + ONE * n)

    assert approve(override, head, at=NOW + ONE * 2).starts_on == TODAY + ONE * 3
    assert standing(customer) == (2, None)


def test_nothing_is_approved_for_days_past(customer: Customer, manager: User, head: User) -> None:
    override = requested(customer, manager, days=1)
    run(START)

    with pytest.raises(OverrideDaysRefused):
        approve(override, head, at=NOW + ONE)


def test_a_tier_the_policy_gave_up_is_not_given(customer: Customer, manager: User, head: User) -> None:
    override = requested(customer, manager)
    approved("0", "50000", effective_on=START)

    with pytest.raises(OverrideTierRefused):
        approve(override, head)


def test_who_asked_takes_it_back(customer: Customer, manager: User, head: User) -> None:
    override = requested(customer, manager)
    with pytest.raises(StaleApproval):
        withdraw_override(override=override, actor=head, at=NOW)

    withdraw_override(override=override, actor=manager, at=NOW)

    assert requested(customer, manager).status == "waiting"
    with pytest.raises(OverrideNotWaiting):
        approve(override, head)


def test_ending_early_returns_to_the_rule_at_the_next_run(customer: Customer, manager: User, head: User) -> None:
    run(TODAY)
    override = approve(requested(customer, manager), head)
    run(START)
    with pytest.raises(OverrideReasonMissing):
        end_override(override=override, reason=" ", actor=head, at=NOW + ONE)
    with pytest.raises(NotYoursToDecide):
        end_override(override=override, reason="资金已转走", actor=make_user(role="branch_head"), at=NOW + ONE)

    ended = end_override(override=override, reason="资金已转走", actor=manager, at=NOW + ONE)

    assert (ended.status, ended.ends_on, standing(customer)) == ("ended", START, (4, 2))
    run(START + ONE)
    assert standing(customer) == (2, None)
    with pytest.raises(OverrideNotRunning):
        end_override(override=override, reason="资金已转走", actor=head, at=NOW + ONE)
    entry = TrailEntry.objects.filter(subject="tiers.override").latest("pk")
    assert (entry.action, entry.actor_no, entry.reason) == ("override_end", manager.staff_no, "资金已转走")


def test_one_that_has_not_begun_is_withdrawn(customer: Customer, manager: User, head: User) -> None:
    run(TODAY)
    override = approve(requested(customer, manager, start=START + ONE * 5), head)

    ended = end_override(override=override, reason="客户撤回", actor=head, at=NOW)

    assert (ended.status, ended.starts_on) == ("withdrawn", START + ONE * 5)


def test_closing_is_safe_twice_and_leaves_the_others(customer: Customer, manager: User, head: User) -> None:
    override = approve(requested(customer, manager, days=2), head)

    assert close_expired(on=override.ends_on, actor=NIGHT, at=NOW) == 0
    assert close_expired(on=override.ends_on + ONE, actor=NIGHT, at=NOW) == 1
    assert close_expired(on=override.ends_on + ONE, actor=NIGHT, at=NOW) == 0
    assert TrailEntry.objects.filter(action="override_expire").count() == 1


def test_the_trail_tells_who_asked_and_who_decided(customer: Customer, manager: User, head: User) -> None:
    override = approve(requested(customer, manager), head, comment="同意")

    entries = TrailEntry.objects.filter(subject_id=str(override.pk), subject__endswith="tiers.override").order_by("pk")
    assert [(e.subject, e.action, e.actor_no) for e in entries] == [
        ("approval.tiers.override", "request", manager.staff_no),
        ("tiers.override", "override_request", manager.staff_no),
        ("approval.tiers.override", "approve", head.staff_no),
        ("tiers.override", "override", head.staff_no),
    ]


@pytest.mark.parametrize(
    ("fields", "stage"),
    [
        ({}, OverrideStage.WAITING),
        ({"status": "rejected"}, OverrideStage.REFUSED),
        ({"status": "withdrawn"}, OverrideStage.REFUSED),
        ({"status": "ended"}, OverrideStage.OVER),
        ({"status": "approved", "starts_on": TODAY + ONE}, OverrideStage.COMING),
        ({"status": "approved", "ends_on": TODAY - ONE}, OverrideStage.OVER),
        ({"status": "approved", "ends_on": TODAY + ONE * 14}, OverrideStage.ENDING),
        ({"status": "approved", "ends_on": TODAY + ONE * 15}, OverrideStage.RUNNING),
    ],
)
def test_how_it_stands(fields: dict[str, Any], stage: OverrideStage) -> None:
    usual = {"status": "waiting", "starts_on": TODAY - ONE * 9, "ends_on": TODAY + ONE * 99}

    assert stage_of(TierOverride(**{**usual, **fields}), TODAY) == stage


def test_a_run_of_a_day_counts_who_is_overridden(customer: Customer, manager: User, head: User) -> None:
    approve(requested(customer, manager), head)
    run(START)

    assert RetierRun.objects.get(on=START).overridden == 1


# Merges.


def test_a_merge_hands_the_live_override_on_and_an_undo_gives_it_back(
    customer: Customer, manager: User, head: User
) -> None:
    other = make_customer(manager=manager, tier=2, total=60_000)
    write_ledger({other.pk: {TODAY: Decimal(60_000)}}, TODAY)
    over = approve(requested(other, manager, days=1), head)
    TierOverride.everything.filter(pk=over.pk).update(status="ended")
    live = approve(requested(other, manager, start=START + ONE), head)

    merged = do_merge(customer, other)

    assert list(TierOverride.everything.filter(customer=customer)) == [live]
    assert list(TierOverride.everything.filter(customer=other)) == [over]
    do_undo(merged)
    assert set(TierOverride.everything.filter(customer=other)) == {over, live}


def test_of_two_live_overrides_the_kept_customers_stays(customer: Customer, manager: User, head: User) -> None:
    other = make_customer(manager=manager, tier=2, total=60_000)
    write_ledger({other.pk: {TODAY: Decimal(60_000)}}, TODAY)
    kept, dropped = requested(customer, manager), approve(requested(other, manager, letter="B"), head)

    merged = do_merge(customer, other)

    assert list(TierOverride.everything.filter(customer=customer)) == [kept]
    do_undo(merged)
    assert list(TierOverride.everything.filter(customer=other, status="approved")) == [dropped]
