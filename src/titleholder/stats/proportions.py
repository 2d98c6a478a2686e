"""Paired proportions: score intervals that stay honest where nothing, or everything, went wrong.

A bootstrap of twenty rows without one disagreement says that the difference is 0 +- 0. Wilson's
and Newcombe's score intervals know that twenty rows cannot say so.
"""

import math
from dataclasses import dataclass

from titleholder.stats.ends import normal_reach
from titleholder.types import Estimate

_LARGEST = 1e100  # a ratio beyond it is told as none


@dataclass(frozen=True, slots=True)
class Agreement:
    """Rows on which both models hit, only the first, only the second, neither.

    Whole numbers of rows, or the parts of an effective number of them.
    """

    both: float
    first: float
    second: float
    neither: float

    @property
    def n(self) -> float:
        """All rows."""
        return self.both + self.first + self.second + self.neither

    @property
    def misses(self) -> "Agreement":
        """The same rows, counted by who missed instead of who hit."""
        return Agreement(self.neither, self.second, self.first, self.both)


def wilson(hits: float, n: float, level: float) -> Estimate:
    """Wilson's score interval of a proportion (1927, doi:10.1080/01621459.1927.10502953)."""
    if n <= 0:
        return Estimate()
    z = normal_reach(level)
    p = hits / n
    centre = (p + z * z / (2 * n)) / (1 + z * z / n)
    reach = z / (1 + z * z / n) * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    low = 0.0 if hits == 0 else max(0.0, centre - reach)
    high = 1.0 if hits >= n else min(1.0, centre + reach)
    return Estimate(value=p, low=low, high=high)


def shares(table: Agreement, level: float) -> tuple[Estimate, Estimate]:
    """Wilson's interval of each proportion."""
    n = table.n
    return wilson(table.both + table.first, n, level), wilson(table.both + table.second, n, level)


def newcombe(table: Agreement, level: float) -> Estimate:
    """Interval of second minus first proportion on the same rows.

    Newcombe's method 10 (Statistics in Medicine 17, 1998, 2635-2650): Wilson's limits of each,
    combined with the correlation of the pairs, continuity corrected when it is positive.

    >>> found = newcombe(Agreement(both=36, first=12, second=2, neither=0), 0.95)
    >>> round(found.low, 4), round(found.high, 4)
    (-0.3404, -0.0569)
    """
    n = table.n
    if n <= 0:
        return Estimate()
    one, two = shares(table, level)
    rho = _correlation(table)
    down = _combined(_below(two), _above(one), rho)
    up = _combined(_above(two), _below(one), rho)
    value = (table.second - table.first) / n
    return Estimate(value=value, low=max(-1.0, value - down), high=min(1.0, value + up))


def relative_change(table: Agreement, level: float) -> Estimate:
    """Interval of second over first proportion, less 1, on the same rows.

    The ratios R that `newcombe`'s reasoning does not exclude: those for which the interval of
    second - R x first holds 0 (MOVER; Donner & Zou, Statistics in Medicine 29, 2010,
    doi:10.1002/sim.4081). Its low and high end are thus above or below 0 exactly where those of
    the difference are. No estimate where the first proportion is 0, or may be as far as these rows
    tell: the ratio has no upper end then.
    """
    one, two = shares(table, level)
    if not one.value or two.value is None:
        return Estimate()
    rho = _correlation(table)
    down = _quadratic(one.value, two.value, _above(one), _below(two), rho)
    up = _quadratic(one.value, two.value, _below(one), _above(two), rho)
    low = 0.0 if down.constant <= 0 else down.constant / (down.half + down.root)
    top = up.half + up.root
    if not top < up.square * _LARGEST:
        return Estimate()
    high = top / up.square
    return Estimate(value=two.value / one.value - 1, low=low - 1, high=high - 1)


@dataclass(frozen=True, slots=True)
class _Quadratic:
    """``square`` R^2 - 2 ``half`` R + ``constant``, which is 0 at an end of the ratio."""

    square: float
    half: float
    constant: float

    @property
    def root(self) -> float:
        return math.sqrt(max(0.0, self.half**2 - self.square * self.constant))


def _quadratic(
    one: float, two: float, reach_one: float, reach_two: float, rho: float
) -> _Quadratic:
    return _Quadratic(
        one**2 - reach_one**2, one * two - rho * reach_one * reach_two, two**2 - reach_two**2
    )


def _combined(one: float, other: float, rho: float) -> float:
    return math.sqrt(max(0.0, one * one - 2 * rho * one * other + other * other))


def _below(estimate: Estimate) -> float:
    return (estimate.value or 0.0) - (estimate.low or 0.0)


def _above(estimate: Estimate) -> float:
    return (1.0 if estimate.high is None else estimate.high) - (estimate.value or 0.0)


def _correlation(table: Agreement) -> float:
    a, b, c, d = table.both, table.first, table.second, table.neither
    margins = (a + b) * (c + d) * (a + c) * (b + d)
    if margins == 0:
        return 0.0
    cross = a * d - b * c
    if cross > 0:
        cross = max(cross - table.n / 2, 0.0)
    return cross / math.sqrt(margins)
