"""The list of campaigns and the page of one: how it stands, its parts by address, and its moves."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy
from django.views.decorators.http import require_GET, require_POST

from campaigns.enums import CampaignKind, CampaignMove, CampaignState, Receipt
from campaigns.filters.campaigns import CAMPAIGNS, state_cell
from campaigns.forms.campaigns import MoveForm
from campaigns.models import Campaign, CampaignMoveMade
from campaigns.queries import approval as content
from campaigns.queries import campaigns as queries
from campaigns.queries.reasons import reason_words, state_words
from campaigns.rules.moves import LAUNCHED
from campaigns.services import campaigns as services
from campaigns.services import launching
from campaigns.services.states import ACTIONS
from campaigns.views.parts import campaign_for, crumbs
from core.clock import now, today
from core.errors import DomainError
from core.models import Job
from core.pages import Tab, recall
from staff.access import has_role, roles
from staff.queries import ACTIONS as WORDS
from staff.queries import view_to_open

# The parts of a launched campaign, by the addresses of whoever shows them.
TABS = (
    ("overview", gettext_lazy("Overview"), "campaigns:overview"),
    ("recipients", gettext_lazy("Recipients"), "campaigns:outreach"),
    ("calls", gettext_lazy("Calls"), "campaigns:calls"),
    ("results", gettext_lazy("Results"), "campaigns:results"),
    ("history", pgettext_lazy("campaign", "History"), "campaigns:history"),
)
STEPS = {
    CampaignMove.SUBMIT: (services.submit, gettext_lazy("Submitted: the heads of the unit were told.")),
    CampaignMove.WITHDRAW: (services.withdraw, gettext_lazy("Taken back: it is a draft again.")),
    CampaignMove.CHECK: (services.check, gettext_lazy("The check is passed.")),
    CampaignMove.APPROVE: (services.approve, gettext_lazy("Approved.")),
    CampaignMove.REJECT: (services.reject, gettext_lazy("Sent back with your reason.")),
    CampaignMove.EDIT: (services.edit, gettext_lazy("It is a draft again and needs new approvals.")),
    CampaignMove.PAUSE: (services.pause, gettext_lazy("Paused: nothing more is sent until it goes on.")),
    CampaignMove.RESUME: (services.resume, gettext_lazy("It goes on.")),
    CampaignMove.END: (services.end, gettext_lazy("Ended: what still waited is dropped.")),
    CampaignMove.STOP: (services.stop, gettext_lazy("Stopped for good: what still waited is dropped.")),
}
DECISIONS = (CampaignMove.CHECK, CampaignMove.APPROVE, CampaignMove.REJECT)
# Not taken by one slip of the finger: they ask for a word first.
GUARDED = (CampaignMove.EDIT, CampaignMove.END, CampaignMove.STOP)
MAIN = (CampaignMove.SUBMIT, CampaignMove.LAUNCH, CampaignMove.RESUME)


@dataclass(frozen=True, slots=True)
class Entry:
    """A move as components/timeline_item.html shows it."""

    at: datetime
    title: str
    text: str
    actor: str
    meta: str
    icon: str = "arrow-right"


@dataclass(frozen=True, slots=True)
class Button:
    """A move this person may take: its name and words, whether it asks why, and whether it stands out."""

    name: str
    label: str
    asks_why: bool
    is_main: bool


@roles(*queries.READERS)
@require_GET
def campaign_list(request: HttpRequest) -> HttpResponse:
    """Campaigns that concern the person, the latest first."""
    rows = queries.campaigns_of(request.user)
    recall(request, CAMPAIGNS, view_to_open(request.user, CAMPAIGNS.list_key, request.GET), rows, amounts=False)
    context = {
        "listing": CAMPAIGNS.show(request, rows),
        "may_make": has_role(request.user, *queries.MAKERS),
        "to_decide": queries.waiting_for(request.user).count(),
        "page_title": _("Campaigns"),
    }
    return render(request, "campaigns/list.html", context)


@roles(*queries.READERS)
@require_GET
def campaign_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """One campaign: how it stands, what may be done, and its parts as tabs that load by address."""
    campaign = campaign_for(request, pk)
    return render(request, "campaigns/detail.html", page_context(request, campaign))


@roles(*queries.READERS)
@require_GET
def campaign_overview(request: HttpRequest, pk: int) -> HttpResponse:
    """What the campaign is, and how far it is among the viewer's customers."""
    campaign = campaign_for(request, pk)
    standing, is_call = queries.standing_of(campaign, request.user), campaign.kind == CampaignKind.CALL
    context = {
        "campaign": campaign,
        "standing": standing,
        "is_launched": campaign.state in LAUNCHED and campaign.launched_on is not None,
        "is_call": is_call,
        "states": [
            {"label": state_words(code, is_call=is_call), "value": f"{count:,}"} for code, count in standing.by_state
        ],
        "left_out": [
            {"label": reason_words(code, is_kept=False), "value": f"{count:,}"} for code, count in standing.left_out
        ],
        "receipts": [{"label": Receipt(code).label, "value": f"{count:,}"} for code, count in standing.receipts],
        "parts": list(_parts(campaign)),
        "page_title": campaign.name,
        "crumbs": crumbs(campaign),
    }
    return render(request, "campaigns/_overview.html" if request.htmx else "campaigns/overview.html", context)


def _parts(campaign: Campaign) -> Iterator[dict[str, Any]]:
    for label, value in content.content_in_words(_shown(campaign), today()):
        yield {"label": label, "value": value}


def _shown(campaign: Campaign) -> dict[str, Any]:
    """Before approval what is written now, from then on what was approved."""
    is_frozen = campaign.state in (CampaignState.APPROVED, *LAUNCHED)
    return campaign.frozen if is_frozen and "kind" in campaign.frozen else content.content_of(campaign)


@roles(*queries.READERS)
@require_GET
def campaign_history(request: HttpRequest, pk: int) -> HttpResponse:
    """Every move of the campaign, the newest first."""
    campaign = campaign_for(request, pk)
    items = [
        Entry(
            made.at,
            str(WORDS.get(ACTIONS.get(CampaignMove(made.move), made.move), made.get_move_display())),
            made.note,
            made.by.name if made.by else _("The night"),
            str(CampaignState(made.to_state).label),
        )
        for made in queries.moves_made(campaign)
    ]
    items.append(Entry(campaign.created_at, _("Drawn up"), "", campaign.created_by.name, "", "plus"))
    context = {"campaign": campaign, "items": items, "page_title": campaign.name, "crumbs": crumbs(campaign)}
    return render(request, "campaigns/_history.html" if request.htmx else "campaigns/history.html", context)


@roles(*queries.READERS)
@require_POST
def campaign_step(request: HttpRequest, pk: int, step: str) -> HttpResponse:
    """Take a move: submit, withdraw, check, approve, reject, edit, launch, pause, resume, end or stop."""
    campaign, form = campaign_for(request, pk), MoveForm(request.POST)
    if step not in CampaignMove.values or not form.is_valid():
        raise Http404
    move, note = CampaignMove(step), form.cleaned_data["note"]
    try:
        words = _take(request, campaign, move, note, form.cleaned_data["digest"])
    except DomainError as error:
        messages.error(request, str(error))
        back = "campaigns:approval" if move in DECISIONS else "campaigns:detail"
        return redirect(back, pk)
    messages.success(request, words)
    return redirect("campaigns:detail", pk)


def _take(request: HttpRequest, campaign: Campaign, move: CampaignMove, note: str, digest: str) -> str:
    who: dict[str, Any] = {"campaign": campaign, "actor": request.user, "at": now()}
    if move == CampaignMove.LAUNCH:
        job = launching.request_launch(**who)
        return _("The launch is under way.") if job else _("Launched.")
    work, words = STEPS[move]
    if move in DECISIONS:
        who["digest"] = digest
    work(**who, note=note)  # type: ignore[operator]  # decisions take a digest, too
    return str(words)


def page_context(request: HttpRequest, campaign: Campaign) -> dict[str, Any]:
    """What the frame of a campaign's page shows."""
    fault = launching.launch_fault(campaign, today()) if campaign.state == CampaignState.APPROVED else ""
    moves = [move for move in queries.moves_for(request.user, campaign) if not (fault and move == CampaignMove.LAUNCH)]
    return {
        "campaign": campaign,
        "state": state_cell(campaign),
        "buttons": [
            Button(move, str(move.label), move in GUARDED, move in MAIN) for move in moves if move not in DECISIONS
        ],
        "may_change": queries.may_change(request.user, campaign),
        "may_decide": any(move in DECISIONS for move in moves),
        "fault": launching.FAULTS[fault] % {"day": campaign.starts_on.isoformat()} if fault else "",
        "job": _launch_job(campaign),
        "refusal": _refusal(campaign),
        "note": MoveForm()["note"],
        "tabs": list(_tabs(request, campaign)),
        "page_title": campaign.name,
        "crumbs": crumbs(),
    }


def _refusal(campaign: Campaign) -> CampaignMoveMade | None:
    """The move that made it a draft again, when that was a refusal: its reason is what to mend."""
    last = queries.moves_made(campaign).first() if campaign.state == CampaignState.DRAFT else None
    return last if last and last.move == CampaignMove.REJECT else None


def _launch_job(campaign: Campaign) -> Job | None:
    if campaign.state != CampaignState.APPROVED:
        return None
    jobs = Job.objects.filter(name=launching.LAUNCH_JOB, key__startswith=f"{campaign.pk} ")
    return jobs.exclude(state="done").order_by("-pk").first()


def _tabs(request: HttpRequest, campaign: Campaign) -> Iterator[Tab]:
    wanted, keys = request.GET.get("tab", ""), list(_tab_keys(campaign))
    active = wanted if wanted in {key for key, _label, _url in keys} else "overview"
    for key, label, url in keys:
        yield Tab(key, str(label), url, f"?tab={key}", key == active)


def _tab_keys(campaign: Campaign) -> Iterator[tuple[str, Any, str]]:
    is_launched = campaign.launched_on is not None
    for key, label, name in TABS:
        if key in ("recipients", "results") and not is_launched:
            continue
        if key == "calls" and not (is_launched and campaign.kind == CampaignKind.CALL):
            continue
        try:
            yield key, label, reverse(name, args=[campaign.pk])
        except NoReverseMatch:
            continue
