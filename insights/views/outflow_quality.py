"""How good outflow warnings are: precision by sign, recall by tier, and what other thresholds would have done."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from core.clock import now, today
from insights.enums import OutflowSignal
from insights.queries import outflow_quality as queries
from insights.queries.outflow import WORKERS, rules_on
from insights.rules.outflow_quality import Outcome
from insights.services.outflow_trial import ask_trial
from staff.access import HEADS, has_role, roles
from staff.enums import Role
from tiers.queries import bands_for_display


@dataclass(frozen=True, slots=True)
class Level:
    """What a threshold of a tier would have done; whether it is the one in force."""

    score: int
    is_used: bool
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class TierLevels:
    """A tier with the outcome of each threshold tried."""

    name: str
    levels: Sequence[Level]


@roles(*WORKERS)
@require_GET
def outflow_quality(request: HttpRequest) -> HttpResponse:
    """Verdicts and losses of a year in sight; for heads what the rules did on the past of the whole bank."""
    day = today()
    rules, language = rules_on(day), get_language() or ""
    tiers = [(one.rank, one.letter, one.name(language), rules.threshold(one.letter)) for one in bands_for_display(day)]
    tried = queries.latest_trial() if has_role(request.user, *HEADS) else None
    title = _("How good the warnings are")
    context = {
        "signals": queries.judged_by_signal(request.user, day),
        "tiers": list(reversed(queries.quality_by_tier(request.user, day, tiers))),
        "since": queries.since_of(day),
        "tried": tried,
        "tried_signals": list(_signals(tried)) if tried else [],
        "tried_tiers": list(_levels(tried, tiers)) if tried else [],
        "is_head": has_role(request.user, *HEADS),
        "may_try": has_role(request.user, Role.HEAD_OFFICE),
        "page_title": title,
        "crumbs": [{"label": _("Outflow warnings"), "url": reverse("insights:warnings")}, {"label": title}],
    }
    return render(request, "insights/outflow_quality.html", context)


@roles(Role.HEAD_OFFICE)
@require_POST
def outflow_try(request: HttpRequest) -> HttpResponse:
    """Have the rules tried on the past; the page shows what came of it when it is done."""
    ask_trial(actor=request.user, at=now())
    messages.success(request, _("The rules are being tried on the past; this takes some minutes."))
    return redirect("insights:outflow_quality")


def _signals(tried: queries.Tried) -> Iterator[tuple[Any, Outcome]]:
    for code, one in tried.trial.by_signal.items():
        yield OutflowSignal(code).label, one


def _levels(tried: queries.Tried, tiers: Sequence[tuple[int, str, str, int]]) -> Iterator[TierLevels]:
    for _rank, letter, name, used in reversed(tiers):
        levels: Any = tried.trial.by_tier.get(letter, {})
        shown = [score for score in levels if score % 10 == 0 or score == used]
        if shown:
            yield TierLevels(name, [Level(score, score == used, levels[score]) for score in shown])
