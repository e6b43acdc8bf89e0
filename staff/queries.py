"""What is read about people, tokens and the trail."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from core.models import TrailEntry
from staff.access import HEADS, SCOPES_BY_ROLE, scope_of
from staff.enums import Reach, Role
from staff.models import ApiToken, Branch, Policy, User

# Words for the actions of the trail; one without a word shows as it is.
ACTIONS = {
    "approve": _("Approved"),
    "change": _("Changed"),
    "create": _("Created"),
    "discard": _("Discarded"),
    "export": _("Exported"),
    "import": _("Imported"),
    "issue": _("Issued"),
    "load": _("Loaded"),
    "log": _("Contact logged"),
    "publish": _("Published"),
    "reject": _("Rejected"),
    "request": _("Asked for approval"),
    "reveal": _("Revealed"),
    "revoke": _("Revoked"),
    "run": _("Run"),
    "set_password": _("Password set"),
    "share": _("Shared"),
    "sign_in": _("Signed in"),
    "sign_in_failed": _("Sign-in failed"),
    "sign_in_locked": _("Sign-in locked"),
    "sign_out": _("Signed out"),
    "undo": _("Contact taken back"),
    "upload": _("Uploaded"),
    "withdraw": _("Withdrawn"),
}


def people_for(user: User) -> QuerySet[User]:
    """Whom this person may list: an administrator everybody, a head the people of their units, others nobody."""
    people = User.objects.select_related("branch")
    if user.role == Role.ADMIN:
        return people
    scope = scope_of(user)
    if user.role not in HEADS:
        return people.none()
    return people if scope.reach == Reach.BANK else people.filter(branch_id__in=scope.branch_ids)


def trail_for(user: User) -> QuerySet[TrailEntry]:
    """The trail this person may read: the auditor all of it, compliance the acts of people of their units."""
    entries = TrailEntry.objects.all()
    if user.role == Role.AUDITOR:
        return entries
    if user.role != Role.COMPLIANCE:
        return entries.none()
    scope = scope_of(user)
    if scope.reach == Reach.BANK:
        return entries
    return entries.filter(actor_id__in=User.objects.filter(branch_id__in=scope.branch_ids).values("pk"))


def tokens_of(user: User) -> QuerySet[ApiToken]:
    """A person's tokens that were not revoked, newest first."""
    return ApiToken.objects.filter(user=user, revoked_at=None).order_by("-pk")


def branches_by_tree() -> QuerySet[Branch]:
    """All units in the order of their codes, for choosing one."""
    return Branch.objects.order_by("code")


def grantable_scopes(user: User) -> list[str]:
    """Scopes a token of this person may carry, sorted."""
    return sorted(SCOPES_BY_ROLE[user.role])


def member_by_sign_in(typed: str) -> User | None:
    """Whom somebody means who types a sign-in name (in any case) or a staff number."""
    text = typed.strip()
    return User.objects.filter(username=text.lower()).first() or User.objects.filter(staff_no=text).first()


@dataclass(frozen=True, slots=True)
class InForce:
    """The rules of a kind on a day: version 0 = the built-in ones."""

    version: int
    values: Mapping[str, Any]


def policy_on(kind: str, day: date, built_in: Mapping[str, Any]) -> InForce:
    """The approved values of a kind in force on `day`; a value a version does not name is the built-in one."""
    found = Policy.objects.in_force_on(kind, day)
    return InForce(found.version, {**built_in, **found.values}) if found else InForce(0, dict(built_in))
