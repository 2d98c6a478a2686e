"""Metrics of calls agree with scikit-learn on any rows; where it says 0.0, ours say NaN."""

import warnings
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from numpy.testing import assert_allclose
from sklearn import metrics as sk
from sklearn.exceptions import UndefinedMetricWarning

from tests.support.metrics import AGREE, binary, confusion, evaluate, multiclass
from titleholder.arrays import Floats, Ints, Panel, Predictions
from titleholder.metrics import REGISTRY

Reference = Callable[[Ints, Ints, Floats | None], float]


def _of_negatives(score: Callable[..., float]) -> Reference:
    """A score of the positive class asked of the negative one."""
    return lambda y, call, w: score(y, call, sample_weight=w, pos_label=0, zero_division=np.nan)


def _of_positives(score: Callable[..., float], **options: float) -> Reference:
    return lambda y, call, w: score(y, call, sample_weight=w, zero_division=np.nan, **options)


def _matthews(y: Ints, call: Ints, w: Floats | None) -> float:
    """scikit-learn's, which is 0.0 where one side holds a single class."""
    if len(set(y)) == 1 or len(set(call)) == 1:
        return np.nan
    return float(sk.matthews_corrcoef(y, call, sample_weight=w))


def _kappa(y: Ints, call: Ints, w: Floats | None) -> float:
    """scikit-learn's, which warns where both sides hold the same single class."""
    if len({*y, *call}) == 1:
        return np.nan
    return float(sk.cohen_kappa_score(y, call, sample_weight=w))


def _balanced(y: Ints, call: Ints, w: Floats | None) -> float:
    """scikit-learn's, which warns when a class is called that does not occur."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        return float(sk.balanced_accuracy_score(y, call, sample_weight=w))


BOTH: dict[str, Reference] = {
    "accuracy": lambda y, call, w: sk.accuracy_score(y, call, sample_weight=w),
    "balanced_accuracy": _balanced,
    "mcc": _matthews,
    "kappa": _kappa,
}
BINARY: dict[str, Reference] = {
    **BOTH,
    "precision": _of_positives(sk.precision_score),
    "recall": _of_positives(sk.recall_score),
    "specificity": _of_negatives(sk.recall_score),
    "false_positive_rate": lambda y, call, w: 1 - _of_negatives(sk.recall_score)(y, call, w),
    "false_negative_rate": lambda y, call, w: 1 - _of_positives(sk.recall_score)(y, call, w),
    "f1": _of_positives(sk.f1_score),
    "f2": _of_positives(sk.fbeta_score, beta=2),
    "f0_5": _of_positives(sk.fbeta_score, beta=0.5),
    "jaccard": lambda y, call, w: (
        sk.jaccard_score(y, call, sample_weight=w) if y.any() or call.any() else np.nan
    ),
}


def _average(score: Callable[..., float], average: str) -> Reference:
    return lambda y, call, w: score(y, call, average=average, sample_weight=w, zero_division=0)


MULTICLASS: dict[str, Reference] = {
    **BOTH,
    **{
        f"{name}_{average}": _average(score, average)
        for name, score in {
            "precision": sk.precision_score,
            "recall": sk.recall_score,
            "f1": sk.f1_score,
        }.items()
        for average in ("macro", "weighted")
    },
}


def _agree(references: dict[str, Reference], panel: Panel, predictions: Predictions) -> None:
    y, call = np.asarray(panel.y_true), np.asarray(predictions.label)
    ours = {name: evaluate(name, panel, predictions) for name in references}
    theirs = {name: score(y, call, panel.weight) for name, score in references.items()}
    assert ours == pytest.approx(theirs, nan_ok=True, **AGREE)


@given(binary())
def test_binary_calls_agree_with_scikit_learn(rows: tuple[Panel, Predictions]) -> None:
    """Any rows, weighted or not, tiny or of one class; undefined is NaN on both sides."""
    _agree(BINARY, *rows)


@given(multiclass())
def test_calls_of_many_classes_agree_with_scikit_learn(rows: tuple[Panel, Predictions]) -> None:
    """Any rows of three classes, some of which may not occur in truth, calls or both."""
    _agree(MULTICLASS, *rows)


@pytest.mark.parametrize("rare", [1, 3])
@pytest.mark.parametrize("name", BINARY)
def test_extreme_prevalence_costs_no_digits(name: str, rare: int) -> None:
    """One positive in 100,000 weighted rows, or all but one: still scikit-learn's value."""
    rng = np.random.default_rng(rare)
    y = np.zeros(100_000, dtype=np.int64)
    y[:rare] = 1
    call = np.where(rng.random(len(y)) < 1e-4, 1 - y, y)
    weight = rng.uniform(0.5, 2, len(y))
    for truth, said in ((y, call), (1 - y, 1 - call)):
        counts = np.zeros((2, 2))
        np.add.at(counts, (truth, said), weight)
        ours = float(REGISTRY[name].law.value(counts))
        # scikit-learn sums 100,000 weights itself, which costs it some digits.
        assert ours == pytest.approx(BINARY[name](truth, said, weight), rel=1e-10)


@given(multiclass())
def test_stacked_tables_give_what_each_gives_alone(rows: tuple[Panel, Predictions]) -> None:
    """Resamples are evaluated together, (B, K, K) at once, with the values of one at a time."""
    every = confusion(*rows)
    for name in {**BINARY, **MULTICLASS}:
        value = REGISTRY[name].law.value
        counts = every if name in MULTICLASS else every[1:, 1:]
        stack = np.stack([counts, counts.T, 2 * counts, np.zeros_like(counts)])
        alone = [float(value(table)) for table in stack]
        assert_allclose(value(stack), alone, rtol=1e-12, atol=1e-15, err_msg=name)
        assert_allclose(alone[2], alone[0], rtol=1e-12, atol=1e-15, err_msg=name)
        assert np.isnan(alone[-1]), f"{name} of no rows at all"


@pytest.mark.parametrize("name", ["mcc", "kappa"])
def test_what_is_undefined_is_not_rounding_noise(name: str) -> None:
    """Weights whose sums round differently by rows than by columns: a single class has no value."""
    rng = np.random.default_rng(11)
    for _ in range(200):
        counts = np.zeros((3, 3))
        if name == "mcc":
            counts[rng.integers(3)] = rng.uniform(0.1, 3, 3)
        else:
            counts[1, 1] = rng.uniform(0.1, 3)
        for table in (counts, counts.T):
            assert np.isnan(REGISTRY[name].law.value(table))


def test_scikit_learn_gives_zero_where_ours_have_no_value() -> None:
    """No positives and none called: precision, recall, F1, Jaccard and Matthews are undefined."""
    y = call = np.zeros(5, dtype=np.int64)
    counts = np.array([[5.0, 0.0], [0.0, 0.0]])
    theirs = (sk.precision_score, sk.recall_score, sk.f1_score, sk.jaccard_score)
    for score in theirs:
        with pytest.warns(UndefinedMetricWarning):
            assert score(y, call) == 0
    with pytest.warns(UserWarning, match="single label"):
        assert sk.matthews_corrcoef(y, call) == 0
    for name in ("precision", "recall", "f1", "jaccard", "mcc", "kappa"):
        assert np.isnan(REGISTRY[name].law.value(counts))


def test_a_class_that_is_never_called_counts_as_zero_in_a_macro_mean() -> None:
    """A model must not gain by giving up on a class: its precision is missing, its part is 0."""
    y = np.array([0, 0, 1, 1, 2, 2])
    call = np.array([0, 0, 1, 1, 1, 1])
    counts = np.zeros((3, 3))
    np.add.at(counts, (y, call), 1.0)
    assert float(REGISTRY["precision_macro"].law.value(counts)) == pytest.approx((1 + 0.5) / 3)
