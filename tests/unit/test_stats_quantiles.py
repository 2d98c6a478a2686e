"""Quantiles with order-statistic intervals."""

import numpy as np
import pytest
from scipy.stats import binom, quantile_test

from titleholder.stats.quantiles import gauge, least


def fewest(quantile: float, level: float) -> int:
    """The fewest values whose order statistics cover a quantile from both sides."""
    tail = (1 - level) / 2
    n = 1
    while not (quantile**n <= tail and (1 - quantile) ** n <= tail):
        n += 1
    return n


@pytest.mark.parametrize("quantile", [0.05, 0.5, 0.9, 0.95, 0.99])
@pytest.mark.parametrize("level", [0.8, 0.95, 0.99])
def test_too_few_values_have_no_interval(quantile: float, level: float) -> None:
    """From the first n whose extremes cover the quantile there is an interval, below it none."""
    n = fewest(quantile, level)
    assert least(quantile, level) == n
    enough, few = (gauge(np.arange(float(k)), quantile, level) for k in (n, n - 1))
    assert enough is not None
    assert few is not None
    assert enough.low is not None
    assert enough.high is not None
    assert 0.0 <= enough.low <= enough.value <= enough.high <= n - 1.0
    assert enough.low == 0.0 or enough.high == n - 1.0
    assert enough.least is None
    assert (few.low, few.high, few.n, few.least) == (None, None, n - 1, n)


@pytest.mark.parametrize("quantile", [0.1, 0.5, 0.95])
@pytest.mark.parametrize("n", [72, 80, 100, 1000])
def test_the_interval_is_scipys(quantile: float, n: int) -> None:
    """`scipy.stats.quantile_test` gives the same order statistics."""
    values = np.random.default_rng(n).lognormal(size=n)
    found = gauge(values, quantile, 0.95)
    expected = quantile_test(values, q=0, p=quantile).confidence_interval(0.95)
    assert found is not None
    assert found.low is not None
    assert found.high is not None
    assert (found.low, found.high) == (expected.low, expected.high)
    assert found.low <= found.value <= found.high
    assert found.n == n


@pytest.mark.parametrize("quantile", [0.5, 0.9, 0.95])
@pytest.mark.parametrize("n", [72, 80, 333])
def test_the_interval_covers_at_least_at_its_level(quantile: float, n: int) -> None:
    """The exact binomial probability of the two ranks is at least the level, never wasteful."""
    found = gauge(np.arange(1.0, n + 1), quantile, 0.95)
    assert found is not None
    assert found.low is not None
    assert found.high is not None
    low, high = int(found.low), int(found.high)
    covered = binom.cdf(high - 1, n, quantile) - binom.cdf(low - 1, n, quantile)
    assert covered >= 0.95
    narrower = binom.cdf(high - 2, n, quantile) - binom.cdf(low, n, quantile)
    assert narrower < 0.95


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_values_that_are_not_finite_give_nothing(bad: float) -> None:
    """A clock that failed once leaves no figure, rather than a figure of the rest."""
    values = np.arange(100.0)
    values[7] = bad
    assert gauge(values, 0.5, 0.95) is None
    assert gauge(np.array([]), 0.5, 0.95) is None
