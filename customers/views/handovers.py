"""Hand-overs: choosing, preview, decision, progress, what became of each customer, taking back."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.db.models import Count, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST
from django_htmx.http import HttpResponseClientRefresh

from core.clock import now, today
from core.enums import JobState
from core.errors import DomainError
from core.models import Job
from core.pages import BadQuery
from core.pages.selection import MATCHING, SELECTED, chosen_rows, read_selection
from customers import queries as customers
from customers.enums import HandoverRefusal, HandoverResult, HandoverState
from customers.filters import CUSTOMERS
from customers.filters.handovers import HANDOVERS, TONES, item_list
from customers.forms.portfolio import HandoverDecisionForm, HandoverForm
from customers.models import Customer, CustomerPosition, Handover, HandoverItem
from customers.queries import portfolio as queries
from customers.queries.lists import listed
from customers.services import handover as services
from staff.access import AMOUNT_ROLES, HEADS, MANAGERS, has_role, roles, scope_of

ASKERS = (*MANAGERS, *HEADS)
NEWS_DAYS, NEWS = 30, 5
RUNNING = {HandoverState.QUEUED, HandoverState.UNDOING}
BEFORE = {HandoverState.DRAFT, HandoverState.PENDING}
UNFINISHED = {JobState.WAITING, JobState.RUNNING}


@dataclass(frozen=True, slots=True)
class Choice:
    """Which customers were chosen so far: rows in sight, ticked numbers that are not, and how to say it again."""

    rows: QuerySet[Customer] | None
    missing: int
    hidden: list[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class ResultLink:
    """Customers of a hand-over by what became of them, with the address of exactly those."""

    label: str
    count: int
    url: str
    is_active: bool


@roles(*AMOUNT_ROLES)
@require_GET
def handover_list(request: HttpRequest) -> HttpResponse:
    """Hand-overs this person gives, gets, asked for or heads; what waits for them on top."""
    visible = queries.with_people(Handover.objects.visible_to(request.user))
    waiting = [one for one in _pending(request, visible) if queries.may_decide(request.user, one)]
    since = now() - timedelta(days=NEWS_DAYS)
    context = {
        "listing": HANDOVERS.show(request, visible.annotate(asked=Count("items")), amounts=True),
        "waiting": waiting,
        "taken": list(queries.taken_lately(request.user, since)[:NEWS]),
        "given": list(queries.given_lately(request.user, since)[:NEWS]),
        "may_ask": has_role(request.user, *ASKERS),
        "page_title": _("Hand-overs"),
    }
    return render(request, "customers/handovers.html", context)


def _pending(request: HttpRequest, visible: QuerySet[Handover]) -> QuerySet[Handover]:
    if not has_role(request.user, *HEADS):
        return visible.none()
    return visible.filter(state=HandoverState.PENDING).annotate(asked=Count("items")).order_by("requested_at")[:20]


@roles(*ASKERS)
@require_http_methods(["GET", "POST"])
def handover_new(request: HttpRequest) -> HttpResponse:
    """Who gets the chosen customers, one customer (?customer=) or a whole book (?book=); leads to the preview.

    ?to= is the staff number somebody suggests.
    """
    choice = _choice(request)
    people = queries.owners_for(request.user)
    is_filled = request.method == "POST" and "to_manager" in request.POST
    data, to = request.POST if is_filled else None, request.GET.get("to", "")
    form = HandoverForm(data, people=people, asks_book=choice.rows is None, to=to)
    if is_filled and form.is_valid():
        try:
            handover = _draft(request, choice, form.cleaned_data)
        except DomainError as error:
            form.add_error(None, str(error))
        else:
            return redirect("customers:handover", handover.pk)
    context = {
        "form": form,
        "hidden": choice.hidden,
        "count": None if choice.rows is None else choice.rows.order_by()[: services.MOST + 1].count(),
        "most": services.MOST,
        "missing": choice.missing,
        "page_title": _("Hand customers over"),
        "crumbs": _crumbs(_("Hand customers over")),
    }
    return render(request, "customers/handover_new.html", context, status=422 if is_filled else 200)


def _choice(request: HttpRequest) -> Choice:
    """What the request says was chosen. Raises BadQuery for nonsense."""
    data = request.POST if request.method == "POST" else request.GET
    visible = Customer.objects.visible_to(request.user)
    if number := data.get("customer", ""):
        row = get_object_or_404(visible, customer_no=number)
        return Choice(visible.filter(pk=row.pk), 0, [("customer", number)])
    if SELECTED in data or MATCHING in data:
        chosen = read_selection(data)
        positions = listed(CustomerPosition.objects.visible_to(request.user), customers.ledger_day())
        amounts = scope_of(request.user).amounts
        found = chosen_rows(CUSTOMERS, chosen, positions, key=CUSTOMERS.row_path, amounts=amounts, request=request)
        hidden = [(MATCHING, chosen.query)] if chosen.is_query else [(SELECTED, number) for number in chosen.numbers]
        return Choice(found.rows, len(found.missing), hidden)
    if has_role(request.user, *MANAGERS):
        return Choice(visible.filter(manager_id=request.user.pk), 0, [])
    return Choice(None, 0, [])


def _draft(request: HttpRequest, choice: Choice, data: Mapping[str, Any]) -> Handover:
    rows = choice.rows
    if rows is None:
        rows = Customer.objects.visible_to(request.user).filter(manager=data["book"])
    handover = services.draft_handover(
        customer_ids=list(rows.order_by().values_list("pk", flat=True)[: services.MOST + 1]),
        to_manager=data["to_manager"],
        backup=data["backup"],
        reason=data["reason"],
        actor=request.user,
        at=now(),
    )
    if choice.missing:
        text = ngettext(
            "%(count)d ticked customer was not found or is not in your sight and was left out.",
            "%(count)d ticked customers were not found or are not in your sight and were left out.",
            choice.missing,
        )
        messages.warning(request, text % {"count": choice.missing})
    return handover


def _crumbs(title: str) -> list[dict[str, str]]:
    return [{"label": _("Hand-overs"), "url": reverse("customers:handovers")}, {"label": title}]


def _handover(request: HttpRequest, pk: int) -> Handover:
    return get_object_or_404(queries.with_people(Handover.objects.visible_to(request.user)), pk=pk)


@roles(*AMOUNT_ROLES)
@require_GET
def handover_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """One hand-over: what it would do, the decision, how far it is, or what it did."""
    return _detail(request, _handover(request, pk), None)


def _detail(request: HttpRequest, handover: Handover, form: HandoverDecisionForm | None) -> HttpResponse:
    state = HandoverState(handover.state)
    preview = queries.preview_of(handover) if state in BEFORE else None
    refused = preview.refused if preview else {}
    counts = _counts(handover, preview)
    may_decide = state == HandoverState.PENDING and queries.may_decide(request.user, handover)
    mine = handover.requested_by_id == request.user.pk
    context = {
        "handover": handover,
        "tone": TONES[state],
        "preview": preview,
        "unlicensed": queries.unlicensed_for(handover, preview, today()) if preview else "",
        "reasons": [(why.label, count) for why, count in preview.reasons] if preview else [],
        "progress": _progress(handover.job) if state in RUNNING and handover.job else None,
        "results": _result_links(request, handover, counts),
        "listing": item_list(refused).show(request, _items(request, handover, refused), amounts=True),
        "hidden": sum(counts.values())
        - HandoverItem.objects.visible_to(request.user).filter(handover=handover).count(),
        "kept": queries.kept_after(handover, customers.ledger_day() or today()),
        "form": form or HandoverDecisionForm(initial={"digest": queries.digest_of(handover)}),
        "may_decide": may_decide,
        "may_withdraw": mine and state == HandoverState.PENDING,
        "may_submit": mine and state == HandoverState.DRAFT and preview is not None and bool(preview.moving),
        "may_discard": mine and state == HandoverState.DRAFT,
        "at_once": has_role(request.user, *HEADS),
        "may_undo": queries.may_undo(request.user, handover, now()),
        "crumbs": _crumbs(_("Hand-over to %(name)s") % {"name": handover.to_manager.name}),
    }
    return render(request, "customers/handover.html", context, status=422 if form else 200)


def _counts(handover: Handover, preview: queries.Preview | None) -> dict[str, int]:
    if preview is None:
        return queries.result_counts(handover)
    return {HandoverResult.WAITING: len(preview.moving), HandoverResult.REFUSED: len(preview.refused)}


def _result_links(request: HttpRequest, handover: Handover, counts: Mapping[str, int]) -> list[ResultLink]:
    wanted = request.GET.get("result", "")
    if wanted not in ("", *HandoverResult.values):
        raise BadQuery()
    link = ResultLink(_("All"), sum(counts.values()), request.path, not wanted)
    words = {HandoverResult.WAITING: _("To be handed over")} if handover.state in BEFORE else {}
    return [link] + [
        ResultLink(words.get(one, str(one.label)), counts[one], f"{request.path}?result={one}", one == wanted)
        for one in HandoverResult
        if counts.get(one)
    ]


def _items(request: HttpRequest, handover: Handover, refused: Mapping[int, HandoverRefusal]) -> QuerySet[HandoverItem]:
    """The customers of the chosen result that the person may see."""
    items = HandoverItem.objects.visible_to(request.user).filter(handover=handover)
    items = items.select_related("customer__position", "customer__branch", "manager_before")
    wanted = request.GET.get("result", "")
    if not wanted:
        return items
    if handover.state not in BEFORE:
        return items.filter(result=wanted)
    if wanted == HandoverResult.REFUSED:
        return items.filter(customer_id__in=refused)
    return items.exclude(customer_id__in=refused) if wanted == HandoverResult.WAITING else items.none()


def _progress(job: Job) -> dict[str, Any]:
    is_broken = job.state not in UNFINISHED
    detail = f"{job.done_count:,} / {job.total_count:,}" if job.total_count else ""
    state = "failed" if is_broken and job.state != JobState.DONE else job.state
    return {"state": state, "value": job.done_count, "max": job.total_count or "", "detail": detail}


@roles(*AMOUNT_ROLES)
@require_GET
def handover_progress(request: HttpRequest, pk: int) -> HttpResponse:
    """How far the hand-over or its undo is; once it is finished the page loads again."""
    handover = _handover(request, pk)
    if handover.state not in RUNNING or handover.job is None:
        return HttpResponseClientRefresh() if request.htmx else redirect("customers:handover", pk)
    context = {"handover": handover, "progress": _progress(handover.job)}
    return render(request, "customers/_handover_progress.html", context)


@roles(*ASKERS)
@require_POST
def handover_submit(request: HttpRequest, pk: int) -> HttpResponse:
    """Do it, or ask the head to."""
    handover = services.submit_handover(handover=_handover(request, pk), actor=request.user, at=now())
    if handover.state == HandoverState.PENDING:
        messages.success(request, _("The head of the unit has been asked."))
    return redirect("customers:handover", pk)


@roles(*ASKERS)
@require_POST
def handover_discard(request: HttpRequest, pk: int) -> HttpResponse:
    """Forget a draft."""
    services.discard_handover(handover=_handover(request, pk), actor=request.user, at=now())
    messages.success(request, _("The draft was discarded; nothing was handed over."))
    return redirect("customers:handovers")


@roles(*ASKERS)
@require_POST
def handover_decide(request: HttpRequest, pk: int) -> HttpResponse:
    """The head's decision, or the asker's withdrawal."""
    handover, form = _handover(request, pk), HandoverDecisionForm(request.POST)
    if not form.is_valid():
        return _detail(request, handover, form)
    data = form.cleaned_data
    try:
        _decide(request, handover, data)
    except DomainError as error:
        form.add_error(None, str(error))
        return _detail(request, _handover(request, pk), form)
    return redirect("customers:handover", pk)


def _decide(request: HttpRequest, handover: Handover, data: Mapping[str, str]) -> None:
    if data["decision"] == "withdraw":
        services.withdraw_handover(handover=handover, actor=request.user, at=now())
        return
    decide = services.approve_handover if data["decision"] == "approve" else services.reject_handover
    decide(handover=handover, digest=data["digest"], actor=request.user, at=now(), comment=data["comment"])


@roles(*HEADS)
@require_POST
def handover_undo(request: HttpRequest, pk: int) -> HttpResponse:
    """Give the customers back."""
    services.undo_handover(handover=_handover(request, pk), actor=request.user, at=now())
    return redirect("customers:handover", pk)
