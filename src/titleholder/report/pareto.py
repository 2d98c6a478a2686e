"""Quality against cost as a picture: which models another one beats in everything."""

from typing import TYPE_CHECKING

from titleholder.leaderboard import Entry, Leaderboard
from titleholder.report import numbers, theme
from titleholder.report.plot import Plot, plot
from titleholder.report.text import visible
from titleholder.report.titles import left_is_better, title_of
from titleholder.types import Estimate

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MOST = 12
_NAME = 24
_WIDE = 20.0  # costs further apart than this are drawn on a logarithmic axis
_COSTS = ("p95 latency, ms", "size, MB")


def pareto(board: Leaderboard) -> tuple[Plot, ...]:
    """The first metric against latency and against size; only those that several models have."""
    if not board.metrics:
        return ()
    found = [_against(board, at) for at in range(len(_COSTS))]
    return tuple(drawn for drawn in found if drawn is not None)


def _against(board: Leaderboard, at: int) -> Plot | None:
    title, name = title_of(board.metrics[0]), _COSTS[at]
    points = [
        (entry, entry.cost[at], entry.quality[0])
        for entry in board.entries[:MOST]
        if entry.quality and entry.cost[at].value is not None and entry.quality[0].value is not None
    ]
    if len(points) < 3:
        return None
    costs = [cost.value or 0.0 for _, cost, _ in points]

    def paint(axes: "Axes") -> None:
        for i, (entry, cost, quality) in enumerate(points):
            _mark(axes, entry, cost, quality)
            _label(axes, _name(entry, board), (cost.value or 0.0, quality.value or 0.0), i)
        if min(costs) > 0 and max(costs) / min(costs) > _WIDE:
            axes.set_xscale("log")
        if left_is_better(board.metrics[0]):
            axes.invert_yaxis()
        axes.margins(0.18)
        axes.set_xlabel(name)
        axes.set_ylabel(visible(title, _NAME))

    return plot(
        f"pareto-{at}",
        f"{title} against {name.split(',')[0]}",
        "Up is better, left is cheaper. Filled: no other model is shown better in one respect and "
        "no worse in any; hollow: some model is. The bars are intervals; ★ is recommended.",
        ("Model", name, title, "Pareto"),
        [
            (_name(entry, board), numbers.plain(cost.value, 3), numbers.point(quality),
             "yes" if entry.pareto else "no")
            for entry, cost, quality in points
        ],
        paint,
    )  # fmt: skip


def _mark(axes: "Axes", entry: Entry, cost: Estimate, quality: Estimate) -> None:
    colour = theme.CANDIDATE if entry.pareto else theme.CHAMPION
    axes.errorbar(
        cost.value or 0.0, quality.value or 0.0, xerr=_arms(cost), yerr=_arms(quality), fmt="o",
        color=colour, markersize=6, elinewidth=1.1,
        markerfacecolor=colour if entry.pareto else theme.SURFACE,
    )  # fmt: skip


def _arms(estimate: Estimate) -> list[list[float]] | None:
    value, low, high = estimate.value, estimate.low, estimate.high
    if value is None or low is None or high is None:
        return None
    return [[max(value - low, 0.0)], [max(high - value, 0.0)]]


def _label(axes: "Axes", name: str, at: tuple[float, float], rank: int) -> None:
    """The name beside its mark, above and below by turns: neighbours in rank are often close."""
    above = 5 if rank % 2 == 0 else -12
    axes.annotate(name, at, xytext=(6, above), textcoords="offset points", fontsize=8)


def _name(entry: Entry, board: Leaderboard) -> str:
    return ("★ " if entry.model == board.recommended else "") + visible(entry.model, _NAME)
