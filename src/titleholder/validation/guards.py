"""What must not pass although Great Expectations 1.24 reports success for it.

An empty frame, a column without a value, a row condition that no row meets, an infinity under a
one-sided bound: there the engine has looked at nothing, or at something that is no number, and
says success. Each of these is a FAIL here, with its reason.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from titleholder.validation.suite_file import Declared

if TYPE_CHECKING:
    import pandas as pd

_SCHEMA = {
    "expect_column_to_exist",
    "expect_column_values_to_be_of_type",
    "expect_column_values_to_be_in_type_list",
}
_ABOUT_NULLS = {
    "expect_column_values_to_be_null",
    "expect_column_values_to_not_be_null",
    "expect_column_proportion_of_non_null_values_to_be_between",
}


@dataclass(frozen=True, slots=True)
class Facts:
    """What the guards know of a frame: its size, and what its columns hold."""

    rows: int
    columns: tuple[str, ...]
    all_null: frozenset[str]
    infinite: dict[str, int]

    @classmethod
    def of(cls, frame: "pd.DataFrame", declared: Sequence[Declared]) -> "Facts":
        """Look at the columns that some expectation names, and at no other."""
        named = {name for one in declared for name in one.columns} & set(frame.columns)
        counts = {name: infinities(frame[name].to_numpy()) for name in sorted(named)}
        return cls(
            rows=len(frame),
            columns=tuple(str(name) for name in frame.columns),
            all_null=frozenset(name for name in named if bool(frame[name].isna().all())),
            infinite={name: count for name, count in counts.items() if count},
        )

    @classmethod
    def together(cls, parts: "Sequence[Facts]") -> "Facts":
        """Of a frame that was looked at in parts, each with the same columns."""
        infinite: Counter[str] = Counter()
        for part in parts:
            infinite.update(part.infinite)
        return cls(
            rows=sum(part.rows for part in parts),
            columns=parts[0].columns if parts else (),
            all_null=frozenset.intersection(*(part.all_null for part in parts))
            if parts
            else frozenset(),
            infinite=dict(infinite),
        )


def is_missing(values: NDArray[Any]) -> NDArray[np.bool_]:
    """Which values nobody wrote: None, NaN, NaT and pandas' NA, (n,)."""
    import pandas as pd

    return np.asarray(pd.isna(values), dtype=bool)


def infinities(values: NDArray[Any]) -> int:
    """How many values are +inf or -inf, in floats and among objects."""
    if values.dtype.kind == "f":
        return int(np.isinf(values).sum())
    if values.dtype.kind == "O":
        return sum(isinstance(value, float) and np.isinf(value) for value in values.tolist())
    return 0


def missing_columns(one: Declared, facts: Facts) -> str:
    """Why it cannot be evaluated: the columns that the data lack, with the nearest ones."""
    absent = [name for name in one.columns if name not in facts.columns]
    return "; ".join(f"no column {name!r}{_nearest(name, facts.columns)}" for name in absent)


def refusal(one: Declared, facts: Facts) -> str:
    """Why it does not pass whatever the engine says; empty when nothing stands against it."""
    if facts.rows == 0:
        return "the data hold no rows: nothing was examined"
    if one.type in _SCHEMA:
        return ""
    infinite = [
        f"{facts.infinite[name]} infinite values in {name!r}"
        for name in one.columns
        if name in facts.infinite
    ]
    blank = [name for name in one.columns if name in facts.all_null]
    if one.type not in _ABOUT_NULLS:
        infinite += [f"all values of {name!r} are missing: nothing was examined" for name in blank]
    return "; ".join(infinite)


def _nearest(name: str, columns: Sequence[str]) -> str:
    near = get_close_matches(name, columns, n=1)
    return f" (the nearest is {near[0]!r})" if near else ""
