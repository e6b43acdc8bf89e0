"""Sign-ins, failures and sign-outs into the trail. Django and django-axes tell of them by signals only."""

import hashlib
from typing import Any

from axes.signals import user_locked_out
from django.contrib.auth.signals import user_logged_in, user_logged_out, user_login_failed
from django.http import HttpRequest

from core import trail
from core.clock import now
from core.enums import ActorKind
from core.trail import Actor
from staff.models import User
from staff.queries import member_by_sign_in

NOBODY = Actor(None, "", ActorKind.USER)


def connect() -> None:
    """Called once, when the app is ready."""
    user_logged_in.connect(_signed_in, dispatch_uid="staff.signin")
    user_logged_out.connect(_signed_out, dispatch_uid="staff.signin")
    user_login_failed.connect(_failed, dispatch_uid="staff.signin")
    user_locked_out.connect(_locked, dispatch_uid="staff.signin")


def _signed_in(sender: object, request: HttpRequest, user: User, **_: Any) -> None:
    _write("sign_in", user.actor, user.staff_no, request)


def _signed_out(sender: object, request: HttpRequest, user: User | None, **_: Any) -> None:
    if isinstance(user, User):
        _write("sign_out", user.actor, user.staff_no, request)


def _failed(sender: object, credentials: dict[str, Any], request: HttpRequest | None = None, **_: Any) -> None:
    user = member_by_sign_in(_typed(request, credentials))
    # What is no sign-in name may be a password typed into the wrong field: it must not be kept.
    _write("sign_in_failed", NOBODY, user.staff_no if user else "", request)


def _locked(sender: object, request: HttpRequest, username: str | None = None, **_: Any) -> None:
    user = member_by_sign_in(username or "")
    _write("sign_in_locked", NOBODY, user.staff_no if user else "", request)


def account_of(request: HttpRequest | None, credentials: dict[str, Any] | None) -> str:
    """AXES_USERNAME_CALLABLE: one account has one count, however its name or number is typed."""
    typed = _typed(request, credentials)
    user = member_by_sign_in(typed)
    return user.username if user else f"?{hashlib.sha256(typed.encode()).hexdigest()[:16]}"


def _typed(request: HttpRequest | None, credentials: dict[str, Any] | None) -> str:
    given = credentials or {}
    return given.get("username") or given.get("login") or (request.POST.get("login", "") if request else "")


def _write(action: str, actor: Actor, number: str, request: HttpRequest | None) -> None:
    address = request.META.get("REMOTE_ADDR", "") if request else ""
    trail.record(
        actor=actor, action=action, subject="staff.user", subject_id=number, at=now(), changes={"address": address}
    )
