"""Single columns of a table, each checked for what it may hold; errors name some of the rows."""

from collections.abc import Sequence
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from titleholder.arrays import Bools, Floats, Ints
from titleholder.errors import BadInput, NotComparable
from titleholder.slices import labels_of

if TYPE_CHECKING:
    import pandas as pd

NAMED = 5  # how many offending ids a message names


def column_of(frame: "pd.DataFrame", name: str, where: str) -> "pd.Series[Any]":
    """The column; BadInput with the nearest name where there is none."""
    if name not in frame:
        near = get_close_matches(name, [str(c) for c in frame.columns], n=1)
        hint = f"did you mean {near[0]!r}?" if near else f"it has {some(list(frame.columns))}"
        raise BadInput(f"{where}: no column {name!r}", cure=hint)
    return frame[name]


def require(frame: "pd.DataFrame", column: str, where: str) -> None:
    """BadInput, with the nearest name, unless the frame has this column."""
    column_of(frame, column, where)


def numbers(frame: "pd.DataFrame", column: str, where: str, ids: NDArray[np.str_]) -> Floats:
    """A column as finite floats, (n,); BadInput names the rows that are not."""
    raw = column_of(frame, column, where)
    try:
        values = raw.to_numpy(dtype=float, na_value=np.nan)
    except (TypeError, ValueError):
        raise BadInput(f"{where}: column {column!r} holds values that are not numbers") from None
    refuse(~np.isfinite(values), ids, f"{where}: column {column!r} is blank or not finite")
    return values


def ids_of(frame: "pd.DataFrame", column: str, where: str) -> NDArray[np.str_]:
    """Row ids as text, present and unique."""
    raw = column_of(frame, column, where)
    blank = raw.isna().to_numpy()
    if blank.any():
        first = int(np.flatnonzero(blank)[0]) + 1
        raise NotComparable(
            f"{where}: {int(blank.sum())} rows have no {column}, the first is row {first}"
        )
    if raw.dtype.kind in "iu":
        ids = raw.to_numpy().astype(str)
    elif raw.dtype.kind == "f":
        ids = labels_of(raw.to_numpy()).astype(str)
    else:
        ids = raw.astype(str).to_numpy(dtype=str)
    distinct, count = np.unique(ids, return_counts=True)
    doubled = distinct[count > 1]
    if len(doubled):
        raise NotComparable(
            f"{where}: {len(doubled)} values of {column} stand more than once, "
            f"such as {some(doubled)}",
            cure="one row an id",
        )
    return ids


def labels_in(
    frame: "pd.DataFrame", column: str, where: str, ids: NDArray[np.str_]
) -> NDArray[np.object_]:
    """A column as label texts, (n,) objects; BadInput names the rows that are blank or infinite."""
    raw = column_of(frame, column, where)
    refuse(raw.isna().to_numpy(), ids, f"{where}: column {column!r} is blank")
    if raw.dtype.kind == "f":
        infinite = ~np.isfinite(raw.to_numpy())
        refuse(infinite, ids, f"{where}: column {column!r} is not finite")
    codes, distinct = raw.factorize()
    texts: NDArray[np.object_] = labels_of(np.asarray(distinct, dtype=object))[codes]
    return texts


def codes_of(labels: NDArray[np.object_], classes: Sequence[str]) -> Ints:
    """Labels as places in ``classes``, (n,); every label must be one of them."""
    code = {label: i for i, label in enumerate(classes)}
    return np.array([code[label] for label in labels.tolist()], dtype=np.int64)


def refuse(bad: Bools, ids: NDArray[np.str_], what: str) -> None:
    """BadInput that names some of the rows where ``bad`` (n,) is true, if any is."""
    if bad.any():
        raise BadInput(
            f"{what} on {int(bad.sum())} rows, such as {some(ids[bad])}",
            cure="correct those rows where they are made, or leave them out of every file",
        )


def some(values: Any) -> str:
    """The first few values, quoted, for a message."""
    named = [repr(str(v)) for v in list(values)[:NAMED]]
    return ", ".join(named) + (", …" if len(values) > NAMED else "")
