"""Metrics of rows that were scored elsewhere: what a ``score_<metric>`` column is the mean of.

A score need not be about every row: how well a refusal was given is asked only where one was due.
Where people rated some of the rows too, a machine's scores are corrected by how far it was off
there: the mean of all its scores plus the mean of (rating - score) over the rated rows, which is
prediction-powered inference with all weight on the machine (Angelopoulos et al. 2023,
doi:10.1126/science.adi6000). It is unbiased, however wrong the machine, if the rated rows are a
random part of the panel; both terms are resampled together.
"""

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from titleholder.arrays import Bools, Floats, Panel, Predictions
from titleholder.errors import NotComparable
from titleholder.metrics.base import Means, Metric, first, ratio
from titleholder.metrics.registry import Registry
from titleholder.types import Task

ITEM = "score_"
SOURCE = "the predictions file"
CORRECTED = "doi:10.1126/science.adi6000"


def metric_of(
    name: str, registry: Registry, champion: Predictions, candidate: Predictions
) -> Metric:
    """The metric of a ``score_<name>`` column: the registry's, or one of which more is better."""
    known = registry.get(name)
    metric = (
        known
        if known is not None and known.needs == ITEM + name
        else item_metric(name, f"mean of {ITEM}{name}")
    )
    if name in champion.rated or name in candidate.rated:
        return replace(metric, source=CORRECTED, law=Means(corrected_columns(name), corrected))
    return metric


def item_metric(
    name: str,
    formula: str,
    *,
    title: str = "",
    higher_is_better: bool = True,
    domain: tuple[float, float] = (-np.inf, np.inf),
    unit: str = "",
) -> Metric:
    """A mean of scores, row by row."""
    return Metric(
        name, title or name, frozenset({Task.SCORED}), ITEM + name, higher_is_better, domain,
        unit, formula, SOURCE, Means(score_columns(name), first),
    )  # fmt: skip


def rows_about(
    metric: Metric, panel: Panel, champion: Predictions, candidate: Predictions
) -> Bools | None:
    """The rows (n,) that a metric is about; None where it is about all of them.

    It says so itself, or its scores do. Raises NotComparable where champion and candidate were
    scored on different rows.
    """
    if metric.about is not None:
        return metric.about(panel)
    name = metric.needs.removeprefix(ITEM)
    one, two = champion.items.get(name), candidate.items.get(name)
    if metric.needs == name or one is None or two is None:
        return None
    about, other = np.isfinite(one), np.isfinite(two)
    if not np.array_equal(about, other):
        raise NotComparable(
            f"{name}: {champion.model} and {candidate.model} were scored on different rows "
            f"({int((about != other).sum())} differ)",
            cure="leave a row that one of them has no score for out of both (about_<metric>: 0)",
        )
    return None if about.all() else about


def score_columns(name: str) -> Callable[[Panel, Predictions], Floats]:
    """The scores, (n, 1)."""

    def columns(panel: Panel, predictions: Predictions) -> Floats:
        return predictions.items[name][:, None]

    return columns


def corrected_columns(name: str) -> Callable[[Panel, Predictions], Floats]:
    """The machine's score, whether people rated the row, and how far it was off there, (n, 3)."""

    def columns(panel: Panel, predictions: Predictions) -> Floats:
        score = predictions.items[name]
        rating = predictions.rated.get(name, np.full(len(score), np.nan))
        seen = np.isfinite(rating)
        return np.column_stack([score, seen, np.where(seen, rating - score, 0.0)])

    return columns


def corrected(means: Floats) -> Floats:
    """The mean score and the mean correction, (..., 3) to (...); NaN where nobody rated a row."""
    return means[..., 0] + ratio(means[..., 2], means[..., 1])
