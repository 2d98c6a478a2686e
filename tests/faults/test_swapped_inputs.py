"""Data and models that are exchanged in the middle of a run."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support import hostile
from titleholder.cli import main
from titleholder.stages import validate
from titleholder.stages.workspace import Workspace

CURRENT, CANDIDATE = "data/current.csv", "data/candidate.csv"


def _exchanged(path: Path) -> None:
    other = path.with_suffix(".other")
    other.write_bytes(path.read_bytes().replace(b"r1,", b"r1,9"))
    other.replace(path)


def _and_put_back(path: Path) -> None:
    aside = path.with_suffix(".aside")
    path.rename(aside)
    path.write_bytes(b"row_id,x\n")
    aside.replace(path)
    os.utime(path)


def _written_over(path: Path) -> None:
    held = path.read_bytes()
    path.write_bytes(b"row_id,x\n")
    path.write_bytes(held)


def _removed(path: Path) -> None:
    path.unlink()


@pytest.mark.parametrize("name", [CURRENT, CANDIDATE])
@pytest.mark.parametrize("change", [_exchanged, _and_put_back, _written_over, _removed])
def test_an_input_that_is_exchanged_while_a_stage_runs_is_caught(
    change: Callable[[Path], None], name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    """Even where the same bytes lie there again when the stage ends."""
    hostile.project(tmp_path)
    monkeypatch.chdir(tmp_path)
    assert main(["stage", "pull", "s"]) == 0
    honest = validate.run

    def meanwhile(ws: Workspace) -> None:
        honest(ws)
        change(tmp_path / name)

    monkeypatch.setattr(validate, "run", meanwhile)
    assert main(["stage", "validate", "s"]) != 0
    said = capsys.readouterr().err
    assert f"{name}: was exchanged while it was read" in said and "run the suite again" in said


def test_inputs_that_hold_still_are_no_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And other files may change as they like."""
    hostile.project(tmp_path)
    monkeypatch.chdir(tmp_path)
    assert main(["stage", "pull", "s"]) == 0
    honest = validate.run

    def meanwhile(ws: Workspace) -> None:
        (tmp_path / "data/other.csv").write_text("a\n1\n")
        honest(ws)

    monkeypatch.setattr(validate, "run", meanwhile)
    assert main(["stage", "validate", "s"]) == 0


def test_what_was_exchanged_between_stages_is_caught_by_the_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """By its digest."""
    hostile.project(tmp_path)
    monkeypatch.chdir(tmp_path)
    hostile.pulled(tmp_path)
    _exchanged(tmp_path / CANDIDATE)
    assert main(["stage", "predict", "s"]) != 0
    assert f"{CANDIDATE}: is not the file that was recorded" in capsys.readouterr().err
