"""Training with scikit-learn: the only place that loads it, and only the command that trains loads this.

Both kinds come back as plain numbers for `rules.learning`. Unknown values are None in rows, NaN for the library.
"""

import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from threadpoolctl import threadpool_limits

from campaigns.enums import ModelKind
from campaigns.rules.learning import Row, chance, scorer
from campaigns.rules.marks import (
    LEARNED_SHARE,
    Band,
    Fold,
    Marks,
    auc,
    calibration,
    folds,
    is_clearly_better,
    later,
    marks,
)

Table = Sequence[Row]
# Tried by cross-validation, the simplest first; of equals the first is taken.
TRIED: Final[tuple[tuple[ModelKind, Mapping[str, float]], ...]] = (
    *((ModelKind.LOGISTIC, {"C": strength}) for strength in (0.001, 0.01, 0.1, 1.0)),
    (ModelKind.BOOSTING, {"max_depth": 2, "max_iter": 100}),
    (ModelKind.BOOSTING, {"max_depth": 3, "max_iter": 150}),
)
_BOOSTING: Final = {"learning_rate": 0.05, "min_samples_leaf": 40, "l2_regularization": 1.0, "early_stopping": False}
_SEED: Final = 1


@dataclass(frozen=True, slots=True)
class Trained:
    """A model as numbers (`weights`), and by what settings it came about."""

    kind: ModelKind
    settings: Mapping[str, float]
    weights: dict[str, Any]

    def chances(self, rows: Table) -> list[float]:
        """What it gives each row, reckoned as the product does."""
        asks = scorer(self.kind, self.weights)
        return [chance(asks.log_odds(row)) for row in rows]


@dataclass(frozen=True, slots=True)
class Trial:
    """How settings did in cross-validation: the AUC of each trial, and their mean."""

    kind: ModelKind
    settings: Mapping[str, float]
    aucs: tuple[float, ...]

    @property
    def mean(self) -> float:
        """Mean AUC; 0.5 (chance) where no trial could be judged."""
        return sum(self.aucs) / len(self.aucs) if self.aucs else 0.5


@dataclass(frozen=True, slots=True)
class Learned:
    """A model learned from all rows; by kind the trial that won, and marks on the rows from `cut` on."""

    model: Trained
    trials: Mapping[ModelKind, Trial]
    marks: Mapping[ModelKind, Marks]
    bands: Sequence[Band]
    cut: int


def train(kind: ModelKind, settings: Mapping[str, float], rows: Table, labels: Sequence[int]) -> Trained:
    """A model of one kind, learned from all rows, on one processor: on a busy machine more are slower."""
    made = _logistic if kind == ModelKind.LOGISTIC else _boosting
    with threadpool_limits(limits=1):
        return Trained(kind, settings, made(_array(rows), np.asarray(labels, dtype=int), settings))


def tried(rows: Table, labels: Sequence[int], folds: Sequence[Fold]) -> Iterator[Trial]:
    """Every setting of both kinds over trials in time: learned from what came before each, judged on what followed."""
    for kind, settings in TRIED:
        yield Trial(kind, settings, tuple(_judged(kind, settings, rows, labels, folds)))


def best(trials: Sequence[Trial], kind: ModelKind) -> Trial:
    """The settings of a kind with the highest mean AUC; of equals the first."""
    return max((one for one in trials if one.kind == kind), key=lambda one: one.mean)


def chosen(trials: Sequence[Trial]) -> Trial:
    """The better of both kinds: trees where they are clearly better, else the logistic regression."""
    simple, trees = best(trials, ModelKind.LOGISTIC), best(trials, ModelKind.BOOSTING)
    return trees if is_clearly_better(trees.aucs, simple.aucs) else simple


def learn(days: Sequence[Any], rows: Table, labels: Sequence[int]) -> Learned:
    """The model for use, and how it was found, from rows in the order of their days.

    Settings and kind are chosen by trials within the earlier share; marks are of what came after it, which no model
    had seen; the model for use then learns from all.
    """
    cut = later(days, int(len(rows) * LEARNED_SHARE))
    trials = list(tried(rows[:cut], labels[:cut], list(folds(days[:cut]))))
    choice, after = chosen(trials), slice(cut, None)
    judged = {}
    for kind in ModelKind:
        settings = best(trials, kind).settings
        judged[kind] = train(kind, settings, rows[:cut], labels[:cut]).chances(rows[after])
    return Learned(
        train(choice.kind, choice.settings, rows, labels),
        {kind: best(trials, kind) for kind in ModelKind},
        {kind: marks(scores, labels[after]) for kind, scores in judged.items()},
        calibration(judged[choice.kind], labels[after]),
        cut,
    )


def _judged(
    kind: ModelKind, settings: Mapping[str, float], rows: Table, labels: Sequence[int], folds: Sequence[Fold]
) -> Iterator[float]:
    for fold in folds:
        if len(set(labels[: fold.start])) < 2:
            continue
        made = train(kind, settings, rows[: fold.start], labels[: fold.start])
        found = auc(made.chances(rows[fold.start : fold.end]), labels[fold.start : fold.end])
        if found is not None:
            yield found


def _array(rows: Table) -> np.ndarray:
    return np.array([[np.nan if value is None else value for value in row] for row in rows], dtype=float)


def _centre(table: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Means and deviations of the columns over what is known; 0 and 1 where nothing is, or nothing differs."""
    known = ~np.isnan(table)
    count = np.maximum(known.sum(axis=0), 1)
    means = np.where(known, table, 0).sum(axis=0) / count
    spread = np.sqrt(np.where(known, (table - means) ** 2, 0).sum(axis=0) / count)
    return means, np.where(spread > 0, spread, 1)


def standardised(table: np.ndarray, means: np.ndarray, scales: np.ndarray) -> np.ndarray:
    """Columns at mean 0 and deviation 1, what is unknown at 0."""
    return np.nan_to_num((table - means) / scales, nan=0.0)


def _logistic(table: np.ndarray, labels: np.ndarray, settings: Mapping[str, float]) -> dict[str, Any]:
    means, scales = _centre(table)
    made = LogisticRegression(max_iter=1000, **settings).fit(standardised(table, means, scales), labels)
    return {
        "base": float(made.intercept_[0]),
        "means": means.tolist(),
        "scales": scales.tolist(),
        "weights": made.coef_[0].tolist(),
    }


def fit_boosting(
    table: np.ndarray, labels: np.ndarray, settings: Mapping[str, float]
) -> HistGradientBoostingClassifier:
    """The library's own model, with NaN for what is unknown."""
    return HistGradientBoostingClassifier(random_state=_SEED, **_BOOSTING, **settings).fit(table, labels)


def _boosting(table: np.ndarray, labels: np.ndarray, settings: Mapping[str, float]) -> dict[str, Any]:
    made = fit_boosting(table, labels, settings)
    means, _scales = _centre(table)
    # The trees are not part of the library's public face; its version is pinned, and a test compares the answers.
    start, trees = float(made._baseline_prediction[0, 0]), [stage[0].nodes for stage in made._predictors]
    return {"start": start, "trees": [_tree(nodes) for nodes in trees], "means": means.tolist()}


def _tree(nodes: np.ndarray) -> dict[str, list[float]]:
    """A tree as lists by node; a bound without end becomes the largest number JSON can hold."""
    leaf, last = nodes["is_leaf"].astype(bool), sys.float_info.max
    return {
        "columns": np.where(leaf, -1, nodes["feature_idx"]).tolist(),
        "bounds": np.where(leaf, 0, np.clip(nodes["num_threshold"], -last, last)).tolist(),
        "unknown_left": np.where(leaf, 0, nodes["missing_go_to_left"]).astype(int).tolist(),
        "left": np.where(leaf, 0, nodes["left"]).astype(int).tolist(),
        "right": np.where(leaf, 0, nodes["right"]).astype(int).tolist(),
        "values": _means(nodes),
    }


def _means(nodes: np.ndarray) -> list[float]:
    """What each leaf adds; of other nodes the mean over the rows that came by. Children follow their parents."""
    values = nodes["value"].astype(float).tolist()
    for place in range(len(nodes) - 1, -1, -1):
        node = nodes[place]
        if not node["is_leaf"]:
            left, right = int(node["left"]), int(node["right"])
            counts = float(nodes[left]["count"]), float(nodes[right]["count"])
            values[place] = (values[left] * counts[0] + values[right] * counts[1]) / (sum(counts) or 1)
    return values
