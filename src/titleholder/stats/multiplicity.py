"""Many questions at once: what is left of single p-values.

Holm keeps the chance of any false rejection below the level, for naming culprits in a family.
Benjamini and Hochberg keep the expected share of false ones among the rejected below it, for
exploring. Both take p-values in [0, 1], NaN for questions that had no answer: those are no part
of the family and get NaN.
"""

from collections.abc import Callable
from typing import TypeAlias

import numpy as np

from titleholder.arrays import Floats

Procedure: TypeAlias = Callable[[Floats, int], Floats]


def holm(p: Floats) -> Floats:
    """Adjusted p-values (k,) of Holm's step-down procedure, valid under any dependence.

    Holm 1979, Scandinavian Journal of Statistics 6:65-70.

    >>> import numpy as np
    >>> holm(np.array([0.01, 0.04, 0.03, 0.005])).round(3).tolist()
    [0.03, 0.06, 0.06, 0.02]
    """
    return _adjusted(p, lambda sorted_p, m: _running_max(sorted_p * (m - np.arange(m))))


def benjamini_hochberg(p: Floats) -> Floats:
    """q-values (k,) of the step-up procedure, for independent or positively dependent questions.

    doi:10.1111/j.2517-6161.1995.tb02031.x

    >>> import numpy as np
    >>> benjamini_hochberg(np.array([0.01, 0.04, 0.03, 0.005])).round(3).tolist()
    [0.02, 0.04, 0.04, 0.02]
    """

    def step_up(sorted_p: Floats, m: int) -> Floats:
        scaled = sorted_p * m / np.arange(1, m + 1)
        return np.minimum.accumulate(scaled[::-1])[::-1]

    return _adjusted(p, step_up)


def _adjusted(p: Floats, procedure: Procedure) -> Floats:
    """Apply a procedure to the finite p-values in rising order, and put them back in place."""
    adjusted = np.full(len(p), np.nan)
    known = np.flatnonzero(np.isfinite(p))
    order = known[np.argsort(p[known], kind="stable")]
    if len(order):
        adjusted[order] = np.minimum(procedure(p[order], len(order)), 1.0)
    return adjusted


def _running_max(values: Floats) -> Floats:
    highest: Floats = np.maximum.accumulate(values)
    return highest
