"""Messages a campaign sent, written down as contacts begun by us: they show on the timeline and fill the weekly cap."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from customers.enums import ConsentChannel
from servicing.enums import Channel, Direction, Origin, Outcome, Topic
from servicing.models import Interaction
from staff.models import User


@dataclass(frozen=True, slots=True)
class SentMessage:
    """One message that left: to whom, over what, and the key that makes it one contact however often it is written."""

    customer_id: int
    way: str
    once: UUID
    sent_at: datetime


def note_messages(*, sent: Sequence[SentMessage], about: str, actor: User, at: datetime) -> int:
    """Write messages down as contacts in the name of who made them leave; returns how many were not there yet.

    Nobody was spoken to, so no rhythm begins anew. The trail entry is its caller's, who sent them.
    """
    made = Interaction.everything.bulk_create(
        [
            Interaction(
                customer_id=one.customer_id,
                author=actor,
                branch_id=actor.branch_id,
                channel=Channel.WECOM if one.way == ConsentChannel.WECOM else Channel.ONLINE,
                direction=Direction.OUT,
                topic=Topic.OTHER,
                outcome=Outcome.SENT,
                note=about[:1000],
                origin=Origin.CAMPAIGN,
                happened_at=one.sent_at,
                recorded_at=at,
                once=one.once,
            )
            for one in sent
        ],
        ignore_conflicts=True,
    )
    return len(made)
