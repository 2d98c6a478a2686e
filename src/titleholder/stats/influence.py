"""How much each unit moves a metric, and how surely that tells the spread.

The influence of a unit is the metric's derivative by its weight. Its squares sum to the variance
(the infinitesimal jackknife; Efron & Tibshirani 1993, An Introduction to the Bootstrap, ch. 21),
and its fourth powers tell how uncertain that variance itself is: where two models differ on five
rows among thousands, the spread of their difference is known from five rows.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from titleholder.arrays import Floats

_STEP = 1e-4
# Above so many classes the derivative by each confusion count costs more than it tells.
_MOST_CLASSES = 32


@dataclass(frozen=True)
class Influence:
    """Influence of each kind of unit on champion and candidate, (m,) each, and how many there are.

    ``copies`` (m,) is how many units are of this kind; all of them count ``units``. ``fewest`` is
    the number of units in the rarest class where each class is averaged on its own, as for ranks.
    """

    champion: Floats
    candidate: Floats
    copies: Floats
    units: int
    fewest: int

    def freedom(self, champion: float, candidate: float) -> float:
        """Degrees of freedom of the spread of this combination of the two.

        Satterthwaite's: twice the squared variance over the variance of the variance, which the
        fourth powers estimate (Bell & McCaffrey 2002, Survey Methodology 28, 169-181). About the
        number of units where all matter alike, twice the number of those that matter where few
        do; between 1 and one less than the fewest.
        """
        # (p a + q b)^2 = p^2 a^2 + 2 p q a b + q^2 b^2
        weights = np.array([champion**2, 2 * champion * candidate, candidate**2])
        sums, gram = self._moments
        squares = float(weights @ sums)
        fourths = float(weights @ gram @ weights) - squares**2 / self.units
        most = max(1.0, self.fewest - 1.0)
        if not squares > 0 or not fourths > 0:
            return most
        return min(most, max(1.0, 2 * squares**2 / fourths))

    def error(self, champion: float, candidate: float) -> float:
        """The standard error of this combination; NaN where the influence is not finite."""
        weights = np.array([champion**2, 2 * champion * candidate, candidate**2])
        variance = float(weights @ self._moments[0])
        return math.sqrt(variance) if variance >= 0 else math.nan

    def skewness(self, champion: float, candidate: float) -> float:
        """Skewness of the sum of this combination over units; 0 where nothing moves."""
        moved = champion * self.champion + candidate * self.candidate
        squares = float(self.copies @ (moved * moved))
        cubes = float(self.copies @ (moved * moved * moved))
        return cubes / squares**1.5 if squares > 0 else 0.0

    @cached_property
    def _moments(self) -> tuple[Floats, Floats]:
        """Sums of a^2, a b and b^2 over units, (3,), and of their products, (3, 3)."""
        a, b = self.champion, self.candidate
        products = np.stack([a * a, a * b, b * b])
        weighted = products if (self.copies == 1).all() else products * self.copies
        return weighted.sum(axis=1), weighted @ products.T


def by_counts(value: Callable[[Floats], Floats], counts: Floats) -> Floats:
    """The derivative of a function of counts (..., K, K) by each of them, in its shape.

    Not finite where the function is not; 0 by counts that are 0, which no unit holds.
    """
    slopes = np.zeros(counts.shape)
    if counts.shape[-1] > _MOST_CLASSES:
        return np.full(counts.shape, np.nan)
    held = np.flatnonzero(counts)
    steps = _STEP * counts.flat[held]
    moved = np.zeros((len(held), counts.size))
    moved[np.arange(len(held)), held] = steps
    moved = moved.reshape(len(held), *counts.shape)
    slopes.flat[held] = (value(counts + moved) - value(counts - moved)) / (2 * steps)
    return slopes


def by_means(value: Callable[[Floats], Floats], means: Floats, scales: Floats) -> Floats:
    """The derivative of a function of means (k,) by each, (k,); ``scales`` (k,) of their noise."""
    steps = np.diag(np.where(scales > 0, _STEP * scales, _STEP))
    slopes: Floats = (value(means + steps) - value(means - steps)) / (2 * np.diagonal(steps))
    return slopes
