"""A frame's columns as plain numpy: what Parquet gave as nullable, Arrow or zoned types, cast.

Tools drop or misread such types silently (Evidently leaves nullable columns out of its report),
so they are cast once, here, in a way that keeps missing values missing.
"""

from collections.abc import Collection
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import pandas as pd


def arrays_of(frame: "pd.DataFrame") -> dict[str, NDArray[Any]]:
    """Every column as a numpy array (n,): numbers as int64 or float64 with NaN where missing,
    flags as bool, times as UTC datetime64, all else as objects with None or NaN where missing.
    """
    return {str(name): array_of(frame[name]) for name in frame.columns}


def array_of(column: "pd.Series[Any]") -> NDArray[Any]:
    """One column as a numpy array; see `arrays_of`."""
    import pandas as pd

    dtype = column.dtype
    if isinstance(dtype, np.dtype):
        return column.to_numpy()
    if isinstance(dtype, pd.CategoricalDtype):
        return column.to_numpy(dtype=object)
    if pd.api.types.is_datetime64_any_dtype(dtype):
        return np.asarray(pd.to_datetime(column, utc=True).dt.tz_localize(None).to_numpy())
    if pd.api.types.is_bool_dtype(dtype):
        return _flags(column)
    if pd.api.types.is_numeric_dtype(dtype):
        return _numbers(column)
    return column.to_numpy(dtype=object)


def numpy_frame(frame: "pd.DataFrame") -> "pd.DataFrame":
    """The same frame with nullable and Arrow numbers, flags and times cast; text is left alone."""
    import pandas as pd

    cast = {
        name: array_of(column) if _is_foreign(column) else column for name, column in frame.items()
    }
    return pd.DataFrame(cast, index=frame.index, columns=frame.columns)


def like_whole(frame: "pd.DataFrame", gaps: Collection[str]) -> "pd.DataFrame":
    """A part of a table with the types that the whole would have.

    ``gaps`` are the columns in which some row of the whole has no value: whole numbers are floats
    there, and flags objects, also in a part that has no gap itself.
    """
    import pandas as pd

    cast = {}
    for name, column in frame.items():
        whole = column
        if isinstance(column.dtype, pd.CategoricalDtype):  # each part has categories of its own
            whole = column.astype(column.cat.categories.dtype)
        elif name in gaps and pd.api.types.is_bool_dtype(column.dtype):
            whole = column.astype(object)
        elif name in gaps and pd.api.types.is_integer_dtype(column.dtype):
            whole = column.astype("float64")
        cast[name] = whole
    return pd.DataFrame(cast, index=frame.index, columns=frame.columns)


def _is_foreign(column: "pd.Series[Any]") -> bool:
    import pandas as pd

    dtype = column.dtype
    kept = isinstance(dtype, np.dtype | pd.CategoricalDtype | pd.StringDtype)
    return not kept


def _flags(column: "pd.Series[Any]") -> NDArray[Any]:
    if column.isna().any():
        return column.astype(object).where(column.notna(), None).to_numpy(dtype=object)
    return column.to_numpy(dtype=bool)


def _numbers(column: "pd.Series[Any]") -> NDArray[Any]:
    import pandas as pd

    if pd.api.types.is_integer_dtype(column.dtype) and not column.isna().any():
        return column.to_numpy(dtype=np.int64)
    return column.to_numpy(dtype=np.float64, na_value=np.nan)
