"""Sums over blocks of rows that say all of a slice but the exact order of its scores.

Summaries add: counts are integers, and sums of reals are kept by block and added in the order of
blocks, so that the total is the same to the last bit whoever summed which block, and in which
order the summaries were put together.

`Reading` says what is summed, and has to be the same for all that are added. `Summary.of_block`
makes the summary of one block of `ROWS` rows (the last may be shorter), `Summary.__add__` puts two
together, and `titleholder.stats.shared.known` goes from a whole summary to estimates.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TypeAlias

import numpy as np

from titleholder.arrays import Floats, Ints, Panel, Predictions
from titleholder.stats.sample import RowColumns
from titleholder.stats.shared.bins import COARSE, FINE, Bin, Bins
from titleholder.stats.shared.partition import Codes, Partition

_PLACE = 17  # bits of a row's place in its block
ROWS = 1 << _PLACE
_CHUNK = 1 << 14  # rows whose real values stay near the processor while they are summed
# What is summed of each row: the products a^i d^j of first and second order; those up to the fourth
# have only to be known roughly where rows are many, and are then summed on some of them.
SECOND = ((1, 0), (0, 1), (2, 0), (1, 1), (0, 2))
ALL = (*SECOND, (3, 0), (2, 1), (1, 2), (0, 3), (4, 0), (3, 1), (2, 2), (1, 3), (0, 4))
# Each order after the first two is the product of two of the `SECOND`.
_FACTORS = ((0, 0), (0, 1), (1, 1), (2, 0), (2, 1), (4, 0), (4, 1), (2, 2), (2, 3), (2, 4), (4, 3),
            (4, 4))  # fmt: skip
_THINNED = ((1 << 18, 1), (1 << 21, 8))  # up to so many rows of a panel, one in so many
_MOST_THINNED = 16

Answers: TypeAlias = tuple[Predictions, Predictions]


@dataclass(frozen=True, slots=True)
class Reading:
    """What is summed of rows: counts of calls of ``classes`` (0: none), ``columns``, score bins.

    One row in ``thinned`` is looked at for powers above the second.
    """

    widths: tuple[int, ...]
    classes: int
    columns: tuple[RowColumns, ...]
    bins: Bins | None
    thinned: int

    @classmethod
    def of(
        cls,
        partitions: Sequence[Partition],
        panel: Panel,
        answers: Answers,
        columns: Sequence[RowColumns],
        *,
        binned: bool,
    ) -> "Reading":
        """How the rows of a panel are read; ``binned`` asks for bins of both scores."""
        one, two = answers
        called = one.label is not None and two.label is not None and panel.y_true is not None
        bins = None
        if binned and one.score is not None and two.score is not None:
            bins = Bins.of(np.asarray(panel.y_true), one.score, two.score)
        widths, thinned = tuple(p.width for p in partitions), thinned_to(len(panel))
        return cls(widths, len(panel.classes) if called else 0, tuple(columns), bins, thinned)


def thinned_to(rows: int) -> int:
    """Of a panel of so many rows, one in how many is looked at for powers above the second."""
    return next((step for most, step in _THINNED if rows <= most), _MOST_THINNED)


@dataclass(frozen=True, slots=True)
class Summary:
    """What was summed of some blocks; one array a partition in each tuple.

    ``rows`` (width,) are counts; ``cells`` (width, K, K, K) by truth and both calls; ``fine``
    (2, width, 2, FINE) by model, truth and bin; ``joint`` (width, 2, COARSE, COARSE) by truth and
    both models' bins. ``sums`` of each block are of the products of the champion's value a and the
    candidate's difference to it d, (columns, SECOND + ALL, width); ``thinned`` (width,) counts
    the rows that those of ``ALL`` orders are of.
    """

    cells: tuple[Ints, ...]
    fine: tuple[Ints, ...]
    joint: tuple[Ints, ...]
    rows: tuple[Ints, ...]
    thinned: tuple[Ints, ...]
    sums: dict[int, tuple[Floats, ...]]

    @classmethod
    def of_block(
        cls,
        number: int,
        reading: Reading,
        codes: Sequence[Codes | None],
        panel: Panel,
        answers: Answers,
    ) -> "Summary":
        """The summary of one block: all arguments are of its rows alone."""
        block = _Block(reading, tuple(codes), panel, answers)
        called, binned = reading.classes > 0, reading.bins is not None
        cells = block.counts(block.cells) if called else ()
        rows = tuple(c.sum(axis=(1, 2, 3)) for c in cells) or block.counts(block.rows)
        return cls(
            cells=cells,
            fine=block.counts(block.fine, axis=1) if binned else (),
            joint=block.counts(block.joint) if binned else (),
            rows=rows,
            thinned=rows if reading.thinned == 1 else block.counts(block.thinned),
            sums={number: block.sums()},
        )

    def __add__(self, other: "Summary") -> "Summary":
        """Both together; ValueError where both hold the same block."""
        twice = self.sums.keys() & other.sums.keys()
        if twice:
            raise ValueError(f"block {min(twice)} is in both summaries")
        return replace(
            self,
            cells=_added(self.cells, other.cells),
            fine=_added(self.fine, other.fine),
            joint=_added(self.joint, other.joint),
            rows=_added(self.rows, other.rows),
            thinned=_added(self.thinned, other.thinned),
            sums={**self.sums, **other.sums},
        )

    def total(self, partition: int) -> Floats:
        """Sums over all blocks, (columns, SECOND + ALL, width), in the order of blocks."""
        total: Floats = sum(
            (self.sums[number][partition] for number in sorted(self.sums)), np.zeros(())
        )
        return total


def summarise(
    reading: Reading, partitions: Sequence[Partition], panel: Panel, answers: Answers
) -> Summary:
    """The summary of a whole panel, block by block."""
    total: Summary | None = None
    for number, start in enumerate(range(0, len(panel), ROWS)):
        rows = slice(start, start + ROWS)
        codes = [None if p.code is None else p.code[rows] for p in partitions]
        block = Summary.of_block(
            number,
            reading,
            codes,
            rows_of_panel(panel, rows),
            (answers[0].at(rows), answers[1].at(rows)),
        )
        total = block if total is None else total + block
    if total is None:
        raise ValueError("a panel without rows has no summary")
    return total


class _Block:
    """The rows of one block, and what several sums need of them."""

    def __init__(
        self, reading: Reading, codes: tuple[Codes | None, ...], panel: Panel, answers: Answers
    ) -> None:
        self.reading = reading
        self.panel = panel
        self.answers = answers
        self.codes = codes
        self._coded = [i for i, code in enumerate(codes) if code is not None]

    def counts(self, of: Callable[[int], Ints], axis: int = 0) -> tuple[Ints, ...]:
        """Counts of each partition; whatever has every row is the sum of any other's codes."""
        found = {i: of(i) for i in self._coded}
        for i, code in enumerate(self.codes):
            if code is None:
                known = found.get(self._coded[0]) if self._coded else None
                found[i] = of(i) if known is None else known.sum(axis=axis, keepdims=True)
        return tuple(found[i] for i in range(len(self.codes)))

    def rows(self, partition: int) -> Ints:
        """How many rows each code has, (width,)."""
        return self._rows(partition, 1)

    def thinned(self, partition: int) -> Ints:
        """How many of those that are looked at for higher powers."""
        return self._rows(partition, self.reading.thinned)

    def _rows(self, partition: int, step: int) -> Ints:
        code, width = self.codes[partition], self.reading.widths[partition]
        if code is None:
            return np.array([-(-len(self.panel) // step)])
        return np.bincount(code[::step], minlength=width)

    def cells(self, partition: int) -> Ints:
        """Rows by code, truth and both calls, (width, K, K, K)."""
        k, code, width = self.reading.classes, self.codes[partition], self.reading.widths[partition]
        place = self._calls if code is None else code * np.int64(k**3) + self._calls
        counts = np.bincount(place, minlength=width * k**3)
        return counts.reshape(width, k, k, k)

    def fine(self, partition: int) -> Ints:
        """Rows by model, code, truth and fine bin, (2, width, 2, FINE)."""
        truth, width = self._truth(partition) * FINE, self.reading.widths[partition]
        counts = [np.bincount(truth + b, minlength=width * 2 * FINE) for b in self._fine]
        return np.stack(counts).reshape(2, width, 2, FINE)

    def joint(self, partition: int) -> Ints:
        """Rows by code, truth and both coarse bins, (width, 2, COARSE, COARSE)."""
        first, second = self._fine
        both = first // (FINE // COARSE) * np.uint16(COARSE) + second // (FINE // COARSE)
        width = self.reading.widths[partition]
        place = self._truth(partition) * COARSE**2 + both
        counts = np.bincount(place, minlength=width * 2 * COARSE**2)
        return counts.reshape(width, 2, COARSE, COARSE)

    def sums(self) -> tuple[Floats, ...]:
        """Sums of each column's a and d, (columns, SECOND + ALL, width) a partition."""
        each, thinned = self.reading.columns, self.reading.thinned
        shape = (len(each), len(SECOND) + len(ALL))
        totals = [np.zeros((*shape, width)) for width in self.reading.widths]
        some: list[list[tuple[Floats, Floats]]] = [[] for _ in each]
        for start in range(0, len(self.panel) if each else 0, _CHUNK):
            rows = slice(start, start + _CHUNK)
            panel = rows_of_panel(self.panel, rows)
            one, two = (model.at(rows) for model in self.answers)
            sorters = self._sorters(rows)
            for i, columns in enumerate(each):
                a = columns(panel, one)[:, 0]
                d = columns(panel, two)[:, 0] - a
                if thinned > 1:
                    some[i].append((a[::thinned].copy(), d[::thinned].copy()))
                for sorter, total in zip(sorters, totals, strict=True):
                    if thinned > 1:
                        sorter.add(a, d, total[i, : len(SECOND)])
                    else:
                        sorter.add(a, d, total[i, len(SECOND) :])
        if thinned == 1:
            for total in totals:
                total[:, : len(SECOND)] = total[:, len(SECOND) : 2 * len(SECOND)]
            return tuple(totals)
        sorters = self._sorters(slice(None, None, thinned))
        for i, parts in enumerate(some):
            a, d = (np.concatenate(side) for side in zip(*parts, strict=True))
            for sorter, total in zip(sorters, totals, strict=True):
                sorter.add(a, d, total[i, len(SECOND) :])
        return tuple(totals)

    def _sorters(self, rows: slice) -> "list[_Sorter]":
        count = len(range(*rows.indices(len(self.panel))))
        return [_Sorter.of(None if c is None else c[rows], count) for c in self.codes]

    def _truth(self, partition: int) -> Ints:
        """Truth, two for each code, (n,)."""
        code = self.codes[partition]
        truth = np.asarray(self.panel.y_true)
        return truth if code is None else code * np.int64(2) + truth

    @cached_property
    def _calls(self) -> Ints:
        k = self.reading.classes
        one, two = (np.asarray(model.label) for model in self.answers)
        return np.asarray((np.asarray(self.panel.y_true) * k + one) * k + two)

    @cached_property
    def _fine(self) -> list[Bin]:
        if self.reading.bins is None:
            raise ValueError("rows that are not binned were asked for their bins")
        return [self.reading.bins.fine(_score(model)) for model in self.answers]


@dataclass(frozen=True, slots=True)
class _Sorter:
    """Puts rows of one code together: ``order`` (n,), which ``codes`` occur, where each starts."""

    order: Ints | None
    codes: Ints
    starts: Ints

    @classmethod
    def of(cls, code: Codes | None, rows: int) -> "_Sorter":
        if code is None:
            return cls(None, np.zeros(1, dtype=np.int64), np.zeros(1, dtype=np.int64))
        keys = code.astype(np.uint32) << np.uint32(_PLACE)
        keys |= np.arange(rows, dtype=np.uint32)
        keys.sort()
        starts = np.searchsorted(
            keys, np.arange(int(code.max()) + 2, dtype=np.uint32) << np.uint32(_PLACE)
        )
        held = np.flatnonzero(np.diff(starts))
        order = (keys & np.uint32((1 << _PLACE) - 1)).astype(np.int64)
        return cls(order, held, starts[held])

    def add(
        self,
        a: Floats,
        d: Floats,
        total: Floats,
    ) -> None:
        """Add the sums of the first orders of `ALL` to ``total`` (orders, width)."""
        x = np.empty((len(SECOND), len(a)))
        if self.order is None:
            x[0], x[1] = a, d
        else:
            np.take(a, self.order, out=x[0], mode="clip")
            np.take(d, self.order, out=x[1], mode="clip")
        for row, (one, other) in zip(x[2:], _FACTORS, strict=False):
            np.multiply(x[one], x[other], out=row)
        total[: len(SECOND), self.codes] += np.add.reduceat(x, self.starts, axis=1)
        product = np.empty(len(a) if len(total) > len(SECOND) else 0)
        for row, (one, other) in zip(total[len(SECOND) :], _FACTORS[3:], strict=False):
            np.multiply(x[one], x[other], out=product)
            row[self.codes] += np.add.reduceat(product, self.starts)


def _score(model: Predictions) -> Floats:
    if model.score is None:
        raise ValueError("bins of scores were asked of predictions without scores")
    return model.score


def _added(one: tuple[Ints, ...], other: tuple[Ints, ...]) -> tuple[Ints, ...]:
    return tuple(a + b for a, b in zip(one, other, strict=True))


def rows_of_panel(panel: Panel, rows: slice) -> Panel:
    """Some rows that stand together; columns for slicing are left out."""
    return replace(
        panel,
        row_id=panel.row_id[rows],
        y_true=None if panel.y_true is None else panel.y_true[rows],
        columns={},
    )
