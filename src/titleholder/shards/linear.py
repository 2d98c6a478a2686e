"""Functions of means over the rows of slices that are too many to be looked at together.

A metric that is a function of means of row values (R², a root, any share of weighted rows) is known
once the values are summed. How it varies is known by the influence of rows: its derivative by each
mean, times how far the row lies from it. So rows are read twice: `Part` is what is summed first,
`Slopes` gives each row its influence after that, whose products are then summed as any others
(`titleholder.stats.shared`).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, partial

import numpy as np

from titleholder.arrays import Floats, Ints, Panel, Predictions
from titleholder.metrics import Metric
from titleholder.metrics.base import Counts, Means, first
from titleholder.shards.products import products_of
from titleholder.stats.influence import by_means
from titleholder.stats.sample import RowColumns
from titleholder.stats.shared.partition import Codes
from titleholder.stats.shared.reading import SECOND
from titleholder.stats.shared.summary import Reading, Summary
from titleholder.types import Task

MOST_CLASSES = 4  # whose weighted calls are summed: sixteen cells a model


@dataclass(frozen=True, slots=True)
class Part:
    """One column of some row values, weighted; of none (``columns`` is None), the weights alone."""

    columns: RowColumns | None
    number: int = 0

    def __call__(self, panel: Panel, predictions: Predictions) -> Floats:
        """The column of some rows, (n, 1)."""
        weight = np.ones(len(panel)) if panel.weight is None else panel.weight
        if self.columns is None:
            return weight[:, None]
        value = self.columns(panel, predictions)[:, self.number]
        return np.asarray(weight * value)[:, None]


@dataclass(frozen=True, slots=True)
class Linear:
    """A metric as a function of means: ``value`` maps means (..., k) of ``columns`` to (...)."""

    columns: RowColumns
    size: int
    value: Callable[[Floats], Floats]

    def parts(self) -> tuple[Part, ...]:
        """What is summed of it, the weights last."""
        return (*(Part(self.columns, i) for i in range(self.size)), Part(None))


def linear_of(
    metric: Metric, panel: Panel, predictions: Predictions, centre: float
) -> Linear | None:
    """How a metric is taken of means of rows one by one; None where it is no function of such.

    Plain means of plain rows and counts of them are known without it. ``panel`` and
    ``predictions`` have no rows, and what else there is to know; ``centre`` is about the truth's.
    """
    law = metric.on(panel.classes).law
    if isinstance(law, Counts) and panel.weight is not None and not metric.grouped:
        k = len(panel.classes)
        if k > MOST_CLASSES or predictions.label is None:
            return None
        return Linear(_calls_of(k), k * k, partial(_of_calls, law.value, k))
    if not isinstance(law, Means) or _is_plain(metric, law, panel):
        return None
    columns = law.about(centre) if law.about is not None else law.columns if law.by_row else None
    if columns is None:
        return None
    return Linear(columns, columns(panel, predictions).shape[1], law.value)


def _is_plain(metric: Metric, law: Means, panel: Panel) -> bool:
    """Whether a mean is known by its moments alone: rows are plain, and none is a hit or a miss."""
    if law.value is not first or not law.by_row or panel.weight is not None:
        return False
    return panel.task is not Task.MULTICLASS or metric.domain != (0.0, 1.0)


@cache
def _calls_of(k: int) -> RowColumns:
    """One and the same for all metrics, so that its columns are summed once."""
    return partial(_calls, k)


def _calls(k: int, panel: Panel, predictions: Predictions) -> Floats:
    """Which cell of truth and call a row is in, (n, K²)."""
    cell = np.asarray(panel.y_true) * k + np.asarray(predictions.label)
    return np.asarray(cell[:, None] == np.arange(k * k), dtype=float)


def _of_calls(value: Callable[[Floats], Floats], k: int, means: Floats) -> Floats:
    return value(means.reshape(*means.shape[:-1], k, k))


@dataclass(frozen=True, slots=True)
class Slopes:
    """Influence of rows on a metric in the slices of one partition.

    ``slopes`` and ``means`` are (2, width, k), by model and code; slopes are 0 for codes that
    nobody asked about. ``values`` are both models' metric by code.
    """

    metric: str
    partition: int
    columns: RowColumns
    slopes: Floats
    means: Floats
    values: Mapping[int, tuple[float, float]]

    @classmethod
    def of(
        cls,
        metric: str,
        linear: Linear,
        partition: int,
        places: Sequence[int],
        summed: Sequence[Floats],
    ) -> "Slopes":
        """Those at these codes; ``summed`` are the sums (SECOND + ALL, width) of its parts."""
        width = summed[0].shape[1]
        shape = (2, width, linear.size)
        slopes, means, values = np.zeros(shape), np.zeros(shape), {}
        for place in places:
            total, own = _own(summed, place)
            if not total > 0:
                continue
            for model in (0, 1):
                mean, scale = (side[model] / total for side in own)
                means[model, place] = mean
                with np.errstate(all="ignore"):
                    slopes[model, place] = by_means(linear.value, mean, scale) / total
            with np.errstate(all="ignore"):
                one, two = linear.value(means[:, place])
            values[place] = (float(one), float(two))
        return cls(metric, partition, linear.columns, slopes, means, values)

    def summed(
        self,
        number: int,
        code: Codes | None,
        panel: Panel,
        both: tuple[Predictions, Predictions],
        reading: Reading,
    ) -> Summary:
        """The products of one block, whose rows have these codes (n,)."""
        weight = np.ones(len(panel)) if panel.weight is None else panel.weight
        at: Ints = np.zeros(len(panel), dtype=np.int64) if code is None else code.astype(np.int64)
        one, two = (
            Predictions(
                model.model,
                value=weight * ((self.columns(panel, model) - mean[at]) * slope[at]).sum(axis=1),
            )
            for model, mean, slope in zip(both, self.means, self.slopes, strict=True)
        )
        return products_of(number, self.slopes.shape[1], code, panel, (one, two), reading.thinned)


def _own(
    summed: Sequence[Floats], place: int
) -> tuple[float, tuple[tuple[Floats, Floats], tuple[Floats, Floats]]]:
    """The total weight of a code; each column's totals by model, and the roots of their squares."""
    at = {order: i for i, order in enumerate(SECOND)}
    sums = np.array([part[: len(SECOND), place] for part in summed[:-1]])
    a, d = sums[:, at[1, 0]], sums[:, at[0, 1]]
    aa, ad, dd = sums[:, at[2, 0]], sums[:, at[1, 1]], sums[:, at[0, 2]]
    squares = aa, aa + 2 * ad + dd
    one, two = (np.sqrt(np.maximum(side, 0.0)) for side in squares)
    total = float(summed[-1][at[1, 0], place])
    return total, ((a, a + d), (one, two))
