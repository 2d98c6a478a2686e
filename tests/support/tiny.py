"""A small project of its own, with predictions for models, that runs from pull to publish."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pandas as pd
import yaml

from tests.support.files import Files
from tests.support.repository import IDENTITY

SUITE = "churn"
EXPECTATIONS = {
    "name": SUITE,
    "expectations": [
        {"type": "expect_table_row_count_to_be_between", "kwargs": {"min_value": 100}},
        {"type": "expect_column_values_to_not_be_null", "kwargs": {"column": "y_true"}},
    ],
}


def make(root: Path, rows: int = 400) -> Path:
    """A git repository with one suite whose candidate passes; its store is ``store/`` in it."""
    root.mkdir(parents=True, exist_ok=True)
    files = Files(root, ".csv", rows=rows)
    files.write()
    (root / "policy.yaml").unlink()
    (root / "expectations.json").write_text(json.dumps(EXPECTATIONS))
    suite = {
        "data": {"current": "panel.csv"},
        "models": {"champion": "champion.csv", "candidates": ["candidate.csv"]},
        "expectations": "expectations.json",
        "columns": {"target": "y_true"},
        **files.policy,
    }
    params = {"store": {"url": "file://store"}, "suites": {SUITE: suite}}
    (root / "params.yaml").write_text(yaml.safe_dump(params))
    (root / ".gitignore").write_text(".titleholder/\nstore/\n")
    _git(root, ["init", "-q", "-b", "main"], ["add", "-A"], ["commit", "-qm", "begin"])
    return root


def varied(root: Path, rows: int = 400) -> Path:
    """The same with four suites: it passes, a candidate fails, data are refused, a model is gone.

    They are called `SUITE`, ``worse``, ``strict`` and ``gone``.
    """
    make(root, rows)
    answers = pd.read_csv(root / "candidate.csv")
    answers["y_score"] = answers["y_score"].to_numpy()[::-1]
    answers.to_csv(root / "worse.csv", index=False)
    refused = {"type": "expect_table_row_count_to_be_between", "kwargs": {"min_value": 10 * rows}}
    (root / "strict.json").write_text(json.dumps({"name": "strict", "expectations": [refused]}))
    params = yaml.safe_load((root / "params.yaml").read_text())
    suite = params["suites"][SUITE]
    params["suites"] = {
        SUITE: suite,
        "worse": _suite(suite, models={**suite["models"], "candidates": ["worse.csv"]}),
        "strict": _suite(suite, expectations="strict.json"),
        "gone": _suite(suite, models={**suite["models"], "candidates": ["nobody.csv"]}),
    }
    (root / "params.yaml").write_text(yaml.safe_dump(params))
    _git(root, ["add", "-A"], ["commit", "-qm", "vary"])
    return root


def _suite(like: dict[str, Any], **said: Any) -> dict[str, Any]:
    """Another suite, written out whole: params.yaml has no aliases."""
    return json.loads(json.dumps({**like, **said}))  # type: ignore[no-any-return]


def _git(root: Path, *commands: list[str]) -> None:
    for command in commands:
        subprocess.run(["git", *IDENTITY, *command], cwd=root, check=True, capture_output=True)
