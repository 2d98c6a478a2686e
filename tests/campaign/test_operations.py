"""Operated for real: Prefect's server on PostgreSQL, a process pool, and a worker of its own.

Minutes, most of them Prefect's own start: `make campaign PART=operations`.
"""

import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.support import operations
from tests.support.project import Project

PROGRAMS = operations.postgres_bin()
pytestmark = [
    pytest.mark.campaign,
    pytest.mark.skipif(PROGRAMS is None, reason="no PostgreSQL on this machine"),
]
SUITE = "credit"
ENDED = {"COMPLETED", "FAILED", "CRASHED", "CANCELLED"}


@dataclass(frozen=True)
class Site:
    """A project whose deployments stand on a server, with what its processes are told."""

    project: Project
    api: str
    environment: dict[str, str]

    def ask(self, path: str, body: Any = None) -> Any:
        """The server's answer to one request, asked again while it is too busy to give one."""
        data = None if body is None else json.dumps(body).encode()
        headers = {"Content-Type": "application/json"}
        request = urllib.request.Request(f"{self.api}{path}", data=data, headers=headers)
        answered: list[Any] = []
        refused: list[str] = []

        def asked() -> bool:
            try:
                with urllib.request.urlopen(request, timeout=60) as answer:
                    answered.append(json.load(answer))
            except urllib.error.HTTPError as error:
                if error.code < 500:
                    raise
                refused.append(f"HTTP {error.code}: {error.read()[:200]!r}")
            except OSError as error:
                refused.append(str(error))
            return bool(answered)

        try:
            operations.until(asked, f"an answer to {path}")
        except TimeoutError as error:
            raise TimeoutError(f"{error}: {refused[-1:]}") from None
        return answered[0]

    def prefect(self, *words: str) -> None:
        """A command of Prefect's own command line."""
        done = subprocess.run(
            [sys.executable, "-m", "prefect", *words], cwd=self.project.root, check=False,
            env=self.environment, capture_output=True, text=True,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr

    def start(self, deployment: str, **parameters: Any) -> str:
        """Ask for a run of a deployment, once however often it is asked; its id."""
        made = self.ask(f"/deployments/name/{deployment}")
        body = {"parameters": parameters, "idempotency_key": uuid.uuid4().hex}
        return str(self.ask(f"/deployments/{made['id']}/create_flow_run", body)["id"])

    def runs(self, flow: str) -> list[dict[str, Any]]:
        """All runs of a flow that the server knows of."""
        body = {"flows": {"name": {"any_": [flow]}}}
        found: list[dict[str, Any]] = self.ask("/flow_runs/filter", body)
        return found

    def ended(self, run: str) -> dict[str, Any]:
        """A run, once it has ended."""
        found: dict[str, Any] = {}

        def over() -> bool:
            found.update(self.ask(f"/flow_runs/{run}"))
            return found.get("state_type") in ENDED

        operations.until(over, "the end of the run", 2 * operations.PATIENCE_S)
        return found

    def verdicts(self) -> list[Path]:
        """The published verdicts of the suite."""
        return sorted(
            path for path in (self.project.root / ".titleholder/store").glob(
                f"verdicts/dev/{SUITE}/*.json"
            ) if path.stem.isdigit()
        )  # fmt: skip


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """PostgreSQL, the server, the pool, and both deployments; a worker is each test's own."""
    here = tmp_path_factory.mktemp("site")
    project = Project.make(here)
    environment = {
        **os.environ, "HOME": str(project.home), "PREFECT_HOME": str(here / "prefect"),
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false", "DO_NOT_TRACK": "1",
        "TITLEHOLDER_ROOT": str(project.root), "PREFECT_LOGGING_TO_API_ENABLED": "false",
    }  # fmt: skip
    environment.pop("PREFECT_API_URL", None)
    assert PROGRAMS is not None
    with (
        operations.postgres(PROGRAMS, here / "pg") as database,
        operations.prefect_server(database, environment) as api,
    ):
        site = Site(project, api, {**environment, "PREFECT_API_URL": api})
        site.prefect("work-pool", "create", "titleholder", "--type", "process")
        site.prefect("--no-prompt", "deploy", "--all")
        yield site


def test_a_nightly_deployment_is_run_by_a_worker(site: Site) -> None:
    """Its end state is the verdict's name, and the verdict is in the store."""
    with operations.worker(site.project.root, "titleholder", site.environment):
        run = site.ended(site.start("nightly/nightly", suites=[SUITE]))
    assert (run["state_type"], run["state_name"]) == ("COMPLETED", "Passed")
    assert len(site.verdicts()) == 1


def test_a_schedule_has_its_runs_made_ahead(site: Site) -> None:
    """One a night at 02:15 UTC: the server's scheduler works with the versions that are locked."""
    made = site.ask("/deployments/name/nightly/nightly")["id"]
    body = {
        "deployments": {"id": {"any_": [made]}},
        "flow_runs": {"state": {"type": {"any_": ["SCHEDULED"]}}},
    }
    due: list[str] = []

    def scheduled() -> bool:
        due[:] = [run["expected_start_time"] for run in site.ask("/flow_runs/filter", body)]
        return len(due) >= 3

    operations.until(scheduled, "runs of the schedule")
    times = [datetime.fromisoformat(one).astimezone(UTC) for one in due]
    assert {(one.hour, one.minute) for one in times} == {(2, 15)}
    assert len({one.date() for one in times}) == len(times)


def test_an_announced_model_is_judged_at_once(site: Site) -> None:
    """The event starts the deployment on-model-update for the suite that reads the model."""
    before = {run["id"] for run in site.runs("nightly")}
    announced = site.project.titleholder(
        "announce", "--model", f"models/{SUITE}/candidate.skops", "--server", site.api
    )
    assert announced.code == 0, announced.err
    found: list[dict[str, Any]] = []

    def come() -> bool:
        # The schedule makes runs, too; those of an event have been asked for.
        new = [run for run in site.runs("nightly") if run["id"] not in before]
        found[:] = [run for run in new if run["parameters"].get("suites")]
        return bool(found)

    with operations.worker(site.project.root, "titleholder", site.environment):
        operations.until(come, "a run for the announced model")
        run = site.ended(found[0]["id"])
    assert found[0]["parameters"]["suites"] == [SUITE]
    assert run["state_type"] == "COMPLETED"


def test_a_worker_that_is_killed_costs_its_run_and_no_verdict(site: Site) -> None:
    """Whatever the server believes of the dead run, the next one judges; no verdict is doubled."""
    before = site.verdicts()
    with operations.worker(site.project.root, "titleholder", site.environment) as running:
        run = site.start("nightly/nightly", suites=[SUITE])
        operations.until(
            lambda: site.ask(f"/flow_runs/{run}")["state_type"] == "RUNNING", "a running run"
        )
        time.sleep(2)
        for process in [*psutil.Process(running.pid).children(recursive=True)]:
            process.send_signal(signal.SIGKILL)
        running.kill()
    with operations.worker(site.project.root, "titleholder", site.environment):
        again = site.ended(site.start("nightly/nightly", suites=[SUITE]))
    assert again["state_type"] == "COMPLETED"
    assert site.verdicts() == before
