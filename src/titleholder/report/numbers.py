"""Numbers rounded to what their interval supports, and no further than that.

The half-width of the interval is shown with two significant digits, and the value and both ends
with as many decimals. Where a bound is given, decimals are added until rounding leaves each end
on the side of the bound where it is: a table may never seem to contradict the judgement.
"""

import math
from collections.abc import Sequence

from titleholder.types import Estimate

MOST_DECIMALS = 9
EXACT_DIGITS = 3
DECLARED_DIGITS = 4
LEAST_EFFECT = 0.001
NOTHING = "–"
_FAR = 1e15


def decimals(estimate: Estimate, bounds: Sequence[float] = ()) -> int:
    """How many decimals the interval supports; negative for tens, hundreds and so on.

    >>> decimals(Estimate(value=0.8984047, low=0.8799, high=0.9143))
    3
    >>> decimals(Estimate(value=51234.0, low=50100.0, high=52400.0))
    -2
    """
    value, low, high = estimate.value, estimate.low, estimate.high
    if value is None or not math.isfinite(value):
        return 0
    if low is None or high is None or not math.isfinite(high - low) or not high > low:
        places = max(_for_digits(value, EXACT_DIGITS), 0)
        ends: tuple[float, ...] = (value,)
    else:
        places = _for_digits((high - low) / 2, 2)
        ends = (low, high)
    while places < MOST_DECIMALS and not _sides_kept(ends, bounds, places):
        places += 1
    return places


def number(value: float | None, places: int, *, signed: bool = False) -> str:
    """A value with so many decimals, a true minus sign, and no minus before a zero.

    >>> number(-0.0123, 3), number(0.0123, 3, signed=True), number(-0.0001, 3), number(12345, -2)
    ('−0.012', '+0.012', '0.000', '12,300')
    """
    if value is None or not math.isfinite(value):
        return NOTHING
    if abs(value) >= _FAR or (value != 0 and abs(value) < 10.0 ** -(MOST_DECIMALS + 1)):
        return f"{value:{'+' if signed else ''}.3g}".replace("-", "−")
    rounded = round(value, places)
    text = f"{abs(rounded):,.{max(places, 0)}f}"
    if rounded == 0:
        return text
    return ("−" if rounded < 0 else "+" if signed else "") + text


def p_value(p: float) -> str:
    """A p-value with two digits, and never a zero that nobody measured.

    >>> p_value(0.0312), p_value(0.5), p_value(0.00002), p_value(1.0)
    ('0.031', '0.50', '< 0.0001', '1.0')
    """
    if not math.isfinite(p):
        return NOTHING
    return "< 0.0001" if p < 0.0001 else f"{p:#.2g}"


def plain(value: float | None, digits: int = DECLARED_DIGITS, *, signed: bool = False) -> str:
    """An exact value (a margin, a bound, a threshold) as it was declared, up to some digits.

    >>> plain(0.05), plain(20.0), plain(-0.005), plain(1234567.0)
    ('0.05', '20', '−0.005', '1,234,567')
    """
    if value is None or not math.isfinite(value):
        return NOTHING
    places = max(_for_digits(value, digits), 0)
    text = number(value, places, signed=signed)
    return text.rstrip("0").rstrip(".") if "." in text and "e" not in text else text


def point(estimate: Estimate, *, signed: bool = False, bounds: Sequence[float] = ()) -> str:
    """The value alone, rounded to what its interval supports."""
    return number(estimate.value, decimals(estimate, bounds), signed=signed)


def interval(estimate: Estimate, *, signed: bool = False, bounds: Sequence[float] = ()) -> str:
    """Both ends between brackets; a dash where there are none, or both are the value itself.

    >>> interval(Estimate(value=0.0059, low=-0.00616, high=0.01806), signed=True)
    '[−0.006, +0.018]'
    """
    if estimate.low is None or estimate.high is None or estimate.low == estimate.high:
        return NOTHING
    places = decimals(estimate, bounds)
    low = number(estimate.low, places, signed=signed)
    high = number(estimate.high, places, signed=signed)
    return f"[{low}, {high}]"


def side(improvement: Estimate) -> int:
    """1 or -1 where the whole interval lies on that side of zero, else 0.

    >>> side(Estimate(value=0.2, low=0.1, high=0.3)), side(Estimate(value=0.2, low=-0.1, high=0.5))
    (1, 0)
    """
    low, high = improvement.low, improvement.high
    if low is not None and low > 0:
        return 1
    return -1 if high is not None and high < 0 else 0


def effect(size: float | None) -> str:
    """An effect size (PSI, KS) with two digits, down to a thousandth; less is no effect.

    >>> effect(0.4123), effect(0.0123), effect(0.0000044), effect(0.0)
    ('0.41', '0.012', '<0.001', '0')
    """
    if size is None or not math.isfinite(size):
        return NOTHING
    if 0 < size < LEAST_EFFECT:
        return f"<{LEAST_EFFECT:g}"
    return number(size, min(max(_for_digits(size, 2), 0), 3))


def percent(share: float | None, places: int = 1) -> str:
    """A share of one as a percentage; what is not quite none or all does not look like it.

    >>> percent(0.1234), percent(0.0), percent(0.00001), percent(0.99999)
    ('12.3%', '0%', '<0.1%', '>99.9%')
    """
    if share is None or not math.isfinite(share):
        return NOTHING
    if share in (0.0, 1.0):
        return f"{share:.0%}"
    least = 10.0**-places
    if 0 < share * 100 < least:
        return f"<{least:g}%"
    if 100 - least < share * 100 < 100:
        return f">{100 - least:g}%"
    return f"{share * 100:,.{places}f}%".replace("-", "−")


def about(count: int) -> str:
    """A count that is itself an estimate: two digits of it.

    >>> about(4217), about(87)
    ('about 4,200', 'about 87')
    """
    places = 2 - len(str(abs(count)))
    return f"about {round(count, min(places, 0)):,}"


def _for_digits(size: float, digits: int) -> int:
    """Decimals that show ``size`` with so many significant digits."""
    if size == 0 or not math.isfinite(size):
        return 0 if size == 0 else digits
    places = digits - 1 - math.floor(math.log10(abs(size)))
    # 0.0996 with two digits is 0.10: rounding up carries into another place.
    if round(abs(size), places) >= 10.0 ** (digits - places):
        places -= 1
    return min(places, MOST_DECIMALS)


def _sides_kept(ends: Sequence[float], bounds: Sequence[float], places: int) -> bool:
    return all(
        _side(round(end, places), bound) == _side(end, bound) for end in ends for bound in bounds
    )


def _side(value: float, bound: float) -> int:
    return (value > bound) - (value < bound)
