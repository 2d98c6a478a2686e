"""Input that nothing can be judged on: one clear message, the right exit code, nothing written."""

import json
import resource
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tests.support import files
from titleholder.cli import main

USAGE, DATA, UNDECIDED = 2, 3, 5
ROWS = files.ROWS
Spoil = Callable[["Files"], None]


class Files(files.Files):
    """A panel, two prediction files and a policy that pass, until one of them is spoiled."""

    def compare(self, *more: str) -> int:
        """The exit code of `titleholder compare` on these files."""
        return main(self.words("--out", str(self.directory / "out"), *more))


def _drop(name: str, column: str) -> Spoil:
    return lambda f: f.frames.update({name: f.frames[name].drop(columns=column)})


def _cell(name: str, column: str, value: object) -> Spoil:
    return lambda f: f.put(name, column, 7, value)


def _keep(name: str, rows: slice) -> Spoil:
    return lambda f: f.frames.update({name: f.frames[name].iloc[rows]})


def _all(rows: Callable[[pd.DataFrame], pd.DataFrame]) -> Spoil:
    def spoil(files: Files) -> None:
        keep = rows(files.frames["panel"]).index
        files.frames = {name: frame.loc[keep] for name, frame in files.frames.items()}

    return spoil


def _rule(**changes: object) -> Spoil:
    return lambda f: f.policy["rules"][0].update(changes)


def _text(name: str, text: str) -> Spoil:
    return lambda f: f.text.update({name: text})


def _gone(name: str) -> Spoil:
    return lambda f: f.gone.add(name)


BAD: dict[str, tuple[Spoil, int, tuple[str, ...]]] = {
    # a file
    "the panel is missing": (_gone("panel"), USAGE, ("panel.csv", "no such file")),
    "the champion is missing": (_gone("champion"), USAGE, ("champion.csv", "no such file")),
    "the candidate is missing": (_gone("candidate"), USAGE, ("candidate.csv", "no such file")),
    "the policy is missing": (_gone("policy"), USAGE, ("policy.yaml",)),
    "the panel is an empty file": (_text("panel", ""), DATA, ("panel.csv",)),
    "the panel holds no rows": (_keep("panel", slice(0)), DATA, ("no rows",)),
    "the candidate is an empty file": (_text("candidate", ""), DATA, ("candidate.csv",)),
    "the candidate is no table": (
        _text("candidate", 'row_id,y_score\n"r0,0.5\n'), DATA, ("candidate.csv",),
    ),
    "the policy is empty": (_text("policy", ""), USAGE, ("policy.yaml",)),
    "the policy is no YAML": (_text("policy", "a: [1"), USAGE, ("policy.yaml",)),
    # a column
    "the panel has no row_id": (_drop("panel", "row_id"), DATA, ("row_id",)),
    "the panel has no y_true": (_drop("panel", "y_true"), DATA, ("y_true",)),
    "the predictions have no row_id": (_drop("candidate", "row_id"), DATA, ("row_id",)),
    "there are no predictions": (
        _drop("candidate", "y_score"), DATA, ("y_pred", "y_score", "name the column"),
    ),
    "the data lack a slice column": (
        lambda f: f.policy.update(slices=["regoin"]), USAGE, ("regoin", "did you mean 'region'"),
    ),
    # a row
    "a row_id is doubled": (_cell("panel", "row_id", "r8"), DATA, ("r8", "more than")),
    "a row_id is missing": (_cell("panel", "row_id", None), DATA, ("row 8", "row_id")),
    "a prediction is doubled": (_cell("candidate", "row_id", "r8"), DATA, ("r8",)),
    "a prediction is missing": (_keep("candidate", slice(0, -1)), DATA, ("r199", "lacks")),
    "a prediction is of no panel row": (
        _keep("panel", slice(0, -1)), DATA, ("r199", "the panel has not"),
    ),
    "the predictions are of another panel": (
        lambda f: f.frames["candidate"].update({"row_id": [f"x{i}" for i in range(ROWS)]}),
        DATA, ("lacks 200", "this very panel"),
    ),
    # a value
    "a score is above 1": (_cell("candidate", "y_score", 1.01), DATA, ("r7", "[0, 1]")),
    "a score is below 0": (_cell("candidate", "y_score", -0.01), DATA, ("r7", "[0, 1]")),
    "a score is NaN": (_cell("candidate", "y_score", np.nan), DATA, ("r7", "y_score")),
    "a score is infinite": (_cell("champion", "y_score", np.inf), DATA, ("r7", "y_score")),
    "a score is text": (
        lambda f: f.frames.update(candidate=f.frames["candidate"].assign(y_score="high")),
        DATA, ("y_score", "no number"),
    ),
    "a truth is blank": (_cell("panel", "y_true", np.nan), DATA, ("r7", "y_true")),
    "a truth is infinite": (_cell("panel", "y_true", np.inf), DATA, ("r7", "y_true")),
    "a weight is NaN": (_cell("panel", "weight", np.nan), DATA, ("r7", "weight")),
    "a weight is infinite": (_cell("panel", "weight", np.inf), DATA, ("r7", "weight")),
    "a weight is negative": (_cell("panel", "weight", -1.0), DATA, ("r7", "weight")),
    "a cluster is blank": (_cell("panel", "cluster", None), DATA, ("cluster",)),
    "there are three labels": (_cell("panel", "y_true", 2), DATA, ("3 labels", "multiclass")),
    "the positive class is no label": (
        lambda f: f.policy.update(positive=True), USAGE,
        ("positive: 'true'", "'0', '1'", "write one of these labels, in quotes"),
    ),
    "a slice has too many values": (
        lambda f: f.policy.update(slices=["row_id"]), DATA,
        ("200 values", "at most 100", "segment"),
    ),
    # too little
    "there is a single class": (
        _all(lambda p: p[p["y_true"] == 1]), DATA, ("INCONCLUSIVE",),
    ),
    "there is one row": (_all(lambda p: p.head(1)), DATA, ("INCONCLUSIVE",)),
    # a rule
    "a metric is unknown": (_rule(metric="roc_acu"), USAGE, ("roc_acu", "did you mean 'roc_auc'")),
    "a margin has the wrong sign": (_rule(margin=-0.05), USAGE, ("rules[0].margin",)),
    "a margin is NaN": (_rule(margin=float("nan")), USAGE, ("margin",)),
    "a key is unknown": (_rule(margn=0.05), USAGE, ("margn", "did you mean 'margin'")),
    "a metric is of another task": (_rule(metric="mae"), USAGE, ("'mae'", "regression")),
    "there are no rules": (lambda f: f.policy.update(rules=[]), USAGE, ("rules",)),
}  # fmt: skip


@pytest.mark.parametrize("case", BAD)
def test_bad_input_is_told_once_and_clearly(
    case: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The message names the file, the key or the row; nothing allows; no traceback."""
    files = Files(tmp_path)
    spoil, code, words = BAD[case]
    spoil(files)
    assert files.compare("--quiet") == code
    said = capsys.readouterr()
    text = said.out + said.err
    for word in words:
        assert word in text
    assert "Traceback" not in text
    assert "ALLOW" not in said.out
    if said.err:
        assert said.err.count("titleholder: ") == 1
        assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("suffix", files.WRITERS)
def test_the_same_files_unspoiled_are_allowed_in_every_format(
    suffix: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The clean control beside the bad ones."""
    assert Files(tmp_path, suffix).compare("--quiet") == 0
    assert capsys.readouterr().out.splitlines()[-1].startswith("ALLOW sha256:")
    assert {path.name for path in (tmp_path / "out").iterdir()} == {
        "comparisons.json", "report.html", "verdict.json",
    }  # fmt: skip
    assert "Slices that nobody declared" in (tmp_path / "out" / "report.html").read_text()


def test_the_findings_can_be_had_as_files_and_in_a_job(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """JUnit, CSV and Markdown; a step summary is added to; ALLOW stays the last line."""
    summary = tmp_path / "summary.md"
    summary.write_text("before\n")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(summary))
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    names = {"--junit": "j.xml", "--csv": "f.csv", "--markdown": "m.md"}
    flags = [word for flag, name in names.items() for word in (flag, str(tmp_path / name))]
    assert Files(tmp_path).compare(*flags) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("::notice")
    assert lines[-1].startswith("ALLOW sha256:")
    assert "<testsuites" in (tmp_path / "j.xml").read_text()
    assert "auc" in (tmp_path / "f.csv").read_text()
    assert summary.read_text() == "before\n" + (tmp_path / "m.md").read_text()


def test_a_blank_slice_value_takes_no_row_out_of_the_whole(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The row counts overall, and the verdict is made on all of them."""
    files = Files(tmp_path)
    files.put("panel", "region", 7, None)
    assert files.compare("--json") == 0
    verdict = json.loads(capsys.readouterr().out.splitlines()[0])
    assert verdict["findings"][0]["n"] == ROWS


def test_a_slice_that_the_data_lack_is_told_beside_the_findings(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The table has no figure to show for it, so the reason stands below, with the nearest name."""
    files = Files(tmp_path)
    files.policy["rules"].append(
        {**files.policy["rules"][0], "id": "typo", "slice": "region=nroth"}
    )
    assert files.compare() == DATA
    said = capsys.readouterr().out
    assert "! typo (region=nroth): roc_auc was not measured on region=nroth" in said
    assert "did you mean 'region=north'?" in said


def test_all_mistakes_of_a_policy_are_told_at_once(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each with its place in the file."""
    files = Files(tmp_path)
    files.policy.update(level=2, slcies=["region"], task="binray")
    assert files.compare() == USAGE
    said = capsys.readouterr().err
    assert all(word in said for word in ("level", "slcies", "binray", "3 problems"))


def test_a_label_that_the_panel_does_not_know_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A model that answers in other words than the truth is not compared."""
    files = Files(tmp_path)
    files.frames["candidate"] = files.frames["candidate"].assign(y_pred=1)
    files.put("candidate", "y_pred", 7, 9)
    assert files.compare() == DATA
    assert "'9'" in capsys.readouterr().err


def _score_classes(files: Files, **classes: tuple[str, ...]) -> None:
    """A multiclass task in which each model gives its classes the same probability."""
    for name, of in classes.items():
        ids = files.frames[name]["row_id"]
        scores = {f"y_score_{c}": np.full(ROWS, 1 / len(of)) for c in of}
        files.frames[name] = pd.DataFrame({"row_id": ids, **scores})
    rule = {"id": "a", "metric": "accuracy", "kind": "non_inferior", "margin": 0.05}
    files.policy = {"task": "multiclass", "rules": [rule]}


def test_a_class_that_the_champion_has_never_seen_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """It has no score for it, so the two cannot be compared on those rows."""
    files = Files(tmp_path)
    truth = files.frames["panel"]["y_true"].map({0: "cat", 1: "dog"})
    truth.iloc[7] = "owl"
    files.frames["panel"]["y_true"] = truth
    _score_classes(files, champion=("cat", "dog"), candidate=("cat", "dog", "owl"))
    assert files.compare() == DATA
    said = capsys.readouterr().err
    assert "champion.csv" in said
    assert "'owl'" in said


def test_a_class_of_the_models_that_no_row_has_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Its probabilities are what the others lack; the cure is to name it."""
    files = Files(tmp_path)
    files.frames["panel"]["y_true"] = files.frames["panel"]["y_true"].map({0: "cat", 1: "dog"})
    animals = ("cat", "dog", "owl")
    _score_classes(files, champion=animals, candidate=animals)
    assert files.compare() == DATA
    said = capsys.readouterr().err
    assert "'y_score_owl'" in said
    assert "classes:" in said


def test_a_directory_that_cannot_be_written_to_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Before any work is done: the place is named, and the code is that of a wrong flag."""
    files = Files(tmp_path)
    (tmp_path / "out").write_text("a file is in the way")
    assert files.compare() == USAGE
    assert str(tmp_path / "out") in capsys.readouterr().err


def test_a_link_that_leads_nowhere_in_place_of_the_directory_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Before any work is done, as with a file."""
    files = Files(tmp_path)
    (tmp_path / "out").symlink_to(tmp_path / "gone" / "away")
    assert files.compare() == USAGE
    assert "out: is a link that leads nowhere" in capsys.readouterr().err


@pytest.mark.skipif(not Path("/proc/self").is_dir(), reason="needs a directory that takes none")
def test_a_directory_that_takes_no_files_is_named_with_the_cure(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Even root makes no files there, so this is found when they are made."""
    files = Files(tmp_path)
    files.write()
    assert files.compare("--csv", "/proc/self/findings.csv") == UNDECIDED
    said = capsys.readouterr()
    assert "/proc/self" in said.err and "cure: see that the directory is there" in said.err
    assert "ALLOW" not in said.out


def test_a_full_disk_leaves_no_half_written_verdict(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What did not fit is named, nothing of it is left, and nothing is allowed."""
    files = Files(tmp_path)
    files.write()
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, hard))
    try:
        code = files.compare()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    said = capsys.readouterr()
    assert code == UNDECIDED
    assert "ALLOW" not in said.out
    assert "comparisons.json: File too large" in said.err
    assert "free some space" in said.err
    assert list((tmp_path / "out").iterdir()) == []
