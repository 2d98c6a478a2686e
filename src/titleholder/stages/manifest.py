"""What `pull` found: which bytes play which part, and the check that they still are those bytes."""

from pathlib import Path

from titleholder import records, tree
from titleholder.errors import RecordError
from titleholder.metrics import Registry
from titleholder.metrics.declared import MODULE, modules_of, registry_of
from titleholder.params.registered import is_registered, model_name
from titleholder.stages import snapshot
from titleholder.stages.workspace import Workspace
from titleholder.types import Record, Source

FILE = "manifest.json"
# Below the pull stage: models that came from a registry, named as the suite calls them.
REGISTRY = "registry"
CANDIDATE = "candidate:"
METRICS = "metrics:"
# What a suite of chat models may have beside its gold set.
RECORDING, RATINGS, TRAFFIC, JUDGE = "recording", "ratings", "traffic", "judge"
TRAINING = "training:"


class Manifest(Record, frozen=True):
    """The inputs of a run. Roles: current, reference, expectations, champion,
    candidate:<name>, metrics:<path> for a file of the suite's own metrics, module:<metric> for
    code of others that computes one, training:<path>, and recording, ratings, traffic and judge of
    a suite of chat models."""

    inputs: dict[str, str]
    sources: tuple[Source, ...]

    def source(self, role: str) -> Source:
        """The source in this role; RecordError when the run has none."""
        for source in self.sources:
            if source.role == role:
                return source
        raise RecordError(f"the run has no {role}", cure="run the pull stage again")

    def has(self, role: str) -> bool:
        """Whether the run has a source in this role."""
        return any(source.role == role for source in self.sources)

    def candidates(self) -> tuple[str, ...]:
        """The candidates' names, in the order that the suite declares them."""
        roles = (source.role for source in self.sources)
        return tuple(role.removeprefix(CANDIDATE) for role in roles if role.startswith(CANDIDATE))

    def models(self) -> list[tuple[str, str]]:
        """Name and role of each model, the champion first."""
        roles = [(name, CANDIDATE + name) for name in self.candidates()]
        return [(self.name_of("champion"), "champion"), *roles]

    def name_of(self, role: str) -> str:
        """The name of the model in a role: its file's, without the suffix."""
        return model_name(self.source(role).path)

    def for_candidate(self, name: str) -> tuple[Source, ...]:
        """All sources but the other candidates."""
        other = (s.role.startswith(CANDIDATE) and s.role != CANDIDATE + name for s in self.sources)
        return tuple(s for s, skip in zip(self.sources, other, strict=True) if not skip)

    def registry(self, ws: Workspace) -> Registry:
        """The metrics that the suite can name, of files that are still those that were pulled."""
        for path in ws.suite.metrics_from:
            self.path_of(ws, METRICS + path)
        for source in self.sources:
            if is_installed(source.role):
                _require_same_module(ws, source)
        return registry_of(ws.suite, snapshot.root_of(ws, copy_of(ws)))

    def path_of(self, ws: Workspace, role: str) -> Path:
        """Where the bytes of a role lie, once they are known to be those that were pulled."""
        source = self.source(role)
        path = local_path(ws, source)
        verify(path, source.sha256)
        return path


def is_installed(role: str) -> bool:
    """Whether a role is that of code that lies elsewhere than in the project."""
    return role.startswith(MODULE)


def is_model(role: str) -> bool:
    """Whether a role is that of a model."""
    return role == "champion" or role.startswith(CANDIDATE)


def local_path(ws: Workspace, source: Source) -> Path:
    """Where a source is read: in the run's private copy, or, without one, as it lies."""
    lies = original(ws, source)
    copied = snapshot.root_of(ws, copy_of(ws)) / lies.relative_to(ws.root)
    # Of many files there is none.
    return copied if copied.exists() else lies


def copy_of(ws: Workspace) -> str:
    """What the private copy of this run's inputs is called: by the digest of their manifest."""
    path = ws.stage("pull") / FILE
    return records.sha256_file(path)[:16] if path.is_file() else "none"


def original(ws: Workspace, source: Source) -> Path:
    """Where a source lies: below the project, or, if it came from another revision or from a
    registry, where pull laid it.
    """
    if is_registered(source.path):
        return registered_path(ws, source.path)
    if source.rev is None:
        return ws.root / source.path
    return ws.stage("pull") / f"{source.role}{Path(source.path).suffix}"


def registered_path(ws: Workspace, uri: str) -> Path:
    """Where pull laid a model of a registry; RecordError when it is not there."""
    found = sorted((ws.stage("pull") / REGISTRY).glob(f"{model_name(uri)}.*"))
    if len(found) != 1:
        raise RecordError(f"{uri}: is not here", cure="run the pull stage again")
    return found[0]


def read(ws: Workspace) -> Manifest:
    """The manifest of this workspace; RecordError when pull has not run."""
    return records.read(ws.stage("pull") / FILE, Manifest)


def require_same(ws: Workspace, source: Source) -> None:
    """RecordError unless a source still is what `pull` recorded, whether of one file or many.

    Of one file, that is as it lies in the project, and as it was read.
    """
    from titleholder.stages.many import shards

    if is_installed(source.role):
        _require_same_module(ws, source)
    elif shards.has(ws, source.role):
        shards.require_same(ws, source)
    else:
        for path in sorted({original(ws, source), local_path(ws, source)}):
            verify(path, source.sha256)


def _require_same_module(ws: Workspace, source: Source) -> None:
    """RecordError unless what is installed or kept as a metric's module is what was recorded."""
    if source not in modules_of(ws.suite):
        raise RecordError(
            f"{source.path}: its module is not the one that was recorded (its SHA-256 differs)",
            cure="do not change a metric's module during a run; run the suite again",
        )


def verify(path: Path, sha256: str) -> None:
    """RecordError unless the file is there and holds the bytes that a record names."""
    if not path.exists():
        raise RecordError(f"{path}: is gone since it was recorded", cure="run the suite again")
    if tree.sha256(path) != sha256:
        raise RecordError(
            f"{path}: is not the file that was recorded (its SHA-256 differs)",
            cure="do not change data or models during a run; run the suite again",
        )
