"""Taking a complaint in: the page, cases that may be the same matter, and the complaints of one customer."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from complaints.forms.intake import AlikeForm, IntakeForm
from complaints.models import Complaint
from complaints.queries import intake as queries
from complaints.queries.cases import cases_of, linked_cases, may_work_on
from complaints.services.intake import FAULTS, IntakeRefused, join_cases, register_complaint
from core.clock import now, today
from core.errors import DomainError
from customers.models import Customer
from staff.access import CUSTOMER_ROLES, roles

INVALID = 422  # htmx shows forms with errors under this status


@roles(*CUSTOMER_ROLES)
@require_http_methods(["GET", "HEAD", "POST"])
def register(request: HttpRequest) -> HttpResponse:
    """Take in the complaint of somebody who is not looked up yet, or is nobody's customer."""
    return _page(request, None)


@roles(*CUSTOMER_ROLES)
@require_http_methods(["GET", "HEAD", "POST"])
def new(request: HttpRequest, customer_no: str) -> HttpResponse:
    """Take in the complaint of a customer in sight."""
    visible = Customer.objects.visible_to(request.user).select_related("branch")
    return _page(request, get_object_or_404(visible, customer_no=customer_no))


def _page(request: HttpRequest, customer: Customer | None) -> HttpResponse:
    initial = {"branch": customer.branch.code if customer else request.user.branch.code}
    if customer:
        initial["customer_no"] = customer.customer_no
    form = IntakeForm(request.POST if request.method == "POST" else None, initial=initial)
    if request.method == "POST" and form.is_valid():
        made = _registered(request, form)
        if made:
            return _answer(request, made)
    title = _("Take in a complaint")
    crumbs = [{"label": title}]
    if customer:
        crumbs.insert(0, {"label": customer.name, "url": customer.get_absolute_url()})
    context = {"form": form, "customer": customer, "page_title": title, "crumbs": crumbs}
    return render(request, "complaints/new.html", context, status=INVALID if form.errors else 200)


def _registered(request: HttpRequest, form: IntakeForm) -> Complaint | None:
    values: dict[str, Any] = dict(form.cleaned_data)
    number, same = values.pop("customer_no"), values.pop("same_as")
    customer = _customer(request, number)
    if number and customer is None:
        form.add_error("customer_no", _("You see no customer with this number."))
        return None
    same_as = Complaint.objects.visible_to(request.user).filter(number=same).first() if same else None
    try:
        return register_complaint(actor=request.user, customer=customer, same_as=same_as, at=now(), **values)
    except IntakeRefused as error:
        form.add_error(_field_of(error), str(error))
    except DomainError as error:
        form.add_error(None, str(error))
    return None


def _field_of(error: IntakeRefused) -> str | None:
    """The field a refusal stands beside."""
    places = {code: code for code in FAULTS} | {"text": "summary", "source_day": "source_on"}
    places |= {"anonymous_customer": "customer_no", "sent_before": "source_no"}
    return places.get(error.code)


def _customer(request: HttpRequest, number: str) -> Customer | None:
    if not number.strip():
        return None
    visible = Customer.objects.visible_to(request.user).select_related("branch", "position")
    return visible.filter(customer_no=number.strip()).first()


def _answer(request: HttpRequest, made: Complaint) -> HttpResponse:
    words = _("Registered as %(number)s, to be decided by %(day)s.")
    messages.success(request, words % {"number": made.number, "day": made.due_on.isoformat()})
    if Complaint.objects.visible_to(request.user).filter(pk=made.pk).exists():
        return redirect(made.get_absolute_url())
    # Whoever is complained of has written it down and is out of it from here.
    return redirect("complaints:register")


@roles(*CUSTOMER_ROLES)
@require_POST
def alike(request: HttpRequest) -> HttpResponse:
    """Cases that may be the same matter as what stands in the form; by POST, as a phone is no part of an address."""
    form = AlikeForm(request.POST)
    form.is_valid()
    values = {name: str(form.cleaned_data.get(name) or "") for name in form.fields}
    number = values.pop("customer_no")
    found = queries.alike(request.user, customer=_customer(request, number), day=today(), **values)
    context = {"cases": found.select_related("branch"), "chosen": request.POST.get("same_as", "")}
    return render(request, "complaints/_new_alike.html", context)


@roles(*CUSTOMER_ROLES)
@require_http_methods(["GET", "HEAD", "POST"])
def same(request: HttpRequest, number: str) -> HttpResponse:
    """The part of a case's page that joins it to an earlier case of the same matter, or takes that back."""
    case = get_object_or_404(cases_of(request.user), number=number)
    may_join, failed = may_work_on(request.user, case), ""
    if request.method == "POST":
        found = Complaint.objects.visible_to(request.user).filter(number=request.POST.get("same_as", "")).first()
        try:
            case = join_cases(complaint=case, same_as=found, actor=request.user, at=now())
        except DomainError as error:
            failed = str(error)
    context = {
        "case": case,
        "linked": linked_cases(case, request.user),
        "offered": [] if case.same_as_id or queries.is_joined_to(case) else queries.candidates_for(case, request.user),
        "may_join": may_join,
        "failed": failed,
    }
    return render(request, "complaints/same.html", context, status=INVALID if failed else 200)


@roles(*CUSTOMER_ROLES)
@require_GET
def of_customer(request: HttpRequest, customer_no: str) -> HttpResponse:
    """The tab with a customer's complaints, as far as they are this person's business."""
    customer = get_object_or_404(Customer.objects.visible_to(request.user), customer_no=customer_no)
    context = {
        "customer": customer,
        "cases": queries.cases_about(customer, request.user),
        "new_url": reverse("complaints:new", args=[customer.customer_no]),
    }
    return render(request, "complaints/of_customer.html", context)
