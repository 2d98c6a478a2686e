"""Confidence sequences: right on every night at once, from every start."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from titleholder.stats.sequential import EVERY, Run, Sums, radius, share, tuned

NIGHT = st.tuples(st.integers(1, 5000), st.floats(0, 1), st.floats(0.001, 0.5))


def ran(nights: list[tuple[int, float, float]], unit: float = 100.0) -> Run:
    """A run through these nights of rows, value and error."""
    run = Run(unit)
    for rows, value, error in nights:
        run = run.after(rows, value, error)
    return run


def test_the_boundary_is_that_of_the_normal_mixture() -> None:
    """It solves the mixture martingale's equation for 1/alpha, at every variance."""
    for v, rho, alpha in [(1.0, 1.0, 0.05), (1e4, 30.0, 0.01), (0.01, 5.0, 0.5)]:
        s = radius(v, rho, alpha)
        martingale = math.sqrt(rho / (rho + v)) * math.exp(s * s / (2 * (v + rho)))
        assert martingale == pytest.approx(1 / alpha)


def test_tuning_makes_the_boundary_about_narrowest_where_it_was_asked_for() -> None:
    """No other rho is narrower there by more than one percent."""
    for alpha in (0.05, 0.001):
        at = radius(700.0, tuned(700.0, alpha), alpha)
        best = min(radius(700.0, rho, alpha) for rho in np.geomspace(1, 1e4, 400))
        assert at == pytest.approx(best, rel=0.01)


def test_the_shares_of_all_starts_add_up_to_one() -> None:
    """However long one looks, no more error is spent than there is."""
    many = 10_000
    assert sum(share(k) for k in range(many)) == pytest.approx(1 - 0.5 / many)


@given(st.lists(NIGHT, min_size=1, max_size=40))
def test_a_window_holds_the_mean_of_its_own_nights(nights: list[tuple[int, float, float]]) -> None:
    """Weighted by rows, from each start to tonight; the whole run comes first."""
    windows = ran(nights).windows(0.05)
    assert [w.start for w in windows] == list(range(0, len(nights), EVERY))
    for window in windows:
        mine = nights[window.start :]
        mean = np.average([v for _, v, _ in mine], weights=[n for n, _, _ in mine])
        assert window.mean.value == pytest.approx(mean, abs=1e-9)
        assert (window.mean.low or 0) < mean < (window.mean.high or 0)


@given(st.lists(NIGHT, min_size=2, max_size=20))
def test_the_whole_run_does_not_depend_on_the_order_of_nights(
    nights: list[tuple[int, float, float]],
) -> None:
    """Sums are sums."""
    turned = nights[::-1]
    one, other = ran(nights).windows(0.05)[0].mean, ran(turned).windows(0.05)[0].mean
    assert one.low == pytest.approx(other.low)
    assert one.high == pytest.approx(other.high)


def test_a_smaller_error_is_a_wider_sequence() -> None:
    """What is to be right more often says less."""
    run = ran([(100, 0.5, 0.05)] * 30)
    widths = [(w.mean.high or 0) - (w.mean.low or 0) for w in run.windows(0.05)]
    wider = [(w.mean.high or 0) - (w.mean.low or 0) for w in run.windows(0.001)]
    assert all(b > a for a, b in zip(widths, wider, strict=True))


def test_nights_narrow_it() -> None:
    """A hundred nights say more than ten, though all of them were looked at."""

    def width(nights: int) -> float:
        whole = ran([(100, 0.5, 0.05)] * nights, unit=25.0).windows(0.05)[0].mean
        return (whole.high or 0) - (whole.low or 0)

    assert width(1) > 2 * width(10) > 4 * width(100)


@pytest.mark.parametrize(
    "night",
    [(0, 0.5, 0.1), (10, math.nan, 0.1), (10, 0.5, 0.0), (10, 0.5, math.inf), (10, math.inf, 0.1)],
)
def test_a_night_without_an_error_counts_for_nothing(night: tuple[int, float, float]) -> None:
    """It is refused, not taken for a certain one."""
    with pytest.raises(ValueError, match="night"):
        Run(1.0).after(*night)


def test_sums_since_a_mark_are_those_of_the_nights_after_it() -> None:
    """What came after is the difference, and nothing before the first is nothing."""
    one = Sums().plus(10, 0.5, 0.1)
    both = one.plus(20, 0.7, 0.1)
    assert both.since(one).weight == 20
    assert both.since(one).total == pytest.approx(14)
    assert both.since(Sums()) == both


def test_looking_every_night_of_a_year_misses_no_more_than_is_stated() -> None:
    """400 years of nights, all starts at once: the truth is missed on any night in at most 5%.

    Within three Monte-Carlo standard errors. The nightly interval misses it in nearly all years.
    """
    years, nights, alpha, rows, truth = 400, 365, 0.05, 400, 0.8
    random = np.random.default_rng(1)
    error = math.sqrt(truth * (1 - truth) / rows)
    missed = naive = 0
    for _ in range(years):
        values = random.binomial(rows, truth, nights) / rows
        run, out = Run((rows * error) ** 2), False
        for night, value in enumerate(values, 1):
            run = run.after(rows, float(value), math.sqrt(value * (1 - value) / rows))
            if night % 5 == 0:
                found = run.windows(alpha)
                out |= any(not (w.mean.low or 0) <= truth <= (w.mean.high or 0) for w in found)
        missed += out
        naive += bool((np.abs(values - truth) > 1.96 * error).any())
    assert missed / years <= alpha + 3 * math.sqrt(alpha * (1 - alpha) / years)
    assert naive / years > 0.95
