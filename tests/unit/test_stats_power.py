"""How many rows would settle it, and the p-value beside an interval."""

import math
from statistics import NormalDist

import numpy as np
import pytest

from titleholder.stats.power import p_value, rows_needed

INF, NAN = math.inf, math.nan


@pytest.mark.parametrize("level", [0.8, 0.95, 0.99])
def test_so_many_rows_settle_it_four_times_in_five(level: float) -> None:
    """On the rows asked for, an estimate's interval clears its margin with 80% power."""
    n, error, distance = 500, 0.03, 0.02
    rows = rows_needed(distance, error, n, level)
    assert rows is not None
    then = error * math.sqrt(n / rows)
    z = NormalDist().inv_cdf((1 + level) / 2)
    estimates = np.random.default_rng(1).normal(distance, then, 200_000)
    assert abs(np.mean(estimates - z * then > 0) - 0.8) < 0.005


def test_rows_grow_with_noise_and_shrink_with_distance() -> None:
    """Twice the error or half the distance take four times the rows; the side does not matter."""
    base = rows_needed(0.02, 0.02, 1000, 0.95)
    assert base is not None
    for other in (rows_needed(0.01, 0.02, 1000, 0.95), rows_needed(0.02, 0.04, 1000, 0.95)):
        assert other is not None
        assert abs(other - 4 * base) <= 4
    assert rows_needed(-0.02, 0.02, 1000, 0.95) == base


@pytest.mark.parametrize(
    ("distance", "error", "n"),
    [
        (0.0, 0.01, 100), (NAN, 0.01, 100), (0.01, NAN, 100), (INF, 0.01, 100), (0.01, INF, 100),
        (0.01, 0.0, 100), (0.01, -1.0, 100), (0.01, 0.01, 0),
    ],
)  # fmt: skip
def test_no_number_where_no_number_would_do(distance: float, error: float, n: int) -> None:
    """On the margin, or without noise: null."""
    assert rows_needed(distance, error, n, 0.95) is None


@pytest.mark.parametrize(
    ("distance", "error", "n"),
    [(1e-300, 1.0, 100), (5e-324, 1e300, 10), (1e-9, 1.0, 1000), (0.005, 0.02, 107)],
)
def test_a_hundred_times_the_rows_stand_for_more(distance: float, error: float, n: int) -> None:
    """An estimate that happens to lie on its margin does not ask for millions of rows."""
    assert rows_needed(distance, error, n, 0.95) == 100 * n
    assert (rows_needed(error / 3, error, n, 0.95) or 0) < 100 * n


def test_p_values_are_those_of_the_normal() -> None:
    """One-sided: 2.5% where the improvement lies 1.96 errors above its bound."""
    assert math.isclose(p_value(1.959963984540054, 0.0, 1.0) or 0, 0.025)
    assert math.isclose(p_value(0.3, 0.3, 0.1) or 0, 0.5)
    assert (p_value(0.1, 0.0, 0.0), p_value(0.0, 0.0, 0.0), p_value(-0.1, 0.0, 0.0)) == (0, 1, 1)


@pytest.mark.parametrize("at", range(3))
@pytest.mark.parametrize("hole", [NAN, INF, -INF])
def test_no_p_value_of_no_number(at: int, hole: float) -> None:
    """Estimate, bound and error must be finite."""
    numbers = [0.1, 0.0, 0.05]
    numbers[at] = hole
    assert p_value(*numbers) is None
