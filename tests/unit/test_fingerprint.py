"""A panel is known by its rows, whatever they are called or in what order they stand."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from titleholder.arrays import Panel
from titleholder.comparison.fingerprint import SKETCH, fingerprint, shared
from titleholder.types import Task


def panel(first: int, last: int, **said: object) -> Panel:
    """Rows first to last - 1 of one endless regression problem."""
    rows = np.arange(first, last)
    whole = Panel(np.array([f"r{i}" for i in rows], dtype=np.str_), Task.REGRESSION, rows / 7)
    return replace(whole, **said)  # type: ignore[arg-type]


@given(st.permutations(range(9)))
def test_the_order_of_rows_does_not_count(order: list[int]) -> None:
    """However a file is sorted, it is the same panel."""
    whole = panel(0, 9)
    assert whole.y_true is not None
    turned = panel(0, 9, row_id=whole.row_id[order], y_true=whole.y_true[order])
    assert fingerprint(turned) == fingerprint(whole)


def test_columns_weights_and_clusters_do_not_count() -> None:
    """What a new model brought along, or how rows are weighed, makes no fresh rows."""
    richer = panel(0, 5, columns={"new": np.ones(5)}, weight=np.ones(5), cluster=np.arange(5))
    assert fingerprint(richer) == fingerprint(panel(0, 5))


def test_ids_and_targets_count() -> None:
    """Another id, another truth, a row more: another panel."""
    whole = panel(0, 5)
    assert whole.y_true is not None
    others = [
        panel(1, 6),
        panel(0, 6),
        panel(0, 5, y_true=whole.y_true + 1),
        panel(0, 5, row_id=np.array(["r0", "r1", "r2", "r3", "x"])),
    ]
    assert len({fingerprint(p).digest for p in (whole, *others)}) == 5


def test_ids_of_numbers_and_of_text_are_the_same_ids() -> None:
    """What CSV holds as digits and Parquet as integers is one panel."""
    whole = panel(0, 5, row_id=np.arange(5))
    assert fingerprint(whole) == fingerprint(panel(0, 5, row_id=np.array(list("01234"))))


def test_an_id_cannot_pass_for_a_part_of_the_target() -> None:
    """Where one ends and the other begins is part of what is hashed."""
    codes = np.zeros(1, dtype=np.int64)
    one = Panel(np.array(["a1"]), Task.MULTICLASS, codes, classes=("2",))
    other = Panel(np.array(["a"]), Task.MULTICLASS, codes, classes=("12",))
    assert fingerprint(one).digest != fingerprint(other).digest


def test_the_name_of_a_class_counts_and_not_its_code() -> None:
    """Whichever class is called positive, the rows are the same."""
    ids, truth = np.array(["a", "b"]), np.array([0, 1])
    one = Panel(ids, Task.BINARY, truth, classes=("no", "yes"))
    other = Panel(ids, Task.BINARY, 1 - truth, classes=("yes", "no"))
    assert fingerprint(one) == fingerprint(other)


def test_scored_items_are_known_by_all_their_columns() -> None:
    """Ids that count from 0 in every file do not make one panel of two."""
    ids = np.array(["0", "1"])
    one = Panel(ids, Task.SCORED, None, columns={"question": np.array(["a", "b"], dtype=object)})
    other = replace(one, columns={"question": np.array(["a", "c"], dtype=object)})
    assert fingerprint(one).digest != fingerprint(other).digest


@pytest.mark.parametrize(("first", "last", "part"), [(0, 100, 1.0), (50, 150, 0.5), (200, 300, 0)])
def test_small_panels_share_exactly_what_they_share(first: int, last: int, part: float) -> None:
    """No panel has more rows than a sketch: the share is exact."""
    assert shared(fingerprint(panel(0, 100)), fingerprint(panel(first, last))) == pytest.approx(
        part
    )


@pytest.mark.parametrize("part", [0.05, 0.3, 0.9, 1.0])
def test_sketches_estimate_the_share_of_large_panels(part: float) -> None:
    """Within four standard errors of a sketch, and never nothing where a twentieth is shared."""
    n = 20_000
    first = int(n * (1 - part))
    found = shared(fingerprint(panel(0, n)), fingerprint(panel(first, first + n)))
    similar = part / (2 - part)
    error = 4 * (similar * (1 - similar) / SKETCH) ** 0.5 * 2
    assert 0 < found == pytest.approx(part, abs=max(error, 1e-9))


def test_fresh_rows_share_nothing() -> None:
    """Two nights of their own rows have no hash in common."""
    assert shared(fingerprint(panel(0, 5000)), fingerprint(panel(5000, 9000))) == 0


def test_no_rows_are_a_panel_too() -> None:
    """An empty panel has a digest, and has nothing in common with any."""
    empty = fingerprint(panel(0, 0))
    assert empty.rows == 0
    assert shared(empty, fingerprint(panel(0, 5))) == shared(fingerprint(panel(0, 5)), empty) == 0
