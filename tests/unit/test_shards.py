"""Panels of many files: rows have one order, are read in blocks, and by whom does not matter."""

import operator
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from titleholder.adapters.places import open_place
from titleholder.adapters.runners import open_runner
from titleholder.errors import BadInput, ConfigError, DataVersionError, RecordError
from titleholder.params.schema import RunnerKind, RunnerParams, StoreParams
from titleholder.shards import blocks, files, reading
from titleholder.shards.files import Place, ShardFile, Shards
from titleholder.stages.workspace import open_params
from titleholder.stats.shared import summary

ROWS = 1000


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Blocks of a thousand rows, and pages of three hundred."""
    monkeypatch.setattr(summary, "ROWS", ROWS)
    monkeypatch.setattr(reading, "_BATCH", 300)


def write(root: Path, sizes: Sequence[int], group: int = 700) -> tuple[Place, Shards]:
    """Rows 0, 1, 2, ... in files of these sizes."""
    at = 0
    (root / "panel").mkdir(parents=True)
    for i, size in enumerate(sizes):
        numbers = np.arange(at, at + size)
        table = pa.table({"row_id": numbers, "word": numbers.astype(str)})
        pq.write_table(table, root / f"panel/part-{i:03}.parquet", row_group_size=group)
        at += size
    place = open_place("panel", root, StoreParams())
    found = [files.counted(place, name) for name in place.names()]
    return place, files.gathered(place, "panel", found)


def read(place: Place, shards: Shards, most_blocks: int) -> Iterator[tuple[int, pa.Table]]:
    """All blocks with their rows, over units of at most so many."""
    for unit in blocks.units_of(shards.rows, most_blocks):
        for block, table in reading.blocks(place, shards, unit):
            yield block.number, table


@given(st.lists(st.integers(0, 900), min_size=1, max_size=12))
def test_stretches_are_all_rows_in_their_order(sizes: list[int]) -> None:
    """Whatever the files, rows ``start`` to ``stop`` are found once each, file after file."""
    named = tuple(ShardFile(f"{i:03}", n, n, "sha256:") for i, n in enumerate(sizes))
    shards = Shards("p", {}, named)
    for start, stop in ((0, shards.rows), (shards.rows // 3, shards.rows // 2)):
        before = dict(zip(named, np.cumsum([0, *sizes[:-1]]), strict=True))
        found = [
            n + before[s.file] for s in shards.located(start, stop) for n in range(s.start, s.stop)
        ]
        assert found == list(range(start, stop))


@pytest.mark.parametrize("sizes", [(3500,), (1, 999, 2500), (0, 1700, 0, 1800), (500,) * 7])
@pytest.mark.parametrize("most_blocks", [1, 2, 16])
def test_blocks_do_not_hang_on_files_or_units(
    tmp_path: Path, sizes: tuple[int, ...], most_blocks: int
) -> None:
    """Block k has rows 1000 k to 1000 (k + 1), however they are filed and who reads them."""
    for number, table in read(*write(tmp_path, sizes), most_blocks):
        start = number * ROWS
        assert table["row_id"].to_pylist() == list(range(start, min(3500, start + ROWS)))
        assert table["word"].num_chunks == 1


def test_a_file_that_was_swapped_is_not_read(tmp_path: Path) -> None:
    """Other bytes under a name that was recorded are an error that names the file."""
    place, shards = write(tmp_path, (1500, 700))
    one, other = sorted((tmp_path / "panel").iterdir())
    one.write_bytes(other.read_bytes())
    with pytest.raises(RecordError, match=r"panel/part-000.parquet: is not the file"):
        list(read(place, shards, 1))
    one.unlink()
    with pytest.raises(RecordError, match=r"panel/part-000.parquet: is gone"):
        list(read(place, shards, 1))


def test_files_of_one_panel_have_the_same_columns(tmp_path: Path) -> None:
    """Another type, a lacking column or another order is told with the file's name."""
    write(tmp_path, (10, 10))
    pq.write_table(pa.table({"row_id": [1.5], "word": ["x"]}), tmp_path / "panel/part-001.parquet")
    place = open_place("panel", tmp_path, StoreParams())
    with pytest.raises(BadInput, match=r"part-001.parquet: column 'row_id' is of type double, and"):
        files.gathered(place, "panel", [files.counted(place, name) for name in place.names()])


def test_what_is_no_panel_is_told(tmp_path: Path) -> None:
    """No directory, an empty one, one without rows, and a file that is no Parquet."""
    place = open_place("panel", tmp_path, StoreParams())
    with pytest.raises(DataVersionError, match="panel: is not here"):
        place.names()
    (tmp_path / "panel").mkdir()
    (tmp_path / "panel/_SUCCESS.parquet").write_bytes(b"")
    with pytest.raises(BadInput, match=r"holds no .parquet file"):
        place.names()
    (tmp_path / "panel/a.parquet").write_bytes(b"PAR1, but no more")
    with pytest.raises(BadInput, match=r"panel/a.parquet: cannot be read as parquet"):
        files.counted(place, "a.parquet")
    with pytest.raises(BadInput, match="its 1 files hold no rows"):
        write(tmp_path / "empty", (0,))


RUNNERS = (RunnerParams(), RunnerParams(kind=RunnerKind.THREADS, workers=3))


@pytest.mark.parametrize("said", RUNNERS, ids=lambda said: said.kind)
def test_a_runner_gives_each_result_once(said: RunnerParams) -> None:
    """Results come in any order, and none twice."""
    with open_runner(said) as runner:
        assert sorted(runner.map(operator.neg, range(50))) == sorted(-n for n in range(50))


@pytest.mark.parametrize("said", RUNNERS, ids=lambda said: said.kind)
def test_what_a_unit_raises_is_raised_by_the_runner(said: RunnerParams) -> None:
    """No unit that failed is passed over."""
    with open_runner(said) as runner, pytest.raises(TypeError):
        list(runner.map(operator.neg, [1, "two", 3]))


PARITY = {"id": "gap", "metric": "demographic_parity_difference", "kind": "ceiling", "value": 0.2}
SUITE: dict[str, Any] = {
    "task": "binary",
    "positive": "yes",
    "data": {"current": "data/panel"},
    "models": {"champion": "a.skops", "candidates": ["b.skops"]},
    "rules": [{"id": "auc", "metric": "roc_auc", "kind": "non_inferior", "margin": 0.01}],
}


def problems(root: Path, suite: dict[str, Any], runner: dict[str, Any]) -> tuple[str, ...]:
    """What loading these parameters tells."""
    document = {"suites": {"s": {**SUITE, **suite}}, "runner": runner}
    (root / "params.yaml").write_text(yaml.safe_dump(document))
    try:
        open_params(root)
    except ConfigError as error:
        return error.problems
    return ()


@pytest.mark.parametrize("path", ["data/panel", "s3://lake/clicks/2026"])
def test_a_directory_or_a_prefix_is_data(tmp_path: Path, path: str) -> None:
    """Both load, with any runner."""
    assert not problems(tmp_path, {"data": {"current": path}}, {"kind": "dask", "workers": 2})


@pytest.mark.parametrize(
    ("suite", "runner", "told"),
    [
        ({"task": "scored", "positive": None}, {}, "suites.s.task: scored items are judged of"),
        ({"columns": {"cluster": "user"}}, {}, "suites.s.columns.cluster: rows that share"),
        (
            {"columns": {"weight": "w"}, "rules": [{**PARITY, "over": "sex"}]},
            {},
            "suites.s.rules[0].over: groups of weighted rows",
        ),
        ({"methods": {"roc_auc": "delong"}}, {}, "suites.s.methods: must be left out"),
        ({"bias": {"protected": ["sex"]}}, {}, "suites.s.bias.protected: a bias audit"),
        (
            {"data": {"current": "d", "training": [{"path": "t.parquet"}]}},
            {},
            "suites.s.data.training: leaked rows",
        ),
        ({"data": {"current": "s3://Lake/x"}}, {}, "must be s3://bucket/prefix"),
        ({}, {"kind": "local", "workers": 2}, "runner.workers: kind is local"),
        ({}, {"kind": "threads", "scheduler": "tcp://x:1"}, "runner.scheduler: is of Dask"),
        ({}, {"kind": "spark"}, "'spark' is not one of local, threads, dask"),
    ],
)
def test_what_cannot_be_had_shard_by_shard_is_refused_at_load(
    tmp_path: Path, suite: dict[str, Any], runner: dict[str, Any], told: str
) -> None:
    """Each with its cure, before anything is read."""
    assert any(told in problem for problem in problems(tmp_path, suite, runner))
