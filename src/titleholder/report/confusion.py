"""Confusion matrices of both models side by side, and what changed between them."""

from dataclasses import dataclass

import numpy as np

from titleholder.arrays import Ints, Panel, Predictions

MOST_CLASSES = 12
OTHERS = "all others"


@dataclass(frozen=True, slots=True)
class Cell:
    """A count of rows, its share of the rows of that truth, and a shade of 0 to 100."""

    count: int
    share: float | None
    shade: int


@dataclass(frozen=True, slots=True)
class Matrix:
    """Counts by truth (rows) and answer (columns)."""

    title: str
    cells: tuple[tuple[Cell, ...], ...]


@dataclass(frozen=True, slots=True)
class Confusion:
    """Both matrices and their difference, candidate less champion, over the same classes."""

    classes: tuple[str, ...]
    champion: Matrix
    candidate: Matrix
    difference: Matrix
    weighted: bool


def confusion(panel: Panel, champion: Predictions, candidate: Predictions) -> Confusion | None:
    """The matrices; None where a model gave no labels or rows have no classes.

    Of many classes the largest are kept, and the rest counted as one.
    """
    if panel.y_true is None or not panel.classes:
        return None
    if champion.label is None or candidate.label is None:
        return None
    code, classes = _kept(panel.y_true, panel.classes)
    truth = code[panel.y_true]
    first = _counts(truth, code[champion.label], len(classes))
    second = _counts(truth, code[candidate.label], len(classes))
    return Confusion(
        classes=classes,
        champion=_matrix("Champion", first, first.sum(axis=1)),
        candidate=_matrix("Candidate", second, second.sum(axis=1)),
        difference=_matrix("Difference", second - first, first.sum(axis=1)),
        weighted=panel.weight is not None,
    )


def _kept(truth: Ints, classes: tuple[str, ...]) -> tuple[Ints, tuple[str, ...]]:
    """A new code for each class, (K,), and the names of the new codes."""
    k = len(classes)
    if k <= MOST_CLASSES:
        return np.arange(k), classes
    rows = np.bincount(truth, minlength=k)
    largest = np.sort(np.argsort(-rows, kind="stable")[: MOST_CLASSES - 1])
    code = np.full(k, len(largest))
    code[largest] = np.arange(len(largest))
    return code, (*(classes[i] for i in largest), OTHERS)


def _counts(truth: Ints, label: Ints, k: int) -> Ints:
    counts: Ints = np.bincount(truth * k + label, minlength=k * k).reshape(k, k)
    return counts


def _matrix(title: str, counts: Ints, rows: Ints) -> Matrix:
    shares = [
        [count / total if total else None for count in line]
        for line, total in zip(counts.tolist(), rows.tolist(), strict=True)
    ]
    most = max((abs(s) for line in shares for s in line if s is not None), default=0.0)
    cells = tuple(
        tuple(
            Cell(count, share, round(100 * abs(share or 0.0) / most) if most else 0)
            for count, share in zip(line, parts, strict=True)
        )
        for line, parts in zip(counts.tolist(), shares, strict=True)
    )
    return Matrix(title, cells)
