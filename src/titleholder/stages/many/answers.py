"""What models say of data in many files: a Parquet file a block, made by whoever has the unit.

Files lie beside the stages' records and are no evidence of a verdict, which would be as large as
the data; their digests are. A block that is there was made of the same data, model and parameters
(`_begun` clears away all others), and is not made again: a run that was killed goes on. One that
came to its end leaves no mark, and the next begins anew.
"""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path
from typing import TYPE_CHECKING

from titleholder import records, tables, threads
from titleholder.adapters import models
from titleholder.errors import NotComparable
from titleholder.shards import reading
from titleholder.shards.blocks import Block, Unit, units_of
from titleholder.shards.files import Shards
from titleholder.stages import finished, manifest, measured
from titleholder.stages.many import shards
from titleholder.stages.workspace import Workspace
from titleholder.types import Gauge

if TYPE_CHECKING:
    import pandas as pd

DIRECTORY = "answers"


@dataclass(frozen=True, slots=True)
class Asking:
    """One model on the rows of one role; ``answers`` are its own files where it has no more.

    It is made once and sent to whoever has a unit.
    """

    ws: Workspace
    model: str
    path: Path
    sha256: str
    role: str
    rows: Shards
    answers: Shards | None

    @property
    def place(self) -> Path:
        """Where the blocks' files lie."""
        return self.ws.stage(DIRECTORY) / f"{self.model}.{self.role}"

    def file(self, block: int) -> Path:
        """Where the answers of one block lie."""
        return file_of(self.ws, self.model, self.role, block)


def file_of(ws: Workspace, model: str, role: str, block: int) -> Path:
    """Where one model's answers for one block of a role lie."""
    return ws.stage(DIRECTORY) / f"{model}.{role}" / f"{block:06}.parquet"


def ask(ws: Workspace, found: manifest.Manifest, role: str, params: str) -> dict[str, str]:
    """Put the rows of one role to every model; the digest of each file that was written.

    ``params`` is the digest of all else that answers hang on.
    """
    rows = shards.read(ws, role)
    digests: dict[str, str] = {}
    with shards.runner_of(ws) as runner:
        for name, model_role in found.models():
            asking = _asking(ws, found, (name, model_role), role, rows)
            if asking is None:
                continue
            _begun(asking, params)
            units = units_of(rows.rows, ws.runner.blocks)
            for written in runner.map(partial(answered, asking), units):
                digests |= written
    return dict(sorted(digests.items()))


def _asking(
    ws: Workspace, found: manifest.Manifest, model: tuple[str, str], role: str, rows: Shards
) -> Asking | None:
    """None for ready answers on reference rows, which nobody has given."""
    name, model_role = model
    source = found.source(model_role)
    if not shards.has(ws, model_role):
        path = found.path_of(ws, model_role)
        return Asking(ws.sent(), name, path, source.sha256, role, rows, None)
    if role != "current":
        return None
    answers = shards.read(ws, model_role)
    if answers.rows != rows.rows:
        raise NotComparable(
            f"{source.path}: has {answers.rows:,} rows, and {rows.place} has {rows.rows:,}",
            cure="score every model on this very panel",
        )
    return Asking(ws.sent(), name, Path(source.path), source.sha256, role, rows, answers)


def _begun(asking: Asking, params: str) -> None:
    """Clear away whatever was made of other data, another model, other parameters or code."""
    of = records.sha256([finished.code(), asking.rows.digest(), asking.sha256, params])
    mark = finished.beside(asking.ws, f"{DIRECTORY}/{asking.place.name}")
    if not mark.is_file() or mark.read_text() != of:
        shutil.rmtree(asking.place, ignore_errors=True)
        records.write_bytes(mark, of.encode())


def answered(asking: Asking, unit: Unit) -> dict[str, str]:
    """See to it that every block of a unit is answered; the digest of each file."""
    threads.pin()
    files = {number: asking.file(number) for number in range(unit.first, unit.last)}
    if not all(path.is_file() for path in files.values()):
        for block, frame in _frames(asking, unit):
            path = files[block.number]
            if not path.is_file():
                with records.replacing(path) as temporary:
                    tables.write_parquet(temporary, _answers(asking, block, frame))
    return dict(asking.ws.digest(path) for path in files.values())


def _frames(asking: Asking, unit: Unit) -> "Iterator[tuple[Block, pd.DataFrame]]":
    """What a model is given of each block: its rows, or the answers that it has of them."""
    source = asking.rows if asking.answers is None else asking.answers
    place = shards.place_of(asking.ws, source.place)
    for block, table in reading.blocks(place, source, unit):
        yield block, reading.frame(table)


def _answers(asking: Asking, block: Block, frame: "pd.DataFrame") -> "pd.DataFrame":
    row_id = asking.ws.suite.columns.row_id
    where = f"rows {block.start:,} to {block.stop:,} of {asking.rows.place}"
    tables.require(frame, row_id, where)
    if asking.answers is not None:
        return frame
    return _opened(asking.ws, asking.path, asking.sha256).predict(frame, row_id)


@lru_cache(maxsize=8)
def _loaded(path: Path, sha256: str, asked: models.Asked) -> models.Model:
    manifest.verify(path, sha256)
    return models.load(path, asked)


def _opened(ws: Workspace, path: Path, sha256: str) -> models.Model:
    """The model, opened once in a process."""
    from titleholder.stages import predict

    return _loaded(path, sha256, predict.asked(ws.suite))


def figures(ws: Workspace, found: manifest.Manifest) -> dict[str, dict[str, Gauge]]:
    """What each model costs on this machine, taken on the first block of current rows."""
    rows, row_id = shards.read(ws, "current"), ws.suite.columns.row_id
    told: dict[str, dict[str, Gauge]] = {}
    (_, table), *_ = reading.blocks(
        shards.place_of(ws, rows.place), rows, units_of(rows.rows, 1)[0]
    )
    frame = reading.frame(table)
    for name, role in found.models():
        source = found.source(role)
        if shards.has(ws, role):
            told[name] = {}
            continue
        path = found.path_of(ws, role)
        model = _opened(ws, path, source.sha256)
        timed = measured.timed(partial(model.predict, frame, row_id))
        told[name] = {
            **measured.size(path),
            **measured.row_latency(timed.seconds, len(frame)),
            **measured.latency(model, frame, row_id, ws.suite.level),
            **measured.costs(model),
        }
    return told
