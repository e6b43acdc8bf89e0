"""KYC work: what falls due is noticed in the night, and closed when a document is renewed or a review is made.

Nothing about suspicious transactions or their reports is read or kept here (AML Law 2024, article 35).
"""

import json
from datetime import date, datetime, timedelta
from typing import Any

from django.db import connection, transaction
from django.db.models import F, Max, Min
from django.utils.translation import gettext_lazy as _

from core import trail
from core.clock import SHANGHAI
from core.errors import DomainError
from core.sql import statement
from core.trail import Actor
from customers.enums import IdType, KycKind, KycOutcome, Source
from customers.models import Customer, KycItem, KycReview
from customers.queries.kyc import kyc_policy, next_review_due
from customers.rules.kyc import add_months
from customers.services import sources
from staff.models import User

CHUNK_IDS = 100_000
LAST_DAY = date(2099, 12, 31)
LONG_TERM_FROM_YEARS = 46  # Identity Card Law, article 5


class KycItemClosed(DomainError):
    """Somebody was quicker, or the night found it settled."""

    code = "kyc_item_closed"
    message = _("This was settled already. Load the list again.")


class OtherKycKind(DomainError):
    """A document cannot be reviewed, nor a review renewed."""

    code = "other_kyc_kind"
    message = _("This is not what fell due.")


class ExpiryNeeded(DomainError):
    """A document runs out on a day, or never."""

    code = "expiry_needed"
    message = _("Write the day the new document runs out, or tick that it has no expiry.")


class ExpiryNotLater(DomainError):
    """The new document must be good for longer than the old one, and today."""

    code = "expiry_not_later"
    message = _("The new document must be good beyond %(day)s.")


class ExpiryTooFar(DomainError):
    """A slip of the hand."""

    code = "expiry_too_far"
    message = _("This day is too far away; a document for life has no expiry.")


class TooYoungForLongTerm(DomainError):
    """Cards without expiry are issued from 46 years on."""

    code = "too_young_for_long_term"
    message = _("Identity cards without expiry are issued from the age of 46 on.")


class ReviewedToday(DomainError):
    """One review a day."""

    code = "reviewed_today"
    message = _("This customer was reviewed today already.")


def run(*, business_day: date, actor: Actor, at: datetime, chunk_ids: int = CHUNK_IDS) -> dict[str, int]:
    """Notice what falls due within the longest notice, and close what no longer does; "opened", "closed", "rows".

    Each range of customers is a transaction of its own; a second run of a day changes nothing.
    """
    policy = kyc_policy(business_day)
    params: dict[str, Any] = {
        "day": business_day,
        "horizon": business_day + timedelta(days=policy.horizon_days),
        "months": json.dumps(dict(policy.months_by_word)),
        "other_months": policy.other_months,
        "counted_from": policy.counted_from,
    }
    ends = Customer.everything.aggregate(first=Min("pk"), last=Max("pk"))
    opened = closed = 0
    for low in range((ends["first"] or 1) - 1, ends["last"] or 0, chunk_ids):
        done = _do_range({**params, "low": low, "high": low + chunk_ids})
        closed, opened = closed + done[0], opened + done[1]
    counts = {"opened": opened, "closed": closed, "rows": opened + closed}
    if counts["rows"]:
        trail.record(actor=actor, action="run", subject="customers.kyc", subject_id=business_day, at=at, changes=counts)
    return counts


@transaction.atomic
def _do_range(params: dict[str, Any]) -> tuple[int, int]:
    due, done = statement("customers", "kyc_due"), []
    with connection.cursor() as cursor:
        for name in ("kyc_close", "kyc_open"):
            cursor.execute(due + statement("customers", name), params)
            done.append(int(cursor.rowcount))
    return done[0], done[1]


@transaction.atomic
def renew_document(
    *, item: KycItem, expires_on: date | None, is_long_term: bool, actor: User, at: datetime, note: str = ""
) -> KycItem:
    """Write the new document's last day (None when it has none) into the record, and close the item.

    Raises KycItemClosed, OtherKycKind, ExpiryNeeded, ExpiryNotLater, ExpiryTooFar, TooYoungForLongTerm.
    """
    item, customer = _locked(item, KycKind.DOCUMENT)
    day = at.astimezone(SHANGHAI).date()
    expires_on = None if is_long_term else expires_on
    _check_expiry(customer, max(day, item.due_on), expires_on, is_long_term=is_long_term, day=day)
    changes = {
        "id_expires_on": [_iso(customer.id_expires_on), _iso(expires_on)],
        "id_is_long_term": [customer.id_is_long_term, is_long_term],
    }
    _write(customer, {"id_expires_on": expires_on, "id_is_long_term": is_long_term}, at)
    sources.confirm(customer=customer, fields=tuple(changes), source=Source.DOCUMENT, actor=actor, on=day)
    return _close(item, customer, KycOutcome.RENEWED, actor, at, note, changes)


@transaction.atomic
def record_review(*, item: KycItem, grade: str, note: str, actor: User, at: datetime) -> KycReview:
    """Keep a review with the grade it came to, write the grade into the record, and close the item.

    The next review is due an interval of that grade later. Raises KycItemClosed, OtherKycKind, ReviewedToday.
    """
    item, customer = _locked(item, KycKind.REVIEW)
    day, before = at.astimezone(SHANGHAI).date(), customer.risk_grade
    if KycReview.objects.filter(customer=customer, reviewed_on=day).exists():
        raise ReviewedToday()
    review = KycReview.objects.create(
        customer=customer,
        reviewed_on=day,
        reviewed_by=actor,
        grade_before=before,
        grade_after=grade,
        note=note,
        recorded_at=at,
    )
    if grade != before:
        _write(customer, {"risk_grade": grade}, at)
    next_due = next_review_due(customer, kyc_policy(day))
    changes = {"risk_grade": [before, grade], "next_due_on": next_due.isoformat()}
    _close(item, customer, KycOutcome.REVIEWED, actor, at, note, changes)
    return review


def _locked(item: KycItem, kind: KycKind) -> tuple[KycItem, Customer]:
    found = KycItem.everything.select_for_update().get(pk=item.pk)
    if found.kind != kind:
        raise OtherKycKind()
    if found.closed_on is not None:
        raise KycItemClosed()
    return found, Customer.everything.select_for_update().get(pk=found.customer_id)


def _check_expiry(customer: Customer, beyond: date, expires_on: date | None, *, is_long_term: bool, day: date) -> None:
    if is_long_term:
        born_on, is_card = customer.birth_date, customer.id_type == IdType.RESIDENT
        if is_card and born_on is not None and add_months(born_on, LONG_TERM_FROM_YEARS * 12) > day:
            raise TooYoungForLongTerm()
        return
    if expires_on is None:
        raise ExpiryNeeded()
    if expires_on <= beyond:
        raise ExpiryNotLater(day=beyond.isoformat())
    if expires_on > LAST_DAY:
        raise ExpiryTooFar()


def _write(customer: Customer, values: dict[str, Any], at: datetime) -> None:
    Customer.everything.filter(pk=customer.pk).update(**values, version=F("version") + 1, updated_at=at)
    for name, value in values.items():
        setattr(customer, name, value)


def _close(
    item: KycItem,
    customer: Customer,
    outcome: KycOutcome,
    actor: User,
    at: datetime,
    note: str,
    changes: dict[str, Any],
) -> KycItem:
    item.closed_on, item.closed_by = at.astimezone(SHANGHAI).date(), actor
    item.outcome, item.note = outcome, note
    item.save(update_fields=["closed_on", "closed_by", "outcome", "note"])
    trail.record(
        actor=actor.actor,
        action="renew" if outcome == KycOutcome.RENEWED else "review",
        subject="customers.customer",
        subject_id=customer.customer_no,
        at=at,
        changes={**changes, "due_on": item.due_on.isoformat()},
        reason=note,
    )
    return item


def _iso(day: date | None) -> str | None:
    return day.isoformat() if day else None
