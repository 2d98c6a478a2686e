"""predict: every model of the suite on the current and the reference rows, and what that costs."""

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from titleholder import records, tables
from titleholder.adapters import models
from titleholder.params.schema import Suite
from titleholder.stages import STAGES, finished, manifest, measured, validate
from titleholder.stages.chats import calibration, conversations
from titleholder.stages.many import answers, shards
from titleholder.stages.workspace import Workspace
from titleholder.types import Gauge, Record

if TYPE_CHECKING:
    import pandas as pd

FILE = "predictions.json"
MEASURED = "measured.json"


class PredictionSet(Record, frozen=True):
    """Which file holds which model's answers, and what it was made from.

    ``skipped`` says why no model was run; it is empty when they were.
    """

    inputs: dict[str, str]
    files: dict[str, str]
    skipped: str = ""


def run(ws: Workspace) -> None:
    """Write ``<model>.current.parquet`` and, where there is one, ``<model>.reference.parquet``.

    Of data in many files, answers lie in many files, too (`titleholder.stages.many.answers`).
    """
    found = manifest.read(ws)
    here = ws.stage("predict")
    (here / calibration.FILE).unlink(missing_ok=True)
    inputs = dict([ws.digest(ws.stage("pull") / manifest.FILE)])
    inputs["params"] = ws.params_digest(STAGES["predict"].params)
    skipped = validate.refusal(ws)
    figures: dict[str, dict[str, Gauge]] = {}
    files: list[Path] = []
    made: dict[str, str] = {}
    many = shards.has(ws, "current")
    if many and not skipped:
        for role in ("reference", "current"):
            if shards.has(ws, role):
                made |= answers.ask(ws, found, role, inputs["params"])
        figures = answers.figures(ws, found)
    if not skipped and not many:
        frames = {
            role: tables.read_frame(found.path_of(ws, role))
            # The current rows last: whatever a model does but once is not counted in their time.
            for role in ("reference", "current")
            if found.has(role)
        }
        paths = {name: found.path_of(ws, role) for name, role in found.models()}
        chats = {n: path for n, path in paths.items() if conversations.is_chat(path)}
        for name in [name for name in paths if name not in chats]:
            written, figures[name] = _kept(ws, name, paths[name], frames)
            files += written
        if chats:
            files += _conversations(ws, found, chats, frames["current"], figures)
    digests = {**made, **dict(ws.digest(file) for file in files)}
    _sweep(here, files)
    records.write(here / MEASURED, measured.Measured(machine=measured.machine(), models=figures))
    records.write(here / FILE, PredictionSet(inputs=inputs, files=digests, skipped=skipped))


def read(ws: Workspace) -> PredictionSet:
    """Which answers this stage recorded."""
    return records.read(ws.stage("predict") / FILE, PredictionSet)


def file_of(ws: Workspace, model: str, role: str) -> Path:
    """Where one model's answers on one set of rows lie."""
    return ws.stage("predict") / f"{model}.{role}.parquet"


def asked(suite: Suite) -> models.Asked:
    """What the suite asks of its models."""
    positive = None if suite.positive is None else tables.label(suite.positive)
    classes = suite.classes or ()
    return models.Asked(suite.task, positive, classes, suite.images, suite.models.trust)


def _sweep(here: Path, files: list[Path]) -> None:
    """Remove the answers of models that the suite has no more: evidence of nothing."""
    for path in here.glob("*.parquet"):
        if path not in files:
            path.unlink()


def _kept(
    ws: Workspace, name: str, path: Path, frames: "dict[str, pd.DataFrame]"
) -> tuple[list[Path], dict[str, Gauge]]:
    """One model's files and figures, of this run or of one that was killed while the next ran."""
    stage = STAGES["predict"]
    inputs = finished.inputs_of(ws, stage.after, stage.params)
    mark = f"predict/{name}"
    told = finished.beside(ws, f"{mark}.figures")
    before = finished.part(ws, mark, inputs)
    if before is not None:
        kept = records.read(told, measured.Figures).figures
        return [file for file in before if file != told], kept
    files, figures = _answers(ws, name, path, frames)
    records.write(told, measured.Figures(figures))
    finished.note_part(ws, mark, inputs, [*files, told])
    return files, figures


def _answers(
    ws: Workspace, name: str, path: Path, frames: "dict[str, pd.DataFrame]"
) -> tuple[list[Path], dict[str, Gauge]]:
    """One model's prediction files and its measured figures."""
    row_id = ws.suite.columns.row_id
    if path.suffix in models.PREDICTION_FILES:
        # Ready predictions are of the current rows alone; nothing is run and nothing timed.
        file = file_of(ws, name, "current")
        _write(file, tables.read_frame(path))
        return [file], {}
    model = models.load(path, asked(ws.suite))
    for role, frame in frames.items():
        tables.require(frame, row_id, f"{role} data")
    figures, files = measured.size(path), []
    for role, frame in frames.items():
        answered = measured.timed(partial(model.predict, frame, row_id))
        if role == "current" and model.here:
            figures |= measured.row_latency(answered.seconds, len(frame))
        files.append(file_of(ws, name, role))
        _write(files[-1], answered.value)
    if model.here:
        figures |= measured.latency(model, frames["current"], row_id, ws.suite.level)
    return files, {**figures, **measured.costs(model)}


def _conversations(
    ws: Workspace,
    found: manifest.Manifest,
    chats: dict[str, Path],
    frame: "pd.DataFrame",
    figures: dict[str, dict[str, Gauge]],
) -> list[Path]:
    """Scores and answers of chat models, on current rows alone: each answer costs."""
    told = conversations.predict(ws, found, chats, frame)
    files = []
    for name in chats:
        texts = ws.stage("predict") / f"{name}.answers.parquet"
        _write(file_of(ws, name, "current"), told.scores[name])
        _write(texts, told.answers[name])
        files += [file_of(ws, name, "current"), texts]
        figures[name] = dict(told.figures[name])
    inputs = dict(ws.digest(file) for file in files)
    path = ws.stage("predict") / calibration.FILE
    records.write(path, calibration.Calibrations(inputs, told.calibrations, told.failed))
    return [*files, path]


def _write(path: Path, frame: "pd.DataFrame") -> None:
    with records.replacing(path) as temporary:
        tables.write_parquet(temporary, frame)
