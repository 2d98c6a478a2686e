"""What a metric is: its facts, and the law by which its sampling error is found.

A law says what has to be summed over rows to know the metric, which is also all that a
resampling of rows can change:

- `Counts`: a function of the confusion counts (accuracy, F1, MCC, fairness gaps);
- `Means`: a function of means over rows (log loss, RMSE, R², ECE);
- `Ranks`: a functional of the joint order of truth and score (AUC, average precision);
- `Measured`: a figure of the model as a whole, taken by a clock or a scale.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

from titleholder.arrays import Floats, Panel, Predictions
from titleholder.metrics.ladder import Steps
from titleholder.types import Task


@dataclass(frozen=True, slots=True)
class Counts:
    """A function of confusion counts.

    ``value`` maps counts (..., K, K), indexed [truth, call], to (...): NaN where undefined.
    For a grouped metric the counts are (..., G, K, K), one table a group. ``proportion`` says,
    where it is so, that the metric is a plain share of rows on which both models can be wrong.
    """

    value: Callable[[Floats], Floats]
    proportion: "Proportion | None" = None


@dataclass(frozen=True, slots=True)
class Proportion:
    """The share of hits (or of misses) among the rows of one truth, or among all (None)."""

    truth: int | None
    misses: bool = False


@dataclass(frozen=True, slots=True)
class Means:
    """A function of row means: ``columns`` gives (n, k), ``value`` maps means (..., k) to (...)."""

    columns: Callable[[Panel, Predictions], Floats]
    value: Callable[[Floats], Floats]


@dataclass(frozen=True, slots=True)
class Ranks:
    """A functional of the order of scores, for two classes.

    ``value`` maps a ladder's steps (..., g) to (...), NaN where a class has no weight.
    ``influence`` maps steps (g,) to the derivative by the weight of a positive and of a
    negative on each step. With fewer rows than ``rare`` in a class, those mislead, and rows
    are resampled instead.
    """

    value: Callable[[Steps], Floats]
    influence: Callable[[Steps], tuple[Floats, Floats]]
    rare: int = 50


@dataclass(frozen=True, slots=True)
class Measured:
    """A figure that the predictions carry as a whole, under the metric's own name."""


Law: TypeAlias = Counts | Means | Ranks | Measured


@dataclass(frozen=True, slots=True)
class Metric:
    """An entry of the registry.

    ``needs`` names what the predictions must hold: label, score, value, or nothing.
    ``target`` is set where the best value is neither end of the domain (a bias of 0): the
    improvement is then the shrinking of the distance to it.
    ``grouped`` metrics compare the groups of a column (`Rule.over`).
    """

    name: str
    title: str
    tasks: frozenset[Task]
    needs: str
    higher_is_better: bool
    domain: tuple[float, float]
    unit: str
    formula: str
    source: str
    law: Law
    grouped: bool = False
    target: float | None = None

    @property
    def measured(self) -> bool:
        """Whether a clock or a scale gives the figure, and not the rows of the panel."""
        return isinstance(self.law, Measured)

    def improvement(self, champion: Any, candidate: Any) -> Any:
        """Candidate against champion, oriented so that positive is better; shapes broadcast."""
        if self.target is not None:
            return np.abs(champion - self.target) - np.abs(candidate - self.target)
        return candidate - champion if self.higher_is_better else champion - candidate


def ratio(numerator: Floats, denominator: Floats) -> Floats:
    """Elementwise quotient; NaN, never 0 and never a warning, where the denominator is 0."""
    numerator, denominator = np.broadcast_arrays(
        np.asarray(numerator, dtype=float), np.asarray(denominator, dtype=float)
    )
    out = np.full(numerator.shape, np.nan)
    np.divide(numerator, denominator, out=out, where=denominator != 0)
    return out
