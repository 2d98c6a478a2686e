"""Single columns of a table, each checked for what it may hold; errors name some of the rows."""

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from titleholder.arrays import Bools, Floats, Ids, Ints
from titleholder.comparison.slices import labels_of
from titleholder.errors import BadInput, NotComparable
from titleholder.rounding import plural

if TYPE_CHECKING:
    import pandas as pd

_NESTED = (list, dict, tuple, set, np.ndarray)
NAMED = 5  # how many offending ids a message names


def column_of(frame: "pd.DataFrame", name: str, where: str) -> "pd.Series[Any]":
    """The column; BadInput with the nearest name where there is none."""
    if name not in frame:
        near = nearest_column(name, frame)
        hint = f"did you mean {near[0]!r}?" if near else f"it has {some(list(frame.columns))}"
        raise BadInput(f"{where}: no column {name!r}", cure=hint)
    refuse_nested(frame[name], name, where)
    return frame[name]


def nearest_column(name: str, frame: "pd.DataFrame") -> list[str]:
    """The column whose name is most like this one, whatever its case; none if none is."""
    by_lower = {str(column).lower(): str(column) for column in frame.columns}
    return [by_lower[near] for near in get_close_matches(name.lower(), by_lower, n=1)]


def refuse_nested(raw: "pd.Series[Any]", name: str, where: str) -> None:
    """BadInput where a cell holds a list or an object: it can be no id, label, group or number."""
    if raw.dtype != object:
        return
    held = next((type(value).__name__ for value in raw if isinstance(value, _NESTED)), None)
    if held is not None:
        raise BadInput(
            f"{where}: column {name!r} holds a {held} in a cell", cure="one value a cell"
        )


def require(frame: "pd.DataFrame", column: str, where: str) -> None:
    """BadInput, with the nearest name, unless the frame has this column."""
    column_of(frame, column, where)


def numbers(frame: "pd.DataFrame", column: str, where: str, ids: Ids) -> Floats:
    """A column as finite floats, (n,); BadInput names the rows that are not."""
    values = floats(frame, column, where, ids)
    refuse(~np.isfinite(values), ids, f"{where}: column {column!r} is blank or not finite")
    return values


def floats(frame: "pd.DataFrame", column: str, where: str, ids: Ids) -> Floats:
    """A column as floats, (n,), blanks as NaN; BadInput names the rows that hold no numbers."""
    raw = column_of(frame, column, where)
    try:
        return _floats(raw)
    except (TypeError, ValueError):
        _refuse_words(raw, column, where, ids)
        raise BadInput(
            f"{where}: column {column!r} holds values that are not numbers",
            cure="write numbers, with a point and without units",
        ) from None


def _floats(raw: "pd.Series[Any]") -> Floats:
    if raw.dtype.kind in "mM":  # moments and spans would count nanoseconds
        raise TypeError(str(raw.dtype))
    return raw.to_numpy(dtype=float, na_value=np.nan)


def _refuse_words(raw: "pd.Series[Any]", column: str, where: str, ids: Ids) -> None:
    """BadInput that names the rows whose value is no number, and the first such value."""
    import pandas as pd

    read = pd.to_numeric(raw.astype(str).where(raw.notna()), errors="coerce")
    words = (raw.notna() & read.isna()).to_numpy()
    if words.any() and raw.dtype.kind not in "mM":
        first = str(raw[words].iloc[0])
        refuse(words, ids, f"{where}: column {column!r} is no number ({first!r})")


def ids_of(frame: "pd.DataFrame", column: str, where: str) -> NDArray[np.str_]:
    """Row ids as text, present and unique."""
    return keys_of(frame, column, where).astype(str)


def keys_of(frame: "pd.DataFrame", column: str, where: str) -> Ids:
    """Row ids as text or, where all are whole numbers, as those; present and unique."""
    raw = column_of(frame, column, where)
    blank = raw.isna().to_numpy()
    if blank.any():
        first = int(np.flatnonzero(blank)[0]) + 1
        raise NotComparable(
            f"{where}: {plural(int(blank.sum()), 'row')} without {column}, "
            f"the first is row {first}",
            cure="give every row an id of its own",
        )
    ids: Ids
    if raw.dtype.kind in "iu" and (raw.dtype.kind == "i" or raw.max() < 2**63):
        ids = raw.to_numpy(dtype=np.int64)
    elif raw.dtype.kind == "u":
        ids = raw.to_numpy().astype(str)
    elif raw.dtype.kind == "f":
        ids = labels_of(raw.to_numpy()).astype(str)
    else:
        ids = raw.astype(str).to_numpy(dtype=str)
    _refuse_doubled(ids, column, where)
    return ids


def _refuse_doubled(ids: Ids, column: str, where: str) -> None:
    if ids.dtype.kind == "i":
        whole = ids.astype(np.int64, copy=False)
        if bool((whole[1:] > whole[:-1]).all()):
            return
    distinct, count = np.unique(ids, return_counts=True)
    doubled = distinct[count > 1]
    if len(doubled):
        raise NotComparable(
            f"{where}: {column} has {plural(len(doubled), 'value')} more than once, "
            f"such as {some(doubled)}",
            cure="one row an id",
        )


@dataclass(frozen=True, slots=True)
class Labels:
    """Label texts: the ``words`` that occur, once each, and which of them each row has, (n,)."""

    words: tuple[str, ...]
    code: Ints

    def as_codes(self, classes: Sequence[str]) -> Ints:
        """Places in ``classes``, (n,); every word must be one of them."""
        places = {label: i for i, label in enumerate(classes)}
        return np.array([places[word] for word in self.words], dtype=np.int64)[self.code]


def labels_in(frame: "pd.DataFrame", column: str, where: str, ids: Ids) -> Labels:
    """A column as label texts; BadInput names the rows that are blank or infinite."""
    raw = column_of(frame, column, where)
    refuse(raw.isna().to_numpy(), ids, f"{where}: column {column!r} is blank")
    if raw.dtype.kind == "f":
        infinite = ~np.isfinite(raw.to_numpy())
        refuse(infinite, ids, f"{where}: column {column!r} is not finite")
    codes, distinct = raw.factorize()
    texts = labels_of(np.asarray(distinct, dtype=object)).tolist()
    # Values of two types may have one text: 1 and "1".
    known = {text: i for i, text in enumerate(dict.fromkeys(texts))}
    of_value = np.array([known[text] for text in texts], dtype=np.int64)
    return Labels(tuple(known), of_value[codes])


def refuse(bad: Bools, ids: Ids, what: str) -> None:
    """BadInput that names some of the rows where ``bad`` (n,) is true, if any is."""
    if bad.any():
        raise BadInput(
            f"{what} on {plural(int(bad.sum()), 'row')}, such as {some(ids[bad])}",
            cure="correct those rows where they are made, or leave them out of every file",
        )


def some(values: Any) -> str:
    """The first few values, quoted, for a message."""
    named = [repr(str(v)) for v in list(values)[:NAMED]]
    return ", ".join(named) + (", …" if len(values) > NAMED else "")
