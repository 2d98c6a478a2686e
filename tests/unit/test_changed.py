"""`titleholder run --changed REV`: which suites a pull request has to be judged by."""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from tests.support import tiny
from tests.support.repository import IDENTITY
from titleholder.errors import UsageError
from titleholder.stages import changed
from titleholder.stages.workspace import open_params

OTHER = "other"


def _git(root: Path, *words: str) -> None:
    subprocess.run(["git", *IDENTITY, *words], cwd=root, check=True, capture_output=True)


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """Two suites that share a panel, each with a candidate that DVC tracks; on a branch."""
    root = tiny.make(tmp_path)
    said = yaml.safe_load((root / "params.yaml").read_text())
    suite = said["suites"][tiny.SUITE]
    for name, file in ((tiny.SUITE, "candidate.csv"), (OTHER, "another.csv")):
        said["suites"][name] = {**suite, "models": {**suite["models"], "candidates": [file]}}
        (root / f"{file}.dvc").write_text("outs: [{md5: one}]")
    (root / "params.yaml").write_text(yaml.safe_dump(yaml_without_aliases(said)))
    _git(root, "add", "-A")
    _git(root, "commit", "-qm", "two suites")
    _git(root, "checkout", "-qb", "feature")
    return root


def yaml_without_aliases(said: object) -> object:
    """The same document with nothing shared, which YAML would write as an alias."""
    return json.loads(json.dumps(said))


def _found(root: Path, rev: str = "main") -> list[str]:
    return changed.suites(root, open_params(root), rev)


def _rule(root: Path) -> None:
    said = yaml.safe_load((root / "params.yaml").read_text())
    said["suites"][OTHER]["seed"] = 7
    (root / "params.yaml").write_text(yaml.safe_dump(said))


CHANGES: dict[str, tuple[Callable[[Path], object], list[str]]] = {
    "nothing": (lambda root: None, []),
    "a page": (lambda root: (root / "README.md").write_text("x"), []),
    "a candidate that DVC tracks": (
        lambda root: (root / "another.csv.dvc").write_text("outs: [{md5: two}]"), [OTHER],
    ),
    "the panel of both": (
        lambda root: (root / "panel.csv").write_text("x"), [tiny.SUITE, OTHER],
    ),
    "the expectations of both": (
        lambda root: (root / "expectations.json").unlink(), [tiny.SUITE, OTHER],
    ),
    "one suite's own rules": (_rule, [OTHER]),
}  # fmt: skip


@pytest.mark.parametrize("commit", [True, False], ids=["committed", "in the working tree"])
@pytest.mark.parametrize("what", CHANGES)
def test_a_suite_is_concerned_by_what_it_reads(repository: Path, what: str, commit: bool) -> None:
    """And by its own part of params.yaml; nothing else concerns it."""
    change, concerned = CHANGES[what]
    change(repository)
    if commit:
        _git(repository, "add", "-A")
        _git(repository, "commit", "-q", "--allow-empty", "-m", "a change")
    assert sorted(_found(repository)) == sorted(concerned)


def test_what_came_to_the_other_branch_meanwhile_is_not_this_ones_change(
    repository: Path,
) -> None:
    """A pull request is judged by what it changes, since it left."""
    _git(repository, "checkout", "-q", "main")
    (repository / "candidate.csv.dvc").write_text("outs: [{md5: three}]")
    _git(repository, "commit", "-qam", "on main")
    _git(repository, "checkout", "-q", "feature")
    (repository / "another.csv.dvc").write_text("outs: [{md5: two}]")
    assert _found(repository) == [OTHER]


@pytest.mark.parametrize("rev", ["nowhere", "--output=x"])
def test_a_revision_that_is_not_here_is_told(repository: Path, rev: str) -> None:
    """Silence would judge nothing, and look like a pass."""
    with pytest.raises(UsageError, match="no such revision"):
        _found(repository, rev)
