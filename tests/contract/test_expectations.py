"""Great Expectations, held to it: what it calls success and must not pass, and what it leaves."""

import json
import tempfile
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from titleholder import records
from titleholder.adapters import expectations
from titleholder.adapters.expectations.engine import Engine
from titleholder.errors import ConfigError
from titleholder.types import Outcome
from titleholder.validation import Validation

Expected = tuple[str, dict[str, Any]]

BETWEEN: Expected = ("expect_column_values_to_be_between", {"column": "a", "min_value": 0})
NOT_NULL: Expected = ("expect_column_values_to_not_be_null", {"column": "a"})
MEAN: Expected = ("expect_column_mean_to_be_between", {"column": "a", "min_value": 0})


@pytest.fixture(autouse=True)
def in_an_empty_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the engine leaves in the working directory or at home is seen."""
    (tmp_path / "cwd").mkdir()
    monkeypatch.chdir(tmp_path / "cwd")
    monkeypatch.setenv("HOME", str(tmp_path / "cwd"))
    (tmp_path / "tmp").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "tmp"))


def suite(tmp_path: Path, *listed: Expected) -> Path:
    """A suite file with these expectations."""
    path = tmp_path / "suite.json"
    entries = [{"type": kind, "kwargs": kwargs} for kind, kwargs in listed]
    path.write_text(json.dumps({"name": "s", "expectations": entries}))
    return path


def validate(tmp_path: Path, columns: Mapping[str, Any], *listed: Expected) -> Validation:
    """A frame of these columns against these expectations."""
    frame = pd.DataFrame(columns)
    found = expectations.validate(frame, suite(tmp_path, *listed), tmp_path / "evidence")
    assert records.decode(records.encode(found), Validation) == found
    return found


def test_what_holds_passes_with_every_expectation_evaluated(tmp_path: Path) -> None:
    """The clean control: as many evaluated as declared, each PASS, in the file's order."""
    found = validate(tmp_path, {"a": [1.0, 2.0]}, MEAN, BETWEEN, NOT_NULL)
    assert (found.outcome, found.declared, found.evaluated) == (Outcome.PASS, 3, 3)
    assert [one.type for one in found.expectations] == [MEAN[0], BETWEEN[0], NOT_NULL[0]]
    assert found.expectations[0].observed == "1.5"
    assert found.expectations[1].kwargs == "min_value=0"


def test_a_failure_shows_the_offending_values(tmp_path: Path) -> None:
    """Count, share and at most twenty values."""
    found = validate(tmp_path, {"a": [*range(-50, 0), *range(50)]}, BETWEEN)
    (one,) = found.expectations
    assert (found.outcome, one.outcome) == (Outcome.FAIL, Outcome.FAIL)
    assert (one.n, one.unexpected_count, one.unexpected_share) == (100, 50, 0.5)
    assert one.offending == tuple(str(value) for value in range(-50, -30))
    assert one.reason == "50 of 100 rows (50.00%) do not hold"


@pytest.mark.parametrize("listed", [BETWEEN, NOT_NULL, MEAN])
def test_an_empty_frame_never_passes(tmp_path: Path, listed: Expected) -> None:
    """The engine says success for map expectations on no rows."""
    found = validate(tmp_path, {"a": np.array([], float)}, listed)
    assert found.outcome is Outcome.FAIL
    assert "no rows" in found.reason


def test_an_empty_suite_never_passes(tmp_path: Path) -> None:
    """The engine says success for it."""
    found = validate(tmp_path, {"a": [1]})
    assert (found.outcome, found.declared) == (Outcome.INCONCLUSIVE, 0)


@pytest.mark.parametrize(
    "listed",
    [
        BETWEEN,
        ("expect_column_values_to_be_unique", {"column": "a"}),
        ("expect_column_values_to_be_in_set", {"column": "a", "value_set": [1]}),
        ("expect_column_distinct_values_to_be_in_set", {"column": "a", "value_set": [1]}),
        ("expect_column_sum_to_be_between", {"column": "a", "min_value": 0}),
        ("expect_column_unique_value_count_to_be_between", {"column": "a", "max_value": 3}),
        ("expect_column_pair_values_a_to_be_greater_than_b", {"column_A": "a", "column_B": "b"}),
    ],
)
def test_an_all_null_column_never_passes(tmp_path: Path, listed: Expected) -> None:
    """Nothing was examined, so nothing holds."""
    found = validate(tmp_path, {"a": [np.nan] * 3, "b": [1.0, 2.0, 3.0]}, listed)
    assert found.outcome is Outcome.FAIL
    assert "missing: nothing was examined" in found.reason


def test_an_all_null_column_may_be_what_was_asked_for(tmp_path: Path) -> None:
    """Expectations about nulls themselves are the engine's to judge."""
    listed = ("expect_column_values_to_be_null", {"column": "a"})
    assert validate(tmp_path, {"a": [None, None]}, listed).outcome is Outcome.PASS


@pytest.mark.parametrize("value", [np.inf, -np.inf])
@pytest.mark.parametrize("dtype", ["float64", "float32", "object"])
@pytest.mark.parametrize("listed", [BETWEEN, MEAN, NOT_NULL])
def test_an_infinity_never_passes(
    tmp_path: Path, value: float, dtype: str, listed: Expected
) -> None:
    """+inf lies above every minimum, and is no number all the same."""
    found = validate(tmp_path, {"a": np.array([1.0, value], dtype=dtype)}, listed)
    assert found.outcome is Outcome.FAIL
    assert "1 infinite values in 'a'" in found.reason


def test_a_missing_column_fails_with_the_nearest_name(tmp_path: Path) -> None:
    """The engine raises inside; here it is a failure that says what to look at."""
    listed = ("expect_column_values_to_not_be_null", {"column": "incom"})
    found = validate(tmp_path, {"income": [1]}, listed)
    assert found.outcome is Outcome.FAIL
    assert found.expectations[0].reason == "no column 'incom' (the nearest is 'income')"


def test_an_exception_inside_an_expectation_is_an_error(tmp_path: Path) -> None:
    """A regular expression that does not compile says nothing of the data."""
    listed = ("expect_column_values_to_match_regex", {"column": "a", "regex": "("})
    found = validate(tmp_path, {"a": ["x"]}, listed)
    assert (found.outcome, found.expectations[0].outcome) == (Outcome.ERROR, Outcome.ERROR)
    assert "Invalid regular expression" in found.reason


@pytest.mark.parametrize("kind", ["values", "sum"])
def test_a_row_condition_that_no_row_meets_never_passes(tmp_path: Path, kind: str) -> None:
    """An empty selection is success to the engine."""
    kwargs = {
        "column": "a", "min_value": 0, "row_condition": "a > 10", "condition_parser": "pandas",
    }  # fmt: skip
    found = validate(tmp_path, {"a": [1.0, 2.0]}, (f"expect_column_{kind}_to_be_between", kwargs))
    assert found.outcome is Outcome.FAIL
    assert "nothing was examined" in found.reason
    met = {**kwargs, "row_condition": "a > 1"}
    again = validate(tmp_path, {"a": [1.0, 2.0]}, (f"expect_column_{kind}_to_be_between", met))
    assert again.outcome is Outcome.PASS


def test_the_same_expectation_twice_is_two(tmp_path: Path) -> None:
    """The engine does not fold them, and counts stay equal."""
    found = validate(tmp_path, {"a": [1.0]}, BETWEEN, BETWEEN)
    assert (found.declared, found.evaluated) == (2, 2)


def test_quantiles_do_not_break_the_run(tmp_path: Path) -> None:
    """The engine cannot store this one's result; its judgement is kept all the same."""
    ranges = {"quantiles": [0.5], "value_ranges": [[0, 1]]}
    listed = (
        "expect_column_quantile_values_to_be_between",
        {"column": "a", "quantile_ranges": ranges},
    )
    found = validate(tmp_path, {"a": [1.0, 5.0, 9.0]}, listed, BETWEEN)
    assert [one.outcome for one in found.expectations] == [Outcome.FAIL, Outcome.PASS]
    assert found.evidence["data_docs"] == "evidence/data_docs/index.html"


@pytest.mark.parametrize("dtype", ["Int64", "int64[pyarrow]", "Float64", "double[pyarrow]"])
def test_nullable_and_arrow_columns_are_seen(tmp_path: Path, dtype: str) -> None:
    """What Parquet may give is cast before the engine looks."""
    found = validate(tmp_path, {"a": pd.array([1, None, -3], dtype=dtype)}, BETWEEN, NOT_NULL)
    assert [one.unexpected_count for one in found.expectations] == [1, 1]


def test_an_engine_that_dies_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its exception is the reason; nothing counts as evaluated."""

    def dies(*_: object) -> None:
        raise RuntimeError("out of luck")

    monkeypatch.setattr(Engine, "evaluate", dies)
    found = validate(tmp_path, {"a": [1.0]}, BETWEEN)
    assert (found.outcome, found.evaluated) == (Outcome.ERROR, 0)
    assert "RuntimeError: out of luck" in found.reason


# -------------------------------------------------------------------------- the suite file


def problems(path: Path, frame: pd.DataFrame | None = None) -> tuple[str, ...]:
    """What is wrong with a suite file."""
    data = pd.DataFrame({"a": [1.0]}) if frame is None else frame
    with pytest.raises(ConfigError) as caught:
        expectations.validate(data, path, path.parent / "evidence")
    return caught.value.problems


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (None, "no such file"),
        ("", "JSON"),
        ("{", "JSON"),
        ("[]", "JSON"),
        ('{"expectations": NaN}', "NaN"),
        ('{"expectations": [], "expectations": []}', "duplicate key"),
        ('{"name": "s"}', '"expectations" is missing'),
        ('{"expectations": [], "nam": 1}', "unknown key 'nam'"),
        ('{"expectations": [3]}', "is no object"),
        ('{"expectations": [{"expectation_type": "x"}]}', "rename expectation_type to type"),
        ('{"expectations": [{"type": "x", "kwarg": {}}]}', "unknown key 'kwarg'"),
        ('{"expectations": [{"type": "x", "kwargs": []}]}', '"kwargs" is no object'),
        ('{"expectations": [{"kwargs": {}}]}', '"type" is missing'),
    ],
)
def test_a_broken_suite_file_is_a_configuration_error(
    tmp_path: Path, text: str | None, words: str
) -> None:
    """One clear problem, never a traceback of the engine."""
    path = tmp_path / "suite.json"
    if text is not None:
        path.write_text(text)
    assert any(words in problem for problem in problems(path))


def test_unknown_types_and_arguments_are_told_all_at_once(tmp_path: Path) -> None:
    """Each with its place in the file, and the nearest type that exists."""
    path = suite(
        tmp_path,
        ("expect_column_values_to_be_betwen", {"column": "a"}),
        BETWEEN,
        ("expect_column_values_to_be_between", {"column": "a", "min_value": 0, "max_valu": 1}),
        ("expect_column_values_to_be_in_set", {"column": "a"}),
    )
    found = problems(path)
    assert found[0].endswith("did you mean expect_column_values_to_be_between?")
    assert found[1].startswith("expectations[2]")
    assert "max_valu: extra fields not permitted" in found[1]
    assert "value_set: field required" in found[2]


@pytest.mark.parametrize(
    ("listed", "words"),
    [
        (("expect_column_mean_to_be_between", {"column": "a"}), "never fail"),
        (("expect_table_row_count_to_be_between", {}), "never fail"),
        ((NOT_NULL[0], {"column": "a", "mostly": 0}), "never fail"),
        ((BETWEEN[0], {"column": "a", "min_value": {"$PARAMETER": "x"}}), "$PARAMETER"),
    ],
)
def test_an_expectation_that_could_never_fail_is_a_problem(
    tmp_path: Path, listed: Expected, words: str
) -> None:
    """The engine takes it, and it would count as checked."""
    assert words in problems(suite(tmp_path, listed))[0]


# ------------------------------------------------------------------------------ evidence


def test_the_engine_leaves_its_pages_and_nothing_else(tmp_path: Path) -> None:
    """Data Docs and raw results in the evidence directory; nothing elsewhere."""
    found = validate(tmp_path, {"a": [1.0, -1.0]}, BETWEEN)
    assert found.evidence == {
        "results": "evidence/results.json",
        "data_docs": "evidence/data_docs/index.html",
    }
    pages = list((tmp_path / "evidence").rglob("*.html"))
    assert any("validations" in page.parts for page in pages)
    assert json.loads((tmp_path / "evidence/results.json").read_text())["success"] is False
    size = sum(path.stat().st_size for path in (tmp_path / "evidence").rglob("*"))
    assert size < 1_500_000
    assert list((tmp_path / "cwd").iterdir()) == []
    assert list((tmp_path / "tmp").iterdir()) == []


def test_values_and_names_reach_data_docs_only_escaped(tmp_path: Path) -> None:
    """The engine's templates would run a script that stands in a cell."""
    name, value = "<img src=x onerror=alert(1)>", "<script>alert(2)</script>"
    listed = ("expect_column_values_to_be_in_set", {"column": name, "value_set": ["y"]})
    found = validate(tmp_path, {name: [value]}, listed)
    assert found.expectations[0].offending == (json.dumps(value),)
    pages = "".join(page.read_text() for page in (tmp_path / "evidence").rglob("*.html"))
    assert value not in pages
    assert name not in pages
    assert "&lt;script&gt;alert(2)" in pages


def test_pages_that_cannot_be_made_are_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The judgement stands, and the record says what is not there."""

    def dies(*_: object) -> None:
        raise ValueError("no site today")

    monkeypatch.setattr(expectations.docs, "_site", dies)
    found = validate(tmp_path, {"a": [1.0]}, BETWEEN)
    assert found.outcome is Outcome.PASS
    assert found.evidence["data_docs"] == "unavailable: ValueError: no site today"


def test_two_validations_at_once_do_not_meet(tmp_path: Path) -> None:
    """The engine keeps one current project a process; suites run in parallel threads."""
    found: dict[int, Validation] = {}

    def one(number: int) -> None:
        here = tmp_path / str(number)
        here.mkdir()
        bounds = {"column": "a", "min_value": number, "max_value": number}
        found[number] = validate(here, {"a": [number] * 50}, (BETWEEN[0], bounds))

    threads = [threading.Thread(target=one, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [found[number].outcome for number in range(4)] == [Outcome.PASS] * 4
