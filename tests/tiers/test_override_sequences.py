"""Overrides asked for and decided by many, at once and in any order: never without two people."""

import random
import threading
from datetime import date

import pytest
from django.db import close_old_connections, connection, transaction

from core.errors import DomainError
from customers.models import Customer
from staff.models import Approval, User
from tests.factories import NOW, make_branch, make_customer, make_head_office, make_user
from tests.tiers.ledgers import approved
from tests.tiers.test_overrides import asked, customer_of, requested
from tiers.models import TierOverride
from tiers.queries.overrides import override_digest
from tiers.services.overrides import (
    OverrideNotWaiting,
    approve_override,
    end_override,
    reject_override,
    request_override,
    withdraw_override,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def manager() -> User:
    return make_user(role="manager", branch=make_branch(parent=make_head_office()))


@pytest.fixture
def head(manager: User) -> User:
    return make_user(role="branch_head", branch=manager.branch)


@pytest.fixture
def customer(manager: User) -> Customer:
    return customer_of(manager)


@pytest.mark.django_db(transaction=True)
def test_of_two_who_decide_at_once_one_wins() -> None:
    branch = make_branch()
    manager = make_user(role="manager", branch=branch)
    heads = [make_user(role="branch_head", branch=branch) for _n in range(2)]
    approved(effective_on=date(2000, 1, 1))
    override = requested(make_customer(manager=manager, tier=2), manager)
    digest, gate, outcomes = override_digest(override), threading.Barrier(2), []

    def decide(head: User, approves: bool) -> None:
        gate.wait(5)
        try:
            act = approve_override if approves else reject_override
            act(override=override, digest=digest, actor=head, at=NOW, comment="x")
            outcomes.append("done")
        except OverrideNotWaiting:
            outcomes.append("late")
        finally:
            close_old_connections()
            connection.close()

    threads = [threading.Thread(target=decide, args=(head, n == 0)) for n, head in enumerate(heads)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)

    assert sorted(outcomes) == ["done", "late"]
    override.refresh_from_db()
    found = Approval.objects.get(kind="tiers.override", subject_id=override.pk)
    assert (found.decision, found.decided_by) == (override.status, override.decided_by)


@pytest.mark.parametrize("seed", range(2))
def test_no_sequence_of_acts_gives_a_tier_two_people_did_not_agree_on(
    customer: Customer, manager: User, head: User, seed: int
) -> None:
    """R09: 2 x 200 random acts of everybody about one customer."""
    rng, seen, done = random.Random(seed), dict[int, str](), set[str]()
    people = [manager, head, make_user(role="branch_head", branch=manager.branch), make_user(role="branch_head")]

    def act(name: str, actor: User, override: TierOverride | None) -> None:
        if override is None or name == "ask":
            request_override(
                customer=customer, asked=asked(rng.choice("ABD"), rng.randrange(1, 99)), actor=actor, at=NOW
            )
        elif name == "approve":
            digest = override_digest(override)
            approve_override(override=override, digest=digest, actor=actor, at=NOW)
            seen[override.pk] = digest
        elif name == "reject":
            reject_override(override=override, digest=override_digest(override), actor=actor, at=NOW, comment="x")
        elif name == "withdraw":
            withdraw_override(override=override, actor=actor, at=NOW)
        else:
            end_override(override=override, reason="资金已转走", actor=actor, at=NOW)

    for _n in range(200):
        name = rng.choice(["ask", "approve", "reject", "withdraw", "end"])
        try:
            with transaction.atomic():
                act(name, rng.choice(people), TierOverride.everything.order_by("-pk").first())
            done.add(name)
        except DomainError:
            continue

    given = TierOverride.everything.exclude(decided_by=None).filter(comment="")
    decisions = Approval.objects.filter(kind="tiers.override", decision="approved")
    asks = {found.subject_id: found for found in decisions}
    assert {override.pk for override in given} == set(asks) == set(seen)
    for override in given:
        found = asks[override.pk]
        assert override.decided_by == found.decided_by in people[1:3]
        assert found.decided_by_id not in {override.requested_by_id, found.requested_by_id}
        assert override_digest(override) == found.digest == seen[override.pk]
    assert TierOverride.everything.filter(status__in=["waiting", "approved"]).count() <= 1
    assert done == {"ask", "approve", "reject", "withdraw", "end"}
