"""What targets came to so far: every measure from the key figures, ADB growth explained line by line."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, Final

from django.db.models import Count, Q, Sum

from complaints.models import Complaint
from complaints.queries.inbox import timing_is
from core.calendar import bank_calendar
from core.money import ZERO
from core.workdays import Calendar
from insights.models import Kpi, KpiDay
from insights.queries.fairness import Unit, holidays_of, spikes_of, unit_of
from insights.rules.bridge import CHANGES, HANDED
from insights.rules.measures import ALL_TIERS
from insights.rules.targets import Growth, attained
from staff.enums.targets import TargetMeasure, TargetOf
from staff.models import Target
from staff.queries.teams import members_on
from staff.rules.targets import PERMITTED, is_met, share_of_time

DAY: Final = timedelta(days=1)
_PARTS: Final = {f"adb_{name}": name for name in (*CHANGES, *HANDED)}
_SHARES: Final = (TargetMeasure.FOLLOW_UPS, TargetMeasure.SATISFACTION)
_LAST: Final = (TargetMeasure.CHURN, TargetMeasure.IN_RHYTHM)
_HUNDRED: Final = Decimal(100)
_STEP: Final = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class Progress:
    """A target and what it came to by `as_of`: None where nothing was measured yet. `count` is what a mean or share
    stands on, `growth` what yuan do; `reached` and `time` are whole per cent."""

    target: Target
    as_of: date | None
    value: Decimal | None
    count: int = 0
    growth: Growth | None = None

    @property
    def reached(self) -> int | None:
        """How much of the aim is reached."""
        if self.value is None:
            return None
        return attained(self.target.aim, self.value, is_good_up=PERMITTED[self.target.measure].is_good_up)

    @property
    def is_met(self) -> bool:
        """Whether the value reaches the aim."""
        return self.value is not None and is_met(self.target.measure, self.target.aim, self.value)

    @property
    def time(self) -> int:
        """How much of the period is over."""
        return share_of_time(self.target.starts_on, self.target.ends_on, self.as_of or self.target.starts_on - DAY)


def progress_of(targets: Sequence[Target], until: date) -> list[Progress]:
    """What each came to by the last close rolled up not after `until`, in their order.

    As many statements for one target as for a hundred of the same days.
    """
    found: dict[int, Progress] = {}
    calendar = bank_calendar() if targets else Calendar()
    for first, last in sorted({(target.starts_on, target.ends_on) for target in targets}):
        rows = [target for target in targets if (target.starts_on, target.ends_on) == (first, last)]
        days = list(_closes(first, min(last, until)))
        as_of = days[-1] if days else None
        for reader in (_growths, _shares, _lasts, _complaints):
            for progress in reader(rows, days, calendar):
                found[progress.target.pk] = progress
        found |= {row.pk: Progress(row, as_of, None) for row in rows if row.pk not in found}
    return [found[target.pk] for target in targets]


def _closes(first: date, last: date) -> Iterator[date]:
    """The last day rolled up of each month in first..last."""
    rolled = KpiDay.objects.filter(on__range=(first, last)).order_by("on").values_list("on", flat=True)
    ends = {day.replace(day=1): day for day in rolled}
    yield from ends.values()


def _of(targets: Iterable[Target], *measures: str) -> dict[Unit, list[Target]]:
    found: dict[Unit, list[Target]] = {}
    for target in targets:
        if target.measure in measures:
            found.setdefault(unit_of(target), []).append(target)
    return found


def _units(units: Collection[Unit]) -> Q:
    wanted: dict[str, list[int]] = {}
    for kind, pk in units:
        wanted.setdefault(kind, []).append(pk)
    condition = Q(pk__in=[])
    for kind, ids in wanted.items():
        condition |= Q(unit_kind=kind, unit_id__in=ids)
    return condition & Q(tier=ALL_TIERS)


def _shares(targets: Sequence[Target], days: Sequence[date], calendar: Calendar) -> Iterator[Progress]:
    """Shares and means of what happened in the period: sums over sums."""
    wanted = _of(targets, *_SHARES)
    if not (wanted and days):
        return
    rows = Kpi.everything.filter(_units(wanted), measure__in=_SHARES, on__range=(targets[0].starts_on, days[-1]))
    sums = rows.order_by().values_list("unit_kind", "unit_id", "measure").annotate(Sum("value"), Sum("base"))
    yield from _divided(wanted, sums, days[-1])


def _lasts(targets: Sequence[Target], days: Sequence[date], calendar: Calendar) -> Iterator[Progress]:
    """Shares as they stood at the last close."""
    wanted = _of(targets, *_LAST)
    if not (wanted and days):
        return
    rows = Kpi.everything.filter(_units(wanted), measure__in=_LAST, on=days[-1])
    yield from _divided(wanted, rows.values_list("unit_kind", "unit_id", "measure", "value", "base"), days[-1])


def _divided(wanted: Mapping[Unit, list[Target]], rows: Iterable[Any], as_of: date) -> Iterator[Progress]:
    for kind, pk, measure, value, base in rows:
        for target in wanted.get((kind, pk), []):
            if target.measure == measure and base:
                times = 1 if measure == TargetMeasure.SATISFACTION else _HUNDRED
                yield Progress(target, as_of, (value * times / base).quantize(_STEP), int(base))


def _complaints(targets: Sequence[Target], days: Sequence[date], calendar: Calendar) -> Iterator[Progress]:
    """Complaints of the period whose statutory clock ended: those decided in time among them."""
    wanted = [target for target in targets if target.measure == TargetMeasure.COMPLAINTS]
    if not (wanted and days):
        return
    rows = Complaint.everything.filter(received_on__range=(wanted[0].starts_on, days[-1]))
    on_time, late = (Count("pk", filter=timing_is(timing, days[-1])) for timing in ("on_time", "late"))
    counted = rows.order_by().values("branch__path", "handler").annotate(on_time=on_time, late=late)
    found = list(counted.values_list("branch__path", "handler", "on_time", "late"))
    teams = members_on([target.team_id for target in wanted if target.team_id], days[-1])
    for target in wanted:
        whose = {target.person_id} if target.of == TargetOf.PERSON else set(teams.get(target.team_id or 0, []))
        of_unit = target.of == TargetOf.UNIT
        mine = [
            (good, good + bad)
            for path, handler, good, bad in found
            if (path.startswith(target.branch.path) if of_unit else handler in whose)
        ]
        good, ended = sum(one[0] for one in mine), sum(one[1] for one in mine)
        if ended:
            yield Progress(target, days[-1], (good * _HUNDRED / ended).quantize(_STEP), ended)


def _growths(targets: Sequence[Target], days: Sequence[date], calendar: Calendar) -> Iterator[Progress]:
    """ADB growth without hand-overs, holidays and spikes."""
    wanted = _of(targets, TargetMeasure.ADB_GROWTH)
    if not (wanted and days):
        return
    measures = ("adb", "adb_before", *_PARTS)
    rows = Kpi.everything.filter(_units(wanted), measure__in=measures, on__in=days)
    figures: dict[Unit, dict[tuple[str, date], Decimal]] = {unit: {} for unit in wanted}
    for kind, pk, measure, on, value in rows.values_list("unit_kind", "unit_id", "measure", "on", "value"):
        figures[kind, pk][measure, on] = value
    one_each = [own[0] for own in wanted.values()]
    holidays, spikes = holidays_of(one_each, days, calendar), spikes_of(one_each, days)
    for unit, own in wanted.items():
        growth = _growth(figures[unit], days, holidays.get(unit, ZERO), spikes.get(unit, ZERO))
        for target in own:
            yield Progress(target, days[-1], growth.fair, growth=growth)


def _growth(
    figures: Mapping[tuple[str, date], Decimal], days: Sequence[date], holidays: Decimal, spikes: Decimal
) -> Growth:
    parts = {name: sum((figures.get((measure, day), ZERO) for day in days), ZERO) for measure, name in _PARTS.items()}
    opening, closing = figures.get(("adb_before", days[0]), ZERO), figures.get(("adb", days[-1]), ZERO)
    return Growth(opening, closing, parts, holidays, spikes)
