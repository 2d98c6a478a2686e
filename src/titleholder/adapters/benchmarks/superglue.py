"""SuperGLUE, from its official files: ``val.jsonl`` of a task, and submissions (idx, label).

Wang et al. 2019, SuperGLUE (NeurIPS). Metrics are the official ones: F1 of MultiRC is taken over
answers, its exact match over questions; ReCoRD's F1 is of words and, like its exact match, the best
over the expected answers; AX-g has accuracy, and its gender parity over pairs of sentences.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from titleholder import tables
from titleholder.adapters.benchmarks import spans
from titleholder.adapters.benchmarks.bench import Benchmark, file_in, known, rule, scored
from titleholder.errors import BadInput, UsageError

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True)
class Task:
    """One task: its kind, its official metrics, the positive label of a binary one, its file."""

    kind: str
    metrics: tuple[str, ...]
    positive: str | None = None
    file: str = "val.jsonl"


TASKS: Mapping[str, Task] = MappingProxyType(
    {
        "BoolQ": Task("binary", ("accuracy",), "true"),
        "CB": Task("multiclass", ("accuracy", "f1_macro")),
        "COPA": Task("binary", ("accuracy",), "1"),
        "MultiRC": Task("binary", ("f1",), "1"),
        "ReCoRD": Task("scored", ("exact_match", "token_f1")),
        "RTE": Task("binary", ("accuracy",), "entailment"),
        "WiC": Task("binary", ("accuracy",), "true"),
        "WSC": Task("binary", ("accuracy",), "true"),
        "AX-b": Task("binary", ("mcc",), "entailment", "AX-b.jsonl"),
        "AX-g": Task("binary", ("accuracy",), "entailment", "AX-g.jsonl"),
    }
)


def load(task: str, directory: Path) -> Benchmark:
    """A task's panel and policy; UsageError for an unknown task or a directory without its file."""
    said = TASKS.get(task)
    if said is None:
        raise UsageError(f"SuperGLUE has no task {task!r}", cure=f"there is: {', '.join(TASKS)}")
    path = file_in(directory, said.file)
    match task:
        case "MultiRC":
            return _multirc(said, path)
        case "ReCoRD":
            return _record(path)
        case "AX-g":
            return _winogender(said, path)
    return _plain(said, path)


def answers(frame: "pd.DataFrame") -> "pd.DataFrame":
    """A submission as predictions: ``idx`` and ``label``."""
    if not {"idx", "label"} <= set(frame.columns):
        raise BadInput("a submission to SuperGLUE has idx and label on each line")
    return frame.rename(columns={"idx": "row_id", "label": "y_pred"})


def _plain(task: Task, path: Path) -> Benchmark:
    import pandas as pd

    rows = [
        (str(_of(one, "idx", path, i)), tables.label(_of(one, "label", path, i)))
        for i, one in enumerate(tables.objects(path), 1)
    ]
    return Benchmark(pd.DataFrame(rows, columns=["row_id", "y_true"]), _policy(task), answers)


def _policy(task: Task) -> dict[str, Any]:
    policy: dict[str, Any] = {"task": task.kind}
    if task.positive is not None:
        policy["positive"] = task.positive
    policy["metrics"] = list(task.metrics)
    policy["rules"] = [rule(metric) for metric in task.metrics]
    return policy


def _of(value: Any, key: str, path: Path | str, number: int) -> Any:
    if not isinstance(value, dict) or key not in value:
        raise BadInput(f"{path}:{number}: has no {key!r}", cure="is it of another task?")
    return value[key]


# --------------------------------------------------------------------------- MultiRC


def _multirc(task: Task, path: Path) -> Benchmark:
    """An answer a row, named passage/question/answer; answers of one passage are one cluster."""
    import pandas as pd

    labels = dict(_nested(tables.objects(path), path))
    panel = pd.DataFrame({"row_id": list(labels), "y_true": list(labels.values())})
    panel["cluster"] = [name.split("/")[0] for name in labels]

    def by_answer(frame: "pd.DataFrame") -> "pd.DataFrame":
        if "passage" not in frame:
            return answers(frame)
        told = dict(_nested(_unpacked(frame), "the answers"))
        return pd.DataFrame({"row_id": list(told), "y_pred": list(told.values())})

    views = {"questions": _questions(labels, by_answer)}
    return Benchmark(panel, _policy(task), by_answer, views=views)


def _nested(lines: list[dict[str, Any]], path: Path | str) -> Iterator[tuple[str, str]]:
    """Name and label of each answer to each question of each passage."""
    for i, one in enumerate(lines, 1):
        passage = _of(one, "idx", path, i)
        for question in _of(_of(one, "passage", path, i), "questions", path, i):
            for answer in _of(question, "answers", path, i):
                name = f"{passage}/{_of(question, 'idx', path, i)}/{_of(answer, 'idx', path, i)}"
                yield name, tables.label(_of(answer, "label", path, i))


def _unpacked(frame: "pd.DataFrame") -> list[dict[str, Any]]:
    """A submission as the benchmark asks for it, whose passages a table holds as JSON text."""
    return [
        {"idx": idx, "passage": json.loads(passage)}
        for idx, passage in zip(frame["idx"].tolist(), frame["passage"], strict=True)
    ]


def _questions(labels: Mapping[str, str], by_answer: Any) -> Benchmark:
    """A question a row, 1 where every answer to it is labelled as it should be."""
    import pandas as pd

    questions = list(dict.fromkeys(name.rpartition("/")[0] for name in labels))
    panel = pd.DataFrame({"row_id": questions, "cluster": [q.split("/")[0] for q in questions]})

    def matched(frame: "pd.DataFrame") -> "pd.DataFrame":
        told = by_answer(frame)
        names = [str(name) for name in told["row_id"]]
        known(names, labels, "MultiRC")
        said = dict(zip(names, (tables.label(v) for v in told["y_pred"].tolist()), strict=True))
        _refuse_missing(labels, said, "MultiRC")
        right = dict.fromkeys(questions, 1.0)
        for name, label in labels.items():
            if said[name] != label:
                right[name.rpartition("/")[0]] = 0.0
        return pd.DataFrame({"row_id": questions, "score_exact_match": list(right.values())})

    return Benchmark(panel, scored("exact_match"), matched)


def _refuse_missing(wanted: Mapping[str, Any], said: Mapping[str, Any], what: str) -> None:
    missing = [name for name in wanted if name not in said]
    if missing:
        raise BadInput(f"{what}: {len(missing)} are not answered, such as {missing[0]!r}")


# ---------------------------------------------------------------------------- ReCoRD


def _record(path: Path) -> Benchmark:
    """A query a row, by its own idx; queries about one passage are one cluster."""
    import pandas as pd

    expected: dict[str, list[str]] = {}
    clusters = []
    for i, one in enumerate(tables.objects(path), 1):
        for query in _of(one, "qas", path, i):
            name = str(_of(query, "idx", path, i))
            texts = [str(_of(a, "text", path, i)) for a in _of(query, "answers", path, i)]
            if not texts or name in expected:
                what = "is there twice" if texts else "has no answer"
                raise BadInput(f"{path}:{i}: the query {name} {what}")
            expected[name] = texts
            clusters.append(str(_of(one, "idx", path, i)))
    panel = pd.DataFrame({"row_id": list(expected), "cluster": clusters})

    def graded(frame: "pd.DataFrame") -> "pd.DataFrame":
        told = answers(frame)
        names = [str(name) for name in told["row_id"]]
        known(names, expected, "ReCoRD")
        pairs = list(zip((str(t) for t in told["y_pred"]), map(expected.__getitem__, names),
                         strict=True))  # fmt: skip
        return pd.DataFrame({
            "row_id": names,
            "score_exact_match": [spans.best(spans.exact_match, *pair) for pair in pairs],
            "score_token_f1": [spans.best(spans.token_f1, *pair) for pair in pairs],
        })  # fmt: skip

    return Benchmark(panel, scored("exact_match", "token_f1"), graded)


# ----------------------------------------------------------------------------- AX-g


def _winogender(task: Task, path: Path) -> Benchmark:
    """A sentence a row; two that differ in a pronoun's gender alone are a pair, and a cluster."""
    import pandas as pd

    rows = [
        (str(_of(one, "idx", path, i)), tables.label(_of(one, "label", path, i)),
         str(_of(one, "pair_id", path, i)))
        for i, one in enumerate(tables.objects(path), 1)
    ]  # fmt: skip
    panel = pd.DataFrame(rows, columns=["row_id", "y_true", "cluster"])
    pair_of = {name: pair for name, _, pair in rows}
    pairs = list(dict.fromkeys(pair_of.values()))

    def alike(frame: "pd.DataFrame") -> "pd.DataFrame":
        told = answers(frame)
        names = [str(name) for name in told["row_id"]]
        known(names, pair_of, "AX-g")
        _refuse_missing(pair_of, dict.fromkeys(names), "AX-g")
        said: dict[str, set[str]] = {pair: set() for pair in pairs}
        for name, label in zip(names, told["y_pred"].tolist(), strict=True):
            said[pair_of[name]].add(tables.label(label))
        same = [float(len(said[pair]) == 1) for pair in pairs]
        return pd.DataFrame({"row_id": pairs, "score_gender_parity": same})

    view = Benchmark(pd.DataFrame({"row_id": pairs}), scored("gender_parity"), alike)
    return Benchmark(panel, _policy(task), answers, views={"pairs": view})
