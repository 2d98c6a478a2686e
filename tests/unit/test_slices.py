"""Slices of a panel: by value, by bins, crossed; names, missing values and empty bins."""

from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from titleholder.arrays import Panel
from titleholder.comparison.slices import MOST_VALUES, declared, grouping, label_of, labels_of
from titleholder.errors import BadInput
from titleholder.params.schema import Binned
from titleholder.types import Task

NAN = np.nan


def panel(**columns: Any) -> Panel:
    """A panel of these columns alone."""
    arrays: dict[str, NDArray[Any]] = {name: np.asarray(v) for name, v in columns.items()}
    n = len(next(iter(arrays.values())))
    return Panel(np.array([str(i) for i in range(n)]), Task.BINARY, None, columns=arrays)


def rows(of: Panel, *specs: Any) -> dict[str, list[int]]:
    """Row numbers by slice name, without the whole."""
    return {s.name: np.flatnonzero(s.mask).tolist() for s in declared(of, specs)[1:]}


def test_the_whole_comes_first() -> None:
    """Every row is in ``overall``, whatever else is declared."""
    first = declared(panel(a=["x", "y"]), ["a"])[0]
    assert first.name == "overall"
    assert first.mask.all()
    assert [s.name for s in declared(panel(a=["x", "y"]), [])] == ["overall"]


def test_by_value_every_row_is_in_exactly_one_slice() -> None:
    """Values part the rows; missing ones are a slice of their own."""
    column = np.array(["b", "a", None, "b", NAN], dtype=object)
    found = rows(panel(g=column), "g")
    assert found == {"g=a": [1], "g=b": [0, 3], "g=missing": [2, 4]}


@pytest.mark.parametrize(
    ("column", "names"),
    [
        (np.array([1, 2]), ["g=1", "g=2"]),
        (np.array([1.0, 2.5, NAN]), ["g=1", "g=2.5", "g=missing"]),
        (np.array([True, False]), ["g=false", "g=true"]),
        (np.array([-0.0, 0.0]), ["g=0"]),
        (np.array([np.inf, -np.inf]), ["g=-inf", "g=inf"]),
        (np.array(["2020-01-02", "NaT"], dtype="datetime64[ns]"), ["g=2020-01-02", "g=missing"]),
        (np.array(["2020-01-02T10:30"], dtype="datetime64[s]"), ["g=2020-01-02T10:30:00"]),
        (np.array(["x", ""]), ["g=", "g=x"]),
    ],
)
def test_values_have_the_names_people_write(column: NDArray[Any], names: list[str]) -> None:
    """1.0 is ``1``, True is ``true``, a date is its day, NaN and NaT are ``missing``."""
    assert sorted(rows(panel(g=column), "g")) == names


@pytest.mark.parametrize(
    "values",
    [
        np.array([9, 0, 5]),
        np.array([-128, 127, -1], dtype=np.int8),
        np.array([-400, 5, 600]),  # not so far apart, with gaps between
        np.array([70_000, 0, 3]),  # too far apart for their last bits
        np.array([2**63 + 1, 2**63, 7], dtype=np.uint64),
        np.array([True, False, True]),
        np.array([NAN, 510.0, -510.0]),
        np.array([511.0, NAN, 3.0]),
        np.array([0.0, 0.5, -0.0]),
        np.array([NAN, np.inf, 1e300]),
    ],
)
def test_many_numbers_are_told_apart_as_few_are(values: NDArray[Any]) -> None:
    """Wherever in a long column a value stands, and however far from the others."""
    rows_of = [80_000, 1, 70_000]
    names = [f"g={label_of(value)}" for value in values.tolist()]
    found = {s.name: s for s in declared(panel(g=np.repeat(values, rows_of)), ("g",))[1:]}
    assert set(found) == set(names)
    for name, part in found.items():
        assert np.array_equal(part.mask, np.repeat([one == name for one in names], rows_of))


def test_equal_values_of_two_types_are_one_slice() -> None:
    """1, 1.0 and "1" go by one name and are counted together, not overwritten."""
    column = np.array([1, 1.0, "1", True], dtype=object)
    assert labels_of(column).tolist() == [label_of(v) for v in column]
    assert rows(panel(g=column), "g") == {"g=1": [0, 1, 2], "g=true": [3]}


BIN = Binned("x", (0.0, 0.5, 10.0))


def test_bins_are_closed_below_and_open_above() -> None:
    """An edge belongs to the bin that begins with it; the last edge is already outside."""
    found = rows(panel(x=[0.0, 0.49, 0.5, 9.99, 10.0]), BIN)
    assert found == {"x=[0, 0.5)": [0, 1], "x=[0.5, 10)": [2, 3], "x>=10": [4]}


def test_rows_outside_of_the_bins_and_missing_ones_are_kept() -> None:
    """Below, above, infinite and missing: each row is in exactly one slice."""
    values = [-1.0, -np.inf, 0.2, np.inf, NAN, 0.7]
    found = rows(panel(x=values), BIN)
    assert found == {
        "x<0": [0, 1], "x=[0, 0.5)": [2], "x=[0.5, 10)": [5], "x>=10": [3], "x=missing": [4],
    }  # fmt: skip
    assert sorted(i for part in found.values() for i in part) == list(range(len(values)))


def test_a_bin_without_rows_is_a_slice_all_the_same() -> None:
    """What was declared and cannot be measured has to be told."""
    assert rows(panel(x=[0.1, 0.2]), BIN) == {"x=[0, 0.5)": [0, 1], "x=[0.5, 10)": []}


@pytest.mark.parametrize(
    "edges", [(0.1234567, 0.1234568, 0.1234569), (1e6, 1e6 + 1, 1e6 + 2), (-1e-9, 0.0, 1e-9)]
)
def test_close_edges_keep_different_names(edges: tuple[float, ...]) -> None:
    """As many digits as it takes: two bins never share a name."""
    middles = [(a + b) / 2 for a, b in pairwise(edges)]
    found = rows(panel(x=[edges[0] - 1, *middles, edges[-1] + 1]), Binned("x", edges))
    assert list(found.values()) == [[0], [1], [2], [3]]


def test_bins_take_what_can_be_read_as_numbers() -> None:
    """Flags, whole numbers and numbers with None among them are numbers; words are not."""
    assert rows(panel(x=np.array([0, 7])), BIN) == {"x=[0, 0.5)": [0], "x=[0.5, 10)": [1]}
    mixed = np.array([0.1, None], dtype=object)
    assert rows(panel(x=mixed), BIN)["x=missing"] == [1]
    with pytest.raises(BadInput, match="not numbers, such as 'short'"):
        declared(panel(x=["7", "short", "long"]), [BIN])


def test_crossed_slices_are_the_rows_in_both() -> None:
    """Named ``a=x & b=y`` in declared order; combinations without rows are left out."""
    of = panel(a=["x", "x", "y"], x=[0.1, 0.6, 0.1])
    assert rows(of, ("a", BIN)) == {
        "a=x & x=[0, 0.5)": [0], "a=x & x=[0.5, 10)": [1], "a=y & x=[0, 0.5)": [2],
    }  # fmt: skip
    assert next(iter(rows(of, (BIN, "a")))) == "x=[0, 0.5) & a=x"


def test_crossed_slices_part_the_rows() -> None:
    """Each row is in exactly one of them, whatever is missing or outside."""
    rng = np.random.default_rng(1)
    of = panel(
        a=rng.choice(["u", "v"], 200), b=rng.choice([1.0, 2.0, NAN], 200), x=rng.normal(3, 4, 200)
    )
    found = declared(of, [("a", "b", BIN)])[1:]
    assert (np.sum([s.mask for s in found], axis=0) == 1).all()


def test_a_slice_declared_twice_stands_once() -> None:
    """The same rows under the same name are one slice, so that no finding is owed twice."""
    of = panel(a=["x", "y"], x=[0.1, 0.6])
    assert list(rows(of, "a", "a")) == ["a=x", "a=y"]
    overlapping = Binned("x", (0.0, 0.5, 20.0))
    assert list(rows(of, BIN, overlapping)) == ["x=[0, 0.5)", "x=[0.5, 10)", "x=[0.5, 20)"]


def test_two_slices_under_one_name_are_refused() -> None:
    """A name that could mean either of two sets of rows is no name."""
    of = panel(**{"a": ["x & b=y", "x"], "b": ["y", "y"], "a=x & b": ["y", "z"]})
    with pytest.raises(BadInput, match="hold different rows"):
        declared(of, [("a", "b"), "a=x & b"])


def test_unknown_columns_are_told_with_those_there_are() -> None:
    """The cure names the panel's own columns."""
    with pytest.raises(BadInput, match="not in the panel") as told:
        declared(panel(sex=["f"]), ["gender"])
    assert "sex" in str(told.value)


def test_too_many_values_ask_for_bins() -> None:
    """A column of a hundred values is sliced, one of more is refused."""
    assert len(rows(panel(g=np.arange(MOST_VALUES)), "g")) == MOST_VALUES
    with pytest.raises(BadInput, match=f"{MOST_VALUES + 1} values"):
        declared(panel(g=np.arange(MOST_VALUES + 1)), ["g"])


def test_groupings_code_the_rows() -> None:
    """``labels[code]`` names each row's group, and no group is empty."""
    for part in ("g", BIN):
        of = panel(g=["b", "a", "b"], x=[0.1, NAN, 20.0])
        groups = grouping(of, part)
        assert sorted(set(groups.code.tolist())) == list(range(len(groups.labels)))
        names = [groups.labels[code] for code in groups.code]
        expected = {"g": ["g=b", "g=a", "g=b"]}.get(str(part), ["x=[0, 0.5)", "x=missing", "x>=10"])
        assert names == expected
