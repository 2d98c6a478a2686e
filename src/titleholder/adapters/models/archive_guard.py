"""What a skops file may hold, before anything unpacks it: a small, plain, flat archive.

A skops file is a zip archive of a JSON document and of arrays in numpy's own format. An archive
can be made to unpack into terabytes, to nest others, to name files elsewhere, or to hold arrays
whose headers promise more than there is. All of that is found in its directory and its headers.
"""

import io
import json
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from titleholder.errors import UntrustedModel

MOST_BYTES: Final = 2 << 30
MOST_ENTRIES: Final = 20_000
# Deflate cannot do much better than 1,000 to 1; what shrinks so far is zeros, or meant to harm.
MOST_RATIO: Final = 200
SMALL: Final = 64 << 20
DEEPEST: Final = 200
SCHEMA: Final = "schema.json"
_LINK: Final = 0o120000


def require_plain(path: Path) -> None:
    """UntrustedModel with what stands against opening the archive."""
    try:
        with zipfile.ZipFile(path) as archive:
            found = next(_problems(archive, within=""), None)
    except (zipfile.BadZipFile, ValueError, KeyError, NotImplementedError, OSError) as error:
        first = (str(error).splitlines() or [type(error).__name__])[0]
        raise UntrustedModel(
            f"{path}: is not a readable skops file: {first}", cure="save the model again"
        ) from None
    except (RecursionError, MemoryError):
        found = "is nested or sized beyond all measure"
    if found:
        raise UntrustedModel(
            f"{path}: {found}", cure="save the model again with skops.io.dump; if it was given to "
            "you, find out by whom"
        )  # fmt: skip


def _problems(archive: zipfile.ZipFile, within: str) -> Iterator[str]:
    entries = archive.infolist()
    if len(entries) > MOST_ENTRIES:
        yield f"holds {len(entries):,} files, and at most {MOST_ENTRIES:,} are read"
        return
    names = [entry.filename for entry in entries]
    if doubled := sorted({name for name in names if names.count(name) > 1})[:1]:
        yield f"holds {_shown(doubled[0])} twice"
    for entry in entries:
        if wrong := _wrong_with(entry, within):
            yield f"{_shown(within + entry.filename)} {wrong}"
    yield from _sizes(archive, entries)
    if not within and SCHEMA not in names:
        yield f"holds no {SCHEMA}, so it is no skops file"
    elif not within and (wrong := _wrong_schema(archive.read(SCHEMA))):
        yield wrong
    for entry in entries:
        yield from _of_arrays(archive, entry, within)


def _wrong_with(entry: zipfile.ZipInfo, within: str) -> str:
    name = entry.filename
    if name.startswith(("/", "\\")) or ":" in name or ".." in name.replace("\\", "/").split("/"):
        return "leads out of the archive"
    if entry.is_dir() or "/" in name or "\\" in name:
        return "is in a directory, and the archive has to be flat"
    if (entry.external_attr >> 16) & 0o170000 == _LINK:
        return "is a link"
    if entry.flag_bits & 0x1:
        return "is encrypted"
    suffixes = (".npy",) if within else (".npy", ".npz", ".json")
    if not name.endswith(suffixes):
        return f"is none of {', '.join(suffixes)}"
    return ""


def _sizes(archive: zipfile.ZipFile, entries: list[zipfile.ZipInfo]) -> Iterator[str]:
    whole = sum(entry.file_size for entry in entries)
    packed = sum(entry.compress_size for entry in entries)
    if whole > MOST_BYTES:
        yield f"unpacks into {whole / 1e6:,.0f} MB, and at most {MOST_BYTES / 1e6:,.0f} are read"
    elif whole > SMALL and whole > MOST_RATIO * packed:
        yield f"unpacks into {whole // max(packed, 1):,} times its size"


def _wrong_schema(data: bytes) -> str:
    if len(data) > SMALL:
        return f"has a {SCHEMA} of {len(data) / 1e6:,.0f} MB"
    if _depth(data) > DEEPEST:
        return f"has a {SCHEMA} that is nested more than {DEEPEST} deep"
    json.loads(data)
    return ""


def _depth(data: bytes) -> int:
    """How deep brackets nest, text left out; without a parser that could fall over it."""
    deepest = depth = 0
    inside = escaped = False
    for byte in data:
        if inside:
            inside = escaped or byte != 0x22
            escaped = byte == 0x5C and not escaped
        elif byte == 0x22:
            inside = True
        elif byte in b"[{":
            depth += 1
            deepest = max(deepest, depth)
        elif byte in b"]}":
            depth -= 1
    return deepest


def _of_arrays(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, within: str) -> Iterator[str]:
    if entry.filename.endswith(".npy"):
        with archive.open(entry) as data:
            wrong = _wrong_array(data, entry.file_size)
        if wrong:
            yield f"{_shown(within + entry.filename)} {wrong}"
    elif entry.filename.endswith(".npz"):
        with zipfile.ZipFile(io.BytesIO(archive.read(entry))) as inner:
            yield from _problems(inner, within=f"{entry.filename}/")


def _wrong_array(data: Any, size: int) -> str:
    """What is wrong with an array by its header: more promised than there is, or objects."""
    import math

    from numpy.lib import format as npy

    version = npy.read_magic(data)
    read = {(1, 0): npy.read_array_header_1_0, (2, 0): npy.read_array_header_2_0}.get(version)
    if read is None:
        return f"is an array of format {version[0]}.{version[1]}, which is not read"
    shape, _, dtype = read(data)
    if dtype.hasobject:
        return "is an array of objects, which is a pickle"
    if any(length < 0 for length in shape):
        return "is an array of negative length"
    if math.prod(shape) * dtype.itemsize > size:
        return f"promises {math.prod(shape) * dtype.itemsize:,} bytes and holds {size:,}"
    return ""


def _shown(name: str) -> str:
    return ascii(name if len(name) <= 80 else f"{name[:79]}…")
