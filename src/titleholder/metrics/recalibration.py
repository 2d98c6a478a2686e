"""Calibration slope and intercept: what a logistic recalibration would still have to mend.

With x the logit of the score of the positive class, the slope is b of logit P(y) = a + b x
(1 is right, below 1 the scores are too extreme), and the intercept is a of
logit P(y) = a + x (0 is right, above 0 the scores are too low; calibration in the large).
Both as in Van Calster et al. 2019. Scores are kept a machine epsilon away from 0 and 1.

A fit is not a mean over rows, but one Newton step from the fit towards a resample's is: the
columns are what that step needs, and on the rows as they stand the step is nil.
"""

from collections.abc import Iterator

import numpy as np

from titleholder.arrays import Bools, Floats, Panel, Predictions
from titleholder.metrics.base import Means, Metric, ratio
from titleholder.types import Task

STEPS = 100
REACH = 8.0
CONVERGED = 1e-12  # mean score at the solution
ROUNDING = 1e-13  # of a log likelihood, as a share of it
SOURCE = "doi:10.1186/s12916-019-1466-7"


def slope_columns(panel: Panel, predictions: Predictions) -> Floats:
    """Score (2), information (3) and slope at the fit, (n, 6); NaN where there is none.

    There is none for a single class, for a single score, and where a score tells the classes
    apart without error: no slope is then steep enough.
    """
    x, y, weight = _parts(panel, predictions)
    design, apart = np.column_stack([np.ones_like(x), x]), _apart(x[weight > 0], y[weight > 0] == 1)
    fit = None if apart else _fitted(design, np.zeros_like(x), y, weight)
    if fit is None:
        return np.full((len(x), 6), np.nan)
    eta = fit[0] + fit[1] * x
    rest, v = y - _probability(eta), _variance(eta)
    return np.column_stack([rest, rest * x, v, v * x, v * x * x, np.full_like(x, fit[1])])


def slope(means: Floats) -> Floats:
    """The slope after one Newton step with these means, (..., 6) to (...)."""
    s0, s1, v, vx, vxx, fitted = np.moveaxis(means, -1, 0)
    stepped: Floats = fitted + ratio(v * s1 - vx * s0, v * vxx - vx * vx)
    return stepped


def intercept_columns(panel: Panel, predictions: Predictions) -> Floats:
    """Score, information and intercept at the fit, (n, 3); NaN for a single class."""
    x, y, weight = _parts(panel, predictions)
    single = len(np.unique(y[weight > 0])) < 2
    fit = None if single else _fitted(np.ones((len(x), 1)), x, y, weight)
    if fit is None:
        return np.full((len(x), 3), np.nan)
    eta = fit[0] + x
    return np.column_stack([y - _probability(eta), _variance(eta), np.full_like(x, fit[0])])


def intercept(means: Floats) -> Floats:
    """The intercept after one Newton step with these means, (..., 3) to (...)."""
    return means[..., 2] + ratio(means[..., 0], means[..., 1])


def _parts(panel: Panel, predictions: Predictions) -> tuple[Floats, Floats, Floats]:
    """Logits, truth and weights, each (n,)."""
    if predictions.score is None or panel.y_true is None:
        raise ValueError("a calibration was asked of predictions without scores")
    epsilon = np.finfo(float).eps
    score = np.clip(predictions.score, epsilon, 1 - epsilon)
    weight = np.ones(len(panel)) if panel.weight is None else panel.weight
    return np.log(score) - np.log1p(-score), np.asarray(panel.y_true, dtype=float), weight


def _apart(x: Floats, positive: Bools) -> bool:
    """Whether no score is shared or out of order between the classes, or all are the same."""
    yes, no = x[positive], x[~positive]
    if not (len(yes) and len(no)) or np.ptp(x) == 0:
        return True
    return bool(yes.min() >= no.max() or no.min() >= yes.max())


def _fitted(design: Floats, offset: Floats, y: Floats, weight: Floats) -> Floats | None:
    """Coefficients (k,) of the logistic regression on ``design`` (n, k); None if none are found.

    Newton's method; a step that moves a logit by more than `REACH` is cut down to that, and one
    that does not make the truth likelier is halved.
    """
    share = weight / weight.sum()
    fit = np.zeros(design.shape[1])
    best = _log_likelihood(offset, y, share)
    for _ in range(STEPS):
        eta = design @ fit + offset
        score = design.T @ (share * (y - _probability(eta)))
        if np.abs(score).max() < CONVERGED:
            return fit
        information = (design.T * (share * _variance(eta))) @ design
        step = np.linalg.lstsq(information, score, rcond=None)[0]
        step = step * min(1.0, REACH / np.abs(design @ step).max(initial=REACH))
        least = best - ROUNDING * abs(best)
        while (reached := _log_likelihood(design @ (fit + step) + offset, y, share)) < least:
            step = step / 2
        fit, best = fit + step, reached
    return None


def _log_likelihood(eta: Floats, y: Floats, share: Floats) -> float:
    return float(share @ (y * eta - np.logaddexp(0, eta)))


def _probability(eta: Floats) -> Floats:
    return np.exp(-np.logaddexp(0, -eta))


def _variance(eta: Floats) -> Floats:
    """p (1 - p), to full precision at both ends."""
    return _probability(eta) * _probability(-eta)


def metrics() -> Iterator[Metric]:
    """The entries of this topic."""
    binary, every = frozenset({Task.BINARY}), (-np.inf, np.inf)
    yield Metric(
        "calibration_slope", "Calibration slope", binary, "score", False, every, "",
        "b of logit P(y) = a + b logit(score), best at 1", SOURCE, Means(slope_columns, slope),
        target=1.0, by_default=False,
    )  # fmt: skip
    yield Metric(
        "calibration_intercept", "Calibration intercept", binary, "score", False, every, "logits",
        "a of logit P(y) = a + logit(score), best at 0", SOURCE,
        Means(intercept_columns, intercept), target=0.0, by_default=False,
    )  # fmt: skip
