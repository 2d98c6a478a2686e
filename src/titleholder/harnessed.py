"""The paired verdict that harnesses lack: two of their per-item logs, from paths to verdict.

Items become the rows of a panel, tasks its slices. Without a policy, each task's official metric
may lose less than a margin; a policy of one's own may name the harness's metrics.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from titleholder import records
from titleholder.adapters.harness import READERS, Log, Scored, by_key, require_alike
from titleholder.adapters.harness.whose import refuse_other
from titleholder.arrays import Ints, Panel, Predictions
from titleholder.errors import BadInput, UsageError
from titleholder.metrics import REGISTRY, Registry
from titleholder.metrics.items import ITEM, item_metric
from titleholder.oneoff import OneOff, concluded, source_of
from titleholder.params.load import load_policy
from titleholder.params.schema import Columns, Policy
from titleholder.types import Kind, Rule, Source, Task

MARGIN = 0.02
_COLUMNS = Columns(row_id="item")


def judge_logs(
    harness: str,
    champion: Path,
    candidate: Path,
    policy: Path | None = None,
    margin: float = MARGIN,
) -> OneOff:
    """Judge two logs of a harness.

    Raises UsageError for a path without a log, BadInput for a damaged one, NotComparable for logs
    of different questions, ConfigError for a policy that is wrong.
    """
    one, two = _read_log(harness, champion), _read_log(harness, candidate)
    require_alike(one, two)
    first, second = by_key(one), by_key(two)
    keys = list(first)
    registry = _registry(one)
    rules = _by_default(one, margin) if policy is None else _read(policy, registry)
    panel = Panel(
        row_id=np.array([f"{task}/{key}" for task, key in keys]),
        task=Task.SCORED,
        y_true=None,
        cluster=_clusters([f"{task}/{first[task, key].group or key}" for task, key in keys]),
        columns={"task": np.array([task for task, _ in keys], dtype=object)},
    )
    names = _names(one, two, champion, candidate)
    inputs = [_source("champion", champion, one), _source("candidate", candidate, two)]
    if policy is not None:
        inputs.append(source_of("policy", policy))
    return concluded(
        panel,
        _predictions(names[0], [first[key] for key in keys]),
        _predictions(names[1], [second[key] for key in keys]),
        rules,
        registry,
        tuple(inputs),
    )


def _clusters(groups: Sequence[str]) -> Ints | None:
    """One document's items as one unit (n,): asked thrice, it is no three documents.

    None where none was asked again.
    """
    if len(set(groups)) == len(groups):
        return None
    codes: Ints = np.unique(groups, return_inverse=True)[1]
    return codes


def _read_log(harness: str, path: Path) -> Log:
    """The log; one that is of another harness is a mistake of usage, whatever its reader says."""
    if not path.exists():
        raise UsageError(f"{path}: no such file or directory")
    try:
        return READERS[harness](path)
    except (BadInput, UsageError):
        refuse_other(harness, path)
        raise


def _by_default(log: Log, margin: float) -> Policy:
    """A rule a task: its official metric is not worse by ``margin``."""
    rules = tuple(
        Rule(
            id=task,
            metric=_named(metric),
            kind=Kind.NON_INFERIOR,
            margin=margin,
            slice=f"task={task}",
        )
        for task, metric in log.official.items()
    )
    return Policy(task=Task.SCORED, rules=rules, slices=("task",), columns=_COLUMNS)


def _read(path: Path, registry: Registry) -> Policy:
    return load_policy(path, lambda _: registry)


def _registry(log: Log) -> Registry:
    """The registry, with this log's metrics of which less is better."""
    known = {name for item in log.items for name in item.scores} & log.lower
    own = [n for n in sorted(_named(m) for m in known) if n not in REGISTRY]
    metrics = [item_metric(n, f"mean of {n}", higher_is_better=False) for n in own]
    return REGISTRY.with_own(metrics) if metrics else REGISTRY


def _named(metric: str) -> str:
    """A metric's name here: another one where it is that of a built-in metric of other tasks."""
    known = REGISTRY.get(metric) if "[" not in metric else None
    return metric if known is None or known.needs == ITEM + metric else f"{metric}_of_items"


def _predictions(model: str, items: Sequence[Scored]) -> Predictions:
    metrics = dict.fromkeys(name for item in items for name in item.scores)
    costs = dict.fromkeys(name for item in items for name in item.costs)
    return Predictions(
        model,
        items={
            _named(metric): np.array([item.scores.get(metric, np.nan) for item in items])
            for metric in metrics
        },
        costs={
            name: np.array([item.costs[name] for item in items])
            for name in costs
            if all(name in item.costs for item in items)
        },
    )


def _names(one: Log, two: Log, champion: Path, candidate: Path) -> tuple[str, str]:
    """What the harness calls the models; the paths where it calls both the same."""
    if one.model != two.model:
        return one.model, two.model
    return champion.stem or str(champion), candidate.stem or str(candidate)


def _source(role: str, path: Path, log: Log) -> Source:
    """A log as an input: the digest of all that was read of it."""
    read = [[i.task, i.key, i.prompt, dict(i.scores)] for i in log.items]
    content = records.encode([dict(log.conditions), read])
    sha256 = records.sha256([dict(log.conditions), read])
    return Source(role=role, path=path.name, sha256=sha256, bytes=len(content))
