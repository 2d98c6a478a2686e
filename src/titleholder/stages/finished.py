"""What a run has finished so far: the marks by which one that was killed goes on where it was.

A stage that has ended leaves a mark beside the stages' directories: what its records were made of,
and the digest of every file that it left. It stands as long as all of that is still so; a stage
that is stale, half-written or tampered with has no mark that matches, and is run again. A run
that comes to its end takes its marks along: the next one begins anew, measures anew and shows
whether equal inputs still give equal answers.
"""

import shutil
import sys
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path

import titleholder
from titleholder import records
from titleholder.errors import RecordError
from titleholder.stages import measured, snapshot
from titleholder.stages.workspace import RUNS, Workspace
from titleholder.types import Record

MARKS = ".finished"


class Mark(Record, frozen=True):
    """What was made of what: names and digests. ``machine`` is that of whatever was measured."""

    inputs: dict[str, str]
    outputs: dict[str, str]
    machine: measured.Machine


def inputs_of(ws: Workspace, after: Iterable[str], params: Iterable[str]) -> dict[str, str]:
    """What the records of a stage follow from: earlier records, parameters, and the code."""
    found = {"code": code(), "params": ws.params_digest(params)}
    for stage in after:
        mark = _read(ws, stage)
        found |= _digests(ws, stage) if mark is None else mark.outputs
    return found


def stands(ws: Workspace, name: str, inputs: Mapping[str, str]) -> bool:
    """Whether a stage ended with these inputs, on a machine like this, and left what is there."""
    mark = _read(ws, name)
    return (
        mark is not None
        and mark.inputs == inputs
        and mark.machine == measured.machine()
        and mark.outputs == _digests(ws, name)
    )


def note(ws: Workspace, name: str, inputs: Mapping[str, str]) -> None:
    """Say that a stage has ended, by all that lies in its directory."""
    _write(ws, name, dict(inputs), _digests(ws, name))


def part(ws: Workspace, name: str, inputs: Mapping[str, str]) -> list[Path] | None:
    """The files of a part of a stage, if it ended with these inputs and left them as they are."""
    mark = _read(ws, name)
    if mark is None or mark.inputs != inputs or mark.machine != measured.machine():
        return None
    if not all(_is(ws.root / path, digest) for path, digest in mark.outputs.items()):
        return None
    return [ws.root / path for path in mark.outputs]


def note_part(ws: Workspace, name: str, inputs: Mapping[str, str], files: Iterable[Path]) -> None:
    """Say that a part of a stage has ended, and which files it left."""
    _write(ws, name, dict(inputs), dict(ws.digest(file) for file in files))


def begun(ws: Workspace, name: str) -> None:
    """Take a stage's mark away before it begins, and what a killed one left half-written."""
    _path(ws, name).unlink(missing_ok=True)
    for leftover in ws.stage(name).rglob(".*"):
        if leftover.is_file():
            leftover.unlink()


def forget(ws: Workspace) -> None:
    """Take all marks away, and the copy of what was read: the next run begins anew."""
    snapshot.forget(ws)
    shutil.rmtree(ws.root / RUNS / ws.name / MARKS, ignore_errors=True)


def beside(ws: Workspace, name: str) -> Path:
    """Where a part of a stage may lay what it needs to go on, until the run has ended."""
    return ws.root / RUNS / ws.name / MARKS / name


@cache
def code() -> str:
    """The digest of this package's files and of the names and versions of all that is installed.

    The environment is told by its directories of metadata, whose names hold both.
    """
    here = Path(titleholder.__file__).parent
    files = {
        path.relative_to(here).as_posix(): records.sha256_file(path)
        for path in sorted(here.rglob("*"))
        if path.is_file() and "__pycache__" not in path.parts
    }
    places = (Path(entry or ".") for entry in sys.path)
    installed = {found.name for place in places for found in place.glob("*.dist-info")}
    said = {"files": files, "installed": sorted(installed), "python": sys.version}
    return f"sha256:{records.sha256(said)}"


def _read(ws: Workspace, name: str) -> Mark | None:
    """The mark, if there is one and it can be read: a damaged one is none."""
    try:
        return records.read(_path(ws, name), Mark)
    except RecordError:
        return None


def _write(ws: Workspace, name: str, inputs: dict[str, str], outputs: dict[str, str]) -> None:
    records.write(_path(ws, name), Mark(inputs, outputs, measured.machine()))


def _path(ws: Workspace, name: str) -> Path:
    return beside(ws, f"{name}.json")


def _digests(ws: Workspace, stage: str) -> dict[str, str]:
    """Every file of a stage by its path below the project."""
    return dict(ws.digest(path) for path in sorted(ws.stage(stage).rglob("*")) if path.is_file())


def _is(path: Path, digest: str) -> bool:
    return path.is_file() and f"sha256:{records.sha256_file(path)}" == digest
