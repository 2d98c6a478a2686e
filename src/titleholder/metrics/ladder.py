"""Rows in falling order of score, tied scores on one step: what every metric of order needs."""

from dataclasses import dataclass

import numpy as np

from titleholder.arrays import Floats, Ints


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
class Ladder:
    """``order`` (n,) puts rows in falling score; ``starts`` (g,) opens each run of ties.

    ``positive`` (n,) is the truth in that order, ``step_of_row`` (n,) the step of each row in
    the panel's own order.
    """

    order: Ints
    starts: Ints
    positive: Floats
    step_of_row: Ints

    @classmethod
    def of(cls, y: Floats, score: Floats) -> "Ladder":
        """The ladder of truth y (n,) in {0, 1} and finite scores (n,)."""
        order = np.argsort(-score, kind="stable")
        falling = score[order]
        new = np.ones(len(order), dtype=bool)
        np.not_equal(falling[1:], falling[:-1], out=new[1:])
        step_of_row = np.empty(len(order), dtype=np.int64)
        step_of_row[order] = np.cumsum(new) - 1
        return cls(order, np.flatnonzero(new), y[order], step_of_row)

    def steps(self, weights: Floats) -> Steps:
        """The steps under row weights (..., n)."""
        # Rows come first in memory: a gather then copies whole runs, and sums over rows add
        # whole runs to one another. On (B, n) as it stands both would jump for every number.
        falling = weights.T[self.order]
        positive = (falling.T * self.positive).T
        negative = falling - positive
        if len(self.starts) < len(self.order):
            positive = np.add.reduceat(positive, self.starts, axis=0)
            negative = np.add.reduceat(negative, self.starts, axis=0)
        above = (positive.cumsum(axis=0).T, negative.cumsum(axis=0).T)
        return Steps(positive.T, negative.T, *above)
