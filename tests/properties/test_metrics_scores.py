"""Metrics of scores agree with scikit-learn and SciPy on any rows, ties and certainties too."""

import warnings
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from sklearn import metrics as sk

from tests.support.metrics import AGREE, binary, evaluate, multiclass, panel_of, weight_of
from titleholder.arrays import Floats, Ints, Panel, Predictions

Rows = tuple[Panel, Predictions]
MOST_CERTAIN = np.finfo(float).eps  # what a probability of 0 counts as


def _parts(rows: Rows) -> tuple[Ints, Floats, Floats | None]:
    panel, predictions = rows
    assert predictions.score is not None
    return np.asarray(panel.y_true), predictions.score, panel.weight


@given(binary())
def test_probabilities_agree_with_scikit_learn(rows: Rows) -> None:
    """Log loss (certainties kept a machine epsilon off) and Brier score, one class or two."""
    y, score, weight = _parts(rows)
    losses = {
        "log_loss": sk.log_loss(y, score, sample_weight=weight, labels=[0, 1]),
        "brier": sk.brier_score_loss(y, score, sample_weight=weight, labels=[0, 1], pos_label=1),
    }
    assert {name: evaluate(name, *rows) for name in losses} == pytest.approx(losses, **AGREE)


@given(multiclass())
def test_distributions_agree_with_scikit_learn(rows: Rows) -> None:
    """Log loss and Brier score of three classes, summed and not halved."""
    y, score, weight = _parts(rows)
    losses = {
        "log_loss": sk.log_loss(y, score, sample_weight=weight, labels=[0, 1, 2]),
        "brier": sk.brier_score_loss(y, score, sample_weight=weight, labels=[0, 1, 2]),
    }
    assert {name: evaluate(name, *rows) for name in losses} == pytest.approx(losses, **AGREE)


@given(binary(both=True))
def test_order_agrees_with_scikit_learn(rows: Rows) -> None:
    """ROC AUC, Gini, average precision and KS, ties in any place."""
    y, score, weight = _parts(rows)
    area = sk.roc_auc_score(y, score, sample_weight=weight)
    false_rate, true_rate, _ = sk.roc_curve(y, score, sample_weight=weight, drop_intermediate=False)
    expected = {
        "roc_auc": area,
        "gini": 2 * area - 1,
        "average_precision": sk.average_precision_score(y, score, sample_weight=weight),
        "ks": np.max(np.abs(true_rate - false_rate)),
    }
    assert {name: evaluate(name, *rows) for name in expected} == pytest.approx(expected, **AGREE)


@given(binary(both=True, weighted=False))
def test_order_agrees_with_scipy_and_with_all_pairs(rows: Rows) -> None:
    """KS is SciPy's statistic of two samples, the AUC the share of pairs that are in order."""
    y, score, _ = _parts(rows)
    yes, no = score[y == 1], score[y == 0]
    pairs = np.sign(yes[:, None] - no[None, :])
    assert evaluate("roc_auc", *rows) == pytest.approx((pairs.mean() + 1) / 2, **AGREE)
    with warnings.catch_warnings():
        warnings.simplefilter(
            "ignore", RuntimeWarning
        )  # of SciPy's p-value, which is not asked for
        distance = stats.ks_2samp(yes, no, method="exact").statistic
    assert evaluate("ks", *rows) == pytest.approx(distance, **AGREE)


@given(st.sampled_from([0, 1]), binary())
def test_the_order_of_one_class_has_no_value(only: int, rows: Rows) -> None:
    """NaN, where scikit-learn has 0 or 1 for average precision."""
    panel, predictions = rows
    one = panel_of(np.full(len(panel), only), panel.classes, panel.weight)
    for name in ("roc_auc", "gini", "ks", "average_precision"):
        assert np.isnan(evaluate(name, one, predictions)), name


def _gap_by_bins(confidence: Floats, hit: Floats, weight: Floats) -> float:
    """The expected calibration error, bin by bin: [0, .1), [.1, .2), ..., [.9, 1]."""
    edges = [*(np.arange(10) / 10), np.inf]
    total = 0.0
    for low, high in pairwise(edges):
        inside = (confidence >= low) & (confidence < high)
        if inside.any():
            gap = np.average(confidence[inside], weights=weight[inside]) - np.average(
                hit[inside], weights=weight[inside]
            )
            total += weight[inside].sum() / weight.sum() * abs(gap)
    return float(total)


@given(binary())
def test_calibration_error_is_the_weighted_gap_of_bins(rows: Rows) -> None:
    """Binary: the positive class's probability; an edge belongs to the bin above it."""
    y, score, _ = _parts(rows)
    expected = _gap_by_bins(score, y.astype(float), weight_of(rows[0]))
    assert evaluate("ece", *rows) == pytest.approx(expected, **AGREE)


@given(multiclass())
def test_calibration_error_of_many_classes_is_that_of_the_top_one(rows: Rows) -> None:
    """The likeliest class's probability against whether it came true."""
    y, score, _ = _parts(rows)
    hit = (score.argmax(axis=1) == y).astype(float)
    expected = _gap_by_bins(score.max(axis=1), hit, weight_of(rows[0]))
    assert evaluate("ece", *rows) == pytest.approx(expected, **AGREE)


@given(binary(both=True, weighted=False))
def test_rows_of_no_weight_might_as_well_not_be_there(rows: Rows) -> None:
    """Also where they have the highest scores, or are the last of a tie."""
    panel, predictions = rows
    assert predictions.score is not None
    y = np.concatenate([np.asarray(panel.y_true), [0, 1, 1]])
    score = np.concatenate([predictions.score, [1.0, 1.0, 0.5]])
    more = panel_of(y, panel.classes, np.concatenate([np.ones(len(panel)), np.zeros(3)]))
    names = ("roc_auc", "gini", "average_precision", "ks", "log_loss", "brier", "ece")
    expected = {name: evaluate(name, panel, predictions) for name in names}
    found = {name: evaluate(name, more, Predictions("m", score=score)) for name in names}
    assert found == pytest.approx(expected, **AGREE)


def test_a_certain_and_wrong_answer_costs_minus_the_log_of_epsilon() -> None:
    """Probability 0 for what came true is 36.04 nats, not infinity, as in scikit-learn."""
    panel = panel_of(np.array([1]), ("no", "yes"))
    wrong = Predictions("m", score=np.array([0.0]))
    assert evaluate("log_loss", panel, wrong) == pytest.approx(-np.log(MOST_CERTAIN))
