"""That inputs hold still while a stage reads them.

Stages read a private copy of all inputs (`titleholder.stages.snapshot`), and hash what they read
before they read it; publication hashes the copy and the inputs again. Where there is no copy, a
file could be exchanged after it was hashed and put back. So every file that is read is looked at
before and after each stage: where its inode, size or time of change differ, it was another one
for a while, whatever it holds now.
"""

import contextlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TypeAlias

from titleholder.errors import RecordError
from titleholder.stages import manifest, snapshot
from titleholder.stages.many import shards
from titleholder.stages.workspace import Workspace

Mark: TypeAlias = tuple[int, int, int]


def copy(ws: Workspace) -> None:
    """Make the private copy of what was pulled anew; RecordError for what is that no more."""
    found = manifest.read(ws)
    inputs = [
        (manifest.original(ws, one), one.sha256)
        for one in found.sources
        if not (shards.has(ws, one.role) or manifest.is_installed(one.role))
    ]
    snapshot.take(ws, manifest.copy_of(ws), inputs)


def require_copy(ws: Workspace) -> None:
    """Make the private copy where there is none, as after a run that came to its end.

    What is not there or has changed is for the stage that reads it to say.
    """
    if snapshot.root_of(ws, manifest.copy_of(ws)) == ws.root:
        with contextlib.suppress(RecordError):
            copy(ws)


def marks(ws: Workspace) -> dict[str, Mark]:
    """What each file that was pulled is known by; of what is not there, nothing.

    Panels of many files have marks of their own (`shards.require_same`).
    """
    try:
        sources = manifest.read(ws).sources
    except RecordError:
        return {}  # for the stage to say
    found: dict[str, Mark] = {}
    for source in sources:
        if not shards.has(ws, source.role):
            try:
                path = manifest.local_path(ws, source)
            except RecordError:
                continue
            found |= {str(file): _mark(file) for file in _files(path)}
    return found


def require_same(before: Mapping[str, Mark], after: Mapping[str, Mark]) -> None:
    """RecordError with a file that was another one for a while, or came or went."""
    names = before.keys() | after.keys()
    moved = sorted(name for name in names if before.get(name) != after.get(name))
    if moved:
        raise RecordError(
            f"{moved[0]}: was exchanged while it was read",
            cure="do not change data or models during a run; run the suite again",
        )


def _files(path: Path) -> Iterator[Path]:
    """The file, or all files of a directory."""
    if path.is_dir():
        yield from (file for file in path.rglob("*") if file.is_file())
    elif path.is_file():
        yield path


def _mark(file: Path) -> Mark:
    seen = file.stat()
    return seen.st_ino, seen.st_size, seen.st_mtime_ns
