"""Metrics of probabilities: log loss, Brier score, expected calibration error.

Scores must be probabilities: of the positive class (n,) for binary, one column a class (n, K)
with rows that sum to one for multiclass.
"""

from collections.abc import Iterator

import numpy as np

from titleholder.arrays import Floats, Panel, Predictions
from titleholder.metrics.base import Means, Metric
from titleholder.types import Task

ECE_BINS = 10
# An edge belongs to the bin above it; the last bin holds 1 as well.
BIN_EDGES = np.arange(1, ECE_BINS) / ECE_BINS


def _of_classes(predictions: Predictions) -> Floats:
    """Probabilities as (n, K) for either task."""
    score = predictions.score
    if score is None:
        raise ValueError("a metric of probabilities was asked of predictions without scores")
    return score if score.ndim == 2 else np.column_stack([1 - score, score])


def _truth(panel: Panel) -> Floats:
    """One-hot truth, (n, K)."""
    truth: Floats = np.eye(len(panel.classes))[np.asarray(panel.y_true)]
    return truth


def log_loss_columns(panel: Panel, predictions: Predictions) -> Floats:
    """Minus the log of the probability given to what came true, (n, 1).

    Probabilities are kept a machine epsilon away from 0 and 1, as scikit-learn does.
    """
    probability = _of_classes(predictions)
    of_truth = np.take_along_axis(probability, np.asarray(panel.y_true)[:, None], axis=1)
    epsilon = np.finfo(float).eps
    return -np.log(np.clip(of_truth, epsilon, 1 - epsilon))


def brier_columns(panel: Panel, predictions: Predictions) -> Floats:
    """Squared distance of probability and truth, (n, 1).

    For binary that of the positive class (0 to 1); for multiclass summed over classes (0 to 2).
    """
    squared = (_of_classes(predictions) - _truth(panel)) ** 2
    return squared[:, 1:] if len(panel.classes) == 2 else squared.sum(axis=1, keepdims=True)


def calibration_gap_columns(panel: Panel, predictions: Predictions) -> Floats:
    """Confidence minus hit in the row's own bin of confidence, (n, ECE_BINS), 0 elsewhere.

    Binary: the positive class's probability against its truth. Multiclass: the top class's.
    """
    probability, truth = _of_classes(predictions), _truth(panel)
    if probability.shape[1] == 2:
        confidence, hit = probability[:, 1], truth[:, 1]
    else:
        top = probability.argmax(axis=1)[:, None]
        confidence = np.take_along_axis(probability, top, axis=1)[:, 0]
        hit = np.take_along_axis(truth, top, axis=1)[:, 0]
    bins = np.searchsorted(BIN_EDGES, confidence, side="right")
    columns = np.zeros((len(bins), ECE_BINS))
    columns[np.arange(len(bins)), bins] = confidence - hit
    return columns


def first(means: Floats) -> Floats:
    """The mean of the only column."""
    return means[..., 0]


def summed_gaps(means: Floats) -> Floats:
    """Sum of the bins' absolute gaps, each already weighted by the bin's share of the rows."""
    total: Floats = np.abs(means).sum(axis=-1)
    return total


def metrics() -> Iterator[Metric]:
    """The entries of this topic."""
    both = frozenset({Task.BINARY, Task.MULTICLASS})
    yield Metric(
        "log_loss", "Log loss", both, "score", False, (0.0, np.inf), "nats",
        "mean of -log p(truth)", "doi:10.1198/016214506000001437",
        Means(log_loss_columns, first),
    )  # fmt: skip
    yield Metric(
        "brier", "Brier score", both, "score", False, (0.0, 2.0), "",
        "mean of (p - y)^2, summed over classes if more than two",
        "doi:10.1175/1520-0493(1950)078<0001:VOFEIT>2.0.CO;2", Means(brier_columns, first),
    )  # fmt: skip
    yield Metric(
        "ece", "Expected calibration error", both, "score", False, (0.0, 1.0), "",
        "sum over 10 equal bins of share x |mean confidence - hit rate|",
        "doi:10.1609/aaai.v29i1.9602", Means(calibration_gap_columns, summed_gaps),
    )  # fmt: skip
