"""How the judging of data in many files grows: ``python -m benchmarks.shards 6 7`` for 10^6, 10^7.

A seeded panel is generated as Parquet, file by file, with two logistic models; then every stage up
to the judgement is run by one worker and by two, and what the processes took is told: CPU seconds,
seconds by the clock, and the largest resident set of any one of them.
"""

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import yaml

SEED = 20260101
ROWS_A_FILE = 2_000_000
REFERENCE = 1_000_000  # rows of the reference, at most
WEIGHTS = np.array([0.9, -0.6, 0.4, 0.25], dtype=np.float32)
FEATURES = [f"x{i}" for i in range(len(WEIGHTS))]
REGIONS, DEVICES = 10, 8
METRICS = ["accuracy", "precision", "recall", "f1", "roc_auc", "average_precision", "log_loss",
           "brier"]  # fmt: skip
SUITE: dict[str, Any] = {
    "task": "binary",
    "positive": "1",
    "data": {"current": "panel", "reference": {"path": "reference"}},
    "columns": {"target": "clicked"},
    "models": {"champion": "champion.skops", "candidates": ["candidate.skops"]},
    "metrics": [*METRICS, "size_mb"],
    "slices": ["region", "device", {"column": "x0", "bins": [-1, 0, 1]}],
    "rules": [
        {"id": "auc", "metric": "roc_auc", "kind": "non_inferior", "margin": 0.01},
        {"id": "log-loss", "metric": "log_loss", "kind": "non_inferior", "margin": 0.01},
        {"id": "recall", "metric": "recall", "slice": "*", "kind": "non_inferior", "margin": 0.05,
         "on_inconclusive": "warn"},
    ],
}  # fmt: skip
EXPECTATIONS = {
    "name": "clicks",
    "expectations": [
        {"type": "expect_column_values_to_not_be_null", "kwargs": {"column": "clicked"}},
        {"type": "expect_column_values_to_be_between",
         "kwargs": {"column": "region", "min_value": 0, "max_value": REGIONS - 1}},
    ],
}  # fmt: skip


def rows(start: int, stop: int) -> pa.Table:
    """Rows ``start`` to ``stop``, the same whichever file they stand in."""
    rng = np.random.Generator(np.random.Philox(key=SEED, counter=[0, 0, 0, start]))
    n = stop - start
    x = rng.standard_normal((n, len(WEIGHTS)), dtype=np.float32)
    odds = x @ WEIGHTS - np.float32(1.2)
    y = rng.random(n, dtype=np.float32) < 1 / (1 + np.exp(-odds))
    return pa.table({
        "row_id": np.arange(start, stop),
        "clicked": y.astype(np.int8),
        "region": rng.integers(0, REGIONS, n, dtype=np.int8),
        "device": rng.integers(0, DEVICES, n, dtype=np.int8),
        **dict(zip(FEATURES, x.T, strict=True)),
    })  # fmt: skip


def generate(root: Path, count: int) -> None:
    """The whole project: panel, models, expectations and params.yaml."""
    write(root / "panel", 0, count)
    write(root / "reference", 1 << 41, min(count, REFERENCE))
    train(root)
    (root / "expectations.json").write_text(json.dumps(EXPECTATIONS))


def write(to: Path, first: int, count: int) -> None:
    """Rows from number ``first`` on, as files of two million."""
    to.mkdir(parents=True)
    for i, start in enumerate(range(first, first + count, ROWS_A_FILE)):
        table = rows(start, min(first + count, start + ROWS_A_FILE))
        pq.write_table(table, to / f"part-{i:05}.parquet", row_group_size=1 << 18)


def train(root: Path) -> None:
    """A champion that lacks a feature, and a candidate that has all."""
    import skops.io
    from sklearn.compose import ColumnTransformer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline

    frame = rows(1 << 40, (1 << 40) + 20_000).to_pandas()
    for name, known in (("champion", FEATURES[:-2]), ("candidate", FEATURES)):
        model = make_pipeline(
            ColumnTransformer([("known", "passthrough", known)]), LogisticRegression()
        ).fit(frame[FEATURES], frame["clicked"])
        skops.io.dump(model, root / f"{name}.skops")


def params(root: Path, workers: int) -> None:
    """One worker in this process, or as many processes of Dask's."""
    runner = {"kind": "local"} if workers == 1 else {"kind": "dask", "workers": workers}
    suite = {**SUITE, "expectations": "expectations.json"}
    document = {"runner": runner, "suites": {"clicks": suite}}
    (root / "params.yaml").write_text(yaml.safe_dump(document))


@contextmanager
def watched(process: "subprocess.Popen[str]") -> Iterator[dict[str, float]]:
    """The largest resident set (MiB) that any process of a tree has had, looked at often."""
    import psutil

    peak, ended = {"mib": 0.0}, threading.Event()

    def look() -> None:
        try:
            tree = psutil.Process(process.pid)
            while not ended.wait(0.2):
                for one in (tree, *tree.children(recursive=True)):
                    try:
                        peak["mib"] = max(peak["mib"], one.memory_info().rss / 2**20)
                    except psutil.Error:
                        continue
        except psutil.Error:
            return

    thread = threading.Thread(target=look)
    thread.start()
    try:
        yield peak
    finally:
        ended.set()
        thread.join()


ONE = """
import json, resource, sys, time
from dataclasses import replace
from pathlib import Path
import psutil
from titleholder import records
from titleholder.adapters.runners import standing
from titleholder.stages import STAGES, validate
from titleholder.stages.workspace import open_workspace
from titleholder.types import Outcome
from titleholder.validation import Validation

def spent():
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    alive = [one.cpu_times() for one in psutil.Process().children(recursive=True)]
    return sum(one.ru_utime + one.ru_stime for one in used) + sum(
        one.user + one.system for one in alive
    )

def run(ws):
    told = {}
    for name in sys.argv[1:]:
        if name == "predict" and "validate" not in sys.argv:
            passed = Validation(Outcome.PASS, "", 1, 1, 1, 1, ())
            records.write(ws.stage("validate") / validate.FILE, passed)
        before, began = spent(), time.monotonic()
        STAGES[name].run_in(ws)
        cpu, wall = spent() - before, time.monotonic() - began
        told[name] = {"cpu_s": round(cpu, 2), "wall_s": round(wall, 2)}
    return told

if __name__ == "__main__":
    ws, began = open_workspace(Path("."), "clicks"), time.monotonic()
    with standing(ws.runner) as lent:
        told = run(replace(ws, lent=lent))
    used = spent()
    print(json.dumps({"stages": told, "cpu_s": round(used, 1),
                      "wall_s": round(time.monotonic() - began, 1)}))
"""


def measure(root: Path, stages: Sequence[str]) -> dict[str, Any]:
    """Run stages in a process of their own; what each took, and the peak of all processes."""
    script = root / "one.py"
    script.write_text(ONE)
    process = subprocess.Popen(
        [sys.executable, str(script), *stages], cwd=root, stdout=subprocess.PIPE, text=True
    )
    with watched(process) as peak:
        out, _ = process.communicate()
    if process.returncode:
        raise SystemExit(process.returncode)
    return {**json.loads(out), "peak_mib": round(peak["mib"])}


def digest(root: Path) -> str:
    """The digest of what was compared, which no number of workers may change."""
    import hashlib

    found = root / ".titleholder/runs/clicks/compare/candidate/comparisons.json"
    return hashlib.sha256(found.read_bytes()).hexdigest()


STAGES = ("pull", "validate", "drift", "predict", "compare", "judge")


def main() -> None:
    """Generate, measure, tell as JSON lines, and clear away."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("powers", type=int, nargs="+", help="of ten: how many rows")
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--stages", nargs="+", default=STAGES)
    parser.add_argument("--at", type=Path, default=None, help="where to lay the data")
    args = parser.parse_args()
    for power in args.powers:
        root = Path(tempfile.mkdtemp(prefix="shards-", dir=args.at))
        try:
            generate(root, 10**power)
            for workers in args.workers:
                shutil.rmtree(root / ".titleholder", ignore_errors=True)
                params(root, workers)
                found = measure(root, args.stages)
                line = {"rows": 10**power, "workers": workers, **found, "sha256": digest(root)}
                print(json.dumps(line), flush=True)
        finally:
            shutil.rmtree(root)


if __name__ == "__main__":
    main()
