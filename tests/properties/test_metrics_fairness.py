"""Gaps between groups agree with fairlearn wherever every group can be measured."""

from collections.abc import Callable

import fairlearn.metrics as fl
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import precision_score

from tests.support.metrics import AGREE, binary, evaluate
from titleholder.arrays import Ints, Panel, Predictions
from titleholder.metrics import REGISTRY

FAIRLEARN: dict[str, Callable[..., float]] = {
    f"{name}_{form}": getattr(fl, f"{name}_{form}")
    for name in ("demographic_parity", "equalized_odds", "equal_opportunity")
    for form in ("difference", "ratio")
}


def _precision(form: str) -> Callable[..., float]:
    """fairlearn has no predictive parity of its own; this is how its guide builds one."""
    return fl.make_derived_metric(
        metric=precision_score, transform=form, sample_param_names=["sample_weight"]
    )


FAIRLEARN |= {f"predictive_parity_{form}": _precision(form) for form in ("difference", "ratio")}


@st.composite
def grouped(draw: st.DrawFn) -> tuple[Panel, Predictions, Ints]:
    """Rows of one to three groups, each with both truths and both calls among its rows."""
    panel, predictions = draw(binary(most=60))
    n, groups = len(panel), draw(st.integers(1, 3))
    every = [(g, t, c) for g in range(groups) for t in (0, 1) for c in (0, 1)]
    more = np.array(every)
    group = np.array(draw(st.lists(st.integers(0, groups - 1), min_size=n, max_size=n)))
    weight = None
    if panel.weight is not None:
        weight = np.concatenate([panel.weight, np.linspace(0.5, 2, len(more))])
    y = np.concatenate([np.asarray(panel.y_true), more[:, 1]])
    label = np.concatenate([np.asarray(predictions.label), more[:, 2]])
    ids = np.arange(len(y)).astype(str)
    whole = Panel(ids, panel.task, y, panel.classes, weight)
    return whole, Predictions("m", label=label), np.concatenate([group, more[:, 0]])


@given(binary())
def test_the_share_called_positive_is_fairlearns(rows: tuple[Panel, Predictions]) -> None:
    """Of any rows, weighted or not."""
    panel, predictions = rows
    expected = fl.selection_rate(panel.y_true, predictions.label, sample_weight=panel.weight)
    assert evaluate("selection_rate", *rows) == pytest.approx(expected, **AGREE)


@settings(max_examples=40)  # fairlearn takes its time
@given(grouped())
def test_gaps_agree_with_fairlearn(rows: tuple[Panel, Predictions, Ints]) -> None:
    """Differences and ratios of selection, odds, opportunity and precision, weighted or not."""
    panel, predictions, group = rows
    expected = {
        name: gap(
            panel.y_true, predictions.label, sensitive_features=group, sample_weight=panel.weight
        )
        for name, gap in FAIRLEARN.items()
    }
    found = {name: evaluate(name, panel, predictions, group) for name in FAIRLEARN}
    assert found == pytest.approx(expected, **AGREE)


def _gap(name: str, *groups: list[list[int]]) -> float:
    """The gap between groups with these counts, [truth][call]."""
    return float(REGISTRY[name].law.value(np.array(groups, dtype=float)))


PLAIN = [[6, 2], [1, 3]]
NO_POSITIVES = [[7, 2], [0, 0]]
NONE_CALLED = [[6, 0], [3, 0]]


@pytest.mark.parametrize("form", ["difference", "ratio"])
def test_a_group_that_cannot_be_measured_leaves_no_gap(form: str) -> None:
    """Without positives a group has no recall, without calls no precision: NaN, never 0."""
    assert np.isnan(_gap(f"equal_opportunity_{form}", PLAIN, NO_POSITIVES))
    assert np.isnan(_gap(f"equalized_odds_{form}", PLAIN, NO_POSITIVES))
    assert np.isnan(_gap(f"predictive_parity_{form}", PLAIN, NONE_CALLED))
    assert not np.isnan(_gap(f"demographic_parity_{form}", PLAIN, NO_POSITIVES))


def test_fairlearn_counts_such_a_group_as_one_of_rate_zero() -> None:
    """The recall of a group without positives is 0 there, which looks like the worst gap of all."""
    y, call, group = np.array([1, 0, 0]), np.array([1, 0, 1]), np.array([0, 0, 1])
    theirs = fl.equal_opportunity_difference(y, call, sensitive_features=group)
    assert theirs == 1
    assert np.isnan(_gap("equal_opportunity_difference", [[1, 0], [0, 1]], [[0, 1], [0, 0]]))


def test_a_ratio_of_rates_that_are_all_zero_has_no_value() -> None:
    """Nobody is called in any group: equal, but 0 / 0; fairlearn has no value either."""
    assert np.isnan(_gap("demographic_parity_ratio", NONE_CALLED, NONE_CALLED))
    assert _gap("demographic_parity_difference", NONE_CALLED, NONE_CALLED) == 0
    y = call = np.array([0, 0])
    theirs = fl.demographic_parity_ratio(y, call, sensitive_features=np.array([0, 1]))
    assert np.isnan(theirs)
