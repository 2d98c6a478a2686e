"""Segments: slices by expression, with three values of truth and nothing that runs."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from titleholder.arrays import Panel
from titleholder.comparison.segments import evaluate, with_segments
from titleholder.comparison.slices import declared
from titleholder.errors import BadInput
from titleholder.params.expression import LONGEST, BadExpression, parse
from titleholder.types import Task

COLUMNS: dict[str, NDArray[Any]] = {
    "age": np.array([15.0, 40.0, np.nan]),
    "n": np.array([1, 2, 3]),
    "plan": np.array(["pro", None, "free"], dtype=object),
    "word count": np.array([10, 300, 200]),
    "member": np.array([True, False, True]),
    "day": np.array(["2020-01-01", "NaT", "2021-05-05"], dtype="datetime64[s]"),
}


def of(text: str) -> list[bool | None]:
    """What the expression says of the three rows."""
    return evaluate(text, COLUMNS, 3, "segment 'it'").tolist()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("age >= 18", [False, True, None]),
        ("not age >= 18", [True, False, None]),
        ("10 < age <= 40", [True, True, None]),
        ("plan == 'pro'", [True, None, False]),
        ("plan != 'pro'", [False, None, True]),
        ("plan in ['pro', 'free']", [True, None, True]),
        ("plan not in ('pro', 'team')", [False, None, True]),
        ("n in [1, 3]", [True, False, True]),
        ("n * 2 + 1 > 4 and -n < -1", [False, True, True]),
        ("n % 2 == 1 or n / 2 == 1", [True, True, True]),
        ("`word count` >= 200", [False, True, True]),
        ("member", [True, False, True]),
        ("not member", [False, True, False]),
        ("member == False", [False, True, False]),
        ("day >= '2020-06-01'", [False, None, True]),
        ("plan == 'a`b' or n == 1", [True, None, False]),
    ],
)
def test_an_expression_says_true_false_or_missing_of_each_row(
    text: str, said: list[bool | None]
) -> None:
    """Numbers, texts, days and truths compare as people write them."""
    assert of(text) == said


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("age > 0 and n == 3", [False, False, None]),
        ("age > 0 and n == 1", [True, False, False]),
        ("age > 50 or n == 3", [False, False, True]),
        ("age > 50 or n == 1", [True, False, None]),
    ],
)
def test_a_missing_value_leaves_open_only_what_hangs_on_it(
    text: str, said: list[bool | None]
) -> None:
    """Kleene's logic: false and open is false, true or open is true."""
    assert of(text) == said


@given(st.lists(st.sampled_from([True, False, None]), min_size=1, max_size=6), st.data())
def test_not_and_or_obey_de_morgan(first: list[bool | None], data: st.DataObject) -> None:
    """``not (a and b)`` is ``not a or not b`` on all rows, open ones included."""
    n = len(first)
    second = data.draw(st.lists(st.sampled_from([True, False, None]), min_size=n, max_size=n))
    columns = {"a": np.array(first, dtype=object), "b": np.array(second, dtype=object)}
    one = evaluate("not (a and b)", columns, n, "x").tolist()
    other = evaluate("not a or not b", columns, n, "x").tolist()
    assert one == other


@pytest.mark.parametrize(
    "text",
    [
        "", "age +", "1", "not 3", "x.y > 1", "__import__('os').getcwd() == 'x'",
        "lambda: 1", "[1] == age", "age == [1]", "age in 3", "age in [n]", "9 ** 9 > n",
        "f'{plan}' == 'pro'", "plan is None", "age > 1 if n else 3", "(n := 3) > 1",
        "1e999 > age", "plan['pro'] > 1", "__column__ > 1", "n > 1; n > 2",
        "n > " + "(" * 900 + "1" + ")" * 900, "n > 1" + " " * LONGEST,
    ],
)  # fmt: skip
def test_what_is_no_condition_over_columns_is_refused_before_any_data(text: str) -> None:
    """Calls, attributes and whatever else Python can say are no part of the grammar."""
    with pytest.raises(BadExpression):
        parse(text)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("age", "neither true nor false"),
        ("height > 3", "no column 'height'"),
        ("age > '3'", "have no order"),
        ("plan > 3", "have no order"),
        ("plan * 2 > 3", "no number"),
    ],
)
def test_what_columns_cannot_answer_is_told_with_the_segment(text: str, says: str) -> None:
    """A type that does not fit is never silently false."""
    with pytest.raises(BadInput, match=says) as caught:
        of(text)
    assert "segment 'it'" in str(caught.value)


def test_a_segment_is_a_column_to_slice_by_and_to_cross() -> None:
    """It parts the rows into true, false and missing, alone and with other columns."""
    panel = Panel(np.array(["1", "2", "3"]), Task.BINARY, None, columns=COLUMNS)
    found = declared(with_segments(panel, {"adult": "age >= 18"}), ["adult", ("adult", "member")])
    assert {s.name: np.flatnonzero(s.mask).tolist() for s in found[1:]} == {
        "adult=false": [0],
        "adult=missing": [2],
        "adult=true": [1],
        "adult=false & member=true": [0],
        "adult=missing & member=true": [2],
        "adult=true & member=false": [1],
    }


def test_a_segment_never_hides_a_column() -> None:
    """Two things of one name are an error, not the last one said."""
    panel = Panel(np.array(["1", "2", "3"]), Task.BINARY, None, columns=COLUMNS)
    with pytest.raises(BadInput, match="'age' has the name of a column"):
        with_segments(panel, {"age": "n > 1"})
