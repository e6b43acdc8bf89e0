"""Every write of win-backs: begun, changed, closed with a cause, and measured by the night."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import connection, transaction
from django.utils.translation import gettext_lazy as _

from campaigns.enums import WinBackCause, WinBackState
from campaigns.models import Offer, WinBack
from campaigns.queries.offers import why_not
from campaigns.queries.win_back import figures_of
from campaigns.rules.win_back import WINDOW
from campaigns.services.licences import check_recommending
from core import trail
from core.calendar import bank_calendar
from core.clock import SHANGHAI
from core.errors import DomainError
from core.sql import statement
from core.trail import NIGHT, Actor
from customers.models import Customer
from customers.queries import ledger_day
from servicing.enums import FollowUpKind, FollowUpState
from servicing.models import FollowUp
from servicing.queries.follow_ups import may_own
from servicing.services.campaign_calls import CampaignCall, make_calls, take_calls_away
from staff.models import User

SUBJECT = "campaigns.winback"
MOST = 200


class TooManyWinBacks(DomainError):
    """More customers than one step begins."""

    code = "too_many_win_backs"
    message = _("More than %(most)s customers at once; narrow the choice down.")


class CauseNeeded(DomainError):
    """Nothing is closed before it is known why the money left."""

    code = "cause_needed"
    message = _("Say why the money left.")


class WinBackClosed(DomainError):
    """Somebody was quicker."""

    code = "win_back_closed"
    message = _("This was closed already. Load the page again.")


class OfferNotAllowed(DomainError):
    """The customer is not eligible for the offer."""

    code = "offer_not_allowed"
    message = _("The customer is not eligible: %(why)s")


class OwnerOutOfSight(DomainError):
    """Nobody can win a customer back whom they do not see."""

    code = "win_back_owner"
    message = _("%(name)s does not look after this customer.")


@dataclass(frozen=True, slots=True)
class Begun:
    """What became of several: attempts begun, and customers (by id) somebody works on already."""

    done: Sequence[WinBack]
    there: Sequence[int]


@transaction.atomic
def open_win_backs(*, customers: Sequence[Customer], actor: User, at: datetime) -> Begun:
    """Begin to win customers back, each by its manager (without one by `actor`), with a call on the next workday.

    One at a time a customer. Raises TooManyWinBacks.
    """
    if len(customers) > MOST:
        raise TooManyWinBacks(most=MOST)
    day = at.astimezone(SHANGHAI).date()
    by_id = {customer.pk: customer for customer in customers}
    # Locked in order, so that of two who begin at once the second finds the first one's.
    list(Customer.everything.select_for_update().filter(pk__in=by_id).order_by("pk").values_list("pk"))
    open_ones = WinBack.everything.filter(customer__in=by_id, state=WinBackState.OPEN)
    there = sorted(open_ones.values_list("customer_id", flat=True))
    new = [customer for pk, customer in sorted(by_id.items()) if pk not in there]
    figures = figures_of([customer.pk for customer in new], day)
    made = [
        WinBack(
            customer=customer,
            owner=customer.manager or actor,
            peak=figures[customer.pk].peak,
            before=figures[customer.pk].before,
            opened_on=day,
            opened_by=actor,
        )
        for customer in new
    ]
    rows = WinBack.everything.bulk_create(made)
    _call(rows, day, actor, at)
    _record(actor.actor, "open", "", at, {"customers": [row.customer_id for row in rows]})
    return Begun(rows, there)


def _call(rows: Sequence[WinBack], day: date, actor: User, at: datetime) -> None:
    due = bank_calendar().next_workday(day)
    calls = [CampaignCall(row.customer_id, row.owner_id, due) for row in rows]
    make_calls(calls=calls, title="", facts={"win_back": True}, actor=actor.actor, at=at)


@transaction.atomic
def change_win_back(
    *, win_back: WinBack, owner: User, offer: Offer | None, note: str, actor: User, at: datetime
) -> WinBack:
    """Say who works on it, what is offered, and what was found out so far.

    Raises WinBackClosed, OwnerOutOfSight, OfferNotAllowed, NotLicensed.
    """
    row, day = _open(win_back), at.astimezone(SHANGHAI).date()
    if owner.pk != row.owner_id and not may_own(owner, row.customer):
        raise OwnerOutOfSight(name=owner.name)
    if offer is not None and offer.pk != row.offer_id and (why := why_not(offer, row.customer, day)):
        raise OfferNotAllowed(why="; ".join(why))
    if offer is not None and offer.pk != row.offer_id:
        check_recommending(offer=offer, user=actor, day=day)
    changes: dict[str, Any] = {
        "owner": [row.owner.staff_no, owner.staff_no],
        "offer": [row.offer_id, offer.pk if offer else None],
        # Free text may name people: that it changed is enough.
        "note": [len(row.note), len(note.strip())],
    }
    changed = {name: pair for name, pair in changes.items() if pair[0] != pair[1]}
    is_note_new = note.strip() != row.note
    row.owner, row.offer, row.note = owner, offer, note.strip()
    row.save(update_fields=["owner", "offer", "note"])
    if changed or is_note_new:
        _record(actor.actor, "change", row.pk, at, {"customer": row.customer_id, **changed})
    return row


@transaction.atomic
def close_win_back(*, win_back: WinBack, cause: str, note: str = "", actor: User, at: datetime) -> WinBack:
    """Close it with the cause found; what it brought is measured 30 days later. Its open call is taken away.

    Raises CauseNeeded, WinBackClosed.
    """
    if cause not in WinBackCause.values:
        raise CauseNeeded()
    row = _open(win_back)
    row.state, row.cause, row.closed_by = WinBackState.CLOSED, cause, actor
    row.closed_on, row.note = at.astimezone(SHANGHAI).date(), note.strip() or row.note
    row.save(update_fields=["state", "cause", "closed_by", "closed_on", "note"])
    calls = FollowUp.everything.filter(
        customer=row.customer_id, kind=FollowUpKind.CAMPAIGN, state=FollowUpState.OPEN, facts__has_key="win_back"
    )
    take_calls_away(ids=list(calls.values_list("pk", flat=True)), actor=actor.actor, at=at)
    _record(actor.actor, "close", row.pk, at, {"customer": row.customer_id, "cause": cause})
    return row


@transaction.atomic
def measure_win_backs(*, business_day: date, at: datetime, actor: Actor = NIGHT) -> dict[str, int]:
    """Measure attempts whose 30 days after closing are full and fed; each once, so that it is safe twice."""
    fed = ledger_day()
    if fed is None:
        return {"rows": 0}
    values: dict[str, Any] = {"window": WINDOW, "until": min(fed, business_day), "day": business_day}
    with connection.cursor() as cursor:
        cursor.execute(statement("campaigns", "win_back_measure"), values)
        rows = int(cursor.rowcount)
    if rows:
        _record(actor, "run", business_day, at, {"rows": rows})
    return {"rows": rows}


def _open(win_back: WinBack) -> WinBack:
    """The attempt, locked. Raises WinBackClosed."""
    rows = WinBack.everything.select_for_update(of=("self",)).select_related("customer", "owner")
    row = rows.get(pk=win_back.pk)
    if row.state != WinBackState.OPEN:
        raise WinBackClosed()
    return row


def _record(actor: Actor, action: str, subject_id: object, at: datetime, changes: Mapping[str, Any]) -> None:
    trail.record(actor=actor, action=action, subject=SUBJECT, subject_id=subject_id, at=at, changes=changes)
