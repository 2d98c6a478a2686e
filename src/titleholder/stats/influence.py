"""How much each unit moves a metric, and how surely that tells the spread.

The influence of a unit is the metric's derivative by its weight. Its squares sum to the variance
(the infinitesimal jackknife; Efron & Tibshirani 1993, An Introduction to the Bootstrap, ch. 21),
and its fourth powers tell how uncertain that variance itself is: where two models differ on five
rows among thousands, the spread of their difference is known from five rows.
"""

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple, TypeVar

import numpy as np

from titleholder.arrays import Floats

STEP = 1e-4
COMBINATIONS = ((1, 0), (0, 1), (-1, 1))  # what an interval is told of: each model, and the change
BINOMIAL = {k: tuple(math.comb(k, j) for j in range(k + 1)) for k in (2, 3, 4)}
_BLOCK = 1 << 13  # units whose powers stay near the processor while they are summed
# Counts that are looked at to move each of them once; beyond, the derivative costs more than it
# tells: so many classes have many rows, or a spread that nobody could learn from them.
_MOST_LOOKED_AT = 1 << 23
_AT_ONCE = 1 << 20
_DWARFED = 1e4  # times the squares: fourth powers of what is left keep half of their digits
_LOST = 0.5  # of the least that fourth powers can be: with less, some of them were lost

T = TypeVar("T", float, Floats)


@dataclass(frozen=True, slots=True)
class PowerSums:
    """By power k of 2, 3 and 4: sums over units of a^k, a^(k-1) d, ..., d^k.

    a is the influence of a unit on the champion, a + d that on the candidate; or, where they are
    ``swapped``, the other way round.
    """

    by_power: Mapping[int, Sequence[float]]
    swapped: bool = False

    def of(self, power: int, champion: float, candidate: float) -> float:
        """Sum over units of a power of this combination of the two models."""
        models = (candidate, champion) if self.swapped else (champion, candidate)
        return combined(self.by_power[power], *models)

    @classmethod
    def at(cls, powers: Mapping[int, Floats], place: int) -> "PowerSums":
        """Those of one of S slices, from arrays (S, k + 1) by power k."""
        return cls({k: tuple(of[place].tolist()) for k, of in powers.items()})


def combined(sums: Sequence[T], champion: float, candidate: float) -> T:
    """A power k of this combination of the two models, summed over units.

    ``sums`` are those of a^k, a^(k-1) d, ..., d^k as in `PowerSums`: numbers, or arrays of them.
    """
    # p a + q b is (p + q) a + q (b - a): equal models then have no difference left at all.
    p, q, power = champion + candidate, candidate, len(sums) - 1
    if q == 0.0:
        return p**power * sums[0]
    if p == 0.0:
        return q**power * sums[power]
    total = p**power * sums[0]
    for j in range(1, power + 1):
        total = total + BINOMIAL[power][j] * p ** (power - j) * q**j * sums[j]
    return total


class Moving(NamedTuple):
    """How much units move a number, and how surely that tells its spread.

    ``error`` is the standard error, NaN where the influence is not finite; ``skewness`` that of the
    sum over units, 0 where nothing moves; ``fewest`` as in `Influence`. ``freedom`` are the degrees
    of freedom of the spread.
    """

    error: float
    skewness: float
    freedom: float
    fewest: int

    @classmethod
    def of(cls, powers: Sequence[float], units: int, fewest: int) -> "Moving":
        """From sums over units of squares, third and fourth powers of their influence.

        The degrees of freedom are Satterthwaite's: twice the squared variance over the variance of
        the variance, which the fourth powers estimate (Bell & McCaffrey 2002, Survey Methodology
        28, 169-181). About the number of units where all matter alike, twice the number of those
        that matter where few do; between 1 and one less than the fewest. 1 where fourth powers are
        lost: too large or too small for a number, or not among the rows that they were taken from.
        """
        squares, cubes, fourths = powers
        freedom = max(1.0, fewest - 1.0)
        if not squares > 0:
            return cls(0.0 if squares == 0 else math.nan, 0.0, freedom, fewest)
        peaked = fourths / squares / squares  # 1 / units at the least (Cauchy-Schwarz)
        if not peaked > _LOST / units:
            freedom = 1.0
        elif peaked > 1 / units:
            freedom = min(freedom, max(1.0, 2 / (peaked - 1 / units)))
        return cls(math.sqrt(squares), skewness(squares, cubes), freedom, fewest)


def skewness(squares: float, cubes: float) -> float:
    """Of a sum over units, from sums of powers of their influence; 0 where nothing moves."""
    return cubes / squares / math.sqrt(squares) if squares > 0 else 0.0


def skewnesses(squares: Floats, cubes: Floats) -> Floats:
    """What `skewness` has of S slices, (S,)."""
    with np.errstate(all="ignore"):
        return np.where(squares > 0, cubes / squares / np.sqrt(squares), 0.0)


class Spread(ABC):
    """How surely the spread of a metric is known: what `Influence` has, from sums alone."""

    units: int
    fewest: int

    @property
    @abstractmethod
    def power_sums(self) -> PowerSums:
        """Sums over units of powers of their influence."""

    @property
    def range(self) -> float:
        """How far the values of two units lie apart at most, of either model; NaN if not known."""
        return math.nan

    def of(self, champion: float, candidate: float) -> Moving:
        """That of ``champion`` times the one model and ``candidate`` times the other."""
        found = self._known.get((champion, candidate))
        if found is None:
            powers = [self.power_sums.of(k, champion, candidate) for k in (2, 3, 4)]
            found = Moving.of(powers, self.units, self.fewest)
            self._known[champion, candidate] = found
        return found

    @cached_property
    def _known(self) -> dict[tuple[float, float], Moving]:
        """Combinations that were asked for: each is, several times."""
        return {}


@dataclass(frozen=True)
class Summed(Spread):
    """What was summed elsewhere. ``units`` and ``fewest`` are as in `Influence`."""

    sums: PowerSums
    units: int
    fewest: int

    @property
    def power_sums(self) -> PowerSums:
        """As they were given."""
        return self.sums


class Movings(NamedTuple):
    """`Moving` of S slices, (S,) each."""

    error: Floats
    skewness: Floats
    freedom: Floats
    fewest: Floats

    def times(self, turn: float) -> "Movings":
        """That of the numbers times 1 or -1."""
        return self._replace(skewness=turn * self.skewness)

    @classmethod
    def of(cls, powers: Sequence[Floats], units: Floats, fewest: Floats) -> "Movings":
        """What `Moving.of` has of each slice, from arrays (S,)."""
        squares, cubes, fourths = powers
        least = 1 / units
        with np.errstate(all="ignore"):
            peaked, error = fourths / squares / squares, np.sqrt(squares)
            known = np.where(peaked > least, np.fmax(1.0, 2 / (peaked - least)), np.inf)
            known = np.where((peaked > _LOST * least) | ~(squares > 0), known, 1.0)
            known = np.minimum(np.maximum(1.0, fewest - 1), known)
        return cls(error, skewnesses(squares, cubes), known, fewest)


@dataclass(frozen=True, slots=True)
class Spreads:
    """What `Summed` is of one slice, of S: ``powers`` (S, k + 1) by power k; the others (S,)."""

    powers: Mapping[int, Floats]
    units: Floats
    fewest: Floats
    _known: dict[tuple[float, float], Movings] = field(default_factory=dict)

    def of(self, champion: float, candidate: float) -> Movings:
        """That of ``champion`` times the one model and ``candidate`` times the other."""
        models = champion, candidate
        if models not in self._known:
            sums = [combined(list(self.powers[k].T), *models) for k in (2, 3, 4)]
            self._known[models] = Movings.of(sums, self.units, self.fewest)
        return self._known[models]

    def at(self, place: int) -> Summed:
        """That of one of the slices."""
        units, fewest = int(self.units[place]), int(self.fewest[place])
        return Summed(PowerSums.at(self.powers, place), units, fewest)


@dataclass(frozen=True)
class Influence(Spread):
    """Influence of each kind of unit on champion and candidate, (m,) each, and how many there are.

    ``copies`` (m,) is how many units are of this kind, or None where each is one; all of them count
    ``units``. ``fewest`` is
    the number of units in the rarest class where each class is averaged on its own, as for ranks.
    """

    champion: Floats
    candidate: Floats
    copies: Floats | None
    units: int
    fewest: int

    @property
    def range(self) -> float:
        """As of `Spread`: what they move a mean by, times how many there are."""
        ends = [(float(x.min()), float(x.max())) for x in (self.champion, self.candidate)]
        return self.units * max(high - low for low, high in ends)

    def total(self, of_kind: Floats) -> float:
        """Sum over units of what each kind of unit has, (m,)."""
        return float(of_kind.sum() if self.copies is None else self.copies @ of_kind)

    @cached_property
    def power_sums(self) -> PowerSums:
        """Summed over kinds of units."""
        second, third, fourth = np.zeros(3), np.zeros(4), np.zeros(5)
        swapped = dwarfs(self.champion, self.candidate)
        one, two = (self.champion, self.candidate)[:: -1 if swapped else 1]
        for start in range(0, len(one), _BLOCK):
            part = slice(start, start + _BLOCK)
            a = one[part]
            d = two[part] - a
            aa, ad, dd = a * a, a * d, d * d
            waa, wad, wdd = aa, ad, dd
            if self.copies is not None:
                waa, wad, wdd = (self.copies[part] * x for x in (aa, ad, dd))
            second += waa.sum(), wad.sum(), wdd.sum()
            third += waa @ a, waa @ d, wdd @ a, wdd @ d
            fourth += waa @ aa, waa @ ad, waa @ dd, wdd @ ad, wdd @ dd
        found = {2: second, 3: third, 4: fourth}
        return PowerSums({power: tuple(sums.tolist()) for power, sums in found.items()}, swapped)


def dwarfs(one: Floats, other: Floats) -> bool:
    """Whether rows or units of one model (..., n) are so large that the other's would be lost.

    Models are told apart by the difference of the second to the first: two that are nearly equal
    are then not lost in rounding. But as the sum of something huge and the difference to it,
    something small would be.
    """
    first, second = (np.einsum("...n,...n->...", of, of) for of in (one, other))
    return bool((first > _DWARFED * second).any())


def by_counts(value: Callable[[Floats], Floats], counts: Floats) -> Floats:
    """The derivative of a function of counts (..., K, K) by each of them, in its shape.

    Not finite where the function is not; 0 by counts that are 0, which no unit holds.
    """
    slopes, held = np.zeros(counts.shape), np.flatnonzero(counts)
    if len(held) * counts.size > _MOST_LOOKED_AT:
        return np.full(counts.shape, np.nan)
    some = max(1, _AT_ONCE // counts.size)
    for start in range(0, len(held), some):
        cells = held[start : start + some]
        steps = STEP * counts.flat[cells]
        moved = np.zeros((len(cells), counts.size))
        moved[np.arange(len(cells)), cells] = steps
        moved = moved.reshape(len(cells), *counts.shape)
        slopes.flat[cells] = (value(counts + moved) - value(counts - moved)) / (2 * steps)
    return slopes


def by_means(value: Callable[[Floats], Floats], means: Floats, scales: Floats) -> Floats:
    """The derivative of a function of means (k,) by each, (k,); ``scales`` (k,) of their noise."""
    steps = np.diag(np.where(scales > 0, STEP * scales, STEP))
    slopes: Floats = (value(means + steps) - value(means - steps)) / (2 * np.diagonal(steps))
    return slopes
