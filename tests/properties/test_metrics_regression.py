"""Metrics of numeric answers agree with scikit-learn on any rows."""

from functools import partial

import numpy as np
import pytest
from hypothesis import assume, given
from sklearn import metrics as sk

from tests.support.metrics import AGREE, evaluate, panel_of, regression, weight_of
from titleholder.arrays import Floats, Panel, Predictions
from titleholder.metrics import REGISTRY, Means

Rows = tuple[Panel, Predictions]
ERRORS = {
    "mae": sk.mean_absolute_error,
    "mse": sk.mean_squared_error,
    "rmse": sk.root_mean_squared_error,
    "pinball_10": partial(sk.mean_pinball_loss, alpha=0.1),
    "pinball_90": partial(sk.mean_pinball_loss, alpha=0.9),
}


def _parts(rows: Rows) -> tuple[Floats, Floats, Floats | None]:
    panel, predictions = rows
    assert predictions.value is not None
    return np.asarray(panel.y_true), predictions.value, panel.weight


@given(regression())
def test_errors_agree_with_scikit_learn(rows: Rows) -> None:
    """Absolute, squared, root and pinball errors, weighted or not."""
    y, value, weight = _parts(rows)
    expected = {name: error(y, value, sample_weight=weight) for name, error in ERRORS.items()}
    assert {name: evaluate(name, *rows) for name in ERRORS} == pytest.approx(expected, **AGREE)


@pytest.mark.parametrize("name", ["pearson", "spearman"])
def test_correlations_are_within_one_whatever_the_weights(name: str) -> None:
    """Weights of many orders round them beyond; rows without any weight are no crash."""
    y = np.array([1.0, 2.0, 3.0, 4.0, 5.0])
    said = Predictions("m", value=y * 3)
    found = evaluate(name, panel_of(y, weight=np.array([1e9, 1e-9, 1.0, 1e9, 1e-9])), said)
    assert found == pytest.approx(1)
    assert found <= 1
    law = REGISTRY[name].law
    assert isinstance(law, Means)
    assert np.isfinite(law.columns(panel_of(y, weight=np.zeros(5)), said)).all()


@given(regression())
def test_bias_is_the_mean_signed_error(rows: Rows) -> None:
    """Positive where answers are too high."""
    y, value, _ = _parts(rows)
    expected = np.average(value - y, weights=weight_of(rows[0]))
    assert evaluate("bias", *rows) == pytest.approx(expected, **AGREE)


@given(regression())
def test_percentage_error_agrees_with_scikit_learn_where_it_means_something(rows: Rows) -> None:
    """A truth of exactly 0 has no percentage: NaN, where scikit-learn divides by epsilon."""
    y, value, weight = _parts(rows)
    theirs = sk.mean_absolute_percentage_error(y, value, sample_weight=weight)
    expected = theirs if y.all() else np.nan
    assert evaluate("mape", *rows) == pytest.approx(expected, nan_ok=True, **AGREE)


@given(regression())
def test_symmetric_error_is_that_of_the_m3_competition(rows: Rows) -> None:
    """Twice the error over the sum of sizes, at most 2; 0 where truth and answer are both 0."""
    y, value, _ = _parts(rows)
    each = [
        2 * abs(f - t) / (abs(t) + abs(f)) if t or f else 0 for t, f in zip(y, value, strict=True)
    ]
    expected = np.average(each, weights=weight_of(rows[0]))
    assert evaluate("smape", *rows) == pytest.approx(expected, **AGREE)
    assert expected <= 2 + 1e-12


@given(regression())
def test_determination_agrees_with_scikit_learn(rows: Rows) -> None:
    """Wherever truth varies."""
    y, value, weight = _parts(rows)
    assume(np.ptp(y) > 0)
    expected = sk.r2_score(y, value, sample_weight=weight)
    assert evaluate("r2", *rows) == pytest.approx(expected, **AGREE)


@given(regression())
def test_a_constant_truth_has_no_determination(rows: Rows) -> None:
    """NaN, where scikit-learn says 1 for perfect answers and 0 for others."""
    panel, predictions = rows
    constant = panel_of(np.full(len(panel), 12.3), (), panel.weight)
    assert np.isnan(evaluate("r2", constant, predictions))


@pytest.mark.parametrize("shift", [1e3, 1e6])
def test_determination_keeps_its_digits_far_from_zero(shift: float) -> None:
    """Years, altitudes and prices have a large mean beside their spread."""
    rng = np.random.default_rng(0)
    y = rng.normal(size=500) + shift
    value = y + rng.normal(size=500)
    weight = rng.uniform(0.5, 2, 500)
    found = evaluate("r2", panel_of(y, (), weight), Predictions("m", value=value))
    assert found == pytest.approx(sk.r2_score(y, value, sample_weight=weight), rel=1e-10)
