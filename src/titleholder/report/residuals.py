"""How far a regression is from the truth: the errors themselves, and the truth by prediction."""

from typing import TYPE_CHECKING

import numpy as np

from titleholder.arrays import Floats
from titleholder.report import numbers, theme
from titleholder.report.plot import CANDIDATE, CHAMPION, Plot, Sides, marks, plot

if TYPE_CHECKING:
    from matplotlib.axes import Axes

GROUPS = 10


def residuals(y: Floats, champion: Floats, candidate: Floats) -> tuple[Plot, ...]:
    """Plots of truths y (n,) and both models' answers (n,), in the target's unit."""
    answers = ((CHAMPION, champion), (CANDIDATE, candidate))
    errors = tuple((side, value - y) for side, value in answers)
    return (_errors(errors), _by_prediction(y, answers))


def _errors(sides: Sides) -> Plot:
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
    return plot(
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
            axes.errorbar(said, seen, yerr=half, **marks(side))
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
    return plot(
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
    for part in np.array_split(order, min(GROUPS, len(order))):
        spread = float(y[part].std(ddof=1)) if len(part) > 1 else 0.0
        half = 1.96 * spread / len(part) ** 0.5
        found.append((len(part), float(value[part].mean()), float(y[part].mean()), half))
    return found
