"""What holds of the shift table whatever the data are."""

import numpy as np
from hypothesis import example, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import stats

from titleholder import records
from titleholder.drift import Cause, ShiftOutcome, Thresholds, distance, measure, profile

LIMITS = Thresholds(ks=0.2)
finite = st.floats(-1e6, 1e6, allow_nan=False).map(lambda x: round(x, 3))
anything = st.floats(allow_nan=True, allow_infinity=True)
samples = arrays(np.float64, st.integers(1, 300), elements=finite)
many = arrays(
    np.float64, st.integers(20, 300), elements=st.one_of(finite, st.sampled_from([0.0, 1.0]))
)
counts = st.lists(st.integers(0, 50), min_size=2, max_size=8).filter(any)
objects = st.lists(
    st.one_of(st.none(), st.text(max_size=3), st.booleans(), st.integers(-3, 3), anything),
    max_size=60,
).map(lambda values: np.array([*values, None], dtype=object)[:-1])


@given(samples, samples)
def test_exact_distances_are_scipys(a: np.ndarray, b: np.ndarray) -> None:
    """KS and Wasserstein agree with SciPy on any two samples."""
    a, b = np.sort(a), np.sort(b)
    every = np.concatenate([a, b])
    cdf = [np.searchsorted(side, every, "right") / len(side) for side in (a, b)]
    assert abs(distance.ks(a, b) - np.max(np.abs(cdf[0] - cdf[1]))) < 1e-12
    expected = stats.wasserstein_distance(a, b)
    assert abs(distance.wasserstein(a, b) - expected) <= 1e-12 * max(1.0, np.abs(every).max())


@given(st.data(), counts)
def test_divergences_are_never_negative(data: st.DataObject, p: list[int]) -> None:
    """Whatever the bins hold, as long as each side has a row."""
    q = data.draw(st.lists(st.integers(0, 50), min_size=len(p), max_size=len(p)).filter(any))
    sides = np.array(p), np.array(q)
    assert distance.psi(*sides) >= 0
    assert distance.kl(*sides) >= 0
    assert 0 <= distance.js(*sides) <= np.log(2) + 1e-12


@given(many)
def test_a_sample_has_not_moved_from_itself(values: np.ndarray) -> None:
    """All distances are zero, and the column is OK or constant."""
    row = measure(values, values, "x", LIMITS)
    if row.cause is Cause.CONSTANT:
        assert np.ptp(values) == 0
    else:
        assert row.outcome is ShiftOutcome.OK
        assert (row.psi, row.kl, row.js, row.ks) == (0, 0, 0, 0)
        assert row.wasserstein in (0, None)


@given(many, many, st.integers(0, 99))
@example(np.array([0.0, -0.0] * 20), np.arange(20.0), 1)
def test_the_order_of_rows_does_not_matter(a: np.ndarray, b: np.ndarray, seed: int) -> None:
    """A shuffled file gives the same record; so do zeros of either sign."""
    shuffled = np.random.default_rng(seed).permutation(a)
    assert measure(shuffled, b, "x", LIMITS) == measure(a, b, "x", LIMITS)


@given(many, many)
def test_a_monotone_transform_changes_neither_ks_nor_psi(a: np.ndarray, b: np.ndarray) -> None:
    """Ranks decide: pounds or logarithms of pounds tell the same story."""
    codes = np.unique(np.concatenate([a, b]))
    before = measure(a, b, "x", LIMITS)
    after = measure(np.searchsorted(codes, a) ** 3.0, np.searchsorted(codes, b) ** 3.0, "x", LIMITS)
    assert (before.psi, before.ks, before.js, before.n_bins) == (
        after.psi, after.ks, after.js, after.n_bins,
    )  # fmt: skip


@given(arrays(np.float64, st.integers(0, 80), elements=anything), st.integers(0, 80))
def test_profiles_add_up(values: np.ndarray, cut: int) -> None:
    """The profile of a whole is the sum of the profiles of its parts."""
    whole = profile(values)
    parts = profile(values[:cut]) + profile(values[cut:])  # type: ignore[operator]
    assert (whole.n, whole.missing, whole.infinite) == (parts.n, parts.missing, parts.infinite)
    assert np.array_equal(whole.values, parts.values)  # type: ignore[union-attr]


@settings(max_examples=200)
@given(objects, objects)
def test_no_data_raise_and_every_row_can_be_written(a: np.ndarray, b: np.ndarray) -> None:
    """Mixed, blank, infinite, short: always a row, and what is not scored has a cause."""
    row = measure(a, b, "x", LIMITS)
    assert records.encode(row)
    assert (row.outcome is ShiftOutcome.NOT_SCORED) <= (row.cause is not Cause.NONE)
    assert (row.outcome is ShiftOutcome.OK) or row.reason
