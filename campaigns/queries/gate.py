"""The gate before each send (M03, M04): what is asked again at that very moment, and what it says."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from campaigns.enums import CampaignKind, CampaignState, LeftOut
from campaigns.models import Campaign
from campaigns.queries.standing import standing
from core.clock import SHANGHAI
from customers.enums import ConsentChannel
from servicing.enums import Refusal
from servicing.queries.permission import marketing_permits
from servicing.rules.permission import Permit

NAMED: Final = ("branch", "segment__branch", "template", "offer", "article", "created_by__branch", "approved_by")
# What only time lifts; everything else leaves the customer out.
HELD: Final[Mapping[str, LeftOut]] = {
    Refusal.CAP: LeftOut.CAP,
    Refusal.DAY_OFF: LeftOut.HOURS,
    Refusal.NOT_CHOSEN_DAY: LeftOut.HOURS,
    Refusal.AT_WORK: LeftOut.HOURS,
    Refusal.NOT_CHOSEN_TIME: LeftOut.HOURS,
    Refusal.HOURS: LeftOut.HOURS,
}
STANDING: Final[Mapping[str, LeftOut]] = {
    Refusal.NO_ADDRESS: LeftOut.NO_ADDRESS,
    Refusal.DO_NOT_CONTACT: LeftOut.DO_NOT_CONTACT,
    Refusal.BEREAVEMENT: LeftOut.BEREAVEMENT,
    # Asked a moment before, the ledger had it.
    Refusal.NO_CONSENT: LeftOut.OPTED_OUT,
    Refusal.COMPLAINT: LeftOut.COMPLAINT,
    Refusal.NOT_NOW: LeftOut.DO_NOT_CONTACT,
}


@dataclass(frozen=True, slots=True)
class Ruling:
    """Whether a customer may be sent to now: with a `reason` not, and with `next_at` not before that minute."""

    reason: str = ""
    next_at: datetime | None = None

    @property
    def is_allowed(self) -> bool:
        """True when nothing speaks against it now."""
        return not self.reason

    @property
    def is_held(self) -> bool:
        """Whether time alone will lift it."""
        return self.next_at is not None


def campaign_now(campaign_id: int) -> Campaign:
    """The campaign as it stands at this moment, with everything the gate and the words need."""
    return Campaign.everything.select_related(*NAMED).get(pk=campaign_id)


def is_sending(campaign: Campaign, at: datetime) -> bool:
    """Whether the campaign sends messages at `at`: it runs, its days are not over, and no people do it by call."""
    day = at.astimezone(SHANGHAI).date()
    is_on = campaign.state == CampaignState.RUNNING and campaign.ends_on >= day
    return is_on and campaign.kind != CampaignKind.CALL


def rulings(campaign: Campaign, customer_ids: Collection[int], at: datetime) -> dict[int, Ruling]:
    """By customer id what the gate says at `at`, for a campaign that runs; about a dozen queries for any number.

    Consent is asked twice, of the ledger here and by the permission at the button, so that neither alone lets pass.
    """
    if not customer_ids:
        return {}
    reasons = standing(campaign, customer_ids, day=at.astimezone(SHANGHAI).date())
    asked = [pk for pk, reason in reasons.items() if not reason]
    permits = marketing_permits(asked, ConsentChannel(campaign.channel), at)
    found = {pk: Ruling(reason) for pk, reason in reasons.items() if reason}
    found |= {pk: ruling_of(permits.get(pk)) for pk in asked}
    return {pk: found.get(pk, Ruling(LeftOut.GONE)) for pk in customer_ids}


def ruling_of(permit: Permit | None) -> Ruling:
    """What a permit comes to: allowed, left out for what lasts, or held until its next minute."""
    if permit is None:
        return Ruling(LeftOut.GONE)
    if permit.is_allowed:
        return Ruling()
    lasting = next((refusal for refusal in permit.refusals if refusal in STANDING), None)
    if lasting is not None:
        return Ruling(STANDING[lasting])
    held = HELD[permit.refusals[0]]
    # A cap of none, or a chosen time that never comes: nothing will lift it.
    return Ruling(held, permit.next_at)
