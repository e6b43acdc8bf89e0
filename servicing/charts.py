"""Charts of servicing."""

from collections.abc import Callable, Sequence
from datetime import date
from decimal import Decimal

from django.utils.translation import gettext as _

from core.charts import Chart, Series
from core.money import ZERO
from servicing.enums.maturity import Ended
from servicing.queries.ladder import Ahead, Dimension, Past, Sum

Rung = tuple[date, date]
# Addresses of the deposits of a rung and a group's key, or an outcome.
Link = Callable[[Rung, str], str]
# More than these cannot be told apart in a bar.
MOST_PARTS = 8
OUTCOME_TONES = {Ended.ROLLED: "good", Ended.PARTLY: "warn", Ended.LEFT: "bad", Ended.WAITING: "tier-1"}


def rung_name(rung: Rung) -> str:
    """A day as "11-25", a week as "11-23 – 11-29"."""
    first, last = rung
    return f"{first:%m-%d}" if first == last else f"{first:%m-%d} – {last:%m-%d}"


def within(rung: Rung, day: date) -> bool:
    """Whether the day belongs to the rung."""
    return rung[0] <= day <= rung[1]


def ahead_chart(
    ladder: Ahead, rungs: Sequence[Rung], by: Dimension, names: Sequence[tuple[int | None, str, str]], link: Link
) -> Chart:
    """What matures, in yuan, by rung and by the groups `names` (id, key, name); undivided where they are too many."""
    can_stack = by != "branch" and len(names) <= MOST_PARTS
    groups = names if can_stack else [(None, "", _("Maturing, yuan"))]
    cells = ladder.cells[by] if can_stack else _undivided(ladder)
    series = [
        Series(
            name,
            [_amount(cells, rung, group) for rung in rungs],
            hrefs=[link(rung, key) for rung in rungs],
            tone=f"tier-{min(max(group or 1, 1), 4)}" if by == "tier" and can_stack else "",
        )
        for group, key, name in groups
    ]
    return _chart("maturity-ahead", _("Maturing, yuan"), rungs, series, ladder.window.as_of)


def past_chart(ladder: Past, rungs: Sequence[Rung], link: Link) -> Chart:
    """What matured, in yuan, by rung and by how it ended."""
    series = [
        Series(
            str(way.label),
            [
                sum((part.of(way).amount for day, part in ladder.days.items() if within(rung, day)), ZERO)
                for rung in rungs
            ],
            hrefs=[link(rung, way.value) for rung in rungs],
            tone=OUTCOME_TONES[way],
        )
        for way in Ended
    ]
    return _chart("maturity-past", _("Matured, yuan"), rungs, series, ladder.window.as_of)


def _chart(name: str, title: str, rungs: Sequence[Rung], series: Sequence[Series], as_of: date) -> Chart:
    by_week = any(first != last for first, last in rungs)
    return Chart(
        id=name,
        title=title,
        kind="stacked" if len(series) > 1 else "bar",
        label_name=_("Week") if by_week else _("Day"),
        labels=[rung_name(rung) for rung in rungs],
        series=series,
        as_of=as_of,
    )


def _amount(cells: "dict[tuple[date, int | None], Sum]", rung: Rung, group: int | None) -> Decimal:
    return sum((part.amount for (day, one), part in cells.items() if one == group and within(rung, day)), ZERO)


def _undivided(ladder: Ahead) -> dict[tuple[date, int | None], Sum]:
    found: dict[tuple[date, int | None], Sum] = {}
    for (day, _tier), part in ladder.cells["tier"].items():
        found[day, None] = found.get((day, None), Sum()) + part
    return found
