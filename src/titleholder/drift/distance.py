r"""Distances between two samples, by their definitions. All logarithms are natural.

On bin counts :math:`r_i` (reference, n rows) and :math:`c_i` (current, m rows), with shares
:math:`p_i = r_i / n` and :math:`q_i = c_i / m`:

- PSI = sum (q_i - p_i) ln(q_i / p_i). Rules of thumb: below 0.1 little, above 0.25 much has
  changed (Siddiqi, Credit Risk Scorecards, Wiley 2006); it equals KL(q|p) + KL(p|q).
- KL(q|p) = sum q_i ln(q_i / p_i) (Kullback and Leibler 1951, doi:10.1214/aoms/1177729694).
- JS = (KL(p|h) + KL(q|h)) / 2 with h = (p + q) / 2 (Lin 1991, doi:10.1109/18.61115);
  it needs no smoothing and lies in [0, ln 2].

PSI and KL are infinite where one side's bin is empty. Such a bin counts as half a row, and the
shares are normalised again: a bin that a hundred rows missed may hold about half a percent,
while a fixed 0.0001 would call the same miss a hundred times rarer than the rows can tell. Bins
that are empty on both sides are left out.

Without any shift, PSI n m / (n + m) is about chi-square with k - 1 degrees of freedom, so that
PSI is (k - 1) (1/n + 1/m) on average (Yurdakul 2018, Statistical Properties of Population
Stability Index, Western Michigan University). `psi_noise` is a high quantile of that law.
"""

import functools
import math
from typing import Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy.special import chdtri, ndtri

from titleholder.drift.profile import Floats

Ints: TypeAlias = NDArray[np.int64]
Pairs: TypeAlias = list[tuple[float, float]]

LEVEL = 0.9999  # chance passes it in one column of 10,000 (simulated: 3 of 1,000 at 100 rows)
_HALF_ROW = 0.5
_STRIDE = 64  # rows between the grid points of the first look for KS


class Divergences(NamedTuple):
    """PSI (at least 0), KL of current from reference, and JS (in [0, ln 2])."""

    psi: float
    kl: float
    js: float


def divergences(reference: NDArray[Any], current: NDArray[Any]) -> Divergences:
    """All three of bin counts, each (k,)."""
    pairs = zip(reference.tolist(), current.tolist(), strict=True)
    counts = [(r, c) for r, c in pairs if r or c]
    filled = [(r or _HALF_ROW, c or _HALF_ROW) for r, c in counts]
    shares = _shares(counts)
    odds = [(p, q, math.log(q / p)) for p, q in (shares if filled == counts else _shares(filled))]
    found = (
        math.fsum((q - p) * log for p, q, log in odds),
        math.fsum(q * log for _, q, log in odds),
        math.fsum(_from_middle(p, q) for p, q in shares),
    )
    return Divergences(*(max(0.0, one) for one in found))


def psi(reference: NDArray[Any], current: NDArray[Any]) -> float:
    """Population stability index of bin counts, each (k,); at least 0.

    >>> round(psi(np.array([50, 50]), np.array([60, 40])), 6)
    0.040547
    """
    return divergences(reference, current).psi


def kl(reference: NDArray[Any], current: NDArray[Any]) -> float:
    """Kullback-Leibler divergence of current from reference, KL(q|p), of bin counts (k,)."""
    return divergences(reference, current).kl


def js(reference: NDArray[Any], current: NDArray[Any]) -> float:
    """Jensen-Shannon divergence of bin counts, each (k,); in [0, ln 2]."""
    return divergences(reference, current).js


def psi_noise(bins: int, n: int, m: int, level: float = LEVEL) -> float:
    """What PSI stays below with probability ``level`` when nothing has shifted.

    >>> round(psi_noise(10, 1000, 1000), 4)
    0.0674
    """
    return float(chdtri(bins - 1, 1 - level)) * (1 / n + 1 / m) if bins > 1 else 0.0


def ks_noise(n: int, m: int, level: float = LEVEL) -> float:
    """The same for KS: its asymptotic critical value (Smirnov 1948, doi:10.1214/aoms/1177730256).

    >>> round(ks_noise(1000, 1000, level=0.95), 4)
    0.0607
    """
    return math.sqrt(-math.log((1 - level) / 2) / 2 * (1 / n + 1 / m))


def share_noise(p: float, q: float, n: int, m: int, level: float = LEVEL) -> float:
    """The same for the difference of two shares: a pooled z-interval, one row added a side."""
    pooled = (p * n + q * m + 1) / (n + m + 2)
    return float(ndtri((1 + level) / 2)) * math.sqrt(pooled * (1 - pooled) * (1 / n + 1 / m))


def ks(reference: Floats, current: Floats) -> float:
    """Two-sample Kolmogorov-Smirnov statistic of ascending finite samples, exactly.

    The supremum of the distance between the empirical distribution functions lies at a row of
    ``current`` or just before one. Every 64th row is looked at first; both functions are
    monotone, so the rows between need a look only where they could beat what was found.
    """
    n, m = len(reference), len(current)
    grid = np.append(np.arange(0, m - 1, _STRIDE), m - 1)
    below, upto = _ranks(reference, current, grid)
    best = _widest(grid, below, upto, n, m)
    bound = np.maximum(
        (grid[1:] + 1) / m - upto[:-1] / n,
        below[1:] / n - grid[:-1] / m,
    )
    open_blocks = np.flatnonzero(bound > best)
    if len(open_blocks) == 0:
        return best
    rows = (grid[open_blocks][:, None] + np.arange(_STRIDE)).ravel()
    rows = rows[rows < m]
    return max(best, _widest(rows, *_ranks(reference, current, rows), n, m))


def wasserstein(reference: Floats, current: Floats) -> float:
    """First Wasserstein distance of ascending finite samples, in the samples' own unit.

    The integral of the distance between the two quantile functions. Both are steps at fixed
    shares (i/n and j/m), so the common grid depends on n and m alone.
    """
    if len(reference) == len(current):
        return float(np.mean(np.abs(current - reference)))
    left, right, widths = _quantile_grid(len(reference), len(current))
    return float(np.abs(current[right] - reference[left]) @ widths)


def spread(values: Floats) -> float:
    """Standard deviation (n in the denominator) of finite values."""
    return float(np.std(values))


def _ranks(reference: Floats, current: Floats, rows: NDArray[Any]) -> tuple[Ints, Ints]:
    """How many reference values lie below, and at or below, these rows of current."""
    at = current[rows]
    return np.searchsorted(reference, at, "left"), np.searchsorted(reference, at, "right")


def _widest(rows: NDArray[Any], below: Ints, upto: Ints, n: int, m: int) -> float:
    above = np.max((rows + 1) / m - upto / n)
    under = np.max(below / n - rows / m)
    return max(0.0, float(above), float(under))


@functools.lru_cache(maxsize=1)  # columns of one table mostly share their sizes
def _quantile_grid(n: int, m: int) -> tuple[Ints, Ints, Floats]:
    """Where the quantile functions of n and of m rows step: row of each, width of the step."""
    ends = np.arange(1, n + 1) * m
    others = np.arange(1, m + 1) * n
    steps = np.concatenate([ends, others])
    steps.sort(kind="stable")
    widths = np.diff(steps, prepend=0)
    kept = widths > 0
    starts = (steps - widths)[kept]
    return starts // m, starts // n, widths[kept] / (n * m)


def _shares(pairs: Pairs) -> Pairs:
    """Both sides of each bin as parts of their sums."""
    n, m = (math.fsum(side) for side in zip(*pairs, strict=True)) if pairs else (0.0, 0.0)
    return [(r / n, c / m) for r, c in pairs]


def _from_middle(p: float, q: float) -> float:
    """What a bin with these shares adds to JS."""
    middle = (p + q) / 2
    return sum(one * math.log(one / middle) for one in (p, q) if one > 0) / 2
