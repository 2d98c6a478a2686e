"""The metrics of one policy: built-in, of its own files, and of its costs."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.support.files import Files
from titleholder.arrays import Panel, Predictions
from titleholder.cli import main
from titleholder.comparison.compare import measure
from titleholder.errors import ConfigError, UsageError
from titleholder.metrics import REGISTRY
from titleholder.metrics.declared import registry_of
from titleholder.metrics.registry import OF_COSTS
from titleholder.params.load import load_policy
from titleholder.params.schema import Costs, Policy
from titleholder.types import Kind, Rule, Task

OWN = """\
from titleholder.metrics import row_metric

def missed(panel, predictions):
    return predictions.label != panel.y_true

METRICS = [
    row_metric("sarcasm_missed", missed, task="binary", needs="label", higher_is_better=False,
               where=lambda panel: panel.columns["sarcastic"] == 1, domain=(0, 1)),
]
"""


def _policy(**changes: Any) -> Policy:
    rule = Rule(id="r", metric="accuracy", kind=Kind.NON_INFERIOR, margin=0.05)
    given: dict[str, Any] = {"task": Task.BINARY, "rules": (rule,), "resamples": 300, **changes}
    return Policy(**given)


def _pair() -> tuple[Panel, Predictions, Predictions]:
    """Of ten rows the champion misses two of five positives, the candidate flags one negative."""
    y = np.tile([1, 1, 1, 1, 1, 0, 0, 0, 0, 0], 20)
    panel = Panel(
        row_id=np.arange(200).astype(str), task=Task.BINARY, y_true=y, classes=("no", "yes"),
        columns={"sarcastic": np.tile([1, 1, 0, 0, 0, 1, 0, 0, 0, 0], 20)},
    )  # fmt: skip
    first = np.tile([0, 0, 1, 1, 1, 0, 0, 0, 0, 0], 20)
    second = np.tile([1, 1, 1, 1, 1, 1, 0, 0, 0, 0], 20)
    return panel, Predictions("a", label=first), Predictions("b", label=second)


def test_a_metric_of_ones_own_file_is_measured_like_any_other(tmp_path: Path) -> None:
    """Named in `metrics`, on the rows that it is about."""
    (tmp_path / "own.py").write_text(OWN)
    policy = _policy(metrics=("sarcasm_missed",), metrics_from=("own.py",))
    found = measure(*_pair(), policy, registry=registry_of(policy, tmp_path)).comparisons
    (one,) = [c for c in found if c.metric == "sarcasm_missed"]
    assert one.champion.value == pytest.approx(2 / 3)
    assert one.candidate.value == pytest.approx(1 / 3)
    assert one.improvement.value == pytest.approx(1 / 3)


def test_costs_make_three_metrics_of_what_decisions_cost() -> None:
    """Per 1,000 decisions: the whole, and what misses and false alarms have in it."""
    policy = _policy(costs=Costs(miss=5, false_alarm=1, unit="EUR"))
    registry = registry_of(policy, Path())
    found = measure(*_pair(), policy, registry=registry).comparisons
    values = {c.metric: (c.champion.value, c.candidate.value, c.improvement.value) for c in found}
    assert values["expected_cost"] == pytest.approx((1000, 100, 900))
    assert values["cost_of_misses"] == pytest.approx((1000, 0, 1000))
    assert values["cost_of_false_alarms"] == pytest.approx((0, 100, -100))
    assert registry["expected_cost"].unit == "EUR"
    assert {*registry} - {*REGISTRY} == {*OF_COSTS}


def test_a_policy_without_its_own_has_the_common_registry() -> None:
    """Nothing is copied for the many suites that add nothing."""
    assert registry_of(_policy(), Path()) is REGISTRY


@pytest.mark.parametrize("costs", [None, {"miss": 5, "false_alarm": 1, "unit": "EUR"}])
def test_compare_says_what_the_change_is_worth(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], costs: dict[str, Any] | None
) -> None:
    """Below the findings, in the unit of the policy's costs; nothing where it declares none."""
    files = Files(tmp_path)
    files.policy["costs"] = costs
    files.frames["candidate"]["y_score"] = files.frames["panel"]["y_true"] * 0.8 + 0.1
    assert main(files.words()) == 0
    said = capsys.readouterr().out
    assert "same bytes" not in said
    told = [line for line in said.splitlines() if "Per 1,000" in line]
    assert len(told) == (costs is not None)
    assert all("less" in line and "in EUR: misses" in line for line in told)


def test_a_file_given_twice_is_noted(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A model is no worse than itself, and passes; that it was meant is not taken for granted."""
    files = Files(tmp_path)
    assert main(files.words()) == 0
    assert "candidate and champion are the same bytes" in capsys.readouterr().out


def test_gains_count_against_costs() -> None:
    """A hit may earn, and a bad call then costs what it earned."""
    policy = _policy(costs=Costs(miss=0, false_alarm=2, hit=-10))
    registry = registry_of(policy, Path())
    found = measure(*_pair(), policy, registry=registry).comparisons
    (one,) = [c for c in found if c.metric == "expected_cost"]
    assert one.champion.value == pytest.approx(-3000)
    assert one.candidate.value == pytest.approx(-4800)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("costs: {miss: 1}", "'false_alarm' is missing"),
        ("costs: {miss: 0, false_alarm: 0}", "no wrong decision costs more"),
        ("costs: {miss: .inf, false_alarm: 1}", "costs.miss"),
        ("metrics_from: [/etc/x.py]", "must lie in the project"),
        ("metrics_from: [own.txt]", "must end in .py"),
    ],
)
def test_costs_and_files_that_make_no_sense_are_refused(
    tmp_path: Path, text: str, said: str
) -> None:
    """With their place in the file."""
    rules = "rules: [{id: r, metric: accuracy, kind: non_inferior, margin: 0.05}]"
    path = tmp_path / "policy.yaml"
    path.write_text(f"task: binary\n{text}\n{rules}\n")
    with pytest.raises((ConfigError, UsageError)) as caught:
        load_policy(path, lambda _: REGISTRY)
    assert said in str(caught.value)


def test_a_file_of_metrics_that_is_missing_is_named(tmp_path: Path) -> None:
    """Before anything is measured."""
    with pytest.raises(UsageError, match=r"own\.py"):
        registry_of(_policy(metrics_from=("own.py",)), tmp_path)


def test_costs_of_another_task_are_refused(tmp_path: Path) -> None:
    """There are no false alarms in a regression."""
    rules = "rules: [{id: r, metric: mae, kind: non_inferior, margin: 0.05}]"
    path = tmp_path / "policy.yaml"
    path.write_text(f"task: regression\ncosts: {{miss: 1, false_alarm: 1}}\n{rules}\n")
    with pytest.raises(ConfigError, match="a regression task has none"):
        load_policy(path, lambda _: REGISTRY)
