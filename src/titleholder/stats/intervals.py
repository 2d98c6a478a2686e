"""From replicates to estimates: percentile intervals that know how much they do not know.

Three things make a percentile interval too short, and each is met here:

- few units, or few that matter: the ends are moved out by Student's factor for the degrees of
  freedom that the influence values have (Hesterberg 2015, doi:10.1080/00031305.2015.1089789), and
  hold those that are left once skewness is taken out;
- a statistic that noise pushes one way (KS, the calibration error): the end that it was pushed
  away from is moved out by all that the push may have been. Not so the difference of two models
  by a smooth one (average precision): most of what pushes both is the same, and falls out of it;
- no spread at all, since nothing went wrong on these rows: see `titleholder.stats.extremes`.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

from titleholder.arrays import Floats
from titleholder.metrics.base import Metric, Ranks
from titleholder.rounding import plural
from titleholder.stats.ends import normal_reach, unseen
from titleholder.stats.influence import Moving, Movings, Spread
from titleholder.stats.own import own_interval, unskewed_ends
from titleholder.stats.push import NONE, Push, moments
from titleholder.stats.replicates import Replicates
from titleholder.stats.resampler import EXACT_UNITS
from titleholder.types import Estimate

# Above this share of resamples on which a metric is undefined, an interval from the rest would
# speak of a different population than the point does.
MOST_UNDEFINED = 0.01
# With fewer of a class, intervals of ranks were seen to hold the truth in 81 to 90% of panels.
FEWEST_OF_CLASS = 20
# Degrees of freedom up to which ends of an improvement were seen to miss for its skewness; with
# twice as many nothing is made of it.
_FEW_MATTER = 30.0
# Some four units that matter: up to a tenth of all.
_HANDFUL, _FEW_OF = 8.0, 0.1
# Standard errors beyond which one value in 700 lies on the wrong side of a target.
_SURE = 3.0
_NEAR_ZERO = 1e-100  # a share of less would overflow once it is squared


@dataclass(frozen=True, slots=True)
class Paired:
    """Both models' estimates and the oriented improvement, absolute and relative."""

    champion: Estimate
    candidate: Estimate
    improvement: Estimate
    relative: Estimate
    std_error: float | None
    relative_std_error: float | None
    reason: str


UNDEFINED = Estimate()
ALONE = "one row or cluster alone tells nothing of how it could have gone else"


def summarise(metric: Metric, replicates: Replicates[Spread], level: float) -> Paired:
    """Intervals at ``level`` of a metric's replicates; undefined ones have a reason."""
    at = replicates
    if at.influence.units < 2:
        return undefined(ALONE)
    if isinstance(metric.law, Ranks) and at.influence.fewest < FEWEST_OF_CLASS:
        few = f"{plural(at.influence.fewest, 'unit')} of the rarer class"
        return undefined(f"{few}: the order of so few has no interval that can be relied on")
    for model, value in (("champion", at.champion_value), ("candidate", at.candidate_value)):
        if not np.isfinite(value):
            return undefined(f"{metric.formula} is undefined for the {model} on these rows")
    draws = np.vstack([at.champion, at.candidate])
    if not (draws.size and np.isfinite(draws).all()):
        defined = np.isfinite(draws).all(axis=0)
        lost = 1 - defined.mean() if defined.size else 1.0
        if lost > MOST_UNDEFINED:
            few = "too few rows of some class, or with any weight"
            return undefined(f"undefined on {lost:.0%} of the resamples: {few}")
        draws = draws[:, defined]
    return _paired(metric, at, draws, level)


def undefined(reason: str) -> Paired:
    """No estimate at all, for this reason."""
    return Paired(UNDEFINED, UNDEFINED, UNDEFINED, UNDEFINED, None, None, reason)


def widening(moving: Moving, level: float) -> float:
    """Student's factor over the normal's, >= 1.

    With it goes the root of n / (n - 1) that a bootstrap's spread is short of; n must exceed 1.
    """
    student = float(_student()(moving.freedom, (1 + level) / 2)) / normal_reach(level)
    return student * math.sqrt(moving.fewest / (moving.fewest - 1))


def widenings(moving: Movings, level: float) -> Floats:
    """What `widening` has of S slices, (S,)."""
    student = _student()(moving.freedom, (1 + level) / 2) / normal_reach(level)
    return np.asarray(student * np.sqrt(moving.fewest / (moving.fewest - 1)))


@cache
def _student() -> Any:
    """Quantiles of Student's law, by its degrees of freedom and a probability."""
    from scipy.special import stdtrit

    return stdtrit


def _paired(metric: Metric, at: Replicates[Spread], draws: Floats, level: float) -> Paired:
    champion, candidate = draws
    slopes = [slope(metric, x) for x in (at.champion_value, at.candidate_value)]
    moving = at.influence.of(-slopes[0], slopes[1])
    wider = widening(moving, level)
    change = metric.improvement(champion, candidate)
    value = float(metric.improvement(at.champion_value, at.candidate_value))
    share, size = _share(value, change, at.champion_value, champion), abs(at.champion_value)
    relative, relative_error = UNDEFINED, None
    if metric.target is not None:
        improvement = _towards(metric.target, at, draws, level)
        if share is not None:
            relative = _towards(metric.target, at, draws, level, of_champion=True)
    else:
        push = _push(metric, at, draws)
        least = (
            _either_way(metric, at, draws, level)
            if metric.grouped
            else _few(metric, at, moving, level)
        )
        improvement = _opened(interval(value, change, level, wider, push), *least)
        if share is not None:
            relative = interval(value / size, share, level, wider, push.scaled(1 / size))
            relative = _opened(relative, *(reach / size for reach in least))
    if share is not None:
        relative_error = moments(share, value / size)[1] * wider
    return Paired(
        _own(metric, at.champion_value, champion, level, at.influence.of(1, 0), at.pushed[0]),
        _own(metric, at.candidate_value, candidate, level, at.influence.of(0, 1), at.pushed[1]),
        improvement,
        relative,
        moments(change, value)[1] * wider,
        relative_error,
        "",
    )


def _push(metric: Metric, at: Replicates[Spread], draws: Floats) -> Push:
    """How far noise may have moved the improvement; no metric of a target."""
    if isinstance(metric.law, Ranks) and metric.law.smooth:
        return NONE
    worth = [metric.improvement(0.0, x) for x in (at.champion_value, at.candidate_value)]
    pushes = [
        Push.of(float(value), metric.improvement(0.0, side))
        for value, side in zip(worth, draws, strict=True)
    ]
    return Push(up=pushes[1].up + pushes[0].down, down=pushes[1].down + pushes[0].up)


def _towards(
    target: float,
    at: Replicates[Spread],
    draws: Floats,
    level: float,
    *,
    of_champion: bool = False,
) -> Estimate:
    """The interval of how much nearer the candidate is, or that as a share of the champion."""
    off, drawn = (at.champion_value - target, at.candidate_value - target), draws - target
    size, sizes = (abs(at.champion_value), np.abs(draws[0])) if of_champion else (1.0, 1.0)

    def ends(first: float, second: float, surely: float) -> Estimate:
        wider = widening(at.influence.of(first, -second), surely)
        change = (first * drawn[0] - second * drawn[1]) / sizes
        return interval((first * off[0] - second * off[1]) / size, change, surely, wider)

    low, high = nearer(off, drawn, level, ends)
    return Estimate(value=(abs(off[0]) - abs(off[1])) / size, low=low, high=high)


def nearer(
    off: tuple[float, float],
    drawn: Floats,
    level: float,
    ends: Callable[[float, float, float], Estimate],
) -> tuple[float, float]:
    """Both ends of how much nearer the candidate is to a target than the champion; NaN if unknown.

    ``off`` says how far above it both are, ``drawn`` (2, B) the same of their draws, and ``ends``
    what either sign makes of the champion and of the candidate, at a level.

    The distance |x - t| is the larger of x - t and t - x. So |x - t| - |z - t| is at least what
    either sign makes of the champion, whatever sign is right for the candidate: the lower end is
    the lowest of the candidate's. Where the champion's sign was taken from a value that chance may
    have put on that side, either may have been taken, and each is given half of the error. The
    upper end is the same with models exchanged.
    """
    signs = [_signs(x, side) for x, side in zip(off, drawn, strict=True)]
    surely = [level if len(either) == 1 else (1 + level) / 2 for either in signs]
    (one, *_), (two, *_) = signs
    lows = np.array([ends(one, second, surely[0]).low for second in signs[1]], dtype=float)
    highs = np.array([ends(first, two, surely[1]).high for first in signs[0]], dtype=float)
    return float(lows.min()), float(highs.max())


def _either_way(
    metric: Metric, at: Replicates[Spread], draws: Floats, level: float
) -> tuple[float, float]:
    """How far below and above an improvement of a gap its ends lie at least; 0 where that is open.

    A gap next to none is the distance of two groups whose order chance may have chosen, as in
    `_towards`. Resamples show it without its sign, so that its spread is that of the influence,
    with whichever sign moves the improvement more, and each has half of the error.
    """
    best = metric.domain[1] if metric.higher_is_better else metric.domain[0]
    values = (at.champion_value, at.candidate_value)
    unsure = [
        len(_signs(value - best, side)) > 1 for value, side in zip(values, draws, strict=True)
    ]
    surely = (1 + level) / 2
    either = (at.influence.of(1, turn) for turn in (1, -1))
    spread = max(widening(one, surely) * float(one.error) for one in either)
    reach = normal_reach(surely) * spread
    return (reach if unsure[0] else 0.0), (reach if unsure[1] else 0.0)


def _few(
    metric: Metric, at: Replicates[Spread], moving: Moving, level: float
) -> tuple[float, float]:
    """How far below and above an improvement its ends lie at least; 0 where many units matter.

    Resamples of a skewed few lean to the side that the truth is not on. Of many units, what few
    of them tell is left to the resamples, whose law is the same however it is had.

    And of a handful among many units, no more is known of those that were not seen than where none
    mattered at all (`titleholder.stats.extremes`): to see one more may not narrow the interval. A
    metric without bounds has those that its units were seen to keep.
    """
    below = above = 0.0
    if not math.isfinite(moving.error):
        return below, above
    units, width = at.influence.units, metric.domain[1] - metric.domain[0]
    if not math.isfinite(width) and moving.error > 0:
        width = at.influence.range
    if units <= EXACT_UNITS:
        reach = _as_few(moving, _FEW_MATTER) * (widening(moving, level) * moving.error)
        low, high = (float(end) for end in unskewed_ends(moving.skewness, level))
        below, above = -reach * low, reach * high
    if math.isfinite(width) and moving.freedom < _FEW_OF * units:
        unknown = _as_few(moving, _HANDFUL) * unseen(units, level) * width
        below, above = max(below, unknown), max(above, unknown)
    return below, above


def _as_few(moving: Moving, freedom: float) -> float:
    """1 up to so many degrees of freedom, falling to 0 at twice as many."""
    return min(1.0, max(0.0, 2 - moving.freedom / freedom))


def _opened(found: Estimate, below: float, above: float) -> Estimate:
    """An interval whose ends lie at least so far from its value."""
    if found.value is None or found.low is None or found.high is None:
        return found
    low, high = min(found.low, found.value - below), max(found.high, found.value + above)
    return Estimate(value=found.value, low=low, high=high)


def _signs(off: float, drawn: Floats) -> tuple[float, ...]:
    """On which side of a target a value lies, and the other if it may lie there as well."""
    sign = 1.0 if off >= 0 else -1.0
    return (sign,) if abs(off) > _SURE * float(drawn.std()) else (sign, -sign)


def interval(
    value: float, draws: Floats, level: float, wider: float = 1.0, push: Push = NONE
) -> Estimate:
    """The percentile interval of ``draws``, moved out from ``value`` by ``wider``.

    Where noise pushed the value, the spread is taken from the draws' own middle, and the interval
    reaches from where the value is to all the way that it may have been pushed from.
    """
    low, high = percentiles(draws, level)
    middle = value if push == NONE else float(draws.mean())
    down, up = max(0.0, middle - low), max(0.0, high - middle)
    return Estimate(
        value=value, low=value - push.up - wider * down, high=value + push.down + wider * up
    )


def percentiles(draws: Floats, level: float) -> tuple[float, float]:
    """Both ends of the middle ``level`` of draws (B,), between two neighbours in proportion.

    As `numpy.quantile` has them by default, at a tenth of its time: a whole sort of so few numbers
    is quicker than a partial one.
    """
    ordered, last = np.sort(draws), len(draws) - 1
    ends = []
    for share in ((1 - level) / 2, (1 + level) / 2):
        below = min(int(share * last), max(0, last - 1))
        low, high = ordered.item(below), ordered.item(min(below + 1, last))
        ends.append(low + (share * last - below) * (high - low))
    return ends[0], ends[1]


def _own(
    metric: Metric, value: float, draws: Floats, level: float, moving: Moving, pushed: float
) -> Estimate:
    """A model's own interval from its draws (B,), within the metric's domain."""
    push = Push(up=pushed) if pushed > 0 else Push.of(value, draws)
    wider = widening(moving, level)
    found = interval(value, draws, level, wider, push)
    return own_interval(metric, found, level, wider, moving, push)


def slope(metric: Metric, value: float) -> float:
    """Whether a larger value is worth more (1) or less (-1)."""
    if metric.target is not None:
        return 1.0 if value < metric.target else -1.0
    return 1.0 if metric.higher_is_better else -1.0


def _share(value: float, change: Floats, champion_value: float, champion: Floats) -> Floats | None:
    """The improvement as a share of the champion's absolute value, where that is not near 0."""
    size = np.abs(champion)
    if not abs(champion_value) > _NEAR_ZERO or not np.all(size > _NEAR_ZERO):
        return None
    with np.errstate(over="ignore"):
        shares: Floats = change / size
    finite = np.isfinite(shares).all() and math.isfinite(value / abs(champion_value))
    return shares if finite else None
