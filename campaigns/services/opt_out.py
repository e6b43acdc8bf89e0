"""Leaving in one step (M10): the consent is withdrawn, and what still waits for the customer is left out at once."""

from datetime import datetime
from typing import Final

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from campaigns.enums import LeftOut, OutreachState
from campaigns.models import Outreach
from campaigns.queries.opt_out import customer_of
from campaigns.rules.opt_out import Leaving
from core.errors import DomainError
from core.trail import Actor
from customers.enums import ConsentDecision, ConsentProof, ConsentPurpose
from customers.models import Consent
from customers.queries.consents import LATEST
from customers.services.alerts import PUBLIC
from customers.services.consents import lock_customers, record_consent

# States of contacts that have not left yet; what is under way meets the withdrawal at its own gate.
WAITING: Final = (OutreachState.QUEUED,)


class LinkDead(DomainError):
    """The link names nobody: cut off, typed by hand, or of a customer whose record is gone."""

    code = "link_dead"
    message = _("This link does not work.")


@transaction.atomic
def opt_out(
    *, leaving: Leaving, at: datetime, proof: str = ConsentProof.ONLINE_FORM, proof_ref: str = "", actor: Actor = PUBLIC
) -> bool:
    """Withdraw the customer's consent to marketing over the channel; False when it was withdrawn already.

    Waits for a message on its way to the customer, nothing leaves afterwards. The trail entry is the statement's own.
    Raises LinkDead.
    """
    customer = customer_of(leaving)
    if customer is None:
        raise LinkDead()
    lock_customers([customer.pk])
    said = Consent.everything.filter(
        customer=customer, purpose=ConsentPurpose.MARKETING, channel=leaving.channel
    ).order_by(*LATEST)
    is_new = said.values_list("decision", flat=True).first() != ConsentDecision.WITHDRAWN
    if is_new:
        record_consent(
            customer=customer,
            purpose=ConsentPurpose.MARKETING,
            channel=leaving.channel,
            decision=ConsentDecision.WITHDRAWN,
            proof=proof,
            proof_ref=proof_ref or f"campaign {leaving.campaign_id}",
            stated_at=at,
            actor=actor,
            at=at,
        )
    waiting = Outreach.everything.filter(customer=customer, channel=leaving.channel, state__in=WAITING)
    waiting.update(state=OutreachState.SUPPRESSED, reason=LeftOut.OPTED_OUT, not_before=None)
    return is_new
