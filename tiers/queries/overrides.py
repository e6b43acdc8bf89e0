"""Tiers given by people: whose they are to see and decide, how each stands, and the digest that stands for one."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from hashlib import sha256
from typing import Final

from django.contrib.auth.models import AnonymousUser
from django.db.models import Max, Q, QuerySet

from customers.models import Customer
from staff.access import BOOK_KEEPERS, HEADS, has_role, scope_of
from staff.enums import Decision, Reach, Role
from staff.models import Approval, User
from tiers.enums import OverrideStatus
from tiers.models import RetierRun, Scheme, TierOverride
from tiers.queries.display import bands_for_display
from tiers.queries.schemes import bands_of
from tiers.rules import Band

OVERRIDE_KIND: Final = "tiers.override"
OVERRIDE_ASKERS: Final = (*BOOK_KEEPERS, Role.BRANCH_HEAD)
LIVE: Final = (OverrideStatus.WAITING, OverrideStatus.APPROVED)
# Those whose days count, also after they are past: what the runs go by.
HELD: Final = (OverrideStatus.APPROVED, OverrideStatus.ENDED)
ENDING_DAYS: Final = 14


class OverrideStage(StrEnum):
    """How an override stands on a day."""

    WAITING = "waiting"
    COMING = "coming"
    RUNNING = "running"
    ENDING = "ending"
    OVER = "over"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Given:
    """Tiers an override may give from a day on, highest first; the letter of the tier a customer is in ("" = none)."""

    bands: tuple[Band, ...]
    present: str


def stage_of(override: TierOverride, day: date) -> OverrideStage:
    """How the override stands on `day`; ending = its last 14 days."""
    if override.status == OverrideStatus.WAITING:
        return OverrideStage.WAITING
    if override.status in (OverrideStatus.REJECTED, OverrideStatus.WITHDRAWN):
        return OverrideStage.REFUSED
    if override.status == OverrideStatus.ENDED or override.ends_on < day:
        return OverrideStage.OVER
    if override.starts_on > day:
        return OverrideStage.COMING
    return OverrideStage.ENDING if override.ends_on <= day + timedelta(days=ENDING_DAYS) else OverrideStage.RUNNING


def staged(stage: str, day: date) -> Q:
    """The overrides that stand so on `day`, as a condition; running ones include those that end soon."""
    held = Q(status=OverrideStatus.APPROVED)
    conditions = {
        OverrideStage.WAITING: Q(status=OverrideStatus.WAITING),
        OverrideStage.COMING: held & Q(starts_on__gt=day),
        OverrideStage.RUNNING: held & Q(starts_on__lte=day, ends_on__gte=day),
        OverrideStage.ENDING: held & Q(starts_on__lte=day, ends_on__range=(day, day + timedelta(days=ENDING_DAYS))),
        OverrideStage.OVER: Q(status=OverrideStatus.ENDED) | (held & Q(ends_on__lt=day)),
        OverrideStage.REFUSED: Q(status__in=[OverrideStatus.REJECTED, OverrideStatus.WITHDRAWN]),
    }
    return conditions[OverrideStage(stage)]


def overrides_of(user: User | AnonymousUser) -> QuerySet[TierOverride]:
    """Overrides of customers in this person's sight, with their customers and people."""
    rows = TierOverride.objects.visible_to(user).filter(customer__merged_into=None)
    return rows.select_related("customer__branch", "customer__manager", "customer__position").select_related(
        "requested_by", "decided_by", "ended_by"
    )


def overrides_to_decide(user: User) -> QuerySet[TierOverride]:
    """Requests that wait for somebody like this person, the oldest first; never one's own."""
    if not has_role(user, *HEADS):
        return TierOverride.everything.none()
    waiting = overrides_of(user).filter(status=OverrideStatus.WAITING).exclude(requested_by=user)
    return waiting.order_by("requested_at", "pk")


def may_decide_override(user: User | AnonymousUser, override: TierOverride) -> bool:
    """True for a head in whose units the customer is and who did not ask for it."""
    if not has_role(user, *HEADS) or override.requested_by_id == user.pk:
        return False
    scope = scope_of(user)
    return scope.reach == Reach.BANK or override.customer.branch_id in scope.branch_ids


def may_end_override(user: User | AnonymousUser, override: TierOverride) -> bool:
    """True for who asked for an approved override and for the heads of the customer's unit."""
    if override.status != OverrideStatus.APPROVED:
        return False
    is_asker = override.requested_by_id == user.pk and has_role(user, *OVERRIDE_ASKERS)
    return is_asker or may_decide_override(user, override)


def live_override(customer_id: int) -> TierOverride | None:
    """The customer's override that waits or is approved, if there is one."""
    rows = TierOverride.everything.filter(customer_id=customer_id, status__in=LIVE)
    return rows.select_related("requested_by", "decided_by").first()


def held_between(customer_id: int, start: date, end: date) -> QuerySet[TierOverride]:
    """The customer's overrides that hold, or held, on a day of start..end."""
    return TierOverride.everything.filter(
        customer_id=customer_id, status__in=HELD, starts_on__lte=end, ends_on__gte=start
    )


def pending_override_approval(override: TierOverride) -> Approval | None:
    """The open request for a second person about the override, if there is one."""
    asked = Approval.objects.filter(kind=OVERRIDE_KIND, subject_id=override.pk, decision=Decision.PENDING)
    return asked.select_related("requested_by").first()


def given_on(customer: Customer, starts_on: date, today: date) -> Given:
    """What the customer may be given from `starts_on` on, by the version in force then."""
    scheme = Scheme.objects.in_force_on(starts_on)
    bands = tuple(reversed(bands_of(scheme))) if scheme else ()
    return Given(bands, letter_of(customer.position.tier, bands_for_display(today)))


def letter_of(rank: int, bands: Sequence[Band]) -> str:
    """The letter of a rank; "" for customers not tiered yet."""
    return next((band.letter for band in bands if band.rank == rank), "")


def last_run_day() -> date | None:
    """The latest day a re-tiering was begun for, finished or not."""
    last: date | None = RetierRun.objects.aggregate(last=Max("on"))["last"]
    return last


def override_digest(override: TierOverride) -> str:
    """64 hexadecimal digits that stand for exactly what was asked for."""
    said = [
        override.pk,
        override.letter,
        override.reason,
        override.starts_on.isoformat(),
        override.ends_on.isoformat(),
        override.requested_by_id,
    ]
    return sha256(json.dumps(said).encode()).hexdigest()
