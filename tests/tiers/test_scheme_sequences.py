"""Scheme versions under random acts: nothing comes into force that two people did not see."""

import random
from collections import Counter
from datetime import timedelta

import pytest
from django.db import transaction

from core.errors import DomainError
from staff.enums import Decision
from staff.models import Approval, User
from tests.factories import NOW, make_branch, make_head_office, make_user
from tests.tiers.ledgers import content
from tests.tiers.test_schemes import SOON, digest
from tiers.models import Scheme
from tiers.queries import content_of
from tiers.rules import SchemeContent
from tiers.services import (
    approve_scheme,
    draft_scheme,
    reject_scheme,
    roll_back,
    submit_scheme,
    update_draft,
    withdraw_scheme,
)

pytestmark = pytest.mark.django_db
ACTS = ("draft", "update", "submit", "approve", "stale", "reject", "withdraw", "rollback")


@pytest.fixture
def admin() -> User:
    return make_user(role="admin")


@pytest.fixture
def officer() -> User:
    return make_user(role="head_office")


class Office:
    """People who set the policy in any order, and what each of them has seen."""

    def __init__(self, people: list[User], seed: int) -> None:
        self.rng, self.people, self.done = random.Random(seed), people, Counter[str]()
        self.seen: dict[int, str] = {}

    def act(self) -> None:
        """One random act by one random person; whatever is refused changes nothing."""
        name, actor = self.rng.choice(ACTS), self.rng.choice(self.people)
        scheme = self.rng.choice(list(Scheme.objects.order_by("-version")[:4]))
        try:
            with transaction.atomic():
                getattr(self, f"_{name}")(scheme, actor)
        except DomainError:
            return
        self.done[name] += 1

    def _said(self) -> SchemeContent:
        return content("0", str(self.rng.randrange(1, 9)), effective_on=SOON + timedelta(days=self.rng.randrange(90)))

    def _draft(self, scheme: Scheme, actor: User) -> None:
        draft_scheme(content=self._said(), actor=actor, at=NOW)

    def _update(self, scheme: Scheme, actor: User) -> None:
        update_draft(scheme=scheme, content=self._said(), actor=actor, at=NOW)

    def _submit(self, scheme: Scheme, actor: User) -> None:
        submit_scheme(scheme=scheme, actor=actor, at=NOW)

    def _approve(self, scheme: Scheme, actor: User) -> None:
        seen = digest(scheme)
        approve_scheme(scheme=scheme, digest=seen, actor=actor, at=NOW)
        self.seen[scheme.pk] = seen

    def _stale(self, scheme: Scheme, actor: User) -> None:
        approve_scheme(scheme=scheme, digest=self.seen.get(scheme.pk, "0" * 64), actor=actor, at=NOW)
        raise AssertionError("approved what was not seen")

    def _reject(self, scheme: Scheme, actor: User) -> None:
        reject_scheme(scheme=scheme, digest=digest(scheme), actor=actor, at=NOW, comment="x")

    def _withdraw(self, scheme: Scheme, actor: User) -> None:
        withdraw_scheme(scheme=scheme, actor=actor, at=NOW)

    def _rollback(self, scheme: Scheme, actor: User) -> None:
        roll_back(scheme=scheme, effective_on=SOON, note="x", actor=actor, at=NOW)


@pytest.mark.parametrize("seed", range(2))
def test_no_sequence_of_acts_puts_in_force_what_two_people_did_not_see(admin: User, officer: User, seed: int) -> None:
    """R09: 2 x 400 random acts by three people of the bank and one of a region; never a version past four eyes."""
    region = make_user(role="head_office", branch=make_branch(parent=make_head_office(), kind="region"))
    office = Office([admin, officer, make_user(role="admin"), region], seed)
    for _n in range(400):
        office.act()

    live = Scheme.objects.filter(status="approved", version__gt=1).prefetch_related("bands")
    asked = {a.subject_id: a for a in Approval.objects.filter(kind="tiers.scheme", decision=Decision.APPROVED)}
    assert {scheme.pk for scheme in live} == set(asked) == set(office.seen)
    for scheme in live:
        found = asked[scheme.pk]
        assert scheme.approved_by_id == found.decided_by_id
        assert found.decided_by_id not in {scheme.drafted_by_id, found.requested_by_id, region.pk}
        assert content_of(scheme).digest == found.digest == office.seen[scheme.pk]
    assert all(office.done[name] for name in ACTS if name != "stale"), office.done


def test_one_person_alone_puts_nothing_in_force(admin: User) -> None:
    office = Office([admin], 7)
    for _n in range(100):
        office.act()

    assert not Scheme.objects.filter(status="approved", version__gt=1).exists()
