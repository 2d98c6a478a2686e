"""A small project of its own, with predictions for models, that runs from pull to publish."""

import json
import subprocess
from pathlib import Path

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
    for command in (["init", "-q", "-b", "main"], ["add", "-A"], ["commit", "-qm", "begin"]):
        subprocess.run(["git", *IDENTITY, *command], cwd=root, check=True, capture_output=True)
    return root
