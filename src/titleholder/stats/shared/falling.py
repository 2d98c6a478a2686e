"""All rows in falling order of score, from one sort a model, and what one walk down it tells.

How the positives stand on every slice, which is all that most metrics of order need where no two
scores are the same; and how many rows each bin of scores has on every slice, which costs next to
nothing on the way: rows of a bin stand together.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from types import ModuleType
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from titleholder.arrays import Floats, Ints
from titleholder.fast.compiled import passes
from titleholder.fast.sorting import Numbers, deal, sort
from titleholder.metrics.ladder import Standing
from titleholder.stats.shared.bins import FINE, Bin
from titleholder.stats.shared.layout import Layout, Marks
from titleholder.stats.shared.partition import Partition

_MOST_IN_DOUBLES = 1 << 27  # rows whose places add up to whole numbers that doubles hold
_DEALT = 1 << 12  # rows of a stretch that is sorted by itself, at least

# Rows, positives, the sum of their places and of precision, by code of a partition: (width,) each.
Sums: TypeAlias = tuple[Ints, Ints, Ints, Floats]


@dataclass(frozen=True, slots=True)
class Falling:
    """All rows as numbers (n,) in rising order, which is that of falling scores.

    ``ends`` (FINE,) says where each bin's rows end, the highest bin's first; None where nobody
    looked.
    """

    layout: Layout
    numbers: Numbers
    ends: Ints | None

    @classmethod
    def of(
        cls, layout: Layout, score: Floats, marks: Marks, bins: Bin, room: Numbers | None = None
    ) -> "Falling":
        """Rows with these scores, marks and bins of scores, (n,) each.

        Their numbers may take the ``room`` (n,) of others that are not needed any more.
        """
        room = np.empty(len(score), dtype=np.uint64) if room is None else room
        compiled = passes()
        if compiled is None:
            return cls(layout, sort(layout.numbers(score, marks, room)), None)
        ends = compiled.ends(bins, FINE)
        _by_bins(compiled, layout, score, marks, bins, ends, room)
        return cls(layout, room, ends)

    def walk(self, partitions: Sequence[Partition]) -> "Walk":
        """What a walk down all rows tells of every slice."""
        compiled = passes() if len(self.numbers) < _MOST_IN_DOUBLES else None
        if compiled is not None and self.ends is not None:
            return self._compiled_walk(compiled, self.ends, partitions)
        if not self.layout.differ(self.numbers).all():
            return Walk(None, None)
        marks = self.layout.marks_of(self.numbers)
        truth = (marks & np.uint16(1)).astype(np.uint8)
        sums = []
        for number, partition in enumerate(partitions):
            if partition.code is None:
                sums.append(summed(truth, np.array([0, len(truth)])))
            else:
                codes = self.layout.codes_of(marks, number)
                sums.append(summed(*deal(truth, codes, partition.width)))
        return Walk(_standings(partitions, sums), None)

    def _compiled_walk(
        self, compiled: ModuleType, ends: Ints, partitions: Sequence[Partition]
    ) -> "Walk":
        coded = [i for i, partition in enumerate(partitions) if partition.code is not None]
        shifts = np.array([self.layout.shifts()[i] for i in coded], dtype=np.uint64)
        masks = np.array([(1 << self.layout.widths[i]) - 1 for i in coded], dtype=np.uint64)
        width = int(masks.max(initial=0)) + 1
        whole, table = np.zeros(4), np.zeros((len(coded), width, 4))
        above, each = np.empty((FINE, 2)), np.empty((FINE, len(coded), width, 2))
        untied = compiled.walk(
            self.numbers, ends, self.layout.mask, shifts, masks, whole, table, above, each
        )
        sums, fine = [], []
        by_code = iter(zip(table, each.swapaxes(0, 1), strict=True))
        for partition in partitions:
            held, so_far = (
                (whole[None], above[:, None]) if partition.code is None else next(by_code)
            )
            rows, found, places = held[:, :3].T.astype(np.int64)
            sums.append((rows, found, places, held[:, 3]))
            fine.append(_by_bin(so_far[:, : partition.width]))
        return Walk(_standings(partitions, sums if untied else None), tuple(fine))


@dataclass(frozen=True, slots=True)
class Walk:
    """What a walk down all rows tells.

    ``standings``: how the positives stand on every slice, by its place among all; None where two
    scores are the same. ``fine``: rows by code, truth and bin, (width, 2, FINE) a partition; None
    where that is not quicker than to count rows as they come.
    """

    standings: dict[int, Standing] | None
    fine: tuple[Ints, ...] | None


def summed(truth: NDArray[np.uint8], starts: Ints) -> Sums:
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


def _by_bins(
    compiled: ModuleType, layout: Layout, score: Floats, marks: Marks, bins: Bin, ends: Ints,
    numbers: Numbers,
) -> None:  # fmt: skip
    """Put rows as ``numbers`` (n,), dealt out by bins, which fall as they rise, and sorted."""
    together = min(FINE, max(1, FINE * _DEALT // max(1, len(score)))).bit_length() - 1
    spare = np.uint64(layout.spare)
    compiled.dealt_by_bins(
        score.view(np.uint64), marks, bins, ends, together, spare, ~layout.mask, numbers
    )
    stretches = ends[(1 << together) - 1 :: 1 << together]
    left = np.zeros(len(stretches), dtype=bool)
    compiled.sorted_apart(numbers, stretches, left)
    for k in np.flatnonzero(left):
        numbers[stretches[k - 1] if k else 0 : stretches[k]].sort()


def _standings(
    partitions: Sequence[Partition], sums: Sequence[Sums] | None
) -> dict[int, Standing] | None:
    if sums is None:
        return None
    return {
        member: Standing(rows.item(at), found.item(at), places.item(at), precision.item(at))
        for partition, (rows, found, places, precision) in zip(partitions, sums, strict=True)
        for member, at in ((member, partition.place(member)) for member in partition.members)
    }


def _by_bin(above: Floats) -> Ints:
    """Rows by code, truth and bin, (width, 2, FINE), of all and positives above, (FINE, width, 2).

    The highest bin is the first of what is given, and the last of what comes of it.
    """
    counts = np.diff(above, axis=0, prepend=0.0)[::-1]
    counts[..., 0] -= counts[..., 1]
    return np.moveaxis(counts, 0, -1).astype(np.int64)
