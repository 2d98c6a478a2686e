"""The rows that changed most, a few each way: where an engineer starts to look.

No more than `MOST` rows each way ever reach a page, and of those no more than the id, the truth
and both answers.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from titleholder.arrays import Bools, Floats, Ints, Panel, Predictions
from titleholder.report import numbers
from titleholder.types import Task

MOST = 6

# For one row of the panel: truth, champion's answer, candidate's answer, as text.
Words = Callable[[int], tuple[str, str, str]]


@dataclass(frozen=True, slots=True)
class Row:
    """One row as it is shown."""

    row_id: str
    truth: str
    champion: str
    candidate: str


@dataclass(frozen=True, slots=True)
class Changed:
    """The clearest losses and gains, and how many rows there are of each."""

    worse: tuple[Row, ...]
    better: tuple[Row, ...]
    n_worse: int
    n_better: int


def changed(
    panel: Panel, champion: Predictions, candidate: Predictions, among: Bools | None = None
) -> Changed | None:
    """Rows by how much their answer got worse or better; None where answers cannot be compared.

    ``among`` (n,) picks the rows to look at.
    """
    found = _quality(panel, champion, candidate)
    if found is None:
        return None
    gain, turned, words = found
    if among is not None:
        turned &= among
    worse, better = turned & (gain < 0), turned & (gain > 0)
    if not (worse.any() or better.any()):
        return None
    return Changed(
        worse=_rows(panel, np.flatnonzero(worse), gain, words),
        better=_rows(panel, np.flatnonzero(better), -gain, words),
        n_worse=int(worse.sum()),
        n_better=int(better.sum()),
    )


def _rows(panel: Panel, at: Ints, gain: Floats, words: Words) -> tuple[Row, ...]:
    """The rows ``at`` whose gain is smallest, in that order; ties in the panel's order."""
    clearest = at[np.argsort(gain[at], kind="stable")][:MOST]
    return tuple(Row(str(panel.row_id[i]), *words(int(i))) for i in clearest)


def _quality(
    panel: Panel, champion: Predictions, candidate: Predictions
) -> tuple[Floats, Bools, Words] | None:
    """How much each row gained (n,), which rows count as changed (n,), and their words."""
    if panel.task is Task.REGRESSION:
        return _of_numbers(panel, champion, candidate)
    if panel.task is Task.SCORED:
        return _of_items(champion, candidate)
    return _of_classes(panel, champion, candidate)


def _of_numbers(
    panel: Panel, champion: Predictions, candidate: Predictions
) -> tuple[Floats, Bools, Words] | None:
    y, first, second = panel.y_true, champion.value, candidate.value
    if y is None or first is None or second is None:
        return None
    gain = np.abs(first - y) - np.abs(second - y)
    return gain, gain != 0, lambda i: (_four(y[i]), _four(first[i]), _four(second[i]))


def _of_items(champion: Predictions, candidate: Predictions) -> tuple[Floats, Bools, Words] | None:
    names = sorted({*champion.items} & {*candidate.items})
    if not names:
        return None
    first, second = (
        np.mean([m.items[name] for name in names], axis=0) for m in (champion, candidate)
    )
    return second - first, second != first, lambda i: ("", _four(first[i]), _four(second[i]))


def _of_classes(
    panel: Panel, champion: Predictions, candidate: Predictions
) -> tuple[Floats, Bools, Words] | None:
    y, first, second = panel.y_true, champion.label, candidate.label
    if y is None or first is None or second is None:
        return None
    hit = (second == y).astype(float) - (first == y)
    # Among rows that turned, those whose score of the truth moved most are the clearest.
    sure = [_score_of(panel, model, y) for model in (champion, candidate)]
    gain = hit + (sure[1] - sure[0] if sure[0] is not None and sure[1] is not None else 0.0)

    def words(i: int) -> tuple[str, str, str]:
        told = [
            panel.classes[int(label[i])] + _sureness(model, i, int(y[i]))
            for model, label in ((champion, first), (candidate, second))
        ]
        return panel.classes[int(y[i])], told[0], told[1]

    return gain, hit != 0, words


def _score_of(panel: Panel, model: Predictions, y: Ints) -> Floats | None:
    """The probability that a model gave to the true class, (n,)."""
    if model.score is None:
        return None
    if model.score.ndim == 1:
        return np.where(y == 1, model.score, 1 - model.score)
    return np.asarray(np.take_along_axis(model.score, y[:, None], axis=1)[:, 0])


def _sureness(model: Predictions, i: int, truth: int) -> str:
    """What the model's score was: of the positive class, or of the true one among several."""
    if model.score is None:
        return ""
    if model.score.ndim == 1:
        return f" (score {numbers.plain(float(model.score[i]), 2)})"
    return f" ({numbers.percent(float(model.score[i, truth]), 0)} on the truth)"


def _four(value: float) -> str:
    return numbers.plain(float(value))
