"""What `titleholder metrics NAME` says: one metric in full, and the methods it may have."""

import sys
from collections.abc import Iterable, Iterator, Sequence
from typing import TextIO

from titleholder.metrics import Metric, facts
from titleholder.metrics.facts import Facts
from titleholder.report import tables
from titleholder.report.aligned import aligned
from titleholder.report.text import visible
from titleholder.stats.methods import INTERVALS, TESTS, Interval, Test
from titleholder.stats.tried import ROWS, tried
from titleholder.types import IntervalMethod, Record

_HEAD = ("name", "method", "source")
_LONGEST = 400
_CLUSTERS = "of panels with clusters"


class Method(Record, frozen=True):
    """A paired method that may be asked for by name; ``only`` says of which panels alone."""

    name: str
    title: str
    source: str
    only: str = ""


class Described(Record, frozen=True):
    """One metric in full; ``lacks`` says why its ``default`` method could not be tried."""

    metric: Facts
    default: str
    lacks: str
    methods: tuple[Method, ...]
    tests: tuple[Method, ...]


def described(metric: Metric) -> Described:
    """All that is known of a metric, with methods as tried on a small panel."""
    found = tried(metric)
    return Described(
        metric=facts.facts(metric),
        default=found.default,
        lacks=found.lacks,
        methods=tuple(_methods(INTERVALS.items(), found.others)),
        tests=tuple(_methods(TESTS.items(), found.others)),
    )


def _methods(
    table: Iterable[tuple[str, Interval | Test]], names: Sequence[str]
) -> Iterator[Method]:
    for name, method in table:
        if name in names:
            yield Method(str(name), method.title, method.source)
        elif name == IntervalMethod.CLUSTER_BOOTSTRAP and IntervalMethod.BOOTSTRAP in names:
            yield Method(str(name), method.title, method.source, _CLUSTERS)


def show(metric: Metric, found: Described, stream: TextIO | None = None) -> None:
    """Print one metric: its facts, its default method, and what else a suite may ask for."""
    out = sys.stdout if stream is None else stream
    lines = [f"{visible(metric.name)}  {visible(metric.title)}"]
    lines += [f"  {head:<11}{visible(text, _LONGEST)}" for head, text in _facts(metric)]
    lines += ["", *_compared(found)]
    for what, key, methods in (
        ("for another", "methods", found.methods),
        ("for a p-value of no improvement, which decides nothing", "tests", found.tests),
    ):
        if methods:
            lines += ["", f"  A suite may ask {what} ({key}: {{{_quoted(metric.name)}: ...}}):"]
            lines += [f"  {line}" for line in aligned(_HEAD, [_cells(one) for one in methods])]
    out.write(tables.encodable("\n".join(lines) + "\n", out))
    out.flush()


def _facts(metric: Metric) -> Iterator[tuple[str, str]]:
    usual = "in every suite of its task, unless it lists others"
    yield "task", ", ".join(facts.tasks(metric))
    yield "better", facts.direction(metric)
    yield "range", facts.span(metric)
    yield "needs", metric.needs or "nothing of a row"
    yield "measured", usual if facts.usual(metric) else "where a suite names it"
    yield "formula", metric.formula
    yield "resampled", facts.resampled(metric)
    yield "source", metric.source


def _compared(found: Described) -> list[str]:
    if found.lacks:
        why = visible(found.lacks, _LONGEST)
        return [f"  Its methods cannot be told without the suite's rows: {why}"]
    lines = [f"  Two models are compared by: {found.default}"]
    if not found.methods:
        return [*lines, "  Nothing else may be asked for."]
    return [*lines, f"  (as tried on {ROWS} rows without weights and clusters)"]


def _cells(method: Method) -> tuple[str, str, str]:
    only = f", {method.only}" if method.only else ""
    return method.name, f"{method.title}{only}", method.source


def _quoted(name: str) -> str:
    """A key as YAML takes it between braces."""
    return f'"{name}"' if "[" in name else name
