"""A store in a local directory: the embedded default, with the same promises as the real one.

An object is written whole to a temporary file, synced, and then linked to its name. The link
fails if the name is taken, so of many writers one wins, and a reader never sees a half. The
directory is synced before a write is acknowledged, so that a power cut cannot take it back.
"""

import contextlib
import errno
import fcntl
import hashlib
import os
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from titleholder.errors import (
    ObjectNotFound,
    PreconditionFailed,
    StoreDenied,
    StoreError,
    StoreMissing,
    StoreUnreachable,
)
from titleholder.store import Stored, checked_key

# Keys never start with a dot, so these two cannot meet one.
_SCRATCH = ".scratch"
_LOCK = ".lock"
_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_FORBIDDEN = {errno.EACCES, errno.EPERM, errno.EROFS}
_POLL_S = 0.01


class LocalStore:
    """Objects as files below ``directory``, which `prepare` and the first write create."""

    def __init__(self, directory: Path, *, timeout: float = 10.0) -> None:
        self._directory = directory
        self._timeout = timeout

    @property
    def url(self) -> str:
        """``file://`` and the directory."""
        return f"file://{self._directory}"

    def prepare(self) -> None:
        """Create the directory."""
        with self._translated(f"create {self._directory}"):
            _make_directory(self._directory)

    def get(self, key: str) -> Stored:
        """The object under ``key``; the tag is the SHA-256 of its bytes."""
        path = self._path(key)
        with self._translated(f"read {path}"):
            try:
                data = path.read_bytes()
            except (FileNotFoundError, IsADirectoryError, NotADirectoryError):
                self._require_directory()
                raise ObjectNotFound(f"{self.url} holds no {key}") from None
        return Stored(data, _tag(data))

    def put_new(self, key: str, data: bytes) -> str:
        """Link the written file to its name, which only works while the name is free."""
        path = self._path(key)
        with self._translated(f"write {path}"), self._written(data) as temporary:
            _make_directory(path.parent)
            try:
                os.link(temporary, path)
            except FileExistsError:
                raise PreconditionFailed(f"{key} was already written to {self.url}") from None
            _sync_directory(path.parent)
        return _tag(data)

    def put_if(self, key: str, data: bytes, tag: str) -> str:
        """Replace the file under a lock that every replacing writer of this store takes."""
        path = self._path(key)
        with self._translated(f"write {path}"), self._locked():
            self._require_version(key, tag)
            with self._written(data) as temporary:
                temporary.replace(path)
                _sync_directory(path.parent)
        return _tag(data)

    def remove(self, key: str) -> None:
        """Unlink the file; the directories stay, for somebody may be writing to them."""
        path = self._path(key)
        with self._translated(f"remove {path}"):
            if path.is_file():
                path.unlink(missing_ok=True)
                _sync_directory(path.parent)

    def keys(self, prefix: str) -> Iterator[str]:
        """All keys that start with ``prefix``, in order; only its directory is looked through."""
        folder = prefix.rpartition("/")[0]
        start = self._path(folder) if folder else self._directory
        with self._translated(f"list {self._directory}"):
            self._require_directory()
            found = [
                path.relative_to(self._directory).as_posix()
                for path in start.rglob("*")
                if path.is_file()
            ]
        hidden = (f"{_SCRATCH}/", _LOCK)
        yield from sorted(k for k in found if k.startswith(prefix) and not k.startswith(hidden))

    def revisions(self, key: str) -> int:
        """1 if the file is there and 0 if not: a directory remembers nothing."""
        path = self._path(key)
        with self._translated(f"read {path}"):
            return int(path.is_file())

    def now(self) -> datetime:
        """The clock of this machine, which is the only one a directory has."""
        return datetime.now(UTC)

    def locate(self, key: str) -> str:
        """The path of the file."""
        return str(self._path(key))

    def _path(self, key: str) -> Path:
        return self._directory / checked_key(key)

    def _require_directory(self) -> None:
        if not self._directory.is_dir():
            raise StoreMissing(
                f"{self._directory} is not a directory, so there is no store in it",
                cure="check --store or store.url; the first published verdict creates it",
            )

    def _require_version(self, key: str, tag: str) -> None:
        try:
            held = self.get(key).tag
        except (ObjectNotFound, StoreMissing):
            held = "nothing"
        if held != tag:
            raise PreconditionFailed(f"{key} in {self.url} has changed since it was read")

    @contextlib.contextmanager
    def _written(self, data: bytes) -> Iterator[Path]:
        """A synced temporary file that holds ``data``, on the same file system, gone at the end."""
        scratch = self._directory / _SCRATCH
        _make_directory(scratch)
        handle, name = tempfile.mkstemp(dir=scratch)
        try:
            with os.fdopen(handle, "wb") as target:
                target.write(data)
                target.flush()
                os.fchmod(target.fileno(), 0o644)
                os.fsync(target.fileno())
            yield Path(name)
        finally:
            Path(name).unlink(missing_ok=True)

    @contextlib.contextmanager
    def _locked(self) -> Iterator[None]:
        _make_directory(self._directory)
        deadline = time.monotonic() + self._timeout
        with (self._directory / _LOCK).open("ab") as lock:
            while not _try_lock(lock.fileno()):
                if time.monotonic() >= deadline:
                    raise StoreUnreachable(
                        f"another process held the lock of {self.url} for {self._timeout:g} s",
                        cure="see which process it is (fuser .lock in that directory)",
                    )
                time.sleep(_POLL_S)
            yield

    @contextlib.contextmanager
    def _translated(self, doing: str) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise _translate(error, doing) from error


def _translate(error: OSError, doing: str) -> StoreError:
    told = f"could not {doing}: {error.strerror or error}"
    if error.errno in _FULL:
        return StoreError(f"{told} (the disk is full)", cure="free some space and run it again")
    if error.errno in _FORBIDDEN:
        return StoreDenied(told, cure="make the directory writable, or name another store")
    if error.errno in (errno.ENOTDIR, errno.EEXIST):
        return StoreMissing(told, cure="a part of that path is a file: check --store or store.url")
    return StoreError(told, cure="check that the directory and its disk are sound")


def _try_lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _make_directory(path: Path) -> None:
    """Create a directory and those above it, each made durable in its parent."""
    if path.is_dir():
        return
    _make_directory(path.parent)
    path.mkdir(exist_ok=True)
    _sync_directory(path.parent)


def _sync_directory(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _tag(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
