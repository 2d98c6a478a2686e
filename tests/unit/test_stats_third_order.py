"""Laws that stand for explicit draws: sums with their skewness, and what a metric adds to them."""

import numpy as np
import pytest
from scipy import stats

from tests.support.panels import drawn, sample
from titleholder.metrics import REGISTRY
from titleholder.stats.remainder import Remainder
from titleholder.stats.replicates import replicate
from titleholder.stats.resampler import Draw, Resampler
from titleholder.stats.third_order import SumLaw


def skewed(units: int, seed: int = 0) -> np.ndarray:
    """Two skewed, correlated columns of units, centred, (2, units)."""
    rng = np.random.default_rng(seed)
    rows = rng.exponential(size=(2, units))
    rows[1] += 0.5 * rows[0]
    return np.asarray(rows - rows.mean(axis=1, keepdims=True))


def test_sums_have_the_moments_of_resampled_sums() -> None:
    """Covariance and skewness of each sum are those that the units give, in every direction."""
    units = skewed(300)
    law = SumLaw.of(units)
    assert law is not None
    draws = law.draws(400_000, np.random.default_rng(1))
    np.testing.assert_allclose(np.cov(draws.T), units @ units.T, rtol=0.03)
    for direction in ([1.0, 0.0], [0.0, 1.0], [-1.0, 1.0]):
        each = np.array(direction) @ units
        expected = (each**3).sum() / (each**2).sum() ** 1.5
        assert stats.skew(draws @ direction) == pytest.approx(expected, abs=0.015)


def test_ends_are_those_of_the_row_bootstrap() -> None:
    """Percentiles of a skewed mean agree with explicit draws where the normal's do not."""
    units = skewed(200, seed=3)[:1]
    law = SumLaw.of(units)
    assert law is not None
    rng = np.random.default_rng(2)
    explicit = units[0][rng.integers(200, size=(60_000, 200))].sum(axis=1)
    found = law.draws(200_000, rng)[:, 0]
    spread, tails = explicit.std(), [0.025, 0.975]
    gaps = np.abs(np.quantile(found, tails) - np.quantile(explicit, tails)) / spread
    assert gaps.max() < 0.035
    normal = spread * stats.norm.ppf(tails)
    assert np.abs(normal - np.quantile(explicit, tails)).max() / spread > 0.05


def test_few_units_that_matter_have_no_such_law() -> None:
    """Five units among thousands are too skewed, and NaN has none; equal columns keep theirs."""
    few = np.zeros((1, 2000))
    few[0, :5] = 1.0
    assert SumLaw.of(few - few.mean()) is None
    assert SumLaw.of(np.full((1, 10), np.nan)) is None
    same = np.vstack([skewed(500)[0], np.zeros(500)])
    law = SumLaw.of(same)
    assert law is not None
    assert (law.draws(50, np.random.default_rng(0))[:, 1] == 0).all()


def test_a_tiny_difference_keeps_its_spread() -> None:
    """A column a billionth as large as the other is drawn with its own variance."""
    units = skewed(2000) * np.array([[1.0], [1e-9]])
    law = SumLaw.of(units)
    assert law is not None
    draws = law.draws(20_000, np.random.default_rng(3))
    np.testing.assert_allclose(draws.var(axis=0), (units**2).sum(axis=1), rtol=0.05)


def test_a_quadratic_remainder_is_learnt_exactly() -> None:
    """Where the metric is a quadratic in its sums, a few draws show all of it."""
    rng = np.random.default_rng(4)

    def moved(sums: np.ndarray) -> np.ndarray:
        return np.asarray(sums + 0.02 * sums**2 + 0.03)

    few, many = rng.normal(size=(128, 2)), rng.normal(size=(1000, 2))
    remainder = Remainder.of(few, moved(few))
    assert remainder is not None
    np.testing.assert_allclose(remainder.added(many, rng), moved(many), atol=1e-12)


def test_a_large_remainder_is_refused() -> None:
    """Where the sums do not explain what the metric does, or it is undefined, there is no law."""
    rng = np.random.default_rng(5)
    sums = rng.normal(size=(128, 2))
    assert Remainder.of(sums, sums + rng.normal(size=(128, 2))) is None
    assert Remainder.of(sums, np.where(sums > 2, np.nan, sums)) is None


@pytest.mark.parametrize("name", ["roc_auc", "average_precision"])
def test_ranks_of_a_thousand_rows_are_those_of_explicit_draws(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every end lies, on average over seeds, within the noise that explicit draws have."""
    rows = sample(drawn(1000, seed=6))
    tails, b, seeds = [0.025, 0.975], 2000, 5

    def ends(seed: int, method: str) -> np.ndarray:
        found = replicate(REGISTRY[name], Resampler(rows, Draw(b, seed)))
        assert method in found.method
        here, there = found.champion_value, found.candidate_value
        moves = (found.champion - here, found.candidate - there)
        sides = (*moves, moves[1] - moves[0])
        return np.array([np.quantile(side, tails) / side.std() for side in sides])

    law = np.mean([ends(seed, "remainder") for seed in range(seeds)], axis=0)
    monkeypatch.setattr("titleholder.stats.replicates.FEW_UNITS", 10**6)
    exact = np.mean([ends(seed, "over rows") for seed in range(10, 10 + seeds)], axis=0)
    noise = np.sqrt(2 * 0.025 * 0.975 / b) / stats.norm.pdf(1.96)
    np.testing.assert_allclose(law, exact, atol=2 * noise)


def test_sums_that_nothing_moves_stay_where_they_are() -> None:
    """Units that are all alike leave a law without a dimension, which draws zeros."""
    law = SumLaw.of(np.zeros((2, 600)))
    assert law is not None
    assert (law.draws(50, np.random.default_rng(0)) == np.zeros((50, 2))).all()
