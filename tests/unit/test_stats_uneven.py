"""Sums of which a few units are the most: these are drawn, and the ends are the row bootstrap's."""

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from tests.support.panels import Pair, binary, drawn, sample
from titleholder.metrics import REGISTRY
from titleholder.stats.kinds import Kinds
from titleholder.stats.replicates import replicate
from titleholder.stats.resampler import Draw, Resampler
from titleholder.stats.uneven import drawn_sums, heaviest

TAILS = [0.025, 0.975]


def uneven(units: int, few: int) -> np.ndarray:
    """Noise on every unit, and a second sum to which only a few units add 1, (2, units)."""
    rows = np.random.default_rng(0).normal(size=(2, units))
    rows[1] = np.arange(units) < few
    return rows


def each(rows: np.ndarray) -> Kinds:
    """Units of which each is a kind of its own."""
    return Kinds(rows, np.ones(rows.shape[1]))


def test_units_alike_are_left_to_their_law() -> None:
    """Nobody is drawn of many that matter alike, without any spread, or where one is not finite."""
    assert len(heaviest(each(uneven(5000, 2500)))) == 0
    assert len(heaviest(each(np.full((2, 3000), np.nan)))) == 0
    assert len(heaviest(each(np.zeros((2, 3000))))) == 0


@pytest.mark.parametrize("sums", [2, 12])
def test_what_is_left_has_no_share_that_matters(sums: int) -> None:
    """The few of one sum are picked, whatever stands beside them, and in any mixture of two."""
    rows = np.vstack([uneven(5000, 7), np.random.default_rng(1).normal(size=(sums - 2, 5000))])
    assert heaviest(each(rows)).tolist() == list(range(7))
    rows[0] -= 40.0 * rows[1]  # the few now hide in neither of two sums, and show in the other
    assert set(range(7)) <= set(heaviest(each(rows)))


def test_a_sum_of_a_few_has_the_ends_of_the_binomial() -> None:
    """Twelve units of three thousand: their count is binomial, and no normal number."""
    rows = uneven(3000, 12)
    picked = heaviest(each(rows))
    drawn_ = drawn_sums(each(rows), picked, 40_000, np.random.default_rng(2))
    expected = stats.binom(3000, 12 / 3000)
    np.testing.assert_allclose(np.quantile(drawn_[:, 1], TAILS), expected.ppf(TAILS), atol=0.2)
    normal = 12 + np.sqrt(12) * stats.norm.ppf(TAILS)
    assert np.abs(normal - expected.ppf(TAILS)).min() > 0.2
    np.testing.assert_allclose(drawn_.mean(axis=0), rows.sum(axis=1), atol=1.5)
    np.testing.assert_allclose(np.cov(drawn_.T), np.cov(rows) * 3000, atol=60)
    assert stats.skew(drawn_[:, 1]) == pytest.approx(1 / np.sqrt(12), abs=0.03)


@pytest.mark.parametrize("copies", [[1, 1, 1], [2, 1, 3], [40, 1, 9]])
def test_kinds_are_drawn_as_often_as_their_units(copies: list[int]) -> None:
    """Means and covariances are those of the multinomial, whichever way it is drawn."""
    kinds = Kinds(np.eye(4)[:, :4], np.array([*copies, 500], dtype=float))
    found = drawn_sums(kinds, np.arange(3), 40_000, np.random.default_rng(5))[:, :3]
    share = np.array(copies) / kinds.units
    expected = kinds.units * (np.diag(share) - np.outer(share, share))
    np.testing.assert_allclose(found.mean(axis=0), copies, rtol=0.02)
    np.testing.assert_allclose(np.cov(found.T), expected, atol=0.03 * max(copies))
    assert np.array_equal(found, found.round())


def test_units_that_hold_the_same_are_of_one_kind() -> None:
    """Nothing is lost by it, and nothing is done where hardly any two coincide."""
    rows = np.random.default_rng(6).integers(0, 3, size=(3, 4000)).astype(float)
    kinds = Kinds.of(rows)
    assert len(kinds.copies) == 27 and kinds.units == 4000
    distinct, copies = np.unique(rows.T, axis=0, return_counts=True)
    order = np.lexsort(kinds.held[::-1])
    np.testing.assert_array_equal(kinds.held.T[order], distinct)
    np.testing.assert_array_equal(kinds.copies[order], copies)
    np.testing.assert_array_equal(kinds.totals, rows.sum(axis=1))
    for apart in (np.random.default_rng(7).normal(size=(2, 3000)), np.full((2, 3000), np.nan)):
        assert len(Kinds.of(apart).copies) == 3000


def test_all_units_may_be_drawn() -> None:
    """Where every one matters nothing is left, and it is the bootstrap itself."""
    rows = np.random.default_rng(3).exponential(size=(1, 40))
    found = drawn_sums(each(rows), np.arange(40), 20_000, np.random.default_rng(4))
    np.testing.assert_allclose(found.std(), np.sqrt((each(rows).centred ** 2).sum()), rtol=0.03)


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


def _households(n: int) -> Pair:
    """Rows in clusters of one to three, of which 4% are positives."""
    panel, first, second = drawn(n, 8, prevalence=0.04)
    sizes = np.random.default_rng(9).integers(1, 4, n)
    return replace(panel, cluster=np.repeat(np.arange(n), sizes)[:n]), first, second


@pytest.mark.parametrize("name", ["precision", "f1"])
def test_kinds_of_clusters_have_the_ends_of_explicit_draws(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whether all kinds are drawn, or those of the heaviest and the rest by its law."""
    b, rows = 3000, sample(_households(6000))

    def ends(seed: int, how: str, **limits: int) -> np.ndarray:
        for limit, at in limits.items():
            monkeypatch.setattr(f"titleholder.stats.resampler.{limit}", at)
        found = replicate(REGISTRY[name], Resampler(rows, Draw(b, seed)))
        assert found.method.endswith(how)
        change = found.candidate - found.champion
        change -= found.candidate_value - found.champion_value
        return np.asarray(np.quantile(change, TAILS) / change.std())

    all_kinds = ends(1, "B=3000")
    heaviest_alone = ends(1, "all but the heaviest", _FEW_KINDS=0)
    exact = ends(2, "B=3000", EXACT_UNITS=10**6)
    noise = np.sqrt(2 * 0.025 * 0.975 / b) / stats.norm.pdf(1.96)
    for ours in (all_kinds, heaviest_alone):
        assert np.abs(ours - exact).max() < 3 * noise


def test_clusters_are_drawn_as_one() -> None:
    """A heavy unit of several rows comes and goes with all of them, for both models."""
    panel, first, second = _few_differ(3000)
    clustered = replace(panel, cluster=np.arange(3000))
    one = replicate(REGISTRY["brier"], Resampler(sample((panel, first, second)), Draw(500, 1)))
    two = replicate(REGISTRY["brier"], Resampler(sample((clustered, first, second)), Draw(500, 1)))
    assert "heaviest" in one.method and "heaviest" in two.method
    np.testing.assert_allclose(one.candidate, two.candidate, rtol=1e-9)
