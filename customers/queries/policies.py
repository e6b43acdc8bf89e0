"""Versions of rules as the pages about them read them."""

from datetime import date

from django.db.models import QuerySet

from staff.enums import Decision, PolicyStatus
from staff.models import Approval, Policy
from staff.services.policies import APPROVAL_KIND


def versions_of(kind: str) -> QuerySet[Policy]:
    """All versions of a kind with the people behind them, the newest first."""
    return Policy.objects.filter(kind=kind).select_related("drafted_by", "approved_by").order_by("-version")


def approved_order(versions: list[Policy]) -> list[Policy]:
    """The approved ones in the order they took or will take over; of one date only the latest version ever holds."""
    approved = [version for version in versions if version.status == PolicyStatus.APPROVED]
    return sorted(approved, key=lambda version: (version.effective_on, version.version))


def in_force_among(versions: list[Policy], day: date) -> Policy | None:
    """Which of a kind's versions holds on a day; None = the built-in rules."""
    held = [version for version in approved_order(versions) if version.effective_on <= day]
    return held[-1] if held else None


def next_among(versions: list[Policy], day: date) -> Policy | None:
    """The approved version that takes over next after a day; of several for one date the latest."""
    coming = [version for version in approved_order(versions) if version.effective_on > day]
    return max((v for v in coming if v.effective_on == coming[0].effective_on), key=lambda v: v.version, default=None)


def predecessor(version: Policy, versions: list[Policy]) -> Policy | None:
    """What a version takes over from, or would: the approved one before it by date; None = the built-in rules."""
    place = (version.effective_on, version.version)
    before = [other for other in approved_order(versions) if (other.effective_on, other.version) < place]
    return before[-1] if before else None


def waiting_for(versions: list[Policy]) -> dict[int, Approval]:
    """Requests for approval that are open, by the version's key."""
    keys = [version.pk for version in versions if version.status == PolicyStatus.SUBMITTED]
    asked = Approval.objects.filter(kind=APPROVAL_KIND, subject_id__in=keys, decision=Decision.PENDING)
    return {found.subject_id: found for found in asked.select_related("requested_by")}


def all_versions() -> dict[str, list[Policy]]:
    """Every version of every kind, by kind."""
    found: dict[str, list[Policy]] = {}
    for version in Policy.objects.order_by("kind", "version"):
        found.setdefault(version.kind, []).append(version)
    return found
