"""The short way to a metric of one's own: a number for each row, and which rows it is about.

A file of one's own metrics, here one for reviews that mean the opposite of what they say::

    from titleholder.metrics import row_metric

    def taken_at_its_word(panel, predictions):
        return predictions.label != panel.y_true

    def is_sarcastic(panel):
        return panel.columns["sarcastic"] == 1

    METRICS = [
        row_metric(
            "sarcasm_missed", taken_at_its_word, where=is_sarcastic,
            task="multiclass", needs="label", higher_is_better=False, domain=(0, 1),
        )
    ]
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike

from titleholder.arrays import Floats, Panel, Predictions
from titleholder.errors import BadInput
from titleholder.metrics.base import Means, Metric, ratio
from titleholder.types import Task

RowScore = Callable[[Panel, Predictions], ArrayLike]
RowChoice = Callable[[Panel], ArrayLike]


def row_metric(
    name: str,
    score: RowScore,
    *,
    task: str,
    needs: str,
    higher_is_better: bool,
    where: RowChoice | None = None,
    domain: tuple[float, float] = (-np.inf, np.inf),
    title: str = "",
    unit: str = "",
    formula: str = "",
    source: str = "own",
) -> Metric:
    """The mean of ``score`` over the rows of ``where``, or over all; both (n,), or one for all.

    ``score`` gets the panel and one model's predictions, ``where`` the panel alone, so that both
    models are held to the same rows. ``needs`` names what the predictions must hold: label,
    score or value. The metric has no value where no row is meant. BadInput, where it is
    evaluated, if either fails or gives anything but one number a row.
    """

    def columns(panel: Panel, predictions: Predictions) -> Floats:
        scores = _numbers(name, panel, lambda: score(panel, predictions))
        meant = _numbers(name, panel, lambda: True if where is None else where(panel)) != 0
        return np.column_stack([np.where(meant, scores, 0.0), meant])

    return Metric(
        name, title or name.replace("_", " ").capitalize(), frozenset({Task(task)}), needs,
        higher_is_better, domain, unit, formula or f"mean of {name} over its rows", source,
        Means(columns, _mean_of_meant), by_default=False,
    )  # fmt: skip


def _numbers(name: str, panel: Panel, asked: Callable[[], ArrayLike]) -> Floats:
    """What a function of the user's gives, one number a row; one number stands for all."""
    try:
        found = np.asarray(asked(), dtype=float)
    except Exception as error:
        raise BadInput(f"the metric {name!r} failed: {type(error).__name__}: {error}") from error
    if found.shape not in ((), (len(panel),)):
        raise BadInput(f"the metric {name!r} gives {found.shape} values for {len(panel)} rows")
    return np.broadcast_to(found, (len(panel),))


def _mean_of_meant(means: Floats) -> Floats:
    return ratio(means[..., 0], means[..., 1])
