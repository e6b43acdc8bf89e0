"""The recipients of a campaign: the list, its file, and what a person decides where nobody knows."""

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from campaigns.enums import CampaignKind, OutreachState
from campaigns.filters.outreach import OUTREACH, OUTREACH_FILE, TONES
from campaigns.models import Campaign
from campaigns.queries.campaigns import READERS, may_lead
from campaigns.queries.outreach import doubtful, recipients_for, states_of
from campaigns.queries.reasons import state_words
from campaigns.rules.moves import OVER
from campaigns.services import receipts as services
from campaigns.views.parts import campaign_for, crumbs
from core.clock import now
from core.errors import DomainError
from core.exporting import ListSource
from core.messaging import is_configured
from core.pages import Column, recall
from staff.access import roles
from staff.exports import ask_for_file, read_wish
from staff.queries import view_to_open

OUTREACH_LIST = ListSource(
    key="outreach",
    page=OUTREACH_FILE,
    rows=recipients_for,
    roles=READERS,
    number=Column("number", gettext_lazy("Customer number"), "customer__customer_no"),
    unlinked={"customer": "customer__name"},
)
WHAT = ("sent", "again", "retry")


@roles(*READERS)
@require_GET
def outreach(request: HttpRequest, pk: int) -> HttpResponse:
    """Everybody the campaign is for among the viewer's customers: reached or not, and why not."""
    campaign = campaign_for(request, pk)
    visible = recipients_for(request.user)
    rows = visible.filter(campaign=campaign)
    recall(request, OUTREACH, view_to_open(request.user, OUTREACH.list_key, request.GET), rows, amounts=False)
    states, is_call = states_of(visible, campaign), campaign.kind == CampaignKind.CALL
    context = {
        "campaign": campaign,
        "listing": OUTREACH.show(request, rows),
        "tiles": [
            (state_words(state, is_call=is_call), f"{states[state]:,}", f"?state={state}", TONES[state])
            for state in _shown(states)
        ],
        "unknown": states.get(OutreachState.UNKNOWN, 0),
        "failed": states.get(OutreachState.FAILED, 0),
        "may_decide": may_lead(request.user, campaign),
        "may_send": campaign.state not in OVER,
        "is_set_up": is_call or is_configured(campaign.channel),
        "page_title": _("Recipients"),
        "crumbs": crumbs(campaign),
    }
    is_tab = request.htmx and request.htmx.target == "campaign-tab"
    return render(request, "campaigns/_outreach_tab.html" if is_tab else "campaigns/outreach.html", context)


def _shown(states: dict[str, int]) -> list[OutreachState]:
    return [state for state in OutreachState if states.get(state)]


@roles(*READERS)
@require_http_methods(["GET", "HEAD", "POST"])
def outreach_export(request: HttpRequest) -> HttpResponse:
    """Ask for the recipients as a file, with the list's filters, order and columns."""
    wish = read_wish(request, OUTREACH_LIST, amounts=False)
    number = QueryDict(wish.state.query).get("campaign", "")
    back = (
        reverse("campaigns:outreach", args=[number])
        if number.isascii() and number.isdecimal()
        else reverse("campaigns:list")
    )
    return ask_for_file(request, wish, list_url=back, title=_("Recipients"))


@roles(*READERS)
@require_POST
def outreach_settle(request: HttpRequest, pk: int, what: str) -> HttpResponse:
    """Decide about every recipient in sight that was perhaps sent, or that failed."""
    campaign = campaign_for(request, pk)
    if what not in WHAT:
        raise Http404
    try:
        count = _settled(request, campaign, what)
    except DomainError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("Decided about %(count)s recipients.") % {"count": count})
    return redirect("campaigns:outreach", pk)


def _settled(request: HttpRequest, campaign: Campaign, what: str) -> int:
    state = OutreachState.FAILED if what == "retry" else OutreachState.UNKNOWN
    keys = doubtful(recipients_for(request.user), campaign, state)
    facts = {"campaign": campaign, "keys": keys, "actor": request.user, "at": now()}
    if what == "retry":
        return services.retry_failed(**facts).total()
    return services.settle_unknown(**facts, was_sent=what == "sent").total()
