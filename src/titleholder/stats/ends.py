"""What can be told from an interval's ends alone. Imports no numpy: the gate judges with it."""

from functools import cache
from statistics import NormalDist

from titleholder.types import Estimate


@cache
def normal_reach(level: float) -> float:
    """How many standard errors a two-sided normal interval reaches to either side.

    >>> round(normal_reach(0.95), 6)
    1.959964
    """
    return NormalDist().inv_cdf((1 + level) / 2)


@cache
def lean(level: float) -> float:
    """How many standard errors each unit of skewness moves both ends of an interval up.

    The second term of Cornish and Fisher's expansion of a quantile (1938, doi:10.2307/1400905).

    >>> round(lean(0.95), 6)
    0.473576
    """
    return (normal_reach(level) ** 2 - 1) / 6


def unseen(n: int, level: float) -> float:
    """The share that rows may have of which none was seen among n: Wilson's upper limit of 0 in n.

    >>> round(unseen(200, 0.95), 4)
    0.0188
    """
    z2 = normal_reach(level) ** 2
    return z2 / (n + z2)


def turned(estimate: Estimate) -> Estimate:
    """The estimate with its sign turned round; empty unless it has a value and both ends."""
    value, low, high = estimate.value, estimate.low, estimate.high
    if value is None or low is None or high is None:
        return Estimate()
    return Estimate(value=-value, low=-high, high=-low)


def error_of(estimate: Estimate, level: float) -> float | None:
    """The standard error that a normal interval of this width would have; None without ends."""
    if estimate.low is None or estimate.high is None:
        return None
    return (estimate.high - estimate.low) / (2 * normal_reach(level))
