"""Templates for operations: each command in them is one that the real command line takes."""

import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from titleholder import cli
from titleholder.adapters.events import MODEL_UPDATED

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
ACTION = ROOT / ".github/actions/gate/action.yml"
YAML = [*sorted(DEPLOY.rglob("*.yaml")), *sorted(DEPLOY.rglob("*.yml")), ACTION]
LINE = re.compile(r"^\s*(?:- )?titleholder (\w.*)$", re.MULTILINE)


def words(path: Path) -> Iterator[list[str]]:
    """The arguments of every call of titleholder in a template, by shell or by list."""
    text = path.read_text().replace("\\\n", " ")
    for found in LINE.findall(text):
        plain = re.sub(r"\$\{KEY:\+(.*?)\}", r"\1", found.split("|")[0])
        yield [re.sub(r"\$\w+", "x", word) for word in shlex.split(plain)]
    yield from _called(yaml.safe_load(path.read_text()))


def _called(node: Any) -> Iterator[list[str]]:
    if isinstance(node, dict):
        if node.get("command") == ["titleholder"]:
            yield [re.sub(r"\{\{.*?\}\}", "x", str(word)) for word in node["args"]]
        for value in node.values():
            yield from _called(value)
    elif isinstance(node, list):
        for value in node:
            yield from _called(value)


@pytest.mark.parametrize("path", YAML, ids=lambda p: p.name)
def test_a_template_is_yaml_without_anchors_of_ours(path: Path) -> None:
    """It can be read by whoever it is for."""
    assert isinstance(yaml.safe_load(path.read_text()), dict)


@pytest.mark.parametrize(
    "path",
    [ACTION, DEPLOY / "gitlab/gate.yml", DEPLOY / "kubernetes/gate-job.yaml",
     DEPLOY / "argo-rollouts/analysis-template.yaml"],
    ids=lambda p: p.name,
)  # fmt: skip
def test_the_command_line_takes_every_call_of_the_gate(path: Path) -> None:
    """A flag that was renamed is renamed here; the environment and the store are always said."""
    calls = list(words(path))
    assert calls
    for call in calls:
        parsed = cli._parser(call).parse_args(call)
        assert parsed.command == "gate"
        assert parsed.suite
        assert parsed.env
        assert parsed.store


@pytest.mark.parametrize(
    ("path", "schema"),
    [
        (ROOT / ".github/workflows/ci.yml", "vendor.github-workflows"),
        (ROOT / ".github/workflows/models.yml", "vendor.github-workflows"),
        (DEPLOY / "github/models.yml", "vendor.github-workflows"),
        (ACTION, "vendor.github-actions"),
        (DEPLOY / "gitlab/gate.yml", "vendor.gitlab-ci"),
        (DEPLOY / "compose.yaml", "vendor.compose-spec"),
    ],
    ids=lambda v: v.name if isinstance(v, Path) else "",
)
def test_a_file_for_ci_is_valid_by_the_schema_of_its_maker(path: Path, schema: str) -> None:
    """As the vendor publishes it."""
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", schema, str(path)]
    if schema.endswith("gitlab-ci"):
        command += ["--data-transform", "gitlab-ci"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("path", [ROOT / "prefect.yaml", *sorted((DEPLOY / "prefect").iterdir())],
                         ids=lambda p: p.name)  # fmt: skip
def test_a_deployment_names_a_flow_that_exists(path: Path) -> None:
    """With parameters that it has, and schedules in UTC at the hour of the flow itself."""
    from flows import nightly

    for deployment in yaml.safe_load(path.read_text())["deployments"]:
        file, _, function = deployment["entrypoint"].partition(":")
        assert (ROOT / file).is_file()
        known = set(getattr(nightly, function).parameters.properties)
        assert set(deployment["parameters"]) <= known
        for schedule in deployment.get("schedules", ()):
            assert (schedule["timezone"], schedule["cron"]) == ("UTC", nightly.NIGHTLY)
        for trigger in deployment.get("triggers", ()):
            assert trigger["expect"] == [MODEL_UPDATED]
            assert set(trigger["parameters"]) <= known


@pytest.mark.parametrize("path", [ROOT / "prefect.yaml", *sorted((DEPLOY / "prefect").iterdir())],
                         ids=lambda p: p.name)  # fmt: skip
def test_a_trigger_comes_through_prefects_deploy_as_it_was_written(path: Path) -> None:
    """`prefect deploy` fills in templates first, and empties a list that holds one of ours."""
    from prefect.utilities.templating import apply_values

    deployments = yaml.safe_load(path.read_text())["deployments"]
    assert [one for one in deployments if "triggers" in one]
    for deployment in deployments:
        told = apply_values(deployment, {}, remove_notset=False)
        assert told.get("triggers") == deployment.get("triggers")


def test_this_repository_judges_its_own_pull_requests_by_the_template() -> None:
    """Its workflow is the template but for what it installs."""
    own, template = (
        yaml.safe_load(path.read_text())
        for path in (ROOT / ".github/workflows/models.yml", DEPLOY / "github/models.yml")
    )
    for said in (own, template):
        said["jobs"]["judge"]["steps"] = [
            step for step in said["jobs"]["judge"]["steps"] if step.get("name") != "Install"
        ]
    assert own == template


def test_a_worker_starts_from_the_locked_versions_and_reports_nothing_home() -> None:
    """The image installs by hash, and runs as nobody in particular."""
    text = (DEPLOY / "Dockerfile").read_text()
    assert "--require-hashes" in text
    assert "USER titleholder" in text
    assert "PREFECT_SERVER_ANALYTICS_ENABLED=false" in text
