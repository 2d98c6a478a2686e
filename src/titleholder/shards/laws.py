"""Metrics of order from a ladder of scores that comes piece by piece, to the last bit.

What `titleholder.metrics.ranking` takes of a ladder that is there as a whole is taken here of its
pieces, each operation on the same numbers in the same order; so that both give one value.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from titleholder.arrays import Floats, Ints
from titleholder.metrics.ladder import Steps
from titleholder.shards.pairwise import PairwiseSum


@dataclass(frozen=True, slots=True)
class Totals:
    """What is known of one slice of one model before its ladder is gone down.

    ``steps`` counts the distinct scores; where they are as many as the rows, nothing is tied.
    ``briefly`` says that this is so on the whole panel: some sums are then added otherwise, as
    `titleholder.stats.shared.falling` adds them.
    """

    rows: int
    positives: int
    steps: int
    briefly: bool

    @property
    def tied(self) -> bool:
        """Whether some scores are the same."""
        return self.steps < self.rows

    @property
    def negatives(self) -> int:
        """Rows of the other class."""
        return self.rows - self.positives

    @property
    def pairs(self) -> int:
        """Pairs of a positive and a negative."""
        return self.positives * self.negatives

    @property
    def ladder(self) -> int:
        """How many steps a ladder has: without ties, each positive and the negatives between."""
        return self.steps if self.tied else 2 * self.positives + 1


class Law(Protocol):
    """One metric of one slice; both classes occur."""

    def places(self, at: Ints) -> None:
        """Some places of positives among all rows, rising, counted from 1; only without ties."""

    def steps(self, steps: Steps) -> None:
        """Some steps in falling order of score, ``..._above`` counted from the very top."""

    def value(self) -> float:
        """The metric, once all have come."""


class Area:
    """ROC AUC; Gini where ``turned``."""

    def __init__(self, totals: Totals, *, turned: bool = False) -> None:
        self._totals, self._turned = totals, turned
        self._places = 0
        self._outranking = PairwiseSum(0 if totals.briefly else totals.ladder)

    def places(self, at: Ints) -> None:
        """See `Law`."""
        self._places += int(at.sum())

    def steps(self, steps: Steps) -> None:
        """See `Law`."""
        if not self._totals.briefly:
            outranking = steps.positives_above - 0.5 * steps.positives
            self._outranking.add(steps.negatives * outranking)

    def value(self) -> float:
        """See `Law`."""
        pairs, positives = self._totals.pairs, self._totals.positives
        if self._totals.briefly:
            outranked_by = self._places - positives * (positives + 1) // 2
            area = (pairs - outranked_by) / pairs
        else:
            area = self._outranking.total / (float(positives) * float(self._totals.negatives))
        return 2 * area - 1 if self._turned else area


class AveragePrecision:
    """Mean precision over the steps of recall."""

    def __init__(self, totals: Totals) -> None:
        self._totals = totals
        self._seen = 0
        self._added = 0.0  # one after the other
        self._sum = PairwiseSum(0 if totals.briefly else totals.ladder)

    def places(self, at: Ints) -> None:
        """See `Law`."""
        if self._totals.briefly and len(at):
            shares = np.arange(1.0 + self._seen, len(at) + 1 + self._seen) / at
            self._added = float(np.cumsum(np.append(self._added, shares))[-1])
            self._seen += len(at)

    def steps(self, steps: Steps) -> None:
        """See `Law`."""
        if not self._totals.briefly:
            rows_above = steps.positives_above + steps.negatives_above
            found = steps.positives * steps.positives_above
            self._sum.add(found / np.where(rows_above > 0, rows_above, np.inf))

    def value(self) -> float:
        """See `Law`."""
        added = self._added if self._totals.briefly else self._sum.total
        return added / self._totals.positives


class Widest:
    """KS: the largest distance between the true and the false positive rate."""

    def __init__(self, totals: Totals) -> None:
        self._totals = totals
        self._widest = 0.0

    def places(self, at: Ints) -> None:
        """See `Law`."""

    def steps(self, steps: Steps) -> None:
        """See `Law`."""
        true = steps.positives_above / float(self._totals.positives)
        false = steps.negatives_above / float(self._totals.negatives)
        self._widest = max(self._widest, float(np.abs(true - false).max(initial=0.0)))

    def value(self) -> float:
        """See `Law`."""
        return self._widest


class Lift:
    """Rate of positives among the ``share`` of rows that score highest, over the overall rate."""

    def __init__(self, totals: Totals, share: float) -> None:
        self._totals, self._share = totals, share
        self._sum = PairwiseSum(totals.ladder)

    def places(self, at: Ints) -> None:
        """See `Law`."""

    def steps(self, steps: Steps) -> None:
        """See `Law`."""
        each = steps.positives + steps.negatives
        above = steps.positives_above + steps.negatives_above
        wanted = self._share * float(self._totals.rows)
        room = np.clip(wanted - (above - each), 0.0, each)
        taken: Floats = np.divide(room, each, out=np.zeros_like(room), where=each > 0)
        self._sum.add(steps.positives * taken)

    def value(self) -> float:
        """See `Law`."""
        return self._sum.total / (self._share * self._totals.positives)


def law_of(metric: str) -> Callable[[Totals], Law] | None:
    """How a metric of order is taken of a ladder in pieces; None for one that cannot be."""
    if metric.startswith("lift["):
        share = float(metric.removeprefix("lift[").removesuffix("]"))
        return lambda totals: Lift(totals, share)
    return _LAWS.get(metric)


_LAWS: dict[str, Callable[[Totals], Law]] = {
    "roc_auc": Area,
    "gini": lambda totals: Area(totals, turned=True),
    "average_precision": AveragePrecision,
    "ks": Widest,
}
