"""What campaigns brought: of one campaign as a part of its page, and of all in sight beside each other."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from campaigns.charts import Whisker, brought_chart, whiskers
from campaigns.enums import CampaignKind, Verdict
from campaigns.filters.results import (
    VERDICT_TONES,
    between,
    briefly_between,
    days_in_words,
    result_url,
    results_page,
    verdict_cell,
)
from campaigns.models import Campaign
from campaigns.queries import uplift as queries
from campaigns.queries.campaigns import READERS
from campaigns.queries.uplift import Measured
from campaigns.rules.uplift import HORIZONS, Interval, Part, Stratum, interval_of
from campaigns.views.parts import campaign_for, crumbs
from core.charts import Chart
from core.money import yuan
from core.pages import Cell, Listing
from core.pages.keyset import keyset_page
from core.pages.state import CURSOR
from staff.access import AMOUNT_ROLES, roles, scope_of

MOST_BARS = 12


@dataclass(frozen=True, slots=True)
class Line:
    """A horizon of a campaign: measured, or (`full_on`) waiting for its days, or (not `is_known`) never measured, as
    balances begin too late."""

    label: str
    url: str = ""
    is_chosen: bool = False
    found: Measured | None = None
    verdict: Cell | None = None
    whisker: Whisker | None = None
    between: str = ""
    full_on: date | None = None
    is_known: bool = True


@dataclass(frozen=True, slots=True)
class Figures:
    """One part of a tier to read: customers, and yuan to the cent."""

    count: int
    before: Decimal
    change: Decimal


@dataclass(frozen=True, slots=True)
class TierLine:
    """A tier with both its parts (customers, ADB before, change), and its own difference where it can be told."""

    stratum: Stratum
    parts: tuple[Figures, Figures]
    interval: Interval | None
    whisker: Whisker | None
    between: str
    brief: str
    tone: str


@roles(*READERS)
@require_GET
def campaign_results(request: HttpRequest, pk: int) -> HttpResponse:
    """What a campaign brought over each horizon, one of them by tier (?days=)."""
    campaign = campaign_for(request, pk)
    found = queries.results_for(request.user, campaign)
    chosen = _chosen(found, request.GET.get("days", ""))
    context = {
        "campaign": campaign,
        "amounts": scope_of(request.user).amounts,
        "lines": _lines(campaign, found, chosen),
        "chosen": chosen,
        "tiers": _tiers(chosen.result.strata) if chosen else [],
        "words": _verdict_in_words(chosen) if chosen else None,
        "verdict": verdict_cell(chosen) if chosen else None,
        "horizon": days_in_words(chosen.days) if chosen else "",
        "notes": list(_notes(campaign, chosen)) if chosen else [],
        "is_part": bool(request.htmx),
        "first_on": campaign.launched_on and campaign.launched_on + timedelta(days=min(HORIZONS)),
        "is_known": queries.is_known_before(campaign, min(HORIZONS)),
        "page_title": _("Results of %(campaign)s") % {"campaign": campaign.name},
        "crumbs": crumbs(campaign),
    }
    return render(request, "campaigns/_results.html" if request.htmx else "campaigns/results.html", context)


def _chosen(found: Sequence[Measured], wanted: str) -> Measured | None:
    """The horizon asked for, else the longest that was measured."""
    by_days = {str(one.days): one for one in found}
    return by_days.get(wanted) or (found[-1] if found else None)


def _lines(campaign: Campaign, found: Sequence[Measured], chosen: Measured | None) -> list[Line]:
    by_days = {one.days: one for one in found}
    drawn = whiskers([by_days[days].result.interval if days in by_days else None for days in HORIZONS])
    address = reverse("campaigns:results", args=[campaign.pk])
    lines = []
    for days, whisker in zip(HORIZONS, drawn, strict=True):
        label, one = days_in_words(days), by_days.get(days)
        if one is None:
            full_on = campaign.launched_on and campaign.launched_on + timedelta(days=days)
            lines.append(Line(label, full_on=full_on, is_known=queries.is_known_before(campaign, days)))
        else:
            url, ends = f"{address}?days={days}", between(one.result.interval)
            lines.append(Line(label, url, one is chosen, one, verdict_cell(one), whisker, ends))
    return lines


def _tiers(strata: Sequence[Stratum]) -> list[TierLine]:
    intervals = [interval_of([stratum]) for stratum in strata]
    drawn = whiskers(intervals)
    return [
        TierLine(
            stratum,
            (_figures(stratum.treated), _figures(stratum.held_out)),
            interval,
            whisker,
            between(interval),
            briefly_between(interval),
            VERDICT_TONES[interval.verdict] if interval else "",
        )
        for stratum, interval, whisker in zip(strata, intervals, drawn, strict=True)
    ]


def _figures(part: Part) -> Figures:
    return Figures(part.count, yuan(Decimal(part.before)), yuan(Decimal(part.change)))


def _verdict_in_words(found: Measured) -> str:
    """The result as a sentence that says no more than the figures do; without amounts."""
    return {
        Verdict.GAIN: _("Customers who were contacted hold more than without the campaign."),
        Verdict.LOSS: _("Customers who were contacted hold less than without the campaign."),
        Verdict.UNCLEAR: _(
            "Cannot tell: the difference may be chance. That does not prove that the campaign brought nothing."
        ),
        Verdict.NO_CONTROL: _("Nobody was held out, so nobody can say what would have happened anyway."),
        Verdict.TOO_FEW: _("In no tier were at least two customers contacted and two held out: too few to compare."),
    }[found.result.verdict]


def _notes(campaign: Campaign, found: Measured) -> Iterator[str]:
    """What a reader must know to trust the figures, or not to."""
    result = found.result
    if found.is_part:
        yield _("Of your own customers alone; the campaign reached others, too, and is judged over all of them.")
    if found.overlap:
        yield _(
            "%(count)s of the %(all)s customers held out were contacted by a campaign meanwhile: what it brought may be"
            " more or less than it looks."
        ) % {"count": found.overlap, "all": result.held_out}
    if 0 < result.compared < result.treated:
        yield _(
            "%(count)s contacted customers are in tiers without enough customers held out and are not compared."
        ) % {"count": result.treated - result.compared}
    if campaign.kind == CampaignKind.TRIGGER:
        yield _("Each customer's days count from their own occasion; those whose days are not over yet come later.")


@roles(*AMOUNT_ROLES)
@require_GET
def results_list(request: HttpRequest) -> HttpResponse:
    """Which campaigns really brought deposits: the measured ones in sight, the latest first."""
    listing, shown = _list(request)
    context = {"listing": listing, "chart": _chart(shown), "page_title": _("Results of campaigns")}
    return render(request, "campaigns/results_list.html", context)


def _list(request: HttpRequest) -> tuple[Listing, list[tuple[Campaign, Measured]]]:
    rows, empty = queries.measured_campaigns(request.user), results_page({})
    picked = empty.select(request.GET, rows, amounts=True, request=request)
    cursor = request.GET.get(CURSOR, "")
    page = keyset_page(picked.queryset, picked.order, cursor, size=empty.size, count=False)
    days = picked.filterset.form.cleaned_data.get("days") if picked.filterset.is_valid() else None
    figures = queries.latest_for(request.user, page.rows, int(days) if days else None)
    listing = results_page(figures).show(request, rows, amounts=True)
    return listing, [(row, figures[row.pk]) for row in page.rows if row.pk in figures]


def _chart(shown: Sequence[tuple[Campaign, Measured]]) -> Chart | None:
    """What they brought together, the most first; None where nothing can be drawn."""
    lines = [
        (campaign.name, found.result.total, result_url(campaign)) for campaign, found in shown if found.result.total
    ]
    lines.sort(key=lambda line: line[1].difference, reverse=True)
    return brought_chart(lines[:MOST_BARS]) if lines else None
