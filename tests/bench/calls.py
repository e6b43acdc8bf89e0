"""Whom to call: the product's way of choosing a model, beside two models as they come out of the box.

The outcomes are 39,752 calls of a Portuguese bank in the order of time (S. Moro, P. Cortez, P. Rita, UCI Machine
Learning Repository, "Bank Marketing", CC BY 4.0); the file is named with `--outcomes` or UCI_BANK_MARKETING. All learn
from the first 70 % and are judged on the rest. `duration` is known only after the call and is never read. The models
out of the box get every other column; the product leaves out month and day, as it does for its own customers.
"""

import csv
import gzip
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from math import copysign, log1p
from pathlib import Path

import numpy as np
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from threadpoolctl import threadpool_limits

from campaigns.gateways.learning import chosen, learn, train
from campaigns.rules.marks import auc, marks
from tests.bench.feeds import Say
from tests.bench.measuring import Figure

WORDS = ("poutcome", "job", "marital", "education", "default", "housing", "loan", "contact")
AGES = ((0, 30), (30, 45), (45, 60), (60, 200))
NEVER = -1.0
Record = Mapping[str, str]
Rows = list[list[float | None]]


@dataclass(frozen=True, slots=True)
class Outcomes:
    """The calls: what models are given, what came of each, and the run of days and of months it lies in."""

    plain: Rows
    ours: Rows
    labels: list[int]
    days: list[int]
    months: list[int]


def measure_calls(path: Path | None, say: Say) -> list[Figure]:
    """AUC and lift in the top decile of the product's choice, against the better of both baselines."""
    if path is None or not path.exists():
        say("calls: no outcomes; name the file of UCI's Bank Marketing with --outcomes")
        return []
    found = read(path)
    say(f"models of {len(found.labels):,} calls")
    learned = learn(found.days, found.ours, found.labels)
    cut = learned.cut
    scored = {f"baseline: {name}": scores for name, scores in _baselines(found, cut)}
    choice = chosen(list(learned.trials.values()))
    for kind, trial in learned.trials.items():
        name = f"{'the product' if kind == choice.kind else 'not chosen'}: {kind.value}"
        model = train(kind, trial.settings, found.ours[:cut], found.labels[:cut])
        scored[name] = model.chances(found.ours[cut:])
        say(f"{name} {dict(trial.settings)}, trials {trial.mean:.3f} ({', '.join(f'{a:.3f}' for a in trial.aucs)})")
    return list(_figures(scored, found, cut))


def _figures(scored: Mapping[str, Sequence[float]], found: Outcomes, cut: int) -> Iterator[Figure]:
    labels, months = found.labels[cut:], found.months[cut:]
    given = {name: marks(scores, labels) for name, scores in scored.items()}
    plain = [one for name, one in given.items() if name.startswith("baseline")]
    bars = {"AUC": max(one.auc or 0 for one in plain), "lift": max(one.lift or 0 for one in plain)}
    for name, one in given.items():
        monthly = within(scored[name], labels, months)
        note = f"of {one.count:,} calls {one.agreed_share:.1%} agreed; AUC within a month {monthly:.3f}"
        for mark, value in (("AUC", one.auc or 0.0), ("lift", one.lift or 0.0)):
            bar = bars[mark] if name.startswith("the product") else None
            goal = f"≥ {bar:.3f}, the better baseline" if bar is not None else ""
            yield Figure(f"calls, {mark}, {name}", "", value, bound=bar, goal=goal, at_least=True, note=note)


def _baselines(found: Outcomes, cut: int) -> Iterator[tuple[str, list[float]]]:
    table = np.array([[np.nan if value is None else value for value in row] for row in found.plain])
    models = {
        "logistic regression": (
            make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000)),
            np.nan_to_num(table),
        ),
        "gradient boosting": (HistGradientBoostingClassifier(random_state=0), table),
    }
    for name, (model, rows) in models.items():
        with threadpool_limits(limits=1):
            yield name, model.fit(rows[:cut], found.labels[:cut]).predict_proba(rows[cut:])[:, 1].tolist()


def within(scores: Sequence[float], labels: Sequence[int], months: Sequence[int]) -> float:
    """AUC among calls of the same month, over all months by their calls: a call list ranks people of one day."""
    total = count = 0.0
    for _month, group in groupby(zip(months, scores, labels, strict=True), key=lambda row: row[0]):
        rows = list(group)
        found = auc([score for _m, score, _l in rows], [label for _m, _s, label in rows])
        if found is not None:
            total, count = total + found * len(rows), count + len(rows)
    return total / count if count else 0.5


def read(path: Path) -> Outcomes:
    """The file as rows of numbers."""
    with gzip.open(path, "rt", encoding="utf-8") as file:
        records = list(csv.DictReader(file))
    words = {name: sorted({record[name] for record in records}) for name in (*WORDS, "month")}
    return Outcomes(
        [list(_plain(record, words)) for record in records],
        [list(_ours(record, words)) for record in records],
        [int(record["y"] == "yes") for record in records],
        _runs([(record["month"], record["day"]) for record in records]),
        _runs([record["month"] for record in records]),
    )


def _runs(values: Sequence[object]) -> list[int]:
    """For each row the number of its run of equal values."""
    return [n for n, (_value, group) in enumerate(groupby(values)) for _row in group]


def _plain(record: Record, words: Mapping[str, Sequence[str]]) -> Iterator[float | None]:
    for name, all_of_it in words.items():
        yield from (float(record[name] == word) for word in all_of_it)
    yield from (float(record[name]) for name in ("day", "campaign", "previous", "age", "balance"))
    yield None if float(record["pdays"]) == NEVER else float(record["pdays"])


def _ours(record: Record, words: Mapping[str, Sequence[str]]) -> Iterator[float | None]:
    """As `rules.call_facts` does with the product's own facts: bands of age, logarithms of amounts and counts."""
    for name in WORDS:
        yield from (float(record[name] == word) for word in words[name])
    age, balance, days = float(record["age"]), float(record["balance"]), float(record["pdays"])
    yield from (float(first <= age < last) for first, last in AGES)
    yield copysign(log1p(abs(balance)), balance)
    yield float(balance < 0)
    yield log1p(float(record["campaign"]))
    yield log1p(float(record["previous"]))
    yield float(days == NEVER)
    yield None if days == NEVER else log1p(days)
