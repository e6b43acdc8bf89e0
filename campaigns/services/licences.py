"""Offers with wealth products are recommended by people who are certified for it (F07)."""

from datetime import date

from campaigns.models import Offer
from campaigns.queries.offers import holds_wealth
from staff.enums.training import Activity
from staff.models import User
from staff.services.licences import check_licence


def check_recommending(*, offer: Offer | None, user: User, day: date) -> None:
    """Raise NotLicensed when an offer holds wealth products and somebody may not recommend them on that day."""
    if holds_wealth(offer):
        check_licence(user=user, activity=Activity.WEALTH_OFFER, day=day)
