"""Charts of complaints."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date

from django.utils.translation import gettext as _

from complaints.rules.statistics import Figures
from core.charts import Chart, Series

TIMING_TONES = {"on_time": "good", "late": "bad", "running": "warn", "none": "tier-1"}


def by_month(months: Mapping[date, Figures], names: Mapping[str, str], link: Callable[[date, str], str]) -> Chart:
    """Cases of each month by how their statutory clock ended; `link` gives the rows of a month and a part."""
    return Chart(
        id="complaints-by-month",
        title=_("Complaints by month"),
        kind="stacked",
        label_name=_("Month"),
        labels=[f"{month:%Y-%m}" for month in months],
        series=[
            Series(
                str(name),
                [getattr(figures, part) for figures in months.values()],
                hrefs=[link(month, part) for month in months],
                tone=TIMING_TONES[part],
            )
            for part, name in names.items()
        ],
        unit="count",
    )


def by_group(name: str, title: str, lines: Sequence[tuple[str, int, str]]) -> Chart:
    """Cases of each group: its name, their number, and the address of them."""
    return Chart(
        id=f"complaints-by-{name}",
        title=title,
        kind="bar",
        label_name=title,
        labels=[label for label, _count, _url in lines],
        series=[Series(_("Cases"), [count for _label, count, _url in lines], hrefs=[url for *_rest, url in lines])],
        unit="count",
    )
