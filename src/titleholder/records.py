"""Records on disk: canonical JSON that is strict both ways, digests, and atomic writes.

Canonical means: UTF-8, keys sorted, two-space indent, shortest round-trip floats, one newline
at the end. Reading refuses duplicate keys, NaN, infinities (1e999 too) and unknown fields.
"""

import contextlib
import hashlib
import json
import math
import os
import re
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NoReturn, TypeVar

import msgspec

from titleholder.errors import RecordError

T = TypeVar("T")

_CHUNK = 1 << 20
# What `tempfile` makes of the prefix that `replacing` gives it.
_TEMPORARY = re.compile(r"\..+\.[a-z0-9_]{8}")


def encode(record: Any) -> bytes:
    """The canonical bytes of a record.

    >>> encode({"b": 1.0, "a": None})
    b'{\\n  "a": null,\\n  "b": 1.0\\n}\\n'
    """
    _refuse_non_finite(msgspec.to_builtins(record))
    return msgspec.json.format(msgspec.json.encode(record, order="sorted"), indent=2) + b"\n"


def decode(data: bytes, as_type: type[T], *, source: str = "record") -> T:
    """Parse canonical or hand-made JSON strictly into ``as_type``; RecordError otherwise."""
    try:
        plain = json.loads(
            data,
            object_pairs_hook=_no_duplicates,
            parse_constant=_refuse_constant,
            parse_float=_finite,
        )
        return msgspec.convert(plain, as_type, strict=True)
    except (ValueError, RecursionError) as error:  # msgspec.ValidationError is a ValueError
        raise RecordError(f"{source}: {error}") from None


def write(path: Path, record: Any) -> None:
    """Write a record in one step: readers see the old bytes or the new ones, nothing between."""
    write_bytes(path, encode(record))


def read(path: Path, as_type: type[T]) -> T:
    """Read a record; RecordError names the file when it is missing or damaged."""
    try:
        return decode(path.read_bytes(), as_type, source=str(path))
    except FileNotFoundError:
        raise RecordError(f"{path}: no such record", cure="run the stage that makes it") from None


def write_bytes(path: Path, data: bytes) -> None:
    """Replace ``path`` by ``data`` through a synced temporary file in the same directory."""
    with replacing(path) as temporary:
        temporary.write_bytes(data)


@contextlib.contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Give a temporary path to write to; on success it takes the place of ``path``.

    Writing in place would go through DVC's hard links into its cache; replacing does not.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    os.close(handle)
    temporary = Path(name)
    try:
        yield temporary
        with temporary.open("rb") as written:
            os.fsync(written.fileno())
        temporary.chmod(0o644)
        temporary.replace(path)
    except OSError as error:
        # A write that fails does not know the name of its file, and a reader has to.
        if error.filename is None:
            error.filename = str(path)
        raise
    finally:
        temporary.unlink(missing_ok=True)


def sweep(directory: Path) -> None:
    """Remove the temporary files that `replacing` leaves below a directory where it is killed."""
    for path in directory.rglob(".*"):
        if _TEMPORARY.fullmatch(path.name) and path.is_file():
            path.unlink(missing_ok=True)


def sha256_file(path: Path) -> str:
    """The hex SHA-256 of a file, read in chunks."""
    digest = hashlib.sha256()
    with path.open("rb") as source:
        while chunk := source.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


def sha256(record: Any) -> str:
    """The hex SHA-256 of a record's canonical bytes.

    >>> sha256({"a": 1}) == sha256({"a": 1})
    True
    """
    return hashlib.sha256(encode(record)).hexdigest()


def _no_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    seen = dict(pairs)
    if len(seen) != len(pairs):
        names = [name for name, _ in pairs]
        doubled = sorted({name for name in names if names.count(name) > 1})
        raise ValueError(f"duplicate key {doubled[0]!r}")
    return seen


def _refuse_constant(text: str) -> NoReturn:
    raise ValueError(f"{text} is not a number that a record may hold")


def _finite(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(f"{text} is not a finite number")
    return value


def _refuse_non_finite(value: Any) -> None:
    """msgspec would write NaN as null; a number that got lost must not look like a blank."""
    if isinstance(value, float) and not math.isfinite(value):
        raise RecordError("a record may not hold NaN or infinity")
    if isinstance(value, dict):
        for part in value.values():
            _refuse_non_finite(part)
    elif isinstance(value, list | tuple):
        for part in value:
            _refuse_non_finite(part)
