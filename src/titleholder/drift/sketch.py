"""A numeric column as counts on a fixed grid: small, quick to make, and added without loss.

Counts on the grid of `titleholder.drift.grid` add, so that shards in any number and order give the
same sketch to the byte; nobody has to choose a range before the first value is seen. (DDSketch has
much the same cells by taking logarithms: Masson et al. 2019, doi:10.14778/3352063.3352135.)

Every sketch has 128 cells for each power of two. Values that occupy no more than 1,024 of these
lie close together for their distance from zero (heights, years), or are few (rates in steps of
0.01): they are given a finer grid, as fine as 8,192 cells allow, and each cell is looked at
whether its rows all are one value. So columns of few values are known exactly. How fine the grid is
hangs on all values together alone: more values never make it finer, so that shards are never
coarser than their sum.

What a sketch forgets is where in its cell a value lay; `titleholder.drift.glance` bounds that.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from titleholder.arrays import Floats, Ints
from titleholder.drift import grid
from titleholder.drift.grid import COARSE, Counts
from titleholder.fast.counting import finer, occurring

NARROW = 1 << 10  # coarse cells up to which a finer grid is taken
_FINE = 1 << 13  # cells of a finer grid at most
_DROPPED = grid.dropped(COARSE)
_LOW_BITS = (1 << int(_DROPPED)) - 1
_HALF = grid.half(COARSE)
_TOP = 0x7FF << COARSE  # from here on infinities and NaN
_FIRST = 64  # rows that mostly tell whether any is not on its cell's end


@dataclass(frozen=True, slots=True)
class Sketch:
    """``counts`` of the rows that hold a finite number; ``n`` are all rows."""

    n: int
    missing: int
    infinite: int
    counts: Counts

    @property
    def kind(self) -> str:
        """What the column holds, as records name it."""
        return "numeric"

    @property
    def filled(self) -> int:
        """Rows that hold a finite number."""
        return self.n - self.missing - self.infinite

    def __add__(self, other: "Sketch") -> "Sketch":
        return Sketch(
            self.n + other.n,
            self.missing + other.missing,
            self.infinite + other.infinite,
            _fitting(self.counts + other.counts),
        )


def sketch(values: NDArray[np.generic]) -> Sketch:
    """The sketch of a numeric column (n,); NaN is missing, integers are taken as float64.

    >>> found = sketch(np.array([1.0, 1.0, -2.0, 0.1, np.nan]))
    >>> found.counts.rows.tolist(), found.counts.values.tolist(), found.missing
    ([1, 1, 2], [-2.0, 0.1, 1.0], 1)
    """
    floats = np.ascontiguousarray(values, np.float64)
    at, rows = occurring(floats.view(np.uint64), _DROPPED, 2 * _HALF)
    above, negative, below = at.searchsorted([_TOP, _HALF, _HALF + _TOP]).tolist()
    if _HALF in at[negative : negative + 1] and np.any(np.signbit(floats[floats == 0])):
        return sketch(floats + 0.0)  # -0.0 is 0.0, or one value would lie in two cells
    if above == negative and below == len(at):
        return Sketch(len(floats), 0, 0, _counts(floats, at, rows, whole=True))
    finite = np.r_[:above, negative:below]
    counts = _counts(floats, at[finite], rows[finite], whole=False)
    missing = int(np.isnan(floats).sum())
    infinite = len(floats) - missing - int(counts.rows.sum())
    return Sketch(len(floats), missing, infinite, counts)


def _counts(floats: Floats, held: Ints, rows: Ints, *, whole: bool) -> Counts:
    """Counts of the finite values, which lie in the cells ``held``; ``whole`` when all are."""
    bits = floats.view(np.uint64)
    lossless = _is_lossless(bits[:_FIRST]) and _is_lossless(bits)
    if len(held) <= NARROW and not lossless:
        return _fine(bits if whole else floats[np.isfinite(floats)].view(np.uint64), held)
    cells, rows = grid.rising(held, rows, COARSE)
    if lossless:
        values = grid.near_ends(cells, COARSE)
        return _at_values(values, rows, COARSE + _further(len(held)))
    values = np.full(len(cells), np.nan)
    zero = cells.searchsorted(_HALF)
    if _HALF in cells[zero : zero + 1]:
        all_zero = len(floats) - int(np.count_nonzero(floats)) == rows[zero]
        values[zero] = 0.0 if all_zero else np.nan
    return Counts(COARSE, cells, rows, values)


def _fine(bits: grid.Bits, held: Ints) -> Counts:
    """Counts on a finer grid, and what each cell's rows all are."""
    more = _further(len(held))
    first = np.zeros(int(held.max(initial=0)) + 1, np.int64)
    first[held] = np.arange(len(held), dtype=np.int64) << more
    rows, one, alike = finer(bits, _DROPPED, more, first, len(held) << more)
    values = np.where(alike, one.view(np.float64), np.nan)
    found = np.flatnonzero(rows)
    raw = (held[found >> more] << more) | (found & ((1 << more) - 1))
    cells, rows = grid.rising(raw, rows[found], COARSE + more)
    return Counts(COARSE + more, cells, rows, grid.rising(raw, values[found], COARSE + more)[1])


def _further(coarse_cells: int) -> int:
    """How many digits more values of so many coarse cells are given.

    >>> [_further(cells) for cells in (1, 100, 1024, 1025)]
    [13, 6, 3, 0]
    """
    if coarse_cells > NARROW:
        return 0
    return (_FINE // max(1, coarse_cells)).bit_length() - 1


def _fitting(counts: Counts) -> Counts:
    """As the values together are given them: no finer, and no more known of wide ones."""
    coarse = counts.cells >> (counts.digits - COARSE)
    occupied = int(np.count_nonzero(np.diff(coarse, prepend=-1)))
    fitting = counts.at(min(counts.digits, COARSE + _further(occupied)))
    if occupied <= NARROW or _on_ends(counts):
        return fitting
    known = np.where(fitting.cells == _HALF, fitting.values, np.nan)
    known[known != 0] = np.nan
    return Counts(fitting.digits, fitting.cells, fitting.rows, known)


def _on_ends(counts: Counts) -> bool:
    """Whether every row is its coarse cell's end nearest zero."""
    known = counts.values
    return not np.isnan(known).any() and _is_lossless(known.view(np.uint64))


def _at_values(values: Floats, rows: Ints, digits: int) -> Counts:
    """Counts of rows that are these values."""
    return Counts(digits, grid.cells_of(values, digits), rows, values)


def _is_lossless(bits: grid.Bits) -> bool:
    """Whether no bit is set that coarse cells do not look at."""
    return not int(np.bitwise_or.reduce(bits, initial=0)) & _LOW_BITS
