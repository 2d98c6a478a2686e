"""lm-evaluation-harness 0.4: ``results_*.json`` beside ``samples_<task>_*.jsonl`` (--log_samples).

The results say which metric a task is about and how it was run; the samples hold a score a
document. Documents are joined by ``doc_hash``, prompts must agree by ``prompt_hash``.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from titleholder.adapters.harness.documents import newest, part, read_json, read_lines
from titleholder.adapters.harness.log import Log, Scored, number, once, repeated
from titleholder.errors import BadInput, UsageError

HARNESS = "lm-eval"
_NO_FILTER = "none"
# What a task is judged by, in this order, among the metrics that it has.
_PREFERRED = ("acc_norm", "exact_match", "acc", "f1", "em", "pass@1", "rougeL", "bleu")


def read(path: Path) -> Log:
    """The newest run below a directory, or that of a ``results_*.json``.

    UsageError where there is no such file, BadInput, with file and line, for one that is damaged.
    """
    results = newest(path, "results_*.json", "results of lm-eval") if path.is_dir() else path
    said = read_json(results)
    where = str(results)
    tasks = _tasks(said, where)
    items: list[Scored] = []
    for task in tasks:
        items += _samples(_samples_of(results, task), task)
    own = part(said, where, "configs")
    return Log(
        harness=HARNESS,
        source=where,
        model=str(said.get("model_name") or said.get("model_source") or path.name),
        conditions=dict(_conditions(said, tasks)),
        official={
            task: _official(own[task], [i for i in items if i.task == task]) for task in tasks
        },
        items=items,
        lower=_lower(said),
    )


def _tasks(said: Any, where: str) -> list[str]:
    """The tasks with documents of their own; groups only sum them up."""
    tasks = [str(task) for task in part(said, where, "configs")]
    if not tasks:
        raise BadInput(f"{where}: holds no task")
    return tasks


def _samples_of(results: Path, task: str) -> Path:
    """The samples of a task from the same run: they bear the date of the results."""
    date = results.stem.removeprefix("results_")
    found = results.with_name(f"samples_{task}_{date}.jsonl")
    if not found.is_file():
        raise UsageError(f"{found}: no such file", cure="run lm-eval with --log_samples")
    return found


def _samples(path: Path, task: str) -> list[Scored]:
    """A document an item; the metrics of several filters are told apart by their names."""
    lines = read_lines(path)
    prompts: dict[str, str] = {}
    scores: dict[str, dict[str, float]] = {}
    # A document that is asked twice has one hash: its place tells the two apart.
    ids = list(dict.fromkeys(str(part(said, f"{path}:{n}", "doc_id")) for n, said in lines))
    hashes = {str(said["doc_id"]): str(part(said, f"{path}:{n}", "doc_hash")) for n, said in lines}
    keys = dict(zip(ids, repeated([hashes[i] for i in ids]), strict=True))
    for n, said in lines:
        where = f"{path}:{n}"
        key = keys[str(said["doc_id"])]
        prompts[key] = str(part(said, where, "prompt_hash"))
        for metric in part(said, where, "metrics"):
            value = part(said, where, metric)
            if isinstance(value, list | dict):
                continue  # a pair that a corpus metric is made of, no score of the item
            name = _named(metric, str(said.get("filter", _NO_FILTER)))
            scores.setdefault(key, {})[name] = number(value, f"{where}: {metric}")
    if not scores:
        raise BadInput(
            f"{path}: no metric of {task} is a score of single items",
            cure="corpus metrics (bleu, mcc) cannot be paired from these logs",
        )
    return [Scored(task, key, prompts[key], told, once(key)) for key, told in scores.items()]


def _named(metric: str, chosen: str) -> str:
    return metric if chosen == _NO_FILTER else f"{metric}[{chosen}]"


def _official(config: Any, items: list[Scored]) -> str:
    """The metric that decides a task: the first preferred one that every item has."""
    named = [str(one.get("metric")) for one in config.get("metric_list") or () if "metric" in one]
    order = [*(m for m in _PREFERRED if m in named), *named, *_PREFERRED]
    has = dict.fromkeys(name for item in items for name in item.scores)
    for metric in order:
        for name in has:
            if name.partition("[")[0] == metric and all(name in item.scores for item in items):
                return name
    return next(iter(has))


def _conditions(said: Any, tasks: list[str]) -> Iterator[tuple[str, str]]:
    """What has to agree; a task's own prompt is compared item by item."""
    for key in ("lm_eval_version", "git_hash", "transformers_version"):
        if said.get(key) is not None and key == "lm_eval_version":
            yield "the version of lm-eval", str(said[key])
    if said.get("lm_eval_version") is None and said.get("git_hash") is not None:
        yield "the version of lm-eval", str(said["git_hash"])
    for task in tasks:
        yield f"the version of {task}", str(said.get("versions", {}).get(task))
        yield f"the number of shots of {task}", str(said.get("n-shot", {}).get(task))
        filters = said["configs"][task].get("filter_list")
        yield f"the filters of {task}", str(filters)


def _lower(said: Any) -> frozenset[str]:
    """Metrics of which less is better, in any task."""
    told = said.get("higher_is_better") or {}
    return frozenset(m for of_task in told.values() for m, up in of_task.items() if up is False)
