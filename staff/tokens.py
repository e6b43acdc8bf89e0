"""Who asks the API, and what for: Bearer tokens, the session, and scopes. Default is deny."""

from typing import TYPE_CHECKING, Any

from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from rest_framework import authentication, exceptions
from rest_framework.permissions import SAFE_METHODS, BasePermission
from rest_framework.request import Request

from core.clock import today
from core.enums import ActorKind
from staff.access import SCOPES_BY_ROLE, is_staff_member
from staff.models import ApiToken, User
from staff.rules import token_digest
from staff.services.tokens import note_use

if TYPE_CHECKING:  # rest_framework.views itself imports this module by its settings
    from rest_framework.views import APIView

KEYWORD = "bearer"


class TokenAuthentication(authentication.BaseAuthentication):
    """`Authorization: Bearer TOKEN`; unknown, expired, revoked and orphaned tokens are all the same 401."""

    def authenticate(self, request: Request) -> tuple[User, ApiToken] | None:
        words = authentication.get_authorization_header(request).split()
        if not words or words[0].lower() != KEYWORD.encode():
            return None
        if len(words) != 2:
            raise self._refusal()
        day = today()
        digest = token_digest(words[1].decode("latin-1"))
        token = ApiToken.objects.valid_on(day).select_related("user__branch").filter(digest=digest).first()
        if token is None:
            raise self._refusal()
        note_use(token=token, day=day)
        token.user.acts_as = ActorKind.TOKEN
        return token.user, token

    def authenticate_header(self, request: Request) -> str:
        return "Bearer"

    def _refusal(self) -> exceptions.AuthenticationFailed:
        return exceptions.AuthenticationFailed(_("This token is not valid."), code="invalid_token")


# The browser's session, with CSRF checked on every unsafe method, is the framework's own.
SessionAuthentication = authentication.SessionAuthentication


def scopes_of(request: HttpRequest | Request) -> frozenset[str]:
    """What this request may ask for: its person's role, cut down to the token's scopes when it came by one."""
    user = request.user
    if not is_staff_member(user):
        return frozenset()
    allowed = SCOPES_BY_ROLE.get(user.role, frozenset())
    token = getattr(request, "auth", None)
    return allowed & frozenset(token.scopes) if isinstance(token, ApiToken) else allowed


def required_scope(view: "APIView", method: str) -> str:
    """The scope a view asks for: `scope_by_action`, `required_scope`, or `scope` with :read or :write by method."""
    by_action: dict[str, str] = getattr(view, "scope_by_action", {})
    exact = by_action.get(getattr(view, "action", None) or "") or getattr(view, "required_scope", "")
    resource = getattr(view, "scope", "")
    if exact or not resource:
        return exact
    return f"{resource}:{'read' if method in SAFE_METHODS else 'write'}"


class HasScope(BasePermission):
    """Signed in and holding the scope the view asks for; a view that names none is closed to everybody."""

    message = _("Your role or token does not have the scope for this.")
    code = "missing_scope"

    def has_permission(self, request: Request, view: "APIView") -> bool:
        wanted = required_scope(view, request.method or "GET")
        return bool(wanted) and wanted in scopes_of(request)


class IsSignedIn(BasePermission):
    """Any member of staff, by session or token; for pages that hold no data, such as the schema."""

    def has_permission(self, request: Request, view: Any) -> bool:
        return is_staff_member(request.user)
