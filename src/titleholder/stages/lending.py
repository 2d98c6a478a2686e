"""What a project lends to a workspace in which a verdict is repeated: data, answers, models.

Nothing is lent that is not what the evidence names by its digest, and nothing is copied.
"""

from pathlib import Path, PurePosixPath

from titleholder import records
from titleholder.adapters.models import PICKLES
from titleholder.errors import NoVerdict, RecordError
from titleholder.params.sharded import BUCKETS
from titleholder.stages import manifest, predict
from titleholder.stages.many import answers, shards
from titleholder.stages.workspace import RUNS, Workspace
from titleholder.types import Source

# What a project lends for a repetition, by kind of role; true where nothing goes without it.
_LENT = {
    "current": True, "reference": True, "metrics": True, "expectations": False, "training": False,
}  # fmt: skip


def safe(name: str) -> PurePosixPath:
    """A name that stays below the directory it is laid into."""
    path = PurePosixPath(name)
    if path.is_absolute() or not path.parts or ".." in path.parts or "\0" in name:
        raise NoVerdict(f"the evidence {name!r} has a name that leads elsewhere")
    return path


def lend_data(ws: Workspace, project: Path) -> None:
    """Lend the scratch workspace the project's data; RecordError unless they are those judged."""
    for source in manifest.read(ws).sources:
        kind = source.role.partition(":")[0]
        try:
            if shards.has(ws, source.role):
                _lend_many(ws, project, source)
            elif kind in _LENT and source.rev is None:
                _lend(ws, project, source)
        except RecordError as error:
            if not _LENT.get(kind, True):
                continue
            raise RecordError(
                f"the statistics cannot be repeated here: {error.message}",
                cure=f"check out {source.revision or 'that revision'} and pull its data",
            ) from None


def _lend(ws: Workspace, project: Path, source: Source) -> None:
    """One file, or a directory that is one source; RecordError unless it is what was judged."""
    relative = safe(source.path)
    manifest.verify(project.resolve() / relative, source.sha256)
    _link(ws.root / relative, project.resolve() / relative)


def _lend_many(ws: Workspace, project: Path, source: Source) -> None:
    """The files of a source of many, held against the list of them among the evidence."""
    if not source.path.startswith(BUCKETS):
        relative = safe(source.path)
        _link(ws.root / relative, project.resolve() / relative)
    shards.require_same(ws, source)


def _link(here: Path, there: Path) -> None:
    if not here.is_symlink() and not here.exists():  # one file may be in two roles
        here.parent.mkdir(parents=True, exist_ok=True)
        here.symlink_to(there)


def lend_answers(ws: Workspace, project: Path) -> bool:
    """Whether the project has kept the answers of data in many files as they were recorded; they
    are then lent. They are as large as the data, and no evidence of the verdict.
    """
    said = predict.read(ws)
    kept = project.resolve() / RUNS / ws.name / answers.DIRECTORY
    for name, digest in said.files.items():
        path = kept / (ws.root / name).relative_to(ws.stage(answers.DIRECTORY))
        if not path.is_file() or f"sha256:{records.sha256_file(path)}" != digest:
            return False
    ws.stage(answers.DIRECTORY).symlink_to(kept)
    return True


def lend_models(ws: Workspace, project: Path) -> None:
    """Lend models of data in many files, to be asked again.

    RecordError where one is not here, or is a pickle: none is opened for the sake of a verdict.
    """
    found = manifest.read(ws)
    for _, role in found.models():
        if shards.has(ws, role):
            continue
        source = found.source(role)
        relative = safe(source.path)
        there = project.resolve() / relative
        cure = "verify where the run was made, which has kept the answers"
        if there.suffix in PICKLES or any(there.glob("model.p*kl*")):
            raise RecordError(f"{source.path}: is a pickle, and is not opened to verify", cure=cure)
        try:
            manifest.verify(there, source.sha256)
        except RecordError as error:
            told = f"answers were not kept here, and of the model: {error.message}"
            raise RecordError(told, cure=cure) from None
        _link(ws.root / relative, there)
