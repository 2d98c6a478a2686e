"""Quantiles with distribution-free intervals from order statistics."""

import math

import numpy as np

from titleholder.arrays import Floats
from titleholder.types import Gauge


def gauge(values: Floats, quantile: float, level: float) -> Gauge | None:
    """The ``quantile`` of ``values`` (n,) and an interval that covers it at least at ``level``.

    The ends are order statistics whose ranks come from the binomial law of how many values lie
    below the true quantile (David & Nagaraja 2003, Order Statistics, 7.1). There are no ends where
    n is too small for such ranks to exist: the largest of 20 values says nothing of their 99%
    quantile. None for no values, or any that is not finite.

    >>> import numpy as np
    >>> gauge(np.arange(10.0), 0.95, 0.95)
    Gauge(value=9.0, low=None, high=None, n=10, least=72)
    """
    n = len(values)
    if n == 0 or not np.isfinite(values).all():
        return None
    ordered = np.sort(values)
    middle = float(np.quantile(ordered, quantile, method="inverted_cdf"))
    low, high = _ranks(n, quantile, level)
    if low < 0 or high > n - 1:
        return Gauge(value=middle, low=None, high=None, n=n, least=least(quantile, level))
    return Gauge(value=middle, low=float(ordered[low]), high=float(ordered[high]), n=n)


def least(quantile: float, level: float) -> int:
    """The fewest values whose order statistics cover a quantile, strictly within 0 and 1.

    >>> least(0.95, 0.95), least(0.5, 0.95)
    (72, 6)
    """
    # The extremes have to cover it: no value lies beyond with at most the tail's probability.
    rare = max(quantile, 1 - quantile)
    n = max(1, math.floor(math.log((1 - level) / 2) / math.log(rare)) - 1)
    while not 0 <= min(_ranks(n, quantile, level)) <= max(_ranks(n, quantile, level)) <= n - 1:
        n += 1
    return n


def _ranks(n: int, quantile: float, level: float) -> tuple[int, int]:
    """The ranks, from 0, of the values that cover the quantile; outside of n where none do."""
    from scipy.stats import binom

    tail = (1 - level) / 2
    return int(binom.ppf(tail, n, quantile)) - 1, int(binom.isf(tail, n, quantile))
