"""Skewness is taken out of a model's own interval by Hall's cubic, whatever its size."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from titleholder.stats.own import unskewed

skewness = st.floats(-2.0, 2.0)
turns = st.floats(-4.0, 4.0)


def cubic(skew: float, t: float) -> float:
    """What a studentised mean t of this skewness is made normal by (Hall 1992, equation 2.3)."""
    return t + skew * t**2 / 3 + skew**2 * t**3 / 27 + skew / 6


@given(skewness, turns)
def test_it_is_the_inverse_of_halls_cubic(skew: float, turn: float) -> None:
    """The end m + e x is where the cubic of (m - end) / e has the normal quantile."""
    assert cubic(skew, -float(unskewed(skew, turn))) == pytest.approx(-turn, abs=1e-9)


@given(skewness, turns)
def test_turning_the_data_round_turns_the_ends_round(skew: float, turn: float) -> None:
    """Nothing depends on the sign that values are written with."""
    assert float(unskewed(skew, turn)) == pytest.approx(-float(unskewed(-skew, -turn)))


@given(turns)
def test_without_skewness_it_is_the_normal_end(turn: float) -> None:
    """And next to none moves both ends by (2 z^2 + 1) / 6 times of it."""
    assert float(unskewed(0.0, turn)) == pytest.approx(turn)
    moved = (float(unskewed(1e-6, turn)) - turn) / 1e-6
    assert moved == pytest.approx((2 * turn**2 + 1) / 6, abs=1e-3)


def test_upper_ends_of_skewed_means_miss_less_than_normal_ones() -> None:
    """Of 40 exponential rows, whose mean is 1: close to the 2.5% that are allowed."""
    rows = np.random.default_rng(0).standard_exponential((20_000, 40))
    mean, spread = rows.mean(axis=1), rows.std(axis=1, ddof=1)
    skew = ((rows - mean[:, None]) ** 3).mean(axis=1) / rows.std(axis=1) ** 3 / np.sqrt(40)
    error = spread / np.sqrt(40)
    assert (mean + 1.96 * error < 1).mean() > 0.06
    assert (mean + error * unskewed(skew, 1.96) < 1).mean() < 0.04
