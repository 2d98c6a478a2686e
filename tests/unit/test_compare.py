"""Comparing two models on one panel: what is measured, on which rows, and what cannot be."""

from dataclasses import replace
from typing import Any

import msgspec
import numpy as np
import pandas as pd
import pytest

from tests.support.panels import Pair, binary, drawn, found, permuted, policy, regression
from titleholder import tables
from titleholder.arrays import Panel, Predictions
from titleholder.comparison.compare import Measurement, measure
from titleholder.judge import judge
from titleholder.metrics import REGISTRY
from titleholder.metrics.base import Counts
from titleholder.params.schema import Binned, Policy
from titleholder.types import Comparison, Estimate, Gauge, Kind, Outcome, Rule, Task

B = 500
NAMES = ("accuracy", "recall", "precision", "f1", "roc_auc", "average_precision", "log_loss",
         "brier")  # fmt: skip


def measured(pair: Pair, **said: Any) -> Measurement:
    """The measurement of a pair under a policy of eight metrics."""
    return measure(*pair, policy(**{"resamples": B, "metrics": NAMES, **said}))


def grouped(n: int, seed: int = 0, **said: Any) -> Pair:
    """A binary panel with a column of two groups and a number."""
    rng = np.random.default_rng(seed + 100)
    columns = {"g": rng.choice(["a", "b"], n), "x": rng.normal(size=n)}
    return drawn(n, seed, columns=columns, **said)


SLICES: dict[str, Any] = {
    "slices": ("g", Binned("x", (-1.0, 0.0, 1.0)), ("g", Binned("x", (0.0, 9.0))))
}


def test_each_metric_on_each_slice_once() -> None:
    """Every chosen metric on every declared slice, and nothing twice."""
    out = measured(grouped(300), **SLICES)
    keys = [(c.metric, c.slice, c.over) for c in out.comparisons]
    assert len(keys) == len(set(keys))
    slices = list(dict.fromkeys(c.slice for c in out.comparisons))
    assert slices[:3] == ["overall", "g=a", "g=b"]
    assert set(keys) == {(m, s, None) for m in NAMES for s in slices}
    assert [f.slice for f in out.flips] == slices


def test_all_metrics_of_the_task_unless_some_are_named() -> None:
    """Without a list, all that the task usually has is measured, grouped ones over each column."""
    out = measured(grouped(300), metrics=None, slices=("g",))
    expected = {m.name for m in REGISTRY.values() if Task.BINARY in m.tasks and m.by_default}
    assert {c.metric for c in out.comparisons} == expected
    gaps = {(c.metric, c.slice, c.over) for c in out.comparisons if c.over}
    assert gaps == {(m.name, "overall", "g") for m in REGISTRY.values() if m.grouped}


@pytest.mark.parametrize("name", NAMES)
def test_a_slice_does_not_depend_on_the_others(name: str) -> None:
    """The same numbers to the last digit, whichever slices are measured beside it."""
    pair = grouped(400)
    alone = measured(pair, slices=("g",))
    among = measured(pair, slices=(Binned("x", (0.0, 1.0)), ("g", Binned("x", (0.0, 1.0))), "g"))
    for where in ("overall", "g=a", "g=b"):
        one, other = (found(m.comparisons, name, where) for m in (alone, among))
        assert one == other


@pytest.mark.parametrize("name", NAMES)
def test_a_slice_is_its_rows_alone(name: str) -> None:
    """A slice has the values that a panel of just these rows would have."""
    pair = grouped(300)
    here = np.flatnonzero(np.asarray(pair[0].columns["g"]) == "b")
    inside = found(measured(pair, slices=("g",)).comparisons, name, "g=b")
    alone = found(measured(permuted(pair, here)).comparisons, name)
    assert inside.n == alone.n == len(here)
    for side in ("champion", "candidate", "improvement"):
        assert getattr(inside, side).value == pytest.approx(getattr(alone, side).value, rel=1e-12)


# ------------------------------------------------------------------ swaps, copies, orders


def ends(estimate: Estimate) -> list[float]:
    """Low, value, high."""
    assert estimate.low is not None
    assert estimate.value is not None
    assert estimate.high is not None
    return [estimate.low, estimate.value, estimate.high]


def near(one: list[float], other: list[float], noise: float) -> None:
    """Intervals that agree within a share of their width."""
    width = one[2] - one[0]
    assert one[1] == pytest.approx(other[1], abs=1e-12)
    np.testing.assert_allclose(one, other, atol=noise * width + 1e-12)


@pytest.mark.parametrize("n", [200, 4000])
@pytest.mark.parametrize("name", NAMES)
def test_swapping_the_models_turns_the_improvement(name: str, n: int) -> None:
    """Negated exactly where a formula gives the interval, within noise where it is drawn."""
    panel, first, second = drawn(n, seed=1)
    there = found(measured((panel, first, second), resamples=4000).comparisons, name)
    back = found(measured((panel, second, first), resamples=4000).comparisons, name)
    values = [side.value for side in (there.champion, there.candidate)]
    swapped = [side.value for side in (back.candidate, back.champion)]
    assert values == pytest.approx(swapped, rel=1e-12)
    turned = [-end for end in reversed(ends(back.improvement))]
    law = REGISTRY[name].law
    exact = isinstance(law, Counts) and law.proportion is not None
    near(ends(there.improvement), turned, 1e-9 if exact else 0.08)


@pytest.mark.parametrize("n", [60, 200, 4000])
@pytest.mark.parametrize("name", NAMES)
def test_a_copy_is_no_improvement(name: str, n: int) -> None:
    """Equal answers: an improvement of exactly 0 whose interval holds 0 and is finite."""
    panel, first, _ = drawn(n, seed=2, prevalence=0.5)
    copy = found(measured((panel, first, replace(first, model="copy"))).comparisons, name)
    low, value, high = ends(copy.improvement)
    assert value == 0
    assert low <= 0 <= high
    assert np.isfinite([low, high]).all()
    assert copy.champion == copy.candidate
    assert copy.reason == ""


@pytest.mark.parametrize("n", [200, 4000])
@pytest.mark.parametrize("name", NAMES)
def test_the_order_of_rows_does_not_matter(name: str, n: int) -> None:
    """Values stay; so do intervals made of counts, and others within the noise of drawing."""
    pair = drawn(n, seed=3)
    order = np.random.default_rng(3).permutation(n)
    before = found(measured(pair, resamples=4000).comparisons, name)
    after = found(measured(permuted(pair, order), resamples=4000).comparisons, name)
    exact = isinstance(REGISTRY[name].law, Counts)
    for side in ("champion", "candidate", "improvement"):
        near(ends(getattr(before, side)), ends(getattr(after, side)), 1e-9 if exact else 0.08)


def test_lower_is_better_is_turned() -> None:
    """The improvement is positive where the candidate is better, low metric or high."""
    y = np.array([0, 1] * 50)
    worse, better = np.where(y == 1, 0.6, 0.4), np.where(y == 1, 0.9, 0.1)
    out = measured(binary(y, worse, better), metrics=("log_loss", "brier", "false_positive_rate"))
    for name in ("log_loss", "brier"):
        assert (found(out.comparisons, name).improvement.low or 0) > 0
    rate = found(measured(binary(y, 1 - better, better), metrics=("false_positive_rate",))
                 .comparisons, "false_positive_rate")  # fmt: skip
    assert (rate.champion.value, rate.candidate.value, rate.improvement.value) == (1, 0, 1)
    assert (rate.improvement.low or 0) > 0.8
    assert rate.relative.value == 1


# ------------------------------------------------------------------------ rows of each class


def test_the_rarest_class_is_counted_and_named() -> None:
    """On every slice over its own rows, and for gaps in the group that has fewest of any class."""
    panel, *models = grouped(300, seed=3)
    out = measured((panel, *models), metrics=("recall", "equal_opportunity_difference"), **SLICES)
    y, g = np.asarray(panel.y_true), panel.columns["g"]
    for where, mask in [("overall", np.ones(300, dtype=bool)), ("g=a", g == "a")]:
        counts = np.bincount(y[mask], minlength=2)
        one = found(out.comparisons, "recall", where)
        assert (one.n_min_class, one.min_class) == (
            counts.min(), f"class {panel.classes[counts.argmin()]}",
        )  # fmt: skip
    gap = next(c for c in out.comparisons if c.over == "g")
    cells = {(c, v): int(((y == c) & (g == v)).sum()) for c in (0, 1) for v in ("a", "b")}
    least = min(cells.values())
    assert gap.n_min_class == least < y.sum()
    assert gap.min_class in {
        f"class {panel.classes[c]} in g={v}" for (c, v), n in cells.items() if n == least
    }


def test_numbers_have_no_classes_to_count() -> None:
    """A regression panel has no rarest class."""
    y = np.arange(60.0)
    out = measure(*regression(y, y + 1, y - 1), policy(task=Task.REGRESSION, metrics=("mae",)))
    assert {(c.n_min_class, c.min_class) for c in out.comparisons} == {(None, "")}


# --------------------------------------------------------------------- what cannot be had


def test_missing_scores_are_told_metric_by_metric() -> None:
    """Metrics of scores are not available without them, on every slice; those of calls are."""
    panel, first, second = grouped(200)
    out = measured((panel, first, replace(second, score=None)), slices=("g",))
    for comparison in out.comparisons:
        needs = REGISTRY[comparison.metric].needs
        assert comparison.available == (needs == "label")
        if needs == "score":
            assert "second" in comparison.reason
            assert "y_score" in comparison.reason
            assert comparison.improvement == Estimate()


def test_a_single_class_is_told() -> None:
    """AUC on rows of one class is undefined with a reason, and never a number."""
    panel, first, second = drawn(60, seed=4)
    for label in (0, 1):
        single = replace(panel, y_true=np.full(60, label))
        out = measured((single, first, second))
        for name in ("roc_auc", "average_precision"):
            one = found(out.comparisons, name)
            assert one.improvement == Estimate()
            assert one.reason
            assert one.available
            assert one.n_min_class == 0
    recall = found(measured((replace(panel, y_true=np.zeros(60, int)), first, second))
                   .comparisons, "recall")  # fmt: skip
    assert recall.improvement == Estimate()
    assert recall.reason


def test_the_order_of_a_rare_class_is_not_judged() -> None:
    """With nineteen positives AUC and AP have no interval but the reason, with twenty they have."""
    panel, first, second = drawn(200, seed=4)
    for rare in (19, 20):
        y = (np.arange(200) < rare).astype(np.int64)
        out = measured((replace(panel, y_true=y), first, second))
        for name in ("roc_auc", "average_precision"):
            one = found(out.comparisons, name)
            assert (one.improvement.value is None) == (rare == 19)
            assert ("19 units" in one.reason) == (rare == 19)


def test_a_slice_without_rows_is_told() -> None:
    """A declared bin that nothing falls into has a comparison for each metric, with the reason."""
    out = measured(grouped(100), slices=(Binned("x", (50.0, 60.0)),))
    for name in NAMES:
        empty = found(out.comparisons, name, "x=[50, 60)")
        assert (empty.n, empty.improvement, empty.reason) == (
            0,
            Estimate(),
            "the slice has no rows",
        )
    assert found_flips(out, "x=[50, 60)") == (0, 0, 0)


def found_flips(out: Measurement, where: str) -> tuple[int, int, int]:
    """Rows, better and worse on a slice."""
    (one,) = (f for f in out.flips if f.slice == where)
    return one.n, one.better, one.worse


@pytest.mark.parametrize("n", [1, 2, 3, 5, 8])
def test_a_handful_of_rows_is_measured_or_told(n: int) -> None:
    """Every metric of a tiny panel has a finite interval or a reason, never NaN or a warning."""
    for seed in range(6):
        out = measured(grouped(n, seed), metrics=None, resamples=200, slices=("g",))
        for one in out.comparisons:
            if one.improvement.value is None:
                assert one.reason
            else:
                low, value, high = ends(one.improvement)
                assert np.isfinite([low, value, high]).all()


def test_no_rows_at_all_are_told() -> None:
    """An empty panel is measured to nothing, with a reason for each metric."""
    out = measured(permuted(drawn(5), np.arange(0)), metrics=None)
    assert all(c.improvement == Estimate() and c.reason for c in out.comparisons)


def test_a_single_group_has_no_gap() -> None:
    """A column of one value compares nobody with nobody, and says so."""
    pair = drawn(100, columns={"g": np.array(["a"] * 100)})
    out = measured(pair, metrics=("demographic_parity_difference",), slices=("g",))
    gap = found(out.comparisons, "demographic_parity_difference", over="g")
    assert gap.improvement == Estimate()
    assert "single group" in gap.reason


def test_a_gap_that_is_nearly_closed_ends_where_resamples_do() -> None:
    """A difference of 0.001 between groups of 5,000 is not told to reach to a third."""
    n, group = 10_000, np.repeat(["a", "b"], 5000)
    score = np.where(np.arange(n) % 5000 < 2500, 0.9, 0.1)
    score[0] = score[1] = score[2] = score[3] = score[4] = 0.1  # of group a: 0.499 beside 0.5
    pair = binary(np.arange(n) % 2, score, score, columns={"g": group})
    out = measured(pair, metrics=("demographic_parity_difference",), slices=("g",))
    gap = found(out.comparisons, "demographic_parity_difference", over="g").candidate
    error = np.sqrt(2 * 0.25 / 5000)
    assert gap.value == pytest.approx(0.001, abs=1e-9)
    assert gap.low is not None
    assert gap.high is not None
    assert gap.low == pytest.approx(0.0, abs=0.001)
    assert 1.9 * error < gap.high < 3.5 * error


# ------------------------------------------------------------------------ other answers


def test_flips_count_what_was_won_and_lost() -> None:
    """Rows that only the one and only the other got right or, of numbers, came closer to."""
    y = np.array([1, 1, 1, 0, 0])
    out = measured(binary(y, [0.9, 0.1, 0.1, 0.1, 0.1], [0.1, 0.9, 0.9, 0.9, 0.2]))
    assert found_flips(out, "overall") == (5, 2, 2)
    numbers = regression(np.zeros(4), np.array([1.0, 2, 0, 3]), np.array([0.5, -2, 1, -1]))
    out = measure(*numbers, policy(Task.REGRESSION, resamples=200))
    assert found_flips(out, "overall") == (4, 2, 1)


def test_regression_metrics_have_paired_intervals() -> None:
    """The paired interval of a mean loss is that of the row differences."""
    rng = np.random.default_rng(5)
    y = rng.normal(size=5000)
    first, second = y + rng.normal(size=5000), y + 0.9 * rng.normal(size=5000)
    out = measure(*regression(y, first, second), policy(Task.REGRESSION, resamples=4000))
    change = np.abs(first - y) - np.abs(second - y)
    reach = 1.96 * change.std() / np.sqrt(5000)
    mae = found(out.comparisons, "mae")
    near(ends(mae.improvement), [change.mean() - reach, change.mean(), change.mean() + reach], 0.06)
    assert mae.std_error == pytest.approx(change.std() / np.sqrt(5000), rel=0.06)


def test_items_are_metrics_of_their_own() -> None:
    """Scored items are compared by the mean of their scores; one that a side lacks is told."""
    panel = Panel(np.array(["a", "b", "c"] * 10), Task.SCORED, None)
    scores = np.tile([0.1, 0.5, 0.9], 10)
    first = Predictions("first", items={"helpful": scores, "only": scores})
    second = Predictions("second", items={"helpful": scores + 0.1})
    out = measure(panel, first, second, policy(Task.SCORED, resamples=200))
    helpful = found(out.comparisons, "helpful")
    near(ends(helpful.improvement), [0.1, 0.1, 0.1], 0.1)
    assert not found(out.comparisons, "only").available
    assert found_flips(out, "overall") == (30, 30, 0)


def measured_figures(first: Gauge | None, second: Gauge | None) -> Comparison:
    """The comparison of two sizes."""
    panel, one, two = drawn(30)
    sides = [
        replace(side, measured={} if figure is None else {"size_mb": figure})
        for side, figure in ((one, first), (two, second))
    ]
    out = measure(panel, sides[0], sides[1], policy(metrics=("size_mb",)))
    return found(out.comparisons, "size_mb")


def test_measured_figures_have_the_widest_improvement() -> None:
    """From the champion's best against the candidate's worst to the reverse; smaller is better."""
    one = measured_figures(Gauge(10.0, 9.0, 12.0, 80), Gauge(8.0, 7.0, 9.5, 60))
    assert one.improvement == Estimate(2.0, -0.5, 5.0)
    assert (one.n, one.of_rows, one.available) == (60, False, True)


@pytest.mark.parametrize("lacking", [(True, False), (False, True), (True, True)])
def test_figures_that_were_not_taken_are_faults(lacking: tuple[bool, bool]) -> None:
    """A size that nobody measured is not available, and says whose it is."""
    figure = Gauge(1.0, 1.0, 1.0, 1)
    one = measured_figures(*(None if gone else figure for gone in lacking))
    assert not one.available
    assert ("first" if lacking[0] else "second") in one.reason


@pytest.mark.parametrize(("n", "outcome"), [(40, Outcome.INCONCLUSIVE), (400, Outcome.PASS)])
def test_a_quantile_of_too_few_times_is_open_and_not_the_longest(n: int, outcome: Outcome) -> None:
    """40 rows have no interval of their 95% quantile; the finding says how many there are."""
    rule = Rule("fast", "p95_latency_ms", Kind.CEILING, value=50.0)
    asked = Policy(task=Task.BINARY, rules=(rule,), metrics=("p95_latency_ms",))
    panel, _, two = drawn(n)
    ids = panel.row_id.astype(str)
    frame = {"row_id": ids, "y_score": np.asarray(two.score), "latency_s": np.full(n, 0.01)}
    panel = replace(panel, row_id=ids)
    models = [
        tables.predictions_of(pd.DataFrame(frame), panel, asked, name, "p.csv")
        for name in ("first", "second")
    ]
    (finding,) = judge(asked, measure(panel, models[0], models[1], asked).comparisons)
    assert finding.outcome is outcome
    assert finding.n == n
    if outcome is Outcome.INCONCLUSIVE:
        few = (
            "40 timed calls of first are too few for an interval of p95_latency_ms, which takes 72"
        )
        assert (finding.reason, finding.rows_needed) == (few, 72)
        assert finding.candidate.value is None


def test_times_of_a_file_come_before_those_of_the_model_unless_they_are_too_few() -> None:
    """A file's own quantiles are of the real rows; without an interval they help nobody."""
    whole, few, own = Gauge(1.0, 0.5, 2.0, 80), Gauge(9.0, None, None, 3, 72), Gauge(3, 2, 4, 99)
    _, said, _ = drawn(30)
    for mine, measured_, expected in [(few, {"x": whole}, whole), (few, {}, few),
                                      (own, {"x": whole}, own)]:  # fmt: skip
        both = tables.with_figures(replace(said, measured={"x": mine}), measured_)
        assert both.measured["x"] == expected


def test_clusters_are_counted() -> None:
    """A comparison says how many independent units its rows were."""
    pair = drawn(120, cluster=np.arange(120) // 4)
    assert found(measured(pair).comparisons, "roc_auc").n_clusters == 30
    assert found(measured(drawn(120)).comparisons, "roc_auc").n_clusters is None


def test_clusters_widen_the_interval() -> None:
    """Every row four times over is no more evidence than once, if the cluster says so."""
    pair = drawn(150, seed=6)
    copies = permuted(pair, np.repeat(np.arange(150), 4))
    told = (replace(copies[0], cluster=np.repeat(np.arange(150), 4)), *copies[1:])
    for name in NAMES:
        once, clustered, naive = (
            found(measured(p, resamples=2000).comparisons, name) for p in (pair, told, copies)
        )
        widths = [ends(c.improvement)[2] - ends(c.improvement)[0] for c in (once, clustered, naive)]
        assert widths[1] == pytest.approx(widths[0], rel=0.25)
        assert widths[2] < 0.65 * widths[1]


def test_the_level_is_the_intervals() -> None:
    """A higher level widens every interval and is written down."""
    pair = drawn(300, seed=7)
    for name in NAMES:
        low, high = (found(measured(pair, level=level).comparisons, name) for level in (0.8, 0.99))
        assert (low.level, high.level) == (0.8, 0.99)
        inner, outer = ends(low.improvement), ends(high.improvement)
        assert outer[0] < inner[0] < inner[2] < outer[2]


def test_policies_without_rules_measure_all_the_same() -> None:
    """Measuring reads no rule, so that a change of policy reruns judging alone."""
    bare: Policy = policy(resamples=B)
    assert measure(*drawn(60), bare).comparisons


def test_a_metric_is_measured_by_the_method_that_the_suite_asks_for() -> None:
    """``methods`` of one metric leaves the others at their default."""
    pair = grouped(300)
    plain = {c.metric: c for c in measured(pair).comparisons}
    asked = {c.metric: c for c in measured(pair, methods={"roc_auc": "delong"}).comparisons}
    assert asked["roc_auc"].method == "DeLong's interval"
    assert asked["roc_auc"].improvement.value == plain["roc_auc"].improvement.value
    assert asked["roc_auc"].improvement != plain["roc_auc"].improvement
    assert asked["f1"] == plain["f1"]


def test_a_method_that_does_not_apply_gives_its_reason_and_no_other_numbers() -> None:
    """A panel without clusters has no bootstrap over clusters."""
    out = measured(grouped(300), methods={"f1": "cluster_bootstrap"})
    (f1,) = [c for c in out.comparisons if c.metric == "f1"]
    assert f1.improvement == Estimate()
    assert f1.reason.endswith("does not apply: the panel has no clusters")


def test_a_test_stands_beside_the_interval_and_changes_nothing_else() -> None:
    """McNemar's p-value of the rows that only one model hits, as SciPy's binomial has it."""
    from scipy.stats import binomtest

    pair = grouped(300)
    plain = {c.metric: c for c in measured(pair).comparisons}
    tested = {c.metric: c for c in measured(pair, tests={"accuracy": "mcnemar"}).comparisons}
    panel, champion, candidate = pair
    first, second = champion.label == panel.y_true, candidate.label == panel.y_true
    won, lost = int((second & ~first).sum()), int((first & ~second).sum())
    expected = binomtest(won, won + lost, 0.5, alternative="greater").pvalue
    test = tested["accuracy"].test
    assert test is not None
    assert test.p_value == pytest.approx(expected, rel=1e-12)
    assert replace_test(tested["accuracy"]) == plain["accuracy"]
    assert tested["f1"] == plain["f1"]


def replace_test(comparison: Comparison) -> Comparison:
    """The comparison without its test."""
    return msgspec.structs.replace(comparison, test=None)


def test_a_test_that_does_not_apply_says_so() -> None:
    """F1 is no mean over rows, so signed ranks say nothing of it."""
    out = measured(grouped(300), tests={"f1": "wilcoxon"})
    (f1,) = [c for c in out.comparisons if c.metric == "f1"]
    assert f1.test is not None
    assert f1.test.p_value is None
    assert f1.test.reason == "does not apply: f1 is no mean over rows"
