"""Quantiles with distribution-free intervals from order statistics."""

import numpy as np

from titleholder.arrays import Floats
from titleholder.types import Gauge


def gauge(values: Floats, quantile: float, level: float) -> Gauge | None:
    """The ``quantile`` of ``values`` (n,) and an interval that covers it at least at ``level``.

    The ends are order statistics whose ranks come from the binomial law of how many values lie
    below the true quantile (David & Nagaraja 2003, Order Statistics, 7.1). None where n is too
    small for such ranks to exist: the largest of 20 values says nothing of their 99% quantile.

    >>> import numpy as np
    >>> gauge(np.arange(10.0), 0.95, 0.95) is None
    True
    """
    from scipy.stats import binom

    n = len(values)
    if n == 0 or not np.isfinite(values).all():
        return None
    tail = (1 - level) / 2
    low = int(binom.ppf(tail, n, quantile)) - 1
    high = int(binom.isf(tail, n, quantile))
    if low < 0 or high > n - 1:
        return None
    ordered = np.sort(values)
    middle = float(np.quantile(ordered, quantile, method="inverted_cdf"))
    return Gauge(value=middle, low=float(ordered[low]), high=float(ordered[high]), n=n)
