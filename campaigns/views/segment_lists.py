"""Lists of customers: drawn up, filled by numbers, kept of a rule's present customers, and somebody taken off."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST

from campaigns.filters.segments import MEMBERS_FILE
from campaigns.forms.segments import KeepForm, ListForm, NumbersForm
from campaigns.models import Segment
from campaigns.queries.campaigns import MAKERS, READERS
from campaigns.queries.segment_pages import members_for
from campaigns.services import lists as services
from campaigns.services.segments import keep_as_list
from campaigns.views.segments import INVALID, crumbs, segment_for, segment_page
from core.clock import now, today
from core.errors import DomainError
from core.exporting import ListSource
from core.pages import Column
from customers.models import Customer
from staff.access import roles
from staff.exports import ask_for_file, read_wish

SHOWN = 100
MEMBER_LIST = ListSource(
    key="segment_members",
    page=MEMBERS_FILE,
    rows=members_for,
    roles=READERS,
    number=Column("number", gettext_lazy("Customer number"), "customer__customer_no"),
    unlinked={"customer": "customer__name"},
)


@roles(*READERS)
@require_http_methods(["GET", "HEAD", "POST"])
def members_export(request: HttpRequest) -> HttpResponse:
    """Ask for the customers on a list as a file."""
    wish = read_wish(request, MEMBER_LIST, amounts=False)
    return ask_for_file(request, wish, list_url=reverse("campaigns:segments"), title=_("Segments"))


@roles(*MAKERS)
@require_http_methods(["GET", "HEAD", "POST"])
def list_new(request: HttpRequest) -> HttpResponse:
    """Draw a list up, with the customers it begins with; numbers that are refused are shown with the reason."""
    form = ListForm(request.POST or None, request.FILES or None, viewer=request.user)
    if request.method == "POST" and form.is_valid():
        try:
            segment, found = services.draft_list(facts=form.facts(), numbers=form.lines(), actor=request.user, at=now())
        except DomainError as error:
            form.add_error(None, str(error))
        else:
            return _filled(request, segment, found)
    context = {
        "form": form,
        "back": reverse("campaigns:segments"),
        "page_title": _("New list"),
        "crumbs": crumbs(),
    }
    return render(request, "campaigns/segment_list_form.html", context, status=INVALID if form.errors else 200)


@roles(*MAKERS)
@require_POST
def list_add(request: HttpRequest, pk: int) -> HttpResponse:
    """Put customers on a list; numbers that are refused are shown with the reason."""
    segment, form = segment_for(request, pk), NumbersForm(request.POST, request.FILES)
    if form.is_valid():
        try:
            found = services.add_to_list(segment=segment, numbers=form.lines(), actor=request.user, at=now())
        except DomainError as error:
            form.add_error(None, str(error))
        else:
            return _filled(request, segment, found)
    return segment_page(request, segment, INVALID, numbers=form)


def _filled(request: HttpRequest, segment: Segment, found: services.Filled) -> HttpResponse:
    """On to the list; refused lines are shown first, as no other page knows them."""
    if found.added or not found.refused:
        messages.success(request, _("Put on the list: %(count)s.") % {"count": f"{found.added:,}"})
    if not found.refused:
        return redirect(segment)
    context = {
        "segment": segment,
        "refused": found.refused[:SHOWN],
        "refused_count": f"{len(found.refused):,}",
        "page_title": _("Not put on the list"),
        "crumbs": crumbs(segment),
    }
    return render(request, "campaigns/segment_refused.html", context)


@roles(*MAKERS)
@require_POST
def list_remove(request: HttpRequest, pk: int) -> HttpResponse:
    """Take a customer off a list."""
    segment = segment_for(request, pk)
    number = request.POST.get("customer", "").replace("\x00", "").strip()[:32]
    customer = Customer.objects.visible_to(request.user).filter(customer_no=number).first()
    if customer is None:
        messages.error(request, services.REFUSALS["unknown"])
        return redirect(segment)
    try:
        services.take_off_list(segment=segment, customer=customer, actor=request.user, at=now())
    except DomainError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("%(name)s is off the list.") % {"name": customer.name})
    return redirect(segment)


@roles(*MAKERS)
@require_POST
def segment_keep(request: HttpRequest, pk: int) -> HttpResponse:
    """Keep the customers a rule finds today as a list of their own."""
    segment, form = segment_for(request, pk), KeepForm(request.POST)
    if form.is_valid():
        name = form.cleaned_data["name"]
        try:
            made = keep_as_list(segment=segment, name=name, actor=request.user, at=now(), day=today())
        except DomainError as error:
            form.add_error("name", str(error))
        else:
            messages.success(request, _("Kept as a list: it stays as it is now."))
            return redirect(made)
    return segment_page(request, segment, INVALID, keep=form)
