"""The audit's gaps are fairlearn's, on any rows on which every group can be measured."""

import fairlearn.metrics as fl
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support import audits
from titleholder.bias import audit
from titleholder.params.schema import BiasParams


@settings(max_examples=15, deadline=None)
@given(n=st.integers(120, 400), groups=st.integers(2, 4))
def test_gaps_and_rates_are_those_of_fairlearn(n: int, groups: int) -> None:
    """Differences, ratios and every group's rates to 1e-12."""
    found = audits.models(n, tuple("abcd"[:groups]))
    y, call = np.asarray(found.panel.y_true), np.asarray(found.candidate.label)
    sensitive = found.panel.columns["group"]
    axis = audit(found, ("group",), BiasParams(protected=("group",), small=1))[0]
    ours = {g.definition: g.candidate.value for g in axis.gaps if g.source == "fairlearn"}
    for name in ("demographic_parity_difference", "demographic_parity_ratio",
                 "equalized_odds_difference", "equalized_odds_ratio",
                 "equal_opportunity_difference"):  # fmt: skip
        theirs = getattr(fl, name)(y, call, sensitive_features=sensitive)
        if ours[name] is not None:
            assert ours[name] == pytest.approx(theirs, abs=1e-12), name
    frame = fl.MetricFrame(
        metrics={
            "selection_rate": fl.selection_rate,
            "recall": fl.true_positive_rate,
            "false_positive_rate": fl.false_positive_rate,
            "false_negative_rate": fl.false_negative_rate,
        },
        y_true=y, y_pred=call, sensitive_features=sensitive,
    ).by_group  # fmt: skip
    for group in axis.groups:
        rates = {rate.metric: rate.candidate.value for rate in group.rates}
        for name in frame:
            if rates[name] is not None:
                theirs = frame.loc[group.name.removeprefix("group="), name]
                assert rates[name] == pytest.approx(theirs, abs=1e-12), (group.name, name)
