"""Averages, single classes and guesses among many classes agree with scikit-learn."""

from functools import partial

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn import metrics as sk

from tests.support.metrics import (
    AGREE,
    CLASSES,
    binary,
    confusion,
    evaluate,
    multiclass,
    panel_of,
    weight_of,
)
from titleholder.arrays import Panel, Predictions
from titleholder.errors import BadInput
from titleholder.metrics import REGISTRY, OfClass
from titleholder.metrics.base import Proportion
from titleholder.metrics.one_versus_rest import FEWEST

Rows = tuple[Panel, Predictions]
SCORES = {
    "precision": sk.precision_score,
    "recall": sk.recall_score,
    "f1": sk.f1_score,
    "f2": partial(sk.fbeta_score, beta=2),
    "f0_5": partial(sk.fbeta_score, beta=0.5),
}


@given(multiclass())
def test_averages_agree_with_scikit_learn(rows: Rows) -> None:
    """Micro averages, and all three averages of Jaccard's and of F scores that are not F1."""
    panel, predictions = rows
    options = {"sample_weight": panel.weight, "zero_division": 0}
    pair = (panel.y_true, predictions.label)
    expected = {
        f"{name}_micro": score(*pair, average="micro", **options) for name, score in SCORES.items()
    }
    for average in ("micro", "macro", "weighted"):
        expected[f"jaccard_{average}"] = sk.jaccard_score(*pair, average=average, **options)
        for name in ("f2", "f0_5"):
            expected[f"{name}_{average}"] = SCORES[name](*pair, average=average, **options)
    assert {name: evaluate(name, *rows) for name in expected} == pytest.approx(expected, **AGREE)


@given(multiclass())
def test_rates_of_error_agree_with_scikit_learns_tables_of_each_class(rows: Rows) -> None:
    """Specificity, false positive and false negative rate, of a class and of all; missing is worst.

    scikit-learn has no such scores: they are taken from its `multilabel_confusion_matrix`.
    """
    panel, predictions = rows
    tables = sk.multilabel_confusion_matrix(
        panel.y_true, predictions.label, labels=[0, 1, 2], sample_weight=panel.weight
    ).astype(float)
    (_, fp), (fn, tp) = tables.transpose(1, 2, 0)
    of_class = (np.asarray(panel.y_true)[:, None] == [0, 1, 2]).astype(float)
    # Its true negatives are what is left of all weights, and rounding is what may be left of those.
    positives, negatives = weight_of(panel) @ of_class, weight_of(panel) @ (1 - of_class)
    present = (positives + fp) > 0
    with np.errstate(invalid="ignore", divide="ignore"):
        wrong = {"false_positive_rate": fp / negatives, "false_negative_rate": fn / positives}
    pooled = {
        "false_positive_rate": fp.sum() / negatives.sum(),
        "false_negative_rate": fn.sum() / (tp + fn).sum(),
    }
    share = positives / positives.sum()
    expected = {}
    for name, rates in wrong.items():
        worst = np.where(np.isnan(rates), 1.0, rates)
        expected |= {f"{name}[{label}]": rates[code] for code, label in enumerate(CLASSES)}
        expected[f"{name}_macro"] = worst[present].mean()
        expected[f"{name}_weighted"] = share @ worst
        expected[f"{name}_micro"] = pooled[name]
    for end in ("_macro", "_weighted", "_micro", "[ant]"):
        expected[f"specificity{end}"] = 1 - expected[f"false_positive_rate{end}"]
    found = {name: _of_class(name, rows) for name in expected}
    assert found == pytest.approx(expected, nan_ok=True, **AGREE)


def test_a_rate_of_one_class_has_the_interval_of_a_share() -> None:
    """Recall and false negative rate are shares of the rows of a class; other rates are not."""
    laws = {n: REGISTRY[f"{n}[cat]"].on(CLASSES) for n in ("recall", "false_negative_rate")}
    assert [law.law.proportion for law in laws.values()] == [
        Proportion(2),
        Proportion(2, misses=True),
    ]
    assert [law.higher_is_better for law in laws.values()] == [True, False]
    assert REGISTRY["specificity[cat]"].on(CLASSES).law.proportion is None


def _of_class(name: str, rows: Rows) -> float:
    return evaluate(REGISTRY[name].on(rows[0].classes), *rows)


@given(multiclass(), st.sampled_from([0, 1, 2]))
def test_a_single_class_agrees_with_scikit_learn(rows: Rows, code: int) -> None:
    """Named as the data name it; NaN where scikit-learn's zero_division decides."""
    panel, predictions = rows
    options = {"labels": [code], "average": None, "sample_weight": panel.weight}
    pair = (panel.y_true, predictions.label)
    expected = {
        f"{name}[{CLASSES[code]}]": score(*pair, zero_division=np.nan, **options)[0]
        for name, score in SCORES.items()
    }
    if code in {*pair[0], *pair[1]}:
        of_class = sk.jaccard_score(*pair, zero_division=0, **options)[0]
    else:
        of_class = np.nan
    expected[f"jaccard[{CLASSES[code]}]"] = of_class
    found = {name: _of_class(name, rows) for name in expected}
    assert found == pytest.approx(expected, nan_ok=True, **AGREE)


@given(binary())
def test_a_class_of_two_is_a_class_too(rows: Rows) -> None:
    """Recall of the positive class is the recall, that of the negative one the specificity."""
    for name, same in (("recall[yes]", "recall"), ("recall[no]", "specificity")):
        expected = evaluate(same, *rows)
        assert _of_class(name, rows) == pytest.approx(expected, nan_ok=True, **AGREE)


def test_a_class_that_the_data_lack_is_bad_input() -> None:
    """It is refused with the classes that there are, and not taken for one without rows."""
    with pytest.raises(BadInput, match="'dog'") as caught:
        REGISTRY["recall[dog]"].on(CLASSES)
    assert "ant, bee, cat" in caught.value.cure
    law = REGISTRY["recall[cat]"].law
    assert isinstance(law, OfClass)
    assert law.on(CLASSES).proportion is not None


@given(st.integers(0, 10**6), st.sampled_from([1, 2]), st.booleans())
def test_guesses_agree_with_scikit_learn_where_no_scores_tie(
    seed: int, k: int, weighted: bool
) -> None:
    """Top 1 and top 2 of three, weighted or not."""
    panel, predictions = _plenty(seed, weighted=weighted, rounded=False)
    expected = sk.top_k_accuracy_score(
        panel.y_true, predictions.score, k=k, labels=[0, 1, 2], sample_weight=panel.weight
    )
    assert evaluate(f"top_k[{k}]", panel, predictions) == pytest.approx(expected, **AGREE)


@given(multiclass(), st.permutations([0, 1, 2]))
def test_guesses_do_not_depend_on_the_order_of_classes(rows: Rows, order: list[int]) -> None:
    """Ties are shared: a model that scores all classes alike knows 1 in 3 with one guess."""
    panel, predictions = rows
    assert predictions.score is not None
    place = np.argsort(order)
    turned = panel_of(place[np.asarray(panel.y_true)], CLASSES, panel.weight)
    shuffled = Predictions("m", score=predictions.score[:, order])
    expected = evaluate("top_k[1]", *rows)
    assert evaluate("top_k[1]", turned, shuffled) == pytest.approx(expected, **AGREE)
    blind = Predictions("m", score=np.full((len(panel), 3), 1 / 3))
    assert evaluate("top_k[1]", panel, blind) == pytest.approx(1 / 3)


@given(multiclass())
def test_as_many_guesses_as_classes_prove_nothing(rows: Rows) -> None:
    """NaN, where scikit-learn says 1 and warns."""
    assert np.isnan(evaluate("top_k[3]", *rows))


def _plenty(seed: int, *, weighted: bool, rounded: bool) -> Rows:
    rng = np.random.default_rng(seed)
    y = np.concatenate([np.repeat([0, 1, 2], FEWEST), rng.choice(3, 200, p=[0.1, 0.3, 0.6])])
    raw = rng.uniform(size=(len(y), 3)) + 0.4 * np.eye(3)[y]
    score = raw / raw.sum(axis=1, keepdims=True)
    weight = rng.uniform(0.5, 2, len(y)) if weighted else None
    if rounded:
        score = np.round(score, 1)
    return panel_of(y, CLASSES, weight), Predictions("m", score=score)


@pytest.mark.parametrize("rounded", [False, True])
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("seed", range(5))
def test_one_against_the_rest_agrees_with_scikit_learn(
    seed: int, weighted: bool, rounded: bool
) -> None:
    """Macro and weighted means of the AUC of each class, ties included."""
    panel, predictions = _plenty(seed, weighted=weighted, rounded=rounded)
    truth = np.eye(3)[np.asarray(panel.y_true)]
    for name, average in (("roc_auc_ovr", "macro"), ("roc_auc_ovr_weighted", "weighted")):
        expected = sk.roc_auc_score(
            truth, predictions.score, average=average, sample_weight=panel.weight
        )
        assert evaluate(name, panel, predictions) == pytest.approx(expected, **AGREE)


@pytest.mark.parametrize("name", ["roc_auc_ovr", "roc_auc_ovr_weighted"])
@pytest.mark.parametrize("weighted", [False, True])
def test_influence_on_the_mean_area_is_its_derivative(name: str, weighted: bool) -> None:
    """Columns minus their mean, over the weight of all, against differences by weight."""
    panel, predictions = _plenty(1, weighted=weighted, rounded=True)
    weight = np.ones(len(panel)) if panel.weight is None else panel.weight
    law = REGISTRY[name].law
    column = law.columns(panel, predictions)[:, 0]
    value = float(weight @ column / weight.sum())
    step = 1e-5
    for row in range(0, len(panel), 23):
        values = []
        for side in (step, -step):
            nudged = weight.copy()
            nudged[row] += side
            moved = panel_of(np.asarray(panel.y_true), CLASSES, nudged)
            values.append(evaluate(name, moved, predictions))
        derivative = (values[0] - values[1]) / (2 * step)
        influence = (column[row] - value) / weight.sum()
        assert influence == pytest.approx(derivative, rel=1e-5, abs=1e-8)


@pytest.mark.parametrize("left", [0, 1, FEWEST - 1])
def test_a_class_of_a_handful_of_rows_leaves_no_mean_area(left: int) -> None:
    """NaN below ten rows, where scikit-learn leaves one out or warns only if there is none."""
    panel, predictions = _plenty(2, weighted=False, rounded=False)
    y = np.asarray(panel.y_true)
    keep = (y != 2) | (np.cumsum(y == 2) <= left)
    few = panel_of(y[keep], CLASSES)
    assert predictions.score is not None
    assert np.isnan(evaluate("roc_auc_ovr", few, Predictions("m", score=predictions.score[keep])))


@given(multiclass())
def test_accuracy_is_every_micro_average(rows: Rows) -> None:
    """With one label a row, each wrong call is one false positive and one false negative."""
    counts = confusion(*rows)
    for name in ("precision_micro", "recall_micro", "f1_micro"):
        assert REGISTRY[name].law.value(counts) == REGISTRY["accuracy"].law.value(counts)
