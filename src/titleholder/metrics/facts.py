"""What is said of a metric, in words and as a record: one wording for the page and the terminal."""

import math

from titleholder.metrics.base import Counts, Means, Metric, OfClass, Ranks
from titleholder.types import Record, Task

# The headings under which metrics stand, and the kind of metric below each.
TOPICS: dict[str, str] = {
    "Two classes": "binary",
    "Two classes or many": "both",
    "Many classes": "multiclass",
    "Numbers": "regression",
    "Scored items": "scored",
    "Any model": "any",
}


class Facts(Record, frozen=True):
    """A metric as a program reads it.

    ``better`` is up, down, or towards, which is then to ``target``. ``low`` and ``high`` are the
    ends of its range in ``unit``, None where there is none. ``needs`` names what predictions must
    hold, empty where it is nothing. ``usual`` says that every suite of its tasks measures it,
    unless it lists others; ``measured`` whether the suite does that was asked about, None where
    none was.
    """

    name: str
    title: str
    tasks: tuple[str, ...]
    better: str
    target: float | None
    low: float | None
    high: float | None
    unit: str
    needs: str
    resampled: str
    formula: str
    source: str
    usual: bool
    measured: bool | None = None


def facts(metric: Metric, measured: bool | None = None) -> Facts:
    """The record of a metric."""
    low, high = (float(end) if math.isfinite(end) else None for end in metric.domain)
    towards = metric.target is not None
    return Facts(
        name=metric.name,
        title=metric.title,
        tasks=tasks(metric),
        better="towards" if towards else "up" if metric.higher_is_better else "down",
        target=None if metric.target is None else float(metric.target),
        low=low,
        high=high,
        unit=metric.unit,
        needs=metric.needs,
        resampled=resampled(metric),
        formula=metric.formula,
        source=metric.source,
        usual=usual(metric),
        measured=measured,
    )


def kind(metric: Metric) -> str:
    """Under which of the `TOPICS` a metric stands."""
    if metric.tasks == frozenset(Task):
        return "any"
    return "both" if len(metric.tasks) > 1 else next(iter(metric.tasks)).value


def usual(metric: Metric) -> bool:
    """Whether every suite of its tasks measures it; a member of a family has to be named."""
    return metric.by_default and "[" not in metric.name


def tasks(metric: Metric) -> tuple[str, ...]:
    """The tasks that can have it, by name."""
    return tuple(sorted(task.value for task in metric.tasks))


def direction(metric: Metric) -> str:
    """Which way is better: up, down, or towards a value."""
    if metric.target is not None:
        return f"→ {metric.target:g}"
    return "↑" if metric.higher_is_better else "↓"


def span(metric: Metric) -> str:
    """The range of its values, and their unit."""
    low, high = metric.domain
    ends = (
        f"{'(−∞' if math.isinf(low) else f'[{low:g}'}",
        f"{'∞)' if math.isinf(high) else f'{high:g}]'}",
    )
    unit = f" {metric.unit}" if metric.unit else ""
    return f"{', '.join(ends)}{unit}"


def resampled(metric: Metric) -> str:
    """What is resampled to know its sampling error."""
    match metric.law:
        case Counts() | OfClass():
            return "counts by group" if metric.grouped else "counts"
        case Means():
            return "means"
        case Ranks():
            return "ranks"
    return "measured"
