"""Data and models that are exchanged in the middle of a run."""

import errno
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support import hostile
from titleholder.cli import main
from titleholder.errors import RecordError, TitleholderError
from titleholder.stages import STAGES, manifest, provenance, snapshot, still, validate
from titleholder.stages.workspace import Workspace, open_workspace

CURRENT, CANDIDATE = "data/current.csv", "data/candidate.csv"


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project whose inputs were pulled, and whose data passed."""
    hostile.project(tmp_path)
    monkeypatch.chdir(tmp_path)
    hostile.pulled(tmp_path)
    return tmp_path


@pytest.fixture
def in_place(here: Path) -> Path:
    """The same, with inputs that are read as they lie."""
    with (here / "params.yaml").open("a") as params:
        params.write("snapshot: none\n")
    return here


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


# ------------------------------------------------------------------------- with a private copy


def test_what_is_exchanged_while_it_is_read_and_put_back_has_no_influence(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Written over in place, so that a hard link would show it: the answers are the honest ones."""
    from titleholder.stages import predict

    assert main(["stage", "predict", "s"]) == 0
    honest = _files(here / ".titleholder/runs/s/predict")
    held = {name: (here / name).read_bytes() for name in (CURRENT, CANDIDATE)}
    run = predict.run

    def meanwhile(ws: Workspace) -> None:
        for name in held:
            (here / name).write_bytes(b"row_id,y_score\nr1,0.5\n")
        run(ws)
        for name, data in held.items():
            (here / name).write_bytes(data)

    monkeypatch.setattr(predict, "run", meanwhile)
    assert main(["stage", "predict", "s"]) == 0
    assert _files(here / ".titleholder/runs/s/predict") == honest


def _files(directory: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in directory.iterdir()}


@pytest.mark.parametrize("name", [CURRENT, CANDIDATE])
def test_what_was_exchanged_and_stays_so_is_not_published(
    name: str, here: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Though the verdict would be of the bytes that were read; and the next run is of the new."""
    honest = validate.run

    def meanwhile(ws: Workspace) -> None:
        honest(ws)
        _exchanged(here / name)

    with monkeypatch.context() as patched:
        patched.setattr(validate, "run", meanwhile)
        assert main(["run", "s"]) == 5
    assert f"{name}: is not the file that was recorded" in capsys.readouterr().err
    assert not list(here.glob(".titleholder/store/verdicts/*/*/0*.json"))


def test_a_copy_that_was_changed_is_not_read(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """It is held against the digest that `pull` recorded, as an input is."""
    (copy,) = here.glob(f".titleholder/runs/s/.snapshot/*/{CANDIDATE}")
    copy.chmod(0o600)
    _exchanged(copy)
    assert main(["stage", "predict", "s"]) == 5
    assert "is not the file that was recorded" in capsys.readouterr().err


def test_a_copy_is_private_whole_and_goes_with_the_run(here: Path) -> None:
    """Closed to others, files to everybody; a run that ends leaves none."""
    there = here / ".titleholder/runs/s/.snapshot"
    (copy,) = there.iterdir()
    files = [path for path in copy.rglob("*") if path.is_file()]
    assert sorted(path.relative_to(copy).as_posix() for path in files) == [
        CANDIDATE, "data/champion.csv", CURRENT,
    ]  # fmt: skip
    assert there.stat().st_mode & 0o777 == 0o700 and copy.stat().st_mode & 0o777 == 0o700
    assert {path.stat().st_mode & 0o777 for path in files} == {0o400}
    ws = open_workspace(here, "s")
    assert provenance.of(ws).snapshot == "whole"
    assert main(["run", "s"]) == 0
    assert not there.exists()


def test_a_stage_makes_the_copy_again_where_there_is_none(here: Path) -> None:
    """As after a run that ended, when DVC keeps what `pull` recorded."""
    shutil.rmtree(here / ".titleholder/runs/s/.snapshot")
    assert main(["stage", "predict", "s"]) == 0
    assert list(here.glob(f".titleholder/runs/s/.snapshot/*/{CANDIDATE}"))


def test_what_is_exchanged_while_it_is_copied_is_caught(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A copy is of the recorded bytes or not there."""
    ws = open_workspace(here, "s")
    copy = snapshot._copy

    def of_others(source: Path, to: Path) -> None:
        copy(source, to)
        to.chmod(0o600)
        to.write_bytes(b"others")

    monkeypatch.setattr(snapshot, "_copy", of_others)
    with pytest.raises(RecordError, match="was exchanged while it was read"):
        still.copy(ws)
    assert not (here / ".titleholder/runs/s/.snapshot").exists()


def test_where_blocks_cannot_be_shared_bytes_are_copied(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another file system, or another system."""

    def refused(*_: object) -> int:
        raise OSError(errno.EXDEV, "Invalid cross-device link")

    monkeypatch.setattr(os, "copy_file_range", refused)
    ws = open_workspace(here, "s")
    still.copy(ws)
    found = manifest.read(ws)
    assert found.path_of(ws, "current") != here / CURRENT
    assert found.path_of(ws, "current").read_bytes() == (here / CURRENT).read_bytes()


def test_a_full_disk_is_told_with_its_cure(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And nothing is read in place unasked."""

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "copy_file_range", full)
    monkeypatch.setattr(shutil, "copyfileobj", full)
    with pytest.raises(TitleholderError, match="No space left") as caught:
        still.copy(open_workspace(here, "s"))
    assert "snapshot: none" in caught.value.cure


def test_messages_name_the_project_s_own_files(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Not the copies that were read."""
    (here / CANDIDATE).write_bytes(b"row_id,y_score\nr1,x\n")
    assert main(["stage", "pull", "s"]) == 0
    assert main(["stage", "predict", "s"]) == 0 and main(["stage", "compare", "s"]) == 3
    assert ".snapshot" not in capsys.readouterr().err


def test_a_rehearsal_leaves_no_copy(here: Path) -> None:
    """It decides nothing, and reads inputs as they lie."""
    assert main(["plan", "s"]) == 0
    assert not (here / ".titleholder/runs/s/.snapshot").exists()


# ------------------------------------------------------------------------- as they lie


@pytest.mark.parametrize("name", [CURRENT, CANDIDATE])
@pytest.mark.parametrize("change", [_exchanged, _and_put_back, _written_over, _removed])
def test_without_a_copy_an_input_that_is_exchanged_while_a_stage_runs_is_caught(
    change: Callable[[Path], None], name: str, in_place: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    """Even where the same bytes lie there again when the stage ends."""
    honest = validate.run

    def meanwhile(ws: Workspace) -> None:
        honest(ws)
        change(in_place / name)

    monkeypatch.setattr(validate, "run", meanwhile)
    assert main(["stage", "validate", "s"]) == 5
    said = capsys.readouterr().err
    assert f"{name}: was exchanged while it was read" in said and "run the suite again" in said


def test_without_a_copy_inputs_that_hold_still_are_no_reason(
    in_place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And other files may change as they like."""
    honest = validate.run

    def meanwhile(ws: Workspace) -> None:
        (in_place / "data/other.csv").write_text("a\n1\n")
        honest(ws)

    monkeypatch.setattr(validate, "run", meanwhile)
    assert main(["stage", "validate", "s"]) == 0
    assert provenance.of(open_workspace(in_place, "s")).snapshot == "none"


def test_without_a_copy_what_was_exchanged_between_stages_is_caught_by_the_next(
    in_place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """By its digest."""
    STAGES["pull"].run(in_place, "s")
    _exchanged(in_place / CANDIDATE)
    assert main(["stage", "predict", "s"]) == 5
    assert f"{CANDIDATE}: is not the file that was recorded" in capsys.readouterr().err
