"""What is measured of a unit: every measure, how it adds up, and the numbers its definition stands on.

Sources: product.md K01 to K09, F01; what may be a target: domain.md 2 (no point-in-time size, no rank).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Any

ALL_TIERS = -1


class Over(StrEnum):
    """What the figure of several days is: their sum, or that of the last day."""

    SUM = "sum"
    LAST = "last"


class Kind(StrEnum):
    """What the figure is of: yuan, a count, a share (value of base, in %), or a mean (value over base)."""

    MONEY = "money"
    COUNT = "count"
    SHARE = "share"
    MEAN = "mean"


@dataclass(frozen=True, slots=True)
class Measure:
    """A measure by its code. `is_good_up` None = neither way is better; `by_tier`: kept by tier, too."""

    code: str
    kind: Kind
    over: Over
    is_good_up: bool | None = None
    by_tier: bool = False


def _all(*measures: Measure) -> Mapping[str, Measure]:
    return {measure.code: measure for measure in measures}


# The order in which reports offer them.
MEASURES: Mapping[str, Measure] = _all(
    # Deposits and heads at the close of the day.
    Measure("deposits", Kind.MONEY, Over.LAST, None, True),
    Measure("customers", Kind.COUNT, Over.LAST, None, True),
    # The month's average daily balance up to the day against that of the whole month before, in parts (K03, B14).
    Measure("adb", Kind.MONEY, Over.LAST, True, True),
    Measure("adb_before", Kind.MONEY, Over.LAST, None, True),
    Measure("adb_new", Kind.MONEY, Over.LAST, True, True),
    Measure("adb_up", Kind.MONEY, Over.LAST, True, True),
    Measure("adb_down", Kind.MONEY, Over.LAST, True, True),
    Measure("adb_lost", Kind.MONEY, Over.LAST, True, True),
    Measure("adb_matured_left", Kind.MONEY, Over.LAST, True, True),
    Measure("adb_handed_in", Kind.MONEY, Over.LAST, None, True),
    Measure("adb_handed_out", Kind.MONEY, Over.LAST, None, True),
    # Customers with deposits at the quarter's opening (base) that are lost by the day, by way of loss (K04).
    Measure("churn", Kind.SHARE, Over.LAST, False, True),
    Measure("churn_closed", Kind.COUNT, Over.LAST, False, True),
    Measure("churn_fallen", Kind.COUNT, Over.LAST, False, True),
    Measure("churn_inactive", Kind.COUNT, Over.LAST, False, True),
    Measure("moved_up", Kind.COUNT, Over.SUM, True),
    Measure("moved_down", Kind.COUNT, Over.SUM, False),
    Measure("maturing", Kind.MONEY, Over.LAST, None, True),
    # Contacts of the day; customers spoken to within their tier's rhythm (base: all that have one).
    Measure("contacts", Kind.COUNT, Over.SUM, True),
    Measure("in_rhythm", Kind.SHARE, Over.LAST, True, True),
    # Follow-ups that fell due on the day (base) and were done in time; those overdue at its close.
    Measure("follow_ups", Kind.SHARE, Over.SUM, True),
    Measure("overdue", Kind.COUNT, Over.LAST, False),
    # Calls of campaigns closed on the day (base: that were due) and what they came to.
    Measure("calls", Kind.SHARE, Over.SUM, True),
    Measure("calls_agreed", Kind.COUNT, Over.SUM, True),
    Measure("complaints", Kind.COUNT, Over.SUM, False),
    Measure("complaints_open", Kind.COUNT, Over.LAST, False),
    Measure("complaints_late", Kind.COUNT, Over.LAST, False),
    # Answers of the day: marks added up over their number; squares for the margin of error; links used of those sent.
    Measure("satisfaction", Kind.MEAN, Over.SUM, True, True),
    Measure("satisfaction_squares", Kind.MEAN, Over.SUM, None, True),
    Measure("response", Kind.SHARE, Over.SUM, True, True),
    # Outflow warnings open at the close, and of those judged (base) the right ones (K09).
    Measure("warnings", Kind.COUNT, Over.LAST, False),
    Measure("warnings_right", Kind.SHARE, Over.SUM, True),
)

BUILT_IN: Mapping[str, Any] = {
    "churn_fall": 80,
    "churn_inactive": 180,
    "silent_days": 60,
    "maturing_days": 30,
    "small_sample": 30,
    "spike_share": 50,
    "spike_amount": "100000",
    "spike_days": 5,
}
BOUNDS = {
    "churn_fall": (10, 100),
    "churn_inactive": (30, 730),
    "silent_days": (7, 365),
    "maturing_days": (7, 90),
    "small_sample": (5, 1000),
    "spike_share": (10, 500),
    "spike_days": (1, 20),
}


@dataclass(frozen=True, slots=True)
class Definitions:
    """The numbers of the definitions in force: falls and spikes in %, amounts in yuan, spans in days."""

    churn_fall: int
    churn_inactive: int
    silent_days: int
    maturing_days: int
    small_sample: int
    spike_share: int
    spike_amount: Decimal
    spike_days: int


def read_definitions(values: Mapping[str, Any]) -> Definitions:
    """The definitions of a version. Raises ValueError when a number is missing or out of bounds."""
    found: dict[str, int] = {}
    for name, (least, most) in BOUNDS.items():
        number = values.get(name)
        if type(number) is not int or not least <= number <= most:
            raise ValueError(name)
        found[name] = number
    try:
        amount = Decimal(str(values.get("spike_amount")))
    except ArithmeticError as error:
        raise ValueError("spike_amount") from error
    if not amount.is_finite() or not 0 <= amount <= 10**12:
        raise ValueError("spike_amount")
    return Definitions(**found, spike_amount=amount)
