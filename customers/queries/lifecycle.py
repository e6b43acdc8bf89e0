"""Reads of life-cycle stages: what is decided on, and every change in words."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.db import connection
from django.db.models import Min
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from core.money import format_yuan
from core.sql import statement
from customers.enums import Stage, StageRule
from customers.models import FedDay, LifecycleChange
from customers.rules.lifecycle import BUILT_IN, KIND, LifecycleFacts, LifecycleRules, read_lifecycle
from staff.models import Policy
from staff.queries import policy_on

SPANS = 3
MOST_LINES = 50
DATES = ("since", "last_contact_on", "stage_since")
AMOUNTS = ("recent", "before", "peak", "quiet")

# Each rule as a sentence: for people who see amounts, and for the others.
SENTENCES: Mapping[StageRule, tuple[str | Promise, str | Promise]] = {
    StageRule.NO_ACCOUNT: (_("The customer has no account."),) * 2,
    StageRule.ALL_CLOSED: (_("All accounts are closed (%(accounts)s)."),) * 2,
    StageRule.YOUNG: (_("The first account was opened on %(since)s, less than %(new_days)s days ago."),) * 2,
    StageRule.CAME_BACK: (
        _(
            "Lost before; the average of the last %(average_days)s days is back at %(recent)s, at least"
            " %(won_back_floor)s."
        ),
        _("Lost before; balances of the last %(average_days)s days are back."),
    ),
    StageRule.BACK: (
        _("Came back on %(stage_since)s, less than %(won_back_days)s days ago, and still averages %(recent)s."),
        _("Came back on %(stage_since)s, less than %(won_back_days)s days ago, and stays."),
    ),
    StageRule.EMPTY: (_("No balance on average for %(lost_days)s days."),) * 2,
    StageRule.DRIED_UP: (
        _(
            "The average of the last %(lost_days)s days is %(quiet)s, at most %(lost_share)s of the highest of the"
            " year, %(peak)s; no contact in that time."
        ),
        _("Almost nothing left for %(lost_days)s days, and no contact in that time."),
    ),
    StageRule.STILL_LOST: (
        _("Lost; the average of the last %(average_days)s days, %(recent)s, is below %(won_back_floor)s."),
        _("Lost; balances are not back yet."),
    ),
    StageRule.DRYING_UP: (
        _(
            "The average of the last %(lost_days)s days is %(quiet)s, at most %(lost_share)s of the highest of the"
            " year, %(peak)s; the last contact was on %(last_contact_on)s."
        ),
        _("Almost nothing left for %(lost_days)s days; the last contact was on %(last_contact_on)s."),
    ),
    StageRule.TOO_SHORT: (_("The history is too short to tell a trend."),) * 2,
    StageRule.FALLING: (
        _(
            "The average of the last %(average_days)s days, %(recent)s, is at most %(declining_ratio)s of that of the"
            " %(before_days)s days before, %(before)s."
        ),
        _("Balances fell over the last %(average_days)s days."),
    ),
    StageRule.RISING: (
        _(
            "The average of the last %(average_days)s days, %(recent)s, is at least %(growing_ratio)s of that of the"
            " %(before_days)s days before, %(before)s."
        ),
        _("Balances rose over the last %(average_days)s days."),
    ),
    StageRule.STEADY: (
        _(
            "The average of the last %(average_days)s days, %(recent)s, is about that of the %(before_days)s days"
            " before, %(before)s."
        ),
        _("Balances are about what they were."),
    ),
}


@dataclass(frozen=True, slots=True)
class StageLine:
    """A change of stage in words; `version` is that of the rules, 0 = the built-in ones."""

    on: date
    from_stage: Stage
    stage: Stage
    rule: StageRule
    text: str
    version: int


def rules_on(day: date) -> tuple[int, LifecycleRules]:
    """The version in force on `day` (0 = built in) and its numbers."""
    found = policy_on(KIND, day, BUILT_IN)
    return found.version, read_lifecycle(found.values)


def decided_sql() -> str:
    """The shared part of all statements: facts and rule of customers low..high; parameters as in `decided_params`."""
    marks = {
        "s_day": "%(day)s",
        "s_split": "%(split)s",
        "s_start": "greatest(%(before_end)s, p.first_day - 1)",
        "s_quiet": "%(quiet_from)s",
        "s_before": "%(before_end)s",
        **{f"s_span_{n}": f"%(span_{n})s" for n in range(1, SPANS + 1)},
    }
    text = _plain("lifecycle_decided")
    for name, at in marks.items():
        text = text.replace(f"{{{name}}}", _plain("lifecycle_sum").replace("{at}", f"({at})"))
    return text


def _plain(name: str) -> str:
    lines = statement("customers", name).splitlines()
    return "\n".join(line for line in lines if not line.lstrip().startswith("--"))


def decided_params(day: date, rules: LifecycleRules) -> dict[str, Any]:
    """Parameters of `decided_sql` apart from the range of customers (low, high)."""
    split = day - timedelta(days=rules.average_days)
    span = timedelta(days=rules.before_days)
    return {
        "day": day,
        "split": split,
        "before_end": split - span,
        **{f"span_{n}": split - span * (n + 1) for n in range(1, SPANS + 1)},
        "quiet_from": day - timedelta(days=rules.lost_days),
        "ledger_from": FedDay.objects.aggregate(first=Min("on"))["first"],
        "lost": Stage.LOST.value,
        "won_back": Stage.WON_BACK.value,
        **{name: getattr(rules, name) for name in BUILT_IN},
    }


def decided(low: int, high: int, day: date, rules: LifecycleRules) -> dict[int, tuple[LifecycleFacts, StageRule]]:
    """What the database knows and decides of customers low..high on `day`, written nowhere."""
    columns = [field.name for field in fields(LifecycleFacts) if field.name != "day"]
    with connection.cursor() as cursor:
        text = f"WITH {decided_sql()} SELECT customer_id, rule, {', '.join(columns)} FROM decided"
        cursor.execute(text, {**decided_params(day, rules), "low": low, "high": high})
        rows = cursor.fetchall()
    found = {}
    for customer_id, rule, *values in rows:
        facts = dict(zip(columns, values, strict=True))
        found[customer_id] = LifecycleFacts(day=day, **{**facts, "stage": Stage(facts["stage"])}), StageRule(rule)
    return found


def explain(customer_id: int, *, amounts: bool) -> list[StageLine]:
    """The customer's changes of stage, the latest first, in the active language; without amounts for who sees none."""
    changes = LifecycleChange.everything.filter(customer_id=customer_id).order_by("-on")[:MOST_LINES]
    numbers = dict(Policy.objects.filter(kind=KIND).values_list("version", "values"))
    return [_line(change, {**BUILT_IN, **numbers.get(change.policy_version, {})}, amounts) for change in changes]


def _line(change: LifecycleChange, numbers: Mapping[str, Any], amounts: bool) -> StageLine:
    rule = StageRule(change.rule)
    sentence = SENTENCES[rule][0 if amounts else 1]
    text = str(sentence) % {**_numbers_in_words(numbers), **_inputs_in_words(change.inputs)}
    return StageLine(change.on, Stage(change.from_stage), Stage(change.to_stage), rule, text, change.policy_version)


def _numbers_in_words(numbers: Mapping[str, Any]) -> dict[str, str]:
    shares = {name: _per_cent(numbers[name]) for name in ("growing_ratio", "declining_ratio", "lost_share")}
    return {
        **{name: str(value) for name, value in numbers.items()},
        **shares,
        "won_back_floor": _yuan(numbers["won_back_floor"]),
    }


def _per_cent(share: Any) -> str:
    return f"{(Decimal(str(share)) * 100).normalize():f}%"


def _yuan(amount: Any) -> str:
    return "–" if amount is None else f"¥{format_yuan(Decimal(str(amount)))}"


def _inputs_in_words(inputs: Mapping[str, Any]) -> dict[str, str]:
    words = {name: "–" if inputs.get(name) is None else str(inputs[name]) for name in (*DATES, "accounts")}
    return {**words, **{name: _yuan(inputs.get(name)) for name in AMOUNTS}}
