"""Data quality (C04, C17, C18): how old a value may get, how complete a record is, and what to ask next."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_DOWN, Decimal
from typing import Any, Final

from customers.enums import CustomerKind, FlagKind, Occupation, PreferenceKind
from customers.rules.profile import OF_PERSONS_ONLY, PREFERENCES

KIND: Final = "quality"
# Findings that a call-back settles, and the field each is about.
STALE: Final[Mapping[FlagKind, str]] = {
    FlagKind.STALE_PHONE: "phone",
    FlagKind.STALE_EMAIL: "email",
    FlagKind.STALE_ADDRESS: "address",
    FlagKind.STALE_OCCUPATION: "occupation",
}
# Findings about a customer alone; the others come of comparing customers.
OF_ONE: Final = (
    FlagKind.MISSING_PHONE,
    FlagKind.MISSING_IDENTITY,
    FlagKind.MISSING_BIRTH_DATE,
    FlagKind.IMPLAUSIBLE_BIRTH,
    FlagKind.NO_EXPIRY,
    FlagKind.NO_CONTACT_PERSON,
    *STALE,
)
# What whoever serves the customer must know at once; the rest is for the queue.
WARNINGS: Final = (FlagKind.DUPLICATE_IDENTITY, FlagKind.SHARED_PHONE)

# What counts towards a complete record. The identity number is never asked for in passing: it needs the document.
ASKABLE: Final = (
    "phone",
    "address",
    "occupation",
    "contact_name",
    *PREFERENCES,
    "email",
    "employer",
    "birth_date",
)
COUNTED: Final = ("id_no", *ASKABLE)
# A preference that only holds or does not is no gap: most people never state it.
UNASKED: Final = frozenset({PreferenceKind.NO_CALL_AT_WORK.value})
OF_PERSONS: Final = frozenset({*OF_PERSONS_ONLY, PreferenceKind.TENOR, PreferenceKind.LIQUIDITY})
OF_ORGANISATIONS: Final = frozenset({"contact_name"})
MOST_WEIGHT: Final = 100
MOST_DAYS: Final = 3660

_BASIC: Final = {"phone": 20, "id_no": 20, "address": 10, "occupation": 15, "birth_date": 5, "contact_name": 15}
_CLOSER: Final = {**_BASIC, "channel": 12, "contact_time": 8, "email": 4}
# A weight says how much a value is worth knowing; a tier without weights of its own has those of the next lower one.
BUILT_IN: Final[Mapping[str, Any]] = {
    "max_age_days": {"phone": 730, "email": 1095, "address": 1095, "occupation": 1095},
    "weights": {
        "0": _BASIC,
        "2": _CLOSER,
        "3": {**_CLOSER, "tenor": 14, "liquidity": 9, "rate_sensitivity": 7, "employer": 3},
    },
    "quiet_days": 180,
    "refusal_days": 180,
    "shared_phone_from": 3,
}


@dataclass(frozen=True, slots=True)
class QualityRules:
    """Days a field stays good, weights by tier and field, days a dismissal or a refusal keeps quiet."""

    max_age_days: Mapping[str, int]
    weights: Mapping[int, Mapping[str, int]]
    quiet_days: int
    refusal_days: int
    shared_phone_from: int


def read_quality(values: Mapping[str, Any]) -> QualityRules:
    """The rules of a version. Raises ValueError with a code for what is missing, unknown or nonsense."""
    ages, weights = values.get("max_age_days"), values.get("weights")
    if not isinstance(ages, Mapping) or set(ages) != set(STALE.values()):
        raise ValueError("max_age_days_of_each_field")
    if not isinstance(weights, Mapping) or "0" not in weights:
        raise ValueError("weights_from_tier_0_on")
    return QualityRules(
        {field: _whole(days, "max_age_days_not_days", MOST_DAYS) for field, days in ages.items()},
        {_tier(tier): _weights(of_fields) for tier, of_fields in weights.items()},
        _whole(values.get("quiet_days"), "quiet_days_not_days", MOST_DAYS),
        _whole(values.get("refusal_days"), "refusal_days_not_days", MOST_DAYS),
        _whole(values.get("shared_phone_from"), "shared_phone_from_two_on", 100, least=2),
    )


def _whole(value: Any, code: str, most: int, least: int = 1) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        raise ValueError(code)
    return value


def _tier(text: Any) -> int:
    if not str(text).isdigit() or int(text) > 9:
        raise ValueError("weights_of_unknown_tier")
    return int(text)


def _weights(of_fields: Any) -> Mapping[str, int]:
    if not isinstance(of_fields, Mapping) or not of_fields:
        raise ValueError("weights_of_no_field")
    if set(of_fields) - set(COUNTED) or set(of_fields) & UNASKED:
        raise ValueError("weights_of_unknown_field")
    return {field: _whole(weight, "weights_not_whole", MOST_WEIGHT) for field, weight in of_fields.items()}


def weights_of(kind: str, tier: int, weights: Mapping[int, Mapping[str, int]]) -> Mapping[str, int]:
    """Weights by field for a customer of this kind and tier: those of the highest rank not above it."""
    rank = max((known for known in weights if known <= tier), default=min(weights))
    alien = OF_ORGANISATIONS if kind == CustomerKind.PERSON else OF_PERSONS
    return {field: weight for field, weight in weights[rank].items() if field not in alien}


def completeness(present: Collection[str], weights: Mapping[str, int]) -> Decimal:
    """How much of what is worth knowing is known, in whole per cent, cut: only a complete record has 100."""
    total = sum(weights.values())
    known = sum(weight for field, weight in weights.items() if field in present)
    return (Decimal(100) * known / total).quantize(Decimal(1), ROUND_DOWN) if total else Decimal(100)


def ask_next(
    present: Collection[str], weights: Mapping[str, int], refused: Mapping[str, date], day: date, refusal_days: int
) -> str | None:
    """The missing field worth most that may be asked today; None when there is none.

    What the customer refused to say (`refused`: field to day) is not asked again for `refusal_days` days.
    """
    open_fields = [
        field
        for field in weights
        if field in ASKABLE and field not in present and not _is_refused(refused.get(field), day, refusal_days)
    ]
    return max(open_fields, key=lambda field: (weights[field], -ASKABLE.index(field)), default=None)


def _is_refused(on: date | None, day: date, refusal_days: int) -> bool:
    return on is not None and day < on + timedelta(days=refusal_days)


def choices_of(field: str) -> Sequence[str]:
    """The answers to choose from, at most nine; none for what has to be written."""
    return tuple(Occupation.values) if field == "occupation" else PREFERENCES.get(field, ())
