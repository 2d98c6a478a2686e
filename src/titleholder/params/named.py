"""Metrics as parameters name them: is there such a one, can the task have it, is it measured?"""

from collections.abc import Iterator, Mapping
from typing import Protocol

from titleholder.params.document import Path_
from titleholder.params.schema import Suite
from titleholder.params.shape import Problem, nearest
from titleholder.types import Task


class MetricFacts(Protocol):
    """What has to be known of a metric to tell whether a rule on it makes sense."""

    @property
    def tasks(self) -> frozenset[Task]: ...  # noqa: D102
    @property
    def higher_is_better(self) -> bool: ...  # noqa: D102
    @property
    def domain(self) -> tuple[float, float]: ...  # noqa: D102
    @property
    def grouped(self) -> bool: ...  # noqa: D102
    @property
    def measured(self) -> bool: ...  # noqa: D102
    @property
    def target(self) -> float | None: ...  # noqa: D102
    @property
    def by_default(self) -> bool: ...  # noqa: D102


Metrics = Mapping[str, MetricFacts]


def metric_problems(name: str, task: Task, metrics: Metrics, path: Path_) -> Iterator[Problem]:
    """What is wrong with a metric's name, with the nearest that the task can have."""
    possible = [known for known, facts in metrics.items() if task in facts.tasks]
    if name not in metrics:
        yield Problem(path, f"there is no metric {name!r}{nearest(name, possible)}")
    elif task not in metrics[name].tasks:
        tasks = ", ".join(sorted(metrics[name].tasks))
        near = nearest(name, possible)
        yield Problem(path, f"{name!r} is a metric of {tasks}, not of {task}{near}")


def measured_problems(
    name: str, facts: MetricFacts, suite: Suite, path: Path_
) -> Iterator[Problem]:
    """A suite measures what `metrics` names, and no more for the sake of a rule.

    Otherwise a change of a rule would change what `compare` has to do, and `dvc repro` would not
    know of it.
    """
    named = ("usual",) if suite.metrics is None else suite.metrics
    if name in named or ("usual" in named and facts.by_default):
        return
    wider = ", ".join(f'"{n}"' if "[" in n else n for n in (*named, name))
    yield Problem(path, f"{name!r} is not measured in this suite (write metrics: [{wider}])")
