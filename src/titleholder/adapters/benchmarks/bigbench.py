"""BIG-bench JSON tasks: ``task.json`` with ``examples``; answers are scored as its metrics say.

Srivastava et al. 2023, Beyond the Imitation Game (TMLR), and the task metrics of its repository.
``multiple_choice_grade`` is the target score of the choice, which may be a fraction; chance is the
mean target score. ``exact_str_match`` is 1 for a target to the letter. Examples that occur twice
count once, as they do there.
"""

import json
import math
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from titleholder.adapters.benchmarks.bench import Benchmark, file_in, known, scored
from titleholder.errors import BadInput, UsageError

if TYPE_CHECKING:
    import pandas as pd

CHOICE = "multiple_choice_grade"


def _exact(target: str, told: str) -> bool:
    return told == target


def _folded(target: str, told: str) -> bool:
    return told.strip().lower() == target.strip().lower()


def _near(target: str, told: str) -> bool:
    """Within a tenth of the target, or of 1 where it is 0."""
    try:
        wanted, said = float(target), float(told)
    except ValueError:
        return False
    return abs(said - wanted) <= 0.1 * (abs(wanted) or 1.0)


# How a text is held against one target. Metrics of a whole corpus (bleu, rouge) are not here.
TEXTS: Mapping[str, Callable[[str, str], bool]] = MappingProxyType(
    {
        "exact_str_match": _exact,
        "case_insensitive_str_match": _folded,
        "numeric_match_with_0_1_relative_error": _near,
    }
)
# What each answer to an example is worth, by metric.
Key = Mapping[str, Callable[[str], float]]


def load(task: str, directory: Path) -> Benchmark:
    """The task in a directory, whose name ``task`` has to be ('any' takes whatever it is).

    UsageError for another task, or one whose metrics score no single example.
    """
    import pandas as pd

    path = file_in(directory, "task.json")
    said = _read(path)
    if task not in ("any", said.get("name")):
        raise UsageError(f"{path}: is the task {said.get('name')!r}, not {task!r}")
    examples = _distinct(said, path)
    metrics = _metrics(said, path)
    key = {str(i): _key(one, metrics, f"{path}: example {i}") for i, one in enumerate(examples)}
    panel = pd.DataFrame({"row_id": list(key), "input": [str(e.get("input")) for e in examples]})
    policy = scored(*metrics)
    if CHOICE in metrics:
        chance = math.fsum(_chance(one["target_scores"]) for one in examples) / len(examples)
        policy["rules"].append({"id": "chance", "metric": CHOICE, "kind": "floor",
                                "value": round(chance, 6), "severity": "warn"})  # fmt: skip
    return Benchmark(panel, policy, lambda frame: _graded(frame, key, metrics))


def _read(path: Path) -> dict[str, Any]:
    try:
        said = json.loads(path.read_text(encoding="utf-8"))
    except json.JSONDecodeError as error:
        raise BadInput(
            f"{path}:{error.lineno}: is no JSON: {error.msg}",
            cure="a file cut in half ends like this: restore it",
        ) from None
    if not isinstance(said, dict):
        raise BadInput(f"{path}: is no JSON object")
    return said


def _distinct(said: Mapping[str, Any], path: Path) -> list[dict[str, Any]]:
    examples = said.get("examples")
    if not isinstance(examples, list) or not examples:
        raise BadInput(
            f"{path}: has no examples",
            cure="tasks of Python code have none; of a task with subtasks, name one's directory",
        )
    for i, one in enumerate(examples):
        if not isinstance(one, dict):
            raise BadInput(f"{path}: example {i} is no JSON object")
    return list({json.dumps(one): one for one in examples}.values())


def _metrics(said: Mapping[str, Any], path: Path) -> list[str]:
    """The task's own metrics that score single examples, the preferred one first."""
    named = [said.get("preferred_score"), *(said.get("metrics") or ())]
    found = [name for name in dict.fromkeys(named) if name == CHOICE or name in TEXTS]
    if not found:
        raise UsageError(
            f"{path}: is scored by {', '.join(map(str, said.get('metrics') or ['nothing']))}, "
            "which is no score of single examples",
            cure=f"tasks that have one of {', '.join((CHOICE, *TEXTS))} can be paired",
        )
    return found


def _key(example: Mapping[str, Any], metrics: list[str], where: str) -> Key:
    """What an answer to an example is worth, by metric."""
    found: dict[str, Callable[[str], float]] = {}
    for metric in metrics:
        if metric == CHOICE:
            found[metric] = partial(_of_choice, _scores(example, where))
        else:
            found[metric] = partial(_of_text, TEXTS[metric], _targets(example, where))
    return found


def _of_choice(scores: Mapping[str, float], told: str) -> float:
    """The target score of a choice; what is no choice earns nothing."""
    return scores.get(told.strip(), 0.0)


def _of_text(same: Callable[[str, str], bool], targets: list[str], told: str) -> float:
    return float(any(same(target, told.strip()) for target in targets))


def _scores(example: Mapping[str, Any], where: str) -> dict[str, float]:
    scores = example.get("target_scores")
    if not isinstance(scores, dict) or not scores:
        raise BadInput(f"{where}: has no target_scores", cure="each choice with its score")
    if not all(isinstance(v, int | float) and math.isfinite(v) for v in scores.values()):
        raise BadInput(f"{where}: a target score is no number")
    return {str(choice).strip(): float(score) for choice, score in scores.items()}


def _targets(example: Mapping[str, Any], where: str) -> list[str]:
    target = example.get("target")
    if target is None:  # what the choices say, as BIG-bench fills it in: the first of the best
        scores = _scores(example, where)
        target = max(scores, key=scores.__getitem__)
    return [str(t).strip() for t in target] if isinstance(target, list) else [str(target).strip()]


def _chance(scores: Mapping[str, float]) -> float:
    return math.fsum(scores.values()) / len(scores)


def _graded(frame: "pd.DataFrame", key: Mapping[str, Key], metrics: list[str]) -> "pd.DataFrame":
    """``row_id`` (from 0) and ``prediction``, a choice or a text, as scores."""
    import pandas as pd

    if not {"row_id", "prediction"} <= set(frame.columns):
        raise BadInput("answers to a task of BIG-bench have row_id and prediction")
    ids = [str(i) for i in frame["row_id"]]
    known(ids, key, "the task")
    said = [str(text) for text in frame["prediction"]]
    scores = {
        f"score_{metric}": [key[i][metric](text) for i, text in zip(ids, said, strict=True)]
        for metric in metrics
    }
    return pd.DataFrame({"row_id": ids, **scores})
