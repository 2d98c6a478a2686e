"""The README: what it shows was printed, what it tells to type works."""

import json
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tests.support.project import Project
from titleholder.records import read
from titleholder.report import markdown
from titleholder.types import Verdict

README = (Path(__file__).parents[2] / "README.md").read_text()
N = 4000


def _block(kind: str, holding: str) -> str:
    """The code block of a kind that holds a text, with its indentation taken off."""
    for indent, body in re.findall(rf"^( *)```{kind}\n(.*?)^ *```", README, re.S | re.M):
        if holding in body:
            return "".join(line.removeprefix(indent) + "\n" for line in body.splitlines())
    raise AssertionError(f"the README has no {kind} block with {holding!r}")


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A fresh clone."""
    return Project.make(tmp_path_factory.mktemp("readme"))


def test_the_findings_are_those_of_a_real_run(project: Project) -> None:
    """Every row of the table is in the summary of a run in a fresh clone."""
    done = project.titleholder("run", "employment", "--quiet")
    assert done.code == 0, done.err
    path = project.root / ".titleholder/runs/employment/judge/candidate.json"
    printed = markdown.summary(read(path, Verdict)).splitlines()
    shown = [line for line in README.splitlines() if re.match(r"\| (❌|❔|✅)", line)]
    assert len(shown) >= 4
    assert [line for line in shown if line not in printed] == []


def _people(directory: Path) -> pd.DataFrame:
    """Rows with a truth, two groups and an age, and two models' scores beside them."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=N)
    frame = pd.DataFrame(
        {
            "row_id": [f"u{i}" for i in range(N)],
            "churned": np.where(x + rng.normal(size=N) > 0.8, "yes", "no"),
            "segment": rng.choice(["free", "paid"], N),
            "region": rng.choice(["north", "south"], N),
            "age": rng.integers(18, 90, N),
        }
    )
    (directory / "data").mkdir(exist_ok=True)
    frame.to_csv(directory / "data/current.csv", index=False)
    for name, noise in (("champion", 0.5), ("candidate", 0.3)):
        score = 1 / (1 + np.exp(-2 * (x + rng.normal(size=N) * noise - 0.8)))
        scores = pd.DataFrame({"row_id": frame["row_id"], "y_score": score})
        scores.to_csv(directory / f"data/{name}.csv", index=False)
    return frame


def test_the_comparison_of_two_files_works_as_written(project: Project, tmp_path: Path) -> None:
    """The policy and the command are taken from the page."""
    block = _block("console", "titleholder compare")
    policy, command = block.split("$ titleholder compare")
    (tmp_path / "policy.yaml").write_text(policy.split("$ cat policy.yaml\n")[1])
    frame = _people(tmp_path)
    frame["y_true"] = (frame.pop("churned") == "yes").astype(int)
    frame.to_csv(tmp_path / "panel.csv", index=False)
    for name, model in (("old", "champion"), ("new", "candidate")):
        (tmp_path / f"data/{model}.csv").rename(tmp_path / f"{name}.csv")
    words = command.replace("\\\n", " ").split()
    elsewhere = Project(tmp_path, project.home)
    done = elsewhere.titleholder("compare", *words)
    assert done.code in (0, 3), done.err
    assert (tmp_path / "verdict/report.html").is_file()


def test_a_suite_of_ones_own_is_made_as_written(project: Project, tmp_path: Path) -> None:
    """In a directory with nothing but git, data, and what the page says to write."""
    _people(tmp_path)
    (tmp_path / "expectations").mkdir()
    (tmp_path / "expectations/churn.json").write_text(_block("json", "expect_"))
    (tmp_path / "params.yaml").write_text(_block("yaml", "churn:"))
    elsewhere = Project(tmp_path, project.home)
    elsewhere.git("init", "-q")
    done = elsewhere.titleholder("run", "churn", "--json")
    assert done.code == 0, done.err
    (ending,) = json.loads(done.out)
    verdict = ending["judged"][0]["verdict"]
    assert [f for f in verdict["findings"] if f["outcome"] == "ERROR"] == []
    assert {c["outcome"] for c in verdict["checks"] if c["severity"] == "block"} == {"PASS"}
    assert len(verdict["findings"]) == 10


def test_every_page_that_it_links_to_is_there() -> None:
    """No link leads nowhere."""
    root = Path(__file__).parents[2]
    links = re.findall(r"\]\(([^)#:]+)\)", README)
    assert links
    assert [link for link in links if not (root / link).exists()] == []


def test_every_exit_code_is_told() -> None:
    """The table has the codes that the gate has."""
    from titleholder.errors import Exit

    told = {int(code) for code in re.findall(r"^\| (\d) \|", README, re.M)}
    assert told == {int(code) for code in Exit}
