r"""What a model is made of: a file, or a directory with all its files, under one digest.

A file's digest is the SHA-256 of its bytes. That of a directory is the SHA-256 of its listing, a
line a file in the order of their names, as `sha256sum` prints it, so that anyone can repeat it:

    cd DIR && find . -type f -printf '%P\0' | LC_ALL=C sort -z | xargs -0 sha256sum | sha256sum

Within a directory, links are refused wherever they lead (what they lead to is not under the
digest), and so is whatever is neither file nor directory, an empty directory, and a name that a
listing could not hold.
"""

import hashlib
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from titleholder import records
from titleholder.errors import UsageError

MOST_FILES: Final = 10_000


@dataclass(frozen=True, slots=True)
class Part:
    """A file of a directory: its name within, with forward slashes, hex SHA-256 and size."""

    name: str
    sha256: str
    bytes: int


@dataclass(frozen=True, slots=True)
class Tree:
    """A file (without parts) or a directory: hex digest, size in bytes, and its files."""

    sha256: str
    bytes: int
    parts: tuple[Part, ...] = ()


def of(path: Path) -> Tree:
    """The digest of what lies at ``path``; UsageError for what must not be a model."""
    if not path.is_dir():
        if not path.is_file():
            raise UsageError(f"{path}: no such file", cure="name what is to be deployed")
        return Tree(records.sha256_file(path), path.stat().st_size)
    if Path.cwd().is_relative_to(path.resolve()):
        raise UsageError(
            f"{path}: is the directory that this runs in, with all that is in it",
            cure="name the model's own directory from outside",
        )
    parts = tuple(
        Part(file.relative_to(path).as_posix(), records.sha256_file(file), file.stat().st_size)
        for file in _files(path)
    )
    if not parts:
        raise _refused(path, "is an empty directory")
    parts = tuple(sorted(parts, key=lambda part: part.name.encode()))
    digest = digest_of((part.name, part.sha256) for part in parts)
    return Tree(digest, sum(part.bytes for part in parts), parts)


def sha256(path: Path) -> str:
    """The hex digest of a file or directory."""
    return of(path).sha256


def name_of(path: Path) -> str:
    """What a subject calls a model: its last name, and a slash after that of a directory."""
    name = path.resolve().name
    return f"{name}/" if path.is_dir() else name


def digest_of(parts: Iterable[tuple[str, str]]) -> str:
    """The hex digest of a directory, from the names and hex digests of its files.

    >>> one, other = ("a", "1" * 64), ("b", "0" * 64)
    >>> digest_of([one, other]) == digest_of([other, one])
    True
    """
    ordered = sorted(parts, key=lambda part: part[0].encode())
    listing = "".join(f"{digest}  {name}\n" for name, digest in ordered)
    return hashlib.sha256(listing.encode()).hexdigest()


def _files(directory: Path) -> Iterator[Path]:
    count = 0
    for folder, folders, names in os.walk(directory):
        here = Path(folder)
        if not folders and not names:
            raise _refused(here, "is an empty directory, which a digest of files would not cover")
        for entry in (*(here / name for name in folders), *(here / name for name in names)):
            _require_plain(entry)
        for name in names:
            count += 1
            if count > MOST_FILES:
                raise _refused(directory, f"holds more than {MOST_FILES:,} files")
            yield here / name


def _require_plain(entry: Path) -> None:
    if entry.is_symlink():
        raise _refused(entry, "is a link")
    if not (entry.is_file() or entry.is_dir()):
        raise _refused(entry, "is neither a file nor a directory")
    try:
        plain = entry.name.encode() and entry.name.isprintable() and "\\" not in entry.name
    except UnicodeEncodeError:
        plain = False
    if not plain:
        shown = entry.name.encode("utf-8", "backslashreplace").decode().encode("unicode_escape")
        raise UsageError(
            f"{entry.parent}: holds a file whose name no listing can hold: {shown.decode()}",
            cure="rename it",
        )


def _refused(path: Path, why: str) -> UsageError:
    return UsageError(
        f"{path}: {why}, and cannot be part of a model", cure="give the files themselves"
    )
