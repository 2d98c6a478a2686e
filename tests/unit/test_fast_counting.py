"""Counting numbers: whichever way it is done, the same comes of it."""

from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from titleholder.drift import grid
from titleholder.fast import compiled, counting

DROPPED, MOST = np.uint64(45), 1 << 19
HALF_OF_8 = grid.half(8)
LONG = np.random.default_rng(0).normal(size=200_000)
COLUMNS = {
    "long": LONG,
    "with odd ones behind": np.append(LONG, [0.0, -0.0, -1e-300, 1e300, np.inf, -np.inf, np.nan]),
    "one": np.array([-1.5]),
    "none": np.zeros(0),
}


@pytest.mark.parametrize("name", COLUMNS)
def test_every_way_to_count_finds_the_same(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The compiled pass, twice, since zeros are kept, and numpy's."""
    ready = compiled.load()
    monkeypatch.setattr(counting, "passes", lambda: ready)
    bits = COLUMNS[name].view(np.uint64)
    at, rows = np.unique(bits >> DROPPED, return_counts=True)
    found = [counting.occurring(bits, DROPPED, MOST) for _ in range(2)]
    monkeypatch.setattr(counting, "passes", lambda: None)
    found.append(counting.occurring(bits, DROPPED, MOST))
    for places, counts in found:
        assert (places.dtype, counts.dtype) == (np.int64, np.int64)
        assert (places.tolist(), counts.tolist()) == (at.tolist(), rows.tolist())


def test_numbers_are_told_apart_alike_compiled_or_not(monkeypatch: pytest.MonkeyPatch) -> None:
    """Rows by place, one of them each, and whether all are it, as one by one they would be."""
    ready = compiled.load()
    monkeypatch.setattr(counting, "passes", lambda: ready)
    monkeypatch.setattr(counting, "_AT_ONCE", 300)
    bits = np.uint64([*[64, 80] * 400, *range(64, 128, 8), 81])
    first = np.array([-1, -1, 4, 0])  # of 64 to 95, and of 96 to 127
    found = [counting.finer(bits, np.uint64(5), 2, first, 8)]
    monkeypatch.setattr(counting, "passes", lambda: None)
    found.append(counting.finer(bits, np.uint64(5), 2, first, 8))
    places = [[b for b in bits if first[int(b) >> 5] + (int(b) >> 3) % 4 == k] for k in range(8)]
    for rows, one, alike in found:
        assert rows.tolist() == [len(place) for place in places]
        assert all(k in place for k, place in zip(one, places, strict=True))
        assert alike.tolist() == [len({*place}) == 1 for place in places] != [True] * 8


RUNS = st.sets(st.integers(0, 40) | st.integers(0, 2**62 - 1)).map(
    lambda held: np.array(sorted(held), np.int64)
)


@given(one=RUNS, two=RUNS)
def test_runs_are_merged_alike_compiled_or_not(one: np.ndarray, two: np.ndarray) -> None:
    """Every number of either once, and how many of each run come before it and are there at all."""
    ready = compiled.load()
    for passes in (ready, None):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(counting, "passes", lambda ready=passes: ready)
            cells, *before = counting.merged(one, two)
        assert cells.tolist() == sorted({*one.tolist(), *two.tolist()})
        for run, found in zip((one, two), before, strict=True):
            assert found.tolist() == [*run.searchsorted(cells).tolist(), len(run)]
            assert found.dtype == np.int64


def test_counting_that_was_broken_off_leaves_nothing_to_the_next(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Rows counted before an interruption are none of the next column's."""

    def broken(bits: np.ndarray, dropped: np.uint64, room: np.ndarray) -> None:
        room[bits >> dropped] += 1
        raise KeyboardInterrupt

    monkeypatch.setattr(counting, "passes", lambda: SimpleNamespace(count=broken))
    with pytest.raises(KeyboardInterrupt):
        counting.occurring(np.arange(4, dtype=np.uint64), np.uint64(0), 1 << 10)
    with counting._room(1 << 10) as room:
        assert not room.any()


@given(
    cells=st.sets(st.integers(0, 2 * HALF_OF_8 - 1) | st.integers(-3, 3).map(HALF_OF_8.__add__)),
)
def test_cells_end_alike_compiled_or_not(cells: set[int]) -> None:
    """Bit by bit, on either side of zero and about it, and each number's cell is the one it ends.

    Only the cell next below zero ends before its highest bits do, which are minus zero's.
    """
    held = np.array(sorted(cells), np.int64)
    found = []
    for ready in (compiled.load(), None):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(grid, "passes", lambda ready=ready: ready)
            found.append(grid.ends(held, 8))
    (low, high), others = found
    assert [side.tobytes() for side in (low, high)] == [side.tobytes() for side in others]
    assert grid.cells_of(low, 8).tolist() == grid.cells_of(high, 8).tolist() == held.tolist()
