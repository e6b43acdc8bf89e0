"""What became of contacts, written down in one statement: their state, the contact on the customer's page, the count of
the library, the trail."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID, uuid5

from django.db import connection

from campaigns.enums import OutreachState
from campaigns.models import ArticleUse, Campaign, Outreach
from core import trail
from core.trail import NIGHT, Actor
from servicing.services.messages import SentMessage, note_messages

SUBJECT: Final = "campaigns.campaign"
# One contact with a customer makes one row of contacts, whatever was tried twice.
CONTACTS: Final = UUID("6f7a6c1e-53a5-4b8e-9d0a-1f4b2c9e7d35")
WRITE: Final = """
UPDATE campaigns_outreach o SET state = n.state, reason = n.reason, provider_no = n.provider_no, sent_at = n.sent_at,
    not_before = n.not_before
FROM unnest(%(keys)s::bigint[], %(states)s::text[], %(reasons)s::text[], %(numbers)s::text[], %(sent)s::timestamptz[],
    %(next)s::timestamptz[]) AS n(id, state, reason, provider_no, sent_at, not_before)
WHERE o.id = n.id AND o.id = ANY(%(keys)s) AND o.state IN ('queued', 'sending', 'unknown', 'failed')
RETURNING o.id
"""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one contact comes to now."""

    row: Outreach
    state: OutreachState
    reason: str = ""
    provider_no: str = ""
    sent_at: datetime | None = None
    not_before: datetime | None = None


def write_outcomes(
    *, campaign: Campaign, outcomes: Sequence[Outcome], at: datetime, actor: Actor = NIGHT, action: str = "send"
) -> Counter[str]:
    """Write outcomes of one campaign's contacts, inside the caller's transaction; returns how many of each state.

    What left is a contact begun by us, in the name of who drew the campaign up.
    """
    written = _write(outcomes) if outcomes else frozenset[int]()
    outcomes = [one for one in outcomes if one.row.pk in written]
    if not outcomes:
        return Counter()
    sent = [one for one in outcomes if one.state == OutreachState.SENT and one.sent_at]
    if sent:
        note_messages(sent=[_contact(one) for one in sent], about=campaign.name, actor=campaign.created_by, at=at)
        _count_article(campaign, sent)
    counts = Counter(str(one.state) for one in outcomes)
    reasons = Counter(one.reason for one in outcomes if one.reason)
    trail.record(
        actor=actor,
        action=action,
        subject=SUBJECT,
        subject_id=campaign.pk,
        at=at,
        changes={**counts, **({"reasons": dict(reasons)} if reasons else {})},
    )
    return counts


def _write(outcomes: Sequence[Outcome]) -> frozenset[int]:
    """Write them; keys of those that were. What a receipt settled meanwhile stays as it is and counts once."""
    values: dict[str, Any] = {
        "keys": [one.row.pk for one in outcomes],
        "states": [str(one.state) for one in outcomes],
        "reasons": [str(one.reason) for one in outcomes],
        "numbers": [one.provider_no or one.row.provider_no for one in outcomes],
        "sent": [one.sent_at for one in outcomes],
        "next": [one.not_before for one in outcomes],
    }
    with connection.cursor() as cursor:
        cursor.execute(WRITE, values)
        return frozenset(key for (key,) in cursor.fetchall())


def _contact(one: Outcome) -> SentMessage:
    when = one.sent_at or one.row.created_at
    return SentMessage(one.row.customer_id, one.row.channel, uuid5(CONTACTS, str(one.row.pk)), when)


def _count_article(campaign: Campaign, sent: Sequence[Outcome]) -> None:
    """A piece of the library sent is a piece used (M12)."""
    if campaign.article_id is not None:
        ArticleUse.everything.bulk_create(
            ArticleUse(
                article_id=campaign.article_id,
                customer_id=one.row.customer_id,
                at=one.sent_at or one.row.created_at,
                way=one.row.channel,
            )
            for one in sent
        )
