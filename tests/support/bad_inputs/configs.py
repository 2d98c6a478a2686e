"""params.yaml files that no command can work by."""

import copy
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from tests.support.bad_inputs.case import USAGE, Case

SUITE: dict[str, Any] = {
    "data": {"current": "data/current.csv"},
    "models": {"champion": "champion.csv", "candidates": ["candidate.csv"]},
    "expectations": "expectations.json",
    "columns": {"target": "churned"},
    "task": "binary",
    "positive": "yes",
    "slices": ["region"],
    "rules": [{"id": "auc", "metric": "roc_auc", "kind": "non_inferior", "margin": 0.01}],
}
PARAMS: dict[str, Any] = {"store": {"url": "file://store"}, "suites": {"churn": SUITE}}
Where = tuple[str | int, ...]
S: Where = ("suites", "churn")
# Where a value stands, what it cannot be, and a word that has to be said.
WRONG: tuple[tuple[Where, Any, str], ...] = (
    (("suites",), None, "suites"),
    (("suites",), {}, "there are none"),
    (("suites",), [], "suites"),
    (("suites",), "churn", "suites"),
    (S, None, "churn"),
    (S, "later", "churn"),
    (("suites", "a b"), SUITE, "a b"),
    (("suites", "../up"), SUITE, "../up"),
    (("suites", ""), SUITE, "suites"),
    (("suites", "x" * 65), SUITE, "64"),
    (("suite",), {}, "did you mean 'suites'"),
    (("stores",), {}, "did you mean 'store'"),
    (("store",), "s3://bucket", "store"),
    (("store", "url"), 3, "store.url"),
    (("store", "url"), None, "store.url"),
    (("store", "uri"), "s3://bucket", "did you mean 'url'"),
    (("store", "environment"), "a/b", "environment"),
    (("store", "environment"), "", "environment"),
    (("store", "environment"), 1, "environment"),
    (("store", "valid_hours"), 0, "valid_hours"),
    (("store", "valid_hours"), -1, "valid_hours"),
    (("store", "valid_hours"), "a week", "valid_hours"),
    (("store", "valid_hours"), float("inf"), "valid_hours"),
    (("store", "valid_hours"), float("nan"), "valid_hours"),
    ((*S, "data"), None, "data"),
    ((*S, "data"), "data/current.csv", "data"),
    ((*S, "data"), {}, "current"),
    ((*S, "data", "current"), "/data/current.csv", "relative path"),
    ((*S, "data", "current"), "../current.csv", "relative path"),
    ((*S, "data", "current"), "data\\current.csv", "relative path"),
    ((*S, "data", "current"), "current.xlsx", ".parquet or .csv"),
    ((*S, "data", "current"), "current", "current: no such file"),
    ((*S, "data", "current"), ["a.csv"], "current"),
    ((*S, "data", "curent"), "a.csv", "did you mean 'current'"),
    ((*S, "data", "reference"), "a.csv", "reference"),
    ((*S, "data", "reference"), {"rev": "main"}, "path"),
    ((*S, "data", "reference"), {"path": "/a.csv"}, "relative path"),
    ((*S, "data", "reference"), {"path": "a.csv", "rev": 1}, "rev"),
    ((*S, "expectations"), "expectations.yaml", ".json"),
    ((*S, "expectations"), "/expectations.json", "relative path"),
    ((*S, "expectations"), {"a": 1}, "expectations"),
    ((*S, "columns"), "churned", "columns"),
    ((*S, "columns", "target"), ["a"], "target"),
    ((*S, "columns", "tagret"), "churned", "did you mean 'target'"),
    ((*S, "columns", "ignore"), "row_id", "ignore"),
    ((*S, "models"), None, "models"),
    ((*S, "models"), ["a.skops", "b.skops"], "models"),
    ((*S, "models", "champion"), None, "champion"),
    ((*S, "models", "champion"), "model.pkl", ".skops"),
    ((*S, "models", "champion"), "model.joblib", ".skops"),
    ((*S, "models", "champion"), "/model.skops", "relative path"),
    ((*S, "models", "champion"), "a/../../model.skops", "relative path"),
    ((*S, "models", "champion"), "candidate.csv", "two models are called"),
    ((*S, "models", "champion"), "my model.skops", "my model"),
    ((*S, "models", "candidates"), [], "candidates"),
    ((*S, "models", "candidates"), "candidate.csv", "candidates"),
    ((*S, "models", "candidates"), ["a.csv", "b/a.csv"], "two models are called"),
    ((*S, "models", "candidate"), ["a.csv"], "did you mean 'candidates'"),
    ((*S, "drift"), 0.2, "drift"),
    ((*S, "drift"), {"psi": -1}, "psi"),
    ((*S, "drift"), {"ks": 2}, "ks"),
    ((*S, "drift"), {"sample": 0}, "sample"),
    ((*S, "drift"), {"severity": "loud"}, "severity"),
    ((*S, "drift"), {"columns": {"a": 0.1}}, "columns"),
    ((*S, "drift"), {"columns": {"a": {"pis": 0.1}}}, "did you mean 'psi'"),
    ((*S, "task"), "clasification", "task"),
    ((*S, "positive"), None, "positive"),
    ((*S, "rules"), [], "there are none"),
    ((*S, "rules", 0, "metric"), "calibration_slope", "write metrics"),
    ((*S, "rules", 0, "margin"), -1, "wrong sign"),
    ((*S, "rules", 0, "slice"), "segment=a", "no declared slice"),
    ((*S, "description"), 3, "description"),
    ((*S, "descripton"), "x", "did you mean 'description'"),
)


def cases() -> Iterator[Case]:
    """Every mistake through `run`, and what is no params.yaml at all through every command."""
    for where, value, word in WRONG:
        name = f"params.yaml: {'.'.join(map(str, where))} is {_short(value)}"
        yield Case(name, _running(where, value), USAGE, ("params.yaml", word))
    for command in (
        ["run"], ["stage", "pull", "churn"], ["plan", "churn"], ["selftest", "churn"],
        ["promote", "churn"], ["rollback", "churn", "--reason", "x"],
    ):  # fmt: skip
        name = " ".join(command)
        yield Case(
            f"{name}: no params.yaml", lambda _, c=command: c, USAGE, ("params.yaml", "no such")
        )
        yield Case(
            f"{name}: params.yaml is no YAML", _holding("suites: [", command), USAGE,
            ("params.yaml:1",),
        )  # fmt: skip
        if len(command) > 1:
            other = [word.replace("churn", "chrun") for word in command]
            yield Case(
                f"{name}: another suite", _holding(yaml.safe_dump(PARAMS), other), USAGE,
                ("chrun", "did you mean 'churn'"),
            )  # fmt: skip
    twelve = copy.deepcopy(PARAMS)
    twelve["suites"]["churn"].update(task="x", level=2, seed=-1, min_n=0, slcies=[], rules="r")
    yield Case(
        "params.yaml: six mistakes", _holding(yaml.safe_dump(twelve), ["run"]), USAGE,
        ("6 problems", "task", "level", "seed", "min_n", "slcies", "rules"),
    )  # fmt: skip


def _short(value: Any) -> str:
    text = "a suite" if value is SUITE else repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def _running(where: Where, value: Any) -> Any:
    params = copy.deepcopy(PARAMS)
    at: Any = params
    for part in where[:-1]:
        at = at[part]
    at[where[-1]] = copy.deepcopy(value)
    return _holding(yaml.safe_dump(params), ["run", "--quiet"])


def _holding(text: str, command: list[str]) -> Any:
    def words(directory: Path) -> list[str]:
        (directory / "params.yaml").write_text(text)
        return command

    return words
