"""What the sketch of a reference says by itself: worked out once, whatever is held against it.

Its bins end where cells do, at the first end at or above each quantile. A cell with several
quantiles has a bin to itself: one ends before it and one behind it.
"""

import math
from dataclasses import dataclass, field
from typing import Any, TypeVar
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from titleholder.arrays import Bools, Floats, Ints
from titleholder.drift import bins, grid
from titleholder.drift.grid import Counts

N = TypeVar("N", bound=np.generic)
_LAST = np.iinfo(np.int64).max


@dataclass(frozen=True, slots=True)
class Marks:
    """Where bins end, ascending, (b + 1,) each; the first and the last lie beyond all cells.

    A mark lies behind the rows of its cell where it is ``shut``, else before them. ``behind`` are
    the reference's rows before the mark, ``least`` those before the quantile itself at the fewest,
    if it may be anywhere in its cell. ``values`` are what the cell's rows of the reference all
    are, or NaN, and ``high`` is its upper end, by which ``labels`` name the bins.
    """

    cells: Ints
    shut: Bools
    behind: Ints
    least: Ints
    values: Floats
    high: Floats
    labels: tuple[str, ...]

    def labels_if(self, pinned: Bools) -> tuple[str, ...]:
        """The bins where these marks lie on the value of their cell."""
        ends = np.where(pinned, self.values, self.high)
        return bins.Edges(ends[1:-1], self.shut[1:-1]).labels()


@dataclass(frozen=True, slots=True)
class Frozen:
    """``upto`` are rows before each cell, and all of them at the end, (k + 1,), ``shares`` of all.

    ``unit`` is the standard deviation with rows amid their cells, at most ``unit_off`` off;
    ``heaviest`` the largest share of rows in a cell of several values, and all are that
    if it is ``plain``.
    """

    upto: Ints
    shares: Floats
    unit: float
    unit_off: float
    heaviest: float
    plain: bool
    _marks: dict[int, Marks] = field(default_factory=dict)

    def marks(self, counts: Counts, count: int) -> Marks:
        """Where so many bins of these counts, that it was worked out from, end."""
        if count not in self._marks:
            self._marks[count] = _marks(counts, self.upto, count)
        return self._marks[count]


# What is worked out does not hold the counts, or neither of them would ever be forgotten.
_kept: WeakKeyDictionary[Counts, Frozen] = WeakKeyDictionary()


def frozen(counts: Counts) -> Frozen:
    """What these counts, of one row or more, say by themselves."""
    known = _kept.get(counts)
    if known is None:
        known = _kept[counts] = _frozen(counts)
    return known


def _frozen(counts: Counts) -> Frozen:
    upto, wide = grid.upto(counts.rows), np.isnan(counts.values)
    shares = counts.rows / upto[-1]
    unit, unit_off = _deviation(counts, shares, wide)
    heaviest = float(np.max(shares[wide], initial=0.0))
    return Frozen(upto, upto / upto[-1], unit, unit_off, heaviest, bool(wide.all()))


def _deviation(counts: Counts, shares: Floats, wide: Bools) -> tuple[float, float]:
    """Standard deviation with rows amid their cells, unless they are one value, and its bound."""
    low, high = grid.ends(counts.cells, counts.digits)
    with np.errstate(over="ignore", invalid="ignore"):
        middle = np.where(wide, low / 2 + high / 2, counts.values)
        half = np.where(wide, (high - low) / 2, 0.0)
        mean = np.sum(shares * middle)
        return math.sqrt(np.sum(shares * (middle - mean) ** 2)), math.sqrt(np.sum(shares * half**2))


def _marks(counts: Counts, upto: Ints, count: int) -> Marks:
    n = int(upto[-1])
    ranks = [-(-i * n // count) for i in range(1, count)]
    in_cell: dict[int, list[int]] = {}
    for rank, at in zip(ranks, np.searchsorted(upto[1:], ranks).tolist(), strict=True):
        in_cell.setdefault(at, []).append(rank)
    found = []
    for at, of in in_cell.items():
        if len(of) > 1:  # such a cell has a bin to itself: it starts before it, ends behind it
            found.append((at, False, upto.item(at)))
        found.append((at, True, of[0]))
    cell, shut, least = (np.array(side) for side in zip(*found, strict=True))
    ends = grid.ends(counts.cells[cell], counts.digits)[1]
    return Marks(
        _framed(-1, counts.cells[cell], _LAST),
        _framed(False, shut, True),
        _framed(0, upto[np.where(shut, cell + 1, cell)], n),
        _framed(0, least, n),
        _framed(np.nan, counts.values[cell], np.nan),
        _framed(np.nan, ends, np.nan),
        bins.Edges(ends, shut).labels(),
    )


def _framed(first: Any, inner: NDArray[N], last: Any) -> NDArray[N]:
    return np.concatenate([[first], inner, [last]], dtype=inner.dtype)
