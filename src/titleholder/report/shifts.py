"""Drift for readers: the columns that moved most first, and small pictures of how they moved."""

import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from titleholder.drift import ColumnShift, ShiftOutcome
from titleholder.report import numbers

MOST_PICTURES = 6
LEAST_PICTURES = 3  # also where nothing counts as shifted
MOST_BINS = 10

_NUMBER = r"([-+]?(?:inf|[\d.]+(?:e[-+]?\d+)?))"
_INTERVAL = re.compile(rf"[(\[]{_NUMBER}, {_NUMBER}[)\]]")
_ORDER = (ShiftOutcome.SHIFTED, ShiftOutcome.NOT_SCORED, ShiftOutcome.OK)


@dataclass(frozen=True, slots=True)
class Bar:
    """A bin with its shares, and the widths of their bars in per cent of the widest."""

    label: str
    reference: float
    current: float
    reference_width: float
    current_width: float


@dataclass(frozen=True, slots=True)
class Picture:
    """How one column's rows lay then and lie now."""

    column: ColumnShift
    bars: tuple[Bar, ...]
    left_out: int


def ordered(columns: Iterable[ColumnShift]) -> list[ColumnShift]:
    """Shifted columns first, then those without a score, then by PSI."""
    return sorted(columns, key=lambda c: (_ORDER.index(c.outcome), -(c.psi or 0.0), c.name))


def pictures(columns: Sequence[ColumnShift]) -> list[Picture]:
    """Small multiples of the columns that moved most and have bins to show."""
    moved = [c for c in ordered(columns) if c.bins and (c.psi or 0.0) > 0]
    shifted = sum(1 for c in moved if c.outcome is ShiftOutcome.SHIFTED)
    shown = moved[: min(max(shifted, LEAST_PICTURES), MOST_PICTURES)]
    return [_picture(column) for column in shown]


def short(label: str) -> str:
    """A numeric bin with fewer digits; any other label as it is.

    >>> short("(0.0230704, 0.032669]"), short("(-inf, 0.5]"), short("(0.5, inf)"), short("blue")
    ('0.0231–0.0327', '≤ 0.5', '> 0.5', 'blue')
    """
    found = _INTERVAL.fullmatch(label)
    if not found:
        return label
    low, high = float(found[1]), float(found[2])
    if not math.isfinite(low):
        return f"≤ {numbers.plain(high, 3)}"
    if not math.isfinite(high):
        return f"> {numbers.plain(low, 3)}"
    joint = " to " if low < 0 or high < 0 else "–"
    return f"{numbers.plain(low, 3)}{joint}{numbers.plain(high, 3)}"


def _picture(column: ColumnShift) -> Picture:
    shown = column.bins[:MOST_BINS]
    most = max(max(b.reference, b.current) for b in shown) or 1.0
    bars = tuple(
        Bar(
            short(b.label),
            b.reference,
            b.current,
            round(100 * b.reference / most, 1),
            round(100 * b.current / most, 1),
        )
        for b in shown
    )
    return Picture(column, bars, len(column.bins) - len(shown))
