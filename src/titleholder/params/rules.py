"""Whether each rule can be judged as it stands, and whether any of them can decide."""

import math
from collections.abc import Iterator

from titleholder.params.document import Path_
from titleholder.params.named import (
    MetricFacts,
    Metrics,
    measured_problems,
    metric_problems,
    punished,
    range_missed,
)
from titleholder.params.schema import Policy, Suite
from titleholder.params.shape import Problem, nearest
from titleholder.params.slicing import (
    column_of,
    named_column,
    parts_of,
    parts_of_name,
    slice_names,
    undeclared,
)
from titleholder.types import OVERALL, IntervalMethod, Kind, Rule, Task, decides

EVERY = "*"
MARGINS = (Kind.NON_INFERIOR, Kind.SUPERIOR)
CLASSED = (Task.BINARY, Task.MULTICLASS)
# The methods with an interval of the change as a share of the champion's value.
OF_SHARES = (IntervalMethod.DEFAULT, IntervalMethod.NEWCOMBE)


def rules_problems(policy: Policy, metrics: Metrics, path: Path_) -> Iterator[Problem]:
    """All that is wrong with the rules of a policy, together and one by one."""
    yield from _together(policy, path)
    for i, rule in enumerate(policy.rules):
        yield from _rule_problems(rule, policy, metrics, (*path, "rules", i))


def _together(policy: Policy, path: Path_) -> Iterator[Problem]:
    where = (*path, "rules")
    if not policy.rules:
        yield Problem(where, "there are none, and nothing passes by absence (write at least one)")
        return
    if not any(decides(rule) for rule in policy.rules):
        yield Problem(
            where,
            "none of them is enforced and blocks, so nothing could ever pass: one must do both",
        )
    seen: set[str] = set()
    for i, rule in enumerate(policy.rules):
        if rule.id in seen:
            yield Problem((*where, i, "id"), f"{rule.id!r} stands twice")
        seen.add(rule.id)


def _rule_problems(rule: Rule, policy: Policy, metrics: Metrics, path: Path_) -> Iterator[Problem]:
    where = (*path, "metric")
    facts = metrics.get(rule.metric)
    if policy.task is not Task.SCORED or facts is not None:
        yield from metric_problems(rule.metric, policy.task, metrics, where)
    if facts is not None and isinstance(policy, Suite):
        yield from measured_problems(rule.metric, facts, policy, where)
    yield from _number_problems(rule, facts, path)
    yield from _relative_problems(rule, policy, path)
    yield from _over_problems(rule, facts, policy, path)
    yield from _where_problems(rule, facts, policy, path)
    yield from _floor_problems(rule, facts, policy, path)


def _floor_problems(
    rule: Rule, facts: MetricFacts | None, policy: Policy, path: Path_
) -> Iterator[Problem]:
    """Floors on rows are of at least one row, and those on classes of what has classes."""
    for name in ("min_n", "min_n_class"):
        least = getattr(rule, name)
        if least is not None and least < 1:
            yield Problem((*path, name), f"must be at least 1, and is {least}")
    where = (*path, "min_n_class")
    if rule.min_n_class is None:
        return
    if policy.task not in CLASSED:
        yield Problem(where, no_classes(policy.task))
    elif facts is not None and facts.measured:
        yield Problem(where, f"{rule.metric} is measured of the model, not of rows: leave it out")


def no_classes(task: Task) -> str:
    """Why a floor on each class must be left out."""
    return f"a {task} task has no classes to count: must be left out (min_n counts all rows)"


def _number_problems(rule: Rule, facts: MetricFacts | None, path: Path_) -> Iterator[Problem]:
    if rule.kind in MARGINS:
        yield from _margin_problems(rule, facts, path)
    else:
        yield from _value_problems(rule, facts, path)


def _margin_problems(rule: Rule, facts: MetricFacts | None, path: Path_) -> Iterator[Problem]:
    where = (*path, "margin")
    if rule.value is not None:
        yield Problem(
            (*path, "value"), f"{rule.kind} is held against a margin, not a value (write margin)"
        )
    if rule.margin is None:
        if rule.kind is Kind.NON_INFERIOR:
            yield Problem(path, "'margin' is missing: how much worse may the candidate be?")
        return
    if rule.margin < 0:
        yield Problem(
            where,
            f"is of the wrong sign: {rule.margin:g} must be positive, whatever the metric's "
            f"direction (write {-rule.margin:g})",
        )
    elif rule.margin == 0 and rule.kind is Kind.NON_INFERIOR:
        yield Problem(where, "must be above 0: two equal models could never be told apart from it")
    elif facts is not None and not rule.relative and rule.margin >= _width(facts):
        yield Problem(
            where, f"{rule.margin:g} is as wide as the metric's whole range: must be less"
        )
    elif rule.relative and rule.margin >= 1:
        yield Problem(where, f"{rule.margin:g} is a share of the champion's value: must be below 1")
    if rule.relative and facts is not None and facts.measured:
        yield Problem((*path, "relative"), f"{rule.metric} is measured once, not row by row")


def _relative_problems(rule: Rule, policy: Policy, path: Path_) -> Iterator[Problem]:
    """A margin as a share needs a method that has an interval of it."""
    method = policy.methods.get(rule.metric, IntervalMethod.DEFAULT)
    if rule.relative and method not in OF_SHARES:
        told = f"methods asks for {method}, which has no interval of a share of {rule.metric}"
        yield Problem((*path, "relative"), f"{told} (leave one of the two out)")


def _value_problems(rule: Rule, facts: MetricFacts | None, path: Path_) -> Iterator[Problem]:
    where = (*path, "value")
    if rule.margin is not None:
        yield Problem(
            (*path, "margin"), f"{rule.kind} is held against a value, not a margin (write value)"
        )
    if rule.relative:
        yield Problem((*path, "relative"), f"belongs to margins; {rule.kind} has none")
    if rule.value is None:
        yield Problem(path, f"'value' is missing: what is the {rule.kind}?")
    elif facts is not None and (missed := range_missed(rule.value, facts)):
        yield Problem(where, f"{rule.value:g} lies outside the metric's range {missed}")
    if facts is not None and (better := punished(facts, least=rule.kind is Kind.FLOOR)):
        other = Kind.CEILING if rule.kind is Kind.FLOOR else Kind.FLOOR
        yield Problem(
            (*path, "kind"),
            f"of {rule.metric}, {better} is better: a {rule.kind} would punish it (write {other})",
        )


def _width(facts: MetricFacts) -> float:
    low, high = facts.domain
    return high - low if math.isfinite(low) and math.isfinite(high) else math.inf


def _over_problems(
    rule: Rule, facts: MetricFacts | None, policy: Policy, path: Path_
) -> Iterator[Problem]:
    if facts is None:
        return
    where = (*path, "over")
    if not facts.grouped:
        if rule.over is not None:
            yield Problem(where, f"{rule.metric} has no groups: use slice: instead")
        return
    columns = sorted({column_of(part) for spec in policy.slices for part in parts_of(spec)})
    if rule.over is None:
        yield Problem(path, f"'over' is missing: between the groups of which column?"
                            f"{nearest('', columns)}")  # fmt: skip
    elif isinstance(policy, Suite) and rule.over not in columns:
        yield Problem(where, f"{rule.over!r} is no declared slice{nearest(rule.over, columns)}")
    if rule.slice != OVERALL:
        yield Problem((*path, "slice"), f"{rule.metric} is taken over all rows: leave slice out")


def _where_problems(
    rule: Rule, facts: MetricFacts | None, policy: Policy, path: Path_
) -> Iterator[Problem]:
    """A slice must be declared; its value is known only once the data are."""
    where = (*path, "slice")
    if rule.slice == OVERALL or (facts is not None and facts.grouped):
        return
    if facts is not None and facts.measured:
        yield Problem(
            where, f"{rule.metric} is measured of the model, not of rows: leave slice out"
        )
        return
    if not policy.slices:
        yield Problem(where, f"{rule.slice!r}: the suite declares no slices")
        return
    if rule.slice == EVERY:
        return
    parts = parts_of_name(rule.slice, policy)
    named = [named_column(part) for part in parts]
    if " & ".join(named) not in slice_names(policy):
        yield Problem(where, f"{rule.slice!r} {undeclared(parts, named, policy)}")
        return
    for part in parts:
        if named_column(part) == part:
            value = "true" if part in policy.segments else "VALUE"
            told = f'{part!r} says no value (write {part}={value}, or "*" for all slices)'
            yield Problem(where, told)
