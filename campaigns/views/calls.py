"""The calls of a campaign: how far each manager is, whom they call, and calls passed on by a head."""

from collections import Counter
from typing import Any

from django.contrib import messages
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods

from campaigns.enums import CallResult, CampaignKind
from campaigns.filters.calls import CALLS, TONES, explain_scores
from campaigns.forms.calls import PassOnForm
from campaigns.models import Campaign, Outreach
from campaigns.queries import calls as queries
from campaigns.queries.campaigns import READERS
from campaigns.queries.scores import Explained, explain, model_in_use
from campaigns.views.parts import INVALID, campaign_for, crumbs
from core.clock import now, today
from core.errors import DomainError
from core.pages import Listing
from servicing.enums import FollowUpState
from servicing.queries.follow_ups import colleagues
from servicing.services.several import MOST, Several, reassign_several
from staff.access import AMOUNT_ROLES, HEADS, has_role, roles
from staff.models import User


@roles(*READERS)
@require_GET
def call_progress(request: HttpRequest, pk: int) -> HttpResponse:
    """How far the calls are among the viewer's customers, by caller; on a page of its own with every call."""
    campaign = _campaign(request, pk)
    rows = queries.calls_of(campaign, request.user)
    progress = queries.progress_of(rows, today())
    context = {
        "campaign": campaign,
        "progress": progress,
        "totals": _totals(progress),
        "count": sum(one.count for one in progress),
        "to_do": sum(one.to_do for one in progress),
        "late": sum(one.late for one in progress),
        "may_pass_on": has_role(request.user, *HEADS),
    }
    if request.htmx:
        return render(request, "campaigns/_calls.html", context)
    listing = CALLS.show(request, rows)
    if has_role(request.user, *AMOUNT_ROLES):  # the reasons speak of balances
        explain_scores(listing.rows, _explained(listing))
    context |= {"listing": listing, "page_title": _("Calls"), "crumbs": crumbs(campaign)}
    return render(request, "campaigns/calls.html", context)


def _explained(listing: Listing) -> dict[int, Explained]:
    """Why the model in use gives the customers of the page their scores; nothing without one."""
    model = model_in_use()
    ids = [row.object.customer_id for row in listing.rows if row.object.score is not None]
    return explain(model, ids, today()) if model and ids else {}


def _totals(progress: list[queries.CallerProgress]) -> list[dict[str, Any]]:
    return [
        {"key": result.value, "label": result.label, "count": count, "tone": TONES.get(result, "neutral")}
        for result, count in queries.totals_of(progress).items()
        if count or result in (CallResult.OPEN, CallResult.AGREED)
    ]


@roles(*HEADS)
@require_http_methods(["GET", "HEAD", "POST"])
def calls_pass_on(request: HttpRequest, pk: int) -> HttpResponse:
    """Pass one person's open calls of the campaign on to another, as far as the head sees the customers."""
    campaign = _campaign(request, pk)
    rows = queries.calls_of(campaign, request.user).filter(follow_up__state=FollowUpState.OPEN)
    form = PassOnForm(
        request.POST if request.method == "POST" else None,
        givers=_givers(rows),
        receivers=colleagues(request.user),
        initial={"giver": request.GET.get("giver", "")},
    )
    if form.is_valid() and _passed_on(request, form, rows):
        return redirect("campaigns:calls", pk)
    context = {
        "form": form,
        "campaign": campaign,
        "page_title": _("Pass calls on"),
        "crumbs": [*crumbs(campaign), {"label": _("Pass calls on")}],
    }
    return render(request, "campaigns/calls_pass_on.html", context, status=INVALID if form.errors else 200)


def _givers(rows: QuerySet[Outreach]) -> QuerySet[User]:
    owners = rows.order_by().values("follow_up__owner")
    return User.objects.filter(pk__in=owners).select_related("branch").order_by("branch__code", "name", "pk")


def _passed_on(request: HttpRequest, form: PassOnForm, rows: QuerySet[Outreach]) -> bool:
    """Whether it was done; a refusal stands on the form."""
    giver, receiver = form.cleaned_data["giver"], form.cleaned_data["receiver"]
    theirs = rows.filter(follow_up__owner=giver).order_by("due", "pk").values_list("follow_up", flat=True)
    try:
        found = reassign_several(ids=list(theirs[: MOST + 1]), owner=receiver, actor=request.user, at=now())
    except DomainError as error:
        form.add_error(None, str(error))
        return False
    _say(request, found, receiver)
    return True


def _say(request: HttpRequest, found: Several, receiver: User) -> None:
    words = ngettext("%(n)s call went to %(name)s.", "%(n)s calls went to %(name)s.", len(found.done))
    messages.success(request, words % {"n": len(found.done), "name": receiver.name})
    for reason, count in Counter(str(why) for why in found.refused.values()).most_common():
        messages.warning(request, f"{count}: {reason}")


def _campaign(request: HttpRequest, pk: int) -> Campaign:
    """A launched call campaign; others have no calls."""
    campaign = campaign_for(request, pk)
    if campaign.kind != CampaignKind.CALL or campaign.launched_on is None:
        raise Http404
    return campaign
