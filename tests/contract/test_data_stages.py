"""The validate and drift stages on a small project: always a record, never silence."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from titleholder import records
from titleholder.cli import main
from titleholder.drift import Cause, Drift, Role, ShiftOutcome
from titleholder.errors import ConfigError, RecordError
from titleholder.params.schema import (
    Columns,
    DataParams,
    DriftColumn,
    DriftParams,
    Models,
    Reference,
    StoreParams,
    Suite,
    Training,
)
from titleholder.stages import drift, leaks, validate
from titleholder.stages.manifest import TRAINING, Manifest
from titleholder.stages.workspace import Workspace
from titleholder.types import Check, Outcome, Severity, Source, Task
from titleholder.validation import Validation

FILES = {"current": "data/current.parquet", "reference": "data/reference.parquet"}
SUITE_FILE = "expectations/s.json"
BETWEEN = {"type": "expect_column_values_to_be_between", "kwargs": {"column": "x", "min_value": -9}}


def frame(n: int = 400, shift: float = 0.0, seed: int = 0) -> pd.DataFrame:
    """Rows with ids, a number, a label and a target."""
    rng = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "row_id": [f"r{i}" for i in range(n)],
            "x": rng.normal(size=n) + shift,
            "g": rng.choice(["a", "b"], n),
            "y": rng.random(n) < 0.3,
        }
    )


def project(root: Path, *, listed: list[Any] | None = None, **settings: Any) -> Workspace:
    """A workspace with current and reference data, expectations, and what pull would record."""
    suite = Suite(
        task=Task.BINARY,
        rules=(),
        models=Models("models/a.skops", ("models/b.skops",)),
        expectations=SUITE_FILE,
        columns=Columns(target="y"),
        **{"data": DataParams(FILES["current"], Reference(FILES["reference"])), **settings},
    )
    for seed, path in enumerate(FILES.values()):
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        frame(seed=seed).to_parquet(root / path)
    (root / "expectations").mkdir()
    document = {"name": "s", "expectations": [BETWEEN] if listed is None else listed}
    (root / SUITE_FILE).write_text(json.dumps(document))
    ws = Workspace(root=root.resolve(), name="s", suite=suite, store=StoreParams())
    pulled(ws, **FILES, expectations=SUITE_FILE)
    return ws


def pulled(ws: Workspace, **files: str) -> None:
    """Record these files as the run's sources."""
    sources = tuple(
        Source(role, path, records.sha256_file(ws.root / path), (ws.root / path).stat().st_size)
        for role, path in files.items()
    )
    records.write(ws.stage("pull") / "manifest.json", Manifest(inputs={}, sources=sources))


def validated(ws: Workspace) -> Validation:
    """What the validate stage wrote."""
    validate.run(ws)
    return records.read(ws.stage("validate") / "validation.json", Validation)


def drifted(ws: Workspace) -> Drift:
    """What the drift stage wrote."""
    drift.run(ws)
    return records.read(ws.stage("drift") / "drift.json", Drift)


def evidence_exists(ws: Workspace, stage: str, evidence: dict[str, str]) -> bool:
    """Whether all evidence that a record names is there."""
    return all((ws.stage(stage) / path).is_file() for path in evidence.values())


def test_data_that_keep_their_promise_pass(tmp_path: Path) -> None:
    """The record names its inputs, and its evidence is where it says."""
    ws = project(tmp_path)
    found = validated(ws)
    assert (found.outcome, found.rows, found.evaluated) == (Outcome.PASS, 400, 1)
    assert set(found.inputs) == {".titleholder/runs/s/pull/manifest.json", "params"}
    assert len(found.evidence) == 2
    assert evidence_exists(ws, "validate", found.evidence)


def test_data_that_have_not_moved_pass(tmp_path: Path) -> None:
    """Every column but the id is in the table, the target marked as such."""
    ws = project(tmp_path)
    found = drifted(ws)
    assert found.outcome is Outcome.PASS
    assert found.ignored == ("row_id",)
    assert [(row.name, row.role) for row in found.columns] == [
        ("x", Role.FEATURE),
        ("g", Role.FEATURE),
        ("y", Role.TARGET),
    ]
    assert len(found.evidence) == 2
    assert evidence_exists(ws, "drift", found.evidence)


def test_both_records_are_the_same_bytes_again(tmp_path: Path) -> None:
    """Equal inputs, equal records: no times, ids or places in them."""
    written = []
    for place in ("one", "two"):
        ws = project(tmp_path / place)
        validate.run(ws)
        drift.run(ws)
        paths = [ws.stage("validate") / "validation.json", ws.stage("drift") / "drift.json"]
        written.append([path.read_bytes() for path in paths])
        assert not any(str(tmp_path).encode() in data for data in written[-1])
    assert written[0] == written[1]


def test_a_shift_fails_and_names_the_column(tmp_path: Path) -> None:
    """One standard deviation in x."""
    ws = project(tmp_path)
    frame(shift=1.0).to_parquet(tmp_path / FILES["current"])
    pulled(ws, **FILES)
    found = drifted(ws)
    assert (found.outcome, found.reason) == (Outcome.FAIL, "1 of 3 columns shifted: x")


def test_no_expectations_is_not_a_pass(tmp_path: Path) -> None:
    """Nothing passes by absence."""
    ws = project(tmp_path)
    pulled(ws, current=FILES["current"])
    found = validated(ws)
    assert (found.outcome, found.declared) == (Outcome.INCONCLUSIVE, 0)
    assert "names no expectations file" in found.reason


def test_no_reference_is_not_a_pass(tmp_path: Path) -> None:
    """There is nothing to hold the data against, and the record says so."""
    ws = project(tmp_path)
    pulled(ws, current=FILES["current"])
    found = drifted(ws)
    assert (found.outcome, found.columns) == (Outcome.INCONCLUSIVE, ())
    assert "names no reference" in found.reason


@pytest.mark.parametrize("damage", ["garbage", "no rows"])
def test_data_that_cannot_be_read_end_in_a_record(tmp_path: Path, damage: str) -> None:
    """No place of this machine in it, and no verdict."""
    ws = project(tmp_path)
    if damage == "garbage":
        (tmp_path / FILES["current"]).write_bytes(b"PAR1 is not enough")
    else:
        frame().head(0).to_parquet(tmp_path / FILES["current"])
    pulled(ws, **FILES, expectations=SUITE_FILE)
    checked, moved = validated(ws), drifted(ws)
    assert (checked.outcome, moved.outcome) == (Outcome.ERROR, Outcome.INCONCLUSIVE)
    assert FILES["current"] in checked.reason
    assert str(tmp_path) not in checked.reason + moved.reason


def test_broken_data_still_show_how_they_moved(tmp_path: Path) -> None:
    """Drift does not wait for validation: columns that cannot be scored are named."""
    ws = project(tmp_path)
    broken = frame().drop(columns="g").assign(x=np.nan, y=["?"] * 400)
    broken.to_parquet(tmp_path / FILES["current"])
    pulled(ws, **FILES, expectations=SUITE_FILE)
    assert validated(ws).outcome is Outcome.FAIL
    rows = {row.name: (row.outcome, row.cause) for row in drifted(ws).columns}
    assert rows == {
        "x": (ShiftOutcome.SHIFTED, Cause.ALL_NULL),
        "g": (ShiftOutcome.NOT_SCORED, Cause.ABSENT),
        "y": (ShiftOutcome.SHIFTED, Cause.NONE),
    }


def test_changed_bytes_are_refused(tmp_path: Path) -> None:
    """What was pulled is what is judged."""
    ws = project(tmp_path)
    frame(seed=9).to_parquet(tmp_path / FILES["current"])
    for stage in (validate, drift):
        with pytest.raises(RecordError, match="SHA-256"):
            stage.run(ws)


def test_a_wrong_suite_file_is_a_configuration_error(tmp_path: Path) -> None:
    """It names the file, and old evidence does not stay behind it."""
    ws = project(tmp_path)
    validate.run(ws)
    (tmp_path / SUITE_FILE).write_text('{"expectations": [{"type": "expect_nonsense"}]}')
    pulled(ws, **FILES, expectations=SUITE_FILE)
    with pytest.raises(ConfigError, match=r"s\.json: 1 problem"):
        validate.run(ws)
    assert not (ws.stage("validate") / "evidence").exists()


def test_a_threshold_for_a_column_that_is_not_there_is_a_problem(tmp_path: Path) -> None:
    """A typing error must not switch a threshold off."""
    ws = project(tmp_path, drift=DriftParams(columns={"xx": DriftColumn(psi=0.1)}))
    with pytest.raises(ConfigError, match=r"suites\.s\.drift\.columns.*did you mean 'x'"):
        drift.run(ws)


def test_nullable_and_arrow_columns_are_measured(tmp_path: Path) -> None:
    """Parquet files of other tools hold them."""
    ws = project(tmp_path)
    for path in FILES.values():
        frame().convert_dtypes(dtype_backend="pyarrow").to_parquet(tmp_path / path)
    pulled(ws, **FILES)
    found = drifted(ws)
    assert [row.kind for row in found.columns] == ["numeric", "categorical", "boolean"]
    assert found.outcome is Outcome.PASS


# ---------------------------------------------------------------------------- leakage


def leaky(root: Path, *trained: Training, **files: pd.DataFrame) -> Check:
    """The check of a project that names this training data, after its validate stage."""
    ws = project(root, data=DataParams(FILES["current"], None, trained))
    for name, rows in files.items():
        rows.to_parquet(root / "data" / f"{name}.parquet")
    named = {TRAINING + leaks.file_of(one): leaks.file_of(one) for one in trained}
    pulled(ws, current=FILES["current"], expectations=SUITE_FILE, **named)
    validate.run(ws)
    return leaks.check(leaks.read(ws), ws.suite)


def test_rows_of_the_training_data_block(tmp_path: Path) -> None:
    """A panel that a model was trained on in part gives no verdict, and the rows are named."""
    copied = pd.concat([frame(seed=5), frame().head(40)])
    found = leaky(tmp_path, Training("data/train.parquet"), train=copied)
    assert (found.severity, found.outcome) == (Severity.BLOCK, Outcome.FAIL)
    assert "40 to the last bit" in found.reason and "r0, r1, r2" in found.reason


def test_other_rows_do_not_block(tmp_path: Path) -> None:
    """Training data that share no row with the panel pass, whatever their ids are."""
    found = leaky(tmp_path, Training("data/train.parquet"), train=frame(seed=5))
    assert found.outcome is Outcome.PASS


def test_the_worst_of_several_training_sets_counts(tmp_path: Path) -> None:
    """Champion and candidate may have been trained on different data."""
    sets = Training("data/clean.parquet"), Training("data/train.parquet")
    found = leaky(tmp_path, *sets, clean=frame(seed=5), train=frame())
    assert found.outcome is Outcome.FAIL


@pytest.mark.parametrize("damage", [b"", b"PAR1 nothing"])
@pytest.mark.parametrize("kind", ["path", "hashes"])
def test_training_data_that_cannot_be_read_block(tmp_path: Path, kind: str, damage: bytes) -> None:
    """What was not looked at is no pass."""
    (tmp_path / "data").mkdir()
    (tmp_path / "data/train.parquet").write_bytes(damage)
    found = leaky(tmp_path, Training(**{kind: "data/train.parquet"}))
    assert (found.severity, found.outcome) == (Severity.BLOCK, Outcome.ERROR)
    assert "data/train.parquet" in found.reason and str(tmp_path) not in found.reason


def test_no_training_data_are_told_and_do_not_block(tmp_path: Path) -> None:
    """A suite that names none says so in every verdict."""
    found = leaky(tmp_path)
    assert (found.severity, found.outcome) == (Severity.INFO, Outcome.INCONCLUSIVE)


def test_a_record_of_other_training_data_is_an_error(tmp_path: Path) -> None:
    """The suite's own list is what has to be looked at."""
    leaky(tmp_path, Training("data/train.parquet"), train=frame(seed=5))
    ws = Workspace(tmp_path.resolve(), "s", suite=Suite(
        task=Task.BINARY, rules=(), models=Models("models/a.skops", ("models/b.skops",)),
        data=DataParams(FILES["current"], None, (Training("data/other.parquet"),)),
    ), store=StoreParams())  # fmt: skip
    found = leaks.check(leaks.read(ws), ws.suite)
    assert (found.severity, found.outcome) == (Severity.BLOCK, Outcome.ERROR)


def test_hashes_are_made_without_a_suite(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """`hash-rows` where the training data are, and the suite names the file alone."""
    (tmp_path / "data").mkdir()
    frame().to_csv(tmp_path / "mine.csv", index=False)
    monkeypatch.chdir(tmp_path)
    said = ["--target", "y", "--leave-out", "row_id", "--out", "data/h.parquet"]
    assert main(["hash-rows", "mine.csv", *said]) == 0
    assert "400 rows by 2 columns: g, x" in capsys.readouterr().out
    assert main(["hash-rows", "mine.csv", "--key", "id", "--out", "h.parquet"]) == 2
    assert leaky(tmp_path, Training(hashes="data/h.parquet")).outcome is Outcome.FAIL
