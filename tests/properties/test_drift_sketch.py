"""What holds of sketches whatever the data are: they add, and their bounds bound."""

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from titleholder.drift import ShiftOutcome, Sketch, Thresholds, bins, distance, measure, profile
from titleholder.drift.column import FEW
from titleholder.drift.glance import Glance, compare
from titleholder.drift.grid import ends
from titleholder.drift.profile import Numbers
from titleholder.drift.sketch import sketch

anything = st.floats(allow_nan=True, allow_infinity=True)
plain = st.one_of(
    st.floats(-1e6, 1e6), st.integers(-300, 300).map(float), st.sampled_from([0.0, -0.0, 5e-324])
)
columns = arrays(np.float64, st.integers(0, 120), elements=anything)
samples = arrays(np.float64, st.integers(20, 200), elements=plain)
whole_numbers = arrays(np.int64, st.integers(20, 200), elements=st.integers(-256, 256))


def same(one: Sketch, two: Sketch) -> bool:
    """Whether two sketches hold the same bytes."""
    return (
        (one.n, one.missing, one.infinite, one.counts.digits)
        == (two.n, two.missing, two.infinite, two.counts.digits)
        and one.counts.cells.tobytes() == two.counts.cells.tobytes()
        and one.counts.rows.tobytes() == two.counts.rows.tobytes()
        and np.array_equal(one.counts.values, two.counts.values, equal_nan=True)
    )


def glance_of(a: np.ndarray, b: np.ndarray) -> Glance:
    """What sketches of two samples tell."""
    return compare(sketch(a), sketch(b))


@given(columns, st.lists(st.integers(0, 120), max_size=5), st.randoms(use_true_random=False))
@example(np.array([-0.0, 0.0, 1.5, np.nan, np.inf]), [2, 3], None)
@example(np.arange(-1500.0, 1500.0), [1, 1000], None)  # wide in sum, narrow in parts
@example(np.append(np.geomspace(1e-9, 1e9, 2000), [0.0, 0.0]), [5, 6, 900], None)
@example(np.append(np.arange(120.0), [0.1, 0.2, 1e300]), [119, 120], None)
def test_shards_in_any_number_and_order_give_the_same_bytes(values, cuts, random) -> None:
    """Rows shuffled, cut anywhere and added in any order: the sketch of the whole."""
    rows = list(range(len(values)))
    if random:
        random.shuffle(rows)
    parts = [sketch(part) for part in np.split(values[rows], sorted(cuts))]
    if random:
        random.shuffle(parts)
    total = parts[0]
    for part in parts[1:]:
        total = total + part
    assert same(total, sketch(values))


@given(columns)
def test_every_number_lies_in_its_cell(values: np.ndarray) -> None:
    """Cells neither overlap nor leave gaps, and NaN and infinities lie in none."""
    found = sketch(values)
    low, high = ends(found.counts.cells, found.counts.digits)
    finite = np.sort(values[np.isfinite(values)])
    assert np.isnan(values).sum() == found.missing
    assert np.isinf(values).sum() == found.infinite
    inside = np.searchsorted(finite, high, "right") - np.searchsorted(finite, low, "left")
    assert inside.tolist() == found.counts.rows.tolist()
    for value, start, stop in zip(found.counts.values, low, high, strict=True):
        there = np.unique(finite[(finite >= start) & (finite <= stop)])
        assert np.isnan(value) == (len(there) > 1)
        assert np.isnan(value) or value == there[0]
    assert found.filled == len(finite)


@settings(max_examples=150)
@given(samples, samples)
def test_what_a_sketch_says_is_within_its_bounds(a: np.ndarray, b: np.ndarray) -> None:
    """The exact KS, Wasserstein and PSI on the true quantiles are never outside them."""
    seen = glance_of(a, b)
    before, after = profile(a), profile(b)
    assert isinstance(before, Numbers)
    assert isinstance(after, Numbers)
    exact = distance.ks(before.values, after.values)
    assert seen.ks - 1e-12 <= exact <= seen.ks_high + 1e-12
    unit = distance.spread(before.values)
    if seen.wasserstein is not None and unit > 0:
        moved = distance.wasserstein(before.values, after.values) / unit
        assert abs(moved - seen.wasserstein) <= seen.wasserstein_off * (1 + 1e-9) + 1e-9
    if seen.fine:
        binned = bins.of_numbers(before, after)
        psi = distance.psi(binned.reference, binned.current)
        assert seen.psi_low - 1e-12 <= psi <= seen.psi_high + 1e-12


@given(whole_numbers, whole_numbers)
def test_whole_numbers_are_known_exactly(a: np.ndarray, b: np.ndarray) -> None:
    """Up to 256 each has a cell of its own: the same bins, rows and distances as the values."""
    seen = glance_of(a, b)
    before, after = profile(a), profile(b)
    expected = bins.of_numbers(before, after)  # type: ignore[arg-type]
    assert seen.fine
    assert seen.binned.labels == expected.labels
    assert seen.binned.reference.tolist() == expected.reference.tolist()
    assert seen.binned.current.tolist() == expected.current.tolist()
    assert seen.ks == seen.ks_high == pytest.approx(distance.ks(before.values, after.values))
    assert seen.psi_low <= distance.psi(expected.reference, expected.current) <= seen.psi_high


@settings(max_examples=40, deadline=None)
@given(
    st.integers(0, 10_000),
    st.sampled_from(["normal", "lognormal", "uniform", "offset", "ties", "zeros", "counts"]),
    st.floats(0.0, 0.8),
    st.floats(0.01, 0.3),
)
def test_a_sketch_never_decides_otherwise_than_the_values(
    seed: int, law: str, shift: float, limit: float
) -> None:
    """PSI and KS against any threshold: the outcome is that of the exact table."""
    rng = np.random.default_rng(seed)
    draw = {
        "normal": lambda n: rng.normal(size=n),
        "lognormal": lambda n: rng.lognormal(size=n),
        "uniform": rng.random,
        "offset": lambda n: 1e6 + rng.normal(size=n),
        "ties": lambda n: rng.normal(size=n).round(1) * 1.1,
        "zeros": lambda n: np.where(rng.random(n) < 0.4, 0.0, rng.normal(size=n)),
        "counts": lambda n: rng.poisson(3.0, n).astype(float),
    }[law]
    a, b = draw(FEW), draw(FEW // 2) + shift
    limits = Thresholds(psi=limit, ks=limit)
    found = measure(a, b, "x", limits)
    exact = measure(profile(a), profile(b), "x", limits)
    assert found.outcome is exact.outcome
    assert found.outcome is not ShiftOutcome.NOT_SCORED or found.cause is exact.cause
    assert found.ks <= exact.ks + 1e-12 <= found.ks + found.ks_within + 2e-12
