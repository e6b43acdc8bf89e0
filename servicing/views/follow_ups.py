"""Follow-ups: the list, one of them with what can be done about it, a new one, and those of a customer."""

from collections.abc import Callable, Mapping
from datetime import timedelta
from functools import partial
from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST
from django_htmx.http import HttpResponseClientRedirect

from core.calendar import bank_calendar
from core.clock import now, today
from core.errors import DomainError
from core.exporting import ListSource
from core.pages import Column, recall
from customers.models import Customer
from customers.queries.care import promise_owners
from servicing.enums import FollowUpState
from servicing.filters.follow_ups import FOLLOW_UPS, WORKERS
from servicing.forms import follow_ups as forms_of
from servicing.models import FollowUp, Series
from servicing.models.follow_ups import FollowUpQuerySet
from servicing.queries import follow_ups as queries
from servicing.queries import playbooks
from servicing.services import follow_ups as services
from servicing.services import series
from staff.access import CUSTOMER_ROLES, has_role, roles
from staff.exports import ask_for_file, read_wish
from staff.models import User
from staff.queries import view_to_open

INVALID = 422  # htmx shows forms with errors under this status
SHOWN = 100


def rows_for(user: User) -> FollowUpQuerySet:
    """The follow-ups somebody may read, with their people."""
    rows = queries.with_people(FollowUp.objects.visible_to(user)).select_related("customer__branch")
    return queries.readable_by(rows, user)


FOLLOW_UP_LIST = ListSource(
    key="follow_ups",
    page=FOLLOW_UPS,
    rows=rows_for,
    roles=CUSTOMER_ROLES,
    number=Column("customer_no", gettext_lazy("Customer number"), "customer__customer_no"),
    unlinked={"customer": "customer__name"},
)


@roles(*CUSTOMER_ROLES)
@require_GET
def follow_ups(request: HttpRequest) -> HttpResponse:
    """What is to be done: one's own, or the team's."""
    rows = rows_for(request.user)
    recall(request, FOLLOW_UPS, view_to_open(request.user, FOLLOW_UPS.list_key, request.GET), rows, amounts=False)
    listing = FOLLOW_UPS.show(request, rows)
    context = {
        "listing": listing,
        "load": queries.load(queries.of_whom(rows, request.user, request.GET.get("whose") or "mine"), today()),
        "whose": request.GET.get("whose") or "mine",
        "page_title": _("Follow-ups"),
    }
    return render(request, "servicing/follow_ups.html", context)


@roles(*CUSTOMER_ROLES)
@require_http_methods(["GET", "HEAD", "POST"])
def export(request: HttpRequest) -> HttpResponse:
    """Ask for the list, with its filters, order and columns, as a file."""
    wish = read_wish(request, FOLLOW_UP_LIST, amounts=False)
    return ask_for_file(request, wish, list_url=reverse("servicing:follow_ups"), title=_("Follow-ups"))


@roles(*CUSTOMER_ROLES)
@require_GET
def follow_up(request: HttpRequest, pk: int) -> HttpResponse:
    """One follow-up: why it is there, what can be done about it, how it ended."""
    return _page(request, _row(request, pk))


@roles(*WORKERS)
@require_http_methods(["GET", "HEAD", "POST"])
def new(request: HttpRequest, customer_no: str) -> HttpResponse:
    """Write down what is to be done for a customer, once or again and again."""
    customer = _customer(request, customer_no)
    owners = promise_owners(customer)
    mine = {"owner": request.user.staff_no, "due_on": bank_calendar().next_workday(today())}
    form = forms_of.FollowUpForm(request.POST if request.method == "POST" else None, owners=owners, initial=mine)
    if form.is_valid():
        make = series.begin_series if form.recurs else services.create_follow_up
        values = form.series_values() if form.recurs else form.once_values()
        if _done(form, lambda: make(customer=customer, actor=request.user, at=now(), **values)):
            return _answer(request, customer, _("It was written down."))
    context = {"form": form, "customer": customer, "part": "servicing/_follow_up_new.html"}
    context["page_title"] = _("New follow-up")
    page = context["part"] if request.htmx else "servicing/form_page.html"
    return render(request, page, context, status=INVALID if form.errors else 200)


@roles(*WORKERS)
@require_http_methods(["GET", "HEAD", "POST"])
def act(request: HttpRequest, pk: int, act: str) -> HttpResponse:
    """Do something about a follow-up: each act has its form on the page and its service."""
    row, at = _row(request, pk), now()
    if request.method != "POST":
        return _page(request, row, opened=act)
    form = _forms(request, row, request.POST)[act]
    doing = partial(SERVICES[act], follow_up=row, actor=request.user, at=at)
    if not form.is_valid() or not _done(form, lambda: doing(**form.cleaned_data)):
        return _page(request, row, **{act: form}, opened=act, status=INVALID)
    return _answer(request, row.customer, str(SAID[act]), row)


@roles(*WORKERS)
@require_POST
def undo(request: HttpRequest, pk: int) -> HttpResponse:
    """Take one's own last step on a follow-up back."""
    row = _row(request, pk)
    try:
        services.undo_follow_up(follow_up=row, actor=request.user, at=now())
    except DomainError as error:
        messages.error(request, str(error))
        return redirect("servicing:follow_up", row.pk)
    return _answer(request, row.customer, _("Taken back."), row)


@roles(*CUSTOMER_ROLES)
@require_GET
def of_customer(request: HttpRequest, customer_no: str) -> HttpResponse:
    """The tab with what is to be done for a customer, and what was."""
    return render(request, "servicing/_follow_ups_of.html", _tab(request, _customer(request, customer_no)))


@roles(*WORKERS)
@require_POST
def series_end(request: HttpRequest, pk: int) -> HttpResponse:
    """Let a follow-up recur no more."""
    visible = Customer.objects.visible_to(request.user)
    row = get_object_or_404(Series.objects.visible_to(request.user).select_related("customer"), pk=pk)
    if not has_role(request.user, *queries.MANAGING) and request.user.pk not in {row.owner_id, row.created_by_id}:
        raise Http404
    customer = get_object_or_404(visible, pk=row.customer_id)
    try:
        series.end_series(series=row, actor=request.user, at=now())
    except DomainError as error:
        return _answer(request, customer, str(error), is_bad=True)
    return _answer(request, customer, _("It recurs no more."))


SERVICES: Mapping[str, Callable[..., FollowUp]] = {
    "complete": services.complete_follow_up,
    "skip": services.skip_follow_up,
    "snooze": services.snooze_follow_up,
    "reassign": services.reassign_follow_up,
    "change": services.change_follow_up,
    "cancel": services.cancel_follow_up,
}
SAID = {
    "complete": gettext_lazy("Done."),
    "skip": gettext_lazy("Skipped."),
    "snooze": gettext_lazy("Put off."),
    "reassign": gettext_lazy("Passed on."),
    "change": gettext_lazy("Saved."),
    "cancel": gettext_lazy("Cancelled."),
}


def _row(request: HttpRequest, pk: int) -> FollowUp:
    return get_object_or_404(rows_for(request.user), pk=pk)


def _customer(request: HttpRequest, customer_no: str) -> Customer:
    rows = Customer.objects.visible_to(request.user).select_related("position", "manager", "branch")
    return get_object_or_404(rows, customer_no=customer_no)


def _done(form: forms.Form, doing: Callable[[], object]) -> bool:
    """Whether it went through; a refusal stands on the form."""
    try:
        doing()
    except DomainError as error:
        form.add_error(None, str(error))
        return False
    return True


def _forms(request: HttpRequest, row: FollowUp, data: Any = None) -> dict[str, forms.Form]:
    change = forms_of.PlannedChangeForm if row.is_planned else forms_of.ChangeForm
    known = {name: getattr(row, name) for name in change.base_fields}
    return {
        "complete": forms_of.CompleteForm(data),
        "skip": forms_of.SkipForm(data),
        "snooze": forms_of.SnoozeForm(data, initial={"until": bank_calendar().next_workday(max(today(), row.due_on))}),
        "reassign": forms_of.ReassignForm(data, owners=promise_owners(row.customer).exclude(pk=row.owner_id)),
        "change": change(data, initial=known),
        "cancel": forms.Form(data),
    }


def _page(
    request: HttpRequest, row: FollowUp, *, opened: str = "", status: int = 200, **given: forms.Form
) -> HttpResponse:
    at = now()
    undo_until = queries.undo_until(row, today())
    by = row.closed_by_id if row.state != FollowUpState.OPEN else row.facts.get("undo", {}).get("by")
    may = has_role(request.user, *WORKERS) and queries.may_change(request.user, row)
    context = {
        "row": row,
        "title": queries.title_of(row),
        "reason": queries.reason_of(row),
        "forms": {**_forms(request, row), **given} if may and row.state == FollowUpState.OPEN else {},
        "opened": opened,
        "may_undo": bool(undo_until and undo_until > at and by == request.user.pk),
        "undo_until": undo_until,
        "quick": _quick_days(),
        "today": today(),
        "crumbs": [
            {"label": _("Follow-ups"), "url": reverse("servicing:follow_ups")},
            {"label": queries.title_of(row)},
        ],
    }
    return render(request, "servicing/follow_up.html", context, status=status)


def _quick_days() -> list[tuple[str, str]]:
    """Days a follow-up is often put off to: label and day."""
    calendar, day = bank_calendar(), today()
    following = calendar.next_workday(day)
    week = day + timedelta(days=7)
    return [
        (_("Next working day"), following.isoformat()),
        (_("In a week"), (week if calendar.is_workday(week) else calendar.next_workday(week)).isoformat()),
    ]


def _tab(request: HttpRequest, customer: Customer, said: str = "", undo: FollowUp | None = None) -> dict[str, Any]:
    rows = queries.tasks_of(customer, request.user)
    day = today()
    open_rows = list(rows.filter(state=FollowUpState.OPEN).order_by("due_on", "priority", "pk")[:SHOWN])
    closed = list(rows.exclude(state=FollowUpState.OPEN).order_by("-closed_at", "-pk")[:SHOWN])
    may_work = has_role(request.user, *WORKERS)
    manages = has_role(request.user, *queries.MANAGING)
    return {
        "customer": customer,
        "open": [(row, queries.title_of(row), queries.reason_of(row)) for row in open_rows],
        "closed": [(row, queries.title_of(row)) for row in closed],
        "series": list(queries.series_of(customer)) if manages else [],
        "runs": playbooks.run_views(customer, day, limit=5) if manages else [],
        "playbooks": playbooks.playbooks_offered(customer, day) if manages and may_work else [],
        "may_work": may_work,
        "today": day,
        "tomorrow": bank_calendar().next_workday(day),
        "said": said,
        "undo": undo,
    }


def _answer(
    request: HttpRequest, customer: Customer, said: str, row: FollowUp | None = None, *, is_bad: bool = False
) -> HttpResponse:
    """After an act: the customer's tab anew for htmx; else back to where it was asked for, or the follow-up."""
    tab = f"{customer.get_absolute_url()}?tab=tasks"
    if request.htmx and not _is_on_page_of(request, customer):
        messages.success(request, said)
        return HttpResponseClientRedirect(tab)
    if request.htmx:
        undoable = None
        if row is not None:
            row = get_object_or_404(FollowUp.everything.all(), pk=row.pk)  # as the act left it
            until = queries.undo_until(row, today())
            undoable = row if until and until > now() else None
        response = render(request, "servicing/_follow_ups_of.html", _tab(request, customer, said, undoable))
        response["HX-Retarget"], response["HX-Reswap"] = "#customer-tab", "innerHTML"
        response["HX-Trigger"] = "follow-up-changed"
        return response
    (messages.error if is_bad else messages.success)(request, said)
    to = request.POST.get("next", "")
    if to and url_has_allowed_host_and_scheme(to, {request.get_host()}, require_https=request.is_secure()):
        return redirect(to)
    if row is not None:
        return redirect("servicing:follow_up", row.pk)
    return redirect(tab)


def _is_on_page_of(request: HttpRequest, customer: Customer) -> bool:
    """Whether the tab to be shown anew is on the page; a form opened on a page of its own has none."""
    asked_from = request.htmx.current_url_abs_path
    return asked_from is None or asked_from.split("?")[0] == customer.get_absolute_url()
