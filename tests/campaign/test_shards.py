"""Shards on a Dask cluster that loses a worker: the records are those of a single file."""

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import msgspec
import pandas as pd
import pytest
import yaml

from tests.support import operations, sharded
from tests.support.repository import Repository
from titleholder.scaffold.drafts import dvc_yaml
from titleholder.shards import measuring
from titleholder.stages.many.answers import DIRECTORY
from titleholder.stages.workspace import RUNS, open_params, open_workspace
from titleholder.stats.shared import summary

pytestmark = pytest.mark.campaign

Frames: TypeAlias = dict[str, pd.DataFrame]

BLOCKS = 7
METRICS = ["accuracy", "recall", "f1", "roc_auc", "average_precision", "ks", "log_loss", "brier",
           "demographic_parity_difference"]  # fmt: skip


@contextmanager
def killed_when_begun(root: Path, pid: int) -> Iterator[list[int]]:
    """A process is killed once the first block of the champion's answers is there; whether it was
    is known when the context has ended.
    """
    answers = root / RUNS / sharded.SUITE / DIRECTORY
    killed: list[int] = []
    over = threading.Event()

    def kill() -> None:
        while not over.wait(0.02):
            if any(answers.glob("champion.current/*.parquet")):
                os.kill(pid, signal.SIGKILL)
                killed.append(pid)
                return

    killer = threading.Thread(target=kill)
    killer.start()
    try:
        yield killed
    finally:
        over.set()
        killer.join()


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

    with LocalCluster(
        n_workers=2, threads_per_worker=1, dashboard_address="127.0.0.1:0"
    ) as cluster:
        dask = {"kind": "dask", "scheduler": cluster.scheduler_address, "blocks": 1}
        root = sharded.project(tmp_path / "dask", frames, [500_000], dask, **said)
        victim = cluster.workers[0].pid
        with killed_when_begun(root, victim) as killed:
            found = sharded.compared(root)
    assert killed == [victim]
    assert found == alone


EXPECTATIONS = {
    "name": sharded.SUITE,
    "expectations": [
        {"type": "expect_column_values_to_not_be_null", "kwargs": {"column": "clicked"}}
    ],
}


@contextmanager
def night(root: Path, home: Path) -> Iterator["Night"]:
    """A running Prefect server, on PostgreSQL where that is installed, and a project's flow."""
    here = {"PREFECT_HOME": str(home), "PYTHONPATH": str(Path(__file__).parents[2])}
    home.mkdir(parents=True)
    database, programs = f"sqlite+aiosqlite:///{home}/prefect.db", operations.postgres_bin()
    with ExitStack() as stack:
        if programs is not None:
            database = stack.enter_context(operations.postgres(programs, home / "postgres"))
        server = operations.prefect_server(database, {**os.environ, **here})
        yield Night(root, {**here, "PREFECT_API_URL": stack.enter_context(server)})


@dataclass(frozen=True)
class Night:
    """``environment`` is what flow and workers need to know of the server."""

    root: Path
    environment: dict[str, str]

    def once(self) -> "subprocess.CompletedProcess[str]":
        """Run the flow."""
        return subprocess.run(
            [sys.executable, "-m", "flows.nightly", "--json"],
            cwd=self.root, env={**os.environ, **self.environment}, capture_output=True,
            text=True, timeout=5 * operations.PATIENCE_S, check=False,
        )  # fmt: skip


def judged_as_one_process_would(root: Path, alone: Path, frames: Frames) -> None:
    """A verdict was published, and what was compared is what a single process compares."""
    assert (root / "store/verdicts/dev" / sharded.SUITE / "00000001.json").is_file()
    sharded.project(alone, frames, [1], None, metrics=METRICS)
    assert sharded.told(open_workspace(root, sharded.SUITE)) == sharded.compared(alone)


SAID: dict[str, Any] = {"metrics": METRICS, "expectations": "expectations.json"}


def test_the_nightly_flow_runs_units_on_a_dask_cluster(tmp_path: Path) -> None:
    """Two worker processes and a running Prefect server: a night ends in a published verdict."""
    dask = {"kind": "dask", "workers": 2, "blocks": 1}
    frames = sharded.rows(2 * summary.ROWS - 100)
    root = sharded.project(tmp_path / "night", frames, [90_000], dask, **SAID)
    (root / "expectations.json").write_text(json.dumps(EXPECTATIONS))
    with night(root, tmp_path / "home") as tonight:
        ended = tonight.once()
    assert ended.returncode == 0, ended.stderr[-2000:]
    judged_as_one_process_would(root, tmp_path / "alone", frames)


@pytest.mark.filterwarnings("ignore")  # Dask's own of a worker that went away
def test_a_worker_that_dies_within_the_flow_costs_its_shard(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A process of the cluster is killed once it has answered for a block: the night goes on with
    the other one, and judges the whole panel.
    """
    from dask.distributed import LocalCluster

    root, frames = tmp_path / "night", sharded.rows(4 * summary.ROWS - 100)
    with night(root, tmp_path / "home") as tonight:
        for name, value in tonight.environment.items():
            monkeypatch.setenv(name, value)  # workers of a cluster have to know the server
        with LocalCluster(
            n_workers=2, threads_per_worker=1, dashboard_address="127.0.0.1:0"
        ) as cluster:
            dask = {"kind": "dask", "scheduler": cluster.scheduler_address, "blocks": 1}
            sharded.project(root, frames, [90_000], dask, **SAID)
            (root / "expectations.json").write_text(json.dumps(EXPECTATIONS))
            victim = cluster.workers[0].pid
            with killed_when_begun(root, victim) as killed:
                ended = tonight.once()
    assert killed == [victim]
    assert ended.returncode == 0, ended.stderr[-2000:]
    judged_as_one_process_would(root, tmp_path / "alone", frames)


def test_dvc_repro_judges_a_tracked_directory(tmp_path: Path) -> None:
    """`dvc add panel/`, and a stage a suite: all stages run in a clone that pulled the directory,
    and none runs again.
    """
    (tmp_path / "origin").mkdir()
    origin = Repository.make(tmp_path / "origin")
    root = origin.root
    suite = {**SAID, "resamples": 200}
    sharded.project(root, sharded.rows(3000), [1200, 900], {"blocks": 1}, **suite)
    (root / "expectations.json").write_text(json.dumps(EXPECTATIONS))
    document = yaml.safe_load((root / "params.yaml").read_text())
    whole = msgspec.to_builtins(open_params(root).suites[sharded.SUITE])
    document["suites"][sharded.SUITE] = whole
    (root / "params.yaml").write_text(yaml.safe_dump(document))
    tracked = ["panel", "champion", "candidate"]
    (root / "dvc.yaml").write_text(dvc_yaml(sharded.SUITE, [*tracked, "expectations.json"]))
    origin.dvc("add", "-q", *tracked)
    origin.dvc("push", "-q")
    origin.commit("a panel of three files")
    clone = origin.clone(tmp_path / "clone")
    clone.dvc("pull", "-q")
    said = clone.dvc("repro")
    assert "Running stage 'publish'" in said
    assert next(clone.root.glob("store/verdicts/*/clicks/00000001.json")).is_file()
    assert "Running stage" not in clone.dvc("repro")
