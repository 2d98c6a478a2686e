"""Tonight's flow on a real Prefect server: what ran is named, and how it ended is told."""

import asyncio
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support import tiny
from titleholder.errors import StoreDenied, StoreUnreachable
from titleholder.types import Outcome

NIGHT = "2026-02-03"


@pytest.fixture(scope="module")
def server() -> Iterator[None]:
    """A Prefect server of its own, on a free port, for this module alone."""
    from flows import settings

    settings.apply()
    from prefect.testing.utilities import prefect_test_harness

    with prefect_test_harness(server_startup_timeout=180):
        yield


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four variants of one suite: as it is, a worse candidate, bad data, and a missing model."""
    return tiny.varied(tmp_path_factory.mktemp("night"))


@pytest.fixture(scope="module")
def night(server: None, root: Path) -> Any:
    """The end state of one night over all four."""
    from flows.nightly import nightly

    async def run() -> Any:
        return await nightly(root=str(root), night=NIGHT, quiet=True, return_state=True)

    return asyncio.run(run())


async def _runs() -> dict[str, Any]:
    from prefect.client.orchestration import get_client

    async with get_client() as client:
        runs = await client.read_flow_runs()
        tasks = await client.read_task_runs(limit=200)
        artifacts = await client.read_artifacts()
    return {"flows": runs, "tasks": tasks, "artifacts": artifacts}


@pytest.fixture(scope="module")
def seen(night: Any) -> dict[str, Any]:
    """What the server knows of that night."""
    return asyncio.run(_runs())


@pytest.mark.parametrize(
    ("suite", "state", "kind"),
    [
        (tiny.SUITE, "Passed", "COMPLETED"),
        ("worse", "Rejected", "COMPLETED"),
        ("strict", "Inconclusive", "COMPLETED"),
        ("gone", "Failed", "FAILED"),
    ],
)
def test_a_suite_ends_in_a_state_that_is_its_verdict(
    seen: dict[str, Any], suite: str, state: str, kind: str
) -> None:
    """A rejected candidate is a finished run; Failed means that no judgement could be made."""
    (run,) = [run for run in seen["flows"] if run.name == suite]
    assert (run.state_name, run.state_type.value) == (state, kind)


def test_the_night_fails_when_a_suite_could_not_be_judged(night: Any) -> None:
    """And says which."""
    assert night.is_failed()
    assert "gone: Failed" in night.message
    assert "worse: Rejected" in night.message


def test_task_runs_are_named_for_stage_and_suite(seen: dict[str, Any]) -> None:
    """Who looks at the server sees what ran."""
    names = {run.name for run in seen["tasks"]}
    assert {f"pull {tiny.SUITE}", "validate strict", "judge worse", "publish worse"} <= names


def test_a_mistake_is_not_tried_again(seen: dict[str, Any]) -> None:
    """Retries are for a network that did not answer; a missing file stays missing."""
    (run,) = [run for run in seen["tasks"] if run.name == "pull gone"]
    assert run.run_count == 1


@pytest.mark.parametrize(
    ("error", "tries"),
    [(StoreUnreachable("s3://x: no answer"), 2), (StoreDenied("s3://x: forbidden"), 1)],
)
def test_only_a_store_that_did_not_answer_is_asked_again(
    server: None, error: Exception, tries: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A refusal stays a refusal."""
    from prefect import flow

    from flows import nightly

    class Stage:
        tried = 0

        def stands(self, ws: Any) -> bool:
            return False

        def run_in(self, ws: Any) -> None:
            self.tried += 1
            if self.tried == 1:
                raise error

    stage = Stage()
    monkeypatch.setattr(nightly, "STAGES", {"publish": stage})
    monkeypatch.setattr(nightly, "_workspace", lambda *_: None)
    task = nightly.TASKS["publish"].with_options(retry_delay_seconds=0)

    @flow
    def once() -> Any:
        return task(suite="x", root=".", store=None, night=NIGHT, quiet=True, return_state=True)

    once(return_state=True)
    assert stage.tried == tries


def test_each_verdict_is_an_artifact_in_markdown(seen: dict[str, Any]) -> None:
    """The findings can be read on the server."""
    artifacts = {artifact.key: artifact for artifact in seen["artifacts"]}
    assert {f"findings-{tiny.SUITE}-candidate", "findings-worse-worse"} <= set(artifacts)
    assert r"roc\_auc" in artifacts[f"findings-{tiny.SUITE}-candidate"].data


def test_a_suite_whose_data_are_bad_says_so_in_its_verdict(night: Any, root: Path) -> None:
    """The models were not run, and the reason is the validation's."""
    import json

    path = root / ".titleholder/runs/strict/judge/candidate.json"
    verdict = json.loads(path.read_text())
    assert verdict["outcome"] == "INCONCLUSIVE"
    assert "data validation" in verdict["findings"][0]["reason"]
    assert not list(Path(root / ".titleholder/runs/strict/predict").glob("*.parquet"))


def test_a_verdict_is_of_the_night_that_the_run_stands_for(night: Any, root: Path) -> None:
    """Not of the day on which a late run got to it."""
    import json

    chain = root / f"store/verdicts/dev/{tiny.SUITE}"
    (link,) = [path for path in chain.glob("*.json") if path.stem.isdigit()]
    assert json.loads(link.read_text())["predicate"]["logical_date"] == NIGHT


def test_a_run_without_a_night_stands_for_the_day_it_was_due(server: None) -> None:
    """The schedule's day, in UTC."""
    from datetime import UTC, datetime

    from prefect import flow

    from flows.nightly import _scheduled

    due = flow(_scheduled)()
    assert abs((datetime.now(UTC).date() - datetime.fromisoformat(due).date()).days) <= 1


def test_prefect_sends_no_telemetry(server: None) -> None:
    """Its analytics are off before it is imported."""
    assert os.environ["PREFECT_SERVER_ANALYTICS_ENABLED"] == "false"
    assert os.environ["DO_NOT_TRACK"] == "1"


def test_what_the_server_lost_of_one_suite_fails_that_suite_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A state without its result is an error of its own suite, and none that ends the night."""
    from prefect.exceptions import MissingResult

    from flows import nightly

    class Lost:
        async def result(self, *, raise_on_failure: bool) -> object:
            raise MissingResult("State data is missing.")

    monkeypatch.setattr(nightly, "_flow_of", lambda name, same: lambda **said: Lost())
    ending = asyncio.run(nightly._apart("mine", {"root": "."}))
    assert (ending.suite, ending.outcome) == ("mine", Outcome.ERROR)
    assert "State data is missing" in str(ending.error)
