"""The bell: what one was told, read and unread, and how one wants to be told."""

from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from core.clock import now
from core.pages import Listing
from staff import queries
from staff.access import EVERYONE, roles
from staff.filters import NOTIFICATIONS
from staff.forms import ChoicesForm
from staff.models import Notification
from staff.services import notices

INVALID = 422  # htmx shows forms with errors under this status


@roles(*EVERYONE)
@never_cache
@require_GET
def notifications(request: HttpRequest) -> HttpResponse:
    """What one was told, the newest first."""
    listing = NOTIFICATIONS.show(request, Notification.objects.of_person(request.user))
    context = {"listing": listing, "news": list(_said(listing)), "page_title": _("Notifications")}
    return render(request, "staff/notifications.html", context)


def _said(listing: Listing) -> Iterator[dict[str, Any]]:
    for row in listing.rows:
        yield {"notice": row.object, "words": queries.words_of(row.object)}


@roles(*EVERYONE)
@never_cache
@require_GET
def notification_open(request: HttpRequest, pk: int) -> HttpResponse:
    """Where a notification leads; it counts as read from now on."""
    notice = _own(request, pk)
    notices.read_notice(notice=notice, at=now())
    is_here = url_has_allowed_host_and_scheme(notice.url, allowed_hosts=None)
    return redirect(notice.url if notice.url and is_here else "staff:notifications")


@roles(*EVERYONE)
@require_POST
def notification_mark(request: HttpRequest, pk: int) -> HttpResponse:
    """Read becomes unread, unread becomes read."""
    notice = _own(request, pk)
    if notice.read_at is None:
        notices.read_notice(notice=notice, at=now())
    else:
        notices.unread_notice(notice=notice)
    if not request.htmx:
        return redirect("staff:notifications")
    notice.refresh_from_db()
    response = render(request, "staff/_notification.html", {"notice": notice, "words": queries.words_of(notice)})
    response["HX-Trigger"] = "notices-changed"
    return response


def _own(request: HttpRequest, pk: int) -> Notification:
    return get_object_or_404(Notification.objects.of_person(request.user), pk=pk)


@roles(*EVERYONE)
@require_POST
def notifications_read(request: HttpRequest) -> HttpResponse:
    """Everything counts as read."""
    count = notices.read_all(user=request.user, at=now())
    messages.success(request, _("Marked as read: %(count)s") % {"count": count})
    return redirect("staff:notifications")


@roles(*EVERYONE)
@require_http_methods(["GET", "HEAD", "POST"])
def notification_choices(request: HttpRequest) -> HttpResponse:
    """How one wants to hear of each event."""
    form = ChoicesForm(request.POST or None, choices=queries.event_choices(request.user))
    if request.method == "POST" and form.is_valid():
        notices.choose(user=request.user, choices=form.chosen())
        messages.success(request, _("Saved."))
        return redirect("staff:notification_choices")
    crumbs = [{"label": _("Notifications"), "url": "/notifications/"}, {"label": _("How I am told")}]
    context = {"form": form, "has_mail": bool(settings.STAFF_MAIL), "crumbs": crumbs, "page_title": _("How I am told")}
    return render(request, "staff/notification_choices.html", context, status=INVALID if form.errors else 200)


@roles(*EVERYONE)
@never_cache
@require_GET
def bell(request: HttpRequest) -> HttpResponse:
    """The bell with its count, for pages left open."""
    return render(request, "_shell/bell.html", {"unread": queries.unread_count(request.user)})


# Asked for once a minute by every open page: it must not keep a session alive.
bell.asks_by_itself = True  # type: ignore[attr-defined]  # staff.middleware reads it
