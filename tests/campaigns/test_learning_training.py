"""Training: the plain numbers answer as the library does, and calls that ended become a candidate."""

import random
from datetime import timedelta
from math import exp

import numpy as np
import pytest
from django.core.management import CommandError, call_command
from sklearn.linear_model import LogisticRegression

from campaigns.enums import ModelKind, ModelState
from campaigns.gateways import learning as gateway
from campaigns.models import TrainedModel
from campaigns.rules.learning import scorer
from servicing.models import Interaction
from tests import factories as make
from tests.factories import NOW

COUNT = 400


def made_up(seed: int = 3) -> tuple[list[list[float | None]], list[int]]:
    """Rows with a column that pulls, one that turns it, one often unknown, and one that never differs."""
    rng = random.Random(seed)
    rows: list[list[float | None]] = []
    labels = []
    for _n in range(COUNT):
        pull, turn = rng.gauss(0, 1), rng.choice([0.0, 1.0])
        unknown = None if rng.random() < 0.3 else rng.expovariate(1)
        rows.append([pull, turn, unknown, 5.0])
        labels.append(int(rng.random() < 1 / (1 + exp(2 - pull - pull * turn - (3 if unknown is None else unknown)))))
    return rows, labels


@pytest.mark.parametrize("kind", ModelKind)
def test_plain_numbers_answer_as_the_library_does(kind):
    rows, labels = made_up()
    table = np.array([[np.nan if value is None else value for value in row] for row in rows])
    settings = {"C": 0.1} if kind == ModelKind.LOGISTIC else {"max_depth": 3, "max_iter": 40}
    if kind == ModelKind.LOGISTIC:
        means, scales = np.nanmean(table, axis=0), np.nanstd(table, axis=0)
        known = np.nan_to_num((table - means) / np.where(scales > 0, scales, 1), nan=0.0)
        theirs = LogisticRegression(max_iter=1000, **settings).fit(known, labels).predict_proba(known)
    else:
        theirs = gateway.fit_boosting(table, np.array(labels), settings).predict_proba(table)

    model = gateway.train(kind, settings, rows, labels)

    assert model.chances(rows) == pytest.approx(theirs[:, 1], abs=1e-9)
    asks = scorer(kind, model.weights)
    assert [asks.base + sum(asks.effects(row)) for row in rows] == pytest.approx([asks.log_odds(row) for row in rows])


@pytest.mark.django_db
def test_calls_that_ended_become_a_candidate_with_marks_of_calls_it_had_not_seen(monkeypatch):
    monkeypatch.setattr(gateway, "TRIED", [gateway.TRIED[1], (ModelKind.BOOSTING, {"max_depth": 2, "max_iter": 20})])
    manager = make.make_user(role="manager")
    with pytest.raises(CommandError, match="300") as refused:
        call_command("train_call_model", "--json")
    assert refused.value.returncode == 3
    # Those with a notice deposit mostly agree.
    product, rng, calls = make.make_product(kind="notice"), random.Random(5), []
    people = [make.make_customer(manager=manager) for _n in range(12)]
    for customer in people[:6]:
        make.make_account(customer=customer, product=product, on=(NOW - timedelta(days=500)).date())
    for n in range(360):
        outcome = "interested" if rng.random() < (0.7 if n % 12 < 6 else 0.15) else "not_interested"
        at = NOW - timedelta(days=200 - n // 2)
        said = {"channel": "phone", "direction": "out", "topic": "rate", "happened_at": at, "recorded_at": at}
        about = {"customer": people[n % 12], "author": manager, "branch": manager.branch}
        calls.append(Interaction(**about, outcome=outcome, **said))
    Interaction.everything.bulk_create(calls)

    call_command("train_call_model", "--json", "--by", manager.staff_no)

    model = TrainedModel.objects.get()
    assert (model.state, model.trained_by, model.row_count) == (ModelState.CANDIDATE, manager, 360)
    marks = model.metrics["kinds"][model.kind]
    assert marks["count"] == sum(band["count"] for band in model.metrics["bands"]) == 108
    assert marks["auc"] > 0.65
    assert marks["lift"] > 1.3
    assert len(marks["aucs"]) == 5
