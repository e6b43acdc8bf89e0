"""Interface tokens: issued once in clear, kept as a digest, revoked for good."""

import secrets
from collections.abc import Iterable
from datetime import date, datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from core import trail
from core.errors import DomainError
from core.trail import Actor
from staff.access import SCOPES_BY_ROLE
from staff.models import ApiToken, User
from staff.rules import TOKEN_PREFIX, token_digest, unknown_scopes

MAX_DAYS = 365


class ScopeNotAllowed(DomainError):
    """A scope the role does not have, no scope at all, or a life outside 1 to MAX_DAYS days."""

    code = "scope_not_allowed"
    message = _("A token needs scopes that its owner's role has. Not among them: %(scopes)s")


class BadTokenLife(DomainError):
    """A token that would live for no or too many days."""

    code = "bad_token_life"
    message = _("A token lives for 1 to %(most)s days.")


@transaction.atomic
def issue_token(
    *, user: User, scopes: Iterable[str], days: int, label: str = "", actor: Actor, at: datetime
) -> tuple[str, ApiToken]:
    """(the token in clear, its row); the clear text exists nowhere else. Raises ScopeNotAllowed, BadTokenLife."""
    wanted = sorted(set(scopes))
    missing = unknown_scopes(wanted, SCOPES_BY_ROLE[user.role])
    if missing or not wanted:
        raise ScopeNotAllowed(scopes=", ".join(missing) or "–")
    if not 1 <= days <= MAX_DAYS:
        raise BadTokenLife(most=MAX_DAYS)
    text = TOKEN_PREFIX + secrets.token_urlsafe(32)
    token = ApiToken.objects.create(
        user=user,
        label=label,
        digest=token_digest(text),
        scopes=wanted,
        expires_on=at.date() + timedelta(days=days),
        created_at=at,
    )
    trail.record(
        actor=actor,
        action="issue",
        subject="staff.apitoken",
        subject_id=token.pk,
        at=at,
        changes={"owner": user.staff_no, "scopes": wanted, "expires_on": token.expires_on.isoformat()},
    )
    return text, token


def note_use(*, token: ApiToken, day: date) -> None:
    """Keep the day a token was last used on; one statement a day."""
    if token.last_used_on != day:
        ApiToken.objects.filter(pk=token.pk).update(last_used_on=day)


@transaction.atomic
def revoke_token(*, token: ApiToken, actor: Actor, at: datetime) -> None:
    """The token is worth nothing from `at` on; revoking again changes nothing."""
    if ApiToken.objects.filter(pk=token.pk, revoked_at=None).update(revoked_at=at):
        trail.record(
            actor=actor,
            action="revoke",
            subject="staff.apitoken",
            subject_id=token.pk,
            at=at,
            changes={"owner": token.user.staff_no},
        )
