"""The forest plot: each finding's interval against its bound, one scale a metric, worst first.

Geometry alone, in per cent of the width; the template draws it, so that the names beside the
intervals are text that wraps on a phone and is read aloud.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from titleholder.report import findings as said
from titleholder.report import numbers
from titleholder.report.titles import left_is_better, title_of, unit_of
from titleholder.types import Finding

MOST_ROWS = 15  # a metric; the rest stand in the table of findings
_PADDING = 0.06
_FAR = 4.0  # intervals wider than this many typical ones are cut, and say so with an arrow


@dataclass(frozen=True, slots=True)
class Tick:
    """A number on the scale and where it stands, in per cent."""

    at: float
    text: str


@dataclass(frozen=True, slots=True)
class Strip:
    """One finding on its scale; positions in per cent, None where there is nothing to draw.

    The side of ``bound`` that breaks the rule runs from ``bad_from`` over ``bad_width``.
    """

    finding: Finding
    value: float | None
    low: float | None
    high: float | None
    cut_low: bool
    cut_high: bool
    bound: float
    bad_from: float
    bad_width: float
    text: str


@dataclass(frozen=True, slots=True)
class Group:
    """All findings of one metric on one scale.

    ``own`` says that the candidate's value is drawn, not its improvement. ``zero`` is None
    where zero means nothing or lies outside. ``rule`` is named where all come from one.
    """

    metric: str
    title: str
    own: bool
    relative: bool
    strips: tuple[Strip, ...]
    ticks: tuple[Tick, ...]
    zero: float | None
    left_out: int
    better: str
    unit: str
    rule: str


def groups(findings: Iterable[Finding]) -> tuple[Group, ...]:
    """Findings by metric and quantity, the metric with the worst finding first.

    A metric without any value has nothing to draw: its findings stand in the table.
    """
    by_key: dict[tuple[str, bool, bool], list[Finding]] = {}
    for finding in said.ordered(findings):
        own = said.judged(finding).own
        by_key.setdefault((finding.metric, own, finding.relative and not own), []).append(finding)
    drawn = {
        key: found
        for key, found in by_key.items()
        if any(said.judged(f).estimate.value is not None for f in found)
    }
    return tuple(_group(*key, found) for key, found in drawn.items())


def _group(metric: str, own: bool, relative: bool, findings: Sequence[Finding]) -> Group:
    shown = sorted(findings, key=said.badness)[:MOST_ROWS]
    scale = Scale.of(shown)
    zero = scale.at(0.0) if scale.low <= 0 <= scale.high and not own else None
    return Group(
        metric=metric,
        title=title_of(metric),
        own=own,
        relative=relative,
        strips=tuple(_strip(finding, scale) for finding in shown),
        ticks=scale.ticks(percent=relative),
        zero=zero,
        left_out=len(findings) - len(shown),
        better="left is better" if own and left_is_better(metric) else "right is better",
        unit=unit_of(metric) if own or not relative else "",
        rule=findings[0].rule if len({f.rule for f in findings}) == 1 else "",
    )


@dataclass(frozen=True, slots=True)
class Scale:
    """A stretch of the number line laid over 0 to 100 per cent."""

    low: float
    high: float

    @classmethod
    def of(cls, findings: Sequence[Finding]) -> "Scale":
        """A scale that holds all bounds, all values, and all but the widest intervals."""
        held = [said.judged(finding) for finding in findings]
        keep = [h.bound for h in held]
        keep += [h.estimate.value for h in held if h.estimate.value is not None]
        if not all(h.own for h in held):
            keep.append(0.0)
        keep += _typical_ends(held)
        low, high = min(keep), max(keep)
        room = (high - low) * _PADDING or max(abs(high), 1.0) * _PADDING
        return cls(low - room, high + room)

    def at(self, value: float) -> float:
        """Where a value stands, in per cent, held to the ends."""
        share = (value - self.low) / (self.high - self.low)
        return round(100 * min(max(share, 0.0), 1.0), 2)

    def ticks(self, *, percent: bool = False) -> tuple[Tick, ...]:
        """Three to six round numbers."""
        step = _round_step((self.high - self.low) / 4)
        first = math.ceil(self.low / step)
        last = math.floor(self.high / step)
        marks = [i * step for i in range(first, last + 1)]
        unit, times = ("%", 100.0) if percent else ("", 1.0)
        return tuple(Tick(self.at(m), numbers.plain(m * times) + unit) for m in marks)


def _typical_ends(held: Sequence[said.Judged]) -> list[float]:
    """The intervals' ends, those far beyond the typical width pulled in."""
    intervals = [
        (h.estimate.value, h.estimate.low, h.estimate.high)
        for h in held
        if h.estimate.value is not None
        and h.estimate.low is not None
        and h.estimate.high is not None
    ]
    widths = sorted(high - low for _, low, high in intervals)
    if not widths:
        return []
    most = _FAR * widths[len(widths) // 2] or math.inf
    ends: list[float] = []
    for value, low, high in intervals:
        ends += [max(low, value - most / 2), min(high, value + most / 2)]
    return ends


def _round_step(size: float) -> float:
    power = 10.0 ** math.floor(math.log10(size))
    return next(k * power for k in (1, 2, 2.5, 5, 10) if k * power >= size * 0.999)


def _strip(finding: Finding, scale: Scale) -> Strip:
    held = said.judged(finding)
    bound = scale.at(held.bound)
    estimate = held.estimate
    bad_from, bad_to = (0.0, bound) if held.above else (bound, 100.0)
    return Strip(
        finding=finding,
        value=None if estimate.value is None else scale.at(estimate.value),
        low=None if estimate.low is None else scale.at(estimate.low),
        high=None if estimate.high is None else scale.at(estimate.high),
        cut_low=estimate.low is not None and estimate.low < scale.low,
        cut_high=estimate.high is not None and estimate.high > scale.high,
        bound=bound,
        bad_from=bad_from,
        bad_width=round(bad_to - bad_from, 2),
        text=said.judged_text(finding),
    )
