"""Costs of decisions and the threshold that costs least."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.metrics import binary, confusion, evaluate, multiclass, weight_of
from titleholder.arrays import Floats, Panel, Predictions
from titleholder.errors import BadInput
from titleholder.metrics.cost import best_threshold, cost_matrix, cost_per_1000, expected_cost
from titleholder.types import Task

Rows = tuple[Panel, Predictions]
amounts = st.integers(-20, 200).map(float)
matrices = st.lists(amounts, min_size=4, max_size=4).map(lambda c: np.array(c).reshape(2, 2))


def _cost_at(threshold: float, rows: Rows, costs: Floats) -> float:
    """The cost of calling positive from this score on, row by row."""
    panel, predictions = rows
    assert predictions.score is not None
    calls = (predictions.score >= threshold).astype(int)
    each = costs[np.asarray(panel.y_true), calls]
    return float(1000 * np.average(each, weights=weight_of(panel)))


@given(binary(), matrices)
def test_the_best_threshold_costs_no_more_than_any_other(rows: Rows, costs: Floats) -> None:
    """Every score, everything between two scores, nobody and everybody: none is cheaper."""
    panel, predictions = rows
    assert predictions.score is not None
    found = best_threshold(np.asarray(panel.y_true), predictions.score, costs, panel.weight)
    assert found.cost == pytest.approx(_cost_at(found.at, rows, costs), rel=1e-9, abs=1e-9)
    scores = np.unique(predictions.score)
    between = [(a + b) / 2 for a, b in pairwise(scores)]
    for other in [*scores, *between, np.inf, -np.inf]:
        assert found.cost <= _cost_at(other, rows, costs) + 1e-6


@given(binary(), matrices)
def test_of_equal_costs_the_highest_threshold_is_taken(rows: Rows, costs: Floats) -> None:
    """Every higher score, and calling nobody, costs more."""
    panel, predictions = rows
    assert predictions.score is not None
    found = best_threshold(np.asarray(panel.y_true), predictions.score, costs, panel.weight)
    higher = [s for s in [*np.unique(predictions.score), np.inf] if s > found.at]
    for other in higher:
        assert _cost_at(other, rows, costs) > found.cost


def test_costs_that_differ_by_rounding_are_equal() -> None:
    """Misses of 0.1 and 0.2 cost what a false alarm of 0.3 does, though 0.1 + 0.2 > 0.3."""
    y, score, weight = np.array([1.0, 1.0, 0.0]), np.full(3, 0.5), np.array([0.1, 0.2, 0.3])
    assert weight[0] + weight[1] > weight[2]
    assert best_threshold(y, score, np.array([[0.0, 1.0], [1.0, 0.0]]), weight).at == np.inf


@given(multiclass(), st.integers(0, 10**6))
def test_the_cost_of_counts_is_the_mean_cost_of_rows(rows: Rows, seed: int) -> None:
    """For any number of classes, weighted or not, per 1,000 decisions."""
    panel, predictions = rows
    costs = np.random.default_rng(seed).integers(-10, 100, size=(3, 3)).astype(float)
    each = costs[np.asarray(panel.y_true), predictions.label]
    expected = 1000 * np.average(each, weights=weight_of(panel))
    assert cost_per_1000(confusion(*rows), costs) == pytest.approx(expected, rel=1e-9, abs=1e-9)
    metric = expected_cost(costs, Task.MULTICLASS)
    assert evaluate(metric, *rows) == pytest.approx(expected, rel=1e-9, abs=1e-9)
    low, high = metric.domain
    assert low - 1e-6 <= expected <= high + 1e-6


def test_a_calibrated_score_is_cut_where_elkan_says() -> None:
    """With costs of false alarm 1 and miss 4 the threshold is 1 / (1 + 4), up to noise."""
    rng = np.random.default_rng(1)
    score = rng.uniform(size=200_000)
    y = (rng.uniform(size=len(score)) < score).astype(float)
    found = best_threshold(y, score, np.array([[0.0, 1.0], [4.0, 0.0]]))
    assert found.at == pytest.approx(0.2, abs=0.03)


def test_where_every_call_costs_more_than_it_saves_nobody_is_called() -> None:
    """The threshold is infinite, and the cost that of missing all."""
    found = best_threshold(
        np.array([0.0, 1.0]), np.array([0.9, 0.8]), np.array([[0.0, 9.0], [1.0, 5.0]])
    )
    assert found.at == np.inf
    assert found.cost == pytest.approx(500)


def test_no_rows_have_no_cost() -> None:
    """NaN, and no threshold."""
    costs = np.array([[0.0, 1.0], [1.0, 0.0]])
    assert np.isnan(cost_per_1000(np.zeros((2, 2)), costs))
    with pytest.raises(BadInput, match="no rows"):
        best_threshold(np.array([]), np.array([]), costs)
    with pytest.raises(BadInput, match="no rows"):
        best_threshold(np.array([1.0]), np.array([0.5]), costs, np.array([0.0]))


@pytest.mark.parametrize(
    ("costs", "what"),
    [
        ([[0, 1, 2], [1, 0, 2]], "a row and a column"),
        ([[0.0]], "a row and a column"),
        ([[0, 1], [float("nan"), 0]], "not finite"),
        ([[0, 1], [float("inf"), 0]], "not finite"),
        ([[3, 3], [7, 7]], "decides nothing"),
        ([["a", "b"], ["c", "d"]], "rows of numbers"),
        ([[0, 1], [2]], "rows of numbers"),
    ],
)
def test_a_matrix_that_decides_nothing_is_refused(costs: list[list[float]], what: str) -> None:
    """A row a truth, a column a call, finite, and not the same for every call."""
    with pytest.raises(BadInput, match=what):
        cost_matrix(costs)


def test_a_matrix_is_rows_of_numbers() -> None:
    """Whole numbers and gains are fine."""
    assert cost_matrix([[0, 1], [20, -5]]).tolist() == [[0.0, 1.0], [20.0, -5.0]]
