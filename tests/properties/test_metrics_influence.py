"""Influence values are the derivative of a metric by the weight of a row."""

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from tests.support.metrics import binary, weight_of
from titleholder.arrays import Floats, Panel, Predictions
from titleholder.metrics import REGISTRY, Ranks
from titleholder.metrics.ladder import Ladder

Rows = tuple[Panel, Predictions]
SMOOTH = ("roc_auc", "gini", "average_precision")
STEP = 1e-6


def _ladder(rows: Rows) -> tuple[Ladder, Floats]:
    panel, predictions = rows
    assert predictions.score is not None
    y = np.asarray(panel.y_true, dtype=float)
    return Ladder.of(y, predictions.score), weight_of(panel)


def _law(name: str) -> Ranks:
    law = REGISTRY[name].law
    assert isinstance(law, Ranks)
    return law


def _influence(law: Ranks, rows: Rows) -> Floats:
    """Of each row, (n,)."""
    ladder, weight = _ladder(rows)
    of_positive, of_negative = law.influence(ladder.steps(weight))
    step, truth = ladder.step_of_row, np.asarray(rows[0].y_true)
    return np.where(truth == 1, of_positive[step], of_negative[step])


def _derivative(law: Ranks, rows: Rows) -> Floats:
    """Central differences by the weight of each row, (n,)."""
    ladder, weight = _ladder(rows)
    nudge = STEP * np.eye(len(weight))
    above, below = (law.value(ladder.steps(weight + side * nudge)) for side in (1, -1))
    return (above - below) / (2 * STEP)


@pytest.mark.parametrize("name", SMOOTH)
@given(rows=binary(both=True))
def test_influence_is_the_derivative_by_weight(name: str, rows: Rows) -> None:
    """Against central differences, on any rows, ties and weights included."""
    law = _law(name)
    assert _influence(law, rows) == pytest.approx(_derivative(law, rows), rel=1e-6, abs=1e-7)


@given(binary(both=True))
def test_influence_on_ks_is_the_derivative_where_one_step_is_widest(rows: Rows) -> None:
    """Where two steps are equally wide apart there is no derivative, and nothing is claimed."""
    ladder, weight = _ladder(rows)
    steps = ladder.steps(weight)
    gaps = np.sort(
        np.abs(
            steps.positives_above / steps.all_positives
            - steps.negatives_above / steps.all_negatives
        )
    )
    assume(len(gaps) > 1 and gaps[-1] - gaps[-2] > 1e-4)
    law = _law("ks")
    assert _influence(law, rows) == pytest.approx(_derivative(law, rows), rel=1e-6, abs=1e-7)


@pytest.mark.parametrize("name", [*SMOOTH, "ks"])
@given(rows=binary(both=True))
def test_influences_sum_to_zero(name: str, rows: Rows) -> None:
    """Doubling every weight changes nothing."""
    weight = weight_of(rows[0])
    assert weight @ _influence(_law(name), rows) == pytest.approx(0, abs=1e-12)


@pytest.mark.parametrize("name", [*SMOOTH, "ks"])
@given(rows=binary(both=True, weighted=False), zeros=st.integers(1, 4))
def test_rows_of_no_weight_leave_the_influence_of_others_alone(
    name: str, rows: Rows, zeros: int
) -> None:
    """Also where they stand above all others, where no precision is known."""
    panel, predictions = rows
    y = np.concatenate([np.asarray(panel.y_true), np.arange(zeros) % 2])
    score = np.concatenate([np.asarray(predictions.score), np.ones(zeros)])
    weight = np.concatenate([np.ones(len(panel)), np.zeros(zeros)])
    ids = np.arange(len(y)).astype(str)
    more = (Panel(ids, panel.task, y, panel.classes, weight), Predictions("m", score=score))
    law = _law(name)
    found = _influence(law, more)
    assert np.isfinite(found).all()
    expected = _influence(law, rows)
    assert found[: len(panel)] == pytest.approx(expected, rel=1e-9, abs=1e-12)


@pytest.mark.parametrize("name", [*SMOOTH, "ks"])
@given(rows=binary(both=True))
def test_stacked_weights_give_what_each_gives_alone(name: str, rows: Rows) -> None:
    """Resamples are evaluated together, (B, n) weights at once."""
    law = _law(name)
    ladder, weight = _ladder(rows)
    several = np.stack([weight, weight[::-1], np.arange(len(weight)) + 1.0])
    alone = [float(law.value(ladder.steps(each))) for each in several]
    assert law.value(ladder.steps(several)) == pytest.approx(alone, nan_ok=True, rel=1e-12)
