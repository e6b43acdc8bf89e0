"""Two records of one customer, merged and taken apart again."""

from datetime import timedelta
from typing import Any

from customers.models import Consent, ConsentWording, Customer, Merge
from customers.services.merge_parts import CUSTOMERS
from customers.services.merge_records import merge, unmerge
from customers.services.merge_requests import request_merge, request_undo
from staff.models import User
from tests import factories as make
from tests.factories import NOW, TODAY

HOUR = timedelta(hours=1)


def ask(kept: Customer, dropped: Customer, head: User, **fields: Any) -> Merge:
    """The request for a merge."""
    values = {"choices": {}, "reason": "同一客户", "at": NOW, **fields}
    return request_merge(kept=kept, dropped=dropped, actor=head, **values)


def do(kept: Customer, dropped: Customer, head: User, **fields: Any) -> Merge:
    """A merge, done."""
    return merge(merge=ask(kept, dropped, head, **fields), movers=[CUSTOMERS], at=NOW)


def undo(merged: Merge, head: User, *, after: timedelta = HOUR) -> Merge:
    """The merge, taken back."""
    asked = request_undo(merge=merged, actor=head, at=NOW + after)
    return unmerge(merge=asked, movers=[CUSTOMERS], at=NOW + after)


def pair(**fields: Any) -> tuple[Customer, Customer]:
    """Two customers of one branch."""
    branch = make.make_branch()
    return make.make_customer(branch=branch, **fields), make.make_customer(branch=branch, **fields)


def state(customer: Customer, decision: str, days_ago: int) -> Consent:
    """What the customer said about marketing by text message."""
    wording, _made = ConsentWording.objects.get_or_create(
        purpose="marketing", version=1, defaults={"text_zh": "同意", "effective_on": TODAY, "created_at": NOW}
    )
    return Consent.everything.create(
        customer=customer,
        purpose="marketing",
        channel="sms",
        decision=decision,
        wording=wording,
        proof="at_counter",
        stated_at=NOW - timedelta(days=days_ago),
        recorded_at=NOW,
    )
