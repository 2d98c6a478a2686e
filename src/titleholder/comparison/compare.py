"""Champion against candidate on the same rows: every metric on every slice, and what flipped.

Nothing is judged here: no rule is read, so that a change of policy reruns judging alone.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import msgspec
import numpy as np

from titleholder.arrays import Bools, Floats, Ints, Panel, Predictions
from titleholder.comparison.slices import OVERALL, Grouping, Part, declared, grouping
from titleholder.metrics import REGISTRY, Measured, Metric
from titleholder.metrics.base import Proportion
from titleholder.metrics.items import ITEM, metric_of, rows_about
from titleholder.metrics.registry import USUAL, Registry
from titleholder.params.schema import Policy, Suite
from titleholder.params.slicing import column_of, parts_of
from titleholder.policy import EVERY
from titleholder.stats.cells import Cells
from titleholder.stats.estimates import estimated
from titleholder.stats.intervals import Paired, undefined
from titleholder.stats.methods import ORDER, interval_by, tested_by
from titleholder.stats.resampler import Draw, Resampler
from titleholder.stats.sample import Sample, lacking, take, taken
from titleholder.stats.shared.known import shared
from titleholder.stats.shares import of_cells
from titleholder.types import Comparison, Estimate, Gauge, IntervalMethod, Record, Rule, Task

_OF_ALL = Proportion(truth=None)


class Flips(Record, frozen=True):
    """Rows on one slice that the candidate got right and the champion wrong, and the reverse.

    For regression and scored items a row is better or worse when its error shrank or grew.
    """

    slice: str
    n: int
    better: int
    worse: int


class Comparisons(Record, frozen=True):
    """All that was measured of one pair of models; ``skipped`` says why, where it was nothing.

    ``doubted`` says of metrics why what gave their scores is not trusted: their rules may inform,
    and cannot decide.
    """

    inputs: dict[str, str]
    suite: str
    task: Task
    champion: str
    candidate: str
    n: int
    level: float
    comparisons: tuple[Comparison, ...]
    flips: tuple[Flips, ...]
    skipped: str = ""
    doubted: dict[str, str] = msgspec.field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Measurement:
    """What `measure` gives: the comparisons and the flips, in declared order."""

    comparisons: tuple[Comparison, ...]
    flips: tuple[Flips, ...]


@dataclass(frozen=True, slots=True)
class Asked:
    """What is to be measured: metrics by slice or column; everything where ``keys`` is None."""

    keys: frozenset[tuple[str, str, str | None]] | None

    @classmethod
    def by(cls, rules: Iterable[Rule] | None) -> "Asked":
        """All that these rules judge."""
        if rules is None:
            return cls(None)
        return cls(frozenset((rule.metric, rule.slice, rule.over) for rule in rules))

    def on(self, metric: str, name: str) -> bool:
        """Whether a metric is asked for on the slice of this name."""
        if self.keys is None or (metric, name, None) in self.keys:
            return True
        return name != OVERALL and (metric, EVERY, None) in self.keys

    def over(self, metric: str, column: str) -> bool:
        """Whether it is asked for over the groups of this column."""
        return self.keys is None or (metric, OVERALL, column) in self.keys


def measure(
    panel: Panel,
    champion: Predictions,
    candidate: Predictions,
    policy: Policy,
    over: Iterable[str] = (),
    registry: Registry = REGISTRY,
    judged_by: Iterable[Rule] | None = None,
) -> Measurement:
    """Compare two models that answered the same panel rows, in the same order.

    Row metrics are taken on every declared slice, grouped ones over every declared column and
    those of ``over``, measured ones as they are. What cannot be measured stands in its place
    with a reason, so that nothing is passed by absence. With ``judged_by``, only what these rules
    judge is measured: the same numbers, and no others.
    """
    asked = Asked.by(judged_by)
    metrics = tuple(chosen(policy, champion, candidate, registry))
    draw = Draw(resamples=policy.resamples, seed=policy.seed)
    everything = declared(panel, policy.slices)
    plain = [m for m in metrics if not m.grouped and not m.measured]
    found: list[Comparison] = []
    flips: list[Flips] = []
    common = shared(panel, champion, candidate, everything, plain)
    known = {} if common is None else common.known()
    abouts = [(metric, rows_about(metric, panel, champion, candidate)) for metric in plain]
    for i, part in enumerate(everything):
        if not any(asked.on(metric.name, part.name) for metric in plain):
            continue
        sample = taken(part, panel, (champion, candidate), known.get(i))
        resampler = Resampler(sample, draw)
        for metric, about in abouts:
            if not asked.on(metric.name, part.name):
                continue
            if about is None:
                found.append(of_rows(metric, resampler, policy))
            else:
                rows = take(part.name, part.mask & about, panel, champion, candidate)
                found.append(of_rows(metric, Resampler(rows, draw), policy))
        flips.append(flips_of(resampler))
    gaps = [m for m in metrics if m.grouped]
    whole = Resampler(taken(everything[0], panel, (champion, candidate)), draw)
    for groups in _groupings(panel, policy, over) if gaps else ():
        wanted = [m for m in gaps if asked.over(m.name, groups.column)]
        by = Groups.of(groups, panel) if wanted else None
        found += [of_groups(metric, whole, by, policy) for metric in wanted if by is not None]
    figures = [m for m in metrics if m.measured and asked.on(m.name, OVERALL)]
    found += [of_models(metric, champion, candidate, policy) for metric in figures]
    return Measurement(tuple(found), tuple(flips))


def chosen(
    policy: Policy, champion: Predictions, candidate: Predictions, registry: Registry = REGISTRY
) -> Iterator[Metric]:
    """The metrics of a suite: those it names, or its task's usual ones.

    A policy on its own measures those of its rules, too. In a suite each has to be named, so that
    a change of a rule never changes what was compared.
    """
    ruled = [] if isinstance(policy, Suite) else [rule.metric for rule in policy.rules]
    asked = {*(policy.metrics or ()), *ruled}
    for metric in registry.select(policy.task, policy.metrics, ruled):
        if not metric.needs.startswith(ITEM):
            yield metric
        elif metric.name in asked and not _is_scored(metric, champion, candidate):
            yield metric  # to say that it is missing
    for name in sorted({*champion.items, *candidate.items}):
        if policy.metrics is None or not {USUAL, name}.isdisjoint(policy.metrics):
            yield metric_of(name, registry, champion, candidate)


def _is_scored(metric: Metric, champion: Predictions, candidate: Predictions) -> bool:
    name = metric.needs.removeprefix(ITEM)
    return name in champion.items or name in candidate.items


def _groupings(panel: Panel, policy: Policy, over: Iterable[str]) -> Iterator[Grouping]:
    if policy.task is not Task.BINARY:
        return
    parts: dict[str, Part] = {}
    for spec in policy.slices:
        for part in parts_of(spec):
            parts.setdefault(column_of(part), part)
    for column in over:
        parts.setdefault(column, column)
    for part in parts.values():
        yield grouping(panel, part)


def of_rows(metric: Metric, resampler: Resampler, policy: Policy) -> Comparison:
    """A metric on one slice, or why there is none."""
    sample = resampler.sample
    metric = metric.on(sample.whole.classes)
    lacks = _lacks(metric, sample)
    if lacks:
        return _missing(metric, sample, policy, lacks)
    if len(sample) == 0:
        which = "" if metric.about is None else f" that {metric.name} is about"
        return told(metric, sample, "none", policy, undefined(f"the slice has no rows{which}"))
    asked = policy.methods.get(metric.name, IntervalMethod.DEFAULT)
    paired, method = interval_by(asked, metric, resampler, policy.level)
    found = told(metric, sample, method, policy, paired)
    test = policy.tests.get(metric.name)
    if test is None:
        return found
    return msgspec.structs.replace(found, test=tested_by(test, metric, resampler))


@dataclass(frozen=True, slots=True)
class Groups:
    """The groups of a column: their names, and which rows have (n,), or cells counted by group.

    ``by_class`` (G, K) is how many rows of each true class they have; None without classes.
    """

    column: str
    labels: tuple[str, ...]
    rows: Ints | Cells
    by_class: Ints | None

    @classmethod
    def of(cls, groups: Grouping, panel: Panel) -> "Groups":
        """Those of a panel in memory."""
        counts = None
        if panel.y_true is not None and panel.classes:
            shape = len(groups.labels), len(panel.classes)
            place = groups.code * shape[1] + panel.y_true
            counts = np.bincount(place, minlength=shape[0] * shape[1]).reshape(shape)
        return cls(groups.column, groups.labels, groups.code, counts)

    @classmethod
    def counted(cls, column: str, labels: tuple[str, ...], counts: Ints) -> "Groups":
        """Those of rows that were counted elsewhere, (G, K, K, K) by truth and both calls."""
        return cls(column, labels, Cells.counted_by_group(counts), counts.sum(axis=(2, 3)))


def of_groups(metric: Metric, resampler: Resampler, groups: Groups, policy: Policy) -> Comparison:
    """A metric that compares the groups of a column."""
    sample = resampler.sample
    lacks = _lacks(metric, sample)
    if lacks:
        return _missing(metric, sample, policy, lacks, groups)
    if len(groups.labels) < 2:
        nothing = undefined(f"{groups.column} has a single group")
        return told(metric, sample, "none", policy, nothing, groups)
    paired, method = estimated(metric, resampler, policy.level, groups.rows)
    return told(metric, sample, method, policy, paired, groups)


def _lacks(metric: Metric, sample: Sample) -> str:
    """Why one of the models has not what the metric needs; empty where both have."""
    one, two = sample.answers
    return lacking(metric.needs, one) or lacking(metric.needs, two)


def _missing(
    metric: Metric, sample: Sample, policy: Policy, reason: str, groups: Groups | None = None
) -> Comparison:
    blank = told(metric, sample, "none", policy, undefined(reason), groups)
    return msgspec.structs.replace(blank, available=False)


def told(
    metric: Metric,
    sample: Sample,
    method: str,
    policy: Policy,
    paired: Paired,
    groups: Groups | None = None,
) -> Comparison:
    """The record of what was estimated of a sample, and by which method."""
    n_min_class, min_class = _rarest(sample, groups)
    return Comparison(
        metric=metric.name,
        slice=sample.name,
        over=None if groups is None else groups.column,
        n=len(sample),
        n_clusters=sample.units if sample.clustered else None,
        n_min_class=n_min_class,
        method=method,
        level=policy.level,
        champion=paired.champion,
        candidate=paired.candidate,
        improvement=paired.improvement,
        relative=paired.relative,
        std_error=paired.std_error,
        relative_std_error=paired.relative_std_error,
        reason=paired.reason,
        min_class=min_class,
    )


def _rarest(sample: Sample, groups: Groups | None) -> tuple[int | None, str]:
    """Rows of the rarest true class, in the group that has fewest of it, and what they are."""
    panel = sample.whole
    if panel.task not in (Task.BINARY, Task.MULTICLASS) or panel.y_true is None:
        return None, ""
    if groups is None or groups.by_class is None:
        return sample.rarest, f"class {panel.classes[sample.rarest_class]}"
    group, rarest = divmod(int(groups.by_class.argmin()), len(panel.classes))
    where = f"class {panel.classes[rarest]} in {groups.labels[group]}"
    return int(groups.by_class[group, rarest]), where


def of_models(
    metric: Metric, champion: Predictions, candidate: Predictions, policy: Policy
) -> Comparison:
    """A measured figure: each model's own interval, and the widest improvement they allow."""
    first, second = champion.measured.get(metric.name), candidate.measured.get(metric.name)
    sides = ((champion.model, first), (candidate.model, second))
    known = [(model, figure) for model, figure in sides if figure is not None]
    absent = [f"{metric.name} of {model} was not measured" for model, f in sides if f is None]
    few = [
        f"{figure.n} timed calls of {model} are too few for an interval of {metric.name}, which "
        f"takes {figure.least}"
        for model, figure in known if figure.least is not None
    ]  # fmt: skip
    return Comparison(
        metric=metric.name,
        slice=OVERALL,
        over=None,
        n=0 if absent else min(figure.n for _, figure in known),
        n_clusters=None,
        n_min_class=None,
        method=ORDER if isinstance(metric.law, Measured) else "none",
        level=policy.level,
        champion=_own(first),
        candidate=_own(second),
        improvement=_widest(first, second),
        relative=Estimate(),
        std_error=None,
        relative_std_error=None,
        reason=next(iter((*absent, *few)), ""),
        # Too few timings leave it open; figures that nobody took are a fault.
        available=not absent,
        of_rows=False,
        least=max((figure.least for _, figure in known if figure.least is not None), default=None),
    )


def _own(figure: Gauge | None) -> Estimate:
    """A figure with its interval; nothing where it has none."""
    if figure is None or figure.low is None or figure.high is None:
        return Estimate()
    return Estimate(value=figure.value, low=figure.low, high=figure.high)


def _widest(first: Gauge | None, second: Gauge | None) -> Estimate:
    """By how much the second may be smaller; nothing where one of them has no interval."""
    if first is None or first.low is None or first.high is None:
        return Estimate()
    if second is None or second.low is None or second.high is None:
        return Estimate()
    return Estimate(
        value=first.value - second.value,
        low=first.low - second.high,
        high=first.high - second.low,
    )


def flips_of(resampler: Resampler) -> Flips:
    """How many rows of a slice got better and worse."""
    sample = resampler.sample
    if sample.known is not None and sample.known.cells is not None:
        hits = of_cells(_OF_ALL, resampler.cells)
        better, worse = int(hits.second), int(hits.first)
        return Flips(slice=sample.name, n=len(sample), better=better, worse=worse)
    first, second = _quality(sample, sample.champion), _quality(sample, sample.candidate)
    better, worse = int((second > first).sum()), int((second < first).sum())
    return Flips(slice=sample.name, n=len(sample), better=better, worse=worse)


def _quality(sample: Sample, predictions: Predictions) -> Floats | Bools:
    """How good each row's answer is, (n,): a hit, minus the absolute error, or the mean score."""
    truth = sample.panel.y_true
    if predictions.value is not None and truth is not None:
        error: Floats = np.abs(predictions.value - truth)
        return -error
    if predictions.label is not None and truth is not None:
        return np.asarray(predictions.label == truth)
    if predictions.items:
        names = sorted({*sample.champion.items} & {*sample.candidate.items})
        scores = np.array([predictions.items[name] for name in names])
        told = np.isfinite(scores)
        mean: Floats = np.where(told, scores, 0.0).sum(axis=0) / np.maximum(told.sum(axis=0), 1)
        return mean
    return np.zeros(len(sample))
