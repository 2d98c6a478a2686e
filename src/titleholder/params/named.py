"""Metrics as parameters name them: is there such a one, can the task have it, is it measured?"""

from collections.abc import Iterable, Iterator
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
    def averaged(self) -> bool: ...  # noqa: D102
    @property
    def target(self) -> float | None: ...  # noqa: D102
    @property
    def by_default(self) -> bool: ...  # noqa: D102


class Metrics(Protocol):
    """All metrics by name, and what was probably meant by a name that is none."""

    def get(self, name: str, /) -> MetricFacts | None: ...  # noqa: D102
    def items(self) -> Iterable[tuple[str, MetricFacts]]: ...  # noqa: D102
    def hint(self, name: str, task: Task) -> str: ...  # noqa: D102


def metric_problems(name: str, task: Task, metrics: Metrics, path: Path_) -> Iterator[Problem]:
    """What is wrong with a metric's name, with the nearest that the task can have."""
    facts = metrics.get(name)
    if facts is not None and task in facts.tasks:
        return
    hint = metrics.hint(name, task)
    possible = [known for known, facts in metrics.items() if task in facts.tasks]
    near = f" ({hint})" if hint else nearest(name, possible)
    what = f"there is no metric {name!r}"
    if facts is not None:
        what = f"{name!r} is a metric of {', '.join(sorted(facts.tasks))}, not of {task}"
    yield Problem(path, f"{what}{near}")


def range_missed(value: float, facts: MetricFacts) -> str:
    """The range of a metric that a value lies outside of; empty where it lies within."""
    low, high = facts.domain
    return "" if low <= value <= high else f"[{low:g}, {high:g}]"


def punished(facts: MetricFacts, *, least: bool) -> str:
    """Which way is better, more or less, where a bound asks for the other; empty where none does.

    ``least`` says that the bound is the least value asked for, not the most.
    """
    if facts.target is not None or least == facts.higher_is_better:
        return ""
    return "more" if facts.higher_is_better else "less"


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
