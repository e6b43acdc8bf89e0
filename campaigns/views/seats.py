"""Guests: letting them in at the door, one guest with their link, and the page behind that link."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from campaigns.enums import EventState, SeatState
from campaigns.filters.events import minute, seat_cell
from campaigns.models import Seat
from campaigns.queries import events as queries
from campaigns.rules.events import ANSWERS, DOORS, NO, YES, code_of, may_answer
from campaigns.rules.qr import SIZE, path_of, qr_matrix
from campaigns.services import seats as services
from campaigns.views.events import calendar_file, crumbs, event_for
from campaigns.views.public import dead_link, for_customers, page
from core.clock import now
from core.errors import DomainError
from core.middleware import too_many
from customers.queries.profile import masked_value
from servicing.services.visits import TooManyVisits, count_visit
from staff.access import is_staff_member, roles

QUIET_ZONE = 4
IN, OUT = "in", "out"
DONE = {
    YES: gettext_lazy("The answer is noted."),
    NO: gettext_lazy("The answer is noted; the seat goes to who waits."),
    IN: gettext_lazy("Let in: %(name)s."),
    OUT: gettext_lazy("Taken back."),
}


@roles(*queries.DOORKEEPERS)
@require_http_methods(["GET", "HEAD", "POST"])
def event_check_in(request: HttpRequest, pk: int) -> HttpResponse:
    """At the door: guests found by the code they show, their name or the end of their number.

    What is looked for is posted: a whole telephone number stays out of addresses and logs.
    """
    event, text = event_for(request, pk), request.POST.get("q", "")[:60]
    rows = queries.guests_of(request.user, event)
    found = queries.find_guests(rows, text)
    counts = queries.counts_by_state(rows)
    context = {
        "event": event,
        "q": text,
        "guests": [_guest(row) for row in found],
        "came": counts.get(SeatState.CAME, 0),
        "expected": counts.get(SeatState.CAME, 0) + counts.get(SeatState.COMING, 0),
        "is_early": now() < event.starts_at - DOORS,
        "is_on": event.state in (EventState.OPEN, EventState.OVER),
        "page_title": _("At the door"),
        "crumbs": crumbs(event=event),
    }
    return render(request, "campaigns/event_check_in.html", context)


def _guest(row: Seat) -> dict[str, Any]:
    customer = row.customer
    return {
        "row": row,
        "state": seat_cell(row),
        "phone": masked_value("phone", customer.customer_no, customer.phone_cipher),
        "is_in": row.state == SeatState.CAME,
    }


@roles(*queries.READERS)
@require_GET
def seat(request: HttpRequest, pk: int) -> HttpResponse:
    """One guest: what they answered, their link and code to hand over, and what may be done for them."""
    row, at = _seat(request, pk), now()
    event = row.event
    times = {"state": event.state, "starts_at": event.starts_at, "answer_by": event.answer_by, "at": at}
    may_serve = request.user.role in queries.DOORKEEPERS
    is_settled = row.state in (SeatState.CAME, SeatState.MISSED)
    says = [says for says in ANSWERS if may_serve and not is_settled and may_answer(says, **times)]
    is_on = event.state in (EventState.OPEN, EventState.OVER) and at >= event.starts_at - DOORS
    context = {
        "row": row,
        "event": event,
        "state": seat_cell(row),
        "facts": list(_facts(row)),
        "link": queries.link_of(row) if may_serve and event.state == EventState.OPEN else "",
        **_code(row),
        "says": says,
        "may_let_in": may_serve and is_on,
        "page_title": row.customer.name,
        "crumbs": crumbs(event=event),
    }
    return render(request, "campaigns/seat.html", context)


def _facts(row: Seat) -> list[dict[str, Any]]:
    customer = row.customer
    return [
        {"label": _("Customer"), "value": customer.customer_no, "url": customer.get_absolute_url()},
        {"label": _("Manager"), "value": customer.manager.name if customer.manager else "–"},
        {"label": _("Invited"), "value": minute(row.invited_at)},
        {"label": _("Answered"), "value": minute(row.answered_at) or "–"},
        {"label": _("Let in"), "value": minute(row.came_at) or "–"},
    ]


def _code(row: Seat) -> dict[str, Any]:
    """What the guest shows at the door, in letters and as a picture."""
    code = code_of(bytes(row.digest))
    side = SIZE + 2 * QUIET_ZONE
    box = f"{-QUIET_ZONE} {-QUIET_ZONE} {side} {side}"
    return {"code": code, "qr": path_of(qr_matrix(code)), "qr_box": box}


def _seat(request: HttpRequest, pk: int) -> Seat:
    events = queries.events_of(request.user).values("pk")
    rows = Seat.objects.visible_to(request.user).filter(event__in=events)
    return get_object_or_404(rows.select_related("event", "customer__manager"), pk=pk)


@roles(*queries.DOORKEEPERS)
@require_POST
def seat_step(request: HttpRequest, pk: int, step: str) -> HttpResponse:
    """Note an answer for a guest, let them in, or take that back; then on with the door's list or the guest."""
    row = _seat(request, pk)
    if step not in DONE:
        raise Http404
    try:
        _take(row, step, request)
    except DomainError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, str(DONE[step]) % {"name": row.customer.name} if step == IN else str(DONE[step]))
    if "door" in request.POST:
        return redirect("campaigns:event_check_in", row.event_id)
    return redirect("campaigns:seat", pk)


def _take(row: Seat, step: str, request: HttpRequest) -> None:
    if step in ANSWERS:
        services.answer(seat=row, says=step, at=now(), actor=request.user.actor)
    elif step == IN:
        services.check_in(seat=row, actor=request.user, at=now())
    else:
        services.undo_check_in(seat=row, actor=request.user, at=now())


@for_customers
@require_http_methods(["GET", "HEAD", "POST"])
def rsvp(request: HttpRequest, token: str) -> HttpResponse:
    """A guest's own page: come or not, where and when, and the code for the door. Looking changes nothing."""
    found = queries.rsvp_of(token)
    if found is None:
        return dead_link(request, "campaigns/rsvp_dead.html", "rsvp")
    is_staff, says = is_staff_member(request.user), request.POST.get("answer", "")
    if request.method != "POST":
        return _public(request, found, token)
    if is_staff:
        return _public(request, found, token, status=403)
    try:
        # A link is one customer's: nobody changes their mind sixty times a minute.
        count_visit(page="rsvp_answer", visitor=bytes(found.digest).hex())
    except TooManyVisits:
        return too_many(request)
    if says not in ANSWERS:
        return _public(request, found, token, status=422)
    try:
        found = services.answer(seat=found, says=says, at=now())
    except DomainError as error:
        return _public(request, found, token, fault=str(error), status=409)
    return _public(request, found, token, is_said=True)


def _public(
    request: HttpRequest, row: Seat, token: str, *, fault: str = "", is_said: bool = False, status: int = 200
) -> HttpResponse:
    event, at = row.event, now()
    times = {"state": event.state, "starts_at": event.starts_at, "answer_by": event.answer_by, "at": at}
    is_coming = row.state == SeatState.COMING
    context = {
        "event": event,
        "seat": row,
        "begins": minute(event.starts_at),
        "ends": minute(event.ends_at),
        "until": minute(event.answer_by),
        "may_come": row.state in (SeatState.INVITED, SeatState.DECLINED) and may_answer(YES, **times),
        "may_decline": row.state not in (SeatState.DECLINED, SeatState.CAME) and may_answer(NO, **times),
        "is_full": event.taken >= event.capacity,
        "is_said": is_said,
        "fault": fault,
        "is_staff": is_staff_member(request.user),
        "calendar_url": reverse("campaigns:rsvp_calendar", args=[token]) if is_coming else "",
        **(_code(row) if is_coming or row.state == SeatState.CAME else {}),
    }
    return page(request, "campaigns/rsvp.html", context, status=status)


@for_customers
@require_GET
def rsvp_calendar(request: HttpRequest, token: str) -> HttpResponse:
    """The event for the guest's own calendar."""
    found = queries.rsvp_of(token)
    if found is None:
        return dead_link(request, "campaigns/rsvp_dead.html", "rsvp")
    return calendar_file(found.event)
