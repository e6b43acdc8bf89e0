"""Noting who opened which customer's page, and forgetting it in time.

Not on the trail: a bank opens more pages in a day than it writes entries in a month, and each entry is sealed.
"""

import logging
from datetime import date, datetime
from typing import Final

from django.db import DatabaseError, connection
from django.db.models import Exists, OuterRef

from core.clock import SHANGHAI
from customers.models import Customer, PageOpening
from customers.rules.openings import SAME_LOOK_MINUTES, is_outside, kept_from
from customers.services.staging import run
from staff.access import BOOK_KEEPERS, has_role, scope_of
from staff.enums import Role
from staff.enums.supervision import RecordSource
from staff.models import SpotCheck, User
from staff.queries.supervision import numbers_on

logger = logging.getLogger(__name__)
CHUNK: Final = 20_000
MOST_TIMES: Final = 32_000
# One statement that never fails on a row another tab has just made, and holds it only for as long as it takes.
NOTE: Final = """
INSERT INTO customers_pageopening AS o
    (person_id, branch_id, customer_id, "on", first_at, last_at, times, is_outside)
VALUES (%(person)s, %(branch)s, %(customer)s, %(on)s, %(at)s, %(at)s, 1, %(outside)s)
ON CONFLICT (person_id, "on", customer_id) DO UPDATE SET
    last_at = greatest(o.last_at, excluded.last_at),
    times = least(%(most)s, o.times
        + (excluded.last_at > o.last_at + make_interval(mins => %(minutes)s))::int),
    is_outside = o.is_outside OR excluded.is_outside
"""


def note_opening(*, person: User, customer: Customer, at: datetime) -> None:
    """Note that somebody was shown a customer's page: one row a person, customer and day, which counts.

    A page is worth more than its note: when the database refuses, that is logged for operations and the page goes on.
    """
    # Head office and compliance serve no unit's customers beside their own unit's; a head serves those below, too.
    units = scope_of(person).branch_ids if has_role(person, Role.BRANCH_HEAD) else {person.branch_id}
    values = {
        "person": person.pk,
        "branch": person.branch_id,
        "customer": customer.pk,
        "on": at.astimezone(SHANGHAI).date(),
        "at": at,
        "outside": is_outside(
            keeps_book=has_role(person, *BOOK_KEEPERS), units=units, customer_unit=customer.branch_id
        ),
        "minutes": SAME_LOOK_MINUTES,
        "most": MOST_TIMES,
    }
    try:
        run(NOTE, values)
    except DatabaseError:
        if connection.in_atomic_block:
            raise
        logger.exception("opening of customer %s by %s was not noted", customer.pk, person.pk)


def forget_openings(*, business_day: date) -> int:
    """Delete openings older than the rules of supervision keep them, but those a check is about; returns how many.

    In chunks, each a transaction of its own. Called by the night; safe twice.
    """
    since = kept_from(business_day, numbers_on(business_day).opening_months)
    drawn = SpotCheck.objects.filter(source=RecordSource.OPENING, record_id=OuterRef("pk"))
    old = PageOpening.everything.filter(~Exists(drawn), on__lt=since).order_by("on", "pk")
    gone = 0
    while keys := list(old.values_list("pk", flat=True)[:CHUNK]):
        gone += run("DELETE FROM customers_pageopening WHERE id = ANY(%(keys)s)", {"keys": keys})
    return gone
