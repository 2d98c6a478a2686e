"""pull: bring data and models here, and record which bytes they are."""

import shutil
from pathlib import Path

from msgspec.structs import replace

from titleholder import records, tables, tree
from titleholder.adapters import dvc, git
from titleholder.errors import BadInput, ConfigError, DataVersionError
from titleholder.metrics.declared import modules_of
from titleholder.params.check import check_columns
from titleholder.params.registered import Registered, is_registered, model_name, registered
from titleholder.params.schema import Chat, Suite
from titleholder.params.sharded import BUCKETS
from titleholder.stages import STAGES, leaks, still
from titleholder.stages.manifest import (
    CANDIDATE,
    FILE,
    JUDGE,
    METRICS,
    RATINGS,
    RECORDING,
    REGISTRY,
    TRAFFIC,
    TRAINING,
    Manifest,
    original,
)
from titleholder.stages.many import shards
from titleholder.stages.workspace import PARAMS_FILE, Workspace
from titleholder.types import Source


def run(ws: Workspace) -> None:
    """Pull what the suite names and write ``manifest.json``.

    Raises DataVersionError with the file's name for anything missing, damaged or changed.
    """
    found = dict(roles(ws.suite))
    here = {path for path in found.values() if not _elsewhere(path)}
    dvc.pull(ws.root, sorted(here))
    for stale in ws.stage("pull").glob(f"*{shards.SUFFIX}"):
        stale.unlink()
    shutil.rmtree(ws.stage("pull") / REGISTRY, ignore_errors=True)
    sources = [_source(ws, role, path) for role, path in found.items()]
    reference = ws.suite.data.reference
    if reference is not None and reference.rev is not None:
        sources.append(_reference_at(ws, reference.path, reference.rev))
    sources += modules_of(ws.suite)
    _refuse_columns(ws)
    manifest = Manifest(
        inputs={"params": ws.params_digest(STAGES["pull"].params)}, sources=tuple(sources)
    )
    records.write(ws.stage("pull") / FILE, manifest)
    still.copy(ws)


def _elsewhere(path: str) -> bool:
    """Whether a path is no path of the project: in a registry, or a bucket."""
    return is_registered(path) or path.startswith(BUCKETS)


def roles(suite: Suite) -> list[tuple[str, str]]:
    """Role and path of everything that is read as it lies in the workspace."""
    roles = [("current", suite.data.current)]
    if suite.data.reference is not None and suite.data.reference.rev is None:
        roles.append(("reference", suite.data.reference.path))
    named = (leaks.file_of(training) for training in suite.data.training)
    roles += [(TRAINING + path, path) for path in named]
    if suite.expectations is not None:
        roles.append(("expectations", suite.expectations))
    roles += [(METRICS + path, path) for path in suite.metrics_from]
    roles += _of_chat(suite.chat)
    roles.append(("champion", suite.models.champion))
    roles += [(CANDIDATE + model_name(path), path) for path in suite.models.candidates]
    return roles


def _of_chat(chat: Chat | None) -> list[tuple[str, str]]:
    """What a suite of chat models reads beside its gold set, as far as it names it."""
    if chat is None:
        return []
    judge = None if chat.judge is None else chat.judge.model
    named = {RECORDING: chat.recording, RATINGS: chat.ratings, TRAFFIC: chat.traffic, JUDGE: judge}
    return [(role, path) for role, path in named.items() if path is not None]


def _refuse_columns(ws: Workspace) -> None:
    """ConfigError with every column that the suite names and the current data lack."""
    if shards.has(ws, "current"):
        current = shards.read(ws, "current")
        shards.refuse_columns(ws, current)
        names: list[str] | None = list(current.columns)
    else:
        names = _names_in(ws.root / ws.suite.data.current)
    if names is None:
        return  # data that cannot be read are for `validate` to say, in the verdict
    problems = check_columns(ws.suite, names, ws.suite.data.current)
    if problems:
        told = [f"suites.{ws.name}.{problem}" for problem in problems]
        raise ConfigError(PARAMS_FILE, told)


def _names_in(path: Path) -> list[str] | None:
    """The columns of a table; None where it cannot be read."""
    try:
        return tables.names_in(path)
    except BadInput:
        return None


def _registered(ws: Workspace, role: str, uri: str, wanted: Registered) -> Source:
    """A model of a registry, brought here; its revision is the version that it was."""
    from titleholder.adapters import mlflow

    found = mlflow.fetch(wanted, ws.stage("pull") / REGISTRY, model_name(uri))
    return Source(
        role=role,
        path=uri,
        sha256=records.sha256_file(found.path),
        bytes=found.path.stat().st_size,
        revision=f"models:/{wanted.name}/{found.version}",
    )


def _source(ws: Workspace, role: str, path: str) -> Source:
    wanted = registered(path)
    if wanted is not None:
        return _registered(ws, role, path, wanted)
    if shards.is_of_many(ws, role, path):
        return _of_many(ws, role, path)
    said = dvc.tracked(ws.root, path)
    found = tree.of(ws.root / path)
    return Source(
        role=role,
        path=path,
        sha256=found.sha256,
        bytes=found.bytes,
        dvc=None if said is None else f"md5:{said.md5}",
        revision=git.revision_of(ws.root, path if said is None else said.pointer),
    )


def _of_many(ws: Workspace, role: str, path: str) -> Source:
    """A source of many files, with what DVC and git say of its directory."""
    found = shards.find(ws, role, path)
    if path.startswith(BUCKETS):
        return found
    said = dvc.tracked(ws.root, path)
    return replace(
        found,
        dvc=None if said is None else f"md5:{said.md5}",
        revision=git.revision_of(ws.root, path if said is None else said.pointer),
    )


def _reference_at(ws: Workspace, path: str, rev: str) -> Source:
    commit = git.resolve(ws.root, rev)
    if commit is None:
        raise DataVersionError(
            f"{path}: this clone has no revision {rev!r}",
            cure="check data.reference.rev; in a shallow clone: `git fetch --unshallow --tags`",
        )
    shape = Source(role="reference", path=path, sha256="", bytes=0, rev=rev)
    to = original(ws, shape)
    said = dvc.read_at(ws.root, path, commit, to)
    return Source(
        role="reference",
        path=path,
        sha256=records.sha256_file(to),
        bytes=to.stat().st_size,
        dvc=f"md5:{said.md5}",
        rev=rev,
        revision=git.last_change(ws.root, commit, f"{path}.dvc"),
    )
