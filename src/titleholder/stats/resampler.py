"""The draws of one sample, made once and shared by every metric on it.

Rows (or clusters) are drawn with replacement, the same draw for both models. Few units are
drawn one by one; sums over many have the covariance and the skewness of the units.
"""

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from titleholder.arrays import Floats, Predictions
from titleholder.metrics.ladder import Ladder, Steps
from titleholder.stats.cells import Cells
from titleholder.stats.gaps import Gaps
from titleholder.stats.keys import generator
from titleholder.stats.remainder import DRAWS, MANY_UNITS_DRAWS
from titleholder.stats.sample import Sample
from titleholder.stats.third_order import SumLaw
from titleholder.stats.uneven import drawn_sums, heaviest

# Up to so many units all are drawn one by one, whatever it is for; up to EXACT_UNITS where no law
# holds that is known to agree.
FEW_UNITS = 500
EXACT_UNITS = 2000
SKEWED_UNITS = 50_000  # above, the skewness of a sum is lost in the noise of drawing
_MANY_ROWS = 5000
_LARGE = 20_000  # units of which fewer draws are made, where a few are
_LARGE_CELL = 2000  # rows of a cell whose count on resamples is normal but for a skewness of 1 / 45
_BLOCK = 1 << 21  # elements of one block of explicit draws: about 16 MB
_KEPT = EXACT_UNITS * 2000  # elements of explicit draws that are kept: about 50 MB an array


@dataclass(frozen=True, slots=True)
class Draw:
    """How many resamples, and from which seed."""

    resamples: int
    seed: int


class Resampler:
    """The draws of one sample, made once and shared by every metric on it."""

    def __init__(self, sample: Sample, draw: Draw) -> None:
        self.sample = sample
        self.draw = draw

    @property
    def method(self) -> str:
        """What explicit draws are called in a finding."""
        what = "clusters" if self.sample.clustered else "rows"
        return f"paired bootstrap over {what}, B={self.draw.resamples}"

    @cached_property
    def cells(self) -> Cells:
        """Rows counted by truth and both models' calls."""
        known = self.sample.known
        if known is not None and known.cells is not None:
            return Cells.counted(known.cells)
        return Cells.of(self.sample)

    @cached_property
    def cell_sums(self) -> tuple[Floats, str]:
        """Weight in each of these cells, (1 + B, C): as it stands first, then on each resample."""
        return self.sums_of(self.cells)

    def sums_of(self, table: Cells) -> tuple[Floats, str]:
        """The same of any cells that the rows are counted by, and how it was drawn."""
        if self.sample.plain:
            rng = generator(self.draw.seed, "cells", self.sample.name)
            n = len(self.sample)
            method = f"paired bootstrap over cells, B={self.draw.resamples}"
            if n > _MANY_ROWS:
                large = large_cells(table.observed, self.draw.resamples, rng)
                return np.vstack([table.observed, large]), f"{method}, normal law of large cells"
            drawn = rng.multinomial(n, table.observed / n, size=self.draw.resamples)
            return np.vstack([table.observed, drawn]), method
        sums, method = self.sums(table.by_unit(self.sample))
        return np.vstack([table.observed, np.maximum(sums, 0.0)]), method

    @cached_property
    def observed_steps(self) -> tuple[Steps, Steps]:
        """Both ladders' steps on the rows as they stand."""
        first, second = self.ladders
        if self.sample.plain:
            return first.plain_steps(), second.plain_steps()
        return first.steps(self.sample.weight), second.steps(self.sample.weight)

    @cached_property
    def ladders(self) -> tuple[Ladder, Ladder]:
        """Champion's and candidate's scores in order."""
        y = np.asarray(self.sample.panel.y_true, dtype=float)
        return Ladder.of(y, _scores(self.sample.champion)), Ladder.of(
            y, _scores(self.sample.candidate)
        )

    def steps(self) -> Iterable[tuple[Steps, Steps]]:
        """Both ladders' steps on resampled rows, in blocks; kept while that is cheap."""
        return self._kept_steps if self._keeps else self._made_steps(self.counts())

    def few(self) -> Iterator[tuple[Floats, tuple[Steps, Steps]]]:
        """A few explicit draws in blocks: counts (b, units), and both ladders' steps on them."""
        if self.is_small:
            yield from self._kept_few
        else:
            yield from self._made_few(MANY_UNITS_DRAWS if self._is_large else DRAWS)

    def steps_by_gap(self) -> Iterator[tuple[Steps, Steps]]:
        """The same for many plain rows of which few are positives; drawn anew at each call."""
        y = np.asarray(self.sample.panel.y_true)
        rng = generator(self.draw.seed, "gaps", self.sample.name)
        return Gaps.of(y, *self.ladders).steps(self.draw.resamples, rng)

    def counts(self) -> Iterable[Floats]:
        """How often each unit is drawn, in blocks (b, units)."""
        return self._kept_counts if self._keeps else self._made_counts(self.draw.resamples)

    @property
    def is_small(self) -> bool:
        """Whether explicit draws of all units are cheap enough to make and to keep."""
        return self.sample.units <= EXACT_UNITS

    def sums(self, by_unit: Floats) -> tuple[Floats, str]:
        """Sums over resampled units, (B, k), of what each unit holds (k, units).

        Explicit draws where the units are few; else the law of a sum of many units, to third order
        or, where those are very many, normal. Where some of many matter too much for either, these
        are drawn, and the rest is normal.
        """
        totals = by_unit.sum(axis=1)
        centred = by_unit - totals[:, None] / self.sample.units
        if FEW_UNITS < self.sample.units <= SKEWED_UNITS:
            law = SumLaw.of(centred)
            if law is not None:
                rng = generator(self.draw.seed, "sums", self.sample.name)
                moved = law.draws(self.draw.resamples, rng)
                return totals + moved, f"{self.method}, law of sums to third order"
        if self.is_small:
            return np.vstack([counts @ by_unit.T for counts in self.counts()]), self.method
        picked = heaviest(centred)
        if len(picked):
            rng = generator(self.draw.seed, "uneven", self.sample.name)
            drawn = drawn_sums(by_unit, picked, self.draw.resamples, rng)
            return drawn, f"{self.method}, normal law of all but the heaviest"
        noise = self.noise(centred @ centred.T, "sums")
        return totals + noise, f"{self.method}, normal law"

    def noise(self, covariance: Floats, *names: str) -> Floats:
        """Normal draws (B, k) with this covariance, which may be singular; NaN if that is NaN."""
        if not np.isfinite(covariance).all():
            return np.full((self.draw.resamples, len(covariance)), np.nan)
        rng = generator(self.draw.seed, *names, self.sample.name)
        if len(covariance) == 2:
            return _two_normals(covariance, rng.standard_normal((2, self.draw.resamples)))
        variances, axes = np.linalg.eigh(covariance)
        scale = axes * np.sqrt(np.maximum(variances, 0.0))
        noise: Floats = rng.standard_normal((self.draw.resamples, len(covariance))) @ scale.T
        return noise

    @property
    def _is_large(self) -> bool:
        return self.sample.units > _LARGE

    @cached_property
    def _kept_few(self) -> list[tuple[Floats, tuple[Steps, Steps]]]:
        return list(self._made_few(DRAWS))

    def _made_few(self, draws: int) -> Iterator[tuple[Floats, tuple[Steps, Steps]]]:
        for counts in self._made_counts(draws):
            (steps,) = self._made_steps([counts])
            yield counts, steps

    @property
    def _keeps(self) -> bool:
        return len(self.sample) * self.draw.resamples <= _KEPT

    @cached_property
    def _kept_counts(self) -> list[Floats]:
        return list(self._made_counts(self.draw.resamples))

    @cached_property
    def _kept_steps(self) -> list[tuple[Steps, Steps]]:
        return list(self._made_steps(self.counts()))

    def _made_steps(self, drawn: Iterable[Floats]) -> Iterator[tuple[Steps, Steps]]:
        first, second = self.ladders
        for counts in drawn:
            weights = counts.T
            if not self.sample.plain:
                weights = weights[self.sample.unit] * self.sample.weight[:, None]
            weights = weights.T
            yield first.steps(weights), second.steps(weights)

    def _made_counts(self, resamples: int) -> Iterator[Floats]:
        rng = generator(self.draw.seed, "rows", self.sample.name)
        units, left = self.sample.units, resamples
        while left > 0:
            b = min(left, max(1, _BLOCK // len(self.sample)))
            picks = rng.integers(units, size=(b, units)) * b + np.arange(b)[:, None]
            drawn = np.bincount(picks.ravel(), minlength=units * b)
            # Units come first in memory, as `Ladder.steps` likes them.
            yield drawn.reshape(units, b).astype(float).T
            left -= b


def _two_normals(covariance: Floats, z: Floats) -> Floats:
    """Independent normal draws z (2, B) as draws (B, 2) with this covariance, by its root."""
    aa, ad, dd = covariance.item(0, 0), covariance.item(0, 1), covariance.item(1, 1)
    own = math.sqrt(max(aa, 0.0))
    slope = ad / own if own > 0 else 0.0
    rest = math.sqrt(max(dd - slope * slope, 0.0))
    drawn: Floats = (np.array([[own, 0.0], [slope, rest]]) @ z).T
    return drawn


def large_cells(observed: Floats, resamples: int, rng: np.random.Generator) -> Floats:
    """Counts (B, C) of many rows drawn from cells with ``observed`` (C,) rows each.

    A multinomial: cells of few rows are drawn as they are, one after the other and then the rest;
    how the rest falls on cells of very many rows has the normal law of a multinomial.
    """
    n, drawn = int(observed.sum()), np.empty((len(observed), resamples))
    few, many = np.flatnonzero(observed < _LARGE_CELL), np.flatnonzero(observed >= _LARGE_CELL)
    rest = observed[many].sum()
    counts = rng.multinomial(n, np.append(observed[few], rest) / n, size=resamples).T
    drawn[few] = counts[:-1]
    if len(many):
        share, left = observed[many] / rest, counts[-1]
        noise = np.sqrt(share)[:, None] * rng.standard_normal((len(many), resamples))
        drawn[many] = share[:, None] * (left - np.sqrt(left) * noise.sum(axis=0))
        drawn[many] += np.sqrt(left) * noise
    return drawn.T


def sum_by_unit(rows: Floats, sample: Sample) -> Floats:
    """Row values (k, n) added up within each sampling unit, (k, units)."""
    if not sample.clustered:
        return rows
    return np.array([np.bincount(sample.unit, row, sample.units) for row in rows])


def _scores(predictions: Predictions) -> Floats:
    if predictions.score is None:
        raise ValueError("a metric of ranks was asked of predictions without scores")
    return predictions.score
