"""Every metric on every slice: where the candidate is better, where it is worse, by how much.

A cell is coloured by its improvement against the largest of its metric, and marked only where
the whole interval lies on one side of zero.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from titleholder.comparison.slices import OVERALL
from titleholder.report import numbers
from titleholder.report.titles import LATE, is_measured, title_of
from titleholder.types import Comparison, Rule

MOST_METRICS = 8
MOST_SLICES = 60
MOST_GAPS = 6
MOST_GROUP_METRICS = 6
_STEPS = 3


@dataclass(frozen=True, slots=True)
class Cell:
    """One metric on one slice. ``step`` is -3..3, 0 where nothing can be said.

    ``sign`` is 1 or -1 where the interval lies on one side of zero, else 0.
    """

    text: str
    step: int
    sign: int
    title: str


@dataclass(frozen=True, slots=True)
class Row:
    """One slice across all metrics."""

    slice: str
    n: int
    cells: tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class Heatmap:
    """Rows of slices, columns of metrics, and how much did not fit."""

    metrics: tuple[str, ...]
    titles: tuple[str, ...]
    rows: tuple[Row, ...]
    slices_left_out: int
    metrics_left_out: int
    one_sided: int
    cells: int


@dataclass(frozen=True, slots=True)
class Gap:
    """A slice on which a metric moved beyond what chance explains."""

    comparison: Comparison
    title: str
    value: str
    interval: str


def heatmap(comparisons: Sequence[Comparison], rules: Sequence[Rule]) -> Heatmap | None:
    """The map, metrics with rules first; None where there are no slices or no metrics."""
    found = {(c.metric, c.slice): c for c in comparisons if is_of_rows(c)}
    slices = list(dict.fromkeys(c.slice for c in comparisons if is_of_rows(c)))
    valued = [m for (m, _), c in found.items() if c.improvement.value is not None]
    metrics = _chosen(valued, rules)
    if len(slices) < 2 or not metrics:
        return None
    shown, columns = slices[:MOST_SLICES], metrics[:MOST_METRICS]
    scales = {m: _largest(found[m, s] for s in shown if (m, s) in found) for m in columns}
    rows = tuple(
        Row(s, _n(found, columns, s), tuple(_cell(found.get((m, s)), scales[m]) for m in columns))
        for s in shown
    )
    cells = [cell for row in rows for cell in row.cells]
    return Heatmap(
        metrics=tuple(columns),
        titles=tuple(title_of(m) for m in columns),
        rows=rows,
        slices_left_out=len(slices) - len(shown),
        metrics_left_out=len(metrics) - len(columns),
        one_sided=sum(1 for cell in cells if cell.sign),
        cells=len(cells),
    )


def gaps(comparisons: Iterable[Comparison], *, worse: bool) -> list[Gap]:
    """Slices whose interval lies wholly below zero (or above), each by its clearest metric."""
    side = -1 if worse else 1
    moved = [
        c
        for c in comparisons
        if is_of_rows(c) and c.slice != OVERALL and numbers.side(c.improvement) == side
    ]
    moved.sort(key=lambda c: (c.metric in LATE, -_clearness(c), c.metric, c.slice))
    clearest: dict[str, Comparison] = {}
    for comparison in moved:
        clearest.setdefault(comparison.slice, comparison)
    return [_gap(comparison) for comparison in list(clearest.values())[:MOST_GAPS]]


@dataclass(frozen=True, slots=True)
class Groups:
    """Fairness gaps of both models: rows are columns of the data, columns are metrics."""

    titles: tuple[str, ...]
    rows: tuple[tuple[str, tuple[Comparison | None, ...]], ...]
    left_out: int


def group_gaps(comparisons: Iterable[Comparison], rules: Sequence[Rule]) -> Groups | None:
    """Metrics that compare the groups of a column: those with a rule, and the differences."""
    found = {
        (c.metric, c.over): c
        for c in comparisons
        if c.over is not None and c.champion.value is not None
    }
    metrics = list(dict.fromkeys(metric for metric, _ in found))
    ruled = {rule.metric for rule in rules if rule.over is not None}
    shown = [m for m in metrics if m in ruled or not m.endswith("_ratio")][:MOST_GROUP_METRICS]
    if not shown:
        return None
    over = dict.fromkeys(name for _, name in found if name is not None)
    rows = tuple((name, tuple(found.get((m, name)) for m in shown)) for name in over)
    return Groups(tuple(title_of(m) for m in shown), rows, len(metrics) - len(shown))


def is_of_rows(comparison: Comparison) -> bool:
    """Whether it was taken over the rows of a slice, not over groups or by a clock."""
    return comparison.over is None and not is_measured(comparison.metric)


def _chosen(metrics: Iterable[str], rules: Sequence[Rule]) -> list[str]:
    ruled = {rule.metric for rule in rules}
    names = list(dict.fromkeys(metrics))
    return sorted(names, key=lambda m: (m not in ruled, m in LATE))


def _largest(comparisons: Iterable[Comparison]) -> float:
    """The size that is full colour: the largest, but for one slice in ten."""
    sizes = sorted(abs(c.improvement.value) for c in comparisons if c.improvement.value is not None)
    return sizes[(len(sizes) * 9 - 1) // 10] if sizes else 0.0


def _n(found: dict[tuple[str, str], Comparison], metrics: Sequence[str], name: str) -> int:
    return max((found[m, name].n for m in metrics if (m, name) in found), default=0)


def _cell(comparison: Comparison | None, largest: float) -> Cell:
    if comparison is None:
        return Cell(numbers.NOTHING, 0, 0, "not measured")
    improvement = comparison.improvement
    if improvement.value is None:
        return Cell(numbers.NOTHING, 0, 0, comparison.reason or "no value")
    bounds = (0.0,)
    text = numbers.point(improvement, signed=True, bounds=bounds)
    share = improvement.value / largest if largest > 0 else 0.0
    step = max(-_STEPS, min(_STEPS, round(share * _STEPS)))
    said = numbers.interval(improvement, signed=True, bounds=bounds)
    return Cell(text, step, numbers.side(improvement), f"{said}, n {comparison.n:,}")


def _clearness(comparison: Comparison) -> float:
    """How many half-widths the improvement lies from zero."""
    value, low, high = (
        comparison.improvement.value, comparison.improvement.low, comparison.improvement.high,
    )  # fmt: skip
    if value is None or low is None or high is None or not high > low:
        return 0.0
    return abs(value) / ((high - low) / 2)


def _gap(comparison: Comparison) -> Gap:
    return Gap(
        comparison,
        title_of(comparison.metric),
        numbers.point(comparison.improvement, signed=True, bounds=(0.0,)),
        numbers.interval(comparison.improvement, signed=True, bounds=(0.0,)),
    )
