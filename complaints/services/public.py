"""Complaints over the web: counted by address and phone, as nothing else tells visitors apart, then registered."""

from datetime import datetime
from ipaddress import ip_network
from uuid import UUID

from django.conf import settings
from django.core.cache import cache
from django.utils import translation
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from complaints.enums import Complainant, Source
from complaints.models import Complaint
from complaints.queries.choices import word_for
from complaints.queries.clocks import day_of
from complaints.queries.intake import customer_who_says
from complaints.services.intake import register_complaint
from core import crypto
from core.errors import DomainError
from staff.enums import Role
from staff.models import Branch, User

HOUR, DAY = 3600, 24 * 3600
# A branch's guests share an address; a person with more to say calls.
MOST_FROM_ADDRESS = 10
MOST_BY_PHONE = 3


class TooManySent(DomainError):
    """More than a person has to complain of."""

    code = "too_many_sent"
    message = _("We have had several complaints from here already. Please wait, or come to any branch.")


def count_sending(*, visitor: str, phone: str) -> None:
    """Count a complaint sent from an address (an hour) and by a phone (a day). Raises TooManySent.

    With the cache away nobody is counted.
    """
    _count(f"complaints:address:{_network(visitor)}", HOUR, MOST_FROM_ADDRESS)
    if phone:
        _count(f"complaints:phone:{crypto.blind_index('complaint.counted', phone).hex()}", DAY, MOST_BY_PHONE)


def _network(visitor: str) -> str:
    """What stands for a visitor: of IPv6 the first 64 bits, as the others are the visitor's own to choose."""
    try:
        return str(ip_network(f"{visitor}/64", strict=False)) if ":" in visitor else visitor
    except ValueError:
        return visitor


def _count(key: str, seconds: int, most: int) -> None:
    cache.add(key, 0, seconds)
    try:
        count = int(cache.incr(key))
    except ValueError:  # the time ended between the two calls
        return
    if count > most:
        raise TooManySent()


def complain_publicly(
    *,
    branch: Branch,
    category: str,
    account: str,
    wanted: str,
    name: str,
    phone: str,
    anonymous: bool,
    about_head: bool = False,
    visitor: str,
    once: UUID,
    at: datetime,
) -> Complaint:
    """Register a complaint somebody wrote without a sign-in; `visitor` is their address on the network.

    Who names themselves as one customer does, with that customer's phone, is taken for it. `about_head` keeps the
    heads of the branch away from it, so that the unit above decides. Raises TooManySent, IntakeRefused.
    """
    if first := Complaint.everything.filter(once=once).first():
        return first
    count_sending(visitor=visitor, phone="" if anonymous else phone)
    customer = None if anonymous else customer_who_says(name, phone)
    known = Complainant.CUSTOMER if customer else Complainant.OTHER
    return register_complaint(
        actor=None,
        branch=branch,
        source=Source.WEB,
        complainant=Complainant.ANONYMOUS if anonymous else known,
        customer=customer,
        category=category,
        summary=_summary(category),
        account=account,
        wanted=wanted,
        name=name,
        phone=phone,
        received_on=day_of(at),
        named=_heads_of(branch) if about_head else (),
        once=once,
        at=at,
    )


def _heads_of(branch: Branch) -> list[User]:
    return list(User.objects.filter(branch=branch, role=Role.BRANCH_HEAD, is_active=True))


def _summary(category: str) -> str:
    """What lists say of it, in the bank's own language: none of the complainant's words, which may name somebody."""
    with translation.override(settings.LANGUAGE_CODE):
        return gettext("Over the web: %(category)s") % {"category": word_for("categories", category)}
