"""Two models and more compared shard by shard: the passes, and how what they find comes together.

Each pass is a map over units, by whoever runs them:

1. `planning.scanned`: which classes and slices there are, and some rows for the bins of scores;
2. `summing.summed`: sums of blocks, and on disk what has to be put in order;
3. `ordering`: ranges of scores are merged, and gone down from the highest;
4. `summing.multiplied` and `single_rows.collected`, where sums do not tell enough of a slice.

What is laid on disk for this, and what each unit gave, lies in a directory that the comparison
clears away at its end: one that was killed goes on with it (`titleholder.stages.many.kept_sums`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from titleholder.arrays import Floats, Ints, Panel, Predictions
from titleholder.comparison import fingerprint
from titleholder.comparison.compare import Measurement
from titleholder.comparison.fingerprint import Fingerprint
from titleholder.metrics.base import Ranks
from titleholder.params.slicing import column_of
from titleholder.shards import orders, prints
from titleholder.shards.blocks import Unit, units_of
from titleholder.shards.linear import Linear
from titleholder.shards.measuring import Compared, Measuring
from titleholder.shards.runner import Runner
from titleholder.stages.many import kept_sums, row_ids, single_rows
from titleholder.stages.many.blocks import Scan, Source
from titleholder.stages.many.ordering import Values, values_of
from titleholder.stages.many.planning import (
    Asked,
    Hollow,
    Pair,
    Plan,
    Scanning,
    linears_of,
    metrics_of,
    plan_of,
)
from titleholder.stages.many.summing import Multiplying, Sums, added
from titleholder.stats.shared.known import Shared
from titleholder.stats.shared.summary import Summary


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of all shards: what each pair is measured by, and which rows they were of."""

    measurements: dict[Pair, Measurement]
    fingerprint: Fingerprint
    rows: int
    hollow: Hollow

    @property
    def panel(self) -> Panel:
        """The panel but for its rows."""
        return self.hollow.panel

    @property
    def models(self) -> tuple[Predictions, ...]:
        """What each model said but for its rows, the champion first."""
        return tuple(self.hollow.models.values())


def compared(source: Source, asked: Asked, runner: Runner) -> Outcome:
    """Every pair compared on all shards.

    BadInput and NotComparable are those of a panel in one file; they name rows, too.
    """
    units = units_of(source.rows.rows, source.ws.runner.blocks)
    scratch = kept_sums.place(source)
    scan = _scanned(source, units, runner, scratch)
    source = replace(source, classes=scan.classes(source.suite, source.rows.place))
    hollow = Hollow.of(source, asked)
    linears = linears_of(source, asked, scan, hollow)
    plan = plan_of(source, asked, scan, hollow, linears, scratch)
    whole = _Whole()
    for found in runner.map(kept_sums.of_units(plan), units):
        whole.add(found)
    row_ids.require_single(source, whole.spans, units, runner, scratch)
    values = values_of(plan, asked, hollow, whole.runs, runner)
    rows = fingerprint.of_sorted(prints.merged(sorted(whole.hashes), source.rows.rows))
    measurings = {
        pair: _measuring(plan, asked, hollow, pair, whole, values, linears[pair])
        for pair in asked.policies
    }
    _multiply(plan, measurings, units, runner)
    _bring(plan, hollow, measurings, units, runner)
    measured = {pair: measuring.measurement() for pair, measuring in measurings.items()}
    return Outcome(measured, rows, source.rows.rows, hollow)


def _scanned(source: Source, units: Sequence[Unit], runner: Runner, scratch: Path) -> Scan:
    found: Scan | None = None
    for one in runner.map(kept_sums.of_scan(Scanning.of(source), scratch), units):
        found = one if found is None else found + one
    if found is None:
        raise ValueError("a panel without rows has nothing to be scanned")
    return found


# ----------------------------------------------------------------------------- sums


@dataclass(slots=True)
class Total:
    """Sums of all units, added as they come; sums of reals in the order of blocks.

    ``waiting`` are those of blocks that came before their turn.
    """

    counts: Summary | None = None
    totals: list[Floats] = field(default_factory=list)
    following: int = 0
    waiting: dict[int, tuple[Floats, ...]] = field(default_factory=dict)

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

    def whole(self) -> tuple[Summary, tuple[Floats, ...]]:
        """Counts and sums, once those of every block have come."""
        if self.counts is None or self.waiting:
            raise ValueError("some blocks were never summed")
        return self.counts, tuple(self.totals)


@dataclass(slots=True)
class _Whole:
    """What all units gave."""

    totals: dict[Pair, Total] = field(default_factory=dict)
    groups: dict[Pair, dict[str, Ints]] = field(default_factory=dict)
    runs: list[dict[str, orders.Run]] = field(default_factory=list)
    hashes: list[str] = field(default_factory=list)
    spans: list[prints.Span] = field(default_factory=list)
    turned: dict[Pair, tuple[Ints, ...]] = field(default_factory=dict)

    def add(self, sums: Sums) -> None:
        """One more of them."""
        for pair, summary in sums.summaries.items():
            self.totals.setdefault(pair, Total()).add(summary)
            known = self.groups.setdefault(pair, {})
            for column, counts in sums.groups[pair].items():
                known[column] = counts + known.get(column, 0)
        self.runs.append(sums.runs)
        self.hashes.append(sums.hashes)
        self.spans += sums.spans
        for pair, turned in sums.turned.items():
            known_turned = self.turned.get(pair)
            self.turned[pair] = turned if known_turned is None else added(known_turned, turned)


def _measuring(
    plan: Plan,
    asked: Asked,
    hollow: Hollow,
    pair: Pair,
    whole: _Whole,
    values: Values,
    linears: Mapping[str, Linear],
) -> Measuring:
    metrics, names = metrics_of(asked, hollow, pair), plan.layout.names
    counts, totals = whole.totals[pair].whole()
    known = {
        (metric.law, i): (values[pair[0], metric.name, i], values[pair[1], metric.name, i])
        for metric in metrics
        if isinstance(metric.law, Ranks)
        for i in range(len(names))
        if all((model, metric.name, i) in values for model in pair)
    }
    shared = Shared(plan.layout.partitions(), plan.readings[pair], counts, totals, known)
    groups = _held(plan, whole.groups[pair])
    turned = whole.turned.get(pair, ())
    of = Compared(names, shared, hollow.panel, *hollow.pair(pair), groups, turned, linears)
    return Measuring(of, metrics, asked.policies[pair])


def _held(plan: Plan, groups: Mapping[str, Ints]) -> dict[str, tuple[Ints, tuple[str, ...]]]:
    """The groups of each column that have rows: their counts, and their names."""
    found = {}
    for part, names in plan.layout.groupings():
        column = column_of(part)
        if column in groups:
            held = groups[column].sum(axis=(1, 2, 3)) > 0
            named = tuple(n for n, is_held in zip(names, held.tolist(), strict=True) if is_held)
            found[column] = (groups[column][held], named)
    return found


# ------------------------------------------------------------------- where sums do not tell


def _multiply(
    plan: Plan, measurings: Mapping[Pair, Measuring], units: Sequence[Unit], runner: Runner
) -> None:
    """Sum products of influences for slices of many rows."""
    wanted = {pair: measuring.influences() for pair, measuring in measurings.items()}
    if not any(wanted.values()):
        return
    totals: dict[tuple[Pair, int], Total] = {}
    for found in runner.map(kept_sums.of_products(Multiplying(plan, wanted)), units):
        for key, summary in found.items():
            totals.setdefault(key, Total()).add(summary)
    for (pair, i), total in totals.items():
        counts, sums = total.whole()
        measurings[pair].add(wanted[pair][i], counts, sums[0])


def _bring(
    plan: Plan,
    hollow: Hollow,
    measurings: Mapping[Pair, Measuring],
    units: Sequence[Unit],
    runner: Runner,
) -> None:
    """Bring the rows of slices of few rows."""
    wanted = {pair: measuring.wanted() for pair, measuring in measurings.items()}
    numbers = sorted({number for numbers in wanted.values() for number in numbers})
    if not numbers:
        return
    files: dict[int, list[Path]] = {number: [] for number in numbers}
    collecting = single_rows.Collecting(plan, tuple(numbers))
    for found in runner.map(kept_sums.of_single_rows(collecting), units):
        for number, file in found.items():
            files[number].append(Path(file))
    for pair, measuring in measurings.items():
        for number in wanted[pair]:
            rows = single_rows.rows_of(files[number], pair, hollow)
            measuring.bring(number, rows)
