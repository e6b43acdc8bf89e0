"""What pages of templates, offers and the library share: where a version stands, and the steps it takes."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from campaigns.filters.content import state_cell
from campaigns.forms.content import RetireForm, StepForm
from campaigns.queries import content as queries
from campaigns.queries.content import Content
from campaigns.services import content as services
from core.clock import now, today
from core.errors import DomainError
from staff.access import has_role

INVALID: Final = 422  # htmx shows forms with errors under this status
WORDS: Final[Mapping[str, Any]] = {
    "submit": gettext_lazy("A second person has been asked."),
    "withdraw": gettext_lazy("Taken back; you can change it now."),
    "approve": gettext_lazy("Approved: it is in use from now on."),
    "reject": gettext_lazy("Sent back with your comment."),
    "retire": gettext_lazy("It is no longer used."),
    "discard": gettext_lazy("The draft was thrown away."),
}


def shown(request: HttpRequest, row: Content) -> dict[str, Any]:
    """What every page of a version shows beside its own words: state, flaws, steps, who and when, where it is used."""
    approval = queries.pending_approval(row)
    return {
        "row": row,
        "state": state_cell(row),
        "flaws": queries.flaws_of(row, today()) if row.state in ("draft", "submitted") else [],
        "may_change": queries.may_change(request.user, row),
        "may_decide": queries.may_decide(request.user, row),
        "may_withdraw": approval is not None and approval.requested_by_id == request.user.pk,
        "may_retire": queries.may_retire(request.user, row),
        "may_copy": has_role(request.user, *queries.MAKERS),
        "decision_form": StepForm(initial={"digest": queries.digest_of(row)}),
        "retire_form": RetireForm(),
        "used_count": queries.used_by(row).count(),
    }


def people_facts(row: Content) -> Iterator[dict[str, Any]]:
    """Who drew a version up and who approved it."""
    yield {"label": _("Drawn up by"), "value": f"{row.created_by.name} · {localtime(row.created_at):%Y-%m-%d %H:%M}"}
    if row.approved_by and row.approved_at:
        who = f"{row.approved_by.name} · {localtime(row.approved_at):%Y-%m-%d %H:%M}"
        yield {"label": _("Approved by"), "value": who}


def taken(request: HttpRequest, row: Content, step: str, list_name: str) -> HttpResponse:
    """Take one step with a version and go back to its page, or to the list when it is gone."""
    if step not in WORDS:
        raise Http404
    form = StepForm(request.POST)
    said = form.cleaned_data if form.is_valid() else {"digest": "", "comment": ""}
    try:
        _steps(row, request, said)[step]()
    except DomainError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, WORDS[step])
        if step == "discard":
            return redirect(list_name)
    return redirect(row.get_absolute_url())


def _steps(row: Any, request: HttpRequest, said: Mapping[str, str]) -> Mapping[str, Callable[[], object]]:
    who: dict[str, Any] = {"row": row, "actor": request.user, "at": now()}
    return {
        "submit": lambda: services.submit_content(**who),
        "withdraw": lambda: services.withdraw_content(**who),
        "approve": lambda: services.approve_content(**who, **said),
        "reject": lambda: services.reject_content(**who, **said),
        "retire": lambda: services.retire_content(**who, reason=request.POST.get("reason", "")[:300]),
        "discard": lambda: services.discard_content(**who),
    }


def crumbs(label: str, url: str, title: str) -> list[dict[str, str]]:
    """The way back to the list."""
    return [{"label": label, "url": url}, {"label": title}]
