"""Where else is the candidate worse? A search over slices that nobody declared.

Every column of the panel, and pairs of the most telling ones, are cut into groups: values as they
are, numbers into quarters. In each group the mean change of the rows' losses is tested against
none, and Benjamini-Hochberg is laid over all that was looked at or might have been: which columns
are crossed was chosen by the same rows, so that a group passed over counts as one that showed
nothing. What comes out is a place to look, never a rule: the rows that suggest a slice cannot also
prove it.
"""

import math
from collections.abc import Collection, Hashable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations, pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from titleholder.arrays import Floats, Ints, Panel, Predictions
from titleholder.comparison.slices import labels_of
from titleholder.stats.multiplicity import benjamini_hochberg
from titleholder.types import Record, Task

LEAST = 50  # rows of a group: below, neither its mean nor its test says much
MOST_VALUES = 30
QUARTERS = (0.25, 0.5, 0.75)
MOST_CROSSED = 6  # columns that are crossed with one another
MOST_FOUND = 8
LEVEL = 0.05


class Suspect(Record, frozen=True):
    """A group of rows on which the candidate does worse than elsewhere would explain.

    ``loss`` is the mean change of loss a row, positive is worse: squared error of the
    probability, absolute error, or the share of rows that were right and are wrong. ``q`` is the
    Benjamini-Hochberg value over all groups that were looked at, or passed over.
    """

    slice: str
    n: int
    loss: float
    std_error: float
    q: float


class Explored(Record, frozen=True):
    """What a search found. ``looked_at`` counts the groups, ``measure`` says what a loss is."""

    measure: str
    looked_at: int
    level: float
    suspects: tuple[Suspect, ...]


@dataclass(frozen=True, slots=True)
class _Groups:
    """Rows sorted into the groups of a column or of two: ``code`` (n,) into ``names``."""

    columns: tuple[str, ...]
    code: Ints
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Tested:
    """The mean change of loss of each group, (g,), with its standard error and p-value."""

    groups: _Groups
    n: Ints
    mean: Floats
    error: Floats
    p: Floats


def explore(
    panel: Panel, champion: Predictions, candidate: Predictions, ignore: Collection[str] = ()
) -> Explored:
    """The groups of rows that lost most, worst first, those with q below `LEVEL` alone.

    Columns in ``ignore`` are not looked at: ids, weights and the like.
    """
    measure, worse = losses(panel, champion, candidate)
    singles = [_tested(groups, worse, panel) for groups in _single(panel, ignore)]
    singles.sort(key=lambda tested: float(np.nanmin(tested.p, initial=1.0)))
    crossed = combinations([tested.groups for tested in singles[:MOST_CROSSED]], 2)
    everything = singles + [_tested(_crossed(a, b), worse, panel) for a, b in crossed]
    flat = [(tested, i) for tested in everything for i in range(len(tested.p))]
    unseen = np.ones(_passed_over([tested.groups for tested in singles], len(panel)))
    p = np.concatenate([*(tested.p for tested in everything), unseen])
    q = benjamini_hochberg(p)[: len(flat)]
    found = [
        Suspect(
            slice=tested.groups.names[i],
            n=int(tested.n[i]),
            loss=float(tested.mean[i]),
            std_error=float(tested.error[i]),
            q=float(value),
        )
        for (tested, i), value in zip(flat, q, strict=True)
        if math.isfinite(value) and value <= LEVEL
    ]
    found.sort(key=lambda suspect: (-suspect.loss, suspect.slice))
    looked_at = int(np.isfinite(q).sum())
    return Explored(measure, looked_at, LEVEL, tuple(found[:MOST_FOUND]))


def losses(panel: Panel, champion: Predictions, candidate: Predictions) -> tuple[str, Floats]:
    """What a loss is, in words, and how much larger the candidate's is on each row, (n,)."""
    truth = panel.y_true
    if truth is not None:
        found = _against(truth, panel.task, champion, candidate)
        if found is not None:
            return found
    names = sorted({*champion.items} & {*candidate.items})
    if names:
        fallen = [champion.items[name] - candidate.items[name] for name in names]
        return "fall of the mean score", np.asarray(np.mean(fallen, axis=0), dtype=float)
    return "nothing that both models have", np.zeros(len(panel))


def _against(
    truth: NDArray[Any], task: Task, champion: Predictions, candidate: Predictions
) -> tuple[str, Floats] | None:
    one, two = champion, candidate
    if task is Task.REGRESSION and one.value is not None and two.value is not None:
        error = np.abs(two.value - truth) - np.abs(one.value - truth)
        return "absolute error", np.asarray(error, dtype=float)
    if task is Task.BINARY and one.score is not None and two.score is not None:
        change = (two.score - truth) ** 2 - (one.score - truth) ** 2
        return "squared error of the probability", np.asarray(change, dtype=float)
    if one.label is not None and two.label is not None:
        wrong = (two.label != truth).astype(float) - (one.label != truth)
        return "share of wrong answers", np.asarray(wrong, dtype=float)
    return None


def _single(panel: Panel, ignore: Collection[str]) -> Iterator[_Groups]:
    for name in sorted({*panel.columns} - {*ignore}):
        groups = _of_column(name, panel)
        if groups is not None and len(groups.names) > 1:
            yield groups


def _of_column(name: str, panel: Panel) -> _Groups | None:
    """Values where they are few, quarters of a number; None for ids, free text and lists."""
    values = panel.columns[name]
    if values.dtype == object and not all(isinstance(value, Hashable) for value in values):
        return None
    numeric = values.dtype.kind in "iuf"
    if numeric and len(np.unique(values)) > MOST_VALUES:
        return _quarters(name, values.astype(float))
    distinct, code = np.unique(labels_of(values), return_inverse=True)
    if len(distinct) > MOST_VALUES:
        return None
    return _Groups((name,), code.astype(np.int64), tuple(f"{name}={v}" for v in distinct))


def _quarters(name: str, values: Floats) -> _Groups:
    known = np.isfinite(values)
    if not known.any():
        return _Groups((name,), np.zeros(len(values), dtype=np.int64), (f"{name}=missing",))
    edges = np.unique(np.quantile(values[known], QUARTERS))
    code = np.where(known, np.searchsorted(edges, values, side="right"), len(edges) + 1)
    said = [f"{edge:.6g}" for edge in edges]
    names = [
        f"{name}<{said[0]}",
        *(f"{name}=[{low}, {high})" for low, high in pairwise(said)),
        f"{name}>={said[-1]}",
        f"{name}=missing",
    ]
    return _Groups((name,), code.astype(np.int64), tuple(names))


def _passed_over(by_promise: Sequence[_Groups], rows: int) -> int:
    """At most so many groups of enough rows have the pairs of columns that are not crossed."""
    pairs = set(combinations(range(len(by_promise)), 2))
    pairs -= set(combinations(range(MOST_CROSSED), 2))
    sizes = [len(groups.names) for groups in by_promise]
    return sum(min(sizes[a] * sizes[b], rows // LEAST) for a, b in pairs)


def _crossed(one: _Groups, other: _Groups) -> _Groups:
    code = one.code * len(other.names) + other.code
    names = tuple(f"{a} & {b}" for a in one.names for b in other.names)
    return _Groups((*one.columns, *other.columns), code, names)


def _tested(groups: _Groups, worse: Floats, panel: Panel) -> _Tested:
    """One-sided tests that the candidate loses nothing in a group; NaN for groups too small.

    Rows of one cluster are one observation: the error is that of the clusters' sums.
    """
    from scipy.special import stdtr

    g = len(groups.names)
    weight = np.ones(len(worse)) if panel.weight is None else panel.weight
    n = np.bincount(groups.code, minlength=g)
    mass = np.bincount(groups.code, weights=weight, minlength=g)
    total = np.bincount(groups.code, weights=weight * worse, minlength=g)
    mean = np.divide(total, mass, out=np.full(g, np.nan), where=mass > 0)
    spread = weight * (worse - mean[groups.code])
    units, of_unit = groups.code, spread
    if panel.cluster is not None:
        key = groups.code * (int(panel.cluster.max(initial=0)) + 1) + panel.cluster
        distinct, place = np.unique(key, return_inverse=True)
        of_unit = np.bincount(place, weights=spread)
        units = distinct // (int(panel.cluster.max(initial=0)) + 1)
    count = np.bincount(units, minlength=g)
    squares = np.bincount(units, weights=of_unit**2, minlength=g)
    enough = (n >= LEAST) & (count >= LEAST // 2) & (mass > 0)
    error = np.full(g, np.nan)
    scale = np.sqrt(squares * count / np.maximum(count - 1, 1))
    np.divide(scale, mass, out=error, where=enough)
    p = np.full(g, np.nan)
    moved = enough & (error > 0)
    p[moved] = stdtr(count[moved] - 1, -mean[moved] / error[moved])  # few rows, far tails
    p[enough & (error == 0)] = 1.0
    return _Tested(groups, n, mean, error, p)
