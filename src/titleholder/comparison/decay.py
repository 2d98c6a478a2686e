"""Decay: the champion today against the champion on its reference data.

Two different sets of rows, so nothing is paired: each is resampled on its own.
"""

import math

import numpy as np

from titleholder import rounding
from titleholder.arrays import Panel, Predictions
from titleholder.comparison.slices import OVERALL
from titleholder.metrics import HEADLINE, REGISTRY, Metric, Registry
from titleholder.params.schema import DecayParams, Policy
from titleholder.stats.estimates import estimated
from titleholder.stats.intervals import Paired
from titleholder.stats.resampler import Draw, Resampler
from titleholder.stats.sample import lacking, take
from titleholder.types import Check, Estimate, Outcome, Record, Severity

DEFAULT_SHARE = 0.05  # of the reference value, where the suite names no margin
# The check that decides, and the one that shows tonight's own interval.
DECAY = "decay"
TONIGHT = "decay tonight"
NO_METRIC = "the task has no headline metric: name one in decay.metric"


class Decay(Record, frozen=True):
    """The champion's metric then and now; ``change`` is oriented: positive is better today.

    ``worth_then`` and ``worth_now`` are both turned so that more is better, whatever the metric.
    ``reason`` says why there is no estimate; it is empty where there is one.
    """

    metric: str
    n_reference: int
    n_current: int
    level: float
    reference: Estimate
    current: Estimate
    change: Estimate
    reason: str = ""
    worth_then: Estimate = Estimate()
    worth_now: Estimate = Estimate()


def unavailable(policy: Policy, reason: str) -> Decay:
    """No comparison with the reference, for this reason."""
    nothing = Estimate()
    return Decay(
        metric=metric_of(policy),
        n_reference=0,
        n_current=0,
        level=policy.level,
        reference=nothing,
        current=nothing,
        change=nothing,
        reason=reason,
    )


def metric_of(policy: Policy) -> str:
    """The metric that decay is watched by."""
    return policy.decay.metric or HEADLINE.get(policy.task, "")


def measure(
    policy: Policy,
    then: tuple[Panel, Predictions],
    now: tuple[Panel, Predictions],
    registry: Registry = REGISTRY,
) -> Decay:
    """Champion's metric on reference rows and on current rows, and how it changed."""
    metric = registry.get(metric_of(policy))
    if metric is None:
        return unavailable(policy, NO_METRIC)
    lacks = lacking(metric.needs, then[1]) or lacking(metric.needs, now[1])
    if lacks:
        return unavailable(policy, lacks)
    if len(then[0]) == 0 or len(now[0]) == 0:
        return unavailable(policy, "one of the two has no rows")
    before = _measured(metric, policy, "reference", *then)
    after = _measured(metric, policy, "current", *now)
    rows = len(then[0]), len(now[0])
    return of_estimates(policy, metric, rows, (before.champion, before.reason),
                        (after.champion, after.reason))  # fmt: skip


def of_estimates(
    policy: Policy,
    metric: Metric,
    rows: tuple[int, int],
    before: tuple[Estimate, str],
    after: tuple[Estimate, str],
) -> Decay:
    """The decay from the champion's estimates on so many reference and current rows.

    Beside each stands why there is none; empty where there is.
    """
    return Decay(
        metric=metric.name,
        n_reference=rows[0],
        n_current=rows[1],
        level=policy.level,
        reference=before[0],
        current=after[0],
        change=_change(metric, before[0], after[0]),
        reason=before[1] or after[1],
        worth_then=_turned(_worth(metric, before[0])),
        worth_now=_turned(_worth(metric, after[0])),
    )


def check(decay: Decay, params: DecayParams) -> Check:
    """Tonight alone: PASS when the champion lost less than the margin, FAIL when it lost more.

    For information: an interval that is looked at every night is wrong on some. What decides is
    `titleholder.watch`, over all nights.
    """
    outcome, reason = _judged(decay, params)
    return Check(name=TONIGHT, kind=DECAY, severity=Severity.INFO, outcome=outcome, reason=reason)


def margin_of(decay: Decay, params: DecayParams) -> float | None:
    """What the champion may lose, in the metric's unit; None without a value to go by."""
    if params.margin is not None:
        return params.margin
    then = decay.reference.value
    return None if then is None or not math.isfinite(then) else DEFAULT_SHARE * abs(then)


def _judged(decay: Decay, params: DecayParams) -> tuple[Outcome, str]:
    low, high, then = decay.change.low, decay.change.high, decay.reference.value
    if decay.reason or low is None or high is None or then is None:
        return Outcome.INCONCLUSIVE, decay.reason or "no estimate of the change"
    if not all(math.isfinite(number) for number in (low, high, then)):
        return Outcome.INCONCLUSIVE, "the estimate of the change is not finite"
    margin = margin_of(decay, params) or 0.0
    said = (
        f"champion's {decay.metric} {_told(decay.reference)} on reference, "
        f"{_told(decay.current)} today, change {rounding.interval(low, high, (-margin,))} "
        f"against a margin of {margin:.4g}"
    )
    if low > -margin:
        return Outcome.PASS, said
    return (Outcome.FAIL if high < -margin else Outcome.INCONCLUSIVE), said


def _told(estimate: Estimate) -> str:
    value = math.nan if estimate.value is None else estimate.value
    ends = (value if end is None else end for end in (estimate.low, estimate.high))
    return rounding.within(value, *ends)


def _measured(
    metric: Metric, policy: Policy, name: str, panel: Panel, champion: Predictions
) -> Paired:
    everything = np.ones(len(panel), dtype=bool)
    sample = take(f"{OVERALL} {name}", everything, panel, champion, champion)
    draw = Draw(resamples=policy.resamples, seed=policy.seed)
    return estimated(metric, Resampler(sample, draw), policy.level)[0]


def _change(metric: Metric, before: Estimate, after: Estimate) -> Estimate:
    """Interval of the change between two independent values from the interval of each.

    The distances to the ends add up like errors (MOVER; Zou & Donner, Statistics in Medicine 27,
    2008, doi:10.1002/sim.3095).
    """
    one, two = _worth(metric, before), _worth(metric, after)
    if one is None or two is None:
        return Estimate()
    value = two[1] - one[1]
    down = math.hypot(two[1] - two[0], one[2] - one[1])
    up = math.hypot(two[2] - two[1], one[1] - one[0])
    return Estimate(value=value, low=value - down, high=value + up)


def _worth(metric: Metric, estimate: Estimate) -> tuple[float, float, float] | None:
    """Low, value and high of how good a value is: larger is better, whatever the metric."""
    value, low, high = estimate.value, estimate.low, estimate.high
    if value is None or low is None or high is None:
        return None
    best = 0.0 if metric.target is None else metric.target
    ends = [float(metric.improvement(best, end)) for end in (low, high)]
    holds_best = metric.target is not None and low <= metric.target <= high
    most = 0.0 if holds_best else max(ends)
    return min(ends), float(metric.improvement(best, value)), most


def _turned(worth: tuple[float, float, float] | None) -> Estimate:
    """How good a value is, as an estimate."""
    return Estimate() if worth is None else Estimate(worth[1], worth[0], worth[2])
