"""Plain shares of rows (accuracy, recall, ...) by score intervals instead of resampling."""

from statistics import NormalDist

import numpy as np

from titleholder.metrics.base import Metric, Proportion
from titleholder.stats.intervals import UNDEFINED, Paired, undefined
from titleholder.stats.proportions import Agreement, newcombe, wilson
from titleholder.stats.sample import Sample
from titleholder.types import Estimate

METHOD = "Newcombe's score interval for paired proportions"


def compare_shares(metric: Metric, share: Proportion, sample: Sample, level: float) -> Paired:
    """Wilson's interval for each model and Newcombe's for the improvement.

    The rows must be plain: unweighted and each its own sampling unit.
    """
    table = agreement(share, sample)
    if table.n == 0:
        return undefined(f"{metric.formula} is undefined: no row has that truth")
    one = wilson(table.both + table.first, table.n, level)
    two = wilson(table.both + table.second, table.n, level)
    change = newcombe(table, level)
    error = _error(change, level)
    if share.misses:
        one, two = _misses(one), _misses(two)
    value = one.value or 0.0
    relative = UNDEFINED if value == 0 else _scaled(change, 1 / value)
    return Paired(one, two, change, relative, error, None if value == 0 else error / value, "")


def agreement(share: Proportion, sample: Sample) -> Agreement:
    """How often both, either and neither model hit, among the rows that the share is of."""
    truth, first, second = sample.panel.y_true, sample.champion.label, sample.candidate.label
    if truth is None or first is None or second is None:
        raise ValueError("a share of hits was asked of predictions without labels")
    counted = np.ones(len(truth), dtype=bool) if share.truth is None else truth == share.truth
    one, two = (first == truth)[counted], (second == truth)[counted]
    return Agreement(
        both=int((one & two).sum()),
        first=int((one & ~two).sum()),
        second=int((two & ~one).sum()),
        neither=int((~one & ~two).sum()),
    )


def _misses(hits: Estimate) -> Estimate:
    value, low, high = hits.value or 0.0, hits.low or 0.0, hits.high or 0.0
    return Estimate(value=1 - value, low=1 - high, high=1 - low)


def _scaled(estimate: Estimate, factor: float) -> Estimate:
    value, low, high = estimate.value or 0.0, estimate.low or 0.0, estimate.high or 0.0
    return Estimate(value=value * factor, low=low * factor, high=high * factor)


def _error(change: Estimate, level: float) -> float:
    """The standard error that a normal interval of this width would have."""
    width = (change.high or 0.0) - (change.low or 0.0)
    return width / (2 * NormalDist().inv_cdf((1 + level) / 2))
