"""numpy's sum of a long vector, taken piece by piece: the same to the last bit.

numpy adds in pairs of halves (Higham 1993, doi:10.1137/0914050), each half's length a multiple of
eight, down to runs of 128. Where the halves lie hangs on the length alone, so that a sum can be
taken of a vector that is never there as a whole, once its length is known.
"""

from collections.abc import Iterator

import numpy as np

from titleholder.arrays import Floats

_LEAF = 1 << 16  # elements that are summed by numpy at a time


class PairwiseSum:
    """The sum of ``length`` numbers that come some at a time, in their order."""

    def __init__(self, length: int) -> None:
        self._leaves = _leaves(length)
        self._wanted, self._merges = next(self._leaves, (0, 0))
        self._held: list[Floats] = []
        self._have = 0
        self._sums: list[float] = []

    def add(self, values: Floats) -> None:
        """The next numbers, (n,)."""
        while len(values):
            room = self._wanted - self._have
            if room <= 0:
                raise ValueError("more numbers came than were said")
            taken, values = values[:room], values[room:]
            self._held.append(taken)
            self._have += len(taken)
            if self._have == self._wanted:
                self._close()

    @property
    def total(self) -> float:
        """The sum of all, once they have come."""
        if self._wanted or len(self._sums) > 1:
            raise ValueError("fewer numbers came than were said")
        return self._sums[0] if self._sums else 0.0

    def _close(self) -> None:
        """A leaf is whole: add it up, and whatever is whole with it."""
        self._sums.append(float(np.add.reduce(np.concatenate(self._held))))
        for _ in range(self._merges):
            right = self._sums.pop()
            self._sums.append(self._sums.pop() + right)
        self._held, self._have = [], 0
        self._wanted, self._merges = next(self._leaves, (0, 0))


def _leaves(length: int, merges: int = 0) -> Iterator[tuple[int, int]]:
    """Length of each leaf in order, and how many sums are whole once it has been added."""
    if length <= _LEAF:
        if length:
            yield length, merges
        return
    half = length // 2
    half -= half % 8
    yield from _leaves(half)
    yield from _leaves(length - half, merges + 1)
