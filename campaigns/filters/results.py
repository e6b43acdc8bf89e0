"""The list of results: campaigns that were measured, each over one horizon."""

from collections.abc import Callable, Mapping
from typing import Any

import django_filters
from django.db.models import Exists, OuterRef, QuerySet
from django.urls import reverse
from django.utils.functional import lazy
from django.utils.translation import get_language, ngettext, pgettext, pgettext_lazy
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from campaigns.enums import CampaignKind, Verdict
from campaigns.models import Campaign, Uplift
from campaigns.queries.uplift import Measured
from campaigns.rules.uplift import HORIZONS, Interval
from core.forms import DAY
from core.money import format_yuan, wan
from core.pages import Cell, Column, ListFilter, ListPage

PER_PAGE = 25
VERDICT_TONES = {
    Verdict.GAIN: "good",
    Verdict.LOSS: "bad",
    Verdict.UNCLEAR: "neutral",
    Verdict.NO_CONTROL: "warn",
    Verdict.TOO_FEW: "warn",
}

Figures = Mapping[int, Measured]


def days_in_words(days: int) -> str:
    """A horizon as it is said: "90 days"."""
    return ngettext("%(days)s day", "%(days)s days", days) % {"days": days}


_after = lazy(days_in_words, str)


def between(interval: Interval | None) -> str:
    """Both ends of an interval, exact; a dash without one."""
    return _ends(format_yuan(interval.low), format_yuan(interval.high)) if interval else "–"


def briefly_between(interval: Interval | None) -> str:
    """The same in short, for a column."""
    language = get_language() or "zh-hans"
    return _ends(wan(interval.low, language), wan(interval.high, language)) if interval else "–"


def _ends(low: str, high: str) -> str:
    return pgettext("interval", "%(low)s to %(high)s") % {"low": low, "high": high}


class ResultFilter(ListFilter):
    """Measured campaigns by horizon, kind and day of launch."""

    days = django_filters.ChoiceFilter(
        label=_("Measured after"),
        choices=[(str(days), _after(days)) for days in HORIZONS],
        method="measured",
        empty_label=_("The longest so far"),
    )
    kind = django_filters.ChoiceFilter(label=_("Kind"), choices=CampaignKind.choices, empty_label=_("All"))
    since = django_filters.DateFilter(label=_("Launched from"), field_name="launched_on", lookup_expr="gte", widget=DAY)
    until = django_filters.DateFilter(
        label=_("Launched until"), field_name="launched_on", lookup_expr="lte", widget=DAY
    )

    class Meta:
        model = Campaign
        fields: list[str] = []

    def measured(self, rows: QuerySet[Campaign], name: str, days: str) -> QuerySet[Campaign]:
        return rows.filter(Exists(Uplift.objects.filter(campaign=OuterRef("pk"), days=int(days))))


def result_url(row: Campaign) -> str:
    """The campaign's page with its results open."""
    return f"{reverse('campaigns:detail', args=[row.pk])}?tab=results"


def verdict_cell(found: Measured) -> Cell:
    """What the comparison says, as a badge."""
    verdict = found.result.verdict
    return Cell(verdict.label, "badge", tone=VERDICT_TONES[verdict])


def _figures(figures: Figures) -> tuple[Column, ...]:
    def of(made: Callable[[Measured], Any]) -> Callable[[Campaign], Any]:
        return lambda row: made(figures[row.pk]) if row.pk in figures else None

    def amount(found: Measured, name: str) -> Any:
        interval = getattr(found.result, name)
        return interval.difference if interval else None

    return (
        Column("days", _("Measured after"), of(lambda found: days_in_words(found.days))),
        Column("verdict", _("Result"), of(verdict_cell)),
        Column("each", _("Brought a customer, yuan"), of(lambda found: amount(found, "interval")), kind="change"),
        Column("between", _("95 % interval"), of(lambda found: briefly_between(found.result.interval))),
        Column("total", _("Brought together, yuan"), of(lambda found: amount(found, "total")), kind="change"),
        Column("treated", _("Contacted"), of(lambda found: found.result.treated), kind="num"),
        Column("held_out", _("Held out"), of(lambda found: found.result.held_out), kind="num"),
        Column("overlap", _("Contacted meanwhile"), of(lambda found: found.overlap), kind="num"),
    )


def results_page(figures: Figures) -> ListPage:
    """The list with the figures of one page's campaigns by id."""
    return ListPage(
        columns=(
            Column("name", _("Campaign"), lambda row: Cell(row.name, "main", result_url(row), hint=row.branch.name)),
            Column("launched", _("Launched on"), "launched_on", kind="date", sort=("launched_on", "pk")),
            *_figures(figures),
        ),
        default_order=("-launched_on", "-pk"),
        filterset=ResultFilter,
        caption=_("Results of campaigns"),
        noun=pgettext_lazy("counted", "campaigns"),
        row_url=result_url,
        size=PER_PAGE,
        empty_title=_("No result yet"),
        empty_text=_t("A campaign is measured once %(days)s are full after its launch and the balances are fed.")
        % {"days": days_in_words(min(HORIZONS))},
    )
