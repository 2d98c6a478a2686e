"""From a metric's law to joint replicates of champion and candidate on resampled rows.

Three ways, each the row bootstrap itself or its law:

- cells: the row bootstrap of a function of counts *is* a multinomial over the few distinct
  cells (group, truth, champion's call, candidate's call), exactly, whatever n is;
- sums over units, for functions of means: see `titleholder.stats.resampler`;
- ranks: explicit draws of few units; of hundreds, a few explicit draws that show what the
  influence values leave out; where rows are many, no class is rare and few rows matter no more
  than others, the law of the sum of influence values to third order (Efron & Tibshirani 1993, An
  Introduction to the Bootstrap, ch. 21-22).

The candidate enters as a difference to the champion, so that two nearly equal models do not
cancel to rounding noise; and the champion as one to the candidate, where it would dwarf it.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Generic, TypeVar

import numpy as np

from titleholder.arrays import Floats, Ints
from titleholder.metrics.base import Counts, Means, Metric, Ranks
from titleholder.metrics.ladder import Ladder, Steps
from titleholder.stats.cells import Cells
from titleholder.stats.influence import Influence, Spread, by_counts, by_means, dwarfs
from titleholder.stats.keys import generator
from titleholder.stats.remainder import DRAWS, MOST_LEFT, Remainder
from titleholder.stats.resampler import FEW_UNITS, Resampler, sum_by_unit
from titleholder.stats.sample import Sample
from titleholder.stats.third_order import SumLaw

# With fewer in a class than this share of what a law calls rare, the remainder is not learnt.
_RARE = 0.3
# With fewer positives than so, kinds of rows between them are few enough to draw them all.
_FEW_BY_GAP = 500
# Two models whose difference varies by less than so, as a share of what each does, are near.
_NEAR = 0.005


S_co = TypeVar("S_co", bound=Spread, covariant=True)


@dataclass(frozen=True, slots=True)
class Replicates(Generic[S_co]):
    """The metric as it stands, and on B resamples: ``champion`` and ``candidate`` (B,).

    Values are NaN where the metric is undefined. ``method`` says how they were made.
    ``influence`` is that of the units; it may not be finite where the metric is not smooth.
    ``pushed`` is how far noise has moved the champion's and the candidate's value up on average,
    where that is known and the replicates do not show it.
    """

    champion_value: float
    candidate_value: float
    champion: Floats
    candidate: Floats
    method: str
    influence: S_co
    pushed: tuple[float, float] = (0.0, 0.0)


def replicate(
    metric: Metric, resampler: Resampler, group: Ints | Cells | None = None
) -> Replicates[Influence]:
    """Replicates of a metric; ``group`` (n,) codes the groups of a grouped one, or has its cells
    counted already.
    """
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
    value: Callable[[Floats], Floats], resampler: Resampler, group: Ints | Cells | None
) -> Replicates[Influence]:
    sample = resampler.sample
    if group is None:
        table, (sums, method) = resampler.cells, resampler.cell_sums
    elif isinstance(group, Cells):
        table, (sums, method) = group, resampler.sums_of(group)
    else:
        table, (sums, method) = resampler.grouped(group)
    first, second = table.champion_counts(sums), table.candidate_counts(sums)
    champion, candidate = value(first), value(second)
    one = by_counts(value, first[0]).ravel()[table.place(table.champion)]
    two = by_counts(value, second[0]).ravel()[table.place(table.candidate)]
    if sample.plain:
        n = len(sample)
        influence = Influence(one, two, sums[0], n, n)
    else:
        of_unit = np.stack([one, two]) @ table.by_unit(sample)
        influence = _of_units(of_unit, sample)
    return Replicates(
        float(champion[0]), float(candidate[0]), champion[1:], candidate[1:], method, influence
    )


def _of_units(of_unit: Floats, sample: Sample, fewest: int | None = None) -> Influence:
    """That of each unit on champion and candidate, (2, units)."""
    units = sample.units
    return Influence(of_unit[0], of_unit[1], None, units, units if fewest is None else fewest)


# ---------------------------------------------------------------------------- means


def _means(
    columns: Callable[..., Floats], value: Callable[[Floats], Floats], resampler: Resampler
) -> Replicates[Influence]:
    sample = resampler.sample
    champion, candidate = sample.row_values(columns)
    if not dwarfs(champion, candidate):
        return _of_means(champion, candidate, value, resampler)
    found = _of_means(candidate, champion, value, resampler)
    units = replace(
        found.influence, champion=found.influence.candidate, candidate=found.influence.champion
    )
    return Replicates(
        found.candidate_value,
        found.champion_value,
        found.candidate,
        found.champion,
        found.method,
        units,
    )


def _of_means(
    one: Floats, two: Floats, value: Callable[[Floats], Floats], resampler: Resampler
) -> Replicates[Influence]:
    """As if the first rows (k, n) were the champion's: the others enter as a difference to them."""
    sample, k = resampler.sample, len(one)
    rows = np.empty((2 * k + 1, len(sample)))
    rows[:k], rows[k:-1], rows[-1] = one, two, 1.0
    rows[k:-1] -= one
    if not sample.plain:
        rows *= sample.weight
    by_unit = sum_by_unit(rows, sample)
    sums, method = resampler.sums(by_unit)
    sums = np.vstack([by_unit.sum(axis=1), sums])
    means = sums[:, :-1] / np.where(sums[:, -1:] > 0, sums[:, -1:], np.nan)
    first, second = value(means[:, :k]), value(means[:, :k] + means[:, k:])
    influence = _of_units(_influence_of_means(value, means[0], by_unit), sample)
    return Replicates(float(first[0]), float(second[0]), first[1:], second[1:], method, influence)


def _influence_of_means(
    value: Callable[[Floats], Floats], means: Floats, by_unit: Floats
) -> Floats:
    """Influence of each unit on champion and candidate, (2, units); ``means`` (2 k,)."""
    k = len(means) // 2
    total = by_unit[-1].sum()
    centred = by_unit[:-1] - means[:, None] * by_unit[-1]
    centred /= total if total > 0 else np.nan
    own = centred[:k]
    both = own + centred[k:]
    scales = (np.sqrt(np.einsum("kn,kn->k", x, x)) for x in (own, both))
    first, second = (
        by_means(value, at, scale)
        for at, scale in zip((means[:k], means[:k] + means[k:]), scales, strict=True)
    )
    return np.stack([first @ own, second @ both])


# ---------------------------------------------------------------------------- ranks


def _ranks(name: str, law: Ranks, resampler: Resampler) -> Replicates[Influence]:
    sample, draw = resampler.sample, resampler.draw
    here, there = (float(law.value(steps)) for steps in resampler.observed_steps)
    rarest = _rarest(sample)
    if rarest == 0:
        nothing, none = np.full(draw.resamples, np.nan), _of_units(np.zeros((2, 0)), sample, 0)
        return Replicates(here, there, nothing, nothing, "none: a single class", none)
    champion, candidate = (
        _influence(law, ladder, steps, sample)
        for ladder, steps in zip(resampler.ladders, resampler.observed_steps, strict=True)
    )
    by_unit = sum_by_unit(np.stack([champion, candidate]), sample)
    influence = _of_units(by_unit, sample, rarest)
    sums = None
    if not resampler.is_small and rarest >= law.rare and not (law.smooth and _are_near(influence)):
        sums = SumLaw.of(np.stack([by_unit[0], by_unit[1] - by_unit[0]]))
    if sums is None:
        drawn = _resampled(name, law, resampler, influence, (here, there))
        return Replicates(here, there, *drawn, influence)
    noise = sums.draws(draw.resamples, generator(draw.seed, "ranks", name, sample.name))
    method = f"paired influence function, law to third order, B={draw.resamples}"
    one, two = here + noise[:, 0], there + noise.sum(axis=1)
    pushed = _pushed(law, resampler.observed_steps, influence)
    return Replicates(here, there, one, two, method, influence, pushed)


def _pushed(law: Ranks, steps: tuple[Steps, Steps], influence: Influence) -> tuple[float, float]:
    if law.pushed is None:
        return 0.0, 0.0
    first, second = (float(influence.of(*model).error) for model in ((1, 0), (0, 1)))
    return law.pushed(steps[0], first), law.pushed(steps[1], second)


def _resampled(
    name: str, law: Ranks, resampler: Resampler, influence: Influence, values: tuple[float, float]
) -> tuple[Floats, Floats, str]:
    """Both models' replicates, (B,) each, by explicit draws of all or of a few, and their name."""
    sample, b = resampler.sample, resampler.draw.resamples
    few_positives = sample.plain and int(sample.class_counts[1]) <= influence.fewest
    by_gap = few_positives and not resampler.is_small and influence.fewest < _FEW_BY_GAP
    moved = None if by_gap else _by_remainder(name, law, resampler, influence, values)
    if moved is not None:
        return *moved, f"paired influence function, remainder by bootstrap, B={b}"
    blocks = resampler.steps_by_gap() if by_gap else resampler.steps()
    drawn = [(law.value(one), law.value(two)) for one, two in blocks]
    first, second = (np.concatenate(side) for side in zip(*drawn, strict=True))
    return first, second, resampler.method


def _by_remainder(
    name: str, law: Ranks, resampler: Resampler, influence: Influence, values: tuple[float, float]
) -> tuple[Floats, Floats] | None:
    """Both models' replicates by `titleholder.stats.remainder`; None where it is not taken.

    It is where units are not few, no class is so rare that a few draws would not
    show what it does, and the metric is smooth enough in their weights.
    """
    units, draw = resampler.sample.units, resampler.draw
    of_unit = np.stack([influence.champion, influence.candidate - influence.champion])
    if not law.smooth or units <= FEW_UNITS or influence.fewest < _RARE * law.rare:
        return None
    sums = SumLaw.of(of_unit)
    if sums is None or draw.resamples <= DRAWS:
        return None
    found = [(c @ of_unit.T, law.value(a), law.value(b)) for c, (a, b) in resampler.few()]
    of_sums, here, there = (np.concatenate(side) for side in zip(*found, strict=True))
    drawn = np.stack([here, there], axis=1) - values
    drawn[:, 1] -= drawn[:, 0]
    # Of near models what is left may be as large as it likes: it has the spread that was drawn.
    most = np.inf if _are_near(influence) and not resampler.is_small else MOST_LEFT
    remainder = Remainder.of(of_sums, drawn, most)
    if remainder is None:
        return None
    rng = generator(draw.seed, "ranks", name, resampler.sample.name)
    moved = remainder.added(sums.draws(draw.resamples, rng), rng)
    return values[0] + moved[:, 0], values[1] + moved.sum(axis=1)


def _are_near(influence: Influence) -> bool:
    """Whether two models are so nearly equal that it is single pairs of rows that they order else.

    What such pairs add to the spread of the difference, no sum over rows has.
    """
    sums = influence.power_sums
    own = min(sums.of(2, 1, 0), sums.of(2, 0, 1))
    return bool(0.0 < sums.of(2, -1, 1) < _NEAR * own)


def _rarest(sample: Sample) -> int:
    """Units that hold a row of the rarer class with any weight."""
    if sample.plain:
        return sample.rarest
    y, held = np.asarray(sample.panel.y_true), sample.weight > 0
    return min(len(np.unique(sample.unit[held & (y == label)])) for label in (0, 1))


def _influence(law: Ranks, ladder: Ladder, steps: Steps, sample: Sample) -> Floats:
    """Weighted influence of each row, (n,)."""
    influence = ladder.of_rows(*law.influence(steps))
    return influence if sample.plain else influence * sample.weight
