"""Charts of a customer's money."""

from collections.abc import Sequence
from decimal import Decimal
from itertools import accumulate

from django.utils.translation import gettext as _

from core.charts import Chart, Series
from core.money import yuan
from customers.queries import DayTotal

CARRIED = " *"


def balances_chart(totals: Sequence[DayTotal]) -> Chart:
    """Daily totals and their running average since the first day shown; carried days are starred."""
    sums = accumulate(day.total for day in totals)
    averages: list[Decimal] = [yuan(total / days) for days, total in enumerate(sums, start=1)]
    starred = any(day.carried for day in totals)
    return Chart(
        id="customer-balances",
        title=_("Balance and average"),
        kind="line",
        label_name=_("Date"),
        labels=[f"{day.on.isoformat()}{CARRIED if day.carried else ''}" for day in totals],
        series=[
            Series(_("Balance"), [day.total for day in totals], step=True),
            Series(_("Average so far"), averages),
        ],
        as_of=totals[-1].on if totals else None,
        note=_("* carried forward: a balance was not fed that day") if starred else "",
    )
