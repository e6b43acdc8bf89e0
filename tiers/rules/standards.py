"""How well each tier is to be served: contact rhythm, first response, review meeting, reports (product.md T12).

A tier is named by its letter, which lasts across scheme versions.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, Final

from core.money import CENT

LETTER: Final = re.compile(r"[A-Z]")
# Name of each figure, and the least and most it may be; None = not promised.
FIGURES: Final[Mapping[str, tuple[int, int]]] = {
    "contact_days": (1, 730),
    "response_hours": (1, 720),
    "review_months": (1, 36),
    "report_months": (1, 36),
}
DAYS_OF_YEAR: Final = 365
# Until a policy of kind "standards" says otherwise.
BUILT_IN: Final[Mapping[str, Any]] = {
    "tiers": {
        "D": {"contact_days": 365, "response_hours": 48, "review_months": None, "report_months": None},
        "C": {"contact_days": 180, "response_hours": 24, "review_months": None, "report_months": None},
        "B": {"contact_days": 60, "response_hours": 8, "review_months": 12, "report_months": 6},
        "A": {"contact_days": 30, "response_hours": 4, "review_months": 6, "report_months": 3},
    }
}


@dataclass(frozen=True, slots=True)
class Standard:
    """What a tier is promised: a contact at least every `contact_days`, a first response within `response_hours`, a
    review meeting every `review_months`, a report every `report_months`. None = not promised."""

    contact_days: int | None = None
    response_hours: int | None = None
    review_months: int | None = None
    report_months: int | None = None


def read_standards(values: Mapping[str, Any]) -> dict[str, Standard]:
    """The standard of each tier by its letter, of a policy of kind "standards".

    Raises ValueError("tiers"), ValueError("tiers.<letter>") or ValueError("tiers.<letter>.<figure>").
    """
    tiers = values.get("tiers")
    if not isinstance(tiers, Mapping):
        raise ValueError("tiers")
    return {letter: _standard(letter, figures) for letter, figures in tiers.items()}


def _standard(letter: Any, figures: Any) -> Standard:
    if not isinstance(letter, str) or not LETTER.fullmatch(letter) or not isinstance(figures, Mapping):
        raise ValueError(f"tiers.{letter}")
    if set(figures) - set(FIGURES):
        raise ValueError(f"tiers.{letter}")
    for name, (least, most) in FIGURES.items():
        value = figures.get(name)
        if value is not None and (not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most):
            raise ValueError(f"tiers.{letter}.{name}")
    return Standard(**figures)


def yearly_contacts(standards: Mapping[str, Standard]) -> dict[str, Decimal]:
    """Contacts a customer of each tier is owed in 365 days, two places; a tier without a rhythm is missing."""
    return {
        letter: (Decimal(DAYS_OF_YEAR) / standard.contact_days).quantize(CENT)
        for letter, standard in standards.items()
        if standard.contact_days
    }


def due_on(contacted: date | None, since: date | None, contact_days: int) -> date | None:
    """The last day the next contact is in time: so many days after the last one, or after the day the tier began when
    there never was one; None for somebody who has no tier yet."""
    counted = contacted or since
    return counted + timedelta(days=contact_days) if counted else None
