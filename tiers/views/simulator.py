"""The live simulator: other bounds tried on everybody, answered from a spread while they are dragged."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final
from urllib.parse import urlencode

from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from core.clock import now, today
from core.enums import JobState
from core.models import Job
from customers.queries import ledger_day
from staff.access import Scope, has_role, roles, scope_of
from staff.enums import Reach, Role
from staff.models import Branch
from tiers import queries, services
from tiers.forms.simulator import ASKED, FLOOR, FLOORS, SimulatorForm, asked_data, asked_floors, parse_floors
from tiers.models import Scheme, Spread
from tiers.queries.simulation import BRANCHES, MANAGERS
from tiers.queries.units import Effort, UnitLine, effort_of, rates_on, unit_lines
from tiers.rules import Band, BandsError, BasisError, SchemeContent
from tiers.services.simulating import make_spread, may_wait_for, prepare_spread

EDITORS = (Role.ADMIN, Role.HEAD_OFFICE)
PEOPLE = (*EDITORS, Role.BRANCH_HEAD)
SHOWN: Final = 20
INVALID = 422  # htmx shows forms with errors under this status
# How lines may be sorted; all but the name begin with the most.
SORTS: Final[Mapping[str, Any]] = {
    "name": lambda line: (line.code, line.name),
    "heads": lambda line: -line.unit.heads,
    "up": lambda line: -line.unit.up,
    "down": lambda line: -line.unit.down,
    "watched": lambda line: -line.unit.watched,
    "moving": lambda line: -line.unit.moving,
    "cost": lambda line: -abs(line.effort.cost_change),
    "contacts": lambda line: -abs(line.effort.contacts_change),
}


@dataclass(frozen=True, slots=True)
class Asked:
    """What a request asks: the rule, the day, and whose customers. `scope` None = the whole bank; `by` what the lines
    of the answer are; `fault` when the rule cannot be tried yet."""

    base: Scheme
    form: SimulatorForm
    floors: list[str]
    content: SchemeContent | None
    day: date
    scope: Scope | None
    by: str
    branch: Branch | None
    fault: str = ""


@dataclass(frozen=True, slots=True)
class TierLine:
    """A tier of the answer: its name, what becomes of it, and how many go from it to each simulated tier."""

    name: str
    shift: queries.TierShift
    going: list[int]

    @property
    def change(self) -> int:
        """How many more would be in it."""
        return self.shift.then - self.shift.now


@dataclass(frozen=True, slots=True)
class Answer:
    """What the simulation says, ready to show; tiers highest first."""

    simulation: queries.Simulation
    tiers: list[TierLine]
    lines: list[UnitLine]
    hidden: int
    effort: Effort
    sort: str
    amounts: bool

    @property
    def untiered(self) -> int:
        """Customers no run has placed yet."""
        return self.simulation.heads_now.get(0, 0)


@roles(*PEOPLE)
@require_GET
def simulator(request: HttpRequest) -> HttpResponse:
    """Other bounds tried on everybody one may see, with the answer beside them."""
    asked = _asked(request)
    context = {"page_title": _("Simulator"), "crumbs": _crumbs(), "asked": asked}
    if asked:
        context |= {"bounds": _bounds(asked), **_answered(request, asked)}
    return render(request, "tiers/simulator.html", context)


@roles(*PEOPLE)
@require_GET
def simulator_answer(request: HttpRequest) -> HttpResponse:
    """The answer alone, for the page to swap in."""
    asked = _asked(request)
    if asked is None:
        raise Http404
    response = render(request, "tiers/simulator_answer.html", {"asked": asked, **_answered(request, asked)})
    response["HX-Replace-Url"] = f"{reverse('tiers:simulator')}?{request.GET.urlencode()}"
    return response


def _crumbs() -> list[dict[str, str]]:
    return [{"label": _("Tier policy"), "url": reverse("tiers:schemes")}, {"label": _("Simulator")}]


def _asked(request: HttpRequest) -> Asked | None:
    """None where no policy is in force and none is named."""
    named = request.GET.get("based_on", "")
    versions = queries.versions()
    base = get_object_or_404(versions, pk=int(named)) if named.isdecimal() and len(named) < 10 else None
    base = base or Scheme.objects.in_force_on(today())
    if base is None:
        return None
    content, latest = queries.content_of(base), ledger_day() or today()
    form = SimulatorForm(asked_data(request.GET, content, latest), latest=latest)
    scope, by, branch = _whose(request)
    floors = asked_floors(request.GET, content)
    rule, fault = _rule(form, content, floors)
    day = form.cleaned_data.get("on") or latest
    return Asked(base, form, floors, rule, day, scope, by, branch, fault)


def _rule(form: SimulatorForm, base: SchemeContent, floors: list[str]) -> tuple[SchemeContent | None, str]:
    if not form.is_valid():
        return None, " ".join(text for errors in form.errors.values() for text in errors)
    try:
        content = form.content(base, parse_floors(floors))
        queries.check_rule(content)
    except BandsError as error:
        return None, services.band_words(error)
    except BasisError as error:
        return None, services.basis_words(error)
    except ValidationError as error:
        return None, " ".join(error.messages)
    return content, ""


def _whose(request: HttpRequest) -> tuple[Scope | None, str, Branch | None]:
    """Whose customers, counted by what; a branch named in the address narrows them to its own."""
    # Administrators see no customer, but set the policy for all of them: they get counts.
    scope = None if has_role(request.user, Role.ADMIN) else scope_of(request.user)
    code = request.GET.get("branch", "")
    if code:
        units = Branch.objects.all() if scope is None else queries.branches_of(request.user)
        branch = get_object_or_404(units, code=code)
        amounts = scope is not None and scope.amounts
        return Scope(Reach.BRANCHES, request.user.pk, frozenset({branch.pk}), amounts), MANAGERS, branch
    is_one = scope is not None and scope.reach == Reach.BRANCHES and len(scope.branch_ids) == 1
    return scope, MANAGERS if is_one else BRANCHES, None


def _bounds(asked: Asked) -> list[tuple[Band, str]]:
    """The tiers, lowest first, each with its floor as typed."""
    return list(zip(queries.bands_of(asked.base), asked.floors, strict=True))


def _answered(request: HttpRequest, asked: Asked) -> dict[str, Any]:
    """What the answer's template needs: the answer, or the job that prepares it, or what is wrong."""
    if asked.content is None:
        return {}
    found: dict[str, Any] = _links(request, asked, asked.content)
    spread, job = _spread(request, asked, asked.content)
    if job:
        return found | {"preparing": _progress(request, job)}
    simulation = queries.simulate_content(asked.content, asked.day, asked.scope, by=asked.by, spread=spread)
    return found | {"answer": _answer(request, asked, simulation)}


def _spread(request: HttpRequest, asked: Asked, content: SchemeContent) -> tuple[Spread | None, Job | None]:
    """The spread when it is ready or made at once, else the job that makes it; neither where none is needed."""
    day = asked.day
    ready = queries.ready_spread(content.basis, day)
    if ready or not queries.is_spread_of_use(asked.scope, asked.by):
        return ready, None
    if may_wait_for():
        return make_spread(basis=content.basis, day=day, at=now()), None
    return None, prepare_spread(basis=content.basis, day=day, actor=request.user.actor, at=now())


def _progress(request: HttpRequest, job: Job) -> dict[str, Any]:
    state = "running" if job.state == JobState.RUNNING else "waiting"
    if job.state in {JobState.PARKED, JobState.FAILED, JobState.REFUSED}:
        state = "failed"
    expected = queries.latest_spread_seconds()
    passed = (now() - job.started_at).total_seconds() if job.started_at else 0
    return {
        "state": state,
        "max": max(1, round(expected)) if expected else "",
        "value": min(round(passed), round(expected)),
        "poll_url": f"{reverse('tiers:simulator_answer')}?{request.GET.urlencode()}",
    }


def _answer(request: HttpRequest, asked: Asked, simulation: queries.Simulation) -> Answer:
    rates = rates_on(asked.day)
    sort = request.GET.get("sort", "")
    sort = sort if sort in SORTS else "moving"
    lines = sorted(unit_lines(simulation, asked.by, rates), key=lambda line: (line.code, line.name))
    lines.sort(key=SORTS[sort])
    shown = lines if request.GET.get("all") else lines[:SHOWN]
    # Money of a branch could be one customer's: only those see it who see customers' amounts.
    amounts = asked.scope.amounts if asked.scope else True
    return Answer(
        simulation,
        _tiers(simulation),
        shown,
        len(lines) - len(shown),
        effort_of(simulation.heads_now, simulation.by_tier, simulation.bands, rates),
        sort,
        amounts,
    )


def _tiers(simulation: queries.Simulation) -> list[TierLine]:
    bands, matrix = simulation.bands, simulation.matrix
    ranks = [band.rank for band in reversed(bands)]
    return [
        TierLine(
            queries.tier_name(shift.rank, bands) if shift.band else _("No longer there"),
            shift,
            [matrix.get((shift.rank, then), 0) for then in ranks],
        )
        for shift in queries.shifts(simulation, bands)
    ]


def _query(asked: Asked) -> str:
    """The address's parameters that ask the same again of everybody."""
    said = asked.form.data
    pairs = [(name, value) for name in asked.form.fields for value in said.getlist(name)]
    pairs += [*((FLOOR, text) for text in asked.floors), (ASKED, "1"), ("based_on", str(asked.base.pk))]
    return urlencode(pairs)


def rule_query(content: SchemeContent) -> str:
    """The parameters that carry a rule to the editor of versions and to the back-test."""
    pairs = [
        (FLOORS, ",".join(f"{floor:.2f}" for floor in content.floors)),
        ("measure", str(content.measure)),
        ("trailing_days", str(content.trailing_days)),
        ("watch_periods", str(content.watch_periods)),
        *(("best_of", str(figure)) for figure in content.best_of),
        *(("counted", str(kind)) for kind in content.counted),
    ]
    return urlencode(pairs)


def _links(request: HttpRequest, asked: Asked, content: SchemeContent) -> dict[str, str]:
    query = f"{rule_query(content)}&based_on={asked.base.pk}"
    may_edit = has_role(request.user, *EDITORS)
    return {
        "all_url": f"{reverse('tiers:simulator')}?{_query(asked)}",
        "draft_url": f"{reverse('tiers:scheme_new')}?{query}" if may_edit else "",
        "backtest_url": f"{reverse('tiers:backtests')}?{query}&{ASKED}=1" if may_edit else "",
    }
