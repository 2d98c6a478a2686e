"""Intervals that may be asked for instead of a metric's default."""

import math
from collections.abc import Callable
from statistics import NormalDist

import numpy as np

from titleholder.arrays import Floats
from titleholder.metrics.base import Metric, Ranks
from titleholder.rounding import plural
from titleholder.stats.by_row import worth
from titleholder.stats.influence import Influence
from titleholder.stats.intervals import UNDEFINED, Paired, interval, nearer, slope, undefined
from titleholder.stats.replicates import Replicates, replicate
from titleholder.stats.resampler import Resampler, sum_by_unit
from titleholder.types import Estimate

FEWEST_OF_AREA = 10  # rows of each class

# The interval of a value from its draws and from the influence of each kind of unit, at a level.
Ends = Callable[[float, Floats, Floats, float], Estimate]


def percentile(metric: Metric, resampler: Resampler, level: float) -> Paired:
    """The bare percentile bootstrap, without any widening (Efron & Tibshirani 1993, ch. 13)."""

    def ends(value: float, draws: Floats, _: Floats, at_level: float) -> Estimate:
        return interval(value, draws, at_level)

    return _drawn(metric, replicate(metric, resampler), level, ends)


def bca(metric: Metric, resampler: Resampler, level: float) -> Paired:
    """Bias-corrected and accelerated bootstrap (Efron 1987, doi:10.2307/2289144).

    The acceleration comes from the influence of the units, which is the jackknife's limit.
    """

    found = replicate(metric, resampler)

    def ends(value: float, draws: Floats, influence: Floats, at_level: float) -> Estimate:
        skew = _skew(influence, found.influence)
        return _accelerated(value, draws, skew, at_level)

    return _drawn(metric, found, level, ends)


def student(metric: Metric, resampler: Resampler, level: float) -> Paired:
    """Student's interval from the influence of the units; for a mean, the paired t interval.

    Degrees of freedom: one less than there are units.
    """
    found = replicate(metric, resampler)
    units = found.influence.units
    from scipy.special import stdtrit

    if units < 2:
        return undefined("one row or cluster alone has no spread")
    unbiased = math.sqrt(units / (units - 1))

    def reach(at_level: float) -> float:
        return float(stdtrit(units - 1, (1 + at_level) / 2))

    def ends(value: float, _: Floats, influence: Floats, at_level: float) -> Estimate:
        error = reach(at_level) * unbiased * math.sqrt(found.influence.total(influence**2))
        return Estimate(value=value, low=value - error, high=value + error)

    return _drawn(metric, found, level, ends, reach(level))


def delong(metric: Metric, resampler: Resampler, level: float) -> Paired:
    """DeLong's normal interval of correlated areas (1988, doi:10.2307/2531595).

    In n log n (Sun & Xu 2014, doi:10.1109/LSP.2014.2337313): placements come from one sort. Each
    class's part of the variance has its own divisor n - 1. Units must be single rows.
    """
    law = metric.law
    if not isinstance(law, Ranks):
        raise TypeError(f"{metric.name} is no metric of order")
    y = np.asarray(resampler.sample.panel.y_true)
    z = NormalDist().inv_cdf((1 + level) / 2)
    positive = (y == 1).astype(float)
    p = int(positive.sum())
    n = len(y) - p
    if min(p, n) < FEWEST_OF_AREA:
        few = f"{plural(min(p, n), 'row')} of a class, and a normal law takes {FEWEST_OF_AREA}"
        return undefined(f"the placements of so few are not normal: {few}")

    def ends(value: float, influence: Floats) -> Estimate:
        squares = np.square(influence, out=influence)
        of_positives = float(squares @ positive)
        of_negatives = float(squares.sum()) - of_positives
        variance = of_positives * p / (p - 1) + of_negatives * n / (n - 1)
        error = z * math.sqrt(variance)
        return Estimate(value=value, low=value - error, high=value + error)

    ladders, steps = resampler.ladders, resampler.observed_steps
    values = [float(law.value(one)) for one in steps]
    one, two = (ladder.of_rows(*law.influence(s)) for ladder, s in zip(ladders, steps, strict=True))
    improvement = ends(float(metric.improvement(*values)), two - one)
    sides = [ends(value, at) for value, at in zip(values, (one, two), strict=True)]
    first, second = (_within(metric, side) for side in sides)
    error = ((improvement.high or 0.0) - (improvement.low or 0.0)) / (2 * z)
    return Paired(first, second, improvement, UNDEFINED, error, None, "")


def studentised(metric: Metric, resampler: Resampler, level: float) -> Paired:
    """Bootstrap t of a mean over rows (Efron & Tibshirani 1993, ch. 12.5).

    Each resample's estimate is held against its own standard error, so that skewed losses have
    skewed intervals.
    """
    first, second, weight = worth(metric, resampler.sample)
    turn = 1.0 if metric.higher_is_better else -1.0
    sides = (turn * first, turn * second, second - first)
    one, two, change = (_bootstrap_t(x, weight, resampler, level) for x in sides)
    if change is None:
        return undefined("no spread on some resamples: too few rows differ")
    z = NormalDist().inv_cdf((1 + level) / 2)
    error = ((change.high or 0.0) - (change.low or 0.0)) / (2 * z)
    first_own, second_own = (_within(metric, side or UNDEFINED) for side in (one, two))
    return Paired(first_own, second_own, change, UNDEFINED, error, None, "")


def _bootstrap_t(
    values: Floats, weight: Floats, resampler: Resampler, level: float
) -> Estimate | None:
    x, w = sum_by_unit(np.stack([values * weight, weight]), resampler.sample)
    moments = np.column_stack([x, w, x * x, x * w, w * w])
    drawn = np.vstack([counts @ moments for counts in resampler.counts()])
    means, errors = _mean_and_error(np.vstack([moments.sum(axis=0), drawn]))
    if not (errors > 0).all():
        return None
    t = (means[1:] - means[0]) / errors[1:]
    low, high = np.quantile(t, [(1 - level) / 2, (1 + level) / 2])
    value, error = float(means[0]), float(errors[0])
    return Estimate(value=value, low=value - float(high) * error, high=value - float(low) * error)


def _mean_and_error(sums: Floats) -> tuple[Floats, Floats]:
    """A ratio of sums over units and its linearised standard error; ``sums`` (b, 5)."""
    x, w, xx, xw, ww = sums.T
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = x / w
        variance = (xx - 2 * mean * xw + mean**2 * ww) / w**2
    return mean, np.sqrt(np.maximum(np.nan_to_num(variance), 0.0))


def _drawn(
    metric: Metric,
    found: Replicates[Influence],
    level: float,
    ends: Ends,
    reach: float | None = None,
) -> Paired:
    """Both models' estimates and the improvement from replicates and influence.

    The standard error is that of the draws, or the one that the ends lie ``reach`` times away by.
    """
    sides = (found.champion_value, found.candidate_value)
    defined = np.isfinite(found.champion) & np.isfinite(found.candidate)
    if not (np.isfinite(sides).all() and defined.all()):
        return undefined(f"{metric.formula} is undefined on these rows or on resamples of them")
    at = found.influence
    improvement = _improvement(metric, found, level, ends)
    first = ends(sides[0], found.champion, at.champion, level)
    second = ends(sides[1], found.candidate, at.candidate, level)
    if not all(_has_ends(one) for one in (first, second, improvement)):
        return undefined(f"{metric.formula} has no finite influence on these rows")
    error = float(metric.improvement(found.champion, found.candidate).std())
    if reach is not None:
        error = ((improvement.high or 0.0) - (improvement.low or 0.0)) / (2 * reach)
    one, two = (_within(metric, side) for side in (first, second))
    return Paired(one, two, improvement, UNDEFINED, error, None, "")


def _improvement(
    metric: Metric, found: Replicates[Influence], level: float, ends: Ends
) -> Estimate:
    """That of a metric with a target holds on whichever side of it either model lies."""
    sides, at = (found.champion_value, found.candidate_value), found.influence
    value, target = float(metric.improvement(*sides)), metric.target
    if target is None:
        one, two = (slope(metric, side) for side in sides)
        change = metric.improvement(found.champion, found.candidate)
        return ends(value, change, two * at.candidate - one * at.champion, level)
    off = (sides[0] - target, sides[1] - target)
    here, there = drawn = np.stack([found.champion, found.candidate]) - target

    def of_signs(first: float, second: float, surely: float) -> Estimate:
        influence = first * at.champion - second * at.candidate
        change = first * here - second * there
        return ends(first * off[0] - second * off[1], change, influence, surely)

    low, high = nearer(off, drawn, level, of_signs)
    return Estimate(value=value, low=low, high=high)


def _has_ends(of: Estimate) -> bool:
    return all(end is not None and math.isfinite(end) for end in (of.low, of.high))


def _within(metric: Metric, own: Estimate) -> Estimate:
    """A model's own interval as far as the metric can go: beyond its domain there is no truth."""
    if own.low is None or own.high is None:
        return own
    least, most = metric.domain
    low, high = (min(max(end, least), most) for end in (own.low, own.high))
    return Estimate(value=own.value, low=low, high=high)


def _skew(influence: Floats, units: Influence) -> float:
    """The acceleration: a sixth of the skewness of the sum of the influences."""
    squares = units.total(influence**2)
    return units.total(influence**3) / (6 * squares**1.5) if squares > 0 else 0.0


def _accelerated(value: float, draws: Floats, skew: float, level: float) -> Estimate:
    normal = NormalDist()
    below = (float((draws < value).mean()) + float((draws <= value).mean())) / 2
    if not 0 < below < 1:
        return Estimate(value=value, low=float(draws.min()), high=float(draws.max()))
    bias = normal.inv_cdf(below)

    def at(tail: float) -> float:
        moved = bias + normal.inv_cdf(tail)
        return normal.cdf(bias + moved / (1 - skew * moved))

    low, high = np.quantile(draws, [at((1 - level) / 2), at((1 + level) / 2)])
    return Estimate(value=value, low=float(low), high=float(high))
