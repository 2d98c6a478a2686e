"""A frame's columns as plain numpy."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

from titleholder.columns import array_of, arrays_of, numpy_frame


@pytest.mark.parametrize(
    ("column", "expected"),
    [
        (pd.array([1, 2], "Int64"), np.array([1, 2])),
        (pd.array([1, None], "Int64"), np.array([1.0, np.nan])),
        (pd.array([1.5, None], "Float64"), np.array([1.5, np.nan])),
        (pd.array([1.5, None], "double[pyarrow]"), np.array([1.5, np.nan])),
        (pd.array([True, False], "boolean"), np.array([True, False])),
        (pd.array([True, None], "boolean"), np.array([True, None], object)),
        (pd.array([True, None], "bool[pyarrow]"), np.array([True, None], object)),
        (pd.Categorical(["b", "a"]), np.array(["b", "a"], object)),
        (
            pd.to_datetime(["2020-01-01T01:00+01:00"]),
            np.array(["2020-01-01"], "M8[us]"),
        ),
    ],
)
def test_foreign_types_become_plain_ones(column: Any, expected: np.ndarray) -> None:
    """Missing stays missing, numbers stay numbers, times are UTC."""
    found = array_of(pd.Series(column))
    assert found.dtype.kind == expected.dtype.kind
    assert pd.Series(found, dtype=object).equals(
        pd.Series(expected.astype(found.dtype), dtype=object)
    )


def test_text_is_left_alone_for_the_engine_and_opened_for_the_table() -> None:
    """A suite may ask for the type of a text column."""
    frame = pd.DataFrame({"t": ["a", None], 3: pd.array([1, None], "Int64")})
    assert numpy_frame(frame)["t"].dtype == frame["t"].dtype
    assert numpy_frame(frame)[3].dtype == np.float64
    assert list(arrays_of(frame)) == ["t", "3"]
    assert arrays_of(frame)["t"].dtype == object
