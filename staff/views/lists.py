"""Saved views of any list: kept, changed and deleted here, opened by the list itself."""

import re
from collections.abc import Callable

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from core.clock import now
from core.errors import DomainError
from core.pages import NO_VIEW, VIEW, read_state
from staff.access import EVERYONE, roles
from staff.models import SavedView, User
from staff.services import views as services

# A path of this product and nothing else: neither a host nor a scheme nor "//" can be written with it.
LOCAL_PATH = re.compile(r"/(?:[A-Za-z0-9_-]+/)*")


@roles(*EVERYONE)
@require_POST
def view_save(request: HttpRequest) -> HttpResponse:
    """Keep the state of a list as a new view of one's own."""
    text = request.POST.get("state", "")
    state = read_state(text)
    try:
        view = services.save_view(
            owner=request.user,
            list_key=request.POST.get("list_key", ""),
            name=request.POST.get("name", ""),
            query=state.query,
            columns=state.columns,
            at=now(),
        )
        if "is_pinned" in request.POST:
            services.pin_view(view=view, is_pinned=True, actor=request.user, at=now())
        if "is_shared" in request.POST:
            services.share_view(view=view, is_shared=True, actor=request.user, at=now())
    except DomainError as error:
        messages.error(request, str(error))
        return redirect(f"{_back(request)}?{text or VIEW + '=' + NO_VIEW}")
    messages.success(request, _("The view %(name)s was saved.") % {"name": view.name})
    return redirect(f"{_back(request)}?{VIEW}={view.pk}")


@roles(*EVERYONE)
@require_POST
def view_change(request: HttpRequest, pk: int) -> HttpResponse:
    """Rename, update, share, pin one's own view, or let the list open with it."""
    view = _own_view(request, pk)
    change = CHANGES.get(request.POST.get("do", ""))
    try:
        if change is None:
            raise services.BadView(most=services.NAME_MAX)
        change(request, view, request.user)
    except DomainError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("Saved."))
    return redirect(f"{_back(request)}?{VIEW}={view.pk}")


@roles(*EVERYONE)
@require_POST
def view_delete(request: HttpRequest, pk: int) -> HttpResponse:
    """Delete one's own view; the list itself stays as it is."""
    view = _own_view(request, pk)
    services.delete_view(view=view, actor=request.user, at=now())
    messages.success(request, _("The view %(name)s was deleted.") % {"name": view.name})
    return redirect(f"{_back(request)}?{VIEW}={NO_VIEW}")


def _own_view(request: HttpRequest, pk: int) -> SavedView:
    """A colleague's shared view may be opened, not changed: to this page it is not there."""
    return get_object_or_404(SavedView.objects.visible_to(request.user).filter(owner=request.user), pk=pk)


def _back(request: HttpRequest) -> str:
    path = request.POST.get("back", "")
    return path if LOCAL_PATH.fullmatch(path) else "/"


def _rename(request: HttpRequest, view: SavedView, actor: User) -> None:
    services.rename_view(view=view, name=request.POST.get("name", ""), actor=actor, at=now())


def _update(request: HttpRequest, view: SavedView, actor: User) -> None:
    state = read_state(request.POST.get("state", ""))
    services.update_view(view=view, query=state.query, columns=state.columns, actor=actor, at=now())


def _share(is_shared: bool) -> Callable[[HttpRequest, SavedView, User], None]:
    def change(request: HttpRequest, view: SavedView, actor: User) -> None:
        services.share_view(view=view, is_shared=is_shared, actor=actor, at=now())

    return change


def _pin(is_pinned: bool) -> Callable[[HttpRequest, SavedView, User], None]:
    def change(request: HttpRequest, view: SavedView, actor: User) -> None:
        services.pin_view(view=view, is_pinned=is_pinned, actor=actor, at=now())

    return change


def _default(is_default: bool) -> Callable[[HttpRequest, SavedView, User], None]:
    def change(request: HttpRequest, view: SavedView, actor: User) -> None:
        services.make_default_view(view=view, is_default=is_default, actor=actor, at=now())

    return change


CHANGES: dict[str, Callable[[HttpRequest, SavedView, User], None]] = {
    "rename": _rename,
    "update": _update,
    "share": _share(True),
    "unshare": _share(False),
    "pin": _pin(True),
    "unpin": _pin(False),
    "default": _default(True),
    "undefault": _default(False),
}
