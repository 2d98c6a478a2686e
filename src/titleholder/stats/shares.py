"""Plain shares of rows (accuracy, recall, ...) by score intervals instead of resampling.

Rows with weights, or that share a cluster, count as the effective number of rows that would give
the variance they have (Korn & Graubard 1998, Survey Methodology 24, 193-201).
"""

from dataclasses import dataclass

import numpy as np

from titleholder.arrays import Bools, Floats
from titleholder.metrics.base import Counts, Means, Metric, Proportion
from titleholder.stats.cells import Cells
from titleholder.stats.ends import error_of, normal_reach, turned
from titleholder.stats.intervals import ALONE, Paired, undefined
from titleholder.stats.proportions import Agreement, newcombe, relative_change, wilson
from titleholder.stats.sample import Sample
from titleholder.types import Estimate

METHOD = "Newcombe's score interval for paired proportions"


@dataclass(frozen=True, slots=True)
class Hits:
    """Which rows each model hit, (n,) and (n,), of the rows that ``counted`` (n,) names.

    ``misses`` says that the metric is the share of those that were missed.
    """

    first: Bools
    second: Bools
    counted: Bools
    misses: bool


def hits_of(metric: Metric, sample: Sample) -> Hits | None:
    """The hits that a metric is a share of; None where it is no plain share of rows.

    A mean of which every row has 0 or 1 is one, whatever it is a mean of.
    """
    if isinstance(metric.law, Counts) and metric.law.proportion is not None:
        return _of_calls(metric.law.proportion, sample)
    if isinstance(metric.law, Means) and metric.averaged:
        one, two = sample.row_values(metric.law.columns)
        if len(one) == 1 and _are_hits(one[0]) and _are_hits(two[0]):
            good = 1.0 if metric.higher_is_better else 0.0
            everywhere = np.ones(len(sample), dtype=bool)
            misses = not metric.higher_is_better
            return Hits(one[0] == good, two[0] == good, everywhere, misses)
    return None


def _are_hits(values: Floats) -> bool:
    """Whether all (n,) are 0 or 1; most that are not show it in their first few."""
    return all(bool(((x == 0) | (x == 1)).all()) for x in (values[:64], values))


def of_cells(share: Proportion, cells: Cells) -> Agreement:
    """The table of a share of calls, from the rows counted by cell: each its own unit."""
    rows = cells.observed
    if share.truth is not None:
        rows = np.where(cells.truth == share.truth, rows, 0.0)
    hits = (cells.champion == cells.truth) * 2 + (cells.candidate == cells.truth)
    neither, second, first, both = np.bincount(hits, rows, 4).tolist()
    return Agreement(both, first, second, neither)


def compare_tables(metric: Metric, table: Agreement, misses: bool, level: float) -> Paired:
    """The same as `compare_shares` from the table of plain rows."""
    if not table.n > 0:
        return undefined(f"{metric.formula} is undefined: no row has that truth")
    return _paired(table, table, table, misses, level)


def compare_shares(metric: Metric, hits: Hits, sample: Sample, level: float) -> tuple[Paired, str]:
    """Wilson's interval for each model and Newcombe's for the improvement, and their name."""
    if not (sample.weight[hits.counted] > 0).any():
        return undefined(f"{metric.formula} is undefined: no row has that truth"), "none"
    if sample.plain:
        table = agreement(hits, np.ones(len(hits.counted)))
        return _paired(table, table, table, hits.misses, level), METHOD
    if sample.clustered and np.count_nonzero(_held(hits, sample)) < 2:
        return undefined(ALONE), "none"
    first, second = hits.first.astype(float), hits.second.astype(float)
    one, two, change = (
        _effective(value, hits, sample, level) for value in (first, second, second - first)
    )
    return _paired(one, two, change, hits.misses, level), f"{METHOD}, effective number of rows"


def _held(hits: Hits, sample: Sample) -> Floats:
    """Weight of the counted rows that each unit holds, (units,)."""
    weight = np.where(hits.counted, sample.weight, 0.0)
    return np.asarray(np.bincount(sample.unit, weight, sample.units), dtype=float)


def agreement(hits: Hits, weight: Floats) -> Agreement:
    """Weight of the counted rows that both models hit, only one of them, and neither."""
    one, two, weight = hits.first[hits.counted], hits.second[hits.counted], weight[hits.counted]
    return Agreement(
        both=float(weight[one & two].sum()),
        first=float(weight[one & ~two].sum()),
        second=float(weight[two & ~one].sum()),
        neither=float(weight[~one & ~two].sum()),
    )


def _paired(
    of_first: Agreement, of_second: Agreement, of_change: Agreement, misses: bool, level: float
) -> Paired:
    one = wilson(of_first.both + of_first.first, of_first.n, level)
    two = wilson(of_second.both + of_second.second, of_second.n, level)
    change = newcombe(of_change, level)
    relative = relative_change(of_change.misses if misses else of_change, level)
    if misses:
        one, two, relative = _misses(one), _misses(two), turned(relative)
    return Paired(
        one, two, change, relative, error_of(change, level), error_of(relative, level), ""
    )


def _effective(value: Floats, hits: Hits, sample: Sample, level: float) -> Agreement:
    """The table on as many independent rows as tell so much of the mean of ``value`` (n,)."""
    from scipy.special import stdtrit

    weight = np.where(hits.counted, sample.weight, 0.0)
    total = weight.sum()
    held = _held(hits, sample)
    units = int((held > 0).sum())
    mean = float(weight @ value / total)
    of_row = float(weight @ (value - mean) ** 2 / total)
    moved = np.bincount(sample.unit, weights=weight * (value - mean), minlength=sample.units)
    variance = float((moved**2).sum()) / total**2 * units / max(1, units - 1)
    # Units alone count where no two rows differ: what they share is then not to be seen.
    alike = min(float(units), float(total**2 / (held**2).sum()))
    rows = min(of_row / variance, float(hits.counted.sum())) if variance > 0 else alike
    upper = (1 + level) / 2
    student = float(stdtrit(max(1, units - 1), upper)) / normal_reach(level)
    return agreement(hits, weight * (rows / student**2 / total))


def _misses(hits: Estimate) -> Estimate:
    value, low, high = hits.value or 0.0, hits.low or 0.0, hits.high or 0.0
    return Estimate(value=1 - value, low=1 - high, high=1 - low)


def _of_calls(share: Proportion, sample: Sample) -> Hits:
    truth, one, two = sample.panel.y_true, sample.champion.label, sample.candidate.label
    if truth is None or one is None or two is None:
        raise ValueError("a share of hits was asked of predictions without labels")
    counted = np.ones(len(truth), dtype=bool) if share.truth is None else truth == share.truth
    return Hits(one == truth, two == truth, counted, share.misses)
