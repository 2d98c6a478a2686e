"""Shards on a Dask cluster that loses a worker: the records are those of a single file."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from tests.support import operations, sharded
from titleholder.shards import measuring
from titleholder.stages.many.answers import DIRECTORY
from titleholder.stages.workspace import RUNS, open_workspace
from titleholder.stats.shared import summary

pytestmark = pytest.mark.campaign

BLOCKS = 7
METRICS = ["accuracy", "recall", "f1", "roc_auc", "average_precision", "ks", "log_loss", "brier",
           "demographic_parity_difference"]  # fmt: skip


def kill_when_begun(root: Path, pid: int, killed: list[int]) -> None:
    """Kill a process once the first block of the champion's answers is there."""
    answers = root / RUNS / sharded.SUITE / DIRECTORY
    for _ in range(6000):
        if any(answers.glob("champion.current/*.parquet")):
            os.kill(pid, signal.SIGKILL)
            killed.append(pid)
            return
        time.sleep(0.02)


def differs_by_bins_alone(whole: dict[str, Any], alone: dict[str, Any]) -> None:
    """A slice of more rows than are looked at together has its influences summed by bins."""
    names = [name for name in whole if whole[name] != alone[name]]
    assert names == ["candidate/comparisons.json"]
    pairs = zip(whole[names[0]]["comparisons"], alone[names[0]]["comparisons"], strict=True)
    others = [(one, other) for one, other in pairs if one != other]
    assert {other["method"] for _, other in others} == {measuring.BY_BIN}
    for one, other in others:
        assert one["champion"]["value"] == other["champion"]["value"]
        assert one["std_error"] == pytest.approx(other["std_error"], rel=0.02)


@pytest.mark.filterwarnings("ignore")  # Dask's own of a worker that went away
def test_runners_units_and_files_do_not_show_in_the_records(tmp_path: Path) -> None:
    """One process, four threads, two processes of Dask's of which one is killed: same bytes."""
    from dask.distributed import LocalCluster

    frames = sharded.rows(BLOCKS * summary.ROWS - 100)
    said: dict[str, Any] = {"metrics": METRICS}
    whole = sharded.compared(sharded.project(tmp_path / "one", frames, None, **said))
    local = sharded.project(tmp_path / "local", frames, [200_000], {"blocks": 7}, **said)
    alone = sharded.compared(local)
    differs_by_bins_alone(whole, alone)
    threads = {"kind": "threads", "workers": 4, "blocks": 3}
    four = sharded.project(tmp_path / "four", frames, [1, 131_072, 400_000], threads, **said)
    assert sharded.compared(four) == alone

    with LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster:
        dask = {"kind": "dask", "scheduler": cluster.scheduler_address, "blocks": 1}
        root = sharded.project(tmp_path / "dask", frames, [500_000], dask, **said)
        killed: list[int] = []
        victim = cluster.workers[0].pid
        killer = threading.Thread(target=kill_when_begun, args=(root, victim, killed))
        killer.start()
        found = sharded.compared(root)
        killer.join()
    assert killed == [victim]
    assert found == alone


EXPECTATIONS = {
    "name": sharded.SUITE,
    "expectations": [
        {"type": "expect_column_values_to_not_be_null", "kwargs": {"column": "clicked"}}
    ],
}


def test_the_nightly_flow_runs_units_on_a_dask_cluster(tmp_path: Path) -> None:
    """Two worker processes and a running Prefect server: a night ends in a published verdict."""
    dask = {"kind": "dask", "workers": 2, "blocks": 1}
    said: dict[str, Any] = {"metrics": METRICS, "expectations": "expectations.json"}
    frames = sharded.rows(2 * summary.ROWS - 100)
    root = sharded.project(tmp_path / "night", frames, [90_000], dask, **said)
    (root / "expectations.json").write_text(json.dumps(EXPECTATIONS))
    home = {**os.environ, "PREFECT_HOME": str(tmp_path / "home")}
    here = {"PYTHONPATH": str(Path(__file__).parents[2])}
    database = f"sqlite+aiosqlite:///{tmp_path}/prefect.db"
    with operations.prefect_server(database, home) as url:
        ended = subprocess.run(
            [sys.executable, "-m", "flows.nightly", "--json"],
            cwd=root, env={**home, **here, "PREFECT_API_URL": url}, capture_output=True, text=True,
            timeout=operations.PATIENCE_S, check=False,
        )  # fmt: skip
    assert ended.returncode == 0, ended.stderr[-2000:]
    assert (root / "store/verdicts/dev" / sharded.SUITE / "00000001.json").is_file()
    alone = sharded.project(tmp_path / "alone", frames, [1], None, metrics=METRICS)
    compared = sharded.told(open_workspace(root, sharded.SUITE))
    assert compared == sharded.compared(alone)
