"""Intervals where resampling has a normal law: what ever more resamples would come to, undrawn.

Where rows are many, champion and candidate on a resample are jointly normal about their values,
with the covariance that the influence of the rows has, up to the skewness that it leaves. Ends of
intervals are then known without any drawing, to third order; percentiles of B draws lie about them,
at B = 2000 within 0.06 standard errors.

All slices of a metric are told at once: as arrays they take a fifth of the time that they take one
by one.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from titleholder.arrays import Bools, Floats
from titleholder.metrics.base import Metric
from titleholder.stats.ends import lean, normal_reach
from titleholder.stats.influence import COMBINATIONS, Movings, Spread, Spreads, skewnesses
from titleholder.stats.intervals import Paired, widenings
from titleholder.stats.own import own_ends
from titleholder.types import Estimate

# A champion's value is some standard errors away from 0, where shares of it are told.
_AWAY = 20.0


@dataclass(frozen=True, slots=True)
class Normal:
    """Both models' values, and how the influence of rows on them varies."""

    champion: float
    candidate: float
    spread: Spread
    method: str


@dataclass(frozen=True, slots=True)
class Normals:
    """Those of S slices, (S,) each; ``holds`` (S,) says of which this is the law."""

    champion: Floats
    candidate: Floats
    spreads: Spreads
    holds: Bools
    method: str

    @classmethod
    def of(cls, law: Normal) -> "Normals":
        """That of a single slice."""
        powers: Mapping[int, Any] = law.spread.power_sums.by_power
        spreads = Spreads(
            {k: np.array([sums], dtype=float) for k, sums in powers.items()},
            np.array([float(law.spread.units)]),
            np.array([float(law.spread.fewest)]),
        )
        values = np.array([law.champion]), np.array([law.candidate])
        return cls(*values, spreads, np.ones(1, dtype=bool), law.method)

    def at(self, place: int) -> Normal | None:
        """That of one of the slices; None where it does not hold."""
        if not self.holds[place]:
            return None
        values = self.champion.item(place), self.candidate.item(place)
        return Normal(*values, self.spreads.at(place), self.method)


class _Ends(NamedTuple):
    """Intervals of S slices: values, lower and upper ends, (S,) each."""

    value: Floats
    low: Floats
    high: Floats

    def told(self) -> Iterator[Estimate]:
        for value, low, high in zip(*(side.tolist() for side in self), strict=True):
            yield Estimate(value=value, low=low, high=high)


def summarise_normal(metric: Metric, law: Normal, level: float) -> Paired | None:
    """What `summarise_normals` has of a single slice."""
    return summarise_normals(metric, Normals.of(law), level)[0]


def summarise_normals(metric: Metric, laws: Normals, level: float) -> tuple[Paired | None, ...]:
    """Intervals at ``level`` of S slices; None where they are not this simple, and have to be
    drawn.

    That is so of a metric whose best value is within its domain, and of a champion near 0.
    """
    if metric.target is not None or not laws.holds.any():
        return (None,) * len(laws.holds)
    turn = 1.0 if metric.higher_is_better else -1.0
    one, two, change = (laws.spreads.of(*models) for models in COMBINATIONS)
    change = change.times(turn)
    numbers = (laws.champion, laws.candidate, one.error, two.error, change.error)
    with np.errstate(all="ignore"):
        simple = laws.holds & np.isfinite(np.stack(numbers)).all(axis=0)
        simple &= np.abs(laws.champion) > _AWAY * one.error
        wider = widenings(change, level)
        relative, relative_error = _shares(laws, turn, level, wider)
        sides = (
            _own(metric, laws.champion, level, one),
            _own(metric, laws.candidate, level, two),
            _reaching(turn * (laws.candidate - laws.champion), wider, level, change),
            relative,
        )
    told = zip(*(side.told() for side in sides), strict=True)
    errors = zip((wider * change.error).tolist(), relative_error.tolist(), strict=True)
    return tuple(
        _paired(ends, error) if is_simple else None
        for is_simple, ends, error in zip(simple.tolist(), told, errors, strict=True)
    )


def _paired(ends: tuple[Estimate, ...], errors: tuple[float, float]) -> Paired:
    champion, candidate, improvement, relative = ends
    return Paired(champion, candidate, improvement, relative, *errors, "")


def _own(metric: Metric, value: Floats, level: float, moving: Movings) -> _Ends:
    wider = widenings(moving, level)
    found = _reaching(value, wider, level, moving)
    return _Ends(value, *own_ends(metric, *found, level, wider, moving))


def _reaching(value: Floats, wider: Floats, level: float, moving: Movings) -> _Ends:
    """The ends of values, each ``wider`` times as far off as a normal law has it."""
    z, moved, error = normal_reach(level), lean(level) * moving.skewness, wider * moving.error
    return _Ends(value, value + (moved - z) * error, value + (moved + z) * error)


def _shares(laws: Normals, turn: float, level: float, wider: Floats) -> tuple[_Ends, Floats]:
    """Improvements as shares of the champion's absolute value, and their standard errors.

    Quantiles of a ratio of two normal numbers, of which the lower one is not near 0: the shares r
    at which improvement - r x champion lies z of its own standard errors from 0 (Fieller 1954),
    moved by the skewness of that difference where r is the share itself.
    """
    aa, ad, dd = laws.spreads.powers[2].T
    z, side = normal_reach(level), np.copysign(1.0, laws.champion)
    size, change = np.abs(laws.champion), turn * (laws.candidate - laws.champion)
    both = turn * side * ad
    square = size * size - z * z * aa
    half = change * size - z * z * both
    root = np.sqrt(np.maximum(0.0, half * half - square * (change * change - z * z * dd)))
    value = change / size
    low, high = (half - root) / square, (half + root) / square
    error = np.sqrt(np.maximum(0.0, dd - 2 * value * both + value * value * aa)) / size
    moved = lean(level) * _lean_of_share(laws, turn, -turn - value * side) * error
    ends = _Ends(
        value, value - wider * (value - low - moved), value + wider * (high - value + moved)
    )
    return ends, wider * error


def _lean_of_share(laws: Normals, turn: float, beside: Floats) -> Floats:
    """The skewness of ``beside`` (S,) times the champion and ``turn`` times the candidate."""
    p, q = beside + turn, turn
    aa, ad, dd = laws.spreads.powers[2].T
    aaa, aad, add, ddd = laws.spreads.powers[3].T
    squares = p * p * aa + 2 * p * q * ad + q * q * dd
    cubes = p * p * p * aaa + 3 * p * p * q * aad + 3 * p * q * q * add + q * q * q * ddd
    return skewnesses(squares, cubes)
