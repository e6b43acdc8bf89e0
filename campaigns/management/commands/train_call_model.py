"""Trains a model on how calls ended. The only command that loads scikit-learn."""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import date
from typing import Any

from django.core.management.base import CommandParser

from campaigns.gateways.learning import Learned, learn
from campaigns.queries.features import Ended, calls_ended
from campaigns.rules.call_facts import COLUMNS, columns_of
from campaigns.services.learning import MOST, check_enough, keep_model
from core.clock import now, today
from core.commands import JsonCommand, Unusable
from core.enums import ActorKind
from core.trail import Actor
from staff.models import User

COMMAND = Actor(None, "train_call_model", ActorKind.JOB)


class Command(JsonCommand):
    help = (
        "Train a model of who agrees when called, on calls that ended; it waits for a second person to put it in use."
    )

    def add_options(self, parser: CommandParser) -> None:
        parser.add_argument("--by", default="", help="staff number of whoever asked for it")
        parser.add_argument(
            "--until", type=date.fromisoformat, help="learn from calls before this day (default: today)"
        )

    def work(self, **options: Any) -> Mapping[str, Any]:
        person = User.objects.filter(staff_no=options["by"]).first()
        if options["by"] and person is None:
            raise Unusable(f"nobody has the staff number {options['by']}")
        ended = calls_ended(until=options["until"] or today(), most=MOST)
        labels = [int(call.agreed) for call in ended]
        check_enough(labels)
        learned = learn([call.on for call in ended], [columns_of(call.facts) for call in ended], labels)
        model = keep_model(
            kind=learned.model.kind,
            columns=list(COLUMNS),
            weights=learned.model.weights,
            metrics=_metrics(learned, ended),
            row_count=len(ended),
            trained_by=person,
            actor=person.actor if person else COMMAND,
            at=now(),
            on=today(),
        )
        marks = learned.marks[learned.model.kind]
        return {"model": model.pk, "kind": str(model.kind), "rows": len(ended), "auc": marks.auc, "lift": marks.lift}


def _metrics(learned: Learned, ended: list[Ended]) -> dict[str, Any]:
    kinds = {
        str(kind): {
            "settings": dict(trial.settings),
            "aucs": list(trial.aucs),
            "mean": trial.mean,
            **asdict(learned.marks[kind]),
        }
        for kind, trial in learned.trials.items()
    }
    return {
        "kinds": kinds,
        "bands": [asdict(band) for band in learned.bands],
        "first_on": ended[0].on.isoformat(),
        "tested_from": ended[learned.cut].on.isoformat() if learned.cut < len(ended) else "",
        "last_on": ended[-1].on.isoformat(),
    }
