"""What the models cost to run: size, time, money and tokens, side by side."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from titleholder.arrays import Predictions
from titleholder.report import numbers
from titleholder.report.titles import is_measured, title_of, unit_of
from titleholder.types import Comparison, Estimate

_QUANTILES = ((0.9, "90%"), (0.99, "99%"))  # the median and p95 are metrics
_COSTS = {
    "cost_usd": ("Cost", "USD"),
    "tokens_in": ("Tokens in", ""),
    "tokens_out": ("Tokens out", ""),
}


@dataclass(frozen=True, slots=True)
class Line:
    """One figure of both models as text, with what it is counted in and the share of the first."""

    title: str
    unit: str
    champion: str
    candidate: str
    times: str


def running(
    comparisons: Iterable[Comparison], champion: Predictions | None, candidate: Predictions | None
) -> tuple[Line, ...]:
    """Measured figures, then what the predictions carry row by row; empty where there is none."""
    measured = [c for c in comparisons if is_measured(c.metric) and c.over is None]
    lines = [
        Line(title_of(c.metric), unit_of(c.metric), _told(c.champion), _told(c.candidate),
             times(c.champion.value, c.candidate.value))
        for c in measured
        if c.champion.value is not None or c.candidate.value is not None
    ]  # fmt: skip
    if champion is None or candidate is None:
        return tuple(lines)
    return (*lines, *_of_rows(champion, candidate))


def times(then: float | None, now: float | None) -> str:
    """By which factor a size or a time has grown, or to which share it has shrunk.

    >>> times(2.0, 5.0), times(2.0, 0.5), times(0.0, 1.0)
    ('2.5 times', '25% of it', '')
    """
    if not then or now is None or then < 0:
        return ""
    share = now / then
    return f"{numbers.plain(share, 2)} times" if share >= 1 else f"{share:.0%} of it"


def _of_rows(champion: Predictions, candidate: Predictions) -> list[Line]:
    lines: list[Line] = []
    both = champion.costs.keys() & candidate.costs.keys()
    if "latency_s" in both:
        for q, name in _QUANTILES:
            pair = [
                float(np.quantile(m.costs["latency_s"], q)) * 1e3 for m in (champion, candidate)
            ]
            lines.append(_line(f"Latency by row, {name}", "ms", pair))
    for key, (title, unit) in _COSTS.items():
        if key in both:
            pair = [float(m.costs[key].mean()) for m in (champion, candidate)]
            lines.append(_line(f"{title}, mean of a row", unit, pair))
    return lines


def _line(title: str, unit: str, pair: list[float]) -> Line:
    first, second = pair
    return Line(
        title, unit, numbers.plain(first, 3), numbers.plain(second, 3), times(first, second)
    )


def _told(estimate: Estimate) -> str:
    interval = numbers.interval(estimate)
    value = (
        numbers.plain(estimate.value, 3) if interval == numbers.NOTHING else numbers.point(estimate)
    )
    return value if interval == numbers.NOTHING else f"{value} {interval}"
