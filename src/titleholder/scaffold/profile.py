"""A first Great Expectations suite, read off the reference data, for people to review.

What holds of the reference is asked of every later version with some room: a column that was
complete stays complete, a number stays near its range, a word is one of those that are known.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from titleholder.comparison.slices import label_of

if TYPE_CHECKING:
    import pandas as pd

MOST_WORDS = 30
ROOM = 0.1  # of a number's range, on either side
MOSTLY = 0.99
NOTE = "Read off the reference data by titleholder init: review it."

Expectation = dict[str, Any]


def profile(name: str, frame: "pd.DataFrame", row_id: str, target: str | None) -> dict[str, Any]:
    """The suite as Great Expectations writes it, for a frame of reference rows."""
    return {"name": name, "expectations": list(_expectations(frame, row_id, target))}


def _expectations(frame: "pd.DataFrame", row_id: str, target: str | None) -> Iterator[Expectation]:
    least = max(1, len(frame) // 2)
    yield _one("expect_table_row_count_to_be_between", min_value=least)
    yield _one("expect_table_columns_to_match_set", column_set=[str(c) for c in frame.columns])
    yield _one("expect_column_values_to_be_unique", column=row_id)
    for name in map(str, frame.columns):
        column = frame[name]
        if not column.isna().any():
            yield _one("expect_column_values_to_not_be_null", column=name)
        if name != row_id:
            yield from _values(name, column, strict=name == target)


def _values(name: str, column: "pd.Series[Any]", *, strict: bool) -> Iterator[Expectation]:
    known = column.dropna()
    if known.empty:
        return
    if known.nunique() > MOST_WORDS or (known.dtype.kind == "f" and not strict):
        if known.dtype.kind in "iuf":
            yield _one("expect_column_values_to_be_between", column=name, **_range(known))
        return
    if known.dtype.kind in "iuf" and known.nunique() > 2 and not strict:
        yield _one("expect_column_values_to_be_between", column=name, **_range(known))
        return
    words = known.drop_duplicates().tolist()
    if not all(isinstance(word, str | int | float | bool) for word in words):
        return
    words.sort(key=label_of)
    mostly = {} if strict else {"mostly": MOSTLY}
    yield _one("expect_column_values_to_be_in_set", column=name, value_set=words, **mostly)


def _range(known: "pd.Series[Any]") -> dict[str, float]:
    """The range with room on both sides; what was never negative stays so."""
    low, high = float(known.min()), float(known.max())
    room = ROOM * (high - low)
    least = 0.0 if 0 <= low < room else low - room
    return {"min_value": least, "max_value": high + room, "mostly": MOSTLY}


def _one(kind: str, **kwargs: Any) -> Expectation:
    return {"type": kind, "kwargs": kwargs, "meta": {"notes": NOTE}}
