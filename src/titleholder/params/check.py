"""What the parameters mean: every rule that can never be judged as it stands, told at once.

The shape is right by the time this is called. Nothing here reads data; `check_columns` is for
whoever has read their names.
"""

import math
from collections.abc import Collection, Iterator

from titleholder.params.document import Path_
from titleholder.params.expression import columns_in, parse
from titleholder.params.files import file_problems, path_problems
from titleholder.params.leaderboards import leaderboard_problems
from titleholder.params.named import Metrics, metric_problems
from titleholder.params.rules import CLASSED, no_classes, rules_problems
from titleholder.params.schema import THRESHOLD, Policy, Suite
from titleholder.params.shape import Problem, nearest
from titleholder.params.sharded import sharded_problems
from titleholder.params.slicing import (
    column_of,
    parts_of,
    segment_problems,
    slice_problems,
)
from titleholder.types import IntervalMethod, Task, TestMethod

BEYOND = 5  # resamples that lie beyond each end of an interval
MOST_DRAWN = 100_000
AREAS = ("roc_auc", "gini")
# What holds the two models' rows against each other one by one.
BY_ROW: frozenset[IntervalMethod | TestMethod] = frozenset(
    (
        IntervalMethod.NEWCOMBE,
        IntervalMethod.PAIRED_T,
        IntervalMethod.BOOTSTRAP_T,
        TestMethod.MCNEMAR,
        TestMethod.WILCOXON,
        TestMethod.PERMUTATION,
    )
)


def suite_problems(suite: Suite, metrics: Metrics, path: Path_) -> Iterator[Problem]:
    """All that is wrong with the meaning of a suite."""
    yield from policy_problems(suite, metrics, path)
    yield from file_problems(suite, path)
    yield from _bias_problems(suite, (*path, "bias"))
    yield from leaderboard_problems(suite, metrics, path)
    yield from sharded_problems(suite, path)
    for name in suite.drift.columns:
        if name in suite.columns.ignore:
            where = (*path, "drift", "columns", name)
            yield Problem(where, "the column is in columns.ignore, so its threshold never counts")


def policy_problems(policy: Policy, metrics: Metrics, path: Path_) -> Iterator[Problem]:
    """All that is wrong with the meaning of a policy."""
    yield from _task_problems(policy, metrics, path)
    yield from _draw_problems(policy, path)
    yield from segment_problems(policy, path)
    for i, spec in enumerate(policy.slices):
        yield from slice_problems(spec, (*path, "slices", i))
    yield from rules_problems(policy, metrics, path)


def check_columns(policy: Policy, columns: Collection[str], where: str) -> list[str]:
    """Columns that a policy names and the data lack, each with the nearest that there is."""
    wanted: dict[str, str] = {}
    named = policy.columns
    for key in ("target", "cluster", "weight"):
        if getattr(named, key) is not None:
            wanted[getattr(named, key)] = f"columns.{key}"
    for i, spec in enumerate(policy.slices):
        for part in parts_of(spec):
            wanted[column_of(part)] = f"slices[{i}]"
    for segment, text in policy.segments.items():
        wanted.pop(segment, None)
        for column in columns_in(parse(text)):
            wanted[column] = f"segments.{segment}"
    for i, rule in enumerate(policy.rules):
        if rule.over is not None and rule.over not in policy.segments:
            wanted.setdefault(rule.over, f"rules[{i}].over")
    protected = policy.bias.protected if isinstance(policy, Suite) else None
    for i, part in enumerate(protected or ()):
        wanted.setdefault(column_of(part), f"bias.protected[{i}]")
    return [
        f"{key}: {where} has no column {name!r}{nearest(name, columns)}"
        for name, key in wanted.items()
        if name not in columns
    ]


# ---------------------------------------------------------------------------- task


def _task_problems(policy: Policy, metrics: Metrics, path: Path_) -> Iterator[Problem]:
    if policy.task is Task.BINARY and isinstance(policy, Suite) and policy.positive is None:
        yield Problem(path, "'positive' is missing: which label is the positive class?")
    if policy.task is not Task.BINARY and policy.positive is not None:
        yield Problem(
            (*path, "positive"), f"a {policy.task} task has no positive class: must be left out"
        )
    if policy.task is not Task.BINARY and policy.threshold != THRESHOLD:
        yield Problem(
            (*path, "threshold"), f"a {policy.task} task has no threshold: must be left out"
        )
    if policy.min_n_class is not None and policy.task not in CLASSED:
        yield Problem((*path, "min_n_class"), no_classes(policy.task))
    if policy.classes is not None:
        where = (*path, "classes")
        if policy.task is not Task.MULTICLASS:
            yield Problem(where, f"belong to a multiclass task, and this is {policy.task}")
        doubled = sorted({c for c in policy.classes if policy.classes.count(c) > 1})
        if doubled:
            yield Problem(where, f"{doubled[0]!r} stands twice")
    if policy.task is not Task.SCORED:
        for i, name in enumerate(policy.metrics or ()):
            if name != "usual":
                yield from metric_problems(name, policy.task, metrics, (*path, "metrics", i))
        if policy.decay.metric is not None:
            where = (*path, "decay", "metric")
            yield from metric_problems(policy.decay.metric, policy.task, metrics, where)
        for key, asked in (("methods", policy.methods), ("tests", policy.tests)):
            for name in asked:
                yield from metric_problems(name, policy.task, metrics, (*path, key, name))
    yield from _method_problems(policy, metrics, path)


def _method_problems(policy: Policy, metrics: Metrics, path: Path_) -> Iterator[Problem]:
    """Methods that a metric can never have, whatever the rows."""
    for key, asked in (("methods", policy.methods), ("tests", policy.tests)):
        for name, method in asked.items():
            facts = metrics.get(name)
            if facts is None:
                continue
            others = f"titleholder metrics {name} lists what may be asked for"
            where = (*path, key, name)
            if facts.grouped or facts.measured:
                why = "compares groups" if facts.grouped else "is measured of the model"
                yield Problem(
                    where, f"{name} {why}, and nothing else may be asked for: leave it out"
                )
            elif method is IntervalMethod.DELONG and name not in AREAS:
                yield Problem(where, f"{method} is of {' and '.join(AREAS)} alone ({others})")
            elif method in BY_ROW and not facts.averaged:
                yield Problem(
                    where, f"{method} is of means over rows, and {name} is none ({others})"
                )


def _draw_problems(policy: Policy, path: Path_) -> Iterator[Problem]:
    """An end beyond which hardly any resample lies is not where its level says.

    With b of them beyond each end on average an interval errs about 1 + 1/b times as often.
    """
    least = math.ceil(BEYOND / ((1 - policy.level) / 2) - 1e-6)
    if policy.resamples >= least:
        return
    told = f"{policy.resamples} are too few for a level of {policy.level:g}"
    cure = f"write resamples: {least}"
    if least > MOST_DRAWN:
        cure = f"at most {MOST_DRAWN:,} are drawn: take a level of {1 - 2 * BEYOND / MOST_DRAWN:g}"
    yield Problem((*path, "resamples"), f"{told} ({cure})")


def own_problems(policy: Policy, path: Path_) -> Iterator[Problem]:
    """What has to be right before the metrics of a policy can be known: its files and costs."""
    costs, where = policy.costs, (*path, "costs")
    for i, file in enumerate(policy.metrics_from):
        yield from path_problems(file, (".py",), (*path, "metrics_from", i))
    if costs is None:
        return
    if policy.task is not Task.BINARY:
        yield Problem(where, f"are of misses and false alarms, and a {policy.task} task has none")
    figures = {
        "miss": costs.miss, "false_alarm": costs.false_alarm, "hit": costs.hit,
        "correct_rejection": costs.correct_rejection,
    }  # fmt: skip
    for name, figure in figures.items():
        if not math.isfinite(figure):
            yield Problem((*where, name), f"{figure} is no cost")
    if costs.miss <= costs.hit and costs.false_alarm <= costs.correct_rejection:
        yield Problem(where, "no wrong decision costs more than the right one, and one must do so")


def _bias_problems(suite: Suite, path: Path_) -> Iterator[Problem]:
    bias = suite.bias
    for i, part in enumerate(bias.protected or ()):
        yield from slice_problems(part, (*path, "protected", i))
    if bias.protected and suite.task is not Task.BINARY:
        yield Problem((*path, "protected"), f"audits are of binary tasks, and this is {suite.task}")
    names = [column_of(part) for part in bias.protected or ()]
    for name in bias.privileged if bias.protected is not None else ():
        if name not in names:
            yield Problem((*path, "privileged", name), f"is not protected{nearest(name, names)}")
