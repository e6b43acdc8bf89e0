"""Charts of insights."""

from collections.abc import Sequence
from datetime import date

from django.utils.translation import gettext as _

from core.charts import Chart, Series
from insights.queries.boards import DayTotal


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
