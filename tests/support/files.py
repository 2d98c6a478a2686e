"""A panel, two prediction files and a policy on disk that pass, until one of them is spoiled."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import yaml

ROWS = 200
CLASSES = ("cat", "dog", "owl")
ROLES = ("panel", "champion", "candidate", "policy")
SUFFIXES = (".csv", ".parquet", ".jsonl")
TASKS = ("binary", "multiclass", "regression", "scored")
# The metric that each task's one rule is on.
METRICS = {"binary": "roc_auc", "multiclass": "accuracy", "regression": "mae", "scored": "quality"}
WRITERS: dict[str, Callable[[pd.DataFrame, Path], None]] = {
    ".csv": lambda frame, path: frame.to_csv(path, index=False),
    ".parquet": lambda frame, path: _columnar(frame).to_parquet(path),
    ".jsonl": lambda frame, path: frame.to_json(path, orient="records", lines=True),
}


def _columnar(frame: pd.DataFrame) -> pd.DataFrame:
    """The frame with columns of one type each: one that mixes numbers and words is of words."""
    mixed = [
        name for name, column in frame.items()
        if column.dtype == object
        and {type(v) for v in column if v is not None} in ({int, str}, {float, str})
    ]  # fmt: skip
    return frame.astype(dict.fromkeys(mixed, str))


class Files:
    """What `titleholder compare` reads, in memory; `write` and `words` put it on disk.

    ``text`` and ``data`` stand in for a whole file, ``gone`` are files that are not there.
    """

    def __init__(
        self, directory: Path, suffix: str = ".csv", task: str = "binary", rows: int = ROWS
    ) -> None:
        rng = np.random.default_rng(1)
        self.directory, self.suffix, self.task = directory, suffix, task
        ids = [f"r{i}" for i in range(rows)]
        truth, answers = _TASKS[task](rng, rows)
        self.frames = {
            "panel": pd.DataFrame(
                {
                    "row_id": ids,
                    **truth,
                    "region": np.where(np.arange(rows) % 2, "north", "south"),
                    "cluster": [f"c{i // 2}" for i in range(rows)],
                    "weight": np.ones(rows),
                }
            ),
            "champion": pd.DataFrame({"row_id": ids, **answers}),
            "candidate": pd.DataFrame({"row_id": ids, **answers}),
        }
        margin = 0.5 if task == "regression" else 0.05
        rule = {"id": "r", "metric": METRICS[task], "kind": "non_inferior", "margin": margin}
        self.policy: dict[str, Any] = {"task": task, "slices": ["region"], "rules": [rule]}
        if task == "binary":
            self.policy["positive"] = 1
        self.policy["resamples"] = 200
        self.names = {"policy": "policy.yaml"}
        self.text: dict[str, str] = {}
        self.data: dict[str, bytes] = {}
        self.gone: set[str] = set()

    def path(self, name: str) -> Path:
        """Where a file lies."""
        return self.directory / self.names.get(name, name + self.suffix)

    def write(self) -> None:
        """Write all that is not gone."""
        for name, frame in self.frames.items():
            if name not in self.text and name not in self.data and name not in self.gone:
                WRITERS[self.path(name).suffix](frame, self.path(name))
        if not {"policy"} & (self.text.keys() | self.data.keys() | self.gone):
            self.path("policy").write_text(yaml.safe_dump(self.policy, allow_unicode=True))
        for name, text in self.text.items():
            self.path(name).write_text(text)
        for name, data in self.data.items():
            self.path(name).write_bytes(data)

    def words(self, *more: str) -> list[str]:
        """Write everything, and the command line that compares it."""
        self.write()
        flags = [word for name in ROLES for word in (f"--{name}", str(self.path(name)))]
        return ["compare", *flags, *more]

    @property
    def answer(self) -> str:
        """The column that a model's answers stand in, the first of them."""
        return str(self.frames["candidate"].columns[1])

    def put(self, name: str, column: str, row: int, value: object) -> None:
        """Set one cell, whatever the column held before."""
        frame = self.frames[name]
        values = frame[column].astype(object).tolist()
        values[row] = value
        try:
            frame[column] = pd.Series(values).infer_objects()
        except (TypeError, ValueError):
            frame[column] = pd.Series(values, dtype=object)

    def copied_policy(self) -> dict[str, Any]:
        """The policy, to be changed elsewhere."""
        copied: dict[str, Any] = json.loads(json.dumps(self.policy))
        return copied


Columns = dict[str, Any]


def _binary(rng: np.random.Generator, rows: int) -> tuple[Columns, Columns]:
    y = rng.integers(0, 2, rows)
    score = np.clip(0.5 + 0.3 * (y - 0.5) + rng.normal(0, 0.1, rows), 0, 1)
    return {"y_true": y}, {"y_score": score}


def _multiclass(rng: np.random.Generator, rows: int) -> tuple[Columns, Columns]:
    y = rng.integers(0, 3, rows)
    score = rng.random((rows, 3)) + 0.5 * np.eye(3)[y]
    score /= score.sum(axis=1, keepdims=True)
    truth = np.array(CLASSES, dtype=object)[y]
    return {"y_true": truth}, {f"y_score_{c}": score[:, i] for i, c in enumerate(CLASSES)}


def _regression(rng: np.random.Generator, rows: int) -> tuple[Columns, Columns]:
    y = rng.normal(20, 5, rows)
    return {"y_true": y}, {"y_pred": y + rng.normal(0, 1, rows)}


def _scored(rng: np.random.Generator, rows: int) -> tuple[Columns, Columns]:
    return {}, {"score_quality": rng.random(rows)}


_TASKS = {
    "binary": _binary,
    "multiclass": _multiclass,
    "regression": _regression,
    "scored": _scored,
}
