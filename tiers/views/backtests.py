"""Back-tests: asked for, waited for, and two rules side by side."""

from dataclasses import dataclass
from typing import Any, Final

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST
from django_htmx.http import HttpResponseClientRefresh

from core.charts import Chart, Series
from core.clock import now, today
from core.enums import JobState
from core.errors import DomainError
from core.money import format_yuan
from customers.queries import ledger_day
from staff.access import has_role, roles
from tiers import queries
from tiers.forms.simulator import ASKED, BacktestForm, SimulatorForm, asked_data, asked_floors, parse_floors
from tiers.models import Backtest, Scheme
from tiers.queries.backtests import MONTHS, Outcome, month_ends, outcomes
from tiers.rules import BandsError, BasisError, SchemeContent
from tiers.services.backtesting import ask_again, ask_backtest
from tiers.views.simulator import EDITORS, INVALID, PEOPLE

SHOWN: Final = 50
TONES = {"waiting": "neutral", "running": "info", "done": "good", "failed": "bad"}
Choices = dict[str, tuple[str, SchemeContent]]


@dataclass(frozen=True, slots=True)
class BacktestRow:
    """A back-test as the list shows it."""

    backtest: Backtest
    labels: list[str]
    state: str


@dataclass(frozen=True, slots=True)
class RuleWords:
    """What a rule says, ready to read."""

    measure: str
    counted: str
    bounds: str


@dataclass(frozen=True, slots=True)
class MonthRow:
    """One month-end, both rules."""

    on: str
    first: Any
    second: Any


@roles(*PEOPLE)
@require_http_methods(["GET", "HEAD", "POST"])
def backtest_list(request: HttpRequest) -> HttpResponse:
    """Earlier back-tests, and the form that asks for another."""
    choices, day = _choices(request), ledger_day() or today()
    if request.method == "POST":
        return _ask(request, choices)
    initial = {"first": _in_force(choices), "second": ASKED if ASKED in choices else None}
    return _list(request, _form(choices, initial=initial), len(month_ends(day)))


def _list(request: HttpRequest, form: BacktestForm, months: int, status: int = 200) -> HttpResponse:
    found = Backtest.objects.select_related("job", "asked_by").order_by("-pk")[:SHOWN]
    context = {
        "rows": [BacktestRow(test, [rule["label"] for rule in test.rules], _state(test)) for test in found],
        "form": form,
        "may_ask": has_role(request.user, *EDITORS),
        "months": max(0, months - 1),
        "is_short": months <= MONTHS,
        "page_title": _("Back-tests"),
        "crumbs": [{"label": _("Tier policy"), "url": reverse("tiers:schemes")}, {"label": _("Back-tests")}],
    }
    return render(request, "tiers/backtests.html", context, status=status)


def _choices(request: HttpRequest) -> Choices:
    """What may be tried: the rule the address carries from the simulator, and every version, newest first."""
    versions = {str(scheme.pk): (str(scheme), queries.content_of(scheme)) for scheme in queries.versions()}
    if ASKED not in request.GET:
        return versions
    base = versions.get(request.GET.get("based_on", ""))
    tried = _tried(request, base[1]) if base else None
    return ({ASKED: (_("As tried in the simulator"), tried)} if tried else {}) | versions


def _tried(request: HttpRequest, base: SchemeContent) -> SchemeContent | None:
    latest = ledger_day() or today()
    form = SimulatorForm(asked_data(request.GET, base, latest), latest=latest)
    if not form.is_valid():
        return None
    try:
        content = form.content(base, parse_floors(asked_floors(request.GET, base)))
        queries.check_rule(content)
    except (BandsError, BasisError, ValueError):
        return None
    return content


def _in_force(choices: Choices) -> str | None:
    scheme = Scheme.objects.in_force_on(today())
    return str(scheme.pk) if scheme and str(scheme.pk) in choices else None


def _form(choices: Choices, data: Any = None, **options: Any) -> BacktestForm:
    return BacktestForm(data, choices=[(key, label) for key, (label, _content) in choices.items()], **options)


def _ask(request: HttpRequest, choices: Choices) -> HttpResponse:
    if not has_role(request.user, *EDITORS):
        raise PermissionDenied()
    form, until = _form(choices, request.POST), ledger_day() or today()
    if form.is_valid():
        rules = [choices[form.cleaned_data[name]] for name in ("first", "second")]
        try:
            backtest = ask_backtest(rules=rules, until=until, actor=request.user, at=now())
        except DomainError as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, _("The back-test is on its way; you may leave this page."))
            return redirect(backtest)
    return _list(request, form, len(month_ends(until)), INVALID)


@roles(*PEOPLE)
@require_GET
def backtest_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """How far it is; once it is done, both rules month by month."""
    backtest = _backtest(pk)
    context: dict[str, Any] = {
        "backtest": backtest,
        "labels": [rule["label"] for rule in backtest.rules],
        "crumbs": [
            {"label": _("Tier policy"), "url": reverse("tiers:schemes")},
            {"label": _("Back-tests"), "url": reverse("tiers:backtests")},
            {"label": _("Back-test %(number)s") % {"number": backtest.pk}},
        ],
        "page_title": _("Back-test %(number)s") % {"number": backtest.pk},
        **_running(backtest),
    }
    if backtest.finished_at:
        context |= _compared(backtest)
    return render(request, "tiers/backtest.html", context)


@roles(*PEOPLE)
@require_GET
def backtest_progress(request: HttpRequest, pk: int) -> HttpResponse:
    """How far it is, for the page to swap in; the page begins anew when it is over."""
    backtest = _backtest(pk)
    if _state(backtest) in {"done", "failed"}:
        return HttpResponseClientRefresh()
    return render(request, "tiers/backtest_progress.html", {"backtest": backtest, **_running(backtest)})


@roles(*EDITORS)
@require_POST
def backtest_again(request: HttpRequest, pk: int) -> HttpResponse:
    """Let a failed one go on where it stopped."""
    ask_again(backtest=_backtest(pk), at=now())
    return redirect("tiers:backtest", pk)


def _backtest(pk: int) -> Backtest:
    return get_object_or_404(Backtest.objects.select_related("job", "asked_by"), pk=pk)


def _state(backtest: Backtest) -> str:
    if backtest.finished_at:
        return "done"
    if backtest.job is None or backtest.job.state in {JobState.PARKED, JobState.FAILED, JobState.REFUSED}:
        return "failed"
    return "running" if backtest.job.state == JobState.RUNNING else "waiting"


def _running(backtest: Backtest) -> dict[str, Any]:
    state, job = _state(backtest), backtest.job
    return {
        "state": state,
        "tone": TONES[state],
        "done": job.done_count if job else 0,
        "total": job.total_count if job else 0,
    }


def _compared(backtest: Backtest) -> dict[str, Any]:
    first, second = outcomes(backtest)
    return {
        "outcomes": [first, second],
        "rules": [_words(first.content), _words(second.content)],
        "is_short": len(first.months) <= MONTHS,
        "rows": [
            MonthRow(month.on.isoformat(), month, other)
            for month, other in zip(first.months, second.months, strict=True)
        ],
        "charts": [_movers(first, second), _costs(first, second)],
    }


def _words(content: SchemeContent) -> RuleWords:
    bounds = " / ".join(format_yuan(floor).removesuffix(".00") for floor in content.floors[1:])
    return RuleWords(queries.measure_words(content), queries.counted_words(content), bounds)


def _movers(first: Outcome, second: Outcome) -> Chart:
    return Chart(
        id="backtest-movers",
        title=_("Movers at each month-end"),
        kind="bar",
        label_name=_("Month-end"),
        labels=[month.on.isoformat() for month in first.moved],
        series=[
            Series(_("%(rule)s: up") % {"rule": "A"}, [month.up for month in first.moved]),
            Series(_("%(rule)s: up") % {"rule": "B"}, [month.up for month in second.moved]),
            Series(_("%(rule)s: down") % {"rule": "A"}, [month.down for month in first.moved]),
            Series(_("%(rule)s: down") % {"rule": "B"}, [month.down for month in second.moved]),
        ],
        unit="count",
    )


def _costs(first: Outcome, second: Outcome) -> Chart:
    return Chart(
        id="backtest-costs",
        title=_("Entitlements of each month"),
        kind="line",
        label_name=_("Month-end"),
        labels=[month.on.isoformat() for month in first.months],
        series=[
            Series(_("Rule A, yuan"), [month.cost for month in first.months]),
            Series(_("Rule B, yuan"), [month.cost for month in second.months]),
        ],
        zero=True,
    )
