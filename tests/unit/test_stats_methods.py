"""Methods that may be asked for: against SciPy, published examples and the definition itself."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from tests.support.panels import Pair, binary, drawn, policy, regression, sample
from titleholder.arrays import Floats, Panel, Predictions
from titleholder.comparison.compare import chosen
from titleholder.metrics import REGISTRY, Means, Metric
from titleholder.stats import methods as by_name
from titleholder.stats.intervals import Paired
from titleholder.stats.methods import INTERVALS, TESTS, applicable, interval_by
from titleholder.stats.resampler import Draw, Resampler
from titleholder.types import Estimate, Task

DRAW = Draw(resamples=4000, seed=5)

# Darwin's fifteen pairs of Zea mays, crossed less self-fertilised, in eighths of an inch: the
# worked example of Fisher (1935), The Design of Experiments, ch. III.
DARWIN = np.array([49, -67, 8, 16, 6, 23, 28, 41, 14, 29, 56, 24, 75, 60, -48], dtype=float)


# Albumin, total protein, Krebs-Goplerud score, and 1 for whom surgery helped.
PRINTED = """
    3.0 5.8 10 0  3.2 6.3 5 1  3.9 6.8 3 1  2.8 4.8 6 0  3.2 5.8 3 1  0.9 4.0 5 0  2.5 5.7 8 0
    1.6 5.6 5 1  3.8 5.7 5 1  3.7 6.7 6 1  3.2 5.4 4 1  3.8 6.6 6 1  4.1 6.6 5 1  3.6 5.7 5 1
    4.3 7.0 4 1  3.6 6.7 4 0  2.3 4.4 6 1  4.2 7.6 4 0  4.0 6.6 6 0  3.5 5.8 6 1  3.8 6.8 7 1
    3.0 4.7 8 0  4.5 7.4 5 1  3.7 7.4 5 1  3.1 6.6 6 1  4.1 8.2 6 1  4.3 7.0 5 1  4.3 6.5 4 1
    3.2 5.1 5 1  2.6 4.7 6 1  3.3 6.8 6 0  1.7 4.0 7 0  3.7 6.1 5 1  3.3 6.3 7 1  4.2 7.7 6 1
    3.5 6.2 5 1  2.9 5.7 9 0  2.1 4.8 7 1  2.8 6.2 8 0  4.0 7.0 7 1  3.3 5.7 6 1  3.7 6.9 5 1
    3.6 6.6 5 1
"""
PATIENTS = np.array([float(number) for number in PRINTED.split()]).reshape(-1, 4)

# Two worked examples of Efron & Tibshirani (1993): table 14.1, test A; and table 2.1, control.
SPATIAL = np.array(
    [48, 36, 20, 29, 42, 42, 20, 42, 22, 41, 45, 14, 6, 0, 33, 28, 34, 4, 32, 24, 47, 41, 24, 26,
     30, 41], dtype=float,
)  # fmt: skip
MICE = np.array([52, 104, 146, 10, 51, 30, 40, 27, 46], dtype=float)


def _squares(_: Panel, predictions: Predictions) -> Floats:
    value = np.asarray(predictions.value)
    return np.column_stack([value, value**2])


def _variance(means: Floats) -> Floats:
    return np.asarray(means[..., 1] - means[..., 0] ** 2)


def scored(first: Floats, second: Floats) -> tuple[Metric, Pair]:
    """Two models' scores of the same items, and the metric of their mean."""
    panel = Panel(np.array([str(i) for i in range(len(first))]), Task.SCORED, None)
    models = [Predictions(n, items={"s": s}) for n, s in (("first", first), ("second", second))]
    (metric,) = chosen(policy(Task.SCORED, metrics=("s",)), models[0], models[1])
    return metric, (panel, models[0], models[1])


def by(name: str, metric: Metric, pair: Pair, draw: Draw = DRAW) -> Paired:
    """Estimates by a named interval at 95%."""
    paired, method = interval_by(name, metric, Resampler(sample(pair), draw), 0.95)
    assert method == (INTERVALS[name].title if name != "default" else method)
    return paired


def p_of(name: str, metric: Metric, pair: Pair, draw: Draw = DRAW) -> float:
    """The p-value of a named test, which has to apply."""
    assert TESTS[name].lacks(metric, sample(pair)) == ""
    return TESTS[name].run(metric, Resampler(sample(pair), draw))


def ends(estimate: Estimate) -> tuple[float, float]:
    """Low and high."""
    assert estimate.low is not None
    assert estimate.high is not None
    return estimate.low, estimate.high


# ------------------------------------------------------------------ published examples


def test_delong_is_as_published() -> None:
    """Areas, errors and contrasts of DeLong, DeLong & Clarke-Pearson's own patients.

    Of 49 with ovarian cancer (Biometrics 44, 1988), the 43 who had all three tests, as the SAS/STAT
    User's Guide prints them with its results (The LOGISTIC Procedure, Comparing ROC Curves).
    """
    albumin, protein, score, outcome = PATIENTS.T
    tests = {"score": 10 - score, "albumin": albumin, "protein": protein}
    reach = 1.959963984540054
    for name, area, error, contrast in (
        ("albumin", 0.7366, 0.0927, (-0.1761, 0.1976)),
        ("protein", 0.6478, 0.1000, (-0.2830, 0.1271)),
    ):
        pair = binary(outcome.astype(int), tests["score"], tests[name])
        found = by("delong", REGISTRY["roc_auc"], pair)
        for own, value, spread in (
            (found.champion, 0.7258, 0.1028),
            (found.candidate, area, error),
        ):
            low, high = ends(own)
            assert round(own.value or 0.0, 4) == value
            assert round((high - low) / (2 * reach), 4) == spread
        assert tuple(round(end, 4) for end in ends(found.improvement)) == contrast
        assert found.std_error == pytest.approx((contrast[1] - contrast[0]) / (2 * reach), abs=1e-4)


def test_percentile_and_bca_are_as_published() -> None:
    """The variance of 26 children's spatial test: 90% from 100.8 to 233.9, by BCa 115.8 to 259.6.

    Efron & Tibshirani (1993), An Introduction to the Bootstrap, table 14.2, from 2,000 resamples:
    ends are held to the noise that so few have.
    """
    metric = replace(REGISTRY["mse"], law=Means(_squares, _variance), domain=(0.0, np.inf))
    pair = regression(np.zeros(26), np.ones(26), SPATIAL)
    resampler = Resampler(sample(pair), Draw(resamples=20_000, seed=2))
    for name, expected in (("bootstrap", (100.8, 233.9)), ("bootstrap_bca", (115.8, 259.6))):
        found, _ = interval_by(name, metric, resampler, 0.9)
        assert round(found.candidate.value or 0.0, 1) == 171.5
        assert ends(found.candidate) == pytest.approx(expected, abs=6)


def test_the_studentised_bootstrap_is_as_published() -> None:
    """The mean survival of nine untreated mice, 56.22 days: 90% from 35.82 to 116.74.

    Efron & Tibshirani (1993), An Introduction to the Bootstrap, ch. 12.5, from 1,000 resamples,
    whose upper end is known to a few days.
    """
    metric, pair = scored(np.zeros(9), MICE)
    found, _ = interval_by(
        "bootstrap_t", metric, Resampler(sample(pair), Draw(resamples=40_000, seed=1)), 0.9
    )
    low, high = ends(found.improvement)
    assert found.improvement.value == pytest.approx(56.22, abs=0.005)
    assert low == pytest.approx(35.82, abs=2)
    assert high == pytest.approx(116.74, abs=12)


def test_darwins_plants_by_t() -> None:
    """The paired t interval of Darwin's plants is 0.0039 to 5.2294 inches."""
    low, high = ends(by("paired_t", *scored(np.zeros(15), DARWIN / 8)).improvement)
    assert (round(low, 4), round(high, 4)) == (0.0039, 5.2294)


def test_darwins_plants_by_permutation() -> None:
    """Fisher counted 863 of the 32,768 ways to swap the pairs that do as well or better."""
    metric, pair = scored(np.zeros(15), DARWIN)
    p = p_of("permutation", metric, pair, Draw(resamples=40_000, seed=1))
    assert round(p * 2**15) == 863


def test_darwins_plants_by_wilcoxon() -> None:
    """The two negative differences have the ranks 10 and 14: a sum of 24, exactly p = 0.0206."""
    metric, pair = scored(np.zeros(15), DARWIN)
    assert p_of("wilcoxon", metric, pair) == pytest.approx(0.041259765625 / 2)


def test_mcnemar_is_as_published() -> None:
    """Cavo's 6 against 16 discordant pairs: exact conditional p = 0.052479, two-sided.

    Fagerland, Lydersen & Laake (2017), Statistical Analysis of Contingency Tables, ch. 8.
    """
    hits = [(1, 1)] * 59 + [(1, 0)] * 6 + [(0, 1)] * 16 + [(0, 0)] * 80
    first, second = np.array(hits, dtype=float).T
    p = p_of("mcnemar", REGISTRY["recall"], binary(np.ones(161, int), first, second))
    assert round(2 * p, 6) == 0.052479


# --------------------------------------------------------------------- against SciPy


def test_the_paired_t_interval_is_scipys() -> None:
    """`scipy.stats.ttest_rel` gives the same interval of the mean improvement."""
    pair = drawn(60, seed=1)
    truth = np.asarray(pair[0].y_true, dtype=float)
    losses = [(np.asarray(model.score) - truth) ** 2 for model in pair[1:]]
    expected = stats.ttest_rel(*losses).confidence_interval(0.95)
    found = by("paired_t", REGISTRY["brier"], pair)
    assert ends(found.improvement) == pytest.approx((expected.low, expected.high), rel=1e-9)


def test_bca_is_scipys() -> None:
    """`scipy.stats.bootstrap(method="BCa")` gives the same interval of skewed differences."""
    rng = np.random.default_rng(2)
    change = rng.lognormal(0, 1, 60)
    found = by("bootstrap_bca", *scored(np.zeros(60), change), Draw(resamples=20_000, seed=3))
    expected = stats.bootstrap(
        (change,), np.mean, method="BCa", n_resamples=20_000, rng=4
    ).confidence_interval
    bare = by("bootstrap", *scored(np.zeros(60), change), Draw(resamples=20_000, seed=3))
    width = expected.high - expected.low
    assert ends(found.improvement) == pytest.approx(expected, abs=0.03 * width)
    assert ends(bare.improvement) != pytest.approx(expected, abs=0.03 * width)


def test_the_cluster_bootstrap_is_scipys() -> None:
    """`scipy.stats.bootstrap` over clusters' sums and sizes: the interval of their ratio."""
    rng = np.random.default_rng(12)
    cluster = np.sort(rng.integers(0, 60, 400))
    pair = drawn(400, seed=13, cluster=cluster)
    truth = np.asarray(pair[0].y_true, dtype=float)
    one, two = ((np.asarray(model.score) - truth) ** 2 for model in pair[1:])
    sums, sizes = np.bincount(cluster, one - two), np.bincount(cluster).astype(float)
    kept = sizes > 0
    expected = stats.bootstrap(
        (sums[kept], sizes[kept]), lambda a, n, axis: a.sum(axis) / n.sum(axis), paired=True,
        vectorized=True, method="percentile", n_resamples=20_000, rng=14,
    ).confidence_interval  # fmt: skip
    found = by("cluster_bootstrap", REGISTRY["brier"], pair, Draw(resamples=20_000, seed=15))
    width = expected.high - expected.low
    assert ends(found.improvement) == pytest.approx(expected, abs=0.03 * width)


def test_the_bare_bootstrap_is_scipys() -> None:
    """`scipy.stats.bootstrap(method="percentile")` gives the same interval."""
    change = np.random.default_rng(5).lognormal(0, 1, 60)
    found = by("bootstrap", *scored(np.zeros(60), change), Draw(resamples=20_000, seed=6))
    expected = stats.bootstrap(
        (change,), np.mean, method="percentile", n_resamples=20_000, rng=7
    ).confidence_interval
    width = expected.high - expected.low
    assert ends(found.improvement) == pytest.approx(expected, abs=0.03 * width)


# ------------------------------------------------------------- against the definition


@pytest.mark.parametrize("ties", [None, 10])
def test_delong_compares_each_pair(ties: int | None) -> None:
    """The interval by one sort is that of comparing each positive with each negative."""
    pair = drawn(150, seed=8, ties=ties)
    y = np.asarray(pair[0].y_true)
    rows, columns, areas = [], [], []
    for model in pair[1:]:
        score = np.asarray(model.score)
        up, down = score[y == 1][:, None], score[y == 0]
        wins = (up > down) + 0.5 * (up == down)
        rows.append(wins.mean(axis=1))
        columns.append(wins.mean(axis=0))
        areas.append(wins.mean())
    covariance = np.cov(rows) / (y == 1).sum() + np.cov(columns) / (y == 0).sum()
    contrast = np.array([-1.0, 1.0])
    reach = 1.959963984540054 * np.sqrt(contrast @ covariance @ contrast)
    change = areas[1] - areas[0]
    found = by("delong", REGISTRY["roc_auc"], pair)
    assert ends(found.improvement) == pytest.approx((change - reach, change + reach), rel=1e-9)
    own = 1.959963984540054 * np.sqrt(covariance[0, 0])
    assert ends(found.champion) == pytest.approx((areas[0] - own, areas[0] + own), rel=1e-9)


@pytest.mark.parametrize(("positives", "interval"), [(9, False), (10, True)])
def test_delong_takes_ten_rows_of_each_class(positives: int, interval: bool) -> None:
    """The normal law of an area is one of many placements."""
    y = (np.arange(60) < positives).astype(int)
    scores = np.random.default_rng(0).random((2, 60))
    found = by("delong", REGISTRY["roc_auc"], binary(y, *scores))
    assert (found.improvement.value is not None) is interval
    assert ("rows of a class" in found.reason) is not interval


def test_the_studentised_bootstrap_is_its_definition() -> None:
    """Resampled means, each over its own error, written out."""
    rng = np.random.default_rng(9)
    change = rng.lognormal(0, 1, 50)
    found = by("bootstrap_t", *scored(np.zeros(50), change))
    rows = rng.integers(50, size=(20_000, 50))
    drawn_ = change[rows]
    t = (drawn_.mean(axis=1) - change.mean()) / drawn_.std(axis=1)
    low, high = change.mean() - np.quantile(t, [0.975, 0.025]) * change.std()
    assert ends(found.improvement) == pytest.approx((low, high), abs=0.06 * (high - low))


def test_the_cluster_bootstrap_takes_whole_clusters() -> None:
    """With clusters it is the percentile bootstrap over them, and without it does not apply."""
    pair = drawn(200, seed=10, cluster=np.arange(200) // 5)
    metric = REGISTRY["roc_auc"]
    one, other = by("cluster_bootstrap", metric, pair), by("bootstrap", metric, pair)
    assert one == other
    alone, method = interval_by(
        "cluster_bootstrap", metric, Resampler(sample(drawn(200)), DRAW), 0.95
    )
    assert alone.improvement == Estimate()
    assert "no clusters" in alone.reason
    assert method == "none"


@pytest.mark.parametrize("name", ["roc_auc", "brier", "f1", "accuracy", "average_precision"])
def test_methods_agree_where_rows_are_many(name: str) -> None:
    """With 600 rows all intervals that apply agree within a tenth of their width."""
    pair = drawn(600, seed=11, prevalence=0.5)
    metric = REGISTRY[name]
    reference = ends(by("default", metric, pair).improvement)
    width = reference[1] - reference[0]
    for method in applicable(metric, sample(pair)):
        if method in INTERVALS:
            found = ends(by(method, metric, pair).improvement)
            assert found == pytest.approx(reference, abs=0.1 * width), method


@pytest.mark.parametrize("name", sorted(TESTS))
def test_tests_know_the_side(name: str) -> None:
    """Small for a better candidate, large for a worse, and 1 for a copy."""
    pair = drawn(400, seed=12, skill=(0.5, 1.5))
    panel, worse, better = pair
    metric = REGISTRY["accuracy"]
    assert p_of(name, metric, pair) < 0.01
    assert p_of(name, metric, (panel, better, worse)) > 0.9
    assert p_of(name, metric, (panel, worse, replace(worse, model="copy"))) == 1


def test_clusters_are_one_observation() -> None:
    """Each row ten times over changes no test that is told of the copies."""
    metric, pair = scored(np.zeros(15), DARWIN)
    copies = np.repeat(np.arange(15), 10)
    panel = replace(pair[0], row_id=pair[0].row_id[copies], cluster=copies)
    models = [replace(m, items={"s": m.items["s"][copies]}) for m in pair[1:]]
    for name in ("wilcoxon", "permutation"):
        draw = Draw(resamples=40_000, seed=1)
        once, again = p_of(name, metric, pair, draw), p_of(name, metric, (panel, *models), draw)
        assert again == pytest.approx(once)


APPLIES = {
    "accuracy": {"newcombe", "mcnemar", "paired_t", "wilcoxon", "permutation", "bootstrap_t"},
    "f1": {"bootstrap", "bootstrap_bca", "influence_t"},
    "roc_auc": {"delong", "bootstrap", "bootstrap_bca", "influence_t"},
    "log_loss": {"paired_t", "wilcoxon", "permutation", "bootstrap_t"},
}
NEVER = {
    "f1": {"newcombe", "delong", "paired_t", "mcnemar", "wilcoxon", "cluster_bootstrap"},
    "roc_auc": {"newcombe", "paired_t", "mcnemar", "permutation"},
    "log_loss": {"newcombe", "delong", "mcnemar"},
    "size_mb": set(INTERVALS) | set(TESTS),
}


def test_each_metric_says_what_it_may_have() -> None:
    """What applies is listed, what does not says why and gives no other method's numbers."""
    rows = sample(drawn(100))
    for name, methods in APPLIES.items():
        assert methods | {"default"} <= set(applicable(REGISTRY[name], rows))
    for name, methods in NEVER.items():
        assert not (methods & set(applicable(REGISTRY[name], rows)))
        for method in methods & set(INTERVALS):
            found, _ = interval_by(method, REGISTRY[name], Resampler(rows, DRAW), 0.95)
            assert found.improvement == Estimate()
            assert "does not apply" in found.reason


def test_single_rows_are_asked_for_where_they_matter() -> None:
    """Weights and clusters rule out DeLong and McNemar."""
    for said in ({"cluster": np.arange(100) // 2}, {"weight": np.full(100, 2.0)}):
        rows = sample(drawn(100, **said))  # type: ignore[arg-type]
        assert "delong" not in applicable(REGISTRY["roc_auc"], rows)
        assert "mcnemar" not in applicable(REGISTRY["accuracy"], rows)


@pytest.mark.parametrize("name", sorted(set(INTERVALS) - {"default"}))
def test_a_handful_of_rows_gives_an_interval_or_a_reason(name: str) -> None:
    """No method gives NaN, whatever it is asked of."""
    for n in (1, 2, 3, 5):
        for seed in range(5):
            rows = sample(drawn(n, seed, cluster=np.arange(n)))
            for metric in (REGISTRY[m] for m in ("accuracy", "f1", "roc_auc", "brier")):
                paired, _ = interval_by(name, metric, Resampler(rows, Draw(200, 1)), 0.95)
                if paired.improvement.value is None:
                    assert paired.reason
                else:
                    assert np.isfinite(ends(paired.improvement)).all()


@pytest.mark.parametrize("name", ["paired_t", "influence_t", "bootstrap_t", "bootstrap"])
def test_a_models_own_interval_stays_within_its_domain(name: str) -> None:
    """Few skewed errors have Student's ends below 0, where no mean error is."""
    y = np.zeros(12)
    errors = np.r_[np.full(11, 0.1), 9.0] + np.arange(12) / 100
    rows = sample(regression(y, errors, errors[::-1].copy()))
    paired, _ = interval_by(name, REGISTRY["mae"], Resampler(rows, DRAW), 0.99)
    for own in (paired.champion, paired.candidate):
        low, value, high = (own.low or 0.0), (own.value or 0.0), (own.high or 0.0)
        assert 0 <= low <= value <= high


def test_no_influence_no_interval() -> None:
    """The root of a mean of nothing but noughts moves without bound: RMSE of a perfect model."""
    y = np.arange(9.0)
    rows = sample(regression(y, y + 1, y))
    paired, _ = interval_by("influence_t", REGISTRY["rmse"], Resampler(rows, DRAW), 0.95)
    assert paired.improvement == Estimate()
    assert "no finite influence" in paired.reason


@pytest.mark.parametrize("name", sorted(TESTS))
@pytest.mark.parametrize("n", [1, 2, 7])
def test_a_test_gives_a_p_value_or_a_reason(name: str, n: int) -> None:
    """Of one row as of many, and of a metric that some rows leave undefined."""
    y = np.arange(float(n))  # of which the first has no percentage error
    for metric, pair in (
        ("mape", regression(y, y + 1, y + 0.5)),
        ("mae", regression(y, y + 1, y + 0.5)),
        ("accuracy", binary(np.ones(n), np.full(n, 0.1), np.full(n, 0.9))),
    ):
        found = by_name.tested_by(name, REGISTRY[metric], Resampler(sample(pair), Draw(200, 1)))
        assert (found.p_value is None) == bool(found.reason)
        assert found.p_value is None or 0 < found.p_value <= 1
        if metric == "mape":
            assert found.p_value is None
        elif metric == "mae" and name != "mcnemar":
            assert found.p_value == pytest.approx(0.5**n)  # all changes are alike: exact


def test_the_page_is_what_the_table_prints() -> None:
    """docs/methods.md; python -m titleholder.stats.reference makes it anew."""
    from titleholder.stats import reference

    page = Path(__file__).parents[2] / "docs" / "methods.md"
    assert page.read_text(encoding="utf-8") == reference.page()
