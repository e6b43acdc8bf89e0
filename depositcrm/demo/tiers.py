"""The policy desk of the demo: a scheme that waits for its second person, entitlements, standards and overrides."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime, timedelta
from random import Random
from typing import Any

from customers.models import CustomerPosition
from staff.enums import Role
from staff.models import Policy, User
from staff.services import policies
from staff.services.policies import Reader
from tiers.enums import EntitlementKind, Measure
from tiers.models import Scheme, TierOverride
from tiers.queries import bands_for_display, content_of, first_free_day
from tiers.queries.overrides import override_digest
from tiers.rules import catalogue, standards
from tiers.services.overrides import Asked, approve_override, request_override
from tiers.services.schemes import draft_scheme, submit_scheme

TRAIN: Mapping[str, Any] = {
    "code": "lounge_2",
    "kind": EntitlementKind.LOUNGE.value,
    "name_zh": "高铁贵宾厅",
    "name_en": "Train lounge",
    "text_zh": "本人及一位同行人使用。",
    "text_en": "For the customer and one companion.",
    "tiers": ["A"],
    "cost": "60.00",
    "quota": 12,
    "since": None,
    "until": None,
}
REASONS = ("随迁客户，他行资金分批到账，先按原等级服务", "对公老客户负责人，经支行会议讨论给予过渡期")
OVERRIDE_DAYS = 90
AHEAD = 30


def seed_policy_desk(*, rng: Random, end: date, at: datetime) -> None:
    """Versions of entitlements and standards in force, a scheme and a catalogue that wait, two overrides."""
    admin = User.objects.filter(role=Role.ADMIN).order_by("pk").first()
    officer = User.objects.filter(role=Role.HEAD_OFFICE, branch__parent=None).order_by("pk").first()
    if admin is None or officer is None or Scheme.objects.filter(version__gt=1).exists():
        return
    day = max(end, at.date())
    _policies(day, at, admin, officer)
    _waiting_scheme(day, at, admin)
    _overrides(rng, day, at)


def _policies(day: date, at: datetime, admin: User, officer: User) -> None:
    items = [*catalogue.BUILT_IN["items"], TRAIN]
    first = _draft("entitlements", {"items": items}, day, "新增高铁贵宾厅", admin, at, catalogue.read_entitlements)
    _approve(first, officer, at, catalogue.read_entitlements)
    ending = {**TRAIN, "until": date(day.year + 1, 12, 31).isoformat()}
    later = [*catalogue.BUILT_IN["items"], ending]
    _draft(
        "entitlements",
        {"items": later},
        day + timedelta(days=AHEAD),
        "明确合同到期日",
        admin,
        at,
        catalogue.read_entitlements,
    )
    tiers = {**standards.BUILT_IN["tiers"], "B": {**standards.BUILT_IN["tiers"]["B"], "contact_days": 45}}
    closer = _draft(
        "standards", {"tiers": tiers}, day, "优质客户联系间隔缩短到45天", admin, at, standards.read_standards
    )
    _approve(closer, officer, at, standards.read_standards)


def _draft(
    kind: str, values: Mapping[str, Any], day: date, note: str, actor: User, at: datetime, read: Reader
) -> Policy:
    """A version that waits for its second person."""
    draft = policies.draft_policy(kind=kind, values=values, effective_on=day, note=note, actor=actor, at=at, read=read)
    policies.submit(policy=draft, actor=actor, at=at)
    return draft


def _approve(draft: Policy, actor: User, at: datetime, read: Reader) -> None:
    draft.refresh_from_db()
    digest = policies.digest_of(draft)
    policies.decide(policy=draft, digest=digest, approve=True, actor=actor, at=at, read=read, comment="同意")


def _waiting_scheme(day: date, at: datetime, admin: User) -> None:
    """By the month's average instead of the closing balance, and slow down: what head office is asked to decide."""
    in_force = Scheme.objects.in_force_on(day)
    if in_force is None:
        return
    start = (first_free_day(day).replace(day=1) + timedelta(days=32)).replace(day=1)
    content = replace(
        content_of(in_force),
        name="月日均方案 Monthly average",
        measure=Measure.ADB_MONTH,
        watch_periods=3,
        effective_on=start,
        note="避免月末冲时点：按月日均定级，连续三个月低于下限才下调",
    )
    submit_scheme(scheme=draft_scheme(content=content, actor=admin, at=at), actor=admin, at=at)


def _overrides(rng: Random, day: date, at: datetime) -> None:
    """One that a head approved, one that waits."""
    manager = User.objects.filter(role=Role.MANAGER, username="manager").first()
    head = User.objects.filter(role=Role.BRANCH_HEAD, branch=manager.branch).first() if manager else None
    if manager is None or head is None:
        return
    start = first_free_day(day)
    letter = next((band.letter for band in bands_for_display(day) if band.rank == 3), "")
    held = CustomerPosition.everything.filter(manager=manager, tier=2, customer__merged_into=None)
    chosen = list(held.select_related("customer").order_by("pk")[:20])
    if not letter or len(chosen) < len(REASONS):
        return
    made: list[TierOverride] = []
    for reason, position in zip(REASONS, rng.sample(chosen, len(REASONS)), strict=True):
        asked = Asked(letter=letter, reason=reason, starts_on=start, ends_on=start + timedelta(days=OVERRIDE_DAYS))
        made.append(request_override(customer=position.customer, asked=asked, actor=manager, at=at))
    approve_override(override=made[0], digest=override_digest(made[0]), actor=head, at=at, comment="同意过渡")
