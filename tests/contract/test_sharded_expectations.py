"""Expectations over shards: the totals say what the engine says of the whole frame."""

import json
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from titleholder import records
from titleholder.adapters import expectations
from titleholder.columns import like_whole, numpy_frame
from titleholder.types import Outcome
from titleholder.validation import Validation, sharded, suite_file
from titleholder.validation.guards import Facts

BLOCK = 4  # rows; far fewer than in use
ALL = "expect_column_"

SUITE: list[tuple[str, dict[str, Any]]] = [
    ("expect_table_row_count_to_be_between", {"min_value": 10, "max_value": 30}),
    ("expect_table_row_count_to_equal", {"value": 24}),
    ("expect_table_column_count_to_equal", {"value": 6}),
    ("expect_table_columns_to_match_set", {"column_set": ["i", "g", "f", "s", "b", "day"]}),
    ("expect_table_columns_to_match_ordered_list", {"column_list": ["i", "g", "f", "s", "b"]}),
    (f"{ALL}to_exist", {"column": "f"}),
    (f"{ALL}to_exist", {"column": "nowhere"}),
    (f"{ALL}values_to_be_between", {"column": "i", "min_value": 0, "max_value": 5}),
    (f"{ALL}values_to_be_between", {"column": "g", "min_value": 0, "mostly": 0.75}),
    (f"{ALL}values_to_be_between", {"column": "f", "min_value": -1, "max_value": 1}),
    (f"{ALL}values_to_be_in_set", {"column": "s", "value_set": ["x", "y"], "mostly": 0.5}),
    (f"{ALL}values_to_not_be_in_set", {"column": "g", "value_set": [2]}),
    (f"{ALL}values_to_be_null", {"column": "f", "mostly": 0.25}),
    (f"{ALL}values_to_not_be_null", {"column": "g", "mostly": 0.75}),
    (f"{ALL}values_to_not_be_null", {"column": "s", "row_condition": "i > 2",
                                     "condition_parser": "pandas"}),
    (f"{ALL}values_to_match_regex", {"column": "s", "regex": "^[xy]$"}),
    (f"{ALL}value_lengths_to_equal", {"column": "s", "value": 1}),
    (f"{ALL}pair_values_a_to_be_greater_than_b", {"column_A": "i", "column_B": "g",
                                                  "or_equal": True, "mostly": 0.5}),
    (f"{ALL}values_to_be_of_type", {"column": "i", "type_": "int64"}),
    (f"{ALL}values_to_be_of_type", {"column": "g", "type_": "float64"}),
    (f"{ALL}values_to_be_of_type", {"column": "b", "type_": "bool"}),
    (f"{ALL}values_to_be_in_type_list", {"column": "s", "type_list": ["str"]}),
    (f"{ALL}values_to_be_unique", {"column": "i", "mostly": 0.5}),
    (f"{ALL}values_to_be_unique", {"column": "f"}),
    (f"{ALL}values_to_be_unique", {"column": "s"}),
    (f"{ALL}min_to_be_between", {"column": "i", "min_value": 0, "strict_min": True}),
    (f"{ALL}max_to_be_between", {"column": "g", "max_value": 5}),
    (f"{ALL}mean_to_be_between", {"column": "f", "min_value": -0.5, "max_value": 0.5}),
    (f"{ALL}sum_to_be_between", {"column": "i", "min_value": 40}),
    (f"{ALL}stdev_to_be_between", {"column": "f", "min_value": 0.1, "max_value": 1}),
    (f"{ALL}unique_value_count_to_be_between", {"column": "s", "min_value": 3}),
    (f"{ALL}proportion_of_unique_values_to_be_between", {"column": "g", "max_value": 0.3}),
    (f"{ALL}proportion_of_non_null_values_to_be_between", {"column": "f", "min_value": 0.7}),
    (f"{ALL}distinct_values_to_be_in_set", {"column": "s", "value_set": ["x", "y"]}),
    (f"{ALL}distinct_values_to_contain_set", {"column": "g", "value_set": [1, 2, 3]}),
    (f"{ALL}distinct_values_to_equal_set", {"column": "b", "value_set": [True, False]}),
    ("expect_multicolumn_sum_to_equal", {"column_list": ["i", "g"], "sum_total": 3}),
]  # fmt: skip


def suite_of(folder: Path, listed: list[tuple[str, dict[str, Any]]]) -> Path:
    """A suite file."""
    entries = [{"type": kind, "kwargs": kwargs} for kind, kwargs in listed]
    path = folder / "suite.json"
    path.write_text(json.dumps({"name": "s", "expectations": entries}))
    return path


def frame_of(table: pa.Table) -> Any:
    """As a reader of Parquet has it."""
    return table.to_pandas(use_threads=False, ignore_metadata=True)


def by_shards(table: pa.Table, cuts: list[int], path: Path, *, pages: bool = False) -> Validation:
    """The validation of a table that is cut at these blocks."""
    declared = suite_file.read(path)
    assert not sharded.problems(declared, table.num_rows)
    gaps = [name for name in table.column_names if table[name].null_count]
    ends = sorted({0, *(BLOCK * cut for cut in cuts if BLOCK * cut < table.num_rows)})
    parts, frames = [], []
    for start, stop in zip(ends, [*ends[1:], table.num_rows], strict=True):
        frame = numpy_frame(like_whole(frame_of(table.slice(start, stop - start)), gaps))
        frames.append(frame)
        seen = expectations.examine(frame, sharded.by_engine(declared), path.name)
        facts = Facts.of(frame, declared)
        parts.append(
            sharded.Partial(
                start, facts, seen.found, seen.meeting, seen.broken,
                sharded.measures_of(frame, start, BLOCK, declared),
                sharded.hashes_of(frame, declared),
            )
        )  # fmt: skip
    empty = numpy_frame(like_whole(frame_of(table.slice(0, 0)), gaps))
    schema = expectations.examine(empty, sharded.of_schema(declared), path.name).found
    doubled = {}
    for name in parts[0].hashes:
        hashes = sharded.first_doubled([part.hashes[name] for part in parts])
        doubled[name] = tuple(v for f in frames for v in sharded.standing(f, name, hashes))
    whole, found = sharded.total(declared, table.column_names, parts[::-1], schema, doubled)
    if pages:
        made = expectations.pages(empty, declared, found, path.name, path.parent / "evidence")
        assert made["data_docs"] == "evidence/data_docs/index.html", made
    return whole


def table_of(seed: int, rows: int, infinite: bool = False) -> pa.Table:
    """Rows of every type, with gaps that some shards have and others have not."""
    rng = np.random.default_rng(seed)
    f = np.round(rng.normal(size=rows), 1)  # with zeros of either sign
    if infinite:
        f[0] = np.inf
    gap = rng.random(rows) < rng.choice([0.0, 0.1, 0.9])
    late = np.arange(rows) > rows * rng.random()
    s = rng.choice(["x", "y", "zz"], rows, p=[0.6, 0.3, 0.1])
    return pa.table(
        {
            "i": pa.array(rng.integers(0, 7, rows)),
            "g": pa.array(rng.integers(0, 4, rows), mask=gap & late),
            "f": pa.array(f, mask=gap),
            "s": pa.array(s, mask=gap & late),
            "b": pa.array(rng.random(rows) < 0.5, mask=late & (rng.random(rows) < 0.3)),
            "day": pa.array(["2020-01-01"] * rows).cast(pa.date32()),
        }
    )


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The suite file."""
    return suite_of(tmp_path_factory.mktemp("suite"), SUITE)


def near(one: str | None, two: str | None) -> bool:
    """Whether two figures are the same text, or the same number but for its last digits."""
    if one == two or one is None or two is None:
        return one == two
    try:
        return float(one) == pytest.approx(float(two), rel=1e-12)
    except ValueError:
        return False


@settings(
    max_examples=4,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
    phases=[Phase.generate],  # to shrink an example takes the engine minutes
)
@given(st.integers(0, 1000), st.sampled_from([1, 9, 24, 31]), st.booleans(), st.data())
def test_totals_are_what_the_engine_says_of_the_whole(
    path: Path, tmp_path_factory: pytest.TempPathFactory,
    seed: int, rows: int, infinite: bool, data: st.DataObject,
) -> None:  # fmt: skip
    """Each expectation: the same outcome, reason, counts, values and figure, for any shards."""
    table = table_of(seed, rows, infinite)
    cuts = data.draw(st.lists(st.integers(1, 7), max_size=3))
    whole = expectations.validate(frame_of(table), path, tmp_path_factory.mktemp("whole") / "e")
    parts = by_shards(table, cuts, path)
    for one, two in zip(whole.expectations, parts.expectations, strict=True):
        assert near(one.observed, two.observed), (one, two)
        unified = {"observed": one.observed}
        if near(one.observed, two.observed) and one.observed and "observed" in one.reason:
            unified["reason"] = one.reason
        assert msgspec.structs.replace(two, **unified) == one
    assert (whole.outcome, whole.rows, whole.columns, whole.declared, whole.evaluated) == (
        parts.outcome, parts.rows, parts.columns, parts.declared, parts.evaluated,
    )  # fmt: skip


def test_every_split_gives_the_same_record(path: Path) -> None:
    """To the byte, whatever the number of shards and their order; the engine's pages show it."""
    table = table_of(5, 31)
    one = records.encode(by_shards(table, [], path, pages=True))
    assert all(
        records.encode(by_shards(table, cuts, path)) == one for cuts in ([1, 2, 3, 4, 5], [3])
    )
    page = next((path.parent / "evidence/data_docs/validations").rglob("*.html")).read_text()
    assert "unexpected values" in page.lower()


@pytest.mark.parametrize(
    ("listed", "words"),
    [
        ((f"{ALL}median_to_be_between", {"column": "f", "min_value": 0}), "quantiles do not add"),
        ((f"{ALL}values_to_be_increasing", {"column": "i"}), "compares rows across shards"),
        ((f"{ALL}value_z_scores_to_be_less_than", {"column": "f", "threshold": 3,
                                                   "double_sided": True}), "all others"),
        (("expect_compound_columns_to_be_unique", {"column_list": ["i", "g"]}), "key of one"),
        ((f"{ALL}max_to_be_between", {"column": "f", "max_value": 3, "row_condition": "i > 2",
                                      "condition_parser": "pandas"}), "row_condition"),
        (("unexpected_rows_expectation", {"unexpected_rows_query": "x"}), "do not add up"),
    ],
)  # fmt: skip
def test_what_does_not_add_up_is_refused_by_name(
    tmp_path: Path, listed: tuple[str, dict[str, Any]], words: str
) -> None:
    """Never judged shard by shard, never passed: a problem that names it and its cure."""
    declared = suite_file.read(suite_of(tmp_path, [SUITE[0], listed]))
    (problem,) = sharded.problems(declared, 100)
    assert problem.startswith(f"expectations[1] ({listed[0]})")
    assert words in problem
    assert "(" in problem.split("): ")[-1] or "name a single file" in problem


def test_too_many_rows_for_their_keys_are_refused(tmp_path: Path) -> None:
    """Uniqueness is told from a hash a row, which has to be held."""
    declared = suite_file.read(suite_of(tmp_path, [(f"{ALL}values_to_be_unique", {"column": "i"})]))
    assert not sharded.problems(declared, 1 << 27)
    assert "134,217,728" in sharded.problems(declared, (1 << 27) + 1)[0]


def test_an_engine_that_dies_on_one_shard_is_an_error(path: Path) -> None:
    """Nothing is evaluated, and the record says what it died of."""
    declared = suite_file.read(path)
    facts = Facts(3, ("i",), frozenset(), {})
    parts = [sharded.Partial(0, facts), sharded.Partial(4, facts, broken="RuntimeError: gone")]
    whole, found = sharded.total(declared, ["i"], parts, {})
    assert not found
    assert whole.outcome is not Outcome.PASS
    assert whole.reason.endswith("RuntimeError: gone")


def test_a_shard_that_was_not_looked_at_is_an_error(tmp_path: Path) -> None:
    """What one shard does not answer, the whole does not either."""
    declared = suite_file.read(
        suite_of(tmp_path, [(f"{ALL}values_to_be_between", {"column": "i", "min_value": 0})])
    )
    facts = Facts(3, ("i",), frozenset(), {})
    whole, _ = sharded.total(declared, ["i"], [sharded.Partial(0, facts)], {})
    assert (whole.outcome, whole.evaluated) == (Outcome.ERROR, 0)
