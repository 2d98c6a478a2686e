"""Sources of many files: found by `pull`, read by every stage after it, never held as a whole."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path, PurePosixPath

from titleholder import records, tables, tree
from titleholder.adapters.places import open_place
from titleholder.adapters.places.directory import Directory
from titleholder.adapters.runners import open_runner
from titleholder.errors import ConfigError, RecordError
from titleholder.params.sharded import BUCKETS, is_sharded
from titleholder.shards import files
from titleholder.shards.files import Place, Shards
from titleholder.shards.runner import Runner
from titleholder.stages import manifest
from titleholder.stages.workspace import PARAMS_FILE, Workspace
from titleholder.types import Source

# Beside the manifest: which files a source of many is made of.
SUFFIX = ".shards.json"


@contextmanager
def runner_of(ws: Workspace) -> Iterator[Runner]:
    """Who works on the units: whoever was lent to the workspace, or what params.yaml names."""
    if ws.lent is not None:
        yield ws.lent
        return
    with open_runner(ws.runner) as runner:
        yield runner


def is_of_many(ws: Workspace, role: str, path: str) -> bool:
    """Whether what plays this role is read shard by shard.

    In a suite of many files that is every source of rows: a reference in one file, and models that
    are answers, too.
    """
    if role not in ("current", "reference") and not manifest.is_model(role):
        return False
    if not is_sharded(ws.suite.data.current):
        return False
    if role in ("current", "reference"):
        return True
    if path.startswith(BUCKETS) or PurePosixPath(path).suffix == files.SUFFIX:
        return True
    where = ws.root / path
    # A directory is a model where it holds one, and answers in many files otherwise.
    return where.is_dir() and not any(where.glob("model.*"))


def listing(ws: Workspace, role: str) -> Path:
    """Where `pull` records the files of a source."""
    return ws.stage("pull") / f"{role.replace(':', '.')}{SUFFIX}"


def has(ws: Workspace, role: str) -> bool:
    """Whether the source in this role is of many files."""
    return listing(ws, role).is_file()


def read(ws: Workspace, role: str) -> Shards:
    """The files of a source, as they were recorded."""
    return records.read(listing(ws, role), Shards)


def place_of(ws: Workspace, path: str) -> Place:
    """Where the files of a source lie; of a single file, its directory."""
    if not path.startswith(BUCKETS) and PurePosixPath(path).suffix == files.SUFFIX:
        single = ws.root / path
        return Directory(single.parent, str(PurePosixPath(path).parent), single.name)
    return open_place(path, ws.root, ws.store)


def find(ws: Workspace, role: str, path: str) -> Source:
    """List the files of a source, count their rows, record both, and what they are known by.

    A model is known by what a gate hashes; all else, and answers in a bucket, by their listing.
    """
    place = place_of(ws, path)
    with runner_of(ws) as runner:
        found = runner.map(partial(files.counted, place), place.names())
        shards = files.gathered(place, path, found)
    records.write(listing(ws, role), shards)
    return Source(
        role=role, path=path, sha256=_known_by(ws, role, path, shards), bytes=shards.bytes
    )


def require_same(ws: Workspace, source: Source) -> None:
    """RecordError unless every file still is what it was when it was recorded."""
    shards, place = read(ws, source.role), place_of(ws, source.path)
    for file in shards.files:
        now = place.marked(file.name)
        if (now.mark, now.bytes) != (file.mark, file.bytes):
            raise RecordError(
                f"{place.where(file.name)}: is not the file that was recorded",
                cure="do not change data or models during a run; run the suite again",
            )
    if _known_by(ws, source.role, source.path, shards) != source.sha256:
        raise RecordError(
            f"{source.path}: is not what was recorded",
            cure="do not change data or models during a run; run the suite again",
        )


def _known_by(ws: Workspace, role: str, path: str, shards: Shards) -> str:
    if manifest.is_model(role) and not path.startswith(BUCKETS):
        return tree.sha256(ws.root / path)
    return shards.digest()


def refuse_columns(ws: Workspace, shards: Shards) -> None:
    """ConfigError for columns that would make rows more than plain, and were not named."""
    told = []
    if "cluster" in shards.columns:
        told.append(
            f"suites.{ws.name}.data.current: has a column 'cluster', and rows that share a cluster "
            "are judged of data in one file; name a file, or rename the column"
        )
    if tables.WEIGHT in shards.columns and any(rule.over is not None for rule in ws.suite.rules):
        told.append(
            f"suites.{ws.name}.data.current: has a column {tables.WEIGHT!r}, and groups of "
            "weighted rows (over:) are compared of data in one file; name a file, or rename it"
        )
    if told:
        raise ConfigError(PARAMS_FILE, told)
