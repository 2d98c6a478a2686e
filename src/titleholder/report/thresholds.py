"""What each threshold would cost: misses and false alarms in one currency.

By the suite's own costs, where it declares them; else by those that its threshold stands for. A
threshold t is the best one exactly where a miss costs (1 - t) / t false alarms (Elkan 2001,
"The foundations of cost-sensitive learning", IJCAI): the one in force names that price. It is the
same trade that decision curves weigh (Vickers and Elkin 2006,
doi:10.1177/0272989X06295361).
"""

from typing import TYPE_CHECKING

import numpy as np

from titleholder.arrays import Floats, Panel, Predictions
from titleholder.metrics.base import Counts
from titleholder.metrics.cost import DECISIONS, Threshold, best_threshold, cost_per_1000
from titleholder.report import numbers, theme, titles
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
    declared = _declared()
    matrix = np.array([[0.0, 1.0], [price, 0.0]]) if declared is None else declared
    scores = champion.score, candidate.score
    lines = [
        (side, np.array([cost(y, score, weight, t, matrix) for t in _GRID]))
        for side, score in zip((CHAMPION, CANDIDATE), scores, strict=True)
    ]
    drawn = [costs for _, costs in lines]
    now = [cost(y, score, weight, at, matrix) for score in scores]
    if declared is None:
        caption = _caption(at, price, now, drawn)
    else:
        best = [best_threshold(y, score, declared, weight) for score in scores]
        caption = _own_caption(at, now, best)

    def paint(axes: "Axes") -> None:
        axes.axvline(at, color=theme.MUTED, linewidth=0.9, linestyle=":")
        for side, costs in lines:
            line(axes, side, _GRID, costs)
        axes.set_xlim(0, 1)
        axes.set_ylim(_floor(drawn), _ceiling(now, drawn))
        axes.set_xlabel("threshold")
        axes.set_ylabel(f"cost per {_PER:,} rows")
        axes.legend(loc="upper right")

    return plot(
        "cost",
        "Cost by threshold",
        caption,
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


def cost(y: Floats, score: Floats, weight: Floats, threshold: float, costs: Floats) -> float:
    """Cost per thousand rows, ``costs`` (2, 2) by truth and call.

    >>> y, score, w = np.array([1., 1., 0., 0.]), np.array([.9, .2, .6, .1]), np.ones(4)
    >>> cost(y, score, w, 0.5, np.array([[0., 1.], [3., 0.]]))  # a miss, a false alarm of four rows
    1000.0
    """
    called = 2 * y.astype(np.int64) + (score >= threshold)
    counts: Floats = np.bincount(called, weights=weight, minlength=4).astype(float)
    return float(cost_per_1000(counts.reshape(2, 2), costs))


def _declared() -> Floats | None:
    """What the suite says that decisions cost, (2, 2); None where it says nothing."""
    metric = titles.known_as("expected_cost")
    if metric is None or not isinstance(metric.law, Counts):
        return None
    alone = np.eye(4).reshape(4, 2, 2)
    return np.asarray(metric.law.value(alone) / DECISIONS).reshape(2, 2)


def _ceiling(now: list[float], costs: list[Floats]) -> float:
    """The top of the plot: cheap thresholds are what matters, the dear ends may leave it."""
    most = float(max(c.max() for c in costs))
    return min(most, 3 * max(now)) * 1.05 if max(now) > 0 else most * 1.05 or 1.0


def _floor(costs: list[Floats]) -> float:
    """Its foot: 0, or below it where decisions gain something."""
    return min(0.0, float(min(c.min() for c in costs))) * 1.05


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


def _own_caption(at: float, now: list[float], best: list[Threshold]) -> str:
    unit = titles.unit_of("expected_cost")
    champion, candidate = (numbers.plain(c, 3) for c in now)
    cheapest = [
        f"from {numbers.plain(t.at, 3)} on, at {numbers.plain(t.cost, 3)}"
        if np.isfinite(t.at)
        else f"where it calls nobody, at {numbers.plain(t.cost, 3)}"
        for t in best
    ]
    return (
        f"What {_PER:,} rows cost (up) at each threshold (right), by the suite's own costs"
        f"{f' in {unit}' if unit else ''}. At the one in force, {numbers.plain(at)} (dotted), "
        f"the champion costs {champion}, the candidate {candidate}. On these rows the champion is "
        f"cheapest {cheapest[0]}, the candidate {cheapest[1]}; a choice that these rows flatter."
    )
