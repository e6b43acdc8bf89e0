"""Try the rules of outflow warnings on the past."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser

from core.clock import now
from core.commands import JsonCommand, Unusable
from core.enums import ActorKind
from core.trail import Actor
from insights.rules.outflow_quality import Outcome, read_trial
from insights.services.outflow_trial import MOST_WEEKS, PastTooShort, try_past


class Command(JsonCommand):
    help = "Replay past days of the ledger with the rules of outflow warnings: precision, recall and lead days."

    def add_options(self, parser: CommandParser) -> None:
        parser.add_argument("--weeks", type=int, default=MOST_WEEKS, help="how many days, a week apart")
        parser.add_argument("--share", type=int, default=100, help="per cent of the customers")
        parser.add_argument("--rules", type=Path, help="a JSON file of rules in the place of those in force")

    def work(self, **options: Any) -> Mapping[str, Any]:
        values = json.loads(options["rules"].read_text(encoding="utf-8")) if options["rules"] else None
        actor = Actor(None, "backtest_outflow", ActorKind.JOB)
        try:
            made = try_past(
                actor=actor, at=now(), weeks=options["weeks"], share=max(1, min(options["share"], 100)), values=values
            )
        except (PastTooShort, ValueError) as error:
            raise Unusable(str(error)) from error
        trial = read_trial(made.results)
        return {
            "first": made.first,
            "last": made.last,
            "seconds": float(made.seconds),
            "overall": _told(trial.overall),
            "signals": {code: _told(one) for code, one in trial.by_signal.items()},
            "tiers": {
                letter: {level: _told(one) for level, one in levels.items()} for letter, levels in trial.by_tier.items()
            },
        }


def _told(one: Outcome) -> dict[str, Any]:
    return {
        "raised": one.raised,
        "right": f"{one.right.hits}/{one.right.of}",
        "precision": one.right.percent,
        "caught": f"{one.caught.hits}/{one.caught.of}",
        "recall": one.caught.percent,
        "lead_days": one.lead,
    }
