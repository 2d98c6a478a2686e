"""HELM: a run's directory with ``run_spec.json`` and ``per_instance_stats.json``.

Instances are joined by id, trial and perturbation; the scenario and how a prompt is put together
(the adapter, but for its model) must agree.
"""

from dataclasses import replace
from pathlib import Path
from typing import Any

from titleholder.adapters.harness.documents import digest, part, read_json
from titleholder.adapters.harness.log import Log, Scored, number
from titleholder.errors import BadInput, UsageError

HARNESS = "helm"
_PREFERRED = ("exact_match", "quasi_exact_match", "prefix_exact_match", "f1_score", "rouge_l")
_OF_MODEL = frozenset({"model", "model_deployment"})


def read(path: Path) -> Log:
    """The run in a directory, or all runs below it as one."""
    runs = sorted(file.parent for file in path.rglob("run_spec.json"))
    if not runs:
        raise UsageError(
            f"{path}: holds no run of HELM (run_spec.json)",
            cure="give a run's directory below benchmark_output/runs, or one that holds several",
        )
    items: list[Scored] = []
    conditions: dict[str, str] = {}
    official: dict[str, str] = {}
    model = ""
    for run in runs:
        where = str(run / "run_spec.json")
        said = read_json(run / "run_spec.json")
        adapter = part(said, where, "adapter_spec")
        model = str(part(adapter, where, "model"))
        task = _task(said, where)
        asked = {key: value for key, value in adapter.items() if key not in _OF_MODEL}
        found = _instances(run / "per_instance_stats.json", task)
        items += found
        conditions[f"the scenario of {task}"] = digest(said.get("scenario_spec"))[:12]
        conditions[f"the prompts of {task}"] = digest(asked)[:12]
        official[task] = next(
            (m for m in _PREFERRED if all(m in item.scores for item in found)),
            sorted(found[0].scores)[0],
        )
    return Log(HARNESS, str(path), model, conditions, official, items)


def _task(said: Any, where: str) -> str:
    """The run's name without its model."""
    name = str(part(said, where, "name"))
    scenario, _, arguments = name.partition(":")
    kept = [
        a for a in arguments.split(",") if a and not a.startswith(("model=", "model_deployment="))
    ]
    return f"{scenario}:{','.join(kept)}" if kept else scenario


def _instances(path: Path, task: str) -> list[Scored]:
    said = read_json(path)
    if not isinstance(said, list) or not said:
        raise BadInput(f"{path}: holds no instances", cure="run helm-run to its end")
    found = []
    for i, one in enumerate(said):
        where = f"{path}: entry {i}"
        instance = str(part(one, where, "instance_id"))
        changed = one.get("perturbation")
        key = "/".join(
            (
                instance,
                str(one.get("train_trial_index", 0)),
                "" if changed is None else digest(changed)[:8],
            )
        )
        scores = {}
        for stat in part(one, where, "stats"):
            if stat.get("mean") is not None:
                name = str(part(stat, where, "name", "name"))
                scores[name] = number(stat["mean"], f"{where}: {name}")
        found.append(Scored(task, key, "", scores, instance))
    kept = set.intersection(*(set(item.scores) for item in found))
    if not kept:
        raise BadInput(f"{path}: no metric was measured of every instance")
    return [replace(i, scores={m: i.scores[m] for m in sorted(kept)}) for i in found]
