"""How both models rank and what their scores mean: ROC, precision and recall, calibration.

The bands are pointwise: at each place on the horizontal axis, 95% of resamples of the rows (of
the clusters, where rows hang together) lie inside. They are no bands for the whole curve.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from titleholder.arrays import Floats, Panel
from titleholder.metrics.ladder import Ladder, Steps
from titleholder.report import numbers, theme
from titleholder.report.plot import Plot, Side, Sides, band, line, marks, plot, share_axes
from titleholder.stats.proportions import wilson

if TYPE_CHECKING:
    from matplotlib.axes import Axes

BINS = 10
LEAST_IN_BIN = 5
LEVEL = 0.95
SEED = 20_260_101
_AT = (0.05, 0.1, 0.2, 0.3, 0.5, 0.7, 0.9)
_GRID = np.linspace(0, 1, 51)
MOST_RESAMPLED = 200_000  # rows; with more, a band is no wider than the line
_ROWS_RESAMPLED = 4_000_000  # in all; a large panel needs fewer resamples for a smooth band
_DRAWS = (40, 200)
_AT_ONCE = 20


@dataclass(frozen=True, slots=True)
class Curve:
    """One model's curve, and the ends of its band on the grid; empty where there is none."""

    side: Side
    x: Floats
    y: Floats
    low: Floats
    high: Floats

    def at(self, x: float) -> float:
        """The curve's height where it has come as far as ``x``."""
        return float(self.y[min(int(np.searchsorted(self.x, x)), len(self.y) - 1)])


Points = Callable[[Steps], tuple[Floats, Floats]]


def curves(panel: Panel, y: Floats, sides: Sides) -> tuple[Plot, ...]:
    """ROC, precision-recall and calibration of truths y (n,); the first two need both classes."""
    drawn = (_calibration(y, sides),)
    if not 0 < y.sum() < len(y):
        return drawn
    pairs = [both(panel, y, side, score) for side, score in sides]
    base = float(np.average(y, weights=panel.weight))
    return (
        _roc([roc for roc, _ in pairs]),
        _precision_recall([pr for _, pr in pairs], base),
        *drawn,
    )


def _roc(lines: list[Curve]) -> Plot:
    def paint(axes: "Axes") -> None:
        axes.plot([0, 1], [0, 1], color=theme.MUTED, linewidth=0.8, linestyle=":")
        _draw(axes, lines)
        share_axes(axes, "false positive rate", "true positive rate", "lower right")

    return plot(
        "roc",
        "ROC curve",
        f"Share of positives found (up) for each share of negatives wrongly flagged (right)"
        f"{_with_bands(lines)}. The curve nearer to the upper left corner ranks better; the dotted "
        "line is guessing.",
        ("False positive rate", "Champion finds", "Candidate finds"),
        _rows(lines),
        paint,
    )


def _precision_recall(lines: list[Curve], base: float) -> Plot:
    def paint(axes: "Axes") -> None:
        axes.axhline(base, color=theme.MUTED, linewidth=0.8, linestyle=":")
        _draw(axes, lines)
        share_axes(axes, "recall", "precision", "upper right" if base < 0.5 else "lower left")

    return plot(
        "pr",
        "Precision and recall",
        "How many of those flagged are truly positive (up) when so many of all positives are to "
        f"be found (right){_with_bands(lines)}. The dotted line is the share of positives, "
        f"{numbers.percent(base)}.",
        ("Recall", "Champion's precision", "Candidate's precision"),
        _rows(lines),
        paint,
    )


def _rows(lines: list[Curve]) -> list[tuple[str, ...]]:
    return [
        (numbers.percent(at, 0), *(_with_band(curve, at) for curve in lines)) for at in _AT
    ]  # fmt: skip


def _with_bands(lines: list[Curve]) -> str:
    return ", with 95% bands" if all(len(curve.low) for curve in lines) else ""


def _with_band(curve: Curve, at: float) -> str:
    text = numbers.percent(curve.at(at))
    if not len(curve.low):
        return text
    ends = (float(np.interp(at, _GRID, end)) for end in (curve.low, curve.high))
    return f"{text} [{', '.join(numbers.percent(end) for end in ends)}]"


def _draw(axes: "Axes", lines: list[Curve]) -> None:
    for curve in lines:
        if len(curve.low):
            band(axes, curve.side, _GRID, curve.low, curve.high)
    for curve in lines:
        line(axes, curve.side, curve.x, curve.y)


# ----------------------------------------------------------------------- lines and bands


def _roc_points(steps: Steps) -> tuple[Floats, Floats]:
    """False and true positive rates, (..., g), zero weight in a class giving NaN."""
    with np.errstate(invalid="ignore"):
        return (
            steps.negatives_above / steps.all_negatives[..., None],
            steps.positives_above / steps.all_positives[..., None],
        )


def _pr_points(steps: Steps) -> tuple[Floats, Floats]:
    """Recall and precision, (..., g), zero weight above giving NaN."""
    with np.errstate(invalid="ignore"):
        return (
            steps.positives_above / steps.all_positives[..., None],
            steps.positives_above / (steps.positives_above + steps.negatives_above),
        )


def both(panel: Panel, y: Floats, side: Side, score: Floats) -> tuple[Curve, Curve]:
    """A model's ROC curve and its precision-recall curve, with bands from the same resamples."""
    ladder = Ladder.of(y, score)
    base = np.ones(len(y)) if panel.weight is None else panel.weight
    roc: list[Floats] = []
    pr: list[Floats] = []
    for drawn in _resampled(panel, base, ladder):
        roc += _on_grid(drawn, _roc_points)
        pr += _on_grid(drawn, _pr_points)
    steps = ladder.steps(base)
    return _curve(steps, roc, side, _roc_points), _curve(steps, pr, side, _pr_points)


def _on_grid(drawn: Steps, points: Points) -> list[Floats]:
    """The heights of each resampled curve on the grid, each (51,)."""
    pairs = zip(*points(drawn), strict=True)
    return [np.interp(_GRID, *_from_left(*pair, points)) for pair in pairs]


def _curve(steps: Steps, heights: list[Floats], side: Side, points: Points) -> Curve:
    x, height = _from_left(*points(steps), points)
    if not heights:
        return Curve(side, x, height, np.empty(0), np.empty(0))
    low, high = np.quantile(heights, [(1 - LEVEL) / 2, (1 + LEVEL) / 2], axis=0)
    return Curve(side, x, height, low, high)


def _from_left(x: Floats, y: Floats, points: Points) -> tuple[Floats, Floats]:
    """The curve with its start: ROC begins at 0, precision goes on level to recall 0."""
    known = np.isfinite(x) & np.isfinite(y)
    x, y = x[known], y[known]
    first = 0.0 if points is _roc_points else y[:1].sum()
    return np.r_[0.0, x], np.r_[first, y]


def _resampled(panel: Panel, base: Floats, ladder: Ladder) -> Iterator[Steps]:
    """Steps under resampled rows, some at once; Poisson weights, one a cluster."""
    if len(panel) > MOST_RESAMPLED:
        return
    rng = np.random.default_rng(SEED)
    unit = np.arange(len(panel)) if panel.cluster is None else panel.cluster
    units = int(unit.max()) + 1
    draws = int(np.clip(_ROWS_RESAMPLED // len(panel), *_DRAWS))
    for first in range(0, draws, _AT_ONCE):
        times = rng.poisson(1.0, (min(_AT_ONCE, draws - first), units)).astype(float)
        yield ladder.steps(times[:, unit] * base)


# --------------------------------------------------------------------------- calibration


def _calibration(y: Floats, sides: Sides) -> Plot:
    binned = [(side, _bins(y, score)) for side, score in sides]

    def paint(axes: "Axes") -> None:
        axes.plot([0, 1], [0, 1], color=theme.MUTED, linewidth=0.8, linestyle=":")
        for side, bins in binned:
            said, seen, low, high = (np.array([b[i] for b in bins]) for i in (1, 2, 3, 4))
            reach = np.maximum([seen - low, high - seen], 0)
            axes.errorbar(said, seen, yerr=reach, **marks(side))
        share_axes(axes, "predicted probability", "share that was positive", "upper left")

    rows = [
        (side.name, numbers.percent(said), numbers.percent(seen),
         f"{numbers.percent(low)} to {numbers.percent(high)}", f"{n:,.0f}")
        for side, bins in binned
        for n, said, seen, low, high in bins
    ]  # fmt: skip
    return plot(
        "calibration",
        "Calibration",
        "What the model predicted (right) against what happened (up), in ten equal bins, with "
        "95% intervals. On the dotted line, 30% means 30%; below it the model overstates.",
        ("Model", "Predicted", "Happened", "95% interval", "Rows"),
        rows,
        paint,
    )


def _bins(y: Floats, score: Floats) -> list[tuple[float, ...]]:
    """n, mean score, share of positives and its Wilson interval, for bins with enough rows."""
    code = np.clip((score * BINS).astype(int), 0, BINS - 1)
    found: list[tuple[float, ...]] = []
    for i in range(BINS):
        here = code == i
        n = int(here.sum())
        if n < LEAST_IN_BIN:
            continue
        hits = int(y[here].sum())
        seen = wilson(hits, n, LEVEL)
        ends = (hits / n if end is None else end for end in (seen.low, seen.high))
        found.append((n, float(score[here].mean()), hits / n, *ends))
    return found
