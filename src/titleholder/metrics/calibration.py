"""Metrics of probabilities: log loss, the Brier score and its parts, calibration error.

Scores must be probabilities: of the positive class (n,) for binary, one column a class (n, K)
with rows that sum to one for multiclass.
"""

from collections.abc import Iterator

import numpy as np

from titleholder.arrays import Floats, Ints, Panel, Predictions
from titleholder.fast.compiled import passes
from titleholder.metrics.base import Means, Metric, first, ratio
from titleholder.types import Task

ECE_BINS = 10
_EPSILON = float(np.finfo(float).eps)
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
    score, truth = predictions.score, np.asarray(panel.y_true)
    if score is not None and score.ndim == 1:
        of_truth = _of_truth(score, truth)[:, None]
    else:
        of_truth = np.take_along_axis(_of_classes(predictions), truth[:, None], axis=1)
        np.clip(of_truth, _EPSILON, 1 - _EPSILON, out=of_truth)
    return np.asarray(np.negative(np.log(of_truth, out=of_truth), out=of_truth))


def _of_truth(score: Floats, truth: Ints) -> Floats:
    """The probability given to what came true, of two classes, kept from 0 and 1; (n,)."""
    compiled = passes()
    if compiled is not None:
        found = np.empty(len(score))
        compiled.of_truth(score, truth, _EPSILON, found)
        return found
    found = np.subtract(score, truth == 0)  # exact: score, or 1 - score
    np.abs(found, out=found)
    return np.asarray(np.clip(found, _EPSILON, 1 - _EPSILON, out=found))


def brier_columns(panel: Panel, predictions: Predictions) -> Floats:
    """Squared distance of probability and truth, (n, 1).

    For binary that of the positive class (0 to 1); for multiclass summed over classes (0 to 2).
    """
    score = predictions.score
    if score is not None and score.ndim == 1:
        return _squared(score, np.asarray(panel.y_true))[:, None]
    squared = (_of_classes(predictions) - _truth(panel)) ** 2
    return squared[:, 1:] if len(panel.classes) == 2 else squared.sum(axis=1, keepdims=True)


def _squared(score: Floats, truth: Ints) -> Floats:
    """The squared distance of probability and truth, of two classes; (n,)."""
    compiled = passes()
    if compiled is None:
        return np.asarray(np.square(score - truth))
    found = np.empty(len(score))
    compiled.squared(score, truth, found)
    return found


def calibration_gap_columns(panel: Panel, predictions: Predictions) -> Floats:
    """Confidence minus hit in the row's own bin of confidence, (n, ECE_BINS), 0 elsewhere.

    Binary: the positive class's probability against its truth. Multiclass: the top class's.
    """
    confidence, hit = _confidence(panel, predictions)
    return _spread(confidence - hit, _bins(confidence))


def _confidence(panel: Panel, predictions: Predictions) -> tuple[Floats, Floats]:
    """The probability that is checked and whether it came true, each (n,)."""
    score = predictions.score
    if score is not None and score.ndim == 1:
        return score, np.asarray(panel.y_true, dtype=float)
    probability, truth = _of_classes(predictions), _truth(panel)
    if probability.shape[1] == 2:
        return probability[:, 1], truth[:, 1]
    top = probability.argmax(axis=1)[:, None]
    confidence = np.take_along_axis(probability, top, axis=1)[:, 0]
    return confidence, np.take_along_axis(truth, top, axis=1)[:, 0]


def _bins(confidence: Floats) -> Ints:
    """The bin of each row, (n,) in 0..ECE_BINS - 1."""
    return np.searchsorted(BIN_EDGES, confidence, side="right")


def _spread(values: Floats, bins: Ints) -> Floats:
    """Each row's value in the column of its bin, (n, ECE_BINS), 0 elsewhere."""
    columns = np.zeros((len(bins), ECE_BINS))
    columns[np.arange(len(bins)), bins] = values
    return columns


def summed_gaps(means: Floats) -> Floats:
    """Sum of the bins' absolute gaps, each already weighted by the bin's share of the rows."""
    total: Floats = np.abs(means).sum(axis=-1)
    return total


def debiased_columns(panel: Panel, predictions: Predictions) -> Floats:
    """Sum of the bins' squared gaps, less what noise adds to it; in the form of `_murphy`, (n, 11).

    A squared gap is too large on average by the variance of the gap, which is estimated from
    the bin's rows and taken off. A bin with a single row shows no variance, and counts as 0.
    """
    confidence, hit = _confidence(panel, predictions)
    bins, gap, weight = _bins(confidence), confidence - hit, _weight(panel)
    total, squares = _by_bin(weight, bins), _by_bin(weight**2, bins)
    several = total**2 - squares > 1e-9 * total**2
    rest = gap - np.nan_to_num(ratio(_by_bin(weight * gap, bins), total))[bins]
    variance = ratio(_by_bin(weight**2 * rest**2, bins), np.where(several, total**2 - squares, 0.0))
    noise = float(ratio(total @ np.nan_to_num(variance), weight.sum()))
    columns = _murphy(panel, np.where(several[bins], gap, 0.0), bins)
    columns[:, 0] -= noise
    return columns


def debiased(means: Floats) -> Floats:
    """Root of the debiased mean square; below 0 where chance made it negative, (..., 11) to (...).

    The sign stays, since cutting it off would bring the bias back.
    """
    square = first_and_squares(means)
    return np.copysign(np.sqrt(np.abs(square)), square)


def reliability_columns(panel: Panel, predictions: Predictions) -> Floats:
    """Murphy's reliability to first order, and what is needed for the second, (n, 11).

    With g a bin's mean gap, N its share and u = p - y - g, reliability on a resample is
    close to the mean of 2 g u + g^2 plus the sum over bins of (mean of u in the bin)^2 / N.
    """
    confidence, hit = _confidence(panel, predictions)
    return _murphy(panel, confidence - hit, _bins(confidence))


def resolution_columns(panel: Panel, predictions: Predictions) -> Floats:
    """Murphy's resolution in the same way, (n, 11): the spread of the bins' rates of positives."""
    confidence, hit = _confidence(panel, predictions)
    weight = _weight(panel)
    centred = hit - ratio(weight @ hit, weight.sum())
    return _murphy(panel, centred, _bins(confidence))


def _murphy(panel: Panel, values: Floats, bins: Ints) -> Floats:
    """Columns of sum over bins of share x (mean value in the bin)^2.

    Rows of a bin that has no weight move nothing.
    """
    weight = _weight(panel)
    total = _by_bin(weight, bins)
    mean = np.nan_to_num(ratio(_by_bin(weight * values, bins), total))[bins]
    rest = values - mean
    share = ratio(total, weight.sum())[bins]
    scaled = np.where(share > 0, ratio(rest, np.sqrt(share)), 0.0)
    return np.column_stack([2 * mean * rest + mean**2, _spread(scaled, bins)])


def _weight(panel: Panel) -> Floats:
    return np.ones(len(panel)) if panel.weight is None else panel.weight


def _by_bin(values: Floats, bins: Ints) -> Floats:
    """Sums of row values in each bin, (ECE_BINS,)."""
    return np.bincount(bins, weights=values, minlength=ECE_BINS).astype(float)


def first_and_squares(means: Floats) -> Floats:
    """The first mean and the squares of the others, (..., 11) to (...)."""
    total: Floats = means[..., 0] + (means[..., 1:] ** 2).sum(axis=-1)
    return total


def sum_of_squares(means: Floats) -> Floats:
    """The same of what is no less than 0, of which rounding may leave less."""
    return np.maximum(first_and_squares(means), 0.0)


def metrics() -> Iterator[Metric]:
    """The entries of this topic."""
    both = frozenset({Task.BINARY, Task.MULTICLASS})
    yield Metric(
        "log_loss", "Log loss", both, "score", False, (0.0, np.inf), "nats",
        "mean of -log p(truth)", "doi:10.1198/016214506000001437",
        Means(log_loss_columns, first, by_row=True),
    )  # fmt: skip
    yield Metric(
        "brier", "Brier score", both, "score", False, (0.0, 2.0), "",
        "mean of (p - y)^2, summed over classes if more than two",
        "doi:10.1175/1520-0493(1950)078<0001:VOFEIT>2.0.CO;2",
        Means(brier_columns, first, by_row=True),
    )  # fmt: skip
    yield Metric(
        "ece", "Expected calibration error", both, "score", False, (0.0, 1.0), "",
        "sum over 10 equal bins of share x |mean confidence - hit rate|",
        "doi:10.1609/aaai.v29i1.9602", Means(calibration_gap_columns, summed_gaps),
    )  # fmt: skip
    yield Metric(
        "ece_debiased", "Calibration error, debiased", both, "score", False, (-1.0, 1.0), "",
        "signed root of the sum over 10 equal bins of share x (gap^2 - variance of the gap)",
        "doi:10.48550/arXiv.1909.10155",
        Means(debiased_columns, debiased), by_default=False,
    )  # fmt: skip
    binary, murphy = frozenset({Task.BINARY}), "doi:10.1175/1520-0450(1973)012<0595:ANVPOT>2.0.CO;2"
    yield Metric(
        "brier_reliability", "Brier score, reliability", binary, "score", False, (0.0, 1.0), "",
        "sum over 10 equal bins of share x (mean score - rate of positives)^2", murphy,
        Means(reliability_columns, sum_of_squares), by_default=False,
    )  # fmt: skip
    yield Metric(
        "brier_resolution", "Brier score, resolution", binary, "score", True, (0.0, 0.25), "",
        "sum over 10 equal bins of share x (rate of positives in the bin - overall)^2", murphy,
        Means(resolution_columns, sum_of_squares), by_default=False,
    )  # fmt: skip
