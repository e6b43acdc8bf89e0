"""Decisions about people and tokens from plain values."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from staff.enums import Digest, Event

# How lists leave as files, until a policy of kind "exports" says otherwise.
EXPORTS: Final[Mapping[str, int]] = {"approval_over": 1_000, "expires_days": 7, "max_rows": 200_000}
EXPORT_LIMITS: Final[Mapping[str, tuple[int, int]]] = {
    "approval_over": (0, 1_000_000),
    "expires_days": (1, 90),
    "max_rows": (1, 1_000_000),
}
EXPORT_GROWTH: Final = 10  # per cent

TOKEN_PREFIX = "dcrm_"  # noqa: S105  what tokens begin with


class CycleFound(ValueError):
    """The units named are above themselves."""


def token_digest(text: str) -> bytes:
    """What is kept of a token: 32 bytes of SHA-256. The token has 256 random bits, so no salt is needed."""
    return hashlib.sha256(text.encode()).digest()


def unknown_scopes(wanted: Iterable[str], allowed: Iterable[str]) -> list[str]:
    """The scopes asked for that the role does not have, sorted."""
    return sorted(set(wanted) - set(allowed))


def tree_paths(parents: Mapping[int, int | None]) -> dict[int, str]:
    """The path "/root/.../id/" of every id, from each id's parent. Raises CycleFound."""
    paths: dict[int, str] = {}
    for start in parents:
        chain: list[int] = []
        at: int | None = start
        while at is not None and at not in paths:
            if at in chain:
                raise CycleFound(at)
            chain.append(at)
            at = parents[at]
        for unit in reversed(chain):
            parent = parents[unit]
            paths[unit] = f"{'/' if parent is None else paths[parent]}{unit}/"
    return paths


@dataclass(frozen=True, slots=True)
class ExportLimits:
    """Rows up to which nobody has to approve a file, days a file is kept, and rows no file may exceed."""

    approval_over: int
    expires_days: int
    max_rows: int

    def rows_allowed(self, *, expected: int, is_approved: bool) -> int:
        """Rows a file may come to when it is made: if approved, what was approved and 10 % by which lists grow."""
        approved = expected + expected * EXPORT_GROWTH // 100
        return min(self.max_rows, max(self.approval_over, approved if is_approved else 0))


def read_exports(values: Mapping[str, Any]) -> ExportLimits:
    """The limits of a policy of kind "exports". Raises ValueError("<name>_range") or ValueError("limits_order")."""
    for name, (low, high) in EXPORT_LIMITS.items():
        value = values.get(name)
        if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
            raise ValueError(f"{name}_range")
    if values["approval_over"] > values["max_rows"]:
        raise ValueError("limits_order")
    return ExportLimits(values["approval_over"], values["expires_days"], values["max_rows"])


def export_digest(
    *, list_key: str, query: str, numbers: Iterable[str], columns: Iterable[str], expected_rows: int, file_format: str
) -> str:
    """What an approval of a file is about, as 64 hexadecimal digits: any other rows or columns have another digest."""
    parts = [list_key, query, list(numbers), list(columns), expected_rows, file_format]
    return hashlib.sha256(json.dumps(parts, ensure_ascii=True, separators=(",", ":")).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class EventRule:
    """How an event is told unless a person chose otherwise, and whether they may switch it off."""

    in_app: bool = True
    digest: Digest = Digest.NONE
    may_mute: bool = True


# What somebody else waits for, and what keeps the bank running, cannot be switched off.
EVENTS: Final[Mapping[str, EventRule]] = {
    Event.FOLLOW_UP_DUE: EventRule(),
    Event.REFERRAL_RECEIVED: EventRule(digest=Digest.DAILY, may_mute=False),
    Event.REFERRAL_DECIDED: EventRule(),
    Event.REFERRAL_RESULT: EventRule(),
    Event.FEEDBACK_ASSIGNED: EventRule(digest=Digest.DAILY, may_mute=False),
    Event.FEEDBACK_OVERDUE: EventRule(digest=Digest.DAILY, may_mute=False),
    Event.HANDOVER_RECEIVED: EventRule(digest=Digest.DAILY, may_mute=False),
    Event.APPROVAL_WAITING: EventRule(digest=Digest.DAILY, may_mute=False),
    Event.APPROVAL_DECIDED: EventRule(),
    Event.JOB_DONE: EventRule(),
    Event.REPORT_READY: EventRule(),
    Event.CASE_RECEIVED: EventRule(digest=Digest.DAILY, may_mute=False),
    Event.CASE_WITHDRAWN: EventRule(),
    Event.CASE_ASSIGNED: EventRule(digest=Digest.AT_ONCE, may_mute=False),
    Event.PROBLEM_FOUND: EventRule(digest=Digest.DAILY, may_mute=False),
    Event.ACTION_ASSIGNED: EventRule(digest=Digest.DAILY, may_mute=False),
    Event.ACTION_OVERDUE: EventRule(digest=Digest.DAILY, may_mute=False),
    Event.EVIDENCE_DAMAGED: EventRule(digest=Digest.AT_ONCE, may_mute=False),
    Event.CASE_LATE: EventRule(digest=Digest.DAILY, may_mute=False),
    Event.CASE_TIME_ASKED: EventRule(digest=Digest.DAILY, may_mute=False),
    Event.CASE_TIME_DECIDED: EventRule(digest=Digest.DAILY, may_mute=False),
    Event.CASE_REVIEW_DUE: EventRule(digest=Digest.DAILY, may_mute=False),
    Event.CAMPAIGN_HELD: EventRule(digest=Digest.DAILY, may_mute=False),
    Event.TARGET_SET: EventRule(digest=Digest.DAILY),
    Event.ABSENCE_ENTERED: EventRule(digest=Digest.DAILY),
    Event.CERTIFICATE_ENDS: EventRule(digest=Digest.DAILY, may_mute=False),
    Event.CERTIFICATE_REVOKED: EventRule(digest=Digest.DAILY, may_mute=False),
    Event.SESSION_CHANGED: EventRule(digest=Digest.DAILY, may_mute=False),
    Event.CHECKS_TO_SCORE: EventRule(digest=Digest.DAILY, may_mute=False),
    Event.CHECK_DIFFERS: EventRule(digest=Digest.DAILY, may_mute=False),
    Event.FINDING_ISSUED: EventRule(digest=Digest.DAILY, may_mute=False),
    Event.FINDING_STEP: EventRule(digest=Digest.DAILY, may_mute=False),
    Event.SCORER_GONE: EventRule(digest=Digest.DAILY, may_mute=False),
    Event.FINDING_LATE: EventRule(digest=Digest.DAILY, may_mute=False),
    Event.OUTFLOW_WARNED: EventRule(digest=Digest.DAILY),
    Event.NIGHT_FAILED: EventRule(digest=Digest.AT_ONCE, may_mute=False),
}
# How long read notifications are kept, until a policy of kind "notices" says otherwise.
NOTICES: Final[Mapping[str, int]] = {"keep_days": 90}


def how_told(event: str, chosen: tuple[bool, str] | None) -> EventRule:
    """How an event reaches somebody who chose (in the bell, by mail); what may not be muted stays in the bell."""
    rule = EVENTS[event]
    if chosen is None:
        return rule
    in_app, digest = chosen
    return EventRule(in_app or not rule.may_mute, Digest(digest), rule.may_mute)


def mail_address(pattern: str, *, username: str, staff_no: str) -> str:
    """Where a person's mail goes by the bank's own pattern, such as "{staff_no}@mail.bank"; "" without a pattern."""
    return pattern.replace("{username}", username).replace("{staff_no}", staff_no) if "@" in pattern else ""


def read_notices(values: Mapping[str, Any]) -> int:
    """Days read notifications are kept, of a policy of kind "notices". Raises ValueError("keep_days_range")."""
    days = values.get("keep_days")
    if not isinstance(days, int) or isinstance(days, bool) or not 7 <= days <= 3_660:
        raise ValueError("keep_days_range")
    return days
