"""Error by segment, for regression: both models' own error on every slice, on one scale."""

from collections.abc import Sequence
from dataclasses import dataclass

from titleholder.report import numbers
from titleholder.report.forest import Scale, Tick
from titleholder.report.titles import title_of, unit_of
from titleholder.types import Comparison, Estimate, Task

MOST = 40
_METRIC = "mae"


@dataclass(frozen=True, slots=True)
class Bar:
    """An interval, positions in per cent of the scale."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Segment:
    """One slice: both errors as bars and as text."""

    slice: str
    n: int
    champion: Bar
    candidate: Bar
    text: str
    was: str


@dataclass(frozen=True, slots=True)
class Segments:
    """All slices on one scale from zero, the largest error of the candidate first."""

    title: str
    unit: str
    ticks: tuple[Tick, ...]
    rows: tuple[Segment, ...]
    left_out: int


def segments(comparisons: Sequence[Comparison], task: Task) -> Segments | None:
    """Mean absolute error by slice; None for other tasks, or without slices."""
    found = [c for c in comparisons if c.metric == _METRIC and c.over is None]
    found = [c for c in found if c.champion.value is not None and c.candidate.value is not None]
    if task is not Task.REGRESSION or len(found) < 2:
        return None
    found.sort(key=lambda c: (-(c.candidate.value or 0.0), c.slice))
    shown = found[:MOST]
    most = max(_high(e) for c in shown for e in (c.champion, c.candidate)) or 1.0
    scale = Scale(0.0, most)
    return Segments(
        title=title_of(_METRIC),
        unit=unit_of(_METRIC),
        ticks=scale.ticks(),
        rows=tuple(_segment(c, most) for c in shown),
        left_out=len(found) - len(shown),
    )


def _segment(comparison: Comparison, most: float) -> Segment:
    champion, candidate = comparison.champion, comparison.candidate
    return Segment(
        comparison.slice,
        comparison.n,
        _bar(champion, most),
        _bar(candidate, most),
        f"{numbers.point(candidate)} {numbers.interval(candidate)}",
        numbers.point(champion),
    )


def _bar(estimate: Estimate, most: float) -> Bar:
    value = estimate.value or 0.0
    low = value if estimate.low is None else estimate.low
    return Bar(*(round(100 * max(x, 0.0) / most, 2) for x in (value, low, _high(estimate))))


def _high(estimate: Estimate) -> float:
    return (estimate.value or 0.0) if estimate.high is None else estimate.high
