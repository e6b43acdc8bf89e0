"""The list of re-tierings."""

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from core.pages import Cell, Column, ListPage
from tiers.models import RetierRun
from tiers.queries import seconds_of


def _run_url(row: RetierRun) -> str:
    return reverse("tiers:run", args=[row.pk])


def _run_day(row: RetierRun) -> Cell:
    words = _("version %(version)s") % {"version": row.scheme.version}
    return Cell(row.on.isoformat(), "main", _run_url(row), hint=words)


def _seconds(row: RetierRun) -> Cell:
    seconds = seconds_of(row)
    return Cell("" if seconds is None else f"{seconds:.1f}", "num")


def _done_with(row: RetierRun) -> Cell:
    """The day whose re-tiering did this one again; nothing when it was its own."""
    day = row.job.business_day if row.job else None
    return Cell(None if day == row.on else day, "date")


RUNS = ListPage(
    columns=(
        Column("on", _("Day"), _run_day, sort="on", stays=True),
        Column("customers", _("Customers"), kind="num"),
        Column("up", _("Up"), kind="num"),
        Column("down", _("Down"), kind="num"),
        Column("watched", _("On watch"), kind="num"),
        Column("overridden", _("Overridden"), kind="num"),
        Column("first_count", _("First tiers"), kind="num"),
        Column("seconds", _("Seconds"), _seconds, kind="num"),
        Column("done_with", _("Re-done by the run of"), _done_with),
    ),
    default_order=("-on",),
    caption=_("Re-tierings, in counts of the whole bank"),
    noun=_("re-tierings"),
    row_url=_run_url,
    empty_title=_("Nothing has been re-tiered yet"),
    empty_text=_("The first night after a feed of balances gives every customer a tier."),
)
