"""Inspect (inspect_ai): an eval log, as ``.eval`` (a zip of JSON) or ``.json``.

Samples are joined by task, id and epoch, and must agree in input and target. Scores C and I are
1 and 0, P is one half, N is 0, as Inspect's own metrics count them.
"""

import json
import struct
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from titleholder.adapters.harness.documents import digest, part, read_json
from titleholder.adapters.harness.log import Log, Scored, number
from titleholder.errors import BadInput, UsageError

HARNESS = "inspect"
# APPNOTE.TXT of the ZIP format, 4.4.5 and 4.3.7.
_ZSTANDARD, _LOCAL_HEADER = 93, 30
_LETTERS = {"C": 1.0, "I": 0.0, "P": 0.5, "N": 0.0}


def read(path: Path) -> Log:
    """The log in a file, or all logs of a directory as one; BadInput for one that did not end."""
    files = [path] if path.is_file() else sorted([*path.glob("*.eval"), *path.glob("*.json")])
    if not files:
        raise UsageError(f"{path}: holds no log of Inspect (.eval or .json)")
    items: list[Scored] = []
    conditions: dict[str, str] = {}
    official: dict[str, str] = {}
    model = ""
    for file in files:
        head, samples = _opened(file)
        where = str(file)
        if part(head, where, "status") != "success":
            raise BadInput(
                f"{where}: the run ended as {head['status']!r}",
                cure="inspect eval-retry finishes it",
            )
        told = part(head, where, "eval")
        task, model = str(part(told, where, "task")), str(part(told, where, "model"))
        found = [_scored(s, task, where) for s in samples]
        if not found:
            raise BadInput(
                f"{where}: holds no samples", cure="run Inspect without --no-log-samples"
            )
        items += found
        conditions |= dict(_conditions(told, task))
        official[task] = next(iter(found[0].scores))
    return Log(HARNESS, str(path), model, conditions, official, items)


def _opened(path: Path) -> tuple[Any, list[Any]]:
    """The head of a log and its samples."""
    if path.suffix != ".eval":
        said = read_json(path)
        if not isinstance(said, dict):
            raise BadInput(f"{path}: is no log of Inspect", cure="is it of another harness?")
        return said, list(said.get("samples") or [])
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
            if "header.json" not in names:
                raise BadInput(f"{path}: has no header.json: the run did not end",
                               cure="inspect eval-retry finishes it")  # fmt: skip
            head = json.loads(_content(path, archive, "header.json"))
            inside = sorted(n for n in names if n.startswith("samples/"))
            return head, [json.loads(_content(path, archive, name)) for name in inside]
    except (zipfile.BadZipFile, json.JSONDecodeError, EOFError, OSError) as error:
        raise BadInput(
            f"{path}: is no whole log of Inspect: {error}", cure="copy it again, or run it again"
        ) from None


def _content(path: Path, archive: zipfile.ZipFile, name: str) -> bytes:
    """A file of the archive; Inspect packs with Zstandard, which zipfile knows from 3.14 on."""
    entry = archive.getinfo(name)
    if entry.compress_type != _ZSTANDARD:
        return archive.read(name)
    import pyarrow as pa

    with path.open("rb") as file:
        file.seek(entry.header_offset)
        names, extra = struct.unpack("<26x2H", file.read(_LOCAL_HEADER))
        file.seek(names + extra, 1)
        packed = file.read(entry.compress_size)
    found: bytes = pa.decompress(packed, entry.file_size, codec="zstd", asbytes=True)
    if zlib.crc32(found) != entry.CRC:
        raise zipfile.BadZipFile(f"{name} does not have its checksum")
    return found


def _scored(sample: Any, task: str, where: str) -> Scored:
    asked_of = str(part(sample, where, "id"))
    name = f"{asked_of}#{sample.get('epoch', 1)}"
    where = f"{where}: sample {name}"
    if sample.get("error"):
        raise BadInput(f"{where}: ended in an error", cure="inspect eval-retry finishes it")
    scores = {
        f"{scorer}/{key}" if key else scorer: value
        for scorer, score in (sample.get("scores") or {}).items()
        for key, value in _values(part(score, where, "value"), where)
    }
    if not scores:
        raise BadInput(f"{where}: has no score", cure="run Inspect with a scorer")
    asked = digest([sample.get("input"), sample.get("choices"), sample.get("target")])
    return Scored(task, name, asked, scores, asked_of)


def _values(value: Any, where: str) -> Iterator[tuple[str, float]]:
    """A score as numbers, by key where it has several."""
    if isinstance(value, dict):
        for key, one in value.items():
            for _, found in _values(one, where):
                yield str(key), found
    elif isinstance(value, str) and value in _LETTERS:
        yield "", _LETTERS[value]
    else:
        yield "", number(value, where)


def _conditions(told: Any, task: str) -> Iterator[tuple[str, str]]:
    yield "the version of Inspect", str((told.get("packages") or {}).get("inspect_ai"))
    yield f"the version of {task}", str(told.get("task_version"))
    yield f"the arguments of {task}", digest(told.get("task_args") or {})[:12]
    yield f"the data of {task}", str((told.get("dataset") or {}).get("name"))
