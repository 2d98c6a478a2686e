"""One model's own interval, on which floors and ceilings rest: opened by what resamples lack.

Of many slices at once, `own_ends` does what `own_interval` does of one.
"""

import math

import numpy as np

from titleholder.arrays import Floats
from titleholder.metrics.base import Metric
from titleholder.stats.ends import normal_reach
from titleholder.stats.influence import Moving, Movings
from titleholder.stats.push import NONE, Push
from titleholder.types import Estimate

# So many logits are as good as all the way to an end of the domain.
_MOST_LOGITS = 50.0
# Of a value of which noise may have made so much, all may be noise.
_MUCH = 0.25
_ROUNDING = 1e-12


def own_interval(
    metric: Metric,
    found: Estimate,
    level: float,
    wider: float,
    moving: Moving,
    push: Push = NONE,
) -> Estimate:
    """A model's own interval as it was ``found``, opened to what resamples are short of.

    ``wider`` is the factor of `widening` for the model that is ``moving`` so.

    Near an end of the domain, and where units are skewed, resamples lean to the side that the
    truth is not on, and percentiles follow them the wrong way. The interval therefore holds that
    on the logit scale as well, and the ends that are left once skewness is taken out. A gap
    between groups has no logit scale: its error does not shrink with it, and a share of next to
    nothing would take the end anywhere.

    A value that noise may have made much of may be noise altogether: its interval then reaches
    to the end of the domain that it was pushed away from.
    """
    value = found.value
    if value is None:
        return found
    least, most = metric.domain
    z, error = normal_reach(level), moving.error
    reach = 0.0 if metric.grouped else z * wider * error
    down, up = _on_logit_scale(value, reach, least, most)
    below, above = (
        value + wider * error * float(end) for end in unskewed_ends(moving.skewness, level)
    )
    ends = (down, up, below, above, found.low, found.high)
    held = [end for end in ends if end is not None and math.isfinite(end)]
    low, high = min(held), max(held)
    if push.up > _MUCH * (value - least):
        low = least
    if push.down > _MUCH * (most - value):
        high = most
    return Estimate(value=value, low=max(least, low), high=min(most, high))


def own_ends(
    metric: Metric,
    value: Floats,
    low: Floats,
    high: Floats,
    level: float,
    wider: Floats,
    moving: Movings,
) -> tuple[Floats, Floats]:
    """The ends that `own_interval` has of S slices which nothing pushed, (S,) each."""
    least, most = metric.domain
    z, error = normal_reach(level), moving.error
    reach = np.zeros(len(value)) if metric.grouped else z * wider * error
    sides = zip(value.tolist(), reach.tolist(), strict=True)
    down, up = np.array([_on_logit_scale(x, r, least, most) for x, r in sides]).T
    below, above = (value + wider * error * end for end in unskewed_ends(moving.skewness, level))
    ends = np.stack([down, up, below, above, low, high])
    ends = np.where(np.isfinite(ends), ends, np.nan)
    return np.maximum(least, np.fmin.reduce(ends)), np.minimum(most, np.fmax.reduce(ends))


def _on_logit_scale(value: float, reach: float, least: float, most: float) -> tuple[float, float]:
    """The ends of value +- reach, taken where the domain has no ends; the value itself on one.

    >>> low, high = _on_logit_scale(0.9, 0.06, 0.0, 1.0)
    >>> round(low, 3), round(high, 3)
    (0.822, 0.946)
    """
    width = most - least
    if not (math.isfinite(width) and math.isfinite(reach)):
        return value, value
    share = (value - least) / width
    if not _ROUNDING < share < 1 - _ROUNDING:
        return value, value
    steps = min(reach / width / (share * (1 - share)), _MOST_LOGITS)
    middle = math.log(share / (1 - share))
    low, high = 1 / (1 + math.exp(steps - middle)), 1 / (1 + math.exp(-steps - middle))
    return least + width * low, least + width * high


def unskewed_ends(skewness: Floats | float, level: float) -> tuple[Floats, Floats]:
    """Both ends of `unskewed` at a level."""
    z = normal_reach(level)
    return unskewed(skewness, -z), unskewed(skewness, z)


def unskewed(skewness: Floats | float, turn: float) -> Floats:
    """Where an interval ends once skewness is taken out, in standard errors from the value.

    ``skewness`` is that of the whole sum; ``turn`` standard errors, < 0 below and > 0 above, are
    where it would end without any. The inverse of the cubic that makes a skewed mean over its own
    standard error normal (Hall 1992, doi:10.1111/j.2517-6161.1992.tb01876.x), written so that
    nothing cancels where there is next to no skewness.

    >>> round(float(unskewed(0.0, 1.96)), 6), round(float(unskewed(0.3, 1.96)), 3)
    (1.96, 2.65)
    """
    moved = -turn - skewness / 6
    root = np.cbrt(1 + skewness * moved)
    return np.asarray(-3 * moved / (root * root + root + 1))
