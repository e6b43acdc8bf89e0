"""The slow oracle of what re-tiering makes of balance histories, and what is stored in its form."""

from collections.abc import Iterable, Sequence
from dataclasses import astuple, dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from core.money import yuan
from customers.models import CustomerPosition
from tests.tiers.ledgers import ONE_DAY, Histories, History, Holdings, added, total_on
from tiers.models import RetierRun, Scheme, TierChange, TierOverride


@dataclass(frozen=True)
class Row:
    """A row of tier history, as the oracle finds it and as it is stored."""

    event: str
    from_tier: int
    to_tier: int
    from_ruled: int | None
    to_ruled: int | None
    from_watch: date | None
    to_watch: date | None
    override_id: int | None
    scheme_id: int
    measure: str
    value: Decimal
    window_from: date
    window_to: date


@dataclass(frozen=True)
class Held:
    """What the oracle knows of a customer after a run: letters, not numbers. None = no tier yet, no override."""

    letter: str | None = None
    ruled: str | None = None
    watch: date | None = None
    override_id: int | None = None


@dataclass
class Oracle:
    """Re-tiering as a person would do it: each customer, each day, in order, by the letters of the tiers."""

    schemes: list[Scheme]
    holdings: Holdings = field(default_factory=dict)
    rows: dict[tuple[int, date], Row] = field(default_factory=dict)
    held: dict[tuple[int, date], Held] = field(default_factory=dict)
    near: dict[int, int] = field(default_factory=dict)
    days: set[date] = field(default_factory=set)

    @property
    def changes(self) -> dict[tuple[int, date], tuple[int, int, Decimal]]:
        """The history as (from tier, to tier, value)."""
        return {key: (row.from_tier, row.to_tier, row.value) for key, row in self.rows.items()}

    def scheme_on(self, day: date) -> Scheme:
        """The version in force."""
        known = [scheme for scheme in self.schemes if scheme.effective_on <= day]
        return max(known, key=lambda scheme: (scheme.effective_on, scheme.version))

    def letters_on(self, day: date) -> str:
        """The letters of the tiers by the version in force, lowest first."""
        return "".join(band.letter for band in sorted(self.scheme_on(day).bands.all(), key=lambda band: band.floor))

    def value(self, history: History, scheme: Scheme, day: date) -> tuple[Decimal, str, date]:
        """The measure of a day, summed day by day; which figure it is, and since when."""
        order = ["balance", "adb_month", "adb_quarter", "adb_trailing"]
        figures = [f for f in order if f in scheme.best_of] if scheme.measure == "best" else [scheme.measure]
        found = [(*self.figure(history, figure, scheme.trailing_days, day), figure) for figure in figures]
        best = max(value for value, _start, _figure in found)
        return next((value, figure, start) for value, start, figure in found if value == best)

    def figure(self, history: History, figure: str, trailing: int, day: date) -> tuple[Decimal, date]:
        """One figure, and the day its window begins."""
        start = day
        if figure == "adb_trailing":
            start = day - ONE_DAY * (trailing - 1)
        elif figure != "balance":
            start = day.replace(day=1)
            while figure == "adb_quarter" and start.month % 3 != 1:
                start = (start - ONE_DAY).replace(day=1)
        days = [start + ONE_DAY * n for n in range((day - start).days + 1)]
        return yuan(sum((total_on(history, on) for on in days), Decimal(0)) / len(days)), start

    def tier(self, customer_id: int, day: date) -> int:
        """The tier at the close of a day by the history so far."""
        known = [on for on in self.days if on <= day and (customer_id, on) in self.held]
        return _rank(self.held[customer_id, max(known)].letter, self.letters_on(max(known))) if known else 0

    def retier(self, histories: Histories, day: date) -> None:
        """Do the day, and again the run days after it."""
        self.days.add(day)
        for on in sorted(known for known in self.days if known >= day):
            for customer_id, history in histories.items():
                self._judge(customer_id, history, on)

    def _judge(self, customer_id: int, history: History, day: date) -> None:
        scheme, letters = self.scheme_on(day), self.letters_on(day)
        if scheme.counted:
            kinds = self.holdings[customer_id]
            history = added(kinds[kind] for kind in kinds if kind in scheme.counted)
        value, measure, start = self.value(history, scheme, day)
        floors = sorted(band.floor for band in scheme.bands.all())
        band = max(1, sum(1 for floor in floors if floor <= value))
        earlier = max((on for on in self.days if on < day), default=None)
        before = self.held.get((customer_id, earlier), Held()) if earlier else Held()
        after = self._after(customer_id, before, letters[band - 1], day)
        self.held[customer_id, day] = after
        self.near[customer_id] = self._near(after, band, value, floors, letters)
        self.rows.pop((customer_id, day), None)
        old, new = self.letters_on(earlier) if earlier else "", letters
        numbers = (
            _rank(before.letter, old),
            _rank(after.letter, new),
            _rank(before.ruled, old) or None,
            _rank(after.ruled, new) or None,
            before.watch,
            after.watch,
        )
        event = self._event(before, after, numbers[0], new)
        is_same = (before.letter, *numbers[::2]) == (after.letter, *numbers[1::2])
        if not is_same:
            where = (after.override_id, scheme.pk, measure, value, start, day)
            self.rows[customer_id, day] = Row(event, *numbers, *where)

    def _after(self, customer_id: int, before: Held, found: str, day: date) -> Held:
        """Up at once; down only when the watch has run its periods."""
        scheme, letters = self.scheme_on(day), self.letters_on(day)
        ruled, watch = found, None
        kept = before.ruled or before.letter
        if kept and kept in letters and letters.index(found) < letters.index(kept):
            months = 3 if scheme.measure == "adb_quarter" else 1
            began = before.watch or day
            periods = (day.year * 12 + day.month - 1) // months - (began.year * 12 + began.month - 1) // months
            if periods < scheme.watch_periods:
                ruled, watch = kept, began
        given = [
            override
            for override in TierOverride.everything.filter(customer_id=customer_id).order_by("pk")
            if override.status in ("approved", "ended") and override.starts_on <= day <= override.ends_on
        ]
        if given and given[-1].letter in letters:
            return Held(given[-1].letter, ruled, watch, given[-1].pk)
        return Held(ruled, None, watch)

    def _near(self, after: Held, band: int, value: Decimal, floors: list[Decimal], letters: str) -> int:
        tier = _rank(after.letter, letters)
        if tier != band:
            return 2 if tier > band else 0
        is_up = band < len(floors) and value >= floors[band] * 9 / 10
        is_down = band > 1 and value < floors[band - 1] * 11 / 10
        return is_up + 2 * is_down

    def _event(self, before: Held, after: Held, was: int, letters: str) -> str:
        if before.letter is None:
            return "first"
        was_now, now = _rank(before.letter, letters), _rank(after.letter, letters)
        if now != (was_now or was):
            return "up" if now > (was_now or was) else "down"
        if bool(before.ruled) != bool(after.ruled):
            return "overridden" if after.ruled else "returned"
        if was != was_now:
            return "renumbered"
        if bool(before.watch) != bool(after.watch):
            return "watched" if after.watch else "cleared"
        return "ruled"

    def totals(self, customer_ids: Sequence[int], day: date) -> tuple[Any, ...]:
        """(customers, first, up, down, watched, overridden, by_tier) of a run day."""
        held = [self.held[customer_id, day] for customer_id in customer_ids]
        events = [row.event for (_, on), row in self.rows.items() if on == day]
        counts = [events.count(event) for event in ("first", "up", "down")]
        by_tier = {
            str(rank): sum(one.letter == letter for one in held)
            for rank, letter in enumerate(self.letters_on(day), start=1)
        }
        return (
            len(held),
            *counts,
            sum(bool(one.watch) for one in held),
            sum(bool(one.ruled) for one in held),
            by_tier,
        )


def _rank(letter: str | None, letters: str) -> int:
    return letters.index(letter) + 1 if letter and letter in letters else 0


def stored_rows(customer_ids: Iterable[int]) -> dict[tuple[int, date], Row]:
    """The stored tier changes with everything a run decides."""
    names = list(Row.__dataclass_fields__)
    found = TierChange.everything.filter(customer_id__in=list(customer_ids)).values_list("customer_id", "on", *names)
    return {(customer_id, on): Row(*rest) for customer_id, on, *rest in found}


def stored_totals(day: date) -> tuple[Any, ...]:
    """A finished run's totals in the oracle's form."""
    run = RetierRun.objects.finished().get(on=day, is_open=False)
    return (run.customers, run.first_count, run.up, run.down, run.watched, run.overridden, run.by_tier)


def assert_as(oracle: Oracle, customer_ids: Sequence[int], *, totals: bool = True) -> None:
    """History, positions and runs are the oracle's to the last column, with nothing left over."""
    stored = stored_rows(customer_ids)
    assert {key: astuple(row) for key, row in stored.items()} == {k: astuple(row) for k, row in oracle.rows.items()}
    assert TierChange.everything.count() == len(oracle.rows)
    assert placed(customer_ids) == expected_places(oracle, customer_ids)
    assert standings(customer_ids) == expected_standings(oracle, customer_ids)
    for day in oracle.days if totals else ():
        assert (day, *stored_totals(day)) == (day, *oracle.totals(customer_ids, day))
    assert set(RetierRun.objects.values_list("on", flat=True)) == oracle.days


def standings(customer_ids: Iterable[int]) -> dict[int, tuple[int | None, date | None, int]]:
    """Each customer's tier by the rule, watch and nearness, as the position says."""
    found = CustomerPosition.everything.filter(pk__in=list(customer_ids))
    return {row.pk: (row.ruled_tier, row.watch_since, row.near) for row in found}


def expected_standings(oracle: Oracle, customer_ids: Iterable[int]) -> dict[int, tuple[int | None, date | None, int]]:
    """The same by the oracle."""
    if not oracle.days:
        return dict.fromkeys(customer_ids, (None, None, 0))
    last = max(oracle.days)
    letters, held = oracle.letters_on(last), {n: oracle.held[n, last] for n in customer_ids}
    return {n: (_rank(one.ruled, letters) or None, one.watch, oracle.near[n]) for n, one in held.items()}


def history_rows(customer_ids: Iterable[int]) -> dict[tuple[int, date], tuple[int, int, Decimal]]:
    """The stored tier changes in the oracle's form."""
    found = TierChange.everything.filter(customer_id__in=list(customer_ids))
    return {(row.customer_id, row.on): (row.from_tier, row.to_tier, row.value) for row in found}


def placed(customer_ids: Iterable[int]) -> dict[int, tuple[int, date | None]]:
    """Each customer's tier and since when, as the position says."""
    found = CustomerPosition.everything.filter(pk__in=list(customer_ids)).order_by("pk")
    return {row.pk: (row.tier, row.tier_since) for row in found}


def expected_places(oracle: Oracle, customer_ids: Iterable[int]) -> dict[int, tuple[int, date | None]]:
    """Each customer's tier and the day its number came, by the oracle's history."""
    last = max(oracle.days, default=date.min)
    places: dict[int, tuple[int, date | None]] = {}
    for customer_id in customer_ids:
        moves = [on for (n, on), row in oracle.rows.items() if n == customer_id and row.from_tier != row.to_tier]
        places[customer_id] = (oracle.tier(customer_id, last), max(moves, default=None))
    return places


def latest_totals(day: date) -> tuple[int, int, int, int, dict[str, int]]:
    """(customers, first, up, down, by_tier) of a finished run."""
    found = RetierRun.objects.finished().get(on=day)
    return found.customers, found.first_count, found.up, found.down, found.by_tier
