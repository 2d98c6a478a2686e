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
from titleholder.metrics.ladder import Ladder, Steps
from titleholder.stats.cells import Cells
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
    table = resampler.cells if group is None else Cells.of(sample, group)
    sums, method = _cell_sums(table, resampler)
    first, second = table.champion_counts(sums), table.candidate_counts(sums)
    champion, candidate = value(first), value(second)
    one = by_counts(value, first[0]).ravel()[table.place(table.champion)]
    two = by_counts(value, second[0]).ravel()[table.place(table.candidate)]
    if sample.plain:
        n = len(sample.panel)
        influence = Influence(one, two, sums[0], n, n)
    else:
        of_unit = table.by_unit(sample) @ np.column_stack([one, two])
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


def _cell_sums(table: Cells, resampler: Resampler) -> tuple[Floats, str]:
    """Weight in each cell, (1 + B, C): as it stands first, then on each resample."""
    sample, draw = resampler.sample, resampler.draw
    if sample.plain:
        rng = generator(draw.seed, "cells", sample.name)
        n = len(sample.panel)
        drawn = rng.multinomial(n, table.observed / n, size=draw.resamples)
        method = f"paired bootstrap over cells, B={draw.resamples}"
        return np.vstack([table.observed, drawn]), method
    sums, method = resampler.sums(table.by_unit(sample))
    return np.vstack([table.observed, np.maximum(sums, 0.0)]), method


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
    here, there = (float(law.value(steps)) for steps in resampler.observed_steps)
    rarest = _rarest(sample)
    if rarest == 0:
        nothing, none = np.full(draw.resamples, np.nan), _of_units(np.zeros((0, 2)), sample, 0)
        return Replicates(here, there, nothing, nothing, "none: a single class", none)
    champion, candidate = (
        _influence(law, ladder, steps, sample)
        for ladder, steps in zip(resampler.ladders, resampler.observed_steps, strict=True)
    )
    change = candidate - champion
    by_unit = sum_by_unit(np.column_stack([champion, change]), sample)
    of_unit = np.column_stack([by_unit[:, 0], by_unit.sum(axis=1)])
    influence = _of_units(of_unit, sample, rarest)
    if resampler.is_small or rarest < law.rare:
        few_positives = sample.plain and np.asarray(sample.panel.y_true).sum() <= rarest
        by_gap = few_positives and not resampler.is_small
        blocks = resampler.steps_by_gap() if by_gap else resampler.steps()
        drawn = [(law.value(a), law.value(b)) for a, b in blocks]
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


def _influence(law: Ranks, ladder: Ladder, steps: Steps, sample: Sample) -> Floats:
    """Weighted influence of each row, (n,)."""
    of_positive, of_negative = law.influence(steps)
    # One gather from both: positives behind negatives.
    at = ladder.step_of_row + len(of_negative) * np.asarray(sample.panel.y_true)
    influence: Floats = np.concatenate([of_negative, of_positive])[at]
    return influence if sample.plain else influence * sample.weight
