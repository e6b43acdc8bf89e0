"""What the pages of a campaign share."""

from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _

from campaigns.models import Campaign
from campaigns.queries.campaigns import campaigns_of

INVALID = 422  # htmx shows forms with errors under this status


def campaign_for(request: HttpRequest, pk: int) -> Campaign:
    """The campaign of an address, or 404."""
    return get_object_or_404(campaigns_of(request.user), pk=pk)


def crumbs(campaign: Campaign | None = None) -> list[dict[str, str]]:
    """The way to a campaign's page, or from it to a part of it."""
    found = [{"label": _("Campaigns"), "url": reverse("campaigns:list")}]
    if campaign is not None:
        found.append({"label": campaign.name, "url": campaign.get_absolute_url()})
    return found
