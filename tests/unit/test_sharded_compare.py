"""Data in many files are compared as those of one: the same records, whoever did which part."""

import re
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from tests.support import sharded
from titleholder.errors import NotComparable, RecordError
from titleholder.shards import measuring, orders
from titleholder.shards.blocks import Unit
from titleholder.stages import STAGES, compare, finished
from titleholder.stages.many import answers, kept_sums, summing
from titleholder.stages.many.planning import Plan
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


RULE = {"id": "r", "kind": "non_inferior", "margin": 0.5}
TASKS: dict[str, tuple[Callable[[int], dict[str, pd.DataFrame]], dict[str, Any]]] = {
    "multiclass": (sharded.many_classes, {
        "task": "multiclass", "positive": None, "rules": [{**RULE, "metric": "accuracy"}],
        "metrics": ["accuracy", "f1_macro", "recall[bird]", "log_loss", "top_k[2]", "roc_auc_ovr"],
    }),
    "regression": (sharded.numbers, {
        "task": "regression", "positive": None, "rules": [{**RULE, "metric": "rmse"}],
        "metrics": ["mae", "rmse", "r2", "bias", "pinball[0.5]"],
    }),
    "weighted": (sharded.weighted, {
        "rules": [{**RULE, "metric": "accuracy"}],
        "metrics": ["accuracy", "f1", "log_loss", "roc_auc"],
    }),
}  # fmt: skip


@pytest.mark.parametrize("task", TASKS)
def test_other_tasks_and_weights_give_the_same_bytes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, task: str
) -> None:
    """Where rows are looked at together, records are those of one file; where they are too many,
    those of sums, whatever the files, the units and who has them: the same values, and intervals
    as wide.
    """
    made, asked = TASKS[task]
    frames, said = made(6000), {**asked, "resamples": 1000, "slices": ["region"]}
    whole = sharded.compared(sharded.project(tmp_path / "one", frames, None, **said))
    many = sharded.project(tmp_path / "many", frames, [5000, 1], {"blocks": 1}, **said)
    assert sharded.compared(many) == whole

    monkeypatch.setattr(measuring, "MOST_ROWS", 2000)
    ways: list[tuple[Sequence[int], dict[str, Any]]] = [
        ([4000], {"kind": "threads", "workers": 2, "blocks": 1}), ([], {"blocks": 2}),
    ]  # fmt: skip
    summed = [
        sharded.compared(sharded.project(tmp_path / str(i), frames, sizes, runner, **said))
        for i, (sizes, runner) in enumerate(ways)
    ]
    assert summed[0] == summed[1]
    rows = "candidate/comparisons.json"
    assert summed[0][rows]["flips"] == whole[rows]["flips"]
    of_sums = {"law", "normal", "cells", "score"}
    for one, other in zip(summed[0][rows]["comparisons"], whole[rows]["comparisons"], strict=True):
        if one["n"] > 2000 and one["metric"] not in NOT_SUMMED:
            assert not one["reason"], one
            assert of_sums & set(re.split(r"\W+", one["method"])), one
            for key in ("champion", "candidate", "improvement"):
                assert one[key]["value"] == pytest.approx(other[key]["value"], rel=1e-9), one
                ends = [r[key]["high"] - r[key]["low"] for r in (one, other)]
                assert ends[0] == pytest.approx(ends[1], rel=0.2), one
        elif one["n"] <= 2000:
            assert one == other
        else:
            assert "sums over shards do not tell it" in one["reason"]


# What takes all rows of a slice at once, of weighted rows the order of scores, too.
NOT_SUMMED = ("roc_auc", "roc_auc_ovr")


def test_nearly_equal_models_of_too_many_rows_have_wider_intervals(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What sums cannot tell makes the interval wider, and is named; nothing is left out."""
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


class Killed(BaseException):
    """The process ends here."""


def test_a_comparison_that_was_killed_goes_on_with_the_units_that_it_had(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was summed of a unit is not summed again, unless its file was damaged; nothing is
    written of a part of the panel, and what is written is what an unbroken run writes.
    """
    root = sharded.project(tmp_path, sharded.rows(ROWS), [9000], {"blocks": 2}, **SAID)
    ws = sharded.pulled(root)
    STAGES["predict"].run_in(ws)
    STAGES["compare"].run_in(ws)
    whole = sharded.told(ws)
    done: list[int] = []
    honest = summing.summed

    def counted(plan: Plan, unit: Unit, most: int) -> summing.Sums:
        if len(done) == most:
            raise Killed
        done.append(unit.first)
        return honest(plan, unit)

    monkeypatch.setattr(summing, "summed", partial(counted, most=2))
    with pytest.raises(Killed):
        STAGES["compare"].run_in(ws)
    assert not (ws.stage("compare") / "candidate").exists()
    assert done == [0, 2]
    kept = ws.stage(kept_sums.SCRATCH) / "current" / "sums.000002.npz"
    kept.write_bytes(kept.read_bytes()[:-20])
    monkeypatch.setattr(summing, "summed", partial(counted, most=9))
    STAGES["compare"].run_in(ws)
    assert done == [0, 2, 2, 4, 6]
    assert sharded.told(ws) == whole
    assert not ws.stage(kept_sums.SCRATCH).exists()


def test_sums_of_another_question_are_not_gone_on_with(tmp_path: Path) -> None:
    """Other answers, or a run that begins anew: what was kept is cleared away."""
    ws = sharded.pulled(sharded.project(tmp_path, sharded.rows(100), [60], **SAID))
    kept = ws.stage(kept_sums.SCRATCH) / "current" / "sums.000000.npz"
    begun: list[bool] = []
    for answers_of, anew in (("a", False), ("a", False), ("b", False), ("b", True)):
        if anew:
            finished.forget(ws)
        kept_sums.begin(ws, {"one": answers_of})
        begun.append(kept.exists())
        kept.parent.mkdir(parents=True, exist_ok=True)
        kept.touch()
    assert begun == [False, True, False, False]
