"""Models that rank whom to call: training asked for, what came of it kept, put in use by a second person, taken out."""

import subprocess
import sys
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any, Final

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from campaigns.enums import ModelKind, ModelState
from campaigns.models import TrainedModel
from campaigns.queries.scores import fits
from core import trail
from core.errors import DomainError
from core.jobs import Counts, enqueue, rearm
from core.models import Job
from core.trail import Actor
from staff.models import User

SUBJECT = "campaigns.trainedmodel"
TRAIN_JOB = "campaigns.train_call_model"
REFUSED: Final = 3
SECONDS: Final = 1800
# Fewer outcomes, or fewer of either kind, teach chance.
LEAST, LEAST_EACH = 300, 30
MOST: Final = 200_000


class TooFewOutcomes(DomainError):
    """There is not enough to learn from."""

    code = "too_few_outcomes"
    message = _(
        "Too few calls have ended with a yes or a no: at least %(least)s are needed, and %(each)s of either kind."
    )

    def __init__(self) -> None:
        super().__init__(least=LEAST, each=LEAST_EACH)


class OwnModel(DomainError):
    """Whoever had the model trained is not the second person."""

    code = "own_model"
    message = _("A model is put in use by a second person, not by whoever had it trained.")


class OtherColumns(DomainError):
    """The model was trained on other facts than are asked for now."""

    code = "other_columns"
    message = _("This model was trained on other facts than are known now. Train a new one.")


class NotThisStep(DomainError):
    """The model is not where this step begins."""

    code = "model_state"
    message = _("The model is in another state by now.")


def check_enough(labels: Sequence[int]) -> None:
    """Raise TooFewOutcomes unless there is enough of both kinds to learn from."""
    agreed = sum(labels)
    if len(labels) < LEAST or min(agreed, len(labels) - agreed) < LEAST_EACH:
        raise TooFewOutcomes()


@transaction.atomic
def keep_model(
    *,
    kind: ModelKind,
    columns: Sequence[str],
    weights: Mapping[str, Any],
    metrics: Mapping[str, Any],
    row_count: int,
    trained_by: User | None,
    actor: Actor,
    at: datetime,
    on: date,
) -> TrainedModel:
    """Keep a trained model as a candidate; the candidates before it are no longer offered."""
    TrainedModel.objects.filter(state=ModelState.CANDIDATE).update(state=ModelState.RETIRED)
    model = TrainedModel.objects.create(
        kind=kind,
        features=list(columns),
        weights=dict(weights),
        metrics=dict(metrics),
        row_count=row_count,
        trained_on=on,
        trained_at=at,
        trained_by=trained_by,
    )
    _record(model, "train", actor, at, {"kind": str(kind), "rows": row_count})
    return model


@transaction.atomic
def put_in_use(*, model: TrainedModel, actor: User, at: datetime) -> TrainedModel:
    """Let calls be ranked by the model from now on; the one before is replaced. Raises OwnModel, OtherColumns,
    NotThisStep."""
    # Locked by number, so that of two who act at once the second finds the first one's model in use.
    rows = {row.pk: row for row in TrainedModel.objects.select_for_update().order_by("pk")}
    model = rows[model.pk]
    if model.state == ModelState.ACTIVE:
        raise NotThisStep()
    if model.trained_by_id == actor.pk:
        raise OwnModel()
    if not fits(model):
        raise OtherColumns()
    before = next((row for row in rows.values() if row.state == ModelState.ACTIVE), None)
    if before is not None:
        _move(before, ModelState.RETIRED)
    model.activated_by, model.activated_at = actor, at
    _move(model, ModelState.ACTIVE, "activated_by", "activated_at")
    _record(model, "put_in_use", actor.actor, at, {"instead_of": before.pk if before else None})
    return model


@transaction.atomic
def take_out_of_use(*, model: TrainedModel, actor: User, at: datetime) -> TrainedModel:
    """Rank calls without a model again. Raises NotThisStep."""
    model = TrainedModel.objects.select_for_update().get(pk=model.pk)
    if model.state != ModelState.ACTIVE:
        raise NotThisStep()
    _move(model, ModelState.RETIRED)
    _record(model, "take_out_of_use", actor.actor, at, {})
    return model


@transaction.atomic
def start_training(*, actor: User, at: datetime) -> Job:
    """Have a model trained by a worker; while one is being trained, that one."""
    job = enqueue(name=TRAIN_JOB, key="model", actor=actor.actor, at=at, args={"by": actor.staff_no}, publish=False)
    if job.finished_at is not None:
        job.args = {"by": actor.staff_no}
        job.save(update_fields=["args"])
        rearm(job, at=at)
    return enqueue(name=TRAIN_JOB, key="model", actor=actor.actor, at=at)


def run_training(args: Mapping[str, Any]) -> Counts:
    """Train in a process of its own, which alone loads the library. Raises TooFewOutcomes.

    What went wrong otherwise is raised as CalledProcessError, and tried again as jobs are.
    """
    command = [sys.executable, str(settings.BASE_DIR / "manage.py"), "train_call_model", f"--by={args['by']}"]
    # What it complains of goes to the worker's own log.
    done = subprocess.run(command, stdout=subprocess.DEVNULL, timeout=SECONDS, check=False)
    if done.returncode == REFUSED:
        raise TooFewOutcomes()
    done.check_returncode()
    return {"rows": 1}


def _move(model: TrainedModel, state: ModelState, *fields: str) -> None:
    model.state = state
    model.save(update_fields=["state", *fields])


def _record(model: TrainedModel, action: str, actor: Actor, at: datetime, changes: Mapping[str, Any]) -> None:
    trail.record(actor=actor, action=action, subject=SUBJECT, subject_id=model.pk, at=at, changes=changes)
