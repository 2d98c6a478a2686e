"""What two sketches tell of a shift, and how far the exact figures may be from it.

Between its ends a cell hides where its rows lie. Both distribution functions are known at every
end, so whatever the rows do inside is bounded:

- KS. Before a cell of r reference and c current shares the functions differ by d, behind it by
  d + r - c; inside, the difference stays in [d - c, d + r]. What is given is the largest at an
  end, which is at most the exact KS; ``ks_high`` is the largest that any arrangement reaches. The
  two differ by at most min(r, c) of one cell.
- Wasserstein. Inside a cell the functions are taken to rise evenly; that is off by at most
  max(r, c) times the width of the cell, summed up in ``wasserstein_off``.
- PSI, KL and JS are exact on their bins, but the bins end where a cell does: at the first one at
  or above the quantile of the reference. ``psi_low`` and ``psi_high`` hold the PSI on the
  quantiles themselves, wherever in their cells they lie.

Where all cells are pinned, nothing is hidden and the figures are those of the values.
"""

import math
from dataclasses import dataclass

import numpy as np

from titleholder.arrays import Bools, Floats, Ints
from titleholder.drift import bins, grid
from titleholder.drift.frozen import Frozen, Marks, frozen
from titleholder.drift.grid import Counts
from titleholder.drift.sketch import Sketch
from titleholder.fast.counting import merged

HEAVY = 1 / 64  # more of the reference than this in one cell that is not pinned is too coarse
_KS_OFF = 1 / 128
_WASSERSTEIN_OFF = 0.02  # of a standard deviation, or of the distance where that is more


@dataclass(frozen=True, slots=True)
class Glance:
    """Figures from sketches with what bounds them; ``fine`` is false where bounds are too wide."""

    fine: bool
    binned: bins.Binned
    psi_low: float
    psi_high: float
    ks: float
    ks_high: float
    wasserstein: float | None
    wasserstein_off: float


@dataclass(frozen=True, slots=True)
class Cells:
    """The cells that either of two sketches occupies, ascending, with their ends, (k,) each.

    ``reference`` and ``current`` are the shares of rows before each cell, and 1 at the end,
    (k + 1,). A cell that is not ``loose`` is one and the same value on both sides.
    """

    low: Floats
    high: Floats
    reference: Floats
    current: Floats
    loose: Bools | slice


def compare(reference: Sketch, current: Sketch) -> Glance:
    """Every distance of two sketches, neither of them without a finite number."""
    digits = min(reference.counts.digits, current.counts.digits)
    one, two = reference.counts.at(digits), current.counts.at(digits)
    known, upto = frozen(one), grid.upto(two.rows)
    cells = _joint(one, two, known, upto)
    ahead = cells.reference - cells.current
    heights = np.abs(ahead)
    ks = float(heights.max())
    ks_high = max(ks, _reach(cells))
    distance, off = _in_units(*_wasserstein(cells, ahead, heights), known.unit, known.unit_off)
    fine = (
        _coarse(cells, known) <= HEAVY
        and ks_high - ks <= _KS_OFF
        and (distance is None or off <= _WASSERSTEIN_OFF * max(1.0, distance))
    )
    binned, low, high = _binned(one, two, known, upto)
    return Glance(fine, binned, low, high, ks, ks_high, distance, off)


def _joint(one: Counts, two: Counts, known: Frozen, upto: Ints) -> Cells:
    """On the cells that either side occupies."""
    held, of_reference, of_current = merged(one.cells, two.cells)
    low, high = grid.ends(held, one.digits)
    loose: Bools | slice = slice(None)
    if not (known.plain and np.isnan(two.values).all()):
        value, loose = _pinned(one, two, of_reference, of_current)
        low, high = np.where(loose, low, value), np.where(loose, high, value)
    return Cells(low, high, known.shares[of_reference], (upto / upto[-1])[of_current], loose)


def _pinned(one: Counts, two: Counts, of_reference: Ints, of_current: Ints) -> tuple[Floats, Bools]:
    """What all rows of a cell on either side are, and where that is nothing; (k,) both."""
    held, there = np.diff(of_reference) > 0, np.diff(of_current) > 0
    here = one.values[of_reference[1:] - 1]
    other = two.values[of_current[1:] - 1]
    value = np.where(held, here, other)
    return value, ~(((value == here) | ~held) & ((value == other) | ~there))


def _coarse(cells: Cells, known: Frozen) -> float:
    """The largest share of the reference in a cell that is not pinned."""
    if isinstance(cells.loose, slice):
        return known.heaviest
    return float(np.max(np.diff(cells.reference)[cells.loose], initial=0.0))


def _reach(cells: Cells) -> float:
    """The largest difference that the functions may have inside a cell."""
    p, q = cells.reference, cells.current
    over = p[1:] - q[:-1]  # the reference's rows first, then current's
    under = q[1:] - p[:-1]
    return float(np.max(np.maximum(over, under)[cells.loose], initial=0.0))


def _wasserstein(cells: Cells, ahead: Floats, heights: Floats) -> tuple[float, float]:
    """The distance in the column's unit, and how far it may be off."""
    p, q = cells.reference, cells.current
    with np.errstate(over="ignore", invalid="ignore"):
        between = _sum(heights[1:-1] * (cells.low[1:] - cells.high[:-1]))
        wide = cells.high - cells.low
        inside = _sum(_twice_the_mean(ahead, heights) * wide) / 2
        return between + inside, _sum(np.maximum(p[1:] - p[:-1], q[1:] - q[:-1]) * wide)


def _sum(values: Floats) -> float:
    """A sum whose last digits do not hang on the number of threads, as a dot product's do."""
    return float(values.sum())


def _twice_the_mean(ahead: Floats, heights: Floats) -> Floats:
    """Of abs of the lines between neighbours of ``ahead``, which ``heights`` is abs of."""
    start, end = ahead[:-1], ahead[1:]
    doubled = heights[:-1] + heights[1:]
    crossing = np.flatnonzero(start * end < 0)
    doubled[crossing] = (start[crossing] ** 2 + end[crossing] ** 2) / doubled[crossing]
    return doubled


def _in_units(
    distance: float, off: float, unit: float, unit_off: float
) -> tuple[float | None, float]:
    """Distance in standard deviations and its bound; None where there is no unit to measure in."""
    if not (math.isfinite(unit) and unit > 0 and math.isfinite(distance / unit)):
        return None, 0.0
    if unit_off >= unit:
        return distance / unit, math.inf
    return distance / unit, (off + distance / unit * unit_off) / (unit - unit_off)


def _binned(
    one: Counts, two: Counts, known: Frozen, upto: Ints
) -> tuple[bins.Binned, float, float]:
    """Rows by quantile bins of the reference, and the bounds of PSI on the quantiles."""
    n, m = int(known.upto[-1]), int(upto[-1])
    marks = known.marks(one, bins.how_many(min(n, m)))
    first, last = (two.cells.searchsorted(marks.cells, side) for side in ("left", "right"))
    before, behind = upto[first], upto[np.where(marks.shut, last, first)]
    labels, least, fewest = marks.labels, marks.least, before
    if not known.plain:
        pinned = _pinned_marks(marks, two, first, last)
        labels = marks.labels_if(pinned)
        least, fewest = np.where(pinned, marks.behind, least), np.where(pinned, behind, before)
    binned = bins.Binned(labels, marks.behind[1:] - marks.behind[:-1], behind[1:] - behind[:-1])
    return binned, *_psi_bounds(_ranges(least, marks.behind), _ranges(fewest, behind), n, m)


def _pinned_marks(marks: Marks, counts: Counts, first: Ints, last: Ints) -> Bools:
    """Which marks lie in a cell that is one and the same value on both sides."""
    there = counts.values[np.minimum(first, len(counts.values) - 1)]
    pinned: Bools = ~np.isnan(marks.values) & ((first == last) | (there == marks.values))
    return pinned


def _ranges(least: Ints, most: Ints) -> list[list[int]]:
    """The fewest and the most rows that each bin may hold when its marks are known so well."""
    return [np.maximum(least[1:] - most[:-1], 0).tolist(), (most[1:] - least[:-1]).tolist()]


def _psi_bounds(
    reference: list[list[int]], current: list[list[int]], n: int, m: int
) -> tuple[float, float]:
    """The least and the largest PSI of bins that hold no fewer and no more rows than these.

    A bin's part, (q - p) ln(q / p), grows with the distance of p and q: it is largest where they
    are farthest apart, and least where they come nearest. Empty bins count as half a row, so that
    half rows are below or above the line.
    """
    half = len(reference[0]) / 2
    least = most = 0.0
    for r_low, r_high, c_low, c_high in zip(*reference, *current, strict=True):
        if not r_high + c_high:
            continue  # left out
        p_low, p_high = max(r_low, 0.5) / (n + half), max(r_high, 0.5) / n
        q_low, q_high = max(c_low, 0.5) / (m + half), max(c_high, 0.5) / m
        above, below = _part(p_high, q_low), _part(p_low, q_high)
        most += max(above, below)
        if r_low + c_low:  # else it may be left out
            least += above if q_low > p_high else below if p_low > q_high else 0.0
    return least, most


def _part(p: float, q: float) -> float:
    return (q - p) * math.log(q / p)
