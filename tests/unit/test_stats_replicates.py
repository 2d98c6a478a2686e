"""Replicates: each law is the paired row bootstrap, or its limit, and says which."""

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from tests.support.panels import Pair, drawn, permuted, sample
from titleholder.arrays import Floats
from titleholder.metrics import REGISTRY
from titleholder.metrics.ladder import Ladder
from titleholder.stats.keys import generator
from titleholder.stats.replicates import Replicates, replicate
from titleholder.stats.resampler import EXACT_UNITS, Draw, Resampler

B = 4000
DRAW = Draw(resamples=B, seed=7)
COUNTS = ["accuracy", "precision", "recall", "f1", "mcc"]
MEANS = ["log_loss", "brier"]
RANKS = ["roc_auc", "average_precision", "ks"]


def replicates(name: str, pair: Pair, draw: Draw = DRAW) -> Replicates:
    """Replicates of a registered metric on all rows."""
    return replicate(REGISTRY[name], Resampler(sample(pair), draw))


def points(name: str, pair: Pair) -> tuple[float, float]:
    """Both models' values of a metric, as one draw sees them."""
    one = replicates(name, pair, Draw(resamples=1, seed=0))
    return one.champion_value, one.candidate_value


def loop(name: str, pair: Pair, b: int, seed: int = 3) -> Floats:
    """The paired row (or cluster) bootstrap written out, (b, 2): take rows, compute, repeat."""
    rng = np.random.default_rng(seed)
    cluster = pair[0].cluster
    out = np.empty((b, 2))
    for i in range(b):
        if cluster is None:
            rows = rng.integers(len(pair[0]), size=len(pair[0]))
        else:
            units = np.unique(cluster)
            picked = rng.choice(units, len(units))
            rows = np.concatenate([np.flatnonzero(cluster == unit) for unit in picked])
        taken = permuted(pair, rows)
        unclustered = (replace(taken[0], cluster=None), taken[1], taken[2])
        out[i] = points(name, unclustered)
    return out


def same_law(found: Floats, expected: Floats) -> None:
    """Two samples of replicates whose mean and spread agree within Monte-Carlo noise."""
    spread = expected.std()
    noise = spread * np.sqrt(1 / len(found) + 1 / len(expected))
    assert abs(found.mean() - expected.mean()) < 4.5 * noise + 0.02 * spread
    assert abs(found.std() / spread - 1) < 4.5 * np.sqrt(0.5 / len(expected) + 0.5 / len(found))


@pytest.mark.parametrize("name", [*COUNTS, *MEANS, *RANKS])
def test_few_rows_are_the_row_bootstrap(name: str) -> None:
    """Champion, candidate and their difference have the law of rows taken with replacement."""
    pair = drawn(150, seed=1, ties=40)
    found, expected = replicates(name, pair), loop(name, pair, 500)
    same_law(found.champion, expected[:, 0])
    same_law(found.candidate, expected[:, 1])
    same_law(found.candidate - found.champion, expected[:, 1] - expected[:, 0])


@pytest.mark.parametrize("name", ["f1", "log_loss", "roc_auc", "average_precision"])
def test_clusters_are_drawn_whole(name: str) -> None:
    """Rows that share a cluster come and go together, for both models."""
    cluster = np.repeat(np.arange(40), 5)
    pair = drawn(200, seed=2, cluster=cluster)
    found, expected = replicates(name, pair), loop(name, pair, 400)
    same_law(found.candidate - found.champion, expected[:, 1] - expected[:, 0])
    assert "clusters" in found.method


@pytest.mark.parametrize("name", [*COUNTS, *MEANS, *RANKS])
def test_whole_weights_are_copies_of_a_row(name: str) -> None:
    """A weight of 3 gives the value of three equal rows, drawn as one."""
    rng = np.random.default_rng(3)
    weight = rng.integers(1, 4, 150)
    pair = drawn(150, seed=3)
    weighted = (replace(pair[0], weight=weight.astype(float)), pair[1], pair[2])
    rows = np.repeat(np.arange(150), weight)
    copies = permuted(pair, rows)
    assert points(name, weighted) == pytest.approx(points(name, copies), rel=1e-12)
    clustered = (replace(copies[0], cluster=rows), copies[1], copies[2])
    one, other = replicates(name, weighted), replicates(name, clustered)
    same_law(one.candidate - one.champion, other.candidate - other.champion)


@pytest.mark.parametrize("name", [*COUNTS, *MEANS, *RANKS])
def test_rows_without_weight_count_for_nothing(name: str) -> None:
    """A weight of 0 leaves a row out of the value."""
    pair = drawn(120, seed=4)
    kept = np.arange(120) % 3 > 0
    weighted = (replace(pair[0], weight=kept.astype(float)), pair[1], pair[2])
    rest = permuted(pair, np.flatnonzero(kept))
    assert points(name, weighted) == pytest.approx(points(name, rest), rel=1e-12)


@pytest.mark.parametrize("name", [*COUNTS, *MEANS, *RANKS])
def test_many_rows_have_the_same_law_as_few(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Above the limit of explicit draws, the law that replaces them agrees with them."""
    pair = drawn(EXACT_UNITS + 1000, seed=5)
    many = replicates(name, pair)
    monkeypatch.setattr("titleholder.stats.resampler.EXACT_UNITS", 10**6)
    explicit = replicates(name, pair, Draw(resamples=1500, seed=8))
    assert (many.champion_value, many.candidate_value) == pytest.approx(
        (explicit.champion_value, explicit.candidate_value), rel=1e-12
    )
    same_law(many.candidate - many.champion, explicit.candidate - explicit.champion)
    if name != "ks":  # resampling adds to a maximum, which a derivative does not see
        same_law(many.champion, explicit.champion)


@pytest.mark.parametrize("name", ["accuracy", "f1", "log_loss", "roc_auc"])
def test_many_weighted_clusters_have_the_same_law_as_few(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same for units of several rows with weights."""
    rng = np.random.default_rng(6)
    n = 2 * (EXACT_UNITS + 500)
    pair = drawn(n, seed=6, weight=rng.uniform(0.5, 2, n), cluster=np.arange(n) // 2)
    many = replicates(name, pair)
    monkeypatch.setattr("titleholder.stats.resampler.EXACT_UNITS", 10**6)
    explicit = replicates(name, pair, Draw(resamples=1000, seed=8))
    same_law(many.candidate - many.champion, explicit.candidate - explicit.champion)


def test_the_paired_bootstrap_is_scipys() -> None:
    """`scipy.stats.bootstrap`, paired and percentile, gives the same interval of a difference."""
    pair = drawn(300, seed=9)
    truth = np.asarray(pair[0].y_true, dtype=float)
    losses = [(np.asarray(model.score) - truth) ** 2 for model in pair[1:]]
    found = replicates("brier", pair)
    ends = np.quantile(found.champion - found.candidate, [0.025, 0.975])
    expected = stats.bootstrap(
        tuple(losses), lambda a, b, axis: a.mean(axis) - b.mean(axis), paired=True,
        vectorized=True, method="percentile", n_resamples=B, rng=1,
    )  # fmt: skip
    width = expected.confidence_interval.high - expected.confidence_interval.low
    assert np.abs(ends - np.array(expected.confidence_interval)).max() < 0.05 * width


# --------------------------------------------------------------------------- ranks


def placements(y: Floats, score: Floats) -> tuple[Floats, Floats]:
    """DeLong's structural components by comparing each positive with each negative: O(n^2)."""
    up, down = score[y == 1], score[y == 0]
    wins = (up[:, None] > down).astype(float) + 0.5 * (up[:, None] == down)
    return wins.mean(axis=1), wins.mean(axis=0)


@pytest.mark.parametrize("ties", [None, 12])
def test_the_influence_of_auc_is_delongs(ties: int | None) -> None:
    """Area, variances and covariance of two correlated areas, against each pair compared.

    DeLong, DeLong & Clarke-Pearson (1988), doi:10.2307/2531595, eq. 4 to 6, with the divisor
    n of a bootstrap in place of n - 1.
    """
    pair = drawn(400, seed=10, ties=ties)
    y = np.asarray(pair[0].y_true, dtype=float)
    law = REGISTRY["roc_auc"].law
    direct, fast, areas = [], [], []
    for model in pair[1:]:
        score = np.asarray(model.score)
        of_up, of_down = placements(y, score)
        areas.append(of_up.mean())
        centred = np.empty(len(y))
        centred[y == 1] = (of_up - of_up.mean()) / (y == 1).sum()
        centred[y == 0] = (of_down - of_down.mean()) / (y == 0).sum()
        direct.append(centred)
        ladder = Ladder.of(y, score)
        steps = ladder.steps(np.ones(len(y)))
        up, down = law.influence(steps)  # type: ignore[union-attr]
        fast.append(np.where(y == 1, up[ladder.step_of_row], down[ladder.step_of_row]))
    assert points("roc_auc", pair) == pytest.approx(tuple(areas), rel=1e-12)
    np.testing.assert_allclose(fast, direct, rtol=0, atol=1e-15)
    gram = np.array(direct) @ np.array(direct).T
    np.testing.assert_allclose(np.array(fast) @ np.array(fast).T, gram, rtol=1e-10)


@pytest.mark.parametrize("name", RANKS)
def test_an_influence_is_the_derivative(name: str) -> None:
    """The value's change when one row's weight changes a little, for every row."""
    pair = drawn(80, seed=11, ties=25)
    y = np.asarray(pair[0].y_true, dtype=float)
    ladder = Ladder.of(y, np.asarray(pair[1].score))
    law = REGISTRY[name].law
    weight, h = np.ones(80), 1e-6
    up, down = law.influence(ladder.steps(weight))  # type: ignore[union-attr]
    influence = np.where(y == 1, up[ladder.step_of_row], down[ladder.step_of_row])
    slopes = [
        (law.value(ladder.steps(weight + h * e)) - law.value(ladder.steps(weight - h * e))) / 2 / h  # type: ignore[union-attr]
        for e in np.eye(80)
    ]
    np.testing.assert_allclose(influence, slopes, atol=1e-8)
    assert abs(influence.sum()) < 1e-12


# ----------------------------------------------------------------- what depends on what


@pytest.mark.parametrize("n", [200, EXACT_UNITS + 200])
@pytest.mark.parametrize("name", ["f1", "log_loss", "roc_auc", "average_precision"])
def test_equal_models_never_differ(name: str, n: int) -> None:
    """The same answers twice: a difference of exactly 0 on every resample."""
    pair = drawn(n, seed=12)
    found = replicates(name, (pair[0], pair[1], replace(pair[1], model="copy")))
    assert found.champion_value == found.candidate_value
    assert (found.candidate - found.champion == 0).all()


@pytest.mark.parametrize("name", ["f1", "log_loss", "roc_auc", "average_precision"])
def test_draws_depend_on_the_seed_alone(name: str) -> None:
    """Twice the same numbers from one seed, others from another."""
    pair = drawn(100, seed=13)
    first, again = replicates(name, pair), replicates(name, pair)
    np.testing.assert_array_equal(first.candidate, again.candidate)
    other = replicates(name, pair, Draw(resamples=B, seed=8))
    assert (first.candidate != other.candidate).any()


def test_metrics_share_their_draws() -> None:
    """What is measured before does not move what is measured after."""
    pair = drawn(100, seed=14)
    alone = Resampler(sample(pair), DRAW)
    shared = Resampler(sample(pair), DRAW)
    for name in ("log_loss", "average_precision", "f1"):
        replicate(REGISTRY[name], shared)
    expected = replicate(REGISTRY["roc_auc"], alone)
    np.testing.assert_array_equal(
        replicate(REGISTRY["roc_auc"], shared).candidate, expected.candidate
    )


def test_keys_name_what_is_drawn() -> None:
    """Generators differ by seed and by every name, and names do not run into one another."""
    draws = {
        key: generator(*key).integers(1 << 62)
        for key in [(1, "a"), (2, "a"), (1, "b"), (1, "a", "b"), (1, "ab"), (1, "a", "", "b")]
    }
    assert len(set(draws.values())) == len(draws)
    assert generator(1, "a", "b").integers(1 << 62) == draws[(1, "a", "b")]


@pytest.mark.parametrize("name", RANKS)
def test_a_single_class_has_no_order(name: str) -> None:
    """Without positives, or without negatives, replicates are NaN, so that nothing is estimated."""
    pair = drawn(50, seed=15)
    for label in (0, 1):
        single = (replace(pair[0], y_true=np.full(50, label)), pair[1], pair[2])
        found = replicates(name, single)
        assert np.isnan(found.champion).all()
        assert np.isnan(found.candidate).all()
