"""A numeric column as counts on a fixed grid: small, quick to make, and added without loss.

A float's bits, read as a whole number, rise with the float. The highest 19 of them are its sign,
its power of two and seven further digits: they cut the line into cells, 128 for each power of two
on either side of zero, whatever the data are. Counts on such a grid add, so that shards in any
number and order give the same sketch to the byte; two columns always share the grid; and nobody
has to choose a range before the first value is seen. (DDSketch has much the same cells by taking
logarithms: Masson et al. 2019, doi:10.14778/3352063.3352135.)

What a sketch forgets is where in its cell a value lay. A cell whose rows all lie on its end
nearest zero is *pinned*: it has forgotten nothing. Whole numbers up to 256 lie in cells of their
own, as do halves and quarters in proportion, and zero: columns of such are known exactly. What
can be known of the others is for `titleholder.drift.glance`.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from titleholder.arrays import Floats, Ints

_DROPPED = np.uint64(45)  # low bits of a float that no cell looks at
_LOW_BITS = (1 << 45) - 1
_HALF = 1 << 18  # cells on one side of zero
_FIRST = 64  # rows that mostly tell whether any is not on its cell's end
_TOP = 0x7FF << 7  # from here on infinities and NaN


@dataclass(frozen=True, slots=True)
class Sketch:
    """``counts`` (k,) rows in the occupied cells ``cells`` (k,), ascending.

    ``n`` are all rows; those that are missing or infinite lie in no cell. ``lossless`` says that
    every row lies on its cell's end nearest zero, ``zeros`` how many rows are exactly zero.
    """

    n: int
    missing: int
    infinite: int
    cells: NDArray[np.int32]
    counts: Ints
    lossless: bool
    zeros: int

    @property
    def kind(self) -> str:
        """What the column holds, as records name it."""
        return "numeric"

    @property
    def filled(self) -> int:
        """Rows that hold a finite number."""
        return self.n - self.missing - self.infinite

    def __add__(self, other: "Sketch") -> "Sketch":
        cells = joint(self.cells, other.cells)
        counts = spread_over(cells, self) + spread_over(cells, other)
        return Sketch(
            self.n + other.n,
            self.missing + other.missing,
            self.infinite + other.infinite,
            cells,
            counts,
            self.lossless and other.lossless,
            self.zeros + other.zeros,
        )


def sketch(values: NDArray[np.generic]) -> Sketch:
    """The sketch of a numeric column (n,); NaN is missing, integers are taken as float64.

    >>> found = sketch(np.array([1.0, 1.0, -2.0, 0.0, np.nan]))
    >>> found.counts.tolist(), found.missing, found.lossless, found.zeros
    ([1, 1, 2], 1, True, 1)
    """
    floats = np.ascontiguousarray(values, np.float64)
    bits = floats.view(np.uint64)
    rows = np.bincount((bits >> _DROPPED).view(np.int64), minlength=1)
    at = np.flatnonzero(rows != 0)
    if len(rows) > _HALF and rows[_HALF] > 0 and np.any(np.signbit(floats[floats == 0])):
        return sketch(floats + 0.0)  # -0.0 is 0.0, or one value would lie in two cells
    held = at[(at & (_HALF - 1)) < _TOP]
    missing = int(np.isnan(floats).sum()) if len(held) < len(at) else 0
    below = int(np.searchsorted(held, _HALF))  # from here on negative ones, falling
    order = np.concatenate([np.arange(len(held) - 1, below - 1, -1), np.arange(below)])
    cells = np.where(held < _HALF, _HALF + held, 2 * _HALF - 1 - held)[order]
    counts = rows[held[order]]
    return Sketch(
        n=len(floats),
        missing=missing,
        infinite=len(floats) - missing - int(counts.sum()),
        cells=cells.astype(np.int32),
        counts=counts,
        lossless=_is_lossless(bits[:_FIRST]) and _is_lossless(bits),
        zeros=len(floats) - int(np.count_nonzero(floats)) if rows[0] else 0,
    )


def _is_lossless(bits: NDArray[np.uint64]) -> bool:
    """Whether no bit is set that the cells do not look at."""
    return not int(np.bitwise_or.reduce(bits, initial=0)) & _LOW_BITS


def joint(one: NDArray[np.int32], two: NDArray[np.int32]) -> NDArray[np.int32]:
    """The cells that either side occupies, ascending."""
    both = np.concatenate([one, two])
    both.sort(kind="stable")
    return both[np.diff(both, prepend=-1) > 0]


def spread_over(cells: NDArray[np.int32], side: Sketch) -> Ints:
    """A side's counts on more cells than it occupies itself."""
    counts = np.zeros(len(cells), np.int64)
    counts[np.searchsorted(cells, side.cells)] = side.counts
    return counts


def ends(cells: NDArray[np.int32]) -> tuple[Floats, Floats]:
    """The smallest and the largest number of each cell, (k,) both."""
    key = cells.astype(np.int64)
    positive = key >= _HALF
    raw = np.where(positive, key - _HALF, _HALF - 1 - key).astype(np.uint64)
    near = (raw << _DROPPED).view(np.float64)
    far = ((raw << _DROPPED) | np.uint64(_LOW_BITS)).view(np.float64)
    last_below = np.minimum(-near, -np.nextafter(0.0, 1.0))  # zero itself lies above
    return np.where(positive, near, -far), np.where(positive, far, last_below)


def values_of(side: Sketch) -> Floats:
    """What a lossless sketch was made of, ascending: its cells' ends nearest zero."""
    low, high = ends(side.cells)
    return np.where(low >= 0, low, high) + 0.0
