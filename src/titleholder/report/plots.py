"""The plots that a card has room for, by task."""

import numpy as np

from titleholder.arrays import Panel, Predictions
from titleholder.report.curves import curves
from titleholder.report.latency import latency
from titleholder.report.plot import CANDIDATE, CHAMPION, Plot
from titleholder.report.residuals import residuals
from titleholder.report.thresholds import thresholds
from titleholder.types import Task


def plots(panel: Panel, champion: Predictions, candidate: Predictions) -> tuple[Plot, ...]:
    """The plots of a task; none where scores, answers or truths are missing."""
    timed = latency(champion, candidate)
    return (*_of_task(panel, champion, candidate), *((timed,) if timed else ()))


def _of_task(panel: Panel, champion: Predictions, candidate: Predictions) -> tuple[Plot, ...]:
    if panel.y_true is None or len(panel) == 0:
        return ()
    y = np.asarray(panel.y_true, dtype=float)
    if panel.task is Task.REGRESSION:
        if champion.value is None or candidate.value is None:
            return ()
        return residuals(y, champion.value, candidate.value)
    if panel.task is not Task.BINARY or champion.score is None or candidate.score is None:
        return ()
    drawn = curves(panel, y, ((CHAMPION, champion.score), (CANDIDATE, candidate.score)))
    priced = thresholds(panel, champion, candidate)
    return (*drawn, priced) if priced else drawn
