"""Distances by their definitions, bins frozen from the reference, and what a column is called."""

import math
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from scipy.spatial.distance import jensenshannon

from titleholder import records
from titleholder.drift import (
    Cause,
    ColumnShift,
    Drift,
    Numbers,
    Role,
    ShiftOutcome,
    Thresholds,
    bins,
    distance,
    judge,
    measure,
    merge,
    profile,
    table,
    thresholds_of,
)
from titleholder.params.schema import DriftColumn, DriftParams
from titleholder.types import Outcome

LIMITS = Thresholds()


def normal(n: int, shift: float = 0.0, seed: int = 0) -> np.ndarray:
    """A standard normal sample, moved by some standard deviations."""
    return np.random.default_rng(seed).normal(size=n) + shift


# ----------------------------------------------------------------------------- distances


def test_psi_of_a_scorecard_worked_by_hand() -> None:
    """Ten score bands, expected and actual percent: the sum of (A - E) ln(A / E) by hand."""
    expected = np.array([8, 10, 9, 13, 11, 10, 9, 10, 11, 9])
    actual = np.array([7, 8, 7, 9, 11, 11, 10, 12, 11, 14])
    by_hand = (
        0.0013353 + 0.0044629 + 0.0050263 + 0.0147090 + 0
        + 0.0009531 + 0.0010536 + 0.0036464 + 0 + 0.0220917
    )  # fmt: skip
    assert distance.psi(expected, actual) == pytest.approx(by_hand, abs=1e-6)


def test_psi_is_both_kullback_leibler_divergences_together() -> None:
    """PSI is the symmetrised form that Kullback and Leibler (1951) call J."""
    reference, current = np.array([10, 20, 70]), np.array([30, 30, 40])
    both = distance.kl(reference, current) + distance.kl(current, reference)
    assert distance.psi(reference, current) == pytest.approx(both, abs=1e-12)


@pytest.mark.parametrize("current", [[30, 30, 40], [1, 1, 998], [33, 33, 34]])
def test_divergences_agree_with_scipy_on_the_same_bins(current: list[int]) -> None:
    """KL is scipy.stats.entropy, JS the square of scipy's Jensen-Shannon distance, to 1e-12."""
    p, q = np.array([10, 20, 70]), np.array(current)
    assert distance.kl(p, q) == pytest.approx(stats.entropy(q, p), abs=1e-12)
    assert distance.js(p, q) == pytest.approx(jensenshannon(p, q) ** 2, abs=1e-12)


def test_jensen_shannon_of_disjoint_bins_is_ln_2() -> None:
    """Nothing in common is the largest distance there is (Lin 1991)."""
    assert distance.js(np.array([5, 0]), np.array([0, 5])) == pytest.approx(math.log(2))


def test_an_empty_bin_counts_as_half_a_row() -> None:
    """PSI stays finite, and a bin that few rows missed weighs less than one that many missed."""
    few = distance.psi(np.array([50, 50]), np.array([20, 0]))
    many = distance.psi(np.array([5000, 5000]), np.array([2000, 0]))
    q = np.array([20, 0.5]) / 20.5
    assert few == pytest.approx(float(np.sum((q - 0.5) * np.log(q / 0.5))), abs=1e-12)
    assert few < many < math.inf


def test_a_bin_that_is_empty_on_both_sides_changes_nothing() -> None:
    """Only bins that hold somebody are compared."""
    assert distance.psi(np.array([3, 0, 7]), np.array([5, 0, 5])) == distance.psi(
        np.array([3, 7]), np.array([5, 5])
    )


@pytest.mark.parametrize(("n", "m"), [(1, 1), (7, 3), (64, 65), (1000, 777), (20_000, 20_000)])
@pytest.mark.parametrize("ties", [False, True])
@pytest.mark.parametrize("shift", [0.0, 0.4])
def test_ks_and_wasserstein_agree_with_scipy(n: int, m: int, ties: bool, shift: float) -> None:
    """The exact statistics, to 1e-12, with ties and with unequal sizes."""
    rng = np.random.default_rng(n + m)
    a, b = rng.normal(size=n), rng.normal(size=m) + shift
    if ties:
        a, b = a.round(1), b.round(1)
    a.sort(), b.sort()
    expected = (
        stats.ks_2samp(a, b, method="asymp").statistic if min(n, m) > 1 else float(a[0] != b[0])
    )
    assert distance.ks(a, b) == pytest.approx(expected, abs=1e-12)
    assert distance.wasserstein(a, b) == pytest.approx(stats.wasserstein_distance(a, b), abs=1e-12)


def test_wasserstein_is_given_in_standard_deviations_of_the_reference() -> None:
    """A shift by two standard deviations is a distance of two."""
    reference = normal(5000) * 7
    moved = measure(reference, reference + 2 * reference.std(), "x", LIMITS)
    assert moved.wasserstein == pytest.approx(2.0, abs=1e-9)


def test_the_noise_of_psi_is_chi_square() -> None:
    """Yurdakul (2018): PSI n m / (n + m) is about chi-square with k - 1 degrees of freedom."""
    rng = np.random.default_rng(1)
    n, m, k = 4000, 2000, 10
    scaled = [
        distance.psi(rng.multinomial(n, [1 / k] * k), rng.multinomial(m, [1 / k] * k))
        * n * m / (n + m)
        for _ in range(2000)
    ]  # fmt: skip
    assert np.mean(scaled) == pytest.approx(k - 1, abs=0.3)
    assert np.quantile(scaled, 0.99) == pytest.approx(stats.chi2.ppf(0.99, k - 1), rel=0.1)
    assert distance.psi_noise(k, n, m, 0.99) == pytest.approx(
        stats.chi2.ppf(0.99, k - 1) * (1 / n + 1 / m)
    )


def test_the_critical_value_of_ks_is_the_tabled_one() -> None:
    """1.358 sqrt((n + m) / (n m)) at 5%, as in Smirnov's (1948) table."""
    assert distance.ks_noise(100, 100, level=0.95) == pytest.approx(1.358 * math.sqrt(0.02), 1e-3)


# ----------------------------------------------------------------------------- deciding


@pytest.mark.parametrize("n", [20, 50, 100, 1000])
@pytest.mark.parametrize("kind", ["normal", "counts", "labels", "missing"])
def test_noise_is_not_called_a_shift(n: int, kind: str) -> None:
    """Two draws of one law: at most one column of a hundred is flagged, however few the rows."""
    rng = np.random.default_rng(n)
    draw = {
        "normal": lambda: rng.normal(size=n),
        "counts": lambda: rng.poisson(1.0, n),
        "labels": lambda: np.minimum(rng.zipf(1.5, n), 500).astype(str),
        "missing": lambda: np.where(rng.random(n) < 0.05, np.nan, rng.normal(size=n)),
    }[kind]
    found = [measure(draw(), draw(), "x", Thresholds(psi=0.1, ks=0.1)) for _ in range(200)]
    assert sum(row.outcome is ShiftOutcome.SHIFTED for row in found) <= 2


def test_what_is_merely_significant_is_not_flagged() -> None:
    """0.02 standard deviations at 200,000 rows: KS has p below 0.001, and nothing is the matter."""
    reference, current = normal(200_000), normal(200_000, 0.02, seed=1)
    assert stats.ks_2samp(reference, current).pvalue < 1e-3
    assert measure(reference, current, "x", Thresholds(ks=0.1)).outcome is ShiftOutcome.OK


def test_an_effect_that_chance_could_explain_is_neither_alarm_nor_all_clear() -> None:
    """Over its threshold but within the noise of so few rows: NOT_SCORED, and it says why."""
    rng = np.random.default_rng(3)
    found = [measure(rng.normal(size=40), rng.normal(size=40), "x", LIMITS) for _ in range(50)]
    doubtful = [row for row in found if row.psi is not None and row.psi >= 0.2]
    assert doubtful
    assert {row.cause for row in doubtful} == {Cause.TOO_FEW}
    assert "chance alone" in doubtful[0].reason


def test_one_outlier_does_not_hide_a_shift() -> None:
    """A shift of one sigma stays visible beside a value of a million (equal-width bins lose it)."""
    reference, current = normal(10_000), normal(10_000, 1.0, seed=1)
    current[0] = 1e6
    row = measure(reference, current, "x", LIMITS)
    assert row.outcome is ShiftOutcome.SHIFTED
    assert row.psi is not None
    assert row.psi > 0.8


def test_a_column_that_went_missing_is_shifted() -> None:
    """95% NaN: the values that are left look alike, the missing rate does not."""
    reference, current = normal(2000), normal(2000, seed=1)
    current[:1900] = np.nan
    row = measure(reference, current, "x", LIMITS)
    assert row.outcome is ShiftOutcome.SHIFTED
    assert row.missing_change == pytest.approx(0.95)
    assert "missing 0.0% -> 95.0%" in row.reason


def test_ks_decides_only_where_it_has_a_threshold() -> None:
    """Without one it is shown and nothing more."""
    reference, current = normal(5000), normal(5000, 0.3, seed=1)
    assert measure(reference, current, "x", Thresholds(psi=9.0)).outcome is ShiftOutcome.OK
    shifted = measure(reference, current, "x", Thresholds(psi=9.0, ks=0.1))
    assert shifted.outcome is ShiftOutcome.SHIFTED
    assert shifted.reason.startswith("KS 0.1")


def test_a_column_may_have_thresholds_of_its_own() -> None:
    """What a column does not set, it takes from the suite."""
    params = DriftParams(psi=0.2, ks=0.3, columns={"a": DriftColumn(psi=0.1, missing=0.5)})
    assert thresholds_of(params, "a") == Thresholds(psi=0.1, ks=0.3, missing=0.5)
    assert thresholds_of(params, "b") == Thresholds(psi=0.2, ks=0.3, missing=0.05)


def test_a_new_category_is_named_and_weighs_in() -> None:
    """A third of the rows in a category that the reference never had is a shift."""
    reference = np.array(["a", "b"] * 500, dtype=object)
    current = np.array(["a", "b", "zebra"] * 300, dtype=object)
    row = measure(reference, current, "x", LIMITS)
    assert row.outcome is ShiftOutcome.SHIFTED
    assert row.new_categories == ("zebra",)
    assert row.new_share == pytest.approx(1 / 3)
    assert (row.n_vanished, row.vanished_share) == (0, 0.0)


def test_a_vanished_category_is_named() -> None:
    """So is one that current no longer has."""
    row = measure(np.array(["a", "b", "c"] * 100), np.array(["a", "b"] * 100), "x", LIMITS)
    assert row.vanished_categories == ("c",)
    assert row.outcome is ShiftOutcome.SHIFTED


@pytest.mark.parametrize(
    ("reference", "current", "cause", "words"),
    [
        (np.array([]), normal(50), Cause.EMPTY, "no rows in reference"),
        (np.full(50, np.nan), np.full(50, np.nan), Cause.ALL_NULL, "reference and current"),
        (np.ones(50), np.ones(60), Cause.CONSTANT, "constant on both sides: 1"),
        (np.array(["a"] * 50), np.array(["a"] * 50), Cause.CONSTANT, "constant on both sides: a"),
        (normal(50), np.append(normal(50), np.inf), Cause.NON_FINITE, "1 in current"),
        (normal(50), np.array(["a", "b"] * 25), Cause.KIND, "numeric in reference, categorical"),
        (normal(50), normal(5), Cause.TOO_FEW, "5 in current"),
        (np.arange(3000).astype(str), np.arange(3000).astype(str), Cause.TEXT, "3000 distinct"),
        (np.arange(30).astype(str), np.arange(30).astype(str), Cause.TOO_FEW, "too rare"),
        (
            np.array(["2020-01-01"] * 30, dtype="M8[ns]"),
            np.array(["2021-01-01"] * 30, dtype="M8[ns]"),
            Cause.TIME,
            "columns.ignore",
        ),
        (np.ones(50, complex), np.ones(50, complex), Cause.KIND, "complex"),
        (np.ones((50, 2)), np.ones((50, 2)), Cause.ERROR, "one dimension"),
    ],
)
def test_what_cannot_be_scored_is_named(
    reference: np.ndarray, current: np.ndarray, cause: Cause, words: str
) -> None:
    """NOT_SCORED with its cause and a reason; never OK, never an exception."""
    row = measure(reference, current, "x", LIMITS)
    assert (row.outcome, row.cause) == (ShiftOutcome.NOT_SCORED, cause)
    assert words in row.reason


def test_a_column_that_is_all_null_by_now_is_shifted_and_not_scored() -> None:
    """Its missing rate was measured, its distances were not."""
    row = measure(normal(100), np.full(100, np.nan), "x", LIMITS)
    assert row.outcome is ShiftOutcome.SHIFTED
    assert (row.cause, row.psi, row.ks) == (Cause.ALL_NULL, None, None)


def test_infinities_are_counted_apart_from_missing_values() -> None:
    """Inf is a value that somebody wrote; NaN is one that nobody did."""
    current = np.array([np.inf, -np.inf, np.nan, *normal(50)])
    row = measure(normal(50), current, "x", LIMITS)
    assert (row.infinite_reference, row.infinite_current) == (0, 2)
    assert row.missing_current == pytest.approx(1 / 53)


def test_a_frozen_feature_is_shifted() -> None:
    """Constant on one side only: the feed that got stuck is what drift detection is for."""
    assert measure(normal(500), np.zeros(500), "x", LIMITS).outcome is ShiftOutcome.SHIFTED
    stuck_before = measure(np.zeros(500), normal(500), "x", LIMITS)
    assert stuck_before.outcome is ShiftOutcome.SHIFTED
    assert stuck_before.wasserstein is None  # no standard deviation to measure it in


@pytest.mark.parametrize("share", [0.02, 0.3, 0.5])
def test_numbers_with_few_values_get_bins_of_their_own(share: float) -> None:
    """0/1 columns: quantiles collapse, the change of the rate is seen all the same."""
    rng = np.random.default_rng(0)
    reference = (rng.random(5000) < share).astype(float)
    current = (rng.random(5000) < share + 0.3).astype(float)
    before, after = reference.mean(), current.mean()
    expected = distance.psi(
        np.array([5000 * (1 - before), 5000 * before]), np.array([5000 * (1 - after), 5000 * after])
    )
    row = measure(reference, current, "x", LIMITS)
    assert row.n_bins == 2
    assert row.psi == pytest.approx(expected, abs=1e-12)


def test_bins_are_quantiles_of_the_reference() -> None:
    """Ten equally full bins, labelled by their ends."""
    values = np.arange(1.0, 101.0)
    edges = bins.edges(values, 10)
    assert edges.count(values).tolist() == [10] * 10
    assert edges.labels()[:2] == ("(-inf, 10]", "(10, 20]")


def test_flags_and_zero_one_numbers_are_the_same_column() -> None:
    """Booleans on one side and 0/1 on the other can be compared."""
    flags = np.random.default_rng(0).random(1000) < 0.4
    row = measure(flags, flags.astype(int), "x", LIMITS)
    assert (row.outcome, row.psi) == (ShiftOutcome.OK, 0.0)


@pytest.mark.parametrize(
    ("values", "kind", "missing"),
    [
        (np.array([1, None, 2.5], dtype=object), "numeric", 1),
        (np.array([True, None, False], dtype=object), "boolean", 1),
        (np.array(["a", None, np.nan, pd.NA, pd.NaT], dtype=object), "categorical", 4),
        (np.array([None, np.nan], dtype=object), "unknown", 2),
        (np.array([[1], [2]], dtype=object).reshape(2), "numeric", 0),
        (np.array([1, 2], dtype="m8[s]"), "numeric", 0),
        (np.array([b"a", b"b"]), "categorical", 0),
        (np.array(["2020", "NaT"], dtype="M8[ns]"), "datetime", 1),
        (np.array([pd.Timestamp("2020"), None], dtype=object), "datetime", 1),
        (np.array([10**400, 1], dtype=object), "numeric", 0),
    ],
)
def test_a_column_is_what_it_holds(values: np.ndarray, kind: str, missing: int) -> None:
    """Object arrays are read by their values, and every kind of nothing is missing."""
    found = profile(values)
    assert (found.kind, found.missing, found.n) == (kind, missing, len(values))


def test_values_without_a_hash_are_labels_by_their_text() -> None:
    """Lists in a column do not end the run."""
    values = np.empty(40, dtype=object)
    values[:] = [[1], [2]] * 20
    assert measure(values, values, "x", LIMITS).outcome is ShiftOutcome.OK


def test_huge_values_leave_wasserstein_undefined_and_the_rest_defined() -> None:
    """An overflow is null, never NaN or infinity in a record."""
    row = measure(np.tanh(normal(100)) * 1.7e308, np.tanh(normal(100)) * 1e307, "x", LIMITS)
    assert row.wasserstein is None
    assert row.ks is not None
    records.encode(row)


# ----------------------------------------------------------------------------- the table


def test_columns_of_one_side_only_are_named() -> None:
    """Neither silence nor an exception: absent, and the record says where."""
    rows = table({"a": normal(50)}, {"b": normal(50)}, DriftParams())
    assert [(row.name, row.cause, row.reason) for row in rows] == [
        ("a", Cause.ABSENT, "no such column in current"),
        ("b", Cause.ABSENT, "no such column in reference"),
    ]


def test_ignored_columns_are_left_out_and_roles_are_kept() -> None:
    """The target is marked as such."""
    sides = {"id": normal(50), "y": normal(50)}
    rows = table(sides, sides, DriftParams(), ignore=("id",), roles={"y": Role.TARGET})
    assert [(row.name, row.role) for row in rows] == [("y", Role.TARGET)]


def shift(name: str, outcome: ShiftOutcome, cause: Cause = Cause.NONE) -> ColumnShift:
    """A row of the table with this outcome."""
    return ColumnShift(
        name=name, role=Role.FEATURE, kind="numeric", n_reference=1, n_current=1,
        outcome=outcome, cause=cause, reason="",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("rows", "outcome"),
    [
        ([], Outcome.INCONCLUSIVE),
        ([shift("a", ShiftOutcome.OK)], Outcome.PASS),
        ([shift("a", ShiftOutcome.OK), shift("b", ShiftOutcome.SHIFTED)], Outcome.FAIL),
        (
            [shift("a", ShiftOutcome.OK), shift("b", ShiftOutcome.NOT_SCORED, Cause.ABSENT)],
            Outcome.INCONCLUSIVE,
        ),
        (
            [shift("a", ShiftOutcome.OK), shift("b", ShiftOutcome.NOT_SCORED, Cause.CONSTANT)],
            Outcome.PASS,
        ),
        ([shift("b", ShiftOutcome.NOT_SCORED, Cause.CONSTANT)], Outcome.INCONCLUSIVE),
    ],
)
def test_nothing_passes_by_absence(rows: list[ColumnShift], outcome: Outcome) -> None:
    """No row, no scored row, or a row left open is not an all-clear."""
    assert judge(tuple(rows), {}).outcome is outcome


def test_the_record_survives_a_round_trip_with_hostile_names() -> None:
    """Half surrogate pairs, markup and endless names can be written and read again."""
    hostile = np.array(["<script>", "\ud800", "x" * 10_000] * 20, dtype=object)
    rows = table({"\udfff": hostile}, {"\udfff": hostile[:30]}, DriftParams())
    found = judge(rows, {"a": "sha256:0"})
    assert records.decode(records.encode(found), Drift) == found
    assert all(len(bin_.label) <= 120 for bin_ in rows[0].bins)


def test_a_stored_profile_serves_as_well_as_the_values() -> None:
    """A reference can be profiled once, and in shards."""
    reference, current = normal(3000), normal(2000, 0.5, seed=1)
    whole = measure(reference, current, "x", LIMITS)
    parts = merge([profile(reference[:1000]), profile(reference[1000:])])
    assert isinstance(parts, Numbers)
    assert measure(parts, profile(current), "x", LIMITS) == whole


def test_a_blank_shard_joins_any_kind_and_others_must_agree() -> None:
    """All-missing shards say nothing of the kind; numbers and labels do not add up."""
    blank = profile(np.array([None, None], dtype=object))
    assert merge([blank, profile(np.array(["a"]))]).missing == 2
    assert merge([blank, blank]).n == 4
    with pytest.raises(ValueError, match="shards disagree"):
        merge([profile(np.array(["a"])), profile(np.array([1.0]))])


def test_the_shift_table_needs_no_heavy_import() -> None:
    """pandas and scipy.stats take seconds; the domain does without them."""
    code = "import sys, titleholder.drift; print({'pandas', 'scipy.stats'} & set(sys.modules))"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "set()"
