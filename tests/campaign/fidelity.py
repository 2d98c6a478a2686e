"""Ends of intervals beside those of the row bootstrap: ``python -m tests.campaign.fidelity``.

Rows of a slice are drawn with replacement, 2000 times, and every metric is computed again on each
draw, from several seeds. How far the ends of two seeds lie apart, in standard errors, is the noise
of the bootstrap itself; the engine's ends may lie twice as far from those of a seed. Prints a table
in Markdown: root mean squares and the farthest end over the slices of a panel, by metric.

``python -m tests.campaign.fidelity 20000 2 3`` is the third panel alone.
"""

import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import combinations, islice

import numpy as np

from tests.support.panels import Pair, binary, drawn, policy
from titleholder.arrays import Floats
from titleholder.comparison.compare import measure
from titleholder.comparison.slices import declared
from titleholder.metrics import REGISTRY
from titleholder.metrics.base import Counts, Means, Metric, Ranks
from titleholder.metrics.ladder import Steps
from titleholder.stats.cells import Cells
from titleholder.stats.intervals import percentiles, widening
from titleholder.stats.replicates import replicate
from titleholder.stats.resampler import Draw, Resampler
from titleholder.stats.sample import Sample, take

LEVEL = 0.95
RESAMPLES = 2000
SEEDS = (1, 2, 3)
NAMES = ("accuracy", "precision", "recall", "f1", "roc_auc", "average_precision", "log_loss",
         "brier")  # fmt: skip
_BLOCK = 40  # draws at once


def panels(rows: int) -> Iterator[tuple[str, Pair]]:
    """Panels with two slices of half the rows each, and what is hard about them."""
    rng = np.random.default_rng(7)
    half = {"half": rng.integers(0, 2, rows)}
    yield "plain", drawn(rows, 1, columns=half)
    yield "tied scores", drawn(rows, 2, columns=half, ties=200)
    for positives in (40, 60, 100, 300):
        yield f"{positives} positives in a slice", rare(rows, positives, rng)
    panel, one, _ = drawn(rows, 4)
    score = np.asarray(one.score)
    moved = np.clip(score + 1e-3 * rng.normal(size=rows), 1e-9, 1 - 1e-9)
    yield "nearly equal models", binary(np.asarray(panel.y_true), score, moved, columns=half)
    moved = np.where(rng.random(rows) < 0.01, rng.random(rows), score)
    yield "1% of rows differ", binary(np.asarray(panel.y_true), score, moved, columns=half)


def rare(rows: int, positives: int, rng: np.random.Generator) -> Pair:
    """Two slices of about half the rows each, of which one has just so many positives."""
    panel, one, two = drawn(rows, 3, prevalence=0.1)
    y = np.asarray(panel.y_true)
    part = np.where(y == 1, 0, rng.integers(0, 2, rows))
    part[rng.choice(np.flatnonzero(y == 1), positives, replace=False)] = 1
    return binary(y, np.asarray(one.score), np.asarray(two.score), columns={"half": part})


def changes(names: tuple[str, ...], sample: Sample, seed: int) -> dict[str, Floats]:
    """The improvement of each metric on resampled rows, (B,)."""
    resampler, rng = Resampler(sample, Draw(RESAMPLES, seed)), np.random.default_rng(seed)
    found: dict[str, list[Floats]] = {name: [] for name in names}
    table = Cells.of(_as_units(sample))
    n = len(sample)
    for start in range(0, RESAMPLES, _BLOCK):
        b = min(_BLOCK, RESAMPLES - start)
        drawn_rows = rng.integers(n, size=(b, n))
        counts = np.stack([np.bincount(rows, minlength=n) for rows in drawn_rows]).astype(float)
        steps = [ladder.steps(counts) for ladder in resampler.ladders]
        cells = counts @ np.eye(len(table.truth))[table.cell_of_row]
        for name in names:
            found[name].append(_change(REGISTRY[name], sample, counts, cells, table, steps))
    return {name: np.concatenate(parts) for name, parts in found.items()}


def _change(
    metric: Metric,
    sample: Sample,
    counts: Floats,
    cells: Floats,
    table: Cells,
    steps: list[Steps],
) -> Floats:
    """The improvement on resamples: ``counts`` (b, n) of rows, ``cells`` (b, C) of each cell."""
    law = metric.law
    if isinstance(law, Ranks):
        one, two = (law.value(of) for of in steps)
    elif isinstance(law, Means):
        means = [counts @ of.T / len(sample) for of in sample.row_values(law.columns)]
        one, two = (law.value(of) for of in means)
    elif isinstance(law, Counts):
        one, two = law.value(table.champion_counts(cells)), law.value(table.candidate_counts(cells))
    else:
        raise TypeError(f"{metric.name} is not resampled")
    return np.asarray(metric.improvement(one, two))


def _as_units(sample: Sample) -> Sample:
    """The same rows with weights of 1, so that it is told which cell each row is in."""
    panel = replace(sample.panel, weight=np.ones(len(sample)))
    return Sample(sample.name, None, panel, (sample.champion, sample.candidate))


@dataclass(frozen=True, slots=True)
class Distance:
    """How far ends lie apart, in standard errors: of any two seeds, and of the engine from each."""

    noise: Floats
    ours: Floats
    method: str


def distances(pair: Pair) -> dict[tuple[str, str], Distance]:
    """By metric and slice."""
    found = {}
    asked = policy(metrics=NAMES, slices=("half",), resamples=RESAMPLES, seed=5, level=LEVEL)
    told = {(one.metric, one.slice): one for one in measure(*pair, asked).comparisons}
    for part in declared(pair[0], ("half",)):
        sample = take(part.name, part.mask, *pair)
        seeds = [changes(NAMES, sample, seed) for seed in SEEDS]
        for name in NAMES:
            found_by = told[name, part.name]
            if found_by.improvement.low is None or found_by.improvement.value is None:
                continue
            ends = np.array([percentiles(of[name], LEVEL) for of in seeds])
            influence = replicate(REGISTRY[name], Resampler(sample, Draw(100, 1))).influence
            turn = 1 if REGISTRY[name].higher_is_better else -1
            wider = widening(influence.of(-turn, turn), LEVEL)
            ends = found_by.improvement.value + wider * (ends - found_by.improvement.value)
            error = float(np.mean([of[name].std() for of in seeds])) * wider
            ours = np.array([found_by.improvement.low, found_by.improvement.high])
            apart = np.array([two - one for one, two in combinations(ends, 2)])
            found[name, part.name] = Distance(
                (apart / error).ravel(), ((ours - ends) / error).ravel(), found_by.method
            )
    return found


def lines(rows: int, first: int = 0, last: int | None = None) -> Iterator[str]:
    """The table, line by line, of all panels or from the ``first`` to before the ``last``."""
    yield "| panel | metric | two seeds | farthest | the engine | farthest | method | |"
    yield "|---|---|--:|--:|--:|--:|---|---|"
    for title, pair in islice(panels(rows), first, last):
        found = distances(pair)
        for name in NAMES:
            of = [distance for (metric, _), distance in found.items() if metric == name]
            noise, ours = (
                np.concatenate([getattr(d, side) for d in of]) for side in ("noise", "ours")
            )
            methods = "; ".join(dict.fromkeys(d.method for d in of))
            spreads = [np.sqrt((far**2).mean()) for far in (noise, ours)]
            far = "**far**" if spreads[1] > 2 * spreads[0] else ""
            told = (spreads[0], np.abs(noise).max(), spreads[1], np.abs(ours).max())
            figures = " | ".join(f"{x:.3f}" for x in told)
            yield f"| {title} | {name} | {figures} | {methods} | {far} |"


if __name__ == "__main__":
    asked = [int(text) for text in sys.argv[1:]] or [120_000]
    for line in lines(*asked):
        print(line, flush=True)
