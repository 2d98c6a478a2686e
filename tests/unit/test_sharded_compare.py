"""Data in many files are compared as those of one: the same records, whoever did which part."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from tests.support import sharded
from titleholder.errors import NotComparable, RecordError
from titleholder.shards import orders
from titleholder.stages import STAGES, answers, compare
from titleholder.stages.workspace import open_workspace
from titleholder.stats.shared import summary
from titleholder.types import Comparison

ROWS = 24_500
METRICS = [
    "accuracy", "recall", "f1", "roc_auc", "average_precision", "ks", "lift[0.1]", "log_loss",
    "ece", "demographic_parity_difference",
]  # fmt: skip
SAID: dict[str, Any] = {"metrics": METRICS, "resamples": 200}


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Blocks of 3,500 rows, so that there are seven, and ranges of 4,000 scores."""
    monkeypatch.setattr(summary, "ROWS", 3500)
    monkeypatch.setattr(orders, "RANGE", 4000)


@pytest.mark.parametrize("ties", [None, 200], ids=["untied", "tied"])
def test_one_file_or_many_units_or_threads_give_the_same_bytes(
    tmp_path: Path, ties: int | None
) -> None:
    """Whatever the files, the units and who has them, the records are those of a single file."""
    frames = sharded.rows(ROWS, ties=ties)
    whole = sharded.compared(sharded.project(tmp_path / "one", frames, None, **SAID))
    ways: list[tuple[Sequence[int], dict[str, Any]]] = [
        ([9000, 1, 8000], {"blocks": 3}),
        ([24_000], {"kind": "threads", "workers": 4, "blocks": 1}),
        ([], {"blocks": 7}),
    ]
    for i, (sizes, runner) in enumerate(ways):
        assert (
            sharded.compared(sharded.project(tmp_path / str(i), frames, sizes, runner, **SAID))
            == whole
        )


def test_few_rows_are_all_looked_at(tmp_path: Path) -> None:
    """Where a panel in memory is not summed, one in many files is not either; empty bins stay."""
    frames = sharded.rows(4000)
    said = {**SAID, "slices": [{"column": "age", "bins": [20, 60, 200, 300]}, "region"]}
    whole = sharded.compared(sharded.project(tmp_path / "one", frames, None, **said))
    assert sharded.compared(sharded.project(tmp_path / "many", frames, [900], **said)) == whole


def test_nearly_equal_models_of_too_many_rows_have_wider_intervals(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What sums cannot tell makes the interval wider, and is named; nothing is left out."""
    from titleholder.shards import measuring

    frames = sharded.rows(ROWS)
    noise = np.random.default_rng(1).normal(size=ROWS) * 1e-3
    close = (frames["champion"]["y_score"] + noise).clip(0, 1)
    frames["candidate"] = frames["champion"].assign(y_score=close)
    exact, wide = (
        found_in(sharded.project(tmp_path / name, frames, [9000], **SAID), most, monkeypatch)
        for name, most in (("exact", measuring.MOST_ROWS), ("wide", 5000))
    )
    assert exact.keys() == wide.keys()
    auc = ("roc_auc", "overall")
    assert wide[auc].method == measuring.WIDENED
    assert wide[auc].improvement.value == pytest.approx(exact[auc].improvement.value, abs=1e-12)
    assert (wide[auc].std_error or 0) > 2 * (exact[auc].std_error or 0) > 0
    assert "sums over shards do not tell it" in wide["ece", "overall"].reason
    assert wide["ece", "overall"].improvement.value is None
    assert not exact["ece", "overall"].reason


def found_in(
    root: Path, most: int, monkeypatch: pytest.MonkeyPatch
) -> dict[tuple[str, str], Comparison]:
    """Comparisons by metric and slice, where so many rows may be looked at together."""
    from titleholder.shards import measuring

    monkeypatch.setattr(measuring, "MOST_ROWS", most)
    sharded.compared(root)
    rows = compare.read(open_workspace(root, sharded.SUITE), "candidate").comparisons
    return {(c.metric, c.slice): c for c in rows if c.over is None}


def changed(frames: dict[str, pd.DataFrame], name: str, at: int, row_id: int) -> None:
    """Give a row of the panel or of answers another id."""
    frames[name] = frames[name].copy()
    frames[name].loc[at, "row_id"] = row_id


def test_an_id_that_stands_in_two_blocks_is_refused(tmp_path: Path) -> None:
    """Twice in the panel, far apart: named, however large the panel is."""
    frames = sharded.rows(ROWS)
    for name in frames:
        changed(frames, name, 20_000, 5)
    with pytest.raises(NotComparable, match="row_id stand more than once, such as '5'"):
        sharded.compared(sharded.project(tmp_path, frames, [9000], **SAID))


def test_ids_in_no_order_are_no_doubles(tmp_path: Path) -> None:
    """Ids of all blocks may lie in one range, as long as each stands once."""
    frames = sharded.rows(ROWS)
    order = np.random.default_rng(0).permutation(ROWS)
    mixed = {name: frame.iloc[order] for name, frame in frames.items()}
    whole = sharded.compared(sharded.project(tmp_path / "one", mixed, None, **SAID))
    assert sharded.compared(sharded.project(tmp_path / "many", mixed, [9000], **SAID)) == whole


def test_answers_for_other_rows_are_refused(tmp_path: Path) -> None:
    """Fewer rows, or another id in the midst of them."""
    frames = sharded.rows(ROWS)
    fewer = {**frames, "candidate": frames["candidate"].iloc[:-1]}
    with pytest.raises(NotComparable, match="candidate: has 24,499 rows"):
        sharded.compared(sharded.project(tmp_path / "fewer", fewer, [9000], **SAID))
    changed(frames, "candidate", 20_000, 7)
    with pytest.raises(NotComparable, match="answers of candidate: lacks 1 of"):
        sharded.compared(sharded.project(tmp_path / "other", frames, [9000], **SAID))


def test_a_run_that_was_killed_keeps_the_blocks_that_it_had(tmp_path: Path) -> None:
    """What is answered is not asked again, and what was tampered with is not compared."""
    ws = sharded.pulled(sharded.project(tmp_path, sharded.rows(ROWS), [9000], **SAID))
    STAGES["predict"].run_in(ws)
    first = answers.file_of(ws, "champion", "current", 0)
    second = answers.file_of(ws, "champion", "current", 1)
    kept, second_bytes = first.stat().st_ino, second.read_bytes()
    second.unlink()
    STAGES["predict"].run_in(ws)
    assert first.stat().st_ino == kept
    assert second.read_bytes() == second_bytes
    second.write_bytes(first.read_bytes())
    with pytest.raises(RecordError, match=r"000001.parquet: is not the file that was recorded"):
        STAGES["compare"].run_in(ws)
