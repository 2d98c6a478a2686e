"""Blocks of a sharded suite as panel and predictions, read wherever a unit is worked on."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import msgspec
import numpy as np

from titleholder import records, tables
from titleholder.arrays import Floats, Ints, Panel, Predictions
from titleholder.comparison.slices import columns_of
from titleholder.errors import BadInput, RecordError
from titleholder.params.expression import columns_in, parse
from titleholder.params.schema import Suite
from titleholder.shards import reading
from titleholder.shards.blocks import Block, Unit
from titleholder.shards.files import Shards
from titleholder.shards.slicing import Present
from titleholder.stages.many import answers, shards
from titleholder.stages.workspace import Workspace
from titleholder.tables.cells import keys_of, numbers
from titleholder.tables.predictions import places_of
from titleholder.types import Task

if TYPE_CHECKING:
    import pandas as pd

SCORE = "y_score"
MOST_CLASSES = 16  # whose calls are counted, by truth and both models': 4,096 cells a slice


@dataclass(frozen=True, slots=True)
class Source:
    """Rows of one role with the answers of ``models``, whose files have these digests.

    ``suite`` is what is asked of them; ``classes`` are those of the whole panel, empty until they
    are known.
    """

    ws: Workspace
    suite: Suite
    role: str
    rows: Shards
    models: tuple[str, ...]
    digests: dict[str, str]
    classes: tuple[str, ...] = ()

    def read(self, unit: Unit) -> Iterator[tuple[Block, Panel, tuple[Predictions, ...]]]:
        """Each block of a unit with all that is said of it; checked as any panel is."""
        for block, read in self._panels(unit, self._known()):
            panel = replace(read, classes=self.classes)
            said = (
                tables.predictions_of(
                    self._answers(model, block), panel, self.suite, model, self._named(model)
                )
                for model in self.models
            )
            yield block, panel, tuple(said)

    def scanned(self, unit: Unit, step: int) -> "Scan":
        """What has to be known of all rows before any is summed; one row in ``step`` is kept."""
        scan: Scan | None = None
        for block, panel in self._panels(unit, self.suite):
            some = np.arange(-block.start % step, len(block), step)
            present = Present.of(panel, self.suite.slices)
            sample = {block.number: self._sampled(block, panel, some)}
            weighs = panel.weight is None or bool(panel.weight.sum() > 0)
            found = Scan(_words(panel), present, sample, weighs)
            scan = found if scan is None else scan + found
        if scan is None:
            raise ValueError("a unit has blocks")
        return scan

    def _known(self) -> Suite:
        """The suite as blocks are read by, once it is known which classes the whole panel has."""
        if self.suite.task is not Task.MULTICLASS:
            return self.suite
        return msgspec.structs.replace(self.suite, classes=self.classes)

    def _panels(self, unit: Unit, suite: Suite) -> Iterator[tuple[Block, Panel]]:
        place = shards.place_of(self.ws, self.rows.place)
        for block, table in reading.blocks(place, self.rows, unit, self._columns()):
            frame = reading.frame(table)
            yield block, tables.panel_of(frame, suite, self._where(block), whole=False)

    def _sampled(self, block: Block, panel: Panel, some: Ints) -> "Sampled":
        """Truth of some rows and, for bins of them, models' scores."""
        truth = np.asarray(panel.y_true, dtype=float)[some]
        if self.suite.task is not Task.BINARY:
            return truth, {}
        return truth, {model: self._scores(model, block, panel)[some] for model in self.models}

    def _columns(self) -> list[str]:
        """The columns that a comparison reads, in the order that they stand in."""
        suite = self.suite
        target = suite.columns.target or "y_true"
        weight = suite.columns.weight or tables.WEIGHT
        wanted = {suite.columns.row_id, target, weight, *columns_of(suite.slices)}
        for text in suite.segments.values():
            wanted |= set(columns_in(parse(text)))
        return [name for name in self.rows.columns if name in wanted]

    def _where(self, block: Block) -> str:
        return f"{self.rows.place}, rows {block.start:,} to {block.stop:,}"

    def _named(self, model: str) -> str:
        return f"answers of {model}"

    def _answers(self, model: str, block: Block) -> "pd.DataFrame":
        path = answers.file_of(self.ws, model, self.role, block.number)
        name = self.ws.relative(path)
        said = self.digests.get(name)
        if said is None or not path.is_file():
            raise RecordError(
                f"{name}: no such predictions",
                cure=f"titleholder stage predict {self.ws.name} makes them again",
            )
        if f"sha256:{records.sha256_file(path)}" != said:
            raise RecordError(
                f"{name}: is not the file that was recorded (its SHA-256 differs)",
                cure="run the predict stage again",
            )
        return tables.read_frame(path)

    def _scores(self, model: str, block: Block, panel: Panel) -> Floats:
        """Scores (n,) in the panel's order; none where the model gives none."""
        frame = self._answers(model, block)
        if SCORE not in frame:
            return np.full(len(panel), np.nan)
        ids = keys_of(frame, self.suite.columns.row_id, self._named(model))
        places = places_of(panel.row_id, ids, self._named(model))
        scores = numbers(frame, SCORE, self._named(model), panel.row_id)
        return scores if places is None else scores[places]


def _words(panel: Panel) -> frozenset[str]:
    """The labels that occur; none of numbers."""
    if not panel.classes:
        return frozenset()
    return frozenset(panel.classes[i] for i in np.unique(np.asarray(panel.y_true)).tolist())


Sampled = tuple[Floats, dict[str, Floats]]


@dataclass(frozen=True, slots=True)
class Scan:
    """The labels and the groups that occur, and by block the truth and scores of some rows.

    Truth of two classes is 1 for the positive one; of many, it stands for nothing here.
    ``weighs`` says that some row has a weight above 0.
    """

    words: frozenset[str]
    present: Present
    some: dict[int, Sampled]
    weighs: bool

    def __add__(self, other: "Scan") -> "Scan":
        return Scan(
            self.words | other.words, self.present + other.present, {**self.some, **other.some},
            self.weighs or other.weighs,
        )  # fmt: skip

    def classes(self, suite: Suite, where: str) -> tuple[str, ...]:
        """The classes of the whole panel, in the order of their codes; none of numbers.

        BadInput for more of them than are counted, and where nothing weighs anything.
        """
        if not self.weighs:
            raise tables.weightless(where, suite.columns.weight or tables.WEIGHT)
        if suite.task is Task.REGRESSION:
            return ()
        found = tables.classes_of(sorted(self.words), suite, where)
        if len(found) > MOST_CLASSES:
            raise BadInput(
                f"{where}: has {len(found)} classes, and of data in many files at most "
                f"{MOST_CLASSES} are told apart",
                cure="name a file under data.current, or judge coarser classes",
            )
        return found

    def truth(self) -> Floats:
        """Truth of the rows that were kept, (n,), in the panel's order."""
        return np.concatenate([self.some[number][0] for number in sorted(self.some)])

    def scores(self, model: str) -> Floats:
        """One model's scores of the same rows."""
        return np.concatenate([self.some[number][1][model] for number in sorted(self.some)])
