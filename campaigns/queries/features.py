"""What was known of customers before a day, and the outcomes of calls models learn from."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from django.db import connection

from campaigns.rules.call_facts import AGREED, MONTH, REFUSED, SOON, YEAR, Facts
from core.sql import statement
from servicing.enums import Channel, Direction, Origin, Topic

CHUNK: Final = 5_000
# Calls about something else say nothing about offers.
TOPICS: Final = (Topic.DEPOSIT, Topic.RATE)
OUTCOMES: Final = """
SELECT i.id, i.customer_id, (i.happened_at AT TIME ZONE 'Asia/Shanghai')::date, i.outcome = ANY(%(agreed)s)
FROM servicing_interaction i
WHERE i.direction = %(out)s AND i.channel = %(phone)s AND i.origin <> %(sent)s AND i.outcome = ANY(%(ended)s)
  AND (i.topic = ANY(%(topics)s) OR EXISTS (
    SELECT FROM servicing_followup f WHERE f.interaction_id = i.id AND f.kind = 'campaign'))
  AND i.happened_at < (%(until)s::timestamp AT TIME ZONE 'Asia/Shanghai')
ORDER BY i.happened_at DESC, i.id DESC LIMIT %(most)s
"""


@dataclass(frozen=True, slots=True)
class Asked:
    """A customer as known before a day; `key` is the caller's own number for it."""

    key: int
    customer_id: int
    on: date


@dataclass(frozen=True, slots=True)
class Ended:
    """A call that ended with a yes or a no, and what was known before it."""

    on: date
    facts: Facts
    agreed: bool


def facts_of(asked: Sequence[Asked]) -> dict[int, Facts]:
    """What was known before each day, by key: nothing of the day itself or later, whenever this is asked."""
    found: dict[int, Facts] = {}
    for first in range(0, len(asked), CHUNK):
        found |= _facts(asked[first : first + CHUNK])
    return found


def _facts(asked: Sequence[Asked]) -> dict[int, Facts]:
    values: dict[str, Any] = {
        "keys": [one.key for one in asked],
        "customers": [one.customer_id for one in asked],
        "days": [one.on for one in asked],
        "agreed": _texts(AGREED),
        "soon": SOON,
        "month": MONTH,
        "year": YEAR,
    }
    with connection.cursor() as cursor:
        cursor.execute(statement("campaigns", "call_facts"), values)
        return {key: _read(rest) for key, *rest in cursor.fetchall()}


def _read(row: Sequence[Any]) -> Facts:
    tier, adb, before, is_organisation, age, days, kinds, is_maturing, talked, called, agreed, last = row
    held = frozenset(kinds)
    return Facts(tier, adb, before, is_organisation, age, days, held, is_maturing, talked, called, agreed, last or "")


def calls_ended(*, until: date, most: int) -> list[Ended]:
    """Calls to customers before `until` that ended with a yes or a no, in the order of time: those of campaigns, and
    others about deposits and rates. Of more than `most` the latest."""
    values: dict[str, Any] = {
        "out": str(Direction.OUT),
        "phone": str(Channel.PHONE),
        "sent": str(Origin.CAMPAIGN),
        "agreed": _texts(AGREED),
        "ended": _texts((*AGREED, *REFUSED)),
        "topics": _texts(TOPICS),
        "until": until,
        "most": most,
    }
    with connection.cursor() as cursor:
        cursor.execute(OUTCOMES, values)
        rows = cursor.fetchall()[::-1]
    facts = facts_of([Asked(key, customer_id, on) for key, customer_id, on, _agreed in rows])
    return list(_joined(rows, facts))


def _joined(rows: Sequence[tuple[int, int, date, bool]], facts: dict[int, Facts]) -> Iterator[Ended]:
    for key, _customer_id, on, agreed in rows:
        if key in facts:
            yield Ended(on, facts[key], agreed)


def _texts(values: Sequence[str]) -> list[str]:
    return [str(value) for value in values]
