"""The parts of calibration: against definitions, other libraries, and what they are to tell."""

import numpy as np
import pytest
from hypothesis import given
from scipy import optimize
from sklearn.linear_model import LogisticRegression

from tests.support.metrics import AGREE, binary, evaluate, multiclass, panel_of, weight_of
from titleholder.arrays import Floats, Panel, Predictions
from titleholder.metrics import REGISTRY, Means

Rows = tuple[Panel, Predictions]


def _logit(p: Floats) -> Floats:
    return np.log(p) - np.log1p(-p)


def _sigmoid(x: Floats) -> Floats:
    return 1 / (1 + np.exp(-x))


def _drawn(seed: int, n: int, a: float = 0.0, b: float = 1.0, *, weighted: bool = False) -> Rows:
    """Scores whose truth has logit a + b logit(score)."""
    rng = np.random.default_rng(seed)
    x = rng.normal(-0.5, 1.2, n)
    y = (rng.uniform(size=n) < _sigmoid(a + b * x)).astype(np.int64)
    weight = rng.uniform(0.5, 2, n) if weighted else None
    return panel_of(y, ("no", "yes"), weight), Predictions("m", score=_sigmoid(x))


def _binned(rows: Rows) -> tuple[Floats, Floats, Floats]:
    """Share, mean score and rate of positives of each bin that has rows."""
    panel, predictions = rows
    assert predictions.score is not None
    bins = np.minimum(np.floor(predictions.score * 10), 9)
    weight, y = weight_of(panel), np.asarray(panel.y_true)
    parts = []
    for b in np.unique(bins):
        w = weight * (bins == b)
        parts.append((w.sum() / weight.sum(), w @ predictions.score / w.sum(), w @ y / w.sum()))
    share, score, rate = np.array(parts).T
    return share, score, rate


@given(binary())
def test_reliability_and_resolution_are_murphys(rows: Rows) -> None:
    """Sums over ten equal bins; of a single class, resolution is 0."""
    share, score, rate = _binned(rows)
    overall = share @ rate
    expected = {
        "brier_reliability": share @ (score - rate) ** 2,
        "brier_resolution": share @ (rate - overall) ** 2,
    }
    assert {name: evaluate(name, *rows) for name in expected} == pytest.approx(expected, **AGREE)


@given(binary())
def test_the_brier_score_is_made_of_its_parts(rows: Rows) -> None:
    """Reliability - resolution + uncertainty, where all scores of a bin are the same."""
    panel, predictions = rows
    assert predictions.score is not None
    middle = (np.minimum(np.floor(predictions.score * 10), 9) + 0.5) / 10
    coarse = Predictions("m", score=middle)
    rate = np.average(np.asarray(panel.y_true), weights=weight_of(panel))
    parts = evaluate("brier_reliability", panel, coarse) - evaluate(
        "brier_resolution", panel, coarse
    )
    expected = evaluate("brier", panel, coarse)
    assert parts + rate * (1 - rate) == pytest.approx(expected, **AGREE)


@pytest.mark.parametrize("name", ["brier_reliability", "brier_resolution"])
def test_parts_of_a_resample_are_close_to_those_computed_anew(name: str) -> None:
    """To second order: within a tenth of their spread over resamples."""
    panel, predictions = _drawn(3, 3000, a=0.3)
    law = REGISTRY[name].law
    assert isinstance(law, Means)
    assert predictions.score is not None
    columns = law.columns(panel, predictions)
    rng = np.random.default_rng(4)
    y, near, anew = np.asarray(panel.y_true), [], []
    for _ in range(60):
        pick = rng.integers(len(y), size=len(y))
        near.append(float(law.value(columns[pick].mean(axis=0))))
        again = Predictions("m", score=predictions.score[pick])
        anew.append(evaluate(name, panel_of(y[pick], panel.classes), again))
    error = np.abs(np.array(near) - np.array(anew))
    assert np.sqrt((error**2).mean()) < 0.1 * np.std(anew)


@pytest.mark.parametrize(
    "name", ["ece", "ece_debiased", "brier_reliability", "brier_resolution", "brier"]
)
def test_rows_without_weight_are_as_good_as_none(name: str) -> None:
    """Though they be all that a bin of scores has."""
    panel, said = _drawn(3, 400)
    assert said.score is not None
    light = (said.score > 0.6) & (said.score < 0.7)
    assert light.any()
    weighted = panel_of(np.asarray(panel.y_true), ("no", "yes"), np.where(light, 0.0, 1.0))
    without = panel_of(np.asarray(panel.y_true)[~light], ("no", "yes"))
    rest = Predictions("m", score=said.score[~light])
    expected = evaluate(name, without, rest)
    assert np.isfinite(expected)
    assert evaluate(name, weighted, said) == pytest.approx(expected, **AGREE)


@pytest.mark.parametrize("weighted", [False, True])
def test_debiasing_takes_off_what_noise_adds(weighted: bool) -> None:
    """The mean square of a calibrated model's gaps is 0 on average, within Monte-Carlo error."""
    found = np.array(
        [evaluate("ece_debiased", *_drawn(seed, 300, weighted=weighted)) for seed in range(400)]
    )
    squares = np.sign(found) * found**2
    assert abs(squares.mean()) < 3 * squares.std() / np.sqrt(len(squares))
    assert np.mean([evaluate("ece", *_drawn(seed, 300)) for seed in range(50)]) > 0.04


def test_debiasing_leaves_a_plain_error_alone() -> None:
    """Where gaps are large beside their noise, it is the root of the reliability."""
    rows = _drawn(5, 50_000, a=1.5)
    expected = np.sqrt(evaluate("brier_reliability", *rows))
    assert evaluate("ece_debiased", *rows) == pytest.approx(expected, abs=1e-3)


@given(multiclass())
def test_debiasing_never_adds_and_stays_in_its_range(rows: Rows) -> None:
    """At most the root mean square of the gaps, for many classes as for two."""
    found = evaluate("ece_debiased", *rows)
    assert -1 <= found <= np.sqrt(evaluate("ece", *rows)) + 1e-12


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("seed", range(4))
def test_the_slope_is_that_of_scikit_learns_regression(seed: int, weighted: bool) -> None:
    """Logistic regression of the truth on the scores' logits, without a penalty."""
    panel, predictions = _drawn(seed, 300, a=0.4, b=0.7, weighted=weighted)
    assert predictions.score is not None
    model = LogisticRegression(C=np.inf, tol=1e-12, max_iter=10_000, solver="newton-cholesky")
    model.fit(_logit(predictions.score)[:, None], panel.y_true, sample_weight=panel.weight)
    expected = float(model.coef_[0, 0])
    assert evaluate("calibration_slope", panel, predictions) == pytest.approx(expected, rel=1e-8)


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("seed", range(4))
def test_the_intercept_makes_scores_right_on_average(seed: int, weighted: bool) -> None:
    """It is the shift of all logits with which the mean score is the rate of positives."""
    panel, predictions = _drawn(seed, 300, a=0.8, weighted=weighted)
    assert predictions.score is not None
    x, w, y = _logit(predictions.score), weight_of(panel), np.asarray(panel.y_true)
    expected = optimize.brentq(lambda a: w @ (y - _sigmoid(a + x)), -10, 10, xtol=1e-14)
    found = evaluate("calibration_intercept", panel, predictions)
    assert found == pytest.approx(expected, abs=1e-10)


@pytest.mark.parametrize("name", ["calibration_slope", "calibration_intercept"])
def test_a_resample_is_one_newton_step_away(name: str) -> None:
    """The step gives what a fit to the resample gives, within a tenth of the noise."""
    panel, predictions = _drawn(6, 800, a=0.2, b=0.8)
    law = REGISTRY[name].law
    assert isinstance(law, Means)
    assert predictions.score is not None
    columns = law.columns(panel, predictions)
    rng = np.random.default_rng(7)
    y, near, anew = np.asarray(panel.y_true), [], []
    for _ in range(40):
        pick = rng.integers(len(y), size=len(y))
        near.append(float(law.value(columns[pick].mean(axis=0))))
        again = Predictions("m", score=predictions.score[pick])
        anew.append(evaluate(name, panel_of(y[pick], panel.classes), again))
    error = np.abs(np.array(near) - np.array(anew))
    assert np.sqrt((error**2).mean()) < 0.1 * np.std(anew)


@pytest.mark.parametrize(
    ("y", "score"),
    [
        ([1, 1, 1], [0.2, 0.5, 0.9]),
        ([0, 0, 1, 1], [0.1, 0.2, 0.8, 0.9]),
        ([0, 1, 0, 1], [0.5, 0.5, 0.5, 0.5]),
        ([1, 1, 0, 0], [0.1, 0.2, 0.2, 0.9]),
    ],
    ids=["one class", "told apart", "one score", "told apart the wrong way, a tie between"],
)
def test_a_slope_that_does_not_exist_is_nan(y: list[int], score: list[float]) -> None:
    """No finite slope makes the truth likeliest."""
    panel = panel_of(np.array(y), ("no", "yes"))
    assert np.isnan(evaluate("calibration_slope", panel, Predictions("m", score=np.array(score))))


@given(binary())
def test_certain_and_wrong_answers_still_have_an_intercept(rows: Rows) -> None:
    """Any scores, 0 and 1 among them: with both classes, finite; the mean score is then right."""
    panel, predictions = rows
    found = evaluate("calibration_intercept", panel, predictions)
    assert predictions.score is not None
    y, w = np.asarray(panel.y_true), weight_of(panel)
    if 0 < y.sum() < len(y):
        epsilon = np.finfo(float).eps
        x = _logit(np.clip(predictions.score, epsilon, 1 - epsilon))
        assert w @ _sigmoid(found + x) == pytest.approx(w @ y, rel=1e-9)
    else:
        assert np.isnan(found)
