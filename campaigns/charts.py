"""Drawings of campaigns: intervals on one scale, and what several campaigns brought."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.utils.translation import gettext as _

from campaigns.rules.uplift import Interval
from core.charts import Chart, Series

WIDTH = 200
MARGIN = 4
TONES = {"gain": "good", "loss": "bad", "unclear": "tier-1"}


@dataclass(frozen=True, slots=True)
class Whisker:
    """An interval as lengths along a line of WIDTH: both ends, the middle, and where zero is."""

    low: str
    middle: str
    high: str
    zero: str


def whiskers(intervals: Sequence[Interval | None]) -> list[Whisker | None]:
    """Intervals drawn to one scale that holds zero; None stays None."""
    ends = [end for one in intervals if one for end in (one.low, one.high)]
    first, last = min([*ends, Decimal(0)]), max([*ends, Decimal(0)])
    span = last - first

    def at(value: Decimal) -> str:
        share = (value - first) / span if span else Decimal("0.5")
        return f"{MARGIN + share * (WIDTH - 2 * MARGIN):.1f}"

    return [one and Whisker(at(one.low), at(one.difference), at(one.high), at(Decimal(0))) for one in intervals]


def brought_chart(lines: Sequence[tuple[str, Interval, str]]) -> Chart:
    """What campaigns brought together, in yuan of average balance: name, total with its interval, and address."""
    return Chart(
        id="campaigns-brought",
        title=_("Brought together, yuan"),
        kind="bar",
        label_name=_("Campaign"),
        labels=[name for name, _total, _url in lines],
        series=[
            Series(_("Lower end"), [total.low for _name, total, _url in lines], tone="tier-1"),
            Series(
                _("Brought"),
                [total.difference for _name, total, _url in lines],
                hrefs=[url for _name, _total, url in lines],
                tone="series-1",
            ),
            Series(_("Upper end"), [total.high for _name, total, _url in lines], tone="tier-2"),
        ],
        note=_("Of all contacted customers, with the ends of the 95 % interval"),
    )
