"""Who holds which certificates on a day, and what an activity takes (F07)."""

from collections.abc import Collection, Iterable, Mapping
from datetime import date

from django.db.models import Q, QuerySet
from django.utils.translation import get_language

from core.memo import once_a_request
from core.wording import listed
from staff.enums.training import Activity
from staff.models import Certificate, User
from staff.queries import heads_near, policy_on
from staff.rules.licences import BUILT_IN, LicenceRules, read_licences

KIND = "licences"


@once_a_request
def licence_rules(day: date) -> LicenceRules:
    """What takes which certificate on a day."""
    return read_licences(policy_on(KIND, day, BUILT_IN).values)


def valid_certificates(day: date) -> QuerySet[Certificate]:
    """Certificates that hold on a day: issued, not past their end, not withdrawn."""
    holds = Q(expires_on=None) | Q(expires_on__gte=day)
    return Certificate.objects.filter(holds, issued_on__lte=day, revoked_at=None)


def held_by(people: Collection[int], day: date) -> Mapping[int, frozenset[str]]:
    """The licences each of these people (by key) holds on a day; one statement."""
    found: dict[int, set[str]] = {pk: set() for pk in people}
    rows = valid_certificates(day).filter(user__in=list(people)).exclude(licence="")
    for user_id, licence in rows.values_list("user_id", "licence"):
        found[user_id].add(licence)
    return {pk: frozenset(codes) for pk, codes in found.items()}


def lacking(user: User, activity: str, day: date) -> tuple[str, ...]:
    """Codes of the licences somebody lacks for an activity on a day; none = may do it."""
    needed = licence_rules(day).needs[Activity(activity)]
    if not needed:
        return ()
    held = held_by([user.pk], day)[user.pk]
    return tuple(code for code in needed if code not in held)


def licence_words(codes: Iterable[str], day: date) -> str:
    """Names of licences in the language in use; an unknown one is its code."""
    known, language = licence_rules(day).licences, get_language() or ""
    return listed(known[code].name(language) if code in known else code for code in codes)


def licence_choices(day: date) -> list[tuple[str, str]]:
    """Codes and names of every licence there is."""
    language = get_language() or ""
    return [(code, licence.name(language)) for code, licence in licence_rules(day).licences.items()]


def whom_to_ask(user: User) -> str:
    """The name of the head who can enter somebody for a course; "" without one."""
    return heads_near(user.branch, but=user.pk).order_by("pk").values_list("name", flat=True).first() or ""
