"""Plots of how both models answer: ranking and calibration of scores, errors of numbers.

Each plot comes with a caption that says what to see and with the figures behind it.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from markupsafe import Markup

from titleholder.arrays import Floats, Panel, Predictions
from titleholder.metrics.ladder import Ladder
from titleholder.report import numbers, theme
from titleholder.stats.proportions import wilson
from titleholder.types import Task

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MOST_POINTS = 160
BINS = 10
LEAST_IN_BIN = 5
LEVEL = 0.95
_GRID = (0.05, 0.1, 0.2, 0.3, 0.5, 0.7, 0.9)


@dataclass(frozen=True, slots=True)
class Plot:
    """A drawing, what to see in it, and its figures as a table."""

    name: str
    title: str
    svg: Markup
    caption: str
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Side:
    """One model's line in a plot: its word, its colour, its dash and its marker."""

    name: str
    colour: str
    dash: str
    marker: str


CHAMPION = Side("champion", theme.CHAMPION, "--", "s")
CANDIDATE = Side("candidate", theme.CANDIDATE, "-", "o")


def plots(panel: Panel, champion: Predictions, candidate: Predictions) -> tuple[Plot, ...]:
    """The plots that the task has; none where scores or truths are missing."""
    if panel.y_true is None or len(panel) == 0:
        return ()
    if panel.task is Task.REGRESSION:
        return _of_numbers(panel, champion, candidate)
    if panel.task is Task.BINARY and champion.score is not None and candidate.score is not None:
        return _of_scores(np.asarray(panel.y_true, float), champion.score, candidate.score)
    return ()


# ------------------------------------------------------------------- scores of two classes


def _of_scores(y: Floats, champion: Floats, candidate: Floats) -> tuple[Plot, ...]:
    """ROC, precision-recall and calibration; the first two need both classes."""
    sides = ((CHAMPION, champion), (CANDIDATE, candidate))
    drawn = [_calibration(y, sides)]
    if 0 < y.sum() < len(y):
        drawn = [_roc(y, sides), _precision_recall(y, sides), *drawn]
    return tuple(drawn)


Sides = Sequence[tuple[Side, Floats]]


def _roc(y: Floats, sides: Sides) -> Plot:
    lines = []
    for side, score in sides:
        steps = Ladder.of(y, score).steps(np.ones(len(y)))
        tpr = np.r_[0.0, steps.positives_above / steps.all_positives]
        fpr = np.r_[0.0, steps.negatives_above / steps.all_negatives]
        lines.append((side, fpr, tpr))

    def paint(axes: "Axes") -> None:
        axes.plot([0, 1], [0, 1], color=theme.MUTED, linewidth=0.8, linestyle=":")
        for side, fpr, tpr in lines:
            _line(axes, side, fpr, tpr)
        _share_axes(axes, "false positive rate", "true positive rate")

    rows = [
        (numbers.percent(at, 0), *(numbers.percent(_at(fpr, tpr, at)) for _, fpr, tpr in lines))
        for at in _GRID
    ]
    return _plot(
        "roc",
        "ROC curve",
        "Share of positives found (up) for each share of negatives wrongly flagged (right). "
        "The curve nearer to the upper left corner ranks better; the dotted line is guessing.",
        ("False positive rate", "Champion finds", "Candidate finds"),
        rows,
        paint,
    )


def _precision_recall(y: Floats, sides: Sides) -> Plot:
    lines = []
    for side, score in sides:
        steps = Ladder.of(y, score).steps(np.ones(len(y)))
        recall = steps.positives_above / steps.all_positives
        precision = steps.positives_above / (steps.positives_above + steps.negatives_above)
        lines.append((side, np.r_[0.0, recall], np.r_[precision[0], precision]))
    base = float(y.mean())

    def paint(axes: "Axes") -> None:
        axes.axhline(base, color=theme.MUTED, linewidth=0.8, linestyle=":")
        for side, recall, precision in lines:
            _line(axes, side, recall, precision)
        _share_axes(axes, "recall", "precision")

    rows = [
        (numbers.percent(at, 0), *(numbers.percent(_at(r, p, at)) for _, r, p in lines))
        for at in _GRID
    ]
    return _plot(
        "pr",
        "Precision and recall",
        "How many of those flagged are truly positive (up) when so many of all positives are to "
        f"be found (right). The dotted line is the share of positives, {numbers.percent(base)}.",
        ("Recall", "Champion's precision", "Candidate's precision"),
        rows,
        paint,
    )


def _calibration(y: Floats, sides: Sides) -> Plot:
    binned = [(side, _bins(y, score)) for side, score in sides]

    def paint(axes: "Axes") -> None:
        axes.plot([0, 1], [0, 1], color=theme.MUTED, linewidth=0.8, linestyle=":")
        for side, bins in binned:
            said, seen, low, high = (np.array([b[i] for b in bins]) for i in (1, 2, 3, 4))
            axes.errorbar(said, seen, yerr=np.maximum([seen - low, high - seen], 0), **_marks(side))
        axes.legend(loc="upper left")
        _share_axes(axes, "predicted probability", "share that was positive")

    rows = [
        (side.name, numbers.percent(said), numbers.percent(seen),
         f"{numbers.percent(low)} to {numbers.percent(high)}", f"{n:,.0f}")
        for side, bins in binned
        for n, said, seen, low, high in bins
    ]  # fmt: skip
    return _plot(
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
    code = np.minimum((score * BINS).astype(int), BINS - 1)
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


# ----------------------------------------------------------------------------- regression


def _of_numbers(panel: Panel, champion: Predictions, candidate: Predictions) -> tuple[Plot, ...]:
    if champion.value is None or candidate.value is None:
        return ()
    y = np.asarray(panel.y_true, float)
    sides = ((CHAMPION, champion.value - y), (CANDIDATE, candidate.value - y))
    answers = ((CHAMPION, champion.value), (CANDIDATE, candidate.value))
    return (_residuals(sides), _by_prediction(y, answers))


def _residuals(sides: Sides) -> Plot:
    """Distribution of prediction less truth, over the range that holds 98% of both."""
    both = np.concatenate([errors for _, errors in sides])
    low, high = np.quantile(both, [0.01, 0.99])
    edges = np.linspace(low, high, 41) if high > low else np.linspace(low - 1, high + 1, 41)
    shares = [(side, np.histogram(e, edges)[0] / len(e)) for side, e in sides]

    def paint(axes: "Axes") -> None:
        axes.axvline(0, color=theme.MUTED, linewidth=0.8, linestyle=":")
        for side, share in shares:
            axes.stairs(
                share * 100, edges, color=side.colour, linestyle=side.dash, linewidth=1.4,
                label=side.name,
            )  # fmt: skip
        axes.set_xlabel("prediction less truth")
        axes.set_ylabel("% of rows")
        axes.legend(loc="upper left")

    quantiles = (0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99)
    rows = [
        (numbers.percent(q, 0), *(numbers.plain(float(np.quantile(e, q)), 3) for _, e in sides))
        for q in quantiles
    ]
    return _plot(
        "residuals",
        "Errors",
        "How far predictions lie from the truth: left of the dotted line too low, right of it too "
        "high. A narrow peak at zero is good. The outermost 2% of rows are not drawn.",
        ("Quantile", "Champion's error", "Candidate's error"),
        rows,
        paint,
    )


def _by_prediction(y: Floats, answers: Sides) -> Plot:
    """Mean truth in ten equal groups by prediction, with normal intervals."""
    binned = [(side, _groups(y, value)) for side, value in answers]
    ends = [g[i] for _, groups in binned for g in groups for i in (1, 2)]
    low, high = min(ends), max(ends)

    def paint(axes: "Axes") -> None:
        axes.plot([low, high], [low, high], color=theme.MUTED, linewidth=0.8, linestyle=":")
        for side, groups in binned:
            said, seen, half = (np.array([g[i] for g in groups]) for i in (1, 2, 3))
            axes.errorbar(said, seen, yerr=half, **_marks(side))
        axes.set_xlabel("mean prediction")
        axes.set_ylabel("mean truth")
        axes.legend(loc="upper left")

    rows = [
        (
            side.name,
            numbers.plain(said, 3),
            numbers.plain(seen, 3),
            numbers.plain(half, 2),
            f"{n:,}",
        )
        for side, groups in binned
        for n, said, seen, half in groups
    ]
    return _plot(
        "levels",
        "Prediction against truth",
        "Rows in ten equal groups by what was predicted (right), and the mean of what happened "
        "(up) with 95% intervals. On the dotted line predictions are right on average.",
        ("Model", "Mean prediction", "Mean truth", "±", "Rows"),
        rows,
        paint,
    )


def _groups(y: Floats, value: Floats) -> list[tuple[int, float, float, float]]:
    order = np.argsort(value, kind="stable")
    found = []
    for part in np.array_split(order, min(BINS, len(order))):
        spread = float(y[part].std(ddof=1)) if len(part) > 1 else 0.0
        half = 1.96 * spread / len(part) ** 0.5
        found.append((len(part), float(value[part].mean()), float(y[part].mean()), half))
    return found


# --------------------------------------------------------------------------------- drawing


def _plot(
    name: str,
    title: str,
    caption: str,
    head: tuple[str, ...],
    rows: Sequence[tuple[str, ...]],
    paint: "Callable[[Axes], None]",
) -> Plot:
    return Plot(name, title, theme.draw(name, title, caption, paint), caption, head, tuple(rows))


def _line(axes: "Axes", side: Side, x: Floats, y: Floats) -> None:
    keep = np.unique(np.linspace(0, len(x) - 1, min(len(x), MOST_POINTS)).astype(int))
    axes.plot(
        x[keep], y[keep], color=side.colour, linestyle=side.dash, linewidth=1.5, label=side.name
    )


def _marks(side: Side) -> dict[str, Any]:
    """Marks with error bars and no line between them: bins have nothing between them either."""
    return {
        "fmt": side.marker, "color": side.colour, "label": side.name, "markersize": 4.5,
        "elinewidth": 1.1, "markerfacecolor": theme.SURFACE if side is CHAMPION else side.colour,
    }  # fmt: skip


def _share_axes(axes: "Axes", x: str, y: str) -> None:
    axes.set_xlim(-0.02, 1.02)
    axes.set_ylim(-0.02, 1.02)
    axes.set_xlabel(x)
    axes.set_ylabel(y)
    if axes.get_legend() is None:
        axes.legend(loc="lower right" if y.startswith("true") else "lower left")


def _at(x: Floats, y: Floats, at: float) -> float:
    """The first y whose x reaches ``at``."""
    return float(y[min(int(np.searchsorted(x, at)), len(y) - 1)])
