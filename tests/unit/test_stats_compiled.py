"""The compiled passes: the same bytes as numpy's, so that no record tells which were taken."""

from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import TypeVar

import numpy as np
import pytest

from tests.support.panels import drawn, grouped, policy
from titleholder.comparison import compare
from titleholder.fast import compiled, sorting
from titleholder.stats.shared import bins, counting, falling, known, layout, summing
from titleholder.stats.shared.falling import Walk
from titleholder.stats.shared.partition import partitions

T = TypeVar("T")
MODULES = (bins, counting, falling, known, sorting, summing)


@pytest.fixture
def both(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[Callable[[], T]], tuple[T, T]]]:
    """What a call gives with and without the compiled passes."""
    ready = compiled.load()
    assert ready is not None

    def run(work: Callable[[], T]) -> tuple[T, T]:
        results = []
        for passes in (ready, None):
            for module in MODULES:
                monkeypatch.setattr(module, "passes", lambda rows=0, passes=passes: passes)
            results.append(work())
        return results[0], results[1]

    yield run


@pytest.mark.parametrize("distinct", [None, 7, 900])
@pytest.mark.parametrize("bits", [5, 40, 63])
def test_numbers_are_sorted_alike(
    both: Callable[..., tuple[np.ndarray, np.ndarray]],
    monkeypatch: pytest.MonkeyPatch,
    bits: int,
    distinct: int | None,
) -> None:
    """Spread out, tied or alike in all but their last bits."""
    monkeypatch.setattr(sorting, "_MANY", 2)
    monkeypatch.setattr(sorting, "_sorts_quickly", lambda: False)
    rng = np.random.default_rng(bits)
    numbers = rng.integers(0, 1 << bits, 5000, dtype=np.uint64)
    if distinct is not None:
        numbers = rng.choice(numbers[:distinct], 5000) ^ rng.integers(0, 8, 5000, dtype=np.uint64)
    one, other = both(lambda: sorting.sort(numbers.copy()))
    np.testing.assert_array_equal(one, np.sort(numbers))
    np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("ties", [False, True])
@pytest.mark.parametrize("n", [3, 400, 40_000])
def test_a_walk_down_the_rows_tells_the_same(
    both: Callable[..., tuple[Walk, Walk]],
    n: int,
    ties: bool,
) -> None:
    """How positives stand, to the last bit of the sum of precisions, and rows by bins of scores."""
    rng = np.random.default_rng(3)
    y, score = (rng.random(n) < 0.2).astype(np.int64), rng.random(n)
    score[:3] = 0.0, -0.0 if ties else 1.0, 0.5
    packed = partitions(grouped(rng.integers(0, 5, n), rng.random(n) < 0.5)[:-1])
    own = layout.Layout.of(packed, 0.0)
    assert own is not None
    marks, fitted = own.marks(y, packed), bins.Bins.of(y, score)

    def walked() -> Walk:
        return falling.Falling.of(own, score, marks, fitted.fine(score)).walk(packed)

    one, other = both(walked)
    assert (one.standings is None) == ties
    assert one.standings == other.standings
    assert other.fine is None
    assert one.fine is not None
    for partition, counts in zip(packed, one.fine, strict=True):
        codes = np.zeros(n, np.uint8) if partition.code is None else partition.code
        expected = np.zeros((partition.width, 2, bins.FINE), np.int64)
        np.add.at(expected, (codes, y, fitted.fine(score)), 1)
        np.testing.assert_array_equal(counts, expected)


@pytest.mark.parametrize("close", [False, True], ids=["spread out", "close together"])
def test_stretches_are_sorted_each_by_itself(close: bool) -> None:
    """One whose numbers lie too close for their spread is told, and holds what it held."""
    ready = compiled.load()
    assert ready is not None
    rng = np.random.default_rng(0)
    numbers = rng.integers(0, 1 << 60, 9000, dtype=np.uint64)
    if close:
        numbers[3001:7000] = rng.integers(0, 9000, 3999, dtype=np.uint64)
        numbers[3000] = 1 << 63
    ends, left, found = np.array([3000, 3000, 7000, 7001, 9000]), np.ones(5, bool), numbers.copy()
    ready.sorted_apart(found, ends, left)
    assert left.tolist() == [False, False, close, False, False]
    for k, (start, end) in enumerate(pairwise([0, *ends.tolist()])):
        if left[k]:
            found[start:end].sort()
        np.testing.assert_array_equal(found[start:end], np.sort(numbers[start:end]))


@pytest.mark.parametrize(
    ("rows", "slices"),
    [(30_000, ("g", "h")), (300_000, ("g", "h")), (30_000, ()), (30_000, (("g", "h"), "g"))],
    ids=["small", "large", "no slices", "crossed"],
)
def test_comparisons_are_alike(
    both: Callable[..., tuple[compare.Measurement, compare.Measurement]],
    rows: int,
    slices: tuple[str, ...],
) -> None:
    """Every estimate of every metric on every slice is the same, not nearly."""
    rng = np.random.default_rng(rows)
    columns = {"g": rng.integers(0, 4, rows), "h": rng.choice(list("abc"), rows)}
    pair = drawn(rows, 5, columns=columns)
    names = ("accuracy", "f1", "roc_auc", "average_precision", "ks", "log_loss", "brier")
    one, other = both(lambda: compare.measure(*pair, policy(metrics=names, slices=slices)))
    assert one == other


@pytest.mark.parametrize("odd", [None, -0.0, 1.0, -1e-300, 1.0000001, np.inf, np.nan])
def test_whether_scores_are_probabilities_is_told_alike(
    both: Callable[..., tuple[float, float]], odd: float | None
) -> None:
    """The lowest score where all are, and NaN where one is not, wherever it stands."""
    score = np.random.default_rng(0).random(70_001)
    if odd is not None:
        score[-1] = odd
    found = both(lambda: known._lowest(score))
    inside = bool(((score >= 0) & (score <= 1)).all())
    np.testing.assert_array_equal(found, score.min() if inside else np.nan)


def test_they_are_loaded_for_very_many_rows_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """Importing a compiler takes longer than it saves of fewer rows."""
    asked: list[None] = []
    monkeypatch.setattr(compiled, "load", lambda: asked.append(None))
    monkeypatch.setattr(compiled, "_PASSES", "no.such.module")
    assert compiled.passes() is None
    assert compiled.passes(compiled.PAID_BACK - 1) is None
    assert not asked
    compiled.passes(compiled.PAID_BACK)
    assert asked == [None]


def test_without_the_compiler_nothing_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where numba is not installed, numpy does all."""
    monkeypatch.setattr(compiled, "_PASSES", "no.such.module")
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    assert compiled.passes(10**9) is None


def test_where_numba_may_not_compile_nothing_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    """As interpreted Python, row after row, the passes would take a hundred times as long."""
    import numba

    monkeypatch.setattr(numba.config, "DISABLE_JIT", 1)
    assert compiled.load() is None
