"""A run that was killed goes on where it was, and never on what is no longer so."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.support import killed, tiny
from titleholder.errors import RecordError
from titleholder.stages import STAGES, finished, measured, predict
from titleholder.stages.workspace import Workspace, open_workspace
from titleholder.types import Gauge


def test_a_run_that_is_resumed_ends_as_one_that_nobody_killed(tmp_path: Path) -> None:
    """Its records and its evidence are the same to the byte, and what had ended is left alone."""
    found = killed.killed_runs(tmp_path, 300, "resumed", boundaries=8)
    assert found.points >= 3
    assert not found.wrong


@pytest.fixture
def ws(tmp_path: Path) -> Workspace:
    """A suite whose validation is marked as finished, on records that stand in for real ones."""
    ws = open_workspace(tiny.make(tmp_path), tiny.SUITE)
    for stage in ("pull", "validate"):
        ws.stage(stage).mkdir(parents=True)
        (ws.stage(stage) / "record.json").write_text(stage)
    finished.note(ws, "pull", {})
    finished.note(ws, "validate", _inputs(ws))
    assert STAGES["validate"].stands(ws)
    return ws


def _inputs(ws: Workspace) -> dict[str, str]:
    stage = STAGES["validate"]
    return finished.inputs_of(ws, stage.after, stage.params)


def _other_data(ws: Workspace) -> None:
    (ws.stage("pull") / "record.json").write_text("other bytes")
    finished.note(ws, "pull", {})


def _mark(ws: Workspace) -> Path:
    return finished.beside(ws, "validate.json")


def _of_another_machine(ws: Workspace) -> None:
    said = json.loads(_mark(ws).read_text())
    said["machine"]["processors"] += 1
    _mark(ws).write_text(json.dumps(said))


CHANGES: dict[str, Callable[[Workspace], object]] = {
    "an earlier record": _other_data,
    "a record of its own": lambda ws: (ws.stage("validate") / "record.json").write_text("x"),
    "a record that is gone": lambda ws: (ws.stage("validate") / "record.json").unlink(),
    "a record too many": lambda ws: (ws.stage("validate") / "more.json").write_text(""),
    "the machine": _of_another_machine,
    "a mark that is cut off": lambda ws: _mark(ws).write_bytes(_mark(ws).read_bytes()[:-9]),
    "no mark": lambda ws: _mark(ws).unlink(),
    "a run begun anew": finished.forget,
}


@pytest.mark.parametrize("changed", CHANGES)
def test_a_stage_is_run_again_where_anything_has_changed(ws: Workspace, changed: str) -> None:
    """What it was made of, what it made, where, or the word that it had ended."""
    CHANGES[changed](ws)
    assert not STAGES["validate"].stands(ws)


def test_other_parameters_or_other_code_make_a_stage_stale(
    ws: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Though every file is the same."""
    text = (ws.root / "params.yaml").read_text()
    (ws.root / "params.yaml").write_text(text.replace("target: y_true", "target: other"))
    assert not STAGES["validate"].stands(open_workspace(ws.root, ws.name))
    monkeypatch.setattr(finished, "code", lambda: "sha256:other")
    assert not STAGES["validate"].stands(ws)


@pytest.mark.parametrize("name", ["pull", "report", "publish"])
def test_what_the_world_may_have_changed_is_always_asked_again(ws: Workspace, name: str) -> None:
    """Data, waivers and the store are not for a mark to know."""
    finished.note(ws, name, finished.inputs_of(ws, STAGES[name].after, STAGES[name].params))
    assert not STAGES[name].stands(ws)


def test_what_a_killed_stage_was_writing_is_swept_away(ws: Workspace) -> None:
    """It would be published as evidence."""
    leftover = ws.stage("validate") / ".record.json.k1ll3d"
    leftover.write_text("ha")
    finished.begun(ws, "validate")
    assert not leftover.exists()
    assert not _mark(ws).exists()


class Counting:
    """Stands in for `predict._answers`: counts its calls, and dies at one model."""

    def __init__(self, deadly: str) -> None:
        self.called: list[str] = []
        self.deadly = deadly

    def __call__(
        self, ws: Workspace, name: str, path: Path, frames: Any
    ) -> tuple[list[Path], dict[str, Gauge]]:
        """One file and one figure."""
        if name == self.deadly:
            raise KeyboardInterrupt
        self.called.append(name)
        file = predict.file_of(ws, name, "current")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(name)
        return [file], {"size_mb": measured.exact(len(self.called))}


def test_a_model_that_has_answered_is_not_asked_again_for_another_ones_sake(
    ws: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Within the predict stage each model is finished on its own, with what was measured of it."""
    finished.forget(ws)
    for name in ("pull", "validate"):
        STAGES[name].run_in(ws)
    first = Counting(deadly="candidate")
    monkeypatch.setattr(predict, "_answers", first)
    with pytest.raises(KeyboardInterrupt):
        STAGES["predict"].run_in(ws)
    with pytest.raises(RecordError):
        predict.records.read(ws.stage("predict") / predict.FILE, predict.PredictionSet)
    second = Counting(deadly="")
    monkeypatch.setattr(predict, "_answers", second)
    STAGES["predict"].run_in(ws)
    assert (first.called, second.called) == (["champion"], ["candidate"])
    found = predict.records.read(ws.stage("predict") / predict.MEASURED, measured.Measured)
    assert set(found.models) == {"champion", "candidate"}
