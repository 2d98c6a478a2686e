"""What each threshold would cost: misses and false alarms in one currency.

A threshold t is the best one exactly where a miss costs (1 - t) / t false alarms (Elkan 2001,
"The foundations of cost-sensitive learning", IJCAI): the threshold in force names that price. It
is the same trade that decision curves weigh (Vickers and Elkin 2006,
doi:10.1177/0272989X06295361).
"""

from typing import TYPE_CHECKING

import numpy as np

from titleholder.arrays import Floats, Panel, Predictions
from titleholder.report import numbers, theme
from titleholder.report.plot import CANDIDATE, CHAMPION, Plot, line, plot

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_GRID = np.linspace(0.01, 0.99, 99)
_AT = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)
_PER = 1000


def thresholds(panel: Panel, champion: Predictions, candidate: Predictions) -> Plot | None:
    """Cost by threshold; None where the threshold in force cannot be told from the answers."""
    at = in_force((champion, candidate))
    if at is None or champion.score is None or candidate.score is None:
        return None
    y = np.asarray(panel.y_true, dtype=float)
    weight = np.ones(len(y)) if panel.weight is None else panel.weight
    price = (1 - at) / at
    lines = [
        (side, np.array([cost(y, score, weight, t, price) for t in _GRID]))
        for side, score in ((CHAMPION, champion.score), (CANDIDATE, candidate.score))
    ]
    now = [cost(y, score, weight, at, price) for score in (champion.score, candidate.score)]

    def paint(axes: "Axes") -> None:
        axes.axvline(at, color=theme.MUTED, linewidth=0.9, linestyle=":")
        for side, costs in lines:
            line(axes, side, _GRID, costs)
        axes.set_xlim(0, 1)
        axes.set_ylim(0, _ceiling(now, [costs for _, costs in lines]))
        axes.set_xlabel("threshold")
        axes.set_ylabel(f"cost per {_PER:,} rows")
        axes.legend(loc="upper right")

    return plot(
        "cost",
        "Cost by threshold",
        _caption(at, price, now, [costs for _, costs in lines]),
        ("Threshold", "Champion's cost", "Candidate's cost"),
        [
            (numbers.plain(t), *(numbers.plain(float(np.interp(t, _GRID, c)), 3) for _, c in lines))
            for t in _AT
        ],
        paint,
    )


def in_force(models: tuple[Predictions, ...]) -> float | None:
    """The roundest threshold in (0, 1) that explains every label; None where none does.

    >>> score = np.array([0.12, 0.29, 0.34, 0.8])
    >>> in_force((Predictions("m", label=np.array([0, 0, 1, 1]), score=score),))
    0.3
    """
    below, above = 0.0, 1.0
    for model in models:
        if model.score is None or model.label is None:
            return None
        below = max(below, float(model.score[model.label == 0].max(initial=0.0)))
        above = min(above, float(model.score[model.label == 1].min(initial=1.0)))
    for places in range(1, 7):
        least = np.floor(below * 10**places + 1) / 10**places
        if below < least <= above and least < 1:
            return float(least)
    return None


def cost(y: Floats, score: Floats, weight: Floats, threshold: float, price: float) -> float:
    """Cost per thousand rows, in false alarms, where a miss costs ``price`` of them.

    >>> y, score, w = np.array([1., 1., 0., 0.]), np.array([.9, .2, .6, .1]), np.ones(4)
    >>> cost(y, score, w, 0.5, 3.0)  # one miss and one false alarm on four rows
    1000.0
    """
    flagged = score >= threshold
    missed = float(weight[(y == 1) & ~flagged].sum())
    alarms = float(weight[(y == 0) & flagged].sum())
    return _PER * (price * missed + alarms) / float(weight.sum())


def _ceiling(now: list[float], costs: list[Floats]) -> float:
    """The top of the plot: cheap thresholds are what matters, the dear ends may leave it."""
    most = float(max(c.max() for c in costs))
    return min(most, 3 * max(now)) * 1.05 if max(now) > 0 else most * 1.05 or 1.0


def _caption(at: float, price: float, now: list[float], costs: list[Floats]) -> str:
    best = [float(_GRID[int(np.argmin(c))]) for c in costs]
    champion, candidate = (numbers.plain(c, 3) for c in now)
    return (
        f"Misses and false alarms per {_PER:,} rows (up) at each threshold (right), counted in "
        f"false alarms: the threshold in force, {numbers.plain(at)}, is the best one where a miss "
        f"costs {numbers.plain(price, 2)} of them. At it (dotted) the champion costs {champion}, "
        f"the candidate {candidate}. On these rows the champion is cheapest near "
        f"{numbers.plain(best[0], 2)}, the candidate near {numbers.plain(best[1], 2)}."
    )
