"""Members of staff: created, changed, disabled; what they lose, they lose with the next request."""

from collections.abc import Mapping
from datetime import datetime

from allauth.usersessions.models import UserSession
from axes.utils import reset
from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext_lazy as _

from core import trail
from core.errors import DomainError
from core.trail import Actor
from staff.models import ApiToken, Branch, User

# A change of one of these changes what a person may see or do.
RIGHTS = ("role", "branch_id", "is_active")


class NumberTaken(DomainError):
    """Another member of staff has this sign-in name or staff number."""

    code = "number_taken"
    message = _("The sign-in name or staff number is already in use.")


class OwnAccount(DomainError):
    """People do not change their own rights."""

    code = "own_account"
    message = _("You cannot change your own role, branch or right to sign in.")


@transaction.atomic
def create_user(
    *,
    username: str,
    staff_no: str,
    name: str,
    role: str,
    branch: Branch,
    password: str | None = None,
    actor: Actor,
    at: datetime,
) -> User:
    """A new member of staff; without a password nobody can sign in as them yet. Raises NumberTaken."""
    username = username.strip().lower()
    if User.objects.filter(username=username).exists() or User.objects.filter(staff_no=staff_no).exists():
        raise NumberTaken()
    user = User.objects.create_user(username, password, staff_no=staff_no, name=name, role=role, branch=branch)
    changes = {"username": username, "name": name, "role": role, "branch": branch.code}
    _record(user, "create", actor, at, changes)
    return user


@transaction.atomic
def change_user(
    *,
    user: User,
    actor: Actor,
    at: datetime,
    name: str | None = None,
    role: str | None = None,
    branch: Branch | None = None,
    is_active: bool | None = None,
) -> User:
    """Change what is given. A change of rights ends the person's sessions and tokens at once. Raises OwnAccount."""
    user = User.objects.select_for_update(of=("self",)).select_related("branch").get(pk=user.pk)
    wanted = {"name": name, "role": role, "branch_id": branch and branch.pk, "is_active": is_active}
    changes = {
        field: [getattr(user, field), value]
        for field, value in wanted.items()
        if value is not None and value != getattr(user, field)
    }
    if not changes:
        return user
    if user.pk == actor.id and any(field in changes for field in RIGHTS):
        raise OwnAccount()
    if branch is not None and "branch_id" in changes:
        changes["branch_id"] = [user.branch.code, branch.code]
        user.branch = branch
    for field in changes:
        if field != "branch_id":
            setattr(user, field, wanted[field])
    user.save(update_fields=list(changes))
    if any(field in changes for field in RIGHTS):
        end_access(user, at=at)
    _record(user, "change", actor, at, {field.removesuffix("_id"): pair for field, pair in changes.items()})
    return user


def end_access(user: User, *, at: datetime) -> None:
    """End every session and token of a person."""
    User.objects.filter(pk=user.pk).update(access_epoch=F("access_epoch") + 1)
    for session in UserSession.objects.filter(user=user):
        session.end()
    ApiToken.objects.filter(user=user, revoked_at=None).update(revoked_at=at)


@transaction.atomic
def set_password(*, user: User, password: str, actor: Actor, at: datetime) -> None:
    """Give a person a new password (validated by the caller); their sessions and lock-outs end, their tokens stay."""
    user.set_password(password)
    user.save(update_fields=["password"])
    reset(username=user.username)
    for session in UserSession.objects.filter(user=user):
        session.end()
    _record(user, "set_password", actor, at, {})


@transaction.atomic
def set_language(*, user: User, language: str, at: datetime) -> None:
    """Remember the language a person reads; "" = the product's own."""
    if user.language != language:
        changes = {"language": [user.language, language]}
        User.objects.filter(pk=user.pk).update(language=language)
        user.language = language
        _record(user, "change", user.actor, at, changes)


def _record(user: User, action: str, actor: Actor, at: datetime, changes: Mapping[str, object]) -> None:
    trail.record(actor=actor, action=action, subject="staff.user", subject_id=user.staff_no, at=at, changes=changes)
