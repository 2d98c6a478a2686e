"""GLUE, from its official files: ``dev.tsv`` of a task, and submissions (index, prediction).

Wang et al. 2019, GLUE, doi:10.18653/v1/W18-5446. Metrics are the official ones.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from titleholder.adapters.benchmarks.bench import Benchmark, at, file_in, lines_of, rule
from titleholder.errors import BadInput, UsageError

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True)
class Task:
    """One task: the column of its label (by name, or by place where there is no head), its kind,
    and its official metrics. ``words`` are the labels where they are words."""

    label: str | int
    kind: str
    metrics: tuple[str, ...]
    files: tuple[str, ...] = ("dev.tsv",)
    positive: str | None = None
    head: bool = True


_YES = "1"
TASKS: Mapping[str, Task] = MappingProxyType(
    {
        "CoLA": Task(1, "binary", ("mcc",), positive=_YES, head=False),
        "SST-2": Task("label", "binary", ("accuracy",), positive=_YES),
        "MRPC": Task("Quality", "binary", ("accuracy", "f1"), positive=_YES,
                     files=("dev.tsv", "msr_paraphrase_test.txt")),
        "STS-B": Task("score", "regression", ("pearson", "spearman")),
        "QQP": Task("is_duplicate", "binary", ("accuracy", "f1"), positive=_YES),
        "MNLI": Task("gold_label", "multiclass", ("accuracy",), files=("dev_matched.tsv",)),
        "MNLI-mm": Task("gold_label", "multiclass", ("accuracy",), files=("dev_mismatched.tsv",)),
        "QNLI": Task("label", "binary", ("accuracy",), positive="entailment"),
        "RTE": Task("label", "binary", ("accuracy",), positive="entailment"),
        "WNLI": Task("label", "binary", ("accuracy",), positive=_YES),
        # The diagnostic set as it was published with its labels: Matthews over three classes.
        "AX": Task("Label", "multiclass", ("mcc",), files=("diagnostic-full.tsv",)),
    }
)  # fmt: skip


def load(task: str, directory: Path) -> Benchmark:
    """A task's panel and policy; UsageError for an unknown task or a directory without its file."""
    import pandas as pd

    said = TASKS.get(task)
    if said is None:
        raise UsageError(f"GLUE has no task {task!r}", cure=f"there is: {', '.join(TASKS)}")
    path = file_in(directory, *said.files)
    lines = lines_of(path)
    place = _place(path, said, lines[0][1])
    rows = lines[1:] if said.head else lines
    labels: list[Any] = [at(path, number, fields, place) for number, fields in rows]
    if said.kind == "regression":
        labels = [_number(path, n, label) for (n, _), label in zip(rows, labels, strict=True)]
    panel = pd.DataFrame({"row_id": [str(i) for i in range(len(rows))], "y_true": labels})
    policy: dict[str, Any] = {"task": said.kind}
    if said.positive is not None:
        policy["positive"] = said.positive
    policy["metrics"] = list(said.metrics)
    policy["rules"] = [rule(metric) for metric in said.metrics]
    return Benchmark(panel, policy, answers)


def answers(frame: "pd.DataFrame") -> "pd.DataFrame":
    """A submission as predictions: ``index`` and ``prediction``, whatever their case."""
    known = {str(name).lower(): name for name in frame.columns}
    if not {"index", "prediction"} <= set(known):
        raise BadInput("a submission to GLUE has the columns index and prediction")
    return frame.rename(columns={known["index"]: "row_id", known["prediction"]: "y_pred"})


def _place(path: Path, task: Task, head: list[str]) -> int:
    if isinstance(task.label, int):
        return task.label
    names = [name.strip().lstrip("\ufeff") for name in head]
    if task.label not in names:
        raise BadInput(f"{path}:1: has no column {task.label!r}", cure="is it of another task?")
    return names.index(task.label)


def _number(path: Path, number: int, text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise BadInput(f"{path}:{number}: {text[:40]!r} is no number") from None
