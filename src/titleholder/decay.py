"""Decay: the champion today against the champion on its reference data.

Two different sets of rows, so nothing is paired: each is resampled on its own.
"""

import math

import numpy as np

from titleholder.arrays import Floats, Panel, Predictions
from titleholder.metrics import HEADLINE, REGISTRY, Metric
from titleholder.params.schema import DecayParams, Policy
from titleholder.slices import OVERALL
from titleholder.stats.replicates import Replicates, replicate
from titleholder.stats.resampler import Draw, Resampler
from titleholder.stats.sample import lacking, take
from titleholder.types import Check, Estimate, Outcome, Record

DEFAULT_SHARE = 0.05  # of the reference value, where the suite names no margin


class Decay(Record, frozen=True):
    """The champion's metric then and now; ``change`` is oriented: positive is better today.

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
) -> Decay:
    """Champion's metric on reference rows and on current rows, and how it changed."""
    metric = REGISTRY.get(metric_of(policy))
    if metric is None:
        return unavailable(policy, "the task has no headline metric: name one in decay.metric")
    lacks = lacking(metric.needs, then[1]) or lacking(metric.needs, now[1])
    if lacks:
        return unavailable(policy, lacks)
    if len(then[0]) == 0 or len(now[0]) == 0:
        return unavailable(policy, "one of the two has no rows")
    before = _replicates(metric, policy, "reference", *then)
    after = _replicates(metric, policy, "current", *now)
    change = metric.improvement(before.champion, after.champion)
    value = float(metric.improvement(before.champion_value, after.champion_value))
    return Decay(
        metric=metric.name,
        n_reference=len(then[0]),
        n_current=len(now[0]),
        level=policy.level,
        reference=_estimate(before.champion_value, before.champion, policy.level),
        current=_estimate(after.champion_value, after.champion, policy.level),
        change=_estimate(value, change, policy.level),
        reason="" if np.isfinite(value) else f"{metric.name} is undefined on one of the two",
    )


def check(decay: Decay, params: DecayParams) -> Check:
    """PASS when the champion lost less than the margin, FAIL when it lost more."""
    outcome, reason = _judged(decay, params)
    return Check(
        name="decay", kind="decay", severity=params.severity, outcome=outcome, reason=reason
    )


def _judged(decay: Decay, params: DecayParams) -> tuple[Outcome, str]:
    low, high, then = decay.change.low, decay.change.high, decay.reference.value
    if decay.reason or low is None or high is None or then is None:
        return Outcome.INCONCLUSIVE, decay.reason or "no estimate of the change"
    if not all(math.isfinite(number) for number in (low, high, then)):
        return Outcome.INCONCLUSIVE, "the estimate of the change is not finite"
    margin = DEFAULT_SHARE * abs(then) if params.margin is None else params.margin
    said = (
        f"champion's {decay.metric} {then:.4g} on reference, {decay.current.value:.4g} today, "
        f"change [{low:.4g}, {high:.4g}] against a margin of {margin:.4g}"
    )
    if low > -margin:
        return Outcome.PASS, said
    return (Outcome.FAIL if high < -margin else Outcome.INCONCLUSIVE), said


def _replicates(
    metric: Metric, policy: Policy, name: str, panel: Panel, champion: Predictions
) -> Replicates:
    everything = np.ones(len(panel), dtype=bool)
    sample = take(f"{OVERALL} {name}", everything, panel, champion, champion)
    draw = Draw(resamples=policy.resamples, seed=policy.seed)
    return replicate(metric.on(panel.classes), Resampler(sample, draw))


def _estimate(value: float, draws: Floats, level: float) -> Estimate:
    if not (np.isfinite(value) and np.isfinite(draws).all()):
        return Estimate()
    low, high = np.quantile(draws, [(1 - level) / 2, (1 + level) / 2])
    return Estimate(value=value, low=float(low), high=float(high))
