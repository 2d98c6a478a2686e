"""Correlations of numeric answers with the truth, as means over rows.

Spearman's is Pearson's of mid-ranks. A row moves it by its own ranks and by those of all others,
so the row's value is the influence of both (Croux & Dehon 2010, doi:10.1007/s10260-010-0142-z).
"""

from collections.abc import Iterator

import numpy as np

from titleholder.arrays import Floats, Panel, Predictions
from titleholder.metrics.base import Means, Metric, ratio
from titleholder.metrics.regression import paired_values
from titleholder.types import Task


def metrics() -> Iterator[Metric]:
    """The entries of this topic."""
    yield Metric(
        "pearson", "Pearson correlation", frozenset({Task.REGRESSION}), "value", True, (-1.0, 1.0),
        "", "cov(y, f) / (sd y · sd f)", "doi:10.1098/rspl.1895.0041",
        Means(pearson_columns, pearson), by_default=False,
    )  # fmt: skip
    yield Metric(
        "spearman", "Spearman correlation", frozenset({Task.REGRESSION}), "value", True,
        (-1.0, 1.0), "", "Pearson correlation of mid-ranks", "doi:10.1007/s10260-010-0142-z",
        Means(spearman_columns, spearman), by_default=False,
    )  # fmt: skip


def pearson_columns(panel: Panel, predictions: Predictions) -> Floats:
    """y, f, y², f² and y f, (n, 5), each centred and scaled for precision."""
    y, f = (_standard(values) for values in paired_values(panel, predictions))
    return np.column_stack([y, f, y**2, f**2, y * f])


def pearson(means: Floats) -> Floats:
    """Covariance over the root of the variances; NaN where either is constant."""
    y, f, yy, ff, yf = (means[..., i] for i in range(5))
    spread = np.maximum(yy - y**2, 0) * np.maximum(ff - f**2, 0)
    spread = np.where(spread > 1e-24, spread, 0.0)
    return _unrounded(ratio(yf - y * f, np.sqrt(spread)))


def spearman_columns(panel: Panel, predictions: Predictions) -> Floats:
    """The influence of a row on the product of mid-ranks, and the product of their variances."""
    y, f = paired_values(panel, predictions)
    weight = np.ones(len(y)) if panel.weight is None else panel.weight
    one, two = _grades(y, weight), _grades(f, weight)
    total = float(weight.sum()) or 1.0  # rows without any weight have no spread
    product = one * two
    mean = float(weight @ product) / total
    row = product + _above(y, two, weight) + _above(f, one, weight) - 2 * mean
    spread = float(weight @ (one - 0.5) ** 2) / total * float(weight @ (two - 0.5) ** 2) / total
    return np.column_stack([row, np.full(len(y), spread)])


def spearman(means: Floats) -> Floats:
    """The mean product of mid-ranks less 1/4, over the root of their variances."""
    spread = np.sqrt(np.where(means[..., 1] > 1e-24, means[..., 1], 0))
    return _unrounded(ratio(means[..., 0] - 0.25, spread))


def _unrounded(values: Floats) -> Floats:
    """Correlations that rounding alone took beyond 1, as 1."""
    beyond = (np.abs(values) > 1) & (np.abs(values) < 1 + 1e-5)
    return np.where(beyond, np.sign(values), values)


def _standard(values: Floats) -> Floats:
    centred = values - values.mean() if len(values) else values
    scale = float(np.abs(centred).max(initial=0.0))
    return centred / scale if scale > 0 else centred


def _grades(values: Floats, weight: Floats) -> Floats:
    """Mid-ranks as shares of the weight, (n,) in (0, 1); their mean is 1/2."""
    _, code = np.unique(values, return_inverse=True)
    held = np.bincount(code, weights=weight)
    below = np.cumsum(held) - held
    grades: Floats = ((below + held / 2) / max(float(held.sum()), 1e-300))[code]
    return grades


def _above(values: Floats, other: Floats, weight: Floats) -> Floats:
    """For each row, the mean over all rows of ``other`` where theirs is above it, ties half."""
    _, code = np.unique(values, return_inverse=True)
    held = np.bincount(code, weights=weight * other)
    above = held.sum() - np.cumsum(held)
    found: Floats = ((above + held / 2) / max(float(weight.sum()), 1e-300))[code]
    return found
