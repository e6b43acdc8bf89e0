"""What is read about people, tokens and the trail."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from core.memo import once_a_request
from core.models import TrailEntry
from staff.access import HEADS, SCOPES_BY_ROLE, scope_of
from staff.enums import ExportState, Reach, Role
from staff.models import ApiToken, Branch, Export, Policy, SavedView, User
from staff.rules import EXPORTS, ExportLimits, read_exports

# Who decides on large files: for their own units, head office for the bank.
EXPORT_DECIDERS = (*HEADS, Role.COMPLIANCE)
# Words for the actions of the trail; one without a word shows as it is.
ACTIONS = {
    "approve": _("Approved"),
    "change": _("Changed"),
    "close_promise": _("Promise closed"),
    "convert": _("Became a customer"),
    "confirm": _("Confirmed"),
    "create": _("Created"),
    "delete": _("Deleted"),
    "discard": _("Discarded"),
    "dismiss": _("Dismissed"),
    "dismiss_alert": _("Alert dismissed"),
    "download": _("Downloaded"),
    "drop": _("Given up"),
    "export": _("Exported"),
    "export_expire": _("File deleted after its time"),
    "export_fail": _("Export failed"),
    "export_request": _("Export asked for"),
    "give_consent": _("Consent given"),
    "hand_back": _("Hand-over taken back"),
    "hand_over": _("Handed over"),
    "import": _("Imported"),
    "issue": _("Issued"),
    "load": _("Loaded"),
    "match": _("Learned of a customer out of sight"),
    "log": _("Contact logged"),
    "merge": _("Customers merged"),
    "merge_request": _("Merge asked for"),
    "override": _("Another tier given"),
    "override_end": _("Override ended early"),
    "override_expire": _("Override over"),
    "override_request": _("Another tier asked for"),
    "promise": _("Promised"),
    "publish": _("Published"),
    "raise_alert": _("Alert raised"),
    "refuse": _("Not stated by the customer"),
    "reject": _("Rejected"),
    "renew": _("Document renewed"),
    "request": _("Asked for approval"),
    "reveal": _("Revealed"),
    "review": _("Reviewed"),
    "revoke": _("Revoked"),
    "run": _("Run"),
    "set_password": _("Password set"),
    "share": _("Shared"),
    "sign_in": _("Signed in"),
    "sign_in_failed": _("Sign-in failed"),
    "sign_in_locked": _("Sign-in locked"),
    "sign_out": _("Signed out"),
    "undo": _("Contact taken back"),
    "unmerge": _("Merge taken back"),
    "unmerge_request": _("Undo of a merge asked for"),
    "unshare": _("No longer shared"),
    "upload": _("Uploaded"),
    "withdraw": _("Withdrawn"),
    "withdraw_consent": _("Consent withdrawn"),
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


def export_limits(day: date) -> ExportLimits:
    """The limits for files of lists in force on `day`."""
    return read_exports(policy_on("exports", day, EXPORTS).values)


def exports_to_decide(user: User) -> QuerySet[Export]:
    """Files that wait for somebody like this person to approve them, the oldest first; never one's own."""
    waiting = Export.everything.filter(state=ExportState.PENDING).exclude(requested_by=user)
    waiting = waiting.select_related("requested_by__branch", "approval").order_by("requested_at", "pk")
    scope = scope_of(user)
    if user.role not in EXPORT_DECIDERS:
        return waiting.none()
    return waiting if scope.reach == Reach.BANK else waiting.filter(requested_by__branch_id__in=scope.branch_ids)


def may_download(export: Export, user: User, *, at: datetime) -> bool:
    """Whether the file may leave now: to its asker, in its time, under the rights it was made with."""
    if export.state != ExportState.DONE or export.expires_at is None or export.expires_at <= at:
        return False
    return (export.requested_by_id, export.role, export.branch_id) == (user.pk, user.role, user.branch_id)


@once_a_request
def views_of(user: User, list_key: str) -> list[SavedView]:
    """A person's views of a list and those shared with their unit, with their owners, by name."""
    views = SavedView.objects.visible_to(user).filter(list_key=list_key).select_related("owner")
    return list(views.order_by("name", "pk"))


def view_to_open(user: User, list_key: str, params: Mapping[str, Any]) -> SavedView | None:
    """The view an address asks for: the one of ?view= alone; the person's default where there is no parameter."""
    if not params:
        return next((view for view in views_of(user, list_key) if view.is_default and view.owner_id == user.pk), None)
    asked = str(params.get("view", ""))
    if set(params) != {"view"} or not asked.isdecimal() or len(asked) > 18:
        return None
    return next((view for view in views_of(user, list_key) if str(view.pk) == asked.lstrip("0")), None)


def people_offered(people: QuerySet[User], viewer: User, unit_code: str, staff_no: str) -> QuerySet[User]:
    """Those of `people` whom a filter offers: of the chosen unit; of a whole bank, with its thousands, the chosen."""
    if unit_code:
        return people.filter(Q(branch__code=unit_code) | Q(staff_no=staff_no))
    return people.filter(staff_no=staff_no) if scope_of(viewer).reach == Reach.BANK else people
