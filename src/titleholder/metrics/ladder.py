"""Rows in falling order of score, tied scores on one step: what every metric of order needs."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from titleholder.arrays import Floats, Ints
from titleholder.fast.sorting import sort


@dataclass(frozen=True, slots=True)
class Steps:
    """Weight of positives and negatives on each step, and at or above it; all (..., g)."""

    positives: Floats
    negatives: Floats
    positives_above: Floats
    negatives_above: Floats

    @property
    def all_positives(self) -> Floats:
        """Weight of all positives, (...)."""
        return self.positives_above[..., -1]

    @property
    def all_negatives(self) -> Floats:
        """Weight of all negatives, (...)."""
        return self.negatives_above[..., -1]


@dataclass(frozen=True, slots=True)
class Standing:
    """How the positives stand among ``rows`` of untied scores in falling order.

    There are so many ``positives``; ``places`` is the sum of their places, counted from 1, and
    ``precision`` the sum of k / place over the k-th of them, added in that order.
    """

    rows: int
    positives: int
    places: int
    precision: float

    @property
    def rarest(self) -> int:
        """Rows of the rarer class."""
        return min(self.positives, self.rows - self.positives)


@dataclass(frozen=True)
class Ladder:
    """``order`` (n,) puts rows in falling score; ``starts`` (g,) opens each run of ties.

    ``positive`` (n,) is the truth in that order.
    """

    order: Ints
    starts: Ints
    positive: Floats

    @classmethod
    def of(cls, y: Floats, score: Floats) -> "Ladder":
        """The ladder of truth y (n,) in {0, 1} and finite scores (n,)."""
        order, falling = _falling(score)
        new = np.ones(len(order), dtype=bool)
        np.not_equal(falling[1:], falling[:-1], out=new[1:])
        return cls(order, np.flatnonzero(new), y[order])

    @property
    def sizes(self) -> Ints:
        """How many rows stand on each step, (g,)."""
        return np.diff(self.starts, append=len(self.order))

    @cached_property
    def step_of_row(self) -> Ints:
        """The step of each row, in the panel's own order, (n,)."""
        step = np.empty(len(self.order), dtype=np.int64)
        step[self.order] = np.repeat(np.arange(len(self.starts)), self.sizes)
        return step

    def of_rows(self, of_positive: Floats, of_negative: Floats) -> Floats:
        """What a positive and a negative have on a step, (g,), brought to rows as they stand."""
        if len(self.starts) < len(self.order):
            sizes = self.sizes
            of_positive, of_negative = of_positive.repeat(sizes), of_negative.repeat(sizes)
        values = np.empty(len(self.order))
        values[self.order] = np.where(self.positive > 0, of_positive, of_negative)
        return values

    def plain_steps(self) -> Steps:
        """The steps where every row weighs 1."""
        n = len(self.order)
        if len(self.starts) == n:
            positives, above = self.positive, self.positive.cumsum()
            return Steps(positives, 1.0 - positives, above, np.arange(1.0, n + 1) - above)
        ends = self.starts + self.sizes
        above = self.positive.cumsum()[ends - 1]
        positives = np.diff(above, prepend=0.0)
        return Steps(positives, self.sizes - positives, above, ends - above)

    def steps(self, weights: Floats) -> Steps:
        """The steps under row weights (..., n)."""
        falling = weights.take(self.order, axis=-1)
        ups = falling * self.positive
        downs = np.subtract(falling, ups, out=falling)
        if len(self.starts) < len(self.order):
            ups = np.add.reduceat(ups, self.starts, axis=-1)
            downs = np.add.reduceat(downs, self.starts, axis=-1)
        return Steps(ups, downs, ups.cumsum(axis=-1), downs.cumsum(axis=-1))


def falling_order(score: Floats) -> Ints:
    """The rows (n,) in falling order of finite scores, tied ones as they stand.

    A plain sort of numbers is many times faster than a sort of places. So each score's leading
    bits, turned to fall, and the row's place behind them are sorted as one number; rows that
    differ only in the bits that were cut off are put right afterwards.
    """
    return _falling(score)[0]


def _falling(score: Floats) -> tuple[Ints, Floats]:
    """The order, and the scores in it; (n,) each."""
    n = len(score)
    places = np.uint64(max(1, (n - 1).bit_length()))
    keys = _falling_bits(score) >> places << places
    keys |= np.arange(n, dtype=np.uint64)
    keys = sort(keys)
    order = (keys & ((np.uint64(1) << places) - np.uint64(1))).astype(np.int64)
    falling = score[order]
    rising = falling[1:] > falling[:-1]
    if rising.any():
        keys >>= places
        # Equal scores have equal bits, so that only rows of such a key can be out of order.
        shared = np.unique(keys[1:][rising])
        ends = (np.searchsorted(keys, shared, side) for side in ("left", "right"))
        astray = _ranges(*ends)
        rows = order[astray]
        order[astray] = rows[np.lexsort((rows, -score[rows], keys[astray]))]
        falling[astray] = score[order[astray]]
    return order, falling


def _ranges(starts: Ints, ends: Ints) -> Ints:
    """All whole numbers from each start to before its end."""
    sizes = ends - starts
    firsts = starts - (sizes.cumsum() - sizes)
    return np.asarray(np.arange(sizes.sum()) + firsts.repeat(sizes))


def _falling_bits(score: Floats) -> NDArray[np.uint64]:
    """Finite doubles as unsigned integers in the opposite order; 0.0 and -0.0 are one."""
    bits = (0.0 - score).view(np.int64)  # as -score, but without -0.0 for 0.0
    return (bits ^ ((bits >> 63) | np.int64(-(2**63)))).view(np.uint64)
