"""One table of stages: dvc.yaml, prefect.yaml, the flow and the command line all follow it."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from titleholder.params.schema import Suite
from titleholder.stages import STAGES

ROOT = Path(__file__).parents[2]
RUNS = "${runs}/${item.suite}"


@pytest.fixture(scope="module")
def declared() -> dict[str, Any]:
    """What dvc.yaml declares, by stage, with the matrix of every stage left in."""
    stages: dict[str, Any] = yaml.safe_load((ROOT / "dvc.yaml").read_text())["stages"]
    # The pull stage has a foreach in place of a matrix; its key is the suite.
    pull = stages["pull"]
    body = yaml.safe_load(yaml.safe_dump(pull["do"]).replace("${key}", "${item.suite}"))
    stages["pull"] = {**body, "matrix": {"suite": list(pull["foreach"])}}
    return stages


def test_dvc_runs_the_stages_of_the_table_in_its_order(declared: dict[str, Any]) -> None:
    """No stage is missing, none is extra."""
    assert list(declared) == list(STAGES)


@pytest.mark.parametrize("name", STAGES)
def test_a_dvc_stage_calls_the_function_of_its_name(declared: dict[str, Any], name: str) -> None:
    """What DVC runs is `titleholder stage`."""
    assert declared[name]["cmd"] == f"titleholder stage {name} ${{item.suite}}"


@pytest.mark.parametrize("name", STAGES)
def test_a_dvc_stage_waits_for_the_records_that_it_reads(
    declared: dict[str, Any], name: str
) -> None:
    """Dependencies between stages are those of the table, and the output is its own directory."""
    deps = [dep for dep in declared[name]["deps"] if dep.startswith("${runs}")]
    assert deps == [f"{RUNS}/{before}" for before in STAGES[name].after]
    assert declared[name]["outs"] == [{f"{RUNS}/{name}": {"cache": False}}]


@pytest.mark.parametrize("name", STAGES)
def test_a_dvc_stage_tracks_the_parameters_that_its_records_depend_on(
    declared: dict[str, Any], name: str
) -> None:
    """A change of one key reruns the stages that read it, and no others; publishing, the store."""
    keys = [f"suites.${{item.suite}}.{key}" for key in STAGES[name].params]
    beside = ["store"] if name == "publish" else []
    assert declared[name].get("params", []) == keys + beside


@pytest.mark.parametrize("name", STAGES)
def test_every_dvc_stage_covers_every_suite(declared: dict[str, Any], name: str) -> None:
    """One matrix: the suites of params.yaml."""
    suites = yaml.safe_load((ROOT / "params.yaml").read_text())["suites"]
    assert declared[name]["matrix"]["suite"] == list(suites)


def test_the_table_names_keys_that_a_suite_has() -> None:
    """A key that was renamed in the schema is renamed here."""
    known = set(Suite.__struct_fields__)
    for stage in STAGES.values():
        assert set(stage.params) <= known, stage.name


def test_a_stage_reads_only_stages_before_it() -> None:
    """The table's order is an order of execution."""
    seen: set[str] = set()
    for stage in STAGES.values():
        assert set(stage.after) <= seen, stage.name
        seen.add(stage.name)


def test_rules_are_read_by_judging_alone() -> None:
    """A changed rule must not score models again."""
    assert [name for name, stage in STAGES.items() if "rules" in stage.params] == ["judge"]


def test_the_flow_runs_the_stages_of_the_table() -> None:
    """Prefect's tasks are the table's stages, in its order, and cache nothing."""
    from prefect.cache_policies import NO_CACHE

    from flows.nightly import TASKS

    assert list(TASKS) == list(STAGES)
    assert all(task.cache_policy == NO_CACHE for task in TASKS.values())


def test_every_stage_can_be_loaded_on_its_own() -> None:
    """DVC runs each in a process of its own: none may lean on what another one imported."""
    code = (
        "import importlib, sys\n"
        "for name in sys.argv[1:]:\n"
        "    for loaded in [m for m in sys.modules if m.startswith('titleholder')]:\n"
        "        del sys.modules[loaded]\n"
        "    importlib.import_module('titleholder.stages.' + name)\n"
    )
    command = [sys.executable, "-c", code, *STAGES]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
