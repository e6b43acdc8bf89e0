"""What a second person reads before deciding: what is different, whom a campaign reaches, its words, its cost."""

from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.http import require_GET

from campaigns.enums import CampaignMove
from campaigns.filters.campaigns import state_cell
from campaigns.forms.campaigns import MoveForm
from campaigns.models import Campaign
from campaigns.queries import approval as content
from campaigns.queries import campaigns as queries
from campaigns.queries.audience import masked_name, reach_of, sample_of
from campaigns.queries.wording import words_for
from campaigns.views.parts import campaign_for, crumbs
from core.clock import today
from staff.access import roles
from tiers.queries import bands_for_display, tier_name


@dataclass(frozen=True, slots=True)
class Told:
    """A masked real customer and what would be said."""

    name: str
    rank: int
    tier: str
    subject: str
    body: str


@roles(*queries.READERS)
@require_GET
def campaign_approval(request: HttpRequest, pk: int) -> HttpResponse:
    """Everything to decide on: differences to what was approved before, count by tier, a masked sample, cost."""
    campaign, day = campaign_for(request, pk), today()
    moves = queries.moves_for(request.user, campaign)
    reach = reach_of(campaign, request.user, day)
    present = content.content_of(campaign)
    asked = queries.pending_approval(campaign)
    context = {
        "campaign": campaign,
        "state": state_cell(campaign),
        "differences": content.differences(campaign, day) if campaign.frozen else [],
        "parts": []
        if campaign.frozen
        else [{"label": n, "value": v} for n, v in content.content_in_words(present, day)],
        "reach": reach,
        "cost": reach.treated * campaign.cost if reach else None,
        "sample": _sample(request, campaign),
        "needs_compliance": content.needs_compliance(campaign, day),
        "asked": asked,
        "is_stale": asked is not None and asked.digest != content.digest_of(present),
        "form": MoveForm(initial={"digest": content.digest_of(present)}),
        "yes": next((move for move in (CampaignMove.CHECK, CampaignMove.APPROVE) if move in moves), None),
        "no": CampaignMove.REJECT in moves,
        "page_title": _("Decision about %(name)s") % {"name": campaign.name},
        "crumbs": [*crumbs(campaign), {"label": pgettext("campaign", "Decision")}],
    }
    return render(request, "campaigns/approval.html", context)


def _sample(request: HttpRequest, campaign: Campaign) -> list[Told]:
    """The words for one customer of each tier; the name is masked wherever it stands."""
    people, bands = sample_of(campaign, request.user, today()), bands_for_display(today())
    words = words_for(campaign, [one.pk for one in people], opt_out=lambda _pk: _("<link to opt out>"), day=today())
    found = []
    for one in people:
        hidden, said = masked_name(one.name), words.get(one.pk)
        rank = one.position.tier
        if said is not None:
            subject, body = (text.replace(one.name, hidden) for text in (said.subject, said.body))
            found.append(Told(hidden, rank, tier_name(rank, bands), subject, body))
    return found
