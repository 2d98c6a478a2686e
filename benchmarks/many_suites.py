"""A night of many suites: ``python -m benchmarks.many_suites [COUNT] [--at-once N]``.

Prefect's server on PostgreSQL, a process worker, and one run of the deployment `nightly` over
suites of 400 rows each, with Great Expectations, no reference, and predictions as models: what is
measured is the orchestration, and what a suite costs at the least. Server, database and worker
are watched as processes: processor time, and the most memory that they held.
"""

import argparse
import contextlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.request
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import yaml

from benchmarks.timing import machine
from tests.support import operations, tiny

ROOT = Path(__file__).parents[1]
ENDED = {"COMPLETED", "FAILED", "CRASHED", "CANCELLED"}
LIMITED = "titleholder"


class Watched:
    """A process and all that it started: processor time so far, and the most memory held."""

    def __init__(self, pid: int) -> None:
        self._top = psutil.Process(pid)
        self._seconds: dict[int, float] = {}
        self.most_mb = 0.0

    def look(self) -> None:
        """Take stock; processes that have ended keep the time that they had."""
        held = 0
        with contextlib.suppress(psutil.Error):
            for process in [self._top, *self._top.children(recursive=True)]:
                with contextlib.suppress(psutil.Error):
                    times = process.cpu_times()
                    self._seconds[process.pid] = times.user + times.system
                    held += process.memory_full_info().pss
        self.most_mb = max(self.most_mb, held / 1e6)

    @property
    def seconds(self) -> float:
        """Processor seconds of all of them."""
        return sum(self._seconds.values())


def project(here: Path, count: int) -> Path:
    """A repository with so many suites, each with its name for the same files."""
    root = tiny.make(here / "project")
    params = yaml.safe_load((root / "params.yaml").read_text())
    suite = json.dumps(params["suites"][tiny.SUITE])
    params["suites"] = {f"suite-{n:03d}": json.loads(suite) for n in range(count)}
    (root / "params.yaml").write_text(yaml.safe_dump(params))
    shutil.copytree(ROOT / "flows", root / "flows")
    shutil.copy(ROOT / "prefect.yaml", root)
    return root


def night(count: int, at_once: int) -> Iterator[str]:
    """The table of one night."""
    programs = operations.postgres_bin()
    if programs is None:
        raise SystemExit("there is no PostgreSQL on this machine")
    with (
        tempfile.TemporaryDirectory(prefix="many-suites-") as directory,
        contextlib.ExitStack() as up,
    ):
        here = Path(directory)
        root = project(here, count)
        environment = {
            **os.environ, "PREFECT_HOME": str(here / "prefect"), "DO_NOT_TRACK": "1",
            "PREFECT_SERVER_ANALYTICS_ENABLED": "false", "OMP_NUM_THREADS": "1",
            "TITLEHOLDER_ROOT": str(root), "PREFECT_LOGGING_TO_API_ENABLED": "false",
            "PREFECT_SERVER_TASKS_TAG_CONCURRENCY_SLOT_WAIT_SECONDS": "2",
        }  # fmt: skip
        environment.pop("PREFECT_API_URL", None)
        database = up.enter_context(operations.postgres(programs, here / "pg"))
        api = up.enter_context(operations.prefect_server(database, environment))
        environment["PREFECT_API_URL"] = api
        _prefect(root, environment, "work-pool", "create", "titleholder", "--type", "process")
        _prefect(root, environment, "--no-prompt", "deploy", "--all")
        if at_once:
            _prefect(root, environment, "concurrency-limit", "create", LIMITED, str(at_once))
        worker = up.enter_context(operations.worker(root, "titleholder", environment))
        watched = {
            "Prefect's server": Watched(_listener(api)),
            "PostgreSQL": Watched(_listener(database)),
            "worker, with the flow": Watched(worker.pid),
        }
        started = time.monotonic()
        run = _watched(api, watched)
        took = time.monotonic() - started
        done = sum(1 for _ in root.glob(".titleholder/store/verdicts/dev/*/00000001.json"))
        done += sum(1 for _ in root.glob("store/verdicts/dev/*/00000001.json"))
        yield f"{count} suites, {at_once or 'any number of'} stages at once: "
        yield f"{run['state_type']} ({run['state_name']}), {done} verdicts, "
        yield f"{took:.0f} s on the wall ({took / count:.1f} s a suite)\n"
        yield "| | processor, s | a suite, s | most memory, MB |"
        yield "|:--|--:|--:|--:|"
        for name, one in watched.items():
            yield f"| {name} | {one.seconds:.0f} | {one.seconds / count:.2f} | {one.most_mb:.0f} |"


def _watched(api: str, watched: dict[str, Watched]) -> dict[str, Any]:
    """Start the deployment and look at the processes until its run has ended."""
    made = _ask(f"{api}/deployments/name/nightly/nightly")
    body = {"parameters": {"quiet": True}, "idempotency_key": uuid.uuid4().hex}
    run = _ask(f"{api}/deployments/{made['id']}/create_flow_run", body)
    while run["state_type"] not in ENDED:
        for one in watched.values():
            one.look()
        time.sleep(2)
        with contextlib.suppress(OSError):
            run = _ask(f"{api}/flow_runs/{run['id']}")
    return run


def _ask(url: str, body: Any = None) -> Any:
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=120) as answer:
        return json.load(answer)


def _listener(address: str) -> int:
    """The process that listens where an address leads."""
    port = int(address.rpartition(":")[2].partition("/")[0])
    return next(
        one.pid for one in psutil.net_connections("tcp")
        if one.status == psutil.CONN_LISTEN and one.laddr.port == port and one.pid
    )  # fmt: skip


def _prefect(root: Path, environment: dict[str, str], *words: str) -> None:
    subprocess.run(
        [sys.executable, "-m", "prefect", *words], cwd=root, env=environment, check=True,
        stdout=subprocess.DEVNULL,
    )  # fmt: skip


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("count", type=int, nargs="?", default=200)
    parser.add_argument("--at-once", type=int, default=0, help="stages at once, by their tag")
    asked = parser.parse_args()
    print(machine())
    for line in night(asked.count, asked.at_once):
        print(line, flush=True)


if __name__ == "__main__":
    main()
