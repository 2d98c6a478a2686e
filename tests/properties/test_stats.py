"""What holds of intervals and of comparisons whatever the data are."""

import math

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.panels import binary, policy
from titleholder.comparison.compare import measure
from titleholder.stats.power import p_value, rows_needed
from titleholder.stats.proportions import Agreement, newcombe, relative_change, wilson
from titleholder.types import Estimate

tables = st.builds(Agreement, *(st.integers(0, 60) for _ in range(4))).filter(lambda t: t.n > 0)
levels = st.sampled_from([0.6, 0.8, 0.9, 0.95, 0.99, 0.999])
numbers = st.floats(allow_nan=True, allow_infinity=True)


def ends(estimate: Estimate) -> tuple[float, float, float]:
    """Low, value, high of an estimate that is there."""
    assert estimate.low is not None
    assert estimate.value is not None
    assert estimate.high is not None
    return estimate.low, estimate.value, estimate.high


@given(st.integers(1, 10_000), st.data(), levels)
def test_wilson_holds_its_share(n: int, data: st.DataObject, level: float) -> None:
    """Within 0 and 1, around the share, and never of zero width."""
    low, value, high = ends(wilson(data.draw(st.integers(0, n)), n, level))
    assert 0 <= low <= value <= high <= 1
    assert low < high


@given(st.integers(1, 500), st.data(), levels)
def test_wilson_turns_with_its_share(n: int, data: st.DataObject, level: float) -> None:
    """The interval of misses is that of hits, turned round."""
    hits = data.draw(st.integers(0, n))
    low, _, high = ends(wilson(hits, n, level))
    other_low, _, other_high = ends(wilson(n - hits, n, level))
    assert math.isclose(low, 1 - other_high, abs_tol=1e-12)
    assert math.isclose(high, 1 - other_low, abs_tol=1e-12)


@given(tables, levels)
def test_newcombe_turns_with_its_models(table: Agreement, level: float) -> None:
    """Swapping the models negates the interval; it holds its value, within -1 and 1."""
    swapped = Agreement(table.both, table.second, table.first, table.neither)
    low, value, high = ends(newcombe(table, level))
    other = ends(newcombe(swapped, level))
    assert np.allclose(other, (-high, -value, -low), rtol=0, atol=1e-12)
    assert -1 <= low <= value <= high <= 1
    assert low < high


@given(tables)
def test_intervals_widen_with_the_level(table: Agreement) -> None:
    """More confidence takes a wider interval, of differences and of ratios."""
    for interval in (newcombe, relative_change):
        found = [interval(table, level) for level in (0.8, 0.95, 0.99)]
        if found[0].value is None:
            assert all(e.value is None for e in found)
            continue
        lows, _, highs = zip(*map(ends, found), strict=True)
        assert list(lows) == sorted(lows, reverse=True)
        assert list(highs) == sorted(highs)


@given(tables, levels)
def test_ratio_and_difference_agree_on_their_side(table: Agreement, level: float) -> None:
    """A relative change whose interval leaves 0 on one side belongs to a difference that does."""
    relative = relative_change(table, level)
    if relative.value is None:
        assert table.both + table.first == 0
        return
    low, value, high = ends(relative)
    down, change, up = ends(newcombe(table, level))
    assert -1 <= low <= value <= high
    assert math.isclose(value * (table.both + table.first) / table.n, change, abs_tol=1e-12)
    if abs(low) > 1e-9:
        assert (low > 0) == (down > 0)
    if abs(high) > 1e-9:
        assert (high < 0) == (up < 0)


@given(numbers, numbers, st.integers(-5, 10**9), st.floats(0.51, 0.999))
def test_rows_needed_is_a_number_of_rows_or_nothing(
    distance: float, error: float, n: int, level: float
) -> None:
    """Whatever it is asked: a whole positive number or null, never an overflow."""
    rows = rows_needed(distance, error, n, level)
    assert rows is None or (isinstance(rows, int) and rows >= 1)


@given(numbers, numbers, numbers)
def test_p_values_are_probabilities_or_nothing(value: float, bound: float, error: float) -> None:
    """Whatever it is asked: between 0 and 1, or null."""
    p = p_value(value, bound, error)
    assert p is None or 0 <= p <= 1


@given(st.floats(-1, 1), st.floats(-1, 1), st.floats(0.001, 1), st.floats(0, 1))
def test_p_values_fall_with_the_improvement(
    value: float, bound: float, error: float, more: float
) -> None:
    """A better candidate has no larger p-value, a higher bound no smaller one."""
    base = p_value(value, bound, error)
    assert base is not None
    assert (p_value(value + more, bound, error) or 0) <= base
    assert (p_value(value, bound + more, error) or 0) >= base


@st.composite
def answered(draw: st.DrawFn) -> tuple[list[int], list[float], list[float]]:
    """A few rows with truth and two models' scores, many of them tied or certain."""
    n = draw(st.integers(1, 30))
    score = st.one_of(st.sampled_from([0.0, 0.25, 0.5, 0.75, 1.0]), st.floats(0, 1))
    rows = st.lists(st.tuples(st.integers(0, 1), score, score), min_size=n, max_size=n)
    y, first, second = zip(*draw(rows), strict=True)
    return list(y), list(first), list(second)


@given(answered())
@settings(max_examples=60, deadline=None)
def test_any_panel_is_measured_or_told(rows: tuple[list[int], list[float], list[float]]) -> None:
    """Every metric of any binary panel has ordered, finite intervals around 0 width or a reason."""
    out = measure(*binary(*rows), policy(resamples=200))
    for one in out.comparisons:
        if one.improvement.value is None:
            assert one.reason
            continue
        for estimate in (one.champion, one.candidate, one.improvement):
            low, value, high = ends(estimate)
            assert np.isfinite([low, value, high]).all()
            assert low <= high


@given(answered())
@settings(max_examples=40, deadline=None)
def test_a_copy_is_never_better_nor_worse(
    rows: tuple[list[int], list[float], list[float]],
) -> None:
    """Two models of equal answers: an improvement of exactly 0, within its interval."""
    y, first, _ = rows
    out = measure(*binary(y, first, first), policy(resamples=200))
    for one in out.comparisons:
        if one.improvement.value is not None and one.of_rows:
            low, value, high = ends(one.improvement)
            assert value == 0
            assert low <= 0 <= high
