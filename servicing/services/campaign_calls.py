"""Calls that campaigns plan for managers, many at once: made, and taken away again where nobody made them yet."""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import connection, transaction

from core import trail
from core.trail import Actor
from servicing.enums import FollowUpKind, FollowUpState
from servicing.models import FollowUp

SUBJECT = "servicing.followup"
MAKE = """
INSERT INTO servicing_followup (
    customer_id, owner_id, kind, title, note, facts, due_on, priority, state, is_planned, snoozes, created_at,
    skip_reason, outcome
)
SELECT c.customer_id, c.owner_id, %(kind)s, %(title)s, '',
    CASE WHEN c.stands_in THEN %(facts)s::jsonb || '{"stands_in": true}' ELSE %(facts)s::jsonb END,
    c.due_on, 2, 'open', false, 0, %(at)s, '', ''
FROM unnest(%(customers)s::bigint[], %(owners)s::bigint[], %(days)s::date[], %(stand_ins)s::boolean[])
    c(customer_id, owner_id, due_on, stands_in)
RETURNING customer_id, id
"""


@dataclass(frozen=True, slots=True)
class CampaignCall:
    """One call: of which customer, by whom, on which day, and whether that person stands in for somebody away."""

    customer_id: int
    owner_id: int
    on: date
    stands_in: bool = False


@transaction.atomic
def make_calls(
    *, calls: Sequence[CampaignCall], title: str, facts: Mapping[str, Any], actor: Actor, at: datetime
) -> dict[int, int]:
    """A follow-up for each call, by customer id; one call a customer. `facts` says whose ("campaign") and "script".

    Whoever calls this sees to it that a call is planned once.
    """
    if not calls:
        return {}
    values: dict[str, Any] = {
        "kind": FollowUpKind.CAMPAIGN,
        "title": title[:120],
        "facts": json.dumps(dict(facts)),
        "at": at,
        "customers": [call.customer_id for call in calls],
        "owners": [call.owner_id for call in calls],
        "days": [call.on for call in calls],
        "stand_ins": [call.stands_in for call in calls],
    }
    with connection.cursor() as cursor:
        cursor.execute(MAKE, values)
        made = dict(cursor.fetchall())
    told = {name: value for name, value in facts.items() if name != "script"}
    trail.record(actor=actor, action="plan", subject=SUBJECT, at=at, changes={**told, "calls": len(made)})
    return made


@transaction.atomic
def take_calls_away(*, ids: Collection[int], actor: Actor, at: datetime) -> int:
    """Cancel calls that nobody made yet; returns how many. What somebody has closed stays as it is."""
    rows = FollowUp.everything.filter(pk__in=ids, kind=FollowUpKind.CAMPAIGN, state=FollowUpState.OPEN)
    gone = rows.update(state=FollowUpState.CANCELLED, closed_at=at)
    if gone:
        trail.record(actor=actor, action="cancel", subject=SUBJECT, at=at, changes={"calls": gone})
    return int(gone)
