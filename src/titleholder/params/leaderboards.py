"""What the leaderboard's parameters mean: metrics that can rank, constraints that can be kept."""

from collections.abc import Iterator

from titleholder.params.constraints import Constraint, parsed
from titleholder.params.document import Path_
from titleholder.params.named import (
    MetricFacts,
    Metrics,
    measured_problems,
    metric_problems,
    punished,
    range_missed,
)
from titleholder.params.schema import Suite
from titleholder.params.shape import Problem
from titleholder.types import Task


def leaderboard_problems(suite: Suite, metrics: Metrics, path: Path_) -> Iterator[Problem]:
    """All that is wrong with what models are ranked by, and with what they have to keep."""
    for i, name in enumerate(suite.leaderboard.metrics or ()):
        yield from _ranking_problems(name, suite, metrics, (*path, "leaderboard", "metrics", i))
    for i, text in enumerate(suite.constraints):
        yield from _constraint_problems(text, suite, metrics, (*path, "constraints", i))


def _ranking_problems(name: str, suite: Suite, metrics: Metrics, path: Path_) -> Iterator[Problem]:
    facts = metrics.get(name)
    if suite.task is not Task.SCORED or facts is not None:
        yield from metric_problems(name, suite.task, metrics, path)
    if facts is not None and (facts.grouped or facts.measured):
        what = "is taken between groups" if facts.grouped else "is measured of the model"
        yield Problem(path, f"{name!r} {what}: rank by a metric of rows, and constrain the rest")


def _constraint_problems(
    text: str, suite: Suite, metrics: Metrics, path: Path_
) -> Iterator[Problem]:
    constraint = parsed(text)
    if constraint is None:
        yield Problem(path, f"{text!r} is no constraint (write: size_mb <= 20)")
        return
    facts = metrics.get(constraint.metric)
    if suite.task is not Task.SCORED or facts is not None:
        yield from metric_problems(constraint.metric, suite.task, metrics, path)
    if facts is None or constraint.metric in (suite.leaderboard.metrics or ()):
        return
    if facts.grouped:
        yield Problem(path, f"{constraint.metric!r} is taken between groups: make a rule of it")
        return
    yield from measured_problems(constraint.metric, facts, suite, path)
    yield from _bound_problems(constraint, facts, path)


def _bound_problems(constraint: Constraint, facts: MetricFacts, path: Path_) -> Iterator[Problem]:
    """A constraint that the best value breaks, or that no value or every value keeps."""
    name, bound = constraint.metric, constraint.bound
    missed = range_missed(bound, facts)
    if missed:
        yield Problem(path, f"{bound:g} lies outside the range of {name}, {missed}")
    better = punished(facts, least=constraint.sign == ">=")
    if better:
        told = f"of {name}, {better} is better: {str(constraint)!r} would punish it"
        right = "<=" if constraint.sign == ">=" else ">="
        yield Problem(path, f"{told} (write {name} {right} {bound:g})")
