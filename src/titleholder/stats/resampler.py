"""The draws of one sample, made once and shared by every metric on it.

Rows (or clusters) are drawn with replacement, the same draw for both models. Few units are
drawn one by one; sums over many have the covariance and the skewness of the units.
"""

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from titleholder.arrays import Floats, Ints, Predictions
from titleholder.metrics.ladder import Ladder, Steps
from titleholder.stats.cells import Cells
from titleholder.stats.gaps import Gaps
from titleholder.stats.keys import generator
from titleholder.stats.kinds import Kinds
from titleholder.stats.remainder import DRAWS, MANY_UNITS_DRAWS
from titleholder.stats.sample import Sample
from titleholder.stats.third_order import SumLaw
from titleholder.stats.uneven import drawn_sums, heaviest
from titleholder.stats.unit_steps import UnitSteps

# Up to so many units all are drawn one by one, whatever it is for; up to EXACT_UNITS where no law
# holds that is known to agree.
FEW_UNITS = 500
EXACT_UNITS = 2000
SKEWED_UNITS = 50_000  # above, the skewness of a sum is lost in the noise of drawing
_MANY_ROWS = 5000
_LARGE = 20_000  # units of which fewer draws are made, where a few are
_FEW_KINDS = 120  # of units: so few are drawn one by one, whatever they hold
_LARGE_CELL = 2000  # rows of a cell whose count on resamples is normal but for a skewness of 1 / 45
_BLOCK = 1 << 21  # elements of one block of explicit draws: about 16 MB
_NEAR = 1 << 14  # draws that stay near the processor while they are counted
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
        self._grouped: tuple[Ints, Cells, tuple[Floats, str]] | None = None

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

    def grouped(self, group: Ints) -> tuple[Cells, tuple[Floats, str]]:
        """Rows counted by group as well, (n,) codes, and the same of these cells.

        Kept for all metrics of the groups that were asked for last.
        """
        if self._grouped is None or self._grouped[0] is not group:
            table = Cells.of(self.sample, group)
            self._grouped = group, table, self.sums_of(table)
        return self._grouped[1:]

    def sums_of(self, table: Cells) -> tuple[Floats, str]:
        """The same of any cells that the rows are counted by, and how it was drawn."""
        if self.sample.plain:
            rng = self._random("cells")
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
        one = self._standing(first)
        return one, one if second is first else self._standing(second)

    @cached_property
    def ladders(self) -> tuple[Ladder, Ladder]:
        """Champion's and candidate's scores in order."""
        y = np.asarray(self.sample.panel.y_true, dtype=float)
        first = Ladder.of(y, _scores(self.sample.champion))
        if self.sample.candidate is self.sample.champion:  # a model that is looked at by itself
            return first, first
        return first, Ladder.of(y, _scores(self.sample.candidate))

    def steps(self) -> Iterable[tuple[Steps, Steps]]:
        """Both ladders' steps on resampled rows, in blocks; kept while that is cheap."""
        return self._kept_steps if self._keeps else self._made_steps(self.counts())

    def few(self) -> Iterable[tuple[Floats, tuple[Steps, Steps]]]:
        """A few explicit draws in blocks: counts (b, units), and both ladders' steps on them.

        Kept while that is cheap.
        """
        return self._kept_few if len(self.sample) * self._few <= _KEPT else self._made_few()

    def steps_by_gap(self) -> Iterator[tuple[Steps, Steps]]:
        """The same for many plain rows of which few are positives; drawn anew at each call."""
        y = np.asarray(self.sample.panel.y_true)
        rng = self._random("gaps")
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

        Explicit draws where the units are few, or of few kinds; else the law of a sum of many
        units, to third order or, where those are very many, normal. Where some of many matter too
        much for either, these are drawn, and the rest is normal.
        """
        resamples = self.draw.resamples
        law = self._third_order(by_unit)
        if law is not None:
            moved = law.draws(resamples, self._random("sums"))
            return by_unit.sum(axis=1) + moved, f"{self.method}, law of sums to third order"
        if self.sample.units > FEW_UNITS:
            kinds = Kinds.of(by_unit)
            if len(kinds.copies) <= _FEW_KINDS:
                counts = large_cells(kinds.copies, resamples, self._random("kinds"))
                return counts @ kinds.held.T, self.method
            if not self.is_small:
                return self._many_kinds(kinds)
        return np.vstack([counts @ by_unit.T for counts in self.counts()]), self.method

    def _third_order(self, by_unit: Floats) -> SumLaw | None:
        """The law of sums of hundreds of units; None where there is none to rely on."""
        units = self.sample.units
        if not FEW_UNITS < units <= SKEWED_UNITS:
            return None
        return SumLaw.of(by_unit - by_unit.sum(axis=1)[:, None] / units)

    def _many_kinds(self, kinds: Kinds) -> tuple[Floats, str]:
        picked = heaviest(kinds)
        if len(picked):
            drawn = drawn_sums(kinds, picked, self.draw.resamples, self._random("uneven"))
            return drawn, f"{self.method}, normal law of all but the heaviest"
        centred = kinds.centred
        noise = self.noise((centred * kinds.copies) @ centred.T, "sums")
        return kinds.totals + noise, f"{self.method}, normal law"

    def noise(self, covariance: Floats, *names: str) -> Floats:
        """Normal draws (B, k) with this covariance, which may be singular; NaN if that is NaN."""
        if not np.isfinite(covariance).all():
            return np.full((self.draw.resamples, len(covariance)), np.nan)
        rng = self._random(*names)
        if len(covariance) == 2:
            return _two_normals(covariance, rng.standard_normal((2, self.draw.resamples)))
        variances, axes = np.linalg.eigh(covariance)
        scale = axes * np.sqrt(np.maximum(variances, 0.0))
        noise: Floats = rng.standard_normal((self.draw.resamples, len(covariance))) @ scale.T
        return noise

    def _random(self, *names: str) -> np.random.Generator:
        return generator(self.draw.seed, *names, self.sample.name)

    @property
    def _few(self) -> int:
        return MANY_UNITS_DRAWS if self.sample.units > _LARGE else DRAWS

    @cached_property
    def _kept_few(self) -> list[tuple[Floats, tuple[Steps, Steps]]]:
        return list(self._made_few())

    def _made_few(self) -> Iterator[tuple[Floats, tuple[Steps, Steps]]]:
        for counts in self._made_counts(self._few):
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
        first, second = self.ladders if self.sample.plain else self._unit_steps
        for counts in drawn:
            one = first.steps(counts)
            yield one, one if second is first else second.steps(counts)

    def _standing(self, ladder: Ladder) -> Steps:
        return ladder.plain_steps() if self.sample.plain else ladder.steps(self.sample.weight)

    @cached_property
    def _unit_steps(self) -> tuple[UnitSteps, UnitSteps]:
        first, second = self.ladders
        one = UnitSteps.of(first, self.sample)
        return one, one if second is first else UnitSteps.of(second, self.sample)

    def _made_counts(self, resamples: int) -> Iterator[Floats]:
        rng = self._random("rows")
        units, left = self.sample.units, resamples
        while left > 0:
            b = min(left, max(1, _BLOCK // len(self.sample)))
            yield _drawn(units, b, rng)
            left -= b


def _drawn(units: int, resamples: int, rng: np.random.Generator) -> Floats:
    """How often each unit is drawn on each resample, (B, units)."""
    counts, some = np.empty((resamples, units)), max(1, _NEAR // units)
    for part in (counts[start : start + some] for start in range(0, resamples, some)):
        picks = rng.integers(units, size=part.shape)
        picks += np.arange(len(part))[:, None] * units
        part[:] = np.bincount(picks.ravel(), minlength=part.size).reshape(part.shape)
    return counts


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
