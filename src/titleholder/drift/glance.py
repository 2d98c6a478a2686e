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
from titleholder.drift.sketch import Sketch

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
    """Two sketches on the cells of both, (k,) each; a pinned cell is the same value on both."""

    low: Floats
    high: Floats
    reference: Ints
    current: Ints
    pinned: Bools

    @classmethod
    def of(cls, reference: Sketch, current: Sketch) -> "Cells":
        """On the cells that either side occupies, of the coarser grid."""
        digits = min(reference.counts.digits, current.counts.digits)
        one, two = (side.counts.at(digits) for side in (reference, current))
        cells, at = _joint(one.cells, two.cells)
        first, second = at[: len(one.cells)], at[len(one.cells) :]
        before, after = np.zeros(len(cells), np.int64), np.zeros(len(cells), np.int64)
        before[first], after[second] = one.rows, two.rows
        low, high = grid.ends(cells, digits)
        pinned = np.zeros(len(cells), bool)
        known = [not np.isnan(side.values).all() for side in (one, two)]
        if any(known):
            here, there = np.full(len(cells), np.nan), np.full(len(cells), np.nan)
            here[first], there[second] = one.values, two.values
            value = np.where(before > 0, here, there)
            pinned = ((value == here) | (before == 0)) & ((value == there) | (after == 0))
            low, high = np.where(pinned, value, low), np.where(pinned, value, high)
        return cls(low, high, before, after, pinned)


def _joint(one: Ints, two: Ints) -> tuple[Ints, Ints]:
    """The cells that either side occupies, ascending, and where those of both sides are there."""
    both = np.concatenate([one, two])
    order = np.argsort(both, kind="stable")  # two ascending runs: merged in one pass
    ascending = both[order]
    new = np.diff(ascending, prepend=-1) > 0
    at = np.empty(len(both), np.int64)
    at[order] = np.cumsum(new) - 1
    return ascending[new], at


def compare(cells: Cells) -> Glance:
    """Every distance of two sketches, neither of them without a finite number."""
    n, m = int(cells.reference.sum()), int(cells.current.sum())
    p, q = cells.reference / n, cells.current / m
    upto_p, upto_q = np.cumsum(cells.reference) / n, np.cumsum(cells.current) / m
    ahead = upto_p - upto_q
    ks = float(np.max(np.abs(ahead)))
    ks_high = max(ks, _reach(ahead, p, q, ~cells.pinned))
    distance, off = _wasserstein(cells, ahead, p, q)
    unit, unit_off = _deviation(cells, p)
    binned, low, high = _binned(cells, n, m)
    in_units, units_off = _in_units(distance, off, unit, unit_off)
    coarse = float(np.max(p[~cells.pinned], initial=0.0))
    fine = (
        coarse <= HEAVY
        and ks_high - ks <= _KS_OFF
        and (in_units is None or units_off <= _WASSERSTEIN_OFF * max(1.0, in_units))
    )
    return Glance(fine, binned, low, high, ks, ks_high, in_units, units_off)


def _reach(ahead: Floats, p: Floats, q: Floats, loose: Bools) -> float:
    """The largest difference that the functions may have inside a cell."""
    over = ahead + q  # the reference's rows first, then current's
    under = p - ahead
    return float(np.max(np.maximum(over, under)[loose], initial=0.0))


def _wasserstein(cells: Cells, ahead: Floats, p: Floats, q: Floats) -> tuple[float, float]:
    """The distance in the column's unit, and how far it may be off."""
    with np.errstate(over="ignore", invalid="ignore"):
        between = _sum(np.abs(ahead[:-1]) * (cells.low[1:] - cells.high[:-1]))
        wide = cells.high - cells.low
        inside = _sum(_mean_height(ahead - p + q, ahead) * wide)
        return between + inside, _sum(np.maximum(p, q) * wide)


def _sum(values: Floats) -> float:
    """A sum whose last digits do not hang on the number of threads, as a dot product's do."""
    return float(np.sum(values))


def _mean_height(start: Floats, end: Floats) -> Floats:
    """The mean of abs of a line from ``start`` to ``end``."""
    doubled = np.abs(start) + np.abs(end)
    crossing = np.flatnonzero(start * end < 0)
    doubled[crossing] = (start[crossing] ** 2 + end[crossing] ** 2) / doubled[crossing]
    return doubled / 2


def _deviation(cells: Cells, p: Floats) -> tuple[float, float]:
    """Standard deviation of the reference with its rows amid their cells, and its bound."""
    with np.errstate(over="ignore", invalid="ignore"):
        middle = cells.low / 2 + cells.high / 2
        mean = _sum(p * middle)
        half = (cells.high - cells.low) / 2
        return math.sqrt(_sum(p * (middle - mean) ** 2)), math.sqrt(_sum(p * half**2))


def _in_units(
    distance: float, off: float, unit: float, unit_off: float
) -> tuple[float | None, float]:
    """Distance in standard deviations and its bound; None where there is no unit to measure in."""
    if not (math.isfinite(unit) and unit > 0 and math.isfinite(distance / unit)):
        return None, 0.0
    if unit_off >= unit:
        return distance / unit, math.inf
    return distance / unit, (off + distance / unit * unit_off) / (unit - unit_off)


def _binned(cells: Cells, n: int, m: int) -> tuple[bins.Binned, float, float]:
    """Rows by quantile bins of the reference, and the bounds of PSI on the quantiles."""
    before, after = _upto(cells.reference), _upto(cells.current)
    count = bins.how_many(min(n, m))
    ranks = -(-np.arange(1, count) * n // count)
    at, first, times = np.unique(
        np.searchsorted(before[1:], ranks), return_index=True, return_counts=True
    )
    lone = at[times > 1]  # such a cell has a bin to itself: it starts before it, ends behind it
    cell = np.concatenate([lone, at])
    shut = np.concatenate([np.zeros(len(lone), bool), np.ones(len(at), bool)])
    least = np.concatenate([before[lone], ranks[first]])
    order = np.lexsort((shut, cell))
    cell, shut, least = cell[order], shut[order], least[order]
    frozen = bins.Edges(cells.high[cell], shut)
    behind = np.where(shut, cell + 1, cell)
    binned = bins.Binned(frozen.labels(), _between(before[behind], n), _between(after[behind], m))
    least = np.where(cells.pinned[cell], before[behind], least)
    fewest = np.where(cells.pinned[cell], after[behind], after[cell])
    low, high = _psi_bounds(
        _range(least, before[behind], n), _range(fewest, after[behind], m), n, m
    )
    return binned, low, high


def _upto(counts: Ints) -> Ints:
    """Rows before each cell, and all of them at the end, (k + 1,)."""
    return np.concatenate([np.zeros(1, np.int64), np.cumsum(counts)])


def _between(upto: Ints, total: int) -> Ints:
    """Rows between marks, and outside the first and the last."""
    return np.diff(upto, prepend=0, append=total)


def _range(least: Ints, most: Ints, total: int) -> tuple[Ints, Ints]:
    """The fewest and the most rows that a bin may hold when its marks are known so well."""
    starts, ends_ = np.append(0, most), np.append(least, total)
    fewest = np.maximum(ends_ - starts, 0)
    return fewest, np.append(most, total) - np.append(0, least)


def _psi_bounds(
    reference: tuple[Ints, Ints], current: tuple[Ints, Ints], n: int, m: int
) -> tuple[float, float]:
    """The least and the largest PSI of bins that hold no fewer and no more rows than these.

    A bin's part, (q - p) ln(q / p), grows with the distance of p and q: it is largest where they
    are farthest apart, and least where they come nearest. Empty bins count as half a row.
    """
    p_low, p_high = _share_range(*reference, n)
    q_low, q_high = _share_range(*current, m)
    above = np.where(q_low > p_high, _part(p_high, q_low), 0.0)
    below = np.where(p_low > q_high, _part(p_low, q_high), 0.0)
    most = np.maximum(_part(p_low, q_high), _part(p_high, q_low))
    held, may_be_held = (reference[i] + current[i] > 0 for i in (0, 1))  # else left out
    return float(np.sum((above + below)[held])), float(np.sum(most[may_be_held]))


def _share_range(fewest: Ints, most: Ints, total: int) -> tuple[Floats, Floats]:
    """Shares of a bin, with the half rows of empty bins below or above the line."""
    half = len(fewest) / 2
    return np.maximum(fewest, 0.5) / (total + half), np.maximum(most, 0.5) / total


def _part(p: Floats, q: Floats) -> Floats:
    return np.asarray((q - p) * np.log(q / p))
