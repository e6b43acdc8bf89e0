"""Reads of playbooks: the rules in force, and how a customer's stand."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from django.db.models import QuerySet
from django.utils.functional import Promise
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from core.memo import once_a_request
from customers.models import Customer
from servicing.enums import Refusal, RunState
from servicing.models import FollowUp, PlaybookRun
from servicing.rules.playbooks import BUILT_IN, Playbooks, Step, read_playbooks, read_steps
from staff.queries import policy_on

KIND = "playbooks"
# What the night writes as the reason when it stops a playbook; people write their own words.
STOPS: Mapping[str, str | Promise] = {
    "complaint": _("A complaint is open"),
    "do_not_contact": _("The customer is not to be contacted"),
    "bereavement": _("Bereavement"),
    "opt_out": _("The customer withdrew the consent to marketing"),
    "merged": _("The record was merged"),
    "not_now": Refusal.NOT_NOW.label,
}


@once_a_request
def rules_on(day: date) -> tuple[int, Playbooks]:
    """The version and the playbooks in force on a day; version 0 = the built-in ones."""
    found = policy_on(KIND, day, BUILT_IN)
    return found.version, read_playbooks(found.values)


def playbooks_offered(customer: Customer, day: date) -> list[tuple[str, str]]:
    """Those that can be begun for the customer, none that is under way: key, and name in the reader's language."""
    running = set(runs_of(customer).filter(state=RunState.RUNNING).values_list("playbook", flat=True))
    language = get_language() or ""
    return [(key, one.title(language)) for key, one in rules_on(day)[1].by_key.items() if key not in running]


def runs_of(customer: Customer) -> QuerySet[PlaybookRun]:
    """The customer's playbooks, the latest first."""
    return PlaybookRun.everything.filter(customer=customer).order_by("-started_on", "-pk")


@dataclass(frozen=True, slots=True)
class StepState:
    """A step of a customer's playbook: its follow-up once there is one, else the day it will be due."""

    step: Step
    title: str
    due_on: date
    follow_up: FollowUp | None
    waits_for: str


@dataclass(frozen=True, slots=True)
class RunView:
    """A customer's playbook with its steps; `why` is the reason when it was stopped."""

    run: PlaybookRun
    title: str
    steps: list[StepState]
    closed: int
    why: str


def run_views(customer: Customer, day: date, *, limit: int = 10) -> list[RunView]:
    """How the customer's latest playbooks stand."""
    runs = list(runs_of(customer).select_related("started_by")[:limit])
    by_run: dict[int, dict[int, FollowUp]] = {}
    for row in FollowUp.everything.filter(run__in=runs).select_related("owner", "customer"):
        if row.run_id is not None and row.step is not None:
            by_run.setdefault(row.run_id, {})[row.step] = row
    return [_view(run, by_run.get(run.pk, {}), day) for run in runs]


def _view(run: PlaybookRun, rows: Mapping[int, FollowUp], day: date) -> RunView:
    language = get_language() or ""
    steps = read_steps(run.steps)
    titles = {step.key: step.title(language) for step in steps}
    states = [
        StepState(
            step,
            titles[step.key],
            row.due_on if (row := rows.get(number)) else run.started_on + timedelta(days=step.days),
            row,
            titles.get(step.after, ""),
        )
        for number, step in enumerate(steps)
    ]
    known = rules_on(day)[1].by_key.get(run.playbook)
    why = str(STOPS.get(run.stop_reason, run.stop_reason))
    closed = sum(1 for row in rows.values() if row.closed_at is not None)
    return RunView(run, known.title(language) if known else run.playbook, states, closed, why)
