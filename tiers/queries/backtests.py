"""Back-tests: which month-ends they evaluate, everybody's way through them, and what comes out."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, Final

from django.db.models import Min

from core.money import yuan
from customers.models import FedDay
from tiers.models import Backtest
from tiers.queries.catalogue import cost_per_head
from tiers.queries.measures import measured, rows, sql
from tiers.queries.simulation import yearly
from tiers.queries.standards import contacts_per_year
from tiers.rules import Band, SchemeContent, watch_limit

MONTHS: Final = 12
NAME: Final = "tiers.backtest"

# For each month-end: its number (from 1), tier before (0 = none), tier after, heads, watched, back within three months.
Steps = list[list[int]]


@dataclass(frozen=True, slots=True)
class Month:
    """What a rule did at one month-end. `cost` is a month's entitlements in yuan, `contacts` a month's contacts owed,
    both for everybody in the tiers of that day."""

    on: date
    heads: Mapping[int, int]
    up: int
    down: int
    watched: int
    cost: Decimal
    contacts: Decimal


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one rule did over all months. `followed` = moves with a later month-end to look at, `back` = those of them
    that were undone within three months; `managers` = people with customers of their own when it was done."""

    label: str
    content: SchemeContent
    months: tuple[Month, ...]
    followed: int
    back: int
    managers: int

    @property
    def moved(self) -> tuple[Month, ...]:
        """The month-ends that can have movers: all but the first, which only gives the tiers to start from."""
        return self.months[1:]

    @property
    def up(self) -> int:
        """Promotions over all months."""
        return sum(month.up for month in self.moved)

    @property
    def down(self) -> int:
        """Demotions over all months."""
        return sum(month.down for month in self.moved)

    @property
    def back_share(self) -> Decimal | None:
        """Moves undone within three months, in per cent with one place; None without any move to follow."""
        return (Decimal(100 * self.back) / self.followed).quantize(Decimal("0.1")) if self.followed else None

    @property
    def cost(self) -> Decimal:
        """Entitlements of the months with movers, in yuan."""
        return sum((month.cost for month in self.moved), Decimal("0.00"))

    @property
    def contacts(self) -> int:
        """Contacts owed over the months with movers."""
        return int(sum((month.contacts for month in self.moved), Decimal(0)).to_integral_value())

    @property
    def contacts_each(self) -> int | None:
        """Contacts owed a month by each manager, on average; None without managers."""
        return round(self.contacts / len(self.moved) / self.managers) if self.managers and self.moved else None

    @property
    def last(self) -> Month:
        """The latest month-end."""
        return self.months[-1]


def month_ends(until: date) -> list[date]:
    """The last 13 month-ends up to `until` that the ledger covers, oldest first: twelve months between them.

    Fewer when balances begin later.
    """
    first = FedDay.objects.aggregate(first=Min("on"))["first"]
    found: list[date] = []
    end = until if (until + timedelta(days=1)).day == 1 else until.replace(day=1) - timedelta(days=1)
    while first and end >= first and len(found) <= MONTHS:
        found.append(end)
        end = end.replace(day=1) - timedelta(days=1)
    return found[::-1]


def content_from(facts: Mapping[str, Any]) -> SchemeContent:
    """The content that `SchemeContent.facts` put down."""
    bands = tuple(Band(rank, Decimal(floor), letter, zh, en) for rank, floor, letter, zh, en in facts["bands"])
    return SchemeContent(
        facts["name"],
        facts["measure"],
        date.fromisoformat(facts["effective_on"]),
        facts["note"],
        bands,
        facts["trailing_days"],
        tuple(facts["best_of"]),
        tuple(facts["counted"]),
        facts["watch_periods"],
    )


def steps_of(content: SchemeContent, days: Sequence[date], low: int, high: int) -> Steps:
    """How customers low..high went through the month-ends under a rule."""
    params: dict[str, Any] = {
        "days": list(days),
        "limits": [watch_limit(content.measure, content.watch_periods, day) for day in days],
    }
    parts = []
    for at, day in enumerate(days, start=1):
        found = measured(content.basis, day)
        text = (
            f"SELECT p.customer_id, {at} AS at, 1 + width_bucket({found.value}, %(bounds)s::numeric[]) AS band"
            f" FROM customers_customerposition p {found.counted} WHERE p.customer_id BETWEEN %(low)s AND %(high)s"
        )
        # Each day has its parameters, told apart by the number of the month.
        parts.append(text.replace("%(", f"%(m{at}_"))
        wanted = {**found.params, "bounds": content.floors[1:], "low": low, "high": high}
        params |= {f"m{at}_{name}": value for name, value in wanted.items()}
    return [list(row) for row in rows(sql("backtest", values=" UNION ALL ".join(parts)), params)]


def summed(chunks: Iterable[Steps]) -> Steps:
    """The steps of several ranges of customers as one, in order."""
    found: dict[tuple[int, int, int], list[int]] = {}
    for steps in chunks:
        for at, was, tier, *counts in steps:
            known = found.setdefault((at, was, tier), [0, 0, 0])
            for n, count in enumerate(counts):
                known[n] += count
    return [[*key, *counts] for key, counts in sorted(found.items())]


def outcomes(backtest: Backtest) -> list[Outcome]:
    """What came of a finished back-test, one outcome a rule."""
    days = [date.fromisoformat(day) for day in backtest.months]
    return [
        _outcome(rule["label"], content_from(rule["content"]), days, found, backtest.result.get("managers", 0))
        for rule, found in zip(backtest.rules, backtest.result["steps"], strict=True)
    ]


def _outcome(label: str, content: SchemeContent, days: Sequence[date], steps: Steps, managers: int) -> Outcome:
    months = tuple(
        _month(day, content.bands, [step for step in steps if step[0] == at]) for at, day in enumerate(days, start=1)
    )
    # At the last month-end there is no later one that could show a way back.
    followed = [step for step in steps if 1 < step[0] < len(days) and step[1] != step[2]]
    moves, back = sum(step[3] for step in followed), sum(step[5] for step in followed)
    return Outcome(label, content, months, moves, back, managers)


def _month(day: date, bands: Sequence[Band], steps: Steps) -> Month:
    heads = dict.fromkeys((band.rank for band in bands), 0)
    up = down = watched = 0
    for _at, was, tier, count, below, _back in steps:
        heads[tier] += count
        watched += below
        up += count if 0 < was < tier else 0
        down += count if was > tier else 0
    cost, contacts = (yearly(heads, bands, each(day)) / 12 for each in (cost_per_head, contacts_per_year))
    return Month(day, heads, up, down, watched, yuan(cost), contacts)
