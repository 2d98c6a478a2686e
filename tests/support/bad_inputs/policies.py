"""Policies whose keys, values or rules can never be judged as they stand."""

from collections.abc import Iterator
from typing import Any

from tests.support.bad_inputs.case import USAGE, Case
from tests.support.bad_inputs.formats import spoiled
from tests.support.files import Files

# For each key of a policy, values that it cannot have.
KEYS: dict[str, tuple[Any, ...]] = {
    "task": (None, 1, "", "binray", "Binary", ["binary"], {"a": 1}),
    "rules": (None, {}, "auc", [], [None], ["auc"], [[]], 3),
    "positive": ([1], {"a": 1}),
    "threshold": ("half", -0.1, 1.1, [0.5], True),
    "metrics": ("roc_auc", ["roc_acu"], [1], {"a": 1}, ["mae"]),
    "metrics_from": ("own.py", ["/own.py"], ["../own.py"], ["own.txt"]),
    "costs": (1, {"miss": 1}, {"miss": "a", "false_alarm": 1}, {"miss": 0, "false_alarm": 0}, []),
    "slices": ("region", ["regoin"], [["region"]], [["region", "region"]], [3], {"region": 1}),
    "min_n": (0, -1, 1.5, "many", True),
    "level": (0.5, 1, 1.0, 95, "95%", -0.95, None),
    "resamples": (0, 199, 100_001, 2000.5, "2e3"),
    "seed": (-1, 1.5, "a", None),
    "columns": ("row_id", {"id": "row_id"}, {"weight": "wieght"}, {"cluster": 3}, []),
    "decay": (0.05, {"metric": "roc_acu"}, {"margin": -1}, {"severity": "hard"}),
    "rule": ({},),
    "Task": ("binary",),
    "slcies": (["region"],),
}
# The same for the keys of one rule.
OF_A_RULE: dict[str, tuple[Any, ...]] = {
    "id": (None, 3, ["a"]),
    "metric": (None, 3, "", "roc_acu", "ROC_AUC", "mae", "auc"),
    "kind": (None, 1, "non-inferior", "better", "Floor"),
    "slice": (3, "regoin=north", "segment=a", ["region"]),
    "over": (3, "region", ["region"]),
    "margin": (None, "1%", -0.01, 0, 0.0, 1.0, 2, [0.01], True),
    "value": (0.5,),
    "relative": ("yes", 1, None),
    "min_n": (0, -5, 1.5, "all"),
    "severity": (None, "hard", "Block", 1),
    "on_inconclusive": (None, "ignore", "allow", True),
    "mode": (None, "off", "Shadow"),
    "margn": (0.01,),
    "threshold": (0.5,),
}
# Whole rules that contradict themselves or their metric.
RULES: dict[str, dict[str, Any]] = {
    "a floor without a value": {"kind": "floor", "margin": None},
    "a ceiling without a value": {"metric": "log_loss", "kind": "ceiling", "margin": None},
    "a floor with a margin": {"kind": "floor", "value": 0.5},
    "a floor outside the range": {"kind": "floor", "margin": None, "value": 1.5},
    "a floor below the range": {"kind": "floor", "margin": None, "value": -0.1},
    "a ceiling on what should rise": {"kind": "ceiling", "margin": None, "value": 0.9},
    "a floor under what should fall": {
        "metric": "log_loss", "kind": "floor", "margin": None, "value": 0.1,
    },
    "a relative floor": {"kind": "floor", "margin": None, "value": 0.5, "relative": True},
    "a relative margin of all": {"relative": True, "margin": 1.0},
    "no margin": {"margin": None},
    "a gap without groups": {
        "metric": "demographic_parity_difference", "kind": "ceiling", "margin": None, "value": 0.2,
    },
    "a gap over no such column": {
        "metric": "demographic_parity_difference", "over": "sex", "kind": "ceiling",
        "margin": None, "value": 0.2,
    },
    "a gap on a slice": {
        "metric": "demographic_parity_difference", "over": "region", "slice": "region=north",
        "kind": "ceiling", "margin": None, "value": 0.2,
    },
    "a size on a slice": {
        "metric": "size_mb", "slice": "region=north", "kind": "ceiling", "margin": None, "value": 9,
    },
    "only a warning": {"severity": "warn"},
    "only a note": {"severity": "info"},
    "only in the shadow": {"mode": "shadow"},
}  # fmt: skip


def cases() -> Iterator[Case]:
    """Every family of this module."""
    for key, values in KEYS.items():
        for value in values:
            yield _policy(f"{key} is {value!r}", {key: value}, key.split("_from")[0])
    for key, values in OF_A_RULE.items():
        for value in values:
            yield _rule(f"{key} is {value!r}", {key: value}, key)
    for name, changes in RULES.items():
        yield _rule(name, changes, "rules")
    for key in ("task", "rules"):
        yield spoiled(
            f"policy.yaml: no {key}", ".csv", lambda f, key=key: f.policy.pop(key), USAGE,
            "policy.yaml", key,
        )  # fmt: skip
    for key in ("id", "metric", "kind"):
        yield spoiled(
            f"policy.yaml: a rule without {key}", ".csv",
            lambda f, key=key: f.policy["rules"][0].pop(key), USAGE, "policy.yaml", key,
        )  # fmt: skip
    yield spoiled(
        "policy.yaml: two rules of one name", ".csv",
        lambda f: f.policy["rules"].append(dict(f.policy["rules"][0])), USAGE, "stands twice",
    )  # fmt: skip
    for bins in ([1], [2, 1], [1, 1], [], ["a", "b"], None):
        yield _policy(
            f"bins are {bins!r}", {"slices": [{"column": "weight", "bins": bins}]}, "slic"
        )
    yield _policy("bins of what", {"slices": [{"bins": [0, 1]}]}, "slices")
    yield _policy("bins under another key", {"slices": [{"column": "w", "edges": [1]}]}, "edges")
    for task, metric in (("regression", "roc_auc"), ("multiclass", "mae"), ("regression", "ece")):
        yield spoiled(
            f"policy.yaml: {metric} of {task}", ".csv",
            lambda f, metric=metric: f.policy["rules"][0].update(metric=metric), USAGE,
            "policy.yaml", metric, task=task,
        )  # fmt: skip
    for task in ("multiclass", "regression", "scored"):
        yield spoiled(
            f"policy.yaml: {task} with a positive class", ".csv",
            lambda f: f.policy.update(positive=1), USAGE, "positive", task=task,
        )  # fmt: skip


def _policy(name: str, changes: dict[str, Any], *says: str) -> Case:
    return spoiled(f"policy.yaml: {name}", ".csv", lambda f: f.policy.update(changes), USAGE, *says)


def _rule(name: str, changes: dict[str, Any], *says: str) -> Case:
    def spoil(files: Files) -> None:
        rule = {**files.policy["rules"][0], **changes}
        if name in RULES:  # there, None is a key that is left out
            rule = {key: value for key, value in rule.items() if value is not None}
        files.policy["rules"][0] = rule

    return spoiled(f"policy.yaml: rules[0], {name}", ".csv", spoil, USAGE, "policy.yaml", *says)
