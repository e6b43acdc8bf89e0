"""Charts of insights."""

from collections.abc import Callable, Sequence
from datetime import date

from django.utils.translation import gettext as _

from core.charts import Chart, Series
from insights.queries.boards import DayTotal
from insights.queries.history import TierHistory, TierLine


def deposit_trend(days: Sequence[DayTotal], as_of: date, hrefs: Sequence[str] = ()) -> Chart:
    """Deposits at each close that was rolled up; a day without a roll-up is left out, not drawn as zero."""
    return Chart(
        id="deposit-trend",
        title=_("Deposits"),
        kind="line",
        label_name=_("Day"),
        labels=[day.on.isoformat() for day in days],
        series=[Series(_("Deposits, yuan"), [day.total for day in days])],
        as_of=as_of,
        hrefs=hrefs,
    )


def tier_areas(history: TierHistory, link: Callable[[TierLine, int], str], *, deposits: bool) -> Chart:
    """Customers or deposits of each tier at the closes that were rolled up, lowest tier at the bottom.

    `link` gives the address of the customers behind a value: of a tier at the day of that place.
    """
    places = range(len(history.days))
    return Chart(
        id="tier-history",
        title=_("Deposits by tier") if deposits else _("Customers by tier"),
        kind="area",
        label_name=_("Day"),
        labels=[day.isoformat() for day in history.days],
        series=[
            Series(
                line.name,
                line.totals if deposits else line.heads,
                hrefs=[link(line, place) for place in places],
                tone=f"tier-{min(max(line.rank, 1), 4)}",
            )
            for line in history.lines
        ],
        unit="yuan" if deposits else "count",
        note=_("weekly closes") if history.is_weekly else "",
        as_of=history.days[-1] if history.days else None,
        zero=True,
    )
