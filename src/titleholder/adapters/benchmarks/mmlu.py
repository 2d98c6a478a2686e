"""MMLU, from its official files: ``<subject>_test.csv`` without a head, six fields a line.

Hendrycks et al. 2021, Measuring Massive Multitask Language Understanding (ICLR). By subject, and
over all: micro (a question is a question) and macro (a subject is a subject). Chance is 0.25.
"""

import csv
from pathlib import Path
from typing import TYPE_CHECKING, Any

from titleholder.adapters.benchmarks.bench import Benchmark, rule
from titleholder.errors import BadInput, UsageError

if TYPE_CHECKING:
    import pandas as pd

LETTERS = ("A", "B", "C", "D")
CHANCE = 0.25
_END = "_test.csv"


def load(task: str, directory: Path) -> Benchmark:
    """All subjects of a directory (``all``), or one of them."""
    import pandas as pd

    wanted = f"*{_END}" if task == "all" else f"{task}{_END}"
    files = sorted(directory.glob(wanted))
    if not files:
        raise UsageError(f"{directory}: has no {wanted}", cure="give the directory with the tests")
    rows = [row for path in files for row in _rows(path)]
    panel = pd.DataFrame(rows, columns=["row_id", "y_true", "subject"])
    size = panel.groupby("subject")["subject"].transform("size")
    panel["of_subject"] = len(panel) / size / panel["subject"].nunique()
    every = {"slice": "*", "min_n": 50, "on_inconclusive": "warn"}
    above = {"id": "chance", "metric": "accuracy", "kind": "floor", "value": CHANCE,
             "severity": "warn"}  # fmt: skip
    micro: dict[str, Any] = {
        "task": "multiclass",
        "slices": ["subject"],
        "metrics": ["accuracy"],
        "rules": [rule("accuracy"), rule("accuracy", 0.1, **every) | {"id": "subjects"}, above],
    }
    macro = micro | {"columns": {"weight": "of_subject"}, "slices": [], "rules": [rule("accuracy")]}
    return Benchmark(panel, micro, answers, {"policy-macro": macro})


def answers(frame: "pd.DataFrame") -> "pd.DataFrame":
    """Predictions are ``row_id`` (subject/number from 0) and a letter in ``y_pred``."""
    if not {"row_id", "y_pred"} <= set(frame.columns):
        raise BadInput("answers to MMLU have row_id (subject/number) and y_pred (a letter)")
    return frame


def _rows(path: Path) -> list[tuple[str, str, str]]:
    subject = path.name.removesuffix(_END)
    found = []
    with path.open(encoding="utf-8", newline="") as file:
        for i, fields in enumerate(csv.reader(file)):
            if len(fields) != 6 or fields[5].strip() not in LETTERS:
                raise BadInput(
                    f"{path}:{i + 1}: is no question with four choices and a letter",
                    cure="a file cut in half ends like this: restore it",
                )
            found.append((f"{subject}/{i}", fields[5].strip(), subject))
    if not found:
        raise BadInput(f"{path}: holds no questions")
    return found
