"""How many contents stand on both sides by chance, and how many more there are.

Take a content that stands m times in panel and training data together. If all rows were drawn
independently, each of the m falls on the panel's side with some probability r, which may differ
from content to content, since the panel may have drifted. It then stands on both sides with
probability

    1 - r**m - (1 - r)**m  <=  1 - 2**(1 - m).

Pairs (m = 2) are genotypes: alone in the panel, on both sides, alone in training data, with
probabilities r**2, 2r(1 - r), (1 - r)**2. Were r the same for all, they would be in Hardy-Weinberg
proportions; where it differs there are fewer on both sides, never more (Wahlund's principle). So an
excess of "heterozygotes" by the exact test of those proportions (Wigginton, Cutler, Abecasis 2005,
doi:10.1086/429864) is no chance, whatever the data's distribution, resolution and drift. For m > 2
the bound above makes a binomial test.

Dependence within a side (households, repeated visits, rows repeated to balance classes) makes
twins on one side, which costs power and raises no false alarm.
"""

import numpy as np

from titleholder.leakage.records import Twins


def beyond(twins: Twins, level: float) -> int:
    """How many of the contents on both sides are more than chance makes, at this level."""
    if twins.times == 2:
        return _heterozygotes_beyond(twins, level)
    return _binomial_beyond(twins, level)


def excess(alone_here: int, both: int, alone_there: int) -> float:
    """The probability of at least so many pairs on both sides, given how many rows each side has.

    >>> round(excess(3, 14, 3), 4)
    0.1067
    """
    from scipy.special import gammaln

    pairs = alone_here + both + alone_there
    here, there = 2 * alone_here + both, 2 * alone_there + both
    possible = np.arange(min(here, there) % 2, min(here, there) + 1, 2, dtype=np.float64)
    weights = (
        possible * np.log(2.0)
        - gammaln((here - possible) / 2 + 1)
        - gammaln(possible + 1)
        - gammaln((there - possible) / 2 + 1)
    )
    if not pairs:
        return 1.0
    shares = np.exp(weights - weights.max())
    return float(shares[possible >= both].sum() / shares.sum())


def _heterozygotes_beyond(twins: Twins, level: float) -> int:
    """The fewest pairs that must be taken from both sides for the rest to be what chance makes."""
    low, high = 0, twins.both
    while low < high:
        middle = (low + high) // 2
        if excess(twins.here, twins.both - middle, twins.there) > level:
            high = middle
        else:
            low = middle + 1
    return low


def _binomial_beyond(twins: Twins, level: float) -> int:
    from scipy.stats import binom

    trials = twins.both + twins.here + twins.there
    if not trials:
        return 0
    chance = int(binom.isf(level, trials, 1 - 2.0 ** (1 - twins.times)))
    return max(0, twins.both - chance)
