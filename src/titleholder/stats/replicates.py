"""From a metric's law to joint replicates of champion and candidate on resampled rows.

Three ways, each the row bootstrap itself or its law:

- cells: the row bootstrap of a function of counts *is* a multinomial over the few distinct
  cells (group, truth, champion's call, candidate's call), exactly, whatever n is;
- sums over units, for functions of means: see `titleholder.stats.resampler`;
- ranks: explicit draws, or, where rows are many and no class is rare, the normal law of the
  influence values (Efron & Tibshirani 1993, An Introduction to the Bootstrap, ch. 21-22).

The candidate enters as a difference to the champion, so that two nearly equal models do not
cancel to rounding noise.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from titleholder.arrays import Floats, Ints
from titleholder.metrics.base import Counts, Means, Metric, Ranks
from titleholder.metrics.ladder import Ladder
from titleholder.stats.influence import Influence, by_counts, by_means
from titleholder.stats.keys import generator
from titleholder.stats.resampler import Resampler, sum_by_unit
from titleholder.stats.sample import Sample


@dataclass(frozen=True, slots=True)
class Replicates:
    """The metric as it stands, and on B resamples: ``champion`` and ``candidate`` (B,).

    Values are NaN where the metric is undefined. ``method`` says how they were made.
    ``influence`` is that of the units; it may not be finite where the metric is not smooth.
    """

    champion_value: float
    candidate_value: float
    champion: Floats
    candidate: Floats
    method: str
    influence: Influence


def replicate(metric: Metric, resampler: Resampler, group: Ints | None = None) -> Replicates:
    """Replicates of a metric; ``group`` (n,) codes the groups of a grouped one."""
    match metric.law:
        case Counts(value):
            return _counts(value, resampler, group)
        case Means(columns, value):
            return _means(columns, value, resampler)
        case Ranks():
            return _ranks(metric.name, metric.law, resampler)
    raise TypeError(f"{metric.name} is measured, not resampled")


# --------------------------------------------------------------------------- counts


def _counts(
    value: Callable[[Floats], Floats], resampler: Resampler, group: Ints | None
) -> Replicates:
    sample = resampler.sample
    table = _cells(sample, group)
    sums, method = _cell_sums(table, resampler)
    first, second = table.champion_counts(sums), table.candidate_counts(sums)
    champion, candidate = value(first), value(second)
    one = by_counts(value, first[0]).ravel()[table.place(table.champion)]
    two = by_counts(value, second[0]).ravel()[table.place(table.candidate)]
    if sample.plain:
        n = len(sample.panel)
        influence = Influence(one, two, sums[0], n, n)
    else:
        of_unit = _by_unit(table, sample) @ np.column_stack([one, two])
        influence = _of_units(of_unit, sample)
    return Replicates(
        float(champion[0]), float(candidate[0]), champion[1:], candidate[1:], method, influence
    )


def _of_units(of_unit: Floats, sample: Sample, fewest: int | None = None) -> Influence:
    units = sample.units
    every = np.ones(len(of_unit))
    return Influence(
        of_unit[:, 0], of_unit[:, 1], every, units, units if fewest is None else fewest
    )


@dataclass(frozen=True, slots=True)
class _Cells:
    """Distinct (group, truth, champion's call, candidate's call) and which row is in which."""

    cell_of_row: Ints
    group: Ints
    truth: Ints
    champion: Ints
    candidate: Ints
    groups: int | None
    classes: int

    def champion_counts(self, sums: Floats) -> Floats:
        return self._counts(sums, self.champion)

    def candidate_counts(self, sums: Floats) -> Floats:
        return self._counts(sums, self.candidate)

    def place(self, call: Ints) -> Ints:
        """Where each cell's rows stand in the raveled confusion counts of one model, (C,)."""
        return (self.group * self.classes + self.truth) * self.classes + call

    def _counts(self, sums: Floats, call: Ints) -> Floats:
        """Sums per cell (B, C) to confusion counts (B, [G,] K, K)."""
        k, g = self.classes, self.groups or 1
        place = self.place(call)
        spread = np.zeros((len(place), g * k * k))
        spread[np.arange(len(place)), place] = 1.0
        shape = (len(sums), k, k) if self.groups is None else (len(sums), g, k, k)
        return (sums @ spread).reshape(shape)


def _cells(sample: Sample, group: Ints | None) -> _Cells:
    truth, a, b = sample.panel.y_true, sample.champion.label, sample.candidate.label
    if truth is None or a is None or b is None:
        raise ValueError("a metric of calls was asked of predictions without labels")
    k = len(sample.panel.classes)
    groups = None if group is None else int(group.max(initial=-1)) + 1
    of_row = np.zeros(len(truth), dtype=np.int64) if group is None else group
    code = ((of_row * k + truth) * k + a) * k + b
    distinct, cell_of_row = np.unique(code, return_inverse=True)
    rest, candidate = np.divmod(distinct, k)
    rest, champion = np.divmod(rest, k)
    which, true = np.divmod(rest, k)
    return _Cells(cell_of_row, which, true, champion, candidate, groups, k)


def _cell_sums(table: _Cells, resampler: Resampler) -> tuple[Floats, str]:
    """Weight in each cell, (1 + B, C): as it stands first, then on each resample."""
    sample, draw = resampler.sample, resampler.draw
    cells = len(table.truth)
    observed = np.bincount(table.cell_of_row, weights=sample.weight, minlength=cells)
    if sample.plain:
        rng = generator(draw.seed, "cells", sample.name)
        n = len(sample.panel)
        drawn = rng.multinomial(n, observed / n, size=draw.resamples)
        return np.vstack([observed, drawn]), f"paired bootstrap over cells, B={draw.resamples}"
    sums, method = resampler.sums(_by_unit(table, sample))
    return np.vstack([observed, np.maximum(sums, 0.0)]), method


def _by_unit(table: _Cells, sample: Sample) -> Floats:
    """Weight that each unit has in each cell, (units, C)."""
    cells = len(table.truth)
    place = sample.unit * cells + table.cell_of_row
    spread: Floats = np.bincount(place, sample.weight, sample.units * cells).astype(float)
    return spread.reshape(sample.units, cells)


# ---------------------------------------------------------------------------- means


def _means(
    columns: Callable[..., Floats], value: Callable[[Floats], Floats], resampler: Resampler
) -> Replicates:
    sample = resampler.sample
    champion = columns(sample.panel, sample.champion)
    change = columns(sample.panel, sample.candidate) - champion
    rows = np.column_stack([champion, change, np.ones(len(champion))])
    by_unit = sum_by_unit(rows * sample.weight[:, None], sample)
    sums, method = resampler.sums(by_unit)
    sums = np.vstack([by_unit.sum(axis=0), sums])
    means = sums[:, :-1] / np.where(sums[:, -1:] > 0, sums[:, -1:], np.nan)
    k = champion.shape[1]
    first, second = value(means[:, :k]), value(means[:, :k] + means[:, k:])
    influence = _of_units(_influence_of_means(value, means[0], by_unit), sample)
    return Replicates(float(first[0]), float(second[0]), first[1:], second[1:], method, influence)


def _influence_of_means(
    value: Callable[[Floats], Floats], means: Floats, by_unit: Floats
) -> Floats:
    """Influence of each unit on champion and candidate, (units, 2); ``means`` (2 k,)."""
    k = len(means) // 2
    total = by_unit[:, -1].sum()
    centred = (by_unit[:, :-1] - by_unit[:, -1:] * means) / (total if total > 0 else np.nan)
    own, change = centred[:, :k], centred[:, k:]
    scales = np.sqrt((own**2).sum(axis=0))
    first = by_means(value, means[:k], scales)
    second = by_means(value, means[:k] + means[k:], np.sqrt(((own + change) ** 2).sum(axis=0)))
    return np.column_stack([own @ first, (own + change) @ second])


# ---------------------------------------------------------------------------- ranks


def _ranks(name: str, law: Ranks, resampler: Resampler) -> Replicates:
    sample, draw = resampler.sample, resampler.draw
    first, second = resampler.ladders
    here, there = (float(law.value(ladder.steps(sample.weight))) for ladder in (first, second))
    rarest = _rarest(sample)
    if rarest == 0:
        nothing, none = np.full(draw.resamples, np.nan), _of_units(np.zeros((0, 2)), sample, 0)
        return Replicates(here, there, nothing, nothing, "none: a single class", none)
    champion = _influence(law, first, sample)
    change = _influence(law, second, sample) - champion
    by_unit = sum_by_unit(np.column_stack([champion, change]), sample)
    of_unit = np.column_stack([by_unit[:, 0], by_unit.sum(axis=1)])
    influence = _of_units(of_unit, sample, rarest)
    if resampler.is_small or rarest < law.rare:
        drawn = [(law.value(a), law.value(b)) for a, b in resampler.steps()]
        one, two = (np.concatenate(side) for side in zip(*drawn, strict=True))
        return Replicates(here, there, one, two, resampler.method, influence)
    noise = resampler.noise(by_unit.T @ by_unit, "ranks", name)
    method = f"paired influence function, normal law, B={draw.resamples}"
    moved = here + noise[:, 0], there + noise.sum(axis=1)
    return Replicates(here, there, *moved, method, influence)


def _rarest(sample: Sample) -> int:
    """Units that hold a row of the rarer class with any weight."""
    y, held = np.asarray(sample.panel.y_true), sample.weight > 0
    units = (sample.unit[held & (y == label)] for label in (0, 1))
    if sample.plain:
        return min(len(of_class) for of_class in units)
    return min(len(np.unique(of_class)) for of_class in units)


def _influence(law: Ranks, ladder: Ladder, sample: Sample) -> Floats:
    """Weighted influence of each row, (n,)."""
    of_positive, of_negative = law.influence(ladder.steps(sample.weight))
    positive = np.asarray(sample.panel.y_true) == 1
    step = ladder.step_of_row
    return np.where(positive, of_positive[step], of_negative[step]) * sample.weight
