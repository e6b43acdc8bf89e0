"""Statistics of complaints: of a unit or the bank and a period; every number leads to its rows. And as a file."""

from calendar import monthrange
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import render
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext
from django.views.decorators.http import require_GET, require_POST

from complaints.charts import by_group, by_month
from complaints.enums import Finding, Grade, Source
from complaints.exports import report_rows, report_sheet
from complaints.filters.cases import NOBODY, TIMINGS, tier_choices
from complaints.filters.inbox import LEADERS
from complaints.filters.statistics import BY, Period, StatisticsFilter, read_period
from complaints.queries import statistics as queries
from complaints.queries.choices import known_words
from complaints.queries.inbox import cases_for, units_seen
from complaints.rules.statistics import Figures, per_thousand, percent, spans, total
from complaints.services.statistics import record_file
from core.charts import Chart
from core.clock import now, today
from core.exporting import FORMATS
from core.pages import BadQuery
from staff.access import roles
from staff.models import Branch, User

MOST_BARS = 12
SPAN_WORDS = {
    "month": gettext_lazy("This month"),
    "last_month": gettext_lazy("Last month"),
    "quarter": gettext_lazy("This quarter"),
    "year": gettext_lazy("This year"),
    "last_year": gettext_lazy("Last year"),
}
MIME = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


@dataclass(frozen=True, slots=True)
class Line:
    """A row of a table: a group's name and figures, the addresses of its cases and of those late; of a unit also how
    many customers it has."""

    name: str
    figures: Figures
    url: str
    late_url: str
    share: Decimal | None
    customers: int | None = None

    @property
    def per_thousand(self) -> Decimal | None:
        """Cases for every 1,000 customers of the unit."""
        return per_thousand(self.figures.cases, self.customers or 0)


@dataclass(frozen=True, slots=True)
class Table:
    """Lines of one dimension, and what it is called."""

    key: str
    title: str
    lines: tuple[Line, ...]
    has_customers: bool = False


@dataclass(frozen=True, slots=True)
class Board:
    """Everything shown of a period."""

    total: Line
    tiles: tuple[dict[str, Any], ...]
    charts: tuple[Chart, ...]
    tables: tuple[Table, ...]


@roles(*LEADERS)
@require_GET
def statistics(request: HttpRequest) -> HttpResponse:
    """The figures of a unit or the whole bank, by day of receipt or of ending."""
    filterset, period = _period(request)
    context = {
        "form": filterset.form,
        "choices": list(_choices(request, filterset)),
        "board": _board(period, _customers(request.user, filterset)) if period else None,
        "query": request.GET.urlencode(),
        "formats": FORMATS,
        "page_title": _("Statistics of complaints"),
    }
    return render(request, "complaints/statistics.html", context)


@roles(*LEADERS)
@require_POST
def statistics_file(request: HttpRequest) -> HttpResponseBase:
    """The figures as a file, one row per unit and category; that it was taken stands on the trail."""
    filterset, period = _period(request)
    file_format = request.POST.get("format", "")
    if period is None or file_format not in FORMATS:
        raise BadQuery()
    lines, at, user = list(queries.report_lines(period.rows, today())), now(), request.user
    cases = total(line.figures for line in lines).cases
    record_file(actor=user, at=at, query=urlencode(period.params), file_format=file_format, cases=cases)
    sheet = report_sheet(mark=_mark(request, filterset, period), author=f"{user.name} {user.staff_no}", at=at)
    response = StreamingHttpResponse(FORMATS[file_format](sheet, [report_rows(lines)]), content_type=MIME[file_format])
    name = f"complaints_{period.by}_{period.since:%Y%m%d}_{period.until:%Y%m%d}.{file_format}"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def _period(request: HttpRequest) -> tuple[StatisticsFilter, Period | None]:
    return read_period(request.GET, cases_for(request.user), request, spans(today())["year"])


def _mark(request: HttpRequest, filterset: StatisticsFilter, period: Period) -> tuple[str, ...]:
    who = {
        "name": request.user.name,
        "number": request.user.staff_no,
        "unit": request.user.branch.name,
        "when": f"{localtime(now()):%Y-%m-%d %H:%M}",
    }
    days = {"by": str(dict(BY)[period.by]), "since": period.since, "until": period.until}
    values = {name: value for name, value in filterset.form.cleaned_data.items() if value and name not in days}
    named = ", ".join(f"{filterset.form.fields[name].label}: {value}" for name, value in values.items())
    return (
        _("For the bank and its regulator only. Taken by %(name)s (%(number)s, %(unit)s), %(when)s.") % who,
        _("%(by)s from %(since)s to %(until)s.") % days,
        *([_("Filters: %(filters)s") % {"filters": named}] if named else []),
    )


def _choices(request: HttpRequest, filterset: StatisticsFilter) -> Iterator[dict[str, Any]]:
    """The usual periods as links that keep the rest of what was asked."""
    kept = {name: value for name, value in request.GET.items() if name not in {"since", "until"}}
    chosen = (filterset.data.get("since"), filterset.data.get("until"))
    for name, (first, last) in spans(today()).items():
        ends = (first.isoformat(), last.isoformat())
        url = f"?{urlencode({**kept, 'since': ends[0], 'until': ends[1]})}"
        yield {"label": SPAN_WORDS[name], "url": url, "active": ends == chosen}


def _customers(viewer: User, filterset: StatisticsFilter) -> int:
    """How many customers the units have whose complaints are counted."""
    asked = filterset.form.cleaned_data
    if asked.get("unit"):
        units = {asked["unit"].pk}
    elif asked.get("area"):
        units = set(Branch.objects.below(asked["area"]).values_list("pk", flat=True))
    else:
        units = set(units_seen(viewer).values_list("pk", flat=True))
    return sum(count for unit, count in queries.customers_by_unit().items() if unit in units)


def _board(period: Period, customers: int) -> Board:
    day = today()
    found = {path: queries.figures_by(period.rows, path, day) for path in _dimensions()}
    whole = total(found["source"].values())
    units = _units(period, queries.figures_by(period.rows, "branch", day), whole.cases)
    line = Line(_("All"), whole, period.link(), _late(period, whole), None, customers)
    tables = [Table("unit", _("Unit complained of"), units, has_customers=True)]
    for path, (title, words, param) in _dimensions().items():
        tables.append(Table(path, title, tuple(_lines(period, found[path], words, param, whole.cases))))
    return Board(line, _tiles(period, line, found["finding"]), _charts(period, found, day), tuple(tables))


def _dimensions() -> dict[str, tuple[str, Mapping[Any, Any], str]]:
    """What cases are counted by: column to title, words of its values, and the list's filter."""
    return {
        "category": (_("Category"), known_words("categories"), "category"),
        "cause": (_("Root cause"), {"": _("Not found yet"), **known_words("causes")}, "cause"),
        "product": (_("Product"), {"": _("None"), **known_words("products")}, "product"),
        "source": (_("Way in"), dict(Source.choices), "source"),
        "finding": (pgettext("complaint", "Finding"), {None: _("Not decided yet"), **dict(Finding.choices)}, "finding"),
        "grade": (_("How serious"), dict(Grade.choices), "grade"),
        "tier": (_("Tier"), dict(tier_choices()), "tier"),
    }


def _lines(
    period: Period, found: Mapping[Any, Figures], words: Mapping[Any, Any], param: str, cases: int
) -> Iterator[Line]:
    for value, figures in found.items():
        key = {param: NOBODY if value in ("", None) else value}
        share = percent(figures.cases, cases)
        name = str(words.get(value, value))
        yield Line(name, figures, period.link(**key), _late(period, figures, **key), share)


def _units(period: Period, found: Mapping[int, Figures], cases: int) -> tuple[Line, ...]:
    units, customers = queries.units_by_id(), queries.customers_by_unit()
    lines = []
    for pk, figures in found.items():
        key = {"unit": units[pk].code}
        url, late = period.link(**key), _late(period, figures, **key)
        lines.append(Line(units[pk].name, figures, url, late, percent(figures.cases, cases), customers.get(pk, 0)))
    return tuple(lines)


def _late(period: Period, figures: Figures, **key: Any) -> str:
    return period.link(timing="late", **key) if figures.late else ""


def _tiles(period: Period, line: Line, findings: Mapping[Any, Figures]) -> tuple[dict[str, Any], ...]:
    figures, rate = line.figures, line.figures.rate
    right = sum(findings.get(one, Figures()).cases for one in (Finding.UPHELD, Finding.PARTLY))
    judged = sum(part.cases for finding, part in findings.items() if finding)
    share = percent(right, judged)
    return (
        {"label": _("Cases"), "value": f"{figures.cases:,}", "url": line.url},
        {
            "label": _("Per 1,000 customers"),
            "value": _read(line.per_thousand),
            "hint": _("%(count)s customers") % {"count": f"{line.customers:,}"},
        },
        {
            "label": _("On time"),
            "value": _read(rate, "%"),
            "hint": _("%(part)s of %(all)s") % {"part": figures.on_time, "all": figures.on_time + figures.late},
            "url": period.link(timing="on_time"),
        },
        {
            "label": _("Past the statutory deadline"),
            "value": f"{figures.late:,}",
            "url": line.late_url,
            "tone": "bad" if figures.late else "",
        },
        {
            "label": _("Justified, at least in part"),
            "value": _read(share, "%"),
            "hint": _("%(part)s of %(all)s") % {"part": right, "all": judged},
        },
    )


def _read(value: Decimal | None, unit: str = "") -> str:
    return "–" if value is None else f"{value}{unit}"


def _charts(period: Period, found: Mapping[str, Mapping[Any, Figures]], day: date) -> tuple[Chart, ...]:
    months = queries.figures_by_month(period.rows, period.column, day)
    names = {part: str(name) for part, name in TIMINGS}
    charts = [by_month(months, names, _month_link(period))] if months else []
    causes = [(value, figures) for value, figures in found["cause"].items() if value][:MOST_BARS]
    words = known_words("causes")
    bars = [(words.get(value, value), figures.cases, period.link(cause=value)) for value, figures in causes]
    return (*charts, by_group("cause", _("Root causes"), bars)) if bars else tuple(charts)


def _month_link(period: Period) -> Callable[[date, str], str]:
    """Gives the address of a month's cases of a part: the days of the month that belong to the period."""

    def link(month: date, part: str) -> str:
        last = month.replace(day=monthrange(month.year, month.month)[1])
        days = {f"{period.by}_from": max(month, period.since), f"{period.by}_to": min(last, period.until)}
        return period.link(timing=part, **days)

    return link
