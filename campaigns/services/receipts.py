"""What is known afterwards: receipts of providers, replies of customers, and what a person decides about a doubt."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from campaigns.enums import OutreachState, Receipt
from campaigns.models import Campaign, Outreach
from campaigns.queries.campaigns import may_lead
from campaigns.queries.opt_out import customer_of
from campaigns.rules.moves import OVER
from campaigns.rules.opt_out import Leaving
from campaigns.rules.sending import key_of, pk_of
from campaigns.services.opt_out import opt_out
from campaigns.services.outcomes import SUBJECT, Outcome, write_outcomes
from core import trail
from core.enums import ActorKind
from core.errors import DomainError
from core.jobs import Counts
from core.trail import Actor
from customers.enums import ConsentChannel, ConsentProof
from customers.services.consents import lock_customers
from staff.models import User

PROVIDER: Final = Actor(None, "provider", ActorKind.JOB)
# A receipt replaces only an earlier one of lower rank: they arrive in any order, and more than once.
RANKS: Final[Mapping[str, int]] = {
    Receipt.NONE: 0,
    Receipt.UNDELIVERED: 1,
    Receipt.DELIVERED: 2,
    Receipt.READ: 3,
    Receipt.REPLIED: 4,
}
# What customers write back to be left alone.
STOP_WORDS: Final = frozenset({"T", "TD", "N", "R", "退订", "STOP", "UNSUBSCRIBE"})
# In whose transaction a message leaves is not known from outside: its receipt says that it did.
DOUBTFUL: Final = (OutreachState.SENDING, OutreachState.UNKNOWN)


class DoubtNotYours(DomainError):
    """Who drew the campaign up and the heads of its unit decide about doubts."""

    code = "doubt_not_yours"
    message = _("Only who drew up the campaign and the heads of its unit decide this.")


class CampaignIsOver(DomainError):
    """Nothing is sent again for a campaign that ended."""

    code = "campaign_is_over"
    message = _("The campaign is over: nothing is sent again.")


@dataclass(frozen=True, slots=True)
class Report:
    """A receipt for a contact by its key; `text` is what the customer wrote back."""

    key: str
    receipt: Receipt
    text: str = ""


def record_receipts(*, reports: Sequence[Report], at: datetime, actor: Actor = PROVIDER) -> Counts:
    """Note receipts, in any order and more than once; a reply to be left alone is an opt-out, effective at once.

    What nobody knew of is known to be sent once its receipt comes. Returns "rows" (changed), "unknown" (no such key)
    and "left" (opted out).
    """
    counts = Counter(rows=0, unknown=0, left=0)
    for report in reports:
        with transaction.atomic():
            row = _row_of(report)
            if row is None:
                counts["unknown"] += 1
                continue
            counts["rows"] += _note(row, report, at, actor)
            counts["left"] += _leave(row, report, at)
    return counts


def _row_of(report: Report) -> Outreach | None:
    """The contact with this key, locked; of one who leaves the customer before it, as whoever sends does."""
    rows = Outreach.everything.filter(pk=pk_of(report.key) or 0)
    if _leaves(report):
        lock_customers(rows.values_list("customer_id", flat=True))
    row = rows.select_for_update(of=("self",)).select_related("campaign__created_by").first()
    return row if row is not None and key_of(row.pk, row.created_at) == report.key else None


def _leaves(report: Report) -> bool:
    return report.receipt == Receipt.REPLIED and report.text.strip().upper() in STOP_WORDS


def _note(row: Outreach, report: Report, at: datetime, actor: Actor) -> bool:
    if row.state in DOUBTFUL:
        sent = Outcome(row, OutreachState.SENT, sent_at=row.claimed_at or at)
        write_outcomes(campaign=row.campaign, outcomes=[sent], at=at, actor=actor, action="settle")
    elif row.state != OutreachState.SENT:
        return False
    if RANKS[report.receipt] <= RANKS[row.receipt]:
        return False
    Outreach.everything.filter(pk=row.pk).update(receipt=report.receipt, receipt_at=at)
    return True


def _leave(row: Outreach, report: Report, at: datetime) -> bool:
    leaving = Leaving(row.customer_id, ConsentChannel(row.channel), row.campaign_id)
    if not _leaves(report) or customer_of(leaving) is None:
        return False
    return opt_out(leaving=leaving, at=at, proof=ConsentProof.SMS_REPLY, proof_ref=report.key)


@transaction.atomic
def settle_unknown(
    *, campaign: Campaign, keys: Collection[int], was_sent: bool, actor: User, at: datetime
) -> Counter[str]:
    """A person's word on contacts that were perhaps sent: they were, or they are to be sent again.

    Raises DoubtNotYours, CampaignIsOver.
    """
    rows = _doubts(campaign, keys, OutreachState.UNKNOWN, actor)
    if not was_sent:
        return _again(campaign, rows, actor, at)
    outcomes = [Outcome(row, OutreachState.SENT, sent_at=row.claimed_at or at) for row in rows]
    return write_outcomes(campaign=campaign, outcomes=outcomes, at=at, actor=actor.actor, action="settle")


@transaction.atomic
def retry_failed(*, campaign: Campaign, keys: Collection[int], actor: User, at: datetime) -> Counter[str]:
    """Try contacts again that failed, once what kept them is mended. Raises DoubtNotYours, CampaignIsOver."""
    return _again(campaign, _doubts(campaign, keys, OutreachState.FAILED, actor), actor, at)


def _doubts(campaign: Campaign, keys: Collection[int], state: OutreachState, actor: User) -> list[Outreach]:
    if not may_lead(actor, campaign):
        raise DoubtNotYours()
    rows = Outreach.everything.select_for_update(of=("self",)).filter(campaign=campaign, pk__in=keys, state=state)
    return list(rows.order_by("pk"))


def _again(campaign: Campaign, rows: Sequence[Outreach], actor: User, at: datetime) -> Counter[str]:
    if campaign.state in OVER:
        raise CampaignIsOver()
    mine = Outreach.everything.filter(pk__in=[row.pk for row in rows])
    count = mine.update(state=OutreachState.QUEUED, reason="", attempts=0, not_before=None)
    trail.record(
        actor=actor.actor,
        action="send_again",
        subject=SUBJECT,
        subject_id=campaign.pk,
        at=at,
        changes={"count": count},
    )
    return Counter({str(OutreachState.QUEUED): count})
