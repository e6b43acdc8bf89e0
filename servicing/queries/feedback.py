"""Reads of feedback: the rules in force, whose business it is, counts by tag."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import Count, Q, QuerySet
from django.utils.translation import get_language

from core.clock import today
from core.memo import once_a_request
from customers.models import Customer
from servicing.models import Feedback, FeedbackQuerySet
from servicing.rules.feedback import BUILT_IN, OPEN, FeedbackRules, may_undo, read_feedback
from servicing.rules.voice import Named
from staff.access import BOOK_KEEPERS, COUNTER, HEADS, has_role
from staff.enums import PolicyStatus, Role
from staff.models import Branch, Policy, User
from staff.queries import heads_near, policy_on

KIND = "feedback"
RECORDERS = (*COUNTER, *BOOK_KEEPERS, *HEADS)


@dataclass(frozen=True, slots=True)
class TagCount:
    """How often a tag was given in a list, how much of it is open, and its name."""

    code: str
    name: str
    count: int
    open: int


@once_a_request
def feedback_rules(day: date) -> FeedbackRules:
    """The rules of feedback in force on `day`."""
    return read_feedback(policy_on(KIND, day, BUILT_IN).values)


def tags_offered(group: str) -> list[tuple[str, str]]:
    """Codes and names of the tags ("products" or "processes") to choose from today."""
    return _pairs(getattr(feedback_rules(today()), group))


@once_a_request
def tag_names(group: str) -> Mapping[str, str]:
    """Every tag there ever was with its latest name, in the language in use: old rows keep their words."""
    approved = Policy.objects.filter(kind=KIND, status=PolicyStatus.APPROVED).order_by("effective_on", "version")
    found = dict(_pairs(getattr(read_feedback(BUILT_IN), group)))
    for values in approved.values_list("values", flat=True):
        found |= dict(_pairs(getattr(read_feedback({**BUILT_IN, **values}), group)))
    return found


def _pairs(named: Iterable[Named]) -> list[tuple[str, str]]:
    language = get_language() or ""
    return [(one.code, one.name(language)) for one in named]


def feedback_of(viewer: User) -> FeedbackQuerySet:
    """Feedback this person may see, with its people."""
    rows = Feedback.objects.visible_to(viewer)
    return rows.select_related("customer", "branch", "owner", "recorded_by")


def overdue_on(day: date) -> Q:
    """Not answered though the day for it is past."""
    return Q(state="open", due_on__lt=day)


def counts_by_tag(rows: QuerySet[Feedback], field: str, group: str) -> list[TagCount]:
    """How often each tag of a group was given among these rows, the most frequent first; untagged ones are left out."""
    names = tag_names(group)
    found = rows.order_by().exclude(**{field: ""}).values_list(field)
    counted = found.annotate(n=Count("pk"), still=Count("pk", filter=Q(state__in=OPEN))).order_by("-n", field)
    return [TagCount(code, names.get(code, code), count, still) for code, count, still in counted]


def may_work_on(user: User, feedback: Feedback) -> bool:
    """True for its owner, and for the heads who see it."""
    return feedback.owner_id == user.pk or has_role(user, *HEADS)


def may_put_back(feedback: Feedback, at: datetime) -> bool:
    """Whether closing it can still be taken back as a mistake."""
    return may_undo(closed_at=feedback.closed_at, at=at, undo_days=feedback_rules(at.date()).undo_days)


def owners_for(customer: Customer | None, branch: Branch) -> QuerySet[User]:
    """Who may be given feedback: people of the unit who see what it is about, and the heads above them; by name."""
    unit = Q(branch=branch, role__in=[*COUNTER, Role.BRANCH_HEAD])
    if customer is None:
        unit |= Q(branch=branch, role__in=BOOK_KEEPERS)
    else:
        unit |= Q(pk__in=[pk for pk in (customer.manager_id, customer.backup_id) if pk])
    above = [int(part) for part in branch.path.strip("/").split("/") if part]
    heads = Q(role__in=HEADS, branch_id__in=above)
    return User.objects.filter(unit | heads, is_active=True).order_by("name", "pk")


def first_owner(customer: Customer | None, branch: Branch) -> User | None:
    """Who answers for it until somebody else is named: the customer's manager, else the head of the unit."""
    manager = customer.manager if customer else None
    if manager is not None and manager.is_active:
        return manager
    return heads_near(branch).order_by("pk").first()
