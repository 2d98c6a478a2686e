"""Sums of which a few units are the most: these are drawn, and the ends are the row bootstrap's."""

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from tests.support.panels import Pair, binary, drawn, sample
from titleholder.metrics import REGISTRY
from titleholder.stats.replicates import replicate
from titleholder.stats.resampler import Draw, Resampler
from titleholder.stats.uneven import drawn_sums, heaviest

TAILS = [0.025, 0.975]


def uneven(units: int, few: int) -> np.ndarray:
    """Noise on every unit, and a second sum to which only a few units add 1, (2, units)."""
    rows = np.random.default_rng(0).normal(size=(2, units))
    rows[1] = np.arange(units) < few
    return rows


def centred(rows: np.ndarray) -> np.ndarray:
    """The same about their means."""
    return np.asarray(rows - rows.mean(axis=1, keepdims=True))


def test_units_alike_are_left_to_their_law() -> None:
    """Nobody is drawn of many that matter alike, without any spread, or where one is not finite."""
    assert len(heaviest(centred(uneven(5000, 2500)))) == 0
    assert len(heaviest(np.full((2, 3000), np.nan))) == 0
    assert len(heaviest(np.zeros((2, 3000)))) == 0


@pytest.mark.parametrize("sums", [2, 12])
def test_what_is_left_has_no_share_that_matters(sums: int) -> None:
    """The few of one sum are picked, whatever stands beside them, and in any mixture of two."""
    rows = np.vstack([uneven(5000, 7), np.random.default_rng(1).normal(size=(sums - 2, 5000))])
    assert heaviest(centred(rows)).tolist() == list(range(7))
    rows[0] -= 40.0 * rows[1]  # the few now hide in neither of two sums, and show in the other
    assert set(range(7)) <= set(heaviest(centred(rows)))


def test_a_sum_of_a_few_has_the_ends_of_the_binomial() -> None:
    """Twelve units of three thousand: their count is binomial, and no normal number."""
    rows = uneven(3000, 12)
    picked = heaviest(centred(rows))
    drawn_ = drawn_sums(rows, picked, 40_000, np.random.default_rng(2))
    expected = stats.binom(3000, 12 / 3000)
    np.testing.assert_allclose(np.quantile(drawn_[:, 1], TAILS), expected.ppf(TAILS), atol=0.2)
    normal = 12 + np.sqrt(12) * stats.norm.ppf(TAILS)
    assert np.abs(normal - expected.ppf(TAILS)).min() > 0.2
    np.testing.assert_allclose(drawn_.mean(axis=0), rows.sum(axis=1), atol=1.5)
    np.testing.assert_allclose(np.cov(drawn_.T), np.cov(rows) * 3000, atol=60)
    assert stats.skew(drawn_[:, 1]) == pytest.approx(1 / np.sqrt(12), abs=0.03)


def test_all_units_may_be_drawn() -> None:
    """Where every one matters nothing is left, and it is the bootstrap itself."""
    rows = np.random.default_rng(3).exponential(size=(1, 40))
    found = drawn_sums(rows, np.arange(40), 20_000, np.random.default_rng(4))
    np.testing.assert_allclose(found.std(), np.sqrt((centred(rows) ** 2).sum()), rtol=0.03)


def _few_differ(n: int) -> Pair:
    """Two models that differ on six rows, by losses of one sign."""
    panel, first, _ = drawn(n, 5)
    score = np.asarray(first.score).copy()
    wrong = np.flatnonzero(np.asarray(panel.y_true) == 1)[:6]
    score[wrong] = np.linspace(0.02, 0.2, 6)
    return binary(np.asarray(panel.y_true), np.asarray(first.score), score)


def _rare(n: int) -> Pair:
    """Weighted rows of which forty are positives."""
    panel, first, second = drawn(n, 6, prevalence=0.2)
    y = np.asarray(panel.y_true).copy()
    y[np.flatnonzero(y == 1)[40:]] = 0
    weight = np.random.default_rng(7).uniform(0.5, 2.0, n)
    return binary(y, np.asarray(first.score), np.asarray(second.score), weight=weight)


@pytest.mark.parametrize(
    ("name", "pair"),
    [("log_loss", _few_differ(3000)), ("precision", _rare(3000)), ("f1", _rare(3000))],
    ids=["few rows differ", "rare, precision", "rare, f1"],
)
def test_ends_are_those_of_explicit_draws(
    name: str, pair: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On rows too many to draw them all, and where the normal law's lie off."""
    b, rows = 4000, sample(pair)

    def ends(seed: int) -> tuple[np.ndarray, str]:
        found = replicate(REGISTRY[name], Resampler(rows, Draw(b, seed)))
        change = found.candidate - found.champion
        change = change[np.isfinite(change)] - (found.candidate_value - found.champion_value)
        return np.quantile(change, TAILS) / change.std(), found.method

    ours, method = ends(1)
    assert "heaviest" in method
    with monkeypatch.context() as patched:
        patched.setattr("titleholder.stats.resampler.heaviest", lambda _: np.empty(0, dtype=int))
        normal, _ = ends(1)
    monkeypatch.setattr("titleholder.stats.resampler.EXACT_UNITS", 10**6)
    exact, method = ends(2)
    assert "heaviest" not in method
    noise = np.sqrt(2 * 0.025 * 0.975 / b) / stats.norm.pdf(1.96)
    assert np.abs(ours - exact).max() < 3 * noise
    if name == "log_loss":
        assert np.abs(normal - exact).max() > 4 * noise


def test_clusters_are_drawn_as_one() -> None:
    """A heavy unit of several rows comes and goes with all of them, for both models."""
    panel, first, second = _few_differ(3000)
    clustered = replace(panel, cluster=np.arange(3000))
    one = replicate(REGISTRY["brier"], Resampler(sample((panel, first, second)), Draw(500, 1)))
    two = replicate(REGISTRY["brier"], Resampler(sample((clustered, first, second)), Draw(500, 1)))
    assert "heaviest" in one.method and "heaviest" in two.method
    np.testing.assert_allclose(one.candidate, two.candidate, rtol=1e-9)
