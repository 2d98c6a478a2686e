"""The self-test of data in many files: of some rows, the same ones whoever reads which files."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pandas as pd
import pytest

from tests.support import sharded
from titleholder.arrays import Panel, Predictions
from titleholder.drift.sample import CURRENT, drawn
from titleholder.errors import NotComparable
from titleholder.stages import manifest, rehearsal
from titleholder.stages.many import some_rows
from titleholder.stages.many.some_rows import Drawn
from titleholder.stages.workspace import open_workspace
from titleholder.stats.shared import summary

ROWS = 9000
RULE = {"id": "r", "metric": "accuracy", "kind": "non_inferior", "margin": 0.5}
OTHER: dict[str, Any] = {"positive": None, "rules": [RULE]}
TASKS: dict[str, tuple[Callable[[int], dict[str, pd.DataFrame]], dict[str, Any]]] = {
    "binary": (sharded.rows, {}),
    "weighted": (sharded.weighted, {"rules": [RULE]}),
    "multiclass": (sharded.many_classes, {"task": "multiclass", **OTHER}),
    "regression": (
        sharded.numbers,
        {"task": "regression", "positive": None, "rules": [{**RULE, "metric": "mae"}]},
    ),
}


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Blocks of 2,000 rows, so that there are five."""
    monkeypatch.setattr(summary, "ROWS", 2000)


def _taken(root: Path, most: int) -> Drawn:
    ws = sharded.pulled(root)
    return some_rows.taken(ws, manifest.read(ws), most)


def _same(one: object, other: object) -> bool:
    """Whether two values hold the same arrays, texts and numbers."""
    if isinstance(one, np.ndarray) and isinstance(other, np.ndarray):
        return one.dtype == other.dtype and pd.DataFrame(one).equals(pd.DataFrame(other))
    if isinstance(one, dict) and isinstance(other, dict):
        return list(one) == list(other) and all(_same(one[key], other[key]) for key in one)
    if isinstance(one, Panel | Predictions) and isinstance(other, Panel | Predictions):
        names = one.__dataclass_fields__
        return all(_same(getattr(one, name), getattr(other, name)) for name in names)
    return one == other


@pytest.mark.parametrize("task", TASKS)
def test_all_of_few_rows_are_those_of_one_file(tmp_path: Path, task: str) -> None:
    """The panel and the champion's answers, to the last column and its type."""
    made, said = TASKS[task]
    frames = made(ROWS)
    whole = rehearsal.rehearse(
        sharded.pulled(sharded.project(tmp_path / "1", frames, None, **said))
    )
    many = _taken(sharded.project(tmp_path / "2", frames, [4000, 1], **said), some_rows.MOST)
    assert many.rows == ROWS
    assert _same(many.panel, whole.panel)
    assert _same(many.champion, whole.champion)


def test_some_rows_are_the_same_for_any_files_units_and_workers(tmp_path: Path) -> None:
    """Those that their numbers name, with the champion's answers to just these; answers may stand
    in another order within a block.
    """
    frames = sharded.rows(ROWS)
    turned = {**frames, "champion": frames["champion"].iloc[_turned()]}
    ways: list[tuple[dict[str, pd.DataFrame], Sequence[int], dict[str, Any]]] = [
        (frames, [4000, 1], {"blocks": 1}),
        (frames, [], {"blocks": 3}),
        (frames, [100, 7000], {"kind": "threads", "workers": 3, "blocks": 1}),
        (turned, [3000], {"blocks": 2}),
    ]
    found = [
        _taken(sharded.project(tmp_path / str(i), of, sizes, runner), 700)
        for i, (of, sizes, runner) in enumerate(ways)
    ]
    numbers = drawn(ROWS, 700, open_workspace(tmp_path / "0", sharded.SUITE).suite.seed, CURRENT)
    assert found[0].panel.row_id.tolist() == frames["panel"]["row_id"].iloc[numbers].tolist()
    score = frames["champion"]["y_score"].iloc[numbers]
    assert found[0].champion.score is not None
    assert found[0].champion.score.tolist() == score.tolist()
    for other in found[1:]:
        assert _same(other.panel, found[0].panel)
        assert _same(other.champion, found[0].champion)


def _turned() -> list[int]:
    """Every row, each block of them backwards."""
    starts = range(0, ROWS, 2000)
    return [row for start in starts for row in reversed(range(start, min(ROWS, start + 2000)))]


def test_a_class_that_no_drawn_row_has_is_a_class_still(tmp_path: Path) -> None:
    """Models answer for it, and codes are those of all rows."""
    frames = sharded.many_classes(ROWS)
    said = TASKS["multiclass"][1]
    found = _taken(sharded.project(tmp_path, frames, [4000], **said), 60)
    held = frames["panel"].set_index("row_id")["clicked"].loc[found.panel.row_id]
    assert "bird" not in set(held)
    assert found.panel.classes == ("bird", "cat", "dog")
    assert found.panel.y_true is not None
    assert [found.panel.classes[code] for code in found.panel.y_true] == held.tolist()


class _Halving:
    """A model that is asked for a share of a row's id, and remembers of how many."""

    asked: tuple[int, ...] = ()

    def predict(self, frame: pd.DataFrame, row_id: str) -> pd.DataFrame:
        self.asked = (*self.asked, len(frame))
        return pd.DataFrame({row_id: frame[row_id], "y_score": frame[row_id] / (4 * ROWS)})


def test_a_model_is_asked_about_these_rows_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Once, and what it says is theirs."""
    model = _Halving()
    monkeypatch.setattr(some_rows.models, "load", lambda _path, _asked: model)
    named = {"models": {"champion": "c.skops", "candidates": ["candidate"]}}
    (tmp_path / "c.skops").write_bytes(b"a model")
    found = _taken(sharded.project(tmp_path, sharded.rows(ROWS), [4000], **named), 300)
    assert model.asked == (300,)
    assert found.champion.score is not None
    assert found.champion.score.tolist() == (found.panel.row_id / (4 * ROWS)).tolist()


def test_answers_of_other_rows_are_refused(tmp_path: Path) -> None:
    """Too few of them, or as many of others."""
    frames = sharded.rows(ROWS)
    few = {**frames, "champion": frames["champion"].iloc[1:]}
    with pytest.raises(NotComparable, match="has 8,999 rows"):
        _taken(sharded.project(tmp_path / "few", few, [4000]), 300)
    other = {**frames, "champion": frames["champion"].assign(row_id=lambda f: f["row_id"] + 1)}
    with pytest.raises(NotComparable, match="lacks"):
        _taken(sharded.project(tmp_path / "other", other, [4000]), 300)


def test_the_table_of_few_rows_is_that_of_one_file(tmp_path: Path) -> None:
    """But for the digests of what it was made of; and it is kept for the report card."""
    frames = sharded.rows(3000)
    said = {"resamples": 200, "slices": ["region"]}
    found = []
    for name, sizes in (("one", None), ("many", [900])):
        ws = sharded.pulled(sharded.project(tmp_path / name, frames, sizes, **said))
        found.append(rehearsal.try_rules(ws, 1))
        assert rehearsal.tried(ws) == found[-1]
    one, many = (msgspec.structs.replace(table, inputs={}) for table in found)
    assert one == many
    assert (one.n, one.rows) == (3000, 3000)
