"""The sums of one block of rows: counts by code, truth, calls and bins, and sums of row values."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from types import ModuleType
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from titleholder.arrays import Floats, Ints, Panel
from titleholder.fast.compiled import passes
from titleholder.stats.shared.bins import COARSE, FINE, Bin
from titleholder.stats.shared.partition import Codes
from titleholder.stats.shared.reading import ALL, SECOND, Answers, Bundle, Reading, rows_of_panel

_CHUNK = 1 << 14  # rows whose real values stay near the processor while they are summed
# Each order after the first two is the product of two of the `SECOND`.
_FACTORS = ((0, 0), (0, 1), (1, 1), (2, 0), (2, 1), (4, 0), (4, 1), (2, 2), (2, 3), (2, 4), (4, 3),
            (4, 4))  # fmt: skip
_PLACES = tuple(np.array(side) for side in zip(*_FACTORS, strict=True))
_COARSER = FINE // COARSE

Places: TypeAlias = NDArray[np.uint32]


@dataclass(frozen=True, slots=True)
class Counts:
    """Rows counted, one array a partition in each; none of what was not asked for.

    ``cells`` (width, K, K, K) by code, truth and both calls; ``fine`` (2, width, 2, FINE) by
    model, code, truth and bin; ``joint`` (width, 2, COARSE, COARSE) by code, truth and both bins.
    """

    cells: tuple[Ints, ...]
    fine: tuple[Ints, ...]
    joint: tuple[Ints, ...]


class Block:
    """The rows of one block, and what several sums need of them."""

    def __init__(
        self, reading: Reading, codes: tuple[Codes | None, ...], panel: Panel, answers: Answers
    ) -> None:
        self.reading = reading
        self.panel = panel
        self.answers = answers
        self.codes = codes

    def rows(self, step: int = 1) -> tuple[Ints, ...]:
        """How many rows each code has, one row in ``step`` being looked at; (width,) each."""
        found = []
        for bundle, code in zip(self.reading.bundles, self._bundled, strict=True):
            found.append((bundle, np.bincount(code[::step], minlength=bundle.width)))
        return self._apart(found)

    def counts(self) -> Counts:
        """Rows counted by code, truth, calls and bins."""
        compiled = passes()
        if compiled is None:
            return Counts(self._cells(), self._fine(), self._joint())
        return self._compiled_counts(compiled)

    def _compiled_counts(self, compiled: ModuleType) -> Counts:
        coded = [
            (c, w) for c, w in zip(self.codes, self.reading.widths, strict=True) if c is not None
        ]
        widths = [width for _, width in coded] or [1]
        codes = np.zeros((len(widths), len(self.panel)), dtype=np.uint8)
        for row, (code, _) in zip(codes, coded, strict=False):
            row[:] = code
        k, room = self.reading.classes, (len(widths), max(widths))
        truth = np.asarray(self.panel.y_true)
        shaped: list[Any] = []
        if k:
            cells = np.zeros((*room, k, k, k), dtype=np.int32)
            compiled.cells(codes, truth, *(np.asarray(m.label) for m in self.answers), cells)
            shaped = [of[:width] for of, width in zip(cells, widths, strict=True)]
        if self.reading.bins is None:
            return Counts(self._each(shaped, 0), (), ())
        fine = np.zeros((room[0], 2, room[1], 2, FINE), dtype=np.int32)
        joint = np.zeros((*room, 2, COARSE, COARSE), dtype=np.int32)
        scores = tuple(np.asarray(model.score) for model in self.answers)
        bin_of, coarser = self.reading.bins.bin_of, _COARSER.bit_length() - 1
        compiled.bins(codes, truth, scores, bin_of, coarser, fine, joint)
        return Counts(
            self._each(shaped, 0),
            self._each([of[:, :width] for of, width in zip(fine, widths, strict=True)], 1),
            self._each([of[:width] for of, width in zip(joint, widths, strict=True)], 0),
        )

    def _cells(self) -> tuple[Ints, ...]:
        k = self.reading.classes
        if not k:
            return ()
        found = []
        for bundle, code in zip(self.reading.bundles, self._bundled, strict=True):
            counts = np.bincount(
                code * np.uint32(k**3) + self._calls, minlength=bundle.width * k**3
            )
            found.append((bundle, counts.reshape(bundle.width, k, k, k)))
        return self._apart(found)

    def _fine(self) -> tuple[Ints, ...]:
        if self.reading.bins is None:
            return ()
        found = []
        for truth, width in self._by_truth():
            most = width * 2 * FINE
            counts = [np.bincount(truth * np.uint32(FINE) + b, minlength=most) for b in self._bins]
            found.append(np.stack(counts).reshape(2, width, 2, FINE))
        return self._each(found, 1)

    def _joint(self) -> tuple[Ints, ...]:
        if self.reading.bins is None:
            return ()
        first, second = self._bins
        both = first // np.uint16(_COARSER) * np.uint16(COARSE) + second // np.uint16(_COARSER)
        found = []
        for truth, width in self._by_truth():
            counts = np.bincount(
                truth * np.uint32(COARSE**2) + both, minlength=width * 2 * COARSE**2
            )
            found.append(counts.reshape(width, 2, COARSE, COARSE))
        return self._each(found, 0)

    def _by_truth(self) -> Iterator[tuple[Places, int]]:
        """Code and truth of rows as one number, (n,), and how many codes, of each with codes."""
        truth, coded = self._truth.astype(np.uint32), False
        for code, width in zip(self.codes, self.reading.widths, strict=True):
            if code is not None:
                coded = True
                yield code.astype(np.uint32) * np.uint32(2) + truth, width
        if not coded:
            yield truth, 1

    def _each(self, found: Sequence[NDArray[Any]], axis: int) -> tuple[Ints, ...]:
        """What was counted of partitions with codes, for all: one without has the sum of any."""
        if not found:
            return ()
        counts = [of.astype(np.int64, copy=False) for of in found]
        whole, coded = counts[0].sum(axis=axis, keepdims=True), iter(counts)
        return tuple(whole if code is None else next(coded) for code in self.codes)

    def sums(self) -> tuple[Floats, ...]:
        """Sums of each column's a and d, (columns, SECOND + ALL, width) a partition."""
        bundles, thinned = self.reading.bundles, self.reading.thinned
        shape = (len(self.reading.columns), len(SECOND) + len(ALL))
        totals = [np.zeros((*shape, bundle.width)) for bundle in bundles]
        some: list[list[tuple[Floats, Floats]]] = [[] for _ in self.reading.columns]
        for start in range(0, len(self.panel) if self.reading.columns else 0, _CHUNK):
            rows = slice(start, start + _CHUNK)
            panel = rows_of_panel(self.panel, rows)
            one, two = (model.at(rows) for model in self.answers)
            codes = [code[rows] for code in self._bundled]
            for i, columns in enumerate(self.reading.columns):
                a = columns(panel, one)[:, 0]
                d = columns(panel, two)[:, 0] - a
                first = 0 if thinned > 1 else len(SECOND)
                last = first + (len(SECOND) if thinned > 1 else len(ALL))
                for code, total in zip(codes, totals, strict=True):
                    _add(code, a, d, total[i, first:last])
                if thinned > 1:
                    some[i].append((a[::thinned].copy(), d[::thinned].copy()))
        for i, parts in enumerate(some if thinned > 1 else []):
            a, d = (np.concatenate(side) for side in zip(*parts, strict=True))
            for code, total in zip(self._bundled, totals, strict=True):
                _add(code[::thinned], a, d, total[i, len(SECOND) :])
        if thinned == 1:
            for total in totals:
                total[:, : len(SECOND)] = total[:, len(SECOND) : 2 * len(SECOND)]
        return self._apart(list(zip(bundles, totals, strict=True)), axis=2)

    def _apart(self, found: list[tuple[Bundle, Any]], axis: int = 0) -> tuple[Any, ...]:
        """What was summed by the codes of bundles, along ``axis``, for each partition."""
        apart: dict[int, Any] = {}
        for bundle, summed in found:
            shape = summed.shape
            by_each = summed.reshape((*shape[:axis], *bundle.widths, *shape[axis + 1 :]))
            for i, partition in enumerate(bundle.partitions):
                others = tuple(axis + j for j in range(len(bundle.widths)) if j != i)
                apart[partition] = by_each.sum(axis=others)
        whole = found[0][1].sum(axis=axis, keepdims=True)
        return tuple(apart.get(i, whole) for i in range(len(self.codes)))

    @cached_property
    def _bundled(self) -> list[Places]:
        """The code of each row in each bundle, (n,)."""
        found = []
        for bundle in self.reading.bundles:
            code = np.zeros(len(self.panel), dtype=np.uint32)
            for partition, width in zip(bundle.partitions, bundle.widths, strict=True):
                code *= np.uint32(width)
                of = self.codes[partition]
                if of is not None:
                    code += of
            found.append(code)
        return found

    @cached_property
    def _truth(self) -> NDArray[np.uint8]:
        return np.asarray(self.panel.y_true).astype(np.uint8)

    @cached_property
    def _calls(self) -> Places:
        """Truth and both calls as one number, (n,)."""
        k = np.uint32(self.reading.classes)
        one, two = (np.asarray(model.label).astype(np.uint32) for model in self.answers)
        return np.asarray((self._truth * k + one) * k + two)

    @cached_property
    def _bins(self) -> list[Bin]:
        bins = self.reading.bins
        if bins is None:
            raise ValueError("rows that are not binned were asked for their bins")
        return [bins.fine(np.asarray(model.score)) for model in self.answers]


def _add(code: Places, a: Floats, d: Floats, total: Floats) -> None:
    """Add the sums of the first orders of `ALL` to ``total`` (orders, width), row after row."""
    compiled = passes()
    if compiled is not None:
        if len(total) == len(SECOND):
            compiled.add_second(code, a, d, total)
        else:
            compiled.add_all(code, a, d, *_PLACES, total)
        return
    products, place = [a, d], code.astype(np.intp)
    for one, other in _FACTORS[: len(total) - 2]:
        products.append(products[one] * products[other])
    for order, product in enumerate(products):
        total[order] += np.bincount(place, product, total.shape[1])
