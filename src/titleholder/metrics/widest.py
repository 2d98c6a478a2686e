"""The widest gap between two rates along a ladder of scores: KS, and what noise adds to a maximum.

Where the gap is widest is itself found among noise: some step beside the true one has more of it,
so that the maximum lies above what it stands for, by a share of its standard error that falls by
the sixth root of the rows alone. On a thousand rows or on a million, it has to be told.
"""

from functools import cache

import numpy as np

from titleholder.arrays import Floats
from titleholder.metrics.base import ratio
from titleholder.metrics.ladder import Steps

# Steps that lie lower than the widest by more standard errors of what lies between do not pass it.
_REACH = 3.0
_PATHS, _PLACES = 256, 64
# At a peak, noise of variance s adds s^(2/3) times something (Kim & Pollard 1990,
# doi:10.1214/aos/1176347498): so much more than a further noise of the same size adds to it.
_ADDED = 1 / (2 ** (2 / 3) - 1)


def ks(steps: Steps) -> Floats:
    """Largest distance between the true and the false positive rate; (...)."""
    widest: Floats = np.abs(_true_rate(steps) - _false_rate(steps)).max(axis=-1)
    return widest


def ks_influence(steps: Steps) -> tuple[Floats, Floats]:
    """That of the gap at the step where it is widest (the step itself moves to second order)."""
    true_rate, false_rate = _true_rate(steps), _false_rate(steps)
    widest = np.abs(true_rate - false_rate).argmax(axis=-1)[..., None]
    true, false = (np.take_along_axis(rate, widest, -1) for rate in (true_rate, false_rate))
    sign = np.sign(true - false)
    called = (np.arange(true_rate.shape[-1]) <= widest).astype(float)
    of_positive = sign * (called - true) / steps.all_positives[..., None]
    of_negative = sign * (false - called) / steps.all_negatives[..., None]
    return of_positive, of_negative


def ks_pushed(steps: Steps, error: float) -> float:
    """How far noise has moved KS up on average, >= 0; ``error`` is its standard error.

    Beside the widest step, the gap is less by what is seen, and moves by the rows between: a walk
    whose highest point is looked for on either side. Weights and clusters make its steps as much
    larger as they make the error.
    """
    true_rate, false_rate = _true_rate(steps), _false_rate(steps)
    gap = true_rate - false_rate
    top = int(np.abs(gap).argmax())
    lower = abs(gap[top]) - np.sign(gap[top]) * gap
    spread = (steps.positives / steps.all_positives**2).cumsum()
    spread += (steps.negatives / steps.all_negatives**2).cumsum()
    true, false = true_rate[top], false_rate[top]
    plain = true * (1 - true) / steps.all_positives + false * (1 - false) / steps.all_negatives
    if not plain > 0:
        return 0.0
    spread *= error**2 / plain
    after = _highest(spread[top + 1 :] - spread[top], lower[top + 1 :], 0)
    before = _highest((spread[top] - spread[:top])[::-1], lower[:top][::-1], 1)
    return _ADDED * float(np.maximum(after, before).mean())


def _highest(spread: Floats, lower: Floats, side: int) -> Floats:
    """How far walks of variance ``spread`` (g,) rise above where they start, (paths,).

    ``lower`` (g,) is how far they have to climb. Neighbours share a place, the easiest among them.
    """
    near = np.flatnonzero(lower < _REACH * np.sqrt(spread))
    if not len(near):
        return np.zeros(_PATHS)
    spread, lower = spread[: near[-1] + 1], lower[: near[-1] + 1]
    places = np.linspace(0.0, spread[-1], _PLACES, endpoint=False)
    starts = np.unique(np.searchsorted(spread, places, side="right"))
    ends = np.append(spread[starts[1:] - 1], spread[-1])
    walks = _normals()[side, :, : len(starts)] * np.sqrt(np.diff(ends, prepend=0.0))
    climbs = walks.cumsum(axis=1) - np.minimum.reduceat(lower, starts)
    return np.asarray(np.maximum(climbs.max(axis=1), 0.0))


@cache
def _normals() -> Floats:
    """Always the same ones, (2, paths, places)."""
    drawn = np.random.Generator(np.random.Philox(key=0))
    return drawn.standard_normal((2, _PATHS, _PLACES))


def _true_rate(steps: Steps) -> Floats:
    return ratio(steps.positives_above, steps.all_positives[..., None])


def _false_rate(steps: Steps) -> Floats:
    return ratio(steps.negatives_above, steps.all_negatives[..., None])
