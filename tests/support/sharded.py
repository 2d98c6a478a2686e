"""Projects whose data are one file, and the same rows in many."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import yaml

from titleholder import records
from titleholder.stages import STAGES, compare, validate
from titleholder.stages.workspace import Workspace, open_workspace
from titleholder.types import Outcome
from titleholder.validation import Validation

SUITE = "clicks"
SLICES = ["region", {"column": "age", "bins": [20, 40, 60]}, ["region", "new"]]
RULES = [
    {"id": "auc", "metric": "roc_auc", "kind": "non_inferior", "margin": 0.01},
    {"id": "recall", "metric": "recall", "slice": "*", "kind": "non_inferior", "margin": 0.1},
    {"id": "parity", "metric": "demographic_parity_difference", "over": "region",
     "kind": "ceiling", "value": 0.5, "severity": "warn"},
]  # fmt: skip


def rows(n: int, seed: int = 0, *, ties: int | None = None) -> dict[str, pd.DataFrame]:
    """A panel and two models' answers, as frames of the same rows."""
    rng = np.random.default_rng(seed)
    y = rng.random(n) < 0.3
    common = rng.normal(size=n)
    panel = pd.DataFrame({
        "row_id": np.arange(n) * 3 + 5,
        "clicked": np.where(y, "yes", "no"),
        "region": rng.choice(["north", "south", "east", "west"], n, p=[0.4, 0.3, 0.29, 0.01]),
        "age": np.where(rng.random(n) < 0.02, np.nan, rng.normal(40, 15, n)),
        "new": rng.random(n) < 0.1,
    })  # fmt: skip
    found = {"panel": panel}
    for name, gain in (("champion", 1.2), ("candidate", 1.3)):
        noise = 0.7 * common + 0.7 * rng.normal(size=n)
        score = 1 / (1 + np.exp(-(gain * (2 * y - 1) + noise - 0.5)))
        if ties is not None:
            score = np.round(score * ties) / ties
        found[name] = pd.DataFrame({"row_id": panel["row_id"], "y_score": score})
    return found


def many_classes(n: int) -> dict[str, pd.DataFrame]:
    """The same rows of three classes, with a probability of each; one class is rare, and late."""
    found, rng = rows(n), np.random.default_rng(1)
    names = np.array(["bird", "cat", "dog"])
    truth = rng.choice(3, n, p=[0.01, 0.5, 0.49])
    truth[: n // 2] = np.maximum(truth[: n // 2], 1)
    found["panel"]["clicked"] = names[truth]
    for name, gain in (("champion", 1.0), ("candidate", 1.2)):
        odds = np.exp(gain * np.eye(3)[truth] + rng.normal(size=(n, 3)))
        share = odds / odds.sum(axis=1, keepdims=True)
        columns = {f"y_score_{one}": share[:, i] for i, one in enumerate(names.tolist())}
        found[name] = pd.DataFrame({"row_id": found["panel"]["row_id"], **columns})
    return found


def numbers(n: int) -> dict[str, pd.DataFrame]:
    """The same rows with a number for a truth, and models that answer with numbers."""
    found, rng = rows(n), np.random.default_rng(1)
    truth = 50 + 10 * rng.normal(size=n)
    found["panel"]["clicked"] = truth
    for name, noise in (("champion", 4.0), ("candidate", 3.5)):
        said = truth + 1.0 + noise * rng.standard_t(6, size=n)
        found[name] = pd.DataFrame({"row_id": found["panel"]["row_id"], "y_pred": said})
    return found


def weighted(n: int) -> dict[str, pd.DataFrame]:
    """The same rows with weights, of which those of the first third are 0."""
    found = rows(n)
    weight = np.random.default_rng(1).gamma(2.0, size=n)
    weight[: n // 3] = 0.0
    found["panel"]["weight"] = weight
    return found


def split(frame: pd.DataFrame, to: Path, sizes: Sequence[int]) -> None:
    """Write rows as files of these sizes; the last takes what is left."""
    to.mkdir(parents=True)
    at = 0
    for i, size in enumerate([*sizes, len(frame)]):
        part = frame.iloc[at : at + size]
        table = pa.Table.from_pandas(part, preserve_index=False)
        pq.write_table(table, to / f"part-{i:04}.parquet", row_group_size=50_000)
        at += size


def project(
    root: Path,
    frames: dict[str, pd.DataFrame],
    sizes: Sequence[int] | None,
    runner: dict[str, Any] | None = None,
    store: dict[str, Any] | None = None,
    **said: Any,
) -> Path:
    """A project of these rows: in one file each, or in files of these sizes."""
    root.mkdir(parents=True, exist_ok=True)
    suffix = ".parquet" if sizes is None else ""
    for name, frame in frames.items():
        if sizes is None:
            frame.to_parquet(root / f"{name}.parquet", index=False)
        else:
            split(frame, root / name, sizes)
    suite = {
        "task": "binary",
        "positive": "yes",
        "data": {"current": f"panel{suffix}"},
        "columns": {"target": "clicked"},
        "models": {"champion": f"champion{suffix}", "candidates": [f"candidate{suffix}"]},
        "slices": SLICES,
        "rules": RULES,
        **said,
    }
    params = {
        "store": {"url": "file://store", **(store or {})},
        "runner": runner or {},
        "suites": {SUITE: suite},
    }
    (root / "params.yaml").write_text(yaml.safe_dump(params))
    return root


def pulled(root: Path) -> Workspace:
    """The workspace with its sources pulled, as if their validation had passed."""
    ws = open_workspace(root, SUITE)
    STAGES["pull"].run_in(ws)
    passed = Validation(Outcome.PASS, "", 1, 1, 1, 1, ())
    records.write(ws.stage("validate") / validate.FILE, passed)
    return ws


def compared(root: Path) -> dict[str, Any]:
    """Predict and compare; what was compared, by file, without the digests that files have."""
    ws = pulled(root)
    for stage in ("predict", "compare"):
        STAGES[stage].run_in(ws)
    return told(ws)


def told(ws: Workspace) -> dict[str, Any]:
    """The records of a comparison by file, without the digests that files have."""
    names = (
        f"candidate/{compare.ROWS}", compare.PANEL, compare.STANDINGS, compare.PAST,
    )  # fmt: skip
    found = {name: json.loads((ws.stage("compare") / name).read_bytes()) for name in names}
    for record in found.values():
        del record["inputs"]
    return found
