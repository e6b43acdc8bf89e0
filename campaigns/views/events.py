"""Events: the list, one with its guests, drawing one up, its steps, inviting by number, and the list for the door."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, pgettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from campaigns.enums import EventState, SeatState
from campaigns.filters.events import EVENTS, GUESTS, minute, state_cell
from campaigns.forms.events import CancelForm, CloseForm, EventForm, InviteForm
from campaigns.models import Event, Seat
from campaigns.queries import events as queries
from campaigns.queries.campaigns import MAKERS
from campaigns.rules.events import DOORS, code_of
from campaigns.services import events as services
from campaigns.services import seats
from campaigns.views.parts import INVALID
from core.clock import now
from core.errors import DomainError
from customers.queries.profile import masked_value
from staff.access import has_role, roles

SHOWN = 100
# On paper: nobody was ever asked to print more for one door.
PRINTED = 1_000


@roles(*queries.READERS)
@require_GET
def event_list(request: HttpRequest) -> HttpResponse:
    """Events that concern the person, the latest first."""
    context = {
        "listing": EVENTS.show(request, queries.events_of(request.user)),
        "may_make": has_role(request.user, *MAKERS),
        "page_title": _("Events"),
    }
    return render(request, "campaigns/events.html", context)


@roles(*queries.READERS)
@require_GET
def event_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """One event: when and where, its guests in sight, and what may be done."""
    return _page(request, event_for(request, pk))


@roles(*MAKERS)
@require_http_methods(["GET", "HEAD", "POST"])
def event_new(request: HttpRequest) -> HttpResponse:
    """Draw an event up."""
    form = EventForm(request.POST or None, user=request.user, at=now())
    if request.method == "POST" and form.is_valid():
        try:
            event = services.draft_event(facts=form.facts(), actor=request.user, at=now())
        except DomainError as error:
            form.add_error(None, str(error))
        else:
            return redirect(event)
    return _form(request, form, _("New event"), reverse("campaigns:events"))


@roles(*MAKERS)
@require_http_methods(["GET", "HEAD", "POST"])
def event_edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Change an event that is not over."""
    event = _led(request, pk)
    form = EventForm(request.POST or None, user=request.user, at=now(), event=event)
    if request.method == "POST" and form.is_valid():
        try:
            services.change_event(event=event, facts=form.facts(), actor=request.user, at=now())
        except DomainError as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, _("Saved."))
            return redirect(event)
    return _form(request, form, event.name, event.get_absolute_url())


def _form(request: HttpRequest, form: EventForm, title: str, back: str) -> HttpResponse:
    context = {"form": form, "back": back, "page_title": title, "crumbs": crumbs(title)}
    return render(request, "campaigns/event_form.html", context, status=INVALID if form.errors else 200)


def _open(event: Event, note: str, request: HttpRequest) -> None:
    services.open_event(event=event, actor=request.user, at=now())


def _close(event: Event, note: str, request: HttpRequest) -> None:
    services.close_event(event=event, result=note, actor=request.user, at=now())


def _cancel(event: Event, note: str, request: HttpRequest) -> None:
    services.cancel_event(event=event, note=note, actor=request.user, at=now())


STEPS: Mapping[str, tuple[Callable[[Event, str, HttpRequest], None], Any]] = {
    "open": (_open, gettext_lazy("Open: guests can be invited and answer.")),
    "close": (_close, gettext_lazy("Saved. Who did not come is a call for their manager.")),
    "cancel": (_cancel, gettext_lazy("Called off. Who was coming is to be called.")),
}


@roles(*MAKERS)
@require_POST
def event_step(request: HttpRequest, pk: int, step: str) -> HttpResponse:
    """Open it, close it with what came of it, or call it off."""
    event = event_for(request, pk)
    if step not in STEPS:
        raise Http404
    work, words = STEPS[step]
    form = CancelForm(request.POST) if step == "cancel" else CloseForm(request.POST)
    if step == "cancel" and not form.is_valid():
        return _page(request, event, cancel=form)
    try:
        work(event, form.cleaned_data["note"] if form.is_valid() else "", request)
    except DomainError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, str(words))
    return redirect(event)


@roles(*MAKERS)
@require_http_methods(["GET", "HEAD", "POST"])
def event_invite(request: HttpRequest, pk: int) -> HttpResponse:
    """Invite customers by their numbers; those refused are shown with the reason."""
    event, found = event_for(request, pk), None
    form = InviteForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            found = seats.invite(event=event, numbers=form.lines(), actor=request.user, at=now())
        except DomainError as error:
            form.add_error(None, str(error))
        else:
            words = ngettext("%(n)s guest was invited.", "%(n)s guests were invited.", found.added)
            messages.success(request, words % {"n": found.added})
            if not found.refused:
                return redirect(event)
            form = InviteForm()
    context = {
        "event": event,
        "form": form,
        "refused": found.refused[:SHOWN] if found else [],
        "refused_count": len(found.refused) if found else 0,
        "page_title": _("Invite customers"),
        "crumbs": crumbs(event=event),
    }
    return render(request, "campaigns/event_invite.html", context, status=INVALID if form.errors else 200)


@roles(*queries.DOORKEEPERS)
@require_GET
def event_print(request: HttpRequest, pk: int) -> HttpResponse:
    """The guests in sight who have a seat or wait for one, on paper, with masked telephones."""
    event = event_for(request, pk)
    rows = queries.guests_of(request.user, event).filter(
        state__in=[SeatState.COMING, SeatState.CAME, SeatState.WAITING]
    )
    title = _("Guests: %(event)s") % {"event": event.name}
    context = {
        "event": event,
        "begins": minute(event.starts_at),
        "rows": [_printed(row) for row in rows.order_by("state", "customer__name", "pk")[:PRINTED]],
        "page_title": title,
        "crumbs": crumbs(event=event),
    }
    return render(request, "campaigns/event_print.html", context)


def _printed(row: Seat) -> dict[str, str]:
    customer = row.customer
    return {
        "name": customer.name,
        "phone": masked_value("phone", customer.customer_no, customer.phone_cipher),
        "manager": customer.manager.name if customer.manager else "",
        "code": code_of(bytes(row.digest)),
        "state": row.get_state_display(),
    }


@roles(*queries.READERS)
@require_GET
def event_calendar(request: HttpRequest, pk: int) -> HttpResponse:
    """The event as a file for one's own calendar."""
    return calendar_file(event_for(request, pk))


def calendar_file(event: Event) -> HttpResponse:
    """The answer with the file for a calendar; it names no guest."""
    made = HttpResponse(queries.entry_of(event, now()), content_type="text/calendar; charset=utf-8")
    made.headers["Content-Disposition"] = 'attachment; filename="event.ics"'
    return made


def event_for(request: HttpRequest, pk: int) -> Event:
    """The event of an address, or 404."""
    return get_object_or_404(queries.events_of(request.user), pk=pk)


def _led(request: HttpRequest, pk: int) -> Event:
    event = event_for(request, pk)
    if not queries.may_lead(request.user, event):
        raise Http404
    return event


def crumbs(title: str = "", *, event: Event | None = None) -> list[dict[str, str]]:
    """The way to a page of events."""
    found = [{"label": _("Events"), "url": reverse("campaigns:events")}]
    if event is not None:
        found.append({"label": event.name, "url": event.get_absolute_url()})
    return [*found, {"label": title}] if title else found


def _page(request: HttpRequest, event: Event, cancel: CancelForm | None = None) -> HttpResponse:
    rows, at = queries.guests_of(request.user, event), now()
    leads, is_open = queries.may_lead(request.user, event), event.state == EventState.OPEN
    is_on = event.state in (EventState.OPEN, EventState.OVER)
    may_make = has_role(request.user, *MAKERS)
    context = {
        "event": event,
        "state": state_cell(event),
        "facts": list(_facts(event)),
        "tiles": list(_tiles(event, rows)),
        "listing": GUESTS.show(request, rows),
        "may_change": leads and event.state in (EventState.DRAFT, EventState.OPEN),
        "may_open": leads and event.state == EventState.DRAFT,
        "may_invite": may_make and is_open and event.answer_by >= at,
        "may_ask": may_make and event.campaign_id is None and (is_open or leads) and event.answer_by > at,
        "at_door": is_on and has_role(request.user, *queries.DOORKEEPERS) and at >= event.starts_at - DOORS,
        "close": CloseForm({"note": event.result}) if leads and is_on and event.starts_at <= at else None,
        "cancel": (cancel or CancelForm()) if leads and (is_open or event.state == EventState.DRAFT) else None,
        "page_title": event.name,
        "crumbs": crumbs(),
    }
    return render(request, "campaigns/event.html", context, status=INVALID if cancel else 200)


def _facts(event: Event) -> Iterator[dict[str, Any]]:
    yield {"label": _("Begins"), "value": minute(event.starts_at)}
    yield {"label": _("Ends"), "value": minute(event.ends_at)}
    yield {"label": pgettext("event", "Place"), "value": event.place}
    yield {"label": _("Answers until"), "value": minute(event.answer_by)}
    yield {"label": _("Seats given"), "value": f"{event.taken:,} / {event.capacity:,}"}
    yield {"label": pgettext("event", "Host"), "value": event.host.name}
    yield {"label": _("Unit"), "value": event.branch.name}
    if event.campaign is not None:
        yield {"label": _("Campaign"), "value": event.campaign.name, "url": event.campaign.get_absolute_url()}


def _tiles(event: Event, rows: Any) -> Iterator[dict[str, str]]:
    counts = queries.counts_by_state(rows)
    for state in SeatState:
        if counts.get(state) or state in (SeatState.INVITED, SeatState.COMING, SeatState.WAITING):
            url = f"{event.get_absolute_url()}?state={state.value}"
            yield {"label": str(state.label), "value": f"{counts.get(state, 0):,}", "url": url}
