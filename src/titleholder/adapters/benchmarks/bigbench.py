"""BIG-bench JSON tasks: ``task.json`` with ``examples``; answers are scored as its metrics say.

Srivastava et al. 2023, Beyond the Imitation Game (TMLR). ``multiple_choice_grade`` is 1 for the
choice of the highest target score; ``exact_str_match`` 1 for a target to the letter.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from titleholder.adapters.benchmarks.bench import Benchmark, file_in, rule
from titleholder.errors import BadInput, UsageError

if TYPE_CHECKING:
    import pandas as pd

CHOICE, EXACT = "multiple_choice_grade", "exact_str_match"


def load(task: str, directory: Path) -> Benchmark:
    """The task in a directory, whose name ``task`` has to be ('any' takes whatever it is)."""
    import json

    import pandas as pd

    path = file_in(directory, "task.json")
    try:
        said = json.loads(path.read_text(encoding="utf-8"))
    except json.JSONDecodeError as error:
        raise BadInput(
            f"{path}:{error.lineno}: is no JSON: {error.msg}",
            cure="a file cut in half ends like this: restore it",
        ) from None
    if task not in ("any", said.get("name")):
        raise UsageError(f"{path}: is the task {said.get('name')!r}, not {task!r}")
    examples = said.get("examples")
    if not isinstance(examples, list) or not examples:
        raise BadInput(f"{path}: has no examples", cure="tasks of Python code have none")
    metric = CHOICE if all("target_scores" in one for one in examples) else EXACT
    right = {str(i): _right(one, metric, f"{path}: example {i}") for i, one in enumerate(examples)}
    panel = pd.DataFrame({"row_id": list(right), "input": [str(e.get("input")) for e in examples]})
    policy = {"task": "scored", "rules": [rule(metric)]}
    return Benchmark(panel, policy, lambda frame: _scored(frame, right, metric))


def _right(example: Mapping[str, Any], metric: str, where: str) -> frozenset[str]:
    """The answers that count as right."""
    if metric == CHOICE:
        scores = example["target_scores"]
        if not scores:
            raise BadInput(f"{where}: has no choices")
        best = max(scores.values())
        return frozenset(choice for choice, score in scores.items() if score == best)
    target = example.get("target")
    if target is None:
        raise BadInput(f"{where}: has neither target nor target_scores")
    return frozenset(map(str, target)) if isinstance(target, list) else frozenset({str(target)})


def _scored(
    frame: "pd.DataFrame", right: Mapping[str, frozenset[str]], metric: str
) -> "pd.DataFrame":
    """``row_id`` (from 0) and ``prediction``, a choice or a text, as scores."""
    import pandas as pd

    if not {"row_id", "prediction"} <= set(frame.columns):
        raise BadInput("answers to a task of BIG-bench have row_id and prediction")
    ids = [str(i) for i in frame["row_id"]]
    foreign = [i for i in ids if i not in right]
    if foreign:
        raise BadInput(f"the task has no example {foreign[0]!r}")
    said = [str(text).strip() for text in frame["prediction"]]
    hits = [float(text in right[i]) for i, text in zip(ids, said, strict=True)]
    return pd.DataFrame({"row_id": ids, f"score_{metric}": hits})
