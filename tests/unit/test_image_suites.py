"""What a suite of images declares, and the tables that hold them."""

from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from titleholder import tables
from titleholder.errors import BadInput
from titleholder.metrics import REGISTRY
from titleholder.params.check import suite_problems
from titleholder.params.schema import Columns, DataParams, Images, Models, Suite
from titleholder.types import Kind, Rule, Task

SUITE: dict[str, Any] = {
    "task": Task.MULTICLASS,
    "data": DataParams("d.parquet"),
    "models": Models("a.onnx", ("b.onnx",)),
    "rules": (Rule("r", "accuracy", Kind.FLOOR, value=0.5),),
}


def _problems(**changes: Any) -> list[str]:
    return [p.message for p in suite_problems(Suite(**{**SUITE, **changes}), REGISTRY, ())]


def test_a_suite_of_onnx_models_and_images_is_right() -> None:
    """With its classes, and one value a channel."""
    images = Images(mean=(0.5, 0.4, 0.3), std=(0.2, 0.2, 0.2))
    assert _problems(images=images, classes=("cat", "dog")) == []


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"images": Images(mean=(0.1, 0.2))}, "takes one value, or one a channel, and has 2"),
        ({"images": Images(std=(1.0,) * 4)}, "and has 4"),
        ({"classes": ("cat", "dog", "cat")}, "'cat' stands twice"),
        (
            {"task": Task.BINARY, "positive": "yes", "classes": ("no", "yes")},
            "belong to a multiclass task",
        ),
        (
            {
                "task": Task.REGRESSION, "images": Images(),
                "rules": (Rule("r", "mae", Kind.CEILING, value=1.0),),
            },
            "are classified here",
        ),
    ],
)  # fmt: skip
def test_what_images_cannot_be_is_told(changes: dict[str, Any], told: str) -> None:
    """Before anything is pulled."""
    (problem,) = _problems(**changes)
    assert told in problem


FRAME = pd.DataFrame({"row_id": ["a", "b"], "y": ["cat", "dog"], "image": [b"\x89", b"\xff"]})


def test_columns_of_bytes_are_for_models_alone(tmp_path: Path) -> None:
    """The panel and drift read the rest; what validation and models read has them."""
    path = tmp_path / "panel.parquet"
    tables.write_parquet(path, FRAME)
    assert list(tables.read_plain(path)) == ["row_id", "y"]
    assert list(tables.read_frame(path)) == ["row_id", "y", "image"]
    FRAME.drop(columns="image").to_csv(tmp_path / "panel.csv", index=False)
    assert list(tables.read_plain(tmp_path / "panel.csv")) == ["row_id", "y"]


@pytest.mark.parametrize("read", [tables.read_plain, tables.read_frame])
def test_a_damaged_table_is_told_whichever_way_it_is_read(read: Any, tmp_path: Path) -> None:
    """As bad input with the file's name."""
    path = tmp_path / "panel.parquet"
    path.write_bytes(b"PAR1 no more")
    with pytest.raises(BadInput, match=r"panel\.parquet"):
        read(path)


def test_declared_classes_are_the_panel_s_whether_or_not_they_have_rows() -> None:
    """In the order declared: a model of a thousand classes can be judged on rows of ten."""
    policy = Suite(**{**SUITE, "classes": ("dog", "cow", "cat")}, columns=Columns(target="y"))
    assert tables.panel_of(FRAME, policy, "p").classes == ("dog", "cow", "cat")
    narrow = Suite(**{**SUITE, "classes": ("dog", "cow")}, columns=Columns(target="y"))
    with pytest.raises(BadInput, match="'cat', which are not among"):
        tables.panel_of(FRAME, narrow, "p")
