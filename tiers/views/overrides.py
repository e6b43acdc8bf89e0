"""Tiers given by people: the list, one of them with its decision, asking for one, ending it early."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from core.clock import now, today
from core.errors import DomainError
from core.pages import Tile, count_tile, recall
from customers.models import Customer
from customers.queries import ledger_day
from staff.access import BOOK_KEEPERS, CUSTOMER_ROLES, HEADS, has_role, roles, scope_of
from staff.enums import Role
from staff.queries import view_to_open
from tiers import queries
from tiers.enums import OverrideStatus
from tiers.filters import OVERRIDES, STAGE_WORDS, letter_cell, stage_cell
from tiers.forms.overrides import EndForm, OverrideForm
from tiers.forms.schemes import DecisionForm
from tiers.models import TierOverride
from tiers.queries import overrides as reads
from tiers.queries.overrides import OverrideStage
from tiers.services import overrides as services

READERS = (*BOOK_KEEPERS, *HEADS, Role.COMPLIANCE)
ACTORS = (*BOOK_KEEPERS, *HEADS)
INVALID = 422  # htmx shows forms with errors under this status
USUAL_DAYS = 90
ON_TILES = (OverrideStage.WAITING, OverrideStage.RUNNING, OverrideStage.ENDING)


@roles(*READERS)
@require_GET
def override_list(request: HttpRequest) -> HttpResponse:
    """Overrides of customers in sight, the newest first; what waits for this person on top."""
    rows = reads.overrides_of(request.user)
    recall(request, OVERRIDES, view_to_open(request.user, OVERRIDES.list_key, request.GET), rows, amounts=False)
    context = {
        "listing": OVERRIDES.show(request, rows),
        "tiles": list(_tiles(request)),
        "mine_to_decide": reads.overrides_to_decide(request.user).count(),
        "page_title": _("Overrides"),
    }
    return render(request, "tiers/overrides.html", context)


def _tiles(request: HttpRequest) -> Iterator[Tile]:
    for stage in ON_TILES:
        count = reads.overrides_of(request.user).filter(reads.staged(stage, today())).count()
        url = f"{reverse('tiers:overrides')}?{urlencode({'stage': stage})}"
        yield count_tile(STAGE_WORDS[stage], count, url, "" if stage == OverrideStage.RUNNING else "warn")


@roles(*CUSTOMER_ROLES)
@require_GET
def override_of_customer(request: HttpRequest, customer_no: str) -> HttpResponse:
    """A part of the tier tab: the override that waits or holds, and the way to ask for one."""
    customer = _customer(request, customer_no)
    live = reads.live_override(customer.pk)
    context = {
        "customer": customer,
        "override": live,
        "stage": stage_cell(live) if live else None,
        "given": letter_cell(live.letter) if live else None,
        "may_read": has_role(request.user, *READERS),
        "may_ask": live is None and has_role(request.user, *reads.OVERRIDE_ASKERS),
    }
    return render(request, "tiers/override_of_customer.html", context)


def _customer(request: HttpRequest, customer_no: str) -> Customer:
    visible = Customer.objects.visible_to(request.user).select_related("branch", "position")
    return get_object_or_404(visible, customer_no=customer_no)


@roles(*reads.OVERRIDE_ASKERS)
@require_http_methods(["GET", "HEAD", "POST"])
def override_new(request: HttpRequest, customer_no: str) -> HttpResponse:
    """Ask for another tier of a customer."""
    customer, earliest = _customer(request, customer_no), queries.first_free_day(today())
    given = reads.given_on(customer, earliest, today())
    offered = [(band.letter, queries.tier_name(band.rank, given.bands)) for band in given.bands]
    form = OverrideForm(
        request.POST or None,
        tiers=[(letter, f"{letter} {name}") for letter, name in offered if letter != given.present],
        initial={"starts_on": earliest, "ends_on": earliest + timedelta(days=USUAL_DAYS)},
    )
    if request.method == "POST" and form.is_valid():
        made = _ask(request, customer, form)
        if made:
            messages.success(request, _("The head has been asked; nothing changes until they have decided."))
            return redirect("tiers:override", made.pk)
    context = {
        "customer": customer,
        "form": form,
        "live": reads.live_override(customer.pk),
        "earliest": earliest,
        "latest": services.latest_end(earliest),
        "explanation": _why(request, customer),
        "page_title": _("Ask for another tier"),
        "crumbs": _crumbs(_("Ask for another tier")),
    }
    return render(request, "tiers/override_new.html", context, status=INVALID if form.errors else 200)


def _ask(request: HttpRequest, customer: Customer, form: OverrideForm) -> TierOverride | None:
    asked = services.Asked(**form.cleaned_data)
    try:
        return services.request_override(customer=customer, asked=asked, actor=request.user, at=now())
    except services.OverrideDaysRefused as error:
        is_start = form.cleaned_data["starts_on"] < queries.first_free_day(today())
        form.add_error("starts_on" if is_start else "ends_on", str(error))
    except services.OverrideTierRefused as error:
        form.add_error("letter", str(error))
    except DomainError as error:
        form.add_error(None, str(error))
    return None


def _why(request: HttpRequest, customer: Customer) -> str:
    """Why the customer is in their tier; without amounts for who sees none."""
    found = queries.explain(customer, ledger_day() or today())
    return found.reason if scope_of(request.user).amounts else found.public_reason


def _crumbs(title: str) -> list[dict[str, str]]:
    return [{"label": _("Overrides"), "url": reverse("tiers:overrides")}, {"label": title}]


def _override(request: HttpRequest, pk: int) -> TierOverride:
    return get_object_or_404(reads.overrides_of(request.user), pk=pk)


@roles(*READERS)
@require_GET
def override_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """One override: what was asked for and why, who decided, and what may be done about it."""
    return _detail(request, _override(request, pk))


def _detail(
    request: HttpRequest, override: TierOverride, form: DecisionForm | None = None, end_form: EndForm | None = None
) -> HttpResponse:
    customer, is_waiting = override.customer, override.status == OverrideStatus.WAITING
    start = max(override.starts_on, queries.first_free_day(today()))
    context = {
        "override": override,
        "customer": customer,
        "stage": stage_cell(override),
        "given": letter_cell(override.letter),
        "facts": list(_facts(override)),
        "explanation": _why(request, customer),
        "late_start": start if is_waiting and override.starts_on < start <= override.ends_on else None,
        "is_too_late": is_waiting and start > override.ends_on,
        "form": form or DecisionForm(initial={"digest": reads.override_digest(override)}),
        "end_form": end_form or EndForm(),
        "may_decide": is_waiting and reads.may_decide_override(request.user, override),
        "may_withdraw": is_waiting and override.requested_by_id == request.user.pk,
        "may_end": reads.may_end_override(request.user, override),
        "crumbs": _crumbs(customer.name),
    }
    is_wrong = form is not None or end_form is not None
    return render(request, "tiers/override.html", context, status=INVALID if is_wrong else 200)


def _facts(override: TierOverride) -> Iterator[dict[str, Any]]:
    yield {"label": _("Customer number"), "value": override.customer.customer_no}
    yield {"label": _("Branch"), "value": override.customer.branch.name}
    yield {"label": _("From"), "value": override.starts_on, "kind": "date"}
    yield {"label": _("Until"), "value": override.ends_on, "kind": "date", "hint": _days(override)}
    yield {"label": _("Asked by"), "value": _who(override.requested_by, override.requested_at)}
    if override.decided_by:
        yield {"label": _("Decided by"), "value": _who(override.decided_by, override.decided_at)}
    if override.ended_by:
        yield {"label": _("Ended by"), "value": _who(override.ended_by, override.ended_at)}


def _days(override: TierOverride) -> str:
    left: int = (override.ends_on - max(today(), override.starts_on)).days + 1
    is_on = override.status in reads.LIVE and left > 0
    return _("%(days)s days") % {"days": left} if is_on else ""


def _who(person: Any, at: Any) -> str:
    return f"{person.name} · {localtime(at):%Y-%m-%d %H:%M}"


@roles(*ACTORS)
@require_POST
def override_decide(request: HttpRequest, pk: int) -> HttpResponse:
    """Approve or reject, as the second person; or take one's own request back."""
    override, form = _override(request, pk), DecisionForm(request.POST)
    if form.is_valid():
        try:
            words = _decide(request, override, **form.cleaned_data)
        except DomainError as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, words)
            return redirect("tiers:override", pk)
    return _detail(request, _override(request, pk), form)


def _decide(request: HttpRequest, override: TierOverride, decision: str, digest: str, comment: str) -> str:
    who: dict[str, Any] = {"override": override, "actor": request.user, "at": now()}
    if decision == "approve":
        made = services.approve_override(**who, digest=digest, comment=comment)
        return _("Approved: the tier is given from %(day)s on.") % {"day": made.starts_on.isoformat()}
    if decision == "reject":
        services.reject_override(**who, digest=digest, comment=comment)
        return _("Rejected; the customer keeps the tier of the rule.")
    services.withdraw_override(**who)
    return _("The request was taken back.")


@roles(*ACTORS)
@require_POST
def override_end(request: HttpRequest, pk: int) -> HttpResponse:
    """End an approved override early."""
    override, form = _override(request, pk), EndForm(request.POST)
    if form.is_valid():
        reason: str = form.cleaned_data["reason"]
        try:
            services.end_override(override=override, reason=reason, actor=request.user, at=now())
        except DomainError as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, _("Ended: from the next re-tiering on the rule alone decides again."))
            return redirect("tiers:override", pk)
    return _detail(request, _override(request, pk), end_form=form)
