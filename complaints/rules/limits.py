"""How large the file of a case may grow, when it is looked through, and when a cause counts as a problem (P10, P11)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final

# Until a policy of kind "complaint_limits" says otherwise.
BUILT_IN: Final[Mapping[str, int]] = {
    "file_mb": 20,
    "files": 60,
    "check_days": 30,
    "repeat_cases": 3,
    "repeat_days": 60,
    "action_days": 14,
}
BOUNDS: Final[Mapping[str, tuple[int, int]]] = {
    "file_mb": (1, 100),
    "files": (1, 500),
    "check_days": (1, 366),
    "repeat_cases": (2, 100),
    "repeat_days": (7, 366),
    "action_days": (1, 366),
}


@dataclass(frozen=True, slots=True)
class Limits:
    """Of evidence: most megabytes of a file, most files of a case, days in which every file is looked through once.

    Of causes: so many cases of one cause in one unit within so many days make a problem. `action_days`: what a
    corrective action is given when nobody says a day.
    """

    file_mb: int
    files: int
    check_days: int
    repeat_cases: int
    repeat_days: int
    action_days: int

    @property
    def file_bytes(self) -> int:
        """The largest file, in bytes."""
        return self.file_mb << 20

    def since(self, day: date) -> date:
        """The first day of those in which cases of one cause up to `day` are counted."""
        return day - timedelta(days=self.repeat_days - 1)

    def turn(self, day: date) -> int:
        """Which share of all files, by remainder of their number, is looked through on `day`."""
        return day.toordinal() % self.check_days


def read_limits(values: Mapping[str, Any]) -> Limits:
    """The limits of a policy of kind "complaint_limits". Raises ValueError with the name of what is wrong."""
    for name, (least, most) in BOUNDS.items():
        value = values.get(name)
        if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
            raise ValueError(name)
    return Limits(**{name: values[name] for name in BOUNDS})
