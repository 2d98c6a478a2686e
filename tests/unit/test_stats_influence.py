"""How surely the spread is known: degrees of freedom of influence values, pushes and extremes."""

from dataclasses import replace

import numpy as np
import pytest

from tests.support.panels import binary, drawn, found, policy, regression
from titleholder.arrays import Floats
from titleholder.comparison.compare import measure
from titleholder.metrics import REGISTRY
from titleholder.stats.influence import Influence, Moving, by_counts, by_means
from titleholder.stats.intervals import interval, widening
from titleholder.stats.methods import interval_by
from titleholder.stats.push import HIDDEN_BIAS, NONE, Push
from titleholder.stats.resampler import Draw, Resampler
from titleholder.stats.sample import take
from titleholder.types import Task

SKEWED = np.random.default_rng(0).lognormal(size=4000)


def influence(change: Floats, copies: Floats | None = None) -> Influence:
    """A champion whose units do not matter and a candidate whose do."""
    every = np.ones(len(change)) if copies is None else copies
    n = int(every.sum())
    return Influence(np.zeros(len(change)), change, every, n, n)


def test_normal_units_all_count() -> None:
    """Of n normal influences, about n degrees of freedom."""
    rng = np.random.default_rng(1)
    found = [influence(rng.normal(size=200)).of(0, 1).freedom for _ in range(200)]
    assert np.mean(found) == pytest.approx(200, rel=0.1)


@pytest.mark.parametrize("few", [1, 3, 10])
def test_few_units_that_matter_are_few(few: int) -> None:
    """Of a thousand units of which few matter alike, twice the few."""
    change = np.where(np.arange(1000) < few, 0.5, 0.0)
    assert influence(change).of(0, 1).freedom == pytest.approx(2 * few, rel=0.02)


def test_copies_are_units() -> None:
    """A kind of unit that stands five times counts as five units."""
    change = np.array([0.3, -0.2, 0.0])
    copies = np.array([5.0, 2.0, 10.0])
    spread_out = influence(np.repeat(change, copies.astype(int)))
    assert influence(change, copies).of(0, 1).freedom == pytest.approx(spread_out.of(0, 1).freedom)


def test_no_spread_has_the_most_freedom() -> None:
    """Where nothing moves, and where influence is not finite, one less than there are units."""
    assert influence(np.zeros(30)).of(0, 1).freedom == 29
    assert influence(np.full(30, np.nan)).of(0, 1).freedom == 29


def test_widening_is_students() -> None:
    """Never below 1, larger for fewer units and for a higher level."""

    def of(n: int, level: float) -> float:
        return widening(influence(np.resize([1.0, -1.0], n)).of(0, 1), level)

    assert of(4000, 0.95) == pytest.approx(1, abs=0.002)
    assert of(5, 0.95) > of(10, 0.95) > of(50, 0.95) > 1
    assert of(10, 0.99) > of(10, 0.95)
    # Student's 2.776 over 1.960 with 4 degrees of freedom, and the root of 5 / 4.
    assert of(5, 0.95) == pytest.approx(2.7764 / 1.95996 * np.sqrt(5 / 4), rel=1e-3)


def test_derivatives_are_derivatives() -> None:
    """Of counts and of means, against what calculus gives."""
    counts = np.array([[30.0, 5.0], [8.0, 0.0]])
    slopes = by_counts(lambda c: c[..., 0, 0] / c.sum(axis=(-2, -1)), counts)
    n = counts.sum()
    np.testing.assert_allclose(slopes[0], [(n - 30) / n**2, -30 / n**2], rtol=1e-6)
    assert slopes[1, 1] == 0
    means = np.array([2.0, 3.0])
    slopes = by_means(lambda m: m[..., 0] ** 2 / m[..., 1], means, np.array([0.1, 0.2]))
    np.testing.assert_allclose(slopes, [4 / 3, -4 / 9], rtol=1e-6)


def test_the_plain_interval_is_the_percentiles() -> None:
    """Without widening or push, the quantiles of the draws."""
    low, high = np.quantile(SKEWED, [0.025, 0.975])
    value = float(SKEWED.mean())
    found = interval(value, SKEWED, 0.95)
    assert (found.low, found.value, found.high) == pytest.approx((low, value, high))


def test_a_wider_interval_holds_the_narrower() -> None:
    """Widening and pushes move the ends out and never in."""
    value = float(np.median(SKEWED))
    base = interval(value, SKEWED, 0.95)
    wider = interval(value, SKEWED, 0.95, 1.3)
    pushed = interval(value, SKEWED, 0.95, 1.0, Push(up=0.5))
    for other in (wider, pushed):
        assert (other.low or 0) < (base.low or 0)
    assert (wider.high or 0) > (base.high or 0)


@pytest.mark.parametrize("turn", [1.0, -1.0])
def test_few_rows_that_matter_reach_to_the_side_that_they_are_skewed_to(turn: float) -> None:
    """Two models that differ on five of a hundred rows, and on one of them by much."""
    better = turn * np.resize([0.2, 0.4, 0.5, 1.0, 3.0], 5)
    pair = regression(np.zeros(100), np.append(np.maximum(better, 0.0), np.ones(95)),
                      np.append(np.maximum(-better, 0.0), np.ones(95)))  # fmt: skip
    asked = policy(Task.REGRESSION, metrics=("mae",), resamples=4000)
    change = found(measure(*pair, asked).comparisons, "mae").improvement
    rows = np.append(better, np.zeros(95))
    centred = (rows - rows.mean()) / 100
    squares, cubes = (centred**2).sum(), (centred**3).sum()
    skew, error = cubes / squares**1.5, np.sqrt(squares)
    cubic = np.polynomial.Polynomial([skew / 6, 1, skew / 3, skew**2 / 27])
    far = 1.96 * np.sign(skew)
    (root,) = [x.real for x in (cubic + far).roots() if abs(x.imag) < 1e-4]
    reach = -root * error * widening(influence(centred).of(0, 1), 0.95)
    end = change.high if turn > 0 else change.low
    assert (end or 0.0) - rows.mean() == pytest.approx(reach, rel=1e-3)


@pytest.mark.parametrize("name", ["brier", "roc_auc", "average_precision", "ks"])
def test_a_row_more_on_which_models_differ_does_not_narrow_an_interval(name: str) -> None:
    """Of none that differ, 3.84 of 200 and 3.84 more may have been missed, and so of one or two."""
    rng = np.random.default_rng(4)
    y = (rng.random(200) < 0.4).astype(np.int64)
    score = np.clip(rng.normal(0.4 + 0.3 * y, 0.2), 0.01, 0.99)
    reaches = []
    for differ in range(3):
        other = score.copy()
        other[:differ] = other[:differ] * 0.97
        asked = policy(metrics=(name,), resamples=500)
        change = found(measure(*binary(y, score, other), asked).comparisons, name).improvement
        value, low, high = change.value or 0.0, change.low or 0.0, change.high or 0.0
        reaches.append(min(value - low, high - value))
    least, most = REGISTRY[name].domain
    assert min(reaches) >= 0.999 * (most - least) * 1.96**2 / (200 + 1.96**2)


def test_a_metric_without_bounds_has_those_that_its_rows_kept() -> None:
    """Two models that differ on one row of 200: others might differ by as much as errors do."""
    rng = np.random.default_rng(4)
    error = rng.uniform(1.0, 9.0, 200)
    error[:2] = 1.0, 9.0
    other = np.where(np.arange(200) == 5, error - 0.5, error)
    asked = policy(Task.REGRESSION, metrics=("mae",), resamples=500)
    change = found(measure(*regression(np.zeros(200), error, other), asked).comparisons, "mae")
    value, low = change.improvement.value or 0.0, change.improvement.low or 0.0
    assert value == pytest.approx(0.5 / 200)
    assert value - low == pytest.approx(8.0 * 1.96**2 / (200 + 1.96**2), rel=1e-3)


def test_pushes_are_what_resampling_shows_times_what_it_hides() -> None:
    """A bias within the noise of drawing is none; a larger one counts in its direction."""
    draws = np.random.default_rng(2).normal(1.0, 1.0, 20_000)
    assert Push.of(float(draws.mean()), draws) == NONE
    up, down = Push.of(0.5, draws), Push.of(1.5, draws)
    assert up.up == pytest.approx(HIDDEN_BIAS * (draws.mean() - 0.5))
    assert (up.down, down.up) == (0.0, 0.0)
    assert down.down > 0


def test_calibration_error_may_be_noise_altogether() -> None:
    """The interval of a calibrated model's ECE reaches down to 0 on a few hundred rows."""
    rng = np.random.default_rng(3)
    score = rng.uniform(size=300)
    y = (rng.random(300) < score).astype(np.int64)
    out = measure(*binary(y, score, score), policy(metrics=("ece",), resamples=1000))
    own = found(out.comparisons, "ece").candidate
    assert own.low == 0
    assert (own.value or 0) > 0.02


@pytest.mark.parametrize("name", ["precision", "f1", "mcc", "roc_auc", "balanced_accuracy"])
def test_no_error_on_a_few_rows_is_not_perfection(name: str) -> None:
    """A model that made no mistake on 60 rows has an interval with room below."""
    y = np.arange(60) % 2
    perfect = np.where(y == 1, 0.9, 0.1)
    one = found(
        measure(*binary(y, perfect, perfect), policy(metrics=(name,), resamples=500)).comparisons,
        name,
    )
    assert (one.candidate.value, one.candidate.high) == pytest.approx((1, 1))
    assert (one.candidate.low or 1) < 0.95
    assert (one.improvement.low or 0) < 0 < (one.improvement.high or 0)


@pytest.mark.parametrize("name", ["kappa", "mcc", "f1", "balanced_accuracy"])
@pytest.mark.parametrize("n", [5000, 5001, 20_000])
def test_no_error_on_many_rows_is_not_perfection_either(name: str, n: int) -> None:
    """Whatever rounding leaves of a derivative that is 0: of 5% positives no error was seen."""
    y = (np.arange(n) < n // 20).astype(np.int64)
    perfect = 0.1 + 0.8 * y
    missed = np.where(np.arange(n) < 5, 0.1, perfect)
    asked = policy(metrics=(name,), resamples=500)
    one = found(measure(*binary(y, missed, perfect), asked).comparisons, name).candidate
    assert (one.value, one.high) == pytest.approx((1, 1))
    assert (one.low or 1) < 1 - 3 / (n // 20)


@pytest.mark.parametrize("name", ["mse", "rmse", "mae", "r2", "bias"])
@pytest.mark.parametrize("huge", [1e3, 1e6, 1e9])
@pytest.mark.parametrize("n", [50, 3000])
def test_one_model_may_not_drown_the_other(name: str, huge: float, n: int) -> None:
    """A single wild answer of the champion's leaves the candidate's own figures as they are."""
    rng = np.random.default_rng(9)
    y = rng.normal(10.0, 1.0, n)
    one, two = y + rng.normal(size=(2, n))
    wild = one.copy()
    wild[3] = huge
    asked = policy(Task.REGRESSION, metrics=(name,), resamples=2000)
    calm, beside = (
        found(measure(*regression(y, first, two), asked).comparisons, name).candidate
        for first in (one, wild)
    )
    assert beside.value == pytest.approx(calm.value, rel=1e-12)
    reach = (calm.high or 0.0) - (calm.low or 0.0)
    assert beside.low == pytest.approx(calm.low, abs=0.1 * reach)
    assert beside.high == pytest.approx(calm.high, abs=0.1 * reach)


@pytest.mark.parametrize("name", ["accuracy", "recall", "f1", "roc_auc", "log_loss"])
def test_one_cluster_alone_tells_nothing(name: str) -> None:
    """However many rows it has."""
    panel, *models = drawn(300, seed=1)
    alone = replace(panel, cluster=np.array(["one"] * 300))
    asked = policy(metrics=(name,), resamples=500)
    one = found(measure(alone, models[0], models[1], asked).comparisons, name)
    assert (one.improvement.low, one.candidate.low) == (None, None)


@pytest.mark.parametrize("said", [{"weight": np.full(40, 2.5)}, {"cluster": np.arange(40) // 2}])
def test_shares_of_weighted_rows_know_their_extremes(said: dict[str, Floats]) -> None:
    """All rows right, with weights or clusters: no interval of no width."""
    y = np.arange(40) % 2
    pair = binary(y, np.where(y == 1, 0.9, 0.1), np.where(y == 1, 0.8, 0.2), **said)
    one = found(
        measure(*pair, policy(metrics=("accuracy",), resamples=500)).comparisons, "accuracy"
    )
    assert (one.candidate.low or 1) < 0.92
    assert "effective" in one.method


def test_equal_weights_are_no_weights() -> None:
    """Rows of weight 2.5 each tell as much as rows without: nearly the same interval."""
    plain, weighted = drawn(300, seed=4), drawn(300, seed=4, weight=np.full(300, 2.5))
    ends = []
    for pair in (plain, weighted):
        out = measure(*pair, policy(metrics=("accuracy",), resamples=500))
        one = found(out.comparisons, "accuracy").improvement
        ends.append((one.low, one.high))
    assert ends[0] == pytest.approx(ends[1], abs=0.004)


def test_an_area_near_its_end_reaches_further_inward() -> None:
    """With few positives, the lower end of a high AUC is no higher than on the logit scale."""
    one = found(
        measure(*drawn(300, seed=6, prevalence=0.1, skill=(2.0, 2.0)), policy(
            metrics=("roc_auc",), resamples=2000
        )).comparisons, "roc_auc",
    ).candidate  # fmt: skip
    value, low, high = one.value or 0, one.low or 0, one.high or 0
    assert 0.9 < value < 1
    assert value - low > 1.2 * (high - value)


def test_errors_are_roots_of_summed_squares() -> None:
    """Of one model and of the difference, copies counted; NaN where influence is not finite."""
    units = Influence(
        np.array([0.3, -0.1]), np.array([0.1, 0.2]), np.array([2.0, 3.0]), units=5, fewest=5
    )
    assert units.of(1, 0).error == pytest.approx(np.sqrt(2 * 0.3**2 + 3 * 0.1**2))
    assert units.of(-1, 1).error == pytest.approx(np.sqrt(2 * 0.2**2 + 3 * 0.3**2))
    assert np.isnan(influence(np.full(3, np.nan)).of(0, 1).error)


def test_dozens_of_classes_have_their_degrees_of_freedom() -> None:
    """The influence of rows on a mean over 50 classes is the derivative, and is finite."""
    rng = np.random.default_rng(0)
    counts = np.zeros((50, 50))
    np.add.at(counts, (rng.integers(0, 50, 400), rng.integers(0, 50, 400)), 1.0)
    slopes = by_counts(recall_by_class_mean, counts)
    assert np.isfinite(slopes).all()
    truth = counts.sum(axis=1)
    right = np.diagonal(counts)
    here = np.flatnonzero((truth > 0) & (right > 0))[0]
    expected = (truth[here] - right[here]) / truth[here] ** 2 / (truth > 0).sum()
    assert slopes[here, here] == pytest.approx(expected, rel=1e-4)


def recall_by_class_mean(counts: Floats) -> Floats:
    """Mean recall of the classes that occur."""
    truth = counts.sum(axis=-1)
    right = np.diagonal(counts, axis1=-2, axis2=-1)
    share = np.divide(right, truth, out=np.zeros_like(truth), where=truth > 0)
    return np.asarray(share.sum(axis=-1) / (truth > 0).sum(axis=-1))


@pytest.mark.parametrize("scale", [1e-70, 1e-30, 1.0, 1e30, 1e70])
def test_the_unit_of_a_value_changes_nothing_but_its_error(scale: float) -> None:
    """Skewness and degrees of freedom have no unit."""
    values = np.random.default_rng(0).exponential(size=(2, 400)) - 1.0
    plain, scaled = (Influence(*(values * k), None, 400, 400).of(-1, 1) for k in (1.0, scale))
    assert scaled.error == pytest.approx(scale * plain.error, rel=1e-12)
    assert scaled[1:] == pytest.approx(plain[1:], rel=1e-12)


@pytest.mark.parametrize("scale", [1e-120, 1e-100, 1e100, 1e120])
@pytest.mark.filterwarnings("ignore:overflow|invalid:RuntimeWarning")
def test_a_spread_whose_fourth_powers_are_lost_is_known_from_one_unit(scale: float) -> None:
    """Too small or too large for a number: its interval is as wide as Student's law ever is."""
    values = np.random.default_rng(0).exponential(size=(2, 400)) - 1.0
    found = Influence(*(values * scale), None, 400, 400).of(0, 1)
    assert found.freedom == 1
    assert found.error > 0


def test_a_spread_whose_units_were_not_looked_at_is_known_from_one_unit() -> None:
    """Squares of all rows, and fourth powers of some, among which none of those that matter is."""
    assert Moving.of((1.0, 0.0, 0.0), 1000, 1000).freedom == 1


@pytest.mark.parametrize("method", ["default", "bootstrap", "bootstrap_bca", "influence_t"])
@pytest.mark.parametrize(
    ("off", "lower", "upper"),
    [((0.5, 10), 2.2414, 1.96), ((10, 0.5), 1.96, 2.2414), ((10, -20), 1.96, 1.96)],
)
def test_a_side_that_chance_may_have_taken_has_half_of_the_error(
    off: tuple[float, float], lower: float, upper: float, method: str
) -> None:
    """Of a mean error near 0, and of a clear one; ends in standard errors of independent models."""
    n, rng = 400, np.random.default_rng(5)
    errors = np.linalg.qr(np.column_stack([np.ones(n), rng.normal(size=(n, 2))]))[0][:, 1:]
    one, two = (errors * np.sqrt(n) + np.array(off) / np.sqrt(n)).T
    for turn in (1.0, -1.0):
        rows = take("all", np.ones(n, bool), *regression(np.zeros(n), turn * one, turn * two))
        told, _ = interval_by(method, REGISTRY["bias"], Resampler(rows, Draw(4000, 2)), 0.95)
        change = told.improvement
        value, error = (abs(off[0]) - abs(off[1])) / np.sqrt(n), np.sqrt(2 / n)
        assert change.value == pytest.approx(value)
        assert {type(end) for end in (change.value, change.low, change.high)} == {float}
        reach = [abs((end or 0.0) - value) / error for end in (change.low, change.high)]
        assert reach == pytest.approx([lower, upper], abs=0.12)


def test_an_end_holds_for_either_side_of_the_target() -> None:
    """Errors that both models share add up where their biases lie on different sides."""
    n, rng = 400, np.random.default_rng(6)
    error = rng.normal(size=n)
    error -= error.mean()
    pair = regression(np.zeros(n), error + 1.0, error + 0.5 / np.sqrt(n))
    asked = policy(metrics=("bias",), resamples=4000, task=Task.REGRESSION)
    change = found(measure(*pair, asked).comparisons, "bias").improvement
    below = (change.value or 0.0) - (change.low or 0.0)
    assert below == pytest.approx(1.96 * 2 * error.std() / np.sqrt(n) - 1 / np.sqrt(n), rel=0.1)


def test_rows_do_not_tell_the_side_of_a_target() -> None:
    """Each row's error was taken for a loss: a candidate far below the truth was called better."""
    y = np.random.default_rng(7).normal(size=200)
    sample = take("overall", np.ones(200, bool), *regression(y, y + 0.01 * np.sin(y), y - 5.0))
    resampler = Resampler(sample, Draw(500, 1))
    for name in ("paired_t", "bootstrap_t"):
        told, _ = interval_by(name, REGISTRY["bias"], resampler, 0.95)
        assert told.improvement.low is None
        assert "does not apply" in told.reason


@pytest.mark.parametrize(("near", "far"), [(0, 1), (1, 0)])
def test_a_gap_next_to_none_may_be_that_of_either_order(near: int, far: int) -> None:
    """Two groups of 1,000: the end that its model decides lies as far as either sign asks for."""
    rng = np.random.default_rng(8)
    group, noise = np.arange(2000) % 2, rng.random(2000)
    calls = np.empty((2, 2000))
    calls[near] = noise < 0.4
    calls[far] = noise < 0.4 + 0.2 * group
    pair = binary(group, *(0.1 + 0.8 * calls), columns={"g": group.astype(str)})
    name = "demographic_parity_difference"
    asked = policy(metrics=(name,), slices=("g",), resamples=2000)
    change = found(measure(*pair, asked).comparisons, name, over="g").improvement
    parts = [np.cov(calls[:, group == g], bias=True) / 1000 for g in (0, 1)]
    spread = max(np.sqrt(turn @ sum(parts) @ turn) for turn in ([1, 1], np.array([1, -1])))
    value, low, high = change.value or 0.0, change.low or 0.0, change.high or 0.0
    assert {type(end) for end in (value, low, high)} == {float}  # as records hold them
    reach = value - low if near == 0 else high - value
    assert reach >= 2.2414 * spread
    assert reach == pytest.approx(2.2414 * spread, rel=0.1)
