"""Numbers in reasons and messages: with as many decimals as their interval supports, or counted.

Pages have more ways to write a number (`titleholder.report.numbers`); a reason is plain text that
goes into a record, so it stays with digits and a hyphen.
"""

import math
from collections.abc import Sequence

_MOST = 9


def places(low: float, high: float, bounds: Sequence[float] = ()) -> int:
    """Decimals that show the half-width with two digits, and each end on its side of the bounds.

    >>> places(-0.0984, 0.02738), places(-0.0984, -0.0499, (-0.05,)), places(1200.0, 3400.0)
    (3, 4, 0)
    """
    half = (high - low) / 2
    if not (math.isfinite(half) and half > 0):
        return 4
    found = max(1 - math.floor(math.log10(half)), 0)
    while found < _MOST and not _kept((low, high), bounds, found):
        found += 1
    return found


def interval(low: float, high: float, bounds: Sequence[float] = ()) -> str:
    """Both ends, rounded alike.

    >>> interval(-0.0984, 0.02738)
    '[-0.098, 0.027]'
    """
    decimals = places(low, high, bounds)
    return f"[{_number(low, decimals)}, {_number(high, decimals)}]"


def within(value: float, low: float, high: float) -> str:
    """A value with the decimals that its interval supports.

    >>> within(0.83371, 0.7754, 0.8832), within(0.5, 0.5, 0.5)
    ('0.834', '0.5000')
    """
    return _number(value, places(low, high))


def _number(value: float, decimals: int) -> str:
    text = f"{value:.{decimals}f}"
    return text.removeprefix("-") if float(text) == 0 else text


def _kept(ends: Sequence[float], bounds: Sequence[float], decimals: int) -> bool:
    return all(
        (round(end, decimals) > bound) == (end > bound)
        and (round(end, decimals) < bound) == (end < bound)
        for end in ends
        for bound in bounds
    )


def plural(count: int, noun: str) -> str:
    """A count with its noun.

    >>> plural(1, "row"), plural(1200, "row")
    ('1 row', '1,200 rows')
    """
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"
