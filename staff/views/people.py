"""Pages about people, interface tokens, the trail and oneself."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST
from django.views.i18n import set_language as remember_in_browser

from core.clock import now
from core.errors import DomainError
from staff import queries, services
from staff.access import EVERYONE, has_role, is_staff_member, roles
from staff.enums import Role
from staff.filters import TRAIL, USERS, USERS_TO_EDIT
from staff.forms import PasswordForm, ProfileForm, TokenForm, UserChangeForm, UserCreateForm

shows_and_takes_form = require_http_methods(["GET", "HEAD", "POST"])
INVALID = 422  # htmx shows forms with errors under this status


@roles(Role.ADMIN, Role.BRANCH_HEAD, Role.HEAD_OFFICE)
@require_GET
def user_list(request: HttpRequest) -> HttpResponse:
    """Members of staff: all for administrators, their own units' for heads."""
    may_edit = has_role(request.user, Role.ADMIN)
    listing = (USERS_TO_EDIT if may_edit else USERS).show(request, queries.people_for(request.user))
    return render(request, "staff/users.html", {"listing": listing, "may_edit": may_edit})


@roles(Role.ADMIN)
@shows_and_takes_form
def user_create(request: HttpRequest) -> HttpResponse:
    """A new member of staff with a first password."""
    form = UserCreateForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            user = services.create_user(**form.cleaned_data, actor=request.user.actor, at=now())
        except DomainError as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, _("%(name)s can sign in now.") % {"name": user.name})
            return redirect("staff:users")
    context = {"form": form, "page_title": _("New member of staff")}
    return render(request, "staff/user_form.html", context, status=INVALID if form.errors else 200)


@roles(Role.ADMIN)
@shows_and_takes_form
def user_edit(request: HttpRequest, staff_no: str) -> HttpResponse:
    """Name, role, unit and right to sign in of one person."""
    user = get_object_or_404(queries.people_for(request.user), staff_no=staff_no)
    known = {"name": user.name, "role": user.role, "branch": user.branch, "is_active": user.is_active}
    form = UserChangeForm(request.POST or None, initial=known)
    if request.method == "POST" and form.is_valid():
        try:
            services.change_user(user=user, **form.cleaned_data, actor=request.user.actor, at=now())
        except DomainError as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, _("Saved."))
            return redirect("staff:users")
    context = {"form": form, "person": user, "page_title": user.name, "page_subtitle": user.staff_no}
    return render(request, "staff/user_form.html", context, status=INVALID if form.errors else 200)


@roles(Role.ADMIN)
@shows_and_takes_form
def user_password(request: HttpRequest, staff_no: str) -> HttpResponse:
    """A new password for one person; their sessions end."""
    user = get_object_or_404(queries.people_for(request.user), staff_no=staff_no)
    form = PasswordForm(user, request.POST or None)
    if request.method == "POST" and form.is_valid():
        password = form.cleaned_data["password"]
        services.set_password(user=user, password=password, actor=request.user.actor, at=now())
        messages.success(request, _("The password of %(name)s was changed.") % {"name": user.name})
        return redirect("staff:user_edit", staff_no=user.staff_no)
    context = {"form": form, "person": user, "page_title": _("New password"), "page_subtitle": str(user)}
    return render(request, "staff/user_form.html", context, status=INVALID if form.errors else 200)


@roles(*EVERYONE)
@never_cache
@shows_and_takes_form
def token_list(request: HttpRequest) -> HttpResponse:
    """One's own interface tokens; a new one is shown in the answer to its own form and never again."""
    form, made = TokenForm(request.user, request.POST or None), ""
    if request.method == "POST" and form.is_valid():
        actor = request.user.actor
        made, _token = services.issue_token(user=request.user, **form.cleaned_data, actor=actor, at=now())
        form = TokenForm(request.user)
    context = {"form": form, "made": made, "tokens": queries.tokens_of(request.user), "today": now().date()}
    return render(request, "staff/tokens.html", context, status=INVALID if form.errors else 200)


@roles(*EVERYONE)
@require_POST
def token_revoke(request: HttpRequest, token_id: int) -> HttpResponse:
    """End one of one's own tokens."""
    token = get_object_or_404(queries.tokens_of(request.user), pk=token_id)
    services.revoke_token(token=token, actor=request.user.actor, at=now())
    messages.success(request, _("The token was revoked."))
    return redirect("staff:tokens")


@roles(Role.AUDITOR, Role.COMPLIANCE)
@require_GET
def trail_list(request: HttpRequest) -> HttpResponse:
    """Who did, saw or exported what."""
    listing = TRAIL.show(request, queries.trail_for(request.user))
    return render(request, "staff/trail.html", {"listing": listing})


@roles(*EVERYONE)
@shows_and_takes_form
def profile(request: HttpRequest) -> HttpResponse:
    """Oneself: unit and role to read, language to choose."""
    form = ProfileForm(request.POST or None, initial={"language": request.user.language or get_language()})
    if request.method == "POST" and form.is_valid():
        services.set_language(user=request.user, language=form.cleaned_data["language"], at=now())
        return redirect("staff:profile")
    return render(request, "staff/profile.html", {"form": form}, status=INVALID if form.errors else 200)


@require_POST
def switch_language(request: HttpRequest) -> HttpResponse:
    """The language switch of the shell: kept in the browser and, for who is signed in, with the person."""
    form = ProfileForm(request.POST)
    if is_staff_member(request.user) and form.is_valid():
        services.set_language(user=request.user, language=form.cleaned_data["language"], at=now())
    return remember_in_browser(request)
