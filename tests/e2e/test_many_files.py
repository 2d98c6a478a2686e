"""Data and answers in many files, from `titleholder run` to a verdict that is believed."""

import json
import shutil
from pathlib import Path

import pytest
import yaml

from tests.support import sharded
from titleholder.cli import main
from titleholder.errors import Exit
from titleholder.stages.many import some_rows

EXPECTATIONS = """{"name": "clicks", "expectations": [
  {"type": "expect_table_row_count_to_be_between", "kwargs": {"min_value": 1000}},
  {"type": "expect_column_values_to_not_be_null", "kwargs": {"column": "clicked"}}]}"""


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project of many files, after its run."""
    root = tmp_path_factory.mktemp("many")
    (root / "clicks.json").write_text(EXPECTATIONS)
    said = {"expectations": "clicks.json", "resamples": 200}
    sharded.project(root, sharded.rows(6000), [2500, 1], {"blocks": 1}, **said)
    with pytest.MonkeyPatch.context() as patched:
        patched.chdir(root)
        assert main(["run", sharded.SUITE, "--quiet"]) == Exit.ALLOW  # judged, however it ended
    return root


def test_its_verdict_is_verified(
    published: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The evidence is of the model that the verdict is about, and leads to the same judgement."""
    monkeypatch.chdir(published)
    verdict = next(published.glob("store/verdicts/*/clicks/0*1.json"))
    assert main(["verify", str(verdict)]) == Exit.INCONCLUSIVE  # as the few rows of the run ended
    assert "all findings and checks follow from the evidence" in capsys.readouterr().out


def test_the_gate_knows_its_model_by_the_directory(
    published: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """What the gate hashes is what was judged; a file more in it, and it is another model."""
    monkeypatch.chdir(published)
    asked = ["gate", "--suite", sharded.SUITE, "--env", "dev", "--model", "candidate"]
    judged = main(asked)
    assert judged != Exit.NO_VERDICT, capsys.readouterr()
    more = published / "candidate" / "more.parquet"
    more.write_bytes(b"")
    assert main(asked) == Exit.NO_VERDICT
    more.unlink()


def test_what_its_rules_can_tell_is_read_off_its_run(
    published: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """`plan` scores nothing of data in many files, and refuses what no run has measured."""
    monkeypatch.chdir(published)
    assert main(["plan", sharded.SUITE, "--json"]) == Exit.ALLOW
    told = {(p["rule"], p["slice"]): p for p in json.loads(capsys.readouterr().out)}
    overall = told["auc", "overall"]
    assert overall["n"] == 6000
    assert overall["measured"]
    assert {where for rule, where in told if rule == "recall"} > {"region=north", "region=west"}
    whole = Path("params.yaml").read_text()
    suite = yaml.safe_load(whole)["suites"][sharded.SUITE]
    for name in ("champion", "candidate"):
        shutil.copy(f"{name}/part-0000.parquet", f"{name}-0000.parquet")
    models = {"champion": "champion-0000.parquet", "candidates": ["candidate-0000.parquet"]}
    one = {**suite, "data": {"current": "panel/part-0000.parquet"}, "models": models}
    suites = {sharded.SUITE: {**suite, "slices": ["region", "new"]}, "one": one}
    try:
        Path("params.yaml").write_text(json.dumps({"suites": suites}))
        assert main(["plan", sharded.SUITE]) == Exit.USAGE
        assert f"titleholder run {sharded.SUITE}" in capsys.readouterr().err
        assert main(["plan", "one"]) == Exit.ALLOW, capsys.readouterr().err
    finally:
        Path("params.yaml").write_text(whole)


def test_its_rules_are_tried_on_some_of_its_rows(
    published: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The terminal and the next report card say of how many."""
    monkeypatch.chdir(published)
    monkeypatch.setattr(some_rows, "MOST", 1500)
    assert main(["selftest", sharded.SUITE, "--trials", "1"]) == Exit.ALLOW
    assert "1,500 of 6,000 rows each" in capsys.readouterr().out
    assert main(["stage", "report", sharded.SUITE]) == Exit.ALLOW
    page = published / ".titleholder/runs/clicks/report/candidate/report.html"
    assert "on 1,500 of 6,000 rows:" in page.read_text()


def verified(published: Path, capsys: pytest.CaptureFixture[str]) -> tuple[int, str]:
    """`verify --full` of the first verdict: its code, and all that it printed."""
    verdict = next(published.glob("store/verdicts/*/clicks/0*1.json"))
    code = main(["verify", str(verdict), "--full"])
    return code, "".join(capsys.readouterr())


def test_its_statistics_are_repeated_from_the_files(
    published: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """With the answers that the run has kept or, where it has not, asked for again; and with none
    where a file of the data is another one.
    """
    monkeypatch.chdir(published)
    code, said = verified(published, capsys)
    assert code == Exit.INCONCLUSIVE, said
    assert "5 records come out the same, to the byte" in said
    assert "2 of 2 expectations asked again say the same" in said
    kept = published / ".titleholder/runs/clicks/answers"
    kept.rename(published / "elsewhere")
    code, said = verified(published, capsys)
    assert code == Exit.INCONCLUSIVE, said
    assert "asked again: 2 files of answers come out the same" in said
    (published / "elsewhere").rename(kept)
    part = published / "panel/part-0001.parquet"
    honest = part.read_bytes()
    part.write_bytes((published / "panel/part-0000.parquet").read_bytes())
    code, said = verified(published, capsys)
    part.write_bytes(honest)
    assert code == Exit.UNDECIDED
    assert "panel/part-0001.parquet: is not the file that was recorded" in said
