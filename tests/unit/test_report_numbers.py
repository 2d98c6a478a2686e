"""Numbers for readers: as many digits as the interval supports, and never on the wrong side."""

import math

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from titleholder.report import numbers
from titleholder.types import Estimate

VALUES = st.floats(-1e6, 1e6, allow_nan=False)
WIDTHS = st.floats(1e-6, 1e5)


def around(value: float, half: float) -> Estimate:
    """An estimate with an interval of this half-width."""
    return Estimate(value=value, low=value - half, high=value + half)


def parsed(text: str) -> float:
    """The number that a reader takes a text for."""
    return float(text.replace("−", "-").replace(",", ""))


@given(VALUES, WIDTHS)
def test_rounding_moves_a_value_by_less_than_a_tenth_of_the_half_width(
    value: float, half: float
) -> None:
    """What is shown differs from what was measured by at most 5% of the half-width."""
    shown = parsed(numbers.point(around(value, half)))
    assert abs(shown - value) <= 0.0501 * half + 1e-9 * abs(value)


@given(VALUES, WIDTHS)
def test_no_digit_is_shown_that_the_interval_does_not_support(value: float, half: float) -> None:
    """One place fewer would round by more than a twentieth of the half-width could bear."""
    places = numbers.decimals(around(value, half))
    assume(places < numbers.MOST_DECIMALS)
    assert 10.0 ** (1 - places) > half / 10 * 0.99


@given(VALUES, WIDTHS, VALUES)
def test_a_rounded_end_stays_on_its_side_of_the_bound(
    value: float, half: float, bound: float
) -> None:
    """An interval that keeps or breaks a bound still does so as it is printed."""
    assume(abs(value - half - bound) > 1e-6 and abs(value + half - bound) > 1e-6)
    assume(abs(value) < 1e4)
    estimate = around(value, half)
    low, high = numbers.interval(estimate, bounds=(bound,)).strip("[]").split(", ")
    assert estimate.low is not None and estimate.high is not None
    assert (parsed(low) > bound) == (estimate.low > bound)
    assert (parsed(high) < bound) == (estimate.high < bound)


@pytest.mark.parametrize("value", [None, math.nan, math.inf, -math.inf])
def test_what_is_no_number_is_shown_as_a_dash(value: float | None) -> None:
    """Null, NaN and infinities never look like figures, in any of the formats."""
    assert numbers.number(value, 2) == numbers.NOTHING
    assert numbers.plain(value) == numbers.NOTHING
    assert numbers.percent(value) == numbers.NOTHING
    assert numbers.effect(value) == numbers.NOTHING
    assert numbers.point(Estimate(value=value)) == numbers.NOTHING


def test_zero_has_no_sign() -> None:
    """A value that rounds to zero is shown without a minus and without a plus."""
    assert numbers.number(-0.0001, 2) == "0.00"
    assert numbers.number(0.0001, 2, signed=True) == "0.00"


@given(st.floats(0, 1))
def test_only_none_and_all_are_shown_as_nought_and_a_hundred(share: float) -> None:
    """A share that is not quite none or all does not look like it."""
    text = numbers.percent(share)
    assert (text in ("0%", "0.0%")) == (share == 0)
    assert (text in ("100%", "100.0%")) == (share == 1)


@given(st.floats(0, 10))
def test_an_effect_has_no_more_than_three_decimals(size: float) -> None:
    """Effect sizes below a thousandth are told to be so, not spelt out."""
    text = numbers.effect(size)
    assert len(text.partition(".")[2]) <= 3
    assert text.startswith("<") == (0 < size < numbers.LEAST_EFFECT)


@pytest.mark.parametrize(
    ("low", "high", "side"), [(0.1, 0.2, 1), (-0.2, -0.1, -1), (-0.1, 0.1, 0), (0.0, 0.1, 0)]
)
def test_a_side_is_taken_only_by_the_whole_interval(low: float, high: float, side: int) -> None:
    """An interval that touches or crosses zero lies on neither side."""
    assert numbers.side(Estimate(value=(low + high) / 2, low=low, high=high)) == side
