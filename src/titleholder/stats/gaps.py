"""Ranks with few positives: the exact row bootstrap at a cost that does not grow with the rest.

To a metric of ranks, negatives matter only by the gap that they lie in between two positives: all
that share a gap may share a step. With r positives there are at most (2 r + 1)^2 pairs of places
under two models, and resampling rows is a multinomial over the pairs that occur. (The reverse
does not hold: of positives between two negatives, average precision sees each.)
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from titleholder.arrays import Bools, Floats, Ints
from titleholder.metrics.ladder import Ladder, Steps

_BLOCK = 1 << 21  # elements of one block of draws: about 16 MB


@dataclass(frozen=True, slots=True)
class Gaps:
    """Kinds of rows, (C,) each: how many there are, and the ladder of each model over kinds."""

    counts: Ints
    first: Ladder
    second: Ladder

    @classmethod
    def of(cls, y: Ints, first: Ladder, second: Ladder) -> "Gaps":
        """The kinds of rows of truth y (n,) in {0, 1} under two models' ladders."""
        places = [_places(y == 1, ladder) for ladder in (first, second)]
        width = int(places[1].max()) + 1
        code = (places[0] * width + places[1]) * 2 + y
        kinds, counts = np.unique(code, return_counts=True)
        rest, truth = np.divmod(kinds, 2)
        one, two = np.divmod(rest, width)
        of_kind = truth.astype(float)
        # Places count from the top, ladders from high scores.
        return cls(counts, Ladder.of(of_kind, -one.astype(float)),
                   Ladder.of(of_kind, -two.astype(float)))  # fmt: skip

    def steps(self, resamples: int, rng: np.random.Generator) -> Iterator[tuple[Steps, Steps]]:
        """Both ladders' steps on resampled rows, in blocks."""
        n, left = int(self.counts.sum()), resamples
        while left > 0:
            b = min(left, max(1, _BLOCK // len(self.counts)))
            drawn: Floats = rng.multinomial(n, self.counts / n, size=b).astype(float)
            yield self.first.steps(drawn), self.second.steps(drawn)
            left -= b


def _places(positive: Bools, ladder: Ladder) -> Ints:
    """The step or gap that each row lies on, counted from the top, (n,).

    Steps that hold a positive have odd numbers, the gaps between them even ones.
    """
    holds = np.zeros(len(ladder.starts), dtype=np.int64)
    holds[ladder.step_of_row[positive]] = 1
    passed = np.cumsum(holds)
    place = np.where(holds == 1, 2 * passed - 1, 2 * passed)
    return np.asarray(place[ladder.step_of_row])
