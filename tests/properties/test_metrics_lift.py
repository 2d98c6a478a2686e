"""Lift: how much denser positives are among the highest scores."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.metrics import AGREE, binary, evaluate, panel_of, weight_of
from titleholder.arrays import Floats, Panel, Predictions
from titleholder.metrics import REGISTRY, Ranks
from titleholder.metrics.ladder import Ladder

Rows = tuple[Panel, Predictions]
shares = st.sampled_from(["0.05", "0.1", "0.5", "0.9"])


def _law(share: str) -> Ranks:
    law = REGISTRY[f"lift[{share}]"].law
    assert isinstance(law, Ranks)
    return law


@given(st.integers(0, 10**6), shares)
def test_lift_is_the_rate_at_the_top_over_the_rate_of_all(seed: int, share: str) -> None:
    """Without ties, and with a whole number of rows at the top."""
    rng = np.random.default_rng(seed)
    y = rng.integers(2, size=100)
    y[:2] = (0, 1)
    score = rng.permutation(100) / 100
    top = np.argsort(-score)[: round(100 * float(share))]
    found = evaluate(f"lift[{share}]", panel_of(y, ("no", "yes")), Predictions("m", score=score))
    assert found == pytest.approx(y[top].mean() / y.mean(), **AGREE)


@given(binary(both=True), shares)
def test_lift_stays_in_its_range_and_one_score_has_none(rows: Rows, share: str) -> None:
    """At most 1 / share, and exactly 1 for a model that scores all rows alike."""
    panel, predictions = rows
    metric = REGISTRY[f"lift[{share}]"]
    assert -1e-12 <= evaluate(metric, panel, predictions) <= metric.domain[1] + 1e-9
    blind = Predictions("m", score=np.full(len(panel), 0.5))
    assert evaluate(metric, panel, blind) == pytest.approx(1)


@given(binary(both=True), shares)
def test_influences_on_lift_sum_to_zero(rows: Rows, share: str) -> None:
    """Doubling every weight changes nothing."""
    panel, predictions = rows
    assert predictions.score is not None
    ladder = Ladder.of(np.asarray(panel.y_true, dtype=float), predictions.score)
    weight = weight_of(panel)
    of_positive, of_negative = _law(share).influence(ladder.steps(weight))
    step = ladder.step_of_row
    influence = np.where(np.asarray(panel.y_true) == 1, of_positive[step], of_negative[step])
    assert weight @ influence == pytest.approx(0, abs=1e-9)


@pytest.mark.parametrize("share", ["0.1", "0.5"])
def test_influence_gives_the_spread_that_resampling_gives(share: str) -> None:
    """The standard deviation over 400 row bootstraps, within 15%."""
    rng = np.random.default_rng(2)
    y = (rng.uniform(size=4000) < 0.3).astype(float)
    score = rng.normal(size=4000) + y
    ladder, law = Ladder.of(y, score), _law(share)
    of_positive, of_negative = law.influence(ladder.steps(np.ones(4000)))
    step = ladder.step_of_row
    influence = np.where(y == 1, of_positive[step], of_negative[step])
    drawn: Floats = rng.multinomial(4000, np.full(4000, 1 / 4000), size=400).astype(float)
    spread = float(np.std(law.value(ladder.steps(drawn))))
    assert np.sqrt((influence**2).sum()) == pytest.approx(spread, rel=0.15)


@given(binary())
def test_without_positives_there_is_no_lift(rows: Rows) -> None:
    """NaN: 0 / 0."""
    panel, predictions = rows
    none = panel_of(np.zeros(len(panel), dtype=np.int64), panel.classes, panel.weight)
    assert np.isnan(evaluate("lift[0.1]", none, predictions))
