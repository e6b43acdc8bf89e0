"""Reads of the inbox: the cases in sight, and the conditions its filters, counts, board and statistics share."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from django.db.models import Count, F, OuterRef, Q, QuerySet, Subquery

from complaints.models import Complaint, Decision
from complaints.models.cases import ComplaintQuerySet
from complaints.rules.moves import DECIDED, ENDED, LIVE, OPEN
from staff.access import BOOK_KEEPERS, COUNTER, HEADS, scope_of
from staff.enums import Reach, Role
from staff.models import Branch, User

SOON, WEEK = 3, 7
# Only open cases have a next deadline; said so, every index that ends in it serves.
IS_OPEN: Final = Q(next_due_on__isnull=False)
HANDLERS: Final = (*COUNTER, *BOOK_KEEPERS, *HEADS, Role.COMPLIANCE)
# Long, or nobody's business in a list.
_WIDE: Final = (
    *("name_cipher", "phone_cipher", "address_cipher", "account_cipher", "wanted_cipher"),
    *(f"customer__{name}_cipher" for name in ("id_no", "phone", "email", "address", "wechat")),
    "customer__name_grams",
)


@dataclass(frozen=True, slots=True)
class Counts:
    """How many cases wait, by what presses most."""

    overdue: int
    today: int
    soon: int
    law_overdue: int
    nobody: int


def cases_for(user: User) -> ComplaintQuerySet:
    """The cases somebody may see, with what a list shows of them and nothing sealed."""
    rows = Complaint.objects.visible_to(user).select_related("branch", "desk", "customer", "handler")
    return with_finding(rows.defer(*_WIDE))


def stage_is(stage: str) -> Q:
    """How far a case is, as a condition: open (to be decided), live (not ended), ended, all, or a state by name."""
    if stage == "all":
        return Q()
    if stage == "open":
        return IS_OPEN
    groups = {"live": LIVE, "ended": ENDED}
    return Q(state__in=groups[stage]) if stage in groups else Q(state=stage)


def band_is(band: str, day: date, clock: str = "next_due_on") -> Q:
    """Open cases whose deadline (`clock` = its column) lies so far from `day`: overdue, today, soon, week, later.

    Soon are the three days after today, week the four after these: no case is in two bands.
    """
    near, far = day + timedelta(days=SOON), day + timedelta(days=WEEK)
    spans: Mapping[str, dict[str, date]] = {
        "overdue": {"lt": day},
        "today": {"gte": day, "lte": day},
        "soon": {"gt": day, "lte": near},
        "week": {"gt": near, "lte": far},
        "later": {"gt": far},
    }
    return IS_OPEN & Q(**{f"{clock}__{side}": end for side, end in spans[band].items()})


def timing_is(timing: str, day: date) -> Q:
    """How the statutory clock ended, as a condition: on_time, late (past it without an answer, too), running, none.

    Every case is one of the four; "none" are those withdrawn before an answer.
    """
    undecided, decided = Q(state__in=OPEN), Q(state__in=DECIDED)
    return {
        "on_time": decided & Q(answered_on__lte=F("due_on")),
        "late": (decided & Q(answered_on__gt=F("due_on"))) | (undecided & Q(due_on__lt=day)),
        "running": undecided & Q(due_on__gte=day),
        "none": ~Q(state__in=(*OPEN, *DECIDED)),
    }[timing]


def count_waiting(rows: QuerySet[Complaint], day: date) -> Counts:
    """The open cases among `rows`, counted in one statement."""
    found = (
        rows.filter(stage_is("open"))
        .order_by()
        .aggregate(
            overdue=Count("pk", filter=band_is("overdue", day)),
            today=Count("pk", filter=band_is("today", day)),
            soon=Count("pk", filter=band_is("soon", day)),
            law_overdue=Count("pk", filter=band_is("overdue", day, "due_on")),
            nobody=Count("pk", filter=Q(handler=None)),
        )
    )
    return Counts(**found)


def with_finding(rows: ComplaintQuerySet) -> ComplaintQuerySet:
    """Cases with `finding`: what the latest decision somebody approved found; None without one."""
    decided = Decision.everything.filter(complaint=OuterRef("pk"), approved_by__isnull=False)
    return rows.annotate(finding=Subquery(decided.order_by("-round", "-version").values("finding")[:1]))


def units_seen(viewer: User) -> QuerySet[Branch]:
    """The units whose complaints somebody may ask for by name, by code."""
    scope, units = scope_of(viewer), Branch.objects.order_by("code")
    return units if scope.reach == Reach.BANK else units.filter(pk__in=scope.branch_ids)


def handlers_seen(viewer: User) -> QuerySet[User]:
    """Who may handle cases at the units somebody sees, by unit and name."""
    scope = scope_of(viewer)
    people = User.objects.filter(is_active=True, role__in=HANDLERS).select_related("branch")
    people = people if scope.reach == Reach.BANK else people.filter(branch__in=scope.branch_ids)
    return people.order_by("branch__code", "name", "pk")


def handlers_of(cases: Iterable[Complaint]) -> QuerySet[User]:
    """Whom several cases can be given to: people of their desks, but for those kept away from any of them."""
    cases = list(cases)
    away = {pk for case in cases for pk in case.recused}
    people = User.objects.filter(is_active=True, role__in=HANDLERS, branch_id__in={case.desk_id for case in cases})
    return people.exclude(pk__in=away).select_related("branch").order_by("branch__code", "name", "pk")
