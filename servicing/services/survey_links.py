"""Survey links on their way: each claimed, asked about once more, handed to its gateway once, and its fate kept."""

import secrets
from dataclasses import replace
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext

from core.jobs import Counts, Progress
from core.messaging import Delivery, Message, deliver, is_configured
from customers.enums import ConsentPurpose
from customers.queries import consents
from customers.services import records
from customers.services.consents import lock_customers
from servicing.enums import InvitationState, WaveState
from servicing.models import Invitation
from servicing.queries import surveys as queries
from servicing.rules.surveys import digest_of

# A worker that was killed with a message in its hands: longer than any gateway takes.
STUCK = timedelta(minutes=10)
TOKEN_BYTES = 24
ADDRESSES = {"sms": "phone", "email": "email", "wecom": "wechat"}


def send_waiting(*, at: datetime, progress: Progress | None = None) -> Counts:
    """Send every link that waits; safe to be killed and done again: no link is handed to a gateway twice by itself.

    A message in a killed worker's hands becomes "unknown", for a person to decide. What is no longer permitted is
    dropped; a channel that is not set up keeps its links waiting.
    """
    stuck = Invitation.everything.filter(state=InvitationState.SENDING, sent_at__lt=at - STUCK)
    counts = {"rows": 0, "failed": 0, "unknown": stuck.update(state=InvitationState.UNKNOWN), "dropped": 0}
    waiting = list(Invitation.objects.to_send().order_by("pk").values_list("pk", "channel"))
    ready = [pk for pk, channel in waiting if is_configured(channel)]
    with translation.override(settings.LANGUAGE_CODE):
        bank = queries.bank_name()
        for place, pk in enumerate(ready, start=1):
            what = _send(pk, bank, at)
            if what:
                counts[what] += 1
            if progress is not None:
                progress.report(place, len(ready))
    return {**counts, "not_configured": len(waiting) - len(ready)}


def _send(pk: int, bank: str, at: datetime) -> str:
    """What became of one link: "rows" (sent), "failed", "unknown", "dropped", or "" when another worker has it."""
    claimed = _claim(pk, at)
    if claimed is None or isinstance(claimed, str):
        return claimed or ""
    invitation, token = claimed
    link = settings.PUBLIC_URL.rstrip("/") + reverse("servicing:survey_link", args=[token])
    words = gettext("%(bank)s would like to know how it was. It takes a minute: %(link)s") % {
        "bank": bank,
        "link": link,
    }
    rows = Invitation.everything.filter(pk=pk, used_at=None)
    done = _handed(invitation, Message(invitation.channel, "", bank, words, key=f"survey-{digest_of(token).hex()}"), at)
    if done is None:
        rows.filter(state=InvitationState.SENDING).update(state=InvitationState.DROPPED)
        return "dropped"
    if done == Delivery.LATER:  # a person sends what did not leave again
        done = Delivery.FAILED
    # Answered within the second, it arrived, whatever the gateway says.
    rows.filter(state__in=[InvitationState.SENDING, InvitationState.UNKNOWN]).update(state=str(done))
    return "rows" if done == Delivery.SENT else str(done)


@transaction.atomic
def _handed(invitation: Invitation, message: Message, at: datetime) -> Delivery | None:
    """What became of a link; None = the customer may no longer be asked. A withdrawal is seen here or comes after."""
    lock_customers([invitation.customer_id])
    if not _may_send(invitation, at):
        return None
    to = records.unsealed(invitation.customer, ADDRESSES[invitation.channel])
    return deliver(replace(message, to=to)).delivery


@transaction.atomic
def _claim(pk: int, at: datetime) -> tuple[Invitation, str] | str | None:
    """Take a link up with a new token, if the customer may still be asked at this very moment."""
    rows = Invitation.objects.to_send().select_for_update(of=("self",), skip_locked=True)
    invitation = rows.select_related("wave", "customer").filter(pk=pk).first()
    if invitation is None:
        return None
    if not _may_send(invitation, at):
        invitation.state = InvitationState.DROPPED
        invitation.save(update_fields=["state"])
        return "dropped"
    token = secrets.token_urlsafe(TOKEN_BYTES)
    invitation.digest, invitation.state, invitation.sent_at = digest_of(token), InvitationState.SENDING, at
    invitation.save(update_fields=["digest", "state", "sent_at"])
    return invitation, token


def _may_send(invitation: Invitation, at: datetime) -> bool:
    customer, channel = invitation.customer, invitation.channel
    return (
        invitation.wave.state == WaveState.RUNNING
        and invitation.expires_at > at
        and customer.merged_into_id is None
        and bool(getattr(customer, f"{ADDRESSES[channel]}_cipher"))
        and consents.may(customer.pk, ConsentPurpose.SURVEY, channel)
        and not queries.is_quiet(customer.pk, at.date())
    )
