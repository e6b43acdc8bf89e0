"""Alerts and promises of a customer, and the list of promises to keep."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods

from core.clock import now, today
from core.errors import DomainError
from customers.enums import PromiseState
from customers.filters.care import PROMISES
from customers.forms.care import AlertEndForm, AlertForm, DismissForm, PromiseChangeForm, PromiseCloseForm, PromiseForm
from customers.models import Customer, CustomerAlert, Promise
from customers.queries import care as queries
from customers.services import alerts, promises
from customers.views.scope import customer_in_sight
from staff.access import CUSTOMER_ROLES, HEADS, SERVING, has_role, roles

PROMISING = tuple(dict.fromkeys((*SERVING, *HEADS)))
INVALID = 422
SHOWN = 50
CLOSING: dict[str, Callable[..., Promise]] = {
    PromiseState.KEPT: promises.keep_promise,
    PromiseState.BROKEN: promises.break_promise,
    PromiseState.RELEASED: promises.release_promise,
}


@roles(*SERVING)
@require_http_methods(["GET", "HEAD", "POST"])
def alert_new(request: HttpRequest, customer_no: str) -> HttpResponse:
    """Warn everybody who serves the customer."""
    customer = customer_in_sight(request, customer_no)
    form = AlertForm(request.POST if request.method == "POST" else None)
    if _done(form, lambda values: alerts.raise_alert(customer=customer, actor=request.user, at=now(), **values)):
        return _alerted(request, customer, _("The alert stands on the customer's page, at the counter and on calls."))
    return _alert_form(request, customer, form, _("New alert"), _("Raise the alert"))


@roles(*SERVING)
@require_http_methods(["GET", "HEAD", "POST"])
def alert_dismiss(request: HttpRequest, pk: int) -> HttpResponse:
    """Put an alert aside for a reason."""
    alert = _alert(request, pk)
    form = DismissForm(request.POST if request.method == "POST" else None)
    if _done(form, lambda values: alerts.dismiss_alert(alert=alert, actor=request.user, at=now(), **values)):
        return _alerted(request, alert.customer, _("The alert was dismissed."))
    return _alert_form(request, alert.customer, form, _("Dismiss the alert"), _("Dismiss"), alert)


@roles(*SERVING)
@require_http_methods(["GET", "HEAD", "POST"])
def alert_end(request: HttpRequest, pk: int) -> HttpResponse:
    """Let an alert end on another day."""
    alert = _alert(request, pk)
    form = AlertEndForm(request.POST if request.method == "POST" else None, initial={"ends_on": alert.ends_on})
    if _done(form, lambda values: alerts.change_alert_end(alert=alert, actor=request.user, at=now(), **values)):
        return _alerted(request, alert.customer, _("The end of the alert was changed."))
    return _alert_form(request, alert.customer, form, _("Change the end"), _("Save"), alert)


def _alert(request: HttpRequest, pk: int) -> CustomerAlert:
    rows = CustomerAlert.objects.visible_to(request.user).active_on(today()).select_related("customer")
    return get_object_or_404(rows, pk=pk)


def _done(form: forms.Form, act: Callable[[dict[str, Any]], object]) -> bool:
    """Whether the form was sent, is valid and its act went through; a refusal stands on the form."""
    if not form.is_valid():
        return False
    try:
        act(form.cleaned_data)
    except DomainError as error:
        form.add_error(None, str(error))
        return False
    return True


def _alert_form(
    request: HttpRequest,
    customer: Customer,
    form: forms.Form,
    title: str,
    submit_label: str,
    alert: CustomerAlert | None = None,
) -> HttpResponse:
    context = {"title": title, "submit_label": submit_label, "alert": alert, "action": request.path}
    return _part(request, "customers/_alerts_form.html", customer, form, context)


def _part(
    request: HttpRequest, template: str, customer: Customer, form: forms.Form, context: dict[str, Any]
) -> HttpResponse:
    context |= {"customer": customer, "form": form, "part": template}
    page = template if request.htmx else "customers/care_page.html"
    return render(request, page, context, status=INVALID if form.errors else 200)


def _alerted(request: HttpRequest, customer: Customer, said: str) -> HttpResponse:
    if not request.htmx:
        messages.success(request, said)
        return redirect(customer)
    context = {"said": said, "alerts": queries.standing_alerts(customer, request.user, today()), "may_serve": True}
    return render(request, "customers/_alerts_done.html", context)


@roles(*CUSTOMER_ROLES)
@require_GET
def customer_promises(request: HttpRequest, customer_no: str) -> HttpResponse:
    """The tab with what was promised to the customer, and how it ended."""
    customer = customer_in_sight(request, customer_no)
    return render(request, "customers/_promises.html", _tab(request, customer))


def _tab(request: HttpRequest, customer: Customer, form: PromiseForm | None = None) -> dict[str, Any]:
    rows = queries.promises_of(customer.pk)
    may_write = has_role(request.user, *SERVING)
    return {
        "customer": customer,
        "open": list(rows.filter(state=PromiseState.OPEN).order_by("due_on", "pk")[:SHOWN]),
        "closed": list(rows.exclude(state=PromiseState.OPEN).order_by("-closed_at", "-pk")[:SHOWN]),
        "ratio": _ratio(queries.promise_record(customer.pk, today())),
        "today": today(),
        "may_write": may_write,
        "form": form or (_promise_form(request, customer, None) if may_write else None),
    }


def _ratio(record: queries.PromiseRecord) -> str:
    if not record.closed:
        return _("No promise to this customer has come due yet.")
    words = ngettext(
        "%(kept)d of %(closed)d promise was kept.", "%(kept)d of %(closed)d promises were kept.", record.closed
    )
    return words % {"kept": record.kept, "closed": record.closed}


def _promise_form(request: HttpRequest, customer: Customer, data: Any) -> PromiseForm:
    return PromiseForm(data, owners=queries.promise_owners(customer), initial={"owner": request.user.staff_no})


@roles(*SERVING)
@require_http_methods(["GET", "HEAD", "POST"])
def promise_new(request: HttpRequest, customer_no: str) -> HttpResponse:
    """Write a promise down."""
    customer = customer_in_sight(request, customer_no)
    form = _promise_form(request, customer, request.POST if request.method == "POST" else None)
    if _done(form, lambda values: promises.make_promise(customer=customer, actor=request.user, at=now(), **values)):
        return _promised(request, customer, _("The promise was written down."))
    if request.htmx:
        status = INVALID if form.errors else 200
        return render(request, "customers/_promises.html", _tab(request, customer, form), status=status)
    return _part(request, "customers/_promises_new.html", customer, form, {})


@roles(*SERVING)
@require_http_methods(["GET", "HEAD", "POST"])
def promise_close(request: HttpRequest, pk: int) -> HttpResponse:
    """Say what became of a promise: nothing closes silently."""
    promise = _promise(request, pk)
    data = request.POST if request.method == "POST" else None
    form = PromiseCloseForm(data, initial={"state": request.GET.get("state", PromiseState.KEPT)})

    def close(values: dict[str, Any]) -> Promise:
        act = CLOSING[values["state"]]
        return act(promise=promise, outcome=values["outcome"], actor=request.user, at=now())

    if _done(form, close):
        return _promised(request, promise.customer, _("The promise was closed."))
    context = {"promise": promise, "title": _("Close the promise"), "submit_label": _("Close the promise")}
    return _part(request, "customers/_promises_form.html", promise.customer, form, {**context, "action": request.path})


@roles(*SERVING)
@require_http_methods(["GET", "HEAD", "POST"])
def promise_change(request: HttpRequest, pk: int) -> HttpResponse:
    """Agree on another day, or give the promise to somebody else to keep."""
    promise = _promise(request, pk)
    data = request.POST if request.method == "POST" else None
    initial = {"due_on": promise.due_on, "owner": promise.owner.staff_no}
    form = PromiseChangeForm(data, owners=queries.promise_owners(promise.customer), initial=initial)

    def change(values: dict[str, Any]) -> None:
        promises.change_promise(promise=promise, actor=request.user, at=now(), **values)

    if _done(form, change):
        return _promised(request, promise.customer, _("The promise was changed."))
    context = {"promise": promise, "title": _("Change the promise"), "submit_label": _("Save")}
    return _part(request, "customers/_promises_form.html", promise.customer, form, {**context, "action": request.path})


def _promise(request: HttpRequest, pk: int) -> Promise:
    rows = Promise.objects.visible_to(request.user).open().select_related("customer", "owner")
    return get_object_or_404(rows, pk=pk)


def _promised(request: HttpRequest, customer: Customer, said: str) -> HttpResponse:
    messages.success(request, said)
    if not request.htmx:
        return redirect(f"{customer.get_absolute_url()}?tab=promises")
    response = render(request, "customers/_promises.html", _tab(request, customer))
    response["HX-Retarget"] = "#customer-tab"
    return response


@roles(*PROMISING)
@require_GET
def my_promises(request: HttpRequest) -> HttpResponse:
    """What one has promised, overdue first; heads see what their people have."""
    rows = Promise.objects.visible_to(request.user).select_related("customer", "owner")
    listing = PROMISES.show(request, queries.of_whom(rows, request.user))
    title = _("Promises") if has_role(request.user, *HEADS) else _("My promises")
    return render(request, "customers/promises.html", {"listing": listing, "page_title": title})
