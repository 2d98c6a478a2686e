"""The exact order of scores on every slice, from one sort a model.

What a metric of order sees of a slice is where its positives stand. So each row becomes one
number: its score in falling order and, behind it, its truth and the slices that it belongs to.
These numbers are sorted as they are (many times faster than a sort of places), and each slice is
picked out of them in its order.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from titleholder.arrays import Floats, Ints
from titleholder.metrics.ladder import Steps
from titleholder.stats.shared.partition import Partition

_ONE = np.uint64(0x3FF0000000000000)  # the bits of 1.0
_SPARE = 2  # leading bits that no number up to 1.0 has
_MOST_BITS = 16
_CHUNK = 1 << 15
_NARROW = 32  # bits of numbers that sort twice as fast as those of 64


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


def places(
    y: Ints, score: Floats, partitions: Sequence[Partition]
) -> Iterator[tuple[int, Places]] | None:
    """Each slice's place among all and its `Places`; None where it cannot be had this way.

    Scores (n,) lie in [0, 1]. It cannot be had where the slices take up so many bits that scores
    which are not the same would be taken for ties.
    """
    widths = [0 if p.code is None else (p.width - 1).bit_length() for p in partitions]
    if sum(widths) + 1 > _MOST_BITS:
        return None
    ordered = _Ordered.of(y, score, partitions, widths)
    return None if ordered is None else ordered.slices(partitions, widths)


@dataclass(frozen=True, slots=True)
class _Ordered:
    """All rows in falling order: truth and slices, (n,), and the number of the step or None."""

    code: NDArray[np.uint16]
    step: NDArray[np.int32] | None

    @classmethod
    def of(
        cls, y: Ints, score: Floats, partitions: Sequence[Partition], widths: Sequence[int]
    ) -> "_Ordered | None":
        bits = np.uint64(sum(widths) + 1)
        mask = (np.uint64(1) << bits) - np.uint64(1)
        keys, some = np.empty(len(score), dtype=np.uint64), np.uint64(0)
        for rows in _chunks(len(score)):
            key = (score[rows] + 0.0).view(np.uint64)  # adding makes 0.0 of -0.0
            some |= np.bitwise_or.reduce(key)
            np.subtract(_ONE, key, out=key)
            key <<= np.uint64(_SPARE)
            key &= ~mask
            np.bitwise_or(key, _coded(y[rows], rows, partitions, widths), out=keys[rows])
        keys.sort()
        code, new = np.empty(len(keys), dtype=np.uint16), np.empty(len(keys), dtype=bool)
        before = ~keys[:1]
        for rows in _chunks(len(keys)):
            key = keys[rows]
            np.bitwise_and(key, mask, out=code[rows], casting="unsafe")
            # Equal scores have equal leading bits: what is left of a difference is not in the code.
            np.greater(key[:1] ^ before, mask, out=new[rows][:1])
            np.greater(key[1:] ^ key[:-1], mask, out=new[rows][1:])
            before = key[-1:]
        if new.all():
            return cls(code, None)
        cut = bool(some & (mask >> np.uint64(_SPARE)))
        if cut and int(new.sum()) != _distinct(score):
            return None
        return cls(code, np.cumsum(new, dtype=np.int32) - np.int32(1))

    def slices(
        self, partitions: Sequence[Partition], widths: Sequence[int]
    ) -> Iterator[tuple[int, Places]]:
        """Every slice, picked out in this order."""
        shift = 1
        for partition, width in zip(partitions, widths, strict=True):
            if partition.code is None:
                at = np.flatnonzero((self.code & np.uint16(1)).astype(bool)) + 1
                yield partition.members[0], Places(at, len(self.code), self.step)
                continue
            yield from self._members(partition, shift, width)
            shift += width

    def _members(
        self, partition: Partition, shift: int, width: int
    ) -> Iterator[tuple[int, Places]]:
        """The slices of one partition: each row's code, place and truth sorted as one number."""
        bits = len(self.code).bit_length()
        kind: type[np.unsignedinteger[Any]] = (
            np.uint32 if width + bits + 1 <= _NARROW else np.uint64
        )
        keys: NDArray[Any] = np.empty(len(self.code), dtype=kind)
        for rows in _chunks(len(keys)):
            code = self.code[rows]
            key = ((code >> np.uint16(shift)) & np.uint16((1 << width) - 1)).astype(kind)
            key <<= kind(bits)
            key |= np.arange(rows.start, rows.start + len(code), dtype=kind)
            key <<= kind(1)
            np.bitwise_or(key, code & np.uint16(1), out=keys[rows])
        keys.sort()
        starts = np.searchsorted(keys, np.arange(partition.width + 1, dtype=kind) << kind(bits + 1))
        for member in partition.members:
            place = partition.place(member)
            own = keys[starts[place] : starts[place + 1]]
            at = np.flatnonzero((own & kind(1)).astype(bool)) + 1
            step = None
            if self.step is not None:
                step = self.step[(own >> kind(1)) & kind((1 << bits) - 1)]
            if step is not None and not (step[1:] == step[:-1]).any():
                step = None
            yield member, Places(at, len(own), step)


def _coded(
    y: Ints, rows: slice, partitions: Sequence[Partition], widths: Sequence[int]
) -> NDArray[np.uint16]:
    """Truth in the lowest bit, the code of each partition above it, of some rows."""
    code = y.astype(np.uint16)
    shift = 1
    for partition, width in zip(partitions, widths, strict=True):
        if partition.code is not None:
            code |= partition.code[rows].astype(np.uint16) << np.uint16(shift)
            shift += width
    return code


def _chunks(n: int) -> Iterator[slice]:
    """All rows, some at a time that stay near the processor."""
    for start in range(0, n, _CHUNK):
        yield slice(start, min(n, start + _CHUNK))


def _distinct(score: Floats) -> int:
    """How many scores there are."""
    ordered = np.sort(score)
    return 1 + int((ordered[1:] != ordered[:-1]).sum())
