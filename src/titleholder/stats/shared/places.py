"""The exact order of scores on every slice, from one sort a model.

What a metric of order sees of a slice is where its positives stand. So each row becomes one
number: its score in falling order and, behind it, its truth and the slices that it belongs to.
These numbers are sorted as they are (many times faster than a sort of places), and each slice is
picked out of them in its order. Sorted numbers of the same `Layout` can be merged.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from types import ModuleType
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from titleholder.arrays import Bools, Floats, Ints
from titleholder.fast.compiled import passes
from titleholder.fast.sorting import Numbers, deal, sort
from titleholder.metrics.ladder import Standing, Steps, falling_order
from titleholder.stats.shared.partition import Partition

Marks: TypeAlias = NDArray[np.uint16]

_ONE = np.uint64(0x3FF0000000000000)  # the bits of 1.0
_MOST_BITS = 16
_MOST_SPARE = 32
_CHUNK = 1 << 15
_NARROW = 32
_MOST_IN_DOUBLES = 1 << 27  # rows whose places add up to whole numbers that doubles hold


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
        most = int(_ONE - np.float64(least + 0.0).view(np.uint64))
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

    def marks(self, y: Ints, partitions: Sequence[Partition]) -> Marks:
        """The mark of each row, (n,)."""
        marks = np.empty(len(y), dtype=np.uint16)
        for rows in _chunks(len(y)):
            mark = y[rows].astype(np.uint16)
            for partition, shift in zip(partitions, self.shifts(), strict=True):
                if partition.code is not None:
                    mark |= partition.code[rows].astype(np.uint16) << np.uint16(shift)
            marks[rows] = mark
        return marks

    def numbers(self, score: Floats, marks: Marks) -> Numbers:
        """Each row's number, (n,); a lower one has a higher score."""
        numbers = np.empty(len(score), dtype=np.uint64)
        spare, kept, compiled = np.uint64(self.spare), ~self.mask, passes()
        if compiled is not None:
            compiled.numbered(score.view(np.uint64), marks, spare, kept, numbers)
            return numbers
        for rows in _chunks(len(score)):
            number = (score[rows] + 0.0).view(np.uint64)  # adding makes 0.0 of -0.0
            np.subtract(_ONE, number, out=number)
            number <<= spare
            number &= kept
            np.bitwise_or(number, marks[rows], out=numbers[rows])
        return numbers

    def marks_of(self, numbers: Numbers) -> Marks:
        """The marks of these numbers, (n,)."""
        marks = np.empty(len(numbers), dtype=np.uint16)
        for rows in _chunks(len(numbers)):
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
        return any((score[rows].view(np.uint64) & lost).any() for rows in _chunks(len(score)))


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
        rows, found, places, precision = _summed(truth, np.array([0, self.rows]))
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
        new = _steps(numbers, layout.mask)
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


def standings(
    layout: Layout, numbers: Numbers, partitions: Sequence[Partition]
) -> dict[int, Standing] | None:
    """How the positives stand on every slice, from all rows' sorted numbers (n,); None at a tie."""
    compiled = passes() if len(numbers) < _MOST_IN_DOUBLES else None
    sums = (
        _standings(layout, numbers, partitions)
        if compiled is None
        else _compiled_standings(compiled, layout, numbers, partitions)
    )
    if sums is None:
        return None
    return {
        member: Standing(rows.item(at), found.item(at), places.item(at), precision.item(at))
        for partition, (rows, found, places, precision) in zip(partitions, sums, strict=True)
        for member, at in ((member, partition.place(member)) for member in partition.members)
    }


# Rows, positives, the sum of their places and of precision, by code of a partition: (width,) each.
_Sums: TypeAlias = tuple[Ints, Ints, Ints, Floats]


def _standings(
    layout: Layout, numbers: Numbers, partitions: Sequence[Partition]
) -> list[_Sums] | None:
    if not _steps(numbers, layout.mask).all():
        return None
    marks = layout.marks_of(numbers)
    truth = (marks & np.uint16(1)).astype(np.uint8)
    found = []
    for number, partition in enumerate(partitions):
        if partition.code is None:
            found.append(_summed(truth, np.array([0, len(truth)])))
        else:
            found.append(_summed(*deal(truth, layout.codes_of(marks, number), partition.width)))
    return found


def _summed(truth: NDArray[np.uint8], starts: Ints) -> _Sums:
    """The sums of each code: ``truth`` (n,) in falling order, one code after the other."""
    codes = len(starts) - 1
    found, places = np.zeros(codes, dtype=np.int64), np.zeros(codes, dtype=np.int64)
    precision = np.zeros(codes)
    for code in range(codes):
        place = np.flatnonzero(truth[starts[code] : starts[code + 1]].view(bool))
        if len(place) == 0:
            continue
        place += 1
        found[code], places[code] = len(place), place.sum()
        count = np.arange(1.0, len(place) + 1)
        count /= place
        # Added in falling order, one after the other.
        precision[code] = np.cumsum(count, out=count)[-1]
    return np.diff(starts), found, places, precision


def _compiled_standings(
    compiled: ModuleType, layout: Layout, numbers: Numbers, partitions: Sequence[Partition]
) -> list[_Sums] | None:
    coded = [i for i, partition in enumerate(partitions) if partition.code is not None]
    shifts = np.array([layout.shifts()[i] for i in coded], dtype=np.uint64)
    masks = np.array([(1 << layout.widths[i]) - 1 for i in coded], dtype=np.uint64)
    table = np.zeros((len(coded), int(masks.max(initial=0)) + 1, 4))
    untied, *whole = compiled.standings(numbers, layout.mask, shifts, masks, table)
    if not untied:
        return None
    by_code = iter(table.transpose(0, 2, 1))
    return [
        _of_doubles(np.array(whole)[:, None] if partition.code is None else next(by_code))
        for partition in partitions
    ]


def _of_doubles(sums: Floats) -> _Sums:
    rows, found, places = sums[:3].astype(np.int64)
    return rows, found, places, sums[3]


def _steps(numbers: Numbers, mask: np.uint64) -> Bools:
    """Whether each of the sorted numbers has another score than the one before, (n,)."""
    new = np.empty(len(numbers), dtype=bool)
    new[:1] = True
    for rows in _chunks(len(numbers) - 1):
        # Equal scores have equal leading bits: what is left of a difference is in the mark.
        later = numbers[rows.start + 1 : rows.stop + 1]
        np.greater(later ^ numbers[rows], mask, out=new[rows.start + 1 : rows.stop + 1])
    return new


def _numbered(new: Bools) -> NDArray[np.int32]:
    return np.cumsum(new, dtype=np.int32) - np.int32(1)


def _chunks(n: int) -> Iterator[slice]:
    """All rows, some at a time that stay near the processor."""
    for start in range(0, n, _CHUNK):
        yield slice(start, min(n, start + _CHUNK))


def _distinct(score: Floats) -> int:
    """How many scores there are."""
    ordered = sort((score + 0.0).view(np.uint64))
    return 1 + int((ordered[1:] != ordered[:-1]).sum())
