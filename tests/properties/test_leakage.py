"""Leaked rows: what hashes call equal, and when coincidences are more than chance."""

import math
from fractions import Fraction
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from titleholder.errors import BadInput
from titleholder.leakage import Coincidences, chance, coincidence, hashes_file, search
from titleholder.leakage.rows import hashed, kind_of
from titleholder.types import Outcome

APART = {"row_id"}
TEXT = st.text(st.characters(codec="utf-8"), min_size=1, max_size=8)


def coarse(n: int, rng: np.random.Generator, levels: int = 400) -> pd.DataFrame:
    """Rows that coincide by chance: few values, some of them much more frequent than others."""
    weights = 1 / np.arange(1, levels + 1)
    cell = rng.choice(levels, n, p=weights / weights.sum())
    return pd.DataFrame(
        {"row_id": rng.integers(0, 10**12, n),
         "a": cell % 20, "b": [f"v{c}" for c in cell // 20], "y": rng.integers(0, 2, n)}
    )  # fmt: skip


def fine(n: int, rng: np.random.Generator) -> pd.DataFrame:
    """Rows that hardly ever coincide."""
    return pd.DataFrame(
        {"row_id": rng.integers(0, 10**12, n), "a": rng.normal(size=n), "b": rng.normal(size=n),
         "y": rng.integers(0, 2, n)}
    )  # fmt: skip


def held(panel: pd.DataFrame, training: pd.DataFrame, key: tuple[str, ...] = ()) -> Coincidences:
    """The panel against training data."""
    return search.against_frame("train", panel, training, APART, "y", key, "row_id")


def outcome(panel: pd.DataFrame, training: pd.DataFrame, max_share: float = 0.01) -> Outcome:
    """What the check says, by content alone."""
    return coincidence.judged(held(panel, training), max_share)[0]


def with_copies(panel: pd.DataFrame, training: pd.DataFrame, count: int) -> pd.DataFrame:
    """The panel with its last rows replaced by copies of training rows, under ids of their own."""
    copied = training.iloc[:count].assign(row_id=range(count))
    return pd.concat([panel.iloc[: len(panel) - count], copied], ignore_index=True)


# ------------------------------------------------------------------------------ hashes


@given(st.lists(st.one_of(st.floats(allow_nan=False), st.integers(-(10**9), 10**9)), min_size=1))
def test_equal_numbers_have_equal_hashes_whatever_their_type(values: list[float]) -> None:
    """An integer, a float, a nullable number and an object of the same value are one value."""
    floats = pd.Series(values, dtype=float)
    alike = [floats, floats.astype("Float64"), floats.astype(object)]
    if (
        all(value == int(value) for value in values if abs(value) < 1e15)
        and max(map(abs, values)) < 1e15
    ):
        alike.append(floats.astype("int64"))
    found = [hashed(pd.DataFrame({"x": one}), ["x"], None, ()) for one in alike]
    for other in found[1:]:
        assert (other.exact == found[0].exact).all()
        assert (other.normal == found[0].normal).all()


@settings(max_examples=20)
@given(st.integers(0, 2**32 - 1))
def test_normalised_numbers_survive_being_written_shorter(seed: int) -> None:
    """In single precision or with six digits nearly all fractions are the same; whole ones are."""
    values = np.random.default_rng(seed).normal(size=2000) * 10.0 ** (seed % 9 - 4)
    whole = np.arange(100_000, 102_000)

    def normal(numbers: object) -> object:
        return hashed(pd.DataFrame({"x": numbers}), ["x"], None, ()).normal

    written = [float(f"{value:.6g}") for value in values]
    assert (normal(values) == normal(values.astype(np.float32))).mean() > 0.99
    assert (normal(values) == normal(written)).mean() > 0.95
    assert (normal(values) == normal(values * 1.001)).mean() < 0.1
    assert len(set(normal(whole).tolist())) == len(whole)  # type: ignore[attr-defined]


@given(TEXT)
def test_normalised_text_has_no_case_and_no_surplus_space(text: str) -> None:
    """Another case and other spaces are the same normalised content, and another exact one."""
    written = [f"a{text}", f"A{text}", f"  a{text}\u00a0\n"]
    rows = hashed(pd.DataFrame({"x": written}), ["x"], None, ())
    assert rows.normal[0] == rows.normal[1] == rows.normal[2]
    assert len(set(rows.exact.tolist())) == 3


def test_the_order_of_columns_does_not_count_and_their_names_do() -> None:
    """A row is its values under their names."""
    frame = pd.DataFrame({"a": [1.0, 2.0], "b": [2.0, 1.0]})
    straight = hashed(frame, ["a", "b"], None, ())
    assert (straight.exact == hashed(frame, ["b", "a"], None, ()).exact).all()
    swapped = hashed(frame.rename(columns={"a": "b", "b": "a"}), ["a", "b"], None, ())
    assert not (straight.exact == swapped.exact).any()


@pytest.mark.parametrize("gap", [None, np.nan, ""])
def test_a_gap_is_a_gap_in_text(gap: object) -> None:
    """None, NaN and an empty text are one and the same absence."""
    rows = hashed(pd.DataFrame({"x": ["a", gap, None]}, dtype=object), ["x"], None, ())
    assert rows.exact[1] == rows.exact[2] != rows.exact[0]


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        ([1, 2], "number"), ([True, None], "number"), (["a", None], "text"),
        ([None, None], "empty"), (pd.to_datetime(["2020-01-01", None]), "time"),
    ],
)  # fmt: skip
def test_columns_have_a_kind(values: object, kind: str) -> None:
    """Only columns of one kind can be compared."""
    assert kind_of(pd.Series(values)) == kind


# ------------------------------------------------------------------------------ chance and copies


@settings(max_examples=20)
@given(st.integers(0, 2**32 - 1), st.integers(100, 3000), st.integers(100, 3000))
def test_independent_rows_are_not_called_copies(seed: int, ours: int, theirs: int) -> None:
    """However coarse the data and however many rows coincide, chance is not called a leak."""
    rng = np.random.default_rng(seed)
    assert coincidence.copies(held(coarse(ours, rng), coarse(theirs, rng))).least == 0


@settings(max_examples=20)
@given(st.integers(0, 2**32 - 1), st.floats(0.2, 3))
def test_shifted_rows_are_not_called_copies(seed: int, shift: float) -> None:
    """Training data of another distribution over the same cells are no leak, either."""
    rng = np.random.default_rng(seed)
    panel, training = coarse(1500, rng), coarse(1500, rng)
    training = training.assign(a=(training["a"] ** (1 / (1 + shift))).round())
    panel = panel.assign(a=(panel["a"] ** (1 / (1 + shift / 2))).round())
    assert coincidence.copies(held(panel, training)).least == 0


@settings(max_examples=20)
@given(st.integers(0, 2**32 - 1))
def test_copies_of_rows_that_hardly_repeat_are_found(seed: int) -> None:
    """Thirty copied rows among a thousand fail, under other ids and in another order."""
    rng = np.random.default_rng(seed)
    panel, training = fine(1000, rng), fine(3000, rng)
    assert outcome(panel, training) is Outcome.PASS
    leaked = with_copies(panel, training, 30).sample(frac=1, random_state=seed)
    assert outcome(leaked, training) is Outcome.FAIL
    assert 0 < coincidence.copies(held(leaked, training)).least <= 30


@settings(max_examples=20)
@given(st.integers(0, 2**32 - 1), st.integers(0, 300))
def test_the_bounds_hold_the_number_of_copies(seed: int, count: int) -> None:
    """At least and at most are on either side of the truth, in coarse data too."""
    rng = np.random.default_rng(seed)
    training = coarse(2000, rng)
    found = coincidence.copies(held(with_copies(coarse(2000, rng), training, count), training))
    assert found.least <= count <= found.most


def test_coarse_rows_leave_open_what_chance_may_hide() -> None:
    """Where a leak would not show, the check is open, until a key settles it or it is declared."""
    rng = np.random.default_rng(3)
    panel, training = coarse(2000, rng), coarse(2000, rng)
    assert outcome(panel, training) is Outcome.INCONCLUSIVE
    assert outcome(panel, training, max_share=1.0) is Outcome.PASS
    assert coincidence.judged(held(panel, training, ("row_id",)), 0.01)[0] is Outcome.PASS


@pytest.mark.parametrize("times", [2, 3])
def test_copies_of_doubled_training_rows_are_found(times: int) -> None:
    """Training rows that were repeated to balance classes do not hide a copy."""
    rng = np.random.default_rng(5)
    training = pd.concat([fine(1000, rng)] * times, ignore_index=True)
    assert outcome(with_copies(fine(1000, rng), training, 120), training) is Outcome.FAIL


@pytest.mark.parametrize("whole", [coarse, fine])
def test_a_panel_that_is_the_training_set_fails(whole: object) -> None:
    """The worst leak of all is found in coarse data, too."""
    rows = whole(1500, np.random.default_rng(2))  # type: ignore[operator]
    assert outcome(rows, rows) is Outcome.FAIL


def test_one_row_with_the_key_of_a_training_row_fails() -> None:
    """A key names a row for good: one in common is a leak, whatever the content says."""
    rng = np.random.default_rng(4)
    panel, training = fine(500, rng), fine(500, rng)
    panel.loc[7, "row_id"] = training.loc[3, "row_id"]
    what, why = coincidence.judged(held(panel, training, ("row_id",)), 0.01)
    assert what is Outcome.FAIL
    assert str(panel.loc[7, "row_id"]) in why


def test_copies_under_new_keys_fail() -> None:
    """Keys that differ do not excuse rows that are plainly the same."""
    rng = np.random.default_rng(4)
    training = fine(500, rng)
    panel = with_copies(fine(500, rng), training, 50)
    assert coincidence.judged(held(panel, training, ("row_id",)), 0.01)[0] is Outcome.FAIL


def test_what_cannot_be_compared_is_an_error() -> None:
    """No column in common, another kind of column, a key that one side lacks: never a pass."""
    rng = np.random.default_rng(4)
    panel, training = fine(50, rng), fine(50, rng)
    strange = training.rename(columns={"a": "c", "b": "d"})
    text = training.assign(a=training["a"].map("{:.3f} m".format))
    nameless = training.drop(columns="row_id")
    for found in (held(panel, strange), held(panel, text), held(panel, nameless, ("row_id",))):
        what, why = coincidence.judged(found, 1.0)
        assert what is Outcome.ERROR
        assert "train" in why


# ------------------------------------------------------------------------------ files of hashes


def test_hashes_say_what_the_data_say(tmp_path: Path) -> None:
    """A panel held against a file of hashes comes out as held against the data themselves."""
    rng = np.random.default_rng(8)
    training = coarse(800, rng)
    panel = with_copies(coarse(900, rng), training, 40)
    hashes_file.write(tmp_path / "h.parquet", *search.content_of(training, APART, "y", ("row_id",)))
    what, rows = hashes_file.read(tmp_path / "h.parquet")
    found = search.against_hashes("train", panel, what, rows, APART, ("row_id",), "row_id")
    assert found == held(panel, training, ("row_id",))


def test_a_file_of_hashes_that_is_none_is_refused(tmp_path: Path) -> None:
    """Rows, damaged bytes and hashes of another version are no hashes."""
    rows = tmp_path / "rows.parquet"
    coarse(9, np.random.default_rng(1)).to_parquet(rows)
    junk = tmp_path / "junk.parquet"
    junk.write_bytes(b"PAR1 nothing PAR1")
    for path in (rows, junk):
        with pytest.raises(BadInput, match="no file of row hashes"):
            hashes_file.read(path)


def test_hashes_of_names_as_content_are_an_error(tmp_path: Path) -> None:
    """Hashes that hold row ids as content never coincide, and that is no proof of innocence."""
    rng = np.random.default_rng(8)
    what, rows = search.content_of(coarse(50, rng), set(), "y", ())
    found = search.against_hashes("train", coarse(50, rng), what, rows, APART, (), "row_id")
    assert "row_id" in found.error


# ------------------------------------------------------------------------------ the exact test


@pytest.mark.parametrize("genotypes", [(21, 57, 22), (1, 57, 42), (5, 87, 5), (0, 3, 0), (2, 0, 1)])
def test_the_exact_test_agrees_with_enumeration(genotypes: tuple[int, int, int]) -> None:
    """The upper tail of Hardy-Weinberg heterozygotes, as enumerated with whole numbers."""
    here, both, there = genotypes
    pairs, ours = sum(genotypes), 2 * here + both
    ways = {
        h: Fraction(
            math.factorial(pairs) * 2**h,
            math.factorial((ours - h) // 2)
            * math.factorial(h)
            * math.factorial(pairs - h - (ours - h) // 2),
        )
        for h in range(ours % 2, min(ours, 2 * pairs - ours) + 1, 2)
    }
    exact = float(sum(w for h, w in ways.items() if h >= both) / sum(ways.values()))
    assert chance.excess(here, both, there) == pytest.approx(exact, rel=1e-9)
