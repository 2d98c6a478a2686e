"""The exact order of scores on every slice: where its positives stand, with and without ties.

Rows are numbers that put them in falling order (`titleholder.stats.shared.layout`), and each slice
is picked out of them in its order. Where no two scores are the same, sums of `falling` tell most
metrics without that.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from titleholder.arrays import Bools, Floats, Ints
from titleholder.fast.sorting import Numbers, deal, sort
from titleholder.metrics.ladder import Standing, Steps, falling_order
from titleholder.stats.shared.falling import summed
from titleholder.stats.shared.layout import Layout, Marks
from titleholder.stats.shared.partition import Partition

_NARROW = 32


@dataclass(frozen=True, slots=True)
class Places:
    """Where the positives stand among ``rows`` in falling order of score, counted from 1: (P,).

    ``step`` (rows,) numbers the runs of ties; None where no two scores are the same.
    """

    at: Ints
    rows: int
    step: NDArray[np.int32] | None

    @property
    def rarest(self) -> int:
        """Rows of the rarer class."""
        return min(len(self.at), self.rows - len(self.at))

    def standing(self) -> Standing:
        """How the positives stand; no two scores may be the same."""
        truth = np.zeros(self.rows, dtype=np.uint8)
        truth[self.at - 1] = 1
        rows, found, places, precision = summed(truth, np.array([0, self.rows]))
        return Standing(rows.item(0), found.item(0), places.item(0), precision.item(0))

    def steps(self) -> Steps:
        """The ladder: of untied scores each positive, and the negatives between two as one step."""
        return self._runs() if self.step is None else self._ties(self.step)

    def _runs(self) -> Steps:
        found = len(self.at)
        positives = np.zeros(2 * found + 1)
        positives[1::2] = 1.0
        negatives = np.zeros(2 * found + 1)
        negatives[::2] = np.diff(self.at, prepend=0, append=self.rows + 1) - 1
        return Steps(positives, negatives, positives.cumsum(), negatives.cumsum())

    def _ties(self, step: NDArray[np.int32]) -> Steps:
        ends = np.append(np.flatnonzero(step[1:] != step[:-1]) + 1, self.rows)
        above = np.searchsorted(self.at, ends, side="right").astype(float)
        below = ends - above
        return Steps(np.diff(above, prepend=0.0), np.diff(below, prepend=0.0), above, below)


@dataclass(frozen=True, slots=True)
class Order:
    """All rows in falling order: their marks, (n,), and the number of the step or None."""

    layout: Layout
    marks: Marks
    step: NDArray[np.int32] | None

    @classmethod
    def of(cls, layout: Layout, numbers: Numbers, score: Floats, marks: Marks) -> "Order":
        """The order of rows by their sorted numbers (n,), which these scores and marks had."""
        new = layout.differ(numbers)
        if not new.all() and layout.cuts(score) and int(new.sum()) != _distinct(score):
            # Scores that are not the same would be taken for ties.
            order = falling_order(score)
            falling, marks = score[order], marks[order]
            new[1:] = falling[1:] != falling[:-1]
        else:
            marks = layout.marks_of(numbers)
        return cls(layout, marks, None if new.all() else _numbered(new))

    def slices(self, partitions: Sequence[Partition]) -> Iterator[tuple[int, Places]]:
        """Every slice, picked out in this order."""
        for number, partition in enumerate(partitions):
            if partition.code is None:
                at = np.flatnonzero((self.marks & np.uint16(1)).astype(bool)) + 1
                yield partition.members[0], Places(at, len(self.marks), self.step)
            else:
                yield from self._picked(partition, self.layout.codes_of(self.marks, number))

    def _picked(
        self, partition: Partition, codes: NDArray[np.int32]
    ) -> Iterator[tuple[int, Places]]:
        """The slices of one partition: each row's place and truth, as one number, dealt out."""
        narrow = len(self.marks).bit_length() < _NARROW
        kind: type[np.unsignedinteger[Any]] = np.uint32 if narrow else np.uint64
        rows = np.arange(len(self.marks), dtype=kind)
        rows <<= kind(1)
        rows |= self.marks & np.uint16(1)
        rows, starts = deal(rows, codes, partition.width)
        for member in partition.members:
            place = partition.place(member)
            own = rows[starts[place] : starts[place + 1]]
            at = np.flatnonzero((own & kind(1)).astype(bool)) + 1
            step = None if self.step is None else self.step[own >> kind(1)]
            if step is not None and not (step[1:] == step[:-1]).any():
                step = None
            yield member, Places(at, len(own), step)


def _numbered(new: Bools) -> NDArray[np.int32]:
    return np.cumsum(new, dtype=np.int32) - np.int32(1)


def _distinct(score: Floats) -> int:
    """How many scores there are."""
    ordered = sort((score + 0.0).view(np.uint64))
    return 1 + int((ordered[1:] != ordered[:-1]).sum())
