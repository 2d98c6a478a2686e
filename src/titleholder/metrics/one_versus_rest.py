"""ROC AUC for many classes: each against the rest, averaged.

Scores are (n, K). Resampling goes by the influence values of the binary areas (see
`titleholder.metrics.ranking`), which need a handful of rows in every class: with fewer, or
with a class that does not occur, there is no value.
"""

from collections.abc import Callable, Iterator

import numpy as np

from titleholder.arrays import Floats, Panel, Predictions
from titleholder.metrics.base import Means, Metric, first
from titleholder.metrics.ladder import Ladder
from titleholder.metrics.ranking import auc, auc_influence
from titleholder.types import Task

# With one row, the influence of a class is nothing at all; with ten it is within a tenth.
FEWEST = 10


def area_columns(*, by_share: bool) -> Callable[[Panel, Predictions], Floats]:
    """The averaged area plus each row's influence on it, (n, 1): their mean is the area.

    ``by_share`` weights classes by their share of the rows, otherwise all count the same.
    """

    def columns(panel: Panel, predictions: Predictions) -> Floats:
        if predictions.score is None or panel.y_true is None:
            raise ValueError("an area was asked of predictions without scores")
        n, k = len(panel), len(panel.classes)
        weight = np.ones(n) if panel.weight is None else panel.weight
        truth = np.eye(k)[np.asarray(panel.y_true)]
        occurring = truth[weight > 0].sum(axis=0)
        if occurring.min() < FEWEST:
            return np.full((n, 1), np.nan)
        share = weight @ truth / weight.sum()
        column = np.zeros(n)
        for code in range(k):
            area, influence = _area(truth[:, code], predictions.score[:, code], weight)
            own = area + influence
            # A row that is drawn once more also makes its class weigh more.
            column += (
                share[code] * own + (truth[:, code] - share[code]) * area if by_share else own / k
            )
        return column[:, None]

    return columns


def _area(positive: Floats, score: Floats, weight: Floats) -> tuple[float, Floats]:
    """The binary area, and each row's influence on it times the weight of all, (n,)."""
    ladder = Ladder.of(positive, score)
    steps = ladder.steps(weight)
    of_positive, of_negative = auc_influence(steps)
    at = ladder.step_of_row
    influence = np.where(positive == 1, of_positive[at], of_negative[at])
    return float(auc(steps)), influence * weight.sum()


def metrics() -> Iterator[Metric]:
    """The entries of this topic."""
    means = {
        "roc_auc_ovr": ("ROC AUC, one against the rest", False, "mean over classes of the AUC"),
        "roc_auc_ovr_weighted": (
            "ROC AUC, one against the rest, weighted", True,
            "mean over classes of the AUC, weighted by their rows",
        ),
    }  # fmt: skip
    for name, (title, by_share, formula) in means.items():
        yield Metric(
            name, title, frozenset({Task.MULTICLASS}), "score", True, (0.0, 1.0), "", formula,
            "doi:10.1023/A:1010920819831", Means(area_columns(by_share=by_share), first),
            by_default=not by_share,
        )  # fmt: skip
