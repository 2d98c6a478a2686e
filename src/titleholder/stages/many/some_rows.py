"""Some rows of a panel of many files, in memory with the champion's answers to them.

They are drawn by their number from all rows, so that they are the same ones for any files, units,
workers and order. Which classes there are is read off all rows: a rare one may have none here.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

import msgspec
import numpy as np

from titleholder import tables, threads
from titleholder.adapters import models
from titleholder.arrays import Ids, Ints, Panel, Predictions
from titleholder.drift.sample import CURRENT, drawn
from titleholder.errors import NotComparable
from titleholder.params.schema import Suite
from titleholder.shards import reading
from titleholder.shards.blocks import Block, Unit, units_of
from titleholder.shards.files import Shards
from titleholder.stages import manifest, predict
from titleholder.stages.many import shards
from titleholder.stages.workspace import Workspace
from titleholder.tables.cells import keys_of, labels_in
from titleholder.tables.predictions import places_of
from titleholder.types import Task

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

MOST = 100_000


@dataclass(frozen=True, slots=True)
class Drawing:
    """The rows to take, by their ``numbers`` (n,), rising; ``answers`` are a model's own files."""

    ws: Workspace
    rows: Shards
    answers: Shards | None
    numbers: Ints


@dataclass(frozen=True, slots=True)
class Piece:
    """The rows that a block has of them, with ready answers, and the labels of all its rows."""

    start: int
    rows: "pa.Table"
    answers: "pa.Table | None"
    words: frozenset[str]


@dataclass(frozen=True, slots=True)
class Drawn:
    """A panel of some rows with the champion's answers; ``rows`` is how many there are in all."""

    panel: Panel
    champion: Predictions
    rows: int


def taken(ws: Workspace, found: manifest.Manifest, most: int) -> Drawn:
    """At most this many of the current rows, drawn by the suite's seed.

    Raises what reading a panel and opening a model raise, and NotComparable for ready answers that
    are not of these rows.
    """
    rows = shards.read(ws, "current")
    numbers = drawn(rows.rows, most, ws.suite.seed, CURRENT)
    drawing = Drawing(ws.sent(), rows, _answers(ws, found, rows), numbers)
    with shards.runner_of(ws) as runner:
        units = units_of(rows.rows, ws.runner.blocks)
        pieces = [one for several in runner.map(partial(picked, drawing), units) for one in several]
    pieces.sort(key=lambda piece: piece.start)
    frame = _together([piece.rows for piece in pieces])
    said = [piece.answers for piece in pieces if piece.answers is not None]
    if drawing.answers is None:
        model = models.load(found.path_of(ws, "champion"), predict.asked(ws.suite))
        answers = model.predict(frame, ws.suite.columns.row_id)
    else:
        answers = _together(said)
    words = frozenset().union(*(piece.words for piece in pieces))
    panel = _panel(frame, words, ws.suite, rows.place)
    name = found.name_of("champion")
    champion = tables.predictions_of(answers, panel, ws.suite, name, f"answers of {name}")
    return Drawn(panel, champion, rows.rows)


def _answers(ws: Workspace, found: manifest.Manifest, rows: Shards) -> Shards | None:
    """The files of a champion that is ready answers; None for a model that can be asked."""
    if not shards.has(ws, "champion"):
        return None
    answers = shards.read(ws, "champion")
    if answers.rows != rows.rows:
        raise NotComparable(
            f"{found.source('champion').path}: has {answers.rows:,} rows, and {rows.place} has "
            f"{rows.rows:,}",
            cure="score the champion on this very panel",
        )
    return answers


def picked(drawing: Drawing, unit: Unit) -> list[Piece]:
    """The rows that are wanted of a unit, block by block."""
    threads.pin()
    answers = None if drawing.answers is None else _blocks(drawing.ws, drawing.answers, unit)
    found = []
    for block, table in _blocks(drawing.ws, drawing.rows, unit):
        low, high = np.searchsorted(drawing.numbers, (block.start, block.stop))
        here = drawing.numbers[low:high] - block.start
        said = None
        if answers is not None:
            said = _answered(drawing, block, table, next(answers)[1], here)
        found.append(Piece(block.start, table.take(here), said, _words(drawing, table)))
    return found


def _blocks(ws: Workspace, source: Shards, unit: Unit) -> "Iterator[tuple[Block, pa.Table]]":
    return reading.blocks(shards.place_of(ws, source.place), source, unit)


def _answered(
    drawing: Drawing, block: Block, rows: "pa.Table", said: "pa.Table", here: Ints
) -> "pa.Table":
    """The answers to these rows of a block; NotComparable if some of it are to others."""
    where = f"answers of the champion, rows {block.start:,} to {block.stop:,}"
    panel = f"{drawing.rows.place}, rows {block.start:,} to {block.stop:,}"
    suite = drawing.ws.suite
    places = places_of(_keys(suite, rows, panel), _keys(suite, said, where), where)
    return said.take(here if places is None else places[here])


def _keys(suite: Suite, table: "pa.Table", where: str) -> Ids:
    row_id = suite.columns.row_id
    kept = [name for name in table.column_names if name == row_id]
    return keys_of(reading.frame(table.select(kept)), row_id, where)


def _words(drawing: Drawing, table: "pa.Table") -> frozenset[str]:
    """The labels of all rows of a block; none of numbers."""
    import pyarrow as pa

    suite = drawing.ws.suite
    target = suite.columns.target or "y_true"
    if suite.task is Task.REGRESSION or target not in table.column_names:
        return frozenset()
    distinct = pa.table({target: table[target].unique().drop_null()})
    ids = np.arange(distinct.num_rows)
    return frozenset(labels_in(reading.frame(distinct), target, drawing.rows.place, ids).words)


def _together(parts: "Sequence[pa.Table]") -> "pd.DataFrame":
    """Rows of all blocks in the types that a single table of them would have."""
    import pyarrow as pa

    return reading.frame(pa.concat_tables(parts))


def _panel(frame: "pd.DataFrame", words: frozenset[str], suite: Suite, place: str) -> Panel:
    """The panel of these rows, with the classes of all rows."""
    where = f"{len(frame):,} rows of {place}"
    if suite.task is Task.REGRESSION:
        return tables.panel_of(frame, suite, where)
    classes = tables.classes_of(sorted(words), suite, place)
    if suite.task is Task.MULTICLASS:
        suite = msgspec.structs.replace(suite, classes=classes)
    return replace(tables.panel_of(frame, suite, where), classes=classes)
