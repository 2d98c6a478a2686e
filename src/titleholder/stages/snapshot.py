"""A private copy of a run's inputs, which all stages after `pull` read.

    .titleholder/runs/<suite>/.snapshot/<digest of the manifest>/<path below the project>

Whoever exchanges data or a model during a run and puts them back changes nothing that is read:
the copy lies in a directory that is closed to other users, its files cannot be written to, and
each is held against the digest that `pull` recorded before anything is read from it. A link would
not do, since the file that it leads to can be written in place. Where the file system can share
blocks between files, the copy takes no room and no time.

A copy is whole or not there: it is made aside and renamed. It is of one manifest, goes when the
run ends, and is made again where a stage finds none, so that no stage depends on it.
"""

import os
import shutil
import tempfile
from collections.abc import Iterable
from pathlib import Path

from titleholder import tree
from titleholder.errors import RecordError, TitleholderError
from titleholder.params.schema import Snapshot
from titleholder.stages.workspace import COPIES, RUNS, Workspace

_AT_ONCE = 1 << 30  # bytes that the system is asked to copy in one call


def take(ws: Workspace, key: str, inputs: Iterable[tuple[Path, str]]) -> None:
    """Copy files and directories, each with its hex digest, as the copy called ``key``.

    Whatever an earlier run left goes. RecordError for an input that is not what its digest says:
    then nothing is kept. Where the workspace wants no copy, none is made.
    """
    forget(ws)
    if ws.snapshot is Snapshot.NONE:
        return
    there = _place(ws)
    there.mkdir(mode=0o700, parents=True)
    aside = Path(tempfile.mkdtemp(dir=there, prefix="."))
    for path, sha256 in inputs:
        to = aside / path.relative_to(ws.root)
        if to.exists():
            continue  # one file in two roles
        _copy(path, to)
        if tree.sha256(to) != sha256:
            forget(ws)
            raise RecordError(
                f"{path}: was exchanged while it was read",
                cure="do not change data or models during a run; run the suite again",
            )
    aside.rename(there / key)


def root_of(ws: Workspace, key: str) -> Path:
    """Where the project's inputs are read: in the copy, or, where there is none, as they lie."""
    copy = _place(ws) / key
    return copy if ws.snapshot is not Snapshot.NONE and copy.is_dir() else ws.root


def forget(ws: Workspace) -> None:
    """Remove every copy."""
    shutil.rmtree(_place(ws), ignore_errors=True)


def _place(ws: Workspace) -> Path:
    return ws.root / RUNS / ws.name / COPIES


def _copy(source: Path, to: Path) -> None:
    """The bytes of a file, or of all files of a directory, in files that only can be read."""
    if source.is_dir():
        for file in sorted(one for one in source.rglob("*") if one.is_file()):
            _copy(file, to / file.relative_to(source))
        return
    to.parent.mkdir(parents=True, exist_ok=True)
    try:
        with source.open("rb") as read, to.open("xb") as written:
            try:
                while os.copy_file_range(read.fileno(), written.fileno(), _AT_ONCE):
                    pass
            except (AttributeError, OSError):  # another system, or two that share nothing
                read.seek(0)
                written.seek(0)
                written.truncate()
                shutil.copyfileobj(read, written)
        to.chmod(0o400)
    except FileNotFoundError:
        raise RecordError(
            f"{source}: is gone since it was recorded", cure="run the suite again"
        ) from None
    except OSError as error:
        raise TitleholderError(
            f"{source}: a private copy of it cannot be made: {error.strerror}",
            cure="make room below .titleholder, or write `snapshot: none` into params.yaml",
        ) from None
