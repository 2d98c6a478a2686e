"""What every harness's log comes down to: items with scores, and all that must agree before two
logs may be held against each other.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from titleholder.errors import BadInput, NotComparable

NAMED = 5


@dataclass(frozen=True, slots=True)
class Scored:
    """One item of one task: ``key`` is what names it (its document, by hash), ``prompt`` the
    digest of what the model was given, ``scores`` by metric. ``group`` is what it shares with the
    same document asked again (another trial, epoch or perturbation); empty where it is its key."""

    task: str
    key: str
    prompt: str
    scores: Mapping[str, float]
    group: str = ""
    costs: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Log:
    """One run of one model. ``conditions`` must be equal in both logs, by their names: the
    harness's version, a task's version, the number of shots. ``official`` is the metric that
    decides a task, and ``lower`` are metrics of which less is better."""

    harness: str
    source: str
    model: str
    conditions: Mapping[str, str]
    official: Mapping[str, str]
    items: Sequence[Scored]
    lower: frozenset[str] = frozenset()


def require_alike(champion: Log, candidate: Log) -> None:
    """NotComparable, with all that differs, unless both logs put the same questions."""
    wrong = [*_conditions(champion, candidate), *_items(champion, candidate)]
    if wrong:
        raise NotComparable(
            f"{champion.source} and {candidate.source} are not of the same questions: "
            + "; ".join(wrong[:NAMED])
            + (f" (and {len(wrong) - NAMED} more)" if len(wrong) > NAMED else ""),
            cure="run both models with the same version, tasks, prompts and number of items",
        )


def _conditions(one: Log, two: Log) -> list[str]:
    names = dict.fromkeys((*one.conditions, *two.conditions))
    return [
        f"{name} is {one.conditions.get(name, 'not told')} in one and "
        f"{two.conditions.get(name, 'not told')} in the other"
        for name in names
        if one.conditions.get(name) != two.conditions.get(name)
    ]


def _items(one: Log, two: Log) -> list[str]:
    first, second = by_key(one), by_key(two)
    told = []
    for mine, other, source in ((first, second, two), (second, first, one)):
        missing = [key for key in mine if key not in other]
        if missing:
            tasks = dict.fromkeys(task for task, _ in missing)
            told.append(f"{source.source} lacks {len(missing)} items of {', '.join(tasks)}")
    prompts = [k for k in first if k in second and first[k].prompt != second[k].prompt]
    if prompts:
        told.append(
            f"{len(prompts)} items have another prompt, such as {prompts[0][1][:16]} "
            f"of {prompts[0][0]}"
        )
    scores = [k for k in first if k in second and set(first[k].scores) != set(second[k].scores)]
    if scores:
        told.append(f"{len(scores)} items have other metrics, such as {scores[0][1][:16]}")
    return told


def by_key(log: Log) -> dict[tuple[str, str], Scored]:
    """The items by task and key; BadInput where two go by the same."""
    found: dict[tuple[str, str], Scored] = {}
    for item in log.items:
        if (item.task, item.key) in found:
            raise BadInput(
                f"{log.source}: {item.task} has the item {item.key[:16]} twice",
                cure="one run a log: leave out the samples of an earlier one",
            )
        found[item.task, item.key] = item
    return found


def number(value: Any, where: str) -> float:
    """A score as a finite float; BadInput names where it stands."""
    if isinstance(value, bool):
        return float(value)
    if not isinstance(value, int | float) or not math.isfinite(value):
        raise BadInput(f"{where}: {str(value)[:40]!r} is no score")
    return float(value)


_AGAIN = "#"


def once(key: str) -> str:
    """What a key of `repeated` was before it was told apart."""
    return key.partition(_AGAIN)[0]


def repeated(keys: Sequence[str]) -> list[str]:
    """The keys, told apart where one occurs again: ``a``, ``b``, ``a#2``; none has a ``#``."""
    seen: dict[str, int] = {}
    out = []
    for key in keys:
        seen[key] = seen.get(key, 0) + 1
        out.append(key if seen[key] == 1 else f"{key}{_AGAIN}{seen[key]}")
    return out
