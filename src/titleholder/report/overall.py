"""Every metric on all rows, whether a rule names it or not."""

from collections.abc import Iterable
from dataclasses import dataclass

from titleholder.report.titles import is_measured, title_of, unit_of
from titleholder.types import OVERALL, Comparison, Rule


@dataclass(frozen=True, slots=True)
class Line:
    """One metric of both models; ``ruled`` says that some rule is about it."""

    title: str
    unit: str
    comparison: Comparison
    ruled: bool


def overall(comparisons: Iterable[Comparison], rules: Iterable[Rule]) -> list[Line]:
    """Those that rules name first, then the rest in the order measured."""
    ruled = {rule.metric for rule in rules}
    lines = [
        Line(title_of(c.metric), unit_of(c.metric), c, c.metric in ruled)
        for c in comparisons
        if c.slice == OVERALL and c.over is None and not is_measured(c.metric)
    ]
    return sorted(lines, key=lambda line: not line.ruled)
