"""Sketches before values: how near they come, when the values are read, and what is stored."""

import subprocess
import sys
import weakref
from importlib.util import find_spec

import numpy as np
import pytest
from msgspec.structs import replace

from titleholder import records
from titleholder.drift import (
    Categories,
    Cause,
    Opaque,
    ShiftOutcome,
    Sketch,
    Thresholds,
    distance,
    frozen,
    measure,
    merge,
    profile,
    summary,
)
from titleholder.drift.column import FEW
from titleholder.drift.grid import COARSE
from titleholder.drift.profile import MOST_LABELS, Numbers
from titleholder.drift.stored import StoredProfile, stored
from titleholder.errors import RecordError

STORED = """
import sys
import numpy
from titleholder import records
from titleholder.drift import summary
from titleholder.fast import compiled
from titleholder.drift.stored import stored
if sys.argv[1] == "y":
    compiled.load()
columns = numpy.frombuffer(sys.stdin.buffer.read()).reshape(4, -1)
profiles = {str(i): summary(values) for i, values in enumerate(columns)}
sys.stdout.buffer.write(records.encode(stored(profiles, "s")))
assert ("numba" in sys.modules) == (sys.argv[1] == "y")
"""
LIMITS = Thresholds()
RNG = np.random.default_rng(0)
DRAWS = {
    "normal": lambda n: RNG.normal(size=n),
    "lognormal": lambda n: RNG.lognormal(size=n),
    "uniform": RNG.random,
    "exponential": lambda n: RNG.exponential(size=n),
    "zeros": lambda n: np.where(RNG.random(n) < 0.3, 0.0, RNG.normal(size=n)),
}


@pytest.mark.parametrize("law", DRAWS)
def test_figures_of_a_sketch_are_nearly_the_exact_ones(law: str) -> None:
    """KS within 5e-4, Wasserstein within 5e-4 of a deviation, PSI within 2%, at 200,000 rows."""
    reference, current = DRAWS[law](200_000), DRAWS[law](150_000) * 1.1 + 0.05
    found = measure(reference, current, "x", LIMITS)
    exact = measure(profile(reference), profile(current), "x", LIMITS)
    assert found.ks_within > 0
    assert found.ks == pytest.approx(exact.ks, abs=5e-4)
    assert found.wasserstein == pytest.approx(exact.wasserstein, abs=5e-4)
    assert found.psi == pytest.approx(exact.psi, rel=0.02, abs=2e-4)
    assert found.outcome is exact.outcome


def test_a_small_reference_is_read_value_by_value() -> None:
    """Below 20,000 rows nothing is approximate."""
    found = measure(RNG.normal(size=FEW - 1), RNG.normal(size=FEW) + 0.1, "x", LIMITS)
    assert (found.ks_within, found.wasserstein_within) == (0, 0)


def test_values_too_close_together_for_their_distance_from_zero_are_read() -> None:
    """The record is the exact one, and without the values it is no all-clear."""
    values, current = 1e6 + RNG.normal(size=FEW), 1e6 + RNG.normal(size=FEW // 2)
    exact = measure(profile(values), profile(current), "x", LIMITS)
    assert measure(values, current, "x", LIMITS) == exact
    sketches = summary(values), summary(current)
    blind = measure(*sketches, "x", LIMITS)
    assert (blind.outcome, blind.cause) == (ShiftOutcome.NOT_SCORED, Cause.COARSE)
    assert measure(*sketches, "x", LIMITS, values=lambda _: (values, current)) == exact
    assert measure(*sketches, "x", LIMITS, values=lambda _: None) == blind


@pytest.mark.parametrize(
    "values",
    [
        RNG.integers(2012, 2020, FEW).astype(float),
        RNG.normal(size=FEW).round(1) * 1.1,
        RNG.random(FEW).round(2),
        np.where(RNG.random(FEW) < 0.5, 99.9, RNG.integers(-3, 3, FEW)),
        RNG.integers(-1_000_000, 1_000_000, 200)[RNG.integers(0, 200, FEW)] / 7,
    ],
    ids=["years", "tenths", "rates", "capped", "codes"],
)
def test_columns_of_few_values_are_known_exactly(values: np.ndarray) -> None:
    """Sketches alone give the record of the values, but for the last digits of Wasserstein."""
    current = np.where(RNG.random(FEW) < 0.3, values[0], values)[: FEW // 2]
    exact = measure(profile(values), profile(current), "x", LIMITS)
    found = measure(summary(values), summary(current), "x", LIMITS)
    assert found.wasserstein == pytest.approx(exact.wasserstein, rel=1e-9)
    assert found.wasserstein_within < 1e-9
    assert replace(found, wasserstein=exact.wasserstein, wasserstein_within=0.0) == exact


@pytest.mark.parametrize(("mean", "spread"), [(40, 15), (170, 10), (100, 1)])
def test_values_far_from_zero_are_given_a_finer_grid(mean: float, spread: float) -> None:
    """Ages and heights need no look at their values."""
    reference, current = RNG.normal(mean, spread, FEW), RNG.normal(mean, spread, FEW)
    exact = measure(profile(reference), profile(current), "x", LIMITS)
    found = measure(summary(reference), summary(current), "x", LIMITS)
    assert found.outcome is exact.outcome
    assert found.ks == pytest.approx(exact.ks, abs=2e-3)
    assert found.wasserstein == pytest.approx(exact.wasserstein, abs=2e-3)


def test_a_threshold_between_the_bounds_is_settled_by_the_values() -> None:
    """The PSI of the values decides, a hair to either side of the threshold."""
    reference, current = RNG.normal(size=50_000), RNG.normal(size=50_000) + 0.3
    exact = measure(profile(reference), profile(current), "x", LIMITS)
    for limit, outcome in ((exact.psi, ShiftOutcome.SHIFTED), (exact.psi + 1e-9, ShiftOutcome.OK)):
        limits = Thresholds(psi=limit)
        assert measure(summary(reference), summary(current), "x", limits).cause is Cause.COARSE
        assert measure(reference, current, "x", limits).outcome is outcome


@pytest.mark.parametrize(
    ("reference", "current", "cause", "words"),
    [
        (np.zeros(FEW), np.zeros(50), Cause.CONSTANT, "constant on both sides: 0"),
        (np.full(FEW, 0.1), np.full(50, 0.1), Cause.CONSTANT, "constant on both sides: 0.1"),
        (np.full(FEW, np.nan), np.full(50, np.nan), Cause.ALL_NULL, "reference and current"),
        (np.ones(FEW), np.append(np.ones(50), -np.inf), Cause.NON_FINITE, "1 in current"),
        (np.arange(FEW) / 7, np.ones(19), Cause.TOO_FEW, "19 in current"),
        (np.arange(FEW), np.array(["a"] * 50), Cause.KIND, "numeric in reference"),
    ],
)
def test_what_cannot_be_scored_is_named_for_large_columns_too(
    reference: np.ndarray, current: np.ndarray, cause: Cause, words: str
) -> None:
    """The same causes in the same words as for small ones."""
    row = measure(reference, current, "x", LIMITS)
    assert (row.outcome, row.cause) == (ShiftOutcome.NOT_SCORED, cause)
    assert words in row.reason


def test_flags_beside_a_sketch_are_numbers() -> None:
    """Booleans on one side and 0/1 on the other, however many rows."""
    flags = RNG.random(FEW) < 0.4
    assert measure(flags, flags.astype(int), "x", LIMITS).psi == 0.0
    assert measure(flags.astype(int), flags[:1000], "x", LIMITS).outcome is ShiftOutcome.OK


def test_labels_beyond_a_bound_are_counted_and_not_kept() -> None:
    """Identifiers of shards cost no more than a bound, in whatever order they are added."""
    names = np.array([f"u{i}" for i in range(MOST_LABELS + 1)], dtype=object)
    halves = [summary(names[:6000]), summary(names[6000:])]
    assert isinstance(halves[0], Categories)
    total = merge(halves)
    assert total == merge(halves[::-1]) == summary(names) == Opaque(len(names), 0, "categorical")
    row = measure(total, halves[0], "x", LIMITS)
    assert (row.cause, "over 10000 distinct" in row.reason) == (Cause.TEXT, True)


def test_a_stored_profile_is_the_profile() -> None:
    """Every kind of column comes back, and its record's bytes do not hang on how it was read."""
    columns = {
        "z": RNG.normal(size=500), "flag": RNG.random(500) < 0.5,
        "word": np.array(["a", None] * 250, dtype=object),
        "day": np.array(["2020-01-01"] * 500, dtype="M8[ns]"),
        "blank": np.array([None] * 500, dtype=object), "odd": np.array(["\ud800"] * 500),
    }  # fmt: skip
    whole = {name: summary(values) for name, values in columns.items()}
    parts = {
        name: merge([summary(values[300:]), summary(values[:300])])
        for name, values in columns.items()
    }
    kept = records.encode(stored(whole, "sha256:1"))
    assert records.encode(stored(parts, "sha256:1")) == kept
    again = records.decode(kept, StoredProfile).profiles("sha256:1")
    assert list(again) == list(columns)
    for name, values in columns.items():
        row = measure(again[name], values, name, LIMITS)
        assert (row.kind, row.n_reference) == (whole[name].kind, 500)
        assert row.missing_change == 0


def test_what_a_reference_says_by_itself_is_worked_out_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Against several nights, of fewer bins or a coarser grid too, and with the same record."""
    reference = summary(RNG.integers(0, 50, FEW) * 1.1)
    nights = [reference, summary(np.arange(50) * 1.1), summary(RNG.normal(20, 20, FEW))]
    worked_out: list[int] = []
    real = frozen._frozen
    monkeypatch.setattr(frozen, "_frozen", lambda c: worked_out.append(c.digits) or real(c))
    rows = [measure(reference, night, "x", LIMITS) for night in nights + nights[:2]]
    assert worked_out.count(reference.counts.digits) == 1
    assert rows[:2] == rows[3:]
    kept = weakref.ref(reference.counts)
    anew = summary(np.repeat(reference.counts.values, reference.counts.rows))
    assert [measure(anew, night, "x", LIMITS) for night in nights] == rows[:3]
    del reference, nights
    assert kept() is None


def test_a_stored_profile_of_other_data_is_not_used() -> None:
    """Neither one of other data or an older version, nor one that was damaged."""
    kept = stored({"z": summary(RNG.normal(size=50))}, "sha256:1")
    with pytest.raises(RecordError, match="is none of sha256:2"):
        kept.profiles("sha256:2")
    with pytest.raises(RecordError, match="version 0"):
        StoredProfile("sha256:1", kept.columns, version=0).profiles("sha256:1")
    text = records.encode(kept).replace(b'"n": 50', b'"n": 51')
    with pytest.raises(RecordError, match="do not add up"):
        records.decode(text, StoredProfile).profiles("sha256:1")


def test_shards_of_different_kinds_do_not_add_up() -> None:
    """Numbers in one file and labels in the next are no column."""
    with pytest.raises(ValueError, match="shards disagree: numeric and categorical"):
        merge([summary(np.ones(3)), summary(np.array(["a"]))])
    assert isinstance(merge([summary(np.ones(3))]), Sketch)
    assert isinstance(merge([profile(np.ones(3))]), Numbers)
    assert distance.LEVEL < 1


@pytest.mark.skipif(find_spec("numba") is None, reason="the extra fast is not installed")
def test_compiled_counting_gives_the_same_bytes() -> None:
    """Nothing that is recorded tells whether numba was there, on whatever grid values are."""
    laws = [DRAWS["normal"](5000), DRAWS["zeros"](5000), RNG.normal(170, 10, 5000).round(2)]
    columns = [np.append(values, [np.nan, np.inf, -0.0]) for values in laws]
    columns.append(RNG.integers(2012, 2020, 5003).astype(float))
    with_it, without = (
        subprocess.run(
            [sys.executable, "-c", STORED, said],
            input=b"".join(values.tobytes() for values in columns),
            capture_output=True,
            check=True,
        ).stdout
        for said in "yn"
    )
    assert with_it == without
    kept = records.decode(with_it, StoredProfile).profiles("s").values()
    assert sorted(part.counts.digits > COARSE for part in kept) == [False, False, True, True]
