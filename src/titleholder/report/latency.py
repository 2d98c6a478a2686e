"""How long answers took, row by row, where the predictions say so."""

from typing import TYPE_CHECKING

import numpy as np

from titleholder.arrays import Floats, Predictions
from titleholder.report import numbers, theme
from titleholder.report.plot import CANDIDATE, CHAMPION, Plot, line, plot

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_KEY = "latency_s"
_QUANTILES = (0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99)
LEAST = 20


def latency(champion: Predictions, candidate: Predictions) -> Plot | None:
    """Share of rows answered within a time; None where a model's answers carry no times."""
    if not all(_KEY in m.costs and len(m.costs[_KEY]) >= LEAST for m in (champion, candidate)):
        return None
    times = [
        (side, np.sort(m.costs[_KEY]) * 1e3)
        for side, m in ((CHAMPION, champion), (CANDIDATE, candidate))
    ]
    far = max(float(np.quantile(t, 0.99)) for _, t in times)

    def paint(axes: "Axes") -> None:
        axes.axhline(0.95, color=theme.MUTED, linewidth=0.8, linestyle=":")
        for side, t in times:
            line(axes, side, t, _shares(t))
        axes.set_xlim(0, far * 1.05 if far > 0 else 1)
        axes.set_ylim(0, 1.02)
        axes.set_xlabel("time for a row, ms")
        axes.set_ylabel("share of rows")
        axes.legend(loc="lower right")

    return plot(
        "latency",
        "Latency",
        "Share of rows (up) that were answered within a time (right): further left is faster, and "
        "the dotted line is the 95% that people wait for. The slowest 1% of rows are not drawn.",
        ("Quantile", "Champion, ms", "Candidate, ms"),
        [
            (numbers.percent(q, 0), *(numbers.plain(float(np.quantile(t, q)), 3) for _, t in times))
            for q in _QUANTILES
        ],
        paint,
    )


def _shares(times: Floats) -> Floats:
    return np.arange(1, len(times) + 1) / len(times)
