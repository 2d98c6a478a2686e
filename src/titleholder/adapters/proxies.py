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
# Few small trees in long steps: what they tell of a group is what many large ones do.
_TREES, _LEAVES_TOGETHER, _RATE, _BINS = 20, 12, 0.2, 64

Column = NDArray[Any]


def out_of_fold(
    columns: Mapping[str, Column], member: Bools, cluster: Ints | None, seed: int
) -> dict[str, Floats]:
    """A score (n,) for each column, larger where the row looks like a ``member`` (n,) of a group.

    Under the name ``""`` stands that of all columns together, where there are several.
    """
    folds = list(_folds(member, cluster, seed))
    words = [name for name, values in columns.items() if values.dtype.kind not in "iuf"]
    coded = {name: _coded(values) for name, values in columns.items()}
    by_word = _by_word([coded[name] for name in words], member, folds, seed)
    found = dict(zip(words, by_word, strict=True))
    scores = {
        name: found[name] if name in found else _by_number(values, member, folds, seed)
        for name, values in coded.items()
    }
    if len(columns) > 1:
        scores[""] = _together(list(coded.values()), member, folds, seed)
    return scores


def _folds(member: Bools, cluster: Ints | None, seed: int) -> Iterator[tuple[Ints, Ints]]:
    from sklearn.model_selection import GroupKFold, StratifiedKFold

    blank = np.zeros((len(member), 1))
    if cluster is None:
        yield from StratifiedKFold(FOLDS, shuffle=True, random_state=seed).split(blank, member)
        return
    yield from GroupKFold(FOLDS, shuffle=True, random_state=seed).split(blank, member, cluster)


def _by_number(values: Floats, member: Bools, folds: list[tuple[Ints, Ints]], seed: int) -> Floats:
    """A number, by a small tree."""
    from sklearn.tree import DecisionTreeClassifier

    score, x = np.zeros(len(member)), values[:, None]
    for fit, rest in folds:
        least = max(5, len(fit) // 100)
        tree = DecisionTreeClassifier(
            max_leaf_nodes=_LEAVES, min_samples_leaf=least, random_state=seed
        )
        score[rest] = tree.fit(x[fit], member[fit]).predict_proba(x[rest])[:, 1]
    return score


def _by_word(
    columns: list[Floats], member: Bools, folds: list[tuple[Ints, Ints]], seed: int
) -> list[Floats]:
    """Words, column by column, by how often their rows are members."""
    from sklearn.preprocessing import TargetEncoder

    if not columns:
        return []
    x = np.column_stack(columns)
    score = np.zeros(x.shape)
    for fit, rest in folds:
        encoder = TargetEncoder(target_type="binary", random_state=seed)
        score[rest] = encoder.fit(x[fit], member[fit]).transform(x[rest])
    return list(np.ascontiguousarray(score.T))


def _together(
    columns: list[Floats], member: Bools, folds: list[tuple[Ints, Ints]], seed: int
) -> Floats:
    from sklearn.ensemble import HistGradientBoostingClassifier

    x = np.column_stack(columns)
    score = np.zeros(len(member))
    for fit, rest in folds:
        model = HistGradientBoostingClassifier(
            max_iter=_TREES,
            max_leaf_nodes=_LEAVES_TOGETHER,
            learning_rate=_RATE,
            max_bins=_BINS,
            early_stopping=False,
            random_state=seed,
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
