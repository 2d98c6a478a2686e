"""Metrics of order on every slice, of all shards: ranges of scores, merged and gone down."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TypeAlias

from titleholder import threads
from titleholder.metrics.base import Ranks
from titleholder.shards import orders
from titleholder.shards.keeping import Kept
from titleholder.shards.runner import Runner
from titleholder.stages.many.planning import Asked, Hollow, Plan, metrics_of

# By model, metric and number of the slice.
Values: TypeAlias = dict[tuple[str, str, int], float]


@dataclass(frozen=True, slots=True)
class _Range:
    """One range of one model's scores, and all units' runs that hold some of it."""

    model: str
    number: int
    runs: tuple[orders.Run, ...]


@dataclass(frozen=True, slots=True)
class _Descent:
    """All ranges of one model's scores, and the partition whose slices are wanted."""

    model: str
    partition: int
    ranges: tuple[orders.Merged, ...]
    metrics: dict[str, int]


def values_of(
    plan: Plan, asked: Asked, hollow: Hollow, runs: Sequence[Mapping[str, orders.Run]],
    runner: Runner,
) -> Values:  # fmt: skip
    """Each model's metrics of order on each slice that is not too rare for all of them."""
    wanted: dict[str, dict[str, int]] = {}
    for pair, reading in plan.readings.items():
        if reading.bins is None:
            continue
        for metric in metrics_of(asked, hollow, pair):
            if isinstance(metric.law, Ranks):
                for model in pair:
                    wanted.setdefault(model, {})[metric.name] = metric.law.rare
    ranges: dict[str, list[orders.Merged]] = {model: [] for model in plan.bounds}
    tasks = [
        _Range(model, number, tuple(run[model].only(number) for run in runs))
        for model, bounds in plan.bounds.items()
        for number in range(len(bounds) + 1)
    ]
    # Ranges that were merged before a run was killed are not merged again.
    merging = Kept(partial(_merged, plan), plan.scratch, _named, (orders.Merged,), _files_of)
    for model, merged in runner.map(merging, tasks):
        ranges[model].append(merged)
    descents = [
        _Descent(model, partition, tuple(ranges[model]), wanted[model])
        for model in plan.bounds
        for partition in range(len(plan.shape.widths))
    ]
    values: Values = {}
    for model, found in runner.map(partial(_descended, plan.shape), descents):
        values |= {(model, name, member): value for (name, member), value in found.items()}
    return values


def _named(task: _Range) -> str:
    return f"{task.model}.merged{task.number:06}"


def _files_of(found: tuple[str, orders.Merged]) -> tuple[str, ...]:
    return found[1].files()


def _merged(plan: Plan, task: _Range) -> tuple[str, orders.Merged]:
    threads.pin()
    to = plan.scratch / f"{task.model}.range{task.number:06}"
    return task.model, orders.merge(task.number, task.runs, plan.shape, to)


def _descended(shape: orders.Shape, task: _Descent) -> tuple[str, dict[tuple[str, int], float]]:
    threads.pin()
    return task.model, orders.descend(task.ranges, shape, task.partition, task.metrics)
