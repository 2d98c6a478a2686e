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

import traceback
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike

from titleholder.arrays import Bools, Floats, Ids, Panel, Predictions
from titleholder.errors import BadInput, UsageError
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
    """The mean of ``score`` over the rows of ``where``, or over all; both give (n,).

    ``score`` gets the panel and one model's predictions, ``where`` the panel alone, so that both
    models are held to the same rows. ``needs`` names what the predictions must hold: label,
    score or value. The metric has no value where no row is meant. BadInput, where it is
    evaluated, if either fails or gives anything but one number a row, and if a score lies
    outside ``domain``, whose ends the intervals rely on.
    """

    def columns(panel: Panel, predictions: Predictions) -> Floats:
        scores = _numbers(name, panel, lambda: score(panel, predictions))
        meant = _chosen(name, panel, where)
        scores = np.where(meant, scores, 0.0)
        _within(name, panel.row_id[meant], scores[meant], domain)
        return np.column_stack([scores, meant])

    return Metric(
        name, title or name.replace("_", " ").capitalize(), frozenset({_task(name, task)}), needs,
        higher_is_better, domain, unit, formula or f"mean of {name} over its rows", source,
        Means(columns, _mean_of_meant), by_default=False,
        about=None if where is None else lambda panel: _chosen(name, panel, where),
    )  # fmt: skip


def _task(name: str, task: str) -> Task:
    try:
        return Task(task)
    except ValueError:
        raise UsageError(
            f"the metric {name!r} says task={task!r}",
            cure=f"a task is one of {', '.join(map(repr, map(str, Task)))}",
        ) from None


def _chosen(name: str, panel: Panel, where: RowChoice | None) -> Bools:
    """The rows that are meant."""
    if where is None:
        return np.ones(len(panel), dtype=bool)
    found = _numbers(name, panel, lambda: where(panel))
    if np.isnan(found).any():
        raise BadInput(
            f"the metric {name!r} does not say of {int(np.isnan(found).sum())} rows whether they "
            "are meant: its where gives NaN",
            cure="give true or false for every row, as `column == 1` does",
        )
    return np.asarray(found != 0)


def _numbers(name: str, panel: Panel, asked: Callable[[], ArrayLike]) -> Floats:
    """What a function of the user's gives, one number a row.

    A single number, such as a mean taken too early, would be a row's score without any spread.
    """
    try:
        found = np.asarray(asked(), dtype=float)
    except (Exception, SystemExit) as error:
        there = ", ".join(sorted(panel.columns)) or "none"
        raise BadInput(
            f"the metric {name!r} failed{_place(error)}: {type(error).__name__}: {error}",
            cure=f"columns of the panel: {there}" if isinstance(error, KeyError) else "",
        ) from error
    if found.shape != (len(panel),):
        gives = "a single number" if found.shape == () else f"{found.shape} values"
        raise BadInput(
            f"the metric {name!r} gives {gives} for {len(panel)} rows",
            cure="give one number a row; the mean over them is taken afterwards",
        )
    return found


def _within(name: str, ids: Ids, scores: Floats, domain: tuple[float, float]) -> None:
    """BadInput if a score is no number, or lies outside of what the metric says of itself."""
    odd = ~np.isfinite(scores)
    if odd.any():
        raise BadInput(
            f"the metric {name!r} gives {scores[odd][0]} for {int(odd.sum())} rows, such as "
            f"{str(ids[odd][0])!r}",
            cure="give a number for every row that counts, and leave the others out by where",
        )
    low, high = domain
    outside = scores[(scores < low) | (scores > high)]
    if outside.size:
        raise BadInput(
            f"the metric {name!r} gives {outside[0]:g} for a row, outside its domain {domain}",
            cure="mend the function, or the domain",
        )


def _place(error: BaseException) -> str:
    """Where in the user's file it was: the deepest line that is not of an installed package."""
    own = [
        frame
        for frame in traceback.extract_tb(error.__traceback__)
        if frame.filename != __file__ and "site-packages" not in frame.filename
    ]
    return f" at {Path(own[-1].filename).name}:{own[-1].lineno}" if own else ""


def _mean_of_meant(means: Floats) -> Floats:
    return ratio(means[..., 0], means[..., 1])
