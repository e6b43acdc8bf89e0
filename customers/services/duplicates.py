"""One customer, one record: what is told of records that may be the same, and to whom; one number, one record."""

from datetime import date, datetime, timedelta

from django.core.cache import cache
from django.db import connection
from django.utils.translation import gettext_lazy as _

from core import crypto, trail
from core.errors import DomainError
from core.models import TrailEntry
from customers import queries
from customers.models import Customer
from staff.models import User

CHECKS_PER_HOUR = 60
# How often an hour somebody may learn that a number belongs to a customer out of their sight.
HITS_PER_HOUR = 20
HIT = "match"
_HOUR = timedelta(hours=1)


class AlreadyCustomer(DomainError):
    """The identity number is that of a customer the person may see: `customer`."""

    code = "duplicate_identity"
    message = _("%(name)s (%(number)s) already has this identity number.")

    def __init__(self, customer: Customer) -> None:
        super().__init__(name=customer.name, number=customer.customer_no)
        self.customer = customer


class ExistsElsewhere(DomainError):
    """The identity number is that of a customer out of sight; only the unit to ask is told."""

    code = "exists_elsewhere"
    message = _("This customer exists at another branch; ask %(branch)s.")

    def __init__(self, customer: Customer) -> None:
        super().__init__(branch=customer.branch.name)
        self.customer = customer


class TooManyChecks(DomainError):
    """Looking for numbers that belong to somebody ends here for the hour."""

    code = "too_many_checks"
    message = _("You have looked for too many numbers within the hour; wait or ask compliance.")


def find_alike(
    *,
    actor: User,
    at: datetime,
    id_no: str = "",
    phone: str = "",
    name: str = "",
    birth_date: date | None = None,
    other_than: str = "",
) -> queries.Alike:
    """Who may be the customer being typed; values in their stored spelling.

    A customer out of sight leaves a trail entry. Raises TooManyChecks beyond CHECKS_PER_HOUR or HITS_PER_HOUR.
    """
    if not (id_no or phone or (name and birth_date)):
        return queries.Alike([], {})
    refuse_prober(actor=actor, at=at)
    key = f"alike:{actor.pk}"
    cache.add(key, 0, int(_HOUR.total_seconds()))
    if _counted(key) > CHECKS_PER_HOUR:
        raise TooManyChecks()
    found = queries.alike(actor, id_no=id_no, phone=phone, name=name, birth_date=birth_date, other_than=other_than)
    if found.elsewhere:
        note_hit(actor=actor, at=at, field="id_no" if id_no else "phone")
    return found


def _counted(key: str) -> int:
    try:
        return int(cache.incr(key))
    except ValueError:  # the hour ended between the two calls
        return 1


def refuse_prober(*, actor: User, at: datetime) -> None:
    """Raise TooManyChecks for somebody who met too many customers out of sight within the hour."""
    hits = TrailEntry.objects.filter(at__gt=at - _HOUR, actor_no=actor.staff_no, action=HIT)
    if hits[:HITS_PER_HOUR].count() >= HITS_PER_HOUR:
        raise TooManyChecks()


def note_hit(*, actor: User, at: datetime, field: str, customer: Customer | None = None) -> None:
    """Write down that somebody learned of a customer out of their sight."""
    trail.record(
        actor=actor.actor,
        action=HIT,
        subject="customers.customer",
        subject_id=customer.customer_no if customer else "",
        at=at,
        changes={"field": field},
    )


def claim_document(*, id_no: str, actor: User, other_than: int = 0) -> None:
    """Let nobody else store this identity number until the transaction ends, and refuse when somebody has it.

    Raises AlreadyCustomer or ExistsElsewhere. Feeds do not ask: what they bring twice is flagged, then merged.
    """
    index = crypto.blind_index("customers.customer.id_no", id_no)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [int.from_bytes(index[:8], "big", signed=True)])
    same = queries.same_document(id_no, other_than=other_than)
    seen = same.visible_to(actor).order_by("pk").first()
    if seen:
        raise AlreadyCustomer(seen)
    hidden = same.select_related("branch").order_by("pk").first()
    if hidden:
        raise ExistsElsewhere(hidden)
