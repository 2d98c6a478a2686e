"""Row ids: whole numbers stay numbers, and name the same rows as their text."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

from titleholder import tables
from titleholder.arrays import Panel
from titleholder.errors import NotComparable
from titleholder.params.schema import Policy
from titleholder.types import Task

POLICY = Policy(task=Task.BINARY, rules=())


def panel_of(ids: Any) -> Panel:
    """A panel of rows with these ids, every other one positive."""
    truth = np.arange(len(ids)) % 2
    return tables.panel_of(pd.DataFrame({"row_id": ids, "y_true": truth}), POLICY, "panel")


def scores(panel: Panel, ids: Any, given: Any) -> Any:
    """What the panel's rows are given by predictions of these ids."""
    frame = pd.DataFrame({"row_id": ids, "y_score": given})
    return tables.predictions_of(frame, panel, POLICY, "m", "m").score


@pytest.mark.parametrize("of_panel", [np.int64, np.int16, str, "Int64"])
@pytest.mark.parametrize("of_model", [np.int64, np.uint8, str])
def test_numbers_and_their_text_name_the_same_rows(of_panel: Any, of_model: Any) -> None:
    """Rows are joined whichever side has its ids as text, in any order."""
    panel = panel_of(pd.Series([5, 3, 9, 1]).astype(of_panel))
    found = scores(panel, pd.Series([1, 9, 3, 5]).astype(of_model), [0.1, 0.9, 0.3, 0.5])
    assert found.tolist() == [0.5, 0.3, 0.9, 0.1]


def test_files_in_one_order_are_taken_as_they_stand() -> None:
    """The same ids in the same order give the same rows."""
    panel = panel_of(range(100))
    given = np.linspace(0, 1, 100)
    assert (scores(panel, range(100), given) == given).all()


def test_leading_zeros_are_text() -> None:
    """The text 007 is not the number 7."""
    with pytest.raises(NotComparable, match="007"):
        scores(panel_of(["007", "8"]), [7, 8], [0.1, 0.2])


@pytest.mark.parametrize("ids", [[4, 2, 4], [1, 2, 2], ["a", "b", "a"]])
def test_an_id_stands_once(ids: list[Any]) -> None:
    """An id that stands twice is refused by name, sorted or not."""
    doubled = max(ids, key=ids.count)
    with pytest.raises(NotComparable, match=f"'{doubled}'"):
        panel_of(ids)


def test_missing_and_further_rows_are_named() -> None:
    """Predictions of other rows than the panel's are refused, with some ids that differ."""
    with pytest.raises(NotComparable, match=r"lacks 1 .* '2'"):
        scores(panel_of([1, 2]), [1, 3], [0.1, 0.2])
    with pytest.raises(NotComparable, match=r"lacks 2 .* '1', '2'; its own are 'r1', 'r2'"):
        scores(panel_of([1, 2]), ["r1", "r2"], [0.1, 0.2])
    with pytest.raises(NotComparable, match=r"has 1 row .* '3'"):
        scores(panel_of([1, 2]), [3, 2, 1], [0.1, 0.2, 0.3])


def test_numbers_beyond_64_bits_with_sign_are_compared_as_text() -> None:
    """Ids of 2**63 and above are told apart."""
    ids = np.array([2**63, 2**63 + 1], dtype=np.uint64)
    assert scores(panel_of(ids), ids[::-1], [0.2, 0.1]).tolist() == [0.1, 0.2]
