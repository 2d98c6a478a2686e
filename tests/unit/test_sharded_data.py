"""Data in many files are validated and held against their reference as those of one are."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from tests.support import sharded
from titleholder import records
from titleholder.drift import Drift
from titleholder.errors import ConfigError
from titleholder.stages import STAGES, compare, drift, manifest, profiles, validate
from titleholder.stages.many import drift as drift_many
from titleholder.stages.workspace import Workspace, open_workspace
from titleholder.stats.shared import summary
from titleholder.types import Outcome
from titleholder.validation import Validation

ROWS = 24_500
EXPECTED: list[tuple[str, dict[str, Any]]] = [
    ("expect_table_row_count_to_be_between", {"min_value": 20_000}),
    ("expect_table_columns_to_match_set", {
        "column_set": ["row_id", "clicked", "region", "age", "new", "visits", "late"]}),
    ("expect_column_values_to_not_be_null", {"column": "row_id"}),
    ("expect_column_values_to_be_unique", {"column": "row_id"}),
    ("expect_column_values_to_be_in_set", {"column": "clicked", "value_set": ["yes", "no"]}),
    ("expect_column_values_to_be_between", {
        "column": "age", "min_value": 0, "max_value": 120, "mostly": 0.95}),
    ("expect_column_values_to_be_between", {"column": "visits", "min_value": 0, "max_value": 4}),
    ("expect_column_values_to_be_of_type", {"column": "visits", "type_": "float64"}),
    ("expect_column_values_to_be_of_type", {"column": "row_id", "type_": "int64"}),
    ("expect_column_mean_to_be_between", {"column": "visits", "min_value": 1, "max_value": 3}),
    ("expect_column_max_to_be_between", {"column": "row_id", "max_value": 100_000}),
    ("expect_column_distinct_values_to_equal_set", {
        "column": "region", "value_set": ["north", "south", "east", "west"]}),
]  # fmt: skip
WAYS: list[tuple[Sequence[int], dict[str, Any]]] = [
    ([9000, 1, 8000], {"blocks": 3}),
    ([24_000], {"kind": "threads", "workers": 4, "blocks": 1}),
]

FEW_METRICS: dict[str, Any] = {
    "metrics": ["roc_auc"], "slices": [], "resamples": 200,
    "rules": [{"id": "auc", "metric": "roc_auc", "kind": "non_inferior", "margin": 0.01}],
}  # fmt: skip


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Blocks of 3,500 rows, so that there are seven."""
    monkeypatch.setattr(summary, "ROWS", 3500)


def rows(seed: int, n: int = ROWS) -> pd.DataFrame:
    """A panel with a whole number that late files have gaps in, and values far from zero."""
    panel = sharded.rows(n, seed)["panel"]
    rng = np.random.default_rng(seed)
    visits = rng.integers(0, 6, n)
    panel["visits"] = pd.array(np.where(visits == 5, rng.integers(0, 6, n), visits), "Int64")
    panel.loc[n - 100 :, "visits"] = pd.NA
    panel["late"] = 1e6 + rng.normal(size=n) + 0.1 * seed
    return panel


def project(
    root: Path, sizes: Sequence[int] | None, runner: dict[str, Any] | None = None, **said: Any
) -> Workspace:
    """A project with a reference and expectations, its sources pulled."""
    frames = {**sharded.rows(ROWS), "panel": rows(1), "reference": rows(0)}
    suffix = ".parquet" if sizes is None else ""
    data = {"current": f"panel{suffix}", "reference": {"path": f"reference{suffix}"}}
    asked = {"data": data, "expectations": "suite.json", "drift": {"sample": 500}, **said}
    sharded.project(root, frames, sizes, runner, **asked)
    entries = [{"type": kind, "kwargs": kwargs} for kind, kwargs in EXPECTED]
    (root / "suite.json").write_text(json.dumps({"name": "clicks", "expectations": entries}))
    ws = open_workspace(root, sharded.SUITE)
    STAGES["pull"].run_in(ws)
    return ws


def without_inputs(record: dict[str, Any]) -> dict[str, Any]:
    """A record without the digests that files have."""
    del record["inputs"]
    return record


def validated(ws: Workspace) -> dict[str, Any]:
    """The record of the validate stage."""
    STAGES["validate"].run_in(ws)
    return without_inputs(json.loads((ws.stage("validate") / validate.FILE).read_bytes()))


def shifted(ws: Workspace) -> dict[str, Any]:
    """The record of the drift stage."""
    STAGES["drift"].run_in(ws)
    return without_inputs(json.loads((ws.stage("drift") / drift.FILE).read_bytes()))


def test_validation_is_that_of_one_file(tmp_path: Path) -> None:
    """Whatever the files, the units and who has them: the same bytes, and the same as of one."""
    whole = validated(project(tmp_path / "one", None))
    assert whole["outcome"] == "FAIL"
    assert "1 of 12 expectations failed" in whole["reason"]
    found = [validated(project(tmp_path / str(i), *way)) for i, way in enumerate(WAYS)]
    assert found[0] == found[1]
    mean = next(i for i, (kind, _) in enumerate(EXPECTED) if "mean" in kind)
    for record in (whole, found[0]):  # the last digits of a mean hang on how sums are grouped
        observed = record["expectations"][mean].pop("observed")
        assert float(observed) == pytest.approx(rows(1)["visits"].mean(), rel=1e-12)
    assert found[0] == whole


def test_drift_is_that_of_one_file(tmp_path: Path) -> None:
    """The record with its notes, and Evidently's own figures of the very same rows."""
    one = project(tmp_path / "one", None)
    whole = shifted(one)
    outcomes = {row["name"]: row["outcome"] for row in whole["columns"]}
    assert outcomes == dict.fromkeys(outcomes, "OK")
    assert next(row for row in whole["columns"] if row["name"] == "age")["ks_within"] > 0
    for i, way in enumerate(WAYS):
        ws = project(tmp_path / str(i), *way)
        assert shifted(ws) == whole
        pages = [side.stage("drift") / "evidence/evidently.json" for side in (one, ws)]
        assert figures(pages[0]) == figures(pages[1])


def figures(path: Path) -> list[Any]:
    """What Evidently found, column by column."""
    return [
        (metric["config"].get("column"), metric["value"])
        for metric in json.loads(path.read_text())["metrics"]
    ]


@pytest.mark.parametrize("sizes", [None, [9000]], ids=["one", "many"])
def test_a_reference_is_read_once(
    tmp_path: Path, sizes: Sequence[int] | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The next night takes its profile and its sample, for the same record; other data do not."""
    ws = project(tmp_path, sizes, columns={"target": "clicked", "ignore": ["late"]})
    first = shifted(ws)
    kept = list((tmp_path / profiles.DIRECTORY).glob("*.json"))
    assert len(kept) == 1
    read: list[str] = []
    plain, of_many = drift.sides.tables.read_plain, drift_many.profiles
    monkeypatch.setattr(
        drift.sides.tables, "read_plain", lambda path: read.append(path.stem) or plain(path)
    )
    monkeypatch.setattr(
        drift_many, "profiles",
        lambda look, runner: read.append(look.rows.place) or of_many(look, runner),
    )  # fmt: skip
    assert shifted(ws) == first
    assert read == ["panel"]
    drift.measured(ws, manifest.read(ws))  # who verifies a verdict believes no cache
    assert read == ["panel", "reference", "panel"]
    kept[0].write_bytes(kept[0].read_bytes().replace(b'"version": 1', b'"version": 0'))
    assert shifted(ws) == first
    assert read[3:] == ["reference", "panel"]


def test_a_column_that_memory_would_not_hold_is_no_all_clear(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where a sketch does not suffice and the values are too many: NOT_SCORED, coarse."""
    monkeypatch.setattr(drift_many, "MOST_VALUES", ROWS - 1)
    ws = project(tmp_path, [9000])
    STAGES["drift"].run_in(ws)
    found = records.read(ws.stage("drift") / drift.FILE, Drift)
    assert found.outcome is Outcome.INCONCLUSIVE
    assert [row.name for row in found.columns if row.cause == "coarse"] == ["late"]


def test_what_does_not_add_up_is_an_error_of_configuration(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Named with its cure, before a row is read."""
    median = ("expect_column_median_to_be_between", {"column": "age", "min_value": 1})
    monkeypatch.setitem(globals(), "EXPECTED", [*EXPECTED, median])
    ws = project(tmp_path, [9000])
    with pytest.raises(ConfigError, match=r"expectations\[12\] \(expect_column_median"):
        STAGES["validate"].run_in(ws)


def test_a_file_that_was_cut_short_is_in_the_record(tmp_path: Path) -> None:
    """Between pull and validate: a RecordError for another file, an ERROR for one that breaks."""
    ws = project(tmp_path, [9000], {"blocks": 1})
    monkey = tmp_path / "panel" / "part-0001.parquet"
    data = monkey.read_bytes()
    monkey.write_bytes(data[: len(data) // 2])
    with pytest.raises(Exception, match=r"part-0001\.parquet"):
        STAGES["validate"].run_in(ws)


def test_values_that_stand_twice_are_named(tmp_path: Path) -> None:
    """In files far apart, the first of them in the order of rows."""
    ws = project(tmp_path, [9000], {"blocks": 2})
    first, last = (tmp_path / "panel" / f"part-{i:04}.parquet" for i in (0, 1))
    late = pd.read_parquet(last)
    late.loc[len(late) - 1, "row_id"] = pd.read_parquet(first)["row_id"][7]
    late.to_parquet(last, index=False)
    STAGES["pull"].run_in(ws)
    STAGES["validate"].run_in(ws)
    found = records.read(ws.stage("validate") / validate.FILE, Validation).expectations[3]
    assert (found.outcome, found.unexpected_count, found.offending) == (
        Outcome.FAIL, 2, ("26", "26"),
    )  # fmt: skip


def test_only_the_newest_profiles_are_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """They can be made again; a directory that grows each night cannot be unmade."""
    monkeypatch.setattr(profiles, "MOST", 2)
    ws = project(tmp_path, [9000])
    there = tmp_path / profiles.DIRECTORY
    there.mkdir(parents=True)
    for name in "abc":
        (there / f"{name}.json").write_text("{}")
    STAGES["drift"].run_in(ws)
    assert not {path.name for path in there.iterdir()} & {"a.json", "b.json", "c.json"}
    assert len(list(there.iterdir())) == 2


def compared(ws: Workspace) -> Workspace:
    """Models run and compared, as if the data had passed their validation."""
    passed = Validation(Outcome.PASS, "", 1, 1, 1, 1, ())
    records.write(ws.stage("validate") / validate.FILE, passed)
    for stage in ("predict", "compare"):
        STAGES[stage].run_in(ws)
    return ws


def test_ready_answers_with_a_reference_are_compared(tmp_path: Path) -> None:
    """Nobody has answered the reference rows: decay and shift are told as unavailable."""
    ws = compared(project(tmp_path, [9000], **FEW_METRICS))
    found = records.read(ws.stage("compare") / compare.PAST, compare.Past)
    assert found.answers == ()
    assert found.decay.reason == "there are no champion's answers on reference rows"


def test_shifts_of_answers_are_those_of_one_file(tmp_path: Path) -> None:
    """Models that were asked about both sides: the same rows of the table, to the byte."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler
    from skops import io

    frame = rows(0)
    models = {}
    for name, feature in (("champion", "late"), ("candidate", "row_id")):
        model = make_pipeline(StandardScaler(), LogisticRegression())
        models[name] = io.dumps(model.fit(frame[[feature]], frame["clicked"]))
    said = []
    for name, sizes in (("one", None), ("many", [9000])):
        root = tmp_path / name
        for model, data in models.items():
            root.mkdir(exist_ok=True)
            (root / f"{model}.skops").write_bytes(data)
        named = {"champion": "champion.skops", "candidates": ["candidate.skops"]}
        ws = project(root, sizes, {"blocks": 2}, models=named, **FEW_METRICS)
        compared(ws)
        said.append(records.read(ws.stage("compare") / compare.PAST, compare.Past))
    assert [row.name for row in said[0].answers] == [
        "prediction of champion", "prediction of candidate",
    ]  # fmt: skip
    assert said[0].answers == said[1].answers


def test_a_suite_that_asks_of_columns_alone_reads_no_row(tmp_path: Path) -> None:
    """Number of rows and names of columns stand in the footers."""
    ws = project(tmp_path, [9000])
    entries = [{"type": kind, "kwargs": kwargs} for kind, kwargs in EXPECTED[:2]]
    (tmp_path / "suite.json").write_text(json.dumps({"name": "c", "expectations": entries}))
    STAGES["pull"].run_in(ws)
    STAGES["validate"].run_in(ws)
    found = records.read(ws.stage("validate") / validate.FILE, Validation)
    assert (found.outcome, found.rows, found.columns) == (Outcome.PASS, ROWS, 7)
