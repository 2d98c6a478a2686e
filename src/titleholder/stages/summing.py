"""Two models and more compared shard by shard: what is summed where, and how it comes together.

Three passes, each a map over units and each by whoever runs them: `Source.scanned` finds classes,
slices and bins; `summed` sums blocks and writes what has to be put in order; `collected` brings the
rows of slices that sums do not tell enough of. Between the last two, ranges of scores are merged
and gone down. What is laid on disk for that is cleared away at the end.
"""

import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np

from titleholder import fingerprint, tables, threads
from titleholder.arrays import Bools, Ints, Panel, Predictions
from titleholder.compare import Measurement, chosen
from titleholder.errors import NotComparable
from titleholder.fingerprint import Fingerprint
from titleholder.metrics import Metric, Registry
from titleholder.metrics.base import Means, Ranks
from titleholder.params.schema import Binned, Policy
from titleholder.shards import orders, prints
from titleholder.shards.blocks import Unit, units_of
from titleholder.shards.measuring import Compared, Measuring, Rows, without_rows
from titleholder.shards.runner import Runner
from titleholder.shards.slicing import Layout
from titleholder.stages.blocks import Scan, Source
from titleholder.stats.sample import lacking
from titleholder.stats.shared.bins import Bins
from titleholder.stats.shared.known import Shared
from titleholder.stats.shared.summary import (
    Reading,
    Summary,
    rows_of_panel,
    thinned_to,
)
from titleholder.types import Gauge

SCRATCH = "scratch"
SAMPLED = 1 << 14  # rows that bins are fitted to
NAMED = 5

Pair = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Plan:
    """What is summed: pairs of models with their `Reading`, and where ranges of scores begin."""

    source: Source
    layout: Layout
    shape: orders.Shape
    readings: dict[Pair, Reading]
    bounds: dict[str, orders.Keys]
    scratch: Path


@dataclass(frozen=True, slots=True)
class Sums:
    """What one unit gives: sums of each pair, counts by group, what it wrote, and its ids."""

    summaries: dict[Pair, Summary]
    groups: dict[Pair, dict[str, Ints]]
    runs: dict[str, orders.Run]
    hashes: str
    spans: tuple[prints.Span, ...]


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
        self.scores: dict[str, list[np.ndarray]] = {model: [] for model in plan.bounds}
        self.packed: list[np.ndarray] = []
        self.hashes: list[fingerprint.Hashes] = []
        self.spans: list[prints.Span] = []

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
        self.packed.append(self.plan.shape.codes(y, codes))
        for model, scores in self.scores.items():
            scores.append(np.asarray(said[model].score))
        self.hashes.append(fingerprint.row_hashes(panel))
        self.spans.append(_span(panel))

    def _group(self, pair: Pair, panel: Panel, both: tuple[Predictions, Predictions]) -> None:
        if both[0].label is None or both[1].label is None:
            return
        k = len(panel.classes)
        calls = (np.asarray(panel.y_true) * k + both[0].label) * k + both[1].label
        for part, names in self.plan.layout.groupings():
            column = part.column if isinstance(part, Binned) else part
            code = self.plan.layout.groups(panel, part) * k**3 + calls
            counts = np.bincount(code, minlength=len(names) * k**3).reshape(-1, k, k, k)
            known = self.groups[pair].get(column)
            self.groups[pair][column] = counts if known is None else known + counts

    def sums(self, name: str) -> Sums:
        at = self.plan.scratch
        packed = np.concatenate(self.packed)
        runs = {
            model: orders.write(at / f"{model}.{name}", np.concatenate(scores), packed,
                                self.plan.bounds[model])
            for model, scores in self.scores.items()
        }  # fmt: skip
        hashes = prints.write(at / f"rows.{name}.npy", np.concatenate(self.hashes))
        return Sums(self.summaries, self.groups, runs, hashes, tuple(self.spans))


def _span(panel: Panel) -> prints.Span:
    """The least and the largest id of some rows."""
    ids = panel.row_id
    if ids.dtype.kind == "i":
        return int(ids.min()), int(ids.max())
    ordered = np.sort(ids)
    return str(ordered[0]), str(ordered[-1])


# ------------------------------------------------------------------------- together


@dataclass(slots=True)
class Total:
    """Sums of all units, added as they come; sums of reals in the order of blocks.

    ``waiting`` are those of blocks that came before their turn.
    """

    counts: Summary | None
    totals: list[np.ndarray]
    following: int
    waiting: dict[int, tuple[np.ndarray, ...]]

    @classmethod
    def nothing(cls) -> "Total":
        """Before any unit."""
        return cls(None, [], 0, {})

    def add(self, summary: Summary) -> None:
        """The sums of one more unit."""
        bare = replace(summary, sums={})
        self.counts = bare if self.counts is None else self.counts + bare
        self.waiting |= summary.sums
        while self.following in self.waiting:
            block = self.waiting.pop(self.following)
            if not self.totals:
                self.totals = [np.zeros(())] * len(block)
            self.totals = [one + more for one, more in zip(self.totals, block, strict=True)]
            self.following += 1


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of all shards: what each pair is measured by, and which rows they were of.

    ``panel`` and ``models`` have no rows, but all else.
    """

    measurements: dict[Pair, Measurement]
    fingerprint: Fingerprint
    rows: int
    panel: Panel
    models: tuple[Predictions, ...]


@dataclass(frozen=True, slots=True)
class Asked:
    """Pairs of models, by what policy and metrics each is compared, and their figures."""

    policies: Mapping[Pair, Policy]
    registry: Registry
    figures: Mapping[str, Mapping[str, Gauge]]


def compared(source: Source, asked: Asked, runner: Runner) -> Outcome:
    """Every pair compared on all shards."""
    ws, units = source.ws, units_of(source.rows.rows, source.ws.runner.blocks)
    with _scratch(ws.stage(SCRATCH)) as scratch:
        step = max(1, source.rows.rows // SAMPLED)
        scan = _scanned(source, units, step, runner)
        source = replace(source, classes=scan.classes(source.suite, source.rows.place))
        hollow = _hollow(source, asked)
        plan = _plan(source, asked, scan, hollow, scratch)
        totals = {pair: Total.nothing() for pair in asked.policies}
        groups: dict[Pair, dict[str, Ints]] = {pair: {} for pair in asked.policies}
        found: list[Sums] = []
        for sums in runner.map(partial(summed, plan), units):
            for pair, summary in sums.summaries.items():
                totals[pair].add(summary)
                for column, counts in sums.groups[pair].items():
                    groups[pair][column] = groups[pair].get(column, 0) + counts
            found.append(replace(sums, summaries={}, groups={}))
        _require_single(source, found, units, runner, scratch)
        values = _values(plan, asked, hollow, found, runner)
        rows = merged_prints(found, source.rows.rows)
        measurings = {}
        for pair, total in totals.items():
            known = _shared(plan, pair, total, values)
            measurings[pair] = _measuring(plan, asked, pair, (hollow, known, groups[pair]))
        _bring(plan, measurings, units, runner)
        done = {pair: measuring.measurement() for pair, measuring in measurings.items()}
        return Outcome(done, rows, source.rows.rows, hollow[0], tuple(hollow[1].values()))


@contextmanager
def _scratch(path: Path) -> Iterator[Path]:
    shutil.rmtree(path, ignore_errors=True)
    path.mkdir(parents=True)
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)


def _scanned(source: Source, units: Sequence[Unit], step: int, runner: Runner) -> Scan:
    scan: Scan | None = None
    for one in runner.map(partial(scanned, source, step), units):
        scan = one if scan is None else scan + one
    if scan is None:
        raise ValueError("a panel without rows has nothing to be scanned")
    return scan


def scanned(source: Source, step: int, unit: Unit) -> Scan:
    """The first pass over one unit."""
    threads.pin()
    return source.scanned(unit, step)


Hollow = tuple[Panel, dict[str, Predictions]]


def _hollow(source: Source, asked: Asked) -> Hollow:
    """Panel and predictions without rows: what there is of answers, and each model's figures."""
    first = units_of(source.rows.rows, 1)[0]
    _, panel, said = next(source.read(first))
    models = {
        model: tables.with_figures(one.at(slice(0, 0)), asked.figures.get(model, {}))
        for model, one in zip(source.models, said, strict=True)
    }
    return without_rows(panel), models


def _metrics(asked: Asked, hollow: Hollow, pair: Pair) -> tuple[Metric, ...]:
    one, two = (hollow[1][model] for model in pair)
    return tuple(chosen(asked.policies[pair], one, two, asked.registry))


def _plan(source: Source, asked: Asked, scan: Scan, hollow: Hollow, scratch: Path) -> Plan:
    layout = Layout.of(source.suite.slices, scan.present)
    partitions = layout.partitions()
    shape = orders.Shape.of(partitions)
    readings: dict[Pair, Reading] = {}
    bounds: dict[str, orders.Keys] = {}
    for pair in asked.policies:
        both = hollow[1][pair[0]], hollow[1][pair[1]]
        laws = [
            metric.law for metric in _metrics(asked, hollow, pair)
            if not any(lacking(metric.needs, model) for model in both)
        ]  # fmt: skip
        columns = {law.columns: None for law in laws if isinstance(law, Means) and law.by_row}
        ranked = any(isinstance(law, Ranks) for law in laws)
        bins = None
        if ranked and all(model.score is not None for model in both):
            y, one = scan.sample(source.classes, pair[0])
            _, two = scan.sample(source.classes, pair[1])
            bins = Bins.of(y, one, two)
            for model, scores in zip(pair, (one, two), strict=True):
                bounds.setdefault(model, orders.bounds_of(scores, source.rows.rows))
        called = all(model.label is not None for model in both)
        readings[pair] = Reading(
            tuple(p.width for p in partitions), len(source.classes) if called else 0,
            tuple(columns), bins, thinned_to(source.rows.rows),
        )  # fmt: skip
    return Plan(source, layout, shape, readings, bounds, scratch)


def merged_prints(found: Sequence[Sums], rows: int) -> Fingerprint:
    """What the rows of all units are known by."""
    files = sorted(sums.hashes for sums in found)
    return fingerprint.of_sorted(prints.merged(files, rows))


def _values(
    plan: Plan, asked: Asked, hollow: Hollow, found: Sequence[Sums], runner: Runner
) -> dict[tuple[str, str, int], float]:
    """Each model's metrics of order on each slice: by model, metric and slice."""
    wanted: dict[str, dict[str, int]] = {}
    for pair in plan.readings:
        for metric in _metrics(asked, hollow, pair):
            if isinstance(metric.law, Ranks):
                for model in pair:
                    wanted.setdefault(model, {})[metric.name] = metric.law.rare
    ranges: dict[str, list[orders.Merged]] = {model: [] for model in plan.bounds}
    tasks = [
        _Range(model, number, tuple(sums.runs[model] for sums in found))
        for model, bounds in plan.bounds.items()
        for number in range(len(bounds) + 1)
    ]
    for model, merged in runner.map(partial(_merged, plan), tasks):
        ranges[model].append(merged)
    descents = [
        _Descent(model, partition, tuple(ranges[model]), wanted[model])
        for model in plan.bounds
        for partition in range(len(plan.shape.widths))
    ]
    values: dict[tuple[str, str, int], float] = {}
    for model, of in runner.map(partial(_descended, plan), descents):
        values |= {(model, name, member): value for (name, member), value in of.items()}
    return values


@dataclass(frozen=True, slots=True)
class _Range:
    model: str
    number: int
    runs: tuple[orders.Run, ...]


@dataclass(frozen=True, slots=True)
class _Descent:
    model: str
    partition: int
    ranges: tuple[orders.Merged, ...]
    metrics: dict[str, int]


def _merged(plan: Plan, task: _Range) -> tuple[str, orders.Merged]:
    threads.pin()
    to = plan.scratch / f"{task.model}.range{task.number:06}"
    return task.model, orders.merge(task.number, task.runs, plan.shape, to)


def _descended(plan: Plan, task: _Descent) -> tuple[str, dict[tuple[str, int], float]]:
    threads.pin()
    found = orders.descend(task.ranges, plan.shape, task.partition, task.metrics)
    return task.model, found


def _shared(
    plan: Plan, pair: Pair, total: Total, values: Mapping[tuple[str, str, int], float]
) -> tuple[Summary, tuple[np.ndarray, ...], Mapping[tuple[str, str, int], float]]:
    if total.counts is None or total.waiting:
        raise ValueError("some blocks were never summed")
    return total.counts, tuple(total.totals), values


def _measuring(
    plan: Plan,
    asked: Asked,
    pair: Pair,
    of: tuple[Hollow, tuple[Summary, tuple[np.ndarray, ...], Mapping[tuple[str, str, int], float]],
              dict[str, Ints]],
) -> Measuring:  # fmt: skip
    hollow, (counts, totals, values), groups = of
    metrics, partitions = _metrics(asked, hollow, pair), plan.layout.partitions()
    known = {
        (metric.law, i): (values[pair[0], metric.name, i], values[pair[1], metric.name, i])
        for metric in metrics
        if isinstance(metric.law, Ranks)
        for i in range(len(plan.layout.names))
        if all((model, metric.name, i) in values for model in pair)
    }
    common = Shared(partitions, plan.readings[pair], counts, totals, known)
    by_group = {}
    for part, names in plan.layout.groupings():
        column = part.column if isinstance(part, Binned) else part
        if column in groups:
            held = groups[column].sum(axis=(1, 2, 3)) > 0
            named = tuple(n for n, is_held in zip(names, held.tolist(), strict=True) if is_held)
            by_group[column] = (groups[column][held], named)
    one, two = (hollow[1][model] for model in pair)
    compared = Compared(plan.layout.names, common, hollow[0], one, two, by_group)
    return Measuring(compared, metrics, asked.policies[pair])


# ------------------------------------------------------------------------- single rows


def _bring(
    plan: Plan, measurings: Mapping[Pair, Measuring], units: Sequence[Unit], runner: Runner
) -> None:
    """Bring the rows of slices that were wanted, a million at a time at most."""
    from titleholder.shards.measuring import MOST_ROWS

    wanted: dict[int, int] = {}
    for measuring in measurings.values():
        wanted |= measuring.wanted()
    left = sorted(wanted)
    while left:
        batch = [left.pop(0)]
        while left and sum(wanted[i] for i in (*batch, left[0])) <= MOST_ROWS:
            batch.append(left.pop(0))
        parts: dict[int, list[tuple[int, Panel, tuple[Predictions, ...]]]] = {i: [] for i in batch}
        for found in runner.map(partial(collected, plan, tuple(batch)), units):
            for number, block, panel, said in found:
                parts[number].append((block, panel, said))
        for number, pieces in parts.items():
            pieces.sort(key=lambda piece: piece[0])
            for pair, measuring in measurings.items():
                if number in measuring.wanted():
                    measuring.bring(number, _joined(plan.source, pair, pieces))


Piece = tuple[int, int, Panel, tuple[Predictions, ...]]


def collected(plan: Plan, wanted: tuple[int, ...], unit: Unit) -> list[Piece]:
    """The third pass over one unit: the rows of some slices, by slice and block."""
    threads.pin()
    found: list[Piece] = []
    for block, panel, said in plan.source.read(unit):
        codes = plan.layout.codes(panel)
        for number in wanted:
            mask = _mask(plan.layout, codes, number, len(panel))
            if mask.any():
                rows = np.flatnonzero(mask)
                part = replace(
                    panel,
                    row_id=panel.row_id[rows],
                    y_true=np.asarray(panel.y_true)[rows],
                    columns={},
                )
                found.append((number, block.number, part, tuple(one.at(rows) for one in said)))
    return found


def _mask(layout: Layout, codes: Sequence[np.ndarray | None], number: int, rows: int) -> Bools:
    for partition, code in zip(layout.partitions(), codes, strict=True):
        if number in partition.members:
            if code is None:
                return np.ones(rows, dtype=bool)
            return np.asarray(code == partition.place(number))
    raise ValueError(f"there is no slice {number}")


def _joined(
    source: Source, pair: Pair, pieces: Sequence[tuple[int, Panel, tuple[Predictions, ...]]]
) -> Rows:
    panels = [panel for _, panel, _ in pieces]
    whole = replace(
        panels[0],
        row_id=np.concatenate([panel.row_id for panel in panels]),
        y_true=np.concatenate([np.asarray(panel.y_true) for panel in panels]),
    )
    both = []
    for model in pair:
        i = source.models.index(model)
        said = [predictions[i] for _, _, predictions in pieces]
        both.append(_concatenated(said))
    return whole, both[0], both[1]


def _concatenated(said: Sequence[Predictions]) -> Predictions:
    first = said[0]
    label = None if first.label is None else np.concatenate([np.asarray(s.label) for s in said])
    score = None if first.score is None else np.concatenate([np.asarray(s.score) for s in said])
    return Predictions(first.model, label=label, score=score, measured=first.measured)


# ------------------------------------------------------------------------------- ids


def _require_single(
    source: Source, found: Sequence[Sums], units: Sequence[Unit], runner: Runner, scratch: Path
) -> None:
    """NotComparable with some of the ids that stand in two blocks; in one, reading refuses them."""
    if prints.are_apart([span for sums in found for span in sums.spans]):
        return
    files = list(runner.map(partial(ids_written, source, scratch), units))
    hashes = prints.doubled(sorted(files), source.rows.rows, 1000)
    if not len(hashes):
        return
    seen: dict[str, int] = {}
    for ids in runner.map(partial(ids_with, source, hashes), units):
        for one in ids:
            seen[one] = seen.get(one, 0) + 1
    doubled = sorted(one for one, count in seen.items() if count > 1)
    if doubled:
        some = ", ".join(repr(one) for one in doubled[:NAMED])
        row_id = source.suite.columns.row_id
        raise NotComparable(
            f"{source.rows.place}: values of {row_id} stand more than once, such as {some}",
            cure="one row an id",
        )


def ids_written(source: Source, scratch: Path, unit: Unit) -> str:
    """Write the hashes of a unit's ids, for those that stand twice to meet."""
    threads.pin()
    hashes = [fingerprint.id_hashes(panel.row_id) for _, panel, _ in source.read(unit)]
    return prints.write(scratch / f"ids.{unit.first:06}.npy", np.concatenate(hashes))


def ids_with(source: Source, hashes: fingerprint.Hashes, unit: Unit) -> list[str]:
    """The ids of a unit that have one of these hashes."""
    threads.pin()
    found: list[str] = []
    for _, panel, _ in source.read(unit):
        held = np.isin(fingerprint.id_hashes(panel.row_id), hashes)
        found += panel.row_id[held].astype(str).tolist()
    return found
