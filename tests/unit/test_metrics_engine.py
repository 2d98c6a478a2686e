"""The engine gives the values that the laws give, and stands undefined ones."""

import numpy as np
import pytest

from tests.support.metrics import evaluate, panel_of
from titleholder.arrays import Panel, Predictions
from titleholder.comparison.compare import measure
from titleholder.metrics import REGISTRY
from titleholder.params.schema import Policy
from titleholder.types import Kind, Rule, Task

N = 400


def _rows(task: Task) -> tuple[Panel, Predictions, Predictions]:
    """A weighted panel with answers of two models."""
    rng = np.random.default_rng(7)
    weight = rng.uniform(0.5, 2, N)
    if task is Task.REGRESSION:
        y = rng.normal(10, 3, N)
        both = [Predictions(m, value=y + rng.normal(0, 1, N)) for m in ("old", "new")]
        return panel_of(y, (), weight), both[0], both[1]
    k = 2 if task is Task.BINARY else 4
    y = rng.integers(k, size=N)
    models = []
    for model in ("old", "new"):
        raw = rng.uniform(size=(N, k)) + np.eye(k)[y]
        score = raw / raw.sum(axis=1, keepdims=True)
        label = score.argmax(axis=1)
        models.append(Predictions(model, label=label, score=score[:, 1] if k == 2 else score))
    return panel_of(y, ("no", "yes") if k == 2 else tuple("abcd"), weight), models[0], models[1]


@pytest.mark.parametrize("task", [Task.BINARY, Task.MULTICLASS, Task.REGRESSION])
def test_comparisons_hold_the_values_of_the_laws(task: Task) -> None:
    """Every row metric of the task, weighted, for both models."""
    panel, old, new = _rows(task)
    rules = (Rule(id="any", metric="accuracy", kind=Kind.NON_INFERIOR, margin=0.1),)
    policy = Policy(task=task, rules=rules, resamples=200)
    measured = [c for c in measure(panel, old, new, policy).comparisons if c.available]
    assert len(measured) >= 9
    for found in measured:
        expected = [evaluate(found.metric, panel, model) for model in (old, new)]
        assert not np.isnan(expected).any(), found.metric
        assert [found.champion.value, found.candidate.value] == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("rows", [50, 3000])
def test_an_undefined_metric_is_told_and_does_not_stop_the_others(rows: int) -> None:
    """One truth of exactly 0 among few rows or many: no percentage error, and a reason."""
    y = np.arange(rows, dtype=float)
    models = [Predictions(m, value=y + shift) for m, shift in (("old", 1.0), ("new", 2.0))]
    rules = (Rule(id="any", metric="mape", kind=Kind.NON_INFERIOR, margin=0.1),)
    policy = Policy(task=Task.REGRESSION, rules=rules, resamples=200)
    found = {c.metric: c for c in measure(panel_of(y), *models, policy).comparisons}
    assert found["mape"].champion.value is None
    assert "undefined" in found["mape"].reason
    assert found["mae"].champion.value == pytest.approx(1)
    assert REGISTRY["mape"].formula in found["mape"].reason
