"""From replicates to estimates with percentile intervals."""

from dataclasses import dataclass

import numpy as np

from titleholder.arrays import Floats
from titleholder.metrics.base import Metric
from titleholder.stats.replicates import Replicates
from titleholder.types import Estimate

# Above this share of resamples on which a metric is undefined, an interval from the rest would
# speak of a different population than the point does.
MOST_UNDEFINED = 0.01


@dataclass(frozen=True, slots=True)
class Paired:
    """Both models' estimates and the oriented improvement, absolute and relative."""

    champion: Estimate
    candidate: Estimate
    improvement: Estimate
    relative: Estimate
    std_error: float | None
    relative_std_error: float | None
    reason: str


UNDEFINED = Estimate()


def summarise(metric: Metric, replicates: Replicates, level: float) -> Paired:
    """Percentile intervals at ``level`` of a metric's replicates; undefined ones have a reason."""
    at = replicates
    for model, value in (("champion", at.champion_value), ("candidate", at.candidate_value)):
        if not np.isfinite(value):
            return undefined(f"{metric.formula} is undefined for the {model} on these rows")
    draws = np.vstack([at.champion, at.candidate])
    defined = np.isfinite(draws).all(axis=0)
    lost = 1 - defined.mean() if defined.size else 1.0
    if lost > MOST_UNDEFINED:
        return undefined(f"undefined on {lost:.0%} of the resamples: too few rows of some class")
    champion, candidate = draws[:, defined]
    change = metric.improvement(champion, candidate)
    value = float(metric.improvement(at.champion_value, at.candidate_value))
    share, relative_error, share_draws = _relative(value, change, at.champion_value, champion)
    return Paired(
        _estimate(at.champion_value, champion, level),
        _estimate(at.candidate_value, candidate, level),
        _estimate(value, change, level),
        UNDEFINED if share is None else _estimate(share, share_draws, level),
        float(change.std()),
        relative_error,
        "",
    )


def undefined(reason: str) -> Paired:
    """No estimate at all, for this reason."""
    return Paired(UNDEFINED, UNDEFINED, UNDEFINED, UNDEFINED, None, None, reason)


def _relative(
    value: float, change: Floats, champion_value: float, champion: Floats
) -> tuple[float | None, float | None, Floats]:
    """The improvement as a share of the champion's absolute value, where that is not near 0."""
    size = np.abs(champion)
    if champion_value == 0 or not np.all(size > 0):
        return None, None, change
    shares = change / size
    return value / abs(champion_value), float(shares.std()), shares


def _estimate(value: float, draws: Floats, level: float) -> Estimate:
    low, high = np.quantile(draws, [(1 - level) / 2, (1 + level) / 2])
    return Estimate(value=value, low=float(low), high=float(high))
