"""The cells into which the bits of a float cut the line, at any precision.

A float's bits, read as a whole number, rise with the float. The highest 12 + b of them are its
sign, its power of two and b further binary digits: they cut the line into cells, 2**b for each
power of two on either side of zero, whatever the data are. A cell is known by its number from the
lowest; one digit less is the number without its last bit.
"""

from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from titleholder.arrays import Floats, Ints
from titleholder.fast.compiled import passes

COARSE = 7  # digits that every grid has
_MANTISSA = 52
_SIGN = np.iinfo(np.int64).min  # the bit alone
Bits = NDArray[np.uint64]
N = TypeVar("N", bound=np.generic)


@dataclass(frozen=True, slots=True, eq=False, weakref_slot=True)
class Counts:
    """Rows in the occupied cells of a grid of so many ``digits``, ascending, (k,) each.

    ``values`` is what all rows of a cell are, NaN where they are of several values or where that
    was not looked at.
    """

    digits: int
    cells: Ints
    rows: Ints
    values: Floats

    def at(self, digits: int) -> "Counts":
        """The same on a grid of so many digits, not more."""
        if digits == self.digits:
            return self
        return _grouped(digits, self.cells >> (self.digits - digits), self.rows, self.values)

    def __add__(self, other: "Counts") -> "Counts":
        digits = min(self.digits, other.digits)
        one, two = self.at(digits), other.at(digits)
        cells = np.concatenate([one.cells, two.cells])
        order = np.argsort(cells, kind="stable")
        rows = np.concatenate([one.rows, two.rows])[order]
        values = np.concatenate([one.values, two.values])[order]
        return _grouped(digits, cells[order], rows, values)


def half(digits: int) -> int:
    """Cells on one side of zero; the number of the cell of zero."""
    return 1 << (11 + digits)


def dropped(digits: int) -> np.uint64:
    """How many low bits of a float its cell does not look at."""
    return np.uint64(_MANTISSA - digits)


def numbers(raw: Ints, digits: int) -> Ints:
    """Cells by their number, of the highest bits of floats (sign first), (k,)."""
    middle = half(digits)
    return np.where(raw < middle, middle + raw, 2 * middle - 1 - raw)


def rising(raw: Ints, of_each: NDArray[N], digits: int) -> tuple[Ints, NDArray[N]]:
    """Cells by their number, ascending, of ascending highest bits, and what each has, (k,) both.

    >>> cells, rows = rising(np.array([1, 5, 6]), np.array([10, 20, 30]), -9)
    >>> cells.tolist(), rows.tolist()
    ([1, 2, 5], [30, 20, 10])
    """
    middle = half(digits)
    below = int(np.searchsorted(raw, middle))  # behind the numbers above zero, and turned round
    cells = np.concatenate([2 * middle - 1 - raw[below:][::-1], middle + raw[:below]])
    return cells, np.concatenate([of_each[below:][::-1], of_each[:below]])


def upto(rows: Ints) -> Ints:
    """Rows before each cell, and all of them at the end, (k + 1,)."""
    before = np.zeros(len(rows) + 1, np.int64)
    np.cumsum(rows, out=before[1:])
    return before


def ends(cells: Ints, digits: int) -> tuple[Floats, Floats]:
    """The smallest and the largest number of each of these ascending cells, (k,) both."""
    if (compiled := passes()) is not None:
        bits = np.empty((2, len(cells)), np.int64)
        compiled.cell_ends(cells, half(digits), int(dropped(digits)), *bits)
        low, high = bits.view(np.float64)
        return low, high
    low = near_ends(cells, digits)
    high = (low.view(np.uint64) | np.uint64((1 << int(dropped(digits))) - 1)).view(np.float64)
    below = int(np.searchsorted(cells, half(digits)))  # there, the end nearest zero is the higher
    low[:below], high[:below] = high[:below], low[:below].copy()
    if below and high[below - 1] == 0:
        high[below - 1] = -np.nextafter(0.0, 1.0)  # zero itself lies above
    return low, high


def near_ends(cells: Ints, digits: int) -> Floats:
    """The end nearest zero of each of these ascending cells, (k,).

    Of the cell just below zero that is no number.
    """
    steps = cells - half(digits)
    below = steps[: steps.searchsorted(0)]
    np.invert(below, out=below)  # counted from zero, as those above are
    steps <<= int(dropped(digits))
    below |= _SIGN
    ends_: Floats = steps.view(np.float64)
    return ends_


def cells_of(values: Floats, digits: int) -> Ints:
    """The cells that these finite numbers lie in, (k,)."""
    raw = (np.ascontiguousarray(values).view(np.uint64) >> dropped(digits)).astype(np.int64)
    return numbers(raw, digits)


def _grouped(digits: int, cells: Ints, rows: Ints, values: Floats) -> Counts:
    """Neighbours of one cell put together; a value stays where all have it."""
    if len(cells) == 0:
        return Counts(digits, cells, rows, values)
    starts = np.flatnonzero(np.diff(cells, prepend=-1))
    low, high = np.minimum.reduceat(values, starts), np.maximum.reduceat(values, starts)
    same = np.where(low == high, low, np.nan)
    return Counts(digits, cells[starts], np.add.reduceat(rows, starts), same)
