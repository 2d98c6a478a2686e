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
from titleholder.stats.ends import normal_reach, unseen
from titleholder.stats.intervals import Paired
from titleholder.stats.sample import Sample
from titleholder.types import Estimate

# Of the domain's width; numerical derivatives of what nothing moves leave 1e-12 of it.
_ROUNDING = 1e-10


def guarded(metric: Metric, paired: Paired, sample: Sample, level: float) -> Paired:
    """The same estimates, of which none of a bounded metric is left without any width.

    For a model's own value, n is the number of units in the rarest class; for the improvement,
    of all units: that both models answer alike was seen on all of them.
    """
    least, most = metric.domain
    width = most - least
    own, improvement = (paired.champion, paired.candidate), paired.improvement
    if not math.isfinite(width) or not any(_is_point(e, width) for e in (*own, improvement)):
        return paired
    rarest, units = (unseen(n, level) * width for n in (_rarest(sample), sample.units))
    champion = _opened(paired.champion, rarest, (least, most), width)
    candidate = _opened(paired.candidate, rarest, (least, most), width)
    improvement = _opened(paired.improvement, units, (-width, width), width)
    if improvement is paired.improvement:
        return replace(paired, champion=champion, candidate=candidate)
    error = units / normal_reach(level)
    size = abs(paired.champion.value or 0.0)
    least_share = units / size if size else 0.0
    relative = _opened(
        paired.relative, least_share, (-math.inf, math.inf), width / size if size else width
    )
    return replace(
        paired,
        champion=champion,
        candidate=candidate,
        improvement=improvement,
        relative=relative,
        std_error=error,
        relative_std_error=None if relative.value is None else error / size,
    )


def _is_point(estimate: Estimate, width: float) -> bool:
    """Whether an interval has no width but what rounding leaves of a domain's ``width``."""
    if estimate.low is None or estimate.high is None:
        return False
    return estimate.high - estimate.low <= _ROUNDING * width


def _opened(
    estimate: Estimate, reach: float, domain: tuple[float, float], width: float
) -> Estimate:
    if estimate.value is None or not _is_point(estimate, width):
        return estimate
    least, most = domain
    low, high = max(least, estimate.value - reach), min(most, estimate.value + reach)
    return Estimate(value=estimate.value, low=low, high=high)


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
