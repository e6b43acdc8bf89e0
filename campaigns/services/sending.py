"""Sending: contacts claimed and committed, then, with their customers locked, judged once more, handed over and noted.

A claim that was committed but not finished is settled before anything else is sent (`settle_claims`). Of one channel
one worker sends at a time, so that whatever is found claimed belongs to nobody alive.
"""

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from django.db import transaction
from django.db.models import F, Q, QuerySet

from campaigns.enums import CampaignKind, CampaignState, LeftOut, OutreachState
from campaigns.models import AppMessage, Campaign, Outreach
from campaigns.queries.events import rsvp_links
from campaigns.queries.gate import Ruling, campaign_now, is_sending, rulings
from campaigns.queries.opt_out import link_of
from campaigns.queries.wording import Words, words_for
from campaigns.rules.moves import OVER
from campaigns.rules.opt_out import Leaving
from campaigns.rules.sending import key_of, retry_at
from campaigns.services.outcomes import Outcome, write_outcomes
from core import crypto, jobs
from core.clock import SHANGHAI
from core.enums import JobState
from core.jobs import Counts, Progress
from core.messaging import ADAPTERS, Delivery, Message, Sent, can_tell, deliver, fate_of, is_configured, lot_of
from core.trail import NIGHT
from customers.enums import ConsentChannel
from customers.models import Customer
from customers.services import records
from customers.services.consents import lock_customers

SEND_JOB: Final = "campaigns.send"
BATCH: Final = 500
# Longer than any carrier takes over one message: after it, nothing that was claimed is still on its way.
GRACE: Final = timedelta(seconds=60)
# For so long a provider is asked what became of a message; then a person decides.
ASKED_FOR: Final = timedelta(days=2)
ASKED: Final = 500
# A job ends after this and the clock starts the next one, so that no worker is taken for good.
RUN_FOR: Final = timedelta(minutes=10)
PAUSE: Final = timedelta(minutes=1)
ADDRESSES: Final = {ConsentChannel.SMS: "phone", ConsentChannel.EMAIL: "email", ConsentChannel.WECOM: "wechat"}
CIPHERS: Final = ("phone_cipher", "email_cipher", "wechat_cipher")

Clock = Callable[[], datetime]


@dataclass(slots=True)
class Batch:
    """What a batch came to: how many of each state, the last row it looked at, and whether the carrier failed."""

    counts: Counter[str] = field(default_factory=Counter)
    last: int = 0
    is_down: bool = False


def wake(*, at: datetime) -> int:
    """Wake a worker for every channel that has something to send or to settle; called once a minute. How many."""
    woken = 0
    for channel in ADAPTERS:
        if not is_configured(channel) or not _has_work(channel, at):
            continue
        job = jobs.enqueue(name=SEND_JOB, key=channel, actor=NIGHT, at=at, publish=False)
        if job.state in (JobState.DONE, JobState.FAILED, JobState.PARKED, JobState.REFUSED):
            jobs.rearm(job, at=at)
            woken += jobs.publish_job(job, at=at)
        elif job.published_at is None:
            woken += jobs.publish_job(job, at=at)
    return woken


def _has_work(channel: str, at: datetime) -> bool:
    if _unsettled(channel, at).exists():
        return True
    return any(_due(campaign, channel, at).exists() for campaign in _campaigns(channel))


def run(*, channel: str, clock: Clock, progress: Progress | None = None) -> Counts:
    """Settle what a killed worker left, then send all that is due over a channel, a batch of each campaign in turn.

    The body of a job, one a channel at a time. Ends when nothing is due, the carrier fails, or after ten minutes.
    """
    counts, until, after = settle_claims(channel=channel, at=clock()), clock() + RUN_FOR, dict[int, int]()
    if not is_configured(channel):
        return {"rows": 0, **counts}
    is_left = True
    while is_left and clock() < until:
        is_left = False
        for campaign in _campaigns(channel):
            batch = send_batch(campaign=campaign, channel=channel, clock=clock, after=after.get(campaign.pk, 0))
            counts += batch.counts
            if progress is not None:
                progress.report(counts[OutreachState.SENT])
            if batch.is_down:
                return {"rows": counts[OutreachState.SENT], **counts}
            is_left |= batch.last > 0
            after[campaign.pk] = batch.last or after.get(campaign.pk, 0)
    return {"rows": counts[OutreachState.SENT], **counts}


def _campaigns(channel: str) -> QuerySet[Campaign]:
    """Campaigns that send messages over a channel now."""
    rows = Campaign.everything.filter(state=CampaignState.RUNNING, channel=channel)
    return rows.exclude(kind=CampaignKind.CALL).order_by("pk")


def _due(campaign: Campaign, channel: str, at: datetime, after: int = 0) -> QuerySet[Outreach]:
    is_time = Q(not_before=None) | Q(not_before__lte=at)
    rows = Outreach.everything.filter(is_time, campaign=campaign, state=OutreachState.QUEUED, channel=channel)
    return rows.filter(pk__gt=after).order_by("pk")


def send_batch(*, campaign: Campaign, channel: str, clock: Clock, after: int = 0, size: int = BATCH) -> Batch:
    """Send the next contacts of a campaign that are due, with keys after `after`; a customer is in a batch once.

    Who may not be contacted is left out or held before anything is claimed; the rest goes out in lots as large as the
    channel's carrier allows, each judged again in the transaction that hands it over.
    """
    at, batch = clock(), Batch()
    rows = list(_due(campaign, channel, at, after)[:size])
    campaign = campaign_now(campaign.pk)
    if not rows or not is_sending(campaign, at):
        return batch
    batch.last = rows[-1].pk
    rows = list({row.customer_id: row for row in reversed(rows)}.values())[::-1]
    if len(rows) > lot_of(channel):
        rows = _sifted(campaign, rows, at, batch)
    # A fault in the words shows here, before anything is claimed.
    words = _worded(campaign, channel, rows, at)
    for lot in _lots(rows, lot_of(channel)):
        claimed = _claim([row.pk for row in lot], clock())
        if claimed and not _hand_over(campaign.pk, channel, claimed, words, clock, batch):
            batch.is_down = True
            break
    return batch


def _lots(rows: Sequence[Outreach], size: int) -> Iterator[Sequence[Outreach]]:
    for first in range(0, len(rows), size):
        yield rows[first : first + size]


@transaction.atomic
def _sifted(campaign: Campaign, rows: Sequence[Outreach], at: datetime, batch: Batch) -> list[Outreach]:
    """Those the gate lets pass now; the others are left out or held."""
    found = rulings(campaign, [row.customer_id for row in rows], at)
    # Whoever opts out meanwhile settles his own rows; those of nobody else are touched.
    still = Outreach.everything.select_for_update(skip_locked=True, of=("self",))
    ids = [row.pk for row in rows if not found[row.customer_id].is_allowed]
    refused = [_refused(row, found[row.customer_id]) for row in still.filter(pk__in=ids, state=OutreachState.QUEUED)]
    batch.counts += write_outcomes(campaign=campaign, outcomes=refused, at=at)
    return [row for row in rows if found[row.customer_id].is_allowed]


def _refused(row: Outreach, ruling: Ruling) -> Outcome:
    if ruling.is_held:
        return Outcome(row, OutreachState.QUEUED, ruling.reason, not_before=ruling.next_at)
    return Outcome(row, OutreachState.SUPPRESSED, ruling.reason)


def _worded(campaign: Campaign, channel: str, rows: Sequence[Outreach], at: datetime) -> dict[int, Words]:
    ids = [row.customer_id for row in rows]

    def link(customer_id: int) -> str:
        return link_of(Leaving(customer_id, ConsentChannel(channel), campaign.pk))

    rsvp = rsvp_links(campaign, ids) if campaign.kind == CampaignKind.EVENT else None
    return words_for(campaign, ids, opt_out=link, rsvp=rsvp, day=at.astimezone(SHANGHAI).date())


@transaction.atomic
def _claim(keys: Collection[int], at: datetime) -> list[Outreach]:
    """Take contacts that still wait: committed before anything leaves the house."""
    waiting = Outreach.everything.select_for_update(skip_locked=True, of=("self",))
    rows = list(waiting.filter(pk__in=keys, state=OutreachState.QUEUED).order_by("pk"))
    mine = Outreach.everything.filter(pk__in=[row.pk for row in rows])
    mine.update(state=OutreachState.SENDING, claimed_at=at, attempts=F("attempts") + 1)
    for row in rows:
        row.state, row.claimed_at, row.attempts = OutreachState.SENDING, at, row.attempts + 1
    return rows


@transaction.atomic
def _hand_over(
    campaign_id: int, channel: str, rows: Sequence[Outreach], words: dict[int, Words], clock: Clock, batch: Batch
) -> bool:
    """Judge claimed contacts once more and hand over those allowed; False when the carrier itself failed.

    Until the end nobody's consent changes: what is read here holds when the message leaves.
    """
    ids = [row.customer_id for row in rows]
    lock_customers(ids)
    campaign, at = campaign_now(campaign_id), clock()
    if not is_sending(campaign, at):
        outcomes = [_called_off(campaign, row) for row in rows]
        batch.counts += write_outcomes(campaign=campaign, outcomes=outcomes, at=at)
        return False
    found = rulings(campaign, ids, at)
    outcomes = [_refused(row, found[row.customer_id]) for row in rows if not found[row.customer_id].is_allowed]
    allowed = [row for row in rows if found[row.customer_id].is_allowed]
    sent, is_up = _delivered(channel, allowed, words, at)
    outcomes += sent
    batch.counts += write_outcomes(campaign=campaign, outcomes=outcomes, at=at)
    return is_up


def _delivered(
    channel: str, rows: Sequence[Outreach], words: dict[int, Words], at: datetime
) -> tuple[list[Outcome], bool]:
    """What became of each, and whether the carrier still works; what comes after its failure waits a minute."""
    if channel == ConsentChannel.APP:
        return _put_in_app(rows, words, at), True
    letters = _letters(channel, rows, words)
    outcomes, is_up = [], True
    for row in rows:
        letter = letters.get(row.pk)
        if letter is None:
            outcomes.append(Outcome(row, OutreachState.FAILED, LeftOut.NO_ADDRESS))
        elif is_up:
            what = deliver(letter)
            outcomes.append(_outcome(row, what, at))
            is_up = not what.is_down
        else:
            outcomes.append(Outcome(row, OutreachState.QUEUED, LeftOut.UNREACHED, not_before=at + PAUSE))
    return outcomes, is_up


def _outcome(row: Outreach, what: Sent, at: datetime) -> Outcome:
    if what.delivery == Delivery.SENT:
        return Outcome(row, OutreachState.SENT, provider_no=what.number, sent_at=at)
    if what.delivery == Delivery.UNKNOWN:
        return Outcome(row, OutreachState.UNKNOWN)
    if what.delivery == Delivery.FAILED:
        return Outcome(row, OutreachState.FAILED, LeftOut.REFUSED)
    again = retry_at(row.attempts, at)
    state = OutreachState.QUEUED if again else OutreachState.FAILED
    return Outcome(row, state, LeftOut.UNREACHED, not_before=again)


def _letters(channel: str, rows: Sequence[Outreach], words: dict[int, Words]) -> dict[int, Message]:
    """The messages by contact, all made before the first one leaves; those nothing can be written for are missing."""
    known = Customer.everything.only("customer_no", *CIPHERS).in_bulk([row.customer_id for row in rows])
    found = {}
    for row in rows:
        said, to = words.get(row.customer_id), _address(known.get(row.customer_id), channel)
        if said is None or not to:
            continue
        leave = link_of(Leaving(row.customer_id, ConsentChannel(channel), row.campaign_id))
        key = key_of(row.pk, row.created_at)
        found[row.pk] = Message(channel, to, said.subject, said.body, key=key, unsubscribe=leave)
    return found


def _address(customer: Customer | None, channel: str) -> str:
    try:
        return records.unsealed(customer, ADDRESSES[ConsentChannel(channel)]) if customer else ""
    except crypto.CryptoError:
        return ""


def _put_in_app(rows: Sequence[Outreach], words: dict[int, Words], at: datetime) -> list[Outcome]:
    """Messages in the customers' own inboxes: they are there, or nothing was sent."""
    worded = [row for row in rows if row.customer_id in words]
    AppMessage.everything.bulk_create(
        AppMessage(
            outreach=row,
            customer_id=row.customer_id,
            subject=words[row.customer_id].subject,
            words=words[row.customer_id].body[:2000],
            at=at,
        )
        for row in worded
    )
    return [Outcome(row, OutreachState.SENT, sent_at=at) for row in worded] + [
        Outcome(row, OutreachState.FAILED, LeftOut.NO_ADDRESS) for row in rows if row.customer_id not in words
    ]


def _unsettled(channel: str, at: datetime) -> QuerySet[Outreach]:
    """Claims nobody finished; of a carrier that can be asked, also what nobody knows of, for a while."""
    left = Q(state=OutreachState.SENDING, claimed_at__lt=at - GRACE)
    if can_tell(channel):
        left |= Q(state=OutreachState.UNKNOWN, claimed_at__gt=at - ASKED_FOR, claimed_at__lt=at - GRACE)
    return Outreach.everything.filter(left, channel=channel).order_by("pk")


def settle_claims(*, channel: str, at: datetime) -> Counter[str]:
    """What became of contacts a killed worker left claimed: asked of the carrier by their keys.

    What never arrived there waits again; where nobody can say it is "perhaps sent", and only a person sends it again.
    """
    counts, rows = Counter[str](), list(_unsettled(channel, at)[:ASKED])
    for campaign_id in sorted({row.campaign_id for row in rows}):
        mine = [row for row in rows if row.campaign_id == campaign_id]
        fates = {row.pk: _fate(channel, row) for row in mine}
        counts += _settle(campaign_id, mine, fates, at)
    return counts


def _fate(channel: str, row: Outreach) -> Delivery | None:
    # A message in the app is written in the very transaction that was lost.
    return Delivery.LATER if channel == ConsentChannel.APP else fate_of(channel, key_of(row.pk, row.created_at))


@transaction.atomic
def _settle(
    campaign_id: int, rows: Sequence[Outreach], fates: dict[int, Delivery | None], at: datetime
) -> Counter[str]:
    campaign = Campaign.everything.select_related("created_by").get(pk=campaign_id)
    outcomes = []
    for row in rows:
        fate = fates[row.pk]
        if fate == Delivery.SENT:
            outcomes.append(Outcome(row, OutreachState.SENT, sent_at=row.claimed_at))
        elif fate == Delivery.FAILED:
            outcomes.append(Outcome(row, OutreachState.FAILED, LeftOut.REFUSED))
        elif fate == Delivery.LATER:
            outcomes.append(_again(campaign, row))
        elif row.state == OutreachState.SENDING:
            outcomes.append(Outcome(row, OutreachState.UNKNOWN))
    return write_outcomes(campaign=campaign, outcomes=outcomes, at=at, action="settle")


def _called_off(campaign: Campaign, row: Outreach) -> Outcome:
    """What a pause or an end overtook on its way out: it waits, or is dropped like all that waited."""
    if campaign.state in OVER:
        return Outcome(row, OutreachState.CANCELLED, LeftOut.OVER)
    return Outcome(row, OutreachState.QUEUED)


def _again(campaign: Campaign, row: Outreach) -> Outcome:
    """What certainly did not leave waits again, unless its campaign is over."""
    if campaign.state in OVER:
        return Outcome(row, OutreachState.FAILED, LeftOut.OVER)
    return Outcome(row, OutreachState.QUEUED)
