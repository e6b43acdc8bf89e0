"""The feedback box: the list, writing one down, and one with the steps that close its loop."""

from collections.abc import Callable, Iterator
from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from core.clock import now
from core.errors import DomainError
from core.pages import recall
from customers.models import Customer
from servicing.enums import FeedbackKind
from servicing.filters.feedback import FEEDBACK, state_cell, tiles
from servicing.forms.feedback import AnswerForm, FeedbackForm, OwnerForm, SortForm, TellForm, UndoForm, WhyForm
from servicing.models import Feedback
from servicing.queries import feedback as queries
from servicing.rules.feedback import STEPS, may_step
from servicing.services import feedback as services
from staff.access import CUSTOMER_ROLES, has_role, roles
from staff.queries import view_to_open

INVALID = 422  # htmx shows forms with errors under this status
TOP_TAGS = 8


@roles(*CUSTOMER_ROLES)
@require_GET
def feedback_list(request: HttpRequest) -> HttpResponse:
    """Feedback in sight, the newest first, with counts on top and by tag."""
    rows = queries.feedback_of(request.user)
    recall(request, FEEDBACK, view_to_open(request.user, FEEDBACK.list_key, request.GET), rows, amounts=False)
    listing = FEEDBACK.show(request, rows)
    found = listing.queryset
    context = {
        "listing": listing,
        "tiles": list(tiles(request, rows)),
        "tags": [
            ("product", _("Products"), queries.counts_by_tag(found, "product_tag", "products")[:TOP_TAGS]),
            ("process", _("Processes"), queries.counts_by_tag(found, "process_tag", "processes")[:TOP_TAGS]),
        ],
        "may_record": has_role(request.user, *queries.RECORDERS),
        "page_title": _("Feedback"),
    }
    return render(request, "servicing/feedback.html", context)


@roles(*queries.RECORDERS)
@require_http_methods(["GET", "HEAD", "POST"])
def feedback_new(request: HttpRequest) -> HttpResponse:
    """Write feedback down: anonymous, or of a customer in sight (?customer= fills the number in)."""
    initial = {"customer_no": request.GET.get("customer", "")[:32], "kind": FeedbackKind.SUGGESTION}
    form = FeedbackForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        made = _written(request, form)
        if made:
            messages.success(request, _("Written down; it is to be answered by %(day)s.") % {"day": made.due_on})
            return redirect(_after(request, made))
    context = {"form": form, "page_title": _("New feedback"), "crumbs": _crumbs(_("New feedback"))}
    return render(request, "servicing/feedback_form.html", context, status=INVALID if form.errors else 200)


def _written(request: HttpRequest, form: FeedbackForm) -> Feedback | None:
    values = dict(form.cleaned_data)
    number, once, customer = values.pop("customer_no"), values.pop("once"), None
    if number:
        visible = Customer.objects.visible_to(request.user).select_related("branch", "manager")
        customer = visible.filter(customer_no=number).first()
        if customer is None:
            form.add_error("customer_no", _("You see no customer with this number."))
            return None
    try:
        return services.record_feedback(
            said=services.Said(**values),
            branch=request.user.branch,
            customer=customer,
            actor=request.user,
            once=once,
            at=now(),
        )
    except DomainError as error:
        form.add_error(None, str(error))
        return None


def _after(request: HttpRequest, made: Feedback) -> str:
    seen = Feedback.objects.visible_to(request.user).filter(pk=made.pk).exists()
    return reverse("servicing:feedback_item", args=[made.pk]) if seen else reverse("servicing:feedback")


@roles(*CUSTOMER_ROLES)
@require_GET
def feedback_item(request: HttpRequest, pk: int) -> HttpResponse:
    """One feedback: what was said, the answer, and what may be done next."""
    return _item(request, _feedback(request, pk))


def _feedback(request: HttpRequest, pk: int) -> Feedback:
    return get_object_or_404(queries.feedback_of(request.user), pk=pk)


def _forms(request: HttpRequest, row: Feedback) -> dict[str, forms.Form]:
    """The steps this person may take now, each with its form."""
    if not (has_role(request.user, *queries.RECORDERS) and queries.may_work_on(request.user, row)):
        return {}
    people = queries.owners_for(row.customer, row.branch)
    sorted_as = {name: getattr(row, name) for name in ("kind", "product_tag", "process_tag")}
    made: dict[str, forms.Form] = {
        "answer": AnswerForm(initial={"answer": row.answer}, prefix="answer"),
        "tell": TellForm(prefix="tell"),
        "close": WhyForm(prefix="close"),
        "assign": OwnerForm(people=people, initial={"owner": row.owner}, prefix="assign"),
        "change": SortForm(initial=sorted_as, prefix="change"),
        "reopen": WhyForm(prefix="reopen"),
        "undo": UndoForm(prefix="undo"),
    }
    possible = {step for step in made if may_step(step, row.state)}
    if row.customer_id is None:
        possible -= {"tell"}
    if not queries.may_put_back(row, now()):
        possible -= {"undo"}
    return {step: form for step, form in made.items() if step in possible}


def _item(request: HttpRequest, row: Feedback, wrong: dict[str, forms.Form] | None = None) -> HttpResponse:
    title = _("Feedback no. %(number)s") % {"number": row.pk}
    context = {
        "row": row,
        "state": state_cell(row),
        "facts": list(_facts(row)),
        "steps": {**_forms(request, row), **(wrong or {})},
        "is_problem": row.kind == FeedbackKind.PROBLEM,
        "page_title": title,
        "crumbs": _crumbs(title),
    }
    return render(request, "servicing/feedback_item.html", context, status=INVALID if wrong else 200)


def _facts(row: Feedback) -> Iterator[dict[str, Any]]:
    customer = row.customer
    yield {
        "label": _("Customer"),
        "value": f"{customer.name} {customer.customer_no}" if customer else _("Anonymous"),
        "url": customer.get_absolute_url() if customer else "",
    }
    yield {"label": _("Branch"), "value": row.branch.name}
    yield {"label": _("Kind"), "value": row.get_kind_display()}
    yield {"label": _("Where"), "value": row.get_source_display()}
    yield {"label": _("Product"), "value": queries.tag_names("products").get(row.product_tag, row.product_tag)}
    yield {"label": _("Process"), "value": queries.tag_names("processes").get(row.process_tag, row.process_tag)}
    yield {"label": _("Owner"), "value": row.owner.name if row.owner else _("Nobody yet")}
    yield {"label": _("Due on"), "value": row.due_on, "kind": "date"}
    who = row.recorded_by.name if row.recorded_by else _("The customer")
    yield {"label": _("Written down by"), "value": f"{who} · {localtime(row.recorded_at):%Y-%m-%d %H:%M}"}
    if row.answered_at:
        yield {"label": _("Answered on"), "value": localtime(row.answered_at).date(), "kind": "date"}
    if row.told_on:
        yield {"label": _("Customer told on"), "value": row.told_on, "kind": "date"}


def _crumbs(title: str) -> list[dict[str, str]]:
    return [{"label": _("Feedback"), "url": reverse("servicing:feedback")}, {"label": title}]


DONE: dict[str, tuple[Callable[..., Feedback], str | Promise]] = {
    "answer": (services.answer_feedback, gettext_lazy("The answer was kept.")),
    "tell": (services.tell_customer, gettext_lazy("The loop is closed.")),
    "close": (services.close_feedback, gettext_lazy("Closed without telling.")),
    "assign": (services.assign_feedback, gettext_lazy("It has a new owner, who was told.")),
    "change": (services.sort_feedback, gettext_lazy("Saved.")),
    "reopen": (services.reopen_feedback, gettext_lazy("It is open again.")),
    "undo": (services.undo_close, gettext_lazy("The closing was taken back.")),
}


@roles(*queries.RECORDERS)
@require_POST
def feedback_step(request: HttpRequest, pk: int, step: str) -> HttpResponse:
    """Take one step with a feedback."""
    row = _feedback(request, pk)
    if step not in STEPS:
        raise Http404
    form = _bound(step, row, request.POST)
    if form.is_valid():
        work, words = DONE[step]
        try:
            work(feedback=row, actor=request.user, at=now(), **form.cleaned_data)
        except DomainError as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, words)
            return redirect(_after(request, row))
    return _item(request, _feedback(request, pk), {step: form})


def _bound(step: str, row: Feedback, data: Any) -> forms.Form:
    if step == "assign":
        return OwnerForm(data, people=queries.owners_for(row.customer, row.branch), prefix=step)
    if step == "change":
        kept = {name: getattr(row, name) for name in ("product_tag", "process_tag")}
        return SortForm(data, initial=kept, prefix=step)
    kinds: dict[str, type[forms.Form]] = {"answer": AnswerForm, "tell": TellForm, "close": WhyForm, "reopen": WhyForm}
    return kinds.get(step, UndoForm)(data, prefix=step)
