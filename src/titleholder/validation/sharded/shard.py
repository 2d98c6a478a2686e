"""What of a shard needs no engine: statistics by blocks of rows, and hashes of values."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from titleholder.columns import array_of
from titleholder.validation.found import OFFENDING
from titleholder.validation.guards import is_missing
from titleholder.validation.sharded.keys import Hashes
from titleholder.validation.sharded.measures import Measures, measured, together
from titleholder.validation.sharded.mergeable import DISTINCT, MEASURED, MOMENTS, UNIQUE
from titleholder.validation.suite_file import Declared, compact

if TYPE_CHECKING:
    import pandas as pd


def measures_of(
    frame: "pd.DataFrame", start: int, block_rows: int, declared: Sequence[Declared]
) -> dict[str, Measures]:
    """The statistics that some expectation asks for, by column.

    The frame's first row has the number ``start`` in the order of all shards; it is one at which a
    block of ``block_rows`` rows begins.
    """
    if start % block_rows:
        raise ValueError(f"row {start} begins no block of {block_rows}")
    asked: dict[str, set[str]] = {}
    for one in declared:
        if one.type in MEASURED and one.kwargs.get("column") in frame.columns:
            asked.setdefault(one.kwargs["column"], set()).add(one.type)
    return {
        name: together(
            [
                measured(
                    (start + at) // block_rows,
                    array_of(frame[name].iloc[at : at + block_rows]),
                    moments=bool(types & MOMENTS),
                    distinct=bool(types & DISTINCT),
                )
                for at in range(0, len(frame), block_rows)
            ]
        )
        for name, types in asked.items()
    }


def hashes_of(frame: "pd.DataFrame", declared: Sequence[Declared]) -> dict[str, Hashes]:
    """Hashes of the values that are not missing, by column that shall be unique."""
    names = {one.kwargs.get("column") for one in declared if one.type == UNIQUE}
    return {str(name): _hashed(array_of(frame[name])) for name in frame.columns if name in names}


def standing(frame: "pd.DataFrame", column: str, hashes: Hashes) -> tuple[str, ...]:
    """The first values of a shard that have one of these hashes, as text, in row order."""
    values = array_of(frame[column])
    held = values[~is_missing(values)]
    found = held[np.isin(_hashed(values), hashes)][:OFFENDING]
    return tuple(compact(value) for value in found.tolist())


def _hashed(values: NDArray[Any]) -> Hashes:
    """Hashes of the values that are not missing; equal ones have the same."""
    import pandas as pd

    held = values[~is_missing(values)]
    if held.dtype.kind == "f":
        held = held + 0.0  # -0.0 is 0.0
    if held.dtype.kind == "O" and not all(isinstance(value, str) for value in held):
        held = np.array([f"{type(value).__name__} {value}" for value in held], dtype=object)
    return np.asarray(pd.util.hash_array(held, categorize=False), np.uint64)
