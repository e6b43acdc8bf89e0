"""What a queue machine may know of somebody: the tier's letter and the place in the queue, nothing else."""

from dataclasses import dataclass
from datetime import date

from core import crypto
from core.identity import RESIDENT_ID, IdentityError, check_id_no
from core.phones import normalise_phone
from customers.models import Customer, CustomerPosition, in_scope
from customers.rules.cells import narrow
from customers.rules.quality import BUILT_IN, read_quality
from staff.access import scope_of
from staff.models import User
from staff.queries import policy_on
from tiers.enums import EntitlementKind
from tiers.queries.catalogue import entitlements_of
from tiers.queries.display import bands_for_display

MOST = 100


@dataclass(frozen=True, slots=True)
class Served:
    """A tier's letter and its place in the queue: 0 = called in turn, else the higher the earlier."""

    tier: str
    priority: int


def served_by(user: User, field: str, text: str, day: date) -> Served:
    """How somebody is served who gives a phone, identity or customer number (`field` "phone", "id_no", "customer_no").

    Only customers this person may see count. Who is none, is somewhere else or has no tier yet is served as the lowest
    tier: the answer never tells who is a customer. Of several customers with one identity number the highest tier
    counts; so it does with one phone, until so many share it that it stands for nobody (the rule of data quality), when
    everybody is served as the lowest. Merged numbers stand for the record they were merged into. Raises PhoneError.
    """
    bands = bands_for_display(day)
    ranks = _ranks(user, field, text, day)
    if field == "phone" and len(ranks) > 1 and len(ranks) >= _shared_from(day):
        ranks = []
    highest = max(ranks, default=0)
    # Bands come lowest first; a scheme has always been there.
    band = next((band for band in bands if band.rank == highest), bands[0])
    is_first = any(item.kind == EntitlementKind.PRIORITY_NUMBER for item in entitlements_of(band.letter, day))
    return Served(band.letter, band.rank if is_first else 0)


def _ranks(user: User, field: str, text: str, day: date) -> list[int]:
    """The tiers of the customers meant, each once."""
    condition = {field: text} if field == "customer_no" else {f"{field}_index": _index(field, text, day)}
    # Also rows merged into others: their numbers are still printed on papers.
    found = Customer.everything.filter(in_scope(scope_of(user)), **condition)
    meant = list(found.order_by("pk").values_list("pk", "merged_into_id")[:MOST])
    kept = {pk for pk, merged_into in meant if merged_into is None}
    while gone := [merged_into for _pk, merged_into in meant if merged_into]:
        meant = list(Customer.everything.filter(pk__in=gone).values_list("pk", "merged_into_id"))
        kept |= {pk for pk, merged_into in meant if merged_into is None}
    positions = CustomerPosition.objects.visible_to(user).filter(pk__in=kept)
    return list(positions.values_list("tier", flat=True))


def _index(field: str, text: str, day: date) -> bytes:
    plain = normalise_phone(text) if field == "phone" else _id_no(text, day)
    return crypto.blind_index(f"customers.customer.{field}", plain)


def _id_no(text: str, day: date) -> str:
    plain = "".join(narrow(text).split()).upper()
    try:
        return check_id_no(RESIDENT_ID, plain, day, expand_old=True)
    except IdentityError:
        return plain  # a passport, a permit, a credit code


def _shared_from(day: date) -> int:
    return read_quality(policy_on("quality", day, BUILT_IN).values).shared_phone_from
