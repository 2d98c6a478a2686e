"""SuperGLUE, from its official files: ``val.jsonl`` of a task, and submissions (idx, label).

Wang et al. 2019, SuperGLUE (NeurIPS). F1 and exact match of MultiRC are taken over answers; its
exact match over questions is no mean over rows, and is left to the harnesses.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from titleholder import tables
from titleholder.adapters.benchmarks.bench import Benchmark, file_in, rule
from titleholder.errors import BadInput, UsageError

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True)
class Task:
    """One task: its kind, its official metrics, and the positive label of a binary one."""

    kind: str
    metrics: tuple[str, ...]
    positive: str | None = None


TASKS: Mapping[str, Task] = MappingProxyType(
    {
        "BoolQ": Task("binary", ("accuracy",), "true"),
        "CB": Task("multiclass", ("accuracy", "f1_macro")),
        "COPA": Task("binary", ("accuracy",), "1"),
        "MultiRC": Task("binary", ("f1",), "1"),
        "RTE": Task("binary", ("accuracy",), "entailment"),
        "WiC": Task("binary", ("accuracy",), "true"),
        "WSC": Task("binary", ("accuracy",), "true"),
    }
)


def load(task: str, directory: Path) -> Benchmark:
    """A task's panel and policy; UsageError for an unknown task or a directory without its file."""
    import pandas as pd

    said = TASKS.get(task)
    if said is None:
        raise UsageError(f"SuperGLUE has no task {task!r}", cure=f"there is: {', '.join(TASKS)}")
    path = file_in(directory, "val.jsonl")
    rows = list(_multirc(path) if task == "MultiRC" else _plain(path))
    columns = ["row_id", "y_true", "cluster"] if task == "MultiRC" else ["row_id", "y_true"]
    policy: dict[str, Any] = {"task": said.kind}
    if said.positive is not None:
        policy["positive"] = said.positive
    policy["metrics"] = list(said.metrics)
    policy["rules"] = [rule(metric) for metric in said.metrics]
    return Benchmark(pd.DataFrame(rows, columns=columns), policy, answers)


def answers(frame: "pd.DataFrame") -> "pd.DataFrame":
    """A submission as predictions: ``idx`` and ``label``."""
    if not {"idx", "label"} <= set(frame.columns):
        raise BadInput("a submission to SuperGLUE has idx and label on each line")
    return frame.rename(columns={"idx": "row_id", "label": "y_pred"})


def _plain(path: Path) -> Iterator[tuple[str, str]]:
    for i, one in enumerate(tables.objects(path), 1):
        yield str(_of(one, "idx", path, i)), tables.label(_of(one, "label", path, i))


def _multirc(path: Path) -> Iterator[tuple[str, str, str]]:
    """An answer a row, named passage/question/answer; answers of one passage are one cluster."""
    for i, one in enumerate(tables.objects(path), 1):
        passage = str(_of(one, "idx", path, i))
        for question in _of(_of(one, "passage", path, i), "questions", path, i):
            for answer in _of(question, "answers", path, i):
                name = f"{passage}/{_of(question, 'idx', path, i)}/{_of(answer, 'idx', path, i)}"
                yield name, tables.label(_of(answer, "label", path, i)), passage


def _of(value: Any, key: str, path: Path, number: int) -> Any:
    if not isinstance(value, dict) or key not in value:
        raise BadInput(f"{path}:{number}: has no {key!r}", cure="is it of another task?")
    return value[key]
