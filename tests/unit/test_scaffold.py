"""`titleholder init`: which file and column is taken for which part, and what stays to be said."""

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from titleholder.adapters import mlflow
from titleholder.adapters.mlflow import Kept
from titleholder.errors import TitleholderError, UsageError
from titleholder.metrics import REGISTRY
from titleholder.params.load import load
from titleholder.scaffold import Roles, Said, assign, drafts, keep, look, taken
from titleholder.scaffold.drafts import _q
from titleholder.stages import STAGES
from titleholder.tables import read_frame
from titleholder.types import Task
from titleholder.validation import suite_file

N = 60


def table(path: Path, **columns: Any) -> None:
    """A CSV of these columns."""
    path.parent.mkdir(parents=True, exist_ok=True)
    pd.DataFrame(columns).to_csv(path, index=False)


def scores(seed: int = 0) -> list[float]:
    """Probabilities of N rows."""
    return [round(float(v), 3) for v in np.random.default_rng(seed).uniform(0.01, 0.99, N)]


TRUTH = [i % 3 == 0 for i in range(N)]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A panel with two tables of answers, all in titleholder's own names."""
    table(tmp_path / "panel.csv", row_id=range(N), y_true=[int(t) for t in TRUTH],
          region=["north", "south"] * (N // 2), town=[f"t{i}" for i in range(N)])  # fmt: skip
    table(tmp_path / "champion.csv", row_id=range(N), y_score=scores())
    table(tmp_path / "candidate.csv", row_id=range(N), y_score=scores(1))
    return tmp_path


def roles(root: Path, **said: Any) -> Roles:
    """The parts of a directory."""
    return assign(look(root), Said(**said))


def test_whoever_is_asked_for_the_truth_sees_it_in_the_list(folder: Path) -> None:
    """Labels come before features, however many of these there are, and what is cut is counted."""
    features = {f"x{i:02}": scores(i) for i in range(40)}
    table(folder / "panel.csv", row_id=range(N), **features, left=["yes", "no"] * (N // 2))
    with pytest.raises(UsageError, match="which column is the truth") as error:
        roles(folder)
    assert "there is: left, " in str(error.value.cure)
    assert "and 12 more" in str(error.value.cure)


def test_answers_alone_are_told_to_lack_the_truth(folder: Path) -> None:
    """Two tables of answers decide nothing: the answer names them and what is missing."""
    (folder / "panel.csv").unlink()
    with pytest.raises(UsageError, match="with the truth") as error:
        roles(folder)
    assert "none beside candidate.csv, champion.csv" in str(error.value.cure)


def test_what_runs_make_is_kept_out_of_git(folder: Path) -> None:
    """`git add .` after a first run must not take verdicts and reports along."""
    made = {d.path: d for d in drafts(look(folder), roles(folder), "none", pipeline=False)}
    assert made[".gitignore"].data == b".titleholder/\n"


def test_names_that_leave_no_doubt_need_no_flag(folder: Path) -> None:
    """Panel, champion, candidate, truth, task and slices are read off the files."""
    found = roles(folder, name="churn")
    assert (found.current, found.champion, found.candidates) == (
        "panel.csv", "champion.csv", ("candidate.csv",),
    )  # fmt: skip
    assert (found.task, found.target, found.positive) == (Task.BINARY, "y_true", "1")
    assert (found.row_id, found.slices) == ("row_id", ("region",))


def test_tables_that_fit_are_named_as_they_lie(folder: Path) -> None:
    """Nothing is copied where nothing has to be renamed."""
    survey = look(folder)
    made = drafts(survey, assign(survey, Said(name="churn")), "none", pipeline=False)
    assert [d.path for d in made] == ["params.yaml", "expectations/churn.json", ".gitignore"]


@pytest.mark.parametrize("name", ["train", "reference"])
def test_a_training_file_is_searched_for_leaked_rows(folder: Path, name: str) -> None:
    """One that is named so is both held against the panel for shift and named as training data,
    copied or as it lies; rows of any other name are no training data.
    """
    panel = pd.read_csv(folder / "panel.csv")
    panel.to_csv(folder / f"{name}.csv", index=False)
    for is_copied in (False, True):
        for file in folder.glob("*.csv") if is_copied else ():
            pd.read_csv(file).drop(columns="row_id").to_csv(file, index=False)
        survey = look(folder)
        found = assign(survey, Said(name="s"))
        made = {d.path: d.data for d in drafts(survey, found, "none", pipeline=True)}
        assert ("data/s/reference.parquet" in made) is is_copied
        data = yaml.safe_load(made["params.yaml"])["suites"]["s"]["data"]
        trained = [{"path": data["reference"]["path"]}] if name == "train" else []
        assert data["training"] == trained
        reads = yaml.safe_load(made["dvc.yaml"])["stages"]["pull"]["deps"]
        assert reads.count(data["reference"]["path"]) == 1


def test_foreign_names_are_brought_into_copies(tmp_path: Path) -> None:
    """Two CSVs, one of which carries the truth: the originals stay, the copies fit."""
    table(tmp_path / "old.csv", id=range(N), label=TRUTH, Prob=scores())
    table(tmp_path / "new.csv", id=range(N), proba=scores(1))
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    survey = look(tmp_path)
    found = assign(survey, Said(name="s"))
    keep(tmp_path, drafts(survey, found, "none", pipeline=False))
    suite = load(tmp_path / "params.yaml", lambda _: REGISTRY).suites["s"]
    assert (suite.models.champion, suite.models.candidates) == (
        "models/s/old.parquet", ("models/s/new.parquet",),
    )  # fmt: skip
    answers = read_frame(tmp_path / suite.models.champion)
    assert list(answers.columns) == ["id", "y_score"]
    assert list(read_frame(tmp_path / suite.data.current).columns) == ["id", "label"]
    assert {n: (tmp_path / n).read_bytes() for n in before} == before


def test_rows_without_an_id_are_told_apart_by_their_place(tmp_path: Path) -> None:
    """If all tables have as many rows; the copies have a row_id."""
    table(tmp_path / "test.csv", target=[i % 4 for i in range(N)], x=scores())
    for name in ("baseline", "challenger"):
        table(tmp_path / f"{name}.csv", prediction=[i % 4 for i in range(N)])
    survey = look(tmp_path)
    found = assign(survey, Said(name="s"))
    assert (found.row_id, found.task) == (None, Task.MULTICLASS)
    made = {d.path: d for d in drafts(survey, found, "none", pipeline=False)}
    assert {"data/s/current.parquet", "models/s/baseline.parquet"} <= set(made)


def test_answers_that_cannot_be_joined_are_refused(tmp_path: Path) -> None:
    """Without ids, another number of rows is another set of rows."""
    table(tmp_path / "test.csv", target=TRUTH, x=scores())
    table(tmp_path / "champion.csv", score=scores())
    table(tmp_path / "candidate.csv", score=scores()[1:])
    survey = look(tmp_path)
    with pytest.raises(UsageError, match=f"candidate.csv has {N - 1} rows and test.csv has {N}"):
        drafts(survey, assign(survey, Said(name="s")), "none", pipeline=False)


@pytest.mark.parametrize(
    ("said", "asks"),
    [
        ({}, "--positive LABEL"),
        ({"positive": "b", "champion": "nope.csv"}, "nope.csv: no such file"),
        ({"positive": "b", "task": "ranking"}, "--task ranking: one of"),
        ({"positive": "b", "target": "truht"}, "no column 'truht'"),
        ({"positive": "b", "name": "a b"}, "--name NAME"),
    ],
)
def test_what_names_leave_open_is_asked_for_with_its_flag(
    tmp_path: Path, said: dict[str, str], asks: str
) -> None:
    """No part is taken by lot."""
    table(tmp_path / "test.csv", id=range(N), label=["a", "b"] * (N // 2))
    table(tmp_path / "champion.csv", id=range(N), score=scores())
    table(tmp_path / "candidate.csv", id=range(N), score=scores())
    with pytest.raises(UsageError) as caught:
        roles(tmp_path, **{"name": "s", **said})
    assert asks in str(caught.value)


def test_two_models_of_no_telling_name_are_asked_for(tmp_path: Path) -> None:
    """Which one holds the title is not for an alphabet to say."""
    table(tmp_path / "panel.csv", id=range(N), label=TRUTH)
    for name in ("red", "blue"):
        table(tmp_path / f"{name}.csv", id=range(N), score=scores())
    with pytest.raises(UsageError, match="which model holds the title") as caught:
        roles(tmp_path)
    assert "red.csv" in str(caught.value)
    found = roles(tmp_path, name="s", champion="red.csv", candidates=("blue.csv",))
    assert found.models == ("red.csv", "blue.csv")


def test_a_pickle_is_not_opened_and_the_cure_is_told(tmp_path: Path) -> None:
    """It is named, with the formats that run nothing."""
    table(tmp_path / "data.csv", id=range(N), label=TRUTH)
    (tmp_path / "model.joblib").write_bytes(b"\x80\x04.")
    with pytest.raises(UsageError, match=r"model\.joblib: a pickle runs code") as caught:
        roles(tmp_path)
    assert "skops" in caught.value.cure


def test_what_is_there_is_never_changed(folder: Path) -> None:
    """A file of that name stays as it is, and is told apart from what was written."""
    mine = folder / "dvc.yaml"
    mine.write_text("mine")
    survey = look(folder)
    made = drafts(survey, assign(survey, Said(name="s")), "github", pipeline=True)
    written, kept = keep(folder, made)
    assert [d.path for d in kept] == ["dvc.yaml"]
    assert mine.read_text() == "mine"
    assert all((folder / d.path).read_bytes() == d.data for d in written)


def test_dvc_runs_the_stages_of_the_table_with_the_keys_they_read(folder: Path) -> None:
    """What is generated follows the table, so that it cannot fall behind."""
    survey = look(folder)
    made = {
        d.path: d for d in drafts(survey, assign(survey, Said(name="s")), "none", pipeline=True)
    }
    stages = yaml.safe_load(made["dvc.yaml"].data)["stages"]
    assert list(stages) == list(STAGES)
    for name, stage in STAGES.items():
        keys = [f"suites.s.{key}" for key in stage.params]
        assert [k for k in stages[name].get("params", []) if k != "store"] == keys
    declared = yaml.safe_load(made["params.yaml"].data)["suites"]["s"]
    assert {key for stage in STAGES.values() for key in stage.params} <= set(declared)


@pytest.mark.parametrize("kind", ["github", "gitlab"])
def test_the_ci_file_is_valid_and_ends_at_the_gate(folder: Path, kind: str, tmp_path: Path) -> None:
    """By the schema that its CI publishes."""
    import subprocess
    import sys

    survey = look(folder)
    made = drafts(survey, assign(survey, Said(name="s")), kind, pipeline=False)
    ci = made[-1]
    assert b"titleholder gate --suite s --model candidate.csv" in ci.data
    path = tmp_path / "ci.yml"
    path.write_bytes(ci.data)
    schema = "vendor.github-workflows" if kind == "github" else "vendor.gitlab-ci"
    checked = subprocess.run(
        [sys.executable, "-m", "check_jsonschema", "--builtin-schema", schema,
         *(["--data-transform", "gitlab-ci"] if kind == "gitlab" else []), str(path)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert checked.returncode == 0, checked.stdout


def test_expectations_hold_of_the_data_they_were_read_off(folder: Path) -> None:
    """And they are a suite that validation reads."""
    survey = look(folder)
    made = {
        d.path: d for d in drafts(survey, assign(survey, Said(name="s")), "none", pipeline=False)
    }
    path = folder / "suite.json"
    path.write_bytes(made["expectations/s.json"].data)
    declared = suite_file.read(path)
    assert {d.type for d in declared} >= {
        "expect_column_values_to_be_unique", "expect_column_values_to_not_be_null",
        "expect_column_values_to_be_in_set",
    }  # fmt: skip
    notes = [e["meta"]["notes"] for e in json.loads(path.read_text())["expectations"]]
    assert all("review" in note for note in notes)


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=12))
def test_any_name_is_written_so_that_yaml_reads_it_back(text: str) -> None:
    """Columns and files may be called anything."""
    read = yaml.safe_load(f"key: {_q(text)}\nflow: [{_q(text)}, {{a: {_q(text)}}}]")
    assert read == {"key": text, "flow": [text, {"a": text}]}


def test_a_table_that_cannot_be_read_is_told_and_left_alone(folder: Path) -> None:
    """One broken file does not stop the others."""
    (folder / "broken.parquet").write_bytes(b"PAR1")
    survey = look(folder)
    assert len(survey.unread) == 1
    assert "broken.parquet" in survey.unread[0]
    assert assign(survey, Said(name="s")).current == "panel.csv"


def test_links_and_hidden_places_are_not_looked_at(folder: Path, tmp_path: Path) -> None:
    """An environment, a cache or a link to elsewhere holds no data of the project's own."""
    for place in (".venv", "node_modules", "mlruns"):
        table(folder / place / "champion.csv", row_id=range(N), y_score=scores())
    (folder / "linked.csv").symlink_to(folder / "panel.csv")
    paths = [t.path for t in look(folder).tables]
    assert sorted(paths) == ["candidate.csv", "champion.csv", "panel.csv"]
    with pytest.raises(TitleholderError):
        roles(folder / ".venv" / "nothing")


# ------------------------------------------------------------------ models from elsewhere

LOGS = Path(__file__).parents[1] / "fixtures/harness/lm-eval"


def _from(root: Path, source: str, **said: Any) -> dict[str, Any]:
    """The drafts of a directory by a source, as they would be written."""
    survey, found = taken(look(root), Said(name="mine", **said), source)
    return {draft.path: draft for draft in drafts(survey, found, "github", pipeline=True)}


def test_two_logs_of_lm_eval_become_a_panel_with_scored_items(tmp_path: Path) -> None:
    """A row an item, a slice a task, and a rule for the metric that the task is about."""
    shutil.copytree(LOGS, tmp_path / "runs")
    made = _from(tmp_path, "lm-eval", champion="runs/old", candidates=("runs/new",))
    for draft in made.values():
        (tmp_path / draft.path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / draft.path).write_bytes(draft.data)
    panel = read_frame(tmp_path / "data/mine/current.parquet")
    assert len(panel) == 80 and set(panel["task"]) == {"mmlu_items"}
    for run, mean in (("old", 0.1875), ("new", 0.1125)):
        answers = read_frame(tmp_path / f"models/mine/{run}.parquet")
        assert list(answers["item"]) == list(panel["item"])
        assert answers["score_exact_match[letter]"].mean() == mean
    suite = load(tmp_path / "params.yaml", lambda _: REGISTRY).suites["mine"]
    (rule,) = suite.rules
    assert (rule.metric, rule.slice) == ("exact_match[letter]", "task=mmlu_items")


def test_runs_that_are_called_alike_are_told_apart(tmp_path: Path) -> None:
    """By the directories that they lie in."""
    for run in ("old", "new"):
        shutil.copytree(LOGS / run, tmp_path / run / "out")
    made = _from(tmp_path, "lm-eval", champion="old/out", candidates=("new/out",))
    assert {"models/mine/old-out.parquet", "models/mine/new-out.parquet"} <= set(made)


def test_predictions_pass_models_by(folder: Path) -> None:
    """Who has both may want what was said yesterday to be judged."""
    for name in ("champion", "candidate"):
        (folder / f"{name}.onnx").write_bytes(b"")
    assert roles(folder, name="mine").champion == "champion.onnx"
    _, found = taken(look(folder), Said(name="mine"), "predictions")
    assert found.models == ("champion.csv", "candidate.csv")


@pytest.mark.parametrize(
    ("kept", "says"),
    [
        ([], "0 models"),
        ([Kept("a", {}, "1"), Kept("b", {}, "1")], "a, b"),
        ([Kept("a", {"champion": "1"}, "1")], "which wants it"),
        ([Kept("a", {"blue": "1"}, "2")], "blue is 1"),
    ],
)
def test_a_registry_that_leaves_it_open_is_asked_about(
    folder: Path, kept: list[Kept], says: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With what it holds, and the flags that would settle it."""
    monkeypatch.setattr(mlflow, "kept", lambda: kept)
    with pytest.raises(UsageError, match=says) as refused:
        taken(look(folder), Said(name="mine"), "mlflow")
    assert "models:/" in refused.value.cure


@pytest.mark.parametrize(
    ("aliases", "newest", "models"),
    [
        ({"champion": "1", "challenger": "3"}, "4", ("models:/a@champion", "models:/a@challenger")),
        ({"production": "1"}, "4", ("models:/a@production", "models:/a/4")),
    ],
)
def test_the_aliases_of_a_registry_say_who_holds_the_title(
    folder: Path,
    aliases: dict[str, str],
    newest: str,
    models: tuple[str, ...],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """And where none says who wants it, the newest version does; CI asks about the file pulled."""
    monkeypatch.setattr(mlflow, "kept", lambda: [Kept("a", aliases, newest)])
    survey, found = taken(look(folder), Said(name="mine"), "mlflow")
    assert found.models == models
    made = {d.path: d.data.decode() for d in drafts(survey, found, "github", pipeline=True)}
    assert "models:/" not in made["dvc.yaml"].partition("validate:")[0]
    assert ".titleholder/runs/mine/pull/registry/a-" in made[".github/workflows/titleholder.yml"]
