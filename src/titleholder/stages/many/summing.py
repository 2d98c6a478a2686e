"""What is summed of one unit of a sharded suite, by whoever has it.

See `titleholder.stages.many.together` for how it comes together.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from titleholder import threads
from titleholder.arrays import Bools, Floats, Ints, Panel, Predictions
from titleholder.comparison import fingerprint
from titleholder.params.slicing import column_of
from titleholder.shards import orders, prints
from titleholder.shards.blocks import Unit
from titleholder.shards.linear import Slopes
from titleholder.shards.products import Influences
from titleholder.stages.many.planning import Pair, Plan
from titleholder.stats.shared.partition import Codes
from titleholder.stats.shared.summary import Summary, rows_of_panel
from titleholder.types import Task


@dataclass(frozen=True, slots=True)
class Sums:
    """What one unit gives: sums of each pair, counts by group, what it wrote, and its ids.

    ``turned`` (2, width) by partition are rows of numeric answers that got better, and worse.
    """

    summaries: dict[Pair, Summary]
    groups: dict[Pair, dict[str, Ints]]
    runs: dict[str, orders.Run]
    hashes: str
    spans: tuple[prints.Span, ...]
    turned: dict[Pair, tuple[Ints, ...]]


def summed(plan: Plan, unit: Unit) -> Sums:
    """The second pass over one unit."""
    threads.pin()
    found = _Unit(plan)
    for block, panel, said in plan.source.read(unit):
        found.add(block.number, panel, dict(zip(plan.source.models, said, strict=True)))
    return found.sums(f"{unit.first:06}")


class _Unit:
    """Sums of a unit while its blocks are read."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.summaries: dict[Pair, Summary] = {}
        self.groups: dict[Pair, dict[str, Ints]] = {pair: {} for pair in plan.readings}
        self.scores: dict[str, list[Floats]] = {model: [] for model in plan.bounds}
        self.packed: list[NDArray[Any]] = []
        self.hashes: list[fingerprint.Hashes] = []
        self.spans: list[prints.Span] = []
        self.turned: dict[Pair, tuple[Ints, ...]] = {}

    def add(self, number: int, panel: Panel, said: Mapping[str, Predictions]) -> None:
        layout, y = self.plan.layout, np.asarray(panel.y_true)
        codes = layout.codes(panel)
        bare = rows_of_panel(panel, slice(None))
        for pair, reading in self.plan.readings.items():
            both = said[pair[0]], said[pair[1]]
            block = Summary.of_block(number, reading, codes, bare, both)
            known = self.summaries.get(pair)
            self.summaries[pair] = block if known is None else known + block
            self._group(pair, panel, both)
            self._turn(pair, panel, both, codes)
        if self.scores:
            self.packed.append(self.plan.shape.codes(y, codes))
        for model, scores in self.scores.items():
            scores.append(np.asarray(said[model].score))
        self.hashes.append(fingerprint.row_hashes(panel))
        self.spans.append(_span(panel))

    def _group(self, pair: Pair, panel: Panel, both: tuple[Predictions, Predictions]) -> None:
        if panel.task is not Task.BINARY or both[0].label is None or both[1].label is None:
            return
        k = len(panel.classes)
        calls = (np.asarray(panel.y_true) * k + both[0].label) * k + both[1].label
        for part, names in self.plan.layout.groupings():
            column = column_of(part)
            code = self.plan.layout.groups(panel, part) * k**3 + calls
            counts = np.bincount(code, minlength=len(names) * k**3).reshape(-1, k, k, k)
            known = self.groups[pair].get(column)
            self.groups[pair][column] = counts if known is None else known + counts

    def _turn(
        self,
        pair: Pair,
        panel: Panel,
        both: tuple[Predictions, Predictions],
        codes: Sequence[Codes | None],
    ) -> None:
        if panel.y_true is None or both[0].value is None or both[1].value is None:
            return
        errors = [np.abs(np.asarray(model.value) - panel.y_true) for model in both]
        moves = errors[1] < errors[0], errors[1] > errors[0]
        widths = self.plan.shape.widths
        found = tuple(_counted(moves, *of) for of in zip(codes, widths, strict=True))
        known = self.turned.get(pair)
        self.turned[pair] = found if known is None else added(known, found)

    def sums(self, name: str) -> Sums:
        at = self.plan.scratch
        packed = np.concatenate(self.packed) if self.packed else np.empty(0)
        runs = {
            model: orders.write(at / f"{model}.{name}", np.concatenate(scores), packed,
                                self.plan.bounds[model])
            for model, scores in self.scores.items()
        }  # fmt: skip
        hashes = prints.write(at / f"rows.{name}.npy", np.concatenate(self.hashes))
        return Sums(self.summaries, self.groups, runs, hashes, tuple(self.spans), self.turned)


def _counted(moves: Sequence[Bools], code: Codes | None, width: int) -> Ints:
    """Rows (n,) of each move by their code, (moves, width)."""
    if code is None:
        return np.array([[int(move.sum())] for move in moves])
    return np.stack([np.bincount(code[move], minlength=width) for move in moves])


def added(one: tuple[Ints, ...], other: tuple[Ints, ...]) -> tuple[Ints, ...]:
    """Counts by partition, added up."""
    return tuple(a + b for a, b in zip(one, other, strict=True))


def _span(panel: Panel) -> prints.Span:
    """The least and the largest id of some rows."""
    ids = panel.row_id
    if ids.dtype.kind == "i":
        return int(ids.min()), int(ids.max())
    ordered = np.sort(ids)
    return str(ordered[0]), str(ordered[-1])


@dataclass(frozen=True, slots=True)
class Multiplying:
    """The pass that multiplies influences: for each pair, on which slices and by which metrics."""

    plan: Plan
    wanted: dict[Pair, list[Influences | Slopes]]


def multiplied(multiplying: Multiplying, unit: Unit) -> dict[tuple[Pair, int], Summary]:
    """The products of one unit, by pair and place in the list of what was wanted of it."""
    threads.pin()
    plan, found = multiplying.plan, dict[tuple[Pair, int], Summary]()
    for block, panel, said in plan.source.read(unit):
        codes, models = plan.layout.codes(panel), dict(zip(plan.source.models, said, strict=True))
        for pair, influences in multiplying.wanted.items():
            reading, both = plan.readings[pair], (models[pair[0]], models[pair[1]])
            for i, one in enumerate(influences):
                code = codes[one.partition]
                own = one.summed(block.number, code, panel, both, reading)
                known = found.get((pair, i))
                found[pair, i] = own if known is None else known + own
    return found
