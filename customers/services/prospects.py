"""Writes to prospects: taken in, corrected, given up, or made customers who keep where they came from."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import date, datetime
from typing import Any

from django.db import connection, transaction
from django.utils.translation import gettext_lazy as _

from core import crypto, trail
from core.clock import SHANGHAI
from core.errors import DomainError
from core.phones import PhoneError, normalise_phone
from core.pinyin import reading
from customers.enums import CustomerKind, Origin, ProspectState
from customers.models import Customer, CustomerPosition, Prospect
from customers.queries.portfolio import can_own
from customers.rules.profile import default_source
from customers.services import duplicates
from customers.services.ownership import acting
from customers.services.profile import create_customer
from staff.models import Branch, User

SUBJECT = "customers.prospect"
PHONE = "customers.prospect.phone"
# The index is that of customers, so that a prospect meets the customer with the same phone.
PHONE_INDEX = "customers.customer.phone"
MIN_REASON = 4


class NotATelephone(DomainError):
    """The text is no telephone number."""

    code = "not_a_phone"
    message = _("Not a telephone number.")


class FirstContactInTheFuture(DomainError):
    """Nobody has been met tomorrow."""

    code = "first_contact_in_the_future"
    message = _("The first contact cannot lie in the future.")


class ReferrerNeeded(DomainError):
    """A referral by a customer names the customer."""

    code = "referrer_needed"
    message = _("Say which customer referred them.")


class DropReasonNeeded(DomainError):
    """A prospect is given up for a stated reason only."""

    code = "drop_reason_needed"
    message = _("Say why they are given up (at least 4 characters).")


class ProspectClosed(DomainError):
    """Somebody has made it a customer or given it up already."""

    code = "prospect_closed"
    message = _("This prospect has become a customer or was given up already.")


@dataclass(frozen=True, slots=True)
class ProspectFacts:
    """What is known of a prospect; `phone` in clear, "" = not told."""

    name: str
    kind: str
    phone: str
    origin: str
    campaign: str
    interest: str
    first_contact_on: date
    referred_by: Customer | None = None
    manager: User | None = None


@transaction.atomic
def create_prospect(*, facts: ProspectFacts, branch: Branch, actor: User, at: datetime) -> Prospect:
    """Take somebody in. Raises NotATelephone, FirstContactInTheFuture, ReferrerNeeded."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT nextval(pg_get_serial_sequence('customers_prospect', 'id'))")
        (key,) = cursor.fetchone()
    prospect = Prospect(pk=key, number=f"P{key:06}", branch=branch, created_by=actor, created_at=at)
    _fill(prospect, facts, at)
    prospect.save(force_insert=True)
    _record(actor, "create", prospect, at, {"origin": prospect.origin, "branch": branch.code})
    return prospect


@transaction.atomic
def change_prospect(*, prospect: Prospect, facts: ProspectFacts, actor: User, at: datetime) -> Prospect:
    """Correct what is known. Raises ProspectClosed and what `create_prospect` does."""
    prospect = _open(prospect)
    before = {field.name: _plain(getattr(prospect, field.name, None)) for field in fields(ProspectFacts)}
    had = bytes(prospect.phone_index or b"")
    _fill(prospect, facts, at)
    prospect.save()
    after = {field.name: _plain(getattr(prospect, field.name, None)) for field in fields(ProspectFacts)}
    changed = sorted(name for name, value in after.items() if value != before[name])
    if bytes(prospect.phone_index or b"") != had:
        changed.append("phone")
    if changed:  # names and phones are personal: which ones changed is enough
        _record(actor, "change", prospect, at, {"fields": changed})
    return prospect


@transaction.atomic
def drop_prospect(*, prospect: Prospect, reason: str, actor: User, at: datetime) -> Prospect:
    """Give a prospect up. Raises DropReasonNeeded, ProspectClosed."""
    if len(reason.strip()) < MIN_REASON:
        raise DropReasonNeeded()
    prospect = _open(prospect)
    prospect.state, prospect.dropped_reason = ProspectState.DROPPED, reason.strip()
    prospect.save(update_fields=["state", "dropped_reason"])
    _record(actor, "drop", prospect, at, {}, reason.strip())
    return prospect


def convert_prospect(*, prospect: Prospect, values: Mapping[str, Any], actor: User, at: datetime) -> Customer:
    """Make the prospect a customer in one transaction; of two who try at once exactly one does.

    `values` are fields of the customer record beyond what the prospect tells. Raises ProspectClosed and what
    `create_customer` does; a hit on a customer out of sight is noted on the trail though nothing else is written.
    """
    try:
        with transaction.atomic():
            return _convert(_open(prospect), values, actor, at)
    except duplicates.ExistsElsewhere as error:
        duplicates.note_hit(actor=actor, at=at, field="id_no", customer=error.customer)
        raise


def _convert(prospect: Prospect, values: Mapping[str, Any], actor: User, at: datetime) -> Customer:
    told = {"name": prospect.name, "phone": phone_of(prospect)}
    given = {**told, **{field: value for field, value in values.items() if value}, "origin": prospect.origin}
    saved = create_customer(
        kind=prospect.kind,
        values=given,
        source=default_source(actor.role),
        actor=actor,
        at=at,
        branch=prospect.branch,
    )
    customer = saved.customer
    if prospect.manager and prospect.manager != customer.manager and can_own(prospect.manager, prospect.branch):
        with acting(actor.staff_no):
            Customer.everything.filter(pk=customer.pk).update(manager=prospect.manager)
        CustomerPosition.everything.filter(pk=customer.pk).update(manager=prospect.manager)
        customer.refresh_from_db()
    prospect.state, prospect.customer, prospect.converted_at = ProspectState.CONVERTED, customer, at
    prospect.save(update_fields=["state", "customer", "converted_at"])
    _record(actor, "convert", prospect, at, {"customer": customer.customer_no, "origin": prospect.origin})
    return customer


def phone_of(prospect: Prospect) -> str:
    """The prospect's phone in clear, "" when none is known; for masking and for the customer record only."""
    blob = prospect.phone_cipher
    return crypto.unseal(PHONE, prospect.number, bytes(blob)) if blob else ""


def _fill(prospect: Prospect, facts: ProspectFacts, at: datetime) -> None:
    if facts.first_contact_on > at.astimezone(SHANGHAI).date():
        raise FirstContactInTheFuture()
    if facts.origin == Origin.REFERRAL and facts.referred_by is None:
        raise ReferrerNeeded()
    prospect.name = facts.name.strip()
    prospect.name_pinyin = reading(prospect.name, facts.kind == CustomerKind.PERSON).full
    prospect.kind, prospect.origin = facts.kind, facts.origin
    prospect.campaign, prospect.interest = facts.campaign.strip(), facts.interest.strip()
    prospect.referred_by = facts.referred_by if facts.origin == Origin.REFERRAL else None
    prospect.first_contact_on, prospect.manager = facts.first_contact_on, facts.manager
    try:
        phone = normalise_phone(facts.phone) if facts.phone.strip() else ""
    except PhoneError as error:
        raise NotATelephone() from error
    prospect.phone_cipher = crypto.seal(PHONE, prospect.number, phone) if phone else None
    prospect.phone_index = crypto.blind_index(PHONE_INDEX, phone) if phone else None


def _open(prospect: Prospect) -> Prospect:
    rows = Prospect.everything.select_for_update(of=("self",)).select_related("branch", "manager", "referred_by")
    locked = rows.get(pk=prospect.pk)
    if locked.state != ProspectState.OPEN:
        raise ProspectClosed()
    return locked


def _plain(value: object) -> object:
    return getattr(value, "pk", value)


def _record(
    actor: User, action: str, prospect: Prospect, at: datetime, changes: Mapping[str, object], reason: str = ""
) -> None:
    trail.record(
        actor=actor.actor,
        action=action,
        subject=SUBJECT,
        subject_id=prospect.number,
        at=at,
        changes=dict(changes),
        reason=reason,
    )
