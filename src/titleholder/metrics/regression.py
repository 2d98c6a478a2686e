"""Metrics of numeric answers. Truth and answers are finite; errors are answer minus truth."""

from collections.abc import Callable, Iterator
from functools import cache, partial

import numpy as np

from titleholder.arrays import Floats, Panel, Predictions
from titleholder.metrics.base import Family, Means, Metric, first, number, ratio
from titleholder.types import Task

SKLEARN = "scikit-learn user guide, 3.4.6 Regression metrics"


def paired_values(panel: Panel, predictions: Predictions) -> tuple[Floats, Floats]:
    """Truth and answers, (n,) each."""
    if predictions.value is None or panel.y_true is None:
        raise ValueError("a metric of numeric answers was asked of predictions without them")
    return np.asarray(panel.y_true, dtype=float), predictions.value


def error_columns(panel: Panel, predictions: Predictions) -> Floats:
    """Signed error, (n, 1)."""
    truth, answer = paired_values(panel, predictions)
    return (answer - truth)[:, None]


def absolute_columns(panel: Panel, predictions: Predictions) -> Floats:
    """Absolute error, (n, 1)."""
    return np.abs(error_columns(panel, predictions))


def squared_columns(panel: Panel, predictions: Predictions) -> Floats:
    """Squared error, (n, 1)."""
    return error_columns(panel, predictions) ** 2


def percentage_columns(panel: Panel, predictions: Predictions) -> Floats:
    """Absolute error over absolute truth, (n, 1); NaN on rows whose truth is 0."""
    truth, answer = paired_values(panel, predictions)
    return ratio(np.abs(answer - truth), np.abs(truth))[:, None]


def symmetric_columns(panel: Panel, predictions: Predictions) -> Floats:
    """Absolute error over the mean size of truth and answer, (n, 1); 0 where both are 0."""
    truth, answer = paired_values(panel, predictions)
    size = (np.abs(truth) + np.abs(answer)) / 2
    return np.nan_to_num(ratio(np.abs(answer - truth), size))[:, None]


def determination_columns(panel: Panel, predictions: Predictions) -> Floats:
    """Squared error, truth and squared truth, (n, 3); truth is centred for precision."""
    truth, _ = paired_values(panel, predictions)
    return _determination(float(truth.mean()) if len(truth) else 0.0, panel, predictions)


def determination_about(centre: float) -> Callable[[Panel, Predictions], Floats]:
    """The same, whichever rows stand beside: truth is centred at this number."""
    return partial(_determination, centre)


def _determination(centre: float, panel: Panel, predictions: Predictions) -> Floats:
    truth, answer = paired_values(panel, predictions)
    centred = truth - centre
    return np.column_stack([(answer - truth) ** 2, centred, centred**2])


@cache
def pinball_columns(quantile: float) -> Callable[[Panel, Predictions], Floats]:
    """Loss whose minimum is the ``quantile`` of the truth, (n, 1)."""

    def columns(panel: Panel, predictions: Predictions) -> Floats:
        truth, answer = paired_values(panel, predictions)
        short = truth - answer
        return np.maximum(quantile * short, (quantile - 1) * short)[:, None]

    return columns


def root(means: Floats) -> Floats:
    """Square root of the only mean; NaN below 0, where a step beside a perfect answer leads."""
    mean = means[..., 0]
    return np.sqrt(np.where(mean >= 0, mean, np.nan))


def determination(means: Floats) -> Floats:
    """1 - squared error / variance of the truth; NaN for a constant truth."""
    variance = means[..., 2] - means[..., 1] ** 2
    # Below rounding, a variance is that of a constant, and R² has no meaning.
    variance = np.where(variance > 1e-12 * np.maximum(means[..., 2], 1e-300), variance, 0.0)
    return 1 - ratio(means[..., 0], variance)


def pinball(name: str, quantile: float) -> Metric:
    """The loss of answers that mean to be this quantile of the truth."""
    return Metric(
        name, f"Pinball loss at {quantile:g}", frozenset({Task.REGRESSION}), "value", False,
        (0.0, np.inf), "target", f"mean max(q (y - f), (q - 1) (y - f)), q = {quantile:g}",
        SKLEARN, Means(pinball_columns(quantile), first, by_row=True),
    )  # fmt: skip


def families() -> Iterator[Family]:
    """The families of this topic."""

    def make(argument: str) -> Metric | None:
        quantile = number(argument, 0.0, 1.0)
        return None if quantile is None else pinball(f"pinball[{argument}]", quantile)

    yield Family("pinball", "a quantile between 0 and 1", ("pinball[0.5]", "pinball[0.95]"), make)


def metrics() -> Iterator[Metric]:
    """The entries of this topic."""

    def entry(
        name: str,
        title: str,
        columns: Callable[[Panel, Predictions], Floats],
        formula: str,
        value: Callable[[Floats], Floats] = first,
        unit: str = "target",
        source: str = SKLEARN,
        highest: float = np.inf,
    ) -> Metric:
        tasks, law = frozenset({Task.REGRESSION}), Means(columns, value, by_row=True)
        domain = (0.0, highest)
        return Metric(name, title, tasks, "value", False, domain, unit, formula, source, law)

    yield entry("mae", "Mean absolute error", absolute_columns, "mean |e|")
    yield entry("mse", "Mean squared error", squared_columns, "mean e^2", unit="target^2")
    yield entry("rmse", "Root mean squared error", squared_columns, "sqrt(mean e^2)", root)
    yield entry("mape", "Mean absolute percentage error", percentage_columns, "mean |e / y|",
                unit="")  # fmt: skip
    yield entry(
        "smape", "Symmetric MAPE", symmetric_columns, "mean 2|e| / (|y| + |f|)", unit="",
        source="doi:10.1016/S0169-2070(00)00057-1", highest=2.0,
    )  # fmt: skip
    yield pinball("pinball_10", 0.1)
    yield pinball("pinball_90", 0.9)
    yield Metric(
        "r2", "R²", frozenset({Task.REGRESSION}), "value", True, (-np.inf, 1.0), "",
        "1 - mean e^2 / var y", SKLEARN,
        Means(determination_columns, determination, about=determination_about),
    )  # fmt: skip
    yield Metric(
        "bias", "Bias", frozenset({Task.REGRESSION}), "value", False, (-np.inf, np.inf), "target",
        "mean e, best at 0", SKLEARN, Means(error_columns, first, by_row=True), target=0.0,
    )  # fmt: skip
