"""Where the law of a sum of influences is not enough: skewed areas, and models nearly equal."""

import numpy as np
import pytest
from scipy import stats

from tests.support.panels import Pair, binary, drawn, permuted, sample
from titleholder.metrics import REGISTRY
from titleholder.stats import replicates
from titleholder.stats.influence import Influence
from titleholder.stats.methods import interval_by
from titleholder.stats.normal import Normal, summarise_normal
from titleholder.stats.replicates import replicate
from titleholder.stats.resampler import Draw, Resampler
from titleholder.stats.third_order import SumLaw

TAILS = [0.025, 0.975]


def nearly_equal(n: int, *, prevalence: float = 0.3, noise: float = 1e-3) -> Pair:
    """Two models of which the second is the first and a little noise."""
    panel, first, _ = drawn(n, 4, prevalence=prevalence)
    score = np.asarray(first.score)
    moved = score + noise * np.random.default_rng(5).normal(size=n)
    return binary(np.asarray(panel.y_true), score, np.clip(moved, 1e-9, 1 - 1e-9))


def change(name: str, pair: Pair, b: int, seed: int = 1) -> tuple[np.ndarray, str]:
    """What the difference moves by on resamples, (B,), and how they were made."""
    found = replicate(REGISTRY[name], Resampler(sample(pair), Draw(b, seed)))
    here = found.candidate_value - found.champion_value
    return found.candidate - found.champion - here, found.method


def test_ends_without_draws_are_those_of_skewed_draws() -> None:
    """Of the difference and of its share of the champion: as the law to third order has them."""
    rng = np.random.default_rng(1)
    rows = rng.exponential(size=(2, 900)) / 900
    units = rows - rows.mean(axis=1, keepdims=True)
    at = Influence(units[0], units[0] + units[1], None, 900, 900)
    found = summarise_normal(REGISTRY["mae"], Normal(2.0, 2.1, at, "a law"), 0.95)
    law = SumLaw.of(units)
    assert found is not None and law is not None
    moved = law.draws(400_000, rng)
    better = -0.1 - moved[:, 1]
    for told, draws in (
        (found.improvement, better),
        (found.relative, better / (2.0 + moved[:, 0])),
    ):
        ends = np.array([told.low, told.high])
        np.testing.assert_allclose(ends, np.quantile(draws, TAILS), atol=0.02 * draws.std())
        middle = (ends.sum() / 2 - (told.value or 0.0)) / draws.std()
        assert middle < -0.02  # losses lean up, and so the improvement down


@pytest.mark.parametrize("positives", [60, 150])
def test_a_skewed_area_has_the_ends_of_explicit_draws(
    positives: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With sixty positives they are drawn; with more the law leans as far as its influence does."""
    whole = drawn(2800, 4, prevalence=0.2)
    y = np.asarray(whole[0].y_true)
    rows = [np.flatnonzero(y == label)[:n] for label, n in ((1, positives), (0, 2100 - positives))]
    few, b = sample(permuted(whole, np.concatenate(rows))), 2000

    def champions(seed: int) -> tuple[np.ndarray, str]:
        found = replicate(REGISTRY["roc_auc"], Resampler(few, Draw(b, seed)))
        return found.champion - found.champion_value, found.method

    ours, method = champions(1)
    assert ("third order" in method) == (positives > 60)
    monkeypatch.setattr("titleholder.stats.resampler.EXACT_UNITS", 10**6)
    monkeypatch.setattr(replicates, "FEW_UNITS", 10**6)
    exact, method = champions(2)
    assert method.startswith("paired bootstrap over rows")
    noise = np.sqrt(2 * 0.025 * 0.975 / b) / stats.norm.pdf(1.96)
    apart = (np.quantile(ours, TAILS) - np.quantile(exact, TAILS)) / exact.std()
    assert np.abs(apart).max() < 3 * noise
    assert stats.skew(ours) < -0.1  # what a normal law has none of


def test_nearly_equal_models_keep_the_spread_of_their_pairs(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Each pair of rows that two models order else is a chance of its own, which no row shows."""
    pair = nearly_equal(3000)
    ours, method = change("roc_auc", pair, 1500)
    assert "remainder" in method
    with monkeypatch.context() as patched:
        patched.setattr(replicates, "_NEAR", 0.0)
        by_rows, method = change("roc_auc", pair, 1500)
        assert "third order" in method
    monkeypatch.setattr("titleholder.stats.resampler.EXACT_UNITS", 10**6)
    monkeypatch.setattr(replicates, "FEW_UNITS", 10**6)
    exact, _ = change("roc_auc", pair, 1500)
    assert by_rows.std() < 0.9 * exact.std()
    assert ours.std() == pytest.approx(exact.std(), rel=0.1)


def test_what_pushes_both_models_alike_is_no_part_of_their_difference() -> None:
    """Resampling ties rows, which lifts both average precisions: the interval is no wider for it.

    Against the bare bootstrap: it may be as much wider as so few positives take.
    """
    pair = nearly_equal(1000, prevalence=0.04)
    rows, metric = sample(pair), REGISTRY["average_precision"]
    resampler = Resampler(rows, Draw(800, 1))
    told, bare = (
        interval_by(name, metric, resampler, 0.95)[0].improvement
        for name in ("default", "bootstrap")
    )
    widths = [(e.high or 0.0) - (e.low or 0.0) for e in (told, bare)]
    assert widths[1] <= widths[0] < 1.6 * widths[1]
