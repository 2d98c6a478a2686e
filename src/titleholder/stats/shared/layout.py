"""How a row becomes one number that puts rows in falling order of score, and tells its slices.

Its score in falling order and, behind it, its mark: its truth and the slices that it belongs to.
Such numbers are sorted as they are, many times faster than places would be. Those of the same
`Layout` can be merged.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from titleholder.arrays import Bools, Floats
from titleholder.fast.compiled import passes
from titleholder.fast.sorting import Numbers
from titleholder.stats.shared.partition import Codes, Partition

Marks: TypeAlias = NDArray[np.uint16]

ONE = np.uint64(0x3FF0000000000000)  # the bits of 1.0
_MOST_BITS = 16
_MOST_SPARE = 32
_CHUNK = 1 << 15


@dataclass(frozen=True, slots=True)
class Layout:
    """How a row becomes a number: bits of its mark, and leading bits that no score has.

    The mark of a row is its truth in the lowest bit and its code in each partition above it:
    ``widths`` are bits of each code.
    """

    widths: tuple[int, ...]
    spare: int

    @classmethod
    def of(cls, partitions: Sequence[Partition], least: float = 0.0) -> "Layout | None":
        """The layout for scores from ``least`` to 1; None where slices take up too many bits."""
        widths = tuple(0 if p.code is None else (p.width - 1).bit_length() for p in partitions)
        if sum(widths) + 1 > _MOST_BITS:
            return None
        most = int(ONE - np.float64(least + 0.0).view(np.uint64))
        return cls(widths, min(_MOST_SPARE, 64 - most.bit_length()))

    @property
    def bits(self) -> int:
        """Bits of a mark."""
        return sum(self.widths) + 1

    @property
    def mask(self) -> np.uint64:
        """The bits of a number that are its mark."""
        return np.uint64((1 << self.bits) - 1)

    def shifts(self) -> tuple[int, ...]:
        """Where each partition's code starts in a mark."""
        return tuple(1 + sum(self.widths[:i]) for i in range(len(self.widths)))

    def marks(self, y: NDArray[np.integer[Any]], partitions: Sequence[Partition]) -> Marks:
        """The mark of each row, (n,)."""
        marks = np.empty(len(y), dtype=np.uint16)
        coded = [
            (partition.code, np.uint16(shift))
            for partition, shift in zip(partitions, self.shifts(), strict=True)
            if partition.code is not None
        ]
        for rows in chunks(len(y)):
            marks[rows] = y[rows]
            for code, shift in coded:
                _put(marks[rows], code[rows], shift)
        return marks

    def numbers(self, score: Floats, marks: Marks, numbers: Numbers) -> Numbers:
        """Each row's number, put into ``numbers`` (n,); a lower one has a higher score."""
        kept = ~self.mask
        for rows in chunks(len(score)):
            number = (score[rows] + 0.0).view(np.uint64)  # adding makes 0.0 of -0.0
            np.subtract(ONE, number, out=number)
            number <<= np.uint64(self.spare)
            number &= kept
            np.bitwise_or(number, marks[rows], out=numbers[rows])
        return numbers

    def marks_of(self, numbers: Numbers) -> Marks:
        """The marks of these numbers, (n,)."""
        marks = np.empty(len(numbers), dtype=np.uint16)
        for rows in chunks(len(numbers)):
            np.bitwise_and(numbers[rows], self.mask, out=marks[rows], casting="unsafe")
        return marks

    def codes_of(self, marks: Marks, partition: int) -> NDArray[np.int32]:
        """The code in one of the partitions of rows with these marks, (n,)."""
        widest = np.uint16((1 << self.widths[partition]) - 1)
        return ((marks >> np.uint16(self.shifts()[partition])) & widest).astype(np.int32)

    def cuts(self, score: Floats) -> bool:
        """Whether scores differ in bits that marks leave no room for."""
        lost = np.uint64((1 << max(0, self.bits - self.spare)) - 1)
        if not lost:
            return False
        return any((score[rows].view(np.uint64) & lost).any() for rows in chunks(len(score)))

    def differ(self, numbers: Numbers) -> Bools:
        """Whether each of these sorted numbers has another score than the one before, (n,)."""
        new = np.empty(len(numbers), dtype=bool)
        new[:1] = True
        for rows in chunks(len(numbers) - 1):
            # Equal scores have equal leading bits: what is left of a difference is in the mark.
            later = numbers[rows.start + 1 : rows.stop + 1]
            np.greater(later ^ numbers[rows], self.mask, out=new[rows.start + 1 : rows.stop + 1])
        return new


def _put(marks: Marks, code: Codes, shift: np.uint16) -> None:
    """Put codes (n,) into marks (n,), from bit ``shift`` on."""
    compiled = passes()
    if compiled is None:
        marks |= code.astype(np.uint16) << shift
    else:
        compiled.put(marks, code, shift)


def chunks(n: int) -> Iterator[slice]:
    """All rows, some at a time that stay near the processor."""
    for start in range(0, n, _CHUNK):
        yield slice(start, min(n, start + _CHUNK))
