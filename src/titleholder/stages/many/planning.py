"""What is to be summed of a sharded suite: found in a pass over all rows, then sent around."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeAlias

import numpy as np

from titleholder import threads
from titleholder.arrays import Panel, Predictions
from titleholder.comparison.compare import chosen
from titleholder.metrics import Metric, Registry
from titleholder.metrics.base import Means, Ranks
from titleholder.params.schema import Policy
from titleholder.shards import measuring, orders
from titleholder.shards.blocks import Unit, units_of
from titleholder.shards.linear import Linear, linear_of
from titleholder.shards.measuring import without_rows
from titleholder.shards.slicing import Layout
from titleholder.stages.many.blocks import Scan, Source
from titleholder.stats.sample import RowColumns, lacking
from titleholder.stats.shared.bins import Bins
from titleholder.stats.shared.summary import Reading, thinned_to
from titleholder.types import Gauge

SAMPLED = 1 << 14  # rows that bins are fitted to

Pair: TypeAlias = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Asked:
    """Pairs of models, by what policy and metrics each is compared, and their figures."""

    policies: Mapping[Pair, Policy]
    registry: Registry
    figures: Mapping[str, Mapping[str, Gauge]]


@dataclass(frozen=True, slots=True)
class Hollow:
    """The panel and what models say of it but for all rows: classes, figures, empty arrays."""

    panel: Panel
    models: dict[str, Predictions]

    @classmethod
    def of(cls, source: Source, asked: Asked) -> "Hollow":
        """Read off the first block."""
        first = units_of(source.rows.rows, 1)[0]
        _, panel, said = next(source.read(first))
        # Figures of the answers themselves (latency_s) would be of this block alone.
        models = {
            model: replace(one.at(slice(0, 0)), measured=asked.figures.get(model, {}))
            for model, one in zip(source.models, said, strict=True)
        }
        return cls(without_rows(panel), models)

    def pair(self, pair: Pair) -> tuple[Predictions, Predictions]:
        """Both models of a pair."""
        return self.models[pair[0]], self.models[pair[1]]


@dataclass(frozen=True, slots=True)
class Plan:
    """What is summed: pairs of models with their `Reading`, and where ranges of scores begin.

    Files that are passed on from one step to the next lie in ``scratch``.
    """

    source: Source
    layout: Layout
    shape: orders.Shape
    readings: dict[Pair, Reading]
    bounds: dict[str, orders.Keys]
    scratch: Path


@dataclass(frozen=True, slots=True)
class Scanning:
    """The pass that scans units; one row in ``step`` is kept."""

    source: Source
    step: int

    @classmethod
    def of(cls, source: Source) -> "Scanning":
        """That of a panel whose classes are not known yet."""
        return cls(source, max(1, source.rows.rows // SAMPLED))


def scanned(scanning: Scanning, unit: Unit) -> Scan:
    """The first pass over one unit."""
    threads.pin()
    return scanning.source.scanned(unit, scanning.step)


def metrics_of(asked: Asked, hollow: Hollow, pair: Pair) -> tuple[Metric, ...]:
    """The metrics that a pair is compared by."""
    return tuple(chosen(asked.policies[pair], *hollow.pair(pair), asked.registry))


Linears: TypeAlias = dict[Pair, dict[str, Linear]]


def linears_of(source: Source, asked: Asked, scan: Scan, hollow: Hollow) -> Linears:
    """Metrics by name, of each pair, that are told of large slices as functions of means."""
    found: Linears = {pair: {} for pair in asked.policies}
    if source.rows.rows <= measuring.MOST_ROWS:
        return found
    centre = float(np.mean(scan.truth()))
    for pair, own in found.items():
        both = hollow.pair(pair)
        for metric in metrics_of(asked, hollow, pair):
            if not any(lacking(metric.needs, model) for model in both):
                linear = linear_of(metric, hollow.panel, both[0], centre)
                if linear is not None:
                    own[metric.name] = linear
    return found


def plan_of(
    source: Source, asked: Asked, scan: Scan, hollow: Hollow, linears: Linears, scratch: Path
) -> Plan:
    """What is summed for these pairs, of the slices and classes that were found."""
    layout = Layout.of(source.suite.slices, scan.present)
    shape = orders.Shape.of(layout.partitions())
    readings: dict[Pair, Reading] = {}
    bounds: dict[str, orders.Keys] = {}
    for pair in asked.policies:
        both = hollow.pair(pair)
        laws = [
            metric.law for metric in metrics_of(asked, hollow, pair)
            if not any(lacking(metric.needs, model) for model in both)
        ]  # fmt: skip
        means = [law for law in laws if isinstance(law, Means) and law.by_row]
        columns: dict[RowColumns, None] = {
            law.columns: None for law in means if hollow.panel.weight is None
        }
        columns |= {part: None for linear in linears[pair].values() for part in linear.parts()}
        bins = None
        if hollow.panel.weight is None and any(isinstance(law, Ranks) for law in laws):
            y = scan.truth().astype(np.int64)
            one, two = scan.scores(pair[0]), scan.scores(pair[1])
            bins = Bins.of(y, one, two)
            for model, scores in zip(pair, (one, two), strict=True):
                bounds.setdefault(model, orders.bounds_of(scores, source.rows.rows))
        called = all(model.label is not None for model in both)
        readings[pair] = Reading(
            shape.widths, len(source.classes) if called else 0, tuple(columns), bins,
            thinned_to(source.rows.rows),
        )  # fmt: skip
    return Plan(source, layout, shape, readings, bounds, scratch)
