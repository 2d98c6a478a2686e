"""Decay over many nights: what the confidence sequence says, beside tonight's own interval.

Tonight's interval is right on 19 nights of 20, so whoever believes it every night is deceived
about nine times a year (one side in forty). The check here fails only where a sequence that holds
on all nights at once lies below the margin: a year of looking has the error that is stated, once.
"""

import math
from statistics import NormalDist

from titleholder import rounding
from titleholder.comparison.decay import DECAY, Decay, margin_of
from titleholder.params.schema import DecayParams
from titleholder.stats.sequential import Run, Window
from titleholder.types import Check, Estimate, Outcome, Record
from titleholder.verdict import NIGHTS


class Tonight(Record, frozen=True):
    """What one night adds to a run: value and error of how good the champion was, more is better.

    ``unit`` is the variance that the first night's weighted error is expected to have, by the
    reference alone.
    """

    value: float
    std_error: float
    unit: float


def tonight(decay: Decay) -> Tonight | None:
    """The night in a decay; None where it has no value, or none whose error is known."""
    normal = NormalDist().inv_cdf((1 + decay.level) / 2)
    then, now = decay.worth_then, decay.worth_now
    ends = (then.value, then.low, then.high, now.value, now.low, now.high)
    if decay.reason or any(end is None or not math.isfinite(end) for end in ends):
        return None
    errors = [((e.high or 0.0) - (e.low or 0.0)) / (2 * normal) for e in (then, now)]
    if not all(error > 0 for error in errors) or decay.n_current < 1:
        return None
    unit = decay.n_current * decay.n_reference * errors[0] ** 2
    return Tonight(now.value or 0.0, errors[1], unit)


class Change(Record, frozen=True):
    """Change since the reference over all nights after the ``start``-th; positive is better."""

    start: int
    nights: int
    change: Estimate


def changes(decay: Decay, run: Run) -> tuple[Change, ...]:
    """The change over each window of the run, all of them right at once, on every night.

    Half of the error is for the reference, whose rows are looked at once, and half for the nights.
    """
    alpha = 1 - decay.level
    then = _wider(decay.worth_then, decay.level, alpha / 2)
    if then is None:
        return ()
    return tuple(_change(window, run, then) for window in run.windows(alpha / 2))


def check(decay: Decay, params: DecayParams, run: Run | None, refusal: str = "") -> Check:
    """FAIL if a window lies below the margin, PASS if all nights or tonight lie above it.

    ``refusal`` says why tonight adds nothing. Where tonight alone lies below the margin and no
    window does, nothing is shown yet: INCONCLUSIVE.
    """
    outcome, reason = _judged(decay, params, run)
    note = f"; {refusal}" if refusal and refusal not in reason else ""
    return Check(
        name=DECAY,
        kind=NIGHTS,
        severity=params.severity,
        outcome=outcome,
        reason=reason + note,
    )


def unreadable(params: DecayParams, why: str) -> Check:
    """The check where the ledger cannot be read."""
    return Check(DECAY, NIGHTS, params.severity, Outcome.ERROR, why)


def _judged(decay: Decay, params: DecayParams, run: Run | None) -> tuple[Outcome, str]:
    at = margin_of(decay, params)
    if run is None or at is None:
        return Outcome.INCONCLUSIVE, decay.reason or "no night could be counted"
    found = changes(decay, run)
    if not found:
        return Outcome.INCONCLUSIVE, "the reference has no interval"
    worst = min(found, key=lambda one: _end(one.change.high))
    if _end(worst.change.high) < -at:
        return Outcome.FAIL, _said(decay, worst, at)
    whole = found[0]
    said = _said(decay, whole, at)
    low, high = decay.change.low, decay.change.high
    if low is None or high is None:
        return Outcome.INCONCLUSIVE, f"{said}; tonight has no interval"
    if high < -at:
        return Outcome.INCONCLUSIVE, f"{said}; tonight alone lies below, which is not yet proof"
    shown = _end(whole.change.low) > -at or low > -at
    return (Outcome.PASS if shown else Outcome.INCONCLUSIVE), said


def _end(end: float | None) -> float:
    """An end of an interval; NaN, which decides nothing, where there is none."""
    return math.nan if end is None else end


def _said(decay: Decay, change: Change, at: float) -> str:
    since = f"the last {change.nights}" if change.start else f"{change.nights}"
    many = "nights" if change.nights > 1 else "night"
    low, high = change.change.low or 0.0, change.change.high or 0.0
    return (
        f"champion's {decay.metric} over {since} {many} of fresh rows: change "
        f"{rounding.interval(low, high, (-at,))} against a margin of {at:.4g}, at "
        f"{decay.level:.4g} over all nights together"
    )


def _change(window: Window, run: Run, then: Estimate) -> Change:
    mean = window.mean
    change = Estimate(
        value=_end(mean.value) - _end(then.value),
        low=_end(mean.low) - _end(then.high),
        high=_end(mean.high) - _end(then.low),
    )
    return Change(window.start, run.nights - window.start, change)


def _wider(estimate: Estimate, level: float, alpha: float) -> Estimate | None:
    """An interval at a ``level`` stretched to hold but with probability ``alpha``."""
    value, low, high = estimate.value, estimate.low, estimate.high
    if value is None or low is None or high is None:
        return None
    normal = NormalDist()
    by = normal.inv_cdf(1 - alpha / 2) / normal.inv_cdf((1 + level) / 2)
    return Estimate(value, value - by * (value - low), value + by * (high - value))
