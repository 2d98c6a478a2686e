"""How the influences of rows on a metric of order vary, of all slices of a partition at once.

Influence is a function of the score's fine bin and of truth. Each model's own variance is summed
from that; how both vary together, from the coarse bins of both scores. What bins of two scores
cannot tell of a covariance is at most the root of the product of both variances within the bins
(Cauchy-Schwarz), which is known.
"""

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from titleholder.arrays import Bools, Floats
from titleholder.metrics.base import Ranks
from titleholder.metrics.ladder import Steps
from titleholder.stats.shared.bins import COARSE

# What may be unknown of the variance of the improvement, and may be lost of each model's own in
# the coarse bins; ends of intervals move by half as much, a hundredth of their width.
_UNKNOWN = 0.02
_WITHIN = 0.05


@dataclass(frozen=True)
class Binned:
    """Rows of S slices, in each of which both classes occur, counted by bins of both scores.

    ``fine`` (2, S, 2, FINE) and ``joint`` (S, 2, COARSE, COARSE) are as in `Summary`.
    """

    fine: Floats
    joint: Floats

    @cached_property
    def _steps(self) -> Steps:
        return _steps_of(self.fine)

    @cached_property
    def _coarse(self) -> Floats:
        return _coarser(self.fine)

    @cached_property
    def rarest(self) -> Floats:
        """Rows of the rarer class of each slice, (S,)."""
        return np.asarray(self.fine[0].sum(axis=-1).min(axis=-1))

    def powers(self, law: Ranks) -> tuple[dict[int, Floats], Bools]:
        """How both models' influences vary over the rows of each, (S, k + 1) by power k of 2 to 4.

        As `PowerSums` has them; and whether that is known well enough, (S,).
        """
        influence = _by_bin(law, self._steps)
        each = self.fine * influence
        variances = (each * influence).sum(axis=(2, 3))
        total, counts = _coarser(each), self._coarse
        mean = np.divide(total, counts, out=np.zeros_like(total), where=counts > 0)
        within = np.maximum(0.0, variances - (total * mean).sum(axis=(2, 3)))
        raw = _raw_moments(self.joint, mean[0], mean[1])
        both = raw[:, 1, 1]
        change = variances.sum(axis=0) - 2 * both
        unknown = 2 * np.sqrt(within[0] * within[1])
        vague = (within > _WITHIN * variances).any(axis=0) | ~(unknown <= _UNKNOWN * change)
        powers = {2: np.stack([variances[0], both - variances[0], change], axis=1)}
        for k in (3, 4):
            powers[k] = np.stack([_of_change(raw, k - j, j) for j in range(k + 1)], axis=1)
        return powers, ~vague


def influence_by_bin(law: Ranks, counts: Floats) -> Floats:
    """Influence by truth and fine bin, (..., 2, FINE), of rows counted so."""
    return _by_bin(law, _steps_of(counts))


def _by_bin(law: Ranks, steps: Steps) -> Floats:
    of_positive, of_negative = law.influence(steps)
    return np.stack([of_negative, of_positive], axis=-2)[..., ::-1]


def _steps_of(counts: Floats) -> Steps:
    """Bins in falling order of score, from rows by truth and bin (..., 2, FINE)."""
    falling = np.ascontiguousarray(np.moveaxis(counts[..., ::-1], -2, 0))
    # Whole numbers add up at a third of the time.
    negatives_above, positives_above = falling.cumsum(axis=-1, dtype=np.int64).astype(float)
    return Steps(falling[1], falling[0], positives_above, negatives_above)


def _coarser(fine: Floats) -> Floats:
    """Sums over the fine bins (..., FINE) of each coarse one, (..., COARSE)."""
    summed: Floats = fine.reshape(*fine.shape[:-1], COARSE, -1).sum(axis=-1)
    return summed


def _raw_moments(joint: Floats, one: Floats, two: Floats) -> Floats:
    """Sums of one^i two^j over cells ``joint`` (S, 2, C, C), for i and j from 0 to 4; (S, 5, 5)."""
    powers = []
    for x in (one, two):
        squares = x * x
        powers.append(np.stack([np.ones_like(x), x, squares, squares * x, squares * squares], -1))
    summed: Floats = (powers[0].swapaxes(-1, -2) @ (joint @ powers[1])).sum(axis=1)
    return summed


def _of_change(raw: Floats, i: int, j: int) -> Floats:
    """The sum of one^i (two - one)^j, (S,)."""
    terms = (math.comb(j, k) * (-1) ** (j - k) * raw[:, i + j - k, k] for k in range(j + 1))
    return np.asarray(sum(terms))
