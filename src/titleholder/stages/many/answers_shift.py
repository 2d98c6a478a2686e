"""How far models' answers have moved since the reference, of data in many files.

As `compare` has it of one file: scores, or answers where a model gives none, profiled unit by unit.
"""

from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from titleholder import drift, records, tables, threads
from titleholder.drift.profile import Opaque, Profile
from titleholder.drift.table import Side
from titleholder.errors import RecordError
from titleholder.shards.blocks import Unit, units_of
from titleholder.shards.runner import Runner
from titleholder.stages.many import answers, shards
from titleholder.stages.many import drift as drift_many
from titleholder.stages.many.blocks import SCORE
from titleholder.stages.panels import Rows
from titleholder.stages.workspace import Workspace
from titleholder.types import Task

_LABEL = "y_pred"


@dataclass(frozen=True, slots=True)
class Look:
    """One model's answers on the rows of one role: their files by the digests that they had."""

    ws: Workspace
    model: str
    role: str
    rows: int
    digests: dict[str, str]
    classes: tuple[str, ...]

    def units(self) -> tuple[Unit, ...]:
        """The rows as units of work."""
        return units_of(self.rows, self.ws.runner.blocks)

    def values(self, block: int) -> NDArray[Any]:
        """One number a row of a block, as `compare` has it of one file: the positive's score, the
        top class's, the answer, or the number of the label among the classes.
        """
        path = answers.file_of(self.ws, self.model, self.role, block)
        name = self.ws.relative(path)
        if not path.is_file() or f"sha256:{records.sha256_file(path)}" != self.digests[name]:
            raise RecordError(f"{name}: is not what was recorded", cure="run the predict stage")
        frame = tables.read_frame(path)
        if self.ws.suite.task is Task.REGRESSION:
            return frame[_LABEL].to_numpy(np.float64)
        if SCORE in frame:
            return frame[SCORE].to_numpy(np.float64)
        scores = [f"{SCORE}_{name}" for name in self.classes]
        if all(name in frame for name in scores):
            return np.asarray(frame[scores].to_numpy(np.float64).max(axis=1))
        number = {name: float(i) for i, name in enumerate(self.classes)}
        return np.array([number.get(tables.label(said), np.nan) for said in frame[_LABEL]])


def shifts(rows: Rows, classes: tuple[str, ...]) -> tuple[drift.ColumnShift, ...]:
    """The shift of every model's answers that there are of reference rows, the champion's first;
    nothing where it has none. ``classes`` are those of the current rows.
    """
    ws = rows.ws
    if not answered(rows, rows.champion, "reference"):
        return ()
    found = []
    with shards.runner_of(ws) as runner:
        for model in (rows.champion, *rows.manifest.candidates()):
            if answered(rows, model, "reference"):
                looks = [_look(rows, model, role, classes) for role in ("reference", "current")]
                found.append(_shift(ws, model, looks, runner))
    return tuple(found)


def answered(rows: Rows, model: str, role: str) -> bool:
    """Whether a model was asked about the rows of a role: ready answers are of current rows."""
    first = answers.file_of(rows.ws, model, role, 0)
    return shards.has(rows.ws, role) and rows.ws.relative(first) in rows.set.files


def profiled(look: Look, unit: Unit) -> Profile:
    """The profile of the answers for one unit."""
    threads.pin()
    total: Profile = Opaque(0, 0)
    for block in range(unit.first, unit.last):
        total = drift.merge([total, drift.summary(look.values(block))])
    return total


def held(look: Look, unit: Unit) -> tuple[int, NDArray[Any]]:
    """All answers for one unit, and the number of its first row."""
    threads.pin()
    return unit.start, np.concatenate([look.values(b) for b in range(unit.first, unit.last)])


def _look(rows: Rows, model: str, role: str, classes: tuple[str, ...]) -> Look:
    ws = rows.ws
    return Look(ws.sent(), model, role, shards.read(ws, role).rows, rows.set.files, classes)


def _shift(ws: Workspace, model: str, looks: list[Look], runner: Runner) -> drift.ColumnShift:
    name = f"prediction of {model}"
    then, now = (
        drift.merge(list(runner.map(partial(profiled, look), look.units()))) for look in looks
    )

    def values(_: str) -> tuple[Side, Side] | None:
        if any(look.rows > drift_many.MOST_VALUES for look in looks):
            return None
        return _values(looks[0], runner), _values(looks[1], runner)

    thresholds = drift.thresholds_of(ws.suite.drift, name)
    return drift.measure(then, now, name, thresholds, drift.Role.PREDICTION, values)


def _values(look: Look, runner: Runner) -> NDArray[Any]:
    parts = sorted(runner.map(partial(held, look), look.units()), key=lambda part: part[0])
    return np.concatenate([part for _, part in parts])
