"""A pull request that changes a model is judged before it is merged: the workflow's own steps, run.

In a scratch repository with a DVC remote, by bash as GitHub's runner calls it.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tests.support import tiny
from tests.support.repository import IDENTITY

pytestmark = [
    pytest.mark.campaign,
    pytest.mark.skipif(shutil.which("jq") is None, reason="no jq on this machine"),
]
WORKFLOW = Path(__file__).parents[2] / "deploy/github/models.yml"
STEPS = ("Judge what changed", "May it be merged?")


def _ran(root: Path, *words: str) -> None:
    environment = {**os.environ, "DVC_NO_ANALYTICS": "1", "HOME": str(root.parent)}
    subprocess.run(words, cwd=root, check=True, capture_output=True, env=environment)


def _commit(root: Path, message: str) -> None:
    _ran(root, "git", "add", "-A")
    _ran(root, "git", *IDENTITY, "commit", "-qm", message)


@pytest.fixture
def origin(tmp_path: Path) -> Path:
    """A repository whose candidate is tracked by DVC, with the remote beside it."""
    root = tiny.make(tmp_path / "origin")
    dvc = (sys.executable, "-m", "dvc")
    (root / "models").mkdir()
    for name in ("champion.csv", "candidate.csv"):
        (root / name).rename(root / "models" / name)
    said = yaml.safe_load((root / "params.yaml").read_text())
    said["suites"][tiny.SUITE]["models"] = {
        "champion": "models/champion.csv", "candidates": ["models/candidate.csv"],
    }  # fmt: skip
    (root / "params.yaml").write_text(yaml.safe_dump(said))
    _ran(root, "git", "rm", "-q", "--cached", "champion.csv", "candidate.csv")
    _ran(root, *dvc, "init", "-q")
    _ran(root, *dvc, "remote", "add", "-d", "kept", str(tmp_path / "remote"))
    _ran(root, *dvc, "add", "-q", "models/champion.csv", "models/candidate.csv")
    _ran(root, *dvc, "push", "-q")
    _commit(root, "tracked by DVC")
    return root


def _changed(root: Path, text: str) -> None:
    """A branch with another candidate, pushed to the remote."""
    _ran(root, "git", "checkout", "-qb", "feature")
    (root / "models/candidate.csv").write_text(text)
    for words in (("add", "-q", "models/candidate.csv"), ("push", "-q")):
        _ran(root, sys.executable, "-m", "dvc", *words)
    _commit(root, "another candidate")


def _judged(origin: Path, place: Path) -> tuple[int, str]:
    """The steps in a fresh clone, as the runner starts them; the first that fails ends it."""
    subprocess.run(["git", "clone", "-q", str(origin), str(place)], check=True)
    steps = yaml.safe_load(WORKFLOW.read_text())["jobs"]["judge"]["steps"]
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    environment = {**os.environ, "PATH": path, "BASE": "origin/main", "DVC_NO_ANALYTICS": "1"}
    told = ""
    for name in STEPS:
        (script,) = [step["run"] for step in steps if step.get("name") == name]
        done = subprocess.run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script],
            cwd=place, env=environment, capture_output=True, text=True, check=False,
        )  # fmt: skip
        told += done.stdout + done.stderr
        if done.returncode != 0:
            return done.returncode, told
    return 0, told


def test_a_candidate_that_is_as_good_may_be_merged(origin: Path, tmp_path: Path) -> None:
    """Its bytes come from the DVC remote, and the gate's last line has their digest."""
    text = (origin / "models/candidate.csv").read_text()
    _changed(origin, "".join(reversed_rows(text)))
    code, told = _judged(origin, tmp_path / "clone")
    assert code == 0, told
    assert told.splitlines()[-1].startswith("ALLOW sha256:")


def reversed_rows(text: str) -> list[str]:
    """The same answers in another order: other bytes, and no other model."""
    head, *rows = text.splitlines(keepends=True)
    return [head, *rows[::-1]]


def test_a_candidate_that_is_worse_may_not_be_merged(origin: Path, tmp_path: Path) -> None:
    """The job ends as the gate does, with 1."""
    head, *rows = (origin / "models/candidate.csv").read_text().splitlines()
    half = [row.rpartition(",")[0] + ",0.5" for row in rows]
    worse = [row if i % 2 else other for i, (row, other) in enumerate(zip(rows, half, strict=True))]
    _changed(origin, "\n".join([head, *worse]) + "\n")
    code, told = _judged(origin, tmp_path / "clone")
    assert code == 1, told
    assert "REGRESSED" in told


def test_a_request_that_changes_no_model_judges_none(origin: Path, tmp_path: Path) -> None:
    """And may be merged."""
    _ran(origin, "git", "checkout", "-qb", "feature")
    (origin / "README.md").write_text("words")
    _commit(origin, "words")
    code, told = _judged(origin, tmp_path / "clone")
    assert (code, "no suite reads what changed" in told) == (0, True), told


def test_a_model_that_was_not_pushed_is_no_pass(origin: Path, tmp_path: Path) -> None:
    """Nothing could be judged: the first step fails."""
    _ran(origin, "git", "checkout", "-qb", "feature")
    (origin / "models/candidate.csv").write_text("row_id,y_score\n1,0.5\n")
    _ran(origin, sys.executable, "-m", "dvc", "add", "-q", "models/candidate.csv")
    _commit(origin, "not pushed")
    code, told = _judged(origin, tmp_path / "clone")
    assert code not in (0, 1), told
    assert "candidate.csv" in told
