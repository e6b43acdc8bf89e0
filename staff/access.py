"""Who may see and do what: the one place that decides it. Default is deny."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any, TypeGuard

from django.contrib.auth.models import AnonymousUser
from django.contrib.auth.views import redirect_to_login
from django.contrib.postgres.expressions import ArraySubquery
from django.core.exceptions import PermissionDenied
from django.db.models import Count, OuterRef, QuerySet, Subquery
from django.http import HttpRequest, HttpResponse

from core.clock import today
from staff.enums import Reach, Role
from staff.models import Absence, Branch, Notification, User

View = Callable[..., HttpResponse]

COUNTER = (Role.TELLER, Role.LOBBY)
MANAGERS = (Role.MANAGER, Role.SENIOR_MANAGER)
BOOK_KEEPERS = (*MANAGERS, Role.EXPERT)
HEADS = (Role.BRANCH_HEAD, Role.HEAD_OFFICE)
# Everybody who may open a customer at all; admin and auditor may not.
CUSTOMER_ROLES = (*COUNTER, *BOOK_KEEPERS, *HEADS, Role.COMPLIANCE)
# Those who serve customers and keep their records right.
SERVING = (*COUNTER, *BOOK_KEEPERS, Role.BRANCH_HEAD)
AMOUNT_ROLES = (*BOOK_KEEPERS, *HEADS)
EVERYONE = tuple(Role)

# What each role's interface tokens and sessions may ask the API for; a token carries a subset of its owner's.
_READ = frozenset(
    {"customers:read", "tiers:read", "interactions:read", "consents:read", "follow-ups:read", "complaints:read"}
)
# Revealing a masked field is a write: it leaves an entry on the trail.
_SERVE = _READ | {
    *("customers:write", "interactions:write", "consents:write", "follow-ups:write", "agenda:read"),
    *("referrals:read", "referrals:write", "complaints:write"),
}
_REACH_OUT = frozenset({"campaigns:read", "campaigns:write"})
SCOPES_BY_ROLE: dict[str, frozenset[str]] = {
    Role.TELLER: _SERVE | {"tiers:lookup"},
    Role.LOBBY: _SERVE | {"tiers:lookup"},
    Role.MANAGER: _SERVE | _REACH_OUT,
    Role.SENIOR_MANAGER: _SERVE | _REACH_OUT,
    Role.EXPERT: _SERVE | _REACH_OUT,
    Role.BRANCH_HEAD: _SERVE | _REACH_OUT | {"kpis:read"},
    Role.HEAD_OFFICE: _READ
    | _REACH_OUT
    | {"customers:write", "follow-ups:write", "complaints:write", "referrals:read", "agenda:read"}
    | {"kpis:read", "tiers:write", "feeds:read"},
    Role.ADMIN: frozenset({"tiers:read", "tiers:write", "feeds:read", "feeds:write"}),
    Role.COMPLIANCE: _READ | {"customers:write", "complaints:write", "campaigns:read"},
    Role.AUDITOR: frozenset({"tiers:read"}),
}


@dataclass(frozen=True, slots=True)
class Scope:
    """Which customers' rows a person may see, and whether with amounts of money.

    `stood_in` are the colleagues who are away today and for whom this person stands in: their books are open, too.
    """

    reach: Reach
    user_id: int
    branch_ids: frozenset[int]
    amounts: bool
    stood_in: frozenset[int] = frozenset()


def scope_of(user: User | AnonymousUser) -> Scope:
    """The scope of a person: by role, over the branch tree below their own branch. Nothing for anybody unknown."""
    nothing = Scope(Reach.NOTHING, 0, frozenset(), False)
    if not is_staff_member(user):
        return nothing
    cached = getattr(user, "_scope", None)
    if cached is None:
        cached = user._scope = _scope(user)  # type: ignore[attr-defined]  # one look-up a request
    return cached


def _scope(user: User) -> Scope:
    amounts = user.role in AMOUNT_ROLES
    if user.role in COUNTER:
        return Scope(Reach.BRANCHES, user.pk, frozenset({user.branch_id}), amounts)
    if user.role in BOOK_KEEPERS:
        return Scope(Reach.BOOK, user.pk, frozenset({user.branch_id}), amounts, _stood_in(user))
    if user.role in (*HEADS, Role.COMPLIANCE):
        branch = user.branch
        if branch.parent_id is None and branch.kind == "head_office":
            return Scope(Reach.BANK, user.pk, frozenset(), amounts)
        below = Branch.objects.below(branch).values_list("pk", flat=True)
        return Scope(Reach.BRANCHES, user.pk, frozenset(below), amounts)
    return Scope(Reach.NOTHING, user.pk, frozenset(), False)


def with_standing(people: QuerySet[User]) -> QuerySet[User]:
    """People as a request needs them, in the one statement that finds them: with branch, the colleagues they stand in
    for today (`stood_in`), and how much they were told and have not read (`unread`, None = nothing)."""
    away = Absence.objects.on(today()).filter(deputy=OuterRef("pk"), user__branch=OuterRef("branch"))
    told = Notification.objects.unread().filter(user=OuterRef("pk")).order_by().values("user")
    return people.select_related("branch").annotate(
        stood_in=ArraySubquery(away.values("user_id")), unread=Subquery(told.annotate(n=Count("pk")).values("n"))
    )


def _stood_in(user: User) -> frozenset[int]:
    found = getattr(user, "stood_in", None)
    if found is None:
        away = Absence.objects.on(today()).filter(deputy=user, user__branch_id=user.branch_id)
        found = away.values_list("user_id", flat=True)
    return frozenset(found)


def is_staff_member(user: User | AnonymousUser | None) -> TypeGuard[User]:
    """True for a signed-in member of staff who may still sign in."""
    return isinstance(user, User) and user.is_active


def has_role(user: User | AnonymousUser, *allowed: str) -> bool:
    """True when the person holds one of the roles."""
    return is_staff_member(user) and user.role in allowed


def roles(*allowed: str) -> Callable[[View], View]:
    """Only these roles may enter the view: nobody signed in is sent to sign in, a wrong role gets 403."""

    def decorate(view: View) -> View:
        @wraps(view)
        def gate(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            if not is_staff_member(request.user):
                return redirect_to_login(request.get_full_path())
            if request.user.role not in allowed:
                raise PermissionDenied()
            return view(request, *args, **kwargs)

        gate.allowed_roles = allowed  # type: ignore[attr-defined]  # the access matrix test reads it
        return gate

    return decorate
