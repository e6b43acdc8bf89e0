"""What is read about people, tokens and the trail."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db.models import Q, QuerySet

from core.memo import once_a_request
from core.models import TrailEntry
from staff.access import BOOK_KEEPERS, HEADS, SCOPES_BY_ROLE, SERVING, scope_of
from staff.enums import EVENT_CODES, EVENT_WORDS, Event, ExportState, Reach, Role
from staff.models import Absence, ApiToken, Branch, Export, Notification, NotificationChoice, Policy, SavedView, User
from staff.queries.actions import ACTIONS as ACTIONS
from staff.rules import EVENTS, EXPORTS, NOTICES, EventRule, ExportLimits, how_told, read_exports, read_notices

# Who decides on large files: for their own units, head office for the bank.
EXPORT_DECIDERS = (*HEADS, Role.COMPLIANCE)
# What acts on a complaint are about.
CASE = "complaints.complaint"


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
    scope, entries = scope_of(user), without_cases_kept_from(user, entries)
    if scope.reach == Reach.BANK:
        return entries
    return entries.filter(actor_id__in=User.objects.filter(branch_id__in=scope.branch_ids).values("pk"))


def without_cases_kept_from(user: User, entries: QuerySet[TrailEntry]) -> QuerySet[TrailEntry]:
    """Without what was done to a case this person is kept away from, before that day as after it.

    An entry names them in "kept_from"; the others of the case have its number as their subject's or in "complaint".
    """
    kept = Q(changes__has_key="kept_from", changes__kept_from__contains=user.pk)
    numbers = TrailEntry.objects.filter(kept, subject=CASE).order_by().values_list("subject_id", flat=True).distinct()
    cases = list(numbers)
    of_cases = Q(subject=CASE, subject_id__in=cases) | Q(changes__has_key="complaint", changes__complaint__in=cases)
    return entries.exclude(kept).exclude(of_cases) if cases else entries.exclude(kept)


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
    is_same = (export.requested_by_id, export.role, export.branch_id) == (user.pk, user.role, user.branch_id)
    return is_same and stands_in_still(export, user)


def stands_in_still(export: Export, user: User) -> bool:
    """Whether the person still stands in for everybody whose customers the file may hold."""
    return set(export.stood_in) <= scope_of(user).stood_in


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


UNREAD_SHOWN = 99


def unread_count(user: User) -> int:
    """How many notifications the person has not looked at, from the index alone; never more than 100."""
    return Notification.objects.of_person(user).unread()[: UNREAD_SHOWN + 1].count()


def words_of(notice: Notification) -> str:
    """What a notification says, in the language in use; codes among its values become words."""
    values = {name: EVENT_CODES.get(name, {}).get(value, value) for name, value in notice.params.items()}
    template = EVENT_WORDS.get(Event(notice.event)) if notice.event in Event.values else None
    try:
        return str(template) % values if template else notice.event
    except KeyError:  # told by an older version of the product
        return str(Event(notice.event).label)


@dataclass(frozen=True, slots=True)
class EventChoice:
    """An event, how it reaches this person now, and whether they may switch it off in the bell."""

    event: Event
    told: EventRule


def event_choices(user: User) -> list[EventChoice]:
    """Every event with how this person hears of it."""
    rows = NotificationChoice.objects.filter(user=user).values_list("event", "in_app", "digest")
    chosen = {event: (in_app, digest) for event, in_app, digest in rows}
    return [EventChoice(Event(event), how_told(event, chosen.get(event))) for event in EVENTS]


def notices_kept(day: date) -> int:
    """Days read notifications are kept under the rules in force on `day`."""
    return read_notices(policy_on("notices", day, NOTICES).values)


def heads_near(branch: Branch, *, but: int = 0) -> QuerySet[User]:
    """Those who decide for a unit: its heads, else those of the nearest unit above; never the person `but`."""
    ids = [int(part) for part in reversed(branch.path.strip("/").split("/")) if part]
    heads = User.objects.filter(role__in=HEADS, is_active=True).exclude(pk=but)
    found = set(heads.filter(branch_id__in=ids).values_list("branch_id", flat=True))
    return heads.filter(branch_id=next((pk for pk in ids if pk in found), 0))


def rule_setters(*, but: int = 0) -> QuerySet[User]:
    """Those who may decide on rules of the whole bank: administrators and its head office, but for one person."""
    everywhere = Q(role=Role.ADMIN) | Q(role=Role.HEAD_OFFICE, branch__parent=None)
    return User.objects.filter(everywhere, is_active=True).exclude(pk=but)


def absences_between(user: User, first: date, last: date) -> QuerySet[Absence]:
    """A person's absences that touch the days first..last."""
    return Absence.objects.filter(user=user, cancelled_at=None, starts_on__lte=last, ends_on__gte=first)


def absences_for(user: User) -> QuerySet[Absence]:
    """Absences this person may see, with their people: one's own, and where one stands in; for heads of their units."""
    rows = Absence.objects.select_related("user__branch", "deputy", "created_by")
    mine = Q(user=user) | Q(deputy=user)
    if user.role not in HEADS:
        return rows.filter(mine)
    scope = scope_of(user)
    return rows if scope.reach == Reach.BANK else rows.filter(mine | Q(user__branch_id__in=scope.branch_ids))


def away_people(viewer: User) -> QuerySet[User]:
    """Whose absences this person may enter, by name: one's own; for heads all who serve customers in their units."""
    people = User.objects.filter(is_active=True).select_related("branch").order_by("branch__code", "name", "pk")
    if viewer.role not in HEADS:
        return people.filter(pk=viewer.pk)
    scope, serving = scope_of(viewer), people.filter(Q(role__in=SERVING) | Q(pk=viewer.pk))
    # The whole bank's people are their own heads' business.
    units = [viewer.branch_id] if scope.reach == Reach.BANK else sorted(scope.branch_ids)
    return serving.filter(branch_id__in=units)


def may_enter_absence(actor: User, user: User) -> bool:
    """Whether a person may enter and cancel somebody's absences: oneself, and the heads of the unit."""
    return actor.pk == user.pk or (actor.role in HEADS and away_people(actor).filter(pk=user.pk).exists())


def deputies_for(user: User) -> QuerySet[User]:
    """Who may stand in for somebody: of the same unit, looking after customers, or its head."""
    same = User.objects.filter(branch_id=user.branch_id, is_active=True, role__in=[*BOOK_KEEPERS, Role.BRANCH_HEAD])
    return same.exclude(pk=user.pk).order_by("name", "pk")


def deputies_offered(viewer: User) -> QuerySet[User]:
    """Whom a person may name as a deputy for anybody whose absences they enter."""
    units = away_people(viewer).order_by().values("branch_id")
    people = User.objects.filter(branch_id__in=units, is_active=True, role__in=[*BOOK_KEEPERS, Role.BRANCH_HEAD])
    return people.select_related("branch").order_by("branch__code", "name", "pk")


def may_stand_in(deputy: User, user: User) -> bool:
    """Whether a person may stand in for somebody."""
    return deputies_for(user).filter(pk=deputy.pk).exists()


def deputies_on(day: date) -> dict[int, int | None]:
    """Who is away on a day, with the deputy named for it (None = each customer's backup stands in), by key."""
    return dict(Absence.objects.on(day).values_list("user_id", "deputy_id"))
