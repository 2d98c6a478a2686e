"""Mitigations as fairlearn computes them, on top of a model's own scores.

Two kinds: a threshold for each group (Hardt, Price and Srebro 2016, arXiv:1610.02413), which
needs the group when it decides; and a thin layer, a logistic regression over the model's score
and the data's columns, fitted anew as it is, reweighed (Kamiran and Calders 2012,
doi:10.1007/s10115-011-0463-8), or by reductions (Agarwal et al. 2018, arXiv:1803.02453), which
does not. Some answers are drawn by lot, from a seed.
"""

import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any

import numpy as np
from numpy.typing import NDArray

from titleholder.arrays import Floats, Ints
from titleholder.comparison.slices import labels_of

THRESHOLDS, LAYER, REWEIGHED, REDUCED = "thresholds", "layer", "reweighed", "reduced"
NONE, PARITY, ODDS = "", "demographic_parity", "equalized_odds"
MISSING = "fairlearn is not installed: pip install 'titleholder[fairness]'"

_MOST_WORDS = 20
_MOST_ROWS = 3_000  # that a reduction is fitted on: it fits dozens of models
_BOUND = 0.01
_ROUNDS = 25
_EVEN = 0.5


@dataclass(frozen=True, slots=True)
class Problem:
    """Rows of one panel, (n,) each, and which of them fit and which measure.

    ``score`` is the model's, ``truth`` and ``label`` codes of the positive class, ``threshold``
    where the model's score becomes a decision.
    """

    score: Floats
    truth: Ints
    group: Ints
    columns: Mapping[str, NDArray[Any]]
    fit: Ints
    measure: Ints
    threshold: float
    seed: int


def installed() -> bool:
    """Whether fairlearn is there."""
    return find_spec("fairlearn") is not None


def answers(problem: Problem) -> Iterator[tuple[str, str, Ints | str]]:
    """Kind, constraint and answers (m,) on the measuring rows; text says why there are none."""
    for constraint in (PARITY, ODDS):
        yield THRESHOLDS, constraint, _or_why(_by_group, problem, constraint)
    design = _design(problem)
    for kind, constraint, fitted in (
        (LAYER, NONE, _layer),
        (REWEIGHED, PARITY, _reweighed),
        (REDUCED, PARITY, _reduced),
        (REDUCED, ODDS, _reduced),
    ):
        yield kind, constraint, _or_why(fitted, problem, constraint, design)


def _or_why(fitted: Any, *arguments: Any) -> Ints | str:
    """The answers, or what the library says where these rows allow none."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            found: Ints = np.asarray(fitted(*arguments)).astype(np.int64)
            return found
    except (ValueError, ZeroDivisionError) as error:
        return " ".join(str(error).split())[:200] or type(error).__name__


def _by_group(problem: Problem, constraint: str) -> Ints:
    """A threshold for each group; it looks for accuracy, or for balanced accuracy where the
    suite's own threshold is not one half."""
    from fairlearn.postprocessing import ThresholdOptimizer

    even = problem.threshold == _EVEN
    optimizer = ThresholdOptimizer(
        estimator=_scorer(),
        constraints=constraint,
        objective="accuracy_score" if even else "balanced_accuracy_score",
        prefit=True,
        predict_method="predict_proba",
    )
    x, fit, rest = problem.score[:, None], problem.fit, problem.measure
    optimizer.fit(x[fit], problem.truth[fit], sensitive_features=problem.group[fit])
    return np.asarray(
        optimizer.predict(
            x[rest], sensitive_features=problem.group[rest], random_state=problem.seed
        )
    )


def _scorer() -> Any:
    """A fitted classifier in the eyes of fairlearn: its only feature is the probability."""
    from sklearn.base import BaseEstimator, ClassifierMixin

    class Scorer(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
        classes_ = np.array([0, 1])
        fitted_ = True

        def fit(self, x: Floats, y: Ints) -> "Scorer":
            return self

        def predict_proba(self, x: Floats) -> Floats:
            return np.column_stack([1 - x[:, 0], x[:, 0]])

        def predict(self, x: Floats) -> Ints:
            return (x[:, 0] >= _EVEN).astype(np.int64)

    return Scorer()


def _layer(problem: Problem, _: str, design: Floats) -> Ints:
    return _decided(problem, design, np.ones(len(problem.fit)))


def _reweighed(problem: Problem, _: str, design: Floats) -> Ints:
    """Weights under which group and truth are independent: P(g) P(y) / P(g, y)."""
    group, truth = problem.group[problem.fit], problem.truth[problem.fit]
    cell = group * 2 + truth
    n = len(cell)
    of_group = np.bincount(group)[group]
    of_truth = np.bincount(truth, minlength=2)[truth]
    weight = of_group * of_truth / (n * np.bincount(cell)[cell])
    return _decided(problem, design, weight)


def _decided(problem: Problem, design: Floats, weight: Floats) -> Ints:
    """What the layer decides at the suite's own threshold."""
    model = _logistic(problem.seed)
    model.fit(design[problem.fit], problem.truth[problem.fit], sample_weight=weight)
    score = model.predict_proba(design[problem.measure])[:, 1]
    called: Ints = np.asarray(score >= problem.threshold).astype(np.int64)
    return called


def _reduced(problem: Problem, constraint: str, design: Floats) -> Ints:
    """Exponentiated gradient; a miss costs as much as the suite's threshold says."""
    from fairlearn import reductions

    rule = quick({PARITY: reductions.DemographicParity, ODDS: reductions.EqualizedOdds}[constraint])
    price = {"fn": 1 - problem.threshold, "fp": problem.threshold}
    model = reductions.ExponentiatedGradient(
        _logistic(problem.seed),
        constraints=rule(difference_bound=_BOUND),
        objective=reductions.ErrorRate(costs=price),
        max_iter=_ROUNDS,
    )
    fit = problem.fit[:_MOST_ROWS]
    model.fit(design[fit], problem.truth[fit], sensitive_features=problem.group[fit])
    return np.asarray(model.predict(design[problem.measure], random_state=problem.seed))


def quick(rule: type[Any]) -> type[Any]:
    """A constraint of fairlearn's that says the same, and works on plain arrays.

    Its own goes through labelled tables each of the hundreds of times that it is asked.
    """
    import pandas as pd

    class Quick(rule):  # type: ignore[misc]
        def load_data(self, x: Any, y: Any, **given: Any) -> None:
            super().load_data(x, y, **given)
            both = self.prob_group_event
            self._event = both.index.codes[0]
            self._share = both.div(self.prob_event, level=both.index.names[0]).to_numpy()
            self._weights = self.U.to_numpy(dtype=float)

        def gamma(self, predictor: Any) -> Any:
            """By how much each side of each constraint is broken."""
            called = self.utility_diff * np.squeeze(predictor(self.X)) + self.utilities[:, 0]
            return pd.Series(-(self._weights.T @ called) / self.total_samples, index=self.index)

        def project_lambda(self, lambda_vec: Any) -> Any:
            """The least prices that say the same: each event's are shifted by their median."""
            above, below = lambda_vec.reindex(self.index).to_numpy(dtype=float).reshape(2, -1)
            price = above - below
            for event in np.unique(self._event):
                here = np.flatnonzero(self._event == event)
                share = self._share[here]
                each = price[here] / share
                order = np.argsort(each, kind="stable")
                middle = np.searchsorted(share[order].cumsum(), share.sum() / 2)
                price[here] -= share * each[order[middle]]
            both = np.concatenate([price.clip(min=0.0), (-price).clip(min=0.0)])
            return pd.Series(both, index=self.index)

    return Quick


def _logistic(seed: int) -> Any:
    from sklearn.linear_model import LogisticRegression

    # Newton's steps: in so few columns a tenth of the steps, to the optimum itself.
    return LogisticRegression(C=1.0, max_iter=500, random_state=seed, solver="newton-cholesky")


def _design(problem: Problem) -> Floats:
    """The score's log odds, numbers standardised on the fitting rows, words as indicators."""
    odds = np.clip(problem.score, 1e-6, 1 - 1e-6)
    parts = [_standard(np.log(odds / (1 - odds)), problem.fit)]
    for values in problem.columns.values():
        if values.dtype.kind in "iuf":
            parts.append(_standard(values.astype(float), problem.fit))
        else:
            parts += _indicators(labels_of(values).astype(str), problem.fit)
    return np.column_stack(parts)


def _standard(values: Floats, fit: Ints) -> Floats:
    known = np.isfinite(values)
    centre = float(np.median(values[fit][known[fit]])) if known[fit].any() else 0.0
    filled = np.where(known, values, centre)
    spread = float(filled[fit].std()) or 1.0
    return (filled - float(filled[fit].mean())) / spread


def _indicators(words: NDArray[np.str_], fit: Ints) -> list[Floats]:
    distinct, counts = np.unique(words[fit], return_counts=True)
    common = distinct[np.argsort(-counts, kind="stable")][:_MOST_WORDS]
    return [(words == word).astype(float) for word in sorted(common)[1:]]
