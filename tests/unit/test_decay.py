"""Decay: the champion today against the champion on its reference data."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from tests.support.panels import drawn, policy
from titleholder.arrays import Panel, Predictions
from titleholder.comparison.decay import Decay, check, measure, unavailable
from titleholder.params.schema import DecayParams, Policy
from titleholder.types import Estimate, Outcome, Severity, Task

NOTHING = Estimate()


def side(n: int, seed: int, skill: float, **said: Any) -> tuple[Panel, Predictions]:
    """A panel and one model's answers, as good as ``skill``."""
    panel, first, _ = drawn(n, seed, skill=(skill, skill), **said)
    return panel, first


def watching(metric: str | None = None, **said: Any) -> Policy:
    """A policy that watches a metric, the headline unless named."""
    return policy(resamples=1000, decay=DecayParams(metric=metric), **said)


def test_a_champion_that_kept_its_skill_passes() -> None:
    """The same skill on fresh rows: PASS with many of them, INCONCLUSIVE with few."""
    big = measure(watching(), side(8000, 1, 1.2), side(8000, 2, 1.2))
    assert check(big, DecayParams()).outcome is Outcome.PASS
    small = measure(watching(), side(60, 1, 0.5), side(60, 2, 0.5))
    assert check(small, DecayParams()).outcome is Outcome.INCONCLUSIVE


def test_a_champion_that_lost_its_skill_fails() -> None:
    """Much less skill today: FAIL, with both values and the change told."""
    found = measure(watching(), side(4000, 1, 1.5), side(4000, 2, 0.3))
    said = check(found, DecayParams())
    assert said.outcome is Outcome.FAIL
    assert (found.change.high or 0) < 0
    assert f"{found.reference.value:.3f}" in said.reason
    assert f"{found.current.value:.3f}" in said.reason


@pytest.mark.parametrize("metric", ["log_loss", "roc_auc", "f1", "brier", "accuracy"])
def test_getting_better_is_positive(metric: str) -> None:
    """The change is oriented, whichever way the metric points; swapped, it is turned."""
    worse, better = side(3000, 1, 0.4), side(3000, 2, 1.5)
    gained = measure(watching(metric), worse, better).change
    lost = measure(watching(metric), better, worse).change
    assert (gained.low or 0) > 0 > (lost.high or 0)
    assert gained.value == pytest.approx(-(lost.value or 0))


def test_the_two_samples_vary_on_their_own() -> None:
    """The change's variance is the sum of both: nothing is paired."""
    found = measure(watching("log_loss"), side(3000, 1, 1.0), side(3000, 2, 1.0))

    def width(of: Estimate) -> float:
        return (of.high or 0) - (of.low or 0)

    both = np.hypot(width(found.reference), width(found.current))
    assert width(found.change) == pytest.approx(both, rel=0.1)


def test_the_same_rows_twice_are_no_change() -> None:
    """Reference and current alike: a change of 0, with the interval that chance would give."""
    rows = side(500, 1, 1.0)
    found = measure(watching(), rows, rows)
    assert found.change.value == 0
    assert (found.change.low or 0) < 0 < (found.change.high or 0)


@pytest.mark.parametrize("at", ["reference", "current"])
def test_undefined_today_or_then_is_inconclusive(at: str) -> None:
    """A single class on either side leaves no change, with a reason."""
    whole, single = side(200, 1, 1.0), side(200, 2, 1.0)
    single = (replace(single[0], y_true=np.zeros(200, dtype=int)), single[1])
    pair = (single, whole) if at == "reference" else (whole, single)
    found = measure(watching(), *pair)
    assert found.change == NOTHING
    said = check(found, DecayParams())
    assert said.outcome is Outcome.INCONCLUSIVE
    assert said.reason == found.reason != ""


def test_what_cannot_be_measured_says_why() -> None:
    """No headline metric, no scores, no labels: unavailable with a reason, never a crash."""
    rows = side(50, 1, 1.0)
    unscored = (rows[0], replace(rows[1], score=None))
    unlabelled = (rows[0], replace(rows[1], label=None))
    for policy_, then, now in [
        (watching(), unscored, rows), (watching(), rows, unscored),
        (watching("f1"), unlabelled, rows), (watching("f1"), rows, unlabelled),
        (policy(Task.SCORED, resamples=1000), rows, rows),
    ]:  # fmt: skip
        found = measure(policy_, then, now)
        assert found.change == NOTHING
        assert found.reason
        assert check(found, DecayParams()).outcome is Outcome.INCONCLUSIVE


def test_no_rows_are_no_change() -> None:
    """An empty side is INCONCLUSIVE."""
    rows, empty = side(50, 1, 1.0), side(0, 1, 1.0)
    for pair in ((rows, empty), (empty, rows)):
        found = measure(watching(), *pair)
        assert found.change == NOTHING
        assert check(found, DecayParams()).outcome is Outcome.INCONCLUSIVE


def decay(low: float | None, high: float | None, **said: Any) -> Decay:
    """A decay of AUC from 0.8 with this change."""
    change = NOTHING if low is None or high is None else Estimate((low + high) / 2, low, high)
    fields: dict[str, Any] = {
        "metric": "roc_auc", "n_reference": 100, "n_current": 100, "level": 0.95,
        "reference": Estimate(0.8, 0.75, 0.85), "current": Estimate(0.78, 0.7, 0.8),
        "change": change, **said,
    }  # fmt: skip
    return Decay(**fields)


@pytest.mark.parametrize(
    ("low", "high", "outcome"),
    [
        (-0.01, 0.02, Outcome.PASS),
        (-0.02, 0.02, Outcome.INCONCLUSIVE),
        (-0.03, 0.02, Outcome.INCONCLUSIVE),
        (-0.05, -0.02, Outcome.INCONCLUSIVE),
        (-0.05, -0.03, Outcome.FAIL),
        (float("nan"), 0.02, Outcome.INCONCLUSIVE),
        (-0.01, float("nan"), Outcome.INCONCLUSIVE),
        (float("-inf"), 0.02, Outcome.INCONCLUSIVE),
        (-0.01, float("inf"), Outcome.INCONCLUSIVE),
        (None, None, Outcome.INCONCLUSIVE),
    ],
)
def test_the_interval_decides(low: float | None, high: float | None, outcome: Outcome) -> None:
    """Against a margin of 0.02: PASS above, FAIL below, else, or without numbers, neither.

    For information only, however severe the decay over all nights is to the suite.
    """
    said = check(decay(low, high), DecayParams(margin=0.02, severity=Severity.BLOCK))
    assert (said.outcome, said.severity) == (outcome, Severity.INFO)
    assert said.reason


def test_without_a_margin_it_is_a_share_of_the_reference() -> None:
    """Five percent of the champion's own value then: 0.04 of 0.8."""
    assert check(decay(-0.039, 0.0), DecayParams()).outcome is Outcome.PASS
    assert check(decay(-0.041, 0.0), DecayParams()).outcome is Outcome.INCONCLUSIVE
    assert check(decay(-0.06, -0.041), DecayParams()).outcome is Outcome.FAIL


def test_unavailable_is_inconclusive() -> None:
    """No reference, no verdict on decay."""
    said = check(unavailable(watching(), "no reference"), DecayParams())
    assert (said.outcome, said.reason) == (Outcome.INCONCLUSIVE, "no reference")
