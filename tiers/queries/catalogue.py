"""The entitlement catalogue in force on a day."""

from collections.abc import Iterable
from datetime import date
from decimal import Decimal

from django.db.models import Q
from django.utils.translation import get_language

from core.memo import once_a_request
from staff.queries import policy_on
from tiers.models import Band as BandRow
from tiers.models import Scheme
from tiers.queries.schemes import ranked
from tiers.rules.catalogue import BUILT_IN, Entitlement, applying, read_entitlements, yearly_cost

KIND = "entitlements"


@once_a_request
def catalogue_on(day: date) -> tuple[Entitlement, ...]:
    """Everything in the catalogue in force on `day`, also what does not apply yet or any longer."""
    return read_entitlements(policy_on(KIND, day, BUILT_IN).values)


def entitlements_of(letter: str, day: date) -> list[Entitlement]:
    """What a customer of this tier has on `day`."""
    return applying(catalogue_on(day), letter, day)


def cost_per_head(day: date) -> dict[str, Decimal]:
    """Yuan a year that the entitlements of `day` cost for each customer of a tier, by its letter.

    A tier without entitlements is missing: it costs nothing.
    """
    return yearly_cost(catalogue_on(day), day)


def tiers_offered(day: date, letters: Iterable[str] = ()) -> dict[str, str]:
    """Letter and full name ("A Premier") of the tiers that rules can speak of, highest first: those of the scheme in
    force on `day` and of approved later ones, and these `letters` even where no scheme has them any longer."""
    in_force = Scheme.objects.in_force_on(day)
    known = Scheme.objects.approved().filter(Q(effective_on__gt=day) | Q(pk=in_force.pk if in_force else 0))
    language = get_language() or "zh-hans"
    found: dict[str, str] = {}
    for scheme in known.order_by("effective_on", "version"):
        for band in reversed(ranked(BandRow.objects.filter(scheme=scheme))):
            found.setdefault(band.letter, f"{band.letter} {band.name(language)}")
    return found | {letter: letter for letter in sorted(set(letters) - set(found))}
