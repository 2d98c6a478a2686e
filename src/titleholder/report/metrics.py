"""What `titleholder metrics` says of all metrics: by topics, or as a record."""

import sys
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TextIO

from titleholder.metrics import REGISTRY, Family, Metric, Registry, facts
from titleholder.metrics.facts import Facts
from titleholder.metrics.registry import OF_COSTS, SAY_COSTS
from titleholder.report import tables
from titleholder.report.aligned import aligned
from titleholder.report.text import visible
from titleholder.types import Record, Task

OWN = "Of the suite's own"
FAMILIES = "Families, by examples of their members"
MARK = "*"
_HEAD = ("", "name", "title", "", "range", "needs", "resampled", "formula", "source")
_LONGEST = 200


class Members(Record, frozen=True):
    """A family of metrics: what stands in its brackets, and examples of members."""

    name: str
    argument: str
    examples: tuple[Facts, ...]


class Listed(Record, frozen=True):
    """The metrics that a rule may name; ``offered`` are names that installed packages have."""

    suite: str | None
    metrics: tuple[Facts, ...]
    families: tuple[Members, ...]
    offered: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Measured:
    """A suite, the metrics that it names besides those with a plain name, and what it measures."""

    suite: str
    named: tuple[Metric, ...]
    names: Collection[str]


@dataclass(frozen=True, slots=True)
class Listing:
    """What there is for a task, or for all of them; of a suite where one was named."""

    registry: Registry
    task: Task | None = None
    of: Measured | None = None
    offered: tuple[str, ...] = ()

    def metrics(self) -> list[Metric]:
        """All with a plain name, and those that the suite names."""
        named = () if self.of is None else self.of.named
        return [m for m in (*self.registry.values(), *named) if self._fits(m)]

    def families(self) -> Iterator[tuple[Family, list[Metric]]]:
        """Families, each with examples of members that the task can have."""
        for family in self.registry.families.values():
            examples = [m for m in map(self.registry.resolve, family.examples) if self._fits(m)]
            if examples:
                yield family, examples

    def topics(self) -> Iterator[tuple[str, list[Metric]]]:
        """The metrics by topic, a suite's own first."""
        metrics = self.metrics()
        own = [m for m in metrics if m.name not in tuple(REGISTRY)]
        yield OWN, own
        for title, kind in facts.TOPICS.items():
            yield title, [m for m in metrics if facts.kind(m) == kind and m not in own]

    def marked(self, metric: Metric) -> bool:
        """Whether it is measured: in the suite, or in all of its task that list no others."""
        return facts.usual(metric) if self.of is None else metric.name in self.of.names

    def record(self) -> Listed:
        """The list as a program reads it."""
        return Listed(
            suite=None if self.of is None else self.of.suite,
            metrics=tuple(self._facts(self.metrics())),
            families=tuple(
                Members(family.name, family.argument, tuple(self._facts(examples)))
                for family, examples in self.families()
            ),
            offered=self.offered,
        )

    def _facts(self, metrics: Iterable[Metric]) -> Iterator[Facts]:
        for metric in metrics:
            yield facts.facts(metric, None if self.of is None else self.marked(metric))

    def _fits(self, metric: Metric) -> bool:
        return self.task is None or self.task in metric.tasks


def show(found: Listing, stream: TextIO | None = None) -> None:
    """Print the list: tables, or on a terminal, which would fold them, three lines a metric."""
    out = sys.stdout if stream is None else stream
    lay = _blocks if out.isatty() else _table
    lines: list[str] = []
    for title, metrics in found.topics():
        lines += [title, *lay(found, metrics), ""] if metrics else []
    families = list(found.families())
    if families:
        lines += [FAMILIES, *lay(found, [one for _, some in families for one in some]), ""]
        lines += [f"  {family.name}[...] takes {family.argument}" for family, _ in families]
        lines.append("")
    if found.task in (None, Task.BINARY) and OF_COSTS[0] not in tuple(found.registry):
        lines.append(f"With {SAY_COSTS}, besides: {', '.join(OF_COSTS)}")
    if found.offered:
        names = ", ".join(map(visible, found.offered))
        lines.append(f"Packages offer, and are imported where a suite names it: {names}")
    where = "every suite of its task, unless it lists others"
    if found.of is not None:
        where = f"{visible(found.of.suite)}, if answers hold what it needs"
    lines += [
        f"{MARK} measured in {where}",
        "titleholder metrics NAME tells one in full, and the methods by which models are compared",
    ]
    out.write(tables.encodable("\n".join(lines) + "\n", out))
    out.flush()


def _table(found: Listing, metrics: Sequence[Metric]) -> list[str]:
    return aligned(_HEAD, [_cells(found, metric) for metric in metrics])


def _blocks(found: Listing, metrics: Sequence[Metric]) -> list[str]:
    lines = []
    for metric in metrics:
        mark, name, title, better, span, needs, resampled, formula, source = _cells(found, metric)
        of = f", needs {needs}" if needs else ""
        lines += [
            f"{mark or ' '} {name}  {title}",
            f"      {better} {span}{of}, {resampled}",
            f"      {formula}; {source}",
        ]
    return lines


def _cells(found: Listing, metric: Metric) -> tuple[str, ...]:
    said = (
        MARK if found.marked(metric) else "", metric.name, metric.title, facts.direction(metric),
        facts.span(metric), metric.needs, facts.resampled(metric), metric.formula, metric.source,
    )  # fmt: skip
    return tuple(visible(text, _LONGEST) for text in said)
