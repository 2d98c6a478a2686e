"""Ranks with few positives: rows merged by gap give the very same values and the very same law."""

import numpy as np
import pytest

from tests.support.panels import Pair, drawn, sample
from titleholder.arrays import Floats
from titleholder.metrics import REGISTRY
from titleholder.metrics.base import Ranks
from titleholder.stats.gaps import Gaps
from titleholder.stats.resampler import Draw, Resampler

RANKS = ["roc_auc", "average_precision", "ks", "gini"]


def law(name: str) -> Ranks:
    """The law of a metric of ranks."""
    found = REGISTRY[name].law
    assert isinstance(found, Ranks)
    return found


def gaps_of(pair: Pair) -> tuple[Gaps, Resampler]:
    """The gaps of a pair, and the resampler they came from."""
    resampler = Resampler(sample(pair), Draw(resamples=1500, seed=3))
    return Gaps.of(np.asarray(pair[0].y_true), *resampler.ladders), resampler


@pytest.mark.parametrize("name", RANKS)
@pytest.mark.parametrize("ties", [None, 30])
@pytest.mark.parametrize("prevalence", [0.02, 0.3, 0.98])
def test_merging_rows_of_a_gap_changes_no_value(
    name: str, ties: int | None, prevalence: float
) -> None:
    """Whichever class is rare, and with tied scores: the same value from no more steps."""
    pair = drawn(600, seed=1, prevalence=prevalence, ties=ties)
    gaps, resampler = gaps_of(pair)
    weights = gaps.counts.astype(float)
    for merged, whole in zip((gaps.first, gaps.second), resampler.observed_steps, strict=True):
        steps = merged.steps(weights)
        assert float(law(name).value(steps)) == pytest.approx(float(law(name).value(whole)))
    assert gaps.counts.sum() == 600
    if prevalence == 0.02:
        assert len(gaps.counts) < 300


@pytest.mark.parametrize("name", RANKS)
def test_drawing_by_gap_is_drawing_rows(name: str) -> None:
    """The difference of two models has the law of rows taken one by one."""
    gaps, resampler = gaps_of(drawn(1500, seed=2, prevalence=0.03))

    def changes(blocks: object) -> Floats:
        parts = [law(name).value(b) - law(name).value(a) for a, b in blocks]  # type: ignore[attr-defined]
        return np.concatenate(parts)

    merged = changes(gaps.steps(1500, np.random.default_rng(4)))
    rows = changes(resampler.steps())
    assert merged.mean() == pytest.approx(rows.mean(), abs=0.16 * rows.std())
    assert merged.std() == pytest.approx(rows.std(), rel=0.1)


def test_a_rare_class_costs_no_more_among_more_rows() -> None:
    """Ten times the common rows leave the kinds of rows about as many."""
    kinds = []
    for n in (5000, 50_000):
        y_rare = 40 / n
        gaps, _ = gaps_of(drawn(n, seed=5, prevalence=y_rare))
        kinds.append(len(gaps.counts))
    assert kinds[1] < 3 * kinds[0] < 6000
