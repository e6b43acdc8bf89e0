"""The contact rhythm: how a customer stands against the days its tier may go without a contact (product.md V05)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Any, Final

# What a policy of kind "cadence" holds: name, least, most.
FIGURES: Final[Mapping[str, tuple[int, int]]] = {
    "amber_percent": (0, 90),
    "again_days": (1, 365),
    "review_notice_days": (0, 60),
    "tier_up_days": (1, 30),
    "tier_watch_days": (1, 30),
    "undo_minutes": (1, 120),
}
# Until a policy of kind "cadence" says otherwise.
BUILT_IN: Final[Mapping[str, Any]] = {
    "amber_percent": 20,
    "again_days": 30,
    "review_notice_days": 14,
    "tier_up_days": 3,
    "tier_watch_days": 5,
    "undo_minutes": 15,
}


class Light(StrEnum):
    """How a contact rhythm stands."""

    GREEN = "green"
    AMBER = "amber"
    RED = "red"


@dataclass(frozen=True, slots=True)
class Cadence:
    """How rhythms are planned: amber when this per cent of the span is left; a rhythm skipped is proposed again after
    `again_days`; review meetings are planned `review_notice_days` ahead; a customer whose tier rose is to be contacted
    within `tier_up_days` working days, one on watch within `tier_watch_days`; what was just done can be taken back for
    `undo_minutes`."""

    amber_percent: int = 20
    again_days: int = 30
    review_notice_days: int = 14
    tier_up_days: int = 3
    tier_watch_days: int = 5
    undo_minutes: int = 15

    @property
    def undo(self) -> timedelta:
        """How long what was just done can be taken back."""
        return timedelta(minutes=self.undo_minutes)


def read_cadence(values: Mapping[str, Any]) -> Cadence:
    """The rules of a policy of kind "cadence". Raises ValueError with the name of the figure."""
    for name, (least, most) in FIGURES.items():
        value = values.get(name)
        if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
            raise ValueError(name)
    return Cadence(**{name: values[name] for name in FIGURES})


def amber_days(every: int, amber_percent: int) -> int:
    """The last days of a span of `every` days in which the next contact should be made."""
    return every * amber_percent // 100


def light(contacted: date | None, since: date | None, every: int | None, amber_percent: int, day: date) -> Light | None:
    """Green, amber or red on `day`, a contact being promised every so many days; None where none is, or no tier yet.

    Counted from the last contact, or from the day the tier began when there never was one.
    """
    counted = contacted or since
    if every is None or counted is None:
        return None
    left = (counted + timedelta(days=every) - day).days
    if left < 0:
        return Light.RED
    return Light.AMBER if left <= amber_days(every, amber_percent) else Light.GREEN
