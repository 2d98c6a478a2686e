"""Looking every night without fooling oneself: confidence sequences for a mean over nights.

A 95% interval that is computed anew each night misses the truth on some night of the year almost
surely. A confidence sequence holds it on *all* nights at once with the stated probability, however
long one looks and whenever one stops.

Each night has an estimate that is about normal, with a standard error of its own, on rows that no
other night has. Weighted by rows, the errors' sum is a martingale with variance V, and Robbins'
normal mixture bounds it for ever (Robbins 1970, doi:10.1214/aoms/1177696786; Howard et al. 2021,
doi:10.1214/20-AOS1991, eq. 14); for estimates that are only asymptotically normal, the same
boundary is an asymptotic confidence sequence (Waudby-Smith et al. 2024, doi:10.1214/24-AOS2408).

A mean since the first night hardly moves when the hundredth is the first bad one. So a new
sequence starts every `EVERY` nights, each with a share of the error that it may make, and all of
them hold together: half of the error is for the whole run, the k-th restart has 1/(2k(k+1)) of it,
and these shares add up to one. Watching from many starts is how Shekhar and Ramdas turn estimation
into change detection (2023, arXiv:2309.09111); here the error is kept for ever, not on average.

No numpy: whoever reads a verdict can do this again at little cost.
"""

import math
from typing import Final

from titleholder.types import Estimate, Record

# Nights between two starts.
EVERY: Final = 7
# Nights after which the boundary is at its best; it holds before and after all the same.
HORIZON: Final = 28


class Sums(Record, frozen=True):
    """Rows, sum of values times rows, and the variance of that sum; zero before any night."""

    weight: float = 0.0
    total: float = 0.0
    variance: float = 0.0

    def plus(self, rows: int, value: float, std_error: float) -> "Sums":
        """With one more night."""
        return Sums(
            self.weight + rows,
            self.total + rows * value,
            self.variance + (rows * std_error) ** 2,
        )

    def since(self, earlier: "Sums") -> "Sums":
        """What came after."""
        return Sums(
            self.weight - earlier.weight,
            self.total - earlier.total,
            self.variance - earlier.variance,
        )


class Run(Record, frozen=True):
    """The nights so far: their sums now, and as they were at each restart.

    ``unit`` is the variance that one night's weighted error was expected to have before the first
    was seen: what the boundaries are tuned by. ``marks`` are the sums after night `EVERY`, twice
    `EVERY`, and so on.
    """

    unit: float
    nights: int = 0
    sums: Sums = Sums()
    marks: tuple[Sums, ...] = ()

    def after(self, rows: int, value: float, std_error: float) -> "Run":
        """The run with one more night of fresh ``rows``.

        ValueError unless all three are finite and rows and error above 0: a night whose error is
        not known counts for nothing.
        """
        if not all(math.isfinite(number) for number in (rows, value, std_error)):
            raise ValueError("a night has a finite value and error")
        if not (rows > 0 and std_error > 0):
            raise ValueError("a night without rows or without an error counts for nothing")
        nights, sums = self.nights + 1, self.sums.plus(rows, value, std_error)
        marks = (*self.marks, sums) if nights % EVERY == 0 else self.marks
        return Run(self.unit, nights, sums, marks)

    def windows(self, alpha: float) -> tuple["Window", ...]:
        """Every sequence as it stands tonight, the whole run first.

        With a probability of at least 1 - ``alpha`` each holds its own mean on each of its nights.
        """
        starts = [(0, Sums())]
        starts += [(EVERY * k, mark) for k, mark in enumerate(self.marks, 1)]
        return tuple(
            Window(start, _interval(self.sums.since(before), self.unit, alpha * share(k)))
            for k, (start, before) in enumerate(starts)
            if start < self.nights
        )


class Window(Record, frozen=True):
    """The mean of all nights after the ``start``-th, with its end of the sequence tonight."""

    start: int
    mean: Estimate


def share(restart: int) -> float:
    """The share of the error that a start may make: half for the first, the rest for the others.

    >>> [share(k) for k in range(4)], round(sum(map(share, range(100_000))), 4)
    ([0.5, 0.25, 0.08333333333333333, 0.041666666666666664], 1.0)
    """
    return 0.5 if restart == 0 else 0.5 / (restart * (restart + 1))


def radius(variance: float, rho: float, alpha: float) -> float:
    """How far a martingale of this variance may be from 0, ever, but with probability ``alpha``.

    The two-sided normal mixture: sqrt((v + rho) log((v + rho) / (rho alpha^2))).
    """
    return math.sqrt((variance + rho) * (math.log((variance + rho) / rho) - 2 * math.log(alpha)))


def tuned(variance: float, alpha: float) -> float:
    """The ``rho`` with which the boundary is about narrowest at this variance.

    Howard et al. 2021, section 3.5: v / (2 log(1/alpha) + log(1 + 2 log(1/alpha))).
    """
    looks = -2 * math.log(alpha)
    return variance / (looks + math.log1p(looks))


def _interval(sums: Sums, unit: float, alpha: float) -> Estimate:
    mean = sums.total / sums.weight
    reach = radius(sums.variance, tuned(HORIZON * unit, alpha), alpha) / sums.weight
    return Estimate(mean, mean - reach, mean + reach)
