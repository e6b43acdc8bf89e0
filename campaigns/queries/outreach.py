"""The recipients of campaigns as people see them."""

from django.contrib.auth.models import AnonymousUser
from django.db.models import Count

from campaigns.enums import OutreachState
from campaigns.models import Campaign, Outreach
from campaigns.models.outreach import OutreachQuerySet
from campaigns.queries.reasons import is_kept
from staff.models import User


def recipients_for(user: User | AnonymousUser) -> OutreachQuerySet:
    """Contacts of the campaigns in sight with the customers in sight, with what their list names.

    `is_kept` = why the customer is left out may be kept from the person (`campaigns.queries.reasons`).
    """
    rows = Outreach.objects.visible_to(user).select_related("customer__branch", "owner")
    return rows.annotate(is_kept=is_kept(user))


def states_of(rows: OutreachQuerySet, campaign: Campaign) -> dict[str, int]:
    """How many contacts of a campaign stand where, among these rows."""
    mine = rows.filter(campaign=campaign).order_by().values_list("state")
    return dict(mine.annotate(n=Count("pk")))


def doubtful(rows: OutreachQuerySet, campaign: Campaign, state: OutreachState) -> list[int]:
    """Keys of the contacts that wait for a person's decision."""
    return list(rows.filter(campaign=campaign, state=state).order_by("pk").values_list("pk", flat=True))
