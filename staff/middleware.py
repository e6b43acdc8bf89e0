"""Session limits: idle time by role, and an absolute length."""

from collections.abc import Callable
from datetime import datetime, timedelta

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import logout
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from core.clock import now
from core.middleware import is_api
from staff.access import is_staff_member

SEEN, BEGAN = "seen_at", "began_at"
WRITE_EVERY = timedelta(seconds=30)


class SessionGuardMiddleware:
    """Ends a session that was idle or open for too long; the next page asks to sign in again and says why.

    What was shown to somebody signed in is kept by no browser: after signing out, or at the kiosk, Back leads nowhere.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if getattr(request, "is_of_staff", False):
            response.headers.setdefault("Cache-Control", "no-store")
        return response

    def process_view(self, request: HttpRequest, view: object, *args: object) -> HttpResponse | None:
        """Here, not in __call__: messages, which come after this middleware, are ready.

        A view marked `asks_by_itself` is called by pages left open: that is nobody at work.
        """
        if not is_staff_member(request.user):
            return None
        request.is_of_staff = True  # type: ignore[attr-defined]  # outlives signing out
        at = now()
        if not self._is_over(request, at):
            if not getattr(view, "asks_by_itself", False):
                self._touch(request, at)
            return None
        logout(request)
        if is_api(request):
            return None  # nobody is signed in any more: 401, in the API's own words
        messages.info(request, _("You were signed out because the session was idle or open for too long."))
        return redirect_to_login(request.get_full_path())

    def _is_over(self, request: HttpRequest, at: datetime) -> bool:
        idle = settings.SESSION_IDLE_MINUTES.get(
            getattr(request.user, "role", ""), settings.SESSION_IDLE_MINUTES_DEFAULT
        )
        seen, began = (self._time(request, key) for key in (SEEN, BEGAN))
        too_idle = seen is not None and at - seen > timedelta(minutes=idle)
        return too_idle or (began is not None and at - began > timedelta(hours=settings.SESSION_ABSOLUTE_HOURS))

    def _time(self, request: HttpRequest, key: str) -> datetime | None:
        stamp = request.session.get(key)
        return datetime.fromisoformat(stamp) if stamp else None

    def _touch(self, request: HttpRequest, at: datetime) -> None:
        request.session.setdefault(BEGAN, at.isoformat())
        seen = self._time(request, SEEN)
        if seen is None or at - seen > WRITE_EVERY:
            request.session[SEEN] = at.isoformat()
