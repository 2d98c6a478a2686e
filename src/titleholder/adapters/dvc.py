"""DVC: versioned data, pulled and checked against the hashes that git holds.

`dvc pull` of a corrupted object can exit 0 and leave the damage in place, so every file is
hashed again here, whatever DVC said.
"""

import contextlib
import hashlib
import json
import os
import re
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from titleholder import records
from titleholder.environment import without_secrets
from titleholder.errors import Busy, ConfigError, DataVersionError, UsageError

# DVC keeps process-wide state: two calls from two threads disturb each other.
_ONE_AT_A_TIME = threading.RLock()
_CHUNK = 1 << 20
_MD5 = re.compile(r"[0-9a-f]{32}(\.dir)?")


@dataclass(frozen=True, slots=True)
class Tracked:
    """What a ``.dvc`` file says of the file beside it."""

    pointer: str
    md5: str
    size: int | None


def tracked(root: Path, path: str) -> Tracked | None:
    """What DVC tracks under ``path`` (relative to ``root``); None for a plain file."""
    pointer = root / f"{path}.dvc"
    if not pointer.is_file():
        return None
    return _parse(pointer.read_bytes(), f"{path}.dvc", Path(path).name)


def pull(root: Path, paths: Sequence[str]) -> None:
    """Bring each tracked path into the workspace, and prove that it is the tracked version.

    Files that are there and have the right hash cost one hash and no DVC at all.
    Raises DataVersionError with the file's name when an object is missing, corrupted, or
    changed in the workspace without `dvc add`.
    """
    _refuse_unknown(root, paths)
    missing = [path for path in paths if not _is_there(root, path)]
    if missing:
        with _repository(root) as repo:
            _pull_all(repo, root, missing)
    for path in paths:
        _prove(root, path)


def read_at(root: Path, path: str, rev: str, to: Path) -> Tracked:
    """Write ``path`` as git revision ``rev`` has it to ``to``, without checking ``rev`` out.

    The object comes through the remotes of today's configuration: an old revision may name
    remotes that no longer exist.
    """
    said = _at_revision(root, path, rev)
    kept = root / ".dvc/cache/files/md5" / said.md5[:2] / said.md5[2:]
    with records.replacing(to) as temporary:
        if kept.is_file() and _md5(kept) == said.md5:
            temporary.write_bytes(kept.read_bytes())
        else:
            _fetch(root, path, rev, temporary)
        if _md5(temporary) != said.md5:
            raise DataVersionError(
                f"{path} at {rev}: the object is damaged (its MD5 is not {said.md5})",
                cure="restore the object in the DVC remote",
            )
    return said


def lacking(root: Path, paths: Sequence[str]) -> list[str]:
    """Those of the tracked paths that the remote does not hold; nothing is fetched.

    Raises DataVersionError where there is no remote, or it does not answer.
    """
    said = {path: found.md5 for path in paths if (found := tracked(root, path)) is not None}
    if not said:
        return []
    with _repository(root) as repo:
        try:
            remote = repo.cloud.get_remote_odb()
            held = set(remote.oids_exist(sorted(set(said.values()))))
        except Exception as error:  # each kind of remote has errors of its own
            raise DataVersionError(
                f"the DVC remote does not answer: {_first_line(error)}",
                cure="check it with `dvc doctor` and `dvc remote list`",
            ) from None
    return [path for path, md5 in said.items() if md5 not in held]


def _refuse_unknown(root: Path, paths: Sequence[str]) -> None:
    """UsageError that names every path that is neither here nor tracked."""
    unknown = [p for p in paths if tracked(root, p) is None and not (root / p).exists()]
    if unknown:
        told = "; ".join(f"{path}: no such file{_nearest(root, path)}" for path in unknown)
        raise UsageError(
            f"{told}, and no .dvc file beside it that would say where it comes from",
            cure="check the paths in params.yaml, or `dvc add` the data and models",
        )


def _nearest(root: Path, path: str) -> str:
    """The name in the same directory that was probably meant."""
    folder = (root / path).parent
    names = {p.name.removesuffix(".dvc") for p in folder.iterdir()} if folder.is_dir() else set()
    near = get_close_matches(Path(path).name, sorted(names), n=1)
    return f" (did you mean {near[0]!r}?)" if near else ""


def _is_there(root: Path, path: str) -> bool:
    """Whether the workspace holds the tracked version; a changed file is an error at once."""
    said, file = tracked(root, path), root / path
    if said is None:
        return True
    if not file.exists():
        return False
    if _md5(file) != said.md5:
        raise DataVersionError(
            f"{path}: is not the version that {said.pointer} tracks",
            cure=f"`dvc checkout --force {path}` brings that version back, "
            f"`dvc add {path}` makes this one the tracked version",
        )
    return True


def _prove(root: Path, path: str) -> None:
    said, file = tracked(root, path), root / path
    if said is not None and (not file.exists() or _md5(file) != said.md5):
        raise DataVersionError(
            f"{path}: DVC's remote gave a damaged or incomplete file (expected MD5 {said.md5})",
            cure="restore the object in the DVC remote (for a remote inside the repository: "
            "`git checkout -- <remote directory>`), delete the file, and pull again",
        )


def _pull_all(repo: Any, root: Path, paths: Sequence[str]) -> None:
    """All of them at once: each pull makes DVC read all that it tracks, which takes it seconds.

    Where that fails, each by itself, so that the error names the file.
    """
    from dvc.exceptions import DvcException

    try:
        repo.pull(targets=[str(root / path) for path in paths])  # it reads relative ones from cwd
    except DvcException:
        for path in paths:
            _pull_one(repo, root, path)


def _pull_one(repo: Any, root: Path, path: str) -> None:
    from dvc.exceptions import CheckoutError, DvcException, FileTransferError

    try:
        repo.pull(targets=[str(root / path)])
    except (CheckoutError, FileTransferError) as error:
        raise DataVersionError(
            f"{path}: DVC could not pull it: {_first_line(error)}",
            cure="the object is missing or damaged in the DVC remote: restore it there "
            "(for a remote inside the repository: `git checkout -- <remote directory>`)",
        ) from None
    except DvcException as error:
        raise DataVersionError(
            f"{path}: DVC could not pull it: {_first_line(error)}",
            cure="check the remote with `dvc doctor` and `dvc status --cloud`",
        ) from None


def _fetch(root: Path, path: str, rev: str, to: Path) -> None:
    with _repository(root) as repo:
        from dvc.api import DVCFileSystem
        from dvc.exceptions import DvcException

        try:
            system = DVCFileSystem(str(root), rev=rev, config=dict(repo.config))
            system.get_file(path, str(to))
        except (DvcException, OSError) as error:
            raise DataVersionError(
                f"{path} at {rev}: cannot be read from the DVC remote: {_first_line(error)}",
                cure="`dvc push` that version from a clone that has it",
            ) from None


def _at_revision(root: Path, path: str, rev: str) -> Tracked:
    import subprocess

    shown = subprocess.run(
        ["git", "show", f"{rev}:{path}.dvc"],
        cwd=root,
        env=without_secrets(os.environ),
        capture_output=True,
        check=False,
    )
    if shown.returncode != 0:
        raise DataVersionError(
            f"{path}.dvc does not exist at revision {rev}",
            cure="name a revision that has it; in a shallow clone: `git fetch --unshallow`",
        )
    return _parse(shown.stdout, f"{path}.dvc at {rev}", Path(path).name)


def _parse(text: bytes, source: str, name: str) -> Tracked:
    """The one output of a ``.dvc`` file, which has to be called ``name``: no other is written."""
    from titleholder.params.document import parse

    try:
        (out,) = parse(text.decode(), source).data["outs"]
        md5, path = out["md5"], out["path"]
        if not (isinstance(md5, str) and _MD5.fullmatch(md5) and path == name):
            raise ValueError
        return Tracked(source, md5, out.get("size"))
    except (ConfigError, UnicodeDecodeError, KeyError, ValueError, TypeError, AttributeError):
        raise DataVersionError(
            f"{source}: is not a DVC file with one output, called {name}",
            cure="`dvc add` the file again",
        ) from None


@contextlib.contextmanager
def _repository(root: Path) -> Iterator[Any]:
    """DVC's repository, one user at a time, silent and without telemetry."""
    os.environ.setdefault("DVC_NO_ANALYTICS", "1")
    os.environ.setdefault("DO_NOT_TRACK", "1")
    with _ONE_AT_A_TIME:
        from dvc.exceptions import DvcException, NotDvcRepoError
        from dvc.lock import LockError
        from dvc.repo import Repo

        try:
            with Repo(str(root)) as repo:
                yield repo
        except NotDvcRepoError:
            raise DataVersionError(
                f"{root}: is not a DVC repository", cure="`dvc init`, or run from its top"
            ) from None
        except LockError as error:
            raise Busy(
                f"another DVC command is at work here: {_first_line(error)}",
                cure="wait for it; if it was killed, remove .dvc/tmp/lock",
            ) from None
        except DvcException as error:
            raise DataVersionError(f"DVC: {_first_line(error)}") from None


def _md5(path: Path) -> str:
    """What DVC calls a file or directory by: a directory by the list of its files."""
    if not path.is_dir():
        return _md5_of_file(path)
    files = sorted(file for file in path.rglob("*") if not file.is_dir())
    listed = sorted((file.relative_to(path).as_posix(), _md5_of_file(file)) for file in files)
    entries = [{"md5": md5, "relpath": name} for name, md5 in listed]
    text = json.dumps(entries, sort_keys=True).encode()
    return f"{hashlib.md5(text, usedforsecurity=False).hexdigest()}.dir"


def _md5_of_file(path: Path) -> str:
    digest = hashlib.md5(usedforsecurity=False)  # DVC's own content hash
    with path.open("rb") as source:
        while chunk := source.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]
