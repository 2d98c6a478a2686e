"""What one row is worth to each model, for metrics that are means over rows."""

import numpy as np

from titleholder.arrays import Floats
from titleholder.metrics.base import Means, Metric
from titleholder.stats.resampler import sum_by_unit
from titleholder.stats.sample import Sample
from titleholder.stats.shares import hits_of


def worth(metric: Metric, sample: Sample) -> tuple[Floats, Floats, Floats]:
    """Champion's and candidate's worth, (n,) and (n,), larger is better, and the weights (n,).

    Rows that the metric is not about have weight 0.
    """
    hits = hits_of(metric, sample)
    if hits is not None:
        weight = np.where(hits.counted, sample.weight, 0.0)
        return hits.first.astype(float), hits.second.astype(float), weight
    if not isinstance(metric.law, Means):
        raise TypeError(f"{metric.name} is no mean over rows")
    turn = 1.0 if metric.higher_is_better else -1.0
    one, two = sample.row_values(metric.law.columns)
    return turn * one[0], turn * two[0], sample.weight


def changes(metric: Metric, sample: Sample) -> Floats:
    """The improvement that each sampling unit brings, for tests of no improvement at all.

    Weighted sums over a unit's rows; units without a row that counts are left out.
    """
    first, second, weight = worth(metric, sample)
    change, held = sum_by_unit(np.stack([(second - first) * weight, weight]), sample)
    return np.asarray(change[held > 0])
