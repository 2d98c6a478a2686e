"""A panel's frame against training data: what is compared, and what stands in the way."""

from collections.abc import Collection
from typing import TYPE_CHECKING

import numpy as np

from titleholder.leakage.coincidence import counted
from titleholder.leakage.hashes_file import Hashed
from titleholder.leakage.records import Coincidences
from titleholder.leakage.rows import RowHashes, hashed, kind_of

if TYPE_CHECKING:
    import pandas as pd


def content_of(
    frame: "pd.DataFrame", apart: Collection[str], target: str | None, key: tuple[str, ...]
) -> tuple[Hashed, RowHashes]:
    """All of a frame that makes a row's content: not what names or weighs rows (``apart``), not
    the target, not the key.
    """
    aside = {*apart, *key, *([] if target is None else [target])}
    columns = sorted(str(name) for name in frame.columns if name not in aside)
    there = target if target in frame else None
    what = Hashed(
        version=1,
        columns={name: kind_of(frame[name]) for name in columns},
        target=there,
        target_kind=None if there is None else kind_of(frame[there]),
        key=key,
    )
    return what, hashed(frame, columns, there, key)


def against_frame(
    name: str,
    panel: "pd.DataFrame",
    training: "pd.DataFrame",
    apart: Collection[str],
    target: str | None,
    key: tuple[str, ...],
    row_id: str,
) -> Coincidences:
    """The panel against training data at hand: by the columns that both have."""
    if lacking := _lacking(key, panel, training):
        return Coincidences(training=name, error=f"{name}: {lacking}, which leakage is to go by")
    shared = [column for column in training.columns if column in panel]
    what, rows = content_of(training[shared], apart, target, key)
    return _held(name, panel, what, rows, apart, row_id)


def against_hashes(
    name: str,
    panel: "pd.DataFrame",
    what: Hashed,
    rows: RowHashes,
    apart: Collection[str],
    key: tuple[str, ...],
    row_id: str,
) -> Coincidences:
    """The panel against the hashes of training data: by the columns that were hashed."""
    if what.key != key:
        said = f"{name} was made with the key {list(what.key)}, and the suite names {list(key)}"
        return Coincidences(training=name, error=said)
    if names := sorted(set(what.columns) & set(apart)):
        said = f"{name} was made with {names[0]!r} as content, which names or weighs rows here"
        return Coincidences(training=name, error=said)
    return _held(name, panel, what, rows, apart, row_id)


def _held(
    name: str,
    panel: "pd.DataFrame",
    what: Hashed,
    rows: RowHashes,
    apart: Collection[str],
    row_id: str,
) -> Coincidences:
    target = what.target if what.target in panel else None
    wanted = {**what.columns, **({target: what.target_kind} if target and what.target_kind else {})}
    missing = [column for column in (*what.columns, *what.key) if column not in panel]
    if missing:
        return Coincidences(
            training=name, error=f"the panel lacks {missing[0]!r}, which {name} has"
        )
    for column, kind in wanted.items():
        here = kind_of(panel[column])
        if kind != here and "empty" not in (kind, here):
            said = f"{column!r} is of {kind}s in {name} and of {here}s in the panel"
            return Coincidences(training=name, error=f"{said}: rows cannot be compared")
    ours = hashed(panel, list(what.columns), target, what.key)
    aside = {*apart, *what.columns, *what.key, *([what.target] if what.target else [])}
    left_out = tuple(sorted(str(column) for column in panel.columns if column not in aside))
    ids = panel[row_id] if row_id in panel else np.arange(len(panel))
    return counted(
        name, ours, rows, tuple(what.columns), left_out, what.key, np.asarray(ids).astype(str)
    )


def _lacking(key: tuple[str, ...], panel: "pd.DataFrame", training: "pd.DataFrame") -> str:
    for side, frame in (("the panel", panel), ("it", training)):
        for column in key:
            if column not in frame:
                return f"{side} has no column {column!r}"
    return ""
