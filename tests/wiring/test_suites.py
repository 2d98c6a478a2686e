"""Every suite of this project is whole: expectations, drift, leakage, policy, page, one command."""

import json
import re
from pathlib import Path

import pytest
import yaml

from titleholder.params.schema import Suite
from titleholder.scaffold.suites import extras
from titleholder.stages import STAGES, pull
from titleholder.stages.workspace import open_params
from titleholder.types import Kind, Severity

ROOT = Path(__file__).parents[2]
SUITES = open_params(ROOT).suites


@pytest.fixture(params=SUITES)
def name(request: pytest.FixtureRequest) -> str:
    """Each suite in turn."""
    return str(request.param)


@pytest.fixture
def suite(name: str) -> Suite:
    """What is declared of it."""
    return SUITES[name]


def page(name: str) -> str:
    """The suite's own page."""
    return (ROOT / f"docs/suites/{name}.md").read_text(encoding="utf-8")


def test_it_says_what_its_data_promise(name: str, suite: Suite) -> None:
    """An expectation suite of its own, of more than one kind, on the columns that matter."""
    assert suite.expectations == f"expectations/{name}.json"
    said = json.loads((ROOT / suite.expectations).read_text())
    assert said["name"] == name
    kinds = {one["type"] for one in said["expectations"]}
    assert len(kinds) >= 3
    columns = {one["kwargs"].get("column") for one in said["expectations"]}
    assert {suite.columns.row_id, suite.columns.target} - {None} <= columns


def test_its_data_are_held_against_a_reference(suite: Suite) -> None:
    """Drift is measured, and by a threshold that is declared."""
    assert suite.data.reference is not None
    assert suite.drift.psi > 0
    assert suite.drift.severity in (Severity.WARN, Severity.BLOCK)


def test_rows_that_leaked_are_looked_for(suite: Suite) -> None:
    """What the models were made with is named, by what tells rows apart."""
    assert suite.data.training
    assert all(training.key for training in suite.data.training)


def test_it_has_a_policy_that_can_reject(suite: Suite) -> None:
    """Blocking rules against the champion, and slices on which they are asked."""
    block = [rule for rule in suite.rules if rule.severity is Severity.BLOCK]
    assert any(rule.kind in (Kind.NON_INFERIOR, Kind.SUPERIOR) for rule in block)
    assert suite.slices
    assert any(rule.slice != "overall" for rule in suite.rules)


def test_every_file_that_it_names_is_here_or_tracked(suite: Suite) -> None:
    """A fresh clone has it, or DVC's remote in the repository does."""
    for _, path in pull.roles(suite):
        assert (ROOT / path).is_file() or (ROOT / f"{path}.dvc").is_file(), path


def test_it_writes_out_every_key_that_dvc_tracks(name: str) -> None:
    """`dvc repro` stops at a parameter that params.yaml leaves at its default."""
    said = yaml.safe_load((ROOT / "params.yaml").read_text())["suites"][name]
    tracked = {key for stage in STAGES.values() for key in stage.params}
    assert tracked <= said.keys()


def test_its_page_tells_the_one_command_and_the_copy(name: str, suite: Suite) -> None:
    """And what has to be installed for it, as the copy does."""
    text = page(name)
    assert re.search(rf"^\$ titleholder run {name}$", text, re.MULTILINE)
    assert f"$ titleholder init --suite {name} my-{name}" in text
    assert f'pip install "{extras(suite)}"' in text


def test_its_page_reads_without_its_links(name: str) -> None:
    """A copy has the page, and not those that it leads to: no link stands alone in brackets."""
    assert not re.search(r"\(\[[^\]]*\]\((?!https?:)", page(name))


def test_its_page_is_in_the_site_and_its_data_in_the_data_card(name: str, suite: Suite) -> None:
    """Nothing leads to a page that the navigation lacks."""
    assert f"suites/{name}.md" in (ROOT / "mkdocs.yml").read_text()
    card = (ROOT / "data/README.md").read_text(encoding="utf-8")
    assert f"`{suite.data.current.removeprefix('data/')}`" in card


def test_no_file_of_expectations_is_left_without_a_suite() -> None:
    """Nor a page, but that of the benchmarks."""
    named = {path.stem for path in (ROOT / "expectations").glob("*.json")}
    pages = {path.stem for path in (ROOT / "docs/suites").glob("*.md")}
    assert named == set(SUITES)
    assert pages == {*SUITES, "benchmarks"}
