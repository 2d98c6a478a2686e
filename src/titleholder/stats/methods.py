"""The paired methods by name: what each is, where it applies, and what may be asked for.

Intervals decide; tests only add a p-value of no improvement at all, since a margin is not decided
by significance. Each metric's default is `titleholder.stats.estimates.estimated`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from titleholder.metrics.base import Counts, Means, Measured, Metric, Ranks
from titleholder.stats import alternatives, hypotheses
from titleholder.stats.by_row import changes
from titleholder.stats.estimates import estimated
from titleholder.stats.intervals import Paired, undefined
from titleholder.stats.resampler import Resampler
from titleholder.stats.sample import Sample
from titleholder.stats.shares import compare_shares, hits_of
from titleholder.types import IntervalMethod, Tested, TestMethod

AREAS = ("roc_auc", "gini")
# How a figure that was measured of a model has its interval; there is no other way.
ORDER = "order statistics"


@dataclass(frozen=True, slots=True)
class Interval:
    """A way to an interval. ``lacks`` says why it does not apply; empty where it does."""

    title: str
    source: str
    lacks: Callable[[Metric, Sample], str]
    run: Callable[[Metric, Resampler, float], Paired]


@dataclass(frozen=True, slots=True)
class Test:
    """A way to a one-sided p-value of no improvement."""

    title: str
    source: str
    lacks: Callable[[Metric, Sample], str]
    run: Callable[[Metric, Resampler], float]


def interval_by(
    name: IntervalMethod, metric: Metric, resampler: Resampler, level: float
) -> tuple[Paired, str]:
    """The estimates of a metric by a named method, and what the finding calls it.

    A method that does not apply gives no
    estimate but the reason, never another method's numbers.
    """
    method = INTERVALS[name]
    reason = method.lacks(metric, resampler.sample)
    if reason:
        return undefined(f"{method.title} does not apply: {reason}"), "none"
    if name == IntervalMethod.DEFAULT:
        return estimated(metric, resampler, level)
    return method.run(metric, resampler, level), method.title


def tested_by(name: TestMethod, metric: Metric, resampler: Resampler) -> Tested:
    """The p-value of no improvement by a named test, or why the test does not apply."""
    method = TESTS[name]
    reason = method.lacks(metric, resampler.sample)
    if reason:
        return Tested(method.title, None, f"does not apply: {reason}")
    if not np.isfinite(changes(metric, resampler.sample)).all():
        return Tested(method.title, None, f"{metric.formula} is undefined on some of these rows")
    return Tested(method.title, method.run(metric, resampler))


def applicable(metric: Metric, sample: Sample) -> tuple[str, ...]:
    """The names of all intervals and tests that a metric may have on these rows."""
    both: tuple[tuple[str, Interval | Test], ...] = (*INTERVALS.items(), *TESTS.items())
    return tuple(name for name, method in both if not method.lacks(metric, sample))


def _rows(metric: Metric, _: Sample) -> str:
    return f"{metric.name} is measured of the model" if isinstance(metric.law, Measured) else ""


def _ungrouped(metric: Metric, sample: Sample) -> str:
    return f"{metric.name} compares groups" if metric.grouped else _rows(metric, sample)


def _resampled(metric: Metric, sample: Sample) -> str:
    if isinstance(metric.law, Counts | Means | Ranks):
        return _ungrouped(metric, sample)
    return f"{metric.name} is not resampled"


def _clustered(metric: Metric, sample: Sample) -> str:
    return _resampled(metric, sample) or ("" if sample.clustered else "the panel has no clusters")


def _mean(metric: Metric, sample: Sample) -> str:
    lacks = _resampled(metric, sample)
    if lacks or metric.averaged:
        return lacks
    return f"{metric.name} is no mean over rows"


def _share(metric: Metric, sample: Sample) -> str:
    lacks = _resampled(metric, sample)
    if lacks or hits_of(metric, sample) is not None:
        return lacks
    return f"{metric.name} is no share of rows"


def _plain_share(metric: Metric, sample: Sample) -> str:
    return _share(metric, sample) or ("" if sample.plain else "rows have weights or clusters")


def _plain_area(metric: Metric, sample: Sample) -> str:
    if metric.name not in AREAS:
        return f"{metric.name} is no area under a ROC curve"
    return "" if sample.plain else "rows have weights or clusters"


def _newcombe(metric: Metric, resampler: Resampler, level: float) -> Paired:
    hits = hits_of(metric, resampler.sample)
    if hits is None:
        raise TypeError(f"{metric.name} is no share of rows")
    return compare_shares(metric, hits, resampler.sample, level)[0]


def _default(metric: Metric, resampler: Resampler, level: float) -> Paired:
    return estimated(metric, resampler, level)[0]


_EFRON = "Efron & Tibshirani 1993, An Introduction to the Bootstrap"

INTERVALS: Mapping[IntervalMethod, Interval] = MappingProxyType(
    {
        IntervalMethod.DEFAULT: Interval(
            "the metric's default", "docs/coverage.md", _ungrouped, _default
        ),
        IntervalMethod.NEWCOMBE: Interval(
            "Newcombe's score interval for paired proportions",
            "doi:10.1002/(SICI)1097-0258(19981130)17:22<2635::AID-SIM954>3.0.CO;2-C",
            _share,
            _newcombe,
        ),
        IntervalMethod.DELONG: Interval(
            "DeLong's interval", "doi:10.2307/2531595", _plain_area, alternatives.delong
        ),
        IntervalMethod.PAIRED_T: Interval(
            "paired t interval", "doi:10.1093/biomet/6.1.1", _mean, alternatives.student
        ),
        IntervalMethod.INFLUENCE_T: Interval(
            "Student's interval by influence", f"{_EFRON}, ch. 21", _resampled, alternatives.student
        ),
        IntervalMethod.BOOTSTRAP: Interval(
            "paired percentile bootstrap", f"{_EFRON}, ch. 13", _resampled, alternatives.percentile
        ),
        IntervalMethod.BOOTSTRAP_BCA: Interval(
            "paired BCa bootstrap", "doi:10.2307/2289144", _resampled, alternatives.bca
        ),
        IntervalMethod.BOOTSTRAP_T: Interval(
            "paired studentised bootstrap", f"{_EFRON}, ch. 12", _mean, alternatives.studentised
        ),
        IntervalMethod.CLUSTER_BOOTSTRAP: Interval(
            "paired percentile bootstrap over clusters",
            "doi:10.1162/rest.90.3.414",
            _clustered,
            alternatives.percentile,
        ),
    }
)

TESTS: Mapping[TestMethod, Test] = MappingProxyType(
    {
        TestMethod.MCNEMAR: Test(
            "exact McNemar test", "doi:10.1007/BF02295996", _plain_share, hypotheses.mcnemar
        ),
        TestMethod.WILCOXON: Test(
            "Wilcoxon signed rank test", "doi:10.2307/3001968", _mean, hypotheses.wilcoxon
        ),
        TestMethod.PERMUTATION: Test(
            "paired permutation test", "Good 2005, ch. 3", _mean, hypotheses.permutation
        ),
    }
)
