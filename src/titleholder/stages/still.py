"""That inputs hold still while a stage reads them.

Each stage hashes what it reads before it reads it, and publication hashes everything again. In
between a file could be exchanged and put back. So every file of every input is looked at before
and after each stage: where its inode, size or time of change differ, it was another one for a
while, whatever it holds now. A copy of all inputs would say no more, and take its time.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TypeAlias

from titleholder.errors import RecordError
from titleholder.stages import manifest
from titleholder.stages.many import shards
from titleholder.stages.workspace import Workspace

Mark: TypeAlias = tuple[int, int, int]


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
