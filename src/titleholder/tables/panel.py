"""The panel: the rows that both models are judged on."""

from collections.abc import Sequence
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from titleholder.arrays import Floats, Ids, Ints, Panel
from titleholder.comparison.segments import with_segments
from titleholder.comparison.slices import columns_of, label_of
from titleholder.errors import BadInput, UsageError
from titleholder.params.schema import Columns, Policy
from titleholder.rounding import plural
from titleholder.tables.cells import (
    column_of,
    keys_of,
    labels_in,
    numbers,
    refuse,
    require,
    some,
)
from titleholder.types import Task

if TYPE_CHECKING:
    import pandas as pd


WEIGHT = "weight"  # the column that is taken for weights where none is named


def panel_of(frame: "pd.DataFrame", policy: Policy, where: str, *, whole: bool = True) -> Panel:
    """The panel that a frame holds, as the policy's columns and task say.

    Of a part of a panel (not ``whole``) all weights may be zero.
    """
    columns = policy.columns
    ids = keys_of(frame, columns.row_id, where)
    for name in columns_of(policy.slices):
        if name not in policy.segments:
            require(frame, name, where)
    target = columns.target or "y_true"
    y_true: NDArray[Any] | None = None
    classes: tuple[str, ...] = ()
    if policy.task is Task.REGRESSION:
        y_true = numbers(frame, target, where, ids)
    elif policy.task is not Task.SCORED:
        labels = labels_in(frame, target, where, ids)
        classes = classes_of(labels.words, policy, where)
        y_true = labels.as_codes(classes)
    panel = Panel(
        row_id=ids,
        task=policy.task,
        y_true=y_true,
        classes=classes,
        weight=_weights(frame, columns, where, ids, whole=whole),
        cluster=_clusters(frame, columns, where),
        columns={str(name): _plain(frame[name]) for name in frame.columns if name != target},
    )
    return with_segments(panel, policy.segments)


def classes_of(words: Sequence[str], policy: Policy, where: str) -> tuple[str, ...]:
    """The classes in code order: (negative, positive) for binary, sorted for multiclass."""
    found = sorted(words)
    if policy.task is Task.MULTICLASS:
        return tuple(found) if policy.classes is None else _declared(policy.classes, found, where)
    positive = _positive(policy, found, where)
    others = [label for label in found if label != positive]
    if len(others) > 1:
        raise BadInput(
            f"{where}: a binary target holds {len(found)} labels: {some(found)}",
            cure="task: multiclass, or filter the rows",
        )
    return (others[0] if others else f"not {positive}", positive)


def _declared(classes: Sequence[str], found: Sequence[str], where: str) -> tuple[str, ...]:
    """The suite's own classes: all that models know, whether or not each has rows here."""
    unknown = [label for label in found if label not in classes]
    if unknown:
        raise BadInput(
            f"{where}: holds the labels {some(unknown)}, which are not among the suite's classes",
            cure="name every label under classes:, as the data write it",
        )
    return tuple(classes)


def _positive(policy: Policy, found: Sequence[str], where: str) -> str:
    if policy.positive is not None:
        said = label_of(policy.positive)
        if said not in found and len(found) > 1:
            near = get_close_matches(said.lower(), found, n=1)
            cure = f'write positive: "{near[0]}"' if near else "write one of these labels"
            if isinstance(policy.positive, bool):
                cure += ", in quotes: a bare yes or no is a truth value in YAML"
            raise UsageError(
                f"positive: {said!r} is no label of {where}, which has {some(found)}", cure=cure
            )
        return said
    for one, zero in (("1", "0"), ("true", "false")):
        if set(found) <= {one, zero}:
            return one
    raise UsageError(
        f"which of {some(found)} is the positive class?", cure="say so: positive: <label>"
    )


def _weights(
    frame: "pd.DataFrame", columns: Columns, where: str, ids: Ids, *, whole: bool
) -> Floats | None:
    name = columns.weight or (WEIGHT if WEIGHT in frame else None)
    if name is None:
        return None
    weights = numbers(frame, name, where, ids)
    refuse(weights < 0, ids, f"{where}: column {name!r} is negative")
    if whole and not weights.sum() > 0:
        raise weightless(where, name)
    return weights


def weightless(where: str, name: str) -> BadInput:
    """That no row of a panel weighs anything."""
    told = f"{where}: all weights are zero"
    return BadInput(told, cure=f"leave column {name!r} out, or fill it")


def _clusters(frame: "pd.DataFrame", columns: Columns, where: str) -> Ints | None:
    name = columns.cluster or ("cluster" if "cluster" in frame else None)
    if name is None:
        return None
    codes, _ = column_of(frame, name, where).factorize()
    if (codes < 0).any():
        first = int(np.flatnonzero(codes < 0)[0]) + 1
        raise BadInput(
            f"{where}: {plural(int((codes < 0).sum()), 'row')} without {name}, "
            f"the first is row {first}",
            cure="name the cluster of every row, or leave the column out",
        )
    return codes.astype(np.int64)


def _plain(series: "pd.Series[Any]") -> NDArray[Any]:
    """A column as a numpy array: numbers and booleans as they are, the rest as objects."""
    if series.dtype.kind in "biuf" and isinstance(series.dtype, np.dtype):
        return series.to_numpy()
    return series.astype(object).to_numpy()
