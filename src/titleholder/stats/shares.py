"""Plain shares of rows (accuracy, recall, ...) by score intervals instead of resampling."""

from statistics import NormalDist

import numpy as np

from titleholder.metrics.base import Metric, Proportion
from titleholder.stats.intervals import Paired, undefined
from titleholder.stats.proportions import Agreement, newcombe, relative_change, wilson
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
    relative = relative_change(table.misses if share.misses else table, level)
    if share.misses:
        one, two, relative = _misses(one), _misses(two), _turned(relative)
    return Paired(one, two, change, relative, _error(change, level), _error(relative, level), "")


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


def _turned(estimate: Estimate) -> Estimate:
    value, low, high = estimate.value, estimate.low, estimate.high
    if value is None or low is None or high is None:
        return Estimate()
    return Estimate(value=-value, low=-high, high=-low)


def _error(change: Estimate, level: float) -> float | None:
    """The standard error that a normal interval of this width would have."""
    if change.low is None or change.high is None:
        return None
    return (change.high - change.low) / (2 * NormalDist().inv_cdf((1 + level) / 2))
