"""scikit-learn models that try to tell a group from the rest: column by column, and together.

Every score is of a model that was fitted on other rows: five folds, clusters kept together.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from titleholder.arrays import Bools, Floats, Ints
from titleholder.comparison.slices import labels_of

FOLDS = 5
LEAST = 25  # members, and others: with fewer, folds are left without either
_LEAVES = 16
_TREES = 40

Column = NDArray[Any]


def out_of_fold(
    columns: Mapping[str, Column], member: Bools, cluster: Ints | None, seed: int
) -> dict[str, Floats]:
    """A score (n,) for each column, larger where the row looks like a ``member`` (n,) of a group.

    Under the name ``""`` stands that of all columns together, where there are several.
    """
    folds = list(_folds(member, cluster, seed))
    scores = {name: _by_column(values, member, folds, seed) for name, values in columns.items()}
    if len(columns) > 1:
        scores[""] = _together(list(columns.values()), member, folds, seed)
    return scores


def _folds(member: Bools, cluster: Ints | None, seed: int) -> Iterator[tuple[Ints, Ints]]:
    from sklearn.model_selection import GroupKFold, StratifiedKFold

    blank = np.zeros((len(member), 1))
    if cluster is None:
        yield from StratifiedKFold(FOLDS, shuffle=True, random_state=seed).split(blank, member)
        return
    yield from GroupKFold(FOLDS, shuffle=True, random_state=seed).split(blank, member, cluster)


def _by_column(values: Column, member: Bools, folds: list[tuple[Ints, Ints]], seed: int) -> Floats:
    """A number by a small tree, a word by how often its rows are members."""
    from sklearn.preprocessing import TargetEncoder
    from sklearn.tree import DecisionTreeClassifier

    score = np.zeros(len(member))
    numeric = values.dtype.kind in "iuf"
    x = _coded(values)[:, None]
    for fit, rest in folds:
        if numeric:
            least = max(5, len(fit) // 100)
            tree = DecisionTreeClassifier(
                max_leaf_nodes=_LEAVES, min_samples_leaf=least, random_state=seed
            )
            score[rest] = tree.fit(x[fit], member[fit]).predict_proba(x[rest])[:, 1]
        else:
            encoder = TargetEncoder(target_type="binary", random_state=seed)
            score[rest] = encoder.fit(x[fit], member[fit]).transform(x[rest])[:, 0]
    return score


def _together(
    columns: list[Column], member: Bools, folds: list[tuple[Ints, Ints]], seed: int
) -> Floats:
    from sklearn.ensemble import HistGradientBoostingClassifier

    x = np.column_stack([_coded(values) for values in columns])
    score = np.zeros(len(member))
    for fit, rest in folds:
        model = HistGradientBoostingClassifier(
            max_iter=_TREES, early_stopping=False, random_state=seed
        )
        score[rest] = model.fit(x[fit], member[fit]).predict_proba(x[rest])[:, 1]
    return score


def _coded(values: Column) -> Floats:
    """Numbers as they are, words by their place in order."""
    if values.dtype.kind in "iuf":
        return _numbers(values)
    _, code = np.unique(labels_of(values).astype(str), return_inverse=True)
    return code.astype(float)


def _numbers(values: Column) -> Floats:
    """As floats; infinities are missing, which trees know how to split on."""
    found = values.astype(float)
    return np.where(np.isfinite(found), found, np.nan)
