"""Parquet files of a directory, each known by the SHA-256 of its bytes."""

import os
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from titleholder import records
from titleholder.errors import BadInput, DataVersionError, RecordError
from titleholder.shards.files import SUFFIX, ShardFile

SHA256 = "sha256:"


@dataclass(frozen=True, slots=True)
class Directory:
    """See `titleholder.shards.files.Place`; ``named`` is what messages call it.

    With ``only`` it is that one file of the directory.
    """

    path: Path
    named: str
    only: str | None = None

    def names(self) -> list[str]:
        """The files that end in .parquet, at any depth; what begins with a dot or _ is no data."""
        if not self.path.is_dir():
            raise DataVersionError(
                f"{self.named}: is not here", cure="pull it, or correct the path in params.yaml"
            )
        if self.only is not None:
            return [self.only]
        found = (path.relative_to(self.path) for path in self.path.rglob(f"*{SUFFIX}"))
        names = [one.as_posix() for one in found if not any(p[0] in "._" for p in one.parts)]
        if not names:
            raise BadInput(f"{self.named}: holds no {SUFFIX} file", cure="look at what wrote it")
        return sorted(names, key=str.encode)

    def marked(self, name: str) -> ShardFile:
        """A file as it is now."""
        path = self.path / name
        if not path.is_file():
            raise self._gone(name)
        return ShardFile(name, 0, path.stat().st_size, SHA256 + _sha256(path))

    def open(self, file: ShardFile) -> Any:
        """The file; its bytes are looked at once in a process, and again when it was touched."""
        import pyarrow as pa

        path = self.path / file.name
        if not path.is_file():
            raise self._gone(file.name)
        if SHA256 + _sha256(path) != file.mark:
            raise RecordError(
                f"{self.where(file.name)}: is not the file that was recorded (its SHA-256 differs)",
                cure="do not change data or models during a run; run the suite again",
            )
        return pa.OSFile(os.fspath(path))

    def _gone(self, name: str) -> RecordError:
        told = f"{self.where(name)}: is gone since it was recorded"
        return RecordError(told, cure="run the suite again")

    def where(self, name: str) -> str:
        """A file as a message names it."""
        return f"{self.named.rstrip('/')}/{name}"


def _sha256(path: Path) -> str:
    said = path.stat()
    return _known(path, said.st_ino, said.st_size, said.st_mtime_ns, said.st_ctime_ns)


@lru_cache(maxsize=1 << 14)
def _known(path: Path, *_touched: int) -> str:
    return records.sha256_file(path)
