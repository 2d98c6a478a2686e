"""Where no resample differs from the rest: what the rows could still not have shown.

A model that made no error on twenty rows gives the same value on every resample, and so do two
models that answered alike. A percentile interval then says ± 0. What can be said is that a share
of which none was seen among n is below z² / (n + z²) (Wilson's upper limit of 0 in n), and a
metric moves by no more than the width of its domain times the share of rows that it moves on.
"""

import math
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from titleholder.metrics.base import Metric
from titleholder.stats.ends import normal_reach
from titleholder.stats.intervals import Paired
from titleholder.stats.sample import Sample
from titleholder.types import Estimate

_ROUNDING = 1e-12


def guarded(metric: Metric, paired: Paired, sample: Sample, level: float) -> Paired:
    """The same estimates, of which none of a bounded metric is left without any width.

    For a model's own value, n is the number of units in the rarest class; for the improvement,
    of all units: that both models answer alike was seen on all of them.
    """
    least, most = metric.domain
    width = most - least
    own, improvement = (paired.champion, paired.candidate), paired.improvement
    if not math.isfinite(width) or not any(_is_point(e) for e in (*own, improvement)):
        return paired
    rarest, units = _reach(_rarest(sample), level) * width, _reach(sample.units, level) * width
    champion = _opened(paired.champion, rarest, least, most)
    candidate = _opened(paired.candidate, rarest, least, most)
    improvement = _opened(paired.improvement, units, -width, width)
    if improvement is paired.improvement:
        return replace(paired, champion=champion, candidate=candidate)
    error = units / normal_reach(level)
    size = abs(paired.champion.value or 0.0)
    relative = _opened(paired.relative, units / size if size else 0.0, -math.inf, math.inf)
    return replace(
        paired,
        champion=champion,
        candidate=candidate,
        improvement=improvement,
        relative=relative,
        std_error=error,
        relative_std_error=None if relative.value is None else error / size,
    )


def _is_point(estimate: Estimate) -> bool:
    """Whether an interval has no width but that of rounding."""
    if estimate.low is None or estimate.high is None:
        return False
    return estimate.high - estimate.low <= _ROUNDING


def _opened(estimate: Estimate, reach: float, least: float, most: float) -> Estimate:
    if estimate.value is None or not _is_point(estimate):
        return estimate
    low, high = max(least, estimate.value - reach), min(most, estimate.value + reach)
    return Estimate(value=estimate.value, low=low, high=high)


def _reach(n: int, level: float) -> float:
    z2 = normal_reach(level) ** 2
    return z2 / (n + z2)


def _rarest(sample: Sample) -> int:
    """Units of the rarest class that occurs, among truths and each model's calls."""
    if sample.known is not None and sample.known.cells is not None:
        cells = sample.known.cells
        by = (cells.sum(axis=(1, 2)), cells.sum(axis=(0, 2)), cells.sum(axis=(0, 1)))
        return min([sample.units, *(int(rows[rows > 0].min()) for rows in by)])
    answers = (sample.panel.y_true, sample.champion.label, sample.candidate.label)
    if sample.champion.label is None or sample.panel.y_true is None:
        return sample.units
    return min([sample.units, *(_least(a, sample) for a in answers if a is not None)])


def _least(answer: NDArray[Any], sample: Sample) -> int:
    return min(len(np.unique(sample.unit[answer == value])) for value in np.unique(answer))
