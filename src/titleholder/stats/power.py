"""How many rows would settle what stayed open."""

import math
from statistics import NormalDist

POWER = 0.8
# So many times the rows there are, and no more: where it would take them, the estimate lies within
# 0.28 of its own standard errors from the margin, and how near it is by chance alone.
MOST_TIMES = 100


def rows_needed(distance: float, std_error: float, n: int, level: float) -> int | None:
    """Rows at which a finding this far from its margin would be settled with 80% power.

    ``distance`` is that of the estimate from the margin, ``std_error`` its error on ``n`` rows;
    both in the metric's unit. The error falls with the root of n. At most `MOST_TIMES` times ``n``,
    which stands for that many or more. None where no number of rows would do, since the estimate
    lies on the margin, or where there is nothing to go by.

    >>> rows_needed(distance=0.01, std_error=0.01, n=1000, level=0.95)
    7849
    """
    if not (math.isfinite(distance) and math.isfinite(std_error) and n > 0):
        return None
    if distance == 0 or std_error <= 0:
        return None
    normal = NormalDist()
    reach = normal.inv_cdf((1 + level) / 2) + normal.inv_cdf(POWER)
    # Held against the root of the bound, so that nothing overflows on the way.
    ratio = reach * std_error / abs(distance)
    if not ratio < math.sqrt(MOST_TIMES):
        return MOST_TIMES * n
    return max(1, math.ceil(n * ratio**2))


def p_value(improvement: float, bound: float, std_error: float) -> float | None:
    """One-sided p-value of the null that the true improvement is at most ``bound``.

    Normal in the estimate, with the resampled standard error; for an exactly known estimate
    (no error) 0 or 1.
    """
    if not all(math.isfinite(number) for number in (improvement, bound, std_error)):
        return None
    if std_error <= 0:
        return 0.0 if improvement > bound else 1.0
    return NormalDist().cdf(-(improvement - bound) / std_error)
